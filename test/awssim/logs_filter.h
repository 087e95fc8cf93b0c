/* SPDX-License-Identifier: Apache-2.0 */
/* logs_filter: filter patterns of CloudWatch Logs, the half of them that is for plain text: words, "phrases", ?any and -none. Pure. */
#ifndef KDIAG_AWSSIM_LOGS_FILTER_H
#define KDIAG_AWSSIM_LOGS_FILTER_H

#include <stdbool.h>

/* Is it one that is simulated: no { JSON }, no [columns], no %regex%, and each quote closed? */
bool logs_filter_is_sound(const char *pattern);
/* "": all match. Case counts. */
bool logs_filter_matches(const char *pattern, const char *text);

#endif
