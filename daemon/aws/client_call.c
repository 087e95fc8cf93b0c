/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_call: the way of one call through pace, credentials, signature, transfer, correction and retries to its one callback. Knows nothing of
 * what it carries.
 */
#include "daemon/aws/client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/util.h>

#include "common/clock.h"
#include "common/mem.h"
#include "daemon/aws/client_place.h"
#include "daemon/aws/client_send.h"
#include "daemon/aws/operations.h"

/* A signature that is refused although it was made within so much of AWS's time is not refused for the time. */
enum { OFFSET_MATTERS_MS = 60 * 1000 };

/* A turn at the pace serves for so long. */
enum { TURN_LASTS_MS = 1000 };

enum stage {
	STAGE_ENDING, /* the error stands; the callback comes from the loop */
	STAGE_PACE,
	STAGE_CREDENTIALS,
	STAGE_GATE,
	STAGE_SENT,
	STAGE_BACKOFF,
};

struct aws_call {
	struct aws_place *place;
	struct place_service *service;
	struct place_operation *operation;
	enum stage stage;
	/* What is under way, by stage. */
	struct pace_wait *pace_wait;
	struct creds_wait *creds_wait;
	struct gate_ticket ticket; /* for a connection, until the answer */
	struct http_transfer *transfer;
	struct event timer;    /* of the deadline, in a backoff of its end, when ending of the callback */
	struct aws_keys *keys; /* signed with */
	int64_t offset_ms;     /* the same */
	struct retry retry;
	bool resigned, rekeyed, is_trial, urgent;
	int64_t deadline_ms;
	uint64_t metrics;
	double weight;
	int64_t turn_ms;        /* of the turn at the pace */
	struct aws_error *last; /* of the attempt before; NULL: none failed */
	aws_call_cb cb;
	void *arg;
	struct client_message message; /* in text */
	char text[];
};

static void enter_pace(struct aws_call *call, bool urgent);

/* ---- the end ---- */

/* Drops whatever is under way. */
static void
stop(struct aws_call *call)
{
	event_del(&call->timer);
	if (call->pace_wait != NULL)
		pace_cancel(call->pace_wait);
	if (call->creds_wait != NULL)
		creds_cancel(call->creds_wait);
	if (call->transfer != NULL)
		http_cancel(call->transfer);
	gate_leave(call->place->client->gate, &call->ticket);
	call->pace_wait = NULL;
	call->creds_wait = NULL;
	call->transfer = NULL;
}

static void
call_free(struct aws_call *call)
{
	stop(call);
	if (call->is_trial)
		service_drop_trial(&call->service->health);
	call->place->client->calls_under_way--;
	aws_keys_unref(call->keys);
	free(call->last);
	free(call);
}

/* error and answer stay the caller's. */
static void
finish(struct aws_call *call, const struct aws_error *error, const struct http_answer *answer)
{
	aws_call_cb cb = call->cb;
	void *arg = call->arg;

	call_free(call);
	cb(error, answer, arg);
}

static void
keep_last(struct aws_call *call, const struct aws_error *error)
{
	if (call->last == NULL)
		call->last = mem_new(1, sizeof(*call->last));
	*call->last = *error;
}

/* The service has its part in this end. */
static void
finish_noted(struct aws_call *call, const struct aws_error *error, const struct http_answer *answer)
{
	bool was_trial = call->is_trial;

	call->is_trial = false;
	place_note_end(call->place, call->service, error, was_trial);
	finish(call, error, answer);
}

/* What an attempt was refused with says more than that no other was made; NULL: none was refused. */
static bool
finish_with_last(struct aws_call *call)
{
	struct aws_error last;

	if (call->last == NULL)
		return false;
	last = *call->last;
	finish_noted(call, &last, NULL);
	return true;
}

/* With the error that stands; the service has no part in it. */
static void
finish_unsent(struct aws_call *call)
{
	struct aws_error error = *call->last;

	finish(call, &error, NULL);
}

static void
set_left_alone(struct aws_error *error, const struct aws_call *call)
{
	const struct service *health = &call->service->health;

	aws_error_set(error, AWS_LEFT_ALONE,
	    "%s in %s is left alone for a while, after %u failures in a row; the last: %s", call->service->name,
	    call->place->region, health->failures, health->last_why);
}

static void
finish_left_alone(struct aws_call *call)
{
	struct aws_error error;

	if (finish_with_last(call))
		return;
	set_left_alone(&error, call);
	finish(call, &error, NULL);
}

