/* SPDX-License-Identifier: Apache-2.0 */
/* shown: a finding as kdiagctl shows it: read from the socket's JSON, its sentence with what must be said beside it, its row in a list. */
#ifndef KDIAG_CTL_SHOWN_H
#define KDIAG_CTL_SHOWN_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "daemon/ctl/ctl.h"
#include "daemon/ctl/table.h"

/* Texts are borrowed from the JSON, never NULL. */
struct shown {
	enum kd_severity severity; /* what the reader is to think: an unseen one that is not open is unknown */
	const char *id, *probe, *check, *subject, *state, *reason;
	const char *account, *region, *stream, *summary, *symptom, *step, *next;
	const json_t *evidence;
	const char *ack_by, *ack_text;
	int64_t first_seen_ms, last_seen_ms, changed_ms, count;
	int64_t ack_uid, acked_ms, silenced_until_ms; /* 0: not silenced */
	bool unseen, quiet, acked, flapping;
};

void shown_read(struct shown *shown, const json_t *finding);
bool shown_has_state(const struct shown *shown, const char *state);
/* Is it something to act on: worse than info, not explained by another, and not silenced? What is acknowledged still is. */
bool shown_is_bad(const struct shown *shown);
/* The summary, and in brackets what limits it ("not seen in the last look: throttled"). The caller's. */
char *shown_sentence(const struct shown *shown);
/* The same for a list, where a mark must say who has it in hand: "… (acked by ana) (silenced until 14:22Z)". The caller's. */
char *shown_marked(const struct shown *shown, int64_t now_ms);
/* Whether an unknown says again what the one before it said (*told, kept for the next; the caller's): what cannot be seen has one cause for many checks. */
bool shown_says_again(const struct shown *shown, const char *sentence, char **told);
/* "iterator_age/lag"; of kdiag itself "credentials/prod". The caller's. */
char *shown_check(const struct shown *shown);
/* The age to put beside it: how long open, since when resolved; "" when it has none. Returns buf. */
const char *shown_age(const struct shown *shown, int64_t now_ms, char buf[SCREEN_AGE_SIZE]);

/* Lists: word, name, place, sentence, age, id. name and place may be empty. */
struct table *shown_table_new(const struct ctl *ctl);
void shown_table_add(struct table *table, const struct shown *shown, const char *name, const char *place,
    const char *sentence, int64_t now_ms);
/* "us-east-1", or "prod/us-east-1" where several accounts are shown. The caller's. */
char *shown_place(const char *account, const char *region, bool many_accounts);
/* Do the objects of this array name more than one account? */
bool shown_many_accounts(const json_t *objects);
/* "orders · prod · us-east-1"; "kdiagd itself" without a stream. The caller's. */
char *shown_title(const struct screen *screen, const char *name, const char *account, const char *region);

#endif
