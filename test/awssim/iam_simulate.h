/* SPDX-License-Identifier: Apache-2.0 */
/* iam_simulate: SimulatePrincipalPolicy: what a principal's own policies and boundary say, as AWS's simulator does, which sees no resource policy here. */
#ifndef KDIAG_AWSSIM_IAM_SIMULATE_H
#define KDIAG_AWSSIM_IAM_SIMULATE_H

struct call;

void iam_simulate(struct call *call);

#endif
