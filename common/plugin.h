/* SPDX-License-Identifier: Apache-2.0 */
/* plugin: finds, checks and opens probes; the only room that knows dlopen. Used by the daemon's host and by replay. */
#ifndef KDIAG_PLUGIN_H
#define KDIAG_PLUGIN_H

#include <stddef.h>

#include <kdiag/probe.h>

struct plugins;

/*
 * Opens every NAME.so of the folder, in order of name. A file is refused, with a sentence, when it is no regular file (symbolic links are not followed),
 * belongs to another than root or the effective user, may be written by all, is no loadable object, has no symbol kd_probe, another ABI number, a name
 * other than its file's, or a table that is unsound (options, counts, NULL judge). The others are opened. The folder itself must not be
 * writable by all (unless sticky), nor belong to a third party. Never NULL; a folder that cannot be read is one refusal with the folder's path.
 */
struct plugins *plugins_open(const char *folder);
void plugins_close(struct plugins *plugins);

size_t plugins_count(const struct plugins *plugins);
const struct kd_probe *plugins_at(const struct plugins *plugins, size_t i);
/* The index, or -1. */
int plugins_find(const struct plugins *plugins, const char *name);

/* The refused: their file's path (NAME is the base name without .so) and the sentence, which names the remedy. */
size_t plugins_refused_count(const struct plugins *plugins);
const char *plugins_refused_name(const struct plugins *plugins, size_t i);
const char *plugins_refused_why(const struct plugins *plugins, size_t i);

#endif
