/* SPDX-License-Identifier: Apache-2.0 */
/* config_check: the rules about the config's texts that their types cannot say, each with its sentence. Pure. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"
#include "daemon/aws/endpoint.h"
#include "daemon/config_read.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

enum { LOOKS_MAX = 32, M_OF_N_DIGITS = 2, ACCOUNT_DIGITS = 12, USD_DIGITS = 6, USD_FRACTION = 4 };

/* -1 and `"TEXT" is no THING`. */
static int
refuse(const char *text, const char *thing, char **cause)
{
	char *shown = config_report_show(text);

	cause_set(cause, "\"%s\" is no %s", shown, thing);
	free(shown);
	return -1;
}

/* 1 to max bytes, all of `allowed`. */
static bool
is_made_of(const char *text, const char *allowed, size_t max)
{
	size_t len = strnlen(text, max + 1);

	return len > 0 && len <= max && strspn(text, allowed) == len;
}

/* ---- one of a few words ---- */

/* "a, b or c" */
static char *
join_words(const char *const *words, size_t count)
{
	struct str out = {0};

	for (size_t i = 0; i < count; i++)
		str_printf(&out, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", words[i]);
	return str_take(&out);
}

static int
choose(const char *text, const char *const *words, size_t count, const char *thing, char **cause)
{
	const char *closest;
	char *shown, *all;

	for (size_t i = 0; i < count; i++)
		if (strcmp(text, words[i]) == 0)
			return 0;
	shown = config_report_show(text);
	all = join_words(words, count);
	if ((closest = text_closest(text, words, count)) != NULL)
		cause_set(cause, "\"%s\" is no %s (did you mean \"%s\"?)", shown, thing, closest);
	else
		cause_set(cause, "\"%s\" is no %s (write %s)", shown, thing, all);
	free(all);
	free(shown);
	return -1;
}

int
config_check_log_level(const char *text, char **cause)
{
	static const char *const words[] = {"error", "warning", "info", "debug"};

	return choose(text, words, KD_COUNT(words), "log level", cause);
}

/* In the order of their words, so that both tables run along. kern, mail and the like would make syslog lie. */
static const char *const facilities[] = {
    "daemon", "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
static const int facility_codes[KD_COUNT(facilities)] = {LOG_DAEMON, LOG_USER, LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2,
    LOG_LOCAL3, LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7};

int
config_check_facility(const char *text, char **cause)
{
	return choose(text, facilities, KD_COUNT(facilities), "syslog facility", cause);
}

int
config_check_parse_facility(const char *text)
{
	for (size_t i = 0; i < KD_COUNT(facilities); i++)
		if (strcmp(text, facilities[i]) == 0)
			return facility_codes[i];
	return -1;
}

int
config_check_format(const char *text, char **cause)
{
	static const char *const words[] = {"cee", "text"};

	return choose(text, words, KD_COUNT(words), "syslog format", cause);
}

int
config_check_stream_mode(const char *text, char **cause)
{
	static const char *const words[] = {"PROVISIONED", "ON_DEMAND"};

	return choose(text, words, KD_COUNT(words), "stream mode", cause);
}

int
config_check_encryption(const char *text, char **cause)
{
	static const char *const words[] = {"NONE", "KMS"};

	return choose(text, words, KD_COUNT(words), "encryption", cause);
}

const char *const config_check_shard_metrics[CONFIG_SHARD_METRICS + 1] = {"IncomingBytes", "IncomingRecords",
    "IteratorAgeMilliseconds", "OutgoingBytes", "OutgoingRecords", "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded", "ALL"};

int
config_check_shard_metric(const char *text, char **cause)
{
	return choose(
	    text, config_check_shard_metrics, KD_COUNT(config_check_shard_metrics), "shard-level metric", cause);
}

int
config_check_use(const char *text, char **cause)
{
	static const char *const words[] = {"producer", "consumer", "efo_consumer", "kcl", "firehose", "lambda"};

	return choose(text, words, KD_COUNT(words), "use", cause);
}

/* ---- texts of a form ---- */

/* The text is not repeated: it may be a secret. */
int
config_check_filled(const char *text, char **cause)
{
	return *text != '\0' ? 0 : cause_set(cause, "the text is empty (leave the key out to say nothing)");
}

int
config_check_region(const char *text, char **cause)
{
	return text_is_region(text) ? 0 : refuse(text, "region (write one such as us-east-1)", cause);
}

/* Accounts of the config are kdiag's own names; the rule for streams fits them too. */
int
config_check_name(const char *text, char **cause)
{
	return text_is_stream_name(text) ? 0 : refuse(text, "name (1 to 128 of a-z, A-Z, 0-9, _ . -)", cause);
}

/* CloudWatch Logs, CreateLogGroup: 1 to 512 of these; DescribeLogGroups finds them by a prefix. */
int
config_check_log_group(const char *text, char **cause)
{
	size_t len = strlen(text);
	char *name = mem_strndup(text, len > 1 && text[len - 1] == '*' ? len - 1 : len);
	bool good = is_made_of(name, LOWER UPPER DIGIT "_/.#-", 512);

	free(name);
	if (good)
		return 0;
	return refuse(
	    text, "log group name (1 to 512 of a-z, A-Z, 0-9, _ - / . #; for a prefix * as the last one)", cause);
}

/* STS AssumeRole, ExternalId: 2 to 1224 of these. */
int
config_check_external_id(const char *text, char **cause)
{
	return strlen(text) >= 2 && is_made_of(text, LOWER UPPER DIGIT "_+=,.@:/-", 1224)
		   ? 0
		   : refuse(text, "external id (2 to 1224 of a-z, A-Z, 0-9, _ + = , . @ : / -)", cause);
}

static const char *
no_environment(const char *name)
{
	(void)name;
	return NULL;
}

/* The rules for URLs are those of the room that will use it; the service and the region do not matter here. */
int
config_check_endpoint_url(const char *text, char **cause)
{
	struct endpoint_options options = {.endpoint_url = text, .env = no_environment};
	struct endpoint endpoint;

	if (config_check_filled(text, cause) != 0)
		return -1;
	return endpoint_resolve(&endpoint, "kinesis", "us-east-1", &options, cause);
}

/* What stands behind "arn:PARTITION:iam::ACCOUNT:", or NULL. ACCOUNT is 12 digits, or "aws" for AWS's own policies. */
static const char *
skip_iam_arn(const char *text, bool *of_aws)
{
	size_t partition;

	if (strncmp(text, "arn:", 4) != 0)
		return NULL;
	text += 4;
	if ((partition = strspn(text, LOWER "-")) == 0 || strncmp(text, "aws", 3) != 0)
		return NULL;
	text += partition;
	if (strncmp(text, ":iam::", 6) != 0)
		return NULL;
	text += 6;
	*of_aws = strncmp(text, "aws:", 4) == 0;
	if (*of_aws)
		return text + 4;
	return strspn(text, DIGIT) == ACCOUNT_DIGITS && text[ACCOUNT_DIGITS] == ':' ? text + ACCOUNT_DIGITS + 1 : NULL;
}

/*
 * kind: "role/". Path and name of an IAM resource: at most 512 + 64 of these (IAM API reference; a path takes any
 * printable, names do not).
 */
static bool
is_iam_arn(const char *text, const char *kind)
{
	bool of_aws = false;
	const char *resource = skip_iam_arn(text, &of_aws);
	size_t len = strlen(kind);

	if (resource == NULL || strncmp(resource, kind, len) != 0 || (of_aws && strcmp(kind, "policy/") != 0))
		return false;
	resource += len;
	return is_made_of(resource, LOWER UPPER DIGIT "_+=,.@/-", 576) && resource[strlen(resource) - 1] != '/';
}

int
config_check_role_arn(const char *text, char **cause)
{
	return is_iam_arn(text, "role/")
		   ? 0
		   : refuse(text, "ARN of a role (write arn:aws:iam::123456789012:role/NAME)", cause);
}

int
config_check_principal_arn(const char *text, char **cause)
{
	if (is_iam_arn(text, "role/") || is_iam_arn(text, "user/") || is_iam_arn(text, "policy/"))
		return 0;
	return refuse(text, "ARN of a role, user or policy (write arn:aws:iam::123456789012:role/NAME)", cause);
}

/* Those of the services that it is known of on what they are made; one action an entry, so that each can be judged. */
int
config_check_action(const char *text, char **cause)
{
	static const char *const services[] = {"kinesis:", "kms:", "dynamodb:", "cloudwatch:"};

	for (size_t i = 0; i < KD_COUNT(services); i++) {
		size_t len = strlen(services[i]);

		if (strncmp(text, services[i], len) == 0 && is_made_of(text + len, LOWER UPPER DIGIT, 128))
			return 0;
	}
	return refuse(
	    text, "action of kinesis, kms, dynamodb or cloudwatch without wildcards (write kinesis:PutRecord)", cause);
}

/* DynamoDB API reference, TableName. */
int
config_check_table(const char *text, char **cause)
{
	if (strlen(text) >= 3 && is_made_of(text, LOWER UPPER DIGIT "_.-", 255))
		return 0;
	return refuse(text, "name of a table (3 to 255 of letters, digits, \"_\", \".\" and \"-\")", cause);
}

/* ---- texts that stand for numbers ---- */

int
config_check_parse_pace(const char *text, double *share, char **cause)
{
	static const struct kd_option percent = {"pace", KD_PERCENT, NULL, 1, 100, "a share"};
	struct kd_settings *settings;
	int result;

	*share = 0;
	if (strcmp(text, "unlimited") == 0)
		return 0;
	if (strchr(text, '%') == NULL)
		return refuse(text, "pace (write 25% or unlimited)", cause);
	settings = settings_new(&percent, 1);
	if ((result = settings_set(settings, 0, text, cause)) == 0)
		*share = kd_percent(settings, 0) / 100;
	settings_free(settings);
	return result;
}

int
config_check_pace(const char *text, char **cause)
{
	double share;

	return config_check_parse_pace(text, &share, cause);
}

/* In the order of enum config_shard_metrics. */
static const char *const when_shards[] = {
    [CONFIG_SHARDS_ON_TROUBLE] = "on_trouble", [CONFIG_SHARDS_ALWAYS] = "always", [CONFIG_SHARDS_NEVER] = "never"};

int
config_check_when_shards(const char *text, char **cause)
{
	return choose(text, when_shards, KD_COUNT(when_shards), "time for shard-level metrics", cause);
}

enum config_shard_metrics
config_check_parse_when_shards(const char *text)
{
	size_t i;

	for (i = 0; i < KD_COUNT(when_shards) && strcmp(text, when_shards[i]) != 0; i++)
		;
	return (enum config_shard_metrics)i;
}

/* Digits, and behind a point up to four more. */
int
config_check_parse_usd(const char *text, double *usd, char **cause)
{
	size_t whole = strspn(text, DIGIT), part = text[whole] == '.' ? strspn(text + whole + 1, DIGIT) : 0;
	size_t len = whole + (part > 0) + part;

	*usd = 0;
	if (whole < 1 || whole > USD_DIGITS || part > USD_FRACTION || text[len] != '\0')
		return refuse(text, "amount in dollars (write 0.50)", cause);
	for (size_t i = 0; i < whole; i++)
		*usd = *usd * 10 + (text[i] - '0');
	for (size_t i = part; i > 0; i--)
		*usd += (text[whole + i] - '0') * pow(10, -(double)i);
	return 0;
}

int
config_check_usd(const char *text, char **cause)
{
	double usd;

	return config_check_parse_usd(text, &usd, cause);
}

/* A number of one or two digits at *text, which moves behind it. 0: there is none. */
static unsigned
take_number(const char **text)
{
	size_t digits = strspn(*text, DIGIT);
	unsigned number = 0;

	if (digits > M_OF_N_DIGITS)
		return 0;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (unsigned)(*(*text)++ - '0');
	return number;
}

int
config_check_parse_m_of_n(const char *text, struct kd_m_of_n *m_of_n, char **cause)
{
	const char *rest = text;
	unsigned m = take_number(&rest), n;

	if (strncmp(rest, " of ", 4) != 0)
		return refuse(text, "\"M of N\" (write 2 of 3)", cause);
	rest += 4;
	n = take_number(&rest);
	if (*rest != '\0' || m < 1 || n < m || n > LOOKS_MAX)
		return refuse(text, "\"M of N\" (write 2 of 3; M from 1 to N, N at most 32)", cause);
	*m_of_n = (struct kd_m_of_n){m, n};
	return 0;
}

int
config_check_m_of_n(const char *text, char **cause)
{
	struct kd_m_of_n m_of_n;

	return config_check_parse_m_of_n(text, &m_of_n, cause);
}
