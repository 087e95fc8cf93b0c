/* SPDX-License-Identifier: Apache-2.0 */
/* seed: owns the generator (splitmix64, Steele, Lea and Flood 2014); knows nothing of what is drawn. */
#include "test/awssim/seed.h"

#include <string.h>

void
seed_init(struct seed *seed, int64_t value, uint64_t purpose)
{
	seed->state = (uint64_t)value * 0x9e3779b97f4a7c15u + purpose;
	seed_next(seed);
}

uint64_t
seed_next(struct seed *seed)
{
	uint64_t z = seed->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

double
seed_fraction(struct seed *seed)
{
	return (double)(seed_next(seed) >> 11) / 9007199254740992.0; /* 2^53 */
}

void
seed_text(struct seed *seed, const char *alphabet, char *out, size_t len)
{
	size_t letters = strlen(alphabet);

	for (size_t i = 0; i < len; i++)
		out[i] = alphabet[seed_next(seed) % letters];
	out[len] = '\0';
}
