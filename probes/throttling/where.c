/* SPDX-License-Identifier: Apache-2.0 */
/* where: which shards refuse, which of them the most, and how full it is meanwhile. */
#include <string.h>

#include "probes/throttling/throttling.h"

/* What a shard takes a second (Kinesis quotas). */
static const double shard_bytes = 1048576, shard_records = 1000;

const struct kd_series *
throttling_find_subject(const struct look *look, size_t need, const char *subject)
{
	size_t count;
	const struct kd_series *series = kd_get_series(look->facts, need, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(series[i].subject, subject) == 0)
			return &series[i];
	return NULL;
}

double
throttling_use(
    const struct kd_series *refused, const struct kd_series *bytes, const struct kd_series *records, double shards)
{
	double seconds = 0, byte_sum = 0, record_sum = 0, by_bytes, by_records;

	for (size_t i = 0; refused != NULL && i < refused->count; i++) {
		int64_t ms = refused->first_ms + (int64_t)i * refused->period_s * 1000;

		if (!(refused->values[i] > 0))
			continue;
		seconds += (double)refused->period_s;
		byte_sum += throttling_at(bytes, ms);
		record_sum += throttling_at(records, ms);
	}
	if (seconds <= 0 || shards <= 0)
		return 0;
	by_bytes = byte_sum / seconds / (shards * shard_bytes) * 100;
	by_records = record_sum / seconds / (shards * shard_records) * 100;
	return by_bytes > by_records ? by_bytes : by_records;
}

static double
use_of(const struct look *look, size_t need, const char *shard)
{
	const struct kd_series *bytes = throttling_find_subject(look, SHARD_IN_BYTES, shard);
	const struct kd_series *records = throttling_find_subject(look, SHARD_IN_RECORDS, shard);

	if (bytes == NULL && records == NULL)
		return -1;
	return throttling_use(throttling_find_subject(look, need, shard), bytes, records, 1);
}

struct hot
throttling_find_hot(const struct look *look, size_t need)
{
	struct hot hot = {0};
	const struct kd_series *series = kd_get_series(look->facts, need, &hot.shards);
	double sum;

	for (size_t i = 0; i < hot.shards; i++) {
		if (!kd_series_sum(&series[i], &sum) || sum <= 0)
			continue;
		hot.hit++;
		if (sum <= hot.most)
			continue;
		hot.most = sum;
		hot.id = series[i].subject;
	}
	if (hot.id != NULL)
		hot.use_percent = use_of(look, need, hot.id);
	return hot;
}

bool
throttling_is_uneven(const struct hot *hot)
{
	return hot->hit * 2 <= hot->shards;
}

const struct kd_shard *
throttling_find_shard(const struct look *look, const char *id)
{
	size_t count;
	const struct kd_shard *shards = kd_get_shards(look->facts, SHARDS, &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(shards[i].id, id) == 0)
			return &shards[i];
	return NULL;
}

bool
throttling_is_monitored(const struct look *look, const char *metric)
{
	for (size_t i = 0; i < look->summary->shard_metrics_count; i++)
		if (strcmp(look->summary->shard_metrics[i], metric) == 0)
			return true;
	return false;
}
