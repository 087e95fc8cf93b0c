/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kdiag/probe.h: the plugin ABI, the only header that a probe includes.
 *
 * A probe is a shared object NAME.so in the probes folder that exports one object, `const struct kd_probe kd_probe`.
 * It declares what it needs to know (needs), what a user may set (options) and which questions it answers (checks);
 * the host gathers the facts and calls judge(). A probe is pure: no I/O, no clock, no memory but its state. The same
 * facts, settings and state give the same findings in the same order.
 *
 * Everything that a getter returns belongs to the host and lives until judge() returns. Texts that a probe hands over
 * are copied. All times are milliseconds since 1970-01-01 UTC; all texts are UTF-8. Structs that the host fills grow
 * only at their end within one ABI number; their size is the host's affair.
 */
#ifndef KDIAG_PROBE_H
#define KDIAG_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Goes up with each change that a compiled probe would notice. A probe of another number is refused by name. */
#define KD_PROBE_ABI 1u

#define KD_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#if defined(__GNUC__)
#define KD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define KD_PRINTF(fmt, args)
#endif

/* In order of rank: the verdict of a stream is the highest that is open. Unknown outranks info: it is never ok. */
enum kd_severity { KD_OK, KD_INFO, KD_UNKNOWN, KD_WARNING, KD_CRITICAL };

/* Why a fact is missing. KD_KNOWN: it is not. */
enum kd_reason {
	KD_KNOWN,
	KD_NO_DATA,        /* asked and answered: there is nothing (a stream that is gone has no summary) */
	KD_DENIED,         /* AWS says that kdiag may not look; the sentence names the action */
	KD_THROTTLED,      /* AWS refused for rate, and went on refusing */
	KD_FAILED,         /* no answer, or none that makes sense */
	KD_LATE,           /* not there before the cycle's deadline */
	KD_STALE,          /* the last good answer is too old to judge by */
	KD_NOT_CONFIGURED, /* the config says nothing of it */
};

/* ---- needs: what a probe wants to know ---- */

enum kd_need_kind {
	KD_STREAM_STATUS = 1, /* struct kd_stream_status; fresh every cycle, also for thousands of streams */
	KD_STREAM_SUMMARY,    /* struct kd_stream_summary; Kinesis DescribeStreamSummary */
	KD_SHARDS,            /* struct kd_shard[], the open ones; Kinesis ListShards, ShardFilter AT_LATEST */
	KD_CONSUMERS,         /* struct kd_consumer[], enhanced fan-out only; Kinesis ListStreamConsumers */
	KD_EXPECT, /* struct kd_expect: the parameters declared for the stream in the config; never fetched */
	KD_METRIC, /* struct kd_series[]; CloudWatch GetMetricData, namespace AWS/Kinesis: which one say the need's members */
	KD_LOG_GROUPS, /* struct kd_log_group[], those of the stream's log_groups; CloudWatch Logs, mined for templates */
	KD_PRINCIPALS, /* struct kd_principals: who shall reach the stream, and the policies that say whether they may; IAM, Kinesis GetResourcePolicy */
};

enum kd_stat { KD_SUM = 1, KD_AVERAGE, KD_MAXIMUM, KD_MINIMUM, KD_SAMPLE_COUNT };

/* Whose: the stream's own, or one series of each open shard (shard-level metrics), or of each enhanced fan-out consumer. */
enum kd_per { KD_PER_STREAM, KD_PER_SHARD, KD_PER_CONSUMER };

/*
 * All but `kind` are of a KD_METRIC, save that the window of KD_LOG_GROUPS is how much of the past is read of a log group that is new. A window is as many whole periods as window_s holds, up to the newest one that is settled (a
 * minute's value is complete after about two). Points that are there already are not asked for again, save those that may still change, and
 * no query is made more often than once a period: a long window costs no more than a short one, and a long period costs less.
 */
