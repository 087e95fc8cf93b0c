/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_xml: any bytes as an XML answer; a tree that is read must hold together. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/aws/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
walk(const struct xml_node *node, size_t depth)
{
	size_t i, nodes = 1;

	assert(depth <= 32 && node->name != NULL && node->text != NULL);
	for (i = 0; i < node->count; i++)
		nodes += walk(&node->children[i], depth + 1);
	return nodes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *why = NULL;
	struct xml_node *root = xml_read((const char *)data, size, &why);

	assert((root == NULL) == (why != NULL));
	if (root != NULL) {
		assert(walk(root, 1) <= 100000);
		xml_text(root, "AssumeRoleResult/Credentials/AccessKeyId");
		assert(xml_find(root, "") == root);
	}
	xml_free(root);
	free(why);
	return 0;
}
