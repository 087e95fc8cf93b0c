/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: places with their pace, clock correction and the health of their services, and what is noticed about them. How one call goes is
 * client_call.c's affair.
 */
#include "daemon/aws/client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/aws/client_place.h"
#include "daemon/aws/sign.h"

/* AWS refuses signatures that are more than 300 s off; the SDKs correct from 240 s on (FACTS 5). */
enum { OFFSET_MIN_MS = 240 * 1000 };

/* Credentials that are watched: of one creds, whatever accounts use it. */
struct credentials_watch {
	struct credentials_watch *next;
	struct aws_client *client;
	struct creds *creds;
	enum creds_health told; /* CREDS_EXPIRING, CREDS_FAILING; else nothing is open */
};

/* ---- notices, and the findings that they become ---- */

/* What each notice and each fault is called in findings about kdiag: "self/CHECK/SUBJECT". */
static const char *const notice_checks[] = {
    [AWS_NOTICE_SERVICE_LEFT_ALONE] = "service",
    [AWS_NOTICE_THROTTLED] = "throttled",
    [AWS_NOTICE_CLOCK_SKEW] = "clock",
    [AWS_NOTICE_CREDENTIALS] = "credentials",
    [AWS_NOTICE_EXPIRING] = "expiring",
};

const char *
aws_notice_check(enum aws_notice notice)
{
	return notice_checks[notice];
}

/* The caller's string. */
static char *
make_subject(enum aws_notice notice, const struct aws_place *place, const char *service)
{
	switch (notice) {
	case AWS_NOTICE_CLOCK_SKEW:
		return mem_strdup("host");
	case AWS_NOTICE_CREDENTIALS:
	case AWS_NOTICE_EXPIRING:
		return mem_strdup(place->account);
	case AWS_NOTICE_SERVICE_LEFT_ALONE:
	case AWS_NOTICE_THROTTLED:
		break;
	}
	return mem_printf("%s %s", service, place->region);
}

static const struct place_service *
find_service(const struct aws_place *place, const char *name)
{
	const struct place_service *service = place->services;

	while (service != NULL && strcmp(service->name, name) != 0)
		service = service->next;
	return service;
}

/* The notice that is open and explains a fault; -1: none is. */
static int
find_open_notice(const struct aws_place *place, const struct place_service *service, enum aws_fault fault)
{
	switch (fault) {
	case AWS_CREDENTIALS:
		return AWS_NOTICE_CREDENTIALS;
	case AWS_LEFT_ALONE: /* for refused credentials: they are the finding then, not the service */
		return service != NULL && !service->noticed && service->health.last_fault == AWS_CREDENTIALS
			   ? AWS_NOTICE_CREDENTIALS
			   : AWS_NOTICE_SERVICE_LEFT_ALONE;
	case AWS_NETWORK:
	case AWS_SERVICE:
		return service != NULL && service->noticed ? AWS_NOTICE_SERVICE_LEFT_ALONE : -1;
	case AWS_THROTTLED:
		return service != NULL && service->health.throttled ? AWS_NOTICE_THROTTLED : -1;
	case AWS_CLOCK:
		return place->offset_ms != 0 ? AWS_NOTICE_CLOCK_SKEW : -1;
	default:
		return -1;
	}
}

char *
aws_place_blame(const struct aws_place *place, const char *service, enum aws_fault fault)
{
	int notice = find_open_notice(place, find_service(place, service), fault);
	char *subject, *blame;

	if (notice < 0)
		return NULL;
	subject = make_subject((enum aws_notice)notice, place, service);
	blame = mem_printf("self/%s/%s", notice_checks[notice], subject);
	free(subject);
	return blame;
}

bool
aws_place_is_mended_since(const struct aws_place *place, int64_t mono_ms)
{
	return place->mended_ms > mono_ms;
}

/* Is the same true elsewhere, so that it is not over yet? */
static bool
is_bad_elsewhere(enum aws_notice notice, const struct aws_place *place, const char *name)
{
	const struct place_service *service;

	for (const struct aws_place *other = place->client->places; other != NULL; other = other->next) {
		if (other == place)
			continue;
		if (notice == AWS_NOTICE_CLOCK_SKEW && other->offset_ms != 0)
			return true;
		if (notice == AWS_NOTICE_CLOCK_SKEW || strcmp(other->region, place->region) != 0 ||
		    (service = find_service(other, name)) == NULL)
			continue;
		if (notice == AWS_NOTICE_THROTTLED ? service->health.throttled : service->noticed)
			return true;
	}
	return false;
}

