/* SPDX-License-Identifier: Apache-2.0 */
/* change: owns how a change reads, as JSON and as a line; refuses to know who reads it. */
#include "daemon/change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

enum {
	NAME_MAX_WIDTH =
	    200,            /* escaped; the seven names then take 1,400 bytes and leave the rest of the line its 400 */
	BY_MAX_WIDTH = 100, /* a user's name has at most 32 bytes (useradd(8)), and a number behind it */
	ESCAPE_WIDTH = 16,  /* of one character in the text form, with room */
};

static const char delete_byte = 0x7f; /* the one control byte that JSON does not escape */

json_t *
change_to_json(const struct ledger_change *change)
{
	const struct finding *finding = change->finding;
	const struct stream_id *stream = finding->stream;
	json_t *object = json_object();

	json_object_set_new(object, "v", json_integer(1));
	json_object_set_new(object, "seq", json_integer((json_int_t)change->seq));
	json_set_time(object, "ts", change->ms);
	json_set_text(object, "event", ledger_event_name(change->event));
	json_set_text(object, "severity", severity_name(finding->severity));
	json_set_text(object, "from", severity_name(change->from));
	json_set_text(object, "id", finding->id);
	json_set_text(object, "account", stream != NULL ? stream->account : NULL);
	json_set_text(object, "region", stream != NULL ? stream->region : NULL);
	json_set_text(object, "stream", stream != NULL ? stream->name : NULL);
	json_set_text(object, "probe", finding->probe);
	json_set_text(object, "check", finding->check);
	json_set_text(object, "subject", finding->subject);
	json_set_text(object, "summary", finding->summary);
	json_set_text(object, "next", finding->next);
	json_set_text(object, "symptom", finding->symptom);
	if (change->why != NULL)
		json_set_text(object, "why", change->why);
	if (change->by != NULL)
		json_set_text(object, "by", change->by);
	if (change->replayed)
		json_object_set_new(object, "replayed", json_true());
	return object;
}

/* ---- the JSON line ---- */

char *
change_cee(const json_t *object)
{
	char *json = json_line(object);
	struct str line = {0};

	str_add(&line, "@cee:");
	for (const char *p = json; *p != '\0'; p++) {
		if (*p == delete_byte)
			str_add(&line, "\\u007f");
		else
			str_add_char(&line, *p);
	}
	free(json);
	return str_take(&line);
}

/* How many bytes the well-formed character at s takes in the line; its own length in *len. */
static size_t
json_width(const char *s, size_t *len)
{
	unsigned char c = (unsigned char)*s;

	*len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (c >= 0x80)
		return *len < 4 ? 6 : 12; /* \uXXXX, or a pair of them */
	if (strchr("\"\\\b\f\n\r\t", c) != NULL)
		return 2;
	return c < 0x20 || c == delete_byte ? 6 : 1;
}

/* Cuts the string member, if it is one, so that it takes at most `width` bytes of the line. */
static void
cut_member(json_t *object, const char *key, size_t width)
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t used = 0, len, at = 0, add;

	if (text == NULL)
		return;
	for (; text[at] != '\0'; at += len, used += add)
		if (used + (add = json_width(text + at, &len)) > width)
			break;
	if (text[at] != '\0')
		json_object_set_new(object, key, json_stringn(text, at));
}

static size_t
member_width(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t width = 0, len;

	for (; text != NULL && *text != '\0'; text += len)
		width += json_width(text, &len);
	return width;
}

static void
leave_out(json_t *object, const char *key, size_t excess)
{
	(void)excess;
	json_object_del(object, key);
}

static void
cut_by_excess(json_t *object, const char *key, size_t excess)
{
	size_t width = member_width(object, key);

	cut_member(object, key, width > excess ? width - excess : 0);
}

static void
cut_to_name(json_t *object, const char *key, size_t excess)
{
	(void)excess;
	cut_member(object, key, NAME_MAX_WIDTH);
}

static void
cut_to_user(json_t *object, const char *key, size_t excess)
{
	(void)excess;
	cut_member(object, key, BY_MAX_WIDTH);
}

/* What gives way to a line that is too long, in this order. */
static const struct {
	const char *key;
	void (*shorten)(json_t *object, const char *key, size_t excess);
} sacrifices[] = {
    {"next", leave_out},
    {"symptom", leave_out},
    {"summary", cut_by_excess},
    {"why", cut_to_name},
    {"by", cut_to_user},
    {"subject", cut_to_name},
    {"account", cut_to_name},
    {"stream", cut_to_name},
    {"region", cut_to_name},
    {"check", cut_to_name},
    {"probe", cut_to_name},
};

