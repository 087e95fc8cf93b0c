/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric: owns the table of AWS/Kinesis's metrics (Kinesis developer guide, "Monitoring with CloudWatch"), how they
 * come of a minute's load, and how late they arrive.
 */
#include "test/awssim/metric.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "common/mem.h"
#include "test/awssim/load.h"
#include "test/awssim/seed.h"

enum { MINUTE_MS = 60000 };

/* FACTS 2: a minute is complete two minutes after its end at the latest, in good times: here it is after 90 s. */
enum { FIRST_SAMPLES_MS = 30000, COMPLETE_MS = 150000 };

const char *const metric_level_names[] = {"stream", "shard", "consumer"};

/* ---- from load to sums and counts ---- */

/* What all metrics of a minute are made of: sums, and the numbers of samples. */
struct sums {
	double records, bytes, read_records, read_bytes, age_ms;
	double single_calls, single_good, single_bytes, single_latency_ms;
	double batch_calls, batch_good_calls, batch_bytes, batch_latency_ms;
	double batch_total, batch_good, batch_failed, batch_throttled;
	double writes_refused, writes, puts;
	double reads_refused, reads, gets, gets_good, get_latency_ms, ages;
	double subscribes, subscribed, rate_exceeded, events, fan_records, fan_bytes, behind_ms;
	double age_ms_min, age_ms_max;
};

static void
sum_writes(const struct load *load, struct sums *sums)
{
	double good, refused = round(load->refused * load->single_share),
		     failed = round(load->failed * load->single_share);

	sums->single_calls = round(load->demand * load->single_share);
	refused = fmin(refused, sums->single_calls);
	failed = fmin(failed, sums->single_calls - refused);
	good = sums->single_calls - refused - failed;
	sums->single_good = good;
	sums->single_bytes = good * load->record_bytes;
	sums->single_latency_ms = sums->single_calls * load->put_latency_ms;
	sums->batch_total = load->demand - sums->single_calls;
	sums->batch_throttled = load->refused - refused;
	sums->batch_failed = load->failed - failed;
	sums->batch_good = sums->batch_total - sums->batch_throttled - sums->batch_failed;
	sums->batch_bytes = sums->batch_good * load->record_bytes;
	sums->batch_calls = ceil(sums->batch_total / load->batch);
	/* FACTS: a call counts as good with a single record that got in. */
	sums->batch_good_calls = fmin(sums->batch_calls, sums->batch_good);
	sums->batch_latency_ms = sums->batch_calls * load->put_latency_ms;
	sums->records = load->accepted;
	sums->bytes = load->accepted * load->record_bytes;
	sums->writes_refused = load->refused;
	sums->writes = sums->single_calls + sums->batch_calls;
	sums->puts = fmin(sums->writes, load->accepted);
}

static void
sum_reads(const struct load *load, struct sums *sums)
{
	sums->gets = load->gets;
	sums->gets_good = load->gets - load->gets_failed;
	sums->get_latency_ms = load->gets * load->get_latency_ms;
	sums->reads_refused = load->gets_refused;
	sums->reads = load->gets + load->gets_refused;
	sums->read_records = load->records_read;
	sums->read_bytes = load->bytes_read;
	sums->ages = load->age_calls;
	sums->age_ms = load->age_ms_sum;
	sums->age_ms_min = load->age_ms_min;
	sums->age_ms_max = load->age_ms_max;
}

static void
sum_fan_out(const struct load_fan_out *load, struct sums *sums)
{
	sums->subscribes = load->subscribes;
	sums->rate_exceeded = load->refused;
	sums->subscribed = load->subscribes - load->refused;
	sums->events = load->events;
	sums->fan_records = load->records;
	sums->fan_bytes = load->bytes;
	sums->behind_ms = load->events * load->behind_ms;
}

static void
sum_up(const struct metric_subject *subject, int64_t ms, struct sums *sums)
{
	struct load_fan_out fan_out;
	struct load load;

	memset(sums, 0, sizeof(*sums));
	if (subject->consumer != NULL) {
		load_of_consumer(subject->stream, subject->consumer, ms, &fan_out);
		sum_fan_out(&fan_out, sums);
		return;
	}
	if (subject->shard != NULL)
		load_of_shard(subject->stream, subject->shard, ms, &load);
	else
		load_of_stream(subject->stream, ms, &load);
	sum_writes(&load, sums);
	sum_reads(&load, sums);
}

/* ---- the table ---- */

/* How the samples of a minute lie around their mean. */
enum spread {
	SPREAD_EVEN, /* from half of it to three times */
	SPREAD_YES,  /* each is 0 or 1 */
	SPREAD_RARE, /* most are 0 */
	SPREAD_NONE, /* all the same */
	SPREAD_AGE,  /* as the load says */
};

