/* SPDX-License-Identifier: Apache-2.0 */
/* formula_spec: a formula as a scenario writes it: a number, or a map of its keys. */
#ifndef KDIAG_AWSSIM_FORMULA_SPEC_H
#define KDIAG_AWSSIM_FORMULA_SPEC_H

#include "test/awssim/decode.h"
#include "test/awssim/formula.h"

/* 0, and the formula (its origin left at 0) is the caller's to clear; or -1 with a sentence, and it holds nothing. */
int formula_spec_read(const struct decode *in, const struct yaml_node *node, struct formula *formula);

#endif
