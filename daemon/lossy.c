/* SPDX-License-Identifier: Apache-2.0 */
/* lossy: owns the list of looks that lost findings; a broken probe is one finding, however many streams it looks at. */
#include "daemon/lossy.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/report.h"
#include "daemon/self.h"

struct lossy {
	char *probe; /* a copy: a reload may take the probe away */
	LIST_ENTRY(lossy) link;
};

static bool
is_listed(const struct lossy_list *list, const char *probe)
{
	const struct lossy *lossy;

	LIST_FOREACH(lossy, list, link)
	if (strcmp(lossy->probe, probe) == 0)
		return true;
	return false;
}

static void
tell(struct ledger *ledger, const char *probe, const struct stream_id *stream, size_t dropped)
{
	char *why =
	    mem_printf("probe %s: %zu of its findings about %s (%s) were left out: more than %d in a look, said "
		       "twice, or of no check of its",
		probe, dropped, stream->name, stream->region, REPORT_MAX);

	self_set(ledger, "report", probe, why);
	free(why);
}

void
lossy_note(struct lossy_list *list, struct lossy **mark, struct ledger *ledger, const char *probe,
    const struct stream_id *stream, size_t dropped)
{
	if (dropped == 0) {
		lossy_forget(list, mark, ledger);
		return;
	}
	if (*mark == NULL) {
		*mark = mem_new(1, sizeof(**mark));
		(*mark)->probe = mem_strdup(probe);
		LIST_INSERT_HEAD(list, *mark, link);
	}
	tell(ledger, probe, stream, dropped);
}

void
lossy_forget(struct lossy_list *list, struct lossy **mark, struct ledger *ledger)
{
	struct lossy *lossy = *mark;

	if (lossy == NULL)
		return;
	LIST_REMOVE(lossy, link);
	if (ledger != NULL && !is_listed(list, lossy->probe))
		self_set(ledger, "report", lossy->probe, NULL);
	free(lossy->probe);
	free(lossy);
	*mark = NULL;
}
