/* SPDX-License-Identifier: Apache-2.0 */
/* lag: the level of an age against the retention, its trend, and the words for them. */
#include <inttypes.h>
#include <stdio.h>

#include "probes/iterator_age/lag.h"

/* From here on the oldest record is read as it expires: the age cannot grow past the retention. */
static const double pinned_percent = 98;

/* A second of lag gained or lost in 20 is a trend; a reader that stands still gains a second a second. */
static const double trend_ms_per_s = 50;

double
lag_retention_ms(const struct look *look)
{
	return (double)(look->summary->retention_hours > 0 ? look->summary->retention_hours : 24) * 3600e3;
}

/* Of a reader that asks seldom the smallest that was seen: what may be a spike is not believed. */
bool
lag_find_level(const struct kd_series *series, double *ms)
{
	struct kd_series late = kd_series_tail(series, LOOK_S);
	bool known = false;

	if (kd_series_level(&late, LEVEL_OF, ms))
		return true;
	for (size_t i = 0; i < late.count; i++)
		if (late.values[i] >= 0 && (!known || late.values[i] < *ms)) {
			*ms = late.values[i];
			known = true;
		}
	return known;
}

/* From the median of the older half to that of the newer: spikes in either do not turn it. */
static double
find_slope(const struct kd_series *series)
{
	struct kd_series older = *series, newer = *series;
	double before, after, slope;

	older.count = series->count / 2;
	newer.values += older.count;
	newer.count -= older.count;
	if (kd_series_known(&older) < LEVEL_OF || kd_series_known(&newer) < LEVEL_OF ||
	    !kd_series_median(&older, &before) || !kd_series_median(&newer, &after))
		return 0;
	slope = (after - before) / ((double)series->count / 2 * (double)series->period_s);
	return slope >= trend_ms_per_s || slope <= -trend_ms_per_s ? slope : 0;
}

bool
lag_find(const struct look *look, const struct kd_series *series, struct lag *lag)
{
	*lag = (struct lag){0};
	if (series == NULL || !lag_find_level(series, &lag->ms))
		return false;
	lag->percent = lag->ms / lag_retention_ms(look) * 100;
	lag->slope = find_slope(series);
	return true;
}

static bool
is_past(const struct look *look, const struct lag *lag, size_t percent, size_t duration)
{
	return lag->percent >= kd_percent(look->settings, percent) ||
	       (kd_is_set(look->settings, duration) &&
		   lag->ms >= 1000.0 * (double)kd_duration_s(look->settings, duration));
}

enum kd_severity
lag_severity(const struct look *look, const struct lag *lag)
{
	if (lag->percent >= pinned_percent || is_past(look, lag, CRITICAL, LAG_CRITICAL))
		return KD_CRITICAL;
	return is_past(look, lag, WARNING, LAG_WARNING) ? KD_WARNING : KD_OK;
}

const char *
lag_say(const struct look *look, const struct lag *lag, char text[TEXT_SIZE])
{
	char age[KD_NUMBER_SIZE], share[KD_NUMBER_SIZE];

	(void)snprintf(text, TEXT_SIZE, "%s behind (%s of %" PRId64 " h retention)", kd_millis(lag->ms, age),
	    kd_share(lag->percent, share), look->summary->retention_hours);
	return text;
}

const char *
lag_say_trend(const struct look *look, const struct lag *lag, char text[TEXT_SIZE])
{
	char age[KD_NUMBER_SIZE];

	if (lag->percent >= pinned_percent)
		(void)snprintf(text, TEXT_SIZE, ": records expire unread, data is being lost now");
	else if (lag->slope > 0)
		(void)snprintf(text, TEXT_SIZE, " and falling back; records are lost in %s",
		    kd_millis((lag_retention_ms(look) - lag->ms) / lag->slope * 1000, age));
	else if (lag->slope < 0)
		(void)snprintf(
		    text, TEXT_SIZE, " and catching up; done in %s", kd_millis(lag->ms / -lag->slope * 1000, age));
	else
		(void)snprintf(text, TEXT_SIZE, ", neither falling back nor catching up");
	return text;
}

void
lag_add_evidence(const struct look *look, const char *name, const struct lag *lag)
{
	kd_evidence_number(look->out, name, lag->ms);
	kd_evidence_integer(look->out, "retention_hours", look->summary->retention_hours);
	kd_evidence_number(look->out, "lag_percent", lag->percent);
	if (lag->slope != 0)
		kd_evidence_number(look->out, "slope_ms_per_s", lag->slope);
}

/* Longer retention is what saves unread records while the reader is mended. Kinesis keeps them for a year at most. */
static void
next_retention(const struct look *look)
{
	int64_t hours = look->summary->retention_hours * 2;

	if (look->summary->retention_hours >= 8760)
		return;
	kd_next(look->out,
	    "aws kinesis increase-stream-retention-period --stream-name %s --retention-period-hours %" PRId64
	    " --region %s",
	    kd_stream_name(look->facts), hours > 8760 ? 8760 : hours, kd_stream_region(look->facts));
}

/* Whoever reads with GetRecords; a Lambda function is the one that AWS can be asked about. */
void
lag_next_consumers(const struct look *look)
{
	const char *arn = kd_stream_arn(look->facts);

	if (arn[0] != '\0')
		kd_next(look->out, "aws lambda list-event-source-mappings --event-source-arn %s --region %s", arn,
		    kd_stream_region(look->facts));
	else
		kd_next(look->out, "aws kinesis describe-stream-summary --stream-name %s --region %s",
		    kd_stream_name(look->facts), kd_stream_region(look->facts));
}

void
lag_next(const struct look *look, const struct lag *lag)
{
	if (lag->slope > 0 || lag->percent >= pinned_percent)
		next_retention(look);
	else
		lag_next_consumers(look);
}
