/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iam: evaluations a second on one core, by CPU time: `compiled`, documents read once, as the probe does; `lines`, each line read, its documents met before, as `kdiagctl iam eval` does
 * on a file about a few principals; `new lines`, where every document is one never met. Numbers, no verdict: the quality target is 100,000 a second on typical policies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/iam_eval.h"
#include "common/iam_policy.h"
#include "common/json.h"
#include "common/mem.h"
#include "common/str.h"

#define ACCOUNT "123456789012"
#define STREAM  "arn:aws:kinesis:us-east-1:" ACCOUNT ":stream/orders"

/* What a producer of the runbook has: its stream by name, its key through Kinesis, a guard rail, a boundary. %d makes it new. */
#define PRODUCER \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Produce%d\",\"Effect\":\"Allow\",\"Action\":[" \
	"\"kinesis:PutRecord\"," \
	"\"kinesis:PutRecords\",\"kinesis:DescribeStreamSummary\",\"kinesis:ListShards\"],\"Resource\":\"" STREAM \
	"\"}," \
	"{\"Effect\":\"Allow\",\"Action\":\"kms:GenerateDataKey\",\"Resource\":\"arn:aws:kms:us-east-1:" ACCOUNT \
	":key/1234abcd\",\"Condition\":{\"StringEquals\":{\"kms:ViaService\":\"kinesis.us-east-1.amazonaws.com\"}}}]}"
#define GUARD \
	"{\"Version\":\"2012-10-17\",\"Statement\":{\"Sid\":\"Tls%d\",\"Effect\":\"Deny\",\"Action\":\"*\"," \
	"\"Resource\":\"*\"," \
	"\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"false\"}}}}"
#define BOUNDARY \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Limit%d\",\"Effect\":\"Allow\",\"Action\":[\"kinesis:*" \
	"\",\"kms:*\"," \
	"\"logs:*\",\"cloudwatch:*\"],\"Resource\":\"*\"},{\"Effect\":\"Deny\",\"NotAction\":[\"iam:Get*\",\"iam:" \
	"List*\"," \
	"\"kinesis:*\",\"kms:*\",\"logs:*\",\"cloudwatch:*\"],\"Resource\":\"*\",\"Condition\":{\"StringNotEquals\":{" \
	"\"aws:RequestedRegion\":[\"us-east-1\",\"eu-west-1\"]}}}]}"
/* An application's policy, by wildcards and tags. */
#define TAGGED \
	"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"Tag%d\",\"Effect\":\"Allow\",\"Action\":[\"kinesis:" \
	"Get*\"," \
	"\"kinesis:Put*\",\"kinesis:List*\"],\"Resource\":\"arn:aws:kinesis:*:" ACCOUNT \
	":stream/${aws:PrincipalTag/team}*\"," \
	"\"Condition\":{\"StringLike\":{\"aws:ResourceTag/env\":[\"prod-*\",\"stage-*\"]},\"IpAddress\":{" \
	"\"aws:SourceIp\":[\"10.0.0.0/8\",\"192.168.0.0/16\"]}}}]}"

#define CONTEXT \
	"{\"aws:SecureTransport\":\"true\",\"aws:SourceIp\":\"10.1.2.3\",\"aws:RequestedRegion\":\"us-east-1\"," \
	"\"aws:PrincipalTag/team\":\"ord\",\"aws:ResourceTag/env\":\"prod-7\"}"

enum { COMPILED_RUNS = 500000, LINE_RUNS = 100000 };

static double
cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void
print(const char *what, const char *policies, unsigned runs, double seconds)
{
	printf("%-10s %-22s %8u evaluations  %9.0f a second  %6.2f us each\n", what, policies, runs, runs / seconds,
	    seconds / runs * 1e6);
}

struct sample {
	const char *name, *first, *second, *boundary; /* second, boundary: or NULL */
};

static const struct sample samples[] = {
    {"one policy", PRODUCER, NULL, NULL},
    {"variables, tags", TAGGED, NULL, NULL},
    {"two and a boundary", PRODUCER, GUARD, BOUNDARY},
};

