/* SPDX-License-Identifier: Apache-2.0 */
/* store_write: rows into the database, in one transaction. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/fact.h"
#include "common/mem.h"
#include "daemon/store_sql.h"

static const char *const sql[STORE_STATEMENTS] = {
    [STORE_PUT_FINDING] =
	"INSERT OR REPLACE INTO findings VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [STORE_DROP_FINDING] = "DELETE FROM findings WHERE no = ?",
    [STORE_PUT_CHANGE] = "INSERT OR REPLACE INTO changes VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [STORE_PUT_SILENCE] = "INSERT OR REPLACE INTO silences VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [STORE_PUT_STATE] = "INSERT OR REPLACE INTO states VALUES (?,?,?,?,?)",
    [STORE_DROP_STATE] = "DELETE FROM states WHERE account = ? AND region = ? AND stream = ? AND probe = ?",
    [STORE_PUT_META] = "INSERT OR REPLACE INTO meta VALUES (?,?)",
    [STORE_PUT_COUNTER] =
	"INSERT INTO counters VALUES (?,?,?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
    /* A slice at a time, so that a shorter retention does not hold a write up. */
    [STORE_FORGET_CHANGES] = "DELETE FROM changes WHERE seq IN (SELECT seq FROM changes WHERE ms < ? LIMIT 1000)",
    [STORE_FORGET_COUNTERS] = "DELETE FROM counters WHERE day < date(? / 1000, 'unixepoch')",
};

/* A statement that is being filled: which parameter is next. */
struct filling {
	struct store_db *db;
	sqlite3_stmt *stmt;
	int next;
	int code;
};

static struct filling
begin(struct store_db *db, enum store_statement which)
{
	struct filling filling = {.db = db, .code = SQLITE_OK};

	if (db->statements[which] == NULL)
		filling.code = sqlite3_prepare_v3(
		    db->sqlite, sql[which], -1, SQLITE_PREPARE_PERSISTENT, &db->statements[which], NULL);
	filling.stmt = db->statements[which];
	return filling;
}

/* The text must live until finish(). */
static void
put_text(struct filling *filling, const char *text)
{
	if (filling->code == SQLITE_OK)
		filling->code = sqlite3_bind_text(filling->stmt, ++filling->next, text, -1, SQLITE_STATIC);
}

static void
put_number(struct filling *filling, int64_t number)
{
	if (filling->code == SQLITE_OK)
		filling->code = sqlite3_bind_int64(filling->stmt, ++filling->next, number);
}

static int
finish(struct filling *filling)
{
	if (filling->code == SQLITE_OK && (filling->code = sqlite3_step(filling->stmt)) == SQLITE_DONE)
		filling->code = SQLITE_OK;
	if (filling->stmt != NULL) {
		sqlite3_reset(filling->stmt);
		sqlite3_clear_bindings(filling->stmt);
	}
	return filling->code;
}

static void
put_stream(struct filling *filling, const struct stream_id *stream)
{
	put_text(filling, stream != NULL ? stream->account : NULL);
	put_text(filling, stream != NULL ? stream->region : NULL);
	put_text(filling, stream != NULL ? stream->name : NULL);
}

static int
write_finding(struct store_db *db, const struct ledger_saved *saved)
{
	const struct finding *finding = saved->finding;
	const struct ledger_ack *ack = saved->ack;
	struct filling row = begin(db, STORE_PUT_FINDING);

	put_number(&row, (int64_t)saved->no);
	put_text(&row, finding->id);
	put_stream(&row, finding->stream);
	put_text(&row, finding->stream != NULL ? finding->stream->arn : NULL);
	put_text(&row, finding->probe);
	put_text(&row, finding->check);
	put_text(&row, finding->subject);
	put_text(&row, severity_name(finding->severity));
	put_text(&row, finding_state_name(finding->state));
	put_text(&row, reason_name(finding->reason));
	put_text(&row, finding->summary);
	put_text(&row, finding->evidence);
	put_text(&row, finding->symptom);
	put_text(&row, finding->step);
	put_text(&row, finding->next);
	put_text(&row, finding->blame);
	put_number(&row, finding->first_seen_ms);
	put_number(&row, finding->last_seen_ms);
	put_number(&row, finding->changed_ms);
	put_number(&row, (int64_t)finding->count);
	put_text(&row, saved->life);
	put_text(&row, ack != NULL ? ack->by : NULL);
	put_number(&row, ack != NULL ? ack->uid : -1);
	put_number(&row, ack != NULL ? ack->at_ms : 0);
	put_text(&row, ack != NULL ? ack->text : NULL);
	return finish(&row);
}

