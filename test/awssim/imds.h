/* SPDX-License-Identifier: Apache-2.0 */
/* imds: the simulated instance metadata service, version 2: tokens, the role's name, its rotating credentials. */
#ifndef KDIAG_AWSSIM_IMDS_H
#define KDIAG_AWSSIM_IMDS_H

#include "common/yaml_tree.h"
#include "test/awssim/services.h"

struct imds;
struct sim;

extern const struct service imds_service;

struct imds *imds_new(const struct sim *sim);
void imds_free(struct imds *imds);
/* Which operation a method (as evhttp counts them) and a path ask for; NULL: none. */
const struct operation *imds_route(int method, const char *path);
/*
 * What the admin endpoint may change: role, lifetime, rotate_before as in the scenario; rotate: true (new keys at the
 * next ask), expire: true (the keys
 * given out are expired), forget_tokens: true (every session token is refused with 401). 0, or -1 with a sentence.
 */
int imds_set(struct sim *sim, const struct yaml_node *node, const char *file, char **cause);

#endif
