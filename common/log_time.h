/* SPDX-License-Identifier: Apache-2.0 */
/* log_time: the forms in which logs write the time, recognised and never read. Pure. */
#ifndef KDIAG_LOG_TIME_H
#define KDIAG_LOG_TIME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How many bytes at s are a time, with its date, fraction and zone where it has them: "2026-11-22T10:14:00.123Z", "Nov 22 10:14:00", "22/Nov/2026:10:14:00 +0000",
 * "20261122-10:14:00:123". 0: none. *is_syslog: it is RFC 3164's, behind which a host's name stands.
 */
size_t log_time_match(const char *s, size_t len, bool *is_syslog);
/* Are these bytes an instant as seconds or milliseconds since 1970 (2001 to 2033), as supercomputers and some daemons write it? */
bool log_time_is_epoch(const char *s, size_t len);

#endif
