/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: acks, silences and flapping, and what of all that outlives a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/ledger.h"

enum { MINUTE_MS = 60000 };

static const struct kd_check checks[] = {{"lag", "high_latency", "Look"}};
static const struct kd_probe probe = {.abi = KD_PROBE_ABI, .name = "alpha", .checks = checks, .checks_count = 1};
static const struct ledger_person ana = {"ana", 1004}, bob = {"bob", 1005}, nameless = {"uid 77", 77};

struct fix {
	struct ledger *ledger;
	struct stream_id *stream;
	struct ledger_rules rules;
	struct ledger_now now;
	char id[FINDING_ID_SIZE];
	struct str saw; /* "opened;" … */
	char *by, *why;
	bool silenced;
	uint64_t seq;
};

static void
listen(const struct ledger_change *change, void *arg)
{
	struct fix *fix = arg;

	assert_int_equal(change->seq, ++fix->seq);
	str_printf(&fix->saw, "%s;", ledger_event_name(change->event));
	free(fix->by);
	free(fix->why);
	fix->by = mem_strdup(change->by);
	fix->why = mem_strdup(change->why);
	fix->silenced = change->silenced;
	memcpy(fix->id, change->finding->id, sizeof(fix->id));
}

static struct fix *
fix_new(unsigned flapping)
{
	struct fix *fix = mem_new(1, sizeof(*fix));

	fix->ledger = ledger_new();
	fix->stream = stream_id_new("prod", "us-east-1", "orders");
	fix->rules = (struct ledger_rules){{1, 1}, {1, 1}, flapping};
	fix->now = (struct ledger_now){.ms = INT64_C(1800000000000), .mono_ms = 5000};
	ledger_listen(fix->ledger, listen, fix);
	return fix;
}

static void
fix_free(struct fix *fix)
{
	ledger_free(fix->ledger);
	assert_int_equal(fix->stream->refs, 1);
	stream_id_unref(fix->stream);
	str_free(&fix->saw);
	free(fix->by);
	free(fix->why);
	free(fix);
}

static void
pass(struct fix *fix, int64_t ms)
{
	fix->now.ms += ms;
	fix->now.mono_ms += ms;
}

static void
look(struct fix *fix, enum kd_severity severity)
{
	struct kd_report *report = report_new(&probe, fix->stream);
	const struct ledger_when when = {fix->now.ms, fix->now.ms};

	kd_find(report, 0, NULL, severity, "sentence");
	ledger_apply(fix->ledger, fix->stream, report, "alpha", &fix->rules, &when);
	report_free(report);
	pass(fix, MINUTE_MS);
}

static void
assert_saw(struct fix *fix, const char *expected)
{
	assert_string_equal(fix->saw.s != NULL ? fix->saw.s : "", expected);
	str_free(&fix->saw);
}

/* ---- acks ---- */

static void
test_ack_lasts_until_a_rise_or_the_end(void **state)
{
	struct fix *fix = fix_new(0);
	char *cause = NULL;

	(void)state;
	look(fix, KD_WARNING);
	assert_int_equal(ledger_ack(fix->ledger, fix->id, &ana, "looking", fix->now.ms, &cause), 0);
	assert_saw(fix, "opened;acked;");
	assert_string_equal(fix->by, "ana (uid 1004)");
	assert_string_equal(fix->why, "looking");
	look(fix, KD_WARNING);
	assert_true(ledger_is_acked(fix->ledger, fix->id));
	look(fix, KD_CRITICAL);
	assert_false(ledger_is_acked(fix->ledger, fix->id));
	assert_int_equal(ledger_ack(fix->ledger, fix->id, &nameless, NULL, fix->now.ms, &cause), 0);
	assert_string_equal(fix->by, "uid 77");
	assert_null(fix->why);
	look(fix, KD_WARNING); /* it sinks: he still looks after it */
	assert_true(ledger_is_acked(fix->ledger, fix->id));
	look(fix, KD_OK);
	assert_false(ledger_is_acked(fix->ledger, fix->id));
	assert_saw(fix, "changed;acked;changed;resolved;");
	assert_null(cause);
	fix_free(fix);
}

