/* SPDX-License-Identifier: Apache-2.0 */
/* iam_condition: owns the operators and how their answers go together; knows nothing of what a statement does with them. */
#include "common/iam_condition.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/iam_context.h"
#include "common/iam_pattern.h"
#include "common/iam_value.h"
#include "common/mem.h"
#include "common/text.h"

enum { NAME_MAX_SHOWN = 64, CONDITIONS_MAX = 4096 };

/* ---- operators ---- */

/* A value of the policy: as a pattern, and, by operator, as what it means. */
struct operand {
	struct iam_pattern pattern;
	double number; /* also a date in epoch seconds */
	bool flag;
	struct iam_network network;
	const char *bytes;
	size_t bytes_len;
};

/* A value of the request. */
struct actual {
	const char *text;
	struct iam_text filled; /* the operand's pattern, its variables filled in */
	struct iam_work *work;
};

struct operator_row {
	const char *name;
	bool negated;
	unsigned flags; /* of iam_pattern_compile; IAM_VARIABLES only where IAM allows them */
	bool (*read)(struct iam_arena *arena, const char *text, struct operand *operand); /* NULL: any text will do */
	bool (*match)(const struct operand *operand, const struct actual *actual);
	const char *kind;            /* what a value must be, for the sentence */
	int order_least, order_most; /* numbers and dates: the signs of (actual - operand) that match */
};

enum set { SET_NONE, SET_ALL, SET_ANY };

struct iam_condition {
	const struct operator_row *op; /* NULL: Null */
	const char *key;
	enum set set;
	bool if_exists;
	const struct operand *operands;
	size_t count;
};

static bool
match_text(const struct operand *operand, const struct actual *actual)
{
	size_t len = strlen(actual->text);

	(void)operand;
	return iam_match_spend(actual->work, 1) && len == actual->filled.len &&
	       memcmp(actual->text, actual->filled.s, len) == 0;
}

static bool
match_text_caseless(const struct operand *operand, const struct actual *actual)
{
	size_t len = strlen(actual->text);

	(void)operand;
	return iam_match_spend(actual->work, len) && len == actual->filled.len &&
	       strncasecmp(actual->text, actual->filled.s, len) == 0;
}

static bool
match_glob(const struct operand *operand, const struct actual *actual)
{
	(void)operand;
	return iam_match_glob(actual->filled, (struct iam_text){actual->text, strlen(actual->text)}, actual->work);
}

static bool
match_arn(const struct operand *operand, const struct actual *actual)
{
	struct iam_arn arn;

	(void)operand;
	iam_match_split_arn((struct iam_text){actual->text, strlen(actual->text)}, &arn);
	return iam_match_arn_like(actual->filled, &arn, actual->work);
}

static bool
read_number(struct iam_arena *arena, const char *text, struct operand *operand)
{
	(void)arena;
	return iam_value_number(text, &operand->number);
}

static bool
read_date(struct iam_arena *arena, const char *text, struct operand *operand)
{
	(void)arena;
	return iam_value_date(text, &operand->number);
}

static bool
read_network(struct iam_arena *arena, const char *text, struct operand *operand)
{
	(void)arena;
	return iam_value_network(text, &operand->network);
}

static bool
read_bytes(struct iam_arena *arena, const char *text, struct operand *operand)
{
	return iam_value_base64(arena, text, &operand->bytes, &operand->bytes_len);
}

/* A variable's value is only known when it is asked for. */
static bool
read_boolean(struct iam_arena *arena, const char *text, struct operand *operand)
{
	(void)arena;
	return operand->pattern.parts_count > 0 || iam_value_boolean(text, &operand->flag);
}

static bool
match_boolean(const struct operand *operand, const struct actual *actual)
{
	bool value;

	return iam_value_boolean(actual->text, &value) && match_text_caseless(operand, actual);
}

static bool
match_network(const struct operand *operand, const struct actual *actual)
{
	struct iam_network address;

	return iam_value_network(actual->text, &address) && iam_value_in_network(&operand->network, &address);
}