static void
give_notice(enum aws_notice notice, bool bad, struct aws_place *place, const char *service, const char *why)
{
	const struct aws_client_options *options = &place->client->options;
	char *subject;

	if (!bad)
		place->mended_ms = clock_mono_ms();
	if (options->notice == NULL || (!bad && is_bad_elsewhere(notice, place, service)))
		return;
	subject = make_subject(notice, place, service);
	options->notice(notice, bad, subject, why, options->notice_arg);
	free(subject);
}

/* ---- credentials ---- */

/* Once an account, however many regions it has. */
static bool
is_first_of_account(const struct aws_place *place)
{
	const struct aws_place *first = place->client->places;

	while (first->creds != place->creds || strcmp(first->account, place->account) != 0)
		first = first->next;
	return first == place;
}

static bool
is_bad(enum creds_health health)
{
	return health == CREDS_EXPIRING || health == CREDS_FAILING;
}

static void
tell_credentials(const struct credentials_watch *watch, enum creds_health health, bool bad, const char *why)
{
	const struct aws_client_options *options = &watch->client->options;
	enum aws_notice notice = health == CREDS_FAILING ? AWS_NOTICE_CREDENTIALS : AWS_NOTICE_EXPIRING;

	if (!is_bad(health))
		return;
	for (struct aws_place *place = watch->client->places; place != NULL; place = place->next) {
		if (place->creds != watch->creds)
			continue;
		if (!bad)
			place->mended_ms = clock_mono_ms();
		if (options->notice != NULL && is_first_of_account(place))
			options->notice(notice, bad, place->account, why, options->notice_arg);
	}
}

static void
health_cb(enum creds_health health, const char *why, void *arg)
{
	struct credentials_watch *watch = arg;
	enum creds_health before = watch->told;

	watch->told = health;
	tell_credentials(watch, health, true, why);
	if (before != health)
		tell_credentials(watch, before, false,
		    health == CREDS_FAILING ? "there are none any more" : "the credentials are good again");
}

static void
watch_credentials(struct aws_client *client, struct creds *creds)
{
	struct credentials_watch *watch;

	for (watch = client->watches; watch != NULL; watch = watch->next) {
		if (watch->creds == creds)
			return;
	}
	watch = mem_new(1, sizeof(*watch));
	*watch = (struct credentials_watch){.next = client->watches, .client = client, .creds = creds};
	client->watches = watch;
	creds_on_health(creds, health_cb, watch);
}

/* ---- the clock ---- */

/* A Date header has no fractions: on average it is half a second behind, and an hour shall not read as 59 min. */
static char *
describe_offset(int64_t offset_ms, const struct aws_place *place, const struct place_service *service)
{
	char age[KD_AGE_SIZE];

	kd_age((llabs(offset_ms + 500) + 500) / 1000, age);
	return mem_printf(
	    "the host's clock is %s %s that of %s in %s; requests are signed with AWS's time until it is set", age,
	    offset_ms > 0 ? "behind" : "ahead of", service->name, place->region);
}

void
place_learn_offset(struct aws_place *place, const struct place_service *service, int64_t offset_ms)
{
	bool was_off = place->offset_ms != 0, is_off = offset_ms > OFFSET_MIN_MS || offset_ms < -OFFSET_MIN_MS;
	char *why;

	place->offset_ms = is_off ? offset_ms : 0;
	if (is_off && !was_off) {
		why = describe_offset(offset_ms, place, service);
		give_notice(AWS_NOTICE_CLOCK_SKEW, true, place, service->name, why);
		free(why);
	} else if (!is_off && was_off) {
		give_notice(AWS_NOTICE_CLOCK_SKEW, false, place, service->name, "the host's clock is right again");
	}
}

int64_t
aws_place_now_ms(const struct aws_place *place)
{
	return clock_now_ms() + place->offset_ms;
}

/* ---- how calls ended ---- */

