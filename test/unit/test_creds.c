/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_creds: the chain of sources and the cache, with files, a metadata service of our own in the same loop, and a
 * clock that stands still.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "daemon/aws/creds.h"
#include "daemon/aws/http.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
#define START INT64_C(1795380000000) /* 2026-11-22T20:40:00Z */

/* ---- the world: a loop, a clock, an environment, a home folder, a metadata service ---- */

static struct event_base *base;
static struct http *http;
static struct evhttp *service;
static char endpoint[64], home[] = "/tmp/test_creds.XXXXXX";
static int64_t elapsed_ms;

static struct {
	int status;         /* of the document */
	const char *access; /* key in it */
	int64_t expires_ms;
	unsigned tokens, roles, documents; /* asked for */
	bool authorized;                   /* the container's header was right */
} imds;

static const char *variables[12][2];

static void
set_env(const char *name, const char *value)
{
	size_t i = 0;

	while (variables[i][0] != NULL && strcmp(variables[i][0], name) != 0)
		i++;
	assert_true(i < 11);
	variables[i][0] = name;
	variables[i][1] = value;
}

static const char *
env(const char *name)
{
	size_t i;

	for (i = 0; variables[i][0] != NULL; i++)
		if (strcmp(variables[i][0], name) == 0)
			return variables[i][1];
	return NULL;
}

static void
pass(int64_t ms)
{
	elapsed_ms += ms;
	clock_freeze(START + elapsed_ms, 1000 + elapsed_ms);
}