static void
test_ack_of_what_cannot_be(void **state)
{
	struct fix *fix = fix_new(0);
	char *cause = NULL;

	(void)state;
	assert_int_equal(ledger_ack(fix->ledger, "00000000", &ana, NULL, 1, &cause), -1);
	assert_string_equal(cause, "no finding has the id 00000000");
	look(fix, KD_WARNING);
	assert_int_equal(ledger_unack(fix->ledger, fix->id, &ana, 1, &cause), -1);
	assert_non_null(strstr(cause, "nobody has acknowledged"));
	look(fix, KD_OK);
	assert_int_equal(ledger_ack(fix->ledger, fix->id, &ana, NULL, 1, &cause), -1);
	assert_non_null(strstr(cause, "is not open, it is resolved"));
	assert_saw(fix, "opened;resolved;");
	free(cause);
	fix_free(fix);
}

static void
test_unack(void **state)
{
	struct fix *fix = fix_new(0);

	(void)state;
	look(fix, KD_WARNING);
	ledger_ack(fix->ledger, fix->id, &ana, NULL, fix->now.ms, NULL);
	assert_int_equal(ledger_unack(fix->ledger, fix->id, &bob, fix->now.ms, NULL), 0);
	assert_saw(fix, "opened;acked;unacked;");
	assert_string_equal(fix->by, "bob (uid 1005)");
	assert_false(ledger_is_acked(fix->ledger, fix->id));
	fix_free(fix);
}

/* ---- silences ---- */

static void
test_silence_marks_changes_and_ends_by_itself(void **state)
{
	struct fix *fix = fix_new(0);
	struct ledger_silence scope = {.stream = fix->stream};
	const struct ledger_silence *silence =
	    ledger_silence(fix->ledger, &scope, &ana, "deploy", 2 * MINUTE_MS, &fix->now, NULL);

	(void)state;
	assert_non_null(silence);
	assert_int_equal(silence->until_ms, fix->now.ms + 2 * MINUTE_MS);
	look(fix, KD_WARNING);
	assert_true(fix->silenced);
	assert_saw(fix, "silenced;opened;");
	ledger_tick(fix->ledger, &fix->now);
	assert_saw(fix, "");
	pass(fix, MINUTE_MS);
	ledger_tick(fix->ledger, &fix->now);
	assert_saw(fix, "unsilenced;");
	assert_string_equal(fix->by, "expired");
	assert_false(fix->silenced);
	look(fix, KD_CRITICAL);
	assert_false(fix->silenced);
	fix_free(fix);
}

/* The wall clock decides nothing: an hour back or forth, it lasts as long as it was asked for. */
static void
test_silence_and_a_clock_that_steps(void **state)
{
	struct fix *fix = fix_new(0);
	struct ledger_silence scope = {.stream = fix->stream, .probe = (char *)"alpha"};

	(void)state;
	ledger_silence(fix->ledger, &scope, &ana, NULL, 10 * MINUTE_MS, &fix->now, NULL);
	fix->now.ms += 60 * MINUTE_MS;
	ledger_tick(fix->ledger, &fix->now);
	fix->now.ms -= 120 * MINUTE_MS;
	pass(fix, 9 * MINUTE_MS);
	ledger_tick(fix->ledger, &fix->now);
	assert_saw(fix, "silenced;");
	pass(fix, MINUTE_MS);
	ledger_tick(fix->ledger, &fix->now);
	assert_saw(fix, "unsilenced;");
	fix_free(fix);
}

