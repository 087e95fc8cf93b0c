/* SPDX-License-Identifier: Apache-2.0 */
/* load: owns what shards do with traffic: their limits, the split by hash key, the reader who is behind. */
#include "test/awssim/load.h"

#include <math.h>
#include <string.h>

#include "test/awssim/seed.h"

/* A shard's limits (FACTS 1): 1,000 records and 1 MiB written a second, 2 MiB and 5 GetRecords read. */
enum {
	MINUTE_S = 60,
	MINUTE_MS = 60000,
	RECORDS_MAX = 1000 * MINUTE_S,
	WRITE_MAX = 1024 * 1024 * MINUTE_S,
	READ_MAX = 2 * WRITE_MAX,
	GETS_MAX = 5 * MINUTE_S,
	CATCH_UP = 20,         /* a reader who is behind reads at most so many minutes of records in one */
	SUBSCRIBE_MINUTES = 5, /* a subscription to a shard lasts so long */
};

/* The stream's traffic in a minute, before it meets the shards. */
struct minute {
	const struct traffic *traffic;
	int64_t ms;
	double value[TRAFFIC_RATES];
};

static void
look_at(const struct stream *stream, int64_t ms, struct minute *minute)
{
	minute->ms = ms;
	minute->traffic = traffic_at(&stream->traffic, ms);
	for (size_t i = 0; minute->traffic != NULL && i < TRAFFIC_RATES; i++)
		minute->value[i] = formula_at(&minute->traffic->rates[i], ms, stream->salt + i);
}

static double
or_zero(double value)
{
	return isnan(value) ? 0 : value;
}

/* ---- shards ---- */

static bool
was_open(const struct stream_shard *shard, int64_t ms)
{
	return shard->opened_ms <= ms && (shard->closed_ms == 0 || shard->closed_ms > ms);
}

/* The share of all hash keys that a shard takes. */
static double
key_share(const struct stream_shard *shard)
{
	return ((double)(shard->last.high - shard->first.high) + 1) / 18446744073709551616.0; /* 2^64 */
}

static double
record_share(const struct minute *minute, const struct stream_shard *shard)
{
	double hot = minute->traffic->hot_shard < 0 ? 0 : or_zero(minute->value[TRAFFIC_HOT_SHARE]);

	return (1 - hot) * key_share(shard) + (minute->traffic->hot_shard == shard->number ? hot : 0);
}

/* A whole number whose mean is x: few records a minute must not round to none. */
static double
whole(double x, const struct stream *stream, const struct stream_shard *shard, int64_t ms)
{
	struct seed seed;

	if (x == floor(x))
		return x;
	seed_init(&seed, ms, stream->salt + (uint64_t)shard->number);
	return floor(x + seed_fraction(&seed));
}

/* ---- writes ---- */

struct writes {
	double demand, refused, failed, accepted;
};

static void
write_records(
    const struct stream *stream, const struct stream_shard *shard, const struct minute *minute, struct writes *writes)
{
	double bursts = fmax(1, or_zero(minute->value[TRAFFIC_BURSTS]));
	double bytes = fmax(1, or_zero(minute->value[TRAFFIC_BYTES]));
	double room = floor(fmin(RECORDS_MAX, WRITE_MAX / bytes) / bursts);
	double demand = or_zero(minute->value[TRAFFIC_RECORDS]) * MINUTE_S * record_share(minute, shard);

	writes->demand = whole(demand, stream, shard, minute->ms);
	writes->accepted = fmin(writes->demand, room);
	writes->refused = writes->demand - writes->accepted;
	writes->failed = round(writes->accepted * or_zero(minute->value[TRAFFIC_FAILED]));
	writes->accepted -= writes->failed;
}

/* ---- reads ---- */

