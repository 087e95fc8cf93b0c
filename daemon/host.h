/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host: runs a probe's judge() on facts behind an asynchronous call, so that it may move into a process of its own later. Jobs run one at a time from the loop, a
 * bounded slice each turn, so that thousands of judgements do not hold it up. Keeps each probe's state for each stream.
 */
#ifndef KDIAG_HOST_H
#define KDIAG_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "common/fact.h"
#include "common/finding.h"

struct event_base;
struct host;
struct host_job;

/* The report is borrowed, for the callback only. took_us: what judge() cost. */
typedef void (*host_cb)(const struct kd_report *report, int64_t took_us, void *arg);

struct host *host_new(struct event_base *base);
void host_free(struct host *host); /* drops the jobs without calling back */
/*
 * Judges later, from the loop. The facts are taken (freed after the callback); probe and settings must live until then. state_slot, where the caller keeps this
 * probe's state for this stream (*state_slot may be NULL), is replaced after a judgement that kept a new one.
 */
struct host_job *host_judge(struct host *host, const struct kd_probe *probe, struct kd_facts *facts_taken,
    const struct kd_settings *settings, char **state_slot, host_cb cb, void *arg);
void host_cancel(struct host_job *job);
/* Judges at once, for replay and the tests of cases. The caller's report. */
struct kd_report *host_judge_now(
    const struct kd_probe *probe, const struct kd_facts *facts, const struct kd_settings *settings);

struct host_counts {
	uint64_t judged;
	int64_t busy_us;
	size_t queued;
};
struct host_counts host_counts(const struct host *host);

#endif
