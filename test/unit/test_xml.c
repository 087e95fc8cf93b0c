/* SPDX-License-Identifier: Apache-2.0 */
/* test_xml: XML answers of Query services into a tree, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/xml.h"

static struct xml_node *
read_text(const char *text)
{
	char *why = NULL;
	struct xml_node *root = xml_read(text, strlen(text), &why);

	if (root == NULL)
		fail_msg("%s", why);
	return root;
}

static void
refuses(const char *text, size_t len, const char *sentence)
{
	char *why = NULL;

	assert_null(xml_read(text, len, &why));
	assert_non_null(why);
	assert_string_equal(why, sentence);
	free(why);
	assert_null(xml_read(text, len, NULL));
}

/* As STS answers GetCallerIdentity. */
static void
test_finds(void **state)
{
	struct xml_node *root =
	    read_text("<?xml version=\"1.0\"?>\n"
		      "<R xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"
		      "  <Result><Arn> arn:aws:x &amp; y\n</Arn><Account>1</Account><Account>2</Account></Result>\n"
		      "  <e/></R>");

	(void)state;
	assert_string_equal(root->name, "R");
	assert_string_equal(root->text, "");
	assert_int_equal(root->count, 2);
	assert_string_equal(xml_text(root, "Result/Arn"), "arn:aws:x & y");
	assert_string_equal(xml_text(root, "Result/Account"), "1");
	assert_string_equal(xml_text(root, "e"), "");
	assert_null(xml_text(root, "Result/Ar"));
	assert_null(xml_text(root, "Result/Arn/x"));
	assert_null(xml_text(root, "Result/Arns"));
	assert_ptr_equal(xml_find(root, ""), root);
	xml_free(root);
	xml_free(NULL);
}

static void
test_mixed_and_prefixes(void **state)
{
	struct xml_node *root = read_text("<s:a xmlns:s='u'>one<s:b>x<![CDATA[<y>]]></s:b> two </s:a>");

	(void)state;
	assert_string_equal(root->name, "a");
	assert_string_equal(root->text, "one two");
	assert_string_equal(xml_text(root, "b"), "x<y>");
	xml_free(root);
}

static void
test_malformed(void **state)
{
	static const char html[] = "<html><body>502 Bad Gateway<br></body></html>";

	(void)state;
	refuses("", 0, "XML, line 1 column 1: no element found");
	refuses("<a><b></a>", 10, "XML, line 1 column 9: mismatched tag");
	refuses("<a>\n<b", 6, "XML, line 2 column 1: unclosed token");
	refuses("<a>\xff</a>", 8, "XML, line 1 column 4: not well-formed (invalid token)");
	refuses("<a>x\0y</a>", 10, "XML, line 1 column 5: not well-formed (invalid token)");
	refuses("<a/><b/>", 8, "XML, line 1 column 5: junk after document element");
	refuses(html, strlen(html), "XML, line 1 column 34: mismatched tag");
	refuses("<a>&nbsp;</a>", 13, "XML, line 1 column 4: undefined entity");
}

/* No entity can be declared, so none can grow (a billion laughs) or read a file. */
static void
test_doctype(void **state)
{
	static const char laughs[] = "<!DOCTYPE a [<!ENTITY l \"lol\"><!ENTITY m \"&l;&l;\">]><a>&m;</a>";
	static const char file[] = "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>";
	char *why = NULL;

	(void)state;
	assert_null(xml_read(laughs, strlen(laughs), &why));
	assert_non_null(strstr(why, "it has a DOCTYPE, which no answer of AWS has"));
	free(why);
	why = NULL;
	assert_null(xml_read(file, strlen(file), &why));
	assert_non_null(strstr(why, "it has a DOCTYPE"));
	free(why);
}

static char *
nested(size_t depth)
{
	struct str s = {0};
	size_t i;

	for (i = 0; i < depth; i++)
		str_add(&s, "<a>");
	for (i = 0; i < depth; i++)
		str_add(&s, "</a>");
	return str_take(&s);
}

static void
test_depth(void **state)
{
	char *text = nested(32), *why = NULL;
	struct xml_node *root = read_text(text);

	(void)state;
	xml_free(root);
	free(text);
	text = nested(33);
	assert_null(xml_read(text, strlen(text), &why));
	assert_non_null(strstr(why, "elements nest more than 32 deep"));
	free(why);
	free(text);
	text = nested(100000);
	assert_null(xml_read(text, strlen(text), NULL));
	free(text);
}

static char *
many(size_t count)
{
	struct str s = {0};

	str_add(&s, "<a>");
	while (--count > 0)
		str_add(&s, "<b/>");
	str_add(&s, "</a>");
	return str_take(&s);
}

static void
test_nodes(void **state)
{
	char *text = many(100000), *why = NULL;
	struct xml_node *root = read_text(text);

	(void)state;
	assert_int_equal(root->count, 99999);
	xml_free(root);
	free(text);
	text = many(100001);
	assert_null(xml_read(text, strlen(text), &why));
	assert_non_null(strstr(why, "more than 100,000 elements"));
	free(why);
	free(text);
}

static void
test_size(void **state)
{
	enum { MAX = 8 << 20 };
	char *text = mem_printf("<a>%0*d</a>", MAX - 7, 0);
	struct xml_node *root = read_text(text);

	(void)state;
	assert_int_equal(strlen(text), MAX);
	assert_int_equal(strlen(root->text), MAX - 7);
	xml_free(root);
	free(text);
	text = mem_printf("<a>%0*d</a>", MAX - 6, 0);
	refuses(text, strlen(text), "XML, line 1 column 1: the answer is larger than 8 MiB");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_finds),
	    cmocka_unit_test(test_mixed_and_prefixes),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_doctype),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_nodes),
	    cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
