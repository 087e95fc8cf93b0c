/* SPDX-License-Identifier: Apache-2.0 */
/* log_template, with its store, its merging and its saved state: accuracy on the corpora, and what must hold of any log. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log_pattern.h"
#include "common/log_template.h"
#include "common/log_template_state.h"
#include "common/mem.h"
#include "common/text.h"
#include "test/unit/log_corpus.h"
#include "test/unit/rounds.h"

enum { LINES = 2000 };

/* ---- accuracy ---- */

struct sample {
	char *lines[LINES];
	size_t truth[LINES];
	uint64_t ids[LINES];
};

static void
sample_make(struct sample *sample, const struct log_corpus *corpus, uint64_t seed)
{
	struct corpus_random random = {.state = seed};

	for (size_t i = 0; i < LINES; i++) {
		struct str line = {0};

		sample->truth[i] = log_corpus_line(corpus, &random, &line);
		sample->lines[i] = str_take(&line);
	}
}

static void
sample_clear(struct sample *sample)
{
	for (size_t i = 0; i < LINES; i++)
		free(sample->lines[i]);
}

/* In the order i * step, which visits each line once where step and LINES have no common divisor. */
static void
sample_mine(struct sample *sample, struct log_templates *templates, size_t step)
{
	struct log_template_match match;

	for (size_t i = 0; i < LINES; i++) {
		size_t at = i * step % LINES;

		log_template_learn_line(templates, sample->lines[at], strlen(sample->lines[at]), &match);
		sample->ids[at] = match.id;
	}
	log_template_merge(templates);
	for (size_t i = 0; i < LINES; i++)
		sample->ids[i] = log_template_resolve(templates, sample->ids[i]);
}

/* A line is right if the lines of its id are those of its statement (the literature's grouping accuracy). */
static double
sample_accuracy(const struct sample *sample)
{
	size_t right = 0;

	for (size_t i = 0; i < LINES; i++) {
		bool is_right = true;

		for (size_t j = 0; j < LINES && is_right; j++)
			is_right = (sample->ids[i] == sample->ids[j]) == (sample->truth[i] == sample->truth[j]);
		right += is_right;
	}
	return (double)right / LINES;
}

/* The bound of each corpus keeps what was reached; that of the mean is the goal with room. */
static void
test_accuracy(void **state)
{
	struct sample *sample = mem_new(1, sizeof *sample);
	double accuracy, sum = 0;
	size_t i;

	(void)state;
	for (i = 0; i < KD_COUNT(log_corpora); i++) {
		struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);

		sample_make(sample, &log_corpora[i], i + 100);
		sample_mine(sample, templates, 1);
		accuracy = sample_accuracy(sample);
		print_message(
		    "%-12s %.3f, %zu templates\n", log_corpora[i].name, accuracy, log_template_count(templates));
		if (accuracy < 0.80)
			fail_msg("%s: %.3f", log_corpora[i].name, accuracy);
		sum += accuracy;
		sample_clear(sample);
		log_template_free(templates);
	}
	assert_true(sum / (double)i >= 0.93);
	free(sample);
}

static void
test_order(void **state)
{
	struct sample *a = mem_new(1, sizeof *a), *b = mem_new(1, sizeof *b);

	(void)state;
	for (size_t i = 0; i < KD_COUNT(log_corpora); i++) {
		struct log_templates *one = log_template_new(LOG_TEMPLATE_BYTES),
				     *other = log_template_new(LOG_TEMPLATE_BYTES);
		size_t different = 0;

		sample_make(a, &log_corpora[i], 5);
		sample_make(b, &log_corpora[i], 5);
		sample_mine(a, one, 1);
		sample_mine(b, other, 1237);
		for (size_t x = 0; x < LINES; x++)
			for (size_t y = x + 1; y < LINES; y++)
				different += (a->ids[x] == a->ids[y]) != (b->ids[x] == b->ids[y]);
		if (different > 0)
			fail_msg("%s: %zu pairs", log_corpora[i].name, different);
		sample_clear(a);
		sample_clear(b);
		log_template_free(one);
		log_template_free(other);
	}
	free(a);
	free(b);
}

/* ---- single properties ---- */

