/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario: the YAML that says what the simulated AWS holds and how it misbehaves. README.md has every key. Knows no
 * HTTP.
 */
#ifndef KDIAG_AWSSIM_SCENARIO_H
#define KDIAG_AWSSIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/yaml_tree.h"
#include "test/awssim/faults.h"
#include "test/awssim/iam_world.h"
#include "test/awssim/log_group.h"
#include "test/awssim/stream.h"

enum { SCENARIO_REGIONS_MAX = 32, SCENARIO_STREAMS_MAX = 100000 };

/* A key pair that is there from the start. */
struct scenario_key {
	char *access_key_id, *secret_access_key, *session_token; /* session_token NULL: a user's long-lived key */
	char *user;
	int64_t expires_in_ms; /* 0: never */
};

/* The role that the metadata service hands out. */
struct scenario_imds {
	char *role; /* NULL: the instance has none */
	int64_t lifetime_ms;
	int64_t rotate_before_ms; /* new credentials are there this long before the old ones expire */
};

/* A role that AssumeRole gives. */
struct scenario_role {
	char *arn, *external_id; /* external_id NULL: none is asked for */
	int64_t lifetime_ms;     /* 0: what the caller asks; else this, for tests of expiry */
};

/* From at_ms after the start on, these keys of the stream are so. */
struct scenario_event {
	int64_t at_ms;
	size_t stream; /* index into streams */
	const struct yaml_node *set;
};

struct scenario {
	char *file;
	struct yaml_node *root; /* the events point into it */
	char *account;
	char **regions;
	size_t regions_count;
	int64_t seed, latency_ms;
	bool enforce_limits;
	struct scenario_key *keys;
	size_t keys_count;
	struct scenario_imds imds;
	struct scenario_role *roles;
	size_t roles_count;
	struct stream *streams;
	size_t streams_count;
	struct scenario_event *events; /* by at_ms, ascending */
	size_t events_count;
	struct sim_log_group *log_groups;
	size_t log_groups_count;
	struct iam_world iam;
	struct faults *faults;
	int64_t start_ms; /* the clock's time at which it was read: the simulator's start */
};

/* NULL with "FILE:LINE:COLUMN: sentence" in *cause. */
struct scenario *scenario_load(const char *path, char **cause);
void scenario_free(struct scenario *scenario);

/* A stream without names, as one is of which the scenario says nothing. */
void scenario_init_stream(const struct scenario *scenario, struct stream *stream);
/* A map as it stands under `faults`. The fault is initialised by the call; -1: a sentence, and it holds nothing. */
int scenario_read_fault(struct fault *fault, const struct yaml_node *node, const char *file, char **cause);
/* A map as it stands under `iam`, laid over what is there. */
int scenario_read_iam(struct scenario *scenario, const struct yaml_node *node, const char *file, char **cause);
/* A map as it stands under `credentials: imds:`, laid over what is there. */
int scenario_read_imds(struct scenario_imds *imds, const struct yaml_node *node, const char *file, char **cause);

#endif
