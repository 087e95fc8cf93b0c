/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: each sentence of its header, and random looks against a model that counts by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/fact.h"
#include "common/mem.h"
#include "common/str.h"
#include "daemon/ledger.h"
#include "test/unit/rounds.h"

enum { START_MS = 1000000, STEP_MS = 60000 };

static const struct kd_check checks[] = {{"lag", "high_latency", "Look"}, {"rate", "high_latency", "Count"}};
static const struct kd_probe alpha = {.abi = KD_PROBE_ABI, .name = "alpha", .checks = checks, .checks_count = 2};
static const struct kd_probe beta = {.abi = KD_PROBE_ABI, .name = "beta", .checks = checks, .checks_count = 2};

struct fix {
	struct ledger *ledger;
	struct stream_id *stream;
	struct ledger_rules rules;
	int64_t now_ms, look_takes_ms;
	char *saw; /* by the listener: what the last step told, "opened warning from ok alpha/lag/stream; …" */
	uint64_t seq;
	struct ledger_change last;
	char *last_summary;
};

static void
listen(const struct ledger_change *change, void *arg)
{
	struct fix *fix = arg;
	const struct finding *f = change->finding;
	char *more = mem_printf("%s%s %s from %s %s/%s/%s", fix->saw, ledger_event_name(change->event),
	    severity_name(f->severity), severity_name(change->from), f->probe, f->check, f->subject);
	char *whole = mem_printf("%s;", more);

	free(more);
	free(fix->saw);
	fix->saw = whole;
	assert_int_equal(change->seq, ++fix->seq);
	assert_int_equal(ledger_last_seq(fix->ledger), fix->seq);
	assert_int_equal(change->ms, fix->now_ms);
	free(fix->last_summary);
	fix->last_summary = mem_strdup(f->summary);
	fix->last = *change;
	fix->last.finding = NULL;
}

static struct fix *
fix_new(unsigned open_m, unsigned open_n, unsigned resolve_m, unsigned resolve_n)
{
	struct fix *fix = mem_new(1, sizeof(*fix));

	fix->ledger = ledger_new();
	fix->stream = stream_id_new("prod", "us-east-1", "orders");
	fix->rules = (struct ledger_rules){{open_m, open_n}, {resolve_m, resolve_n}, 0};
	fix->now_ms = START_MS;
	fix->look_takes_ms = 1000;
	fix->saw = mem_strdup("");
	ledger_listen(fix->ledger, listen, fix);
	return fix;
}

static void
fix_free(struct fix *fix)
{
	ledger_free(fix->ledger);
	assert_int_equal(fix->stream->refs, 1); /* whatever the ledger held, it gave back */
	stream_id_unref(fix->stream);
	free(fix->saw);
	free(fix->last_summary);
	free(fix);
}

static void
add_unknown(struct kd_report *report, size_t check, const char *subject, const char *blame)
{
	struct stream_id *none = stream_id_new("", "", "");
	struct kd_facts *facts = facts_new(none, 0, NULL);

	facts_add_taken(facts, fact_new_missing(KD_STREAM_STATUS, KD_DENIED, "may not look", blame));
	kd_unknown(report, check, subject, facts, 0);
	facts_free(facts);
	stream_id_unref(none);
}

/* '.' ok, I U W C. */
static void
add(struct kd_report *report, size_t check, const char *subject, char look, const char *blame)
{
	static const char letters[] = ".IUWC";
	const char *at = strchr(letters, look);

	assert_non_null(at);
	if (look == 'U')
		add_unknown(report, check, subject, blame);
	else
		kd_find(report, check, subject, (enum kd_severity)(at - letters), "sentence %c", look);
}

static void
forget_saw(struct fix *fix)
{
	free(fix->saw);
	fix->saw = mem_strdup("");
}

static void
apply(struct fix *fix, const struct kd_probe *probe, struct kd_report *report_taken)
{
	struct ledger_when when;

	forget_saw(fix);
	fix->now_ms += STEP_MS;
	when = (struct ledger_when){fix->now_ms - fix->look_takes_ms, fix->now_ms};
	ledger_apply(fix->ledger, fix->stream, report_taken, probe->name, &fix->rules, &when);
	report_free(report_taken);
}

/* One judgement with one finding, or with none ('-'). */
static void
look_blaming(struct fix *fix, const struct kd_probe *probe, const char *subject, char look, const char *blame)
{
	struct kd_report *report = report_new(probe, fix->stream);

	if (look != '-')
		add(report, 0, subject, look, blame);
	apply(fix, probe, report);
}

static void
look(struct fix *fix, char letter)
{
	look_blaming(fix, &alpha, NULL, letter, NULL);
}

/* An entry as it was when it was looked for; finding NULL: there is none. */
struct seen {
	struct ledger_entry entry;
	const struct finding *finding;
};

struct search {
	const char *probe, *check, *subject;
	struct seen seen;
	size_t count;
};

static void
search_visit(const struct ledger_entry *entry, void *arg)
{
	struct search *search = arg;
	static struct finding recent[4]; /* a test holds on to two at once */
	static size_t next;
	const struct finding *f = &entry->finding;

	search->count++;
	if (strcmp(f->probe, search->probe) == 0 && strcmp(f->check, search->check) == 0 &&
	    strcmp(f->subject, search->subject) == 0) {
		assert_null(search->seen.finding);
		search->seen.entry = *entry;
		search->seen.finding = &recent[next];
		recent[next] = *f;
		next = (next + 1) % KD_COUNT(recent);
	}
}

static struct seen
entry_at(
    const struct fix *fix, const struct stream_id *stream, const char *probe, const char *check, const char *subject)
{
	struct search search = {.probe = probe, .check = check, .subject = subject};

	ledger_each(fix->ledger, stream, search_visit, &search);
	return search.seen;
}

static const struct finding *
lag(const struct fix *fix)
{
	return entry_at(fix, fix->stream, "alpha", "lag", "stream").finding;
}

/* ---- the rules of a life, as rows ---- */

/*
 * A letter a look. events: o opened, c changed, r resolved, - nothing. states: k ok, p pending, O open, R resolved, x no entry. severities: of the finding after it.
 */
