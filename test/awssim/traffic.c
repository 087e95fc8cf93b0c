/* SPDX-License-Identifier: Apache-2.0 */
/* traffic: owns what producers and consumers do and since when; knows no shard, no metric and no file. */
#include "test/awssim/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* The latencies are what AWS's own examples show for a stream in the same region. */
const struct traffic_rate_row traffic_rates[TRAFFIC_RATES] = {
    [TRAFFIC_RECORDS] = {"records_per_s", false, 0, 0},
    [TRAFFIC_BYTES] = {"bytes_per_record", false, 1000, 0},
    [TRAFFIC_BATCH] = {"records_per_call", false, 100, 0},
    [TRAFFIC_SINGLE] = {"put_record_share", true, 0.1, 0},
    [TRAFFIC_FAILED] = {"put_failed_share", true, 0, 0},
    [TRAFFIC_BURSTS] = {"bursts", false, 1, 0},
    [TRAFFIC_PUT_LATENCY_MS] = {"put_latency_ms", false, 12, 0.2},
    [TRAFFIC_HOT_SHARE] = {"hot_share", true, 0, 0},
    [TRAFFIC_READERS] = {"readers", false, 1, 0},
    [TRAFFIC_POLLS] = {"polls_per_s", false, 1, 0},
    [TRAFFIC_AGE_S] = {"iterator_age_s", false, 0, 0},
    [TRAFFIC_STUCK_AGE_S] = {"stuck_age_s", false, 0, 0},
    [TRAFFIC_GET_LATENCY_MS] = {"get_latency_ms", false, 8, 0.2},
    [TRAFFIC_GET_FAILED] = {"get_failed_share", true, 0, 0},
};

struct traffic *
traffic_new(void)
{
	struct traffic *traffic = mem_new(1, sizeof(*traffic));

	traffic->references = 1;
	traffic->hot_shard = traffic->stuck_shard = -1;
	for (size_t i = 0; i < TRAFFIC_RATES; i++)
		traffic->rates[i] = (struct formula){.base = traffic_rates[i].base, .noise = traffic_rates[i].noise};
	return traffic;
}

static void
drop_consumers(struct traffic *traffic)
{
	for (size_t i = 0; i < traffic->consumers_count; i++) {
		free(traffic->consumers[i].name);
		formula_clear(&traffic->consumers[i].behind_s);
		formula_clear(&traffic->consumers[i].refused);
	}
	free(traffic->consumers);
}

static void
drop_metrics(struct traffic *traffic)
{
	for (size_t i = 0; i < traffic->metrics_count; i++) {
		free(traffic->metrics[i].name);
		free(traffic->metrics[i].consumer);
		formula_clear(&traffic->metrics[i].value);
		formula_clear(&traffic->metrics[i].samples);
	}
	free(traffic->metrics);
}

void
traffic_release(struct traffic *traffic)
{
	if (traffic == NULL || --traffic->references > 0)
		return;
	for (size_t i = 0; i < TRAFFIC_RATES; i++)
		formula_clear(&traffic->rates[i]);
	drop_consumers(traffic);
	drop_metrics(traffic);
	free(traffic);
}

/* ---- one over another ---- */

static void
copy_consumers(struct traffic *traffic, const struct traffic *from)
{
	traffic->consumers_count = from->consumers_count;
	traffic->consumers = mem_new(from->consumers_count, sizeof(*traffic->consumers));
	for (size_t i = 0; i < from->consumers_count; i++)
		traffic->consumers[i] = (struct traffic_consumer){
		    .name = mem_strdup(from->consumers[i].name),
		    .behind_s = formula_copy(&from->consumers[i].behind_s),
		    .refused = formula_copy(&from->consumers[i].refused),
		};
}

static void
copy_metrics(struct traffic *traffic, const struct traffic *from)
{
	traffic->metrics_count = from->metrics_count;
	traffic->metrics = mem_new(from->metrics_count, sizeof(*traffic->metrics));
	for (size_t i = 0; i < from->metrics_count; i++)
		traffic->metrics[i] = (struct traffic_metric){
		    .name = mem_strdup(from->metrics[i].name),
		    .consumer = mem_strdup(from->metrics[i].consumer),
		    .shard = from->metrics[i].shard,
		    .value = formula_copy(&from->metrics[i].value),
		    .samples = formula_copy(&from->metrics[i].samples),
		};
}

static struct traffic *
merge(const struct traffic *under, const struct traffic *over)
{
	struct traffic *traffic = traffic_new();

	for (size_t i = 0; i < TRAFFIC_RATES; i++)
		traffic->rates[i] = formula_copy(over->said[i] ? &over->rates[i] : &under->rates[i]);
	traffic->hot_shard = over->hot_said ? over->hot_shard : under->hot_shard;
	traffic->stuck_shard = over->stuck_said ? over->stuck_shard : under->stuck_shard;
	traffic->late = over->late_said ? over->late : under->late;
	copy_consumers(traffic, over->consumers_said ? over : under);
	copy_metrics(traffic, over->metrics_said ? over : under);
	return traffic;
}

/* The changes of what is said count from origin_ms. */
static void
set_origin(struct traffic *traffic, int64_t origin_ms)
{
	for (size_t i = 0; i < TRAFFIC_RATES; i++)
		traffic->rates[i].origin_ms = origin_ms;
	for (size_t i = 0; i < traffic->consumers_count; i++)
		traffic->consumers[i].behind_s.origin_ms = traffic->consumers[i].refused.origin_ms = origin_ms;
	for (size_t i = 0; i < traffic->metrics_count; i++)
		traffic->metrics[i].value.origin_ms = traffic->metrics[i].samples.origin_ms = origin_ms;
}

void
traffic_lay(struct traffic_history *history, struct traffic *over, int64_t since_ms, int64_t origin_ms)
{
	struct traffic *traffic = over;

	set_origin(over, origin_ms);
	if (history->count == 0)
		over->references++;
	else
		traffic = merge(history->periods[history->count - 1].traffic, over);
	if (history->count == TRAFFIC_PERIODS_MAX) {
		traffic_release(history->periods[1].traffic);
		history->count--;
		memmove(&history->periods[1], &history->periods[2], (history->count - 1) * sizeof(*history->periods));
	}
	history->periods = mem_resize(history->periods, history->count + 1, sizeof(*history->periods));
	history->periods[history->count++] = (struct traffic_period){.since_ms = since_ms, .traffic = traffic};
}

const struct traffic *
traffic_at(const struct traffic_history *history, int64_t ms)
{
	for (size_t i = history->count; i-- > 0;)
		if (history->periods[i].since_ms <= ms)
			return history->periods[i].traffic;
	return NULL;
}

void
traffic_history_clear(struct traffic_history *history)
{
	for (size_t i = 0; i < history->count; i++)
		traffic_release(history->periods[i].traffic);
	free(history->periods);
	*history = (struct traffic_history){0};
}
