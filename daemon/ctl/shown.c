/* SPDX-License-Identifier: Apache-2.0 */
/* shown: owns how one finding reads; knows nothing of where in a page it stands. */
#include "daemon/ctl/shown.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"

void
shown_read(struct shown *shown, const json_t *finding)
{
	const json_t *ack = json_object_get(finding, "ack");

	*shown = (struct shown){
	    .severity = ctl_severity(finding, "severity"),
	    .id = ctl_text(finding, "id"),
	    .probe = ctl_text(finding, "probe"),
	    .check = ctl_text(finding, "check"),
	    .subject = ctl_text(finding, "subject"),
	    .state = ctl_text(finding, "state"),
	    .reason = ctl_text(finding, "reason"),
	    .account = ctl_text(finding, "account"),
	    .region = ctl_text(finding, "region"),
	    .stream = ctl_text(finding, "stream"),
	    .summary = ctl_text(finding, "summary"),
	    .symptom = ctl_text(finding, "symptom"),
	    .step = ctl_text(finding, "step"),
	    .next = ctl_text(finding, "next"),
	    .ack_by = ctl_text(ack, "by"),
	    .ack_text = ctl_text(ack, "text"),
	    .evidence = json_object_get(finding, "evidence"),
	    .first_seen_ms = ctl_time(finding, "first_seen"),
	    .last_seen_ms = ctl_time(finding, "last_seen"),
	    .changed_ms = ctl_time(finding, "changed"),
	    .count = ctl_integer(finding, "count"),
	    .ack_uid = ctl_integer(ack, "uid"),
	    .acked_ms = ctl_time(ack, "at"),
	    .silenced_until_ms = ctl_time(finding, "silenced_until"),
	    .acked = json_is_object(ack),
	    .unseen = ctl_flag(finding, "unseen"),
	    .quiet = ctl_flag(finding, "quiet"),
	    .flapping = ctl_flag(finding, "flapping"),
	};
	if (shown_has_state(shown, "resolved"))
		shown->severity = KD_OK;
	if (shown->unseen && !shown_has_state(shown, "open"))
		shown->severity = KD_UNKNOWN;
}

bool
shown_has_state(const struct shown *shown, const char *state)
{
	return strcmp(shown->state, state) == 0;
}

bool
shown_is_bad(const struct shown *shown)
{
	return shown->severity > KD_INFO && !shown->quiet && shown->silenced_until_ms == 0;
}

/* What limits a finding, in the order of weight; NULL: nothing does. */
static const char *
find_limit(const struct shown *shown)
{
	if (shown->quiet)
		return "explained by another finding";
	if (shown->unseen && strcmp(shown->reason, "") != 0 && shown->severity > KD_UNKNOWN)
		return "not seen in the last look";
	if (shown->flapping)
		return "flapping";
	if (shown_has_state(shown, "pending"))
		return "not open yet";
	if (shown_has_state(shown, "resolved"))
		return "resolved";
	return NULL;
}

char *
shown_sentence(const struct shown *shown)
{
	const char *limit = find_limit(shown), *reason = shown->unseen ? shown->reason : "";
	char *check = shown_check(shown);
	struct str text = {0};

	if (shown->unseen && !shown_has_state(shown, "open") && *shown->summary == '\0')
		str_printf(&text, "%s could not look", check);
	else
		str_add(&text, shown->summary);
	if (limit != NULL)
		str_printf(&text, " (%s%s%s)", limit, *reason != '\0' ? ": " : "", reason);
	free(check);
	return str_take(&text);
}

char *
shown_marked(const struct shown *shown, int64_t now_ms)
{
	char *sentence = shown_sentence(shown), until[SCREEN_AGE_SIZE];
	struct str text = {0};

	str_add(&text, sentence);
	if (shown->acked)
		str_printf(&text, " (acked by %s)", shown->ack_by);
	if (shown->silenced_until_ms != 0)
		str_printf(&text, " (silenced until %s)", screen_minute(shown->silenced_until_ms, now_ms, until));
	free(sentence);
	return str_take(&text);
}

bool
shown_says_again(const struct shown *shown, const char *sentence, char **told)
{
	if (shown->severity != KD_UNKNOWN)
		return false;
	if (*told != NULL && strcmp(*told, sentence) == 0)
		return true;
	free(*told);
	*told = mem_strdup(sentence);
	return false;
}

char *
shown_check(const struct shown *shown)
{
	if (*shown->stream == '\0' && *shown->subject != '\0')
		return mem_printf("%s/%s", shown->check, shown->subject);
	return mem_printf("%s/%s", shown->probe, shown->check);
}

const char *
shown_age(const struct shown *shown, int64_t now_ms, char buf[SCREEN_AGE_SIZE])
{
	int64_t since_ms = shown_has_state(shown, "resolved") ? shown->changed_ms : shown->first_seen_ms;

	buf[0] = '\0';
	return since_ms == 0 || shown_has_state(shown, "ok") ? buf : screen_age(now_ms - since_ms, buf);
}

/* ---- lists ---- */

struct table *
shown_table_new(const struct ctl *ctl)
{
	static const enum table_kind kinds[] = {
	    TABLE_LEFT, TABLE_NAME, TABLE_LEFT, TABLE_WRAP, TABLE_RIGHT, TABLE_LEFT};

	return table_new(&ctl->screen, kinds, KD_COUNT(kinds));
}

void
shown_table_add(struct table *table, const struct shown *shown, const char *name, const char *place,
    const char *sentence, int64_t now_ms)
{
	char age[SCREEN_AGE_SIZE];
	const char *cells[] = {
	    screen_word(shown->severity), name, place, sentence, shown_age(shown, now_ms, age), shown->id};

	table_add(table, shown->severity, cells);
}

char *
shown_place(const char *account, const char *region, bool many_accounts)
{
	return many_accounts && *account != '\0' ? mem_printf("%s/%s", account, region) : mem_strdup(region);
}

bool
shown_many_accounts(const json_t *objects)
{
	const char *first = NULL, *account;

	for (size_t i = 0; i < json_array_size(objects); i++) {
		account = ctl_text(json_array_get(objects, i), "account");
		if (*account == '\0')
			continue;
		if (first != NULL && strcmp(first, account) != 0)
			return true;
		first = account;
	}
	return false;
}

char *
shown_title(const struct screen *screen, const char *name, const char *account, const char *region)
{
	const char *dot = screen_dot(screen);

	if (*name == '\0')
		return mem_strdup("kdiagd itself");
	if (*account == '\0')
		return mem_printf("%s%s%s", name, dot, region);
	return mem_printf("%s%s%s%s%s", name, dot, account, dot, region);
}
