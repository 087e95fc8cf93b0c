/* SPDX-License-Identifier: Apache-2.0 */
/* formula: a number that moves with time: a rhythm of the day, noise, and changes that begin and end. Pure. */
#ifndef KDIAG_AWSSIM_FORMULA_H
#define KDIAG_AWSSIM_FORMULA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FORMULA_CHANGES_MAX = 32 };

enum formula_way {
	FORMULA_TO,     /* the value goes to `amount` */
	FORMULA_TIMES,  /* … to `amount` times what it would be */
	FORMULA_ABSENT, /* there is none */
};

struct formula_change {
	int64_t at_ms;   /* since the formula's origin; may be negative */
	int64_t over_ms; /* how long the way there takes; 0: a step */
	int64_t for_ms;  /* how long it stays there; 0: for ever */
	enum formula_way way;
	double amount;
};

struct formula {
	double base;
	double day;                /* the share by which the rhythm of the day moves it up and down */
	double peak_hour;          /* UTC */
	double from_hour, to_hour; /* UTC; outside of them it is 0; both 0: never */
	double noise;              /* at most this share, up or down, another for each minute */
	int64_t origin_ms;
	struct formula_change *changes; /* each on top of those before it */
	size_t changes_count;
};

/* At this time; NAN: there is none. salt: whose noise it is. */
double formula_at(const struct formula *formula, int64_t ms, uint64_t salt);
/* Another one's value, with changes of its own. */
struct formula formula_copy(const struct formula *formula);
/* Frees what it holds, not itself. */
void formula_clear(struct formula *formula);

#endif
