/* SPDX-License-Identifier: Apache-2.0 */
/* view_brief: owns what of all streams is worth a row; refuses to know how a row looks. */
#include "daemon/view_brief.h"

#include <stdlib.h>
#include <string.h>

#include "common/json_text.h"
#include "common/mem.h"
#include "daemon/view.h"

enum { STREAMS_SHOWN = 20, FINDINGS_SHOWN = 5 };

/* The first few of them, and how many there are. */
struct picked {
	struct ledger_entry first[FINDINGS_SHOWN];
	size_t count;
};

/* Of one stream. */
struct rows {
	struct picked open, unseen; /* the latter are shown only where nothing is open */
	size_t silenced, quiet;
};

struct brief {
	const struct daemon *daemon;
	size_t shown;
	const struct watch *shown_watches[STREAMS_SHOWN];
	struct rows shown_rows[STREAMS_SHOWN];
	size_t totals[KD_CRITICAL + 1], explained;
	int64_t last_look_ms;
	bool many_accounts;
};

static void
pick(struct picked *picked, const struct ledger_entry *entry)
{
	if (picked->count < FINDINGS_SHOWN)
		picked->first[picked->count] = *entry;
	picked->count++;
}

static void
gather_cb(const struct ledger_entry *entry, void *arg)
{
	struct rows *rows = arg;
	bool open = entry->finding.state == FINDING_OPEN;

	if (!entry->unseen && (!open || entry->finding.severity <= KD_INFO))
		return;
	if (entry->silenced_until_ms != 0)
		rows->silenced++;
	else if (entry->quiet)
		rows->quiet++;
	else
		pick(open ? &rows->open : &rows->unseen, entry);
}

/* What its row and the exit status say: stale is unknown, whatever was found before. */
static enum kd_severity
row_verdict(const struct daemon *daemon, const struct watch *watch)
{
	enum kd_severity verdict;

	if (watch_as_of_ms(watch) == 0 || watch_is_stale(watch))
		return KD_UNKNOWN;
	verdict = ledger_verdict(daemon->ledger, watch_id(watch));
	if (verdict < KD_UNKNOWN && !watch_is_complete(watch))
		return KD_UNKNOWN;
	return verdict == KD_INFO ? KD_OK : verdict;
}

/* Not seen, and there is nothing to say of it that another row, of it or of kdiag itself, does not say. */
static bool
is_explained(const struct watch *watch, const struct rows *rows)
{
	return watch_as_of_ms(watch) != 0 && !watch_is_stale(watch) && rows->silenced == 0 && rows->quiet > 0 &&
	       rows->open.count + rows->unseen.count == 0;
}

static void
add_watch(struct brief *brief, const struct watch *watch, enum kd_severity verdict)
{
	struct rows rows = {0};

	if (brief->shown == STREAMS_SHOWN && verdict != KD_UNKNOWN)
		return;
	ledger_each(brief->daemon->ledger, watch_id(watch), gather_cb, &rows);
	if (is_explained(watch, &rows)) {
		brief->explained++;
	} else if (brief->shown < STREAMS_SHOWN) {
		brief->shown_watches[brief->shown] = watch;
		brief->shown_rows[brief->shown++] = rows;
	}
}

static void
tally(struct brief *brief, const struct watch *watch, enum kd_severity verdict)
{
	const struct watch *first = schedule_at(brief->daemon->schedule, 0);

	brief->totals[verdict]++;
	if (watch_as_of_ms(watch) > brief->last_look_ms)
		brief->last_look_ms = watch_as_of_ms(watch);
	if (strcmp(watch_id(watch)->account, watch_id(first)->account) != 0)
		brief->many_accounts = true;
}

/* Worst first; of one verdict in the schedule's order. */
static void
gather(struct brief *brief)
{
	const struct schedule *schedule = brief->daemon->schedule;
	size_t count = schedule_count(schedule);
	enum kd_severity *verdicts = mem_new(count + 1, sizeof(*verdicts));

	for (size_t i = 0; i < count; i++) {
		verdicts[i] = row_verdict(brief->daemon, schedule_at(schedule, i));
		tally(brief, schedule_at(schedule, i), verdicts[i]);
	}
	for (enum kd_severity verdict = KD_CRITICAL; verdict >= KD_UNKNOWN; verdict--)
		for (size_t i = 0; i < count; i++)
			if (verdicts[i] == verdict)
				add_watch(brief, schedule_at(schedule, i), verdict);
	free(verdicts);
}

/* ---- as JSON ---- */

/* "orders", or as much more as tells it from others of its name, and from an option. */
static void
write_argument(const struct brief *brief, const struct stream_id *id, struct str *out)
{
	const struct schedule *schedule = brief->daemon->schedule;
	char *place = mem_printf("%s/%s", id->region, id->name), *whole = mem_printf("%s/%s", id->account, place);
	struct watch *found;

	if (id->name[0] != '-' && schedule_find(schedule, id->name, &found) <= 1)
		json_text_set(out, "argument", id->name);
	else if (schedule_find(schedule, place, &found) <= 1)
		json_text_set(out, "argument", place);
	else
		json_text_set(out, "argument", whole);
	free(place);
	free(whole);
}

static void
write_stream(const struct brief *brief, size_t i, struct str *out)
{
	const struct rows *rows = &brief->shown_rows[i];
	const struct picked *picked = rows->open.count > 0 ? &rows->open : &rows->unseen;
	size_t shown = picked->count < FINDINGS_SHOWN ? picked->count : FINDINGS_SHOWN;

	json_text_open(out, '{');
	view_write_stream(brief->daemon, brief->shown_watches[i], out);
	write_argument(brief, watch_id(brief->shown_watches[i]), out);
	json_text_set_integer(out, "left_out", (int64_t)(picked->count - shown));
	json_text_set_integer(out, "silenced", (int64_t)rows->silenced);
	json_text_key(out, "findings");
	json_text_open(out, '[');
	for (size_t k = 0; k < shown; k++)
		view_write_finding(&picked->first[k], out);
	json_text_close(out, ']');
	json_text_close(out, '}');
}

static void
write_totals(const struct brief *brief, struct str *out)
{
	static const enum kd_severity shown[] = {KD_CRITICAL, KD_WARNING, KD_UNKNOWN, KD_OK};

	json_text_key(out, "totals");
	json_text_open(out, '{');
	for (size_t i = 0; i < KD_COUNT(shown); i++)
		json_text_set_integer(out, severity_name(shown[i]), (int64_t)brief->totals[shown[i]]);
	json_text_set_integer(out, "explained", (int64_t)brief->explained);
	json_text_set_time(out, "last_look", brief->last_look_ms);
	json_text_set_boolean(out, "many_accounts", brief->many_accounts);
	json_text_close(out, '}');
}

void
view_brief_write(const struct daemon *daemon, struct str *out)
{
	struct brief *brief = mem_new(1, sizeof(*brief));

	brief->daemon = daemon;
	gather(brief);
	json_text_key(out, "streams");
	json_text_open(out, '[');
	for (size_t i = 0; i < brief->shown; i++)
		write_stream(brief, i, out);
	json_text_close(out, ']');
	write_totals(brief, out);
	free(brief);
}
