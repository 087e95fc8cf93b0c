/* SPDX-License-Identifier: Apache-2.0 */
/* scenario: owns the keys of a scenario's file and what they make; a stream's own keys are stream_spec's. */
#include "test/awssim/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/text.h"
#include "test/awssim/decode.h"
#include "test/awssim/log_group_spec.h"
#include "test/awssim/services.h"
#include "test/awssim/stream_spec.h"

#define DEFAULT_ACCOUNT "123456789012"

enum { DEFAULT_AGE_S = 30 * 86400, ACCOUNT_DIGITS = 12, CREDENTIALS_MAX = 1000, DURATION_MAX_S = 10 * 365 * 86400 };

/* ---- credentials ---- */

#define KEY(member) .offset = offsetof(struct scenario_key, member)

static const struct decode_field key_fields[] = {
    {.key = "access_key_id", .type = DECODE_STRING, KEY(access_key_id), .required = true},
    {.key = "secret_access_key", .type = DECODE_STRING, KEY(secret_access_key), .required = true},
    {.key = "session_token", .type = DECODE_STRING, KEY(session_token)},
    {.key = "user", .type = DECODE_STRING, KEY(user)},
    {.key = "expires_in", .type = DECODE_DURATION, KEY(expires_in_ms)},
};

static int
read_keys(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct scenario *scenario = into;

	if (decode_list(in, node, "keys") != 0)
		return -1;
	if (node->count > CREDENTIALS_MAX)
		return decode_fail(in, node, "more than %d keys", CREDENTIALS_MAX);
	scenario->keys = mem_new(node->count, sizeof(*scenario->keys));
	scenario->keys_count = node->count;
	for (size_t i = 0; i < node->count; i++)
		if (decode_map(in, &node->children[i], key_fields, KD_COUNT(key_fields), &scenario->keys[i]) != 0)
			return -1;
	return 0;
}

#define ROLE(member) .offset = offsetof(struct scenario_role, member)

static const struct decode_field role_fields[] = {
    {.key = "arn", .type = DECODE_STRING, ROLE(arn), .required = true},
    {.key = "external_id", .type = DECODE_STRING, ROLE(external_id)},
    {.key = "lifetime", .type = DECODE_DURATION, ROLE(lifetime_ms), .min = 1, .max = 43200},
};

static int
read_roles(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct scenario *scenario = into;

	if (decode_list(in, node, "roles") != 0)
		return -1;
	if (node->count > CREDENTIALS_MAX)
		return decode_fail(in, node, "more than %d roles", CREDENTIALS_MAX);
	scenario->roles = mem_new(node->count, sizeof(*scenario->roles));
	scenario->roles_count = node->count;
	for (size_t i = 0; i < node->count; i++) {
		if (decode_map(in, &node->children[i], role_fields, KD_COUNT(role_fields), &scenario->roles[i]) != 0)
			return -1;
		if (!text_glob("arn:aws*:iam::????????????:role/?*", scenario->roles[i].arn))
			return decode_fail(
			    in, &node->children[i], "arn is no role: write arn:aws:iam::123456789012:role/NAME");
	}
	return 0;
}

#define IMDS(member) .offset = offsetof(struct scenario_imds, member)

static const struct decode_field imds_fields[] = {
    {.key = "role", .type = DECODE_STRING, IMDS(role)},
    {.key = "lifetime", .type = DECODE_DURATION, IMDS(lifetime_ms), .min = 1, .max = 43200},
    {.key = "rotate_before", .type = DECODE_DURATION, IMDS(rotate_before_ms), .max = 43200},
};

static int
read_imds(const struct decode *in, const struct yaml_node *node, void *into)
{
	return decode_map(in, node, imds_fields, KD_COUNT(imds_fields), &((struct scenario *)into)->imds);
}

