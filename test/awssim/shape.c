/* SPDX-License-Identifier: Apache-2.0 */
/* shape: owns the rules of AWS's input validation; knows neither requests nor services. */
#include "test/awssim/shape.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"

#define SERIALIZATION "SerializationException"

struct check {
	const char **code;
	char **message;
};

/* AWS's sentences name a member with a small first letter, and its owner before it: 'shardFilter.type'. */
static char *
member_path(const char *owner, const char *name)
{
	char *path = mem_printf("%s%s%s", owner, *owner == '\0' ? "" : ".", name),
	     *first = path + strlen(path) - strlen(name);

	*first = (char)tolower((unsigned char)*first);
	return path;
}

static int
refuse(const struct check *check, const char *code, char *message_taken)
{
	*check->code = code;
	*check->message = message_taken;
	return -1;
}

/*
 * "1 validation error detected: Value 'x' at 'streamName' failed to satisfy constraint: Member must …". The rule is
 * taken.
 */
static int
refuse_value(const struct check *check, const char *path, const char *value, char *rule_taken)
{
	char *message;

	message =
	    value == NULL
		? mem_printf("1 validation error detected: Value null at '%s' failed to satisfy constraint: %s", path,
		      rule_taken)
		: mem_printf("1 validation error detected: Value '%.200s' at '%s' failed to satisfy constraint: %s",
		      value, path, rule_taken);
	free(rule_taken);
	return refuse(check, SHAPE_INVALID, message);
}

static int
check_choice(const struct check *check, const struct shape_member *member, const char *path, const char *value)
{
	struct str rule = {0};

	str_add(&rule, "Member must satisfy enum value set: [");
	for (size_t i = 0; member->choices[i] != NULL; i++) {
		if (strcmp(member->choices[i], value) == 0) {
			str_free(&rule);
			return 0;
		}
		str_printf(&rule, "%s%s", i == 0 ? "" : ", ", member->choices[i]);
	}
	str_add_char(&rule, ']');
	return refuse_value(check, path, value, str_take(&rule));
}

static int
check_string(const struct check *check, const struct shape_member *member, const char *path, const json_t *value)
{
	const char *text = json_string_value(value);
	int64_t len;

	if (text == NULL)
		return refuse(check, SERIALIZATION,
		    json_is_number(value)    ? mem_strdup("NUMBER_VALUE can not be converted to a String")
		    : json_is_boolean(value) ? mem_printf("%s can not be converted to a String",
						   json_is_true(value) ? "TRUE_VALUE" : "FALSE_VALUE")
					     : mem_strdup("Start of structure or map found where not expected."));
	len = (int64_t)json_string_length(value);
	if (member->max != 0 && len < member->min)
		return refuse_value(check, path, text,
		    mem_printf("Member must have length greater than or equal to %lld", (long long)member->min));
	if (member->max != 0 && len > member->max)
		return refuse_value(check, path, text,
		    mem_printf("Member must have length less than or equal to %lld", (long long)member->max));
	if (member->matches != NULL && (strlen(text) != (size_t)len || !member->matches(text)))
		return refuse_value(check, path, text,
		    mem_printf("Member must satisfy regular expression pattern: %s", member->pattern));
	return member->choices == NULL ? 0 : check_choice(check, member, path, text);
}

static int
check_number(const struct check *check, const struct shape_member *member, const char *path, const json_t *value)
{
	char text[32];
	int64_t number;

	if (!json_is_number(value))
		return refuse(check, SERIALIZATION,
		    mem_printf("%s can not be converted to %s", json_is_string(value) ? "STRING_VALUE" : "The value",
			member->type == SHAPE_TIMESTAMP ? "milliseconds since epoch" : "an Integer"));
	if (member->type == SHAPE_TIMESTAMP || member->max == 0)
		return 0;
	if (!json_is_integer(value))
		return refuse(check, SERIALIZATION, mem_strdup("NUMBER_VALUE can not be converted to an Integer"));
	number = json_integer_value(value);
	snprintf(text, sizeof(text), "%lld", (long long)number);
	if (number < member->min)
		return refuse_value(check, path, text,
		    mem_printf("Member must have value greater than or equal to %lld", (long long)member->min));
	if (number > member->max)
		return refuse_value(check, path, text,
		    mem_printf("Member must have value less than or equal to %lld", (long long)member->max));
	return 0;
}

