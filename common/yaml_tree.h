/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_tree: a YAML file as a tree whose nodes know their line and column; the only room that knows libyaml. One document, no
 * anchors, aliases, tags or merge keys (they have no place in a config and make bombs), no duplicate keys; at most 4 MiB, 32 deep, 200,000 nodes.
 */
#ifndef KDIAG_YAML_TREE_H
#define KDIAG_YAML_TREE_H

#include <stddef.h>

enum yaml_kind { YAML_SCALAR_KIND, YAML_LIST_KIND, YAML_MAP_KIND };

struct yaml_node {
	enum yaml_kind kind;
	size_t line, column; /* from 1; of a map's entry: of its value */
	char *key;           /* the key under which it stands in a map, or NULL */
	size_t key_line, key_column;
	char *text; /* a scalar's text; never NULL for a scalar */
	int quoted; /* a scalar in quotes (an empty or `null` or `~` plain scalar counts as nothing said) */
	struct yaml_node *children;
	size_t count;
};

/* Reads a file or a text (name stands in messages). NULL with "NAME:LINE:COLUMN: sentence" ("NAME: sentence": no such file) in *cause. An empty document is an empty map. */
struct yaml_node *yaml_tree_read(const char *path, char **cause);
struct yaml_node *yaml_tree_parse(const char *name, const char *text, size_t len, char **cause);
void yaml_tree_free(struct yaml_node *root);
/* The child of a map under key, or NULL. */
const struct yaml_node *yaml_tree_get(const struct yaml_node *map, const char *key);
/* Is it a plain scalar that says nothing: empty, ~ or null? */
int yaml_tree_is_null(const struct yaml_node *node);

#endif