int
scenario_read_imds(struct scenario_imds *imds, const struct yaml_node *node, const char *file, char **cause)
{
	struct decode in = {.file = file, .cause = cause};

	return decode_map(&in, node, imds_fields, KD_COUNT(imds_fields), imds);
}

static int
read_credentials(const struct decode *in, const struct yaml_node *node, void *into)
{
	static const struct decode_field fields[] = {
	    {.key = "keys", .type = DECODE_READER, .read = read_keys},
	    {.key = "roles", .type = DECODE_READER, .read = read_roles},
	    {.key = "imds", .type = DECODE_READER, .read = read_imds},
	};

	return decode_map(in, node, fields, KD_COUNT(fields), into);
}

static int
read_iam(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct scenario *scenario = into;

	return iam_world_read(&scenario->iam, scenario->account, in, node);
}

int
scenario_read_iam(struct scenario *scenario, const struct yaml_node *node, const char *file, char **cause)
{
	struct decode in = {.file = file, .cause = cause};

	return read_iam(&in, node, scenario);
}

/* ---- faults ---- */

#define FAULT(member) .offset = offsetof(struct fault, member)

static const struct decode_field fault_fields[] = {
    {.key = "kind", .type = DECODE_CHOICE, FAULT(kind), .choices = fault_kind_names, .required = true},
    {.key = "operation", .type = DECODE_STRING, FAULT(operation)},
    {.key = "service", .type = DECODE_STRING, FAULT(service)},
    {.key = "stream", .type = DECODE_STRING, FAULT(stream)},
    {.key = "metric", .type = DECODE_STRING, FAULT(metric)},
    {.key = "rate", .type = DECODE_FRACTION, FAULT(rate)},
    {.key = "count", .type = DECODE_INTEGER, FAULT(count)},
    {.key = "from", .type = DECODE_DURATION, FAULT(from_ms)},
    {.key = "until", .type = DECODE_DURATION, FAULT(until_ms)},
    {.key = "seconds", .type = DECODE_INTEGER, FAULT(seconds), .min = -DURATION_MAX_S, .max = DURATION_MAX_S},
    {.key = "size", .type = DECODE_INTEGER, FAULT(size), .min = 1, .max = FAULT_HUGE_SIZE_MAX},
    {.key = "ms", .type = DECODE_INTEGER, FAULT(drip_ms), .min = 1, .max = 600000},
};

static int
read_fault(const struct decode *in, const struct yaml_node *node, struct fault *fault)
{
	fault_init(fault);
	if (decode_map(in, node, fault_fields, KD_COUNT(fault_fields), fault) != 0)
		goto fail;
	if (fault->operation != NULL && strcmp(fault->operation, "*") != 0 &&
	    !services_know_operation(fault->operation)) {
		decode_fail(in, yaml_tree_get(node, "operation"), "no operation %.80s is simulated", fault->operation);
		goto fail;
	}
	if (fault->service != NULL && !services_know(fault->service)) {
		decode_fail(in, yaml_tree_get(node, "service"), "no service %.80s is simulated", fault->service);
		goto fail;
	}
	return 0;
fail:
	fault_clear(fault);
	return -1;
}

int
scenario_read_fault(struct fault *fault, const struct yaml_node *node, const char *file, char **cause)
{
	struct decode in = {.file = file, .cause = cause};

	return read_fault(&in, node, fault);
}

static int
read_faults(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct scenario *scenario = into;
	struct fault fault;

	if (decode_list(in, node, "faults") != 0)
		return -1;
	for (size_t i = 0; i < node->count; i++) {
		if (read_fault(in, &node->children[i], &fault) != 0)
			return -1;
		if (faults_add_taken(scenario->faults, &fault) != 0) {
			fault_clear(&fault);
			return decode_fail(in, node, "more than %d faults", FAULTS_MAX);
		}
	}
	return 0;
}

/* ---- streams ---- */

