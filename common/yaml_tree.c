/* SPDX-License-Identifier: Apache-2.0 */
/* yaml_tree: owns libyaml and the tree made with it; knows nothing of what the file means. */
#include "common/yaml_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yaml.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

enum {
	DEPTH_MAX = 32,
	NODES_MAX = 200000,
	BYTES_MAX = 4 * 1024 * 1024,
	CHUNK = 64 * 1024,
	NAME_SHOWN_MAX = 80, /* how much of a key a sentence repeats */
};

struct reader {
	yaml_parser_t parser;
	const char *name;
	const char *text;
	size_t len, nodes;
	char **cause;
};

/* ---- mistakes ---- */

static int
fail_at(struct reader *reader, yaml_mark_t mark, const char *sentence)
{
	return cause_set(reader->cause, "%s:%zu:%zu: %s", reader->name, mark.line + 1, mark.column + 1, sentence);
}

/* libyaml's reader tells only a byte offset of what is no UTF-8 or no text. */
static yaml_mark_t
mark_of_offset(const struct reader *reader, size_t offset)
{
	yaml_mark_t mark = {0};

	for (size_t i = 0; i < offset && i < reader->len; i++) {
		if (reader->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if (((unsigned char)reader->text[i] & 0xc0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

static bool
stands_on_tab(const struct reader *reader, yaml_mark_t mark)
{
	const char *line = reader->text, *end = reader->text + reader->len;

	for (size_t i = 0; i < mark.line && line != NULL; i++)
		if ((line = memchr(line, '\n', (size_t)(end - line))) != NULL)
			line++;
	return line != NULL && (size_t)(end - line) > mark.column && line[mark.column] == '\t';
}

static int
fail_parse(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
	const char *context = parser->context != NULL ? parser->context : "";
	yaml_mark_t mark = parser->problem_mark;
	char *sentence;

	if (parser->error == YAML_READER_ERROR)
		mark = mark_of_offset(reader, parser->problem_offset);
	if (parser->error == YAML_SCANNER_ERROR && stands_on_tab(reader, mark))
		return fail_at(reader, mark, "a tab may not indent (use spaces)");
	sentence = mem_printf("this is no YAML: %s%s%s", problem, *context != '\0' ? " " : "", context);
	fail_at(reader, mark, sentence);
	free(sentence);
	return -1;
}

/* ---- events into nodes ---- */

static void
clear_node(struct yaml_node *node)
{
	for (size_t i = 0; i < node->count; i++)
		clear_node(&node->children[i]);
	free(node->children);
	free(node->key);
	free(node->text);
}

static int
next_event(struct reader *reader, yaml_event_t *event)
{
	return yaml_parser_parse(&reader->parser, event) ? 0 : fail_parse(reader);
}

/* Anchors and tags, which a config has no use for. NULL: neither is there. */
static const char *
find_ornament(const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_ALIAS_EVENT)
		return "aliases (*NAME) are not taken here; write the value out (or put it in quotes)";
	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor != NULL)
		return "anchors (&NAME) are not taken here; write the value out (or put it in quotes)";
	return tag != NULL ? "tags (!NAME) are not taken here (put the value in quotes)" : NULL;
}

/* The room for one more child; children move when it grows, so a child is kept by its index. */
static struct yaml_node *
add_child(struct yaml_node *node)
{
	if ((node->count & (node->count - 1)) == 0)
		node->children =
		    mem_resize(node->children, node->count > 0 ? node->count * 2 : 1, sizeof *node->children);
	node->children[node->count] = (struct yaml_node){0};
	return &node->children[node->count++];
}

static int
take_scalar(struct reader *reader, const yaml_event_t *event, char **text)
{
	const char *value = (const char *)event->data.scalar.value;

	if (memchr(value, '\0', event->data.scalar.length) != NULL)
		return fail_at(reader, event->start_mark, "a NUL byte has no place here");
	*text = mem_strndup(value, event->data.scalar.length);
	return 0;
}

static int
take_key(struct reader *reader, const yaml_event_t *event, struct yaml_node *node)
{
	const char *ornament = find_ornament(event);

	if (ornament != NULL)
		return fail_at(reader, event->start_mark, ornament);
	if (event->type != YAML_SCALAR_EVENT)
		return fail_at(reader, event->start_mark, "a key must be a word, not a list or a map");
	if (event->data.scalar.plain_implicit && strcmp((const char *)event->data.scalar.value, "<<") == 0)
		return fail_at(reader, event->start_mark, "merge keys (<<) are not taken here; write the values out");
	node->key_line = event->start_mark.line + 1;
	node->key_column = event->start_mark.column + 1;
	return take_scalar(reader, event, &node->key);
}

static int
compare_keys(const void *left, const void *right)
{
	const struct yaml_node *a = *(const struct yaml_node *const *)left,
			       *b = *(const struct yaml_node *const *)right;
	int order = strcmp(a->key, b->key);

	if (order != 0)
		return order;
	if (a->key_line != b->key_line)
		return a->key_line < b->key_line ? -1 : 1;
	return a->key_column < b->key_column ? -1 : a->key_column > b->key_column;
}

static bool
stands_before(const struct yaml_node *a, const struct yaml_node *b)
{
	return a->key_line != b->key_line ? a->key_line < b->key_line : a->key_column < b->key_column;
}

static int
fail_duplicate(struct reader *reader, const struct yaml_node *first, const struct yaml_node *again)
{
	yaml_mark_t mark = {.line = again->key_line - 1, .column = again->key_column - 1};
	char *key = text_escape(again->key, strlen(again->key), NAME_SHOWN_MAX);
	char *sentence = mem_printf("\"%s\" stands here twice (first in line %zu)", key, first->key_line);

	fail_at(reader, mark, sentence);
	free(sentence);
	free(key);
	return -1;
}

/*
 * By sorting, since a map of a hundred thousand keys must not take minutes. The repeated key that stands first in the
 * file is told.
 */
static int
check_duplicates(struct reader *reader, const struct yaml_node *map)
{
	const struct yaml_node **sorted, *first = NULL, *again = NULL;

	if (map->count < 2)
		return 0;
	sorted = mem_new(map->count, sizeof *sorted);
	for (size_t i = 0; i < map->count; i++)
		sorted[i] = &map->children[i];
	qsort(sorted, map->count, sizeof *sorted, compare_keys);
	for (size_t i = 1; i < map->count; i++) {
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0 ||
		    (again != NULL && !stands_before(sorted[i], again)))
			continue;
		first = sorted[i - 1];
		again = sorted[i];
	}
	free(sorted);
	return again != NULL ? fail_duplicate(reader, first, again) : 0;
}

static int read_node(struct reader *reader, const yaml_event_t *event, struct yaml_node *node, unsigned depth);

/* What stands between the start and the end of a list or a map. */
static int
read_children(struct reader *reader, struct yaml_node *node, unsigned depth)
{
	yaml_event_type_t end = node->kind == YAML_MAP_KIND ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	struct yaml_node *child;
	yaml_event_t event;
	int result = 0;
	bool over = false;

	while (result == 0 && !over) {
		if (next_event(reader, &event) != 0)
			return -1;
		if (!(over = event.type == end)) {
			child = add_child(node);
			if (node->kind == YAML_MAP_KIND && (result = take_key(reader, &event, child)) == 0) {
				yaml_event_delete(&event);
				if (next_event(reader, &event) != 0)
					return -1;
			}
			if (result == 0)
				result = read_node(reader, &event, child, depth + 1);
		}
		yaml_event_delete(&event);
	}
	return result == 0 && node->kind == YAML_MAP_KIND ? check_duplicates(reader, node) : result;
}

static int
read_node(struct reader *reader, const yaml_event_t *event, struct yaml_node *node, unsigned depth)
{
	const char *ornament = find_ornament(event);

	if (ornament != NULL)
		return fail_at(reader, event->start_mark, ornament);
	if (depth > DEPTH_MAX)
		return fail_at(reader, event->start_mark, "nested too deep (32 levels at most)");
	if (++reader->nodes > NODES_MAX)
		return fail_at(reader, event->start_mark, "too much is in this file (200,000 values at most)");
	node->line = event->start_mark.line + 1;
	node->column = event->start_mark.column + 1;
	if (event->type == YAML_SCALAR_EVENT) {
		node->kind = YAML_SCALAR_KIND;
		node->quoted = !event->data.scalar.plain_implicit;
		return take_scalar(reader, event, &node->text);
	}
	node->kind = event->type == YAML_MAPPING_START_EVENT ? YAML_MAP_KIND : YAML_LIST_KIND;
	return read_children(reader, node, depth);
}

/* ---- the document ---- */

static struct yaml_node *
empty_map(void)
{
	struct yaml_node *root = mem_new(1, sizeof *root);

	root->kind = YAML_MAP_KIND;
	root->line = root->column = 1;
	return root;
}

static int
refuse_more(struct reader *reader)
{
	yaml_event_t event;
	int result = 0;

	if (next_event(reader, &event) != 0)
		return -1;
	if (event.type == YAML_DOCUMENT_START_EVENT)
		result = fail_at(reader, event.start_mark, "only one document may stand in the file (remove this ---)");
	yaml_event_delete(&event);
	return result;
}

/* The events before, of and behind the root. *root stays NULL when there is no document. */
static int
read_document(struct reader *reader, struct yaml_node **root)
{
	yaml_event_t event;
	bool over = false;
	int result = 0;

	while (result == 0 && !over) {
		if (next_event(reader, &event) != 0)
			return -1;
		over = event.type == YAML_STREAM_END_EVENT || event.type == YAML_DOCUMENT_END_EVENT;
		if (!over && event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT) {
			*root = mem_new(1, sizeof **root);
			result = read_node(reader, &event, *root, 1);
		} else if (event.type == YAML_DOCUMENT_END_EVENT) {
			result = refuse_more(reader);
		}
		yaml_event_delete(&event);
	}
	return result;
}

struct yaml_node *
yaml_tree_parse(const char *name, const char *text, size_t len, char **cause)
{
	struct reader reader = {.name = name, .text = text, .len = len, .cause = cause};
	struct yaml_node *root = NULL;
	int result;

	if (len > BYTES_MAX)
		return cause_null(cause, "%s:1:1: the file is too large (4 MiB at most)", name);
	if (!yaml_parser_initialize(&reader.parser))
		return cause_null(cause, "%s:1:1: out of memory", name);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
	result = read_document(&reader, &root);
	yaml_parser_delete(&reader.parser);
	if (result != 0) {
		yaml_tree_free(root);
		return NULL;
	}
	if (root == NULL || yaml_tree_is_null(root)) {
		yaml_tree_free(root);
		root = empty_map();
	}
	return root;
}

/* At most one byte more than may be parsed, so that too much is noticed. 0, or -1 and errno. */
static int
read_text(int fd, struct str *text)
{
	char *chunk = mem_new(CHUNK, 1);
	ssize_t n;

	do {
		if ((n = read(fd, chunk, CHUNK)) > 0)
			str_add_len(text, chunk, (size_t)n);
	} while ((n > 0 && text->len <= BYTES_MAX) || (n < 0 && errno == EINTR));
	free(chunk);
	return n < 0 ? -1 : 0;
}

/* O_NONBLOCK: opening a FIFO would wait for its writer. */
struct yaml_node *
yaml_tree_read(const char *path, char **cause)
{
	struct yaml_node *root = NULL;
	struct str text = {0};
	struct stat st;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) < 0)
		return cause_null(cause, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		cause_set(cause, "%s: is no regular file", path);
	else if (read_text(fd, &text) != 0)
		cause_set(cause, "%s: %s", path, strerror(errno));
	else
		root = yaml_tree_parse(path, text.s != NULL ? text.s : "", text.len, cause);
	close(fd);
	str_free(&text);
	return root;
}

void
yaml_tree_free(struct yaml_node *root)
{
	if (root == NULL)
		return;
	clear_node(root);
	free(root);
}

const struct yaml_node *
yaml_tree_get(const struct yaml_node *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAP_KIND)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->children[i].key, key) == 0)
			return &map->children[i];
	return NULL;
}

int
yaml_tree_is_null(const struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR_KIND || node->quoted)
		return 0;
	return *node->text == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0;
}
