/* SPDX-License-Identifier: Apache-2.0 */
/* kdiagctl's commands for the life of a finding (history, ack, silence), and how findings show it, against a server that answers by a script. */
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* kdiagctl's objects stand in no archive. NOLINTBEGIN(bugprone-suspicious-include) */
#include "daemon/ctl/client.c"
#include "daemon/ctl/cmd_ack.c"
#include "daemon/ctl/cmd_findings.c"
#include "daemon/ctl/cmd_history.c"
#include "daemon/ctl/cmd_show.c"
#include "daemon/ctl/cmd_silence.c"
#include "daemon/ctl/cmd_status.c"
#include "daemon/ctl/cmd_watch.c"
#include "daemon/ctl/ctl.c"
#include "daemon/ctl/pen.c"
#include "daemon/ctl/screen.c"
#include "daemon/ctl/shown.c"
#include "daemon/ctl/table.c"
#include "daemon/ctl/timeline.c"
/* NOLINTEND(bugprone-suspicious-include) */

#define NOW_MS INT64_C(1795342320000) /* 2026-11-22T10:12:00Z */

enum { ANSWERS_MAX = 8 };

/* ---- a kdiagd that says what it was told to say, an answer a connection ---- */

static struct {
	char path[64];
	int fd;
	pthread_t thread;
	const char *answers[ANSWERS_MAX];
	size_t answers_count, asked;
	char *requests[ANSWERS_MAX];
} server;

static void
answer_one(int fd, size_t at)
{
	char line[4096];
	size_t len = 0;

	while (len < sizeof line - 1 && read(fd, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = '\0';
	server.requests[at] = mem_strdup(line);
	if (server.answers[at] != NULL) /* else it hangs up */
		dprintf(fd, "%s\n", server.answers[at]);
	close(fd);
}

static void *
serve(void *arg)
{
	int fd;

	(void)arg;
	for (size_t i = 0; i < server.answers_count && (fd = accept(server.fd, NULL, NULL)) >= 0; i++) {
		answer_one(fd, i);
		server.asked++;
	}
	return NULL;
}

static void
server_start(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(server.path, sizeof server.path, "/tmp/kdiag-ctl-%d.sock", (int)getpid());
	memcpy(address.sun_path, server.path, strlen(server.path));
	unlink(server.path);
	server.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(server.fd, 8), 0);
	assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void
server_stop(void)
{
	shutdown(server.fd, SHUT_RDWR); /* ends an accept() that waits in vain */
	pthread_join(server.thread, NULL);
	close(server.fd);
	unlink(server.path);
}

/* ---- running a command ---- */

static struct {
	bool ascii, json, all;
	const char *message, *since, *until;
	size_t width;
} typed;
static char *said, *failed; /* what came out, and on stderr */

static int
setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	clock_freeze(NOW_MS, 1000);
	memset(&server, 0, sizeof server);
	memset(&typed, 0, sizeof typed);
	said = failed = NULL;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ANSWERS_MAX; i++)
		free(server.requests[i]);
	free(said);
	free(failed);
	return 0;
}

static void
will_answer(const char *answer)
{
	assert_true(server.answers_count < ANSWERS_MAX);
	server.answers[server.answers_count++] = answer;
}

#define RESULT(json)         "{\"ok\":true,\"v\":1,\"result\":" json "}"
#define REFUSAL(code, words) "{\"ok\":false,\"v\":1,\"error\":{\"code\":\"" code "\",\"message\":\"" words "\"}}"

/* The exit status. The arguments end with a NULL. */
static int
run(const struct ctl_command *command, const char *const *args)
{
	struct ctl ctl = {
	    .command = command,
	    .socket = server.path,
	    .json = typed.json,
	    .all = typed.all,
	    .message = typed.message,
	    .since = typed.since,
	    .until = typed.until,
	    .args = (char *const *)args, /* as main() has it */
	};
	size_t len, failed_len;
	FILE *real_stderr = stderr;
	int status;

	while (args[ctl.args_count] != NULL)
		ctl.args_count++;
	assert_true(ctl.args_count >= command->args_min && ctl.args_count <= command->args_max);
	server_start();
	ctl.screen = (struct screen){.out = open_memstream(&said, &len),
	    .utf8 = !typed.ascii,
	    .width = typed.width != 0 ? typed.width : SCREEN_WIDTH};
	stderr = open_memstream(&failed, &failed_len);
	status = command->exec(&ctl);
	fclose(stderr);
	stderr = real_stderr;
	fclose(ctl.screen.out);
	server_stop();
	return status;
}

#define RUN(command, ...) run(&(command), (const char *const[]){__VA_ARGS__})

static void
check_said(const char *expected)
{
	assert_string_equal(failed, "");
	assert_string_equal(said, expected);
}

/* ---- history ---- */

