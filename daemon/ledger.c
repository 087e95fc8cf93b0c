/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: owns what is known of all findings and tells its listeners what changed; refuses to know the time, the disk and the ways out. */
#include "daemon/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "daemon/ledger_private.h"

enum {
	BLAME_DEPTH = 4
}; /* how far a quiet finding is followed to one that was told; blame in a circle explains nothing */

enum { RESOLVED_EXPLAINS_MS = 10 * 1000 };

static const char self_probe[] = "self";
static const char no_longer_reported[] = "no longer reported";

struct ledger *
ledger_new(void)
{
	struct ledger *ledger = mem_new(1, sizeof(*ledger));

	ledger->table = ledger_table_new();
	return ledger;
}

void
ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	assert(!ledger->telling);
	ledger_table_free(ledger->table);
	for (size_t i = 0; i < ledger->silences_count; i++)
		ledger_silence_free(ledger->silences[i]);
	free(ledger->silences);
	free(ledger->listeners);
	free(ledger);
}

/* ---- telling ---- */

static const char *const event_names[LEDGER_EVENTS] = {
    [LEDGER_OPENED] = "opened",
    [LEDGER_CHANGED] = "changed",
    [LEDGER_RESOLVED] = "resolved",
    [LEDGER_REMINDER] = "reminder",
    [LEDGER_ACKED] = "acked",
    [LEDGER_UNACKED] = "unacked",
    [LEDGER_SILENCED] = "silenced",
    [LEDGER_UNSILENCED] = "unsilenced",
    [LEDGER_FLAPPING] = "flapping",
};

const char *
ledger_event_name(enum ledger_event event)
{
	return event_names[event];
}

int
ledger_event_parse(const char *name, enum ledger_event *event)
{
	for (int i = 0; i < LEDGER_EVENTS; i++) {
		if (strcmp(event_names[i], name) != 0)
			continue;
		*event = (enum ledger_event)i;
		return 0;
	}
	return -1;
}

struct stream_id *
ledger_copy_stream(const struct stream_id *stream)
{
	struct stream_id *copy;

	if (stream == NULL)
		return NULL;
	copy = stream_id_new(stream->account, stream->region, stream->name);
	stream_id_set_arn(copy, stream->arn);
	return copy;
}

struct ledger_change *
ledger_change_copy(const struct ledger_change *change)
{
	struct ledger_change *copy = mem_new(1, sizeof(*copy));
	struct finding finding = *change->finding;

	*copy = *change;
	finding.stream = NULL;
	finding.evidence = NULL; /* no form of a change has it */
	copy->finding = finding_copy(&finding);
	((struct finding *)copy->finding)->stream = ledger_copy_stream(change->finding->stream);
	copy->why = mem_strdup(change->why);
	copy->by = mem_strdup(change->by);
	return copy;
}

void
ledger_change_free(struct ledger_change *change)
{
	if (change == NULL)
		return;
	finding_free((struct finding *)change->finding);
	free((char *)change->why);
	free((char *)change->by);
	free(change);
}

void
ledger_listen(struct ledger *ledger, ledger_listener listener, void *arg)
{
	ledger->listeners = mem_resize(ledger->listeners, ledger->listeners_count + 1, sizeof(struct listener));
	ledger->listeners[ledger->listeners_count++] = (struct listener){listener, arg};
}

void
ledger_tell(struct ledger *ledger, struct ledger_change *change)
{
	change->seq = ++ledger->seq;
	change->silenced = ledger_silenced_until(ledger, change->finding) != 0;
	ledger->telling = true;
	for (size_t i = 0; i < ledger->listeners_count; i++)
		ledger->listeners[i].call(change, ledger->listeners[i].arg);
	ledger->telling = false;
}

/* A person looks after what he knows: not after what has become worse, nor after what is over. */
static void
end_ack(struct ledger_item *item, enum kd_severity from)
{
	if (item->finding.state == FINDING_OPEN && item->finding.severity <= from)
		return;
	ledger_ack_free(item->ack);
	item->ack = NULL;
}

