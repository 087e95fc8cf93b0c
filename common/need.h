/* SPDX-License-Identifier: Apache-2.0 */
/*
 * need: what a probe wants to know, as a thing to check, to compare, to resolve by a stream's settings and to name. Knows no answers; those
 * are in fact.h.
 */
#ifndef KDIAG_NEED_H
#define KDIAG_NEED_H

#include <kdiag/probe.h>

/*
 * A series has an end: a day of minutes, a month and more of hours. A metric's name too: AWS's longest is 34 bytes
 * ("WriteProvisionedThroughputExceeded").
 */
enum { NEED_POINTS_MAX = 1440, NEED_METRIC_MAX = 64 };

/* "stream_summary", "metric" …; NULL for a kind that does not exist. need_parse_kind gives 0 for an unknown name. */
const char *need_kind_name(enum kd_need_kind kind);
enum kd_need_kind need_parse_kind(const char *name);
/* As CloudWatch writes them: "Sum", "Average", "Maximum", "Minimum", "SampleCount"; NULL, and 0, for none. */
const char *need_stat_name(enum kd_stat stat);
enum kd_stat need_parse_stat(const char *name);
/* "stream", "shard", "consumer"; NULL for none. 0, or -1: no such thing. */
const char *need_per_name(enum kd_per per);
int need_parse_per(const char *name, enum kd_per *per);

/*
 * Is it one that can be met? 0, or -1 with a sentence that starts with what is wrong ("has a period of 90 s: …"). The options (NULL and 0: none) are those
 * that window_option points into. CloudWatch keeps points of less than 5 min for 15 days, of less than 1 h for 63, others for 455.
 */
int need_check(const struct kd_need *need, const struct kd_option *options, size_t count, char **cause);
/*
 * With its period and window spelt out, the latter rounded up to whole periods within bounds; window_option is 0 then. settings: those of the probe;
 * NULL where no window comes from an option. The metric's name is borrowed from the need.
 */
struct kd_need need_resolve(const struct kd_need *need, const struct kd_settings *settings);
/* The same of all needs of a probe; the caller's array. */
struct kd_need *need_resolve_all(const struct kd_probe *probe, const struct kd_settings *settings);

bool need_equal(const struct kd_need *a, const struct kd_need *b);
/* The same but for the window: one series can serve both. */
bool need_same_series(const struct kd_need *a, const struct kd_need *b);
/* "stream_summary", "IncomingRecords (Sum, a shard, 60 s)": for sentences; the caller's. */
char *need_describe(const struct kd_need *need);

#endif
