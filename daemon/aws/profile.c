/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile: the shared credentials and config files of AWS (ini), read whole, bounded, with the profile looked up. No
 * network.
 */
#include "daemon/aws/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mem.h"
#include "daemon/aws/secret.h"

enum { FILE_MAX = 1 << 20 };

/* Keys of a section that are ours; those of the first group only come together. */
static const struct {
	const char *key;
	size_t offset;
	bool of_keys;
} members[] = {
    {"aws_access_key_id", offsetof(struct profile, access_key), true},
    {"aws_secret_access_key", offsetof(struct profile, secret_key), true},
    {"aws_session_token", offsetof(struct profile, session_token), true},
    {"region", offsetof(struct profile, region), false},
    {"role_arn", offsetof(struct profile, role_arn), false},
    {"source_profile", offsetof(struct profile, source_profile), false},
    {"credential_source", offsetof(struct profile, credential_source), false},
    {"external_id", offsetof(struct profile, external_id), false},
    {"role_session_name", offsetof(struct profile, role_session_name), false},
    {"web_identity_token_file", offsetof(struct profile, web_identity_token_file), false},
    {"credential_process", offsetof(struct profile, credential_process), false},
    {"sso_session", offsetof(struct profile, sso), false},
    {"sso_start_url", offsetof(struct profile, sso), false},
};
enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

/* A piece of the text, not terminated. */
struct slice {
	const char *s;
	size_t len;
};

struct scan {
	struct profile found; /* of this file alone */
	const char *name, *path;
	bool config;
	size_t line;
	bool in_section, in_ours, seen;
	bool has_key;      /* this section had a key, so that deeper lines belong to it */
	size_t key_indent; /* the indent of that key */
};

static char **
member_of(struct profile *profile, size_t i)
{
	return (char **)(void *)((char *)profile + members[i].offset);
}