static void
tell(struct ledger *ledger, enum ledger_turn turn, struct ledger_item *item, enum kd_severity from, const char *why,
    int64_t now_ms)
{
	static const char calm[] = "no longer flapping";
	static const enum ledger_event events[] = {
	    [LEDGER_TURN_OPENED] = LEDGER_OPENED,
	    [LEDGER_TURN_CHANGED] = LEDGER_CHANGED,
	    [LEDGER_TURN_RESOLVED] = LEDGER_RESOLVED,
	    [LEDGER_TURN_FLAPPING] = LEDGER_FLAPPING,
	    [LEDGER_TURN_CALM] = LEDGER_CHANGED,
	};
	int64_t open_ms = now_ms - item->life.opened_ms;
	struct ledger_change change;

	if (turn == LEDGER_TURN_NONE)
		return;
	end_ack(item, from);
	change = (struct ledger_change){
	    .ms = now_ms,
	    .event = events[turn],
	    .from = turn == LEDGER_TURN_OPENED ? KD_OK : from,
	    .finding = &item->finding,
	    .why = turn == LEDGER_TURN_RESOLVED ? why
		   : turn == LEDGER_TURN_CALM   ? calm
						: NULL,
	    .open_ms = open_ms > 0 ? open_ms : 0, /* the wall clock may step back */
	};
	ledger_tell(ledger, &change);
}

bool
ledger_is_told(const struct ledger_item *item)
{
	return item->finding.state == FINDING_OPEN && !item->life.quiet;
}

void
ledger_count_out(struct ledger *ledger, const struct ledger_item *item)
{
	if (ledger_is_told(item))
		ledger->open[item->finding.severity]--;
}

void
ledger_count_in(struct ledger *ledger, const struct ledger_item *item)
{
	if (ledger_is_told(item))
		ledger->open[item->finding.severity]++;
}

/* What a look has made of it, for the disk: state and severity at once, the rest with the next round. */
static void
note_look(struct ledger_item *item, enum finding_state state, enum kd_severity severity)
{
	bool turned = item->finding.state != state || item->finding.severity != severity;

	if (item->finding.state != FINDING_OK || item->saved)
		ledger_table_touch(item, turned ? LEDGER_TURNED : LEDGER_LOOKED_AT);
}

/* ---- blame ---- */

