/* SPDX-License-Identifier: Apache-2.0 */
/* logs_parse: CloudWatch Logs' answers into events and names. Names and types as the API reference has them (2014-03-28); what is wrong is named. */
#include "daemon/aws/logs_parse.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_view.h"
#include "common/mem.h"

/* The year 9999 is clock_format's last. Tokens have no documented length; a page's size bounds them. */
#define MS_MAX INT64_C(253402300799999)
enum { TOKEN_MAX = 64 * 1024 };

void
logs_page_clear(struct logs_page *page)
{
	json_doc_clear(&page->answer);
	free(page->events);
	free(page->names);
	*page = (struct logs_page){0};
}

static int
read_time(struct json_view object, const char *key, bool required, int64_t *ms, char **cause)
{
	int rc = json_view_get_integer(object, key, ms, cause);

	if (rc == -1)
		return -1;
	if (rc == 0)
		return required ? cause_set(cause, "%s is missing", key) : 0;
	if (*ms < 0 || *ms > MS_MAX)
		return cause_set(cause, "%s is no time in milliseconds since 1970", key);
	return 0;
}

static int
read_event(struct logs_page *page, struct json_view object, char **cause)
{
	struct logs_event *event = &page->events[page->count];
	struct json_view message = json_view_member(object, "message");

	if (read_time(object, "timestamp", true, &event->ms, cause) != 0 ||
	    read_time(object, "ingestionTime", false, &event->ingested_ms, cause) != 0 ||
	    json_view_get_string(object, "eventId", &event->id, cause) == -1 ||
	    json_view_get_string(object, "logStreamName", &event->stream, cause) == -1)
		return -1;
	if ((event->message = json_view_string(message, &event->message_len)) == NULL)
		return cause_set(cause, "message is not a string");
	page->bytes += event->message_len;
	page->count++;
	return 0;
}

static int
read_group(struct logs_page *page, struct json_view object, char **cause)
{
	const char *name = NULL;
	size_t len;

	if (json_view_get_string(object, "logGroupName", &name, cause) == -1)
		return -1;
	len = name == NULL ? 0 : strlen(name);
	if (len == 0 || len > LOGS_GROUP_NAME_MAX)
		return cause_set(cause, "logGroupName is no name of 1 to %d bytes", LOGS_GROUP_NAME_MAX);
	page->names[page->count++] = name;
	return 0;
}

typedef int row_reader(struct logs_page *page, struct json_view object, char **cause);

/* Each element of the array through `read`; a sentence gets its place in front. An array that is absent is empty, as moto has it. */
static int
read_rows(struct logs_page *page, struct json_view array, const char *key, row_reader *read, char **cause)
{
	struct json_view element;
	char *why = NULL;
	size_t i;

	JSON_VIEW_EACH (array, i, element) {
		if (!json_view_is(element, JSON_OBJECT))
			return cause_set(cause, "%s[%zu] is not an object", key, i);
		if (read(page, element, &why) != 0) {
			cause_set(cause, "%s[%zu]: %s", key, i, why);
			free(why);
			return -1;
		}
	}
	return 0;
}

static int
read_token(struct logs_page *page, char **cause)
{
	if (json_view_get_string(json_doc_root(&page->answer), "nextToken", &page->next_token, cause) == -1)
		return -1;
	if (page->next_token != NULL && *page->next_token == '\0')
		page->next_token = NULL;
	if (page->next_token != NULL && strlen(page->next_token) > TOKEN_MAX)
		return cause_set(cause, "nextToken is longer than %d bytes", TOKEN_MAX);
	return 0;
}

/* Opens the answer and finds its array of rows. A log may hold "\u0000", and one such event must not make the page unreadable. What is wrong is not quoted: it may stand in an event. */
static int
begin(struct logs_page *page, const char *body, size_t len, const char *key, struct json_view *array, char **cause)
{
	*array = (struct json_view){0};
	if (json_read_doc(&page->answer, body, len, true, NULL) == -1)
		return cause_set(cause, "it is no JSON object");
	return json_view_get_array(json_doc_root(&page->answer), key, array, cause) == -1 ? -1 : 0;
}

int
logs_parse_events(struct logs_page *page, const char *body, size_t len, char **cause)
{
	struct json_view array;

	if (begin(page, body, len, "events", &array, cause) != 0)
		goto fail;
	page->events = mem_new(json_view_count(array) + 1, sizeof(*page->events));
	if (read_rows(page, array, "events", read_event, cause) == 0 && read_token(page, cause) == 0)
		return 0;
fail:
	logs_page_clear(page);
	return -1;
}

int
logs_parse_groups(struct logs_page *page, const char *body, size_t len, char **cause)
{
	struct json_view array;

	if (begin(page, body, len, "logGroups", &array, cause) != 0)
		goto fail;
	page->names = mem_new(json_view_count(array) + 1, sizeof(*page->names));
	if (read_rows(page, array, "logGroups", read_group, cause) == 0 && read_token(page, cause) == 0)
		return 0;
fail:
	logs_page_clear(page);
	return -1;
}
