/* SPDX-License-Identifier: Apache-2.0 */
/*
 * principal_feed: the collector's feed of principals: who is declared for which stream, when each is read from IAM (once for all streams that declare him), the resource policies of
 * the stream and its consumers, and what AWS's own simulator says. Reads through iam_reader.
 */
#ifndef KDIAG_PRINCIPAL_FEED_H
#define KDIAG_PRINCIPAL_FEED_H

#include "daemon/collect_feed.h"

struct principal_feed;

struct principal_feed_options {
	int64_t cache_s; /* how long what was read serves */
	bool simulate;   /* ask SimulatePrincipalPolicy too */
	/* The place of the account with this id (12 digits), with whose credentials its principals are read; NULL: the config has none such. */
	struct aws_place *(*place_of)(const char *account_id, const char *region, void *arg);
	void *arg;
};

/* Adds the feed; it is the collector's. */
struct principal_feed *principal_feed_add(struct collect *collect, const struct principal_feed_options *options);
void principal_feed_configure(struct principal_feed *feed, const struct principal_feed_options *options);

#endif