static void
note_failure(struct aws_place *place, struct place_service *service, const struct aws_error *error, bool trial)
{
	char *why;

	service_failed(&service->health, trial, error->fault, error->message, clock_mono_ms());
	/* Refused credentials are noticed as such (health_cb), and as nothing else. */
	if (!service->health.left_alone || service->noticed || error->fault == AWS_CREDENTIALS)
		return;
	service->noticed = true;
	why = mem_printf(
	    "%s in %s failed %u times in a row and is left alone, but for a trial every %d to %d s; the last: %s",
	    service->name, place->region, service->health.failures, SERVICE_PAUSE_MIN_MS / 1000,
	    SERVICE_PAUSE_MAX_MS / 1000, error->message);
	give_notice(AWS_NOTICE_SERVICE_LEFT_ALONE, true, place, service->name, why);
	free(why);
}

static void
note_answer(struct aws_place *place, struct place_service *service)
{
	service_answered(&service->health);
	if (!service->noticed)
		return;
	service->noticed = false;
	give_notice(AWS_NOTICE_SERVICE_LEFT_ALONE, false, place, service->name, "it answers again");
}

void
place_note_end(struct aws_place *place, struct place_service *service, const struct aws_error *error, bool trial)
{
	switch (error->fault) {
	case AWS_NETWORK:
	case AWS_SERVICE:
	case AWS_CREDENTIALS:
		note_failure(place, service, error, trial);
		break;
	case AWS_OK:
		if (service_calmed(&service->health, clock_mono_ms()))
			give_notice(
			    AWS_NOTICE_THROTTLED, false, place, service->name, "AWS does not throttle any more");
		note_answer(place, service);
		break;
	default:
		note_answer(place, service);
		break;
	}
}

void
place_note_throttled(
    struct aws_place *place, struct place_service *service, const struct aws_error *error, bool lasting)
{
	char *why;

	if (!service_slowed(&service->health, lasting, clock_mono_ms()))
		return;
	why = mem_printf("AWS throttles %s in %s although kdiag keeps its pace: others use the account's limit up (%s)",
	    service->name, place->region, error->message);
	give_notice(AWS_NOTICE_THROTTLED, true, place, service->name, why);
	free(why);
}

/* ---- places ---- */

static struct place_service *
service_new(const struct aws_place *place, const char *name)
{
	const struct aws_client_options *options = &place->client->options;
	const struct endpoint_options where = {.endpoint_url = options->endpoint_url, .env = options->env};
	struct place_service *service = mem_new(1, sizeof(*service));

	service->name = mem_strdup(name);
	retry_quota_init(&service->quota);
	if (endpoint_resolve(&service->endpoint, name, place->region, &where, &service->endpoint_cause) == 0)
		service->path = strchr(strstr(service->endpoint.url, "://") + 3, '/');
	return service;
}

struct place_service *
place_get_service(struct aws_place *place, const char *name)
{
	struct place_service *service;

	for (service = place->services; service != NULL; service = service->next) {
		if (strcmp(service->name, name) == 0)
			return service;
	}
	service = service_new(place, name);
	service->next = place->services;
	place->services = service;
	return service;
}

struct place_operation *
place_get_operation(struct aws_place *place, const char *name)
{
	struct place_operation *operation;

	for (operation = place->operations; operation != NULL; operation = operation->next) {
		if (strcmp(operation->name, name) == 0)
			return operation;
	}
	operation = mem_new(1, sizeof(*operation));
	operation->name = mem_strdup(name);
	operation->next = place->operations;
	place->operations = operation;
	return operation;
}

struct aws_place *
aws_client_place(struct aws_client *client, const char *account, const char *region, struct creds *creds, char **cause)
{
	struct aws_place *place;

	for (place = client->places; place != NULL; place = place->next) {
		if (strcmp(place->account, account) == 0 && strcmp(place->region, region) == 0)
			return place;
	}
	if (!text_is_region(region))
		return cause_null(cause, "\"%.80s\" is no region (they look like us-east-1)", region);
	place = mem_new(1, sizeof(*place));
	place->client = client;
	place->account = mem_strdup(account);
	place->region = mem_strdup(region);
	place->creds = creds;
	place->pace = pace_new(client->base, region, client->options.pace_share);
	place->next = client->places;
	client->places = place;
	watch_credentials(client, creds);
	return place;
}

