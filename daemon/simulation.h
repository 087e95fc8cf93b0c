/* SPDX-License-Identifier: Apache-2.0 */
/* simulation: what AWS's own simulator (SimulatePrincipalPolicy) says of one principal and one stream, to hold against our answer. For principal_feed.c. */
#ifndef KDIAG_SIMULATION_H
#define KDIAG_SIMULATION_H

#include <kdiag/probe.h>

#include "daemon/denials.h"
#include "daemon/read_age.h"

struct simulation;

typedef void (*simulation_cb)(void *arg);

struct simulation *simulation_new(struct denials *denials, struct aws_place *place, const char *principal_arn,
    const char *stream_arn, simulation_cb cb, void *arg);
void simulation_free(struct simulation *simulation);
/* Unless it is under way. */
void simulation_ask(struct simulation *simulation, bool urgent);
struct read_age simulation_age(const struct simulation *simulation);
/* Fills `simulated` and `simulated_why`, borrowed until the next answer. */
void simulation_look(const struct simulation *simulation, struct kd_principal *principal);
/* The finding that explains why there is none; the caller's, or NULL. */
char *simulation_blame(const struct simulation *simulation);

#endif