static const struct life {
	unsigned open_m, open_n, resolve_m, resolve_n;
	const char *looks, *events, *states, *severities;
} lives[] = {
    /* the first look that is ok makes an entry in state ok; 1 of 1 opens and resolves at once; 0 of 0 is 1 of 1 */
    {1, 1, 1, 1, "..", "--", "kk", ".."},
    {1, 1, 1, 1, "W.", "or", "OR", "WW"},
    {0, 0, 0, 0, "W.W", "oro", "ORO", "WWW"},
    {1, 1, 1, 1, "IWC.", "occr", "OOOR", "IWCC"},
    {1, 1, 1, 1, "CWI", "occ", "OOO", "CWI"},
    /* bad in m of the last n looks, at the severity of this look */
    {2, 3, 1, 1, "W.C", "--o", "pkO", "W.C"},
    {2, 3, 1, 1, "W..W", "----", "pkkp", "W..W"},
    {3, 3, 1, 1, "WWCW", "--o-", "ppOO", "WWCC"},
    {3, 5, 1, 1, "W.W.W", "----o", "pkpkO", "W.W.W"},
    {2, 2, 1, 1, "IW", "-o", "pO", "IW"},
    {2, 2, 1, 1, "UW", "-o", "pO", "UW"},
    {32, 32, 1, 1, "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "-------------------------------o",
	"pppppppppppppppppppppppppppppppO", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW"},
    /* a rise counts at once; sinking needs m of n as well, so that a border does not flutter */
    {3, 3, 1, 1, "IIIC", "--oc", "ppOO", "IIIC"},
    {2, 2, 1, 1, "CCWCWCWC", "-o------", "pOOOOOOO", "CCCCCCCC"},
    {2, 3, 1, 1, "WWCWWC", "-oc-cc", "pOOOOO", "WWCCWC"},
    {2, 3, 1, 1, "CCWII", "-o--c", "pOOOO", "CCCCI"},
    {2, 3, 1, 1, "CCIW", "-o-c", "pOOO", "CCCW"},
    {2, 2, 1, 1, "CCWUWW", "-o---c", "pOOOOO", "CCCCCW"},
    /* good in m of n; pending ones that turn good vanish silently */
    {1, 1, 2, 3, "W.W.", "o--r", "OOOR", "WWWW"},
    {1, 1, 3, 3, "W..W...", "o-----r", "OOOOOOR", "WWWWWWW"},
    {2, 2, 1, 1, "W.", "--", "pk", "W."},
    {1, 1, 3, 5, "....W...", "----o--r", "kkkkOOOR", "....WWWW"},
    {2, 3, 1, 1, "WW.WW", "-or-o", "pORpO", "WWWWW"},
    /* unknown: opens at the second in a row at the earliest; keeps what is open; never resolves */
    {1, 1, 1, 1, "UU", "-o", "pO", "UU"},
    {1, 1, 1, 1, "U.U", "---", "pkp", "U.U"},
    {1, 1, 1, 1, "UUUU.", "-o--r", "pOOOR", "UUUUU"},
    {3, 3, 1, 1, "UUU", "--o", "ppO", "UUU"},
    {2, 3, 1, 1, "WUU", "--o", "ppO", "WUU"},
    {1, 1, 1, 1, "WUUUUU", "o-----", "OOOOOO", "WWWWWW"},
    {1, 1, 1, 1, "WU.", "o-r", "OOR", "WWW"},
    {1, 1, 2, 2, "W.U..", "o---r", "OOOOR", "WWWWW"},
    {1, 1, 1, 1, "UUWUI", "-oc-c", "pOOOO", "UUWWI"},
    {2, 2, 1, 1, "UUII", "-o-c", "pOOO", "UUUI"},
    {1, 1, 1, 1, "W.UU", "or-o", "ORpO", "WWUU"},
    {1, 1, 1, 1, ".U.", "---", "kpk", ".U."},
    /* no longer reported: resolves, and what cannot matter any more goes */
    {1, 1, 1, 1, "W-", "or", "OR", "WW"},
    {1, 1, 2, 2, "W-.", "o-r", "OOR", "WWW"},
    {1, 1, 1, 1, ".-", "--", "kx", ". "},
    {2, 2, 1, 1, "W--", "---", "pkx", "W. "},
    {2, 3, 1, 1, "W-W", "--o", "pkO", "W.W"},
    {1, 1, 1, 1, "UU-", "-or", "pOR", "UUU"},
};

static char
event_letter(const struct fix *fix)
{
	return fix->saw[0] == '\0' ? '-' : fix->saw[0];
}

static char
state_letter(const struct finding *finding)
{
	static const char letters[] = {
	    [FINDING_OK] = 'k', [FINDING_PENDING] = 'p', [FINDING_OPEN] = 'O', [FINDING_RESOLVED] = 'R'};

	return finding != NULL ? letters[finding->state] : 'x';
}

static char
severity_letter(const struct finding *finding)
{
	return finding != NULL ? ".IUWC"[finding->severity] : ' ';
}

static void
check_life(const struct life *life)
{
	struct fix *fix = fix_new(life->open_m, life->open_n, life->resolve_m, life->resolve_n);
	struct str events = {0}, states = {0}, severities = {0};

	str_add(&events, "");
	str_add(&states, "");
	str_add(&severities, "");
	for (const char *p = life->looks; *p != '\0'; p++) {
		look(fix, *p);
		str_add_char(&events, event_letter(fix));
		str_add_char(&states, state_letter(lag(fix)));
		str_add_char(&severities, severity_letter(lag(fix)));
	}
	if (strcmp(events.s, life->events) != 0 || strcmp(states.s, life->states) != 0 ||
	    strcmp(severities.s, life->severities) != 0)
		fail_msg("open %u/%u resolve %u/%u, looks %s: %s %s \"%s\", not %s %s \"%s\"", life->open_m,
		    life->open_n, life->resolve_m, life->resolve_n, life->looks, events.s, states.s, severities.s,
		    life->events, life->states, life->severities);
	str_free(&events);
	str_free(&states);
	str_free(&severities);
	fix_free(fix);
}

static void
test_lives(void **state)
{
	(void)state;
	for (size_t i = 0; i < KD_COUNT(lives); i++)
		check_life(&lives[i]);
}

/* ---- what a finding and a change bear ---- */

static void
test_opened(void **state)
{
	struct fix *fix = fix_new(2, 3, 1, 1);
	/* too short, too long, no digits, and one that nobody has */
	static const char *const no_ids[] = {"", "0", "000000000", "0000000g", "0000000A", "00000000"};
	const struct finding *f;
	struct finding found;
	char id[FINDING_ID_SIZE];

	(void)state;
	look(fix, 'W');
	f = lag(fix);
	assert_int_equal(f->first_seen_ms, START_MS + STEP_MS);
	assert_int_equal(f->count, 1);
	memcpy(id, f->id, sizeof(id));
	look(fix, 'C');
	f = lag(fix);
	assert_string_equal(fix->saw, "opened critical from ok alpha/lag/stream;");
	assert_int_equal(fix->last.open_ms, 0);
	assert_null(fix->last.why);
	assert_string_equal(f->id, id);
	assert_string_equal(f->summary, "sentence C");
	assert_string_equal(f->symptom, "high_latency");
	assert_string_equal(f->step, "Look");
	assert_ptr_equal(f->stream, fix->stream);
	assert_int_equal(f->first_seen_ms, START_MS + STEP_MS);
	assert_int_equal(f->last_seen_ms, START_MS + 2 * STEP_MS);
	assert_int_equal(f->changed_ms, START_MS + 2 * STEP_MS);
	assert_int_equal(f->count, 2);
	assert_true(ledger_find(fix->ledger, id, &found));
	assert_memory_equal(&found, f, sizeof(found));
	for (size_t i = 0; i < KD_COUNT(no_ids); i++)
		assert_false(ledger_find(fix->ledger, no_ids[i], &found));
	fix_free(fix);
}

static void
test_changed_and_resolved(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);

	(void)state;
	look(fix, 'W');
	look(fix, 'W');
	assert_string_equal(fix->saw, "");
	look(fix, 'C');
	assert_string_equal(fix->saw, "changed critical from warning alpha/lag/stream;");
	assert_int_equal(fix->last.open_ms, 2 * STEP_MS);
	assert_int_equal(lag(fix)->count, 3);
	look(fix, '.');
	assert_string_equal(fix->saw, "resolved critical from critical alpha/lag/stream;");
	assert_string_equal(fix->last_summary, "sentence .");
	assert_int_equal(fix->last.open_ms, 3 * STEP_MS);
	assert_null(fix->last.why);
	assert_int_equal(lag(fix)->last_seen_ms, START_MS + 3 * STEP_MS);
	/* a new life */
	look(fix, 'W');
	assert_string_equal(fix->saw, "opened warning from ok alpha/lag/stream;");
	assert_int_equal(lag(fix)->first_seen_ms, START_MS + 5 * STEP_MS);
	assert_int_equal(lag(fix)->count, 1);
	assert_int_equal(fix->seq, 4);
	fix_free(fix);
}

