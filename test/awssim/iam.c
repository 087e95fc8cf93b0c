/* SPDX-License-Identifier: Apache-2.0 */
/* iam: owns what IAM's reads answer; what there is in it is iam_world's, how the simulator decides iam_simulate's. */
#include "test/awssim/iam.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <kdiag/probe.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "test/awssim/answer.h"
#include "test/awssim/iam_simulate.h"
#include "test/awssim/iam_world.h"

/* API reference, MaxItems: up to 1,000, and 100 when not said. */
enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000 };

static const struct iam_world *
world_of(const struct call *call)
{
	return &call->sim->scenario->iam;
}

/* ---- texts ---- */

/* AWS's documents are percent-encoded (RFC 3986). */
static char *
encode(const char *text)
{
	struct str out = {0};

	for (; *text != '\0'; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL)
			str_add_char(&out, *text);
		else
			str_printf(&out, "%%%02X", (unsigned char)*text);
	return str_take(&out);
}

static void
add_member(struct str *out, const char *name, const char *text)
{
	char *escaped = answer_escape_xml(text);

	str_printf(out, "<%s>%s</%s>", name, escaped, name);
	free(escaped);
}

static void
add_document(struct str *out, const char *name, const char *document)
{
	char *encoded = encode(document);

	add_member(out, name, encoded);
	free(encoded);
}

static void
finish(struct call *call, struct str *out)
{
	answer_xml(call, out->s != NULL ? out->s : "");
	str_free(out);
}

/* ---- who is asked for ---- */

static const struct {
	const char *key, *word;
} holders[] = {
    [SIM_ROLE] = {"RoleName", "role"}, [SIM_USER] = {"UserName", "user"}, [SIM_GROUP] = {"GroupName", "group"}};

static const char *
need_param(struct call *call, const char *name)
{
	const char *value = call_param(call, name);

	if (value == NULL || *value == '\0')
		answer_error(call, 400, "ValidationError",
		    "1 validation error detected: Value null at '%c%s' failed to satisfy constraint: Member must not "
		    "be null",
		    tolower((unsigned char)*name), name + 1);
	return value != NULL && *value != '\0' ? value : NULL;
}

/* NULL: it has been answered. */
static const struct sim_holder *
find_holder(struct call *call, enum sim_holder_kind kind)
{
	const char *name = need_param(call, holders[kind].key);
	const struct sim_holder *holder;

	if (name == NULL)
		return NULL;
	holder = iam_world_find_holder(world_of(call), kind, call->identity->account, name);
	if (holder == NULL)
		answer_error(
		    call, 404, "NoSuchEntity", "The %s with name %.128s cannot be found.", holders[kind].word, name);
	return holder;
}

static const struct sim_policy *
find_policy(struct call *call)
{
	const char *arn = need_param(call, "PolicyArn");
	const struct sim_policy *policy;

	if (arn == NULL)
		return NULL;
	policy = iam_world_find_policy(world_of(call), call->identity->account, arn);
	if (policy == NULL)
		answer_error(call, 404, "NoSuchEntity", "Policy %.300s was not found.", arn);
	return policy;
}

/* ---- one thing ---- */

static void
get_holder(struct call *call, enum sim_holder_kind kind, const char *element)
{
	const struct sim_holder *holder = find_holder(call, kind);
	struct str out = {0};
	char *arn;

	if (holder == NULL)
		return;
	arn = mem_printf("arn:aws:iam::%s:%s%s%s", holder->account, holders[kind].word, holder->path, holder->name);
	str_printf(&out, "<%s>", element);
	add_member(&out, "Path", holder->path);
	add_member(&out, holders[kind].key, holder->name);
	add_member(&out, "Arn", arn);
	if (holder->boundary != NULL) {
		str_add(&out, "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>");
		add_member(&out, "PermissionsBoundaryArn", holder->boundary);
		str_add(&out, "</PermissionsBoundary>");
	}
	str_printf(&out, "</%s>\n", element);
	free(arn);
	finish(call, &out);
}