struct kd_need {
	enum kd_need_kind kind;
	enum kd_stat stat;
	enum kd_per per;
	unsigned window_option; /* 1 + the index of the KD_DURATION option that gives the window instead; 0: none */
	const char *metric;     /* "IncomingRecords" */
	int64_t period_s;       /* 60 to 3600, a multiple of 60; 0: 60 */
	int64_t window_s;       /* a multiple of the period: 1 to 1,440 of them */
	int64_t shift_s;        /* 0: up to now; 86400: the same window a day before */
};

/* ---- options: what a user may set, in general and for a stream ---- */

enum kd_option_type { KD_STRING, KD_INTEGER, KD_BOOLEAN, KD_DURATION, KD_PERCENT, KD_LIST };

/*
 * A row of an option table; the table's end is its count. `def` is the default as a user would write it ("15m", "25%", "true",
 * "a, b"); NULL: none, kd_is_set() says so. min and max bound an integer, a duration (in seconds) or a percent; both 0: unbounded
 * below 2^53. For a KD_STRING or KD_LIST, `max` (if not 0) bounds the length in bytes or entries.
 * `help` is one sentence without its full stop; it is what the config file, the manual and `kdiagd --options` say.
 */
struct kd_option {
	const char *name;
	enum kd_option_type type;
	const char *def;
	int64_t min, max;
	const char *help;
};

/* ---- checks: the questions that a probe answers ---- */

/*
 * A row of the checks table. `symptom` is one of the runbook's three: "stream_not_capturing_data", "permission_issues",
 * "high_latency". `step` is the runbook's step as a person would title it ("Verify the stream status").
 */
struct kd_check {
	const char *name;
	const char *symptom;
	const char *step;
};

/* Seen in m of the last n looks (1 <= m <= n <= 32). */
struct kd_m_of_n {
	unsigned m, n;
};

struct kd_facts;
struct kd_settings;
struct kd_report;

struct kd_probe {
	uint32_t abi;      /* KD_PROBE_ABI; stays the first member for ever */
	const char *name;  /* snake_case, as the file: NAME.so */
	const char *title; /* one line: what it watches */
	const struct kd_need *needs;
	size_t needs_count; /* at most 32 */
	const struct kd_option *options;
	size_t options_count; /* at most 64 */
	const struct kd_check *checks;
	size_t checks_count;            /* 1 to 64 */
	struct kd_m_of_n open, resolve; /* the defaults of the settings `open` and `resolve`; 0 of 0: 1 of 1 */
	void (*judge)(const struct kd_facts *facts, const struct kd_settings *settings, struct kd_report *out);
};

/* What a probe's source ends with: const struct kd_probe kd_probe = { .abi = KD_PROBE_ABI, ... }; */
extern const struct kd_probe kd_probe;

/* ---- facts: what is known; `need` is the index into the probe's needs ---- */

enum kd_status { KD_STATUS_CREATING = 1, KD_STATUS_DELETING, KD_STATUS_ACTIVE, KD_STATUS_UPDATING, KD_STATUS_GONE };
enum kd_mode { KD_MODE_UNKNOWN, KD_MODE_PROVISIONED, KD_MODE_ON_DEMAND };

struct kd_stream_status {
	enum kd_status status; /* KD_STATUS_GONE: AWS says that no such stream exists */
	enum kd_mode mode;
};

struct kd_stream_summary {
	enum kd_status status; /* never GONE: then the summary is missing for KD_NO_DATA */
	enum kd_mode mode;
	int64_t retention_hours;
	int64_t open_shards;
	int64_t consumers;             /* registered enhanced fan-out consumers; -1: not told */
	int64_t created_ms;            /* 0: not told */
	int64_t warm_throughput_mibps; /* -1: not told */
	const char *encryption;        /* "NONE" or "KMS" */
	const char *key_id;            /* NULL when not encrypted */
	/* enhanced (shard-level) metrics that are on; "ALL" is spelt out into the seven */
	const char *const *shard_metrics;
	size_t shard_metrics_count;
};