static int
write_change(struct store_db *db, const struct ledger_change *change)
{
	const struct finding *finding = change->finding;
	struct filling row = begin(db, STORE_PUT_CHANGE);

	put_number(&row, (int64_t)change->seq);
	put_number(&row, change->ms);
	put_text(&row, ledger_event_name(change->event));
	put_text(&row, finding->id);
	put_stream(&row, finding->stream);
	put_text(&row, finding->probe);
	put_text(&row, finding->check);
	put_text(&row, finding->subject);
	put_text(&row, severity_name(finding->severity));
	put_text(&row, severity_name(change->from));
	put_text(&row, finding->summary);
	put_text(&row, finding->symptom);
	put_text(&row, finding->next);
	put_text(&row, change->by);
	put_text(&row, change->why);
	put_number(&row, change->open_ms);
	put_number(&row, change->silenced);
	return finish(&row);
}

static int
write_silence(struct store_db *db, const struct ledger_silence *silence)
{
	struct filling row = begin(db, STORE_PUT_SILENCE);

	put_text(&row, silence->id);
	put_stream(&row, silence->stream);
	put_text(&row, silence->probe);
	put_text(&row, silence->finding);
	put_text(&row, silence->by);
	put_number(&row, silence->uid);
	put_text(&row, silence->text);
	put_number(&row, silence->at_ms);
	put_number(&row, silence->until_ms);
	return finish(&row);
}

static int
write_state(struct store_db *db, const struct store_state *state)
{
	struct filling row = begin(db, state->text != NULL ? STORE_PUT_STATE : STORE_DROP_STATE);

	put_text(&row, state->account);
	put_text(&row, state->region);
	put_text(&row, state->stream);
	put_text(&row, state->probe);
	if (state->text != NULL)
		put_text(&row, state->text);
	return finish(&row);
}

static int
write_number(struct store_db *db, enum store_statement which, const char *name, int64_t number)
{
	struct filling row = begin(db, which);

	if (name != NULL)
		put_text(&row, name);
	put_number(&row, number);
	return finish(&row);
}

static int
write_counter(struct store_db *db, const struct store_counter *counter)
{
	struct filling row = begin(db, STORE_PUT_COUNTER);

	put_text(&row, counter->day);
	put_text(&row, counter->name);
	put_number(&row, counter->value);
	return finish(&row);
}

static int
write_lists(struct store_db *db, const struct store_rows *rows)
{
	int code = SQLITE_OK;

	for (size_t i = 0; i < rows->gone_count && code == SQLITE_OK; i++)
		code = write_number(db, STORE_DROP_FINDING, NULL, (int64_t)rows->gone[i]);
	for (size_t i = 0; i < rows->findings_count && code == SQLITE_OK; i++)
		code = write_finding(db, rows->findings[i]);
	for (size_t i = 0; i < rows->changes_count && code == SQLITE_OK; i++)
		code = write_change(db, rows->changes[i]);
	for (size_t i = 0; i < rows->silences_count && code == SQLITE_OK; i++)
		code = write_silence(db, rows->silences[i]);
	for (size_t i = 0; i < rows->states_count && code == SQLITE_OK; i++)
		code = write_state(db, &rows->states[i]);
	for (size_t i = 0; i < rows->counters_count && code == SQLITE_OK; i++)
		code = write_counter(db, &rows->counters[i]);
	return code;
}

static int
write_rows(struct store_db *db, const struct store_rows *rows)
{
	int code = SQLITE_OK;

	if (rows->whole)
		code = sqlite3_exec(db->sqlite, "DELETE FROM findings; DELETE FROM states", NULL, NULL, NULL);
	if (code == SQLITE_OK && (rows->whole || rows->has_silences))
		code = sqlite3_exec(db->sqlite, "DELETE FROM silences", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = write_lists(db, rows);
	if (code == SQLITE_OK)
		code = write_number(db, STORE_PUT_META, "last_seq", (int64_t)rows->last_seq);
	if (code == SQLITE_OK)
		code = write_number(db, STORE_PUT_META, "told_seq", (int64_t)rows->told_seq);
	if (code == SQLITE_OK && rows->forget_before_ms > 0)
		code = write_number(db, STORE_FORGET_CHANGES, NULL, rows->forget_before_ms);
	if (code == SQLITE_OK && rows->forget_before_ms > 0)
		code = write_number(db, STORE_FORGET_COUNTERS, NULL, rows->forget_before_ms);
	return code;
}

enum store_result
store_db_write(struct store_db *db, const struct store_rows *rows, char **why)
{
	enum store_result result;
	int code = sqlite3_exec(db->sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (code == SQLITE_OK)
		code = write_rows(db, rows);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db->sqlite, "COMMIT", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		return STORE_DONE;
	result = store_sql_result(db, code, why);
	(void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	return result;
}