static void
test_silence_scopes(void **state)
{
	struct fix *fix = fix_new(0);
	struct ledger_silence other = {.stream = fix->stream, .probe = (char *)"beta"}, one = {.stream = fix->stream};

	(void)state;
	ledger_silence(fix->ledger, &other, &ana, NULL, MINUTE_MS, &fix->now, NULL);
	look(fix, KD_WARNING);
	assert_false(fix->silenced);
	memcpy(one.finding, fix->id, sizeof(one.finding));
	ledger_silence(fix->ledger, &one, &ana, NULL, 5 * MINUTE_MS, &fix->now, NULL);
	ledger_silence(fix->ledger, &one, &bob, NULL, 9 * MINUTE_MS, &fix->now, NULL); /* the same scope: longer */
	look(fix, KD_CRITICAL);
	assert_true(fix->silenced);
	assert_int_equal(ledger_unsilence(fix->ledger, fix->id, &bob, fix->now.ms), 0);
	assert_int_equal(ledger_unsilence(fix->ledger, fix->id, &bob, fix->now.ms), -1);
	assert_non_null(ledger_silence_find(fix->ledger, fix->stream, "beta"));
	assert_null(ledger_silence_find(fix->ledger, fix->stream, NULL));
	assert_saw(fix, "silenced;opened;silenced;silenced;changed;unsilenced;");
	fix_free(fix);
}

/* Maintenance of all: every stream is silent, also one that comes later, and kdiag itself is not. */
static void
test_silence_of_all(void **state)
{
	struct fix *fix = fix_new(0);
	struct ledger_silence all = {.stream = NULL};
	struct ledger_silence of_probe = {.probe = (char *)"beta"};
	char id[FINDING_ID_SIZE];

	(void)state;
	ledger_silence(fix->ledger, &of_probe, &ana, NULL, MINUTE_MS, &fix->now, NULL);
	look(fix, KD_WARNING);
	assert_false(fix->silenced); /* only beta's are */
	ledger_silence(fix->ledger, &all, &ana, "maintenance", 3 * MINUTE_MS, &fix->now, NULL);
	assert_string_equal(fix->why, "maintenance");
	look(fix, KD_CRITICAL);
	assert_true(fix->silenced);
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_OK);
	ledger_raise(fix->ledger, "credentials", "prod", KD_CRITICAL, "AWS refuses them", NULL, fix->now.ms);
	assert_false(fix->silenced);
	memcpy(id, ledger_silence_find(fix->ledger, NULL, NULL), sizeof(id));
	assert_string_not_equal(ledger_silence_find(fix->ledger, NULL, "beta"), id);
	assert_null(ledger_silence_find(fix->ledger, fix->stream, NULL));
	pass(fix, 2 * MINUTE_MS);
	ledger_tick(fix->ledger, &fix->now);
	assert_string_equal(fix->by, "expired");
	assert_null(ledger_silence_find(fix->ledger, NULL, NULL));
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_CRITICAL);
	assert_saw(fix, "silenced;opened;silenced;changed;opened;unsilenced;unsilenced;");
	fix_free(fix);
}

static void
test_silences_are_bounded(void **state)
{
	struct fix *fix = fix_new(0);
	char *cause = NULL;

	(void)state;
	for (int i = 0; i <= LEDGER_SILENCES_MAX; i++) {
		char *name = mem_printf("s%d", i);
		struct ledger_silence scope = {.stream = stream_id_new("prod", "us-east-1", name)};
		bool fits = i < LEDGER_SILENCES_MAX;

		assert_true((ledger_silence(fix->ledger, &scope, &ana, NULL, 1, &fix->now, &cause) != NULL) == fits);
		stream_id_unref(scope.stream);
		free(name);
	}
	assert_string_equal(cause, "there are 1000 silences already: end one (kdiagctl unsilence)");
	free(cause);
	fix_free(fix);
}

/* ---- flapping ---- */

static void
test_flapping_is_said_once_then_calm(void **state)
{
	struct fix *fix = fix_new(4);

	(void)state;
	for (int i = 0; i < 10; i++) {
		look(fix, KD_WARNING);
		look(fix, KD_OK);
	}
	assert_saw(fix, "opened;resolved;opened;resolved;flapping;");
	look(fix, KD_CRITICAL); /* a rise is news all the same */
	assert_saw(fix, "changed;");
	for (int i = 0; i < 29; i++)
		look(fix, KD_OK);
	assert_saw(fix, "");
	for (int i = 0; i < 3; i++)
		look(fix, KD_OK);
	assert_saw(fix, "resolved;");
	fix_free(fix);
}

