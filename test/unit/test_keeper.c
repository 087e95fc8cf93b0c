/* SPDX-License-Identifier: Apache-2.0 */
/* keeper and store: what reaches the disk and comes back, in every state that the file may be in, and that each change is told once. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <event2/event.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "daemon/keeper.h"
#include "daemon/store_sql.h"

enum { PATIENCE_MS = 10000, NOW_S = 1800000000 };

static const struct kd_check checks[] = {{"lag", "high_latency", "Look"}};
static const struct kd_probe probe = {.abi = KD_PROBE_ABI, .name = "alpha", .checks = checks, .checks_count = 1};
static const struct ledger_person ana = {"ana", 1004};
static const struct ledger_rules rules = {{1, 1}, {1, 1}, 0};

struct fix {
	struct event_base *base;
	struct ledger *ledger;
	struct keeper *keeper;
	struct stream_id *stream;
	char *path;
	struct str told, noticed; /* "opened 1;" with a * when replayed; "disk: sentence;" */
	uint64_t told_seq;        /* what syslog says */
	json_t *history;
	const char *day; /* on which so many calls are to be counted; 0: none */
	int64_t calls;
	struct str counted; /* by a start before */
};

static char folder[] = "/tmp/kdiag-keeper-XXXXXX";

static void
tell(const struct ledger_change *change, void *arg)
{
	struct fix *fix = arg;

	str_printf(
	    &fix->told, "%s %d%s;", ledger_event_name(change->event), (int)change->seq, change->replayed ? "*" : "");
}

static uint64_t
told(void *arg)
{
	return ((struct fix *)arg)->told_seq;
}

static void
count(struct store_rows *rows, void *arg)
{
	struct fix *fix = arg;
	struct store_counter counter = {.value = fix->calls};

	if (fix->calls == 0)
		return;
	counter.day = mem_strdup(fix->day);
	counter.name = mem_strdup("calls/x");
	store_rows_add_counter(rows, &counter);
	fix->calls = 0;
}

static void
counted(const struct store_counter *counter, void *arg)
{
	struct fix *fix = arg;

	str_printf(&fix->counted, "%s %s %lld;", counter->day, counter->name, (long long)counter->value);
}

static void
notice(const char *subject, const char *why, void *arg)
{
	struct fix *fix = arg;

	str_printf(&fix->noticed, "%s: %s;", subject, why != NULL ? why : "over");
}

/* A start. NULL: it was refused, with *cause. */
static struct fix *
try_start(const char *path, char **cause)
{
	struct fix *fix = mem_new(1, sizeof(*fix));

	fix->base = event_base_new();
	fix->ledger = ledger_new();
	fix->path = mem_strdup(path);
	fix->stream = stream_id_new("prod", "us-east-1", "orders");
	fix->told_seq = UINT64_MAX;
	fix->keeper = keeper_new(&(struct keeper_options){.base = fix->base,
				     .path = path,
				     .history_s = 86400,
				     .retry_ms = 50,
				     .ledger = fix->ledger,
				     .tell = tell,
				     .told = told,
				     .count = count,
				     .counted = counted,
				     .notice = notice,
				     .arg = fix},
	    cause);
	if (fix->keeper != NULL)
		keeper_begin(fix->keeper);
	return fix;
}

static struct fix *
start(const char *path)
{
	char *cause = NULL;
	struct fix *fix = try_start(path, &cause);

	assert_null(cause);
	assert_non_null(fix->keeper);
	return fix;
}

static void
clear(struct fix *fix)
{
	ledger_free(fix->ledger);
	event_base_free(fix->base);
	stream_id_unref(fix->stream);
	str_free(&fix->told);
	str_free(&fix->noticed);
	str_free(&fix->counted);
	json_decref(fix->history);
	free(fix->path);
	free(fix);
}

static void
stop(struct fix *fix)
{
	if (fix->keeper != NULL)
		keeper_settle(fix->keeper, PATIENCE_MS);
	keeper_free(fix->keeper, PATIENCE_MS);
	clear(fix);
}