/* A hash key: an unsigned number of 128 bits. */
struct kd_hash {
	uint64_t high, low;
};

struct kd_shard {
	const char *id;
	const char *parent;          /* NULL: none known */
	const char *adjacent_parent; /* NULL: not made by a merge */
	struct kd_hash first, last;  /* HashKeyRange, both ends inclusive */
};

struct kd_consumer {
	const char *name, *arn;
	enum kd_status status; /* CREATING, DELETING or ACTIVE */
	int64_t created_ms;
};

/* Zero, NULL or KD_MODE_UNKNOWN: not declared. */
struct kd_expect {
	enum kd_mode mode;
	int64_t shard_count;
	int64_t retention_hours;
	const char *encryption; /* "NONE" or "KMS" */
	const char *key_id;
	bool shard_metrics_declared; /* tells "none shall be on" from "nothing said" */
	const char *const *shard_metrics;
	size_t shard_metrics_count;
};

/*
 * One metric of the stream (subject NULL), of a shard (its id) or of a consumer (its name). values[i] belongs to the period that begins at
 * first_ms + i * period_s * 1000; NAN: no datapoint. CloudWatch has none where nothing happened, and none where nobody looked: what
 * that means says each metric.
 */
struct kd_series {
	const char *subject;
	int64_t first_ms;
	int64_t period_s;
	size_t count;
	const double *values;
};

/* A policy as AWS has it. It counts with its text alone: what is not known of it makes an answer unknown. */
struct kd_policy {
	const char *name;  /* "orders-write"; of a resource policy NULL */
	const char *kind;  /* "managed", "inline", "boundary" or "resource" */
	const char *group; /* a user's: the group by which he has it; NULL: his own */
	const char *arn;   /* of a managed one or a boundary its own, of a resource policy the resource's; else NULL */
	const char *version;  /* "v3"; NULL: it has none */
	const char *document; /* JSON; NULL: missing */
	enum kd_reason missing;
	const char *why; /* "" when known */
};

/* Somebody who shall reach the stream, as declared. */
struct kd_principal {
	const char *arn; /* of a role, a user or a policy */
	const char *use; /* "producer", "kcl" …; NULL: its actions are declared */
	const char *const *actions;
	size_t actions_count;
	const char *lease_table; /* the KCL's, in DynamoDB; NULL: not declared */
	enum kd_reason
	    missing; /* why his policies are not known; KD_NO_DATA: AWS says that there is no such principal */
	const char *why, *blame; /* "" and NULL when known; blame as kd_unknown_because takes it */
	const struct kd_policy *policies;
	size_t policies_count;
	/* What AWS itself says (SimulatePrincipalPolicy): "kinesis:PutRecord allowed|explicitDeny|implicitDeny RESOURCE"; none where it was not asked. */
	const char *const *simulated;
	size_t simulated_count;
	const char *simulated_why; /* why AWS gave no answer although it was to be asked; NULL */
};

/* list[i] are the declared principals in the order of the config; resource_policies those of the stream and of its consumers. */
struct kd_principals {
	const struct kd_principal *list;
	size_t count;
	const struct kd_policy *resource_policies;
	size_t resource_policies_count;
};

/*
 * What one statement of a program has written into a log group: all that varies in its text is masked. `hours` are three numbers for each
 * hour from the group's hours_from_ms on: events, the most of them in five minutes, and the longest time without any in seconds, of which a part lies in that hour. NAN: that hour
 * was not read, or the template not known. Counts are scaled up where only a share of the log was read.
 */
