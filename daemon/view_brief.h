/* SPDX-License-Identifier: Apache-2.0 */
/* view_brief: all streams as one screen has room for them, however many there are: the worst ones, and how many there are of each kind. */
#ifndef KDIAG_VIEW_BRIEF_H
#define KDIAG_VIEW_BRIEF_H

#include "common/str.h"
#include "daemon/daemon.h"

/*
 * The members "streams" and "totals" of `status` in its brief form, into an object that is begun. streams: the 20 worst that are not well, worst first, with the five worst of those
 * findings that are worth a row, and with `argument` (what to type for it), `left_out` (findings) and `silenced` (findings); one that is merely not seen, for a reason that another row
 * tells, is only counted. totals: streams by verdict, where stale is unknown, those `explained` so, `last_look`, `many_accounts`.
 */
void view_brief_write(const struct daemon *daemon, struct str *out);

#endif
