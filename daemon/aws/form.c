/* SPDX-License-Identifier: Apache-2.0 */
/* form: owns how a parameter is written; knows no operation. */
#include "daemon/aws/form.h"

#include <string.h>

/* "unreserved": all that stands for itself. */
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

void
form_begin(struct str *form, const char *action, const char *version)
{
	str_printf(form, "Action=%s&Version=%s", action, version);
}

void
form_add(struct str *form, const char *name, const char *value)
{
	size_t len;

	str_printf(form, "&%s=", name);
	for (; *value != '\0'; value++) {
		len = strspn(value, plain);
		str_add_len(form, value, len);
		value += len;
		if (*value == '\0')
			return;
		str_printf(form, "%%%02X", (unsigned char)*value);
	}
}