char *
change_line_cee(const struct ledger_change *change)
{
	json_t *object = change_to_json(change);
	char *line = change_cee(object);
	size_t len = strlen(line);

	for (size_t i = 0; i < KD_COUNT(sacrifices) && len > CHANGE_LINE_MAX; i++) {
		if (i == 0)
			json_object_set_new(object, "trunc", json_true());
		sacrifices[i].shorten(object, sacrifices[i].key, len - CHANGE_LINE_MAX);
		free(line);
		line = change_cee(object);
		len = strlen(line);
	}
	json_decref(object);
	return line;
}

/* ---- the text line ---- */

/* The code point of the well-formed character at s, which is len bytes long. */
static uint32_t
point_at(const char *s, size_t len)
{
	static const unsigned char masks[] = {0x7f, 0x1f, 0x0f, 0x07};
	uint32_t point = (unsigned char)s[0] & masks[len - 1];

	for (size_t i = 1; i < len; i++)
		point = point << 6 | ((unsigned char)s[i] & 0x3f);
	return point;
}

/* In a name also the space is escaped: names are the line's columns. */
static void
escape_point(uint32_t point, bool is_name, char out[ESCAPE_WIDTH])
{
	if (point == '\\')
		snprintf(out, ESCAPE_WIDTH, "\\\\");
	else if (point < 0x20 || point == 0x7f || (is_name && point == ' '))
		snprintf(out, ESCAPE_WIDTH, "\\x%02" PRIx32, point);
	else if (point < 0x7f)
		snprintf(out, ESCAPE_WIDTH, "%c", (char)point);
	else if (point <= 0xffff)
		snprintf(out, ESCAPE_WIDTH, "\\u%04" PRIx32, point);
	else
		snprintf(out, ESCAPE_WIDTH, "\\U%08" PRIx32, point);
}

/* Adds text as ASCII without control bytes, at most max bytes; what is cut ends in "...". max is at least 3. */
static void
add_escaped(struct str *line, const char *text, bool is_name, size_t max)
{
	char *clean = text_clean(text, strlen(text), CHANGE_LINE_MAX + 1), one[ESCAPE_WIDTH];
	size_t start = line->len, fits = start, len;

	for (const char *p = clean; *p != '\0'; p += len) {
		(void)json_width(p, &len);
		escape_point(point_at(p, len), is_name, one);
		str_add(line, one);
		if (line->len - start <= max - 3)
			fits = line->len;
		if (line->len - start > max) {
			line->len = fits;
			str_add(line, "...");
			break;
		}
	}
	free(clean);
}

static void
add_name(struct str *line, const char *name)
{
	add_escaped(line, name != NULL && *name != '\0' ? name : "-", true, NAME_MAX_WIDTH);
}

/* What stands behind the sentence, or "". */
static char *
make_tail(const struct ledger_change *change)
{
	struct str tail = {0};
	char age[KD_AGE_SIZE];

	if (change->event == LEDGER_CHANGED)
		str_printf(&tail, " (was %s)", severity_name(change->from));
	if (change->event == LEDGER_RESOLVED || change->event == LEDGER_REMINDER)
		str_printf(&tail, " (%s %s)", change->event == LEDGER_RESOLVED ? "after" : "open for",
		    kd_age(change->open_ms / 1000, age));
	if (change->by != NULL) {
		str_add(&tail, " (by ");
		add_escaped(&tail, change->by, false, BY_MAX_WIDTH);
		str_add_char(&tail, ')');
	}
	if (change->replayed)
		str_add(&tail, " (replayed)");
	return str_take(&tail);
}

char *
change_line_text(const struct ledger_change *change)
{
	const struct finding *finding = change->finding;
	const struct stream_id *stream = finding->stream;
	char *tail = make_tail(change);
	struct str line = {0};

	str_printf(&line, "%s %s ", ledger_event_name(change->event), severity_name(finding->severity));
	add_name(&line, stream != NULL ? stream->name : NULL);
	str_add_char(&line, ' ');
	add_name(&line, stream != NULL ? stream->region : NULL);
	str_add_char(&line, ' ');
	add_name(&line, finding->probe);
	str_add_char(&line, '/');
	add_name(&line, finding->check);
	if (strcmp(finding->subject, "stream") != 0) {
		str_add_char(&line, '/');
		add_name(&line, finding->subject);
	}
	str_printf(&line, " %s: ", finding->id);
	add_escaped(&line, change->why != NULL ? change->why : finding->summary, false,
	    CHANGE_LINE_MAX - line.len - strlen(tail));
	str_add(&line, tail);
	free(tail);
	return str_take(&line);
}

int
change_priority(const struct ledger_change *change)
{
	static const int priorities[] = {
	    [KD_OK] = LOG_INFO,
	    [KD_INFO] = LOG_INFO,
	    [KD_UNKNOWN] = LOG_NOTICE,
	    [KD_WARNING] = LOG_WARNING,
	    [KD_CRITICAL] = LOG_CRIT,
	};

	return change->event == LEDGER_RESOLVED ? LOG_INFO : priorities[change->finding->severity];
}
