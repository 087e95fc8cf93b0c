/* SPDX-License-Identifier: Apache-2.0 */
/* sts: the simulated STS: GetCallerIdentity and AssumeRole, Query in and XML out. */
#ifndef KDIAG_AWSSIM_STS_H
#define KDIAG_AWSSIM_STS_H

#include "test/awssim/services.h"

extern const struct service sts_service;

#endif
