/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_look: how a judgement changes what is known of a stream; refuses to know who is told. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/ledger_private.h"

enum {
	BLAME_DEPTH =
	    4, /* how far a quiet finding is followed to one that was told; blame in a circle explains nothing */
};

static const char no_longer_reported[] = "no longer reported";

/* ---- blame ---- */

/* "PROBE/CHECK/SUBJECT"; the subject may hold slashes of its own. Of the same stream, or of kdiag itself. */
static struct ledger_item *
find_blamed(const struct ledger *ledger, struct ledger_record *record, const char *blame)
{
	struct finding named = {0};
	struct ledger_item *item = NULL;
	char *copy = mem_strdup(blame), *rest = copy;

	named.probe = strsep(&rest, "/");
	named.check = strsep(&rest, "/");
	named.subject = rest;
	if (named.check == NULL || named.subject == NULL)
		goto out;
	if (strcmp(named.probe, ledger_self_probe) == 0)
		record = ledger_table_find_record(ledger->table, NULL);
	if (record == NULL)
		goto out;
	named.stream = record->stream;
	finding_make_id(&named);
	item = ledger_table_find(ledger->table, record, &named);
out:
	free(copy);
	return item;
}

/*
 * A look that was under way when it resolved is explained by it, however late it is judged: only one that began afterwards shows that there is more.
 * What resolved in the future does not count, or it would explain for an hour when the wall clock is set back by one.
 */
static bool
changed_during(const struct ledger_life *life, const struct ledger_when *when)
{
	return life->changed_ms >= when->began_ms && life->changed_ms <= when->now_ms;
}

/* Does what this finding blames stand open, told to somebody, or was it seen and is about to? */
static bool
is_explained(
    const struct ledger *ledger, const struct ledger_item *item, const char *blame, const struct ledger_when *when)
{
	struct ledger_record *record = item->record;

	for (int depth = 0; depth < BLAME_DEPTH && blame != NULL; depth++) {
		const struct ledger_item *blamed = find_blamed(ledger, record, blame);

		if (blamed == NULL)
			return false;
		if (ledger_is_told(blamed))
			return true;
		if (blamed->life.state == FINDING_PENDING)
			return blamed->life.severity != KD_UNKNOWN;
		if (blamed->life.state == FINDING_RESOLVED)
			return changed_during(&blamed->life, when);
		if (blamed->life.state != FINDING_OPEN)
			return false;
		blame = ledger_item_view(blamed).blame;
		record = blamed->record;
	}
	return false;
}
/* ---- looks ---- */
/* What a look has made of it, for the disk: state and severity at once, the rest with the next round. */
static void
note_look(struct ledger_item *item, enum finding_state state, enum kd_severity severity)
{
	bool turned = item->life.state != state || item->life.severity != severity;

	if (item->life.state != FINDING_OK || item->saved)
		ledger_table_touch(item, turned ? LEDGER_TURNED : LEDGER_LOOKED_AT);
}
/* The sentences that fit the severity that is shown: while a sinking one waits for more looks, or cannot be seen, they stay. */
static void
take_sentences(struct ledger *ledger, struct ledger_item *item, const struct finding *seen)
{
	const struct ledger_life *life = &item->life;
	bool now_good = life->state == FINDING_RESOLVED && seen->severity == KD_OK;

	if (seen->severity == life->severity || now_good) {
		ledger_table_copy_texts(ledger->table, item, seen);
		item->reason = seen->severity == KD_UNKNOWN ? seen->reason : KD_KNOWN;
	} else if (seen->severity == KD_UNKNOWN) {
		item->reason = seen->reason;
	} else if (life->severity != KD_UNKNOWN) {
		item->reason = KD_KNOWN;
	}
}

static void
look_at_reported(struct ledger *ledger, struct ledger_item *item, const struct finding *seen,
    const struct ledger_rules *rules, const struct ledger_when *when)
{
	const enum kd_severity from = (enum kd_severity)item->life.severity;
	const enum finding_state was = (enum finding_state)item->life.state;
	struct ledger_look look = {.severity = seen->severity};
	enum ledger_turn turn;

	if (seen->severity == KD_UNKNOWN && !ledger_is_told(item))
		look.explained = is_explained(ledger, item, seen->blame, when);
	ledger_count_out(ledger, item);
	turn = ledger_life_look(&item->life, &look, rules, when->now_ms);
	take_sentences(ledger, item, seen);
	ledger_count_in(ledger, item);
	note_look(item, was, from);
	ledger_tell_turn(ledger, turn, item, from, NULL, when->now_ms);
}

