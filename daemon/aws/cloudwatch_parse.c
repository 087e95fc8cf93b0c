/* SPDX-License-Identifier: Apache-2.0 */
/* cloudwatch_parse: each page is checked as a whole before any of it counts. */
#include "daemon/aws/cloudwatch_parse.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/json_view.h"
#include "common/mem.h"
#include "common/text.h"

enum { TOKEN_MAX = 1 << 20, WHY_MAX = 200 };
/* The year 9999 is clock_format's last. */
#define TIME_MAX_S 253402300799.0

void
cloudwatch_pages_init(struct cloudwatch_pages *pages, const struct cloudwatch_ask *ask,
    const struct cloudwatch_query *queries, size_t count)
{
	size_t i, points = 0;
	double *values;

	*pages = (struct cloudwatch_pages){.start_ms = ask->start_ms, .end_ms = ask->end_ms, .count = count};
	pages->period_ms = mem_new(count, sizeof(*pages->period_ms));
	pages->series = mem_new(count, sizeof(*pages->series));
	for (i = 0; i < count; i++) {
		pages->period_ms[i] = queries[i].period_s * 1000;
		assert(ask->end_ms > ask->start_ms && ask->start_ms % pages->period_ms[i] == 0 &&
		       ask->end_ms % pages->period_ms[i] == 0);
		pages->series[i].count = (size_t)((ask->end_ms - ask->start_ms) / pages->period_ms[i]);
		points += pages->series[i].count;
	}
	values = pages->values = mem_new(points, sizeof(*values));
	for (i = 0; i < points; i++)
		values[i] = NAN;
	for (i = 0; i < count; i++) {
		pages->series[i].values = values;
		values += pages->series[i].count;
	}
}

void
cloudwatch_pages_clear(struct cloudwatch_pages *pages)
{
	size_t i;

	for (i = 0; i < pages->count; i++)
		free(pages->series[i].why);
	free(pages->series);
	free(pages->period_ms);
	free(pages->values);
	free(pages->next_token);
	*pages = (struct cloudwatch_pages){0};
}

const char *
cloudwatch_id(size_t index, char buf[CLOUDWATCH_ID_SIZE])
{
	assert(index < CLOUDWATCH_QUERIES_MAX);
	snprintf(buf, CLOUDWATCH_ID_SIZE, "q%u", (unsigned)index);
	return buf;
}

/* The index, or -1: not one of ours. */
static int
find_series(const struct cloudwatch_pages *pages, const char *id)
{
	int64_t index;

	if (id[0] != 'q' || id[1] < '0' || id[1] > '9' || text_parse_integer(id + 1, &index) == -1 || index < 0 ||
	    (uint64_t)index >= pages->count)
		return -1;
	return (int)index;
}

/* ---- one series of a page ---- */

/* Borrowed from the page. */
struct row {
	int series; /* -1: not asked for */
	const char *status, *message;
	struct json_view times, values; /* of one length; none: no points */
};

/* The first message, with its code where it says nothing. NULL: there is none. */
static int
get_message(struct json_view object, const char **message, char **cause)
{
	struct json_view list = {0}, first;

	*message = NULL;
	if (json_view_get_array(object, "Messages", &list, cause) == -1)
		return -1;
	if (json_view_count(list) == 0)
		return 0;
	first = json_view_first(list);
	if (!json_view_is(first, JSON_OBJECT))
		return cause_set(cause, "Messages[0] is not an object");
	if (json_view_get_string(first, "Code", message, cause) == -1 ||
	    json_view_get_string(first, "Value", message, cause) == -1)
		return -1;
	return 0;
}

static int
check_points(struct json_view times, struct json_view values, char **cause)
{
	struct json_view time, value = json_view_first(values);
	double seconds, number;
	size_t i;

	if (json_view_count(values) != json_view_count(times))
		return cause_set(
		    cause, "%zu Timestamps, but %zu Values", json_view_count(times), json_view_count(values));
	JSON_VIEW_EACH (times, i, time) {
		if (!json_view_number(time, &seconds) || !(seconds >= 0 && seconds <= TIME_MAX_S))
			return cause_set(cause, "Timestamps[%zu] is no time in seconds since 1970", i);
		if (!json_view_number(value, &number))
			return cause_set(cause, "Values[%zu] is no number", i);
		value = json_view_next(value);
	}
	return 0;
}

static int
read_row(const struct cloudwatch_pages *pages, struct json_view object, struct row *row, char **cause)
{
	const char *id = NULL;

	*row = (struct row){0};
	if (!json_view_is(object, JSON_OBJECT))
		return cause_set(cause, "it is not an object");
	if (json_view_get_string(object, "Id", &id, cause) == -1 ||
	    json_view_get_string(object, "StatusCode", &row->status, cause) == -1 ||
	    json_view_get_array(object, "Timestamps", &row->times, cause) == -1 ||
	    json_view_get_array(object, "Values", &row->values, cause) == -1 ||
	    get_message(object, &row->message, cause) == -1)
		return -1;
	if (id == NULL)
		return cause_set(cause, "Id is missing");
	row->series = find_series(pages, id);
	return check_points(row->times, row->values, cause);
}

