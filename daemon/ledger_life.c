/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_life: owns the rules of a finding's life, and refuses to know of whom they are told to. */
#include "daemon/ledger_life.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"

enum {
	HISTORY = 32,                    /* looks; struct kd_m_of_n goes no farther */
	RESOLVED_KEEP_MS = 24 * 3600000, /* how long `findings --all` shows what resolved and is reported no more */
	FLAPPING_WINDOW_S = 3600,
	CALM_MS = 30 * 60000, /* half the window: long enough that it is no pause between two turns of a flapping one */
};

/* 0 of 0 stands for 1 of 1 (kdiag/probe.h). */
static struct kd_m_of_n
sound(struct kd_m_of_n rule)
{
	if (rule.m == 0 || rule.n == 0)
		return (struct kd_m_of_n){1, 1};
	return (struct kd_m_of_n){rule.m < HISTORY ? rule.m : HISTORY, rule.n < HISTORY ? rule.n : HISTORY};
}

/* 0: no such look was. */
static unsigned
code_of(enum kd_severity severity)
{
	return (unsigned)severity + 1;
}

static uint32_t
last_looks(unsigned count)
{
	return count >= HISTORY ? UINT32_MAX : (UINT32_C(1) << count) - 1;
}

static bool
holds(struct kd_m_of_n rule, uint32_t looks, unsigned since)
{
	rule = sound(rule);
	return (unsigned)__builtin_popcount(looks & last_looks(since < rule.n ? since : rule.n)) >= rule.m;
}

/* The looks that saw this, a bit each, the latest lowest. */
static uint32_t
seen(const struct ledger_life *life, enum kd_severity severity)
{
	uint32_t looks = UINT32_MAX;

	for (int bit = 0; bit < LEDGER_LOOK_BITS; bit++)
		looks &= code_of(severity) >> bit & 1 ? life->looks[bit] : ~life->looks[bit];
	return looks;
}

static void
add_look(struct ledger_life *life, enum kd_severity severity)
{
	for (int bit = 0; bit < LEDGER_LOOK_BITS; bit++)
		life->looks[bit] = life->looks[bit] << 1 | (code_of(severity) >> bit & 1);
}

static uint32_t
bad_looks(const struct ledger_life *life)
{
	return (life->looks[0] | life->looks[1] | life->looks[2]) & ~seen(life, KD_OK);
}

/* Looks that saw something bad, but nothing worse than this. */
static uint32_t
looks_up_to(const struct ledger_life *life, enum kd_severity severity)
{
	uint32_t looks = seen(life, KD_INFO);

	if (severity >= KD_WARNING)
		looks |= seen(life, KD_WARNING);
	if (severity >= KD_CRITICAL)
		looks |= seen(life, KD_CRITICAL);
	return looks;
}

static uint8_t
one_more(uint8_t looks)
{
	return looks < HISTORY ? looks + 1 : HISTORY;
}

static void
remember(struct ledger_life *life, const struct ledger_look *look)
{
	add_look(life, look->severity);
	life->looks_in_state = one_more(life->looks_in_state);
	life->looks_at_severity = one_more(life->looks_at_severity);
	life->unseen = look->severity == KD_UNKNOWN;
	life->absent = look->absent;
}

/* ---- turns ---- */

static void
see(struct ledger_life *life, int64_t now_ms)
{
	life->count++;
	life->last_seen_ms = now_ms;
}

static void
become_pending(struct ledger_life *life, int64_t now_ms)
{
	life->state = FINDING_PENDING;
	life->first_seen_ms = life->changed_ms = now_ms;
	life->count = 0;
}

static void
become_ok(struct ledger_life *life, int64_t now_ms)
{
	life->state = FINDING_OK;
	life->severity = KD_OK;
	life->first_seen_ms = 0;
	life->changed_ms = now_ms;
	life->count = 0;
}

/* Of few findings: made when the first is told. */
static struct ledger_turns *
turns_of(struct ledger_life *life)
{
	if (life->turns == NULL)
		life->turns = mem_new(1, sizeof(*life->turns));
	return life->turns;
}

static void
add_turn(struct ledger_life *life, uint32_t at_s)
{
	struct ledger_turns *turns = turns_of(life);

	if (turns->count == KD_COUNT(turns->at_s))
		memmove(turns->at_s, turns->at_s + 1, --turns->count * sizeof(*turns->at_s));
	turns->at_s[turns->count++] = at_s;
}