static void
look(struct fix *fix, enum kd_severity severity)
{
	struct kd_report *report = report_new(&probe, fix->stream);
	const struct ledger_when when = {clock_now_ms(), clock_now_ms()};

	kd_find(report, 0, NULL, severity, "sentence");
	ledger_apply(fix->ledger, fix->stream, report, "alpha", &rules, &when);
	report_free(report);
}

static bool
is(const struct str *str, const char *expected)
{
	return strcmp(str->s != NULL ? str->s : "", expected) == 0;
}

static void
wait_for(struct fix *fix, const struct str *str, const char *expected)
{
	const struct timespec rest = {.tv_nsec = 1000000};

	for (int i = 0; i < PATIENCE_MS && !is(str, expected); i++) {
		event_base_loop(fix->base, EVLOOP_NONBLOCK);
		nanosleep(&rest, NULL);
	}
	assert_string_equal(str->s != NULL ? str->s : "", expected);
}

static char *
new_path(const char *name)
{
	return mem_printf("%s/%s.db", folder, name);
}

/* What became of the file beside this one, whose name goes on so. */
static bool
is_aside(const char *path, const char *word)
{
	char *command = mem_printf("ls %s.%s-2* >/dev/null 2>&1", path, word);
	bool there = system(command) == 0;

	free(command);
	return there;
}

static void
run_sql(const char *path, const char *text)
{
	sqlite3 *sqlite;

	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sqlite, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(sqlite);
}

static int
set_up(void **state)
{
	(void)state;
	clock_freeze((int64_t)NOW_S * 1000, 1000);
	return mkdtemp(folder) == NULL;
}

static int
tear_down(void **state)
{
	char *command = mem_printf("rm -rf %s", folder);
	int failed = system(command);

	(void)state;
	free(command);
	return failed;
}

/* ---- life ---- */

static void
test_told_behind_the_disk_and_restored(void **state)
{
	char *path = new_path("life");
	struct fix *fix = start(path);
	char *id;

	(void)state;
	look(fix, KD_WARNING);
	assert_true(is(&fix->told, "")); /* not before it is on the disk */
	wait_for(fix, &fix->told, "opened 1;");
	look(fix, KD_CRITICAL);
	wait_for(fix, &fix->told, "opened 1;changed 2;");
	keeper_put_state(fix->keeper, fix->stream, "alpha", "{\"a\":1}");
	stop(fix);

	fix = start(path);
	assert_true(is(&fix->told, ""));
	assert_int_equal(ledger_last_seq(fix->ledger), 2);
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_CRITICAL);
	id = keeper_take_state(fix->keeper, fix->stream, "alpha");
	assert_string_equal(id, "{\"a\":1}");
	free(id);
	assert_null(keeper_take_state(fix->keeper, fix->stream, "alpha"));
	look(fix, KD_OK);
	wait_for(fix, &fix->told, "resolved 3;");
	stop(fix);

	fix = start(path);
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_OK);
	stop(fix);
	free(path);
}

/* The end came between the disk and syslog: those that syslog did not confirm come again, marked, and no others. */
static void
test_replay(void **state)
{
	char *path = new_path("replay");
	struct fix *fix = start(path);

	(void)state;
	fix->told_seq = 0;
	look(fix, KD_WARNING);
	wait_for(fix, &fix->told, "opened 1;");
	fix->told_seq = 1;
	look(fix, KD_CRITICAL);
	wait_for(fix, &fix->told, "opened 1;changed 2;");
	stop(fix);
	fix = start(path);
	assert_true(is(&fix->told, "changed 2*;"));
	stop(fix);
	fix = start(path);
	assert_true(is(&fix->told, ""));
	stop(fix);
	free(path);
}

