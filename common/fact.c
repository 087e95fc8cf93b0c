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

struct fact {
	unsigned refs;
	enum kd_need_kind kind;
	enum kd_reason reason;
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

/* A fact with used bytes behind it, which *pack then stands for. */
static struct fact *
make_block(enum kd_need_kind kind, struct pack *pack)
{
	struct pack head = {0};
	struct fact *fact;

	(void)pack_space(&head, sizeof(*fact));
	(void)pack_space(&head, 0);
	fact = mem_new(head.used + pack->used, 1);
	fact->refs = 1;
	fact->kind = kind;
	*pack = (struct pack){.base = (char *)fact + head.used};
	return fact;
}

static struct fact *
make_known(enum kd_need_kind kind, int64_t ms, const void *items, size_t count)
{
	struct pack pack = {0};
	struct fact *fact;

	(void)fact_value_pack(kind, &pack, items, count);
	fact = make_block(kind, &pack);
	fact->ms = ms;
	fact->count = count;
	fact->value = fact_value_pack(kind, &pack, items, count);
	return fact;
}

struct fact *
fact_new_status(int64_t ms, const struct kd_stream_status *status)
{
	return make_known(KD_STREAM_STATUS, ms, status, 1);
}

struct fact *
fact_new_summary(int64_t ms, const struct kd_stream_summary *summary)
{
	return make_known(KD_STREAM_SUMMARY, ms, summary, 1);
}

struct fact *
fact_new_shards(int64_t ms, const struct kd_shard *shards, size_t count)
{
	return make_known(KD_SHARDS, ms, shards, count);
}

struct fact *
fact_new_consumers(int64_t ms, const struct kd_consumer *consumers, size_t count)
{
	return make_known(KD_CONSUMERS, ms, consumers, count);
}

struct fact *
fact_new_expect(int64_t ms, const struct kd_expect *expect)
{
	return make_known(KD_EXPECT, ms, expect, 1);
}

struct fact *
fact_new_missing(enum kd_need_kind kind, enum kd_reason reason, const char *why, const char *blame)
{
	struct pack pack = {0};
	struct fact *fact;

	assert(reason_name(reason) != NULL);
	(void)pack_text(&pack, why);
	(void)pack_text(&pack, blame);
	fact = make_block(kind, &pack);
	fact->reason = reason;
	fact->why = pack_text(&pack, why);
	fact->blame = pack_text(&pack, blame);
	return fact;
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
	return fact->kind;
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
	bool there = fact->reason == KD_KNOWN && fact->kind == kind;

	if (count != NULL)
		*count = there ? fact->count : 0;
	return there ? fact->value : NULL;
}

/* ---- names ---- */

const char *
need_kind_name(enum kd_need_kind kind)
{
	return fact_value_name(kind);
}

enum kd_need_kind
need_parse_kind(const char *name)
{
	return fact_value_find(name);
}

bool
need_equal(const struct kd_need *a, const struct kd_need *b)
{
	return a->kind == b->kind;
}

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

json_t *
fact_to_json(const struct fact *fact)
{
	json_t *object = json_object();

	json_set_text(object, "kind", need_kind_name(fact->kind));
	if (fact->reason == KD_KNOWN) {
		json_time_set(object, "time", fact->ms);
		json_object_set_new(object, "value", fact_value_to_json(fact->kind, fact->value, fact->count));
		return object;
	}
	json_set_text(object, "missing", reason_name(fact->reason));
	json_set_text(object, "why", fact_why(fact));
	json_set_text(object, "blame", fact->blame);
	return object;
}

struct taking {
	enum kd_need_kind kind;
	int64_t ms;
	struct fact *fact;
};

static void
take_cb(const void *items, size_t count, void *arg)
{
	struct taking *taking = arg;

	taking->fact = make_known(taking->kind, taking->ms, items, count);
}

static struct fact *
missing_from_json(enum kd_need_kind kind, const char *missing, const json_t *object, char **cause)
{
	const char *why = "", *blame = NULL;

	if (reason_parse(missing) == KD_KNOWN)
		return cause_null(cause, "missing is no reason (write no_data, denied, failed)");
	if (json_get_string(object, "why", &why, cause) < 0 || json_get_string(object, "blame", &blame, cause) < 0)
		return NULL;
	return fact_new_missing(kind, reason_parse(missing), why, blame);
}

static struct fact *
known_from_json(enum kd_need_kind kind, const json_t *object, char **cause)
{
	struct taking taking = {.kind = kind};
	char *why = NULL;

	if (json_time_get(object, "time", &taking.ms, cause) < 0)
		return NULL;
	if (fact_value_from_json(kind, json_object_get(object, "value"), take_cb, &taking, &why) != 0) {
		cause_set(cause, "value of %s: %s", need_kind_name(kind), why);
		free(why);
	}
	return taking.fact;
}

struct fact *
fact_from_json(const json_t *object, char **cause)
{
	const char *name = NULL, *missing;
	enum kd_need_kind kind;
	int there;

	if (!json_is_object(object))
		return cause_null(cause, "a fact is not an object");
	if ((there = json_get_string(object, "kind", &name, cause)) < 0)
		return NULL;
	if (there == 0 || (kind = need_parse_kind(name)) == 0)
		return cause_null(cause, "kind is no kind of fact (write stream_status, stream_summary, shards)");
	if ((there = json_get_string(object, "missing", &missing, cause)) < 0)
		return NULL;
	return there == 1 ? missing_from_json(kind, missing, object, cause) : known_from_json(kind, object, cause);
}
