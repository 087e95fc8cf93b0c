/* SPDX-License-Identifier: Apache-2.0 */
/* permissions: owns what follows from a config for the role's policy; which operations there are is aws/operations's. */
#include "daemon/permissions.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/aws/endpoint.h"
#include "daemon/aws/operations.h"

enum {
	STREAMS_MAX = 20, /* past that a policy names all streams: IAM takes 6,144 characters */
	ACCOUNT_DIGITS = 12,
};

/* ---- what is wanted ---- */

static unsigned
wants_of_need(const struct kd_need *need)
{
	switch (need->kind) {
	case KD_SHARDS:
		return AWS_WANT_SHARDS;
	case KD_CONSUMERS:
		return AWS_WANT_CONSUMERS;
	case KD_METRIC:
		return AWS_WANT_METRICS | (need->per == KD_PER_SHARD ? AWS_WANT_SHARDS : 0) |
		       (need->per == KD_PER_CONSUMER ? AWS_WANT_CONSUMERS : 0);
	case KD_LOG_GROUPS:
		return AWS_WANT_LOGS;
	case KD_PRINCIPALS:
		return AWS_WANT_PRINCIPALS;
	default:
		return 0;
	}
}

static unsigned
wants_of_probes(const struct config *config, struct config_probe *const *probes)
{
	unsigned wants = AWS_WANT_STREAMS;

	for (size_t p = 0; p < plugins_count(config->plugins); p++) {
		const struct kd_probe *probe = plugins_at(config->plugins, p);

		for (size_t i = 0; probes[p]->enabled && i < probe->needs_count; i++)
			wants |= wants_of_need(&probe->needs[i]);
	}
	return wants;
}

static unsigned
wants_of_principal(const struct config_principal *principal)
{
	unsigned wants = AWS_WANT_PRINCIPALS;

	if (strstr(principal->arn, ":role/") != NULL)
		wants |= AWS_WANT_ROLES;
	if (strstr(principal->arn, ":user/") != NULL)
		wants |= AWS_WANT_USERS;
	if (principal->use == NULL || strcmp(principal->use, "efo_consumer") == 0 ||
	    strcmp(principal->use, "lambda") == 0)
		wants |= AWS_WANT_CONSUMERS;
	return wants;
}

/* Of what probes want, only what the stream's entry gives them to look at. */
static unsigned
wants_of_stream(const struct config *config, const struct config_stream *stream)
{
	unsigned wants = wants_of_probes(config, stream->probes);
	bool principals = (wants & AWS_WANT_PRINCIPALS) != 0, logs = (wants & AWS_WANT_LOGS) != 0;

	wants &= ~(unsigned)(AWS_WANT_PRINCIPALS | AWS_WANT_LOGS);
	for (size_t i = 0; principals && i < stream->principals_count; i++)
		wants |= wants_of_principal(&stream->principals[i]);
	if (logs && stream->log_groups_count > 0)
		wants |= AWS_WANT_LOGS;
	for (size_t i = 0; logs && i < stream->log_groups_count; i++)
		if (strchr(stream->log_groups[i], '*') != NULL)
			wants |= AWS_WANT_LOG_PREFIX;
	return wants;
}

unsigned
permissions_wants(const struct config *config, const char *account)
{
	const struct config_account *found = config_find_account(config, account);
	unsigned wants = 0;
	size_t streams = 0;

	for (size_t i = 0; i < config->streams_count; i++) {
		if (strcmp(config->streams[i].id->account, account) != 0)
			continue;
		wants |= wants_of_stream(config, &config->streams[i]);
		streams++;
	}
	for (size_t i = 0; i < config->discover_count; i++)
		if (strcmp(config->discover[i].account, account) == 0)
			wants |= (wants_of_probes(config, config->probes) &
				     ~(unsigned)(AWS_WANT_PRINCIPALS | AWS_WANT_LOGS)) |
				 AWS_WANT_LISTING;
	if (streams > 1)
		wants |= AWS_WANT_LISTING;
	if (config->aws.iam_simulate && (wants & (AWS_WANT_ROLES | AWS_WANT_USERS)) != 0)
		wants |= AWS_WANT_SIMULATION;
	/* The daemon's own credentials assume the others' roles. */
	for (size_t i = 0; (found == NULL || found->role_arn == NULL) && i < config->accounts_count; i++)
		if (config->accounts[i].role_arn != NULL)
			wants |= AWS_WANT_ACCOUNTS;
	return wants;
}

