/* SPDX-License-Identifier: Apache-2.0 */
/* read_age: how old an answer of AWS is that is kept for long. All by clock_mono_ms(); 0: never. */
#ifndef KDIAG_READ_AGE_H
#define KDIAG_READ_AGE_H

#include <stdbool.h>
#include <stdint.h>

struct read_age {
	int64_t asked_ms; /* when the answer that is here was asked for */
	int64_t tried_ms; /* when the last try was over, also one that failed and left what was there */
	bool
	    settled; /* it is an answer: AWS said something, if only that we may not ask; false: it failed for what may pass */
};

#endif
