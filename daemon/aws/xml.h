/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml: an XML answer of a Query service as a small tree; the only room that knows expat. No DTD, no entities but the
 * five; depth, nodes and text are bounded.
 */
#ifndef KDIAG_AWS_XML_H
#define KDIAG_AWS_XML_H

#include <stddef.h>

struct xml_node {
	char *name; /* without namespace prefix */
	char *text; /* the character data directly inside, trimmed; never NULL */
	struct xml_node *children;
	size_t count;
};

/* NULL with a sentence (with line and column). */
struct xml_node *xml_read(const char *body, size_t len, char **cause);
void xml_free(struct xml_node *root);
/* Walks down by names, "GetCallerIdentityResult/Account"; NULL: not there. The first of equals. */
const struct xml_node *xml_find(const struct xml_node *node, const char *path);
/* Its text, or NULL. */
const char *xml_text(const struct xml_node *node, const char *path);

#endif