/* The request's bytes stand in it as Base64, as SimulateCustomPolicy takes them, or as they are. */
static bool
match_bytes(const struct operand *operand, const struct actual *actual)
{
	struct iam_arena arena = {0};
	size_t len = strlen(actual->text);
	const char *bytes;
	bool same = len == operand->bytes_len && memcmp(actual->text, operand->bytes, len) == 0;

	if (!iam_match_spend(actual->work, len))
		return false;
	if (!same && iam_value_base64(&arena, actual->text, &bytes, &len))
		same = len == operand->bytes_len && memcmp(bytes, operand->bytes, len) == 0;
	iam_arena_free(&arena);
	return same;
}

static int
sign(double difference)
{
	return (difference > 0) - (difference < 0);
}

#define TEXT(NAME, NEGATED, FLAGS, MATCH) \
	{ \
		.name = NAME, .negated = NEGATED, .flags = FLAGS, .match = MATCH \
	}
#define ORDER(NAME, NEGATED, READ, KIND, LEAST, MOST) \
	{ \
		.name = NAME, .negated = NEGATED, .read = READ, .kind = KIND, .order_least = LEAST, .order_most = MOST \
	}

#define NUMBER "a number"
#define DATE   "a date of ISO 8601 or epoch seconds"

static const struct operator_row operators[] = {
    TEXT("StringEquals", false, IAM_VARIABLES, match_text),
    TEXT("StringNotEquals", true, IAM_VARIABLES, match_text),
    TEXT("StringEqualsIgnoreCase", false, IAM_VARIABLES, match_text_caseless),
    TEXT("StringNotEqualsIgnoreCase", true, IAM_VARIABLES, match_text_caseless),
    TEXT("StringLike", false, IAM_VARIABLES | IAM_WILD, match_glob),
    TEXT("StringNotLike", true, IAM_VARIABLES | IAM_WILD, match_glob),
    TEXT("ArnEquals", false, IAM_VARIABLES | IAM_WILD, match_arn),
    TEXT("ArnNotEquals", true, IAM_VARIABLES | IAM_WILD, match_arn),
    TEXT("ArnLike", false, IAM_VARIABLES | IAM_WILD, match_arn),
    TEXT("ArnNotLike", true, IAM_VARIABLES | IAM_WILD, match_arn),
    ORDER("NumericEquals", false, read_number, NUMBER, 0, 0),
    ORDER("NumericNotEquals", true, read_number, NUMBER, 0, 0),
    ORDER("NumericLessThan", false, read_number, NUMBER, -1, -1),
    ORDER("NumericLessThanEquals", false, read_number, NUMBER, -1, 0),
    ORDER("NumericGreaterThan", false, read_number, NUMBER, 1, 1),
    ORDER("NumericGreaterThanEquals", false, read_number, NUMBER, 0, 1),
    ORDER("DateEquals", false, read_date, DATE, 0, 0),
    ORDER("DateNotEquals", true, read_date, DATE, 0, 0),
    ORDER("DateLessThan", false, read_date, DATE, -1, -1),
    ORDER("DateLessThanEquals", false, read_date, DATE, -1, 0),
    ORDER("DateGreaterThan", false, read_date, DATE, 1, 1),
    ORDER("DateGreaterThanEquals", false, read_date, DATE, 0, 1),
    {.name = "Bool", .flags = IAM_VARIABLES, .read = read_boolean, .match = match_boolean, .kind = "true or false"},
    {.name = "BinaryEquals", .read = read_bytes, .match = match_bytes, .kind = "Base64"},
    {.name = "IpAddress", .read = read_network, .match = match_network, .kind = "an address or a network"},
    {.name = "NotIpAddress",
	.negated = true,
	.read = read_network,
	.match = match_network,
	.kind = "an address or a network"},
    {.name = "Null", .read = read_boolean, .kind = "true or false"},
};

static bool
is_null(const struct operator_row *op)
{
	return op->match == NULL && op->read == read_boolean;
}

/* ---- compiling ---- */

static bool
take_prefix(const char **name, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncasecmp(*name, prefix, len) != 0)
		return false;
	*name += len;
	return true;
}