static void
test_silences_and_acks_come_back(void **state)
{
	char *path = new_path("people");
	struct fix *fix = start(path);
	struct ledger_silence scope = {.stream = fix->stream};
	const struct ledger_now now = {clock_now_ms(), clock_mono_ms()};
	struct finding named = {
	    .stream = fix->stream, .probe = (char *)"alpha", .check = (char *)"lag", .subject = (char *)"stream"};

	(void)state;
	finding_make_id(&named);
	look(fix, KD_WARNING);
	assert_int_equal(ledger_ack(fix->ledger, named.id, &ana, "l\xc3\xb6oking", now.ms, NULL), 0);
	ledger_silence(fix->ledger, &scope, &ana, NULL, 60000, &now, NULL);
	stop(fix);
	fix = start(path);
	assert_true(ledger_is_acked(fix->ledger, named.id));
	named.stream = fix->stream;
	assert_int_equal(ledger_silenced_until(fix->ledger, &named), now.ms + 60000);
	stop(fix);
	free(path);
}

static void
keep_history(json_t *list, const char *why, void *arg)
{
	((struct fix *)arg)->history = list != NULL ? json_incref(list) : json_string(why);
}

static void
test_history_holds_what_is_on_its_way(void **state)
{
	char *path = new_path("history");
	struct fix *fix = start(path);
	struct store_query query = {
	    .account = (char *)"prod", .region = (char *)"us-east-1", .stream = (char *)"orders"};
	const json_t *row;

	(void)state;
	look(fix, KD_WARNING);
	wait_for(fix, &fix->told, "opened 1;");
	look(fix, KD_CRITICAL); /* this one is not written yet */
	assert_int_equal(keeper_history(fix->keeper, &query, keep_history, fix), 0);
	while (fix->history == NULL)
		event_base_loop(fix->base, EVLOOP_ONCE);
	assert_int_equal(json_array_size(fix->history), 2);
	row = json_array_get(fix->history, 1);
	assert_int_equal(json_integer_value(json_object_get(row, "seq")), 2);
	assert_string_equal(json_string_value(json_object_get(row, "event")), "changed");
	assert_string_equal(json_string_value(json_object_get(row, "from")), "warning");
	assert_true(json_is_null(json_object_get(row, "by")));
	stop(fix);
	free(path);
}

static void
ask_history(struct fix *fix)
{
	const struct store_query query = {0};

	json_decref(fix->history);
	fix->history = NULL;
	assert_int_equal(keeper_history(fix->keeper, &query, keep_history, fix), 0);
	while (fix->history == NULL)
		event_base_loop(fix->base, EVLOOP_ONCE);
}

/* That it cannot be read is no history in which nothing happened. */
static void
test_history_that_cannot_be_read(void **state)
{
	char *path = new_path("history_lost"), *no_folder = mem_printf("%s/there", path);
	struct fix *fix = start(path);

	(void)state;
	look(fix, KD_WARNING);
	wait_for(fix, &fix->told, "opened 1;");
	run_sql(path, "DROP TABLE changes");
	ask_history(fix);
	assert_string_equal(json_string_value(fix->history), "no such table: changes");
	stop(fix);
	fix = start(no_folder); /* below a file */
	ask_history(fix);
	assert_string_equal(json_string_value(fix->history), "the database is not open (kdiagctl status says why)");
	stop(fix);
	free(no_folder);
	free(path);
}

/* Who asks again and again does not keep a disk that was in trouble from being tried once more. */
static void
test_asking_does_not_put_off_a_retry(void **state)
{
	char *path = new_path("retry");
	struct fix *fix = start(path);
	const struct timespec rest = {.tv_nsec = 20000000}; /* less than the 50 ms between two tries */

	(void)state;
	look(fix, KD_WARNING);
	wait_for(fix, &fix->told, "opened 1;");
	run_sql(path, "ALTER TABLE findings RENAME TO away");
	look(fix, KD_CRITICAL);
	wait_for(fix, &fix->told, "opened 1;changed 2;");
	assert_true(keeper_counts(fix->keeper).in_trouble);
	run_sql(path, "ALTER TABLE away RENAME TO findings");
	for (int i = 0; i < 500 && keeper_counts(fix->keeper).in_trouble; i++) {
		ask_history(fix);
		nanosleep(&rest, NULL);
	}
	assert_false(keeper_counts(fix->keeper).in_trouble);
	stop(fix);
	free(path);
}

