/* SPDX-License-Identifier: Apache-2.0 */
/* cloudwatch_page: GetMetricData's answers in pages, its statuses and its tokens. */
#ifndef KDIAG_AWSSIM_CLOUDWATCH_PAGE_H
#define KDIAG_AWSSIM_CLOUDWATCH_PAGE_H

#include "test/awssim/call.h"

/* FACTS 2. */
enum { CLOUDWATCH_QUERIES_MAX = 500, CLOUDWATCH_POINTS_MAX = 100800 };

/* Answers a call whose input has been checked. */
void cloudwatch_page_answer(struct call *call);

#endif