/* "ForAllValues:StringLikeIfExists" and its like; IAM ignores the case of operators. */
static int
parse_operator(const char *name, struct iam_condition *condition, char **cause)
{
	static const char suffix[] = "IfExists";
	const char *whole = name;
	size_t len;

	condition->set = take_prefix(&name, "ForAllValues:")  ? SET_ALL
			 : take_prefix(&name, "ForAnyValue:") ? SET_ANY
							      : SET_NONE;
	len = strlen(name);
	condition->if_exists = len > sizeof suffix - 1 && strcasecmp(name + len - (sizeof suffix - 1), suffix) == 0;
	if (condition->if_exists)
		len -= sizeof suffix - 1;
	for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
		if (strlen(operators[i].name) == len && strncasecmp(operators[i].name, name, len) == 0)
			condition->op = &operators[i];
	if (condition->op != NULL && !(is_null(condition->op) && (condition->if_exists || condition->set)))
		return 0;
	char *shown = text_escape(whole, strlen(whole), NAME_MAX_SHOWN);
	cause_set(cause, "Condition: there is no operator \"%s\"", shown);
	free(shown);
	return -1;
}

static int
compile_operand(struct iam_arena *arena, const struct operator_row *op, struct json_view value, bool variables,
    struct operand *operand, char **cause)
{
	unsigned flags = variables ? op->flags : op->flags & ~(unsigned)IAM_VARIABLES;
	const char *text = iam_context_text(arena, value);

	if (text == NULL)
		return cause_set(cause, "Condition: a value of %s is no string, number or boolean", op->name);
	if (iam_pattern_compile(arena, text, flags, &operand->pattern, cause) != 0)
		return -1;
	if (op->read != NULL && !op->read(arena, text, operand))
		return cause_set(cause, "Condition: a value of %s is not %s", op->name, op->kind);
	return 0;
}

static int
compile_key(
    struct iam_arena *arena, struct json_view key, bool variables, struct iam_condition *condition, char **cause)
{
	size_t count, len;
	struct json_view one = json_view_one_or_many(json_view_value(key), &count);
	const char *name = json_view_string(key, &len);
	struct operand *operands = iam_arena_new(arena, count + 1, sizeof *operands);

	if (len == 0)
		return cause_set(cause, "Condition: a key of %s is empty", condition->op->name);
	condition->key = iam_arena_copy(arena, name, len);
	condition->operands = operands;
	condition->count = count;
	for (size_t i = 0; i < count; i++, one = json_view_next(one))
		if (compile_operand(arena, condition->op, one, variables, &operands[i], cause) != 0)
			return -1;
	return 0;
}

static int
count_keys(struct json_view block, size_t *count, char **cause)
{
	struct json_view name;
	size_t i;

	if (!json_view_is(block, JSON_OBJECT))
		return cause_set(cause, "Condition is not an object");
	*count = 0;
	JSON_VIEW_EACH (block, i, name) {
		if (!json_view_is(json_view_value(name), JSON_OBJECT))
			return cause_set(cause, "Condition: an operator has no object of keys and values");
		*count += json_view_count(json_view_value(name));
	}
	return *count <= CONDITIONS_MAX ? 0 : cause_set(cause, "Condition has more than %d keys", CONDITIONS_MAX);
}

int
iam_condition_compile(struct iam_arena *arena, struct json_view block, bool variables,
    const struct iam_condition **conditions, size_t *count, char **cause)
{
	struct iam_condition *compiled, head;
	struct json_view name, key;
	size_t n = 0, i, j;

	if (count_keys(block, count, cause) != 0)
		return -1;
	*conditions = compiled = iam_arena_new(arena, *count + 1, sizeof *compiled);
	JSON_VIEW_EACH (block, i, name) {
		head = (struct iam_condition){0};
		if (parse_operator(json_view_string(name, NULL), &head, cause) != 0)
			return -1;
		JSON_VIEW_EACH (json_view_value(name), j, key) {
			compiled[n] = head;
			if (compile_key(arena, key, variables, &compiled[n++], cause) != 0)
				return -1;
		}
	}
	return 0;
}

/* ---- evaluating ---- */

enum iam_truth
iam_condition_lookup(void *arg, const char *key, const char **text)
{
	const struct iam_question *question = arg;
	const char *const *values;
	size_t count = 0;
	enum iam_truth known = question->values_cb(question->arg, key, &values, &count);

	if (known != IAM_TRUE)
		return known;
	if (count != 1) /* "you cannot use multivalued context keys as policy variables" */
		return IAM_FALSE;
	*text = values[0];
	return IAM_TRUE;
}