static void
test_flapping_that_stays_bad_is_calm_and_open(void **state)
{
	struct fix *fix = fix_new(1);

	(void)state;
	look(fix, KD_WARNING);
	look(fix, KD_OK); /* the second turn: it does not resolve */
	assert_saw(fix, "opened;flapping;");
	for (int i = 0; i < 32; i++)
		look(fix, KD_WARNING);
	assert_saw(fix, "changed;");
	assert_string_equal(fix->why, "no longer flapping");
	fix_free(fix);
}

static void
test_flapping_between_severities(void **state)
{
	struct fix *fix = fix_new(4);

	(void)state;
	for (int i = 0; i < 140; i++) {
		look(fix, KD_WARNING);
		look(fix, KD_CRITICAL);
	}
	assert_saw(fix, "opened;changed;changed;changed;flapping;"); /* and that is all for hours */
	for (int i = 0; i < 32; i++)
		look(fix, KD_WARNING);
	assert_saw(fix, "changed;"); /* calm, and no longer critical */
	look(fix, KD_OK);
	assert_saw(fix, "resolved;");
	fix_free(fix);
}

static void
test_turns_that_are_far_apart_do_not_flap(void **state)
{
	struct fix *fix = fix_new(4);

	(void)state;
	for (int i = 0; i < 40; i++) {
		look(fix, i % 2 == 0 ? KD_WARNING : KD_OK);
		pass(fix, 14 * MINUTE_MS);
		assert_null(strstr(fix->saw.s, "flapping"));
	}
	fix_free(fix);
}

static void
raise_self(struct fix *fix)
{
	ledger_raise(fix->ledger, "answer", "here", KD_WARNING, "no answer", NULL, fix->now.ms);
	pass(fix, MINUTE_MS);
}

static void
clear_self(struct fix *fix)
{
	ledger_clear(fix->ledger, "answer", "here", fix->now.ms);
	pass(fix, MINUTE_MS);
}

static void
pass_minutes(struct fix *fix, int minutes)
{
	while (minutes-- > 0) {
		ledger_tick(fix->ledger, &fix->now);
		pass(fix, MINUTE_MS);
	}
}

static void
test_self_flaps_too(void **state)
{
	struct fix *fix = fix_new(0);

	(void)state;
	for (int i = 0; i < 10; i++) {
		raise_self(fix);
		clear_self(fix);
	}
	assert_saw(fix, "opened;resolved;opened;resolved;opened;resolved;flapping;");
	pass_minutes(fix, 28);
	assert_saw(fix, "");
	pass_minutes(fix, 3);
	assert_saw(fix, "resolved;"); /* nobody says again that it is over */
	pass_minutes(fix, 60);
	for (int i = 0; i < 3; i++) {
		raise_self(fix);
		clear_self(fix);
	}
	raise_self(fix);
	assert_saw(fix, "opened;resolved;opened;resolved;opened;resolved;flapping;");
	pass_minutes(fix, 32);
	assert_saw(fix, "changed;");
	assert_string_equal(fix->why, "no longer flapping");
	fix_free(fix);
}

static void
test_self_that_flapped_before_a_restart_is_swept(void **state)
{
	struct fix *fix = fix_new(0);

	(void)state;
	for (int i = 0; i < 4; i++) {
		raise_self(fix);
		clear_self(fix);
	}
	assert_saw(fix, "opened;resolved;opened;resolved;opened;resolved;flapping;");
	ledger_sweep_self(fix->ledger, fix->now.ms, "not seen since the start", fix->now.ms);
	assert_saw(fix, "resolved;");
	fix_free(fix);
}

/* ---- the disk ---- */

struct disk {
	struct ledger_saved *saved[8];
	size_t count, gone;
};

static void
keep(struct ledger_saved *saved_taken, void *arg)
{
	struct disk *disk = arg;

	assert_true(disk->count < 8);
	disk->saved[disk->count++] = saved_taken;
}

static void
gone(uint64_t no, void *arg)
{
	assert_true(no > 0);
	((struct disk *)arg)->gone++;
}

static void
clear(struct disk *disk)
{
	for (size_t i = 0; i < disk->count; i++)
		ledger_saved_free(disk->saved[i]);
	*disk = (struct disk){0};
}

