/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch_parse: GetMetricData answers into series, page by page. Pure. Names and types as the API reference has them; what is wrong is named, unknown members
 * and series that were not asked for are passed over.
 */
#ifndef KDIAG_AWS_CLOUDWATCH_PARSE_H
#define KDIAG_AWS_CLOUDWATCH_PARSE_H

#include "daemon/aws/cloudwatch.h"

/* What the pages of one call gave. The series' values lie in one block. */
struct cloudwatch_pages {
	int64_t start_ms, end_ms;
	int64_t *period_ms; /* by series */
	struct cloudwatch_series *series;
	size_t count;
	double *values;
	char *next_token; /* of the last page; NULL: there are no more */
};

/* Nothing is known of any of them yet. */
void cloudwatch_pages_init(struct cloudwatch_pages *pages, const struct cloudwatch_ask *ask,
    const struct cloudwatch_query *queries, size_t count);
void cloudwatch_pages_clear(struct cloudwatch_pages *pages);
/* The Id of the series at that index in requests and answers: "q17". */
enum { CLOUDWATCH_ID_SIZE = 8 };
const char *cloudwatch_id(size_t index, char buf[CLOUDWATCH_ID_SIZE]);
/*
 * Takes one page. Points of one series may come over several, in any order; of two for one period the later one counts. 0; -1 with a sentence such as
 * "MetricDataResults[3]: Values[1] is no number"; then what came before it stays good.
 */
int cloudwatch_parse(struct cloudwatch_pages *pages, const char *body, size_t len, char **cause);

#endif