static uint64_t
learn(struct log_templates *templates, const char *line, bool *is_new)
{
	struct log_template_match match;

	log_template_learn(templates, line, strlen(line), &match);
	if (is_new != NULL)
		*is_new = match.is_new;
	return match.id;
}

static void
test_levels_apart(void **state)
{
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	uint64_t info = learn(templates, "2026-11-22 10:00:00 INFO a.B: writing record 1", NULL);
	uint64_t error = learn(templates, "2026-11-22 10:00:00 ERROR a.B: writing record 1", NULL);

	(void)state;
	assert_true(info != error && info != 0 && error != 0);
	log_template_merge(templates);
	assert_true(log_template_resolve(templates, info) != log_template_resolve(templates, error));
	log_template_free(templates);
}

/* However many words stand in a place: one of failure or an event is never taken for one of them. */
static void
test_failure_stays_apart(void **state)
{
	static const char *const words[] = {"alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"};
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	uint64_t ids[KD_COUNT(words)], failed, closed, again;
	char line[100];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(words); i++) {
		snprintf(line, sizeof line, "connection to server %s", words[i]);
		ids[i] = learn(templates, line, NULL);
	}
	failed = learn(templates, "connection to server failed", NULL);
	closed = learn(templates, "connection to server closed", NULL);
	log_template_merge(templates);
	for (size_t i = 1; i < KD_COUNT(words); i++)
		assert_true(log_template_resolve(templates, ids[i]) == log_template_resolve(templates, ids[0]));
	assert_true(log_template_resolve(templates, failed) != log_template_resolve(templates, ids[0]));
	assert_true(
	    log_template_resolve(templates, closed) != log_template_resolve(templates, ids[0]) && closed != failed);
	again = learn(templates, "connection to server zulu", NULL);
	assert_true(again == log_template_resolve(templates, ids[0]));
	log_template_free(templates);
}

/* The error that ends a message is a value of it, but one that tells it from the message of success. */
static void
test_errno_is_a_value(void **state)
{
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	uint64_t denied = learn(templates, "cannot open /etc/a.conf: Permission denied", NULL);

	(void)state;
	assert_true(learn(templates, "cannot open /etc/b.conf: No such file or directory", NULL) == denied);
	assert_true(learn(templates, "cannot open /etc/b.conf: no such file or directory", NULL) == denied);
	assert_true(learn(templates, "cannot open /etc/b.conf: [Errno 2] No such file or directory", NULL) != denied);
	assert_true(learn(templates, "cannot open /etc/b.conf: 17", NULL) != denied);
	assert_true(learn(templates, "cannot open /etc/b.conf: Permission deniedly", NULL) != denied);
	assert_true(learn(templates, "Permission denied", NULL) != learn(templates, "Connection refused", NULL));
	assert_true(learn(templates, "dial tcp 10.0.0.1:443: connect: connection refused", NULL) ==
		    learn(templates, "dial tcp 10.0.0.2:80: connect: connection timed out", NULL));
	log_template_free(templates);
}

static void
test_merge_keeps_oldest_id(void **state)
{
	static const char *const jobs[] = {"zork", "plugh", "xyzzy", "frobnitz", "quux", "grault", "garply", "waldo"};
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	uint64_t first = 0, id;
	bool is_new;
	char line[100];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(jobs); i++) {
		snprintf(line, sizeof line, "Starting %s", jobs[i]);
		id = learn(templates, line, &is_new);
		assert_true(is_new);
		first = i == 0 ? id : first;
	}
	log_template_merge(templates);
	assert_int_equal(log_template_count(templates), 1);
	assert_true(log_template_resolve(templates, id) == first);
	assert_true(learn(templates, "Starting fred", &is_new) == first && !is_new);
	assert_true(learn(templates, "Stopping fred", &is_new) != first && is_new);
	log_template_free(templates);
}

