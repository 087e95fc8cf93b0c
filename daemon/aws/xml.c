/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml: an XML answer of a Query service as a small tree; the only room that knows expat. No DTD, no entities but the
 * five; depth, nodes and text are bounded.
 */
#include "daemon/aws/xml.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "common/mem.h"
#include "common/str.h"

/*
 * IAM's deepest answer nests 7 (a role's last use inside a list); its largest page is under 2 MB. Since entities are
 * refused, text is never longer than the body, so that one bound holds both.
 */
enum { DEPTH_MAX = 32, NODES_MAX = 100000, BODY_MAX = 8 << 20 };

struct reader {
	XML_Parser parser;
	struct xml_node *root;
	struct xml_node *open[DEPTH_MAX]; /* stays valid: only the innermost gets new children */
	struct str text[DEPTH_MAX];
	size_t depth, nodes;
	const char *refused; /* why we stopped expat ourselves; NULL: we did not */
};

static void
refuse(struct reader *r, const char *why)
{
	if (r->refused == NULL)
		r->refused = why;
	XML_StopParser(r->parser, XML_FALSE);
}

/* The array grows at powers of two, so that the node needs no capacity. */
static struct xml_node *
add_child(struct xml_node *parent)
{
	struct xml_node *child;

	if ((parent->count & (parent->count - 1)) == 0)
		parent->children =
		    mem_resize(parent->children, parent->count == 0 ? 1 : parent->count * 2, sizeof(*parent->children));
	child = &parent->children[parent->count++];
	*child = (struct xml_node){0};
	return child;
}

static void
start_cb(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = arg;
	struct xml_node *node;
	const char *colon = strrchr(name, ':');

	(void)attributes;
	if (r->refused != NULL)
		return;
	if (r->depth == DEPTH_MAX) {
		refuse(r, "elements nest more than 32 deep");
		return;
	}
	if (r->nodes++ == NODES_MAX) {
		refuse(r, "more than 100,000 elements");
		return;
	}
	if (r->depth == 0)
		node = r->root = mem_new(1, sizeof(*node));
	else
		node = add_child(r->open[r->depth - 1]);
	node->name = mem_strdup(colon == NULL ? name : colon + 1);
	str_clear(&r->text[r->depth]);
	r->open[r->depth++] = node;
}

static char *
trimmed(const struct str *text)
{
	static const char space[] = " \t\r\n";
	const char *s = text->s;
	size_t len = text->len, skip;

	if (len == 0)
		return mem_strdup("");
	skip = strspn(s, space);
	while (len > skip && strchr(space, s[len - 1]) != NULL)
		len--;
	return mem_strndup(s + skip, len - skip);
}

static void
end_cb(void *arg, const XML_Char *name)
{
	struct reader *r = arg;

	(void)name;
	if (r->refused != NULL)
		return;
	assert(r->depth > 0);
	r->depth--;
	r->open[r->depth]->text = trimmed(&r->text[r->depth]);
}

static void
text_cb(void *arg, const XML_Char *s, int len)
{
	struct reader *r = arg;

	if (r->refused == NULL && r->depth > 0)
		str_add_len(&r->text[r->depth - 1], s, (size_t)len);
}

static void
doctype_cb(void *arg, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id, int internal)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)internal;
	refuse(arg, "it has a DOCTYPE, which no answer of AWS has");
}

static void
clear_node(struct xml_node *node)
{
	size_t i;

	for (i = 0; i < node->count; i++)
		clear_node(&node->children[i]); /* at most DEPTH_MAX deep */
	free(node->children);
	free(node->name);
	free(node->text);
}

void
xml_free(struct xml_node *root)
{
	if (root == NULL)
		return;
	clear_node(root);
	free(root);
}

static int
parse(struct reader *r, const char *body, size_t len, char **cause)
{
	const char *why;

	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, start_cb, end_cb);
	XML_SetCharacterDataHandler(r->parser, text_cb);
	XML_SetStartDoctypeDeclHandler(r->parser, doctype_cb);
	if (XML_Parse(r->parser, body, (int)len, XML_TRUE) == XML_STATUS_OK && r->refused == NULL)
		return 0;
	why = r->refused != NULL ? r->refused : XML_ErrorString(XML_GetErrorCode(r->parser));
	return cause_set(cause, "XML, line %lu column %lu: %s", (unsigned long)XML_GetCurrentLineNumber(r->parser),
	    (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1, why);
}

struct xml_node *
xml_read(const char *body, size_t len, char **cause)
{
	struct reader r = {0};
	size_t i;
	int failed;

	if (len > BODY_MAX)
		return cause_null(cause, "XML, line 1 column 1: the answer is larger than 8 MiB");
	/*
	 * UTF-8 whatever the document declares: AWS sends nothing else, and other encodings could grow in the
	 * conversion.
	 */
	r.parser = XML_ParserCreate("UTF-8");
	if (r.parser == NULL)
		return cause_null(cause, "XML, line 1 column 1: no memory for the parser");
	failed = parse(&r, body, len, cause);
	XML_ParserFree(r.parser);
	for (i = 0; i < DEPTH_MAX; i++)
		str_free(&r.text[i]);
	if (failed) {
		xml_free(r.root);
		return NULL;
	}
	return r.root;
}

static const struct xml_node *
child_named(const struct xml_node *node, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < node->count; i++)
		if (strncmp(node->children[i].name, name, len) == 0 && node->children[i].name[len] == '\0')
			return &node->children[i];
	return NULL;
}

const struct xml_node *
xml_find(const struct xml_node *node, const char *path)
{
	size_t len;

	while (node != NULL && *path != '\0') {
		len = strcspn(path, "/");
		node = child_named(node, path, len);
		path += len;
		path += *path == '/';
	}
	return node;
}

const char *
xml_text(const struct xml_node *node, const char *path)
{
	const struct xml_node *found = xml_find(node, path);

	return found == NULL ? NULL : found->text;
}
