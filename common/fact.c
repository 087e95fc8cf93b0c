/* SPDX-License-Identifier: Apache-2.0 */
/* fact: one block of memory a fact, counted, and its JSON; knows nobody who asks or answers. */
#include "common/fact.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/fact_value.h"
#include "common/json.h"
#include "common/json_time.h"
#include "common/mem.h"
#include "common/series.h"

struct fact {
	unsigned refs;
	enum kd_reason reason;
	const struct kd_need *need; /* resolved; in its own block too, where it is more than a kind */
	int64_t ms;
	const char *why, *blame; /* these and the value lie behind the fact, in its own block */
	const void *value;
	size_t count;
};

static const char *const reason_names[] = {
    [KD_NO_DATA] = "no_data",
    [KD_DENIED] = "denied",
    [KD_THROTTLED] = "throttled",
    [KD_FAILED] = "failed",
    [KD_LATE] = "late",
    [KD_STALE] = "stale",
    [KD_NOT_CONFIGURED] = "not_configured",
};

/* ---- making ---- */

/* Facts that stay for long are of these: they take no room for a need of their own. */
static const struct kd_need plain_needs[] = {
    [KD_STREAM_STATUS] = {.kind = KD_STREAM_STATUS},
    [KD_STREAM_SUMMARY] = {.kind = KD_STREAM_SUMMARY},
    [KD_SHARDS] = {.kind = KD_SHARDS},
    [KD_CONSUMERS] = {.kind = KD_CONSUMERS},
    [KD_EXPECT] = {.kind = KD_EXPECT},
};

static bool
is_plain(enum kd_need_kind kind)
{
	return (size_t)kind < KD_COUNT(plain_needs);
}

/* NULL while the pack only counts. */
static struct kd_need *
pack_need(struct pack *pack, const struct kd_need *need)
{
	struct kd_need *copy = pack_space(pack, sizeof(*copy));
	const char *metric = pack_text(pack, need->metric);

	(void)pack_space(pack, 0);
	if (copy == NULL)
		return NULL;
	*copy = *need;
	copy->metric = metric;
	return copy;
}

/* A fact with used bytes behind it, which *pack then stands for, and its need in front of them. */
static struct fact *
make_block(const struct kd_need *need, struct pack *pack)
{
	struct kd_need resolved = need_resolve(need, NULL);
	struct pack head = {.used = sizeof(struct fact)};
	struct fact *fact;

	if (!is_plain(resolved.kind))
		(void)pack_need(&head, &resolved);
	fact = mem_new(head.used + pack->used, 1);
	head = (struct pack){.base = (char *)fact, .used = sizeof(*fact)};
	fact->refs = 1;
	fact->need = is_plain(resolved.kind) ? &plain_needs[resolved.kind] : pack_need(&head, &resolved);
	*pack = (struct pack){.base = (char *)fact + head.used};
	return fact;
}

static struct fact *
make_known(const struct kd_need *need, int64_t ms, const void *items, size_t count)
{
	struct pack pack = {0};
	struct fact *fact;

	(void)fact_value_pack(need->kind, &pack, items, count);
	fact = make_block(need, &pack);
	fact->ms = ms;
	fact->count = count;
	fact->value = fact_value_pack(need->kind, &pack, items, count);
	return fact;
}

static struct fact *
make_plain(enum kd_need_kind kind, int64_t ms, const void *items, size_t count)
{
	return make_known(&(struct kd_need){.kind = kind}, ms, items, count);
}

struct fact *
fact_new_status(int64_t ms, const struct kd_stream_status *status)
{
	return make_plain(KD_STREAM_STATUS, ms, status, 1);
}

struct fact *
fact_new_summary(int64_t ms, const struct kd_stream_summary *summary)
{
	return make_plain(KD_STREAM_SUMMARY, ms, summary, 1);
}

struct fact *
fact_new_shards(int64_t ms, const struct kd_shard *shards, size_t count)
{
	return make_plain(KD_SHARDS, ms, shards, count);
}

struct fact *
fact_new_consumers(int64_t ms, const struct kd_consumer *consumers, size_t count)
{
	return make_plain(KD_CONSUMERS, ms, consumers, count);
}

struct fact *
fact_new_expect(int64_t ms, const struct kd_expect *expect)
{
	return make_plain(KD_EXPECT, ms, expect, 1);
}

struct fact *
fact_new_log_groups(int64_t ms, const struct kd_log_group *groups, size_t count)
{
	return make_plain(KD_LOG_GROUPS, ms, groups, count);
}

