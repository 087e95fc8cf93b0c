/* SPDX-License-Identifier: Apache-2.0 */
/* iam_policy: owns the order in which policies decide; knows nothing of how a statement is read or matched. */
#include "common/iam_policy.h"

#include <stdlib.h>
#include <string.h>

#include "common/iam_statement.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

enum {
	ACTION_MAX = 256,
	RESOURCE_MAX = 2048, /* the longest ARN of any service */
	ACCOUNT_DIGITS = 12,
	SHOWN_MAX = 300,
	/* All that IAM lets one principal have, about 100 KB of policies, takes some 300,000 steps. */
	WORK_MAX = 4 * 1000 * 1000,
};

/* ---- a request ---- */

static bool
is_action(const char *action)
{
	size_t len = strnlen(action, ACTION_MAX + 1);
	const char *colon = strchr(action, ':');

	return len <= ACTION_MAX && colon != NULL && colon != action && colon[1] != '\0' &&
	       strspn(action, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:") == len;
}

static bool
is_account(const char *text)
{
	return strlen(text) == ACCOUNT_DIGITS && strspn(text, "0123456789") == ACCOUNT_DIGITS;
}

static bool
is_resource(const char *resource)
{
	struct iam_arn arn;
	size_t len = strnlen(resource, RESOURCE_MAX + 1);

	iam_match_split_arn((struct iam_text){resource, len}, &arn);
	return strcmp(resource, "*") == 0 || (len <= RESOURCE_MAX && strncmp(resource, "arn:", 4) == 0 &&
						 arn.count == IAM_ARN_SEGMENTS && arn.segments[5].len > 0);
}

int
iam_policy_check(const struct iam_request *request, char **cause)
{
	if (!is_action(request->action))
		return cause_set(cause, "action is not SERVICE:ACTION, without wildcards");
	if (!is_resource(request->resource))
		return cause_set(
		    cause, "resource is neither \"*\" nor an ARN of six parts and at most %d bytes", RESOURCE_MAX);
	if (request->resource_account != NULL && !is_account(request->resource_account))
		return cause_set(cause, "resourceAccount is not an account of 12 digits");
	return 0;
}

/* Service authorization reference, Kinesis Data Streams: no resource type, so a statement must say "*". */
static const char *const star_only[] = {"kinesis:describelimits", "kinesis:liststreams",
    "kinesis:describeaccountsettings", "kinesis:updateaccountsettings", "kinesis:enableenhancedmonitoring",
    "kinesis:disableenhancedmonitoring", "kinesis:updateshardcount", "kinesis:updatestreammode", "kinesis:listchannels",
    "kinesis:injectapierror"};
/* …and those whose resource is a consumer. */
static const char *const consumer_only[] = {
    "kinesis:subscribetoshard", "kinesis:describestreamconsumer", "kinesis:deregisterstreamconsumer"};

static bool
is_one_of(const char *action, const char *const *actions, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(action, actions[i]) == 0)
			return true;
	return false;
}

static bool
starts(struct iam_text text, const char *with)
{
	return text.len >= strlen(with) && memcmp(text.s, with, strlen(with)) == 0;
}

static bool
holds(struct iam_text text, const char *what)
{
	return memmem(text.s, text.len, what, strlen(what)) != NULL;
}

/* What the request is about in truth, in buffers of the caller's. */
struct subject {
	char action[ACTION_MAX + 1], resource[RESOURCE_MAX + sizeof "/consumer/*:*"];
	char account[ACCOUNT_DIGITS + 1], region[64];
};

static void
copy_segment(struct iam_text segment, char *out, size_t size)
{
	size_t len = segment.len < size ? segment.len : 0;

	if (len > 0)
		memcpy(out, segment.s, len);
	out[len] = '\0';
}

