/* SPDX-License-Identifier: Apache-2.0 */
/* plugin_check: is the table that a probe exports sound, so that all others may walk it without looking? Pure. */
#ifndef KDIAG_PLUGIN_CHECK_H
#define KDIAG_PLUGIN_CHECK_H

#include <kdiag/probe.h>

enum { PLUGIN_NEEDS_MAX = 32, PLUGIN_OPTIONS_MAX = 64, PLUGIN_CHECKS_MAX = 64, PLUGIN_LOOKS_MAX = 32 };

/* 1 to 64 of a-z, 0-9 and _, the first a letter: probes, checks and options, for the names go into config keys and metrics. */
bool plugin_is_name(const char *name);
/* The ABI number is known to be ours. name: what the file is called, without .so. 0, or -1 with what is wrong, for its author. */
int plugin_check_probe(const struct kd_probe *probe, const char *name, char **cause);

#endif