/* ---- on what ---- */

/* Where a statement stands, and what it is on: as many ARNs as are known, or what covers them all. */
struct scope {
	const char *partition;
	json_t *resources[AWS_GRANTS];
};

static const struct {
	const char *sid, *tail; /* behind "arn:PARTITION:"; NULL: everything */
} grants[AWS_GRANTS] = {
    [AWS_GRANT_STREAMS] = {"KdiagReadStreams", "kinesis:*:*:stream/*"},
    [AWS_GRANT_STREAM_LISTS] = {"KdiagListStreams", NULL},
    [AWS_GRANT_METRICS] = {"KdiagReadMetrics", NULL},
    [AWS_GRANT_LOGS] = {"KdiagReadLogs", "logs:*:*:log-group:*"},
    [AWS_GRANT_LOG_LISTS] = {"KdiagListLogGroups", NULL},
    [AWS_GRANT_IAM] = {"KdiagReadPrincipals", NULL},
    [AWS_GRANT_ROLES_TO_ASSUME] = {"KdiagAssumeRoles", NULL},
};

/* IAM's reads are on roles, users, groups and policies. */
static json_t *
iam_resources(const char *partition)
{
	static const char *const tails[] = {"role/*", "user/*", "group/*", "policy/*"};
	json_t *list = json_array();

	for (size_t i = 0; i < KD_COUNT(tails); i++)
		json_array_append_new(list, json_sprintf("arn:%s:iam::*:%s", partition, tails[i]));
	return list;
}

static json_t *
resource_of(const struct scope *scope, enum aws_grant grant)
{
	if (scope->resources[grant] != NULL)
		return json_incref(scope->resources[grant]);
	if (grant == AWS_GRANT_IAM)
		return iam_resources(scope->partition);
	if (grants[grant].tail == NULL)
		return json_string("*");
	return json_sprintf("arn:%s:%s", scope->partition, grants[grant].tail);
}

/* A list of one is written as it is. */
static json_t *
one_or_list_taken(json_t *list)
{
	json_t *one;

	if (!json_is_array(list) || json_array_size(list) != 1)
		return list;
	one = json_incref(json_array_get(list, 0));
	json_decref(list);
	return one;
}

static json_t *
statement_of(const struct scope *scope, enum aws_grant grant, unsigned wants)
{
	json_t *actions = json_array();
	const struct aws_operation *row;

	for (size_t i = 0; (row = aws_operations_at(i)) != NULL; i++)
		if (row->grant == grant && (row->wants & wants) != 0)
			json_array_append_new(actions, json_string(row->action));
	if (json_array_size(actions) == 0) {
		json_decref(actions);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:o, s:o}", "Sid", grants[grant].sid, "Effect", "Allow", "Action",
	    one_or_list_taken(actions), "Resource", one_or_list_taken(resource_of(scope, grant)));
}

static json_t *
document_of(const struct scope *scope, unsigned wants)
{
	json_t *statements = json_array(), *statement;

	for (enum aws_grant grant = 0; grant < AWS_GRANTS; grant++)
		if ((statement = statement_of(scope, grant, wants)) != NULL)
			json_array_append_new(statements, statement);
	return json_pack("{s:s, s:o}", "Version", "2012-10-17", "Statement", statements);
}

