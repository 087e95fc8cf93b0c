/* SPDX-License-Identifier: Apache-2.0 */
/* imds: the simulated instance metadata service, version 2: tokens, the role's name, its rotating credentials. */
#ifndef KDIAG_AWSSIM_IMDS_H
#define KDIAG_AWSSIM_IMDS_H

#include "test/awssim/services.h"

extern const struct service imds_service;

#endif
