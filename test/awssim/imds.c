/* SPDX-License-Identifier: Apache-2.0 */
/* imds: owns session tokens and the rotation of the instance role's keys; the keys themselves are keyring's. */
#include "test/awssim/imds.h"

#include <stdlib.h>
#include <string.h>

#include <event2/http.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/text.h"
#include "test/awssim/answer.h"
#include "test/awssim/decode.h"

#define TOKEN_PATH "/latest/api/token"
#define ROLES_PATH "/latest/meta-data/iam/security-credentials"
#define INSTANCE   "i-0a1b2c3d4e5f60718"

enum { TOKENS_MAX = 64, TOKEN_LEN = 56, TTL_MAX_S = 21600 };

struct session {
	char token[TOKEN_LEN + 1];
	int64_t expires_ms;
};

struct imds {
	struct session sessions[TOKENS_MAX]; /* a ring: the oldest is forgotten */
	size_t next;
	char *access_key_id; /* what is given out now; NULL: nothing yet */
	struct seed seed;
};

struct imds *
imds_new(const struct sim *sim)
{
	struct imds *imds = mem_new(1, sizeof(*imds));

	seed_init(&imds->seed, sim->scenario->seed, 3);
	return imds;
}

void
imds_free(struct imds *imds)
{
	if (imds == NULL)
		return;
	free(imds->access_key_id);
	free(imds);
}

/* ---- session tokens ---- */

static void
give_token(struct call *call)
{
	struct imds *imds = call->sim->imds;
	const char *ttl = call_header(call, "X-aws-ec2-metadata-token-ttl-seconds");
	struct session *session = &imds->sessions[imds->next];
	int64_t seconds;

	if (call_header(call, "X-Forwarded-For") != NULL) {
		answer_error(call, 403, "Forbidden", "%s", "");
		return;
	}
	if (ttl == NULL || text_parse_integer(ttl, &seconds) != 0 || seconds < 1 || seconds > TTL_MAX_S) {
		answer_error(call, 400, "BadRequest", "%s", "");
		return;
	}
	seed_text(&imds->seed, SEED_BASE64, session->token, TOKEN_LEN);
	session->expires_ms = call->now_ms + seconds * 1000;
	imds->next = (imds->next + 1) % TOKENS_MAX;
	evhttp_add_header(
	    evhttp_request_get_output_headers(call->request), "X-Aws-Ec2-Metadata-Token-Ttl-Seconds", ttl);
	answer_text(call, 200, "text/plain", session->token);
}

/* Version 1 asked without a token: it is switched off, as on new instances. False: it has been answered. */
static bool
has_session(struct call *call)
{
	const struct imds *imds = call->sim->imds;
	const char *token = call_header(call, "X-aws-ec2-metadata-token");

	for (size_t i = 0; token != NULL && i < TOKENS_MAX; i++)
		if (strlen(token) == TOKEN_LEN && strcmp(imds->sessions[i].token, token) == 0 &&
		    imds->sessions[i].expires_ms > call->now_ms)
			return true;
	answer_error(call, 401, "Unauthorized", "%s", "");
	return false;
}

/* ---- the role ---- */

static void
list_roles(struct call *call)
{
	const char *role = call->sim->scenario->imds.role;

	if (!has_session(call))
		return;
	if (role == NULL || *role == '\0')
		answer_error(call, 404, "NotFound", "%s", "");
	else
		answer_text(call, 200, "text/plain", role);
}

/* The keys that are good now, new ones when the old are about to expire. */
static const struct identity *
current_keys(struct call *call, const char *role)
{
	struct imds *imds = call->sim->imds;
	const struct scenario_imds *set = &call->sim->scenario->imds;
	const struct identity *identity =
	    imds->access_key_id == NULL ? NULL : keyring_find(call->sim->keyring, imds->access_key_id);
	int64_t before_ms = set->rotate_before_ms > set->lifetime_ms / 2 ? set->lifetime_ms / 2 : set->rotate_before_ms;
	char *arn;

	if (identity != NULL && identity->expires_ms - call->now_ms > before_ms)
		return identity;
	arn = mem_printf("arn:aws:sts::%s:assumed-role/%s/" INSTANCE, call->sim->scenario->account, role);
	identity = keyring_issue(call->sim->keyring, call->sim->scenario->account, arn, INSTANCE, call->now_ms,
	    call->now_ms + set->lifetime_ms);
	free(arn);
	free(imds->access_key_id);
	imds->access_key_id = mem_strdup(identity->access_key_id);
	return identity;
}