static void
test_traces_are_one_event(void **state)
{
	static const char *const lines[] = {"2026-11-22 10:00:00 ERROR a.B: it failed",
	    "java.io.IOException: Broken pipe", "\tat a.B.c(B.java:3)", "Caused by: x.YException: z", "\t... 3 more"};
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	struct log_template_match head, part;

	(void)state;
	log_template_learn_line(templates, lines[0], strlen(lines[0]), &head);
	for (size_t i = 1; i < KD_COUNT(lines); i++) {
		log_template_learn_line(templates, lines[i], strlen(lines[i]), &part);
		assert_true(part.id == head.id && part.is_continuation && !part.is_new);
	}
	assert_int_equal(log_template_count(templates), 1);
	log_template_learn(templates, "\nit failed\n\tat x", 15, &part);
	assert_int_equal(log_template_count(templates), 2);
	log_template_free(templates);
}

/* ---- what is shown ---- */

struct shown {
	struct str all;
	size_t count;
};

static void
show_cb(const struct log_template *template, void *arg)
{
	struct shown *shown = arg;

	assert_true(text_is_utf8(template->text, strlen(template->text)) &&
		    text_is_utf8(template->example, strlen(template->example)));
	assert_true(template->id != 0 && template->count > 0);
	str_add(&shown->all, template->text);
	str_add_char(&shown->all, '\n');
	str_add(&shown->all, template->example);
	str_add_char(&shown->all, '\n');
	shown->count++;
}

static void
test_no_secret_is_shown(void **state)
{
	static const char *const lines[] = {"login with password hunterxyz ok", "login token: hunterxyz",
	    "password is hunterxyz", "Authorization=hunterxyz now", "connect \"hunterxyz\" failed",
	    "mail hunterxyz@example.org", "open /home/hunterxyz/x", "https://hunterxyz:pw@example.org/x",
	    "object {name: hunterxyz}", "session opened for user hunterxyz", "user=hunterxyz",
	    "key AKIAHUNTERXYZHUNTERXYZHUNTERXYZ used", "{\"message\":\"api_key=hunterxyz\"}"};
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	struct shown shown = {0};
	char *saved;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(lines); i++)
		learn(templates, lines[i], NULL);
	log_template_each(templates, show_cb, &shown);
	assert_true(shown.count > 5);
	assert_null(strcasestr(shown.all.s, "hunterxyz"));
	saved = log_template_save(templates);
	assert_null(strcasestr(saved, "hunterxyz"));
	free(saved);
	str_free(&shown.all);
	log_template_free(templates);
}

/* ---- bounds ---- */

static size_t
make_hostile(struct corpus_random *random, char *line)
{
	size_t len = 0;

	for (size_t i = 3 + corpus_draw(random, 30); i > 0; i--) {
		for (size_t n = 1 + corpus_draw(random, 9); n > 0; n--)
			line[len++] = (char)(corpus_draw(random, 20) == 0 ? corpus_draw(random, 256)
									  : 'a' + corpus_draw(random, 26));
		line[len++] = " :=,([{\"'"[corpus_draw(random, 9)];
	}
	return len;
}

static void
test_memory(void **state)
{
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	struct corpus_random random = {.state = 1};
	struct log_template_match match;
	struct shown shown = {0};
	char line[512];

	(void)state;
	for (size_t i = 0; i < rounds(300000); i++) {
		log_template_learn_line(templates, line, make_hostile(&random, line), &match);
		assert_true(match.id != 0 && log_template_bytes(templates) <= LOG_TEMPLATE_BYTES);
	}
	assert_true(log_template_evictions(templates) > rounds(300000) / 30);
	log_template_each(templates, show_cb, &shown);
	assert_int_equal(shown.count, log_template_count(templates));
	str_free(&shown.all);
	log_template_free(templates);
}

/* What was evicted comes back under its id and is not new. */
static void
test_eviction_makes_nothing_new(void **state)
{
	struct log_templates *templates = log_template_new(LOG_TEMPLATE_BYTES);
	uint64_t id = learn(templates, "the consumer has stored batch 17 in table 3", NULL);
	bool is_new;
	char line[200];

	(void)state;
	for (unsigned i = 0; log_template_evictions(templates) < 50; i++) {
		snprintf(line, sizeof line, "x%c%c%cq failed %c%c%c%c and z%c%c%c%c%c", 'a' + i % 26, 'a' + i / 26 % 26,
		    'a' + i / 676 % 26, 'a' + i % 7, 'b' + i % 11, 'c' + i % 13, 'd' + i % 17, 'a' + i % 26,
		    'a' + i / 26 % 26, 'a' + i / 676 % 26, 'a' + i % 5, 'e');
		learn(templates, line, NULL);
		assert_true(i < 100000);
	}
	assert_true(learn(templates, "the consumer has stored batch 18 in table 4", &is_new) == id);
	assert_false(is_new);
	log_template_free(templates);
}

