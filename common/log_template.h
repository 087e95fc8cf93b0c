/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_template: an online miner: which lines of a log were written by the same statement of a program. One fixed setting for all logs, bounded memory, no
 * configuration. Lines of different level are never of one template. What varies is masked in all that it shows. Pure.
 */
#ifndef KDIAG_LOG_TEMPLATE_H
#define KDIAG_LOG_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log_header.h"
#include "common/str.h"

/* A miner's memory: 100 log groups within 40 MB. For a file at once there may be more. */
enum { LOG_TEMPLATE_BYTES = 300 * 1024, LOG_TEMPLATE_BYTES_MIN = 64 * 1024 };

struct log_templates;

struct log_templates *log_template_new(size_t max_bytes);
void log_template_free(struct log_templates *templates);
/* What it takes at this moment; within max_bytes, but for a merging pass while that runs. */
size_t log_template_bytes(const struct log_templates *templates);

struct log_template_match {
	uint64_t id; /* 48 bits, never 0; of the template, or of the one of the event that the line belongs to */
	enum log_line_level level;
	bool is_new;          /* no event of this template was learnt before, as far as can be remembered */
	bool is_continuation; /* the line belongs to the event before and was not counted */
};

/* Learns from an event: of one of several lines its first counts. Any bytes will do. */
void log_template_learn(
    struct log_templates *templates, const char *event, size_t len, struct log_template_match *match);
/* The same of a line of a file: the lines of a stack trace belong to the event before. */
void log_template_learn_line(
    struct log_templates *templates, const char *line, size_t len, struct log_template_match *match);

/*
 * Merges what has turned out to be one template. Learning does so by itself now and then. The oldest id stays; log_template_resolve gives what an id has become (itself: it
 * was not merged).
 */
void log_template_merge(struct log_templates *templates);
uint64_t log_template_resolve(const struct log_templates *templates, uint64_t id);

struct log_template {
	uint64_t id, count;
	enum log_line_level level;
	/*
	 * Borrowed until the callback returns; well-formed UTF-8. The example has the kinds of its values, "<num>", "<ip>", in place of "<*>".
	 */
	const char *text, *example;
};

typedef void (*log_template_cb)(const struct log_template *template, void *arg);
/* All that are known, the one seen last first. */
void log_template_each(const struct log_templates *templates, log_template_cb cb, void *arg);
size_t log_template_count(const struct log_templates *templates);
uint64_t log_template_evictions(const struct log_templates *templates);

#endif
