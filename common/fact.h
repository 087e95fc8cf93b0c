/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fact: the answer to a need, or the reason why there is none; shared (counted) and never changed once made. What
 * one judgement of one probe about one stream sees of them is struct kd_facts, in facts.h, which comes along.
 */
#ifndef KDIAG_FACT_H
#define KDIAG_FACT_H

#include <jansson.h>
#include <kdiag/probe.h>

struct fact;

/* Makers. The fact is the caller's reference. All strings are copied; arrays and their strings too. ms: when it was true. */
struct fact *fact_new_status(int64_t ms, const struct kd_stream_status *status);
struct fact *fact_new_summary(int64_t ms, const struct kd_stream_summary *summary);
struct fact *fact_new_shards(int64_t ms, const struct kd_shard *shards, size_t count);
struct fact *fact_new_consumers(int64_t ms, const struct kd_consumer *consumers, size_t count);
struct fact *fact_new_expect(int64_t ms, const struct kd_expect *expect);
/*
 * A missing fact. `why` is one sentence. `blame`, or NULL, names the finding that explains it, "PROBE/CHECK/SUBJECT" ("self/credentials/prod",
 * "stream_status/status/stream"): while that one is open, what could not be judged for this reason is not announced a second time.
 */
struct fact *fact_new_missing(enum kd_need_kind kind, enum kd_reason reason, const char *why, const char *blame);

struct fact *fact_ref(struct fact *fact);
void fact_unref(struct fact *fact);

enum kd_need_kind fact_kind(const struct fact *fact);
enum kd_reason fact_reason(const struct fact *fact);
const char *fact_why(const struct fact *fact);   /* "" when known */
const char *fact_blame(const struct fact *fact); /* NULL: none */
int64_t fact_ms(const struct fact *fact);        /* 0 when missing */
/* The value behind a known fact, as the kd_get_* return it; NULL when missing or of another kind. */
const void *fact_value(const struct fact *fact, enum kd_need_kind kind, size_t *count);

/* {"kind":"stream_status","time":…,"value":{…}} or {"kind":…,"missing":"denied","why":"…","blame":…}; round-trips. NULL: a sentence. */
json_t *fact_to_json(const struct fact *fact);
struct fact *fact_from_json(const json_t *object, char **cause);

/* "stream_summary" … ; NULL for a kind that does not exist. need_parse_kind gives 0 for an unknown name. */
const char *need_kind_name(enum kd_need_kind kind);
enum kd_need_kind need_parse_kind(const char *name);
bool need_equal(const struct kd_need *a, const struct kd_need *b);
/* "no_data", "denied" …; KD_KNOWN is NULL. reason_parse gives KD_KNOWN for an unknown name. */
const char *reason_name(enum kd_reason reason);
enum kd_reason reason_parse(const char *name);

#include "common/facts.h" /* what one judgement sees */

#endif
