/* SPDX-License-Identifier: Apache-2.0 */
/* rounds: how often a test that goes on for long does so. */
#ifndef KDIAG_TEST_ROUNDS_H
#define KDIAG_TEST_ROUNDS_H

#include <stddef.h>
#include <stdlib.h>

/* Under valgrind, which takes 30 times as long, a share of them: test/run.sh sets KDIAG_TEST_SHARE=10 there. What it alone sees, it sees in those too; all of them run under ASan. */
static inline size_t
rounds(size_t all)
{
	const char *share = getenv("KDIAG_TEST_SHARE");
	long divisor = share != NULL ? strtol(share, NULL, 10) : 1;

	return divisor > 1 ? all / (size_t)divisor : all;
}

#endif
