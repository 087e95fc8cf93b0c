/* SPDX-License-Identifier: Apache-2.0 */
/* stream_id: owns the name of a stream and who still holds it; knows nothing of the stream itself. */
#include "common/stream_id.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

struct stream_id *
stream_id_new(const char *account, const char *region, const char *name)
{
	struct stream_id *id = mem_new(1, sizeof *id);

	assert(account != NULL && region != NULL && name != NULL);
	id->refs = 1;
	id->account = mem_strdup(account);
	id->region = mem_strdup(region);
	id->name = mem_strdup(name);
	id->arn = mem_strdup("");
	return id;
}

struct stream_id *
stream_id_ref(struct stream_id *id)
{
	if (id != NULL)
		id->refs++;
	return id;
}

void
stream_id_unref(struct stream_id *id)
{
	if (id == NULL)
		return;
	assert(id->refs > 0);
	if (--id->refs > 0)
		return;
	free(id->account);
	free(id->region);
	free(id->name);
	free(id->arn);
	free(id);
}

void
stream_id_set_arn(struct stream_id *id, const char *arn)
{
	char *old = id->arn;

	id->arn = mem_strdup(arn != NULL ? arn : "");
	free(old);
}

int
stream_id_compare(const struct stream_id *a, const struct stream_id *b)
{
	int order;

	if ((order = strcmp(a->name, b->name)) != 0)
		return order;
	if ((order = strcmp(a->region, b->region)) != 0)
		return order;
	return strcmp(a->account, b->account);
}