/* Nothing to see in the window: of a stream's own metric that is no answer, and says nothing good. */
struct fact *
fact_new_no_data(const struct kd_need *need)
{
	char window[KD_AGE_SIZE], shift[KD_AGE_SIZE], *why;
	struct fact *fact;

	kd_age(need->window_s, window);
	if (need->shift_s == 0)
		why = mem_printf("no datapoint of %s in the last %s", need->metric, window);
	else
		why = mem_printf("no datapoint of %s in the %s that ended %s ago", need->metric, window,
		    kd_age(need->shift_s, shift));
	fact = fact_new_missing_need(need, KD_NO_DATA, why, NULL);
	free(why);
	return fact;
}

struct fact *
fact_new_series(int64_t ms, const struct kd_need *need, const struct kd_series *series, size_t count)
{
	struct kd_need resolved = need_resolve(need, NULL);
	struct kd_series *cut;
	struct fact *fact;

	assert(need->kind == KD_METRIC && (need->per != KD_PER_STREAM || count == 1));
	cut = mem_new(count, sizeof(*cut));
	for (size_t i = 0; i < count; i++) {
		cut[i] = series[i];
		cut[i].period_s = resolved.period_s;
		cut[i] = kd_series_tail(&cut[i], resolved.window_s);
	}
	if (need->per == KD_PER_STREAM && !series_has_point(cut))
		fact = fact_new_no_data(&resolved);
	else
		fact = make_known(&resolved, ms, cut, count);
	free(cut);
	return fact;
}

struct fact *
fact_new_principals(int64_t ms, const struct kd_principals *principals)
{
	return make_plain(KD_PRINCIPALS, ms, principals, 1);
}

struct fact *
fact_new_missing(enum kd_need_kind kind, enum kd_reason reason, const char *why, const char *blame)
{
	assert(kind != KD_METRIC);
	return fact_new_missing_need(&(struct kd_need){.kind = kind}, reason, why, blame);
}

struct fact *
fact_new_missing_need(const struct kd_need *need, enum kd_reason reason, const char *why, const char *blame)
{
	struct pack pack = {0};
	struct fact *fact;

	assert(reason_name(reason) != NULL);
	(void)pack_text(&pack, why);
	(void)pack_text(&pack, blame);
	fact = make_block(need, &pack);
	fact->reason = reason;
	fact->why = pack_text(&pack, why);
	fact->blame = pack_text(&pack, blame);
	return fact;
}

struct fact *
fact_new_cut(struct fact *fact, const struct kd_need *need)
{
	struct kd_need wanted = need_resolve(need, NULL);

	if (!need_same_series(fact->need, &wanted))
		return NULL;
	if (need_equal(fact->need, &wanted))
		return fact_ref(fact);
	if (fact->reason != KD_KNOWN && (fact->reason != KD_NO_DATA || fact->need->window_s < wanted.window_s))
		return fact_new_missing_need(&wanted, fact->reason, fact_why(fact), fact->blame);
	if (fact->need->window_s < wanted.window_s)
		return NULL;
	if (fact->reason != KD_KNOWN)
		return fact_new_no_data(&wanted);
	return fact_new_series(fact->ms, &wanted, fact->value, fact->count);
}

struct fact *
fact_ref(struct fact *fact)
{
	fact->refs++;
	return fact;
}

void
fact_unref(struct fact *fact)
{
	if (fact == NULL)
		return;
	assert(fact->refs > 0);
	if (--fact->refs == 0)
		free(fact);
}

/* ---- reading ---- */

enum kd_need_kind
fact_kind(const struct fact *fact)
{
	return fact->need->kind;
}

const struct kd_need *
fact_need(const struct fact *fact)
{
	return fact->need;
}

enum kd_reason
fact_reason(const struct fact *fact)
{
	return fact->reason;
}

const char *
fact_why(const struct fact *fact)
{
	return fact->why != NULL ? fact->why : "";
}

const char *
fact_blame(const struct fact *fact)
{
	return fact->blame;
}

int64_t
fact_ms(const struct fact *fact)
{
	return fact->ms;
}

const void *
fact_value(const struct fact *fact, enum kd_need_kind kind, size_t *count)
{
	bool there = fact->reason == KD_KNOWN && fact->need->kind == kind;

	if (count != NULL)
		*count = there ? fact->count : 0;
	return there ? fact->value : NULL;
}

/* ---- names ---- */

const char *
reason_name(enum kd_reason reason)
{
	return (size_t)reason < KD_COUNT(reason_names) ? reason_names[reason] : NULL;
}

enum kd_reason
reason_parse(const char *name)
{
	for (size_t i = 1; i < KD_COUNT(reason_names); i++)
		if (strcmp(reason_names[i], name) == 0)
			return (enum kd_reason)i;
	return KD_KNOWN;
}

/* ---- a fact's JSON ---- */

/* Which metric the fact answers. */
static void
set_metric(json_t *object, const struct kd_need *need)
{
	json_set_text(object, "metric", need->metric);
	json_set_text(object, "stat", need_stat_name(need->stat));
	json_set_text(object, "per", need_per_name(need->per));
	json_object_set_new(object, "period_s", json_integer(need->period_s));
	json_object_set_new(object, "window_s", json_integer(need->window_s));
	json_object_set_new(object, "shift_s", json_integer(need->shift_s));
}