/* "PROBE/CHECK/SUBJECT"; the subject may hold slashes of its own. Of the same stream, or of kdiag itself. */
static struct ledger_item *
find_blamed(const struct ledger *ledger, const struct ledger_record *record, const char *blame)
{
	struct finding named = {0};
	struct ledger_item *item = NULL;
	char *copy = mem_strdup(blame), *rest = copy;

	named.probe = strsep(&rest, "/");
	named.check = strsep(&rest, "/");
	named.subject = rest;
	if (named.check == NULL || named.subject == NULL)
		goto out;
	if (strcmp(named.probe, self_probe) == 0)
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

/* Does what this finding blames stand open, told to somebody, or was it seen and is about to? */
static bool
is_explained(const struct ledger *ledger, const struct ledger_item *item, const char *blame, int64_t now_ms)
{
	const struct ledger_record *record = item->record;

	for (int depth = 0; depth < BLAME_DEPTH && blame != NULL; depth++) {
		const struct ledger_item *blamed = find_blamed(ledger, record, blame);

		if (blamed == NULL)
			return false;
		if (ledger_is_told(blamed))
			return true;
		if (blamed->finding.state == FINDING_PENDING)
			return blamed->finding.severity != KD_UNKNOWN;
		/* A look that was under way when it resolved is explained by it still. */
		if (blamed->finding.state == FINDING_RESOLVED)
			return now_ms - blamed->finding.changed_ms < RESOLVED_EXPLAINS_MS;
		if (blamed->finding.state != FINDING_OPEN)
			return false;
		blame = blamed->finding.blame;
		record = blamed->record;
	}
	return false;
}

/* ---- looks ---- */

/* The sentences that fit the severity that is shown: while a sinking one waits for more looks, or cannot be seen, they stay. */
static void
take_sentences(struct ledger *ledger, struct ledger_item *item, const struct finding *seen)
{
	struct finding *finding = &item->finding;
	bool now_good = finding->state == FINDING_RESOLVED && seen->severity == KD_OK;

	if (seen->severity == finding->severity || now_good) {
		ledger_table_copy_texts(ledger->table, item, seen);
		finding->reason = seen->severity == KD_UNKNOWN ? seen->reason : KD_KNOWN;
	} else if (seen->severity == KD_UNKNOWN) {
		finding->reason = seen->reason;
	} else if (finding->severity != KD_UNKNOWN) {
		finding->reason = KD_KNOWN;
	}
}

static void
look_at_reported(struct ledger *ledger, struct ledger_item *item, const struct finding *seen,
    const struct ledger_rules *rules, int64_t now_ms)
{
	const enum kd_severity from = item->finding.severity;
	const enum finding_state was = item->finding.state;
	struct ledger_look look = {.severity = seen->severity};
	enum ledger_turn turn;

	if (seen->severity == KD_UNKNOWN && !ledger_is_told(item))
		look.explained = is_explained(ledger, item, seen->blame, now_ms);
	ledger_count_out(ledger, item);
	turn = ledger_life_look(&item->finding, &item->life, &look, rules, now_ms);
	take_sentences(ledger, item, seen);
	ledger_count_in(ledger, item);
	note_look(item, was, from);
	tell(ledger, turn, item, from, NULL, now_ms);
}

static void
look_at_absent(struct ledger *ledger, struct ledger_item *item, const struct ledger_rules *rules, int64_t now_ms)
{
	static const struct finding gone = {.summary = (char *)no_longer_reported};
	const enum kd_severity from = item->finding.severity;
	const enum finding_state was = item->finding.state;
	struct ledger_look look = {.severity = KD_OK, .absent = true};
	enum ledger_turn turn;

	ledger_count_out(ledger, item);
	turn = ledger_life_look(&item->finding, &item->life, &look, rules, now_ms);
	if (item->finding.severity != KD_UNKNOWN)
		item->finding.reason = KD_KNOWN;
	if (item->finding.state == FINDING_OK)
		ledger_table_copy_texts(ledger->table, item, &gone);
	ledger_count_in(ledger, item);
	note_look(item, was, from);
	tell(ledger, turn, item, from, no_longer_reported, now_ms);
	if (ledger_life_is_over(&item->finding, &item->life, rules, now_ms))
		ledger_table_drop(item);
}

/* Something bad takes the place of something good; something good only of what is not even reported any more. */
static bool
make_room(struct ledger_record *record, enum kd_severity severity)
{
	for (size_t i = record->count; i-- > 0;) {
		struct ledger_item *item = record->items[i];
		bool closed = item->finding.state == FINDING_OK || item->finding.state == FINDING_RESOLVED;

		if (closed && (severity != KD_OK || item->life.absent)) {
			ledger_table_drop(item);
			return true;
		}
	}
	return false;
}

/* NULL: the record is full of what matters more. */
static struct ledger_item *
find_or_add(struct ledger *ledger, struct ledger_record *record, const struct finding *finding)
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
    const struct ledger_rules *rules, int64_t now_ms)
{
	struct ledger_record *record = ledger_table_make_record(ledger->table, stream);
	bool lost = false;

	assert(!ledger->telling && stream != NULL);
	ledger->judgement++;
	for (size_t i = 0; i < report_count(report); i++) {
		const struct finding *seen = report_at(report, i);
		struct ledger_item *item = find_or_add(ledger, record, seen);

		if (item == NULL) {
			lost = true;
			continue;
		}
		item->judgement = ledger->judgement;
		look_at_reported(ledger, item, seen, rules, now_ms);
	}
	/* A report that lost sentences says nothing by its silence. */
	for (size_t i = report_dropped(report) > 0 ? 0 : record->count; i-- > 0;)
		if (record->items[i]->judgement != ledger->judgement &&
		    strcmp(record->items[i]->finding.probe, probe) == 0)
			look_at_absent(ledger, record->items[i], rules, now_ms);
	tell_overflow(ledger, record, lost, now_ms);
}

