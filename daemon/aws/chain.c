/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain: one walk along the standard chain of credential sources (FACTS 5): config, environment, profile files, web
 * identity, container, IMDSv2. Knows no cache and no expiry: creds.c has them.
 */
#include "daemon/aws/chain.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/metadata.h"
#include "daemon/aws/profile.h"
#include "daemon/aws/secret.h"

struct chain {
	struct http *http;
	const char *(*env)(const char *name);
	char *profile; /* the config's; NULL: not set */
	char *access_key, *secret_key, *session_token;
	struct metadata_session *session;
	/* of the walk under way: */
	struct metadata *fetch;
	struct str tried;
	chain_cb cb;
	void *arg;
};

/* What a source makes of a look. FETCHING: fetch_cb will tell. */
enum outcome { NOTHING, FOUND, FETCHING, BROKEN };

/* keys when FOUND; why when BROKEN, or NOTHING (then a clause such as "the environment has none"). */
struct look {
	struct aws_keys *keys;
	char *why;
};

static const char *
env_of(const struct chain *chain, const char *name)
{
	const char *value = chain->env(name);

	return value == NULL || *value == '\0' ? NULL : value;
}

/* Makes the keys once they are checked. */
static enum outcome
take(struct look *look, const char *access_key, const char *secret_key, const char *token, const char *source)
{
	char *why = NULL;

	if (secret_check_keys(access_key, secret_key, token, &why)) {
		cause_set(&look->why, "%s: %s", source, why);
		free(why);
		return BROKEN;
	}
	look->keys = aws_keys_new(access_key, secret_key, token, 0, source);
	return FOUND;
}

/* ---- the sources, in order ---- */

static enum outcome
look_config(struct chain *chain, struct look *look)
{
	if (chain->access_key == NULL && chain->secret_key == NULL)
		return NOTHING;
	if (chain->access_key == NULL || chain->secret_key == NULL) {
		cause_set(&look->why, "the config has half a pair of keys: give both or none");
		return BROKEN;
	}
	return take(look, chain->access_key, chain->secret_key, chain->session_token, "config");
}