struct metric {
	const char *name;
	size_t sum, samples; /* members of struct sums */
	enum metric_level level;
	enum spread spread;
};

#define SUM(member) offsetof(struct sums, member)

static const struct metric metrics[] = {
    {"IncomingRecords", SUM(records), SUM(puts), METRIC_STREAM, SPREAD_EVEN},
    {"IncomingBytes", SUM(bytes), SUM(puts), METRIC_STREAM, SPREAD_EVEN},
    {"PutRecord.Bytes", SUM(single_bytes), SUM(single_good), METRIC_STREAM, SPREAD_EVEN},
    {"PutRecord.Latency", SUM(single_latency_ms), SUM(single_calls), METRIC_STREAM, SPREAD_EVEN},
    {"PutRecord.Success", SUM(single_good), SUM(single_calls), METRIC_STREAM, SPREAD_YES},
    {"PutRecords.Bytes", SUM(batch_bytes), SUM(batch_good_calls), METRIC_STREAM, SPREAD_EVEN},
    {"PutRecords.Latency", SUM(batch_latency_ms), SUM(batch_calls), METRIC_STREAM, SPREAD_EVEN},
    {"PutRecords.Success", SUM(batch_good_calls), SUM(batch_calls), METRIC_STREAM, SPREAD_YES},
    {"PutRecords.TotalRecords", SUM(batch_total), SUM(batch_calls), METRIC_STREAM, SPREAD_EVEN},
    {"PutRecords.SuccessfulRecords", SUM(batch_good), SUM(batch_calls), METRIC_STREAM, SPREAD_EVEN},
    {"PutRecords.FailedRecords", SUM(batch_failed), SUM(batch_calls), METRIC_STREAM, SPREAD_RARE},
    {"PutRecords.ThrottledRecords", SUM(batch_throttled), SUM(batch_calls), METRIC_STREAM, SPREAD_RARE},
    {"WriteProvisionedThroughputExceeded", SUM(writes_refused), SUM(writes), METRIC_STREAM, SPREAD_RARE},
    {"ReadProvisionedThroughputExceeded", SUM(reads_refused), SUM(reads), METRIC_STREAM, SPREAD_RARE},
    {"GetRecords.Bytes", SUM(read_bytes), SUM(gets), METRIC_STREAM, SPREAD_EVEN},
    {"GetRecords.Records", SUM(read_records), SUM(gets), METRIC_STREAM, SPREAD_EVEN},
    {"GetRecords.Latency", SUM(get_latency_ms), SUM(gets), METRIC_STREAM, SPREAD_EVEN},
    {"GetRecords.Success", SUM(gets_good), SUM(gets), METRIC_STREAM, SPREAD_YES},
    {"GetRecords.IteratorAgeMilliseconds", SUM(age_ms), SUM(ages), METRIC_STREAM, SPREAD_AGE},
    {"IncomingRecords", SUM(records), SUM(puts), METRIC_SHARD, SPREAD_EVEN},
    {"IncomingBytes", SUM(bytes), SUM(puts), METRIC_SHARD, SPREAD_EVEN},
    {"OutgoingRecords", SUM(read_records), SUM(gets), METRIC_SHARD, SPREAD_EVEN},
    {"OutgoingBytes", SUM(read_bytes), SUM(gets), METRIC_SHARD, SPREAD_EVEN},
    {"WriteProvisionedThroughputExceeded", SUM(writes_refused), SUM(writes), METRIC_SHARD, SPREAD_RARE},
    {"ReadProvisionedThroughputExceeded", SUM(reads_refused), SUM(reads), METRIC_SHARD, SPREAD_RARE},
    {"IteratorAgeMilliseconds", SUM(age_ms), SUM(ages), METRIC_SHARD, SPREAD_AGE},
    {"SubscribeToShard.Success", SUM(subscribed), SUM(subscribes), METRIC_CONSUMER, SPREAD_YES},
    {"SubscribeToShard.RateExceeded", SUM(rate_exceeded), SUM(subscribes), METRIC_CONSUMER, SPREAD_YES},
    {"SubscribeToShardEvent.Success", SUM(events), SUM(events), METRIC_CONSUMER, SPREAD_YES},
    {"SubscribeToShardEvent.Bytes", SUM(fan_bytes), SUM(events), METRIC_CONSUMER, SPREAD_EVEN},
    {"SubscribeToShardEvent.Records", SUM(fan_records), SUM(events), METRIC_CONSUMER, SPREAD_EVEN},
    {"SubscribeToShardEvent.MillisBehindLatest", SUM(behind_ms), SUM(events), METRIC_CONSUMER, SPREAD_NONE},
};