static void
test_unseen_keeps(void **state)
{
	struct fix *fix = fix_new(1, 1, 2, 2);
	struct seen seen;

	(void)state;
	look(fix, 'W');
	look(fix, 'U');
	seen = entry_at(fix, fix->stream, "alpha", "lag", "stream");
	assert_true(seen.entry.unseen);
	assert_false(seen.entry.quiet);
	assert_int_equal(seen.finding->severity, KD_WARNING);
	assert_int_equal(seen.finding->reason, KD_DENIED);
	assert_string_equal(seen.finding->summary, "sentence W");
	assert_int_equal(seen.finding->last_seen_ms, START_MS + STEP_MS);
	assert_int_equal(seen.finding->count, 1);
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_WARNING);
	look(fix, '.');
	seen = entry_at(fix, fix->stream, "alpha", "lag", "stream");
	assert_false(seen.entry.unseen);
	assert_int_equal(seen.finding->reason, KD_KNOWN);
	assert_string_equal(seen.finding->summary, "sentence W"); /* still open: what is shown fits that */
	assert_int_equal(seen.finding->last_seen_ms, START_MS + STEP_MS);
	look(fix, 'W');
	assert_int_equal(lag(fix)->last_seen_ms, START_MS + 4 * STEP_MS);
	assert_int_equal(lag(fix)->count, 2);
	fix_free(fix);
}

static void
test_sinking_keeps_sentence(void **state)
{
	struct fix *fix = fix_new(2, 2, 1, 1);

	(void)state;
	look(fix, 'C');
	look(fix, 'C');
	look(fix, 'W');
	assert_string_equal(lag(fix)->summary, "sentence C");
	assert_int_equal(lag(fix)->last_seen_ms, fix->now_ms);
	assert_int_equal(lag(fix)->count, 3);
	look(fix, 'W');
	assert_string_equal(fix->saw, "changed warning from critical alpha/lag/stream;");
	assert_string_equal(lag(fix)->summary, "sentence W");
	fix_free(fix);
}

static void
test_unknown_first(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);

	(void)state;
	look(fix, 'U');
	assert_string_equal(fix->saw, "");
	assert_int_equal(lag(fix)->state, FINDING_PENDING);
	assert_int_equal(lag(fix)->reason, KD_DENIED);
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_UNKNOWN);
	look(fix, 'U');
	assert_string_equal(fix->saw, "opened unknown from ok alpha/lag/stream;");
	assert_string_equal(fix->last_summary, "may not look");
	assert_int_equal(lag(fix)->count, 2);
	look(fix, '.');
	assert_string_equal(fix->saw, "resolved unknown from unknown alpha/lag/stream;");
	assert_int_equal(lag(fix)->reason, KD_KNOWN);
	fix_free(fix);
}

static void
test_absent_subjects(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);
	struct kd_report *report = report_new(&alpha, fix->stream);

	(void)state;
	add(report, 0, "shard-1", 'W', NULL);
	add(report, 0, "shard-2", 'C', NULL);
	add(report, 1, "shard-1", '.', NULL);
	apply(fix, &alpha, report);
	assert_string_equal(
	    fix->saw, "opened warning from ok alpha/lag/shard-1;opened critical from ok alpha/lag/shard-2;");
	/* another probe's silence says nothing of these */
	look_blaming(fix, &beta, NULL, '.', NULL);
	assert_string_equal(fix->saw, "");
	report = report_new(&alpha, fix->stream);
	add(report, 0, "shard-1", 'W', NULL);
	apply(fix, &alpha, report);
	assert_string_equal(fix->saw, "resolved critical from critical alpha/lag/shard-2;");
	assert_string_equal(fix->last.why, "no longer reported");
	assert_null(entry_at(fix, fix->stream, "alpha", "rate", "shard-1").finding);
	assert_int_equal(entry_at(fix, fix->stream, "alpha", "lag", "shard-2").finding->state, FINDING_RESOLVED);
	/* after a day nobody needs to know */
	fix->now_ms += 24 * 3600000 - STEP_MS - 1;
	report = report_new(&alpha, fix->stream);
	add(report, 0, "shard-1", 'W', NULL);
	apply(fix, &alpha, report);
	assert_non_null(entry_at(fix, fix->stream, "alpha", "lag", "shard-2").finding);
	fix->now_ms -= STEP_MS - 1;
	report = report_new(&alpha, fix->stream);
	add(report, 0, "shard-1", 'W', NULL);
	apply(fix, &alpha, report);
	assert_null(entry_at(fix, fix->stream, "alpha", "lag", "shard-2").finding);
	assert_string_equal(fix->saw, "");
	fix_free(fix);
}