static bool
match_order(const struct operator_row *op, const struct operand *operand, const char *text)
{
	struct operand actual = {0};

	if (!op->read(NULL, text, &actual))
		return false;
	int difference = sign(actual.number - operand->number);
	return difference >= op->order_least && difference <= op->order_most;
}

/* One value of the request against all of the policy. *lost: a variable has no value. */
static enum iam_truth
match_any(const struct iam_condition *condition, const char *text, const struct iam_question *question, bool *lost,
    const char **key)
{
	enum iam_truth any = IAM_FALSE, known;
	struct actual actual = {.text = text, .work = question->work};

	for (size_t i = 0; i < condition->count && any != IAM_TRUE; i++) {
		const struct operand *operand = &condition->operands[i];
		const char *variable = NULL;

		known = iam_pattern_fill(&operand->pattern, iam_condition_lookup, (void *)question, question->work,
		    &actual.filled, &variable);
		if (known == IAM_UNKNOWN) {
			any = IAM_UNKNOWN;
			*key = variable;
		} else if (known == IAM_FALSE) {
			*lost = true;
		} else if (condition->op->match != NULL ? condition->op->match(operand, &actual)
							: match_order(condition->op, operand, text)) {
			any = IAM_TRUE;
		}
		if (!iam_match_spend(question->work, 1))
			return IAM_FALSE;
	}
	return any;
}

static enum iam_truth
match_value(
    const struct iam_condition *condition, const char *text, const struct iam_question *question, const char **key)
{
	bool lost = false;
	enum iam_truth any = match_any(condition, text, question, &lost, key);

	if (!condition->op->negated || any == IAM_UNKNOWN)
		return any;
	return any == IAM_TRUE || lost ? IAM_FALSE : IAM_TRUE;
}

/*
 * Without a set operator a key with several values matches when any does, and a negated operator when none does; with one, ForAllValues wants each value
 * to answer, ForAnyValue one of them.
 */
static enum iam_truth
match_values(const struct iam_condition *condition, const char *const *values, size_t count,
    const struct iam_question *question, const char **key)
{
	bool all = condition->set == SET_ALL || (condition->set == SET_NONE && condition->op->negated);
	enum iam_truth decides = all ? IAM_FALSE : IAM_TRUE, found = all ? IAM_TRUE : IAM_FALSE;

	for (size_t i = 0; i < count; i++) {
		enum iam_truth one = match_value(condition, values[i], question, key);

		if (one == decides)
			return decides;
		if (one == IAM_UNKNOWN)
			found = IAM_UNKNOWN;
	}
	return found;
}

/* "Null": "true" wants the key to be absent. Several values: any. */
static bool
match_null(const struct iam_condition *condition, bool present)
{
	for (size_t i = 0; i < condition->count; i++)
		if (condition->operands[i].flag != present)
			return true;
	return false;
}

/* The key is not in the request: true for negated operators, …IfExists and ForAllValues, false for the others, and for ForAnyValue whatever the operator. */
static bool
match_absent(const struct iam_condition *condition)
{
	if (condition->if_exists || condition->set == SET_ALL)
		return true;
	return condition->set == SET_NONE && condition->op->negated;
}

static enum iam_truth
evaluate_one(const struct iam_condition *condition, const struct iam_question *question, const char **key)
{
	const char *const *values = NULL;
	size_t count = 0;
	enum iam_truth known = question->values_cb(question->arg, condition->key, &values, &count);

	*key = condition->key;
	if (known == IAM_UNKNOWN)
		return IAM_UNKNOWN;
	if (is_null(condition->op))
		return match_null(condition, known == IAM_TRUE && count > 0) ? IAM_TRUE : IAM_FALSE;
	if (known == IAM_FALSE || count == 0)
		return match_absent(condition) ? IAM_TRUE : IAM_FALSE;
	return match_values(condition, values, count, question, key);
}

enum iam_truth
iam_condition_evaluate(
    const struct iam_condition *conditions, size_t count, const struct iam_question *question, const char **key)
{
	enum iam_truth all = IAM_TRUE, one;
	const char *on = NULL;

	for (size_t i = 0; i < count; i++) {
		if ((one = evaluate_one(&conditions[i], question, &on)) == IAM_FALSE)
			return IAM_FALSE;
		if (one == IAM_UNKNOWN && all == IAM_TRUE) {
			all = IAM_UNKNOWN;
			*key = on;
		}
	}
	return all;
}