/* ---- state ---- */

static void
test_state_gives_the_same_answers(void **state)
{
	struct log_templates *one = log_template_new(LOG_TEMPLATE_BYTES), *other;
	struct corpus_random random = {.state = 9};
	struct log_template_match a, b;
	struct str line = {0};
	char *saved, *again, *cause = NULL;

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		str_clear(&line);
		log_corpus_line(&log_corpora[corpus_draw(&random, KD_COUNT(log_corpora))], &random, &line);
		log_template_learn(one, line.s, line.len, &a);
		if (i != 1000 && i != 10000)
			continue;
		saved = log_template_save(one);
		other = log_template_load(saved, strlen(saved), LOG_TEMPLATE_BYTES, &cause);
		assert_non_null(other);
		again = log_template_save(other);
		assert_string_equal(saved, again);
		for (size_t n = 0; n < 3000; n++) {
			str_clear(&line);
			log_corpus_line(&log_corpora[corpus_draw(&random, KD_COUNT(log_corpora))], &random, &line);
			log_template_learn(one, line.s, line.len, &a);
			log_template_learn(other, line.s, line.len, &b);
			assert_true(a.id == b.id && a.is_new == b.is_new && a.level == b.level);
		}
		assert_true(strlen(saved) < 1024 * 1024);
		log_template_free(other);
		free(saved);
		free(again);
	}
	str_free(&line);
	log_template_free(one);
}

