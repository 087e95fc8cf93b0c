/* SPDX-License-Identifier: Apache-2.0 */
/* self: the table of what can be wrong with kdiag itself. */
#include "daemon/self.h"

#include <assert.h>
#include <string.h>

#include "common/clock.h"

struct self_check {
	const char *name;
	enum kd_severity severity;
	const char *next;
};

/* Critical: nothing is seen while it lasts. Warning: part is not seen, or not for long. */
static const struct self_check checks[] = {
    {"credentials", KD_CRITICAL, "aws sts get-caller-identity"},
    {"expiring", KD_WARNING, "aws sts get-caller-identity"},
    {"service", KD_WARNING, "kdiagctl status"},
    {"throttled", KD_WARNING, "kdiagd --options | grep -A3 pace"},
    {"clock", KD_WARNING, "timedatectl status"},
    {"denied", KD_WARNING, "less /usr/share/kdiag/iam-policy.json"},
    {"budget", KD_WARNING, "kdiagctl cost"},
    {"answer", KD_WARNING, "kdiagctl status"},
    {"discover", KD_WARNING, "kdiagctl status"},
    {"probe", KD_WARNING, "kdiagctl probes"},
    {"config", KD_WARNING, "kdiagd -t"},
    {"syslog", KD_WARNING, "systemctl status rsyslog systemd-journald"},
    {"store", KD_WARNING, "df -h /var/lib/kdiag"},
    {"report", KD_WARNING, "kdiagctl probes"},
};

static const struct self_check *
find(const char *name)
{
	size_t i;

	for (i = 0; i < KD_COUNT(checks); i++)
		if (strcmp(checks[i].name, name) == 0)
			return &checks[i];
	return NULL;
}

void
self_set(struct ledger *ledger, const char *check, const char *subject, const char *why)
{
	const struct self_check *row = find(check);

	assert(row != NULL);
	if (why == NULL)
		ledger_clear(ledger, check, subject, clock_now_ms());
	else
		ledger_raise(ledger, check, subject, row->severity, why, row->next, clock_now_ms());
}
