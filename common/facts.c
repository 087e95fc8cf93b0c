/* SPDX-License-Identifier: Apache-2.0 */
/* facts: owns what one judgement sees, its JSON document, and the getters that probes have for it; fetches nothing. */
#include "common/facts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/facts_iam.h"
#include "common/json.h"
#include "common/json_time.h"
#include "common/mem.h"
#include "common/text.h"

/* Bounds on a document from outside. An ARN of a stream is under 200 bytes; a state is what kd_keep_state() takes. */
enum { FACTS_VERSION = 1, NAME_BYTES_MAX = 256, STATE_BYTES_MAX = 1024 * 1024 };

struct seen_fact {
	struct fact *fact;
	struct facts_iam *iam; /* what its policies allow, of KD_PRINCIPALS; else NULL */
};

struct kd_facts {
	struct stream_id *stream;
	int64_t now_ms;
	char *state;
	struct seen_fact *list;
	size_t count, room;
};

struct kd_facts *
facts_new(struct stream_id *stream, int64_t now_ms, const char *state)
{
	struct kd_facts *facts = mem_new(1, sizeof(*facts));

	facts->stream = stream_id_ref(stream);
	facts->now_ms = now_ms;
	facts->state = mem_strdup(state);
	return facts;
}

void
facts_free(struct kd_facts *facts)
{
	if (facts == NULL)
		return;
	for (size_t i = 0; i < facts->count; i++) {
		facts_iam_free(facts->list[i].iam);
		fact_unref(facts->list[i].fact);
	}
	free(facts->list);
	free(facts->state);
	stream_id_unref(facts->stream);
	free(facts);
}

void
facts_add_taken(struct kd_facts *facts, struct fact *fact)
{
	const struct kd_principals *principals = fact_value(fact, KD_PRINCIPALS, NULL);

	if (facts->count == facts->room) {
		facts->room = facts->room * 2 + 8;
		facts->list = mem_resize(facts->list, facts->room, sizeof(*facts->list));
	}
	facts->list[facts->count++] = (struct seen_fact){fact, principals != NULL ? facts_iam_new(principals) : NULL};
}

size_t
facts_count(const struct kd_facts *facts)
{
	return facts->count;
}

const struct fact *
facts_at(const struct kd_facts *facts, size_t need)
{
	assert(need < facts->count);
	return facts->list[need].fact;
}

struct stream_id *
facts_stream(const struct kd_facts *facts)
{
	return facts->stream;
}

/* ---- what probes see: a wrong index is the probe's bug, and no reason for the host to die ---- */

int64_t
kd_now_ms(const struct kd_facts *facts)
{
	return facts->now_ms;
}

const char *
kd_stream_name(const struct kd_facts *facts)
{
	return facts->stream->name;
}

const char *
kd_stream_region(const struct kd_facts *facts)
{
	return facts->stream->region;
}

const char *
kd_stream_arn(const struct kd_facts *facts)
{
	return facts->stream->arn;
}

const char *
kd_state(const struct kd_facts *facts)
{
	return facts->state;
}

enum kd_reason
kd_missing(const struct kd_facts *facts, size_t need)
{
	return need < facts->count ? fact_reason(facts->list[need].fact) : KD_FAILED;
}

const char *
kd_missing_why(const struct kd_facts *facts, size_t need)
{
	return need < facts->count ? fact_why(facts->list[need].fact)
				   : "the probe asks for a need that it does not have";
}

int64_t
kd_fact_ms(const struct kd_facts *facts, size_t need)
{
	return need < facts->count ? fact_ms(facts->list[need].fact) : 0;
}

static const void *
get_value(const struct kd_facts *facts, size_t need, enum kd_need_kind kind, size_t *count)
{
	if (need < facts->count)
		return fact_value(facts->list[need].fact, kind, count);
	if (count != NULL)
		*count = 0;
	return NULL;
}

const struct kd_stream_status *
kd_get_status(const struct kd_facts *facts, size_t need)
{
	return get_value(facts, need, KD_STREAM_STATUS, NULL);
}

const struct kd_stream_summary *
kd_get_summary(const struct kd_facts *facts, size_t need)
{
	return get_value(facts, need, KD_STREAM_SUMMARY, NULL);
}

const struct kd_shard *
kd_get_shards(const struct kd_facts *facts, size_t need, size_t *count)
{
	return get_value(facts, need, KD_SHARDS, count);
}

const struct kd_consumer *
kd_get_consumers(const struct kd_facts *facts, size_t need, size_t *count)
{
	return get_value(facts, need, KD_CONSUMERS, count);
}

const struct kd_series *
kd_get_series(const struct kd_facts *facts, size_t need, size_t *count)
{
	return get_value(facts, need, KD_METRIC, count);
}

const struct kd_log_group *
kd_get_log_groups(const struct kd_facts *facts, size_t need, size_t *count)
{
	return get_value(facts, need, KD_LOG_GROUPS, count);
}

const struct kd_expect *
kd_get_expect(const struct kd_facts *facts, size_t need)
{
	return get_value(facts, need, KD_EXPECT, NULL);
}

const struct kd_principals *
kd_get_principals(const struct kd_facts *facts, size_t need)
{
	return get_value(facts, need, KD_PRINCIPALS, NULL);
}

