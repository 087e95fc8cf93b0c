/* SPDX-License-Identifier: Apache-2.0 */
/* arn: what the parts of an ARN say. Pure. */
#ifndef KDIAG_PROBE_IAM_ARN_H
#define KDIAG_PROBE_IAM_ARN_H

/* An ARN has at most 2,048 bytes (IAM quotas); what is put behind one, a consumer's name and stamp or a table's index, has room too. */
enum { ARN_BYTES = 2048 + 512, ARN_ACCOUNT_SIZE = 13 };

/* What stands behind the fifth colon: "stream/orders"; the whole, where there are fewer. */
const char *arn_tail(const char *arn);
/* What stands behind the last slash: "orders-producer". */
const char *arn_name(const char *arn);
/* The account, 12 digits; where the ARN has none that of `otherwise`; "": neither has. */
void arn_copy_account(const char *arn, const char *otherwise, char account[ARN_ACCOUNT_SIZE]);

#endif
