/* SPDX-License-Identifier: Apache-2.0 */
/* finding: owns what one finding is made of, its id and its JSON; knows nothing of the life that the ledger gives it. */
#include "common/finding.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/fact.h"
#include "common/json.h"
#include "common/json_text.h"
#include "common/json_time.h"
#include "common/mem.h"
#include "common/str.h"

enum { ID_BYTES = (FINDING_ID_SIZE - 1) / 2 };

static const char *const severity_names[] = {
    [KD_OK] = "ok",
    [KD_INFO] = "info",
    [KD_UNKNOWN] = "unknown",
    [KD_WARNING] = "warning",
    [KD_CRITICAL] = "critical",
};

static const char *const state_names[] = {
    [FINDING_OK] = "ok",
    [FINDING_PENDING] = "pending",
    [FINDING_OPEN] = "open",
    [FINDING_RESOLVED] = "resolved",
};

/* The texts that are a member of the JSON as they are. */
static const struct text {
	const char *key;
	size_t offset;
	bool required;
} texts[] = {
    {"probe", offsetof(struct finding, probe), true},
    {"check", offsetof(struct finding, check), true},
    {"subject", offsetof(struct finding, subject), true},
    {"summary", offsetof(struct finding, summary), true},
    {"symptom", offsetof(struct finding, symptom), false},
    {"step", offsetof(struct finding, step), false},
    {"next", offsetof(struct finding, next), false},
    {"blame", offsetof(struct finding, blame), false},
};

static char **
text_of(struct finding *finding, const struct text *text)
{
	return (char **)(void *)((char *)finding + text->offset);
}

/* ---- names ---- */

static int
find_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

const char *
severity_name(enum kd_severity severity)
{
	return severity_names[severity];
}

int
severity_parse(const char *name, enum kd_severity *severity)
{
	int i = find_name(severity_names, KD_COUNT(severity_names), name);

	if (i < 0)
		return -1;
	*severity = (enum kd_severity)i;
	return 0;
}

const char *
finding_state_name(enum finding_state state)
{
	return state_names[state];
}

/* ---- owning ---- */

void
finding_clear(struct finding *finding)
{
	for (size_t i = 0; i < KD_COUNT(texts); i++)
		free(*text_of(finding, &texts[i]));
	free(finding->evidence);
	if (finding->stream != NULL)
		stream_id_unref(finding->stream);
	memset(finding, 0, sizeof(*finding));
}

struct finding *
finding_copy(const struct finding *finding)
{
	struct finding *copy = mem_new(1, sizeof(*copy));

	*copy = *finding;
	for (size_t i = 0; i < KD_COUNT(texts); i++)
		*text_of(copy, &texts[i]) = mem_strdup(*text_of(copy, &texts[i]));
	copy->evidence = mem_strdup(finding->evidence);
	if (copy->stream != NULL)
		(void)stream_id_ref(copy->stream);
	if (copy->id[0] == '\0')
		finding_make_id(copy);
	return copy;
}

void
finding_free(struct finding *finding)
{
	if (finding == NULL)
		return;
	finding_clear(finding);
	free(finding);
}

/* ---- the id ---- */