static void
finish_late(struct aws_call *call)
{
	const char *name = call->operation->name, *host = call->service->endpoint.host;
	struct aws_error error;

	if (call->stage == STAGE_SENT) {
		/* Whoever does not answer before our deadlines shall be left alone too. */
		aws_error_set(&error, AWS_NETWORK, "no answer from %s to %s before the deadline", host, name);
		place_note_end(call->place, call->service, &error, call->is_trial);
		call->is_trial = false;
		error.fault = AWS_LATE;
		finish(call, &error, NULL);
		return;
	}
	if (finish_with_last(call))
		return;
	if (call->stage == STAGE_PACE)
		aws_error_set(&error, AWS_LATE,
		    "%s was not sent before the deadline: %zu calls wait for their turn at %.4g a second", name,
		    pace_waiting(call->place->pace, name), pace_rate(call->place->pace, name));
	else if (call->stage == STAGE_GATE)
		aws_error_set(&error, AWS_LATE,
		    "%s was not sent before the deadline: all connections to %s were in use", name, host);
	else
		aws_error_set(
		    &error, AWS_LATE, "%s was not sent before the deadline: there were no credentials yet", name);
	finish(call, &error, NULL);
}

/* ---- timers ---- */

static void
set_timer(struct aws_call *call, int64_t ms)
{
	struct timeval wait = clock_wait(ms > 0 ? ms : 0);

	event_add(&call->timer, &wait);
}

static void
set_deadline(struct aws_call *call)
{
	if (call->deadline_ms != 0)
		set_timer(call, call->deadline_ms - clock_mono_ms());
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	struct aws_call *call = arg;

	(void)fd;
	(void)what;
	switch (call->stage) {
	case STAGE_ENDING:
		finish_unsent(call);
		break;
	case STAGE_BACKOFF:
		set_deadline(call);
		enter_pace(call, call->urgent);
		break;
	case STAGE_PACE:
	case STAGE_CREDENTIALS:
	case STAGE_GATE:
	case STAGE_SENT:
		finish_late(call);
		break;
	}
}

/* ---- what comes back ---- */

/* Once more, ahead of others, without counting as a retry: the attempt failed by what has been put right since. */
static void
send_again(struct aws_call *call, const struct aws_error *error)
{
	keep_last(call, error);
	call->retry.attempts--;
	aws_keys_unref(call->keys);
	call->keys = NULL;
	enter_pace(call, true);
}

/* Keys that AWS refuses are fetched anew, once a call. */
static void
handle_refused_keys(struct aws_call *call, struct aws_error *error, const struct http_answer *answer)
{
	creds_refused(call->place->creds, call->keys);
	if (call->rekeyed) {
		finish_noted(call, error, answer);
		return;
	}
	call->rekeyed = true;
	send_again(call, error);
}

/* InvalidSignatureException is said of both: of a signature that is too old and of one with another secret. */
static bool
is_about_time(const struct aws_error *error)
{
	static const char *const codes[] = {"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"};

	for (size_t i = 0; i < KD_COUNT(codes); i++) {
		if (strcmp(error->code, codes[i]) == 0)
			return true;
	}
	return strstr(error->message, "Signature expired") != NULL ||
	       strstr(error->message, "Signature not yet current") != NULL;
}

static void
handle_skew(struct aws_call *call, struct aws_error *error, const struct http_answer *answer)
{
	int64_t date_ms = http_answer_date_ms(answer), change_ms = 0;

	if (date_ms != 0) {
		place_learn_offset(call->place, call->service, date_ms - clock_now_ms());
		change_ms = llabs(call->place->offset_ms - call->offset_ms);
	}
	if (!call->resigned && change_ms >= OFFSET_MATTERS_MS) {
		call->resigned = true;
		send_again(call, error);
	} else if (is_about_time(error)) {
		finish_noted(call, error, answer);
	} else {
		error->fault = AWS_CREDENTIALS;
		handle_refused_keys(call, error, answer);
	}
}

/* Uniform in [0, 1). */
static double
draw(void)
{
	uint32_t bits;

	evutil_secure_rng_get_bytes(&bits, sizeof(bits));
	return (double)bits / 4294967296.0;
}

