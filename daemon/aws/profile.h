/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile: the shared credentials and config files of AWS (ini), read whole, bounded, with the profile looked up. No
 * network.
 */
#ifndef KDIAG_AWS_PROFILE_H
#define KDIAG_AWS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

/* What a profile says; NULL: nothing. All the struct's own. */
struct profile {
	char *access_key, *secret_key, *session_token;
	char *region;
	char *role_arn, *source_profile, *credential_source, *external_id, *role_session_name;
	char *web_identity_token_file;
	char *credential_process;
	char *sso;   /* sso_session, or sso_start_url of the older form */
	char *where; /* the file that had the keys */
};

/*
 * Looks a profile up in both files (the credentials file's `[name]` wins over the config file's `[profile name]` or
 * `[default]`). A NULL or absent path is no mistake. 1: found; 0: no such profile in either; -1: a file that cannot be
 * read (permission, over 1 MiB, NUL bytes, a line without `=`), with path and line in the sentence, and never a value.
 */
int profile_read(
    struct profile *out, const char *name, const char *credentials_path, const char *config_path, char **cause);
/*
 * The same of one file's text; config: sections are named `[profile name]`. What out holds already stays, so the
 * credentials file is scanned first; keys are taken only as a whole, from the first file that has any part of them. 1:
 * the section is there; 0; -1 with path and line.
 */
int profile_scan(
    struct profile *out, const char *name, bool config, const char *path, const char *text, size_t len, char **cause);
void profile_clear(struct profile *profile); /* wipes the secrets */

#endif
