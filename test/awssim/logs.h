/* SPDX-License-Identifier: Apache-2.0 */
/* logs: the simulated CloudWatch Logs: its operations and the shapes of their input and output (botocore, logs/2014-03-28). */
#ifndef KDIAG_AWSSIM_LOGS_H
#define KDIAG_AWSSIM_LOGS_H

#include "test/awssim/services.h"

extern const struct service logs_service;

#endif