struct kd_log_template {
	const char *
	    id; /* the same over restarts, and when the template takes in another; "all" and "errors": the group's events, and those of level error and worse */
	const char *text;  /* "" of these two */
	const char *level; /* "error", "info" …; "" where the log tells none */
	bool failing;      /* it says that something fails: by its level or its words */
	int64_t first_ms;  /* the first event ever; 0: before what is remembered */
	int64_t last_ms;
	double count;  /* since first_ms, */
	double recent; /* and since the group's recent_from_ms */
	const double *hours;
	size_t hours_count; /* of numbers: three times the hours */
	int64_t
	    merged_ms; /* when it last took in another: all these numbers, of the past too, are of both since; 0: never */
};

/* An error whose text names its cause, such as "expired_iterator" (probes/README.md has them all); count: since the group's faults_from_ms. */
struct kd_log_fault {
	const char *name;
	const char *text; /* the template of the last one */
	int64_t first_ms, last_ms;
	double count;
};

struct kd_log_group {
	const char *name;
	enum kd_reason
	    missing; /* KD_KNOWN, or why this group could not be read: then why and blame say it, and the rest is empty */
	const char *why, *blame;
	int64_t since_ms, until_ms; /* it was read from then up to then */
	int64_t recent_from_ms, faults_from_ms, hours_from_ms;
	bool behind;      /* the past is still being read: until_ms is not now */
	double share;     /* of the newest part of the log: less than 1: it is more than may be read, and sampled */
	int64_t left_out; /* templates past what is kept */
	const struct kd_log_template *templates; /* "all" and "errors" first, then those seen last */
	size_t templates_count;
	const struct kd_log_fault *faults;
	size_t faults_count;
};

/* When these facts were put together: a probe's "now". */
int64_t kd_now_ms(const struct kd_facts *facts);
/* Names for sentences and commands; never NULL. The ARN is "" while it is not known. */
const char *kd_stream_name(const struct kd_facts *facts);
const char *kd_stream_region(const struct kd_facts *facts);
const char *kd_stream_arn(const struct kd_facts *facts);

/* KD_KNOWN, or why the fact is missing; the second gives the sentence ("" when known); the third when it was true (0: missing). */
enum kd_reason kd_missing(const struct kd_facts *facts, size_t need);
const char *kd_missing_why(const struct kd_facts *facts, size_t need);
int64_t kd_fact_ms(const struct kd_facts *facts, size_t need);

/* NULL when the fact is missing, or the need is of another kind. Lists: NULL with *count 0 when missing; an empty list is not NULL. */
const struct kd_stream_status *kd_get_status(const struct kd_facts *facts, size_t need);
const struct kd_stream_summary *kd_get_summary(const struct kd_facts *facts, size_t need);
const struct kd_shard *kd_get_shards(const struct kd_facts *facts, size_t need, size_t *count);
const struct kd_consumer *kd_get_consumers(const struct kd_facts *facts, size_t need, size_t *count);
const struct kd_expect *kd_get_expect(const struct kd_facts *facts, size_t need);
const struct kd_principals *kd_get_principals(const struct kd_facts *facts, size_t need);

/*
 * Of a KD_PER_STREAM metric there is one series, with a datapoint at least: without any the fact is missing, KD_NO_DATA. Of the others
 * there is one for each shard or consumer, datapoints or not, none when the stream has none. A KD_PER_SHARD need is missing,
 * KD_NOT_CONFIGURED, while that metric is off for the stream's shards, or is not looked at now because it costs: nothing to say, not unknown.
 */
const struct kd_series *kd_get_series(const struct kd_facts *facts, size_t need, size_t *count);

/* Missing, KD_NOT_CONFIGURED, when the config names no log groups for the stream: nothing to say. */
const struct kd_log_group *kd_get_log_groups(const struct kd_facts *facts, size_t need, size_t *count);

/* Over the known points of a series (NULL: of none): how many; false with *value left alone when there is none. */
size_t kd_series_known(const struct kd_series *series);
bool kd_series_sum(const struct kd_series *series, double *value);
bool kd_series_max(const struct kd_series *series, double *value);
bool kd_series_median(const struct kd_series *series, double *value);
/*
 * The level of late: the median of the newest `of` known points, which spikes do not move while they are the lesser part of them. false when not
 * even the greater part of so many is known.
 */
