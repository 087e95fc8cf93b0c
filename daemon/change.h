/* SPDX-License-Identifier: Apache-2.0 */
/* change: a change of a finding in the forms in which it leaves: the JSON of syslog (cee) and of `subscribe`, and the text line. Pure. */
#ifndef KDIAG_CHANGE_H
#define KDIAG_CHANGE_H

#include <jansson.h>

#include "daemon/ledger.h"

/*
 * A whole message stays under 2,048 bytes, which any receiver should take (RFC 5424, 6.1), also once it has been passed on with its longest header:
 * "<191>1 2026-11-22T10:08:04.123456+00:00 HOST kdiagd 4194304 - - ", where HOST has at most 64 bytes (HOST_NAME_MAX).
 */
enum { CHANGE_HEADER_MAX = 127, CHANGE_LINE_MAX = 2047 - CHANGE_HEADER_MAX };

/*
 * {"v":1,"seq":…,"ts":…,"event":…,"severity":…,"from":…,"id":…,"account":…,"region":…,"stream":…,"probe":…,"check":…,"subject":…,"summary":…,"next":…,"symptom":…}
 * and, when it resolved for another cause than good looks or somebody said something, "why"; when somebody did it, "by"; when it may have been told before a crash already,
 * "replayed":true. About kdiag itself account, region and stream are null. The caller's reference.
 */
json_t *change_to_json(const struct ledger_change *change);
/*
 * "@cee:{…}" of at most CHANGE_LINE_MAX bytes, ASCII, never cut inside the JSON: optional fields are left out in a fixed order (next, symptom, then
 * the summary is cut, then the names) with "trunc":true. The caller's string. change_line_text: `opened critical orders us-east-1 iterator_age/lag 5f0c2a9e: …`, ASCII, same
 * limit; a subject other than "stream" follows the check (`iam_coverage/actions/arn:…`); stream and region are `-` about kdiag itself.
 */
char *change_line_cee(const struct ledger_change *change);
char *change_line_text(const struct ledger_change *change);
/* An object of any other event as "@cee:{…}", ASCII without control bytes; its length is the caller's affair. */
char *change_cee(const json_t *object);
/* syslog priority of a change (LOG_CRIT …; DESIGN 6). */
int change_priority(const struct ledger_change *change);

#endif
