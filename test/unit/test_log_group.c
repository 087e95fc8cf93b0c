/* SPDX-License-Identifier: Apache-2.0 */
/* test_log_group: what events become: templates with rates and ids that last, faults, repeats dropped, bounds kept, a state that gives the same answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/log_fault.h"
#include "common/mem.h"
#include "common/str.h"
#include "daemon/log_group.h"
#include "daemon/log_seen.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

static const int64_t base = INT64_C(1795341600000);
static unsigned serial;

static bool
take(struct log_group *group, int64_t ms, const char *text)
{
	char id[32];
	struct logs_event event = {.id = id, .stream = "s", .message = text, .message_len = strlen(text), .ms = ms};

	snprintf(id, sizeof(id), "%u", serial++);
	return log_group_take(group, &event, 1);
}

static const struct kd_log_template *
find(const struct log_group_view *view, const char *text)
{
	for (size_t i = 0; i < view->group.templates_count; i++)
		if (strcmp(view->group.templates[i].text, text) == 0 && i >= 2)
			return &view->group.templates[i];
	return NULL;
}

/* A healthy consumer, so many minutes long. */
static void
live(struct log_group *group, int from, int minutes)
{
	char text[200];

	for (int i = from; i < from + minutes; i++) {
		snprintf(text, sizeof(text), "2026-11-22T10:00:00Z INFO processed %d records of shardId-%012d", i * 7,
		    i % 8);
		take(group, base + i * (int64_t)MINUTE, text);
		snprintf(text, sizeof(text), "2026-11-22T10:00:00Z ERROR cannot write order %d to the table", i);
		if (i % 10 == 0)
			take(group, base + i * (int64_t)MINUTE + 1, text);
	}
	log_group_settle(group, base + (from + minutes) * (int64_t)MINUTE);
}

static void
events_become_templates(void **state)
{
	struct log_group *group = log_group_new(base);
	struct log_group_view view;
	const struct kd_log_template *template;

	(void)state;
	live(group, 0, 120);
	log_group_look(group, &view);
	assert_int_equal(view.group.templates_count, 4);
	assert_string_equal(view.group.templates[0].id, "all");
	assert_true(view.group.templates[0].count == 132);
	assert_string_equal(view.group.templates[1].id, "errors");
	assert_true(view.group.templates[1].count == 12);
	template = find(&view, "processed <*> records of <*>");
	assert_non_null(template);
	assert_true(template->count == 120 && template->first_ms == base && !template->failing);
	assert_string_equal(template->level, "info");
	assert_true(template->recent == 4); /* the newest minute has just begun */
	template = find(&view, "cannot write order <*> to the table");
	assert_non_null(template);
	assert_true(template->failing);
	assert_true(view.group.since_ms == base && view.group.until_ms == base + 2 * (int64_t)HOUR);
	log_group_view_clear(&view);
	log_group_free(group);
}

static void
repeats_are_dropped(void **state)
{
	struct log_group *group = log_group_new(base);
	struct logs_event event = {.id = "36", .message = "hello", .message_len = 5, .ms = base};

	(void)state;
	assert_true(log_group_take(group, &event, 1));
	assert_false(log_group_take(group, &event, 1));
	event.id = NULL; /* an emulator's: time and text tell */
	assert_true(log_group_take(group, &event, 1));
	assert_false(log_group_take(group, &event, 1));
	event.ms++;
	assert_true(log_group_take(group, &event, 1));
	log_group_free(group);
}

/* Read every minute, five minutes again each time: each event counts once, at any rate, or the overlap shrinks. */
static void
overlap_counts_each_event_once(void **state)
{
	static const int rates[] = {3, 200, 4000};

	(void)state;
	for (size_t r = 0; r < KD_COUNT(rates); r++) {
		struct log_group *group = log_group_new(base);
		struct log_group_view view;
		char id[32], text[64];
		int taken = 0, again = 0;

		for (int64_t minute = 0; minute < 8; minute++) {
			int64_t until = base + (minute + 1) * MINUTE, from = log_group_overlap_from_ms(group);

			for (int64_t ms = from - from % MINUTE; ms < until; ms += MINUTE)
				for (int k = 0; k < rates[r]; k++) {
					struct logs_event event = {.id = id, .message = text, .ms = ms + k};

					snprintf(id, sizeof(id), "%lld-%d", (long long)ms, k);
					snprintf(text, sizeof(text), "request %d served", k);
					event.message_len = strlen(text);
					if (event.ms < from)
						continue;
					if (log_group_take(group, &event, 1))
						taken++;
					else
						again++;
				}
			log_group_settle(group, until);
		}
		assert_int_equal(taken, 8 * rates[r]);
		assert_true(again > 0);
		log_group_look(group, &view);
		assert_true(view.group.templates[0].count == 8.0 * rates[r]);
		log_group_view_clear(&view);
		log_group_free(group);
	}
}