#define EVENT(seq, ts, name, rest) "{\"seq\":" #seq ",\"ts\":\"2026-11-" ts "Z\",\"event\":\"" name "\"," rest "}"
#define ORDERS                     "\"account\":\"prod\",\"region\":\"us-east-1\",\"stream\":\"orders\""
#define CLICKS                     "\"account\":\"prod\",\"region\":\"eu-west-1\",\"stream\":\"clicks\""
#define WRITES                     "\"id\":\"0badcafe\"," ORDERS ",\"probe\":\"throttling\",\"check\":\"writes\",\"subject\":\"stream\""
#define LAG                        "\"id\":\"5f0c2a9e\"," ORDERS ",\"probe\":\"iterator_age\",\"check\":\"lag\",\"subject\":\"stream\""
#define COUNT                      "\"id\":\"91ab03c4\"," CLICKS ",\"probe\":\"shard_count\",\"check\":\"count\",\"subject\":\"stream\""

/* SCREENS' own. */
#define STORY \
	"[" EVENT(1, "21T22:10:00", "opened", \
	    WRITES \
	    ",\"severity\":\"warning\",\"from\":\"ok\",\"summary\":\"3 % of writes refused\",\"open_s\":0") "," EVENT(2, \
	    "21T22:25:00", "resolved", \
	    WRITES ",\"severity\":\"warning\",\"from\":\"warning\",\"summary\":\"fine\",\"open_s\":900") "," EVENT(3, \
	    "22T10:00:04", "opened", \
	    LAG \
	    ",\"severity\":\"warning\",\"from\":\"ok\",\"summary\":\"26 % of retention\",\"open_s\":0") "," EVENT(4, \
	    "22T10:08:04", "changed", \
	    LAG \
	    ",\"severity\":\"critical\",\"from\":\"warning\",\"summary\":\"54 % of retention\",\"open_s\":480") "," EVENT(5, \
	    "22T10:09:00", "reminder", \
	    LAG ",\"severity\":\"critical\",\"from\":\"critical\",\"open_s\":536") "," EVENT(6, "22T10:12:00", \
	    "acked", \
	    LAG ",\"severity\":\"critical\",\"by\":\"ana (uid 1004)\",\"why\":\"looking\",\"open_s\":716") "]"

static void
test_history(void **state)
{
	(void)state;
	will_answer(RESULT(STORY));
	will_answer(RESULT("[]"));
	assert_int_equal(RUN(cmd_history, "orders", NULL), CTL_OK);
	check_said("2026-11-21 (UTC)\n"
		   "  22:10  opened    WARN  throttling/writes   3 % of writes refused\n"
		   "  22:25  resolved        after 15 min\n"
		   "2026-11-22\n"
		   "  10:00  opened    WARN  iterator_age/lag    26 % of retention\n"
		   "  10:08  rose      CRIT                      54 % of retention\n"
		   "  10:12  acked           by ana (uid 1004): looking\n"
		   "open 26 min of the last 24 h · 2 findings\n");
	assert_string_equal(
	    server.requests[0], "{\"op\":\"history\",\"stream\":\"orders\",\"since\":\"2026-11-21T10:12:00Z\"}");
	assert_string_equal(server.requests[1], "{\"op\":\"findings\",\"stream\":\"orders\"}");
}

/* Of all streams: where several regions are watched, a name is what one would type. */
static void
test_history_all(void **state)
{
	(void)state;
	typed.width = 100;
	will_answer(RESULT("[" EVENT(7, "22T10:00:00", "opened",
	    COUNT ",\"severity\":\"warning\",\"from\":\"ok\",\"summary\":\"6 open shards, 8 expected\"") "," EVENT(8,
	    "22T10:01:00", "resolved",
	    WRITES ",\"severity\":\"warning\",\"why\":\"no longer watched\",\"open_s\":7500") "," EVENT(9,
	    "22T10:02:00", "unsilenced",
	    "\"id\":null," ORDERS
	    ",\"probe\":\"*\",\"check\":\"silence\",\"severity\":\"ok\",\"by\":\"expired\",\"why\":null") "," EVENT(10,
	    "22T10:02:00", "silenced",
	    "\"id\":null," ORDERS
	    ",\"probe\":\"throttling\",\"check\":null,\"by\":\"ana (uid 1004)\",\"why\":null") "," EVENT(11,
	    "22T10:03:00", "opened",
	    "\"id\":\"00000001\",\"stream\":null,\"probe\":\"self\",\"check\":\"credentials\",\"subject\":\"prod\","
	    "\"severity\":\"critical\",\"from\":\"ok\",\"summary\":\"no keys\"") "]"));
	will_answer(RESULT("[]"));
	assert_int_equal(RUN(cmd_history, NULL), CTL_OK);
	check_said("2026-11-22 (UTC)\n"
		   "  10:00  opened      WARN  eu-west-1/clicks  shard_count/count   6 open shards, 8 expected\n"
		   "  10:01  resolved          us-east-1/orders  throttling/writes   after 2 h (no longer watched)\n"
		   "  10:02  unsilenced        us-east-1/orders  all probes          expired\n"
		   "  10:02  silenced          us-east-1/orders  throttling          by ana (uid 1004)\n"
		   "  10:03  opened      CRIT  kdiagd            credentials/prod    no keys\n"
		   "open 2 h of the last 24 h · 3 findings\n");
}

