/* SPDX-License-Identifier: Apache-2.0 */
/* store_db: owns what the database file is: its marks, its schema and the steps to it, and what becomes of one that is of no use. */
#include "daemon/store_db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/mem.h"
#include "daemon/store_sql.h"

enum {
	APPLICATION_ID = 0x6b646961, /* "kdia" */
	BUSY_MS = 2000,              /* somebody looks into the file with the sqlite3 shell */
};

/* Each takes the database from one version to the next; the first makes it. Never change one that was released: add another. */
static const char *const steps[STORE_VERSION] = {
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE findings (no INTEGER PRIMARY KEY, id TEXT NOT NULL, account TEXT, region TEXT, stream TEXT, arn TEXT,"
    " probe TEXT NOT NULL, check_name TEXT NOT NULL, subject TEXT NOT NULL, severity TEXT NOT NULL, state TEXT NOT "
    "NULL,"
    " reason TEXT, summary TEXT NOT NULL, evidence TEXT, symptom TEXT, step TEXT, next TEXT, blame TEXT,"
    " first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, count INTEGER NOT "
    "NULL,"
    " life TEXT NOT NULL, ack_by TEXT, ack_uid INTEGER, ack_ms INTEGER, ack_text TEXT);"
    "CREATE TABLE changes (seq INTEGER PRIMARY KEY, ms INTEGER NOT NULL, event TEXT NOT NULL, id TEXT NOT NULL,"
    " account TEXT, region TEXT, stream TEXT, probe TEXT, check_name TEXT, subject TEXT, severity TEXT NOT NULL,"
    " from_severity TEXT NOT NULL, summary TEXT, symptom TEXT, next TEXT, who TEXT, why TEXT, open_ms INTEGER NOT NULL,"
    " silenced INTEGER NOT NULL);"
    "CREATE TABLE silences (id TEXT PRIMARY KEY, account TEXT, region TEXT, stream TEXT, probe TEXT, finding TEXT NOT "
    "NULL,"
    " who TEXT NOT NULL, uid INTEGER NOT NULL, text TEXT, at_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL)"
    " WITHOUT ROWID;",
    "CREATE INDEX changes_ms ON changes (ms);"
    "CREATE INDEX changes_stream ON changes (stream, seq);"
    "CREATE TABLE states (account TEXT NOT NULL, region TEXT NOT NULL, stream TEXT NOT NULL, probe TEXT NOT NULL,"
    " text TEXT NOT NULL, PRIMARY KEY (account, region, stream, probe)) WITHOUT ROWID;"
    "CREATE TABLE counters (day TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (day, name))"
    " WITHOUT ROWID;",
};

/* ---- what SQLite says ---- */

enum store_result
store_sql_result(struct store_db *db, int code, char **why)
{
	bool useless = (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;

	cause_set(why, "%s", db != NULL && db->sqlite != NULL ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(code));
	return useless ? STORE_DAMAGED : STORE_TROUBLE;
}

enum store_result
store_sql_run(struct store_db *db, const char *sql, char **why)
{
	int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? STORE_DONE : store_sql_result(db, code, why);
}

/* One number of one row. */
static enum store_result
ask(struct store_db *db, const char *sql, int64_t *number, char **why)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL);

	if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		*number = sqlite3_column_int64(stmt, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(stmt);
	return code == SQLITE_OK ? STORE_DONE : store_sql_result(db, code, why);
}

/* ---- opening ---- */

static enum store_result
check_whole(struct store_db *db, char **why)
{
	sqlite3_stmt *stmt = NULL;
	enum store_result result = STORE_DONE;
	int code = sqlite3_prepare_v2(db->sqlite, "PRAGMA quick_check(1)", -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code != SQLITE_ROW) {
		result = store_sql_result(db, code, why);
	} else if (strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0) {
		cause_set(why, "%s", (const char *)sqlite3_column_text(stmt, 0));
		result = STORE_DAMAGED;
	}
	sqlite3_finalize(stmt);
	return result;
}

/* Is it ours, and of which version? 0: it is empty. */
static enum store_result
identify(struct store_db *db, int64_t *version, char **why)
{
	int64_t application = 0, tables = 0;
	enum store_result result;

	if ((result = ask(db, "PRAGMA application_id", &application, why)) != STORE_DONE ||
	    (result = ask(db, "PRAGMA user_version", version, why)) != STORE_DONE ||
	    (result = ask(db, "SELECT count(*) FROM sqlite_schema", &tables, why)) != STORE_DONE)
		return result;
	if (application == 0 && *version == 0 && tables == 0)
		return STORE_DONE;
	if (application != APPLICATION_ID) {
		cause_set(why, "it is the database of another program");
		return STORE_FOREIGN;
	}
	if (*version > STORE_VERSION) {
		cause_set(
		    why, "its version is %d, and this kdiagd knows versions up to %d", (int)*version, STORE_VERSION);
		return STORE_NEWER;
	}
	if (*version < 1) {
		cause_set(why, "it has kdiag's mark and no version");
		return STORE_DAMAGED;
	}
	return check_whole(db, why);
}

static enum store_result
upgrade(struct store_db *db, int64_t version, char **why)
{
	char *mark = mem_printf("PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID, STORE_VERSION);
	enum store_result result = store_sql_run(db, "BEGIN IMMEDIATE", why);

	for (; result == STORE_DONE && version < STORE_VERSION; version++)
		result = store_sql_run(db, steps[version], why);
	if (result == STORE_DONE)
		result = store_sql_run(db, mark, why);
	if (result == STORE_DONE)
		result = store_sql_run(db, "COMMIT", why);
	if (result != STORE_DONE)
		(void)store_sql_run(db, "ROLLBACK", NULL);
	free(mark);
	return result;
}

/* synchronous=FULL: a change is told only when it stands on the disk, also after a power cut. */
static enum store_result
prepare(struct store_db *db, char **why)
{
	int64_t version = 0;
	enum store_result result = identify(db, &version, why);

	if (result == STORE_DONE)
		result = store_sql_run(db,
		    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216", why);
	if (result == STORE_DONE && version < STORE_VERSION)
		result = upgrade(db, version, why);
	/* A file that cannot be written to says so here, not at the first change. */
	if (result == STORE_DONE)
		result = store_sql_run(db, "BEGIN IMMEDIATE; ROLLBACK", why);
	return result;
}

/* What cannot be written may still be read: as it lies there, without its WAL. */
static struct store_db *
open_to_read(const char *path)
{
	struct store_db *db = mem_new(1, sizeof(*db));
	char *uri = mem_printf("file:%s?immutable=1", path), *why = NULL;
	int64_t version = 0;
	bool good;

	good = access(path, R_OK) == 0 &&
	       sqlite3_open_v2(uri, &db->sqlite, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) ==
		   SQLITE_OK &&
	       identify(db, &version, &why) == STORE_DONE && version == STORE_VERSION;
	free(uri);
	free(why);
	if (good)
		return db;
	store_db_close(db);
	return NULL;
}

/* The last folder is made, as a package would have made it. */
static void
make_folder(const char *path)
{
	char *folder = mem_strdup(path), *slash = strrchr(folder, '/');

	if (slash != NULL && slash != folder) {
		*slash = '\0';
		(void)mkdir(folder, 0750);
	}
	free(folder);
}

enum store_result
store_db_open(struct store_db **db, const char *path, char **why)
{
	struct store_db *opened = mem_new(1, sizeof(*opened));
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	enum store_result result = STORE_DONE;
	mode_t mask;
	int code;

	*db = NULL;
	make_folder(path);
	mask = umask(0077);
	if ((code = sqlite3_open_v2(path, &opened->sqlite, flags, NULL)) != SQLITE_OK)
		result = store_sql_result(opened, code, why);
	sqlite3_busy_timeout(opened->sqlite, BUSY_MS);
	if (result == STORE_DONE)
		result = prepare(opened, why);
	umask(mask);
	if (result == STORE_DONE) {
		*db = opened;
		return result;
	}
	store_db_close(opened);
	if (result == STORE_TROUBLE)
		*db = open_to_read(path);
	return result;
}

void
store_db_close(struct store_db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < STORE_STATEMENTS; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->sqlite);
	free(db);
}

/* ---- aside ---- */

static const char *
name_of(enum store_result what)
{
	return what == STORE_FOREIGN ? "foreign" : what == STORE_NEWER ? "newer" : "damaged";
}

/* What has no such file needs no renaming. */
static int
move(const char *path, const char *to, const char *suffix, char **cause)
{
	char *old = mem_printf("%s%s", path, suffix), *new = mem_printf("%s%s", to, suffix);
	int failed = rename(old, new);

	if (failed != 0 && errno == ENOENT)
		failed = 0;
	if (failed != 0)
		cause_set(cause, "%s cannot be renamed: %s", old, strerror(errno));
	free(old);
	free(new);
	return failed;
}

char *
store_db_put_aside(const char *path, enum store_result what, int64_t now_ms, char **cause)
{
	time_t now_s = (time_t)(now_ms / 1000);
	struct tm parts;
	char when[32], *to;

	gmtime_r(&now_s, &parts);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &parts);
	to = mem_printf("%s.%s-%s", path, name_of(what), when);
	for (int i = 2; access(to, F_OK) == 0 && i < 1000; i++) {
		free(to);
		to = mem_printf("%s.%s-%s-%d", path, name_of(what), when, i);
	}
	/* The file itself last: without it the others are nothing. */
	if (move(path, to, "-wal", cause) == 0 && move(path, to, "-shm", cause) == 0 && move(path, to, "", cause) == 0)
		return to;
	free(to);
	return NULL;
}