static void
the_set_of_what_was_seen_is_exact(void **state)
{
	struct log_seen *seen = log_seen_new(64);

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++) {
		assert_true(log_seen_add(seen, i * 0x9e3779b97f4a7c15u));
		for (uint64_t back = 0; back < 64 && back < i; back++)
			assert_false(log_seen_add(seen, (i - back) * 0x9e3779b97f4a7c15u));
	}
	seen = log_seen_grow(seen, 256);
	for (uint64_t i = 937; i <= 1000; i++)
		assert_false(log_seen_add(seen, i * 0x9e3779b97f4a7c15u));
	assert_true(log_seen_add(seen, 936 * 0x9e3779b97f4a7c15u));
	log_seen_free(seen);
}

static void
faults_are_known_by_their_words(void **state)
{
	static const struct {
		const char *text;
		enum log_fault fault;
	} events[] = {
	    {"ERROR Rate exceeded for shard shardId-000000000001 in stream orders (Service: Kinesis)",
		LOG_FAULT_THROUGHPUT_EXCEEDED},
	    {"com.amazonaws.services.kinesis.model.ProvisionedThroughputExceededException: slow down",
		LOG_FAULT_THROUGHPUT_EXCEEDED},
	    {"ExpiredIteratorException: Iterator expired. The iterator was created at time",
		LOG_FAULT_EXPIRED_ITERATOR},
	    {"An error occurred (AccessDeniedException) when calling the PutRecord operation", LOG_FAULT_ACCESS_DENIED},
	    {"User: arn:aws:sts::1:x is not authorized to perform: kinesis:GetRecords", LOG_FAULT_ACCESS_DENIED},
	    {"KMSAccessDeniedException: AccessDenied by the key policy", LOG_FAULT_KMS},
	    {"2026-11-22T10:00:00Z 3c1 Task timed out after 60.02 seconds", LOG_FAULT_TIMED_OUT},
	    {"request failed\n\tat x(Y.java:1)\nCaused by: java.net.SocketTimeoutException: Read timed out",
		LOG_FAULT_CONNECTION},
	    {"Worker w1 lost lease with key shardId-000000000001", LOG_FAULT_LEASE_LOST},
	    {"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
		LOG_FAULT_OUT_OF_MEMORY},
	    {"RequestId: 3c1 Error: Runtime exited with error: signal: killed", LOG_FAULT_OUT_OF_MEMORY},
	    {"RequestId: 3c1 Error: Runtime exited without providing a reason", LOG_FAULT_CRASHED},
	    {"botocore.errorfactory.ResourceNotFoundException: Stream orders not found", LOG_FAULT_NOT_FOUND},
	    {"processed 17 records", LOG_FAULT_NONE},
	    {"accessDenied", LOG_FAULT_NONE},
	    {"AccessDenie", LOG_FAULT_NONE},
	    {"", LOG_FAULT_NONE},
	    {"A", LOG_FAULT_NONE},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(events); i++)
		assert_int_equal(log_fault_find(events[i].text, strlen(events[i].text)), events[i].fault);
	for (int i = 1; i < LOG_FAULTS; i++)
		assert_non_null(log_fault_name((enum log_fault)i));
	assert_null(log_fault_name(LOG_FAULT_NONE));
}