/* No room beside the names: the sentence gets its own lines, none wider than the screen. */
static void
test_history_stacked(void **state)
{
	(void)state;
	typed.ascii = true;
	will_answer(RESULT("[" EVENT(1, "22T10:00:00", "opened",
	    "\"id\":\"00000002\",\"account\":\"prod\",\"region\":\"us-east-1\",\"stream\":\"prod-clickstream-enriched-"
	    "events-m-v2\","
	    "\"probe\":\"iam_coverage\",\"check\":\"actions\",\"severity\":\"unknown\",\"from\":\"ok\","
	    "\"summary\":\"may not read role audit-consumer · iam:GetRolePolicy denied to \\u001b[31mkdiag\"") "," EVENT(2,
	    "22T10:05:00", "changed",
	    "\"id\":\"00000002\",\"account\":\"prod\",\"region\":\"us-east-1\",\"stream\":\"prod-clickstream-enriched-"
	    "events-m-v2\","
	    "\"probe\":\"iam_coverage\",\"check\":\"actions\",\"severity\":\"info\",\"from\":\"unknown\",\"open_s\":"
	    "300,"
	    "\"summary\":\"\"") "]"));
	will_answer(RESULT("[]"));
	assert_int_equal(RUN(cmd_history, NULL), CTL_OK);
	check_said("2026-11-22 (UTC)\n"
		   "  10:00  opened    ?     prod-clickstrea..ts-m-v2  iam_coverage/actions\n"
		   "                         may not read role audit-consumer - iam:GetRolePolicy\n"
		   "                         denied to \\x1b[31mkdiag\n"
		   "  10:05  fell      info\n"
		   "open 5 min of the last 24 h - 1 finding\n");
}

static void
test_history_empty(void **state)
{
	(void)state;
	typed.since = "90m";
	will_answer(RESULT("[]"));
	will_answer(RESULT("[]"));
	assert_int_equal(RUN(cmd_history, "orders", NULL), CTL_OK);
	check_said("nothing was open in the last 90 min\n");
	assert_non_null(strstr(server.requests[0], "\"2026-11-22T08:42:00Z\""));
}

/* What was open all the time left no change; what is pending, info or came later does not count. */
static void
test_history_standing(void **state)
{
	(void)state;
	typed.since = "2h";
	will_answer(RESULT("[]"));
	will_answer(RESULT(
	    "[{\"id\":\"a\",\"state\":\"open\",\"severity\":\"warning\",\"first_seen\":\"2026-11-20T00:00:00Z\"},"
	    "{\"id\":\"b\",\"state\":\"pending\",\"severity\":\"warning\",\"first_seen\":\"2026-11-20T00:00:00Z\"},"
	    "{\"id\":\"c\",\"state\":\"open\",\"severity\":\"warning\",\"first_seen\":\"2026-11-22T10:00:00Z\"}]"));
	assert_int_equal(RUN(cmd_history, "orders", NULL), CTL_OK);
	check_said("open 2 h of the last 2 h · 1 finding\n");
}

/* A period in the past: asked for with its end, and its sum ends there too. */
static void
test_history_until(void **state)
{
	(void)state;
	typed.since = "2026-11-21 22:00";
	typed.until = "2026-11-22";
	will_answer(RESULT("[" EVENT(1, "21T22:10:00", "opened",
	    WRITES ",\"severity\":\"warning\",\"from\":\"ok\",\"summary\":\"3 % of writes refused\"") "]"));
	will_answer(RESULT("[{\"id\":\"a\",\"state\":\"resolved\",\"severity\":\"critical\","
			   "\"first_seen\":\"2026-11-21T10:00:00Z\",\"changed\":\"2026-11-21T23:00:00Z\"},"
			   "{\"id\":\"b\",\"state\":\"resolved\",\"severity\":\"info\","
			   "\"first_seen\":\"2026-11-21T10:00:00Z\",\"changed\":\"2026-11-22T01:00:00Z\"}]"));
	assert_int_equal(RUN(cmd_history, "orders", NULL), CTL_OK);
	check_said("2026-11-21 (UTC)\n"
		   "  22:10  opened    WARN  throttling/writes   3 % of writes refused\n"
		   "open 1 h of the time from 2026-11-21 22:00Z to 00:00Z · 2 findings\n");
	assert_string_equal(server.requests[0],
	    "{\"op\":\"history\",\"stream\":\"orders\","
	    "\"since\":\"2026-11-21T22:00:00Z\",\"until\":\"2026-11-22T00:00:00Z\"}");
	assert_string_equal(server.requests[1], "{\"op\":\"findings\",\"stream\":\"orders\",\"all\":true}");
}

/* Two findings at once count once; what was told first as changed was open before. */
static void
test_history_overlap(void **state)
{
	(void)state;
	will_answer(RESULT("[" EVENT(1, "22T09:00:00", "changed",
	    WRITES ",\"severity\":\"warning\",\"from\":\"info\",\"summary\":\"\",\"open_s\":36000") "," EVENT(2,
	    "22T09:30:00", "opened", LAG ",\"severity\":\"critical\",\"from\":\"ok\",\"summary\":\"\"") "," EVENT(3,
	    "22T10:00:00", "resolved", LAG ",\"severity\":\"critical\",\"open_s\":1800") "," EVENT(4, "22T10:00:00",
	    "changed", WRITES ",\"severity\":\"info\",\"from\":\"warning\",\"summary\":\"\",\"open_s\":39600") "]"));
	will_answer(RESULT("[]"));
	assert_int_equal(RUN(cmd_history, "orders", NULL), CTL_OK);
	assert_non_null(strstr(said, "\nopen 1 h of the last 24 h · 2 findings\n"));
	assert_non_null(strstr(said, "  10:00  fell      info  throttling/writes\n"));
}