static void
get_role(struct call *call)
{
	get_holder(call, SIM_ROLE, "Role");
}

static void
get_user(struct call *call)
{
	get_holder(call, SIM_USER, "User");
}

static void
get_policy(struct call *call)
{
	const struct sim_policy *policy = find_policy(call);
	struct str out = {0};

	if (policy == NULL)
		return;
	str_add(&out, "<Policy>");
	add_member(&out, "PolicyName", policy->name);
	add_member(&out, "Arn", policy->arn);
	add_member(&out, "DefaultVersionId", policy->default_version);
	str_add(&out, "</Policy>\n");
	finish(call, &out);
}

static void
get_policy_version(struct call *call)
{
	const struct sim_policy *policy = find_policy(call);
	const char *id = policy != NULL ? need_param(call, "VersionId") : NULL;
	const struct sim_text *version;
	struct str out = {0};

	if (id == NULL)
		return;
	version = iam_world_find_text(policy->versions, policy->versions_count, id);
	if (version == NULL) {
		answer_error(call, 404, "NoSuchEntity",
		    "Policy %.300s version %.20s does not exist or is not attachable.", policy->arn, id);
		return;
	}
	str_add(&out, "<PolicyVersion>");
	add_document(&out, "Document", version->document);
	add_member(&out, "VersionId", version->name);
	add_member(&out, "IsDefaultVersion", strcmp(version->name, policy->default_version) == 0 ? "true" : "false");
	str_add(&out, "</PolicyVersion>\n");
	finish(call, &out);
}

static void
get_inline(struct call *call, enum sim_holder_kind kind)
{
	const struct sim_holder *holder = find_holder(call, kind);
	const char *name = holder != NULL ? need_param(call, "PolicyName") : NULL;
	const struct sim_text *text;
	struct str out = {0};

	if (name == NULL)
		return;
	text = iam_world_find_text(holder->inlines, holder->inlines_count, name);
	if (text == NULL) {
		answer_error(call, 404, "NoSuchEntity", "The %s policy with name %.128s cannot be found.",
		    holders[kind].word, name);
		return;
	}
	add_member(&out, holders[kind].key, holder->name);
	add_member(&out, "PolicyName", text->name);
	add_document(&out, "PolicyDocument", text->document);
	str_add_char(&out, '\n');
	finish(call, &out);
}

static void
get_role_policy(struct call *call)
{
	get_inline(call, SIM_ROLE);
}

static void
get_user_policy(struct call *call)
{
	get_inline(call, SIM_USER);
}

static void
get_group_policy(struct call *call)
{
	get_inline(call, SIM_GROUP);
}

/* ---- lists ---- */

struct page {
	size_t from, until;
	bool more;
};

/* A Marker is where the next page begins, in words that nobody is to read. false: it has been answered. */
static bool
read_page(struct call *call, size_t count, struct page *page)
{
	const char *marker = call_param(call, "Marker"), *max = call_param(call, "MaxItems");
	int64_t from = 0, size = PAGE_DEFAULT, least = world_of(call)->page;

	if ((max != NULL && (text_parse_integer(max, &size) != 0 || size < 1 || size > PAGE_MAX)) ||
	    (marker != NULL && (strncmp(marker, "AA=", 3) != 0 || text_parse_integer(marker + 3, &from) != 0 ||
				   from < 0 || (size_t)from > count))) {
		answer_error(call, 400, "ValidationError", "Invalid Marker or MaxItems.");
		return false;
	}
	if (least > 0 && size > least)
		size = least;
	page->from = (size_t)from;
	page->until = count - page->from > (size_t)size ? page->from + (size_t)size : count;
	page->more = page->until < count || (call->fault != NULL && call->fault->kind == FAULT_ENDLESS_NEXT_TOKEN);
	return true;
}

static void
finish_page(struct call *call, const struct page *page, struct str *out)
{
	str_printf(out, "<IsTruncated>%s</IsTruncated>", page->more ? "true" : "false");
	if (page->more)
		str_printf(out, "<Marker>AA=%zu</Marker>", page->until);
	str_add_char(out, '\n');
	finish(call, out);
}

