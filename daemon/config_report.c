/* SPDX-License-Identifier: Apache-2.0 */
/* config_report: owns the mistakes of a config file and their sentences; knows nothing of what makes one. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "daemon/config_read.h"

enum {
	MISTAKES_MAX = 1000, /* kept and shown; nobody reads more, and a file of 4 MiB may hold 200,000 */
	SUGGESTIONS_MAX = 100,
	SHOWN_MAX = 80, /* how much of a foreign word a sentence repeats */
};

struct config_mistake {
	size_t line, column; /* 0: the file itself */
	size_t seq;          /* keeps two at the same place in the order in which they were noticed */
	bool warning;
	char *sentence;
};

static void
note(struct config_reading *reading, bool warning, size_t line, size_t column, const char *fmt, va_list ap)
{
	size_t count = reading->mistakes_count;

	if (warning)
		reading->warnings++;
	else
		reading->errors++;
	if (count >= MISTAKES_MAX)
		return;
	if ((count & (count - 1)) == 0)
		reading->mistakes = mem_resize(reading->mistakes, count > 0 ? count * 2 : 1, sizeof *reading->mistakes);
	reading->mistakes[count] = (struct config_mistake){line, column, count, warning, mem_vprintf(fmt, ap)};
	reading->mistakes_count++;
}

void
config_report_error(struct config_reading *reading, const struct yaml_node *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(reading, false, at != NULL ? at->line : 0, at != NULL ? at->column : 0, fmt, ap);
	va_end(ap);
}

void
config_report_error_key(struct config_reading *reading, const struct yaml_node *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(reading, false, at->key_line, at->key_column, fmt, ap);
	va_end(ap);
}

void
config_report_warn(struct config_reading *reading, const struct yaml_node *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(reading, true, at != NULL ? at->line : 0, at != NULL ? at->column : 0, fmt, ap);
	va_end(ap);
}

void
config_report_warn_key(struct config_reading *reading, const struct yaml_node *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	note(reading, true, at->key_line, at->key_column, fmt, ap);
	va_end(ap);
}

char *
config_report_show(const char *word)
{
	return text_escape(word, strlen(word), SHOWN_MAX);
}

/* The distance of a word to each candidate costs time, which a file with many mistakes must not multiply. */
char *
config_report_suggest(const struct config_reading *reading, const char *word, const char *const *candidates,
    size_t count, const char *remedy)
{
	const char *closest;

	if (reading->errors + reading->warnings >= SUGGESTIONS_MAX)
		return mem_strdup("");
	if ((closest = text_closest(word, candidates, count)) != NULL)
		return mem_printf(" (did you mean \"%s\"?)", closest);
	return remedy != NULL ? mem_printf(" (%s)", remedy) : mem_strdup("");
}

static int
compare_mistakes(const void *left, const void *right)
{
	const struct config_mistake *a = left, *b = right;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static char *
format_mistake(const struct config_reading *reading, const struct config_mistake *mistake)
{
	const char *kind = mistake->warning ? "warning: " : "";

	if (mistake->line == 0)
		return mem_printf("%s: %s%s", reading->path, kind, mistake->sentence);
	return mem_printf("%s:%zu:%zu: %s%s", reading->path, mistake->line, mistake->column, kind, mistake->sentence);
}

void
config_report_finish(struct config_reading *reading, struct config_report *report)
{
	size_t kept = reading->mistakes_count, all = reading->errors + reading->warnings;

	if (kept > 0)
		qsort(reading->mistakes, kept, sizeof *reading->mistakes, compare_mistakes);
	*report = (struct config_report){.errors = reading->errors, .warnings = reading->warnings};
	report->lines = mem_new(kept + 1, sizeof *report->lines);
	for (size_t i = 0; i < kept; i++) {
		report->lines[report->count++] = format_mistake(reading, &reading->mistakes[i]);
		free(reading->mistakes[i].sentence);
	}
	if (all > kept)
		report->lines[report->count++] = mem_printf("%s: and %zu more like these", reading->path, all - kept);
	free(reading->mistakes);
	reading->mistakes = NULL;
	reading->mistakes_count = 0;
}

void
config_report_clear(struct config_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		free(report->lines[i]);
	free(report->lines);
	*report = (struct config_report){0};
}