static void
prepare_action_and_resource(const struct iam_request *request, struct subject *subject, struct iam_ask *ask)
{
	size_t len = strlen(request->action);

	for (size_t i = 0; i <= len; i++) {
		char c = request->action[i];

		subject->action[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	ask->action = (struct iam_text){subject->action, len};
	iam_match_split_arn((struct iam_text){request->resource, strlen(request->resource)}, &ask->resource);
	if (!starts(ask->action, "kinesis:"))
		return;
	if (is_one_of(subject->action, star_only, KD_COUNT(star_only))) {
		iam_match_split_arn((struct iam_text){"*", 1}, &ask->resource);
	} else if (is_one_of(subject->action, consumer_only, KD_COUNT(consumer_only)) &&
		   starts(ask->resource.segments[5], "stream/") && !holds(ask->resource.segments[5], "/consumer/")) {
		len =
		    (size_t)(stpcpy(stpcpy(subject->resource, request->resource), "/consumer/*:*") - subject->resource);
		iam_match_split_arn((struct iam_text){subject->resource, len}, &ask->resource);
	}
}

static void
prepare(const struct iam_request *request, struct subject *subject, struct iam_ask *ask)
{
	struct iam_arn arn;

	*ask = (struct iam_ask){.caller = request->caller,
	    .context = request->context,
	    .has_boundary = request->boundary != NULL,
	    .work = {.left = WORK_MAX}};
	iam_match_split_arn((struct iam_text){request->resource, strlen(request->resource)}, &arn);
	copy_segment(arn.segments[4], subject->account, sizeof subject->account);
	copy_segment(arn.segments[3], subject->region, sizeof subject->region);
	ask->region = *subject->region != '\0' ? subject->region : NULL;
	ask->resource_account = request->resource_account;
	if (ask->resource_account == NULL)
		ask->resource_account = is_account(subject->account) ? subject->account : request->caller->account;
	prepare_action_and_resource(request, subject, ask);
}

/* ---- what the statements say ---- */

/* A statement that speaks about the request; NULL: none does. */
struct hit {
	const struct iam_statement *statement;
	size_t policy, index;
	const char *key;
};

enum { SURE, PERHAPS, CERTAINTIES };

/* The first statements of a layer of each effect, for sure or perhaps, by how directly the caller is meant. */
struct tally {
	struct hit deny[CERTAINTIES];
	struct hit allow[CERTAINTIES][IAM_LEVELS];
};

static void
count_document(const struct iam_document *document, size_t policy, struct iam_ask *ask, struct tally *tally)
{
	for (size_t i = 0; i < document->count; i++) {
		const struct iam_statement *statement = &document->statements[i];
		enum iam_level level = IAM_LEVEL_NONE;
		const char *key = NULL;
		enum iam_truth match = iam_statement_match(statement, ask, &level, &key);
		int certainty = match == IAM_TRUE ? SURE : PERHAPS;
		struct hit *hit = statement->deny ? &tally->deny[certainty] : &tally->allow[certainty][level];

		if (match != IAM_FALSE && hit->statement == NULL)
			*hit = (struct hit){statement, policy, i, key};
		if (ask->work.left < 0)
			return;
	}
}

/* ---- the order ---- */

struct trial {
	struct tally tallies[IAM_LAYERS];
	const struct iam_request *request;
	bool cross_account, own_policy;
	unsigned hoped; /* layers (1 << layer) where what may allow counts as though it did */
};

struct verdict {
	bool granted;
	enum iam_layer layer;  /* of the statement that grants, or of the allow that is missing */
	const struct hit *hit; /* NULL: none was needed */
};

static const struct hit *
best_allow(const struct trial *trial, enum iam_layer layer, enum iam_level least)
{
	const struct tally *tally = &trial->tallies[layer];

	for (int certainty = SURE; certainty < CERTAINTIES; certainty++)
		for (int level = IAM_LEVEL_DIRECT; level >= (int)least; level--)
			if (tally->allow[certainty][level].statement != NULL &&
			    (certainty == SURE || (trial->hoped & 1u << layer) != 0))
				return &tally->allow[certainty][level];
	return NULL;
}

static struct verdict
grant(enum iam_layer layer, const struct hit *hit)
{
	return (struct verdict){.granted = true, .layer = layer, .hit = hit};
}

static struct verdict
lack(enum iam_layer layer)
{
	return (struct verdict){.layer = layer};
}

static bool
boundary_allows(const struct trial *trial)
{
	return trial->request->boundary == NULL || best_allow(trial, IAM_LAYER_BOUNDARY, IAM_LEVEL_DIRECT) != NULL;
}

static struct verdict
judge_identity(const struct trial *trial)
{
	const struct hit *identity = best_allow(trial, IAM_LAYER_IDENTITY, IAM_LEVEL_DIRECT);

	if (identity == NULL)
		return lack(IAM_LAYER_IDENTITY);
	return boundary_allows(trial) ? grant(IAM_LAYER_IDENTITY, identity) : lack(IAM_LAYER_BOUNDARY);
}

static struct verdict
judge_same_account(const struct trial *trial, bool is_root)
{
	const struct hit *direct = best_allow(trial, IAM_LAYER_RESOURCE, IAM_LEVEL_DIRECT);
	const struct hit *role = best_allow(trial, IAM_LAYER_RESOURCE, IAM_LEVEL_ROLE);
	const struct hit *account = best_allow(trial, IAM_LAYER_RESOURCE, IAM_LEVEL_ACCOUNT);

	if (direct != NULL)
		return grant(IAM_LAYER_RESOURCE, direct);
	if (role != NULL)
		return boundary_allows(trial) ? grant(IAM_LAYER_RESOURCE, role) : lack(IAM_LAYER_BOUNDARY);
	if (trial->own_policy && account == NULL)
		return lack(IAM_LAYER_RESOURCE);
	return is_root ? grant(IAM_LAYERS, NULL) : judge_identity(trial);
}

static struct verdict
judge(const struct trial *trial)
{
	enum iam_caller_kind kind = trial->request->caller->kind;
	const struct hit *direct = best_allow(trial, IAM_LAYER_RESOURCE, IAM_LEVEL_DIRECT);
	const struct hit *any = best_allow(trial, IAM_LAYER_RESOURCE, IAM_LEVEL_ACCOUNT);

	if (kind == IAM_NAMED) /* it has no policies of its own, nor an account */
		return direct != NULL ? grant(IAM_LAYER_RESOURCE, direct) : lack(IAM_LAYER_RESOURCE);
	if (!trial->cross_account)
		return judge_same_account(trial, kind == IAM_ROOT);
	if (any == NULL)
		return lack(IAM_LAYER_RESOURCE);
	return kind == IAM_ROOT ? grant(IAM_LAYER_RESOURCE, any) : judge_identity(trial);
}

/* ---- the answer ---- */

static struct iam_answer
answer_hit(enum iam_decision decision, enum iam_layer layer, const struct hit *hit)
{
	struct iam_answer answer = {.decision = decision, .layer = IAM_LAYERS, .lacking = IAM_LAYERS};

	if (hit == NULL)
		return answer;
	answer.layer = layer;
	answer.policy = hit->policy;
	answer.statement = hit->index;
	answer.sid = hit->statement->sid;
	answer.key = decision == IAM_CONDITIONAL ? hit->key : NULL;
	return answer;
}

static const struct hit *
first_deny(const struct trial *trial, int certainty, enum iam_layer *layer)
{
	for (int i = 0; i < IAM_LAYERS; i++) {
		const struct hit *hit = &trial->tallies[i].deny[certainty];

		*layer = (enum iam_layer)i;
		if (hit->statement != NULL)
			return hit;
	}
	return NULL;
}

/* The nearest of a layer's statements that allow perhaps, or NULL. */
static const struct hit *
best_hope(const struct tally *tally)
{
	for (int level = IAM_LEVEL_DIRECT; level >= IAM_LEVEL_ACCOUNT; level--)
		if (tally->allow[PERHAPS][level].statement != NULL)
			return &tally->allow[PERHAPS][level];
	return NULL;
}

/* The statement that may allow where nothing does for sure: of the one layer that is missing, or of the first of several. */
static struct iam_answer
answer_hope(struct trial *trial)
{
	const struct hit *first = NULL;
	enum iam_layer layer = IAM_LAYER_IDENTITY;

	for (int i = 0; i < IAM_LAYERS; i++) {
		const struct hit *perhaps = best_hope(&trial->tallies[i]);
		bool enough;

		trial->hoped = 1u << i;
		enough = perhaps != NULL && judge(trial).granted;
		if (perhaps != NULL && (first == NULL || enough)) {
			first = perhaps;
			layer = (enum iam_layer)i;
		}
		if (enough)
			break;
	}
	return answer_hit(IAM_CONDITIONAL, layer, first);
}

static struct iam_answer
decide(struct trial *trial)
{
	enum iam_layer layer;
	const struct hit *deny = first_deny(trial, SURE, &layer);
	struct verdict sure, hoped;
	struct iam_answer answer;

	if (deny != NULL)
		return answer_hit(IAM_EXPLICITLY_DENIED, layer, deny);
	sure = judge(trial);
	trial->hoped = ~0u;
	hoped = judge(trial);
	if (!hoped.granted) {
		answer = answer_hit(IAM_IMPLICITLY_DENIED, IAM_LAYERS, NULL);
		answer.lacking = hoped.layer;
		return answer;
	}
	if (!sure.granted)
		return answer_hope(trial);
	deny = first_deny(trial, PERHAPS, &layer);
	return deny != NULL ? answer_hit(IAM_CONDITIONAL, layer, deny) : answer_hit(IAM_ALLOWED, sure.layer, sure.hit);
}

/* KMS keys and roles answer for themselves: without their own policy's allow, identity policies do not count. */
static bool
has_own_policy(const struct iam_request *request, const struct iam_ask *ask)
{
	struct iam_text service = ask->resource.segments[2], name = ask->resource.segments[5];

	if (request->resource_policy == NULL || ask->resource.count < IAM_ARN_SEGMENTS)
		return false;
	return (starts(ask->action, "kms:") && starts(service, "kms") && starts(name, "key/")) ||
	       (starts(ask->action, "sts:") && starts(service, "iam") && starts(name, "role/"));
}

struct iam_answer
iam_policy_evaluate(const struct iam_request *request)
{
	struct trial trial = {.request = request};
	struct subject subject;
	struct iam_answer answer;
	struct iam_ask ask;

	prepare(request, &subject, &ask);
	trial.cross_account = strcmp(request->caller->account, ask.resource_account) != 0;
	trial.own_policy = has_own_policy(request, &ask);
	for (size_t i = 0; i < request->identity_count; i++)
		count_document(&request->identity[i], i, &ask, &trial.tallies[IAM_LAYER_IDENTITY]);
	if (request->boundary != NULL)
		count_document(request->boundary, 0, &ask, &trial.tallies[IAM_LAYER_BOUNDARY]);
	if (request->resource_policy != NULL)
		count_document(request->resource_policy, 0, &ask, &trial.tallies[IAM_LAYER_RESOURCE]);
	answer = ask.work.left < 0 ? answer_hit(IAM_OVER_BUDGET, IAM_LAYERS, NULL) : decide(&trial);
	answer.cross_account = trial.cross_account;
	str_free(&ask.work.scratch);
	return answer;
}

/* ---- saying it ---- */

const char *
iam_policy_decision_name(enum iam_decision decision)
{
	static const char *const names[] = {[IAM_ALLOWED] = "Allowed",
	    [IAM_EXPLICITLY_DENIED] = "ExplicitlyDenied",
	    [IAM_IMPLICITLY_DENIED] = "ImplicitlyDenied",
	    [IAM_CONDITIONAL] = "Conditional",
	    [IAM_OVER_BUDGET] = "Error"};

	return names[decision];
}

char *
iam_policy_place(const struct iam_answer *answer)
{
	if (answer->layer == IAM_LAYER_IDENTITY)
		return mem_printf("identityPolicies[%zu]", answer->policy);
	if (answer->layer == IAM_LAYERS)
		return NULL;
	return mem_strdup(answer->layer == IAM_LAYER_BOUNDARY ? "boundary" : "resourcePolicy");
}

static char *
explain_lack(const struct iam_request *request, const struct iam_answer *answer)
{
	static const char *const who[] = {[IAM_LAYER_IDENTITY] = "no statement of the identity policies allows",
	    [IAM_LAYER_BOUNDARY] = "the boundary has no statement that allows",
	    [IAM_LAYER_RESOURCE] = "no statement of the resource policy allows"};

	return mem_printf("%s %s on %s%s", who[answer->lacking], request->action, request->resource,
	    answer->cross_account ? ", which is in another account: both sides must" : "");
}

char *
iam_policy_explain(const struct iam_request *request, const struct iam_answer *answer)
{
	char *place = iam_policy_place(answer), *sentence, *shown;

	if (answer->decision == IAM_OVER_BUDGET)
		sentence = mem_printf("the policies take more than %d steps to evaluate: no answer", WORK_MAX);
	else if (answer->decision == IAM_IMPLICITLY_DENIED)
		sentence = explain_lack(request, answer);
	else if (place == NULL)
		sentence = mem_strdup("the root user of an account may do in it what is not denied");
	else if (answer->decision == IAM_CONDITIONAL)
		sentence = mem_printf("statement %zu of %s hangs on %s", answer->statement, place, answer->key);
	else
		sentence = mem_printf("statement %zu of %s %s %s", answer->statement, place,
		    answer->decision == IAM_ALLOWED ? "allows" : "denies", request->action);
	shown = text_escape(sentence, strlen(sentence), SHOWN_MAX);
	free(sentence);
	free(place);
	return shown;
}
