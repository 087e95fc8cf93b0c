/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis_parse: Kinesis answers into rows, page by page. Pure. Names, types and required members as the API reference
 * has them (botocore's model of 2013-12-02); what is wrong is named, unknown members are passed over.
 */
#ifndef KDIAG_AWS_KINESIS_PARSE_H
#define KDIAG_AWS_KINESIS_PARSE_H

#include "daemon/aws/kinesis_pages.h"

/*
 * One answer each. about: the stream's name that was asked for (the summary), the stream's ARN (consumers), else
 * ignored. 0; -1 with a sentence such as "Shards[3]: ShardId is missing"; then what the pages hold is of no use.
 */
typedef int kinesis_parser(struct kinesis_pages *pages, const char *about, const char *body, size_t len, char **cause);
kinesis_parser kinesis_parse_summary;
kinesis_parser kinesis_parse_shards; /* keeps the open ones */
kinesis_parser kinesis_parse_consumers;
/* "no_summaries" in code: an emulator so old that it tells names only. */
kinesis_parser kinesis_parse_streams;
kinesis_parser kinesis_parse_policy;

/* A decimal of 128 bits, without sign, space or leading zeroes; 0 or -1. */
int kinesis_parse_hash(const char *s, struct kd_hash *hash);

#endif
