/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_iam_cases: every line of test/cases/iam/GROUP.jsonl is an evaluation: {"name", "rule" (what of AWS's documentation it is reasoned from), "expect" (the line of text), "by"
 * (when it matters: the deciding statement, or null), "line" (what `kdiagctl iam eval` reads)}. The cases come from KDIAG_CASES, else ./test/cases.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/iam_eval.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"

enum { CASES_MIN = 150 }; /* what the evaluator is promised to be held against */

static size_t cases_run;

/* ---- one case ---- */

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text == NULL)
		fail_msg("a case has no \"%s\"", key);
	return text;
}

/* Each member that the case names must be there and alike. */
static bool
is_decided_by(const json_t *answer, const json_t *expected)
{
	const json_t *by = json_object_get(answer, "by");
	const char *name;
	json_t *value;

	if (json_is_null(expected))
		return json_is_null(by);
	json_object_foreach(
	    (json_t *)expected, name, value) if (!json_equal(json_object_get(by, name), value)) return false;
	return true;
}

/* The JSON form says the same as the text, and why. */
static void
check_json(const char *where, const json_t *wanted, const char *text, const char *line)
{
	json_t *answer = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *decision = text_of(answer, "decision"), *key = json_string_value(json_object_get(answer, "key"));

	if (strncmp(text, decision, strlen(decision)) != 0 || *text_of(answer, "why") == '\0')
		fail_msg("%s: the text is %s, the JSON %s", where, text, line);
	if (strcmp(decision, "Conditional") == 0 && (key == NULL || strcmp(text + strlen("Conditional: "), key) != 0))
		fail_msg("%s: the text is %s, the JSON %s", where, text, line);
	if (json_object_get(wanted, "by") != NULL && !is_decided_by(answer, json_object_get(wanted, "by")))
		fail_msg("%s: decided by another statement: %s", where, line);
	json_decref(answer);
}

/* Asked twice, since the second time the documents are remembered; the third time they are not, for a key written otherwise. */
static void
run_case(struct iam_eval *eval, const char *file, const json_t *wanted)
{
	char *where = mem_printf("%s: %s", strrchr(file, '/') + 1, text_of(wanted, "name"));
	char *line = json_line(json_object_get(wanted, "line")), *place = strstr(line, "\"identityPolicies\"");
	struct str text = {0}, again = {0}, as_json = {0};

	iam_eval_line(eval, line, strlen(line), false, &text);
	if (strcmp(text.s, text_of(wanted, "expect")) != 0)
		fail_msg(
		    "%s (%s): expected %s, got %s", where, text_of(wanted, "rule"), text_of(wanted, "expect"), text.s);
	iam_eval_line(eval, line, strlen(line), true, &as_json);
	check_json(where, wanted, text.s, as_json.s);
	if (place != NULL) {
		char *escaped = mem_printf("%.*s\"\\u0069dentityPolicies\"%s", (int)(place - line), line,
		    place + strlen("\"identityPolicies\""));

		iam_eval_line(eval, escaped, strlen(escaped), false, &again);
		assert_string_equal(again.s, text.s);
		free(escaped);
	}
	str_free(&text);
	str_free(&again);
	str_free(&as_json);
	free(line);
	free(where);
	cases_run++;
}

/* ---- the files ---- */

static void
run_file(void **state)
{
	const char *file = *state;
	struct iam_eval *eval = iam_eval_new();
	FILE *stream = fopen(file, "r");
	char *line = NULL, *cause = NULL;
	size_t size = 0;

	assert_non_null(stream);
	while (getline(&line, &size, stream) > 0) {
		json_t *wanted = json_read(line, strlen(line), &cause);

		if (wanted == NULL)
			fail_msg("%s: %s", file, cause);
		run_case(eval, file, wanted);
		json_decref(wanted);
	}
	free(line);
	fclose(stream);
	iam_eval_free(eval);
}

static void
are_enough(void **state)
{
	(void)state;
	assert_true(cases_run >= CASES_MIN);
}

int
main(void)
{
	const char *folder = getenv("KDIAG_CASES");
	char *pattern = mem_printf("%s/iam/*.jsonl", folder != NULL ? folder : "test/cases");
	struct CMUnitTest *tests;
	glob_t files;
	int failed;

	if (glob(pattern, 0, NULL, &files) != 0) {
		fprintf(stderr, "no cases: %s\n", pattern);
		return 1;
	}
	tests = mem_new(files.gl_pathc + 1, sizeof *tests);
	for (size_t i = 0; i < files.gl_pathc; i++)
		tests[i] = (struct CMUnitTest){.name = strrchr(files.gl_pathv[i], '/') + 1,
		    .test_func = run_file,
		    .initial_state = files.gl_pathv[i]};
	tests[files.gl_pathc] = (struct CMUnitTest){.name = "are_enough", .test_func = are_enough};
	failed = _cmocka_run_group_tests("iam_cases", tests, files.gl_pathc + 1, NULL, NULL);
	globfree(&files);
	free(tests);
	free(pattern);
	return failed;
}