const struct metric *
metric_find(const char *name, enum metric_level level)
{
	for (size_t i = 0; i < KD_COUNT(metrics); i++)
		if (metrics[i].level == level && strcmp(metrics[i].name, name) == 0)
			return &metrics[i];
	return NULL;
}

/* ---- points ---- */

static double
member(const struct sums *sums, size_t offset)
{
	double value;

	memcpy(&value, (const char *)sums + offset, sizeof(value));
	return value;
}

static void
spread_out(const struct metric *metric, const struct sums *sums, struct datapoint *point)
{
	double mean = point->sum / point->samples;

	point->min = point->max = mean;
	switch (metric->spread) {
	case SPREAD_EVEN:
		point->min = mean / 2;
		point->max = mean * (point->samples > 1 ? 3 : 1);
		break;
	case SPREAD_YES:
		point->min = point->sum < point->samples ? 0 : 1;
		point->max = point->sum > 0 ? 1 : 0;
		break;
	case SPREAD_RARE:
		point->min = point->samples > 1 && point->sum < point->samples ? 0 : floor(mean);
		point->max = ceil(fmin(point->sum, mean * 3));
		break;
	case SPREAD_AGE:
		point->min = sums->age_ms_min;
		point->max = sums->age_ms_max;
		break;
	case SPREAD_NONE:
		break;
	}
}

static void
make_point(const struct metric *metric, const struct metric_subject *subject, int64_t ms, struct datapoint *point)
{
	struct sums sums;

	sum_up(subject, ms, &sums);
	*point = (struct datapoint){.sum = member(&sums, metric->sum), .samples = member(&sums, metric->samples)};
	if (point->samples == 0 || isnan(point->sum))
		*point = (struct datapoint){0};
	else
		spread_out(metric, &sums, point);
}

/* Is the row about this subject and metric? */
static bool
is_about(const struct traffic_metric *row, const struct metric *metric, const struct metric_subject *subject)
{
	const char *consumer = subject->consumer == NULL ? NULL : subject->consumer->name;

	return strcmp(row->name, metric->name) == 0 &&
	       row->shard == (subject->shard == NULL ? -1 : subject->shard->number) &&
	       (row->consumer == NULL ? consumer == NULL : consumer != NULL && strcmp(row->consumer, consumer) == 0);
}

/* A metric by a formula of its own; false: it has none. */
static bool
make_own_point(const struct traffic *traffic, const struct metric *metric, const struct metric_subject *subject,
    int64_t ms, struct datapoint *point)
{
	for (size_t i = 0; i < traffic->metrics_count; i++) {
		const struct traffic_metric *row = &traffic->metrics[i];
		double value, samples;

		if (!is_about(row, metric, subject))
			continue;
		value = formula_at(&row->value, ms, subject->stream->salt + TRAFFIC_RATES + i);
		samples = round(formula_at(&row->samples, ms, subject->stream->salt));
		*point = (struct datapoint){0};
		if (!isnan(value) && samples >= 1)
			*point =
			    (struct datapoint){.samples = samples, .sum = value * samples, .min = value, .max = value};
		return true;
	}
	return false;
}

/* Does this minute of the stream come late? Always the same answer. */
static bool
is_late(const struct traffic *traffic, const struct stream *stream, int64_t ms)
{
	struct seed seed;

	seed_init(&seed, ms, ~stream->salt);
	return traffic->late.share > 0 && seed_fraction(&seed) < traffic->late.share;
}

/* How much of a minute has arrived by now: its samples come one after the other. */
static double
arrived(const struct traffic *traffic, const struct stream *stream, int64_t ms, int64_t now_ms)
{
	int64_t since_end_ms = now_ms - ms - MINUTE_MS;

	if (is_late(traffic, stream, ms) && since_end_ms < traffic->late.after_ms)
		return since_end_ms < traffic->late.after_ms / 2 ? 0 : traffic->late.first;
	if (now_ms - ms < FIRST_SAMPLES_MS)
		return 0;
	return (double)(now_ms - ms) / COMPLETE_MS;
}

void
metric_point(const struct metric *metric, const struct metric_subject *subject, int64_t ms, int64_t now_ms,
    struct datapoint *point)
{
	const struct traffic *traffic = traffic_at(&subject->stream->traffic, ms);
	double share;

	*point = (struct datapoint){0};
	if (traffic == NULL || ms < subject->stream->created_ms)
		return;
	share = arrived(traffic, subject->stream, ms, now_ms);
	if (share <= 0)
		return;
	if (!make_own_point(traffic, metric, subject, ms, point))
		make_point(metric, subject, ms, point);
	datapoint_keep(point, share);
}
