/* SPDX-License-Identifier: Apache-2.0 */
/* stream_id: which stream: account (its name in the config), region, name; shared and counted. The ARN is learnt later. */
#ifndef KDIAG_STREAM_ID_H
#define KDIAG_STREAM_ID_H

struct stream_id {
	unsigned refs;
	char *account; /* "default" when the config has no accounts */
	char *region;
	char *name;
	char *arn; /* "" until AWS has told it */
};

struct stream_id *stream_id_new(const char *account, const char *region, const char *name);
struct stream_id *stream_id_ref(struct stream_id *id);
void stream_id_unref(struct stream_id *id);
void stream_id_set_arn(struct stream_id *id, const char *arn);
/* Order by name, region, account; 0: the same stream. */
int stream_id_compare(const struct stream_id *a, const struct stream_id *b);

#endif
