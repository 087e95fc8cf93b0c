/* SPDX-License-Identifier: Apache-2.0 */
/* log_sources: owns the list of log groups and when each is saved. */
#include "daemon/log_sources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/log.h"
#include "common/mem.h"

enum {
	SAVE_MS = 15 * 60 * 1000,    /* a few hundred kilobytes each: what is lost by a crash is read again */
	SAVE_NEW_MS = 2 * 60 * 1000, /* after a new template: a crash would make it new once more */
};

struct log_source {
	LIST_ENTRY(log_source) link;
	struct log_sources *sources;
	unsigned refs;
	struct stream_id *key; /* of the keeper: "log-group:NAME" is no name of a stream */
	char *probe;
	char *name, *filter;
	struct log_group *group;
	int64_t saved_ms; /* 0: never */
};

struct log_sources {
	LIST_HEAD(, log_source) list;
	struct log_sources_memory memory;
	bool closed;
};

static const char key_prefix[] = "log-group:";

struct log_sources *
log_sources_new(void)
{
	struct log_sources *sources = mem_new(1, sizeof(*sources));

	LIST_INIT(&sources->list);
	return sources;
}

void
log_sources_remember(struct log_sources *sources, const struct log_sources_memory *memory)
{
	sources->memory = *memory;
}

/* text NULL: nothing any more. */
static void
keep(const struct log_source *source, const char *text)
{
	const struct log_sources_memory *memory = &source->sources->memory;

	if (memory->kept != NULL)
		memory->kept(source->key, source->probe, text, memory->arg);
}

static void
save(struct log_source *source)
{
	char *text;

	if (source->group == NULL || source->sources->memory.kept == NULL)
		return;
	text = log_group_save(source->group);
	if (strlen(text) <= LOG_GROUP_STATE_MAX)
		keep(source, text);
	free(text);
}

void
log_sources_close(struct log_sources *sources)
{
	struct log_source *source;

	sources->closed = true;
	LIST_FOREACH(source, &sources->list, link)
	save(source);
}

void
log_sources_free(struct log_sources *sources)
{
	free(sources);
}

/* ---- sources ---- */

static bool
is_called(
    const struct log_source *source, const char *account, const char *region, const char *name, const char *filter)
{
	if (strcmp(source->name, name) != 0 || strcmp(source->key->region, region) != 0 ||
	    strcmp(source->key->account, account) != 0)
		return false;
	return filter == NULL ? source->filter == NULL : source->filter != NULL && strcmp(source->filter, filter) == 0;
}

/* What was learnt before the start. A damaged memory is no reason to stop: learning starts anew. */
static void
recall(struct log_source *source)
{
	const struct log_sources_memory *memory = &source->sources->memory;
	char *text = memory->recall != NULL ? memory->recall(source->key, source->probe, memory->arg) : NULL;
	char *cause = NULL;

	if (text == NULL)
		return;
	source->group = log_group_load(text, &cause);
	if (source->group == NULL)
		log_warnx("what was learnt of the log group %s cannot be read, learning starts anew: %s", source->name,
		    cause);
	free(cause);
	free(text);
}

struct log_source *
log_sources_take(
    struct log_sources *sources, const char *account, const char *region, const char *name, const char *filter)
{
	struct log_source *source;
	char *key;

	LIST_FOREACH(source, &sources->list, link)
	{
		if (!is_called(source, account, region, name, filter))
			continue;
		source->refs++;
		return source;
	}
	source = mem_new(1, sizeof(*source));
	source->sources = sources;
	source->refs = 1;
	source->name = mem_strdup(name);
	source->filter = mem_strdup(filter);
	source->probe = mem_printf("logs%s%s", filter != NULL ? ":" : "", filter != NULL ? filter : "");
	key = mem_printf("%s%s", key_prefix, name);
	source->key = stream_id_new(account, region, key);
	free(key);
	LIST_INSERT_HEAD(&sources->list, source, link);
	recall(source);
	return source;
}

void
log_source_drop(struct log_source *source)
{
	if (--source->refs > 0)
		return;
	if (!source->sources->closed)
		keep(source, NULL);
	LIST_REMOVE(source, link);
	log_group_free(source->group);
	stream_id_unref(source->key);
	free(source->probe);
	free(source->name);
	free(source->filter);
	free(source);
}

const char *
log_source_name(const struct log_source *source)
{
	return source->name;
}

const char *
log_source_filter(const struct log_source *source)
{
	return source->filter;
}

struct log_group *
log_source_group(const struct log_source *source)
{
	return source->group;
}

struct log_group *
log_source_begin(struct log_source *source, int64_t since_ms)
{
	log_group_free(source->group);
	source->group = log_group_new(since_ms);
	return source->group;
}

void
log_source_save(struct log_source *source, int64_t now_ms)
{
	int64_t age_ms = now_ms - source->saved_ms;

	if (source->saved_ms != 0 && age_ms < SAVE_MS && (age_ms < SAVE_NEW_MS || !log_group_is_changed(source->group)))
		return;
	save(source);
	source->saved_ms = now_ms;
}