/* How far the first reader is behind on a shard; NAN: nobody says. */
static double
age_ms(const struct stream *stream, const struct stream_shard *shard, int64_t ms)
{
	const struct traffic *traffic = traffic_at(&stream->traffic, ms);
	enum traffic_rate rate;

	if (traffic == NULL)
		return NAN;
	rate = traffic->stuck_shard == shard->number ? TRAFFIC_STUCK_AGE_S : TRAFFIC_AGE_S;
	return fmin(formula_at(&traffic->rates[rate], ms, stream->salt + rate) * 1000,
	    (double)stream->retention_hours * 3600000);
}

/*
 * What a reader reads in a minute who is behind_ms at its start and behind_next_ms at its end: the records that came
 * in while its place in the stream moved on.
 */
static double
records_behind(const struct stream *stream, const struct stream_shard *shard, const struct minute *now,
    double behind_ms, double behind_next_ms)
{
	double minutes = (MINUTE_MS + behind_ms - behind_next_ms) / MINUTE_MS;
	int64_t then_ms = now->ms - (int64_t)behind_ms / MINUTE_MS * MINUTE_MS;
	struct minute then = *now;
	struct writes writes;

	minutes = fmin(CATCH_UP, fmax(0, minutes));
	if (then_ms != now->ms)
		look_at(stream, then_ms, &then);
	if (then.traffic == NULL)
		return 0;
	write_records(stream, shard, &then, &writes);
	return round(writes.accepted * minutes);
}

static void
add_age(struct load *load, double calls, double ms)
{
	if (calls <= 0)
		return;
	load->age_ms_min = load->age_calls == 0 ? ms : fmin(load->age_ms_min, ms);
	load->age_ms_max = fmax(load->age_ms_max, ms);
	load->age_ms_sum += calls * ms;
	load->age_calls += calls;
}

/* The standard consumers of a shard, who share its five calls and its 2 MiB a second. */
static void
read_records(const struct stream *stream, const struct stream_shard *shard, const struct minute *minute,
    double accepted, struct load *load)
{
	double readers = floor(or_zero(minute->value[TRAFFIC_READERS]));
	double calls = round(readers * or_zero(minute->value[TRAFFIC_POLLS]) * MINUTE_S), room = GETS_MAX;
	double age = age_ms(stream, shard, minute->ms), next = age_ms(stream, shard, minute->ms + MINUTE_MS), records;
	double share;

	if (calls <= 0)
		return;
	records = isnan(age) || isnan(next) ? 0 : records_behind(stream, shard, minute, age, next);
	records += (readers - 1) * accepted;
	share = records * load->record_bytes <= READ_MAX ? 1 : READ_MAX / (records * load->record_bytes);
	load->gets = fmin(calls, floor(room * share));
	load->gets_refused = calls - load->gets;
	load->gets_failed = round(load->gets * or_zero(minute->value[TRAFFIC_GET_FAILED]));
	load->records_read = round(records * share);
	load->bytes_read = load->records_read * load->record_bytes;
	if (!isnan(age)) {
		add_age(load, round(load->gets / readers), age);
		add_age(load, load->gets - round(load->gets / readers), 0);
	}
}

/* ---- the minute ---- */

static void
add_shard(const struct stream *stream, const struct stream_shard *shard, const struct minute *minute, struct load *load)
{
	struct load one = {.record_bytes = load->record_bytes};
	struct writes writes;

	write_records(stream, shard, minute, &writes);
	read_records(stream, shard, minute, writes.accepted, &one);
	load->demand += writes.demand;
	load->refused += writes.refused;
	load->failed += writes.failed;
	load->accepted += writes.accepted;
	load->gets += one.gets;
	load->gets_refused += one.gets_refused;
	load->gets_failed += one.gets_failed;
	load->records_read += one.records_read;
	load->bytes_read += one.bytes_read;
	if (one.age_calls > 0) {
		load->age_ms_min = load->age_calls == 0 ? one.age_ms_min : fmin(load->age_ms_min, one.age_ms_min);
		load->age_ms_max = fmax(load->age_ms_max, one.age_ms_max);
		load->age_ms_sum += one.age_ms_sum;
		load->age_calls += one.age_calls;
	}
}