/* ---- kdiag itself ---- */

static struct finding
name_self(const char *check, const char *subject)
{
	struct finding named = {
	    .probe = (char *)self_probe,
	    .check = (char *)check,
	    .subject = (char *)subject,
	};

	finding_make_id(&named);
	return named;
}

void
ledger_raise(struct ledger *ledger, const char *check, const char *subject, enum kd_severity severity,
    const char *summary, const char *next, int64_t now_ms)
{
	struct finding named = name_self(check, subject);
	struct ledger_record *record = ledger_table_make_record(ledger->table, NULL);
	struct ledger_item *item;
	enum kd_severity from;
	enum ledger_turn turn;

	assert(!ledger->telling && severity != KD_OK);
	named.severity = severity;
	named.summary = (char *)summary;
	named.next = (char *)next;
	if ((item = find_or_add(ledger, record, &named)) == NULL)
		return; /* 2,000 are open already: nobody misses the next */
	from = item->finding.severity;
	ledger_count_out(ledger, item);
	turn = ledger_life_set(&item->finding, &item->life, severity, now_ms);
	ledger_table_copy_texts(ledger->table, item, &named);
	item->finding.reason = severity == KD_UNKNOWN ? KD_FAILED : KD_KNOWN;
	ledger_count_in(ledger, item);
	ledger_table_touch(item, turn != LEDGER_TURN_NONE ? LEDGER_TURNED : LEDGER_LOOKED_AT);
	tell(ledger, turn, item, from, NULL, now_ms);
}

/* It is over, and its sentence says so. why: NULL when it was seen to be over. */
static void
end_self(struct ledger *ledger, struct ledger_item *item, const char *why, int64_t now_ms)
{
	enum kd_severity from = item->finding.severity;
	char *was = item->finding.summary, *now = mem_printf("over: %s", was);
	enum ledger_turn turn;

	item->finding.summary = text_clean(now, strlen(now), FINDING_TEXT_MAX);
	free(was);
	free(now);
	ledger_count_out(ledger, item);
	turn = ledger_life_set(&item->finding, &item->life, KD_OK, now_ms);
	ledger_table_touch(item, LEDGER_TURNED);
	tell(ledger, turn, item, from, why, now_ms);
}

void
ledger_clear(struct ledger *ledger, const char *check, const char *subject, int64_t now_ms)
{
	struct ledger_record *record = ledger_table_find_record(ledger->table, NULL);
	struct finding named = name_self(check, subject);
	struct ledger_item *item = ledger_table_find(ledger->table, record, &named);

	assert(!ledger->telling);
	if (item != NULL && item->finding.state == FINDING_OPEN)
		end_self(ledger, item, NULL, now_ms);
}

void
ledger_sweep_self(struct ledger *ledger, int64_t since_ms, const char *why, int64_t now_ms)
{
	struct ledger_record *record = ledger_table_find_record(ledger->table, NULL);

	for (size_t i = record != NULL ? record->count : 0; i-- > 0;) {
		struct ledger_item *item = record->items[i];

		if (item->finding.state == FINDING_OPEN && item->finding.last_seen_ms < since_ms)
			end_self(ledger, item, why, now_ms);
	}
}

/* ---- no longer watched ---- */

