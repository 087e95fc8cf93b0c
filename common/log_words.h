/* SPDX-License-Identifier: Apache-2.0 */
/* log_words: which words a message is made of, and which tell events or failures apart. English, as logs are. Pure. */
#ifndef KDIAG_LOG_WORDS_H
#define KDIAG_LOG_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include <kdiag/probe.h>

enum log_words_list {
	LOG_WORDS_NONE,    /* rather a name */
	LOG_WORDS_VALUE,   /* "null", "true": stands for a value */
	LOG_WORDS_FILLER,  /* "the", "from" */
	LOG_WORDS_KNOWN,   /* "packet" */
	LOG_WORDS_EVENT,   /* "opened", "closed" */
	LOG_WORDS_FAILURE, /* "failed", "denied" */
};

/* The list on which a word of len bytes stands, in any case and most of its forms ("opening"). */
enum log_words_list log_words_find(const char *s, size_t len);
/* Does it belong to the number before it: "ms", "KB", "seconds"? */
bool log_words_is_unit(const char *s, size_t len);
/* Is what stands behind it to be hidden: "password", "api_key", "accessToken"? */
bool log_words_is_secret(const char *s, size_t len);

/* Does a template's text say that something fails: by a word of failure that is said of nothing good, or an exception's name? */
bool log_words_tell_failure(const char *text);

#endif