json_t *
permissions_policy_of(unsigned wants)
{
	const struct scope scope = {.partition = "aws"};

	return document_of(&scope, wants);
}

/* ---- a config's streams and roles ---- */

/* The account's id, as its role tells it; "*": not known. */
static void
copy_account_id(const struct config *config, const char *account, char id[ACCOUNT_DIGITS + 1])
{
	const struct config_account *found = config_find_account(config, account);
	const char *at = found != NULL && found->role_arn != NULL ? strstr(found->role_arn, "::") : NULL;

	(void)memcpy(id, "*", 2);
	if (at == NULL || strspn(at + 2, "0123456789") != ACCOUNT_DIGITS)
		return;
	memcpy(id, at + 2, ACCOUNT_DIGITS);
	id[ACCOUNT_DIGITS] = '\0';
}

/* The named streams and the discovered ones' patterns; NULL: they are too many. */
static json_t *
stream_resources(const struct config *config, const char *account, const char *partition)
{
	json_t *list = json_array();
	char id[ACCOUNT_DIGITS + 1];

	copy_account_id(config, account, id);
	for (size_t i = 0; i < config->streams_count; i++) {
		const struct stream_id *stream = config->streams[i].id;

		if (strcmp(stream->account, account) == 0)
			json_array_append_new(list, json_sprintf("arn:%s:kinesis:%s:%s:stream/%s", partition,
							stream->region, id, stream->name));
	}
	for (size_t i = 0; i < config->discover_count; i++)
		for (size_t r = 0;
		     strcmp(config->discover[i].account, account) == 0 && r < config->discover[i].regions_count; r++)
			json_array_append_new(list, json_sprintf("arn:%s:kinesis:%s:%s:stream/%s", partition,
							config->discover[i].regions[r], id, config->discover[i].match));
	if (json_array_size(list) > 0 && json_array_size(list) <= STREAMS_MAX)
		return list;
	json_decref(list);
	return NULL;
}

/* A consumer's resource policy is read too, where somebody reads by fan-out. */
static void
add_consumers(json_t *streams)
{
	size_t count = json_array_size(streams);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(
		    streams, json_sprintf("%s/consumer/*", json_string_value(json_array_get(streams, i))));
}

static json_t *
role_resources(const struct config *config)
{
	json_t *list = json_array();

	for (size_t i = 0; i < config->accounts_count; i++)
		if (config->accounts[i].role_arn != NULL)
			json_array_append_new(list, json_string(config->accounts[i].role_arn));
	return list;
}

/* By the first region that is met: an account is of one partition. */
static const char *
partition_of(const struct config *config, const char *account)
{
	for (size_t i = 0; i < config->streams_count; i++)
		if (strcmp(config->streams[i].id->account, account) == 0)
			return endpoint_partition(config->streams[i].id->region);
	for (size_t i = 0; i < config->discover_count; i++)
		if (strcmp(config->discover[i].account, account) == 0 && config->discover[i].regions_count > 0)
			return endpoint_partition(config->discover[i].regions[0]);
	return "aws";
}

json_t *
permissions_policy(const struct config *config, const char *account)
{
	struct scope scope = {.partition = partition_of(config, account)};
	unsigned wants = permissions_wants(config, account);
	json_t *document;

	scope.resources[AWS_GRANT_STREAMS] = stream_resources(config, account, scope.partition);
	if (scope.resources[AWS_GRANT_STREAMS] != NULL && (wants & AWS_WANT_PRINCIPALS) != 0 &&
	    (wants & AWS_WANT_CONSUMERS) != 0)
		add_consumers(scope.resources[AWS_GRANT_STREAMS]);
	scope.resources[AWS_GRANT_ROLES_TO_ASSUME] = role_resources(config);
	document = document_of(&scope, wants);
	json_decref(scope.resources[AWS_GRANT_STREAMS]);
	json_decref(scope.resources[AWS_GRANT_ROLES_TO_ASSUME]);
	return document;
}