static void
test_save_only_what_changed(void **state)
{
	struct fix *fix = fix_new(0);
	struct disk disk = {0};

	(void)state;
	look(fix, KD_OK);
	ledger_save(fix->ledger, true, keep, gone, &disk);
	assert_int_equal(disk.count + disk.gone, 0); /* what is good is not kept */
	look(fix, KD_WARNING);
	ledger_save(fix->ledger, false, keep, gone, &disk);
	assert_int_equal(disk.count, 1);
	look(fix, KD_WARNING);
	clear(&disk);
	ledger_save(fix->ledger, false, keep, gone, &disk);
	assert_int_equal(disk.count, 0); /* a look alone can wait */
	ledger_save(fix->ledger, true, keep, gone, &disk);
	assert_int_equal(disk.count, 1);
	clear(&disk);
	ledger_save(fix->ledger, true, keep, gone, &disk);
	assert_int_equal(disk.count, 0);
	ledger_forget(fix->ledger, fix->stream, NULL, "gone", fix->now.ms);
	ledger_save(fix->ledger, true, keep, gone, &disk);
	assert_int_equal(disk.gone, 1);
	clear(&disk);
	fix_free(fix);
}

/* A restart in the midst of M of N and of flapping changes nothing of what follows. */
static void
test_restore_goes_on_where_it_was(void **state)
{
	struct fix *a = fix_new(4), *b = fix_new(4);
	struct disk disk = {0};
	size_t counts[KD_CRITICAL + 1];

	(void)state;
	a->rules.resolve = b->rules.resolve = (struct kd_m_of_n){2, 2};
	look(a, KD_WARNING);
	ledger_ack(a->ledger, a->id, &ana, "looking", a->now.ms, NULL);
	look(a, KD_OK);
	ledger_save(a->ledger, true, keep, gone, &disk);
	assert_int_equal(disk.count, 1);
	assert_ptr_not_equal(disk.saved[0]->finding->stream, a->stream); /* shared with nobody */
	assert_int_equal(ledger_restore(b->ledger, disk.saved[0]), 0);
	assert_int_equal(ledger_restore(b->ledger, disk.saved[0]), -1); /* twice makes no sense */
	ledger_restore_seq(b->ledger, a->seq);
	b->seq = a->seq;
	b->now = a->now;
	assert_true(ledger_is_acked(b->ledger, a->id));
	ledger_count_open(b->ledger, counts);
	assert_int_equal(counts[KD_WARNING], 1);
	assert_saw(b, "");
	look(b, KD_OK);
	assert_saw(b, "resolved;");
	clear(&disk);
	fix_free(a);
	fix_free(b);
}

static void
test_restore_refuses_nonsense(void **state)
{
	static const char *const lives[] = {"", "x", "1 2", "1 0 0 0 0 0 0 99 0 00000", "1 0 0 0 0 0 0 0 0 0000",
	    "1 0 0 0 0 0 0 0 0 00002", "-1 0 0 0 0 0 0 0 0 00000", "1 0 0 0 0 0 0 0 0 00000 x"};
	struct fix *fix = fix_new(0);
	struct disk disk = {0};
	struct ledger *fresh = ledger_new();

	(void)state;
	look(fix, KD_WARNING);
	ledger_save(fix->ledger, true, keep, gone, &disk);
	for (size_t i = 0; i < KD_COUNT(lives); i++) {
		free(disk.saved[0]->life);
		disk.saved[0]->life = mem_strdup(lives[i]);
		assert_int_equal(ledger_restore(fresh, disk.saved[0]), -1);
	}
	free(disk.saved[0]->life);
	disk.saved[0]->life = mem_strdup("1 0 0 0 0 0 0 0 0 00000 5 6");
	disk.saved[0]->finding->id[0] ^= 1;
	assert_int_equal(ledger_restore(fresh, disk.saved[0]), -1); /* the id is of other names */
	disk.saved[0]->finding->id[0] ^= 1;
	disk.saved[0]->finding->state = FINDING_OK;
	assert_int_equal(ledger_restore(fresh, disk.saved[0]), -1);
	disk.saved[0]->finding->state = FINDING_OPEN;
	assert_int_equal(ledger_restore(fresh, disk.saved[0]), 0);
	clear(&disk);
	ledger_free(fresh);
	fix_free(fix);
}