static void
handle_failure(struct aws_call *call, struct aws_error *error, const struct http_answer *answer)
{
	int64_t wait_ms = retry_next(&call->retry, &call->service->quota, error, draw());
	bool gives_up = wait_ms < 0 || (call->deadline_ms != 0 && clock_mono_ms() + wait_ms >= call->deadline_ms);

	if (error->fault == AWS_THROTTLED) {
		call->place->client->counts.throttled++;
		pace_slow_down(call->place->pace, call->operation->name);
		place_note_throttled(call->place, call->service, error, gives_up);
	}
	if (gives_up) {
		finish_noted(call, error, answer);
		return;
	}
	keep_last(call, error);
	aws_keys_unref(call->keys);
	call->keys = NULL;
	call->stage = STAGE_BACKOFF;
	set_timer(call, wait_ms);
}

/* Whom or what the message is about, where AWS's own words do not tell. */
static void
name_subject(const struct aws_call *call, struct aws_error *error)
{
	struct aws_error named;

	if (strncmp(error->message, "answered ", 9) == 0)
		aws_error_set(&named, error->fault, "%s %s", call->service->endpoint.host, error->message);
	else if (error->fault == AWS_THROTTLED || error->fault == AWS_SERVICE || error->fault == AWS_REFUSED)
		aws_error_set(&named, error->fault, "%s: %s", call->operation->name, error->message);
	else
		return;
	memcpy(error->message, named.message, sizeof(error->message));
}

/* Signed with a correction and accepted: is it still needed? */
static void
look_at_clock(const struct aws_call *call, const struct http_answer *answer)
{
	int64_t date_ms;

	if (call->place->offset_ms != 0 && (date_ms = http_answer_date_ms(answer)) != 0)
		place_learn_offset(call->place, call->service, date_ms - clock_now_ms());
}

static void
answer_cb(const struct http_answer *answer, void *arg)
{
	struct aws_call *call = arg;
	struct aws_error error;
	enum aws_fault fault = aws_error_read(&error, answer);

	call->transfer = NULL;
	gate_leave(call->place->client->gate, &call->ticket);
	if (fault == AWS_OK) {
		retry_success(&call->retry, &call->service->quota);
		look_at_clock(call, answer);
		finish_noted(call, &error, answer);
		return;
	}
	call->place->client->counts.failed++;
	name_subject(call, &error);
	if (fault == AWS_CLOCK)
		handle_skew(call, &error, answer);
	else if (fault == AWS_CREDENTIALS)
		handle_refused_keys(call, &error, answer);
	else
		handle_failure(call, &error, answer);
}

/* ---- what is sent ---- */

static void
count_attempt(struct aws_call *call)
{
	struct aws_counts *counts = &call->place->client->counts;

	counts->calls++;
	counts->metrics += call->metrics;
	counts->retries += call->last != NULL;
	call->operation->calls++;
	call->operation->metrics += call->metrics;
	call->retry.attempts++;
}

static void
send_now(struct aws_call *call)
{
	struct aws_error error;
	char *cause = NULL;

	call->stage = STAGE_SENT;
	call->offset_ms = call->place->offset_ms;
	call->transfer = client_send(call->place, call->service, call->keys, &call->message, answer_cb, call, &cause);
	if (call->transfer != NULL) {
		count_attempt(call);
		return;
	}
	aws_error_set(&error, AWS_REFUSED, "%s could not be sent: %s", call->operation->name, cause);
	free(cause);
	finish(call, &error, NULL);
}

/* ---- connection, credentials and pace ---- */

/*
 * Its turn at the pace was long ago, and so was that of others behind it: a service that did not answer for a while would get them all at once. One that weighs more than a call
 * has taken its share of the time to come, too.
 */
static bool
has_lost_its_turn(const struct aws_call *call)
{
	return call->weight <= 1 && aws_place_rate(call->place, call->operation->name) > 0 &&
	       clock_mono_ms() - call->turn_ms > TURN_LASTS_MS;
}

/* Much may have happened while it waited. */
static void
inside_cb(void *arg)
{
	struct aws_call *call = arg;

	if (!call->is_trial && service_is_closed(&call->service->health, clock_mono_ms())) {
		finish_left_alone(call);
	} else if (has_lost_its_turn(call)) {
		gate_leave(call->place->client->gate, &call->ticket);
		aws_keys_unref(call->keys);
		call->keys = NULL;
		enter_pace(call, true);
	} else {
		send_now(call);
	}
}