void
profile_clear(struct profile *profile)
{
	size_t i;

	for (i = 0; i < MEMBERS; i++) {
		secret_wipe(*member_of(profile, i));
		*member_of(profile, i) = NULL;
	}
	free(profile->where);
	profile->where = NULL;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct slice
trim(struct slice slice)
{
	while (slice.len > 0 && is_space(slice.s[0])) {
		slice.s++;
		slice.len--;
	}
	while (slice.len > 0 && is_space(slice.s[slice.len - 1]))
		slice.len--;
	return slice;
}

static bool
slice_is(struct slice slice, const char *word)
{
	return slice.len == strlen(word) && memcmp(slice.s, word, slice.len) == 0;
}

/* `ops` in a credentials file; `profile ops`, `profile "ops"` or `default` in a config file. */
static bool
is_our_section(const struct scan *scan, struct slice title)
{
	static const char word[] = "profile";
	const size_t len = sizeof(word) - 1;

	title = trim(title);
	if (!scan->config)
		return slice_is(title, scan->name);
	if (strcmp(scan->name, "default") == 0 && slice_is(title, "default"))
		return true;
	if (title.len <= len || memcmp(title.s, word, len) != 0 || !is_space(title.s[len]))
		return false;
	title = trim((struct slice){title.s + len, title.len - len});
	if (title.len >= 2 && (title.s[0] == '"' || title.s[0] == '\'') && title.s[title.len - 1] == title.s[0])
		title = (struct slice){title.s + 1, title.len - 2};
	return slice_is(title, scan->name);
}

static int
take_section(struct scan *scan, struct slice line, char **cause)
{
	const char *end = memchr(line.s, ']', line.len);

	if (end == NULL)
		return cause_set(cause, "%s:%zu: a section without `]`", scan->path, scan->line);
	scan->in_section = true;
	scan->has_key = false;
	scan->in_ours = is_our_section(scan, (struct slice){line.s + 1, (size_t)(end - line.s) - 1});
	scan->seen |= scan->in_ours;
	return 0;
}

/* A comment may follow a value behind white space (AWS SDKs and Tools Reference, "Format of the config file"). */
static struct slice
cut_comment(struct slice value)
{
	size_t i;

	for (i = 0; i < value.len; i++)
		if ((value.s[i] == '#' || value.s[i] == ';') && (i == 0 || is_space(value.s[i - 1])))
			value.len = i;
	return trim(value);
}

static void
keep_value(struct scan *scan, struct slice key, struct slice value)
{
	char **member;
	size_t i;

	for (i = 0; i < MEMBERS; i++) {
		if (strlen(members[i].key) != key.len || strncasecmp(members[i].key, key.s, key.len) != 0)
			continue;
		member = member_of(&scan->found, i);
		secret_wipe(*member); /* the last of equals counts, as the SDKs have it */
		*member = value.len == 0 ? NULL : mem_strndup(value.s, value.len);
	}
}

static int
take_key(struct scan *scan, struct slice line, char **cause)
{
	const char *equals = memchr(line.s, '=', line.len);
	struct slice key, value;

	if (equals == NULL)
		return cause_set(cause, "%s:%zu: a line without `=`", scan->path, scan->line);
	if (!scan->in_section)
		return cause_set(cause, "%s:%zu: a key before the first [section]", scan->path, scan->line);
	scan->has_key = true;
	if (!scan->in_ours)
		return 0;
	key = trim((struct slice){line.s, (size_t)(equals - line.s)});
	value = (struct slice){equals + 1, (size_t)(line.s + line.len - equals) - 1};
	keep_value(scan, key, cut_comment(value));
	return 0;
}

static int
take_line(struct scan *scan, struct slice raw, char **cause)
{
	struct slice line = trim(raw);
	size_t indent = (size_t)(line.s - raw.s);

	if (line.len == 0 || line.s[0] == '#' || line.s[0] == ';')
		return 0;
	/* A line deeper than the key before it belongs to that key ("s3 =", then its settings): none of ours. */
	if (scan->has_key && indent > scan->key_indent)
		return 0;
	if (line.s[0] == '[')
		return take_section(scan, line, cause);
	scan->key_indent = indent;
	return take_key(scan, line, cause);
}

/* Moves what out lacks; the key pair as a whole. */
static void
merge(struct profile *out, struct profile *found, const char *path)
{
	bool have_keys = out->access_key != NULL || out->secret_key != NULL;
	bool take_keys = !have_keys && (found->access_key != NULL || found->secret_key != NULL);
	char **from, **to;
	size_t i;

	for (i = 0; i < MEMBERS; i++) {
		from = member_of(found, i);
		to = member_of(out, i);
		if (*to != NULL || (members[i].of_keys && !take_keys))
			continue;
		*to = *from;
		*from = NULL;
	}
	if (take_keys) {
		free(out->where);
		out->where = mem_strdup(path);
	}
}

static int
scan_lines(struct scan *scan, const char *text, size_t len, char **cause)
{
	const char *end = text + len, *newline;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3; /* a byte order mark, as Windows editors leave it */
	for (; text < end; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		scan->line++;
		if (take_line(scan, (struct slice){text, (size_t)(newline - text)}, cause))
			return -1;
		if (newline == end)
			break;
	}
	return 0;
}

int
profile_scan(
    struct profile *out, const char *name, bool config, const char *path, const char *text, size_t len, char **cause)
{
	struct scan scan = {.name = name, .path = path, .config = config};
	int rc = -1;

	if (len > FILE_MAX) {
		cause_set(cause, "%s is larger than 1 MiB", path);
		goto out;
	}
	if (memchr(text, '\0', len) != NULL) {
		cause_set(cause, "%s holds NUL bytes: that is no text", path);
		goto out;
	}
	if (scan_lines(&scan, text, len, cause))
		goto out;
	merge(out, &scan.found, path);
	rc = scan.seen;
out:
	profile_clear(&scan.found);
	return rc;
}

static int
scan_file(struct profile *out, const char *name, bool config, const char *path, char **cause)
{
	char *text, *why = NULL;
	size_t len;
	int rc;

	if (path == NULL)
		return 0;
	text = secret_read_file(path, FILE_MAX, &len, &why);
	if (text == NULL) {
		rc = errno == ENOENT || errno == ENOTDIR ? 0 : cause_set(cause, "%s", why);
		free(why);
		return rc;
	}
	rc = profile_scan(out, name, config, path, text, len, cause);
	explicit_bzero(text, len);
	free(text);
	return rc;
}

int
profile_read(struct profile *out, const char *name, const char *credentials_path, const char *config_path, char **cause)
{
	int in_credentials, in_config;

	*out = (struct profile){0};
	in_credentials = scan_file(out, name, false, credentials_path, cause);
	in_config = in_credentials == -1 ? -1 : scan_file(out, name, true, config_path, cause);
	if (in_config == -1) {
		profile_clear(out);
		return -1;
	}
	return in_credentials || in_config;
}
