/* SPDX-License-Identifier: Apache-2.0 */
/* auth: owns the judgement of signatures; the arithmetic is daemon/aws/sign's, proven on AWS's vectors. */
#include "test/awssim/auth.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <event2/http.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "daemon/aws/sign.h"
#include "test/awssim/answer.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

/*
 * AWS takes a signature within 5 minutes of its clock; past 15 the Query services say RequestExpired (IAM, Common
 * Errors).
 */
enum { SKEW_MAX_MS = 5 * 60 * 1000, REQUEST_EXPIRED_MS = 15 * 60 * 1000, SIGNED_MAX = 64, AMZ_DATE_LEN = 16 };

enum refusal { MISSING, INCOMPLETE, UNKNOWN_KEY, EXPIRED_TOKEN, BAD_SIGNATURE, OUTDATED };

static const struct {
	const char *json_code, *query_code;
	int query_status;
} refusals[] = {
    [MISSING] = {"MissingAuthenticationTokenException", "MissingAuthenticationToken", 403},
    [INCOMPLETE] = {"IncompleteSignatureException", "IncompleteSignature", 400},
    [UNKNOWN_KEY] = {"UnrecognizedClientException", "InvalidClientTokenId", 403},
    [EXPIRED_TOKEN] = {"ExpiredTokenException", "ExpiredToken", 403},
    [BAD_SIGNATURE] = {"InvalidSignatureException", "SignatureDoesNotMatch", 403},
    [OUTDATED] = {"InvalidSignatureException", "RequestExpired", 400},
};

/* An Authorization header taken apart; the texts lie in copy. */
struct authorization {
	char *copy;
	char *credential, *signed_headers, *signature; /* NULL: not there */
	char *access_key, *day, *region, *service, *terminator;
	const char *date; /* X-Amz-Date */
};