void
scenario_init_stream(const struct scenario *scenario, struct stream *stream)
{
	*stream = (struct stream){
	    .status = KD_STATUS_ACTIVE,
	    .mode = KD_MODE_PROVISIONED,
	    .retention_hours = 24,
	    .created_ms = scenario->start_ms - (int64_t)DEFAULT_AGE_S * 1000,
	};
}

static bool
knows_region(const struct scenario *scenario, const char *region)
{
	for (size_t i = 0; i < scenario->regions_count; i++)
		if (strcmp(scenario->regions[i], region) == 0)
			return true;
	return false;
}

/* Appends a stream of this name with what the spec says. */
static struct stream *
add_stream(struct scenario *scenario, const struct stream_spec *spec, const char *name)
{
	struct stream *stream;

	scenario->streams = mem_resize(scenario->streams, scenario->streams_count + 1, sizeof(*stream));
	stream = &scenario->streams[scenario->streams_count++];
	scenario_init_stream(scenario, stream);
	stream->name = mem_strdup(name);
	stream->region = mem_strdup(spec->region != NULL ? spec->region : scenario->regions[0]);
	stream->account = mem_strdup(spec->account != NULL ? spec->account : scenario->account);
	stream_spec_apply(spec, stream, scenario->start_ms);
	return stream;
}

static int
check_place(const struct decode *in, const struct yaml_node *node, const struct stream_spec *spec)
{
	const struct scenario *scenario = in->arg;

	if (spec->region != NULL && !knows_region(scenario, spec->region))
		return decode_fail(
		    in, yaml_tree_get(node, "region"), "%.80s is not among the scenario's regions", spec->region);
	if (scenario->streams_count + (size_t)(spec->count > 0 ? spec->count : 1) > SCENARIO_STREAMS_MAX)
		return decode_fail(in, node, "more than %d streams", SCENARIO_STREAMS_MAX);
	return 0;
}

struct event_spec {
	int64_t at_ms;
	const struct yaml_node *set;
};

static int
read_set(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct event_spec *event = into;
	struct stream_spec spec;

	if (stream_spec_read(&spec, in, node, STREAM_SPEC_CHANGE) != 0)
		return -1;
	stream_spec_clear(&spec);
	event->set = node;
	return 0;
}

static int
read_timeline(const struct decode *in, const struct yaml_node *node, struct scenario *scenario)
{
	static const struct decode_field fields[] = {
	    {.key = "at", .type = DECODE_DURATION, .offset = offsetof(struct event_spec, at_ms), .required = true},
	    {.key = "set", .type = DECODE_READER, .read = read_set, .required = true},
	};

	for (size_t i = 0; node != NULL && i < node->count; i++) {
		struct event_spec event = {0};

		if (decode_map(in, &node->children[i], fields, KD_COUNT(fields), &event) != 0)
			return -1;
		scenario->events = mem_resize(scenario->events, scenario->events_count + 1, sizeof(*scenario->events));
		scenario->events[scenario->events_count++] = (struct scenario_event){
		    .at_ms = event.at_ms, .stream = scenario->streams_count - 1, .set = event.set};
	}
	return 0;
}

static int
read_stream(const struct decode *in, const struct yaml_node *node, struct scenario *scenario)
{
	struct stream_spec spec;
	int rc = -1;

	if (stream_spec_read(&spec, in, node, STREAM_SPEC_STREAM) != 0)
		return -1;
	if (check_place(in, node, &spec) == 0) {
		add_stream(scenario, &spec, spec.name);
		rc = read_timeline(in, spec.timeline, scenario);
	}
	stream_spec_clear(&spec);
	return rc;
}

static int
read_streams(const struct decode *in, const struct yaml_node *node, void *into)
{
	if (decode_list(in, node, "streams") != 0)
		return -1;
	for (size_t i = 0; i < node->count; i++)
		if (read_stream(in, &node->children[i], into) != 0)
			return -1;
	return 0;
}