static void
test_history_json(void **state)
{
	json_t *shown, *expected = json_loads(STORY, 0, NULL);

	(void)state;
	typed.json = true;
	will_answer(RESULT(STORY));
	assert_int_equal(RUN(cmd_history, "orders", NULL), CTL_OK);
	shown = json_loads(said, 0, NULL);
	assert_true(json_equal(shown, expected));
	assert_int_equal(server.asked, 1);
	json_decref(shown);
	json_decref(expected);
}

static void
test_history_mistakes(void **state)
{
	static const struct {
		const char *since, *until, *sentence;
	} rows[] = {
	    {"1 day", NULL, "kdiagctl: --since: \"1 day\" is no time (write 30m, 24h, 7d, or 2026-11-21T22:10:00Z)\n"},
	    {"", NULL, "kdiagctl: --since: \"\" is no time (write 30m, 24h, 7d, or 2026-11-21T22:10:00Z)\n"},
	    {NULL, "2026-13-01", "kdiagctl: --until: \"2026-13-01\" is no time"},
	    {NULL, "2026-11-2\033", "kdiagctl: --until: \"2026-11-2\\x1b\" is no time"},
	    {"1h", "2h", "kdiagctl: nothing lies between"},
	    {"0s", NULL, "kdiagctl: nothing lies between"},
	    {"2027-01-01", NULL, "kdiagctl: nothing lies between"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		typed.since = rows[i].since;
		typed.until = rows[i].until;
		assert_int_equal(RUN(cmd_history, NULL), CTL_USAGE);
		assert_string_equal(said, "");
		assert_int_equal(strncmp(failed, rows[i].sentence, strlen(rows[i].sentence)), 0);
		assert_int_equal(server.asked, 0);
		free(said);
		free(failed);
	}
	said = failed = NULL;
}

/* What is no array of changes neither crashes nor hangs. */
static void
test_history_nonsense(void **state)
{
	static const char *const answers[] = {RESULT("{}"), RESULT("[null,1,\"x\",{},[]]"), RESULT("\"x\""),
	    RESULT("[{\"event\":\"opened\",\"id\":\"a\",\"open_s\":-9223372036854775807,\"ts\":\"x\",\"severity\":7}]"),
	    RESULT("[{\"event\":\"resolved\",\"id\":\"a\",\"open_s\":9223372036854775807,\"ts\":\"9999-12-31T23:59:"
		   "59Z\"}]")};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(answers); i++) {
		server.answers_count = 0;
		will_answer(answers[i]);
		will_answer(RESULT("{}"));
		assert_int_equal(RUN(cmd_history, NULL), CTL_OK);
		assert_string_equal(failed, "");
		free(said);
		free(failed);
		for (size_t j = 0; j < 2; j++) {
			free(server.requests[j]);
			server.requests[j] = NULL;
		}
	}
	said = failed = NULL;
}

/* ---- ack ---- */

#define FINDING(rest) "{" LAG ",\"severity\":\"critical\",\"state\":\"open\"," rest "}"
#define BY_ANA        "\"ack\":{\"by\":\"ana\",\"uid\":1004,\"at\":\"2026-11-22T10:12:00Z\",\"text\":"

static void
test_ack(void **state)
{
	(void)state;
	typed.message = "look\xff"
			"ing";
	will_answer(RESULT(FINDING(BY_ANA "\"looking\\u0007\\nCRIT\"}")));
	assert_int_equal(RUN(cmd_ack, "5f0c", NULL), CTL_OK);
	check_said("orders iterator_age/lag (5f0c2a9e) is acked by ana (uid 1004) until it rises or resolves: "
		   "looking\\x07\\x0aCRIT\n");
	assert_string_equal(server.requests[0], "{\"op\":\"ack\",\"id\":\"5f0c\",\"text\":\"look\\uFFFDing\"}");
}

static void
test_ack_wordless(void **state)
{
	(void)state;
	will_answer(RESULT(FINDING(BY_ANA "null}")));
	assert_int_equal(RUN(cmd_ack, "5f0c2a9e", NULL), CTL_OK);
	check_said("orders iterator_age/lag (5f0c2a9e) is acked by ana (uid 1004) until it rises or resolves\n");
	assert_string_equal(server.requests[0], "{\"op\":\"ack\",\"id\":\"5f0c2a9e\"}");
}

static void
test_unack(void **state)
{
	(void)state;
	will_answer(RESULT(FINDING("\"ack\":null")));
	assert_int_equal(RUN(cmd_unack, "5f0c2a9e", NULL), CTL_OK);
	check_said("orders iterator_age/lag (5f0c2a9e) is no longer acked\n");
	assert_string_equal(server.requests[0], "{\"op\":\"unack\",\"id\":\"5f0c2a9e\"}");
}