/* Counts a turn that would be told. Is it one too many? A clock that steps back makes turns of the future, which count as fresh. */
static bool
begins_to_flap(struct ledger_life *life, const struct ledger_rules *rules, bool good, int64_t now_ms)
{
	int64_t now_s = now_ms / 1000;
	unsigned recent = 0;

	if (rules->flapping == 0)
		return false;
	add_turn(life, (uint32_t)now_s);
	for (unsigned i = 0; i < life->turns->count; i++)
		recent += now_s - (int64_t)life->turns->at_s[i] < FLAPPING_WINDOW_S;
	if (recent <= rules->flapping)
		return false;
	life->flapping = true;
	life->steady_good = good;
	life->turns->steady_ms = now_ms;
	return true;
}

static enum ledger_turn
become_open(struct ledger_life *life, bool quiet, const struct ledger_rules *rules, int64_t now_ms)
{
	life->state = FINDING_OPEN;
	life->changed_ms = life->opened_ms = now_ms;
	life->looks_in_state = life->looks_at_severity = 0;
	life->quiet = quiet;
	if (quiet)
		return LEDGER_TURN_NONE;
	return begins_to_flap(life, rules, false, now_ms) ? LEDGER_TURN_FLAPPING : LEDGER_TURN_OPENED;
}

/* What nobody was told of goes as it came. */
static enum ledger_turn
become_resolved(struct ledger_life *life, int64_t now_ms)
{
	bool quiet = life->quiet;

	life->looks_in_state = 0;
	life->quiet = life->flapping = false;
	if (quiet) {
		become_ok(life, now_ms);
		return LEDGER_TURN_NONE;
	}
	life->state = FINDING_RESOLVED;
	life->changed_ms = now_ms;
	return LEDGER_TURN_RESOLVED;
}

/* It is told now: as opened, when nobody knew of it. */
static enum ledger_turn
become_severe(struct ledger_life *life, enum kd_severity severity, int64_t now_ms)
{
	bool quiet = life->quiet;

	life->severity = severity;
	life->changed_ms = now_ms;
	life->looks_at_severity = 0;
	life->quiet = false;
	return quiet ? LEDGER_TURN_OPENED : LEDGER_TURN_CHANGED;
}

/* ---- looks ---- */

static enum ledger_turn
look_at_closed(
    struct ledger_life *life, const struct ledger_look *look, const struct ledger_rules *rules, int64_t now_ms)
{
	if (look->severity == KD_OK) {
		if (life->state == FINDING_PENDING)
			become_ok(life, now_ms);
		if (life->state == FINDING_OK && !look->absent)
			life->last_seen_ms = now_ms;
		return LEDGER_TURN_NONE;
	}
	if (life->state != FINDING_PENDING)
		become_pending(life, now_ms);
	see(life, now_ms);
	life->severity = look->severity;
	if (!holds(rules->open, bad_looks(life), life->looks_in_state))
		return LEDGER_TURN_NONE;
	/* One answer that fails to come is no news yet. */
	if (look->severity == KD_UNKNOWN &&
	    !holds((struct kd_m_of_n){2, 2}, seen(life, KD_UNKNOWN), life->looks_in_state))
		return LEDGER_TURN_NONE;
	return become_open(life, look->severity == KD_UNKNOWN && look->explained, rules, now_ms);
}

/* One that would resolve once too often stays open. */
static enum ledger_turn
resolve(struct ledger_life *life, const struct ledger_rules *rules, int64_t now_ms)
{
	if (!life->quiet && begins_to_flap(life, rules, true, now_ms))
		return LEDGER_TURN_FLAPPING;
	return become_resolved(life, now_ms);
}

/* As bad as it is known to be, right behind a look that was less so. */
static bool
is_back_up(const struct ledger_life *life, const struct ledger_look *look)
{
	return look->severity > KD_UNKNOWN && look->severity == (enum kd_severity)life->severity &&
	       (looks_up_to(life, look->severity - 1) >> 1 & 1) != 0;
}

