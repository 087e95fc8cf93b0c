/* SPDX-License-Identifier: Apache-2.0 */
/* permissions: the least IAM policy for what a config has kdiagd do. Pure. */
#ifndef KDIAG_PERMISSIONS_H
#define KDIAG_PERMISSIONS_H

#include <jansson.h>

#include "daemon/config.h"

/* The policy document for the role with which that account of the config is looked at. The caller's. */
json_t *permissions_policy(const struct config *config, const char *account);
/* What is wanted of that account (enum aws_want). */
unsigned permissions_wants(const struct config *config, const char *account);
/* The document for given wants, on all streams: what etc/iam-policy.json is. The caller's. */
json_t *permissions_policy_of(unsigned wants);

#endif