static void
test_ack_refused(void **state)
{
	(void)state;
	will_answer(REFUSAL("not_allowed", "only root may"));
	assert_int_equal(RUN(cmd_ack, "5f0c2a9e", NULL), CTL_ERROR);
	assert_string_equal(said, "");
	assert_string_equal(failed, "kdiagctl: only root may\n");
}

/* ---- silence ---- */

#define SILENT(scope) RESULT("{\"until\":\"2026-11-22T12:12:40Z\",\"scope\":\"" scope "\",\"by\":\"ana (uid 1004)\"}")

static void
test_silence(void **state)
{
	(void)state;
	typed.message = "maintenance";
	will_answer(SILENT("orders"));
	assert_int_equal(RUN(cmd_silence, "orders", "2h", NULL), CTL_OK);
	check_said("orders is silent until 12:12Z (2 h), by ana (uid 1004): maintenance\n");
	assert_string_equal(
	    server.requests[0], "{\"op\":\"silence\",\"for_s\":7200,\"text\":\"maintenance\",\"stream\":\"orders\"}");
}

static void
test_silence_wordy(void **state)
{
	(void)state;
	will_answer(SILENT("orders/throttling"));
	assert_int_equal(RUN(cmd_silence, "orders/throttling", "for", "30s", NULL), CTL_OK);
	check_said("orders/throttling is silent until 12:12:40Z (30 s), by ana (uid 1004)\n");
	assert_string_equal(
	    server.requests[0], "{\"op\":\"silence\",\"for_s\":30,\"stream\":\"orders\",\"probe\":\"throttling\"}");
}

/* How each target is understood, when the first reading is not there. */
static void
test_silence_readings(void **state)
{
	static const struct {
		const char *target;
		const char *first, *second; /* NULL: it is not asked again */
	} rows[] = {
	    {"orders", "{\"op\":\"unsilence\",\"stream\":\"orders\"}", NULL},
	    {"5f0c2a9e", "{\"op\":\"unsilence\",\"stream\":\"5f0c2a9e\"}",
		"{\"op\":\"unsilence\",\"id\":\"5f0c2a9e\"}"},
	    {"5f0c2a9e0", "{\"op\":\"unsilence\",\"stream\":\"5f0c2a9e0\"}", NULL},
	    {"cab", "{\"op\":\"unsilence\",\"stream\":\"cab\"}", NULL},
	    {"orders/lag", "{\"op\":\"unsilence\",\"stream\":\"orders\",\"probe\":\"lag\"}",
		"{\"op\":\"unsilence\",\"stream\":\"orders/lag\"}"},
	    {"us-east-1/lag", "{\"op\":\"unsilence\",\"stream\":\"us-east-1/lag\"}",
		"{\"op\":\"unsilence\",\"stream\":\"us-east-1\",\"probe\":\"lag\"}"},
	    {"prod/us-east-1/orders", "{\"op\":\"unsilence\",\"stream\":\"prod/us-east-1/orders\"}",
		"{\"op\":\"unsilence\",\"stream\":\"prod/us-east-1\",\"probe\":\"orders\"}"},
	    {"prod/us-east-1/orders/lag",
		"{\"op\":\"unsilence\",\"stream\":\"prod/us-east-1/orders\",\"probe\":\"lag\"}",
		"{\"op\":\"unsilence\",\"stream\":\"prod/us-east-1/orders/lag\"}"},
	    {"all", "{\"op\":\"unsilence\",\"all\":true}", NULL},
	    {"all/lag", "{\"op\":\"unsilence\",\"all\":true,\"probe\":\"lag\"}", NULL},
	    {"us-east-1/all", "{\"op\":\"unsilence\",\"stream\":\"us-east-1/all\"}",
		"{\"op\":\"unsilence\",\"stream\":\"us-east-1\",\"probe\":\"all\"}"},
	    {"/", "{\"op\":\"unsilence\",\"stream\":\"\",\"probe\":\"\"}", "{\"op\":\"unsilence\",\"stream\":\"/\"}"},
	};

	(void)state;
	for (size_t i = 0; i < KD_COUNT(rows); i++) {
		server.answers_count = server.asked = 0;
		will_answer(REFUSAL("no_such_stream", "first"));
		will_answer(REFUSAL("no_such_stream", "second"));
		assert_int_equal(RUN(cmd_unsilence, rows[i].target, NULL), CTL_ERROR);
		assert_string_equal(failed, "kdiagctl: first\n");
		assert_int_equal(server.asked, rows[i].second != NULL ? 2 : 1);
		assert_string_equal(server.requests[0], rows[i].first);
		if (rows[i].second != NULL)
			assert_string_equal(server.requests[1], rows[i].second);
		for (size_t j = 0; j < server.asked; j++) {
			free(server.requests[j]);
			server.requests[j] = NULL;
		}
		free(said);
		free(failed);
	}
	said = failed = NULL;
}

static void
test_silence_id(void **state)
{
	(void)state;
	will_answer(REFUSAL("no_such_stream", "no stream 5f0c2a9e is watched"));
	will_answer(RESULT("{\"scope\":\"5f0c2a9e\"}"));
	assert_int_equal(RUN(cmd_unsilence, "5f0c2a9e", NULL), CTL_OK);
	check_said("5f0c2a9e is no longer silent\n");
}

