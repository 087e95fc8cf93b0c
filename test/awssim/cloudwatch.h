/* SPDX-License-Identifier: Apache-2.0 */
/* cloudwatch: the table of CloudWatch's operations and their inputs. */
#ifndef KDIAG_AWSSIM_CLOUDWATCH_H
#define KDIAG_AWSSIM_CLOUDWATCH_H

#include "test/awssim/services.h"

extern const struct service cloudwatch_service;

#endif
