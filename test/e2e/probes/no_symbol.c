/* SPDX-License-Identifier: Apache-2.0 */
/* no_symbol: a shared object that is no probe. */

int not_a_probe(void);

int
not_a_probe(void)
{
	return 0;
}