/* Fetched once: OpenSSL 3 looks EVP_sha256() up anew each time. It fails only for want of memory, which ends the program everywhere else too. */
static EVP_MD_CTX *
begin_digest(void)
{
	static EVP_MD *sha256;
	static EVP_MD_CTX *digest;

	if (digest == NULL &&
	    ((sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL || (digest = EVP_MD_CTX_new()) == NULL))
		abort();
	if (EVP_DigestInit_ex2(digest, sha256, NULL) != 1)
		abort();
	return digest;
}

void
finding_make_id(struct finding *finding)
{
	const struct stream_id *stream = finding->stream;
	const char *parts[] = {stream != NULL ? stream->account : "", stream != NULL ? stream->region : "",
	    stream != NULL ? stream->name : "", finding->probe, finding->check, finding->subject};
	unsigned char hash[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *digest = begin_digest();
	static struct str text; /* one thread; a call of the digest costs more than a copy */

	str_clear(&text);
	for (size_t i = 0; i < KD_COUNT(parts); i++)
		str_add_len(&text, parts[i], strlen(parts[i]) + (i + 1 < KD_COUNT(parts)));
	EVP_DigestUpdate(digest, text.s, text.len);
	EVP_DigestFinal_ex(digest, hash, NULL);
	for (size_t i = 0; i < ID_BYTES; i++) {
		finding->id[2 * i] = "0123456789abcdef"[hash[i] >> 4];
		finding->id[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
	}
	finding->id[FINDING_ID_SIZE - 1] = '\0';
}

/* ---- writing ---- */

void
finding_write(const struct finding *finding, const char *ack, struct str *out)
{
	const struct stream_id *stream = finding->stream;

	json_text_set(out, "id", finding->id);
	json_text_set(out, "probe", finding->probe);
	json_text_set(out, "check", finding->check);
	json_text_set(out, "subject", finding->subject);
	json_text_set(out, "severity", severity_name(finding->severity));
	json_text_set(out, "state", finding_state_name(finding->state));
	json_text_set(out, "reason", reason_name(finding->reason));
	json_text_set(out, "account", stream != NULL ? stream->account : NULL);
	json_text_set(out, "region", stream != NULL ? stream->region : NULL);
	json_text_set(out, "stream", stream != NULL ? stream->name : NULL);
	json_text_set(out, "arn", stream != NULL ? stream->arn : NULL);
	json_text_set(out, "summary", finding->summary);
	json_text_set_raw(out, "evidence", finding->evidence != NULL ? finding->evidence : "{}");
	json_text_set(out, "symptom", finding->symptom);
	json_text_set(out, "step", finding->step);
	json_text_set(out, "next", finding->next);
	json_text_set(out, "blame", finding->blame);
	json_text_set_time(out, "first_seen", finding->first_seen_ms);
	json_text_set_time(out, "last_seen", finding->last_seen_ms);
	json_text_set_time(out, "changed", finding->changed_ms);
	json_text_set_integer(out, "count", (int64_t)finding->count);
	json_text_set_raw(out, "ack", ack != NULL ? ack : "null");
}

json_t *
finding_to_json(const struct finding *finding)
{
	struct str text = {0};
	json_t *object;

	json_text_open(&text, '{');
	finding_write(finding, NULL, &text);
	json_text_close(&text, '}');
	object = json_read(text.s, text.len, NULL);
	assert(object != NULL); /* evidence is ours too */
	str_free(&text);
	return object;
}

/* ---- reading ---- */

static int
read_texts(struct finding *finding, const json_t *object, char **cause)
{
	for (size_t i = 0; i < KD_COUNT(texts); i++) {
		const char *value = NULL;

		if (json_get_string(object, texts[i].key, &value, cause) < 0)
			return -1;
		if (value == NULL && texts[i].required)
			return cause_set(cause, "%s is missing", texts[i].key);
		*text_of(finding, &texts[i]) = mem_strdup(value);
	}
	return 0;
}

static int
read_id(struct finding *finding, const json_t *object, char **cause)
{
	const char *id = "";

	if (json_get_string(object, "id", &id, cause) < 0)
		return -1;
	if (strlen(id) != FINDING_ID_SIZE - 1 || strspn(id, "0123456789abcdef") != FINDING_ID_SIZE - 1)
		return cause_set(cause, "id is not %d digits of 0 to 9 and a to f", FINDING_ID_SIZE - 1);
	memcpy(finding->id, id, FINDING_ID_SIZE);
	return 0;
}

static int
read_names(struct finding *finding, const json_t *object, char **cause)
{
	const char *severity = "", *state = "", *reason = NULL;
	int i;

	if (json_get_string(object, "severity", &severity, cause) < 0 ||
	    json_get_string(object, "state", &state, cause) < 0 ||
	    json_get_string(object, "reason", &reason, cause) < 0)
		return -1;
	if (severity_parse(severity, &finding->severity) != 0)
		return cause_set(cause, "severity is none of ok, info, unknown, warning, critical");
	if ((i = find_name(state_names, KD_COUNT(state_names), state)) < 0)
		return cause_set(cause, "state is none of ok, pending, open, resolved");
	finding->state = (enum finding_state)i;
	finding->reason = reason != NULL ? reason_parse(reason) : KD_KNOWN;
	if (reason != NULL && finding->reason == KD_KNOWN)
		return cause_set(cause, "reason is none that kdiag knows (no_data, denied, failed)");
	return 0;
}

static int
read_stream(struct finding *finding, const json_t *object, char **cause)
{
	const char *account = NULL, *region = NULL, *name = NULL, *arn = "";

	if (json_get_string(object, "account", &account, cause) < 0 ||
	    json_get_string(object, "region", &region, cause) < 0 ||
	    json_get_string(object, "stream", &name, cause) < 0 || json_get_string(object, "arn", &arn, cause) < 0)
		return -1;
	if (name == NULL)
		return 0;
	if (account == NULL || region == NULL)
		return cause_set(cause, "stream stands without its account and region");
	finding->stream = stream_id_new(account, region, name);
	stream_id_set_arn(finding->stream, arn);
	return 0;
}

static int
read_life(struct finding *finding, const json_t *object, char **cause)
{
	int64_t count = 0;
	json_t *evidence = NULL;

	if (json_time_get(object, "first_seen", &finding->first_seen_ms, cause) < 0 ||
	    json_time_get(object, "last_seen", &finding->last_seen_ms, cause) < 0 ||
	    json_time_get(object, "changed", &finding->changed_ms, cause) < 0 ||
	    json_get_integer(object, "count", &count, cause) < 0 ||
	    json_get_object(object, "evidence", &evidence, cause) < 0)
		return -1;
	if (count < 0)
		return cause_set(cause, "count is below 0");
	finding->count = (uint64_t)count;
	if (json_object_size(evidence) > 0)
		finding->evidence = json_line(evidence);
	return 0;
}

struct finding *
finding_from_json(const json_t *object, char **cause)
{
	struct finding *finding;

	if (!json_is_object(object))
		return cause_null(cause, "a finding is not an object");
	finding = mem_new(1, sizeof(*finding));
	if (read_id(finding, object, cause) == 0 && read_names(finding, object, cause) == 0 &&
	    read_texts(finding, object, cause) == 0 && read_stream(finding, object, cause) == 0 &&
	    read_life(finding, object, cause) == 0)
		return finding;
	finding_free(finding);
	return NULL;
}
