/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_check: what must hold of a probe's table; knows neither files nor dlopen. */
#include "common/plugin_check.h"

#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/mem.h"
#include "common/option.h"

enum { NAME_LEN_MAX = 64 };

/* The runbook's three. */
static const char *const symptoms[] = {"stream_not_capturing_data", "permission_issues", "high_latency"};

/* The host's own settings of every probe, which stand beside a probe's options in the config. */
static const char *const reserved[] = {"enabled", "interval", "open", "resolve", "flapping"};

static bool
is_among(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

bool
plugin_is_name(const char *name)
{
	size_t len = strnlen(name, NAME_LEN_MAX + 1);

	return len > 0 && len <= NAME_LEN_MAX && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static int
check_head(const struct kd_probe *probe, const char *name, char **cause)
{
	if (probe->name == NULL || strcmp(probe->name, name) != 0)
		return cause_set(cause, "holds the probe \"%.64s\": a probe's file is called NAME.so",
		    probe->name != NULL ? probe->name : "");
	if (probe->title == NULL || probe->title[0] == '\0')
		return cause_set(cause, "has no title: say in one line what it watches");
	if (probe->judge == NULL)
		return cause_set(cause, "has no judge function: set .judge");
	return 0;
}

static int
cause_twice(const struct kd_need *need, char **cause)
{
	char *what = need_describe(need);

	cause_set(cause, "needs %s twice: drop one of them", what);
	free(what);
	return -1;
}

static int
check_needs(const struct kd_probe *probe, char **cause)
{
	char *why = NULL;

	if (probe->needs_count > PLUGIN_NEEDS_MAX || (probe->needs_count > 0 && probe->needs == NULL))
		return cause_set(cause, "has no sound table of needs: at most %d", PLUGIN_NEEDS_MAX);
	for (size_t i = 0; i < probe->needs_count; i++) {
		if (need_check(&probe->needs[i], probe->options, probe->options_count, &why) != 0) {
			cause_set(cause, "has a need %zu that %s", i, why);
			free(why);
			return -1;
		}
		for (size_t j = 0; j < i; j++)
			if (need_equal(&probe->needs[i], &probe->needs[j]))
				return cause_twice(&probe->needs[i], cause);
	}
	return 0;
}

static int
check_options(const struct kd_probe *probe, char **cause)
{
	char *why = NULL;

	if (probe->options_count > PLUGIN_OPTIONS_MAX || (probe->options_count > 0 && probe->options == NULL))
		return cause_set(cause, "has no sound table of options: at most %d", PLUGIN_OPTIONS_MAX);
	if (option_check_table(probe->options, probe->options_count, &why) != 0) {
		cause_set(cause, "has no sound table of options: %s", why);
		free(why);
		return -1;
	}
	for (size_t i = 0; i < probe->options_count; i++)
		if (is_among(probe->options[i].name, reserved, KD_COUNT(reserved)))
			return cause_set(cause, "calls an option \"%s\", which every probe has already: rename it",
			    probe->options[i].name);
	return 0;
}

static int
check_check(const struct kd_probe *probe, size_t i, char **cause)
{
	const struct kd_check *check = &probe->checks[i];

	if (check->name == NULL || !plugin_is_name(check->name))
		return cause_set(cause, "has a check %zu without a snake_case name", i);
	if (check->symptom == NULL || !is_among(check->symptom, symptoms, KD_COUNT(symptoms)))
		return cause_set(
		    cause, "has a check %s without a symptom: write one of the runbook's three", check->name);
	if (check->step == NULL || check->step[0] == '\0')
		return cause_set(cause, "has a check %s without a step: write the runbook's title of it", check->name);
	for (size_t j = 0; j < i; j++)
		if (strcmp(probe->checks[j].name, check->name) == 0)
			return cause_set(cause, "has two checks %s: rename one", check->name);
	return 0;
}

static int
check_checks(const struct kd_probe *probe, char **cause)
{
	if (probe->checks == NULL || probe->checks_count == 0 || probe->checks_count > PLUGIN_CHECKS_MAX)
		return cause_set(cause, "has no sound table of checks: 1 to %d", PLUGIN_CHECKS_MAX);
	for (size_t i = 0; i < probe->checks_count; i++)
		if (check_check(probe, i, cause) != 0)
			return -1;
	return 0;
}

static int
check_looks(struct kd_m_of_n looks, const char *name, char **cause)
{
	if (looks.m == 0 && looks.n == 0)
		return 0;
	if (looks.m < 1 || looks.m > looks.n || looks.n > PLUGIN_LOOKS_MAX)
		return cause_set(cause, "has %s %u of %u: write M of N with 1 <= M <= N <= %d", name, looks.m, looks.n,
		    PLUGIN_LOOKS_MAX);
	return 0;
}

int
plugin_check_probe(const struct kd_probe *probe, const char *name, char **cause)
{
	if (check_head(probe, name, cause) != 0 || check_options(probe, cause) != 0 || check_needs(probe, cause) != 0 ||
	    check_checks(probe, cause) != 0 || check_looks(probe->open, "open", cause) != 0 ||
	    check_looks(probe->resolve, "resolve", cause) != 0)
		return -1;
	return 0;
}