static void
look_at_absent(struct ledger *ledger, struct ledger_item *item, const struct ledger_rules *rules, int64_t now_ms)
{
	static const struct finding gone = {.summary = (char *)no_longer_reported};
	const enum kd_severity from = (enum kd_severity)item->life.severity;
	const enum finding_state was = (enum finding_state)item->life.state;
	struct ledger_look look = {.severity = KD_OK, .absent = true};
	enum ledger_turn turn;

	ledger_count_out(ledger, item);
	turn = ledger_life_look(&item->life, &look, rules, now_ms);
	if (item->life.severity != KD_UNKNOWN)
		item->reason = KD_KNOWN;
	if (item->life.state == FINDING_OK)
		ledger_table_copy_texts(ledger->table, item, &gone);
	ledger_count_in(ledger, item);
	note_look(item, was, from);
	ledger_tell_turn(ledger, turn, item, from, no_longer_reported, now_ms);
	if (ledger_life_is_over(&item->life, rules, now_ms))
		ledger_table_drop(item);
}

/* Something bad takes the place of something good; something good only of what is not even reported any more. */
static bool
make_room(struct ledger_record *record, enum kd_severity severity)
{
	for (size_t i = record->count; i-- > 0;) {
		struct ledger_item *item = record->items[i];
		bool closed = item->life.state == FINDING_OK || item->life.state == FINDING_RESOLVED;

		if (closed && (severity != KD_OK || item->life.absent)) {
			ledger_table_drop(item);
			return true;
		}
	}
	return false;
}

struct ledger_item *
ledger_find_or_add(struct ledger *ledger, struct ledger_record *record, const struct finding *finding)
{
	struct ledger_item *item = ledger_table_find(ledger->table, record, finding);

	if (item == NULL)
		item = ledger_table_add(ledger->table, record, finding);
	if (item == NULL && make_room(record, finding->severity))
		item = ledger_table_add(ledger->table, record, finding);
	return item;
}

/* That findings are not kept is a finding: a record that is full and lost some, until it is full no more. */
static void
tell_overflow(struct ledger *ledger, struct ledger_record *record, bool lost, int64_t now_ms)
{
	const struct stream_id *stream = record->stream;
	char *subject, *summary;

	if (record->overflowed ? record->count >= LEDGER_RECORD_MAX : !lost)
		return;
	record->overflowed = !record->overflowed;
	subject = mem_printf("%s/%s/%s", stream->account, stream->region, stream->name);
	summary = mem_printf("more than %d findings about %s: those past it are not kept", LEDGER_RECORD_MAX, subject);
	if (record->overflowed)
		ledger_raise(ledger, "ledger", subject, KD_WARNING, summary, NULL, now_ms);
	else
		ledger_clear(ledger, "ledger", subject, now_ms);
	free(subject);
	free(summary);
}

void
ledger_apply(struct ledger *ledger, struct stream_id *stream, const struct kd_report *report, const char *probe,
    const struct ledger_rules *rules, const struct ledger_when *when)
{
	struct ledger_record *record = ledger_table_make_record(ledger->table, stream);
	const char *name = ledger_table_probe(ledger->table, probe);
	bool lost = false;

	assert(!ledger->telling && stream != NULL);
	ledger->judgement++;
	for (size_t i = 0; i < report_count(report); i++) {
		const struct finding *seen = report_at(report, i);
		struct ledger_item *item = ledger_find_or_add(ledger, record, seen);

		if (item == NULL) {
			lost = true;
			continue;
		}
		item->judgement = ledger->judgement;
		look_at_reported(ledger, item, seen, rules, when);
	}
	/* A report that lost sentences says nothing by its silence. */
	for (size_t i = report_dropped(report) > 0 ? 0 : record->count; i-- > 0;)
		if (record->items[i]->judgement != ledger->judgement && record->items[i]->names->probe == name)
			look_at_absent(ledger, record->items[i], rules, when->now_ms);
	tell_overflow(ledger, record, lost, when->now_ms);
}
/* ---- no longer watched ---- */

static void
forget_item(struct ledger *ledger, struct ledger_item *item, const char *why, int64_t now_ms)
{
	enum kd_severity from = (enum kd_severity)item->life.severity;

	if (item->life.state == FINDING_OPEN) {
		ledger_count_out(ledger, item);
		ledger_tell_turn(ledger, ledger_life_set(&item->life, KD_OK, 0, now_ms), item, from, why, now_ms);
	}
	ledger_table_drop(item);
}

void
ledger_forget(struct ledger *ledger, const struct stream_id *stream, const char *probe, const char *why, int64_t now_ms)
{
	struct ledger_record *record = ledger_table_find_record(ledger->table, stream);

	assert(!ledger->telling);
	if (record == NULL)
		return;
	for (size_t i = record->count; i-- > 0;)
		if (probe == NULL || strcmp(record->items[i]->names->probe, probe) == 0)
			forget_item(ledger, record->items[i], why, now_ms);
	if (record->stream != NULL)
		tell_overflow(ledger, record, false, now_ms);
	if (record->count == 0)
		ledger_table_drop_record(record);
}