static void
write_home(const char *name, const char *text)
{
	char *path = mem_printf("%s/.aws/%s", home, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static void
remove_home(const char *name)
{
	char *path = mem_printf("%s/.aws/%s", home, name);

	unlink(path);
	free(path);
}

static void
send_text(struct evhttp_request *request, int status, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	evbuffer_add_printf(body, "%s", text);
	evhttp_send_reply(request, status, "x", body);
	evbuffer_free(body);
}

static void
send_document(struct evhttp_request *request)
{
	char when[CLOCK_TEXT_SIZE], *text;

	imds.documents++;
	text = mem_printf("{\"Code\":\"Success\",\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"S\",\"Token\":\"T\","
			  "\"Expiration\":\"%s\"}",
	    imds.access, clock_format(imds.expires_ms, when));
	send_text(request, imds.status, text);
	free(text);
}

static void
serve_cb(struct evhttp_request *request, void *arg)
{
	const char *path = evhttp_request_get_uri(request), *header;

	(void)arg;
	if (strcmp(path, "/latest/api/token") == 0) {
		imds.tokens++;
		send_text(request, 200, "token");
	} else if (strcmp(path, "/latest/meta-data/iam/security-credentials/") == 0) {
		imds.roles++;
		send_text(request, imds.status == 404 ? 404 : 200, "kdiag");
	} else {
		header = evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization");
		imds.authorized = header != NULL && strcmp(header, "let me in") == 0;
		send_document(request);
	}
}

static void
no_log(enum log_level level, const char *text, void *arg)
{
	(void)level;
	(void)text;
	(void)arg;
}

static int
open_world(void **state)
{
	char *folder;

	(void)state;
	log_to(no_log, NULL);
	if (mkdtemp(home) == NULL)
		return -1;
	folder = mem_printf("%s/.aws", home);
	if (mkdir(folder, 0700) != 0)
		return -1;
	free(folder);
	base = event_base_new();
	http = http_new(base, &http_default_limits, NULL);
	return http == NULL ? -1 : 0;
}

static int
close_world(void **state)
{
	char *folder = mem_printf("%s/.aws", home);

	(void)state;
	http_free(http);
	event_base_free(base);
	rmdir(folder);
	free(folder);
	return rmdir(home);
}

static void
start_service(void)
{
	struct evhttp_bound_socket *bound;
	struct sockaddr_in address = {0};
	socklen_t len = sizeof(address);

	service = evhttp_new(base);
	evhttp_set_allowed_methods(service, EVHTTP_REQ_GET | EVHTTP_REQ_PUT);
	evhttp_set_gencb(service, serve_cb, NULL);
	bound = evhttp_bind_socket_with_handle(service, "127.0.0.1", 0);
	assert_non_null(bound);
	assert_int_equal(getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len), 0);
	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", ntohs(address.sin_port));
}

/* ---- what the callbacks were given ---- */

static struct {
	unsigned calls;
	struct aws_keys *keys;
	char *why;
	unsigned health_calls;
	enum creds_health health;
	char *health_why;
} got;

static void
keys_cb(struct aws_keys *keys, const char *why, void *arg)
{
	assert_int_equal(keys == NULL, why != NULL);
	if (arg != NULL)
		++*(int *)arg;
	got.calls++;
	aws_keys_unref(got.keys);
	got.keys = keys == NULL ? NULL : aws_keys_ref(keys);
	free(got.why);
	got.why = mem_strdup(why);
}

static void
health_cb(enum creds_health health, const char *why, void *arg)
{
	assert_ptr_equal(arg, &got);
	got.health_calls++;
	got.health = health;
	free(got.health_why);
	got.health_why = mem_strdup(why);
}

static struct creds *creds;

static void
make(const char *profile)
{
	const struct creds_options options = {.profile = profile, .env = env};

	creds_free(creds);
	creds = creds_new(base, http, &options);
	creds_on_health(creds, health_cb, &got);
}

static void
tick_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* One turn of the loop, of 5 ms at most. */
static void
turn(void)
{
	const struct timeval tick = {0, 5000};

	event_base_once(base, -1, EV_TIMEOUT, tick_cb, NULL, &tick);
	event_base_loop(base, EVLOOP_ONCE);
}

static void
wait_for_calls(unsigned calls)
{
	int i;

	for (i = 0; i < 2000 && got.calls < calls; i++)
		turn();
	assert_int_equal(got.calls, calls);
}

static void
get(void)
{
	unsigned before = got.calls;

	if (creds_get(creds, keys_cb, NULL) != NULL)
		wait_for_calls(before + 1);
	assert_int_equal(got.calls, before + 1);
}

/* The answer comes from within; a refresh in the background may go on. */
static void
get_at_once(void)
{
	unsigned before = got.calls;

	assert_null(creds_get(creds, keys_cb, NULL));
	assert_int_equal(got.calls, before + 1);
}

/* Lets a refresh in the background end: until the service was asked for so many documents, and a little on. */
static void
wait_for_documents(unsigned documents)
{
	int i;

	for (i = 0; i < 2000 && imds.documents < documents; i++)
		turn();
	for (i = 0; i < 10; i++)
		turn();
	assert_int_equal(imds.documents, documents);
}

static int
setup(void **state)
{
	(void)state;
	elapsed_ms = 0;
	pass(0);
	memset(&imds, 0, sizeof(imds));
	imds.status = 200;
	imds.access = "IMDS";
	imds.expires_ms = START + 6 * HOUR;
	memset(variables, 0, sizeof(variables));
	start_service();
	set_env("HOME", home);
	set_env("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint);
	make(NULL);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	creds_free(creds);
	creds = NULL;
	evhttp_free(service);
	aws_keys_unref(got.keys);
	free(got.why);
	free(got.health_why);
	memset(&got, 0, sizeof(got));
	remove_home("credentials");
	remove_home("config");
	return 0;
}

/* ---- the chain ---- */

static void
test_config(void **state)
{
	struct creds_options options = {.access_key = "CONF", .secret_key = "S", .env = env};

	(void)state;
	set_env("AWS_ACCESS_KEY_ID", "ENV");
	set_env("AWS_SECRET_ACCESS_KEY", "S");
	creds_free(creds);
	creds = creds_new(base, http, &options);
	assert_int_equal(creds_health(creds), CREDS_UNTRIED);
	get_at_once();
	assert_string_equal(got.keys->access_key, "CONF");
	assert_string_equal(got.keys->source, "config");
	assert_int_equal(creds_health(creds), CREDS_GOOD);
	creds_free(creds);
	options.secret_key = NULL;
	creds = creds_new(base, http, &options);
	get_at_once();
	assert_string_equal(got.why, "no credentials: the config has half a pair of keys: give both or none");
}

static void
test_environment(void **state)
{
	(void)state;
	write_home("credentials", "[default]\naws_access_key_id=FILE\naws_secret_access_key=S\n");
	set_env("AWS_ACCESS_KEY_ID", "ENV");
	set_env("AWS_SECRET_ACCESS_KEY", "S");
	set_env("AWS_SESSION_TOKEN", "T");
	get_at_once();
	assert_string_equal(got.keys->access_key, "ENV");
	assert_string_equal(got.keys->token, "T");
	assert_string_equal(got.keys->source, "environment");
	assert_int_equal(got.keys->expires_ms, 0);
	make(NULL);
	set_env("AWS_SECRET_ACCESS_KEY", "");
	get_at_once();
	assert_string_equal(got.why,
	    "no credentials: the environment has AWS_ACCESS_KEY_ID but no AWS_SECRET_ACCESS_KEY: set both or none");
	make(NULL);
	set_env("AWS_SECRET_ACCESS_KEY", "S\r\nX-Evil: 1");
	get_at_once();
	assert_string_equal(got.why,
	    "no credentials: environment: the secret access key is no key: empty, too long, or with a "
	    "space or control character in it");
	make(NULL);
	set_env("AWS_ACCESS_KEY_ID", "");
	set_env("AWS_SECRET_ACCESS_KEY", NULL);
	get_at_once();
	assert_string_equal(got.keys->source, "profile default in ~/.aws/credentials");
}

static void
test_profiles(void **state)
{
	(void)state;
	write_home("credentials", "[ops]\naws_access_key_id=OPS\naws_secret_access_key=S\n");
	write_home("config", "[default]\nregion=x\n[profile "
			     "dev]\naws_access_key_id=DEV\naws_secret_access_key=S\naws_session_token=T\n");
	make("ops");
	get_at_once();
	assert_string_equal(got.keys->access_key, "OPS");
	set_env("AWS_PROFILE", "dev");
	get_at_once();
	assert_string_equal(got.keys->access_key, "OPS"); /* aws.profile beats AWS_PROFILE */
	make(NULL);
	get_at_once();
	assert_string_equal(got.keys->access_key, "DEV");
	assert_string_equal(got.keys->source, "profile dev in ~/.aws/config");
	make("nix");
	get_at_once();
	assert_string_equal(got.why,
	    "no credentials: profile nix is neither in ~/.aws/credentials nor in ~/.aws/config (see "
	    "aws.profile and AWS_PROFILE)");
	/* A profile that only names a region leaves the keys to the sources behind it. */
	set_env("AWS_PROFILE", "default");
	make(NULL);
	get();
	assert_string_equal(got.keys->source, "instance role kdiag (IMDSv2)");
}

static void
test_profile_paths(void **state)
{
	char *path = mem_printf("%s/.aws/config", home);

	(void)state;
	write_home("config", "[ops]\naws_access_key_id=OPS\naws_secret_access_key=S\n");
	set_env("AWS_SHARED_CREDENTIALS_FILE", path);
	set_env("HOME", NULL);
	make("ops");
	get_at_once();
	assert_string_equal(got.keys->access_key, "OPS");
	assert_non_null(strstr(got.keys->source, path));
	free(path);
}

static void
refuses_profile(const char *config, const char *sentence)
{
	write_home("config", config);
	make("p");
	get_at_once();
	assert_string_equal(got.why, sentence);
	assert_int_equal(got.health, CREDS_FAILING);
	assert_string_equal(got.health_why, sentence);
}

static void
test_unsupported(void **state)
{
	(void)state;
	refuses_profile("[profile p]\nrole_arn=arn:x\nsource_profile=q\naws_access_key_id=A\naws_secret_access_key=S\n",
	    "no credentials: profile p uses role_arn, which kdiagd does not support: set role_arn of an account in "
	    "kdiagd.yaml "
	    "instead");
	refuses_profile("[profile p]\nrole_arn=arn:x\nweb_identity_token_file=/t\n",
	    "no credentials: profile p uses web_identity_token_file, which kdiagd does not support: give the instance "
	    "or "
	    "container a role instead, or a profile that has keys");
	refuses_profile("[profile p]\ncredential_process=/bin/x SECRET\n",
	    "no credentials: profile p uses credential_process, which kdiagd does not support: give the instance or "
	    "container a role instead, or a profile that has keys");
	refuses_profile("[profile p]\nsso_session=s\n",
	    "no credentials: profile p uses sso, which kdiagd does not support: give the instance or container a role "
	    "instead, or a profile that has keys");
	refuses_profile("[profile p]\naws_secret_access_key=SECRET\n",
	    "no credentials: profile p in ~/.aws/config has aws_secret_access_key but no aws_access_key_id");
}

/* Everything that was tried, and what to do. */
static void
test_nothing(void **state)
{
	(void)state;
	set_env("AWS_EC2_METADATA_DISABLED", "true");
	set_env("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token");
	get_at_once();
	assert_string_equal(got.why, "no credentials: the environment has none, ~/.aws/credentials does not exist, "
				     "AWS_WEB_IDENTITY_TOKEN_FILE is set, "
				     "but kdiagd does not support web identity, the metadata service is switched off "
				     "by AWS_EC2_METADATA_DISABLED; give "
				     "the instance a role, or set aws.profile");
	assert_int_equal(got.health, CREDS_FAILING);
	set_env("AWS_EC2_METADATA_DISABLED", NULL);
	set_env("AWS_WEB_IDENTITY_TOKEN_FILE", NULL);
	write_home("credentials", "[other]\n");
	imds.status = 404;
	make(NULL);
	get();
	assert_string_equal(got.why,
	    "no credentials: the environment has none, ~/.aws/credentials has no profile default, the "
	    "instance has no role; give the instance a role, or set aws.profile");
}

/* Inside a container the instance's role would be somebody else. */
static void
test_container(void **state)
{
	char url[100];

	(void)state;
	snprintf(url, sizeof(url), "%s/credentials", endpoint);
	set_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
	set_env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let me in");
	get();
	assert_string_equal(got.keys->source, "container endpoint");
	assert_true(imds.authorized);
	assert_int_equal(imds.tokens, 0);
	imds.status = 500;
	make(NULL);
	get();
	assert_string_equal(got.why,
	    "no credentials: the environment has none, ~/.aws/credentials does not exist, the container "
	    "endpoint: HTTP 500 when asked for the task's keys; give the instance a role, or set "
	    "aws.profile");
	assert_int_equal(imds.tokens, 0);
}

/* The rule which hosts plain http may go to is http.c's: here it is only seen to hold. */
static void
test_container_hosts(void **state)
{
	static const char *const bad[] = {"http://example.com/", "http://169.254.170.2@example.com/",
	    "http://127.0.0.1.example.com/", "file:///etc/passwd", "gopher://127.0.0.1/", "169.254.170.2"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		set_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", bad[i]);
		make(NULL);
		get_at_once();
		assert_non_null(strstr(got.why, "no credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI: "));
	}
}

/* ---- the cache ---- */

static void
test_single_flight(void **state)
{
	int first = 0, second = 0, third = 0;
	struct creds_wait *wait;

	(void)state;
	assert_non_null(creds_get(creds, keys_cb, &first));
	wait = creds_get(creds, keys_cb, &second);
	assert_non_null(wait);
	assert_non_null(creds_get(creds, keys_cb, &third));
	creds_cancel(wait);
	wait_for_calls(2);
	assert_true(first == 1 && second == 0 && third == 1);
	assert_int_equal(imds.documents, 1);
	get_at_once();
	assert_string_equal(got.keys->access_key, "IMDS");
	assert_int_equal(imds.documents, 1);
	assert_int_equal(got.health_calls, 1);
}

/* Freed while one waits, and a fetch is under way. */
static void
test_free_under_way(void **state)
{
	(void)state;
	assert_non_null(creds_get(creds, keys_cb, NULL));
	creds_free(creds);
	creds = NULL;
	assert_int_equal(got.calls, 0);
}

static void
test_refresh_ahead(void **state)
{
	(void)state;
	get();
	imds.access = "NEXT";
	imds.expires_ms = START + 12 * HOUR;
	pass(6 * HOUR - 15 * MINUTE - 1);
	get_at_once();
	wait_for_documents(1);
	pass(1);
	get_at_once(); /* 15 min before: the old ones, while new ones are fetched */
	assert_string_equal(got.keys->access_key, "IMDS");
	wait_for_documents(2);
	get_at_once();
	assert_string_equal(got.keys->access_key, "NEXT");
	assert_int_equal(got.keys->expires_ms, START + 12 * HOUR);
	assert_int_equal(got.health_calls, 1);
}

static void
test_refresh_must(void **state)
{
	(void)state;
	get();
	imds.access = "NEXT";
	imds.expires_ms = START + 12 * HOUR;
	pass(6 * HOUR - 10 * MINUTE);
	get(); /* waits for the new ones */
	assert_string_equal(got.keys->access_key, "NEXT");
	assert_int_equal(imds.documents, 2);
}

/* IMDS hands the same keys out until about 5 min before their end: no hammering meanwhile. */
static void
test_same_again(void **state)
{
	(void)state;
	get();
	pass(6 * HOUR - 14 * MINUTE);
	get_at_once();
	wait_for_documents(2);
	get_at_once();
	pass(MINUTE - 1);
	get_at_once();
	wait_for_documents(2);
	pass(1);
	get_at_once();
	wait_for_documents(3);
	assert_int_equal(got.health_calls, 1);
}

static void
test_short_lived(void **state)
{
	(void)state;
	imds.expires_ms = START + 20 * 1000;
	get();
	get_at_once();
	assert_int_equal(imds.documents, 1);
	imds.access = "NEXT";
	imds.expires_ms = START + 6 * HOUR;
	pass(5000);
	get();
	assert_string_equal(got.keys->access_key, "NEXT");
}

/* The metadata service is out: keys are used on, past their end, until AWS refuses them. */
static void
test_outage(void **state)
{
	struct aws_keys *old;

	(void)state;
	get();
	old = got.keys;
	imds.status = 500;
	pass(6 * HOUR - 12 * MINUTE);
	get_at_once();
	wait_for_documents(2);
	assert_int_equal(got.health, CREDS_EXPIRING);
	assert_non_null(strstr(got.health_why, "HTTP 500 when asked for the role's keys"));
	pass(11 * MINUTE);
	get(); /* tried once more first */
	assert_ptr_equal(got.keys, old);
	assert_int_equal(imds.documents, 3);
	pass(HOUR);
	get();
	assert_ptr_equal(got.keys, old);
	assert_int_equal(got.health, CREDS_EXPIRING);
	creds_refused(creds, old);
	get();
	assert_null(got.keys);
	assert_non_null(strstr(got.why, "HTTP 500"));
	assert_int_equal(got.health, CREDS_FAILING);
	imds.status = 200;
	imds.access = "NEXT";
	imds.expires_ms = START + 24 * HOUR;
	pass(MINUTE);
	get();
	assert_string_equal(got.keys->access_key, "NEXT");
	assert_int_equal(got.health, CREDS_GOOD);
}

/* The service is up, but has nothing newer than what has expired. */
static void
test_expired_document(void **state)
{
	(void)state;
	imds.expires_ms = START - HOUR;
	get();
	assert_string_equal(got.keys->access_key, "IMDS");
	assert_int_equal(got.health, CREDS_EXPIRING);
	assert_string_equal(got.health_why,
	    "the keys of instance role kdiag (IMDSv2) expired at 2026-11-22T19:40:00Z, and their "
	    "source has no newer ones");
	creds_refused(creds, got.keys);
	get();
	assert_null(got.keys);
	assert_int_equal(got.health, CREDS_FAILING);
	assert_string_equal(got.why, "AWS refuses the keys of instance role kdiag (IMDSv2), and there are no others");
	pass(5 * MINUTE);
	get(); /* expired and refused: no second trial */
	assert_null(got.keys);
	assert_int_equal(got.health, CREDS_FAILING);
}

static void
test_back_off(void **state)
{
	static const int64_t waits_ms[] = {2000, 4000, 8000, 16000, 32000, 60000, 60000};
	unsigned asked, i;

	(void)state;
	imds.status = 500;
	get();
	for (i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		asked = imds.documents;
		assert_int_equal(asked, i + 1);
		pass(waits_ms[i] - 1);
		get_at_once();
		assert_non_null(strstr(got.why, "HTTP 500"));
		assert_int_equal(imds.documents, asked);
		pass(1);
		get();
	}
	assert_int_equal(got.health_calls, 1); /* the same sentence is said once */
}

/* A file that comes later is found. */
static void
test_earlier_source_later(void **state)
{
	(void)state;
	imds.status = 404;
	get();
	assert_null(got.keys);
	write_home("credentials", "[default]\naws_access_key_id=FILE\naws_secret_access_key=S\n");
	pass(2000);
	get_at_once();
	assert_string_equal(got.keys->access_key, "FILE");
	assert_int_equal(got.health, CREDS_GOOD);
}

static void
test_file_changes(void **state)
{
	(void)state;
	write_home("credentials", "[default]\naws_access_key_id=ONE\naws_secret_access_key=S\n");
	get_at_once();
	write_home("credentials", "[default]\naws_access_key_id=TWO\naws_secret_access_key=S\n");
	pass(5 * MINUTE - 1);
	get_at_once();
	event_base_loop(base, EVLOOP_NONBLOCK);
	get_at_once();
	assert_string_equal(got.keys->access_key, "ONE");
	pass(1);
	get_at_once();
	event_base_loop(base, EVLOOP_NONBLOCK);
	get_at_once();
	assert_string_equal(got.keys->access_key, "TWO");

	/* At a refusal at once. */
	write_home("credentials", "[default]\naws_access_key_id=THREE\naws_secret_access_key=S\n");
	creds_refused(creds, got.keys);
	get_at_once();
	assert_string_equal(got.keys->access_key, "THREE");

	/* Broken, it does not take away what there is. */
	write_home("credentials", "[default\n");
	pass(5 * MINUTE);
	get_at_once();
	event_base_loop(base, EVLOOP_NONBLOCK);
	get_at_once();
	assert_string_equal(got.keys->access_key, "THREE");
	assert_int_equal(got.health, CREDS_EXPIRING);
	assert_non_null(strstr(got.health_why, "credentials:1: a section without `]`"));
}

/* A re-read that finds the same keys keeps the object, so that the refusal of a call under way still counts. */
static void
test_same_object(void **state)
{
	struct aws_keys *old;

	(void)state;
	write_home("credentials", "[default]\naws_access_key_id=ONE\naws_secret_access_key=S\n");
	get_at_once();
	old = got.keys;
	pass(5 * MINUTE);
	get_at_once();
	event_base_loop(base, EVLOOP_NONBLOCK);
	get_at_once();
	assert_ptr_equal(got.keys, old);
}

/* Keys that AWS does not take: fetched anew at once, tried again after a back-off, and never called good meanwhile. */
static void
test_refused(void **state)
{
	static const char why[] =
	    "AWS refuses the keys of profile default in ~/.aws/credentials, and there are no others";
	struct aws_keys *old;

	(void)state;
	write_home("credentials", "[default]\naws_access_key_id=ONE\naws_secret_access_key=S\n");
	get_at_once();
	old = aws_keys_ref(got.keys);
	creds_refused(creds, old);
	get_at_once();
	assert_string_equal(got.why, why);
	assert_int_equal(got.health, CREDS_FAILING);
	creds_refused(creds, old); /* of calls that were under way */
	pass(1999);
	get_at_once();
	assert_null(got.keys);
	pass(1);
	get_at_once();
	assert_non_null(got.keys);
	assert_ptr_not_equal(got.keys, old);
	assert_int_equal(got.health, CREDS_FAILING);
	creds_refused(creds, old); /* not these */
	get_at_once();
	assert_non_null(got.keys);
	creds_refused(creds, got.keys);
	get_at_once();
	pass(3999);
	get_at_once();
	assert_null(got.keys);
	pass(1);
	get_at_once();
	assert_non_null(got.keys);
	pass(30 * 1000); /* no refusal: they are good */
	get_at_once();
	assert_int_equal(got.health, CREDS_GOOD);
	aws_keys_unref(old);
}

/* Keys that assume roles are asked for once an hour: the end of their trial must not wait for that. */
static void
test_trial_ends_by_itself(void **state)
{
	(void)state;
	write_home("credentials", "[default]\naws_access_key_id=ONE\naws_secret_access_key=S\n");
	get_at_once();
	creds_refused(creds, got.keys);
	get_at_once();
	pass(2000);
	assert_int_equal(setenv("KDIAG_CLOCK", "1000000@1", 1), 0);
	assert_int_equal(clock_init(NULL), 0);
	get_at_once();
	assert_non_null(got.keys);
	assert_int_equal(got.health, CREDS_FAILING);
	pass(30 * 1000);
	/* The timer is real, of 31 us: whatever else the loop has to do before it, it comes. */
	for (int i = 0; i < 2000 && got.health != CREDS_GOOD; i++)
		turn();
	assert_int_equal(got.health, CREDS_GOOD);
	setenv("KDIAG_CLOCK", "1@1", 1);
	assert_int_equal(clock_init(NULL), 0);
	unsetenv("KDIAG_CLOCK");
}

/* ---- over a fetch function ---- */

static struct {
	unsigned fetches, abandons;
	bool fail_within;
} role;

static void
fetch_role(struct creds *of, void *arg)
{
	assert_ptr_equal(arg, &role);
	role.fetches++;
	if (role.fail_within)
		creds_fetched(of, NULL, "role arn:x may not be assumed");
}

static void
abandon_role(void *arg)
{
	assert_ptr_equal(arg, &role);
	role.abandons++;
}

static int ask_again_calls;

static void
ask_again_cb(struct aws_keys *keys, const char *why, void *arg)
{
	(void)why;
	ask_again_calls++;
	if (keys != NULL)
		creds_refused(arg, keys);
	assert_non_null(creds_get(arg, keys_cb, NULL));
}

static void
test_fetched(void **state)
{
	(void)state;
	memset(&role, 0, sizeof(role));
	creds_free(creds);
	creds = creds_new_fetched(base, "role arn:x", fetch_role, abandon_role, &role);
	assert_non_null(creds_get(creds, keys_cb, NULL));
	assert_non_null(creds_get(creds, keys_cb, NULL));
	assert_int_equal(role.fetches, 1);
	creds_fetched(creds, aws_keys_new("A", "S", "T", START + HOUR, "role arn:x"), NULL);
	assert_int_equal(got.calls, 2);
	get_at_once();
	assert_string_equal(got.keys->access_key, "A");
	pass(HOUR);
	assert_non_null(creds_get(creds, keys_cb, NULL));
	assert_int_equal(role.fetches, 2);
	creds_free(creds);
	creds = NULL;
	assert_int_equal(role.abandons, 1);
	assert_int_equal(got.calls, 3);
}

static void
test_fetched_within(void **state)
{
	(void)state;
	memset(&role, 0, sizeof(role));
	role.fail_within = true;
	creds_free(creds);
	creds = creds_new_fetched(base, "role arn:x", fetch_role, abandon_role, &role);
	get_at_once();
	assert_string_equal(got.why, "role arn:x may not be assumed");
	get_at_once();
	assert_int_equal(role.fetches, 1);
}

/* A callback that refuses the keys and asks again waits for the next fetch, not for this one. */
static void
test_ask_within(void **state)
{
	(void)state;
	memset(&role, 0, sizeof(role));
	ask_again_calls = 0;
	creds_free(creds);
	creds = creds_new_fetched(base, "role arn:x", fetch_role, abandon_role, &role);
	assert_non_null(creds_get(creds, ask_again_cb, creds));
	assert_non_null(creds_get(creds, keys_cb, NULL));
	creds_fetched(creds, aws_keys_new("A", "S", "T", START + HOUR, "role arn:x"), NULL);
	assert_int_equal(ask_again_calls, 1);
	assert_int_equal(got.calls, 1); /* the second, after the first had refused them */
	assert_string_equal(got.why, "AWS refuses the keys of role arn:x");
	assert_int_equal(role.fetches, 2);
	creds_fetched(creds, aws_keys_new("B", "S", "T", START + HOUR, "role arn:x"), NULL);
	assert_int_equal(got.calls, 2);
	assert_string_equal(got.keys->access_key, "B");
}

static void
ask_at_health_cb(enum creds_health health, const char *why, void *arg)
{
	(void)health;
	(void)why;
	if (creds_health(arg) == CREDS_EXPIRING)
		pass(MINUTE);
	creds_get(arg, ask_again_cb, arg);
}

/* A health callback that asks, and so starts the next fetch: those who waited are answered all the same. */
static void
test_ask_at_health(void **state)
{
	(void)state;
	memset(&role, 0, sizeof(role));
	creds_free(creds);
	creds = creds_new_fetched(base, "role arn:x", fetch_role, abandon_role, &role);
	assert_non_null(creds_get(creds, keys_cb, NULL));
	creds_on_health(creds, ask_at_health_cb, creds);
	creds_fetched(creds, aws_keys_new("A", "S", "T", START - HOUR, "role arn:x"), NULL);
	assert_int_equal(role.fetches, 2);
	assert_int_equal(got.calls, 1);
	assert_string_equal(got.keys->access_key, "A");
}

#define WORLD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* libcurl's first transfer takes seconds under valgrind on a busy machine, and the metadata service has one to answer in. */
static int
open_warm_world(void **state)
{
	int failed = open_world(state);

	if (failed != 0)
		return failed;
	setup(state);
	creds_get(creds, keys_cb, NULL);
	for (int i = 0; i < 2000 && got.calls == 0; i++)
		turn();
	return teardown(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WORLD(test_config),
	    WORLD(test_environment),
	    WORLD(test_profiles),
	    WORLD(test_profile_paths),
	    WORLD(test_unsupported),
	    WORLD(test_nothing),
	    WORLD(test_container),
	    WORLD(test_container_hosts),
	    WORLD(test_single_flight),
	    WORLD(test_free_under_way),
	    WORLD(test_refresh_ahead),
	    WORLD(test_refresh_must),
	    WORLD(test_same_again),
	    WORLD(test_short_lived),
	    WORLD(test_outage),
	    WORLD(test_expired_document),
	    WORLD(test_back_off),
	    WORLD(test_earlier_source_later),
	    WORLD(test_file_changes),
	    WORLD(test_same_object),
	    WORLD(test_refused),
	    WORLD(test_trial_ends_by_itself),
	    WORLD(test_fetched),
	    WORLD(test_fetched_within),
	    WORLD(test_ask_within),
	    WORLD(test_ask_at_health),
	};

	return cmocka_run_group_tests(tests, open_warm_world, close_world);
}
