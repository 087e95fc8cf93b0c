/* SPDX-License-Identifier: Apache-2.0 */
/* store_read: rows out of the database: all that a start needs, and the history. What makes no sense is left out. */
#include <stdlib.h>
#include <string.h>

#include "common/fact.h"
#include "common/json.h"
#include "common/mem.h"
#include "daemon/store_sql.h"

/* ---- columns, one after the other ---- */

struct row {
	sqlite3_stmt *stmt;
	int next;
};

static const char *
text(struct row *row)
{
	return (const char *)sqlite3_column_text(row->stmt, row->next++);
}

static int64_t
number(struct row *row)
{
	return sqlite3_column_int64(row->stmt, row->next++);
}

/* Below 0: 0. */
static uint64_t
count(struct row *row)
{
	int64_t value = number(row);

	return value > 0 ? (uint64_t)value : 0;
}

/* Each row of a query; 0 or SQLite's code. */
static int
each(struct store_db *db, const char *sql, void (*take)(struct row *row, struct store_rows *rows),
    struct store_rows *rows)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL);

	while (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct row row = {.stmt = stmt};

		take(&row, rows);
		code = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static void
copy_id(char id[FINDING_ID_SIZE], const char *from)
{
	if (from != NULL && strlen(from) < FINDING_ID_SIZE)
		memcpy(id, from, strlen(from) + 1);
}

/* account, region, stream; NULL: none. */
static struct stream_id *
take_stream(struct row *row)
{
	const char *account = text(row), *region = text(row), *name = text(row);

	return account != NULL && region != NULL && name != NULL ? stream_id_new(account, region, name) : NULL;
}

static enum finding_state
state_of(const char *name)
{
	for (int state = FINDING_OK; name != NULL && state <= FINDING_RESOLVED; state++)
		if (strcmp(finding_state_name((enum finding_state)state), name) == 0)
			return (enum finding_state)state;
	return FINDING_OK; /* which ledger_restore() leaves out */
}

static char *
or_empty(const char *s)
{
	return mem_strdup(s != NULL ? s : "");
}

/* It goes into other JSON as it stands; the caller's, or NULL. */
static char *
evidence_of(const char *text)
{
	json_t *object = text != NULL ? json_read(text, strlen(text), NULL) : NULL;
	char *evidence = json_is_object(object) ? mem_strdup(text) : NULL;

	json_decref(object);
	return evidence;
}

/* ---- what a start needs ---- */

static void
take_finding(struct row *row, struct store_rows *rows)
{
	struct ledger_saved *saved = mem_new(1, sizeof(*saved));
	struct finding *finding = saved->finding = mem_new(1, sizeof(*finding));
	const char *arn, *severity, *reason, *by;

	saved->no = count(row);
	copy_id(finding->id, text(row));
	finding->stream = take_stream(row);
	if ((arn = text(row)) != NULL && finding->stream != NULL)
		stream_id_set_arn(finding->stream, arn);
	finding->probe = or_empty(text(row));
	finding->check = or_empty(text(row));
	finding->subject = or_empty(text(row));
	severity = text(row);
	finding->state = severity != NULL && severity_parse(severity, &finding->severity) == 0
			     ? state_of(text(row))
			     : (row->next++, FINDING_OK);
	reason = text(row);
	finding->reason = reason != NULL ? reason_parse(reason) : KD_KNOWN;
	finding->summary = or_empty(text(row));
	finding->evidence = evidence_of(text(row));
	finding->symptom = mem_strdup(text(row));
	finding->step = mem_strdup(text(row));
	finding->next = mem_strdup(text(row));
	finding->blame = mem_strdup(text(row));
	finding->first_seen_ms = number(row);
	finding->last_seen_ms = number(row);
	finding->changed_ms = number(row);
	finding->count = count(row);
	saved->life = or_empty(text(row));
	if ((by = text(row)) != NULL) {
		saved->ack = mem_new(1, sizeof(*saved->ack));
		saved->ack->by = mem_strdup(by);
		saved->ack->uid = number(row);
		saved->ack->at_ms = number(row);
		saved->ack->text = mem_strdup(text(row));
	}
	store_rows_add_finding(rows, saved);
}

static struct ledger_change *
make_change(struct row *row)
{
	struct ledger_change *change = mem_new(1, sizeof(*change));
	struct finding *finding = mem_new(1, sizeof(*finding));
	const char *name;

	change->finding = finding;
	change->seq = count(row);
	change->ms = number(row);
	if ((name = text(row)) == NULL || ledger_event_parse(name, &change->event) != 0)
		change->seq = 0;
	copy_id(finding->id, text(row));
	finding->stream = take_stream(row);
	finding->probe = or_empty(text(row));
	finding->check = or_empty(text(row));
	finding->subject = or_empty(text(row));
	if ((name = text(row)) == NULL || severity_parse(name, &finding->severity) != 0)
		change->seq = 0;
	if ((name = text(row)) == NULL || severity_parse(name, &change->from) != 0)
		change->seq = 0;
	finding->summary = or_empty(text(row));
	finding->symptom = mem_strdup(text(row));
	finding->next = mem_strdup(text(row));
	change->by = mem_strdup(text(row));
	change->why = mem_strdup(text(row));
	change->open_ms = number(row);
	change->silenced = number(row) != 0;
	finding->state = change->event == LEDGER_RESOLVED ? FINDING_RESOLVED : FINDING_OPEN;
	return change;
}

static void
take_change(struct row *row, struct store_rows *rows)
{
	struct ledger_change *change = make_change(row);

	if (change->seq != 0)
		store_rows_add_change(rows, change);
	else
		ledger_change_free(change);
}

static void
take_silence(struct row *row, struct store_rows *rows)
{
	struct ledger_silence *silence = mem_new(1, sizeof(*silence));

	copy_id(silence->id, text(row));
	silence->stream = take_stream(row);
	silence->probe = mem_strdup(text(row));
	copy_id(silence->finding, text(row));
	silence->by = or_empty(text(row));
	silence->uid = number(row);
	silence->text = mem_strdup(text(row));
	silence->at_ms = number(row);
	silence->until_ms = number(row);
	store_rows_add_silence(rows, silence);
}

static void
take_state(struct row *row, struct store_rows *rows)
{
	struct store_state state = {.account = or_empty(text(row))};

	state.region = or_empty(text(row));
	state.stream = or_empty(text(row));
	state.probe = or_empty(text(row));
	state.text = or_empty(text(row));
	store_rows_add_state(rows, &state);
}

static void
take_counter(struct row *row, struct store_rows *rows)
{
	struct store_counter counter = {.day = or_empty(text(row))};

	counter.name = or_empty(text(row));
	counter.value = number(row);
	store_rows_add_counter(rows, &counter);
}

static void
take_meta(struct row *row, struct store_rows *rows)
{
	const char *name = text(row);
	uint64_t value = count(row);

	if (name != NULL && strcmp(name, "last_seq") == 0)
		rows->last_seq = value;
	if (name != NULL && strcmp(name, "told_seq") == 0)
		rows->told_seq = value;
}

struct store_rows *
store_db_load(struct store_db *db, char **why)
{
	static const struct {
		const char *sql;
		void (*take)(struct row *row, struct store_rows *rows);
	} queries[] = {
	    {"SELECT * FROM meta", take_meta},
	    {"SELECT * FROM findings ORDER BY no", take_finding},
	    {"SELECT * FROM silences", take_silence},
	    {"SELECT * FROM states", take_state},
	    {"SELECT * FROM counters WHERE day = (SELECT max(day) FROM counters)", take_counter},
	    {"SELECT * FROM changes WHERE seq > coalesce((SELECT value FROM meta WHERE name = 'told_seq'), 0) ORDER BY "
	     "seq",
		take_change},
	};
	struct store_rows *rows = mem_new(1, sizeof(*rows));
	int code = SQLITE_OK;

	for (size_t i = 0; i < KD_COUNT(queries) && code == SQLITE_OK; i++)
		code = each(db, queries[i].sql, queries[i].take, rows);
	if (code == SQLITE_OK)
		return rows;
	(void)store_sql_result(db, code, why);
	store_rows_free(rows);
	return NULL;
}

/* ---- history ---- */

static void
bind_query(sqlite3_stmt *stmt, const struct store_query *query)
{
	sqlite3_bind_text(stmt, 1, query->account, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, query->region, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, query->stream, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, query->since_ms);
	sqlite3_bind_int64(stmt, 5, query->until_ms > 0 ? query->until_ms : INT64_MAX);
	sqlite3_bind_int(stmt, 6, STORE_HISTORY_MAX);
	sqlite3_bind_text(stmt, 7, query->id, -1, SQLITE_STATIC);
}

json_t *
store_change_json(const struct ledger_change *change)
{
	const struct finding *finding = change->finding;
	json_t *object = json_object();

	json_object_set_new(object, "seq", json_integer((json_int_t)change->seq));
	json_set_time(object, "ts", change->ms);
	json_set_text(object, "event", ledger_event_name(change->event));
	json_set_text(object, "id", finding->id);
	json_set_text(object, "account", finding->stream != NULL ? finding->stream->account : NULL);
	json_set_text(object, "region", finding->stream != NULL ? finding->stream->region : NULL);
	json_set_text(object, "stream", finding->stream != NULL ? finding->stream->name : NULL);
	json_set_text(object, "probe", finding->probe);
	json_set_text(object, "check", finding->check);
	json_set_text(object, "subject", finding->subject);
	json_set_text(object, "severity", severity_name(finding->severity));
	json_set_text(object, "from", severity_name(change->from));
	json_set_text(object, "summary", finding->summary);
	json_set_text(object, "by", change->by);
	json_set_text(object, "why", change->why);
	json_object_set_new(object, "open_s", json_integer(change->open_ms / 1000));
	return object;
}

/* 0 or SQLite's code. */
static int
read_changes(sqlite3_stmt *stmt, json_t *list)
{
	int code;

	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct row row = {.stmt = stmt};
		struct ledger_change *change = make_change(&row);

		if (change->seq != 0)
			json_array_append_new(list, store_change_json(change));
		ledger_change_free(change);
	}
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static json_t *
turn_around(json_t *newest_first)
{
	json_t *list = json_array();

	for (size_t i = json_array_size(newest_first); i-- > 0;)
		json_array_append(list, json_array_get(newest_first, i));
	return list;
}

json_t *
store_db_history(struct store_db *db, const struct store_query *query, char **why)
{
	static const char sql[] =
	    "SELECT * FROM changes WHERE (?1 IS NULL OR account = ?1) AND (?2 IS NULL OR region = ?2)"
	    " AND (?3 IS NULL OR stream = ?3) AND (?7 IS NULL OR id = ?7) AND ms >= ?4 AND ms <= ?5 ORDER BY seq DESC "
	    "LIMIT ?6";
	json_t *newest_first = json_array(), *list = NULL;
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL);

	if (code == SQLITE_OK) {
		bind_query(stmt, query);
		code = read_changes(stmt, newest_first);
	}
	if (code == SQLITE_OK)
		list = turn_around(newest_first);
	else
		(void)store_sql_result(db, code, why);
	sqlite3_finalize(stmt);
	json_decref(newest_first);
	return list;
}
