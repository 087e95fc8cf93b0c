/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_template_state: a miner as text, to be kept over a restart: one line of JSON, ASCII, with a version. Of 300 KiB of memory it makes about as much text. Holds no
 * more of what was logged than the templates show.
 */
#ifndef KDIAG_LOG_TEMPLATE_STATE_H
#define KDIAG_LOG_TEMPLATE_STATE_H

#include "common/log_template.h"

enum { LOG_TEMPLATE_STATE_VERSION = 1 };

/* The caller's. */
char *log_template_save(const struct log_templates *templates);
/* A miner that gives the same answers as the saved one did; NULL with a sentence. From another version: NULL, too, and learning starts anew. */
struct log_templates *log_template_load(const char *text, size_t len, size_t max_bytes, char **cause);

#endif