static int
read_generate(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct scenario *scenario = into;
	struct stream_spec spec;
	int rc = -1;

	if (stream_spec_read(&spec, in, node, STREAM_SPEC_GENERATE) != 0)
		return -1;
	if (check_place(in, node, &spec) != 0)
		goto out;
	for (int64_t i = 0; i < spec.count; i++) {
		char *name = mem_printf("%s%05lld", spec.prefix, (long long)i);
		bool sound = text_is_stream_name(name);

		if (sound)
			add_stream(scenario, &spec, name);
		else
			decode_fail(in, node, "prefix makes \"%.80s\", which is no stream name", name);
		free(name);
		if (!sound)
			goto out;
	}
	rc = 0;
out:
	stream_spec_clear(&spec);
	return rc;
}

/* ---- the file ---- */

static int
read_account(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct scenario *scenario = into;
	const char *text = decode_text(in, node, "account");

	if (text == NULL)
		return -1;
	if (strlen(text) != ACCOUNT_DIGITS || strspn(text, "0123456789") != ACCOUNT_DIGITS)
		return decode_fail(in, node, "\"%.80s\" is no account id: 12 digits", text);
	free(scenario->account);
	scenario->account = mem_strdup(text);
	return 0;
}

static void
drop_regions(struct scenario *scenario)
{
	for (size_t i = 0; i < scenario->regions_count; i++)
		free(scenario->regions[i]);
	free(scenario->regions);
	scenario->regions = NULL;
	scenario->regions_count = 0;
}

static int
read_regions(const struct decode *in, const struct yaml_node *node, void *into)
{
	struct scenario *scenario = into;

	if (decode_list(in, node, "regions") != 0)
		return -1;
	if (node->count == 0 || node->count > SCENARIO_REGIONS_MAX)
		return decode_fail(in, node, "name 1 to %d regions", SCENARIO_REGIONS_MAX);
	drop_regions(scenario);
	scenario->regions = mem_new(node->count, sizeof(*scenario->regions));
	for (size_t i = 0; i < node->count; i++) {
		const char *text = decode_text(in, &node->children[i], "a region");

		if (text == NULL)
			return -1;
		if (!text_is_region(text))
			return decode_fail(in, &node->children[i], "\"%.80s\" is no region", text);
		scenario->regions[scenario->regions_count++] = mem_strdup(text);
	}
	return 0;
}

#define TOP(member) .offset = offsetof(struct scenario, member)

/* The general half is read first, wherever it stands in the file: streams need the account and the regions. */
static const struct decode_field top_fields[] = {
    {.key = "account", .type = DECODE_READER, .read = read_account},
    {.key = "regions", .type = DECODE_READER, .read = read_regions},
    {.key = "seed", .type = DECODE_INTEGER, TOP(seed)},
    {.key = "enforce_limits", .type = DECODE_BOOLEAN, TOP(enforce_limits)},
    {.key = "latency_ms", .type = DECODE_INTEGER, TOP(latency_ms), .max = 60000},
    {.key = "credentials", .type = DECODE_READER, .read = read_credentials},
    {.key = "streams", .type = DECODE_READER, .read = read_streams},
    {.key = "generate", .type = DECODE_READER, .read = read_generate},
    {.key = "iam", .type = DECODE_READER, .read = read_iam},
    {.key = "log_groups", .type = DECODE_READER, .read = log_group_spec_read},
    {.key = "faults", .type = DECODE_READER, .read = read_faults},
};
enum { GENERAL_ROWS = 6, TOP_ROWS = KD_COUNT(top_fields) };

static int
read_rows(const struct decode *in, struct scenario *scenario, size_t from, size_t to)
{
	struct decode_field rows[TOP_ROWS];

	memcpy(rows, top_fields, sizeof(rows));
	for (size_t i = 0; i < TOP_ROWS; i++)
		if (i < from || i >= to)
			rows[i].type = DECODE_SKIP;
	return decode_map(in, scenario->root, rows, TOP_ROWS, scenario);
}