/* The second reading's mistake is told when it says more: the stream is there, the probe is not. */
static void
test_silence_mistakes(void **state)
{
	(void)state;
	will_answer(REFUSAL("no_such_stream", "no stream my-stream-1/lagg is watched"));
	will_answer(REFUSAL("no_such_probe", "no such probe: lagg"));
	assert_int_equal(RUN(cmd_silence, "my-stream-1/lagg", "1h", NULL), CTL_ERROR);
	assert_string_equal(failed, "kdiagctl: no such probe: lagg\n");
}

static void
test_silence_refused(void **state)
{
	(void)state;
	will_answer(REFUSAL("not_allowed", "only root may"));
	will_answer(SILENT("orders"));
	assert_int_equal(RUN(cmd_silence, "orders/lag", "1h", NULL), CTL_ERROR);
	assert_string_equal(failed, "kdiagctl: only root may\n");
	assert_int_equal(server.asked, 1);
}

static void
test_silence_durations(void **state)
{
	static const char *const durations[] = {"", "0s", "-1h", "2", "2 hours", "99999999999999999999d", "for"};
	char *expected;

	(void)state;
	for (size_t i = 0; i < KD_COUNT(durations); i++) {
		expected =
		    mem_printf("kdiagctl: \"%s\" is no time to be silent (write 30s, 15m, 24h or 7d)\n", durations[i]);
		assert_int_equal(RUN(cmd_silence, "orders", durations[i], NULL), CTL_USAGE);
		assert_string_equal(failed, expected);
		assert_int_equal(server.asked, 0);
		free(expected);
		free(said);
		free(failed);
	}
	assert_int_equal(RUN(cmd_silence, "orders", "until", "2h", NULL), CTL_USAGE);
	assert_non_null(strstr(failed, "\"until\""));
}

static void
test_no_kdiagd(void **state)
{
	(void)state;
	will_answer(NULL);
	assert_int_equal(RUN(cmd_unsilence, "orders", NULL), CTL_UNKNOWN); /* it hangs up without an answer */
	assert_int_equal(strncmp(failed, "kdiagctl: ", 10), 0);
}

/* ---- how findings show it ---- */

#define ACKED FINDING(BY_ANA "\"looking\"},\"summary\":\"54 % of retention\",\"first_seen\":\"2026-11-22T10:00:04Z\"")
#define SILENCED \
	"{" WRITES ",\"severity\":\"warning\",\"state\":\"open\",\"summary\":\"3 % of writes refused\"," \
	"\"first_seen\":\"2026-11-22T10:00:00Z\",\"silenced_until\":\"2026-11-22T12:12:40Z\",\"ack\":null}"
#define STATUS(verdict, findings) \
	RESULT("{\"version\":\"0.1.0\",\"host\":\"b\",\"now\":\"2026-11-22T10:12:00Z\",\"healthy\":true,\"acked\":1," \
	       "\"silenced\":2,\"self\":[],\"streams\":[{\"name\":\"orders\",\"account\":\"prod\",\"region\":\"us-" \
	       "east-1\"," \
	       "\"verdict\":\"" verdict "\",\"as_of\":\"2026-11-22T10:11:52Z\",\"findings\":[" findings "]}]}")

/* The brief form, as kdiagd makes it: only what is worth a row. */
#define TOTALS(critical, ok) \
	"\"totals\":{\"critical\":" #critical ",\"warning\":0,\"unknown\":0,\"ok\":" #ok ",\"explained\":0," \
	"\"last_look\":\"2026-11-22T10:11:52Z\",\"many_accounts\":false}"
#define BRIEF(streams, totals) \
	RESULT("{\"version\":\"0.1.0\",\"host\":\"b\",\"now\":\"2026-11-22T10:12:00Z\",\"healthy\":true,\"acked\":1," \
	       "\"silenced\":2,\"self\":[],\"streams\":[" streams "]," totals "}")
#define ROW(argument, more) \
	"{\"name\":\"orders\",\"account\":\"prod\",\"region\":\"us-east-1\",\"verdict\":\"critical\"," \
	"\"as_of\":\"2026-11-22T10:11:52Z\",\"argument\":\"" argument "\"" more ",\"findings\":[" ACKED "]}"

static void
test_findings(void **state)
{
	(void)state;
	will_answer(RESULT("[" ACKED "," SILENCED "]"));
	assert_int_equal(RUN(cmd_findings, NULL), CTL_OK);
	check_said("CRIT  orders  us-east-1  iterator_age/lag: 54 % of retention\n"
		   "                         (acked by ana)                         11 min  5f0c2a9e\n"
		   "WARN  orders  us-east-1  throttling/writes: 3 % of writes\n"
		   "                         refused (silenced until 12:12Z)        12 min  0badcafe\n");
}