static int refuse(struct call *call, enum refusal refusal, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int
refuse(struct call *call, enum refusal refusal, const char *fmt, ...)
{
	bool query = call->service->protocol == SERVICE_QUERY;
	char *message;
	va_list ap;

	va_start(ap, fmt);
	message = mem_vprintf(fmt, ap);
	va_end(ap);
	call->sim->stats.operations[call->number].rejected++;
	answer_error(call, query ? refusals[refusal].query_status : 400,
	    query ? refusals[refusal].query_code : refusals[refusal].json_code, "%s", message);
	free(message);
	return -1;
}

/* ---- reading the header ---- */

static void
read_part(struct authorization *auth, char *part)
{
	char *value = strchr(part, '=');

	if (value == NULL)
		return;
	*value++ = '\0';
	if (strcmp(part, "Credential") == 0)
		auth->credential = value;
	else if (strcmp(part, "SignedHeaders") == 0)
		auth->signed_headers = value;
	else if (strcmp(part, "Signature") == 0)
		auth->signature = value;
}

static bool
split_credential(struct authorization *auth)
{
	char **const parts[] = {&auth->access_key, &auth->day, &auth->region, &auth->service, &auth->terminator};
	char *rest = auth->credential;

	for (size_t i = 0; i < KD_COUNT(parts); i++)
		if ((*parts[i] = strsep(&rest, "/")) == NULL || **parts[i] == '\0')
			return false;
	return rest == NULL;
}

static int
read_header(struct call *call, struct authorization *auth)
{
	const char *header = call_header(call, "Authorization");
	struct str lacks = {0};
	char *rest, *part;

	if (header == NULL)
		return refuse(call, MISSING,
		    call->service->protocol == SERVICE_JSON ? "Missing Authentication Token"
							    : "Request is missing Authentication Token");
	if (strncmp(header, ALGORITHM " ", strlen(ALGORITHM) + 1) != 0)
		return refuse(call, INCOMPLETE, "Unsupported AWS 'algorithm': '%.40s'", header);
	rest = auth->copy = mem_strdup(header + strlen(ALGORITHM) + 1);
	while ((part = strsep(&rest, ", ")) != NULL)
		read_part(auth, part);
	auth->date = call_header(call, "X-Amz-Date");
	if (auth->credential == NULL)
		str_add(&lacks, "Authorization header requires 'Credential' parameter. ");
	if (auth->signature == NULL)
		str_add(&lacks, "Authorization header requires 'Signature' parameter. ");
	if (auth->signed_headers == NULL)
		str_add(&lacks, "Authorization header requires 'SignedHeaders' parameter. ");
	if (auth->date == NULL)
		str_add(
		    &lacks, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
	if (lacks.len > 0) {
		refuse(call, INCOMPLETE, "%sAuthorization=" ALGORITHM, lacks.s);
		str_free(&lacks);
		return -1;
	}
	if (!split_credential(auth))
		return refuse(call, INCOMPLETE,
		    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term");
	return 0;
}

/* ---- whose key ---- */

static int
check_key(struct call *call, const struct authorization *auth)
{
	const struct identity *identity = keyring_find(call->sim->keyring, auth->access_key);
	const char *token = call_header(call, "X-Amz-Security-Token");

	if (identity == NULL || (identity->token == NULL) != (token == NULL) ||
	    (token != NULL && strcmp(token, identity->token) != 0))
		return refuse(call, UNKNOWN_KEY, "The security token included in the request is invalid.");
	if (identity->expires_ms != 0 && call->now_ms >= identity->expires_ms)
		return refuse(call, EXPIRED_TOKEN, "The security token included in the request is expired");
	call->identity = identity;
	return 0;
}

/* ---- for whom, and when ---- */

/* The region of a Host such as kinesis.us-east-1.amazonaws.com (its length in *len); NULL: the host tells none. */
static const char *
host_region(const struct call *call, size_t *len)
{
	const char *host = call_header(call, "Host"), *start, *end;

	if (host == NULL || (start = strchr(host, '.')) == NULL || (end = strstr(++start, ".amazonaws.com")) == NULL)
		return NULL;
	*len = (size_t)(end - start);
	return start;
}

static int
check_scope(struct call *call, const struct authorization *auth)
{
	size_t len = 0;
	const char *region = host_region(call, &len);

	if (!world_has_region(call->sim->world, auth->region) ||
	    (region != NULL && (strlen(auth->region) != len || memcmp(region, auth->region, len) != 0)))
		return refuse(
		    call, BAD_SIGNATURE, "Credential should be scoped to a valid region, not '%.63s'. ", auth->region);
	if (strcmp(auth->service, call->service->name) != 0)
		return refuse(
		    call, BAD_SIGNATURE, "Credential should be scoped to correct service: '%s'. ", call->service->name);
	if (strcmp(auth->terminator, "aws4_request") != 0)
		return refuse(call, BAD_SIGNATURE,
		    "Credential should be scoped with a valid terminator: 'aws4_request', not '%.40s'.",
		    auth->terminator);
	return 0;
}

/* "20151122T204739Z" in ms; 0, or -1. */
static int
parse_date(const char *date, int64_t *ms)
{
	char *iso;
	int rc;

	if (strlen(date) != AMZ_DATE_LEN)
		return -1;
	iso = mem_printf("%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", date, date + 4, date + 6, date + 9, date + 11, date + 13);
	rc = date[8] == 'T' && date[15] == 'Z' ? clock_parse(iso, ms) : -1;
	free(iso);
	return rc;
}

static int
check_date(struct call *call, const struct authorization *auth)
{
	char now[SIGN_TIME_SIZE], limit[SIGN_TIME_SIZE];
	int64_t signed_ms, late_ms;

	if (parse_date(auth->date, &signed_ms) != 0)
		return refuse(call, INCOMPLETE,
		    "Date must be in ISO-8601 'basic format'. Got '%.40s'. See http://en.wikipedia.org/wiki/ISO_8601",
		    auth->date);
	if (strlen(auth->day) != 8 || strncmp(auth->day, auth->date, 8) != 0)
		return refuse(call, BAD_SIGNATURE,
		    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%.40s' "
		    "!= '%.8s', from '%s'.",
		    auth->day, auth->date, auth->date);
	late_ms = call->now_ms - signed_ms;
	sign_format_time(call->now_ms, now);
	sign_format_time(call->now_ms + (late_ms > 0 ? -SKEW_MAX_MS : SKEW_MAX_MS), limit);
	if (late_ms > SKEW_MAX_MS)
		return refuse(call, late_ms > REQUEST_EXPIRED_MS ? OUTDATED : BAD_SIGNATURE,
		    "Signature expired: %s is now earlier than %s (%s - 5 min.)", auth->date, limit, now);
	if (-late_ms > SKEW_MAX_MS + 1000) /* the date has whole seconds only */
		return refuse(call, BAD_SIGNATURE, "Signature not yet current: %s is still later than %s (%s + 5 min.)",
		    auth->date, limit, now);
	return 0;
}

/* ---- the signature ---- */

static bool
is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; at != NULL; at = strchr(at, ';')) {
		at += *at == ';';
		if (strncasecmp(at, name, len) == 0 && (at[len] == ';' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* All that AWS wants signed: host, and every x-amz- header (date, target and token among them). */
static int
check_signed(struct call *call, const struct authorization *auth)
{
	const struct evkeyval *header;

	if (!is_listed(auth->signed_headers, "host"))
		return refuse(
		    call, BAD_SIGNATURE, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
	TAILQ_FOREACH(header, evhttp_request_get_input_headers(call->request), next)
	if (strncasecmp(header->key, "x-amz-", 6) == 0 && !is_listed(auth->signed_headers, header->key))
		return refuse(call, BAD_SIGNATURE,
		    "There were headers present in the request which were not signed: %.100s", header->key);
	return 0;
}

/* The headers that are listed, as they came; how many, at most SIGNED_MAX. */
static size_t
collect_signed(const struct call *call, const struct authorization *auth, struct sign_header signed_headers[SIGNED_MAX])
{
	const struct evkeyval *header;
	size_t count = 0;

	TAILQ_FOREACH(header, evhttp_request_get_input_headers(call->request), next)
	if (count < SIGNED_MAX && is_listed(auth->signed_headers, header->key))
		signed_headers[count++] = (struct sign_header){.name = header->key, .value = header->value};
	return count;
}

/* The JSON services tell what they computed, session token and all: whoever logs the message, logs that. */
static int
refuse_signature(struct call *call, const char *canonical, const char *to_sign)
{
	static const char why[] =
	    "The request signature we calculated does not match the signature you provided. Check your AWS "
	    "Secret Access Key and signing method. Consult the service documentation for details.";

	if (call->service->protocol != SERVICE_JSON || canonical == NULL || to_sign == NULL)
		return refuse(call, BAD_SIGNATURE, "%s", why);
	return refuse(call, BAD_SIGNATURE,
	    "%s\n\nThe Canonical String for this request should have been\n'%s'\n\nThe String-to-Sign should have "
	    "been\n'%s'\n",
	    why, canonical, to_sign);
}

static int
check_signature(struct call *call, const struct authorization *auth)
{
	struct sign_header signed_headers[SIGNED_MAX];
	struct sign_request request = {.method = "POST",
	    .target = evhttp_request_get_uri(call->request),
	    .headers = signed_headers,
	    .headers_count = collect_signed(call, auth, signed_headers),
	    .body = call->body,
	    .body_len = call->body_len,
	    .normalize_path = true};
	struct sign_scope scope = {.access_key = auth->access_key,
	    .secret_key = call->identity->secret,
	    .region = auth->region,
	    .service = auth->service,
	    .timestamp = auth->date};
	char *canonical, *to_sign = NULL, *signature = NULL, *cause = NULL;
	int rc = 0;

	canonical = sign_canonical_request(&request, &cause);
	if (canonical != NULL) {
		to_sign = sign_string_to_sign(&scope, canonical);
		signature = sign_signature(&scope, to_sign);
	}
	if (signature == NULL || strcmp(signature, auth->signature) != 0)
		rc = refuse_signature(call, canonical, to_sign);
	free(canonical);
	free(to_sign);
	free(signature);
	free(cause);
	return rc;
}

int
auth_check(struct call *call)
{
	struct authorization auth = {0};
	int rc = read_header(call, &auth);

	assert(rc != 0 || (auth.access_key != NULL && auth.day != NULL && auth.region != NULL && auth.service != NULL &&
			      auth.terminator != NULL && auth.signed_headers != NULL && auth.signature != NULL &&
			      auth.date != NULL));
	if (rc == 0 && check_key(call, &auth) == 0 && check_scope(call, &auth) == 0 && check_date(call, &auth) == 0 &&
	    check_signed(call, &auth) == 0 && check_signature(call, &auth) == 0)
		call->region = mem_strdup(auth.region);
	else
		rc = -1;
	free(auth.copy);
	return rc;
}