static int
compare_events(const void *a, const void *b)
{
	const struct scenario_event *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	return x->set < y->set ? -1 : x->set > y->set; /* as they stand in the file */
}

static int
compare_names(const void *a, const void *b)
{
	const struct stream *x = *(struct stream *const *)a, *y = *(struct stream *const *)b;
	int order = strcmp(x->account, y->account);

	if (order == 0)
		order = strcmp(x->region, y->region);
	return order != 0 ? order : strcmp(x->name, y->name);
}

static int
check_twins(const struct scenario *scenario, char **cause)
{
	struct stream **all = mem_new(scenario->streams_count, sizeof(struct stream *));
	int rc = 0;

	for (size_t i = 0; i < scenario->streams_count; i++)
		all[i] = &scenario->streams[i];
	qsort(all, scenario->streams_count, sizeof(struct stream *), compare_names);
	for (size_t i = 1; rc == 0 && i < scenario->streams_count; i++)
		if (compare_names(&all[i - 1], &all[i]) == 0)
			rc = cause_set(cause, "%s: the stream %s stands twice in %s", scenario->file, all[i]->name,
			    all[i]->region);
	free(all);
	return rc;
}

static struct scenario *
scenario_new(const char *path)
{
	struct scenario *scenario = mem_new(1, sizeof(*scenario));

	scenario->file = mem_strdup(path);
	scenario->account = mem_strdup(DEFAULT_ACCOUNT);
	scenario->regions = mem_new(1, sizeof(*scenario->regions));
	scenario->regions[0] = mem_strdup("us-east-1");
	scenario->regions_count = 1;
	scenario->imds = (struct scenario_imds){.lifetime_ms = 6 * 3600000, .rotate_before_ms = 5 * 60000};
	scenario->start_ms = clock_now_ms();
	return scenario;
}

struct scenario *
scenario_load(const char *path, char **cause)
{
	struct scenario *scenario = scenario_new(path);
	struct decode in = {.file = path, .cause = cause, .arg = scenario};

	scenario->root = yaml_tree_read(path, cause);
	if (scenario->root == NULL || read_rows(&in, scenario, 0, GENERAL_ROWS) != 0)
		goto fail;
	scenario->faults = faults_new(scenario->seed);
	if (read_rows(&in, scenario, GENERAL_ROWS, TOP_ROWS) != 0 || check_twins(scenario, cause) != 0)
		goto fail;
	if (scenario->events_count > 0)
		qsort(scenario->events, scenario->events_count, sizeof(*scenario->events), compare_events);
	return scenario;
fail:
	scenario_free(scenario);
	return NULL;
}

static void
free_credentials(struct scenario *scenario)
{
	for (size_t i = 0; i < scenario->keys_count; i++) {
		free(scenario->keys[i].access_key_id);
		free(scenario->keys[i].secret_access_key);
		free(scenario->keys[i].session_token);
		free(scenario->keys[i].user);
	}
	for (size_t i = 0; i < scenario->roles_count; i++) {
		free(scenario->roles[i].arn);
		free(scenario->roles[i].external_id);
	}
	free(scenario->keys);
	free(scenario->roles);
	free(scenario->imds.role);
}

void
scenario_free(struct scenario *scenario)
{
	if (scenario == NULL)
		return;
	for (size_t i = 0; i < scenario->streams_count; i++)
		stream_clear(&scenario->streams[i]);
	free(scenario->streams);
	for (size_t i = 0; i < scenario->log_groups_count; i++)
		log_group_clear(&scenario->log_groups[i]);
	free(scenario->log_groups);
	iam_world_clear(&scenario->iam);
	free(scenario->events);
	free_credentials(scenario);
	drop_regions(scenario);
	faults_free(scenario->faults);
	yaml_tree_free(scenario->root);
	free(scenario->account);
	free(scenario->file);
	free(scenario);
}