/* Evidence goes into other JSON as it stands: what is none of it would break the answer, or the daemon. */
static void
test_damaged_evidence_is_left_out(void **state)
{
	static const char *const texts[] = {"{\"age\":1", "7", "", "{\"age\":1}"};
	char *path = new_path("evidence"), *sql;
	struct finding named = {.probe = (char *)"alpha", .check = (char *)"lag", .subject = (char *)"stream"};
	struct fix *fix = start(path);
	struct finding found;

	(void)state;
	named.stream = stream_id_new("prod", "us-east-1", "orders");
	finding_make_id(&named);
	look(fix, KD_WARNING);
	stop(fix);
	for (size_t i = 0; i < KD_COUNT(texts); i++) {
		sql = mem_printf("UPDATE findings SET evidence = '%s'", texts[i]);
		run_sql(path, sql);
		free(sql);
		fix = start(path);
		assert_true(ledger_find(fix->ledger, named.id, &found));
		assert_string_equal(found.evidence != NULL ? found.evidence : "", i == 3 ? texts[i] : "");
		stop(fix);
	}
	stream_id_unref(named.stream);
	free(path);
}

/* ---- files of all kinds ---- */

static void
test_of_no_use_is_put_aside(void **state)
{
	static const struct {
		const char *word, *sql, *why;
	} cases[] = {
	    {"foreign", "CREATE TABLE theirs (a)", "it is the database of another program"},
	    {"newer", "PRAGMA application_id = 1801742689; PRAGMA user_version = 99; CREATE TABLE x (a)",
		"its version is 99, and this kdiagd knows versions up to 2"},
	    {"damaged", "PRAGMA application_id = 1801742689; CREATE TABLE x (a)", "it has kdiag's mark and no version"},
	    {"damaged", "PRAGMA application_id = 1801742689; PRAGMA user_version = 2; CREATE TABLE x (a)",
		"no such table"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(cases); i++) {
		char *name = mem_printf("useless%zu", i), *path = new_path(name);
		struct fix *fix;

		run_sql(path, cases[i].sql);
		fix = start(path);
		look(fix, KD_WARNING);
		wait_for(fix, &fix->told, "opened 1;");
		assert_non_null(strstr(fix->noticed.s, "aside: "));
		assert_non_null(strstr(fix->noticed.s, cases[i].why));
		assert_true(is_aside(path, cases[i].word));
		stop(fix);
		free(path);
		free(name);
	}
}

/* Each byte of a page is broken somewhere, and a file that is cut: no crash, and it goes on. */
static void
test_damaged(void **state)
{
	char *path = new_path("damaged");

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct fix *fix = start(path);
		FILE *file;

		look(fix, i % 2 == 0 ? KD_WARNING : KD_CRITICAL);
		stop(fix);
		file = fopen(path, "r+");
		fseek(file, i * 3000 + (i == 0 ? 0 : 100), SEEK_SET);
		for (int k = 0; k < 600; k++)
			fputc(0xa5 ^ k, file);
		fclose(file);
		if (i == 5)
			assert_int_equal(truncate(path, 5000), 0);
		fix = start(path);
		look(fix, KD_WARNING);
		stop(fix);
	}
	assert_true(is_aside(path, "damaged"));
	free(path);
}

static void
test_upgrade(void **state)
{
	char *path = new_path("upgrade"), *why = NULL;
	struct store_db *db;
	struct fix *fix = start(path);

	(void)state;
	look(fix, KD_WARNING);
	stop(fix);
	/* Back to what version 1 was. */
	run_sql(path, "DROP TABLE states; DROP TABLE counters; DROP INDEX changes_ms; DROP INDEX changes_stream;"
		      "PRAGMA user_version = 1");
	assert_int_equal(store_db_open(&db, path, &why), STORE_DONE);
	store_db_close(db);
	fix = start(path);
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_WARNING);
	assert_true(is(&fix->noticed, ""));
	keeper_put_state(fix->keeper, fix->stream, "alpha", "{}");
	stop(fix);
	free(why);
	free(path);
}

static void
count_on(struct fix *fix, const char *day, int64_t calls)
{
	fix->day = day;
	fix->calls = calls;
	keeper_settle(fix->keeper, PATIENCE_MS);
	assert_int_equal(fix->calls, 0);
}