/* false: nothing is known of that minute. */
static bool
begin(const struct stream *stream, int64_t ms, struct minute *minute, struct load *load)
{
	memset(load, 0, sizeof(*load));
	look_at(stream, ms, minute);
	if (minute->traffic == NULL || ms < stream->created_ms)
		return false;
	load->record_bytes = round(fmax(1, or_zero(minute->value[TRAFFIC_BYTES])));
	load->single_share = or_zero(minute->value[TRAFFIC_SINGLE]);
	load->batch = fmax(1, floor(or_zero(minute->value[TRAFFIC_BATCH])));
	load->put_latency_ms = minute->value[TRAFFIC_PUT_LATENCY_MS];
	load->get_latency_ms = minute->value[TRAFFIC_GET_LATENCY_MS];
	return true;
}

void
load_of_shard(const struct stream *stream, const struct stream_shard *shard, int64_t ms, struct load *load)
{
	struct minute minute;

	if (begin(stream, ms, &minute, load) && was_open(shard, ms))
		add_shard(stream, shard, &minute, load);
}

/* Shards that a reshard has replaced are forgotten after the retention: what came before falls to those of today. */
static bool
some_was_open(const struct stream *stream, int64_t ms)
{
	for (size_t i = 0; i < stream->shards_count; i++)
		if (was_open(&stream->shards[i], ms))
			return true;
	return false;
}

void
load_of_stream(const struct stream *stream, int64_t ms, struct load *load)
{
	bool known = some_was_open(stream, ms);
	struct minute minute;

	if (!begin(stream, ms, &minute, load))
		return;
	for (size_t i = 0; i < stream->shards_count; i++)
		if (known ? was_open(&stream->shards[i], ms) : stream->shards[i].closed_ms == 0)
			add_shard(stream, &stream->shards[i], &minute, load);
}

/* ---- fan-out ---- */

static const struct traffic_consumer *
find_consumer(const struct traffic *traffic, const char *name)
{
	for (size_t i = 0; i < traffic->consumers_count; i++)
		if (strcmp(traffic->consumers[i].name, name) == 0)
			return &traffic->consumers[i];
	return NULL;
}

/* Behind, and the share of its calls that is refused; one of which nothing is said keeps up. */
static double
behind_ms(const struct stream *stream, const char *name, int64_t ms, double *refused)
{
	const struct traffic *traffic = traffic_at(&stream->traffic, ms);
	const struct traffic_consumer *consumer = traffic == NULL ? NULL : find_consumer(traffic, name);

	*refused = consumer == NULL ? 0 : or_zero(formula_at(&consumer->refused, ms, stream->salt));
	return consumer == NULL ? 0
				: fmin(formula_at(&consumer->behind_s, ms, stream->salt) * 1000,
				      (double)stream->retention_hours * 3600000);
}

void
load_of_consumer(
    const struct stream *stream, const struct stream_consumer *consumer, int64_t ms, struct load_fan_out *load)
{
	double refused, unused, next = behind_ms(stream, consumer->name, ms + MINUTE_MS, &unused), shards = 0;
	struct load all;
	struct minute minute;

	*load = (struct load_fan_out){.behind_ms = behind_ms(stream, consumer->name, ms, &refused)};
	if (!begin(stream, ms, &minute, &all) || consumer->status != KD_STATUS_ACTIVE || ms < stream->created_ms)
		return;
	for (size_t i = 0; i < stream->shards_count; i++) {
		if (!was_open(&stream->shards[i], ms))
			continue;
		shards++;
		if (!isnan(load->behind_ms) && !isnan(next))
			load->records += records_behind(stream, &stream->shards[i], &minute, load->behind_ms, next);
	}
	load->subscribes = ceil(shards / SUBSCRIBE_MINUTES);
	load->refused = round(load->subscribes * refused);
	load->events = isnan(load->behind_ms) || refused >= 1 ? 0 : shards * MINUTE_S;
	if (load->events == 0)
		load->records = 0;
	load->bytes = load->records * all.record_bytes;
}