static void
give_credentials(struct call *call)
{
	const char *role = call->sim->scenario->imds.role;
	const char *asked = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(call->request)) + strlen(ROLES_PATH "/");
	char updated[CLOCK_TEXT_SIZE], expiration[CLOCK_TEXT_SIZE], *text;
	const struct identity *identity;
	json_t *document;

	if (!has_session(call))
		return;
	if (role == NULL || strcmp(asked, role) != 0) {
		answer_error(call, 404, "NotFound", "%s", "");
		return;
	}
	identity = current_keys(call, role);
	clock_format(identity->issued_ms, updated);
	clock_format(identity->expires_ms, expiration);
	document = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Code", "Success", "LastUpdated", updated, "Type",
	    "AWS-HMAC", "AccessKeyId", identity->access_key_id, "SecretAccessKey", identity->secret, "Token",
	    identity->token, "Expiration", expiration);
	text = json_dumps(document, JSON_INDENT(2));
	answer_text(call, 200, "text/plain", text == NULL ? "" : text);
	free(text);
	json_decref(document);
}

/* ---- the service ---- */

enum { TOKEN, ROLES, CREDENTIALS };

static const struct operation operations[] = {
    [TOKEN] = {.name = "MetadataToken", .stream_bucket = -1, .run = give_token},
    [ROLES] = {.name = "MetadataRoles", .stream_bucket = -1, .run = list_roles},
    [CREDENTIALS] = {.name = "MetadataCredentials", .stream_bucket = -1, .run = give_credentials},
};

const struct service imds_service = {
    .name = "imds",
    .protocol = SERVICE_METADATA,
    .operations = operations,
    .operations_count = KD_COUNT(operations),
};

const struct operation *
imds_route(int method, const char *path)
{
	if (strcmp(path, TOKEN_PATH) == 0)
		return method == EVHTTP_REQ_PUT ? &operations[TOKEN] : NULL;
	if (method != EVHTTP_REQ_GET || strncmp(path, ROLES_PATH, strlen(ROLES_PATH)) != 0)
		return NULL;
	path += strlen(ROLES_PATH);
	if (*path == '\0' || strcmp(path, "/") == 0)
		return &operations[ROLES];
	return *path == '/' ? &operations[CREDENTIALS] : NULL;
}

/* ---- the admin endpoint ---- */

struct order {
	struct scenario_imds *set;
	bool rotate, expire, forget_tokens;
};

static int
read_kept(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct yaml_node one = {.kind = YAML_MAP_KIND, .line = node->line, .column = node->column, .count = 1};

	one.children = (struct yaml_node *)node;
	return scenario_read_imds(((struct order *)into)->set, &one, in->file, in->cause);
}

int
imds_set(struct sim *sim, const struct yaml_node *node, const char *file, char **cause)
{
	static const struct decode_field fields[] = {
	    {.key = "role", .type = DECODE_READER, .read = read_kept},
	    {.key = "lifetime", .type = DECODE_READER, .read = read_kept},
	    {.key = "rotate_before", .type = DECODE_READER, .read = read_kept},
	    {.key = "rotate", .type = DECODE_BOOLEAN, .offset = offsetof(struct order, rotate)},
	    {.key = "expire", .type = DECODE_BOOLEAN, .offset = offsetof(struct order, expire)},
	    {.key = "forget_tokens", .type = DECODE_BOOLEAN, .offset = offsetof(struct order, forget_tokens)},
	};
	struct decode in = {.file = file, .cause = cause};
	struct order order = {.set = &sim->scenario->imds};

	if (decode_map(&in, node, fields, KD_COUNT(fields), &order) != 0)
		return -1;
	if (order.expire)
		keyring_expire_issued(sim->keyring, clock_now_ms());
	if (order.forget_tokens)
		memset(sim->imds->sessions, 0, sizeof(sim->imds->sessions));
	if (order.rotate || order.expire) {
		free(sim->imds->access_key_id);
		sim->imds->access_key_id = NULL;
	}
	return 0;
}