static char *
make_document(const char *fmt, int number)
{
	struct str out = {0};
	const char *mark = strstr(fmt, "%d");

	str_add_len(&out, fmt, (size_t)(mark - fmt));
	str_printf(&out, "%d", number);
	str_add(&out, mark + 2);
	return str_take(&out);
}

/* ---- documents read once ---- */

static void
read_document(struct iam_arena *arena, const char *fmt, enum iam_document_kind kind, struct iam_document *document)
{
	char *text = make_document(fmt, 0), *cause = NULL;

	if (iam_document_read(arena, text, strlen(text), kind, document, &cause) != 0) {
		fprintf(stderr, "%s\n", cause);
		exit(1);
	}
	free(text);
}

static void
run_compiled(const struct sample *sample)
{
	struct iam_arena arena = {0};
	struct iam_document identity[2], boundary;
	struct iam_caller caller;
	struct iam_context context = {.complete = true};
	struct json_doc keys = {0};
	struct iam_request request = {.identity = identity,
	    .identity_count = sample->second != NULL ? 2 : 1,
	    .boundary = sample->boundary != NULL ? &boundary : NULL,
	    .caller = &caller,
	    .action = "kinesis:PutRecords",
	    .resource = STREAM,
	    .context = &context};
	double start;

	read_document(&arena, sample->first, IAM_IDENTITY_POLICY, &identity[0]);
	if (sample->second != NULL)
		read_document(&arena, sample->second, IAM_IDENTITY_POLICY, &identity[1]);
	if (sample->boundary != NULL)
		read_document(&arena, sample->boundary, IAM_BOUNDARY, &boundary);
	json_read_doc(&keys, CONTEXT, strlen(CONTEXT), false, NULL);
	iam_context_read(&arena, json_doc_root(&keys), &context, NULL);
	iam_caller_parse(&arena, "arn:aws:iam::" ACCOUNT ":role/orders-producer", &caller, NULL);
	start = cpu_s();
	for (unsigned i = 0; i < COMPILED_RUNS; i++)
		if (iam_policy_evaluate(&request).decision != IAM_ALLOWED)
			exit(1);
	print("compiled", sample->name, COMPILED_RUNS, cpu_s() - start);
	json_doc_clear(&keys);
	iam_arena_free(&arena);
}

/* ---- lines ---- */

static char *
make_line(const struct sample *sample, int number)
{
	char *first = make_document(sample->first, number), *second, *boundary, *line;

	second = sample->second != NULL ? make_document(sample->second, number) : mem_strdup("");
	boundary = sample->boundary != NULL ? make_document(sample->boundary, number) : mem_strdup("null");
	line = mem_printf("{\"identityPolicies\":[%s%s%s],\"boundary\":%s,\"principal\":\"arn:aws:iam::" ACCOUNT
			  ":role/orders-producer\",\"action\":\"kinesis:PutRecords\",\"resource\":\"" STREAM
			  "\",\"context\":" CONTEXT "}",
	    first, *second != '\0' ? "," : "", second, boundary);
	free(first);
	free(second);
	free(boundary);
	return line;
}

/* different: how many different lines there are. */
static void
run_lines(const char *what, const struct sample *sample, unsigned different)
{
	char **lines = mem_new(different, sizeof *lines);
	struct iam_eval *eval = iam_eval_new();
	struct str out = {0};
	double start;

	for (unsigned i = 0; i < different; i++)
		lines[i] = make_line(sample, (int)i);
	start = cpu_s();
	for (unsigned i = 0; i < LINE_RUNS; i++) {
		const char *line = lines[i % different];

		str_clear(&out);
		iam_eval_line(eval, line, strlen(line), false, &out);
		if (strcmp(out.s, "Allowed") != 0)
			exit(1);
	}
	print(what, sample->name, LINE_RUNS, cpu_s() - start);
	for (unsigned i = 0; i < different; i++)
		free(lines[i]);
	free(lines);
	str_free(&out);
	iam_eval_free(eval);
}

int
main(void)
{
	for (size_t i = 0; i < KD_COUNT(samples); i++)
		run_compiled(&samples[i]);
	for (size_t i = 0; i < KD_COUNT(samples); i++)
		run_lines("lines", &samples[i], 4);
	for (size_t i = 0; i < KD_COUNT(samples); i++)
		run_lines("new lines", &samples[i], 10000);
	return 0;
}
