/* SPDX-License-Identifier: Apache-2.0 */
/* store_sql: what store_db.c, store_read.c and store_write.c share of SQLite; nobody else includes this. */
#ifndef KDIAG_STORE_SQL_H
#define KDIAG_STORE_SQL_H

#include <sqlite3.h>

#include "daemon/store_db.h"

/* Prepared once, at their first use (store_write.c). */
enum store_statement {
	STORE_PUT_FINDING,
	STORE_DROP_FINDING,
	STORE_PUT_CHANGE,
	STORE_PUT_SILENCE,
	STORE_PUT_STATE,
	STORE_DROP_STATE,
	STORE_PUT_META,
	STORE_PUT_COUNTER,
	STORE_FORGET_CHANGES,
	STORE_FORGET_COUNTERS,
	STORE_STATEMENTS
};

struct store_db {
	sqlite3 *sqlite;
	sqlite3_stmt *statements[STORE_STATEMENTS];
};

/* What an error of SQLite's means for the file. */
enum store_result store_sql_result(struct store_db *db, int code, char **why);
enum store_result store_sql_run(struct store_db *db, const char *sql, char **why);

#endif