static void
test_silence_restored_lasts_no_longer_than_asked(void **state)
{
	struct fix *fix = fix_new(0);
	struct ledger_silence scope = {.stream = fix->stream}, *saved;

	(void)state;
	saved = ledger_silence_copy(ledger_silence(fix->ledger, &scope, &ana, NULL, MINUTE_MS, &fix->now, NULL));
	assert_int_equal(ledger_unsilence(fix->ledger, saved->id, &ana, fix->now.ms), 0);
	assert_saw(fix, "silenced;unsilenced;");
	fix->now.ms -= 60 * MINUTE_MS; /* the clock was put back meanwhile */
	assert_int_equal(ledger_restore_silence(fix->ledger, saved, &fix->now), 0);
	pass(fix, MINUTE_MS);
	ledger_tick(fix->ledger, &fix->now);
	assert_saw(fix, "unsilenced;");
	ledger_silence_free(saved);
	fix_free(fix);
}

/* All are silent only when that was asked for, never because a row has lost the name of its stream. */
static void
test_silence_of_all_restored(void **state)
{
	struct fix *fix = fix_new(0);
	struct ledger_silence all = {.stream = NULL}, *copy;

	(void)state;
	copy = ledger_silence_copy(ledger_silence(fix->ledger, &all, &ana, NULL, MINUTE_MS, &fix->now, NULL));
	assert_int_equal(ledger_unsilence(fix->ledger, copy->id, &ana, fix->now.ms), 0);
	assert_int_equal(ledger_restore_silence(fix->ledger, copy, &fix->now), 0);
	assert_string_equal(ledger_silence_find(fix->ledger, NULL, NULL), copy->id);
	assert_int_equal(ledger_unsilence(fix->ledger, copy->id, &ana, fix->now.ms), 0);
	memcpy(copy->id, "0badcafe", sizeof(copy->id));
	assert_int_equal(ledger_restore_silence(fix->ledger, copy, &fix->now), -1);
	assert_null(ledger_silence_find(fix->ledger, NULL, NULL));
	ledger_silence_free(copy);
	fix_free(fix);
}

static void
test_self_is_swept(void **state)
{
	struct fix *fix = fix_new(0);

	(void)state;
	ledger_raise(fix->ledger, "service", "kinesis", KD_WARNING, "down", NULL, 1000);
	ledger_raise(fix->ledger, "clock", "host", KD_WARNING, "off", NULL, 5000);
	ledger_sweep_self(fix->ledger, 3000, "not seen again", 6000);
	assert_saw(fix, "opened;opened;resolved;");
	assert_string_equal(fix->why, "not seen again");
	fix_free(fix);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ack_lasts_until_a_rise_or_the_end),
	    cmocka_unit_test(test_ack_of_what_cannot_be),
	    cmocka_unit_test(test_unack),
	    cmocka_unit_test(test_silence_marks_changes_and_ends_by_itself),
	    cmocka_unit_test(test_silence_and_a_clock_that_steps),
	    cmocka_unit_test(test_silence_scopes),
	    cmocka_unit_test(test_silence_of_all),
	    cmocka_unit_test(test_silences_are_bounded),
	    cmocka_unit_test(test_flapping_is_said_once_then_calm),
	    cmocka_unit_test(test_flapping_between_severities),
	    cmocka_unit_test(test_flapping_that_stays_bad_is_calm_and_open),
	    cmocka_unit_test(test_self_flaps_too),
	    cmocka_unit_test(test_self_that_flapped_before_a_restart_is_swept),
	    cmocka_unit_test(test_turns_that_are_far_apart_do_not_flap),
	    cmocka_unit_test(test_save_only_what_changed),
	    cmocka_unit_test(test_restore_goes_on_where_it_was),
	    cmocka_unit_test(test_restore_refuses_nonsense),
	    cmocka_unit_test(test_silence_restored_lasts_no_longer_than_asked),
	    cmocka_unit_test(test_silence_of_all_restored),
	    cmocka_unit_test(test_self_is_swept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