static void
forget_item(struct ledger *ledger, struct ledger_item *item, const char *why, int64_t now_ms)
{
	enum kd_severity from = item->finding.severity;

	if (item->finding.state == FINDING_OPEN) {
		ledger_count_out(ledger, item);
		tell(ledger, ledger_life_set(&item->finding, &item->life, KD_OK, now_ms), item, from, why, now_ms);
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
		if (probe == NULL || strcmp(record->items[i]->finding.probe, probe) == 0)
			forget_item(ledger, record->items[i], why, now_ms);
	if (record->stream != NULL)
		tell_overflow(ledger, record, false, now_ms);
	if (record->count == 0)
		ledger_table_drop_record(record);
}

/* ---- reading ---- */

/* What an item counts in its stream's verdict. */
static enum kd_severity
weight(const struct ledger_item *item)
{
	if (item->finding.state == FINDING_OPEN && item->finding.severity > KD_UNKNOWN)
		return item->finding.severity;
	if (item->life.unseen)
		return KD_UNKNOWN;
	return item->finding.state == FINDING_OPEN ? item->finding.severity : KD_OK;
}

static int
compare_items(const void *left, const void *right)
{
	static const int ranks[] = {
	    [FINDING_OPEN] = 0, [FINDING_PENDING] = 1, [FINDING_RESOLVED] = 2, [FINDING_OK] = 3};
	const struct ledger_item *a = *(const struct ledger_item *const *)left;
	const struct ledger_item *b = *(const struct ledger_item *const *)right;
	int order;

	if (weight(a) != weight(b))
		return weight(a) > weight(b) ? -1 : 1;
	if ((order = ranks[a->finding.state] - ranks[b->finding.state]) != 0)
		return order;
	if ((order = strcmp(a->finding.probe, b->finding.probe)) != 0)
		return order;
	if ((order = strcmp(a->finding.check, b->finding.check)) != 0)
		return order;
	return strcmp(a->finding.subject, b->finding.subject);
}

static void
show(const struct ledger *ledger, const struct ledger_item *item, ledger_visit visit, void *arg)
{
	const struct ledger_entry entry = {
	    .finding = &item->finding,
	    .ack = item->ack,
	    .silenced_until_ms = ledger_silenced_until(ledger, &item->finding),
	    .flapping = item->life.flapping,
	    .quiet = item->life.quiet,
	    .unseen = item->life.unseen,
	};

	visit(&entry, arg);
}

void
ledger_each(const struct ledger *ledger, const struct stream_id *stream, ledger_visit visit, void *arg)
{
	const struct ledger_record *record = ledger_table_find_record(ledger->table, stream);
	struct ledger_item **sorted;

	if (record == NULL || record->count == 0)
		return;
	sorted = mem_new(record->count, sizeof(struct ledger_item *));
	memcpy(sorted, record->items, record->count * sizeof(struct ledger_item *));
	qsort(sorted, record->count, sizeof(struct ledger_item *), compare_items);
	for (size_t i = 0; i < record->count; i++)
		show(ledger, sorted[i], visit, arg);
	free(sorted);
}

void
ledger_each_all(const struct ledger *ledger, ledger_visit visit, void *arg)
{
	const struct ledger_record *record;

	for (record = ledger_table_first(ledger->table); record != NULL; record = LIST_NEXT(record, all))
		for (size_t i = 0; i < record->count; i++)
			show(ledger, record->items[i], visit, arg);
}

const struct finding *
ledger_find(const struct ledger *ledger, const char *id)
{
	const struct ledger_item *item = ledger_table_find_id(ledger->table, id);

	return item != NULL ? &item->finding : NULL;
}

bool
ledger_is_acked(const struct ledger *ledger, const char *id)
{
	const struct ledger_item *item = ledger_table_find_id(ledger->table, id);

	return item != NULL && item->ack != NULL;
}

enum kd_severity
ledger_verdict(const struct ledger *ledger, const struct stream_id *stream)
{
	const struct ledger_record *record = ledger_table_find_record(ledger->table, stream);
	enum kd_severity worst = KD_OK;

	if (record == NULL || record->count == 0)
		return stream == NULL ? KD_OK : KD_UNKNOWN;
	for (size_t i = 0; i < record->count; i++)
		if (weight(record->items[i]) > worst && ledger_silenced_until(ledger, &record->items[i]->finding) == 0)
			worst = weight(record->items[i]);
	return worst;
}

uint64_t
ledger_last_seq(const struct ledger *ledger)
{
	return ledger->seq;
}

void
ledger_count_open(const struct ledger *ledger, size_t counts[KD_CRITICAL + 1])
{
	memcpy(counts, ledger->open, sizeof(ledger->open));
}
