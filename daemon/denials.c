/* SPDX-License-Identifier: Apache-2.0 */
/* denials: owns the counts; who asks, and what for, is others' affair. */
#include "daemon/denials.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

struct count {
	struct count *next;
	struct aws_place *place;
	const char *operation;
	unsigned denied;
};

struct denials {
	struct collect *collect;
	struct count *counts;
};

struct denials *
denials_new(struct collect *collect)
{
	struct denials *denials = mem_new(1, sizeof(*denials));

	denials->collect = collect;
	return denials;
}

void
denials_free(struct denials *denials)
{
	struct count *count;

	if (denials == NULL)
		return;
	while ((count = denials->counts) != NULL) {
		denials->counts = count->next;
		free(count);
	}
	free(denials);
}

static struct count *
get_count(struct denials *denials, struct aws_place *place, const char *operation)
{
	struct count *count = denials->counts;

	while (count != NULL && (count->place != place || strcmp(count->operation, operation) != 0))
		count = count->next;
	if (count != NULL)
		return count;
	count = mem_new(1, sizeof(*count));
	*count = (struct count){.next = denials->counts, .place = place, .operation = operation};
	denials->counts = count;
	return count;
}

void
denials_note(struct denials *denials, struct aws_place *place, const char *operation, const char *why, bool *denied)
{
	struct count *count = get_count(denials, place, operation);
	bool before = *denied;

	*denied = why != NULL;
	if (why != NULL && !before)
		count->denied++;
	if (why != NULL)
		collect_tell(denials->collect, place, "denied", operation, why);
	else if (before && --count->denied == 0)
		collect_tell(denials->collect, place, "denied", operation, NULL);
}
