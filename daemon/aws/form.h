/* SPDX-License-Identifier: Apache-2.0 */
/* form: the parameters of a request in the query protocol, which IAM and STS speak: `application/x-www-form-urlencoded`. */
#ifndef KDIAG_AWS_FORM_H
#define KDIAG_AWS_FORM_H

#include "common/str.h"

#define FORM_CONTENT_TYPE "application/x-www-form-urlencoded; charset=utf-8"

/* Appends "Action=…&Version=…", with which a form starts. Both stand as they are. */
void form_begin(struct str *form, const char *action, const char *version);
/* Appends "&name=value": the value may be any text and is percent-encoded, as RFC 3986 has it; the name stands as it is. */
void form_add(struct str *form, const char *name, const char *value);

#endif
