/* SPDX-License-Identifier: Apache-2.0 */
/* shards: the check that finds the one of 32 shards that is a day behind. */
#include <stdio.h>

#include "probes/iterator_age/lag.h"

struct shards {
	size_t count, read, behind;
	const struct kd_series *worst;
	struct lag lag;   /* of the worst */
	double others_ms; /* the second worst */
};

static struct shards
survey_shards(const struct look *look, const struct kd_series *series, size_t count)
{
	struct shards shards = {.count = count};
	struct lag lag;

	for (size_t i = 0; i < count; i++) {
		if (!lag_find(look, &series[i], &lag))
			continue;
		shards.read++;
		shards.behind += lag_severity(look, &lag) != KD_OK;
		if (shards.worst == NULL || lag.ms > shards.lag.ms) {
			shards.others_ms = shards.worst != NULL ? shards.lag.ms : 0;
			shards.worst = &series[i];
			shards.lag = lag;
		} else if (lag.ms > shards.others_ms) {
			shards.others_ms = lag.ms;
		}
	}
	return shards;
}

static void
report_shards(const struct look *look, const struct shards *shards)
{
	enum kd_severity severity = lag_severity(look, &shards->lag);
	char text[TEXT_SIZE], trend[TEXT_SIZE], age[KD_NUMBER_SIZE];

	lag_say(look, &shards->lag, text);
	if (severity == KD_OK)
		kd_find(look->out, CHECK_SHARD_LAG, NULL, KD_OK, "of %zu shards none is further behind than %s, %s",
		    shards->count, shards->worst->subject, text);
	else if (shards->behind == 1 && shards->count > 1)
		kd_find(look->out, CHECK_SHARD_LAG, NULL, severity,
		    "1 of %zu shards: %s is %s%s (the others at most %s)", shards->count, shards->worst->subject, text,
		    lag_say_trend(look, &shards->lag, trend), kd_millis(shards->others_ms, age));
	else
		kd_find(look->out, CHECK_SHARD_LAG, NULL, severity, "%zu of %zu shards; the worst, %s, is %s%s",
		    shards->behind, shards->count, shards->worst->subject, text,
		    lag_say_trend(look, &shards->lag, trend));
	lag_add_evidence(look, "iterator_age_ms", &shards->lag);
	kd_evidence_string(look->out, "shard", shards->worst->subject);
	kd_evidence_integer(look->out, "shards_behind", (int64_t)shards->behind);
	kd_evidence_integer(look->out, "shards_read", (int64_t)shards->read);
	if (severity != KD_OK)
		lag_next(look, &shards->lag);
}

void
lag_judge_shards(const struct look *look)
{
	size_t count;
	const struct kd_series *series = kd_get_series(look->facts, SHARD_AGE, &count);
	struct shards shards;

	if (series == NULL && kd_missing(look->facts, SHARD_AGE) == KD_NOT_CONFIGURED) {
		kd_find(look->out, CHECK_SHARD_LAG, NULL, KD_OK, "not looked at by shard: %s",
		    kd_missing_why(look->facts, SHARD_AGE));
		return;
	}
	if (series == NULL && kd_missing(look->facts, SHARD_AGE) != KD_NO_DATA) {
		kd_unknown(look->out, CHECK_SHARD_LAG, NULL, look->facts, SHARD_AGE);
		return;
	}
	shards = survey_shards(look, series, count);
	if (shards.worst == NULL)
		kd_find(look->out, CHECK_SHARD_LAG, NULL, KD_OK, "no GetRecords call on any shard");
	else
		report_shards(look, &shards);
}
