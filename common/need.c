/* SPDX-License-Identifier: Apache-2.0 */
/* need: the names and bounds of needs; pure. */
#include "common/need.h"

#include <inttypes.h>
#include <string.h>

#include "common/mem.h"

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400 };

static const char *const kind_names[] = {
    [KD_STREAM_STATUS] = "stream_status",
    [KD_STREAM_SUMMARY] = "stream_summary",
    [KD_SHARDS] = "shards",
    [KD_CONSUMERS] = "consumers",
    [KD_EXPECT] = "expect",
    [KD_METRIC] = "metric",
    [KD_LOG_GROUPS] = "log_groups",
    [KD_PRINCIPALS] = "principals",
};

static const char *const stat_names[] = {
    [KD_SUM] = "Sum",
    [KD_AVERAGE] = "Average",
    [KD_MAXIMUM] = "Maximum",
    [KD_MINIMUM] = "Minimum",
    [KD_SAMPLE_COUNT] = "SampleCount",
};

static const char *const per_names[] = {
    [KD_PER_STREAM] = "stream",
    [KD_PER_SHARD] = "shard",
    [KD_PER_CONSUMER] = "consumer",
};

/* How long CloudWatch keeps points of a period below `period_s` (CloudWatch user guide, "Metrics retention"). */
static const struct {
	int64_t period_s, kept_s;
} retention[] = {{5 * MINUTE_S, INT64_C(15) * DAY_S}, {HOUR_S, INT64_C(63) * DAY_S}, {INT64_MAX, INT64_C(455) * DAY_S}};

/* ---- names ---- */

static const char *
name_at(const char *const *names, size_t count, size_t i)
{
	return i < count ? names[i] : NULL;
}

/* The index of a name; count: there is none. */
static size_t
find_name(const char *const *names, size_t count, const char *name)
{
	size_t i = 0;

	while (i < count && (names[i] == NULL || strcmp(names[i], name) != 0))
		i++;
	return i;
}

const char *
need_kind_name(enum kd_need_kind kind)
{
	return name_at(kind_names, KD_COUNT(kind_names), (size_t)kind);
}

enum kd_need_kind
need_parse_kind(const char *name)
{
	size_t i = find_name(kind_names, KD_COUNT(kind_names), name);

	return i < KD_COUNT(kind_names) ? (enum kd_need_kind)i : 0;
}

const char *
need_stat_name(enum kd_stat stat)
{
	return name_at(stat_names, KD_COUNT(stat_names), (size_t)stat);
}

enum kd_stat
need_parse_stat(const char *name)
{
	size_t i = find_name(stat_names, KD_COUNT(stat_names), name);

	return i < KD_COUNT(stat_names) ? (enum kd_stat)i : 0;
}

const char *
need_per_name(enum kd_per per)
{
	return name_at(per_names, KD_COUNT(per_names), (size_t)per);
}

int
need_parse_per(const char *name, enum kd_per *per)
{
	size_t i = find_name(per_names, KD_COUNT(per_names), name);

	if (i == KD_COUNT(per_names))
		return -1;
	*per = (enum kd_per)i;
	return 0;
}

/* ---- bounds ---- */

static int64_t
period_of(const struct kd_need *need)
{
	return need->period_s != 0 ? need->period_s : MINUTE_S;
}

static int
check_which(const struct kd_need *need, char **cause)
{
	size_t len = need->metric != NULL ? strnlen(need->metric, NEED_METRIC_MAX + 1) : 0;

	if (len == 0 || len > NEED_METRIC_MAX)
		return cause_set(cause, "has no metric: name one of AWS/Kinesis, such as IncomingRecords");
	if (need_stat_name(need->stat) == NULL)
		return cause_set(cause, "has no statistic for %s: write KD_SUM or another", need->metric);
	if (need_per_name(need->per) == NULL)
		return cause_set(cause, "asks for %s of neither stream, shards nor consumers", need->metric);
	return 0;
}

static int
check_kept(const struct kd_need *need, int64_t window_s, char **cause)
{
	size_t i = 0;

	while (period_of(need) >= retention[i].period_s)
		i++;
	if (need->shift_s > retention[i].kept_s || window_s + need->shift_s > retention[i].kept_s)
		return cause_set(cause,
		    "reaches further back with %s than CloudWatch keeps points of that period (%" PRId64
		    " d): take a longer period",
		    need->metric, retention[i].kept_s / DAY_S);
	return 0;
}

static int
check_window(const struct kd_need *need, int64_t window_s, char **cause)
{
	int64_t period_s = period_of(need);

	if (window_s < period_s || window_s > period_s * NEED_POINTS_MAX)
		return cause_set(cause, "has a window of %" PRId64 " s for %s: take 1 to %d periods of %" PRId64 " s",
		    window_s, need->metric, NEED_POINTS_MAX, period_s);
	return check_kept(need, window_s, cause);
}