/* Whatever order a probe reports in, and however many came between: each finding is the one that it was. */
static void
test_order_of_reports(void **state)
{
	static const size_t steps[] = {1, 7, 29, 30, 1};
	struct fix *fix = fix_new(1, 1, 1, 1);
	enum { SUBJECTS = 31 };

	(void)state;
	for (size_t look = 0; look < KD_COUNT(steps); look++) {
		struct kd_report *report = report_new(&alpha, fix->stream);

		for (size_t i = 0; i < SUBJECTS; i++) {
			char *subject = mem_printf("shard-%zu", i * steps[look] % SUBJECTS);

			add(report, i % 2, subject, 'W', NULL);
			add(report, (i + 1) % 2, subject, 'W', NULL);
			free(subject);
		}
		apply(fix, &alpha, report);
		look_blaming(fix, &beta, NULL, '.', NULL);
	}
	for (size_t i = 0; i < SUBJECTS; i++) {
		char *subject = mem_printf("shard-%zu", i);

		for (int check = 0; check < 2; check++) {
			const struct finding *finding =
			    entry_at(fix, fix->stream, "alpha", check == 0 ? "lag" : "rate", subject).finding;

			assert_non_null(finding);
			assert_int_equal(finding->count, KD_COUNT(steps));
			assert_int_equal(strlen(finding->id), FINDING_ID_SIZE - 1);
		}
		free(subject);
	}
	fix_free(fix);
}

/* A report that lost findings cannot say by silence that one is gone. */
static void
test_dropped_report(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);
	struct kd_report *report;

	(void)state;
	look_blaming(fix, &alpha, "shard-1", 'W', NULL);
	report = report_new(&alpha, fix->stream);
	kd_find(report, 99, NULL, KD_WARNING, "of no check");
	assert_int_equal(report_dropped(report), 1);
	apply(fix, &alpha, report);
	assert_string_equal(fix->saw, "");
	assert_int_equal(entry_at(fix, fix->stream, "alpha", "lag", "shard-1").finding->state, FINDING_OPEN);
	fix_free(fix);
}

/* ---- blame ---- */

static void
look_beta(struct fix *fix, char letter, const char *blame)
{
	look_blaming(fix, &beta, NULL, letter, blame);
}

static void
check_beta(const struct fix *fix, enum finding_state state, bool quiet)
{
	struct seen seen = entry_at(fix, fix->stream, "beta", "lag", "stream");

	assert_int_equal(seen.finding->state, state);
	assert_int_equal(seen.entry.quiet, quiet);
}

static void
check_open(const struct fix *fix, size_t info, size_t unknown, size_t warning, size_t critical)
{
	size_t counts[KD_CRITICAL + 1];

	ledger_count_open(fix->ledger, counts);
	assert_int_equal(counts[KD_OK], 0);
	assert_int_equal(counts[KD_INFO], info);
	assert_int_equal(counts[KD_UNKNOWN], unknown);
	assert_int_equal(counts[KD_WARNING], warning);
	assert_int_equal(counts[KD_CRITICAL], critical);
}

static void
test_quiet(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);

	(void)state;
	look(fix, 'C');
	look_beta(fix, 'U', "alpha/lag/stream");
	check_beta(fix, FINDING_PENDING, false);
	look_beta(fix, 'U', "alpha/lag/stream");
	assert_string_equal(fix->saw, "");
	check_beta(fix, FINDING_OPEN, true);
	check_open(fix, 0, 0, 0, 1);
	look_beta(fix, 'U', "alpha/lag/stream");
	assert_string_equal(fix->saw, "");
	/* the blamed one resolves; it is told if it is still unknown then */
	look(fix, '.');
	assert_string_equal(fix->saw, "resolved critical from critical alpha/lag/stream;");
	check_beta(fix, FINDING_OPEN, true);
	look_beta(fix, 'U', "alpha/lag/stream");
	assert_string_equal(fix->saw, "opened unknown from ok beta/lag/stream;");
	check_beta(fix, FINDING_OPEN, false);
	assert_int_equal(fix->last.open_ms, 3 * STEP_MS);
	check_open(fix, 0, 1, 0, 0);
	/* told once is told: no way back into silence */
	look(fix, 'C');
	look_beta(fix, 'U', "alpha/lag/stream");
	check_beta(fix, FINDING_OPEN, false);
	look_beta(fix, '.', NULL);
	assert_string_equal(fix->saw, "resolved unknown from unknown beta/lag/stream;");
	fix_free(fix);
}

static void
test_quiet_ends_silently(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);

	(void)state;
	look(fix, 'C');
	look_beta(fix, 'U', "alpha/lag/stream");
	look_beta(fix, 'U', "alpha/lag/stream");
	look_beta(fix, '.', NULL);
	assert_string_equal(fix->saw, "");
	check_beta(fix, FINDING_OK, false);
	look_beta(fix, 'U', "alpha/lag/stream");
	look_beta(fix, 'U', "alpha/lag/stream");
	check_beta(fix, FINDING_OPEN, true);
	look_beta(fix, 'W', NULL); /* now there is something of its own: for everybody else it opens */
	assert_string_equal(fix->saw, "opened warning from ok beta/lag/stream;");
	check_beta(fix, FINDING_OPEN, false);
	check_open(fix, 0, 0, 1, 1);
	fix_free(fix);
}

static void
test_blames_that_explain_nothing(void **state)
{
	static const char *const blames[] = {"alpha/lag/other", "alpha/lag", "alpha", "", "///", "beta/lag/stream",
	    "self/credentials/prod", "alpha/rate/stream", NULL};
	struct fix *fix;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(blames); i++) {
		fix = fix_new(1, 1, 1, 1);
		look(fix, 'C');
		look_beta(fix, 'U', blames[i]);
		look_beta(fix, 'U', blames[i]);
		assert_string_equal(fix->saw, "opened unknown from ok beta/lag/stream;");
		fix_free(fix);
	}
}

static void
test_blame_of_self(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);

	(void)state;
	ledger_raise(fix->ledger, "credentials", "prod/a", KD_CRITICAL, "AWS refuses them", NULL, fix->now_ms);
	look_beta(fix, 'U', "self/credentials/prod/a"); /* a subject may hold slashes */
	look_beta(fix, 'U', "self/credentials/prod/a");
	check_beta(fix, FINDING_OPEN, true);
	ledger_clear(fix->ledger, "credentials", "prod/a", fix->now_ms);
	look_beta(fix, 'U', "self/credentials/prod/a");
	assert_string_equal(fix->saw, "opened unknown from ok beta/lag/stream;");
	fix_free(fix);
}