static void
test_bad_state(void **state)
{
#define ONE(fields) "{\"v\":1,\"serial\":1,\"unmerged\":0,\"patience\":0,\"templates\":[{" fields "}]}"
#define REST        "\"id\":\"1\",\"count\":1,\"slots\":\"0\",\"serial\":1,\"level\":\"\",\"salt\":\"0\",\"text\":\"a b\""
	static const struct {
		const char *text, *cause;
	} rows[] = {
	    {"", "line 1"},
	    {"[]", "another version"},
	    {"{\"v\":2}", "another version"},
	    {"{\"v\":1}", "not whole"},
	    {"{\"v\":1,\"templates\":[],\"unmerged\":-1}", "not whole"},
	    {"{\"v\":1,\"templates\":[],\"patience\":99}", "not whole"},
	    {"{\"v\":1,\"templates\":[],\"signatures\":[[0,\"1\"]]}", "signature"},
	    {"{\"v\":1,\"templates\":[],\"signatures\":[[2,\"8\"]]}", "signature"},
	    {"{\"v\":1,\"templates\":[],\"evicted\":[[\"1\",\"0\"]]}", "pair of numbers"},
	    {"{\"v\":1,\"templates\":[],\"aliases\":[[\"1\",\"-1\"]]}", "pair of numbers"},
	    {ONE(""), "no known level"},
	    {ONE("\"level\":\"worse\""), "no known level"},
	    {ONE("\"level\":\"\""), "no text"},
	    {ONE(REST), "no list"},
	    {ONE(REST ",\"elements\":[0,1]"), "no list"},
	    {ONE(REST ",\"elements\":[0,9,1]"), "not in its text"},
	    {ONE(REST ",\"elements\":[2,1,1,0,1,1]"), "not in its text"},
	    {ONE(REST ",\"elements\":[0,1,99]"), "not in its text"},
	    {ONE("\"level\":\"\",\"salt\":\"0\",\"text\":\"a\",\"elements\":[0,1,1]"), "no id"},
	    {ONE("\"id\":\"1\",\"count\":1,\"slots\":\"2\",\"serial\":1,\"level\":\"\",\"salt\":\"0\",\"text\":\"a\","
		 "\"elements\":[0,1,1]"),
		"slots"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		char *cause = NULL;
		struct log_templates *templates =
		    log_template_load(rows[i].text, strlen(rows[i].text), LOG_TEMPLATE_BYTES, &cause);

		assert_null(templates);
		if (cause == NULL || (i > 0 && strstr(cause, rows[i].cause) == NULL))
			fail_msg("%s: %s", rows[i].text, cause != NULL ? cause : "no cause");
		free(cause);
	}
}

/* ---- keys that collide ---- */

enum { LONG_ROW = 40 };

/* The number whose mix (log_pattern.c) this is: who writes the log finds it, too. */
static uint64_t
unmix(uint64_t x)
{
	static const uint64_t factors[] = {0xc4ceb9fe1a85ec53u, 0xff51afd7ed558ccdu};

	x ^= x >> 33;
	for (size_t i = 0; i < KD_COUNT(factors); i++) {
		uint64_t inverse = factors[i];

		for (int round = 0; round < 6; round++)
			inverse *= 2 - factors[i] * inverse;
		x *= inverse;
		x ^= x >> 33;
	}
	return x;
}

/* A saved template of `count` words of one letter, "k k k a b"; the last `names` may be values. Its key with them as slots: in *key, or by its salt, if that is not 0. */
static void
add_row(struct str *out, size_t count, size_t names, char first_name, uint64_t *key)
{
	struct log_element elements[LONG_ROW] = {{0}};
	struct str text = {0}, list = {0};
	uint64_t plain, salt = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_name = i >= count - names;
		char letter = is_name ? (char)(first_name + (i - (count - names))) : 'k';

		str_printf(&text, "%s%c", i > 0 ? " " : "", letter);
		elements[i].hash = log_pattern_hash(&letter, 1);
		elements[i].class = is_name ? LOG_ELEMENT_NAME : LOG_ELEMENT_KNOWN;
		str_printf(&list, "%s%zu,1,%d", i > 0 ? "," : "", 2 * i, elements[i].class);
	}
	plain = log_pattern_key(LOG_LINE_PLAIN, 0, elements, count);
	for (size_t i = count - names; i < count; i++)
		plain = log_pattern_key_slot(plain, elements, i);
	if (*key != 0)
		salt = unmix(*key - plain);
	else
		*key = plain;
	str_printf(out,
	    "%s{\"id\":\"%c\",\"count\":1,\"slots\":\"0\",\"serial\":1,\"level\":\"\",\"salt\":\"%" PRIx64
	    "\",\"text\":\"%s\",\"elements\":[%s]}",
	    out->s[out->len - 1] == '[' ? "" : ",", first_name, salt, text.s, list.s);
	str_free(&text);
	str_free(&list);
}

/* A short template whose key is that of long ones with two slots at their end: it has no such elements. */
static void
test_keys_that_collide(void **state)
{
	struct str text = {0};
	struct log_templates *templates;
	uint64_t key = 0, same = 0;

	(void)state;
	str_add(&text, "{\"v\":1,\"serial\":1,\"unmerged\":0,\"patience\":0,\"templates\":[");
	add_row(&text, LONG_ROW, 2, 'a', &key);
	add_row(&text, 2, 1, 'f', &key);
	add_row(&text, LONG_ROW, 2, 'c', &same);
	assert_true(key == same);
	same = 0;
	add_row(&text, LONG_ROW, 2, 'e', &same);
	str_add(&text, "]}");
	templates = log_template_load(text.s, text.len, LOG_TEMPLATE_BYTES, NULL);
	assert_non_null(templates);
	log_template_merge(templates);
	assert_int_equal(log_template_count(templates), 4);
	log_template_free(templates);
	str_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accuracy),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_levels_apart),
	    cmocka_unit_test(test_failure_stays_apart),
	    cmocka_unit_test(test_errno_is_a_value),
	    cmocka_unit_test(test_merge_keeps_oldest_id),
	    cmocka_unit_test(test_traces_are_one_event),
	    cmocka_unit_test(test_no_secret_is_shown),
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_eviction_makes_nothing_new),
	    cmocka_unit_test(test_state_gives_the_same_answers),
	    cmocka_unit_test(test_bad_state),
	    cmocka_unit_test(test_keys_that_collide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
