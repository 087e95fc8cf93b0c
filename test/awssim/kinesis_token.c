/* SPDX-License-Identifier: Apache-2.0 */
/* kinesis_token: owns the form of a NextToken; knows nothing of what is listed. */
#include "test/awssim/kinesis_token.h"

#include <stdlib.h>
#include <string.h>

#include <kdiag/probe.h>

#include "common/mem.h"
#include "common/str.h"
#include "common/text.h"

#define MARK "AAAAAAAAAA" /* as AWS's own begin */

enum { FIELDS = 7 };

char *
kinesis_token_write(const struct kinesis_token *token, uint64_t serial)
{
	char *plain = mem_printf("%s\n%s\n%s\n%s\n%s\n%lld\n%llu", token->list, token->region, token->stream,
	    token->after, token->filter, (long long)token->expires_ms, (unsigned long long)serial);
	struct str out = {0};

	str_add(&out, MARK);
	for (const char *s = plain; *s != '\0'; s++)
		str_printf(&out, "%02x", (unsigned char)*s);
	free(plain);
	return str_take(&out);
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = strchr(digits, c);

	return c == '\0' || at == NULL ? -1 : (int)(at - digits);
}

/* The text behind the mark; NULL: it is no hex. */
static char *
unhex(const char *text)
{
	size_t len = strlen(text);
	char *plain;

	if (len % 2 != 0)
		return NULL;
	plain = mem_new(len / 2 + 1, 1);
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			free(plain);
			return NULL;
		}
		plain[i] = (char)(high << 4 | low);
	}
	return plain;
}

int
kinesis_token_read(const char *text, struct kinesis_token *token)
{
	char *plain, *rest, *fields[FIELDS] = {0};
	char **const into[] = {&token->list, &token->region, &token->stream, &token->after, &token->filter};
	size_t count = 0;
	int rc = -1;

	if (strncmp(text, MARK, strlen(MARK)) != 0 || (plain = unhex(text + strlen(MARK))) == NULL)
		return -1;
	rest = plain;
	while (count < FIELDS && (fields[count] = strsep(&rest, "\n")) != NULL)
		count++;
	if (count == FIELDS && rest == NULL && text_parse_integer(fields[FIELDS - 2], &token->expires_ms) == 0) {
		for (size_t i = 0; i < KD_COUNT(into); i++)
			*into[i] = mem_strdup(fields[i]);
		rc = 0;
	}
	free(plain);
	return rc;
}

void
kinesis_token_clear(struct kinesis_token *token)
{
	free(token->list);
	free(token->region);
	free(token->stream);
	free(token->after);
	free(token->filter);
	memset(token, 0, sizeof(*token));
}
