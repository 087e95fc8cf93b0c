/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seed: numbers that look random and are the same in every run with the same seed; the simulator has no other chance.
 */
#ifndef KDIAG_AWSSIM_SEED_H
#define KDIAG_AWSSIM_SEED_H

#include <stddef.h>
#include <stdint.h>

struct seed {
	uint64_t state;
};

/* purpose keeps the users of one seed apart: what one of them draws does not shift what another gets. */
void seed_init(struct seed *seed, int64_t value, uint64_t purpose);
uint64_t seed_next(struct seed *seed);
/* Uniform in [0, 1). */
double seed_fraction(struct seed *seed);
/* len characters of the alphabet and a NUL into out (len + 1 bytes). */
void seed_text(struct seed *seed, const char *alphabet, char *out, size_t len);

#define SEED_BASE32 "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#define SEED_BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define SEED_HEX    "0123456789abcdef"

#endif