json_t *
fact_to_json(const struct fact *fact)
{
	json_t *object = json_object();

	json_set_text(object, "kind", need_kind_name(fact->need->kind));
	if (fact->need->kind == KD_METRIC)
		set_metric(object, fact->need);
	if (fact->reason == KD_KNOWN) {
		json_time_set(object, "time", fact->ms);
		json_object_set_new(object, "value", fact_value_to_json(fact->need->kind, fact->value, fact->count));
		return object;
	}
	json_set_text(object, "missing", reason_name(fact->reason));
	json_set_text(object, "why", fact_why(fact));
	json_set_text(object, "blame", fact->blame);
	return object;
}

struct taking {
	const struct kd_need *need;
	int64_t ms;
	struct fact *fact; /* NULL, and why: the series do not answer the need */
	char *why;
};

/* What fact_new_series() is sure of when the series come from us. */
static int
check_series(const struct kd_need *need, const struct kd_series *series, size_t count, char **cause)
{
	if (need->per == KD_PER_STREAM && (count != 1 || series[0].subject != NULL))
		return cause_set(cause, "is not the one series, without a subject, that a stream has");
	for (size_t i = 0; i < count; i++)
		if (need->per != KD_PER_STREAM && series[i].subject == NULL)
			return cause_set(cause, "entry %zu: subject is missing", i + 1);
	return 0;
}

static void
take_cb(const void *items, size_t count, void *arg)
{
	struct taking *taking = arg;

	if (taking->need->kind != KD_METRIC)
		taking->fact = make_known(taking->need, taking->ms, items, count);
	else if (check_series(taking->need, items, count, &taking->why) == 0)
		taking->fact = fact_new_series(taking->ms, taking->need, items, count);
}

/* The strings are borrowed from the object. Members that are absent: a period of 60 s, of the stream, up to now. */
static int
metric_from_json(const json_t *object, struct kd_need *need, char **cause)
{
	const char *stat = "", *per = "stream";
	char *why = NULL;

	if (json_get_string(object, "metric", &need->metric, cause) < 0 ||
	    json_get_string(object, "stat", &stat, cause) < 0 || json_get_string(object, "per", &per, cause) < 0 ||
	    json_get_integer(object, "period_s", &need->period_s, cause) < 0 ||
	    json_get_integer(object, "window_s", &need->window_s, cause) < 0 ||
	    json_get_integer(object, "shift_s", &need->shift_s, cause) < 0)
		return -1;
	if ((need->stat = need_parse_stat(stat)) == 0)
		return cause_set(cause, "stat is no statistic (write Sum, Average, Maximum)");
	if (need_parse_per(per, &need->per) != 0)
		return cause_set(cause, "per is none of stream, shard and consumer");
	if (need_check(need, NULL, 0, &why) == 0)
		return 0;
	cause_set(cause, "the metric %s", why);
	free(why);
	return -1;
}

static struct fact *
missing_from_json(const struct kd_need *need, const char *missing, const json_t *object, char **cause)
{
	const char *why = "", *blame = NULL;

	if (reason_parse(missing) == KD_KNOWN)
		return cause_null(cause, "missing is no reason (write no_data, denied, failed)");
	if (json_get_string(object, "why", &why, cause) < 0 || json_get_string(object, "blame", &blame, cause) < 0)
		return NULL;
	return fact_new_missing_need(need, reason_parse(missing), why, blame);
}

static struct fact *
known_from_json(const struct kd_need *need, const json_t *object, char **cause)
{
	struct taking taking = {.need = need};

	if (json_time_get(object, "time", &taking.ms, cause) < 0)
		return NULL;
	(void)fact_value_from_json(need->kind, json_object_get(object, "value"), take_cb, &taking, &taking.why);
	if (taking.fact == NULL)
		cause_set(cause, "value of %s: %s", need_kind_name(need->kind), taking.why);
	free(taking.why);
	return taking.fact;
}

struct fact *
fact_from_json(const json_t *object, char **cause)
{
	const char *name = NULL, *missing;
	struct kd_need need = {0};
	int there;

	if (!json_is_object(object))
		return cause_null(cause, "a fact is not an object");
	if ((there = json_get_string(object, "kind", &name, cause)) < 0)
		return NULL;
	if (there == 0 || (need.kind = need_parse_kind(name)) == 0)
		return cause_null(cause, "kind is no kind of fact (write stream_status, stream_summary, shards)");
	if (need.kind == KD_METRIC && metric_from_json(object, &need, cause) != 0)
		return NULL;
	if ((there = json_get_string(object, "missing", &missing, cause)) < 0)
		return NULL;
	return there == 1 ? missing_from_json(&need, missing, object, cause) : known_from_json(&need, object, cause);
}