/* What is seen but not yet open explains too, or the symptoms would be told before the cause. */
static void
test_blame_of_pending(void **state)
{
	struct fix *fix = fix_new(3, 3, 1, 1);

	(void)state;
	for (int i = 0; i < 3; i++) {
		look_beta(fix, 'U', "alpha/lag/stream");
		if (i < 2)
			look(fix, 'C');
	}
	check_beta(fix, FINDING_OPEN, true);
	look(fix, '.');
	look_beta(fix, 'U', "alpha/lag/stream");
	assert_string_equal(fix->saw, "opened unknown from ok beta/lag/stream;");
	fix_free(fix);
}

/*
 * A look that began while AWS was refused is judged after the first good answer, however long after: what is unknown in it is nobody's news. One that began
 * later, and be it by a moment, shows that there is more.
 */
static void
test_blame_of_just_resolved(void **state)
{
	static const char opened[] = "opened unknown from ok beta/lag/stream;";
	static const struct {
		int64_t after_ms, began_ms; /* both since it resolved */
		const char *saw;
	} rows[] = {
	    {0, 0, ""}, {0, -60000, ""}, {1, 0, ""}, {1800 * 1000, -1, ""}, {1800 * 1000, 0, ""}, {1, 1, opened},
	    {170, 1, opened}, {1800 * 1000, 1, opened},
	    {-3600 * 1000, -3601 * 1000, opened}, /* the wall clock was set back */
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct fix *fix = fix_new(1, 1, 1, 1);

		ledger_raise(fix->ledger, "service", "kinesis", KD_CRITICAL, "AWS does not answer", NULL, fix->now_ms);
		look_beta(fix, 'U', "self/service/kinesis");
		look_beta(fix, 'U', "self/service/kinesis");
		check_beta(fix, FINDING_OPEN, true);
		ledger_clear(fix->ledger, "service", "kinesis", fix->now_ms);
		fix->now_ms += rows[i].after_ms - STEP_MS;
		fix->look_takes_ms = rows[i].after_ms - rows[i].began_ms;
		look_beta(fix, 'U', "self/service/kinesis");
		assert_string_equal(fix->saw, rows[i].saw);
		/* the next look sees: nobody ever hears of it */
		look_beta(fix, '.', NULL);
		assert_string_equal(
		    fix->saw, *rows[i].saw != '\0' ? "resolved unknown from unknown beta/lag/stream;" : "");
		fix_free(fix);
	}
}

static void
test_blame_chain_and_circle(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);

	(void)state;
	/* shard-2 blames shard-1, which blames kdiag's credentials */
	ledger_raise(fix->ledger, "credentials", "prod", KD_CRITICAL, "AWS refuses them", NULL, fix->now_ms);
	for (int i = 0; i < 2; i++) {
		struct kd_report *report = report_new(&alpha, fix->stream);

		add(report, 0, "shard-1", 'U', "self/credentials/prod");
		add(report, 0, "shard-2", 'U', "alpha/lag/shard-1");
		apply(fix, &alpha, report);
	}
	assert_string_equal(fix->saw, "");
	assert_true(entry_at(fix, fix->stream, "alpha", "lag", "shard-2").entry.quiet);
	fix_free(fix);
	/* two that blame each other: somebody is told */
	fix = fix_new(1, 1, 1, 1);
	for (int i = 0; i < 3; i++) {
		struct kd_report *report = report_new(&alpha, fix->stream);

		add(report, 0, "shard-1", 'U', "alpha/lag/shard-2");
		add(report, 0, "shard-2", 'U', "alpha/lag/shard-1");
		apply(fix, &alpha, report);
	}
	assert_true(fix->seq >= 1);
	fix_free(fix);
}

/* ---- kdiag itself ---- */

static void
test_self(void **state)
{
	struct fix *fix = fix_new(3, 3, 3, 3); /* rules are for probes */
	const struct finding *f;
	char check[] = "clock", subject[] = "here", summary[] = "the clock is off by 90 s", next[] = "timedatectl";

	(void)state;
	assert_int_equal(ledger_verdict(fix->ledger, NULL), KD_OK);
	ledger_clear(fix->ledger, check, subject, fix->now_ms);
	ledger_raise(fix->ledger, check, subject, KD_WARNING, summary, next, fix->now_ms);
	memset(check, 'x', 2);
	memset(subject, 'x', 2);
	memset(summary, 'x', 2);
	memset(next, 'x', 2);
	assert_string_equal(fix->saw, "opened warning from ok self/clock/here;");
	f = entry_at(fix, NULL, "self", "clock", "here").finding;
	assert_null(f->stream);
	assert_string_equal(f->summary, "the clock is off by 90 s");
	assert_string_equal(f->next, "timedatectl");
	assert_int_equal(ledger_verdict(fix->ledger, NULL), KD_WARNING);
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_UNKNOWN); /* no entry yet */
	forget_saw(fix);
	ledger_raise(fix->ledger, "clock", "here", KD_WARNING, "the clock is off by 95 s", NULL, fix->now_ms += 1000);
	assert_string_equal(fix->saw, "");
	f = entry_at(fix, NULL, "self", "clock", "here").finding;
	assert_string_equal(f->summary, "the clock is off by 95 s");
	assert_null(f->next);
	assert_int_equal(f->count, 2);
	ledger_raise(fix->ledger, "clock", "here", KD_CRITICAL, "the clock is off by an hour", NULL, fix->now_ms);
	ledger_raise(fix->ledger, "clock", "here", KD_WARNING, "the clock is off by 99 s", NULL, fix->now_ms);
	assert_string_equal(
	    fix->saw, "changed critical from warning self/clock/here;changed warning from critical self/clock/here;");
	forget_saw(fix);
	ledger_clear(fix->ledger, "clock", "here", fix->now_ms);
	ledger_clear(fix->ledger, "clock", "here", fix->now_ms);
	assert_string_equal(fix->saw, "resolved warning from warning self/clock/here;");
	assert_string_equal(fix->last_summary, "over: the clock is off by 99 s");
	assert_int_equal(ledger_verdict(fix->ledger, NULL), KD_OK);
	check_open(fix, 0, 0, 0, 0);
	fix_free(fix);
}

/* ---- forgetting ---- */

