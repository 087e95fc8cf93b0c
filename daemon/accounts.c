/* SPDX-License-Identifier: Apache-2.0 */
/* accounts: one set of credentials an account, made at the first ask and shared by its places. */
#include "daemon/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "daemon/aws/sts.h"

enum { CALL_TIMEOUT_MS = 10 * 1000 };

/* The place that roles are assumed from: no account of the config's, whatever it is called there. */
#define OWN "(own)"

struct account {
	struct accounts *accounts;
	char *name, *role_arn, *external_id; /* role_arn NULL: our own credentials */
	struct creds *creds;
	struct sts_op *assuming, *identifying;
	bool asked_who;
};

struct accounts {
	struct event_base *base;
	struct aws_client *client;
	struct creds *own;   /* the daemon's own: by the chain */
	bool own_is_watched; /* streams are watched with them, not only roles assumed */
	char *region;        /* for STS */
	struct account *list;
	size_t count;
	accounts_notice_cb notice;
	void *notice_arg;
};

/* Each account whose role cannot be assumed says so, and why; one whose streams are watched with our own keys speaks of them. */
static bool
is_told_elsewhere(const struct accounts *accounts, enum aws_notice notice, const char *subject)
{
	return strcmp(subject, OWN) == 0 && (notice == AWS_NOTICE_CREDENTIALS || accounts->own_is_watched);
}

static void
notice_cb(enum aws_notice notice, bool bad, const char *subject, const char *why, void *arg)
{
	struct accounts *accounts = arg;

	if (is_told_elsewhere(accounts, notice, subject))
		return;
	accounts->notice(aws_notice_check(notice), subject, bad ? why : NULL, accounts->notice_arg);
}

static const char *
getenv_const(const char *name)
{
	return getenv(name);
}

/* ---- assumed roles ---- */

static void
assumed_cb(const struct aws_error *error, struct aws_keys *keys, void *arg)
{
	struct account *account = arg;
	char *why;

	account->assuming = NULL;
	if (error->fault == AWS_OK) {
		creds_fetched(account->creds, aws_keys_ref(keys), NULL);
		return;
	}
	why = mem_printf("role %s may not be assumed: %s", account->role_arn, error->message);
	creds_fetched(account->creds, NULL, why);
	free(why);
}

/* The role is assumed with our own credentials, at the STS of our own region. */
static struct aws_place *
own_place(struct accounts *accounts, char **cause)
{
	return aws_client_place(accounts->client, OWN, accounts->region, accounts->own, cause);
}

static void
assume(struct creds *creds, void *arg)
{
	struct account *account = arg;
	char *cause = NULL;
	struct aws_place *place = own_place(account->accounts, &cause);

	if (place == NULL)
		creds_fetched(creds, NULL, cause);
	else
		account->assuming =
		    sts_assume_role(place, account->role_arn, account->external_id, "kdiag", assumed_cb, account);
	free(cause);
}

static void
abandon(void *arg)
{
	struct account *account = arg;

	if (account->assuming != NULL)
		sts_cancel(account->assuming);
	account->assuming = NULL;
}

/* ---- who are we? For the operator's log only: GetCallerIdentity needs no permission, but a network may hide STS. ---- */

static void
identified_cb(const struct aws_error *error, const struct sts_identity *identity, void *arg)
{
	struct account *account = arg;

	account->identifying = NULL;
	if (error->fault == AWS_OK)
		log_info("account %s: %s", account->name, identity->arn);
	else
		log_info("account %s: who we are there is not known: %s", account->name, error->message);
}

static void
identify(struct account *account, struct aws_place *place)
{
	if (!account->asked_who)
		account->identifying = sts_get_caller_identity(place, identified_cb, account);
	account->asked_who = true;
}

/* ---- all of them ---- */

static void
add_account(struct accounts *accounts, struct account *account, const struct config_account *from)
{
	char *source;

	account->accounts = accounts;
	account->name = mem_strdup(from->name);
	account->role_arn = mem_strdup(from->role_arn);
	account->external_id = mem_strdup(from->external_id);
	if (from->role_arn == NULL) {
		account->creds = accounts->own;
		return;
	}
	source = mem_printf("role %s", from->role_arn);
	account->creds = creds_new_fetched(accounts->base, source, assume, abandon, account);
	free(source);
}

