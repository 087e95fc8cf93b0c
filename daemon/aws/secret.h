/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret: what holds credentials for a moment: small files read whole and bounded, text checked, memory wiped. Knows no
 * format.
 */
#ifndef KDIAG_AWS_SECRET_H
#define KDIAG_AWS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A regular file of at most max bytes, whole, NUL-terminated, for secret_wipe(). NULL with a sentence that starts with
 * the path; then errno tells ENOENT from the rest (0: not the system's doing). Never waits: a fifo or device is
 * refused.
 */
char *secret_read_file(const char *path, size_t max, size_t *len, char **cause);
/* Overwrites the text and frees it; NULL is fine. */
void secret_wipe(char *s);
/* 1 to max bytes of printable ASCII without spaces: what may go into a header, a URL or a sentence. */
bool secret_is_plain(const char *s, size_t max);
/*
 * Could these be keys of AWS, and go into headers? token may be NULL. 0; -1 with a sentence that names the part and
 * never shows it.
 */
int secret_check_keys(const char *access_key, const char *secret_key, const char *token, char **cause);

#endif