static void
test_forget(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);
	struct search search = {.probe = "", .check = "", .subject = ""};

	(void)state;
	look(fix, 'C');
	look_beta(fix, 'W', NULL);
	look_beta(fix, 'W', NULL);
	forget_saw(fix);
	ledger_forget(fix->ledger, fix->stream, "beta", "the probe is switched off", fix->now_ms += 500);
	assert_string_equal(fix->saw, "resolved warning from warning beta/lag/stream;");
	assert_string_equal(fix->last.why, "the probe is switched off");
	assert_int_equal(fix->last.open_ms, STEP_MS + 500);
	assert_non_null(lag(fix));
	forget_saw(fix);
	ledger_forget(fix->ledger, fix->stream, NULL, "no longer watched", fix->now_ms);
	assert_string_equal(fix->saw, "resolved critical from critical alpha/lag/stream;");
	ledger_each_all(fix->ledger, search_visit, &search);
	assert_int_equal(search.count, 0);
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_UNKNOWN);
	forget_saw(fix);
	ledger_forget(fix->ledger, fix->stream, NULL, "no longer watched", fix->now_ms);
	assert_string_equal(fix->saw, "");
	check_open(fix, 0, 0, 0, 0);
	fix_free(fix);
}

/* Pending and quiet ones were told to nobody: they go without a word. */
static void
test_forget_untold(void **state)
{
	struct fix *fix = fix_new(2, 2, 1, 1);

	(void)state;
	ledger_raise(fix->ledger, "credentials", "prod", KD_CRITICAL, "AWS refuses them", NULL, fix->now_ms);
	look_beta(fix, 'U', "self/credentials/prod");
	look_beta(fix, 'U', "self/credentials/prod");
	look(fix, 'W');
	forget_saw(fix);
	ledger_forget(fix->ledger, fix->stream, NULL, "no longer watched", fix->now_ms);
	assert_string_equal(fix->saw, "");
	fix_free(fix);
}

/* ---- streams ---- */

static void
test_reloaded_stream(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);
	struct stream_id *old = fix->stream;

	(void)state;
	look(fix, 'W');
	stream_id_set_arn(old, "arn:aws:kinesis:us-east-1:1:stream/orders");
	fix->stream = stream_id_new("prod", "us-east-1", "orders");
	look(fix, 'W');
	assert_string_equal(fix->saw, "");
	assert_int_equal(lag(fix)->count, 2);
	assert_ptr_equal(lag(fix)->stream, fix->stream);
	assert_string_equal(fix->stream->arn, old->arn);
	assert_int_equal(old->refs, 1);
	stream_id_unref(old);
	fix_free(fix);
}

static void
test_streams_apart(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);
	struct stream_id *orders = fix->stream, *clicks = stream_id_new("prod", "us-east-1", "clicks");
	struct stream_id *west = stream_id_new("prod", "eu-west-1", "orders");

	(void)state;
	look(fix, 'C');
	fix->stream = clicks;
	look(fix, '.');
	fix->stream = west;
	look(fix, 'I');
	assert_int_equal(ledger_verdict(fix->ledger, orders), KD_CRITICAL);
	assert_int_equal(ledger_verdict(fix->ledger, clicks), KD_OK);
	assert_int_equal(ledger_verdict(fix->ledger, west), KD_INFO);
	check_open(fix, 1, 0, 0, 1);
	/* what one stream's finding blames is of the same stream */
	look_beta(fix, 'U', "alpha/lag/stream");
	look_beta(fix, 'U', "alpha/lag/stream");
	assert_string_equal(fix->saw, "");
	fix->stream = clicks;
	look_beta(fix, 'U', "alpha/lag/stream");
	look_beta(fix, 'U', "alpha/lag/stream");
	assert_string_equal(fix->saw, "opened unknown from ok beta/lag/stream;");
	fix->stream = orders;
	ledger_free(fix->ledger);
	fix->ledger = ledger_new();
	stream_id_unref(clicks);
	stream_id_unref(west);
	fix_free(fix);
}

static void
test_verdict(void **state)
{
	static const struct {
		const char *looks;
		enum kd_severity verdict;
	} rows[] = {
	    {"-", KD_UNKNOWN},
	    {".", KD_OK},
	    {"I", KD_OK}, /* 2 of 2: pending */
	    {"II", KD_INFO},
	    {"W", KD_OK},
	    {"WW", KD_WARNING},
	    {"WW..", KD_OK},
	    {"U", KD_UNKNOWN},
	    {"UU", KD_UNKNOWN},
	    {"U.", KD_OK},
	    {"IIU", KD_UNKNOWN},
	    {"WWU", KD_WARNING},
	    {"CCUU", KD_CRITICAL},
	    {".U", KD_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		struct fix *fix = fix_new(2, 2, 1, 1);

		for (const char *p = rows[i].looks; *p != '\0'; p++)
			look(fix, *p);
		if (ledger_verdict(fix->ledger, fix->stream) != rows[i].verdict)
			fail_msg("%s: %s", rows[i].looks, severity_name(ledger_verdict(fix->ledger, fix->stream)));
		fix_free(fix);
	}
}

static void
order_visit(const struct ledger_entry *entry, void *arg)
{
	str_printf(arg, "%s/%s/%s ", entry->finding.probe, entry->finding.check, entry->finding.subject);
}

static void
test_each_order(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);
	struct kd_report *report = report_new(&beta, fix->stream);
	struct str seen = {0};

	(void)state;
	add(report, 0, "b", 'W', NULL);
	add(report, 0, "a", 'W', NULL);
	add(report, 1, "a", 'C', NULL);
	add(report, 1, "b", '.', NULL);
	add(report, 1, "c", 'U', NULL);
	apply(fix, &beta, report);
	report = report_new(&alpha, fix->stream);
	add(report, 0, "z", 'W', NULL);
	add(report, 0, "y", '.', NULL);
	apply(fix, &alpha, report);
	ledger_each(fix->ledger, fix->stream, order_visit, &seen);
	assert_string_equal(
	    seen.s, "beta/rate/a alpha/lag/z beta/lag/a beta/lag/b beta/rate/c alpha/lag/y beta/rate/b ");
	str_free(&seen);
	fix_free(fix);
}

/* ---- bounds ---- */

static void
look_at_many(struct fix *fix, const struct kd_probe *probe, int first, int count, char letter)
{
	struct kd_report *report = report_new(probe, fix->stream);
	char subject[32];

	for (int i = 0; i < count; i++) {
		snprintf(subject, sizeof(subject), "shard-%d", first + i);
		add(report, 0, subject, letter, NULL);
	}
	apply(fix, probe, report);
}

static size_t
count_all(const struct fix *fix)
{
	struct search search = {.probe = "", .check = "", .subject = ""};

	ledger_each(fix->ledger, fix->stream, search_visit, &search);
	return search.count;
}

