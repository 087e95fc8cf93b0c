/* SPDX-License-Identifier: Apache-2.0 */
/* refusal: how much of a demand was refused, minute by minute, and whether that is more than a spike. */
#include "probes/throttling/throttling.h"

/* Refused in fewer minutes than this is a spike, which retries ride out; and what is over is not told as news. */
enum { BAD_MINUTES = 3, RECENT_MINUTES = 5 };

double
throttling_at(const struct kd_series *series, int64_t ms)
{
	double value = kd_series_at(series, ms);

	return value > 0 ? value : 0; /* an absent counter has counted nothing */
}

static void
add_minute(const struct look *look, size_t warning, double refused, double demand, bool recent, struct refusal *sum)
{
	double percent = demand > 0 ? refused / demand * 100 : 0;

	if (refused <= 0 || percent < kd_percent(look->settings, warning))
		return;
	sum->minutes++;
	sum->recent += recent;
	sum->critical += percent >= kd_percent(look->settings, CRITICAL);
	sum->refused += refused;
	sum->demand += demand;
}

struct refusal
throttling_measure(const struct look *look, const struct traffic *traffic, size_t warning)
{
	struct refusal sum = {0};
	const struct kd_series *refused = traffic->refused;

	for (size_t i = 0; refused != NULL && i < refused->count; i++) {
		int64_t ms = refused->first_ms + (int64_t)i * refused->period_s * 1000;
		double lost = throttling_at(refused, ms), other = throttling_at(traffic->other, ms);

		add_minute(look, warning, lost, traffic->other_is_all ? (other > lost ? other : lost) : other + lost,
		    i + RECENT_MINUTES >= refused->count, &sum);
	}
	return sum;
}

enum kd_severity
throttling_severity(const struct refusal *refusal)
{
	if (refusal->minutes < BAD_MINUTES || refusal->recent == 0)
		return KD_OK;
	return refusal->critical >= BAD_MINUTES ? KD_CRITICAL : KD_WARNING;
}

double
throttling_percent(const struct refusal *refusal)
{
	return refusal->demand > 0 ? refusal->refused / refusal->demand * 100 : 0;
}

void
throttling_add_evidence(const struct look *look, const char *refused, const char *demand, const struct refusal *refusal)
{
	kd_evidence_number(look->out, refused, refusal->refused);
	kd_evidence_number(look->out, demand, refusal->demand);
	kd_evidence_number(look->out, "refused_percent", throttling_percent(refusal));
	kd_evidence_integer(look->out, "minutes", (int64_t)refusal->minutes);
}

bool
throttling_cannot_look(const struct look *look, size_t check, size_t refused, size_t demand)
{
	size_t needed[] = {refused, demand};

	for (size_t i = 0; i < KD_COUNT(needed); i++) {
		enum kd_reason reason = kd_missing(look->facts, needed[i]);

		if (reason == KD_KNOWN || reason == KD_NO_DATA)
			continue;
		kd_unknown(look->out, check, NULL, look->facts, needed[i]);
		return true;
	}
	return false;
}

void
throttling_report_few(const struct look *look, size_t check, const char *things, const struct kd_series *refused)
{
	char amount[KD_NUMBER_SIZE];
	double sum = 0;

	(void)kd_series_sum(refused, &sum);
	if (sum > 0)
		kd_find(look->out, check, NULL, KD_OK, "%s %s refused in 15 min, in passing", kd_amount(sum, amount),
		    things);
	else
		kd_find(look->out, check, NULL, KD_OK, "no %s refused in 15 min", things);
}
