/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_merge: the pass that makes one template of patterns which differ in a place where so many different words stand that they must be values. How
 * many that takes depends on the words: a name, a known word, with much or little around it. Words of failure and of events are never values. Pure.
 */
#ifndef KDIAG_LOG_MERGE_H
#define KDIAG_LOG_MERGE_H

#include "common/log_store.h"

/* Merges until there is no more evidence. The oldest id wins; the others become its aliases. How many entries went. */
size_t log_merge_run(struct log_store *store);

#endif
