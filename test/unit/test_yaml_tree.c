/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of yaml_tree: positions, what a config has no use for, bombs, and where each mistake is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/yaml_tree.h"

static struct yaml_node *
parse(const char *text)
{
	char *cause = NULL;
	struct yaml_node *root = yaml_tree_parse("t.yaml", text, strlen(text), &cause);

	if (root == NULL)
		fail_msg("%s", cause);
	return root;
}

static void
assert_refused_len(const char *text, size_t len, const char *sentence)
{
	char *cause = NULL;
	struct yaml_node *root = yaml_tree_parse("t.yaml", text, len, &cause);

	assert_null(root);
	assert_non_null(cause);
	assert_string_equal(cause, sentence);
	free(cause);
}

static void
assert_refused(const char *text, const char *sentence)
{
	assert_refused_len(text, strlen(text), sentence);
}

static void
assert_at(const struct yaml_node *node, size_t line, size_t column)
{
	assert_non_null(node);
	assert_int_equal(node->line, line);
	assert_int_equal(node->column, column);
}

static void
test_positions(void **state)
{
	struct yaml_node *root = parse("# a comment\n"
				       "daemon: {socket: /x, interval: 60s}\n"
				       "streams:\n"
				       "  - name: \"ünd\"   # a name\n"
				       "    regions: [a, b]\n");
	const struct yaml_node *daemon, *streams, *regions;

	(void)state;
	assert_int_equal(root->kind, YAML_MAP_KIND);
	assert_int_equal(root->count, 2);
	daemon = yaml_tree_get(root, "daemon");
	assert_at(daemon, 2, 9);
	assert_int_equal(daemon->key_line, 2);
	assert_int_equal(daemon->key_column, 1);
	assert_at(yaml_tree_get(daemon, "interval"), 2, 32);
	assert_int_equal(yaml_tree_get(daemon, "interval")->key_column, 22);
	assert_string_equal(yaml_tree_get(daemon, "interval")->text, "60s");
	streams = yaml_tree_get(root, "streams");
	assert_int_equal(streams->kind, YAML_LIST_KIND);
	assert_at(yaml_tree_get(&streams->children[0], "name"), 4, 11);
	assert_true(yaml_tree_get(&streams->children[0], "name")->quoted);
	regions = yaml_tree_get(&streams->children[0], "regions");
	assert_int_equal(regions->count, 2);
	assert_at(&regions->children[1], 5, 18);
	assert_null(regions->children[1].key);
	assert_null(yaml_tree_get(root, "no"));
	assert_null(yaml_tree_get(regions, "no"));
	assert_null(yaml_tree_get(NULL, "no"));
	yaml_tree_free(root);
	yaml_tree_free(NULL);
}

static void
test_nothing_said(void **state)
{
	static const char *const empty[] = {
	    "", "\n\n", "# only a comment\n", "---\n", "~", "null", "---\n...\n", "\xef\xbb\xbf"};
	struct yaml_node *root;

	(void)state;
	for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
		root = parse(empty[i]);
		assert_int_equal(root->kind, YAML_MAP_KIND);
		assert_int_equal(root->count, 0);
		assert_at(root, 1, 1);
		yaml_tree_free(root);
	}
	root = parse("{a: , b: ~, c: null, d: \"\", e: 'null', f: x, g: Null}");
	for (const char *key = "a\0b\0c\0"; *key != '\0'; key += 2)
		assert_true(yaml_tree_is_null(yaml_tree_get(root, key)));
	for (const char *key = "d\0e\0f\0g\0"; *key != '\0'; key += 2)
		assert_false(yaml_tree_is_null(yaml_tree_get(root, key)));
	yaml_tree_free(root);
}

