/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fact: the answer to a need, or the reason why there is none; shared (counted) and never changed once made. What
 * one judgement of one probe about one stream sees of them is struct kd_facts, in facts.h, which comes along.
 */
#ifndef KDIAG_FACT_H
#define KDIAG_FACT_H

#include <jansson.h>
#include <kdiag/probe.h>

#include "common/need.h"

struct fact;

/* Makers. The fact is the caller's reference. All strings are copied; arrays and their strings too. ms: when it was true. */
struct fact *fact_new_status(int64_t ms, const struct kd_stream_status *status);
struct fact *fact_new_summary(int64_t ms, const struct kd_stream_summary *summary);
struct fact *fact_new_shards(int64_t ms, const struct kd_shard *shards, size_t count);
struct fact *fact_new_consumers(int64_t ms, const struct kd_consumer *consumers, size_t count);
struct fact *fact_new_expect(int64_t ms, const struct kd_expect *expect);
struct fact *fact_new_principals(int64_t ms, const struct kd_principals *principals);
struct fact *fact_new_log_groups(int64_t ms, const struct kd_log_group *groups, size_t count);
/*
 * The series that answer a KD_METRIC need (resolved, see need.h; its period goes for them all), each at most as long as its window. Without any
 * datapoint of a KD_PER_STREAM metric this is the fact that is missing for KD_NO_DATA, with the sentence that says so.
 */
struct fact *fact_new_series(int64_t ms, const struct kd_need *need, const struct kd_series *series, size_t count);
/*
 * A missing fact. `why` is one sentence. `blame`, or NULL, names the finding that explains it, "PROBE/CHECK/SUBJECT" ("self/credentials/prod",
 * "stream_status/status/stream"): while that one is open, what could not be judged for this reason is not announced a second time.
 */
struct fact *fact_new_missing(enum kd_need_kind kind, enum kd_reason reason, const char *why, const char *blame);
/* The same of any need, a KD_METRIC among them (which only this one can tell apart). */
struct fact *fact_new_missing_need(
    const struct kd_need *need, enum kd_reason reason, const char *why, const char *blame);
/* Missing for KD_NO_DATA: a metric without a datapoint in its window. */
struct fact *fact_new_no_data(const struct kd_need *need);
/*
 * The answer to a need that asks for the same series with a shorter window, by the newest points of this one; a missing fact is missing for that need
 * too. NULL: this fact answers another need. The caller's reference.
 */
struct fact *fact_new_cut(struct fact *fact, const struct kd_need *need);

struct fact *fact_ref(struct fact *fact);
void fact_unref(struct fact *fact);

enum kd_need_kind fact_kind(const struct fact *fact);
const struct kd_need *fact_need(
    const struct fact *fact); /* which it answers: resolved, with its own copy of the metric's name */
enum kd_reason fact_reason(const struct fact *fact);
const char *fact_why(const struct fact *fact);   /* "" when known */
const char *fact_blame(const struct fact *fact); /* NULL: none */
int64_t fact_ms(const struct fact *fact);        /* 0 when missing */
/* The value behind a known fact, as the kd_get_* return it; NULL when missing or of another kind. */
const void *fact_value(const struct fact *fact, enum kd_need_kind kind, size_t *count);

/*
 * {"kind":"stream_status","time":…,"value":{…}} or {"kind":…,"missing":"denied","why":"…","blame":…}; round-trips. One of a metric says behind its kind which:
 * "metric":"IncomingRecords","stat":"Sum","per":"stream","period_s":60,"window_s":900,"shift_s":0, and its value is
 * [{"subject":null,"from":…,"values":[17,null,…]}]. NULL: a sentence.
 */
json_t *fact_to_json(const struct fact *fact);
struct fact *fact_from_json(const json_t *object, char **cause);

/* "no_data", "denied" …; KD_KNOWN is NULL. reason_parse gives KD_KNOWN for an unknown name. */
const char *reason_name(enum kd_reason reason);
enum kd_reason reason_parse(const char *name);

#include "common/facts.h" /* what one judgement sees */

#endif