static enum cloudwatch_status
parse_status(const char *status)
{
	static const struct {
		const char *name;
		enum cloudwatch_status status;
	} statuses[] = {
	    {"Complete", CLOUDWATCH_COMPLETE},
	    {"PartialData", CLOUDWATCH_PARTIAL},
	    {"InternalError", CLOUDWATCH_INTERNAL},
	    {"Forbidden", CLOUDWATCH_FORBIDDEN},
	};
	size_t i;

	for (i = 0; status != NULL && i < KD_COUNT(statuses); i++)
		if (strcmp(status, statuses[i].name) == 0)
			return statuses[i].status;
	return CLOUDWATCH_ABSENT;
}

/* A point belongs to the period that it falls into; AWS may widen the time that was asked for, and what lies outside is not ours. */
static void
take_point(const struct cloudwatch_pages *pages, int index, double seconds, double value)
{
	struct cloudwatch_series *series = &pages->series[index];
	int64_t at_ms = (int64_t)(seconds * 1000 + 0.5) - pages->start_ms;
	size_t period;

	if (at_ms < 0 || (period = (size_t)(at_ms / pages->period_ms[index])) >= series->count)
		return;
	series->known += isnan(series->values[period]) ? 1 : 0;
	series->values[period] = value;
}

static void
set_why(struct cloudwatch_series *series, const char *message)
{
	free(series->why);
	series->why = message == NULL ? NULL : text_escape(message, strlen(message), WHY_MAX);
}

/* A status that does not exist says nothing good: the series stays without an answer, and has that for a reason. */
static void
take_row(const struct cloudwatch_pages *pages, const struct row *row)
{
	struct cloudwatch_series *series = &pages->series[row->series];
	struct json_view time, value = json_view_first(row->values);
	double seconds = 0, number = 0;
	size_t i;

	series->status = parse_status(row->status);
	set_why(series, row->message);
	if (series->status == CLOUDWATCH_ABSENT && row->message == NULL)
		set_why(series, row->status == NULL ? "its StatusCode is missing" : row->status);
	JSON_VIEW_EACH (row->times, i, time) {
		(void)json_view_number(time, &seconds);
		(void)json_view_number(value, &number);
		take_point(pages, row->series, seconds, number);
		value = json_view_next(value);
	}
}

/* ---- a page ---- */

static int
take_next_token(struct cloudwatch_pages *pages, struct json_view root, char **cause)
{
	const char *token = NULL;

	free(pages->next_token);
	pages->next_token = NULL;
	if (json_view_get_string(root, "NextToken", &token, cause) == -1)
		return -1;
	if (token == NULL || *token == '\0')
		return 0;
	if (strlen(token) > TOKEN_MAX)
		return cause_set(cause, "NextToken is longer than 1 MiB");
	pages->next_token = mem_strdup(token);
	return 0;
}

/* All of them, before any counts; borrowed from the page. The caller's list, NULL with a sentence. */
static struct row *
read_rows(const struct cloudwatch_pages *pages, struct json_view list, char **cause)
{
	struct row *rows = mem_new(json_view_count(list) + 1, sizeof(*rows));
	struct json_view object;
	char *why = NULL;
	size_t i;

	JSON_VIEW_EACH (list, i, object) {
		if (read_row(pages, object, &rows[i], &why) == 0)
			continue;
		cause_set(cause, "MetricDataResults[%zu]: %s", i, why);
		free(why);
		free(rows);
		return NULL;
	}
	return rows;
}

/* What AWS says of the call as a whole is said of each series that has no answer. */
static void
spread_message(const struct cloudwatch_pages *pages, const char *message)
{
	size_t i;

	for (i = 0; message != NULL && i < pages->count; i++)
		if (pages->series[i].status != CLOUDWATCH_COMPLETE && pages->series[i].why == NULL)
			set_why(&pages->series[i], message);
}

static int
parse_page(struct cloudwatch_pages *pages, struct json_view root, char **cause)
{
	const char *message = NULL;
	struct json_view list = {0};
	struct row *rows;
	int rc;

	if (json_view_get_array(root, "MetricDataResults", &list, cause) == -1 ||
	    get_message(root, &message, cause) == -1)
		return -1;
	if (list.doc == NULL)
		return cause_set(cause, "MetricDataResults is missing");
	if ((rows = read_rows(pages, list, cause)) == NULL)
		return -1;
	if ((rc = take_next_token(pages, root, cause)) == 0) {
		for (size_t i = 0; i < json_view_count(list); i++)
			if (rows[i].series >= 0)
				take_row(pages, &rows[i]);
		spread_message(pages, message);
	}
	free(rows);
	return rc;
}

int
cloudwatch_parse(struct cloudwatch_pages *pages, const char *body, size_t len, char **cause)
{
	struct json_doc doc = {0};
	int rc = -1;

	if (json_read_doc(&doc, body, len, false, cause) == 0)
		rc = parse_page(pages, json_doc_root(&doc), cause);
	json_doc_clear(&doc);
	return rc;
}