static void
enter_gate(struct aws_call *call)
{
	struct gate *gate = call->place->client->gate;

	call->stage = STAGE_GATE;
	if (gate_enter(gate, call->service->endpoint.host, call->urgent, &call->ticket, inside_cb, call))
		send_now(call);
}

/* Nothing was sent for want of keys: that is no failure of the service. */
static void
finish_without_keys(struct aws_call *call, const char *why)
{
	struct aws_error error;

	if (call->last == NULL || !call->rekeyed) {
		aws_error_set(&error, AWS_CREDENTIALS, "%s", why);
		finish(call, &error, NULL);
		return;
	}
	aws_error_set(&error, AWS_CREDENTIALS, "%s: %s", why, call->last->message);
	error.status = call->last->status;
	memcpy(error.code, call->last->code, sizeof(error.code));
	finish_noted(call, &error, NULL);
}

static void
keys_cb(struct aws_keys *keys, const char *why, void *arg)
{
	struct aws_call *call = arg;

	call->creds_wait = NULL;
	if (keys == NULL) {
		finish_without_keys(call, why);
		return;
	}
	call->keys = aws_keys_ref(keys);
	enter_gate(call);
}

/* The call may be over when creds_get has called back from within. */
static void
get_keys(struct aws_call *call)
{
	struct creds_wait *wait;

	call->stage = STAGE_CREDENTIALS;
	if ((wait = creds_get(call->place->creds, keys_cb, call)) != NULL)
		call->creds_wait = wait;
}

static void
turn_cb(void *arg)
{
	struct aws_call *call = arg;

	call->pace_wait = NULL;
	call->turn_ms = clock_mono_ms();
	if (call->weight > 1)
		pace_take(call->place->pace, call->operation->name, call->weight - 1);
	if (!call->is_trial) {
		enum service_gate gate = service_enter(&call->service->health, clock_mono_ms());

		if (gate == SERVICE_CLOSED) {
			finish_left_alone(call);
			return;
		}
		call->is_trial = gate == SERVICE_TRIAL;
	}
	get_keys(call);
}

static void
enter_pace(struct aws_call *call, bool urgent)
{
	call->stage = STAGE_PACE;
	call->pace_wait = pace_enter(call->place->pace, call->operation->name, urgent, turn_cb, call);
}

/* ---- from outside ---- */

static char *
put_text(char **at, const char *text, size_t len)
{
	char *copy = *at;

	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	*at += len + 1;
	return copy;
}

static struct aws_call *
call_new(struct aws_place *place, const struct aws_request *request, aws_call_cb cb, void *arg)
{
	size_t target_len = request->target != NULL ? strlen(request->target) : 0,
	       type_len = strlen(request->content_type);
	struct aws_call *call = mem_new(sizeof(*call) + target_len + type_len + request->body_len + 3, 1);
	char *at = call->text;

	call->place = place;
	call->service = place_get_service(place, request->service);
	call->operation = place_get_operation(place, request->operation);
	call->urgent = request->urgent;
	call->deadline_ms = request->deadline_ms;
	call->metrics = request->metrics;
	call->weight = request->weight;
	call->cb = cb;
	call->arg = arg;
	if (request->target != NULL)
		call->message.target = put_text(&at, request->target, target_len);
	call->message.content_type = put_text(&at, request->content_type, type_len);
	call->message.body = put_text(&at, request->body, request->body_len);
	call->message.body_len = request->body_len;
	evtimer_assign(&call->timer, place->client->base, timer_cb, call);
	place->client->calls_under_way++;
	return call;
}

struct aws_call *
aws_call_start(struct aws_place *place, const struct aws_request *request, aws_call_cb cb, void *arg)
{
	struct aws_call *call = call_new(place, request, cb, arg);
	struct aws_error error;

	/* What stands in no row of operations.c stands in no policy either. */
	assert(aws_operations_find(request->service, request->operation) != NULL);
	if (call->service->endpoint_cause != NULL) {
		keep_last(call, aws_error_set(&error, AWS_REFUSED, "%s", call->service->endpoint_cause));
	} else if (service_is_closed(&call->service->health, clock_mono_ms())) {
		set_left_alone(&error, call);
		keep_last(call, &error);
	} else {
		set_deadline(call);
		enter_pace(call, call->urgent);
		return call;
	}
	call->stage = STAGE_ENDING;
	event_active(&call->timer, EV_TIMEOUT, 1);
	return call;
}

void
aws_call_cancel(struct aws_call *call)
{
	if (call != NULL)
		call_free(call);
}
