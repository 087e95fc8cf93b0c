/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usual: what the probe log_anomaly remembers: for each template of a log group and each hour of the day how many events are usual, the most of them in five minutes, the longest pause; and
 * in which hours of the week there were none. It has a text form, the probe's state.
 */
#ifndef KDIAG_PROBE_LOG_ANOMALY_USUAL_H
#define KDIAG_PROBE_LOG_ANOMALY_USUAL_H

#include <kdiag/probe.h>

#pragma GCC visibility push(hidden)

struct usual_group;

struct usual {
	double peak;  /* events in 5 min at most, */
	double gap_s; /* and the longest pause, of the hours of the day around now */
	double rate;  /* events an hour, the least of them */
	bool known;
	bool quiet; /* a week ago nothing was written about this time */
};

/* What the state says; what makes no sense in it is passed over, and learnt again. NULL: nothing. */
struct usual_group *usual_read(const char *state);
/* Keeps it as the state. */
void usual_write(const struct usual_group *list, int64_t now_ms, struct kd_report *out);
void usual_free(struct usual_group *learnt);
const char *usual_name(const struct usual_group *learnt);
const struct usual_group *usual_next(const struct usual_group *learnt);

/* The group's part of the list, added when it is new; NULL: no memory. */
struct usual_group *usual_get(struct usual_group **list, const char *name);
/* Learns from the hours that are over. */
void usual_learn(struct usual_group *learnt, const struct kd_log_group *group);
/* Of this hour of the day and those beside it, as learnt; where nothing was learnt (or of a part of the template), as yesterday; without any, of the whole day. */
struct usual usual_find(
    const struct usual_group *learnt, const struct kd_log_group *group, const struct kd_log_template *template);

#pragma GCC visibility pop

#endif