/* The option's range is the window's: no setting may ask for what cannot be met. */
static int
check_option(const struct kd_need *need, const struct kd_option *options, size_t count, char **cause)
{
	const struct kd_option *option = need->window_option <= count ? &options[need->window_option - 1] : NULL;

	if (option == NULL || option->type != KD_DURATION || option->def == NULL || option->max == 0)
		return cause_set(cause,
		    "takes the window of %s from no option: name one that is a KD_DURATION with a default and a range",
		    need->metric);
	if (check_window(need, option->min, cause) != 0 || check_window(need, option->max, cause) != 0)
		return -1;
	return 0;
}

/* Of a log group. */
static int
check_past(const struct kd_need *need, const struct kd_option *options, size_t count, char **cause)
{
	int64_t most_s = need->window_s;

	if (need->window_option > count ||
	    (need->window_option > 0 && options[need->window_option - 1].type != KD_DURATION))
		return cause_set(
		    cause, "takes how far back to read logs from no option: name one that is a KD_DURATION");
	if (need->window_option > 0)
		most_s = options[need->window_option - 1].max;
	if (most_s < 0 || most_s > 14 * DAY_S)
		return cause_set(cause, "reads logs further back than 14 d");
	return 0;
}

int
need_check(const struct kd_need *need, const struct kd_option *options, size_t count, char **cause)
{
	int64_t period_s = period_of(need);

	if (need_kind_name(need->kind) == NULL)
		return cause_set(cause, "is of a kind of fact that kdiag does not know");
	if (need->kind == KD_LOG_GROUPS)
		return check_past(need, options, count, cause);
	if (need->kind != KD_METRIC)
		return 0;
	if (check_which(need, cause) != 0)
		return -1;
	if (period_s < MINUTE_S || period_s > HOUR_S || period_s % MINUTE_S != 0)
		return cause_set(cause, "has a period of %" PRId64 " s for %s: take a multiple of 60 from 60 to 3600",
		    period_s, need->metric);
	if (need->shift_s < 0 || need->shift_s % period_s != 0)
		return cause_set(cause,
		    "has a shift of %" PRId64 " s for %s: take a multiple of the period (%" PRId64 " s)", need->shift_s,
		    need->metric, period_s);
	if (need->window_option > 0)
		return check_option(need, options, count, cause);
	if (need->window_s % period_s != 0)
		return cause_set(cause,
		    "has a window of %" PRId64 " s for %s: take a multiple of the period (%" PRId64 " s)",
		    need->window_s, need->metric, period_s);
	return check_window(need, need->window_s, cause);
}

struct kd_need
need_resolve(const struct kd_need *need, const struct kd_settings *settings)
{
	struct kd_need resolved = *need;
	int64_t period_s = period_of(need), periods;

	if (need->kind != KD_METRIC && need->kind != KD_LOG_GROUPS)
		return (struct kd_need){.kind = need->kind};
	if (need->window_option > 0 && settings != NULL)
		resolved.window_s = kd_duration_s(settings, need->window_option - 1);
	if (need->kind == KD_LOG_GROUPS)
		return (struct kd_need){.kind = KD_LOG_GROUPS, .window_s = resolved.window_s};
	periods = resolved.window_s / period_s + (resolved.window_s % period_s > 0);
	if (periods > NEED_POINTS_MAX)
		periods = NEED_POINTS_MAX;
	resolved.period_s = period_s;
	resolved.window_s = period_s * (periods > 0 ? periods : 1);
	resolved.window_option = 0;
	return resolved;
}

struct kd_need *
need_resolve_all(const struct kd_probe *probe, const struct kd_settings *settings)
{
	struct kd_need *needs = mem_new(probe->needs_count, sizeof(*needs));

	for (size_t i = 0; i < probe->needs_count; i++)
		needs[i] = need_resolve(&probe->needs[i], settings);
	return needs;
}

/* ---- comparing and telling ---- */

bool
need_same_series(const struct kd_need *a, const struct kd_need *b)
{
	if (a->kind != b->kind || a->kind != KD_METRIC)
		return a->kind == b->kind;
	return a->stat == b->stat && a->per == b->per && period_of(a) == period_of(b) && a->shift_s == b->shift_s &&
	       strcmp(a->metric, b->metric) == 0;
}

bool
need_equal(const struct kd_need *a, const struct kd_need *b)
{
	if (!need_same_series(a, b))
		return false;
	return a->kind != KD_METRIC ||
	       (a->window_option == b->window_option && (a->window_option > 0 || a->window_s == b->window_s));
}

char *
need_describe(const struct kd_need *need)
{
	if (need->kind != KD_METRIC)
		return mem_strdup(need_kind_name(need->kind));
	return mem_printf("%s (%s%s%s, %" PRId64 " s)", need->metric, need_stat_name(need->stat),
	    need->per != KD_PER_STREAM ? ", a " : "", need->per != KD_PER_STREAM ? need_per_name(need->per) : "",
	    period_of(need));
}
