/* SPDX-License-Identifier: Apache-2.0 */
/* logs_parse: CloudWatch Logs' answers into events and names, a page at a time. Pure. */
#ifndef KDIAG_AWS_LOGS_PARSE_H
#define KDIAG_AWS_LOGS_PARSE_H

#include "common/json_doc.h"
#include "daemon/aws/logs.h"

/* Zero-initialised it is empty. Events and names are borrowed from the answer, which it holds. */
struct logs_page {
	struct json_doc answer;
	struct logs_event *events;
	const char **names;
	size_t count;
	size_t bytes;           /* of all messages */
	const char *next_token; /* NULL: there are no more pages */
};

/* Into an empty page. 0; or -1 with a sentence, and the page is empty still. */
int logs_parse_events(struct logs_page *page, const char *body, size_t len, char **cause);
int logs_parse_groups(struct logs_page *page, const char *body, size_t len, char **cause);
void logs_page_clear(struct logs_page *page);

#endif