struct accounts *
accounts_new(struct event_base *base, const struct config *config, accounts_notice_cb notice, void *arg, char **cause)
{
	struct accounts *accounts = mem_new(1, sizeof(*accounts));
	const struct aws_client_options options = {.limits = http_default_limits,
	    .pace_share = config->aws.pace_share,
	    .endpoint_url = config->aws.endpoint_url,
	    .ca_file = config->aws.ca_file,
	    .call_timeout_ms = CALL_TIMEOUT_MS,
	    .env = getenv_const,
	    .notice = notice_cb,
	    .notice_arg = accounts};
	const struct creds_options own = {.profile = config->aws.profile,
	    .region = config->aws.region,
	    .access_key = config->aws.access_key_id,
	    .secret_key = config->aws.secret_access_key,
	    .session_token = config->aws.session_token,
	    .env = getenv_const};
	size_t i;

	accounts->base = base;
	accounts->notice = notice;
	accounts->notice_arg = arg;
	accounts->region = mem_strdup(config->aws.region != NULL ? config->aws.region : "us-east-1");
	accounts->client = aws_client_new(base, &options, cause);
	if (accounts->client == NULL) {
		accounts_free(accounts);
		return NULL;
	}
	accounts->own = creds_new(base, aws_client_http(accounts->client), &own);
	accounts->count = config->accounts_count;
	accounts->list = mem_new(accounts->count, sizeof(*accounts->list));
	for (i = 0; i < accounts->count; i++)
		add_account(accounts, &accounts->list[i], &config->accounts[i]);
	return accounts;
}

static void
clear_account(struct account *account)
{
	if (account->identifying != NULL)
		sts_cancel(account->identifying);
	abandon(account);
	if (account->role_arn != NULL)
		creds_free(account->creds);
	free(account->name);
	free(account->role_arn);
	free(account->external_id);
}

void
accounts_free(struct accounts *accounts)
{
	size_t i;

	if (accounts == NULL)
		return;
	for (i = 0; i < accounts->count; i++)
		clear_account(&accounts->list[i]);
	creds_free(accounts->own);
	aws_client_free(accounts->client);
	free(accounts->list);
	free(accounts->region);
	free(accounts);
}

struct aws_place *
accounts_place(struct accounts *accounts, const char *name, const char *region, char **cause)
{
	struct aws_place *place;
	size_t i;

	for (i = 0; i < accounts->count; i++) {
		struct account *account = &accounts->list[i];

		if (strcmp(account->name, name) != 0)
			continue;
		accounts->own_is_watched |= account->role_arn == NULL;
		place = aws_client_place(accounts->client, name, region, account->creds, cause);
		if (place != NULL)
			identify(account, place);
		return place;
	}
	return cause_null(cause, "account %s is not listed under accounts: in the config", name);
}

struct aws_counts
accounts_counts(const struct accounts *accounts)
{
	return aws_client_counts(accounts->client);
}

void
accounts_each_count(const struct accounts *accounts, aws_count_cb visit, void *arg)
{
	aws_client_each_count(accounts->client, visit, arg);
}

/* ---- comparing configs ---- */

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
accounts_same(const struct config *a, const struct config *b)
{
	size_t i;

	if (a->aws.pace_share < b->aws.pace_share || a->aws.pace_share > b->aws.pace_share ||
	    !same(a->aws.region, b->aws.region) || !same(a->aws.profile, b->aws.profile) ||
	    !same(a->aws.endpoint_url, b->aws.endpoint_url) || !same(a->aws.ca_file, b->aws.ca_file) ||
	    !same(a->aws.access_key_id, b->aws.access_key_id) ||
	    !same(a->aws.secret_access_key, b->aws.secret_access_key) ||
	    !same(a->aws.session_token, b->aws.session_token) || a->accounts_count != b->accounts_count)
		return false;
	for (i = 0; i < a->accounts_count; i++)
		if (!same(a->accounts[i].name, b->accounts[i].name) ||
		    !same(a->accounts[i].role_arn, b->accounts[i].role_arn) ||
		    !same(a->accounts[i].external_id, b->accounts[i].external_id))
			return false;
	return true;
}
