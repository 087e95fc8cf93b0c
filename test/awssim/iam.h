/* SPDX-License-Identifier: Apache-2.0 */
/* iam: IAM's reads (Query protocol 2010-05-08): roles, users, groups, policies, versions, and SimulatePrincipalPolicy. */
#ifndef KDIAG_AWSSIM_IAM_H
#define KDIAG_AWSSIM_IAM_H

#include "test/awssim/services.h"

extern const struct service iam_service;

#endif