/* What flaps stays open while it is good: the sentence alone would be a lie. */
static void
test_findings_flapping(void **state)
{
	(void)state;
	will_answer(
	    RESULT("[{" WRITES ",\"severity\":\"warning\",\"state\":\"open\",\"flapping\":true,\"summary\":\"3 % of "
		   "writes refused\",\"first_seen\":\"2026-11-22T10:00:00Z\",\"ack\":null}]"));
	assert_int_equal(RUN(cmd_findings, NULL), CTL_OK);
	check_said("WARN  orders  us-east-1  throttling/writes: 3 % of writes\n"
		   "                         refused (flapping)                     12 min  0badcafe\n");
}

#define EXPLAINED \
	"{" WRITES \
	",\"severity\":\"unknown\",\"state\":\"open\",\"unseen\":true,\"quiet\":true,\"reason\":\"no_data\"," \
	"\"summary\":\"stream orders does not exist\",\"first_seen\":\"2026-11-22T10:00:00Z\",\"ack\":null}"

/* What another finding explains is counted, and listed with --all. */
static void
test_findings_explained(void **state)
{
	(void)state;
	will_answer(RESULT("[" ACKED "," EXPLAINED "," EXPLAINED "]"));
	assert_int_equal(RUN(cmd_findings, NULL), CTL_OK);
	check_said("CRIT  orders  us-east-1  iterator_age/lag: 54 % of retention\n"
		   "                         (acked by ana)                         11 min  5f0c2a9e\n"
		   "?     2 checks could not look, for a reason above: kdiagctl findings --all\n");
}

/* In the overview what is silenced is only counted. */
static void
test_status(void **state)
{
	(void)state;
	will_answer(BRIEF(ROW("orders", ""), TOTALS(1, 0)));
	assert_int_equal(RUN(cmd_status, NULL), 2);
	check_said("kdiagd 0.1.0 on b · up 0 s · 1 stream · last look 8 s ago\n\n"
		   "CRIT  orders  us-east-1  54 % of retention (acked by ana)  11 min  5f0c2a9e\n"
		   "acked 1 · silenced 2\n\n"
		   "kdiagctl diagnose orders   for the runbook of the worst\n");
}

/* A stream is named so that it can be typed; what has no row is counted. */
static void
test_status_bounded(void **state)
{
	(void)state;
	will_answer(BRIEF(ROW("us-east-1/orders", ",\"left_out\":3"), TOTALS(13, 2)));
	assert_int_equal(RUN(cmd_status, NULL), 2);
	assert_string_equal(server.requests[0], "{\"op\":\"status\",\"brief\":true}");
	check_said("kdiagd 0.1.0 on b · up 0 s · 15 streams · last look 8 s ago\n\n"
		   "CRIT  orders  us-east-1  54 % of retention (acked by ana)       11 min  5f0c2a9e\n"
		   "                         and 3 more: kdiagctl status\n"
		   "                         us-east-1/orders\n"
		   "CRIT  12 streams more: kdiagctl findings\n"
		   "ok    2 streams\n"
		   "acked 1 · silenced 2\n\n"
		   "kdiagctl diagnose us-east-1/orders   for the runbook of the worst\n");
}

/* With --json it is the full form, whose exit status is the same. */
static void
test_status_json(void **state)
{
	(void)state;
	typed.json = true;
	will_answer(STATUS("critical", ACKED));
	assert_int_equal(RUN(cmd_status, NULL), 2);
	assert_string_equal(server.requests[0], "{\"op\":\"status\"}");
	assert_non_null(strstr(said, "\"verdict\": \"critical\""));
}

static void
test_status_silenced(void **state)
{
	(void)state;
	will_answer(BRIEF("", TOTALS(0, 1)));
	assert_int_equal(RUN(cmd_status, NULL), 0);
	check_said("kdiagd 0.1.0 on b · up 0 s · 1 stream · last look 8 s ago\n"
		   "ok    1 stream\n"
		   "acked 1 · silenced 2\n");
}

static void
test_status_stream(void **state)
{
	(void)state;
	will_answer(STATUS("critical", ACKED "," SILENCED));
	will_answer(RESULT("[]"));
	assert_int_equal(RUN(cmd_status, "orders", NULL), 2);
	assert_non_null(strstr(said, "54 % of retention (acked by ana)"));
	assert_non_null(strstr(said, "WARN  throttling/writes"));
	assert_non_null(strstr(said, "silenced until"));
	assert_null(strstr(said, "acked 1"));
}

static void
test_show(void **state)
{
	(void)state;
	will_answer(
	    RESULT("{" LAG ",\"severity\":\"critical\",\"state\":\"open\",\"summary\":\"54 % of retention\","
		   "\"first_seen\":\"2026-11-22T10:00:04Z\",\"last_seen\":\"2026-11-22T10:11:04Z\",\"count\":12,"
		   "\"ack\":null,\"silenced_until\":\"2026-11-22T12:12:40Z\"}"));
	will_answer(RESULT("[" EVENT(3, "21T23:00:04", "opened", LAG ",\"severity\":\"warning\"") "," EVENT(
	    4, "22T10:08:04", "changed", LAG ",\"severity\":\"critical\",\"from\":\"warning\"") "]"));
	assert_int_equal(RUN(cmd_show, "5f0c", NULL), CTL_OK);
	assert_string_equal(server.requests[1], "{\"op\":\"history\",\"id\":\"5f0c2a9e\"}");
	check_said("5f0c2a9e  CRIT  iterator_age/lag   orders · prod · us-east-1         open 11 min\n\n"
		   "  54 % of retention.\n\n"
		   "  seen            first 10:00:04Z, last 10:11:04Z, 12 times\n"
		   "  history         2026-11-21 23:00Z opened WARN · 10:08Z rose to CRIT\n"
		   "  ack             nobody            kdiagctl ack 5f0c2a9e -m \"…\"\n"
		   "  silenced        until 12:12Z, 2 h more\n");
}

