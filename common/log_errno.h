/* SPDX-License-Identifier: Apache-2.0 */
/* log_errno: the texts of strerror(3), which end so many messages: which of them it was is a value, not another message. Pure. */
#ifndef KDIAG_LOG_ERRNO_H
#define KDIAG_LOG_ERRNO_H

#include <stddef.h>

/* How many bytes at s are one of them, whole, with no letter behind; 0: none. */
size_t log_errno_match(const char *s, size_t len);

#endif