/* While it flaps: for how long have the looks agreed? A look that cannot see agrees with all. */
static bool
is_calm(struct ledger_life *life, const struct ledger_look *look, int64_t now_ms)
{
	bool good = look->severity == KD_OK;

	if (look->severity == KD_UNKNOWN)
		return false;
	if (good != life->steady_good || now_ms < life->turns->steady_ms || is_back_up(life, look)) {
		life->steady_good = good;
		life->turns->steady_ms = now_ms;
	}
	return now_ms - life->turns->steady_ms >= CALM_MS;
}

/* Quiet, but for a rise. */
static enum ledger_turn
look_at_flapping(struct ledger_life *life, const struct ledger_look *look, int64_t now_ms)
{
	bool calm = is_calm(life, look, now_ms);

	if (look->severity == KD_OK)
		return calm ? become_resolved(life, now_ms) : LEDGER_TURN_NONE;
	if (look->severity == KD_UNKNOWN && life->severity != KD_UNKNOWN)
		return LEDGER_TURN_NONE;
	see(life, now_ms);
	if (look->severity > life->severity)
		return become_severe(life, look->severity, now_ms);
	if (!calm)
		return LEDGER_TURN_NONE;
	life->flapping = false;
	if (look->severity < life->severity)
		return become_severe(life, look->severity, now_ms);
	return LEDGER_TURN_CALM;
}

/* On the border of two severities each look may change it, a line each. A rise is told all the same; the fall is what begins to flap. */
static bool
is_flapping_between(
    struct ledger_life *life, const struct ledger_look *look, const struct ledger_rules *rules, int64_t now_ms)
{
	if (look->severity < life->severity)
		return begins_to_flap(life, rules, false, now_ms);
	if (rules->flapping > 0)
		add_turn(life, (uint32_t)(now_ms / 1000));
	return false;
}

static enum ledger_turn
look_at_open(struct ledger_life *life, const struct ledger_look *look, const struct ledger_rules *rules, int64_t now_ms)
{
	if (life->flapping)
		return look_at_flapping(life, look, now_ms);
	if (look->severity == KD_OK)
		return holds(rules->resolve, seen(life, KD_OK), life->looks_in_state) ? resolve(life, rules, now_ms)
										      : LEDGER_TURN_NONE;
	if (look->severity == KD_UNKNOWN && life->severity != KD_UNKNOWN)
		return LEDGER_TURN_NONE;
	see(life, now_ms);
	if (look->severity == life->severity) {
		if (!life->quiet || look->explained)
			return LEDGER_TURN_NONE;
		return become_severe(life, look->severity, now_ms);
	}
	if (look->severity < life->severity &&
	    !holds(rules->open, looks_up_to(life, look->severity), life->looks_at_severity))
		return LEDGER_TURN_NONE;
	if (!life->quiet && is_flapping_between(life, look, rules, now_ms))
		return LEDGER_TURN_FLAPPING;
	return become_severe(life, look->severity, now_ms);
}

enum ledger_turn
ledger_life_look(
    struct ledger_life *life, const struct ledger_look *look, const struct ledger_rules *rules, int64_t now_ms)
{
	remember(life, look);
	return life->state == FINDING_OPEN ? look_at_open(life, look, rules, now_ms)
					   : look_at_closed(life, look, rules, now_ms);
}

enum ledger_turn
ledger_life_set(struct ledger_life *life, enum kd_severity severity, unsigned flapping, int64_t now_ms)
{
	const struct ledger_look look = {.severity = severity};
	const struct ledger_rules rules = {.flapping = flapping};

	remember(life, &look);
	if (life->flapping && flapping > 0)
		return look_at_flapping(life, &look, now_ms);
	if (severity == KD_OK)
		return life->state == FINDING_OPEN ? resolve(life, &rules, now_ms) : LEDGER_TURN_NONE;
	if (life->state != FINDING_OPEN) {
		become_pending(life, now_ms);
		see(life, now_ms);
		life->severity = severity;
		return become_open(life, false, &rules, now_ms);
	}
	see(life, now_ms);
	return severity == life->severity ? LEDGER_TURN_NONE : become_severe(life, severity, now_ms);
}

enum ledger_turn
ledger_life_settle(struct ledger_life *life, int64_t now_ms)
{
	const struct ledger_look same = {.severity = life->steady_good ? KD_OK : (enum kd_severity)life->severity};

	if (!life->flapping || !is_calm(life, &same, now_ms))
		return LEDGER_TURN_NONE;
	if (life->steady_good)
		return become_resolved(life, now_ms);
	life->flapping = false;
	return LEDGER_TURN_CALM;
}