static void
place_free(struct aws_place *place)
{
	struct place_operation *operation;
	struct place_service *service;

	while ((service = place->services) != NULL) {
		place->services = service->next;
		service_clear(&service->health);
		free(service->name);
		free(service->endpoint_cause);
		free(service);
	}
	while ((operation = place->operations) != NULL) {
		place->operations = operation->next;
		free(operation->name);
		free(operation);
	}
	pace_free(place->pace);
	free(place->account);
	free(place->region);
	free(place);
}

const char *
aws_place_account(const struct aws_place *place)
{
	return place->account;
}

const char *
aws_place_region(const struct aws_place *place)
{
	return place->region;
}

double
aws_place_rate(const struct aws_place *place, const char *operation)
{
	return pace_rate(place->pace, operation);
}

/* ---- the client ---- */

static const char *
read_environment(const char *name)
{
	return getenv(name);
}

static const char *
find_ca_bundle(const struct aws_client_options *options)
{
	const char *path = options->env("AWS_CA_BUNDLE");

	return path != NULL && path[0] != '\0' ? path : NULL;
}

struct aws_client *
aws_client_new(struct event_base *base, const struct aws_client_options *options, char **cause)
{
	struct aws_client *client;
	struct http *http;

	if (sign_init(cause) != 0 || (http = http_new(base, &options->limits, cause)) == NULL)
		return NULL;
	client = mem_new(1, sizeof(*client));
	client->base = base;
	client->http = http;
	client->gate = gate_new(base, options->limits.connections_per_host, options->limits.connections_total);
	client->options = *options;
	if (client->options.env == NULL)
		client->options.env = read_environment;
	client->endpoint_url = mem_strdup(options->endpoint_url);
	client->options.endpoint_url = client->endpoint_url;
	client->ca_file = mem_strdup(options->ca_file != NULL ? options->ca_file : find_ca_bundle(&client->options));
	client->options.ca_file = client->ca_file;
	return client;
}

static void
end_notices_of_place(struct aws_place *place, const char *why)
{
	for (struct place_service *service = place->services; service != NULL; service = service->next) {
		bool noticed = service->noticed, throttled = service->health.throttled;

		service->noticed = false;
		service->health.throttled = false;
		if (noticed)
			give_notice(AWS_NOTICE_SERVICE_LEFT_ALONE, false, place, service->name, why);
		if (throttled)
			give_notice(AWS_NOTICE_THROTTLED, false, place, service->name, why);
	}
	if (place->offset_ms == 0)
		return;
	place->offset_ms = 0;
	give_notice(AWS_NOTICE_CLOCK_SKEW, false, place, NULL, why);
}

/* Whoever comes after this client (a reload brings another) finds out anew: nobody else would end what this one has noticed. */
static void
end_notices(struct aws_client *client)
{
	static const char why[] = "it is asked in another way from now on";

	for (struct aws_place *place = client->places; place != NULL; place = place->next)
		end_notices_of_place(place, why);
	for (struct credentials_watch *watch = client->watches; watch != NULL; watch = watch->next)
		tell_credentials(watch, watch->told, false, why);
}

/* Credentials have been freed by now, for they hold on to our http: they are not told that nobody watches them any more. */
void
aws_client_free(struct aws_client *client)
{
	struct credentials_watch *watch;
	struct aws_place *place;

	if (client == NULL)
		return;
	assert(client->calls_under_way == 0);
	end_notices(client);
	while ((place = client->places) != NULL) {
		client->places = place->next;
		place_free(place);
	}
	while ((watch = client->watches) != NULL) {
		client->watches = watch->next;
		free(watch);
	}
	http_free(client->http);
	gate_free(client->gate);
	sign_forget();
	str_free(&client->headers);
	free(client->endpoint_url);
	free(client->ca_file);
	free(client);
}

struct http *
aws_client_http(struct aws_client *client)
{
	return client->http;
}

struct aws_counts
aws_client_counts(const struct aws_client *client)
{
	return client->counts;
}

void
aws_client_each_count(const struct aws_client *client, aws_count_cb visit, void *arg)
{
	for (const struct aws_place *place = client->places; place != NULL; place = place->next) {
		for (const struct place_operation *row = place->operations; row != NULL; row = row->next) {
			const struct aws_operation_count count = {
			    place->account, place->region, row->name, row->calls, row->metrics};

			visit(&count, arg);
		}
	}
}
