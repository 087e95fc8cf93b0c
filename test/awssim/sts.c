/* SPDX-License-Identifier: Apache-2.0 */
/* sts: owns who is asked to be whom; the keys themselves are keyring's. */
#include "test/awssim/sts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/text.h"
#include "test/awssim/answer.h"

/* From the API reference of AssumeRole; a role that assumes a role gets one hour at most. */
enum {
	DURATION_DEFAULT_S = 3600,
	DURATION_MIN_S = 900,
	DURATION_MAX_S = 43200,
	CHAINED_MAX_S = 3600,
	ACCOUNT_LEN = 12
};

static void
get_caller_identity(struct call *call)
{
	char *arn = answer_escape_xml(call->identity->arn), *result;

	result = mem_printf("    <Arn>%s</Arn>\n    <UserId>%s</UserId>\n    <Account>%s</Account>\n", arn,
	    call->identity->user_id, call->identity->account);
	answer_xml(call, result);
	free(result);
	free(arn);
}

/* ---- AssumeRole ---- */

struct wish {
	const char *arn, *session, *external_id;
	int64_t duration_s;
};

static bool
is_session_name(const char *name)
{
	size_t len = strlen(name);

	if (len < 2 || len > 64)
		return false;
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && strchr("_+=,.@-", *name) == NULL)
			return false;
	return true;
}

static int
refuse_parameter(struct call *call, const char *member, const char *value, const char *rule)
{
	if (value == NULL)
		answer_error(call, 400, "ValidationError",
		    "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be "
		    "null",
		    member);
	else
		answer_error(call, 400, "ValidationError",
		    "1 validation error detected: Value '%.200s' at '%s' failed to satisfy constraint: %s", value,
		    member, rule);
	return -1;
}

static int
read_wish(struct call *call, struct wish *wish)
{
	const char *duration = call_param(call, "DurationSeconds");

	*wish = (struct wish){.arn = call_param(call, "RoleArn"),
	    .session = call_param(call, "RoleSessionName"),
	    .external_id = call_param(call, "ExternalId"),
	    .duration_s = DURATION_DEFAULT_S};
	if (wish->arn == NULL || strlen(wish->arn) < 20)
		return refuse_parameter(
		    call, "roleArn", wish->arn, "Member must have length greater than or equal to 20");
	if (wish->session == NULL || !is_session_name(wish->session))
		return refuse_parameter(call, "roleSessionName", wish->session,
		    "Member must satisfy regular expression pattern: [\\w+=,.@-]*");
	if (duration != NULL && (text_parse_integer(duration, &wish->duration_s) != 0 ||
				    wish->duration_s < DURATION_MIN_S || wish->duration_s > DURATION_MAX_S))
		return refuse_parameter(
		    call, "durationSeconds", duration, "Member must have value between 900 and 43200");
	if (call->identity->token != NULL && wish->duration_s > CHAINED_MAX_S) {
		answer_error(call, 400, "ValidationError",
		    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
		    "chaining");
		return -1;
	}
	return 0;
}

/* The role, when its external id is the one given; NULL: AWS says for both that it is not allowed. */
static const struct scenario_role *
find_role(const struct scenario *scenario, const struct wish *wish)
{
	for (size_t i = 0; i < scenario->roles_count; i++) {
		const struct scenario_role *role = &scenario->roles[i];

		if (strcmp(role->arn, wish->arn) == 0)
			return role->external_id == NULL ||
				       (wish->external_id != NULL && strcmp(role->external_id, wish->external_id) == 0)
				   ? role
				   : NULL;
	}
	return NULL;
}

static void
answer_keys(struct call *call, const struct identity *identity)
{
	char expiration[CLOCK_TEXT_SIZE], *arn = answer_escape_xml(identity->arn),
					  *user = answer_escape_xml(identity->user_id), *result;

	clock_format(identity->expires_ms, expiration);
	result = mem_printf("    <AssumedRoleUser>\n      <AssumedRoleId>%s</AssumedRoleId>\n      <Arn>%s</Arn>\n"
			    "    </AssumedRoleUser>\n    <Credentials>\n      <AccessKeyId>%s</AccessKeyId>\n"
			    "      <SecretAccessKey>%s</SecretAccessKey>\n      <SessionToken>%s</SessionToken>\n"
			    "      <Expiration>%s</Expiration>\n    </Credentials>\n",
	    user, arn, identity->access_key_id, identity->secret, identity->token, expiration);
	answer_xml(call, result);
	free(result);
	free(arn);
	free(user);
}

static void
assume_role(struct call *call)
{
	const struct scenario_role *role;
	struct wish wish;
	char account[ACCOUNT_LEN + 1], *arn;
	int64_t lifetime_ms;

	if (read_wish(call, &wish) != 0)
		return;
	role = find_role(call->sim->scenario, &wish);
	if (role == NULL) {
		answer_error(call, 403, "AccessDenied",
		    "User: %s is not authorized to perform: sts:AssumeRole on resource: %s", call->identity->arn,
		    wish.arn);
		return;
	}
	memcpy(account, strstr(role->arn, "::") + 2, ACCOUNT_LEN);
	account[ACCOUNT_LEN] = '\0';
	lifetime_ms = role->lifetime_ms > 0 ? role->lifetime_ms : wish.duration_s * 1000;
	arn = mem_printf("arn:aws:sts::%s:assumed-role/%s/%s", account, strrchr(role->arn, '/') + 1, wish.session);
	answer_keys(call,
	    keyring_issue(call->sim->keyring, account, arn, wish.session, call->now_ms, call->now_ms + lifetime_ms));
	free(arn);
}

static const struct operation operations[] = {
    {.name = "GetCallerIdentity", .stream_bucket = -1, .run = get_caller_identity},
    {.name = "AssumeRole", .stream_bucket = -1, .run = assume_role},
};

const struct service sts_service = {
    .name = "sts",
    .protocol = SERVICE_QUERY,
    .version = "2011-06-15",
    .operations = operations,
    .operations_count = KD_COUNT(operations),
};