bool
ledger_life_is_over(const struct ledger_life *life, const struct ledger_rules *rules, int64_t now_ms)
{
	if (!life->absent)
		return false;
	if (life->state == FINDING_RESOLVED)
		return now_ms - life->changed_ms >= RESOLVED_KEEP_MS;
	return life->state == FINDING_OK && (bad_looks(life) & last_looks(sound(rules->open).n)) == 0;
}

/* ---- in writing ---- */

void
ledger_life_clear(struct ledger_life *life)
{
	free(life->turns);
	*life = (struct ledger_life){0};
}

enum { FLAGS = 5 };

char *
ledger_life_write(const struct ledger_life *life)
{
	struct str text = {0};

	str_printf(
	    &text, "%" PRId64 " %" PRId64, life->opened_ms, life->turns != NULL ? life->turns->steady_ms : INT64_C(0));
	for (int severity = KD_OK; severity <= KD_CRITICAL; severity++)
		str_printf(&text, " %" PRIu32, seen(life, (enum kd_severity)severity));
	str_printf(&text, " %u %u %d%d%d%d%d", life->looks_in_state, life->looks_at_severity, life->quiet, life->unseen,
	    life->absent, life->flapping, life->steady_good);
	for (unsigned i = 0; life->turns != NULL && i < life->turns->count; i++)
		str_printf(&text, " %" PRIu32, life->turns->at_s[i]);
	return str_take(&text);
}

/* The number that begins *text, which moves behind it and its space. */
static int
take_number(const char **text, int64_t max, int64_t *number)
{
	char *end;

	*number = strtoll(*text, &end, 10);
	if (end == *text || *number < 0 || *number > max || (*end != ' ' && *end != '\0'))
		return -1;
	*text = *end == ' ' ? end + 1 : end;
	return 0;
}

static int
take_flags(struct ledger_life *life, const char **text)
{
	bool flags[FLAGS];

	for (size_t i = 0; i < FLAGS; i++, (*text)++) {
		if (**text != '0' && **text != '1')
			return -1;
		flags[i] = **text == '1';
	}
	*text += **text == ' ';
	life->quiet = flags[0];
	life->unseen = flags[1];
	life->absent = flags[2];
	life->flapping = flags[3];
	life->steady_good = flags[4];
	return 0;
}

/* A look was at one severity. */
static int
take_looks(struct ledger_life *life, const char **text)
{
	uint32_t taken = 0;

	for (int severity = KD_OK; severity <= KD_CRITICAL; severity++) {
		int64_t looks;

		if (take_number(text, UINT32_MAX, &looks) != 0 || (taken & (uint32_t)looks) != 0)
			return -1;
		taken |= (uint32_t)looks;
		for (int bit = 0; bit < LEDGER_LOOK_BITS; bit++)
			if (code_of((enum kd_severity)severity) >> bit & 1)
				life->looks[bit] |= (uint32_t)looks;
	}
	return 0;
}

static int
take_turns(struct ledger_life *life, const char *text, int64_t steady_ms)
{
	int64_t at_s;

	if (life->flapping || *text != '\0')
		turns_of(life)->steady_ms = steady_ms;
	while (*text != '\0' && life->turns->count < KD_COUNT(life->turns->at_s)) {
		if (take_number(&text, UINT32_MAX, &at_s) != 0)
			return -1;
		add_turn(life, (uint32_t)at_s);
	}
	return 0;
}

int
ledger_life_read(struct ledger_life *life, const char *text)
{
	int64_t steady_ms, in_state, at_severity;

	*life = (struct ledger_life){0};
	if (take_number(&text, INT64_MAX, &life->opened_ms) != 0 || take_number(&text, INT64_MAX, &steady_ms) != 0 ||
	    take_looks(life, &text) != 0 || take_number(&text, HISTORY, &in_state) != 0 ||
	    take_number(&text, HISTORY, &at_severity) != 0 || take_flags(life, &text) != 0 ||
	    take_turns(life, text, steady_ms) != 0) {
		ledger_life_clear(life);
		return -1;
	}
	life->looks_in_state = (uint8_t)in_state;
	life->looks_at_severity = (uint8_t)at_severity;
	return 0;
}
