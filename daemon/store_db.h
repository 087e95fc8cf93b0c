/* SPDX-License-Identifier: Apache-2.0 */
/* store_db: the SQLite file: opening, checking, upgrading, putting aside, reading, writing. Blocks as long as the disk does; knows no thread and no loop. */
#ifndef KDIAG_STORE_DB_H
#define KDIAG_STORE_DB_H

#include <jansson.h>

#include "daemon/store_rows.h"

struct store_db;

/* How an opening or a writing ended. */
enum store_result {
	STORE_DONE,
	STORE_TROUBLE, /* full, read-only, locked, no such folder: later, perhaps */
	STORE_DAMAGED, /* so the next two: of no use */
	STORE_FOREIGN, /* another program's */
	STORE_NEWER,   /* a newer kdiag's */
};

enum { STORE_VERSION = 2 };

/*
 * Opens or makes the database and brings it up to STORE_VERSION. *db is NULL unless STORE_DONE; else why is a sentence without the path's name at its start. With STORE_TROUBLE
 * of one that can be read at least *db may be there, for store_db_load() alone.
 */
enum store_result store_db_open(struct store_db **db, const char *path, char **why);
void store_db_close(struct store_db *db);
/* Renames the file and its WAL to PATH.WHAT-20261122T101500Z (WHAT: damaged, foreign, newer). The new name, the caller's; NULL with a sentence. */
char *store_db_put_aside(const char *path, enum store_result what, int64_t now_ms, char **cause);

/* All that a start needs: findings, silences, states, the changes past told_seq, the two seqs. The caller's; NULL with a sentence: damaged. */
struct store_rows *store_db_load(struct store_db *db, char **why);
/* All of it in one transaction, or nothing. */
enum store_result store_db_write(struct store_db *db, const struct store_rows *rows, char **why);

struct store_query {
	char *account, *region, *stream, *id; /* NULL: all */
	int64_t since_ms, until_ms;           /* 0: no bound */
};
enum { STORE_HISTORY_MAX = 20000 }; /* rows; the newest */
/* DESIGN 8's array, oldest first. The caller's reference; NULL with a sentence: it cannot be read. */
json_t *store_db_history(struct store_db *db, const struct store_query *query, char **why);
/* One object of it. */
json_t *store_change_json(const struct ledger_change *change);

#endif