static void
faults_are_counted_for_a_while(void **state)
{
	struct log_group *group = log_group_new(base);
	struct log_group_view view;

	(void)state;
	live(group, 0, 10);
	for (int i = 0; i < 3; i++)
		take(group, base + 10 * MINUTE + i, "2026-11-22T10:10:00Z ERROR ExpiredIteratorException for shard 1");
	take(group, base + 10 * MINUTE + 9, "2026-11-22T10:10:00Z DEBUG would retry on AccessDenied");
	log_group_settle(group, base + 11 * MINUTE);
	log_group_look(group, &view);
	assert_int_equal(view.group.faults_count, 1);
	assert_string_equal(view.group.faults[0].name, "expired_iterator");
	assert_string_equal(view.group.faults[0].text, "ExpiredIteratorException for shard <*>");
	assert_true(view.group.faults[0].count == 3);
	log_group_view_clear(&view);
	live(group, 11, 20);
	log_group_look(group, &view);
	assert_int_equal(view.group.faults_count, 0);
	log_group_view_clear(&view);
	log_group_free(group);
}

/* The whole view as text: what two groups that know the same have in common. */
static char *
print(struct log_group *group)
{
	struct str out = {0};
	struct log_group_view view;

	log_group_look(group, &view);
	for (size_t i = 0; i < view.group.templates_count; i++) {
		const struct kd_log_template *template = &view.group.templates[i];

		str_printf(&out, "%s %s %s %d %lld %lld %.0f", template->id, template->text, template->level,
		    template->failing, (long long)template->first_ms, (long long)template->merged_ms, template->count);
		for (size_t h = 0; h < template->hours_count; h++)
			str_printf(&out, " %.0f", template->hours[h]);
		str_add_char(&out, '\n');
	}
	log_group_view_clear(&view);
	return str_take(&out);
}

static void
a_state_gives_the_same_answers(void **state)
{
	struct log_group *group = log_group_new(base), *again;
	char *text, *before, *after, *cause = NULL;

	(void)state;
	live(group, 0, 300);
	assert_true(log_group_is_changed(group));
	text = log_group_save(group);
	assert_false(log_group_is_changed(group));
	again = log_group_load(text, &cause);
	assert_null(cause);
	assert_non_null(again);
	before = print(group);
	after = print(again);
	assert_string_equal(before, after);
	assert_true(log_group_until_ms(again) == log_group_until_ms(group));
	assert_true(log_group_overlap_from_ms(again) == log_group_until_ms(again)); /* the events seen are not kept */
	free(before);
	free(after);
	/* And goes on in the same way: what it knows is not new. */
	live(group, 300, 60);
	live(again, 300, 60);
	before = print(group);
	after = print(again);
	assert_string_equal(before, after);
	assert_false(log_group_is_changed(again));
	free(before);
	free(after);
	free(text);
	log_group_free(group);
	log_group_free(again);
}

static void
damaged_states_are_refused(void **state)
{
	static const char *const texts[] = {"", "7", "[]", "{}", "{\"v\":1}", "{\"v\":2}", "{\"v\":2,\"since\":-1}",
	    "{\"v\":2,\"since\":0,\"until\":0,\"all\":{},\"errors\":{},\"templates\":[],\"miner\":{}}"};
	struct log_group *group = log_group_new(base);
	char *text, *cause = NULL;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(texts); i++) {
		assert_null(log_group_load(texts[i], &cause));
		assert_non_null(cause);
		free(cause);
		cause = NULL;
	}
	live(group, 0, 20);
	text = log_group_save(group);
	/* Cut anywhere it is no JSON, and no crash. */
	for (size_t len = strlen(text) - 1; len > 0; len = len * 3 / 4) {
		text[len] = '\0';
		assert_null(log_group_load(text, &cause));
		free(cause);
		cause = NULL;
	}
	free(text);
	log_group_free(group);
}

/* A disk may say of all templates that they are one. */
static void
one_row_is_shown_once(void **state)
{
	struct log_group *group = log_group_new(base);
	struct log_group_view view;
	char *text;
	json_t *root, *rows, *templates;

	(void)state;
	live(group, 0, 60);
	text = log_group_save(group);
	log_group_free(group);
	root = json_loads(text, 0, NULL);
	free(text);
	rows = json_object_get(root, "templates");
	templates = json_object_get(json_object_get(root, "miner"), "templates");
	assert_true(json_array_size(templates) >= 2);
	while (json_array_size(rows) > 1)
		json_array_remove(rows, 1);
	for (size_t i = 0; i < json_array_size(templates); i++)
		json_object_set(json_array_get(templates, i), "id", json_object_get(json_array_get(rows, 0), "id"));
	text = json_dumps(root, 0);
	json_decref(root);
	group = log_group_load(text, NULL);
	assert_non_null(group);
	log_group_look(group, &view);
	assert_int_equal(view.group.templates_count, 3); /* with "all" and "errors" */
	log_group_view_clear(&view);
	log_group_free(group);
	free(text);
}