/* The newest day's counters come back; what is counted anew from less does not make them less. Old ones go with the history. */
static void
test_counters(void **state)
{
	char *path = new_path("counters");
	struct fix *fix = start(path);

	(void)state;
	count_on(fix, "2027-01-14", 4);
	count_on(fix, "2027-01-15", 7);
	stop(fix);
	fix = start(path);
	assert_string_equal(fix->counted.s, "2027-01-15 calls/x 7;");
	count_on(fix, "2027-01-15", 5);
	stop(fix);
	fix = start(path);
	assert_string_equal(fix->counted.s, "2027-01-15 calls/x 7;");
	count_on(fix, "2027-01-15", 9);
	stop(fix);
	fix = start(path);
	assert_string_equal(fix->counted.s, "2027-01-15 calls/x 9;");
	stop(fix);
	free(path);
}

static void
test_two_on_one(void **state)
{
	char *path = new_path("two"), *cause = NULL;
	struct fix *one = start(path), *two = try_start(path, &cause);

	(void)state;
	assert_null(two->keeper);
	assert_non_null(strstr(cause, "another kdiagd keeps its findings in"));
	assert_non_null(strstr(cause, "daemon.state"));
	clear(two);
	stop(one);
	free(cause);
	free(path);
}

/* ---- a disk in trouble ---- */

static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void
test_full_disk(void **state)
{
	char *path = new_path("full");
	struct fix *fix = start(path);

	(void)state;
	look(fix, KD_WARNING);
	wait_for(fix, &fix->told, "opened 1;");
	limit_files(4096);
	look(fix, KD_CRITICAL);
	wait_for(fix, &fix->told, "opened 1;changed 2;"); /* in memory, at once */
	look(fix, KD_OK);
	wait_for(fix, &fix->told, "opened 1;changed 2;resolved 3;");
	assert_true(keeper_counts(fix->keeper).in_trouble);
	assert_non_null(strstr(fix->noticed.s, "disk: "));
	assert_non_null(strstr(fix->noticed.s, "cannot be written"));
	assert_null(strstr(strstr(fix->noticed.s, "disk: ") + 1, "disk: ")); /* once */
	str_free(&fix->noticed);
	limit_files(RLIM_INFINITY);
	wait_for(fix, &fix->noticed, "disk: over;");
	assert_true(is(&fix->told, "opened 1;changed 2;resolved 3;")); /* none twice */
	stop(fix);
	fix = start(path);
	assert_int_equal(ledger_last_seq(fix->ledger), 3);
	assert_true(is(&fix->told, ""));
	stop(fix);
	free(path);
}

static void
test_no_folder_until_later(void **state)
{
	char *outer = mem_printf("%s/later", folder), *path = mem_printf("%s/deep/kdiag.db", outer);
	struct fix *fix = start(path);

	(void)state;
	look(fix, KD_WARNING);
	wait_for(fix, &fix->told, "opened 1;");
	assert_true(keeper_counts(fix->keeper).in_trouble);
	assert_int_equal(mkdir(outer, 0700), 0);
	str_free(&fix->noticed);
	wait_for(fix, &fix->noticed, "disk: over;");
	stop(fix);
	fix = start(path);
	assert_int_equal(ledger_verdict(fix->ledger, fix->stream), KD_WARNING);
	stop(fix);
	free(path);
	free(outer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_told_behind_the_disk_and_restored),
	    cmocka_unit_test(test_replay),
	    cmocka_unit_test(test_silences_and_acks_come_back),
	    cmocka_unit_test(test_history_holds_what_is_on_its_way),
	    cmocka_unit_test(test_history_that_cannot_be_read),
	    cmocka_unit_test(test_asking_does_not_put_off_a_retry),
	    cmocka_unit_test(test_damaged_evidence_is_left_out),
	    cmocka_unit_test(test_of_no_use_is_put_aside),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_upgrade),
	    cmocka_unit_test(test_counters),
	    cmocka_unit_test(test_two_on_one),
	    cmocka_unit_test(test_full_disk),
	    cmocka_unit_test(test_no_folder_until_later),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