static int
check_boolean(const struct check *check, const json_t *value)
{
	return json_is_boolean(value)
		   ? 0
		   : refuse(check, SERIALIZATION, mem_strdup("The value can not be converted to a Boolean"));
}

static int check_structure(
    const struct check *check, const json_t *input, const struct shape_member *members, size_t count, const char *path);
static int check_list(
    const struct check *check, const struct shape_member *member, const char *path, const json_t *value);

/* A value that is there, at its path. */
static int
check_value(const struct check *check, const struct shape_member *member, const char *path, const json_t *value)
{
	switch (member->type) {
	case SHAPE_STRING:
		return check_string(check, member, path, value);
	case SHAPE_STRUCTURE:
		return check_structure(check, value, member->members, member->members_count, path);
	case SHAPE_LIST:
		return check_list(check, member, path, value);
	case SHAPE_BOOLEAN:
		return check_boolean(check, value);
	case SHAPE_INTEGER:
	case SHAPE_TIMESTAMP:
		break;
	}
	return check_number(check, member, path, value);
}

/* AWS counts a list's entries from 1: 'metricDataQueries.1.member.id'. */
static int
check_list(const struct check *check, const struct shape_member *member, const char *path, const json_t *value)
{
	int64_t len = (int64_t)json_array_size(value);
	int rc = 0;

	if (!json_is_array(value))
		return refuse(check, SERIALIZATION, mem_strdup("Expected list or null"));
	if (member->max != 0 && (len < member->min || len > member->max))
		return refuse_value(check, path, len < member->min ? "[]" : "[...]",
		    mem_printf("Member must have length %s than or equal to %lld",
			len < member->min ? "greater" : "less",
			(long long)(len < member->min ? member->min : member->max)));
	for (int64_t i = 0; rc == 0 && i < len; i++) {
		char *entry = mem_printf("%s.%lld.member", path, (long long)i + 1);

		rc = check_value(check, member->element, entry, json_array_get(value, (size_t)i));
		free(entry);
	}
	return rc;
}

static int
check_member(const struct check *check, const struct shape_member *member, const char *owner, const json_t *value)
{
	char *path = member_path(owner, member->name);
	int rc = 0;

	if (value != NULL && !json_is_null(value))
		rc = check_value(check, member, path, value);
	else if (member->required)
		rc = refuse_value(check, path, NULL, mem_strdup("Member must not be null"));
	free(path);
	return rc;
}

static int
check_structure(
    const struct check *check, const json_t *input, const struct shape_member *members, size_t count, const char *path)
{
	const char *key;
	json_t *value;

	if (!json_is_object(input))
		return refuse(check, SERIALIZATION,
		    mem_printf("%s found where not expected", json_is_array(input) ? "Start of list" : "A value"));
	json_object_foreach((json_t *)input, key, value)
	{
		size_t row = 0;

		while (row < count && strcmp(members[row].name, key) != 0)
			row++;
		if (row == count)
			return refuse(check, SERIALIZATION, mem_printf("Unexpected field name: %.100s", key));
	}
	for (size_t i = 0; i < count; i++)
		if (check_member(check, &members[i], path, json_object_get(input, members[i].name)) != 0)
			return -1;
	return 0;
}

int
shape_check(const json_t *input, const struct shape_member *members, size_t count, const char **code, char **message)
{
	struct check check = {.code = code, .message = message};

	return check_structure(&check, input, members, count, "");
}
