/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_texts: what the findings of all streams say. Of thousands of streams most say the same ("no record failed in 15 min"), so each text stands here once, counted, for as long as a finding says
 * it; the names of what is asked (probe, check, symptom, step) stay until the end. Knows no finding's life.
 */
#ifndef KDIAG_LEDGER_TEXTS_H
#define KDIAG_LEDGER_TEXTS_H

#include "common/finding.h"

/* As many as the probes' tables have rows. */
struct ledger_names {
	char *probe;                  /* one and the same for all of a probe */
	char *check, *symptom, *step; /* the last two may be NULL */
};

struct ledger_text; /* summary, evidence, next and blame of a finding */
struct ledger_texts;

struct ledger_texts *ledger_texts_new(void);
/* No finding holds any more of it. */
void ledger_texts_free(struct ledger_texts *texts);

/* The one text that names this probe, until the end. */
char *ledger_texts_probe(struct ledger_texts *texts, const char *probe);
/* The one row like this, until the end. Of the finding only the four names are looked at. */
const struct ledger_names *ledger_texts_names(struct ledger_texts *texts, const struct finding *finding);
/* Puts what the finding says in the place of what *held says (NULL: nothing); a summary of NULL is "". The same again costs nothing. */
void ledger_texts_set(struct ledger_texts *texts, struct ledger_text **held, const struct finding *finding);
/* *held becomes NULL. */
void ledger_texts_drop(struct ledger_texts *texts, struct ledger_text **held);
/* Lays the texts into the finding: borrowed, as long as they are held. */
void ledger_text_show(const struct ledger_text *text, struct finding *finding);

#endif