static const char *
name_in(const char *arn)
{
	const char *slash = strrchr(arn, '/');

	return slash != NULL ? slash + 1 : arn;
}

static void
list_attached(struct call *call, enum sim_holder_kind kind)
{
	const struct sim_holder *holder = find_holder(call, kind);
	struct str out = {0};
	struct page page;

	if (holder == NULL || !read_page(call, holder->attached_count, &page))
		return;
	str_add(&out, "<AttachedPolicies>");
	for (size_t i = page.from; i < page.until; i++) {
		str_add(&out, "<member>");
		add_member(&out, "PolicyName", name_in(holder->attached[i]));
		add_member(&out, "PolicyArn", holder->attached[i]);
		str_add(&out, "</member>");
	}
	str_add(&out, "</AttachedPolicies>");
	finish_page(call, &page, &out);
}

static void
list_attached_role_policies(struct call *call)
{
	list_attached(call, SIM_ROLE);
}

static void
list_attached_user_policies(struct call *call)
{
	list_attached(call, SIM_USER);
}

static void
list_attached_group_policies(struct call *call)
{
	list_attached(call, SIM_GROUP);
}

static void
list_inline(struct call *call, enum sim_holder_kind kind)
{
	const struct sim_holder *holder = find_holder(call, kind);
	struct str out = {0};
	struct page page;

	if (holder == NULL || !read_page(call, holder->inlines_count, &page))
		return;
	str_add(&out, "<PolicyNames>");
	for (size_t i = page.from; i < page.until; i++)
		add_member(&out, "member", holder->inlines[i].name);
	str_add(&out, "</PolicyNames>");
	finish_page(call, &page, &out);
}

static void
list_role_policies(struct call *call)
{
	list_inline(call, SIM_ROLE);
}

static void
list_user_policies(struct call *call)
{
	list_inline(call, SIM_USER);
}

static void
list_group_policies(struct call *call)
{
	list_inline(call, SIM_GROUP);
}

static void
list_groups_for_user(struct call *call)
{
	const struct sim_holder *holder = find_holder(call, SIM_USER);
	struct str out = {0};
	struct page page;

	if (holder == NULL || !read_page(call, holder->groups_count, &page))
		return;
	str_add(&out, "<Groups>");
	for (size_t i = page.from; i < page.until; i++) {
		str_add(&out, "<member>");
		add_member(&out, "GroupName", holder->groups[i]);
		str_add(&out, "</member>");
	}
	str_add(&out, "</Groups>");
	finish_page(call, &page, &out);
}

/* ---- the table ---- */

/* The rate is not published; this is what callers meet. */
#define RATE 20
#define READ(operation, function) \
	{ \
		.name = operation, .limit_per_s = RATE, .stream_bucket = -1, .run = function \
	}

static const struct operation operations[] = {
    READ("GetRole", get_role),
    READ("GetUser", get_user),
    READ("GetPolicy", get_policy),
    READ("GetPolicyVersion", get_policy_version),
    READ("GetRolePolicy", get_role_policy),
    READ("GetUserPolicy", get_user_policy),
    READ("GetGroupPolicy", get_group_policy),
    READ("ListAttachedRolePolicies", list_attached_role_policies),
    READ("ListAttachedUserPolicies", list_attached_user_policies),
    READ("ListAttachedGroupPolicies", list_attached_group_policies),
    READ("ListRolePolicies", list_role_policies),
    READ("ListUserPolicies", list_user_policies),
    READ("ListGroupPolicies", list_group_policies),
    READ("ListGroupsForUser", list_groups_for_user),
    READ("SimulatePrincipalPolicy", iam_simulate),
};

const struct service iam_service = {
    .name = "iam",
    .protocol = SERVICE_QUERY,
    .version = "2010-05-08",
    .operations = operations,
    .operations_count = KD_COUNT(operations),
};
