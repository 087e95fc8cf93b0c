/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_yaml: what yaml_tree_parse takes is bounded, has a place for each node and no key twice; what it refuses has a
 * sentence with a place.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "common/yaml_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nodes below and with this one. */
static size_t
check(const struct yaml_node *node, unsigned depth)
{
	size_t nodes = 1;

	assert(depth <= 32 && node->line > 0 && node->column > 0);
	assert((node->text != NULL) == (node->kind == YAML_SCALAR_KIND));
	assert(node->kind != YAML_SCALAR_KIND || node->count == 0);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *child = &node->children[i];
		assert((child->key != NULL) == (node->kind == YAML_MAP_KIND));
		assert(child->key == NULL || (child->key_line > 0 && yaml_tree_get(node, child->key) == child));
		nodes += check(child, depth + 1);
	}
	return nodes;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *cause = NULL;
	struct yaml_node *root = yaml_tree_parse("f.yaml", (const char *)data, size, &cause);

	if (root == NULL) {
		assert(strncmp(cause, "f.yaml:", 7) == 0 && strlen(cause) < 400);
		assert(text_is_utf8(cause, strlen(cause)) && strpbrk(cause, "\n\r\t\x1b\x7f") == NULL);
		free(cause);
		return 0;
	}
	assert(cause == NULL && check(root, 1) <= 200000);
	yaml_tree_free(root);
	return 0;
}
