/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis_member: members of the JSON objects in Kinesis answers, by type and bound, with a sentence for each that is
 * wrong. Knows no operation.
 */
#ifndef KDIAG_AWS_KINESIS_MEMBER_H
#define KDIAG_AWS_KINESIS_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json_view.h"
#include "daemon/aws/kinesis_pages.h"

/* API reference, StreamARN and KeyId. */
enum { KINESIS_ARN_MAX = 2048 };

/* `need`: 0, or -1 with a sentence also when the member is absent. Borrowed from the object. */
int kinesis_member_need_string(struct json_view object, const char *key, const char **value, char **cause);
int kinesis_member_need_object(struct json_view object, const char *key, struct json_view *value, char **cause);
int kinesis_member_need_array(struct json_view object, const char *key, struct json_view *value, char **cause);
int kinesis_member_need_bounded(
    struct json_view object, const char *key, int64_t min, int64_t max, int64_t *value, char **cause);
/* 1: there; 0: absent, and the value is left alone; -1 with a sentence. */
int kinesis_member_get_bounded(
    struct json_view object, const char *key, int64_t min, int64_t max, int64_t *value, char **cause);

/* A name of a stream, shard or consumer; *name is kept in pages, NULL when absent and not required. 0 or -1. */
int kinesis_member_keep_name(struct kinesis_pages *pages, struct json_view object, const char *key, bool required,
    const char **name, char **cause);
/* An ARN that ends in `tail` and the name; kept in pages. 0 or -1. */
int kinesis_member_keep_arn(struct kinesis_pages *pages, struct json_view object, const char *key, const char *tail,
    const char *name, const char **arn, char **cause);
/* Seconds with a fraction, as AWS's JSON has times; 0 when absent. 0 or -1. */
int kinesis_member_get_created(struct json_view object, const char *key, int64_t *ms, char **cause);
/* A status of a stream or consumer; one that we do not know is -1. */
int kinesis_member_need_status(struct json_view object, const char *key, enum kd_status *status, char **cause);
/* StreamModeDetails; KD_MODE_UNKNOWN when absent or new to us. 0, or -1: of a wrong type. */
int kinesis_member_get_mode(struct json_view object, enum kd_mode *mode, char **cause);

#endif
