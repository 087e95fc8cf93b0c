/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_life: owns the rules of a finding's life, and refuses to know of whom they are told to. */
#include "daemon/ledger_life.h"

enum {
	HISTORY = 32,                    /* looks; struct kd_m_of_n goes no farther */
	RESOLVED_KEEP_MS = 24 * 3600000, /* how long `findings --all` shows what resolved and is reported no more */
};

/* 0 of 0 stands for 1 of 1 (kdiag/probe.h). */
static struct kd_m_of_n
sound(struct kd_m_of_n rule)
{
	if (rule.m == 0 || rule.n == 0)
		return (struct kd_m_of_n){1, 1};
	return (struct kd_m_of_n){rule.m < HISTORY ? rule.m : HISTORY, rule.n < HISTORY ? rule.n : HISTORY};
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

static uint32_t
bad_looks(const struct ledger_life *life)
{
	return life->seen[KD_INFO] | life->seen[KD_UNKNOWN] | life->seen[KD_WARNING] | life->seen[KD_CRITICAL];
}

/* Looks that saw something bad, but nothing worse than this. */
static uint32_t
looks_up_to(const struct ledger_life *life, enum kd_severity severity)
{
	uint32_t looks = life->seen[KD_INFO];

	if (severity >= KD_WARNING)
		looks |= life->seen[KD_WARNING];
	if (severity >= KD_CRITICAL)
		looks |= life->seen[KD_CRITICAL];
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
	for (int severity = KD_OK; severity <= KD_CRITICAL; severity++)
		life->seen[severity] = life->seen[severity] << 1 | (severity == (int)look->severity);
	life->looks_in_state = one_more(life->looks_in_state);
	life->looks_at_severity = one_more(life->looks_at_severity);
	life->unseen = look->severity == KD_UNKNOWN;
	life->absent = look->absent;
}

/* ---- turns ---- */

static void
see(struct finding *finding, int64_t now_ms)
{
	finding->count++;
	finding->last_seen_ms = now_ms;
}

static void
become_pending(struct finding *finding, int64_t now_ms)
{
	finding->state = FINDING_PENDING;
	finding->first_seen_ms = finding->changed_ms = now_ms;
	finding->count = 0;
}

static void
become_ok(struct finding *finding, int64_t now_ms)
{
	finding->state = FINDING_OK;
	finding->severity = KD_OK;
	finding->first_seen_ms = 0;
	finding->changed_ms = now_ms;
	finding->count = 0;
}

static enum ledger_turn
become_open(struct finding *finding, struct ledger_life *life, bool quiet, int64_t now_ms)
{
	finding->state = FINDING_OPEN;
	finding->changed_ms = life->opened_ms = now_ms;
	life->looks_in_state = life->looks_at_severity = 0;
	life->quiet = quiet;
	return quiet ? LEDGER_TURN_NONE : LEDGER_TURN_OPENED;
}

/* What nobody was told of goes as it came. */
static enum ledger_turn
become_resolved(struct finding *finding, struct ledger_life *life, int64_t now_ms)
{
	bool quiet = life->quiet;

	life->looks_in_state = 0;
	life->quiet = false;
	if (quiet) {
		become_ok(finding, now_ms);
		return LEDGER_TURN_NONE;
	}
	finding->state = FINDING_RESOLVED;
	finding->changed_ms = now_ms;
	return LEDGER_TURN_RESOLVED;
}

/* It is told now: as opened, when nobody knew of it. */
static enum ledger_turn
become_severe(struct finding *finding, struct ledger_life *life, enum kd_severity severity, int64_t now_ms)
{
	bool quiet = life->quiet;

	finding->severity = severity;
	finding->changed_ms = now_ms;
	life->looks_at_severity = 0;
	life->quiet = false;
	return quiet ? LEDGER_TURN_OPENED : LEDGER_TURN_CHANGED;
}

/* ---- looks ---- */

static enum ledger_turn
look_at_closed(struct finding *finding, struct ledger_life *life, const struct ledger_look *look,
    const struct ledger_rules *rules, int64_t now_ms)
{
	if (look->severity == KD_OK) {
		if (finding->state == FINDING_PENDING)
			become_ok(finding, now_ms);
		if (finding->state == FINDING_OK && !look->absent)
			finding->last_seen_ms = now_ms;
		return LEDGER_TURN_NONE;
	}
	if (finding->state != FINDING_PENDING)
		become_pending(finding, now_ms);
	see(finding, now_ms);
	finding->severity = look->severity;
	if (!holds(rules->open, bad_looks(life), life->looks_in_state))
		return LEDGER_TURN_NONE;
	/* One answer that fails to come is no news yet. */
	if (look->severity == KD_UNKNOWN &&
	    !holds((struct kd_m_of_n){2, 2}, life->seen[KD_UNKNOWN], life->looks_in_state))
		return LEDGER_TURN_NONE;
	return become_open(finding, life, look->severity == KD_UNKNOWN && look->explained, now_ms);
}

static enum ledger_turn
look_at_open(struct finding *finding, struct ledger_life *life, const struct ledger_look *look,
    const struct ledger_rules *rules, int64_t now_ms)
{
	if (look->severity == KD_OK)
		return holds(rules->resolve, life->seen[KD_OK], life->looks_in_state)
			   ? become_resolved(finding, life, now_ms)
			   : LEDGER_TURN_NONE;
	if (look->severity == KD_UNKNOWN && finding->severity != KD_UNKNOWN)
		return LEDGER_TURN_NONE;
	see(finding, now_ms);
	if (look->severity == finding->severity) {
		if (!life->quiet || look->explained)
			return LEDGER_TURN_NONE;
		return become_severe(finding, life, look->severity, now_ms);
	}
	if (look->severity < finding->severity &&
	    !holds(rules->open, looks_up_to(life, look->severity), life->looks_at_severity))
		return LEDGER_TURN_NONE;
	return become_severe(finding, life, look->severity, now_ms);
}

enum ledger_turn
ledger_life_look(struct finding *finding, struct ledger_life *life, const struct ledger_look *look,
    const struct ledger_rules *rules, int64_t now_ms)
{
	remember(life, look);
	return finding->state == FINDING_OPEN ? look_at_open(finding, life, look, rules, now_ms)
					      : look_at_closed(finding, life, look, rules, now_ms);
}

enum ledger_turn
ledger_life_set(struct finding *finding, struct ledger_life *life, enum kd_severity severity, int64_t now_ms)
{
	remember(life, &(struct ledger_look){.severity = severity});
	if (severity == KD_OK)
		return finding->state == FINDING_OPEN ? become_resolved(finding, life, now_ms) : LEDGER_TURN_NONE;
	if (finding->state != FINDING_OPEN) {
		become_pending(finding, now_ms);
		see(finding, now_ms);
		finding->severity = severity;
		return become_open(finding, life, false, now_ms);
	}
	see(finding, now_ms);
	return severity == finding->severity ? LEDGER_TURN_NONE : become_severe(finding, life, severity, now_ms);
}

bool
ledger_life_is_over(
    const struct finding *finding, const struct ledger_life *life, const struct ledger_rules *rules, int64_t now_ms)
{
	if (!life->absent)
		return false;
	if (finding->state == FINDING_RESOLVED)
		return now_ms - finding->changed_ms >= RESOLVED_KEEP_MS;
	return finding->state == FINDING_OK && (bad_looks(life) & last_looks(sound(rules->open).n)) == 0;
}