static void
test_full(void **state)
{
	static const struct kd_probe gamma = {
	    .abi = KD_PROBE_ABI, .name = "gamma", .checks = checks, .checks_count = 2};
	struct fix *fix = fix_new(1, 1, 1, 1);

	(void)state;
	look_at_many(fix, &alpha, 0, 1000, '.');
	look_at_many(fix, &beta, 0, 1000, 'W');
	assert_int_equal(count_all(fix), 2000);
	assert_null(entry_at(fix, NULL, "self", "ledger", "prod/us-east-1/orders").finding);
	/* something good does not find room; something bad takes it from something good */
	look_at_many(fix, &gamma, 0, 1, '.');
	assert_string_equal(fix->saw, "opened warning from ok self/ledger/prod/us-east-1/orders;");
	look_at_many(fix, &gamma, 0, 1, '.');
	assert_string_equal(fix->saw, ""); /* said once */
	look_at_many(fix, &gamma, 0, 10, 'C');
	assert_int_equal(count_all(fix), 2000);
	check_open(fix, 0, 0, 1001, 10);
	look_at_many(fix, &alpha, 0, 1000, 'W');
	check_open(fix, 0, 0, 1991, 10); /* 1,990 of the stream and the ledger's own: full of bad ones */
	/* resharded: what is not reported any more makes room, and the ledger says so */
	look_at_many(fix, &alpha, 0, 1, '.');
	fix->now_ms += 25 * 3600000;
	look_at_many(fix, &alpha, 0, 1, '.');
	assert_non_null(strstr(fix->saw, "resolved warning from warning self/ledger/prod/us-east-1/orders;"));
	assert_true(count_all(fix) < 1100);
	fix_free(fix);
}

static void
test_self_full(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);
	char subject[32];

	(void)state;
	for (int i = 0; i < 2200; i++) {
		forget_saw(fix);
		snprintf(subject, sizeof(subject), "a%d", i);
		ledger_raise(fix->ledger, "service", subject, KD_WARNING, "is silent", NULL, fix->now_ms);
		if (i % 10 != 0)
			ledger_clear(fix->ledger, "service", subject, fix->now_ms);
	}
	check_open(fix, 0, 0, 220, 0);
	for (int i = 2200; i < 4200; i++) {
		forget_saw(fix);
		snprintf(subject, sizeof(subject), "a%d", i);
		ledger_raise(fix->ledger, "service", subject, KD_WARNING, "is silent", NULL, fix->now_ms);
	}
	check_open(fix, 0, 0, 2000, 0);
	fix_free(fix);
}

/* Two names whose ids are the same 32 bits: each keeps its own life, and the id finds the one that is open. */
static void
test_same_id(void **state)
{
	static const char one[] = "shard-12099", other[] = "shard-81350", id[] = "eb0161c2";
	struct fix *fix = fix_new(1, 1, 1, 1);
	struct kd_report *report = report_new(&alpha, fix->stream);
	struct finding found;

	(void)state;
	add(report, 0, one, '.', NULL);
	add(report, 0, other, 'W', NULL);
	apply(fix, &alpha, report);
	assert_string_equal(fix->saw, "opened warning from ok alpha/lag/shard-81350;");
	assert_string_equal(entry_at(fix, fix->stream, "alpha", "lag", one).finding->id, id);
	assert_string_equal(entry_at(fix, fix->stream, "alpha", "lag", other).finding->id, id);
	assert_true(ledger_find(fix->ledger, id, &found));
	assert_string_equal(found.subject, other);
	report = report_new(&alpha, fix->stream);
	add(report, 0, one, 'C', NULL);
	add(report, 0, other, '.', NULL);
	apply(fix, &alpha, report);
	assert_string_equal(fix->saw,
	    "opened critical from ok alpha/lag/shard-12099;resolved warning from warning alpha/lag/shard-81350;");
	assert_true(ledger_find(fix->ledger, id, &found));
	assert_string_equal(found.subject, one);
	fix_free(fix);
}

static void
test_many_streams(void **state)
{
	struct fix *fix = fix_new(1, 1, 1, 1);
	struct stream_id *first = fix->stream, *streams[1000];
	char name[32];

	(void)state;
	for (size_t i = 0; i < KD_COUNT(streams); i++) {
		snprintf(name, sizeof(name), "s%zu", i);
		streams[i] = fix->stream = stream_id_new("prod", "us-east-1", name);
		look_at_many(fix, &alpha, 0, 5, i % 3 == 0 ? 'W' : '.');
	}
	check_open(fix, 0, 0, 334 * 5, 0);
	for (size_t i = 0; i < KD_COUNT(streams); i++) {
		assert_int_equal(ledger_verdict(fix->ledger, streams[i]), i % 3 == 0 ? KD_WARNING : KD_OK);
		ledger_forget(fix->ledger, streams[i], NULL, "no longer watched", fix->now_ms);
		assert_int_equal(streams[i]->refs, 1);
		stream_id_unref(streams[i]);
	}
	check_open(fix, 0, 0, 0, 0);
	fix->stream = first;
	fix_free(fix);
}

/* ---- random looks against a model ---- */

enum { MODEL_LOOKS = 30 };

/* Keeps every look as a letter, and finds all else out by counting again. */
struct model {
	char looks[MODEL_LOOKS + 1];
	int count;
	char state, shown;   /* k p O R; a letter of a look */
	int turned, shifted; /* after how many looks it opened or resolved; its severity changed */
	bool quiet, unseen;
	int first, last, bad; /* looks */
};

static int
rank(char letter)
{
	return (int)(strchr(".IUWC", letter) - ".IUWC");
}

/* How many of the looks from `since` on, at most the last n, are among the letters? */
static unsigned
model_count(const struct model *model, int since, unsigned n, const char *letters)
{
	unsigned count = 0;

	for (int i = model->count - 1; i >= since && i >= model->count - (int)n; i--)
		count += strchr(letters, model->looks[i]) != NULL;
	return count;
}

static char
model_open(struct model *model, char letter, bool explained)
{
	model->state = 'O';
	model->turned = model->shifted = model->count;
	model->quiet = letter == 'U' && explained;
	return model->quiet ? '-' : 'o';
}

static char
model_show(struct model *model, char letter)
{
	char event = model->quiet ? 'o' : 'c';

	model->shown = letter;
	model->shifted = model->count;
	model->quiet = false;
	return event;
}