static void
test_refused(void **state)
{
	(void)state;
	assert_refused(
	    "a: &x 1\n", "t.yaml:1:4: anchors (&NAME) are not taken here; write the value out (or put it in quotes)");
	assert_refused(
	    "a: *x\n", "t.yaml:1:4: aliases (*NAME) are not taken here; write the value out (or put it in quotes)");
	assert_refused(
	    "a: &x [1]\n", "t.yaml:1:4: anchors (&NAME) are not taken here; write the value out (or put it in quotes)");
	assert_refused(
	    "&x a: 1\n", "t.yaml:1:1: anchors (&NAME) are not taken here; write the value out (or put it in quotes)");
	assert_refused("a: !!str 1\n", "t.yaml:1:4: tags (!NAME) are not taken here (put the value in quotes)");
	assert_refused("a: ! 1\n", "t.yaml:1:4: tags (!NAME) are not taken here (put the value in quotes)");
	assert_refused("a: !x {b: c}\n", "t.yaml:1:4: tags (!NAME) are not taken here (put the value in quotes)");
	assert_refused("<<: {a: b}\n", "t.yaml:1:1: merge keys (<<) are not taken here; write the values out");
	assert_refused("[a]: b\n", "t.yaml:1:1: a key must be a word, not a list or a map");
	assert_refused("a: 1\nb: 2\na: 3\n", "t.yaml:3:1: \"a\" stands here twice (first in line 1)");
	assert_refused("a: 1\nc: {b: 1, d: 2, b: 3}\na: 3\n", "t.yaml:2:17: \"b\" stands here twice (first in line 2)");
	assert_refused("z: 1\nz: 2\na: 1\na: 2\n", "t.yaml:2:1: \"z\" stands here twice (first in line 1)");
	assert_refused("a: 1\n---\nb: 2\n", "t.yaml:2:1: only one document may stand in the file (remove this ---)");
	assert_refused("a: \"x\\0y\"\n", "t.yaml:1:4: a NUL byte has no place here");
	assert_refused("\"\\0\": 1\n", "t.yaml:1:1: a NUL byte has no place here");
}

static void
test_no_yaml(void **state)
{
	(void)state;
	assert_refused("a: 1\n b: 2\n", "t.yaml:2:3: this is no YAML: mapping values are not allowed in this context");
	assert_refused("a:\n\tb: 2\n", "t.yaml:2:1: a tab may not indent (use spaces)");
	assert_refused("a: [1, 2\n",
	    "t.yaml:2:1: this is no YAML: did not find expected ',' or ']' while parsing a flow sequence");
	assert_refused(
	    "a: \"x\n", "t.yaml:2:1: this is no YAML: found unexpected end of stream while scanning a quoted scalar");
	assert_refused("a: 1\nb: \xff\xfe\n", "t.yaml:2:4: this is no YAML: invalid leading UTF-8 octet");
	assert_refused("a: 1\nb: x\x01\n", "t.yaml:2:5: this is no YAML: control characters are not allowed");
	assert_refused_len("a: 1\n\0", 6, "t.yaml:2:1: this is no YAML: control characters are not allowed");
}

static void
test_bounds(void **state)
{
	struct str text = {0};
	struct yaml_node *root;

	(void)state;
	for (int i = 0; i < 32; i++)
		str_add_char(&text, '[');
	for (int i = 0; i < 32; i++)
		str_add_char(&text, ']');
	root = parse(text.s);
	yaml_tree_free(root);
	str_clear(&text);
	for (int i = 0; i < 5000; i++)
		str_add_char(&text, '[');
	assert_refused(text.s, "t.yaml:1:33: nested too deep (32 levels at most)");
	str_clear(&text);
	str_add_char(&text, '[');
	for (int i = 0; i < 199999; i++)
		str_add(&text, "1,\n");
	str_add_char(&text, ']');
	root = parse(text.s);
	assert_int_equal(root->count, 199999);
	yaml_tree_free(root);
	text.s[text.len - 1] = ' ';
	str_add(&text, "1]");
	assert_refused(text.s, "t.yaml:200000:2: too much is in this file (200,000 values at most)");
	str_clear(&text);
	str_printf(&text, "a: %4194305s", "");
	assert_refused(text.s, "t.yaml:1:1: the file is too large (4 MiB at most)");
	str_free(&text);
}

/* 100,000 keys, the last one a repetition: sorted, not compared each with each. */
static void
test_many_keys(void **state)
{
	struct str text = {0};
	clock_t begun = clock();

	(void)state;
	for (int i = 0; i < 100000; i++)
		str_printf(&text, "k%d: 1\n", i);
	str_add(&text, "k0: 1\n");
	assert_refused(text.s, "t.yaml:100001:1: \"k0\" stands here twice (first in line 1)");
	assert_true(clock() - begun < 10 * CLOCKS_PER_SEC);
	str_free(&text);
}

static void
test_files(void **state)
{
	char folder[] = "/tmp/kdiag-yaml-XXXXXX", *path, *cause = NULL, *sentence;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = mem_printf("%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(yaml_tree_read(path, &cause));
	sentence = mem_printf("%s: is no regular file", path);
	assert_string_equal(cause, sentence);
	unlink(path);
	free(sentence);
	assert_null(yaml_tree_read(path, &cause));
	sentence = mem_printf("%s: No such file or directory", path);
	assert_string_equal(cause, sentence);
	free(sentence);
	assert_null(yaml_tree_read(folder, &cause));
	assert_non_null(strstr(cause, ": is no regular file"));
	rmdir(folder);
	free(path);
	free(cause);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_positions),
	    cmocka_unit_test(test_nothing_said),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_no_yaml),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_many_keys),
	    cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
