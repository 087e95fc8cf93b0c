/* SPDX-License-Identifier: Apache-2.0 */
/* log_fault: owns the words by which faults are known; knows nothing of templates and of what to do. */
#include "common/log_fault.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <kdiag/probe.h>

enum { EVENT_MAX = 16 * 1024 }; /* a cause stands in the first lines, or in the "Caused by" not far below */

static const char *const names[LOG_FAULTS] = {
    [LOG_FAULT_KMS] = "kms",
    [LOG_FAULT_CREDENTIALS] = "credentials",
    [LOG_FAULT_ACCESS_DENIED] = "access_denied",
    [LOG_FAULT_EXPIRED_ITERATOR] = "expired_iterator",
    [LOG_FAULT_THROUGHPUT_EXCEEDED] = "throughput_exceeded",
    [LOG_FAULT_NOT_FOUND] = "not_found",
    [LOG_FAULT_CHECKPOINT] = "checkpoint",
    [LOG_FAULT_LEASE_LOST] = "lease_lost",
    [LOG_FAULT_OUT_OF_MEMORY] = "out_of_memory",
    [LOG_FAULT_TIMED_OUT] = "timed_out",
    [LOG_FAULT_CRASHED] = "crashed",
    [LOG_FAULT_THROTTLED] = "throttled",
    [LOG_FAULT_CONNECTION] = "connection",
};

/*
 * Error codes of the Kinesis, KMS, STS and DynamoDB API references, exceptions of the KCL (its source, software.amazon.kinesis.exceptions), what Lambda's
 * runtime writes (its developer guide, "Troubleshoot execution issues"), and what libc, Java, Node and Python say. In order of the first letter.
 */
static const struct {
	const char *text;
	enum log_fault fault;
} words[] = {
    {"AccessDenied", LOG_FAULT_ACCESS_DENIED},
    {"Broken pipe", LOG_FAULT_CONNECTION},
    {"Connection refused", LOG_FAULT_CONNECTION},
    {"Connection reset", LOG_FAULT_CONNECTION},
    {"Connection timed out", LOG_FAULT_CONNECTION},
    {"ECONNREFUSED", LOG_FAULT_CONNECTION},
    {"ECONNRESET", LOG_FAULT_CONNECTION},
    {"ETIMEDOUT", LOG_FAULT_CONNECTION},
    {"ExpiredIterator", LOG_FAULT_EXPIRED_ITERATOR},
    {"ExpiredToken", LOG_FAULT_CREDENTIALS},
    {"Failed to checkpoint", LOG_FAULT_CHECKPOINT},
    {"InvalidSignatureException", LOG_FAULT_CREDENTIALS},
    {"Iterator expired", LOG_FAULT_EXPIRED_ITERATOR},
    {"KMSAccessDenied", LOG_FAULT_KMS},
    {"KMSDisabled", LOG_FAULT_KMS},
    {"KMSInvalidState", LOG_FAULT_KMS},
    {"KMSNotFound", LOG_FAULT_KMS},
    {"KMSOptInRequired", LOG_FAULT_KMS},
    {"KMSThrottling", LOG_FAULT_KMS},
    {"KinesisClientLibDependencyException", LOG_FAULT_CHECKPOINT},
    {"LeaseLost", LOG_FAULT_LEASE_LOST},
    {"LimitExceededException", LOG_FAULT_THROTTLED},
    {"MemoryError", LOG_FAULT_OUT_OF_MEMORY},
    {"Out of memory", LOG_FAULT_OUT_OF_MEMORY},
    {"OutOfMemory", LOG_FAULT_OUT_OF_MEMORY},
    {"ProvisionedThroughputExceeded", LOG_FAULT_THROUGHPUT_EXCEEDED},
    {"Rate exceeded for shard", LOG_FAULT_THROUGHPUT_EXCEEDED},
    {"ResourceNotFoundException", LOG_FAULT_NOT_FOUND},
    {"Runtime exited", LOG_FAULT_CRASHED},
    {"Runtime.ExitError", LOG_FAULT_CRASHED},
    {"Segmentation fault", LOG_FAULT_CRASHED},
    {"ShutdownException", LOG_FAULT_LEASE_LOST},
    {"SocketTimeoutException", LOG_FAULT_CONNECTION},
    {"Task timed out", LOG_FAULT_TIMED_OUT},
    {"ThrottlingException", LOG_FAULT_THROTTLED},
    {"TooManyRequestsException", LOG_FAULT_THROTTLED},
    {"Unable to load credentials", LOG_FAULT_CREDENTIALS},
    {"Unable to locate credentials", LOG_FAULT_CREDENTIALS},
    {"UnknownHostException", LOG_FAULT_CONNECTION},
    {"UnrecognizedClientException", LOG_FAULT_CREDENTIALS},
    {"checkpoint failed", LOG_FAULT_CHECKPOINT},
    {"connection refused", LOG_FAULT_CONNECTION},
    {"connection reset", LOG_FAULT_CONNECTION},
    {"failed to checkpoint", LOG_FAULT_CHECKPOINT},
    {"heap out of memory", LOG_FAULT_OUT_OF_MEMORY},
    {"lost lease", LOG_FAULT_LEASE_LOST},
    {"no such host", LOG_FAULT_CONNECTION},
    {"not authorized to perform", LOG_FAULT_ACCESS_DENIED},
    {"segmentation fault", LOG_FAULT_CRASHED},
    {"signal: killed", LOG_FAULT_OUT_OF_MEMORY},
    {"token included in the request is expired", LOG_FAULT_CREDENTIALS},
    {"unable to locate credentials", LOG_FAULT_CREDENTIALS},
};

/* 1 + the first row of that first letter, and its second letters as bits: most places of a text are settled by a look at each. */
static struct {
	uint8_t row;
	uint32_t second;
} firsts[256];
static bool is_ready;

static void
prepare(void)
{
	for (size_t i = KD_COUNT(words); i-- > 0;) {
		unsigned char first = (unsigned char)words[i].text[0];

		firsts[first].row = (uint8_t)(i + 1);
		firsts[first].second |= UINT32_C(1) << (words[i].text[1] & 31);
	}
	is_ready = true;
}

static enum log_fault
match_at(const char *s, size_t len, size_t row)
{
	enum log_fault best = LOG_FAULT_NONE;

	for (; row < KD_COUNT(words) && words[row].text[0] == s[0]; row++) {
		size_t n = strlen(words[row].text);

		if (n <= len && memcmp(words[row].text, s, n) == 0 &&
		    (best == LOG_FAULT_NONE || words[row].fault < best))
			best = words[row].fault;
	}
	return best;
}

enum log_fault
log_fault_find(const char *event, size_t len)
{
	enum log_fault best = LOG_FAULT_NONE, found;

	if (!is_ready)
		prepare();
	if (len > EVENT_MAX)
		len = EVENT_MAX;
	for (size_t i = 0; i + 1 < len; i++) {
		unsigned char first = (unsigned char)event[i];

		if (firsts[first].row == 0 || (firsts[first].second >> (event[i + 1] & 31) & 1) == 0)
			continue;
		found = match_at(event + i, len - i, firsts[first].row - 1u);
		if (found != LOG_FAULT_NONE && (best == LOG_FAULT_NONE || found < best))
			best = found;
	}
	return best;
}

const char *
log_fault_name(enum log_fault fault)
{
	return (size_t)fault < LOG_FAULTS ? names[fault] : NULL;
}
