/* SPDX-License-Identifier: Apache-2.0 */
/* syslog_told: owns the list and its index; refuses to know what is done with either. */
#include "daemon/syslog_told.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

enum { BUCKETS = 1024 };

TAILQ_HEAD(told_order, told);
LIST_HEAD(told_bucket, told);

struct syslog_told {
	struct told_order order;
	struct told_bucket buckets[BUCKETS];
};

struct syslog_told *
syslog_told_new(void)
{
	struct syslog_told *list = mem_new(1, sizeof(*list));

	TAILQ_INIT(&list->order);
	return list;
}

void
syslog_told_free(struct syslog_told *list)
{
	struct told *told, *next;

	if (list == NULL)
		return;
	for (told = TAILQ_FIRST(&list->order); told != NULL; told = next) {
		next = TAILQ_NEXT(told, order);
		free(told);
	}
	free(list);
}

static size_t
bucket_of(const char *id)
{
	return strtoul(id, NULL, 16) % BUCKETS;
}

struct told *
syslog_told_find(const struct syslog_told *list, const char *id)
{
	struct told *told;

	LIST_FOREACH(told, &list->buckets[bucket_of(id)], same_bucket)
	if (strcmp(told->id, id) == 0)
		return told;
	return NULL;
}

void
syslog_told_drop(struct syslog_told *list, struct told *told)
{
	if (told == NULL)
		return;
	TAILQ_REMOVE(&list->order, told, order);
	LIST_REMOVE(told, same_bucket);
	free(told);
}

void
syslog_told_put(struct syslog_told *list, const char *id, bool announced, int64_t now_ms)
{
	struct told *told = syslog_told_find(list, id);

	if (told != NULL) {
		TAILQ_REMOVE(&list->order, told, order);
	} else {
		told = mem_new(1, sizeof(*told));
		memcpy(told->id, id, sizeof(told->id));
		LIST_INSERT_HEAD(&list->buckets[bucket_of(id)], told, same_bucket);
	}
	told->told_ms = now_ms;
	told->announced |= announced;
	TAILQ_INSERT_TAIL(&list->order, told, order);
}

struct told *
syslog_told_first(const struct syslog_told *list)
{
	return TAILQ_FIRST(&list->order);
}

struct told *
syslog_told_last(const struct syslog_told *list)
{
	return TAILQ_LAST(&list->order, told_order);
}