static void
test_show_acked(void **state)
{
	(void)state;
	will_answer(RESULT(ACKED));
	will_answer(REFUSAL("busy", "too much under way"));
	assert_int_equal(RUN(cmd_show, "5f0c", NULL), CTL_OK);
	assert_non_null(strstr(said, "\n  ack             ana (uid 1004) at 10:12Z: looking\n"));
	assert_null(strstr(said, "history"));
	assert_null(strstr(said, "silenced"));
	assert_string_equal(failed, "kdiagctl: too much under way\n");
}

/* Of a long life the last changes are shown. */
static void
test_show_long_life(void **state)
{
	struct screen screen = {.utf8 = true, .width = SCREEN_WIDTH};
	json_t *events = json_array();
	char *line;

	(void)state;
	assert_null(timeline_line(&screen, events, NOW_MS));
	for (int i = 0; i < 9; i++)
		json_array_append_new(events, json_loads(EVENT(1, "22T10:00:00", "opened", LAG), 0, NULL));
	line = timeline_line(&screen, events, NOW_MS);
	assert_int_equal(strncmp(line, "3 earlier · 10:00Z opened ? · ", 31), 0);
	free(line);
	json_decref(events);
}

/* A line of `watch` says what became of the finding, when it is not its sentence. */
static void
test_watch(void **state)
{
	static const char *const events[] = {
	    EVENT(1, "22T10:00:04", "opened", LAG ",\"severity\":\"warning\",\"summary\":\"26 % of retention\""),
	    EVENT(2, "22T10:08:04", "changed",
		LAG ",\"severity\":\"critical\",\"from\":\"warning\",\"summary\":\"54 % of retention\""),
	    EVENT(3, "22T10:12:00", "acked",
		LAG ",\"severity\":\"critical\",\"summary\":\"54 %\",\"by\":\"ana (uid 1004)\",\"why\":\"looking\""),
	    EVENT(4, "22T10:13:00", "unsilenced",
		"\"id\":\"00000003\"," ORDERS ",\"probe\":null,\"check\":null,\"severity\":\"ok\",\"by\":\"expired\""),
	    EVENT(5, "22T10:14:00", "resolved",
		LAG ",\"severity\":\"critical\",\"open_s\":840,\"why\":\"no longer watched\""),
	};
	struct columns columns = {.check = 16};
	struct ctl ctl = {0};
	json_t *event;
	size_t len;

	(void)state;
	ctl.screen = (struct screen){.out = open_memstream(&said, &len), .utf8 = true, .width = 100};
	for (size_t i = 0; i < KD_COUNT(events); i++) {
		event = json_loads(events[i], 0, NULL);
		print_event(&ctl, event, &columns);
		json_decref(event);
	}
	fclose(ctl.screen.out);
	assert_string_equal(said,
	    "10:00:04Z  WARN  orders  iterator_age/lag  26 % of retention                                5f0c2a9e\n"
	    "10:08:04Z  CRIT  orders  iterator_age/lag  54 % of retention (was WARN)                     5f0c2a9e\n"
	    "10:12:00Z  CRIT  orders  iterator_age/lag  acked by ana (uid 1004): looking                 5f0c2a9e\n"
	    "10:13:00Z  ok    orders  all probes        unsilenced expired                               00000003\n"
	    "10:14:00Z  ok    orders  iterator_age/lag  resolved after 14 min (no longer watched)        5f0c2a9e\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_history),
	    TEST(test_history_all),
	    TEST(test_history_stacked),
	    TEST(test_history_empty),
	    TEST(test_history_standing),
	    TEST(test_history_until),
	    TEST(test_history_overlap),
	    TEST(test_history_json),
	    TEST(test_history_mistakes),
	    TEST(test_history_nonsense),
	    TEST(test_ack),
	    TEST(test_ack_wordless),
	    TEST(test_unack),
	    TEST(test_ack_refused),
	    TEST(test_silence),
	    TEST(test_silence_wordy),
	    TEST(test_silence_readings),
	    TEST(test_silence_id),
	    TEST(test_silence_mistakes),
	    TEST(test_silence_refused),
	    TEST(test_silence_durations),
	    TEST(test_no_kdiagd),
	    TEST(test_findings),
	    TEST(test_findings_flapping),
	    TEST(test_findings_explained),
	    TEST(test_status),
	    TEST(test_status_bounded),
	    TEST(test_status_json),
	    TEST(test_status_silenced),
	    TEST(test_status_stream),
	    TEST(test_watch),
	    TEST(test_show),
	    TEST(test_show_acked),
	    TEST(test_show_long_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
