/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_history: owns the questions that are under way to the disk; refuses to know who asked. */
#include "daemon/keeper_history.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* Somebody waits for the disk. */
struct asking {
	const struct store *store;
	const struct store_rows *waiting;
	struct store_query query;
	store_history_cb done;
	void *arg;
};

static bool
fits(const struct store_query *query, const struct ledger_change *change)
{
	const struct stream_id *stream = change->finding->stream;

	if (query->stream != NULL &&
	    (stream == NULL || strcmp(stream->name, query->stream) != 0 || strcmp(stream->region, query->region) != 0 ||
		strcmp(stream->account, query->account) != 0))
		return false;
	if (query->id != NULL && strcmp(change->finding->id, query->id) != 0)
		return false;
	return change->ms >= query->since_ms && (query->until_ms == 0 || change->ms <= query->until_ms);
}

static void
add_rows(json_t *list, const struct store_query *query, const struct store_rows *rows)
{
	const json_t *last = json_array_get(list, json_array_size(list) - 1);
	uint64_t seq = last != NULL ? (uint64_t)json_integer_value(json_object_get(last, "seq")) : 0;

	for (size_t i = 0; rows != NULL && i < rows->changes_count; i++)
		if (rows->changes[i]->seq > seq && fits(query, rows->changes[i]))
			json_array_append_new(list, store_change_json(rows->changes[i]));
}

static void
asking_free(struct asking *asking)
{
	free(asking->query.account);
	free(asking->query.region);
	free(asking->query.stream);
	free(asking->query.id);
	free(asking);
}

static void
history_cb(json_t *list, const char *why, void *arg)
{
	struct asking *asking = arg;

	if (list != NULL) {
		add_rows(list, &asking->query, store_under_way(asking->store));
		add_rows(list, &asking->query, asking->waiting);
	}
	asking->done(list, why, asking->arg);
	asking_free(asking);
}

int
keeper_history_ask(struct store *store, const struct store_rows *waiting, const struct store_query *query,
    store_history_cb done, void *arg)
{
	struct asking *asking = mem_new(1, sizeof(*asking));

	*asking = (struct asking){.store = store, .waiting = waiting, .query = *query, .done = done, .arg = arg};
	asking->query.account = mem_strdup(query->account);
	asking->query.region = mem_strdup(query->region);
	asking->query.stream = mem_strdup(query->stream);
	asking->query.id = mem_strdup(query->id);
	if (store_history(store, query, history_cb, asking) == 0)
		return 0;
	asking_free(asking);
	return -1;
}
