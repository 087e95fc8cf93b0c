/* SPDX-License-Identifier: Apache-2.0 */
/* arn: owns the cutting of ARNs; knows nothing of what they name. */
#include "probes/iam_coverage/arn.h"

#include <stddef.h>
#include <string.h>

enum { ACCOUNT_DIGITS = ARN_ACCOUNT_SIZE - 1 };

const char *
arn_tail(const char *arn)
{
	const char *tail = arn;

	for (int i = 0; i < 5; i++) {
		const char *colon = strchr(tail, ':');

		if (colon == NULL)
			return arn;
		tail = colon + 1;
	}
	return tail;
}

const char *
arn_name(const char *arn)
{
	const char *slash = strrchr(arn, '/');

	return slash != NULL ? slash + 1 : arn;
}

/* NULL: there is none. */
static const char *
find_account(const char *arn)
{
	for (int i = 0; i < 4; i++) {
		const char *colon = strchr(arn, ':');

		if (colon == NULL)
			return NULL;
		arn = colon + 1;
	}
	return strspn(arn, "0123456789") == ACCOUNT_DIGITS ? arn : NULL;
}

void
arn_copy_account(const char *arn, const char *otherwise, char account[ARN_ACCOUNT_SIZE])
{
	const char *found = find_account(arn);

	if (found == NULL)
		found = find_account(otherwise);
	account[0] = '\0';
	if (found == NULL)
		return;
	memcpy(account, found, ACCOUNT_DIGITS);
	account[ACCOUNT_DIGITS] = '\0';
}
