/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis: the simulated Kinesis: its operations and the shapes of their input and output (botocore,
 * kinesis/2013-12-02).
 */
#ifndef KDIAG_AWSSIM_KINESIS_H
#define KDIAG_AWSSIM_KINESIS_H

#include "test/awssim/services.h"

extern const struct service kinesis_service;

#endif