struct kd_iam_answer
kd_iam_decide(const struct kd_facts *facts, size_t need, size_t principal, const char *action, const char *resource)
{
	if (need < facts->count && facts->list[need].iam != NULL)
		return facts_iam_decide(facts->list[need].iam, facts->stream->arn, principal, action, resource);
	return (struct kd_iam_answer){
	    .decision = KD_IAM_UNKNOWN, .reason = kd_missing(facts, need), .why = kd_missing_why(facts, need)};
}

const struct kd_statement *
kd_iam_statements(const struct kd_facts *facts, size_t need, size_t principal, size_t *count)
{
	*count = 0;
	if (need < facts->count && facts->list[need].iam != NULL)
		return facts_iam_statements(facts->list[need].iam, facts->stream->arn, principal, count);
	return NULL;
}

/* ---- the document ---- */

json_t *
facts_to_json(const struct kd_facts *facts)
{
	json_t *object = json_object(), *list = json_array();

	json_object_set_new(object, "v", json_integer(FACTS_VERSION));
	json_time_set(object, "time", facts->now_ms);
	json_set_text(object, "account", facts->stream->account);
	json_set_text(object, "region", facts->stream->region);
	json_set_text(object, "stream", facts->stream->name);
	json_set_text(object, "arn", facts->stream->arn);
	json_set_text(object, "state", facts->state);
	for (size_t i = 0; i < facts->count; i++)
		json_array_append_new(list, fact_to_json(facts->list[i].fact));
	json_object_set_new(object, "facts", list);
	return object;
}

static struct stream_id *
stream_from_json(const json_t *document, char **cause)
{
	const char *account = "default", *region = "", *name = "", *arn = "";
	struct stream_id *stream;

	if (json_get_string(document, "account", &account, cause) < 0 ||
	    json_get_string(document, "region", &region, cause) < 0 ||
	    json_get_string(document, "stream", &name, cause) < 0 || json_get_string(document, "arn", &arn, cause) < 0)
		return NULL;
	if (!text_is_stream_name(name))
		return cause_null(
		    cause, "stream is no stream name (1 to 128 of letters, digits, \"_\", \".\" and \"-\")");
	if (!text_is_region(region))
		return cause_null(cause, "region is no region (write us-east-1)");
	if (strlen(account) > NAME_BYTES_MAX || strlen(arn) > NAME_BYTES_MAX)
		return cause_null(cause, "account or arn is longer than %d bytes", NAME_BYTES_MAX);
	stream = stream_id_new(account, region, name);
	stream_id_set_arn(stream, arn);
	return stream;
}

/* The document without its facts. */
static struct kd_facts *
head_from_json(const json_t *document, char **cause)
{
	int64_t version = FACTS_VERSION, now_ms = 0;
	const char *state = NULL;
	struct stream_id *stream;
	struct kd_facts *facts;

	if (!json_is_object(document))
		return cause_null(cause, "the facts are not an object");
	if (json_get_integer(document, "v", &version, cause) < 0 ||
	    json_time_get(document, "time", &now_ms, cause) < 0 ||
	    json_get_string(document, "state", &state, cause) < 0)
		return NULL;
	if (version != FACTS_VERSION)
		return cause_null(cause, "v is not %d, the form of facts that this kdiag reads", FACTS_VERSION);
	if (state != NULL && strlen(state) > STATE_BYTES_MAX)
		return cause_null(cause, "state is longer than %d bytes", STATE_BYTES_MAX);
	if ((stream = stream_from_json(document, cause)) == NULL)
		return NULL;
	facts = facts_new(stream, now_ms, state);
	stream_id_unref(stream);
	return facts;
}

/* Facts as they stand in the document, for any probe. */
struct given {
	struct fact **list;
	size_t count;
};

static int
given_read(struct given *given, const json_t *array, char **cause)
{
	size_t count = json_array_size(array);
	struct fact *fact;
	char *why = NULL;

	given->list = mem_new(count, sizeof(struct fact *));
	while (given->count < count) {
		if ((fact = fact_from_json(json_array_get(array, given->count), &why)) == NULL) {
			cause_set(cause, "fact %zu: %s", given->count + 1, why);
			free(why);
			return -1;
		}
		given->list[given->count++] = fact;
	}
	return 0;
}

static void
given_clear(struct given *given)
{
	for (size_t i = 0; i < given->count; i++)
		fact_unref(given->list[i]);
	free(given->list);
}

static struct fact *
given_find(const struct given *given, const struct kd_need *need)
{
	struct kd_need wanted = need_resolve(need, NULL);
	struct fact *cut = NULL;

	for (size_t i = 0; i < given->count; i++)
		if (need_equal(fact_need(given->list[i]), &wanted))
			return fact_ref(given->list[i]);
	for (size_t i = 0; i < given->count && cut == NULL; i++)
		cut = fact_new_cut(given->list[i], &wanted);
	return cut != NULL ? cut : fact_new_missing_need(need, KD_NO_DATA, "not in the facts given", NULL);
}

struct kd_facts *
facts_from_json(const json_t *document, const struct kd_need *needs, size_t count, char **cause)
{
	struct kd_facts *facts = head_from_json(document, cause);
	struct given given = {0};
	json_t *array = NULL;

	if (facts == NULL)
		return NULL;
	if (json_get_array(document, "facts", &array, cause) < 0 || given_read(&given, array, cause) != 0) {
		facts_free(facts);
		facts = NULL;
	}
	for (size_t i = 0; facts != NULL && i < count; i++)
		facts_add_taken(facts, given_find(&given, &needs[i]));
	given_clear(&given);
	return facts;
}
