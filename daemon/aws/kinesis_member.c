/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis_member: members of the JSON objects in Kinesis answers, by type and bound, with a sentence for each that is
 * wrong. Knows no operation.
 */
#include "daemon/aws/kinesis_member.h"

#include <stdlib.h>
#include <string.h>

#include "common/json_view.h"
#include "common/mem.h"
#include "common/text.h"
#include "daemon/aws/secret.h"

/* The year 9999 is clock_format's last. */
#define CREATED_MAX_S 253402300799.0

/* What a typed getter said, when the member has to be there. */
static int
need(int rc, const char *key, char **cause)
{
	if (rc == 0)
		return cause_set(cause, "%s is missing", key);
	return rc == 1 ? 0 : -1;
}

int
kinesis_member_need_string(struct json_view object, const char *key, const char **value, char **cause)
{
	return need(json_view_get_string(object, key, value, cause), key, cause);
}

int
kinesis_member_need_object(struct json_view object, const char *key, struct json_view *value, char **cause)
{
	return need(json_view_get_object(object, key, value, cause), key, cause);
}

int
kinesis_member_need_array(struct json_view object, const char *key, struct json_view *value, char **cause)
{
	return need(json_view_get_array(object, key, value, cause), key, cause);
}

/*
 * A name of a stream, shard or consumer: all have the same alphabet, 1 to 128 of it. NULL when absent and not required.
 */
int
kinesis_member_keep_name(struct kinesis_pages *pages, struct json_view object, const char *key, bool required,
    const char **name, char **cause)
{
	const char *value;
	int rc = json_view_get_string(object, key, &value, cause);

	*name = NULL;
	if (rc == -1)
		return -1;
	if (rc == 0)
		return required ? cause_set(cause, "%s is missing", key) : 0;
	if (!text_is_stream_name(value))
		return cause_set(cause, "%s is no name (1 to 128 of a-z, A-Z, 0-9, _, . and -)", key);
	*name = kinesis_pages_keep(pages, value);
	return 0;
}

/* An ARN that ends in `tail` and the name. */
int
kinesis_member_keep_arn(struct kinesis_pages *pages, struct json_view object, const char *key, const char *tail,
    const char *name, const char **arn, char **cause)
{
	size_t name_len = strlen(name), tail_len = strlen(tail), len;
	const char *value;

	if (kinesis_member_need_string(object, key, &value, cause))
		return -1;
	len = strlen(value);
	if (strncmp(value, "arn:", 4) != 0 || !secret_is_plain(value, KINESIS_ARN_MAX))
		return cause_set(cause, "%s is no ARN", key);
	if (len < name_len + tail_len || strcmp(value + len - name_len, name) != 0 ||
	    strncmp(value + len - name_len - tail_len, tail, tail_len) != 0)
		return cause_set(cause, "%s is not that of %s", key, name);
	*arn = kinesis_pages_keep(pages, value);
	return 0;
}

/* What is absent stays as it was. */
int
kinesis_member_get_bounded(
    struct json_view object, const char *key, int64_t min, int64_t max, int64_t *value, char **cause)
{
	int64_t found;
	int rc = json_view_get_integer(object, key, &found, cause);

	if (rc == 1 && (found < min || found > max))
		return cause_set(cause, "%s is %lld, out of range (%lld to %lld)", key, (long long)found,
		    (long long)min, (long long)max);
	if (rc == 1)
		*value = found;
	return rc;
}

int
kinesis_member_need_bounded(
    struct json_view object, const char *key, int64_t min, int64_t max, int64_t *value, char **cause)
{
	return need(kinesis_member_get_bounded(object, key, min, max, value, cause), key, cause);
}

/* Seconds with a fraction, as AWS's JSON has times; 0 when absent. */
int
kinesis_member_get_created(struct json_view object, const char *key, int64_t *ms, char **cause)
{
	double seconds = 0;

	*ms = 0;
	if (json_view_get_number(object, key, &seconds, cause) == -1)
		return -1;
	if (!(seconds >= 0 && seconds <= CREATED_MAX_S))
		return cause_set(cause, "%s is no time in seconds since 1970", key);
	*ms = (int64_t)(seconds * 1000 + 0.5);
	return 0;
}

int
kinesis_member_need_status(struct json_view object, const char *key, enum kd_status *status, char **cause)
{
	static const struct {
		const char *name;
		enum kd_status status;
	} statuses[] = {
	    {"ACTIVE", KD_STATUS_ACTIVE},
	    {"UPDATING", KD_STATUS_UPDATING},
	    {"CREATING", KD_STATUS_CREATING},
	    {"DELETING", KD_STATUS_DELETING},
	};
	const char *name;
	char *shown;
	size_t i;

	if (kinesis_member_need_string(object, key, &name, cause))
		return -1;
	for (i = 0; i < KD_COUNT(statuses); i++) {
		if (strcmp(name, statuses[i].name) == 0) {
			*status = statuses[i].status;
			return 0;
		}
	}
	shown = text_escape(name, strlen(name), 40);
	cause_set(cause, "%s is \"%s\", which kdiagd does not know", key, shown);
	free(shown);
	return -1;
}

/* Emulators may lack it, and AWS may add one: then it is unknown. */
int
kinesis_member_get_mode(struct json_view object, enum kd_mode *mode, char **cause)
{
	const char *name = "";
	struct json_view details;
	int rc = json_view_get_object(object, "StreamModeDetails", &details, cause);

	*mode = KD_MODE_UNKNOWN;
	if (rc != 1)
		return rc;
	if (json_view_get_string(details, "StreamMode", &name, cause) == -1)
		return -1;
	if (strcmp(name, "PROVISIONED") == 0)
		*mode = KD_MODE_PROVISIONED;
	else if (strcmp(name, "ON_DEMAND") == 0)
		*mode = KD_MODE_ON_DEMAND;
	return 0;
}