static void
what_was_not_read_is_no_silence(void **state)
{
	struct log_group *group = log_group_new(base);
	struct log_group_view view;
	const struct kd_log_template *template;

	(void)state;
	live(group, 0, 60);
	log_group_skip(group, base + 5 * (int64_t)HOUR);
	live(group, 300, 10);
	log_group_look(group, &view);
	template = find(&view, "processed <*> records of <*>");
	assert_non_null(template);
	for (size_t h = 2; h < template->hours_count; h += 3)
		assert_false(template->hours[h] > 60);
	assert_true(log_group_overlap_from_ms(group) >= base + 5 * (int64_t)HOUR);
	log_group_view_clear(&view);
	log_group_free(group);
}

/* Words that vary without a mask: what looked like several templates becomes one, which is not new, and has all their counts. */
static void
merged_templates_keep_their_past(void **state)
{
	static const char *const names[] = {"amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron",
	    "inlet", "jetty", "kelp", "larch", "maple", "nadir", "otter", "plume", "quartz", "raven", "sable", "thorn",
	    "umber", "viola", "willow", "xenon", "yarrow", "zephyr"};
	struct log_group *group = log_group_new(base);
	struct log_group_view view;
	char text[200];
	double sum = 0;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "2026-11-22T10:00:00Z INFO tenant %s%s: flushed the queue to disk",
		    names[i % 26], names[i / 26 % 26]);
		take(group, base + i * 1000, text);
		if (i % 50 == 49)
			log_group_settle(group, base + i * 1000);
	}
	log_group_look(group, &view);
	for (size_t i = 2; i < view.group.templates_count; i++, n++)
		sum += view.group.templates[i].count;
	assert_true(n < 30);
	assert_true(sum == 2000);
	assert_true(view.group.templates[2].first_ms < base + 60000);
	assert_true(view.group.templates[2].merged_ms > base && view.group.templates[2].merged_ms < base + 2000 * 1000);
	log_group_view_clear(&view);
	log_group_free(group);
}

static void
hostile_events_stay_within_bounds(void **state)
{
	struct log_group *group = log_group_new(base);
	struct log_group_view view;
	uint64_t x = 88172645463325252u;
	char text[300];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		for (size_t at = 0; at < sizeof(text) - 1; at++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			text[at] = (char)(x % 7 == 0 ? ' ' : 'a' + x % 26);
			if (i % 3 == 0)
				text[at] = (char)(x >> 8);
		}
		text[sizeof(text) - 1] = '\0';
		take(group, base + i * 10, text);
		if (i % 1000 == 0)
			log_group_settle(group, base + i * 10);
		assert_true(log_group_bytes(group) < 700 * 1024);
	}
	log_group_look(group, &view);
	assert_true(view.group.templates_count <= LOG_GROUP_TEMPLATES + 2);
	assert_true(view.group.left_out > 0);
	log_group_view_clear(&view);
	log_group_free(group);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_become_templates),
	    cmocka_unit_test(repeats_are_dropped),
	    cmocka_unit_test(overlap_counts_each_event_once),
	    cmocka_unit_test(the_set_of_what_was_seen_is_exact),
	    cmocka_unit_test(faults_are_known_by_their_words),
	    cmocka_unit_test(faults_are_counted_for_a_while),
	    cmocka_unit_test(a_state_gives_the_same_answers),
	    cmocka_unit_test(damaged_states_are_refused),
	    cmocka_unit_test(one_row_is_shown_once),
	    cmocka_unit_test(what_was_not_read_is_no_silence),
	    cmocka_unit_test(merged_templates_keep_their_past),
	    cmocka_unit_test(hostile_events_stay_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