static char
model_look_open(struct model *model, const struct ledger_rules *rules, char letter, bool explained)
{
	static const char *const up_to[] = {"", "I", "I", "IW", "IWC"};

	if (letter == '.') {
		if (model_count(model, model->turned, rules->resolve.n, ".") < rules->resolve.m)
			return '-';
		model->state = model->quiet ? 'k' : 'R';
		model->shown = model->quiet ? '.' : model->shown;
		model->turned = model->count;
		letter = model->quiet ? '-' : 'r';
		model->quiet = false;
		return letter;
	}
	if (letter == 'U' && model->shown != 'U')
		return '-';
	model->last = model->count;
	model->bad++;
	if (letter == model->shown)
		return model->quiet && !explained ? model_show(model, letter) : '-';
	if (rank(letter) > rank(model->shown) ||
	    model_count(model, model->shifted, rules->open.n, up_to[rank(letter)]) >= rules->open.m)
		return model_show(model, letter);
	return '-';
}

static char
model_look(struct model *model, const struct ledger_rules *rules, char letter, bool explained)
{
	model->looks[model->count++] = letter;
	model->unseen = letter == 'U';
	if (model->state == 'O')
		return model_look_open(model, rules, letter, explained);
	if (letter == '.') {
		if (model->state == 'p')
			model->state = 'k';
		if (model->state == 'k')
			model->shown = '.';
		return '-';
	}
	if (model->state != 'p') {
		model->state = 'p';
		model->first = model->count;
		model->bad = 0;
	}
	model->shown = letter;
	model->last = model->count;
	model->bad++;
	if (model_count(model, model->turned, rules->open.n, "IUWC") < rules->open.m)
		return '-';
	if (letter == 'U' && (model->count < 2 || model->looks[model->count - 2] != 'U'))
		return '-';
	return model_open(model, letter, explained);
}

static void
check_model(const struct model *model, struct seen seen, char event, char got)
{
	const struct finding *f = seen.finding;
	bool same = event == got && state_letter(f) == model->state && severity_letter(f) == model->shown &&
		    seen.entry.quiet == model->quiet && seen.entry.unseen == model->unseen;

	/* The two probes take turns: a look is two steps. */
	if (model->state == 'p' || model->state == 'O')
		same = same && (int)f->count == model->bad &&
		       f->last_seen_ms - f->first_seen_ms == (int64_t)(model->last - model->first) * 2 * STEP_MS;
	if (!same)
		fail_msg("after %s: event %c not %c, state %c not %c, severity %c not %c, quiet %d, count %d not %d",
		    model->looks, got, event, state_letter(f), model->state, severity_letter(f), model->shown,
		    seen.entry.quiet, (int)f->count, model->bad);
}

static unsigned
random_below(unsigned *seed, unsigned limit)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % limit;
}

static struct kd_m_of_n
random_rule(unsigned *seed)
{
	unsigned n = 1 + random_below(seed, 5);

	return (struct kd_m_of_n){1 + random_below(seed, n), n};
}

static char
random_look(unsigned *seed, const char *likely)
{
	return likely[random_below(seed, (unsigned)strlen(likely))];
}

static bool
model_explains(const struct model *model)
{
	return (model->state == 'O' && !model->quiet) || (model->state == 'p' && model->shown != 'U');
}

static bool
model_is_told(const struct model *model, char letter)
{
	return model->state == 'O' && !model->quiet && model->shown == letter;
}

static void
check_open_counts(const struct fix *fix, const struct model *a, const struct model *b)
{
	check_open(fix, model_is_told(a, 'I') + model_is_told(b, 'I'), model_is_told(a, 'U') + model_is_told(b, 'U'),
	    model_is_told(a, 'W') + model_is_told(b, 'W'), model_is_told(a, 'C') + model_is_told(b, 'C'));
}

/* beta's unknown blames alpha's finding. */
static void
run_sequence(unsigned seed)
{
	static const char *const moods[] = {".IUWC", "..W", ".U", "WC", "UUUW.", "CCU.", "IIU."};
	const char *mood = moods[random_below(&seed, KD_COUNT(moods))];
	struct model a = {.state = 'k', .shown = '.'}, b = {.state = 'k', .shown = '.'};
	struct fix *fix = fix_new(1, 1, 1, 1);
	char letter, event;
	bool explained;

	fix->rules.open = random_rule(&seed);
	fix->rules.resolve = random_rule(&seed);
	for (int i = 0; i < MODEL_LOOKS; i++) {
		letter = random_look(&seed, mood);
		event = model_look(&a, &fix->rules, letter, false);
		look(fix, letter);
		check_model(&a, entry_at(fix, fix->stream, "alpha", "lag", "stream"), event, event_letter(fix));
		letter = random_look(&seed, ".UUUW");
		explained = model_explains(&a);
		event = model_look(&b, &fix->rules, letter, explained);
		look_beta(fix, letter, "alpha/lag/stream");
		check_model(&b, entry_at(fix, fix->stream, "beta", "lag", "stream"), event, event_letter(fix));
		check_open_counts(fix, &a, &b);
	}
	fix_free(fix);
}

static void
test_random(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= rounds(2000); seed++)
		run_sequence(seed);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(ledger_event_name(LEDGER_OPENED), "opened");
	assert_string_equal(ledger_event_name(LEDGER_CHANGED), "changed");
	assert_string_equal(ledger_event_name(LEDGER_RESOLVED), "resolved");
	assert_string_equal(ledger_event_name(LEDGER_REMINDER), "reminder");
	ledger_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lives),
	    cmocka_unit_test(test_opened),
	    cmocka_unit_test(test_changed_and_resolved),
	    cmocka_unit_test(test_unseen_keeps),
	    cmocka_unit_test(test_sinking_keeps_sentence),
	    cmocka_unit_test(test_unknown_first),
	    cmocka_unit_test(test_absent_subjects),
	    cmocka_unit_test(test_order_of_reports),
	    cmocka_unit_test(test_dropped_report),
	    cmocka_unit_test(test_quiet),
	    cmocka_unit_test(test_quiet_ends_silently),
	    cmocka_unit_test(test_blames_that_explain_nothing),
	    cmocka_unit_test(test_blame_of_self),
	    cmocka_unit_test(test_blame_of_pending),
	    cmocka_unit_test(test_blame_of_just_resolved),
	    cmocka_unit_test(test_blame_chain_and_circle),
	    cmocka_unit_test(test_self),
	    cmocka_unit_test(test_forget),
	    cmocka_unit_test(test_forget_untold),
	    cmocka_unit_test(test_reloaded_stream),
	    cmocka_unit_test(test_streams_apart),
	    cmocka_unit_test(test_verdict),
	    cmocka_unit_test(test_each_order),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_self_full),
	    cmocka_unit_test(test_same_id),
	    cmocka_unit_test(test_many_streams),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