static enum outcome
look_environment(struct chain *chain, struct look *look)
{
	const char *access_key = env_of(chain, "AWS_ACCESS_KEY_ID");
	const char *secret_key = env_of(chain, "AWS_SECRET_ACCESS_KEY");
	bool has_access = access_key != NULL;

	if (access_key == NULL && secret_key == NULL) {
		cause_set(&look->why, "the environment has none");
		return NOTHING;
	}
	if (access_key == NULL || secret_key == NULL) {
		cause_set(&look->why, "the environment has %s but no %s: set both or none",
		    has_access ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
		    has_access ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
		return BROKEN;
	}
	return take(look, access_key, secret_key, env_of(chain, "AWS_SESSION_TOKEN"), "environment");
}

/* A file of the environment's choice, or of the home folder; NULL: neither. The caller's. */
static char *
file_path(const struct chain *chain, const char *variable, const char *below_home)
{
	const char *path = env_of(chain, variable), *home = env_of(chain, "HOME");

	if (path != NULL)
		return mem_strdup(path);
	return home == NULL ? NULL : mem_printf("%s/%s", home, below_home);
}

/* The path as a person writes it: ~/.aws/credentials. The caller's. */
static char *
shown_path(const struct chain *chain, const char *path)
{
	const char *home = env_of(chain, "HOME");
	size_t len = home == NULL ? 0 : strlen(home);

	if (len > 1 && strncmp(path, home, len) == 0 && path[len] == '/')
		return mem_printf("~%s", path + len);
	return mem_strdup(path);
}

struct profile_look {
	const char *name;
	bool chosen;                /* by the config or AWS_PROFILE: then it must exist */
	char *credentials, *config; /* paths */
	char *shown_credentials, *shown_config;
};

static void
profile_look_fill(const struct chain *chain, struct profile_look *files)
{
	files->name = chain->profile != NULL ? chain->profile : env_of(chain, "AWS_PROFILE");
	files->chosen = files->name != NULL;
	if (files->name == NULL)
		files->name = "default";
	files->credentials = file_path(chain, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
	files->config = file_path(chain, "AWS_CONFIG_FILE", ".aws/config");
	files->shown_credentials =
	    shown_path(chain, files->credentials == NULL ? "~/.aws/credentials" : files->credentials);
	files->shown_config = shown_path(chain, files->config == NULL ? "~/.aws/config" : files->config);
}

static void
profile_look_clear(struct profile_look *files)
{
	free(files->credentials);
	free(files->config);
	free(files->shown_credentials);
	free(files->shown_config);
}

static enum outcome
no_such_profile(const struct profile_look *files, struct look *look)
{
	bool exists = files->credentials != NULL && access(files->credentials, F_OK) == 0;

	if (files->chosen) {
		cause_set(&look->why, "profile %s is neither in %s nor in %s (see aws.profile and AWS_PROFILE)",
		    files->name, files->shown_credentials, files->shown_config);
		return BROKEN;
	}
	if (exists)
		cause_set(&look->why, "%s has no profile default", files->shown_credentials);
	else
		cause_set(&look->why, "%s does not exist", files->shown_credentials);
	return NOTHING;
}

/* Ways to keys that a profile may name and that we do not go; what to do instead. */
static const char *
unsupported_key(const struct profile *profile, const char **instead)
{
	*instead = "set role_arn of an account in kdiagd.yaml instead";
	if (profile->role_arn != NULL && profile->web_identity_token_file == NULL)
		return "role_arn";
	*instead = "give the instance or container a role instead, or a profile that has keys";
	if (profile->web_identity_token_file != NULL)
		return "web_identity_token_file";
	/* A profile's own keys come before these two, as in the SDKs. */
	if (profile->access_key != NULL || profile->secret_key != NULL)
		return NULL;
	if (profile->sso != NULL)
		return "sso";
	return profile->credential_process != NULL ? "credential_process" : NULL;
}

static enum outcome
judge_profile(
    const struct chain *chain, const struct profile *profile, const struct profile_look *files, struct look *look)
{
	const char *instead, *key = unsupported_key(profile, &instead);
	bool has_access = profile->access_key != NULL;
	char *where, *source;
	enum outcome outcome;

	if (key != NULL) {
		cause_set(
		    &look->why, "profile %s uses %s, which kdiagd does not support: %s", files->name, key, instead);
		return BROKEN;
	}
	if (profile->access_key == NULL && profile->secret_key == NULL) {
		cause_set(&look->why, "profile %s has no keys", files->name); /* perhaps only a region */
		return NOTHING;
	}
	where = shown_path(chain, profile->where);
	source = mem_printf("profile %s in %s", files->name, where);
	if (profile->access_key == NULL || profile->secret_key == NULL) {
		cause_set(&look->why, "%s has %s but no %s", source,
		    has_access ? "aws_access_key_id" : "aws_secret_access_key",
		    has_access ? "aws_secret_access_key" : "aws_access_key_id");
		outcome = BROKEN;
	} else {
		outcome = take(look, profile->access_key, profile->secret_key, profile->session_token, source);
	}
	free(source);
	free(where);
	return outcome;
}

static enum outcome
look_profile(struct chain *chain, struct look *look)
{
	struct profile_look files = {0};
	struct profile profile;
	enum outcome outcome;

	profile_look_fill(chain, &files);
	switch (profile_read(&profile, files.name, files.credentials, files.config, &look->why)) {
	case 1:
		outcome = judge_profile(chain, &profile, &files, look);
		profile_clear(&profile);
		break;
	case 0:
		outcome = no_such_profile(&files, look);
		break;
	default:
		outcome = BROKEN;
	}
	profile_look_clear(&files);
	return outcome;
}

/* Not supported; said only when nothing behind it gives keys either. */
static enum outcome
look_web_identity(struct chain *chain, struct look *look)
{
	if (env_of(chain, "AWS_WEB_IDENTITY_TOKEN_FILE") != NULL)
		cause_set(&look->why, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but kdiagd does not support web identity");
	return NOTHING;
}

static void fetch_cb(struct aws_keys *keys_taken, const char *why, void *arg);

static enum outcome
look_container(struct chain *chain, struct look *look)
{
	if (env_of(chain, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") == NULL &&
	    env_of(chain, "AWS_CONTAINER_CREDENTIALS_FULL_URI") == NULL)
		return NOTHING;
	chain->fetch = metadata_fetch_container(chain->http, chain->env, fetch_cb, chain, &look->why);
	return chain->fetch == NULL ? BROKEN : FETCHING;
}

static enum outcome
look_instance(struct chain *chain, struct look *look)
{
	chain->fetch = metadata_fetch_instance(chain->http, chain->session, chain->env, fetch_cb, chain, &look->why);
	return chain->fetch == NULL ? NOTHING : FETCHING;
}

static enum outcome (*const sources[])(struct chain *chain, struct look *look) = {
    look_config,
    look_environment,
    look_profile,
    look_web_identity,
    look_container,
    look_instance,
};

/* ---- the walk ---- */

static void
end_walk(struct chain *chain, struct aws_keys *keys, const char *why)
{
	chain_cb cb = chain->cb;

	chain->cb = NULL;
	str_clear(&chain->tried);
	cb(keys, why, chain->arg);
}

static void
add_tried(struct chain *chain, const char *clause)
{
	if (clause == NULL)
		return;
	if (chain->tried.len > 0)
		str_add(&chain->tried, ", ");
	str_add(&chain->tried, clause);
}

static void
fail_broken(struct chain *chain, const char *why)
{
	char *sentence = mem_printf("no credentials: %s", why);

	end_walk(chain, NULL, sentence);
	free(sentence);
}

/* Every source is through, and none gave keys. */
static void
fail_all(struct chain *chain)
{
	char *sentence = mem_printf("no credentials: %s; give the instance a role, or set aws.profile", chain->tried.s);

	end_walk(chain, NULL, sentence);
	free(sentence);
}

/* The container's answer, or the metadata service's, which is the last source. */
static void
fetch_cb(struct aws_keys *keys_taken, const char *why, void *arg)
{
	struct chain *chain = arg;

	chain->fetch = NULL;
	if (keys_taken != NULL) {
		end_walk(chain, keys_taken, NULL);
		return;
	}
	add_tried(chain, why);
	fail_all(chain);
}

void
chain_walk(struct chain *chain, chain_cb cb, void *arg)
{
	struct look look = {0};
	enum outcome outcome = NOTHING;
	size_t i;

	assert(chain->cb == NULL);
	chain->cb = cb;
	chain->arg = arg;
	for (i = 0; i < KD_COUNT(sources) && outcome == NOTHING; i++) {
		outcome = sources[i](chain, &look);
		if (outcome == NOTHING)
			add_tried(chain, look.why);
		if (outcome == BROKEN)
			break;
		free(look.why);
		look.why = NULL;
	}
	if (outcome == FOUND)
		end_walk(chain, look.keys, NULL);
	else if (outcome == BROKEN)
		fail_broken(chain, look.why);
	else if (outcome == NOTHING)
		fail_all(chain);
	free(look.why);
}

void
chain_abandon(struct chain *chain)
{
	metadata_cancel(chain->fetch);
	chain->fetch = NULL;
	chain->cb = NULL;
	str_clear(&chain->tried);
}

struct chain *
chain_new(struct http *http, const struct creds_options *options)
{
	struct chain *chain = mem_new(1, sizeof(*chain));

	assert(options->env != NULL);
	chain->http = http;
	chain->env = options->env;
	chain->profile = mem_strdup(options->profile);
	chain->access_key = mem_strdup(options->access_key);
	chain->secret_key = mem_strdup(options->secret_key);
	chain->session_token = mem_strdup(options->session_token);
	chain->session = metadata_session_new();
	return chain;
}

void
chain_free(struct chain *chain)
{
	if (chain == NULL)
		return;
	chain_abandon(chain);
	metadata_session_free(chain->session);
	str_free(&chain->tried);
	free(chain->profile);
	secret_wipe(chain->access_key);
	secret_wipe(chain->secret_key);
	secret_wipe(chain->session_token);
	free(chain);
}