bool kd_series_level(const struct kd_series *series, size_t of, double *value);
/* The newest one; ms (or NULL): when its period began. */
bool kd_series_last(const struct kd_series *series, double *value, int64_t *ms);
/* How many of the newest `of` periods have a point that is at least (more than) the limit: M of N against single spikes. */
size_t kd_series_at_least(const struct kd_series *series, size_t of, double limit);
size_t kd_series_above(const struct kd_series *series, size_t of, double limit);
/* The point of the period that begins at ms; NAN: none. */
double kd_series_at(const struct kd_series *series, int64_t ms);
/* The newest `seconds` of it, sharing its values; of a series that is shorter, all. */
struct kd_series kd_series_tail(const struct kd_series *series, int64_t seconds);

/* What this probe kept for this stream at the end of its last judgement; NULL: nothing yet. */
const char *kd_state(const struct kd_facts *facts);

/* ---- who may do what: policies evaluated as AWS does it; `need` is of kind KD_PRINCIPALS, `principal` an index into its list ---- */

enum kd_iam_layer { KD_IAM_IDENTITY = 1, KD_IAM_BOUNDARY, KD_IAM_RESOURCE };

/* A statement of a policy that could be read. Patterns as they stand in it, actions in lower case. */
struct kd_statement {
	enum kd_iam_layer layer;
	const struct kd_policy *policy;
	const char *label; /* "statement 2", counted from 1, or "statement DenyWrites" by its Sid */
	bool deny;
	bool conditional; /* it has a Condition */
	bool not_actions, not_resources;
	const char *const *actions;
	size_t actions_count;
	const char *const *resources;
	size_t resources_count;
};

enum kd_iam_decision {
	KD_IAM_ALLOWED = 1,
	KD_IAM_DENIED,      /* explicitly */
	KD_IAM_NOT_GRANTED, /* no statement allows it */
	KD_IAM_CONDITIONAL, /* it hangs on a condition key that cannot be known from here */
	KD_IAM_UNKNOWN,     /* a policy could not be read: for which reason, and why */
};

struct kd_iam_answer {
	enum kd_iam_decision decision;
	const struct kd_statement *by; /* that decided; NULL: none did */
	enum kd_iam_layer lacking;     /* NOT_GRANTED: where an allow is missing */
	bool cross_account;            /* both accounts must allow */
	const char *key;               /* CONDITIONAL: on which */
	enum kd_reason reason;         /* UNKNOWN */
	const char *why;               /* UNKNOWN: a sentence; else "" */
};

/*
 * May he do it? action "kinesis:PutRecord", resource an ARN or "*"; kinesis actions that take only `*` are asked on it, and those that take only a consumer,
 * asked on a stream, on any consumer of it. What no policy can show (the organization's SCPs and RCPs, session policies) is not judged. A wrong need or index, or
 * an action or resource that is none, is UNKNOWN.
 */
struct kd_iam_answer kd_iam_decide(
    const struct kd_facts *facts, size_t need, size_t principal, const char *action, const char *resource);
/* His statements, boundary included, resource policies not; NULL with *count 0 where none could be read. */
const struct kd_statement *kd_iam_statements(
    const struct kd_facts *facts, size_t need, size_t principal, size_t *count);
/* Does a pattern of an Action element cover an action; one of a Resource element an ARN? Patterns with policy variables cover nothing. */
bool kd_iam_action_covers(const char *pattern, const char *action);
bool kd_iam_resource_covers(const char *pattern, const char *arn);

/* ---- settings; `option` is the index into the probe's options, of the type that the getter says ---- */

bool kd_is_set(const struct kd_settings *settings, size_t option);
const char *kd_string(const struct kd_settings *settings, size_t option); /* NULL: not set */
int64_t kd_integer(const struct kd_settings *settings, size_t option);    /* 0: not set; so the next three */
bool kd_boolean(const struct kd_settings *settings, size_t option);
int64_t kd_duration_s(const struct kd_settings *settings, size_t option);
double kd_percent(const struct kd_settings *settings, size_t option); /* 25 % is 25.0 */
const char *const *kd_list(const struct kd_settings *settings, size_t option, size_t *count);

/* ---- the report; `check` is the index into the probe's checks ---- */

/*
 * One answer about one subject (NULL: "stream"). The sentence starts with a small letter or a number, holds its numbers with
 * units, and has no full stop; it is cut at 400 bytes. Each check is reported once a subject in every judgement, ok included:
 * a subject that is no longer reported counts as gone, and what was open about it resolves.
 */
void kd_find(struct kd_report *out, size_t check, const char *subject, enum kd_severity severity, const char *fmt, ...)
    KD_PRINTF(5, 6);
/* Could not look: unknown, for the reason that the need's fact is missing. */
void kd_unknown(struct kd_report *out, size_t check, const char *subject, const struct kd_facts *facts, size_t need);
/*
 * The same where only a part of a fact is missing: the reason and the sentence are the probe's. blame, or NULL, names the finding that explains it ("PROBE/CHECK/SUBJECT");
 * while that one is open, this one is not announced a second time.
 */
void kd_unknown_because(struct kd_report *out, size_t check, const char *subject, enum kd_reason reason,
    const char *blame, const char *fmt, ...) KD_PRINTF(6, 7);

/* These belong to the finding reported last. At most 16 evidence values; `next` is a command to type, or what is to be pasted, cut at 1,200 bytes. */
void kd_evidence_integer(struct kd_report *out, const char *name, int64_t value);
void kd_evidence_number(struct kd_report *out, const char *name, double value); /* to hundredths */
void kd_evidence_string(struct kd_report *out, const char *name, const char *value);
void kd_next(struct kd_report *out, const char *fmt, ...) KD_PRINTF(2, 3);

/* Replaces the state; UTF-8 without control bytes, at most 1 MiB. A judgement that does not call this keeps the state as it was. */
void kd_keep_state(struct kd_report *out, const char *text);

/* ---- helpers for sentences ---- */

enum { KD_AGE_SIZE = 32, KD_HASH_SIZE = 40, KD_NUMBER_SIZE = 32 };
/* "8 s", "23 min", "3 h 10 min", "2 d 4 h": two units at most, as a person says it; returns buf. */
const char *kd_age(int64_t seconds, char buf[KD_AGE_SIZE]);
/* Numbers as a person reads them; all return buf. "54 %", "3.2 %", "less than 0.1 %"; 100 % is said of the whole only. */
const char *kd_share(double percent, char buf[KD_NUMBER_SIZE]);
/* "870 B/s", "12 KiB/s", "3.7 MiB/s" */
const char *kd_byte_rate(double bytes_per_s, char buf[KD_NUMBER_SIZE]);
/* "0", "0.4", "17", "12,400" */
const char *kd_amount(double amount, char buf[KD_NUMBER_SIZE]);
/* "12 ms", "1.4 s", "23 min" */
const char *kd_millis(double ms, char buf[KD_NUMBER_SIZE]);
/* "2026-11-22T10:14:00Z": what AWS's commands take, in whole seconds */
const char *kd_time(int64_t ms, char buf[KD_NUMBER_SIZE]);
/* The key in the middle of a range: where a shard is split into halves. */
struct kd_hash kd_hash_middle(struct kd_hash first, struct kd_hash last);
/* The decimal form that AWS takes; returns buf. */
const char *kd_hash_decimal(struct kd_hash hash, char buf[KD_HASH_SIZE]);
const char *kd_status_name(enum kd_status status); /* "ACTIVE", "GONE" */
const char *kd_mode_name(enum kd_mode mode);       /* "PROVISIONED", "ON_DEMAND" */

#endif
