/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_people: what people say of findings: acks and silences, and their end; refuses to know how they say it. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/text.h"
#include "daemon/ledger_private.h"

static const char expired[] = "expired";

/* "ana (uid 1004)"; who has no name is called "uid 1004" already. The caller's. */
static char *
describe(const struct ledger_person *by)
{
	if (by->uid < 0 || strncmp(by->name, "uid ", 4) == 0)
		return mem_strdup(by->name);
	return mem_printf("%s (uid %" PRId64 ")", by->name, by->uid);
}

static char *
clean(const char *text)
{
	return text == NULL || *text == '\0' ? NULL : text_clean(text, strlen(text), FINDING_TEXT_MAX);
}

static void
tell(struct ledger *ledger, enum ledger_event event, const struct finding *finding, const struct ledger_person *by,
    const char *text, int64_t open_ms, int64_t now_ms)
{
	char *who = describe(by);
	struct ledger_change change = {
	    .ms = now_ms,
	    .event = event,
	    .from = finding->severity,
	    .finding = finding,
	    .why = text,
	    .by = who,
	    .open_ms = open_ms > 0 ? open_ms : 0,
	};

	assert(!ledger->telling);
	ledger_tell(ledger, &change);
	free(who);
}

static void
tell_of(struct ledger *ledger, enum ledger_event event, const struct ledger_item *item, const struct ledger_person *by,
    const char *text, int64_t now_ms)
{
	const struct finding finding = ledger_item_view(item);

	tell(ledger, event, &finding, by, text, now_ms - item->life.opened_ms, now_ms);
}

/* ---- acks ---- */

static struct ledger_item *
find_open(const struct ledger *ledger, const char *id, char **cause)
{
	struct ledger_item *item = ledger_table_find_id(ledger->table, id);

	if (item == NULL)
		return cause_null(cause, "no finding has the id %s", id);
	if (item->life.state != FINDING_OPEN)
		return cause_null(cause, "%s is not open, it is %s (kdiagctl findings lists what is open)", id,
		    finding_state_name((enum finding_state)item->life.state));
	return item;
}

int
ledger_ack(struct ledger *ledger, const char *id, const struct ledger_person *by, const char *text, int64_t now_ms,
    char **cause)
{
	struct ledger_item *item = find_open(ledger, id, cause);

	if (item == NULL)
		return -1;
	ledger_ack_free(item->ack);
	item->ack = mem_new(1, sizeof(*item->ack));
	*item->ack = (struct ledger_ack){
	    .by = mem_strdup(by->name),
	    .text = clean(text),
	    .uid = by->uid,
	    .at_ms = now_ms,
	};
	ledger_table_touch(item, LEDGER_TURNED);
	tell_of(ledger, LEDGER_ACKED, item, by, item->ack->text, now_ms);
	return 0;
}

int
ledger_unack(struct ledger *ledger, const char *id, const struct ledger_person *by, int64_t now_ms, char **cause)
{
	struct ledger_item *item = find_open(ledger, id, cause);

	if (item == NULL)
		return -1;
	if (item->ack == NULL)
		return cause_set(cause, "nobody has acknowledged %s", id);
	ledger_ack_free(item->ack);
	item->ack = NULL;
	ledger_table_touch(item, LEDGER_TURNED);
	tell_of(ledger, LEDGER_UNACKED, item, by, NULL, now_ms);
	return 0;
}

/* ---- silences ---- */

void
ledger_silence_free(struct ledger_silence *silence)
{
	if (silence == NULL)
		return;
	if (silence->stream != NULL)
		stream_id_unref(silence->stream);
	free(silence->probe);
	free(silence->by);
	free(silence->text);
	free(silence);
}

struct ledger_silence *
ledger_silence_copy(const struct ledger_silence *silence)
{
	struct ledger_silence *copy = mem_new(1, sizeof(*copy));

	*copy = *silence;
	copy->stream = ledger_copy_stream(silence->stream);
	copy->probe = mem_strdup(silence->probe);
	copy->by = mem_strdup(silence->by);
	copy->text = mem_strdup(silence->text);
	return copy;
}

static bool
covers(const struct ledger_silence *silence, const struct finding *finding)
{
	if (silence->finding[0] != '\0')
		return strcmp(silence->finding, finding->id) == 0;
	/* What is wrong with kdiag itself is said also while all streams are under maintenance: else nobody would know that it sees nothing. */
	if (finding->stream == NULL ||
	    (silence->stream != NULL && stream_id_compare(silence->stream, finding->stream) != 0))
		return false;
	return silence->probe == NULL || strcmp(silence->probe, finding->probe) == 0;
}

int64_t
ledger_silenced_until(const struct ledger *ledger, const struct finding *finding)
{
	int64_t until_ms = 0;

	for (size_t i = 0; i < ledger->silences_count; i++)
		if (covers(ledger->silences[i], finding) && ledger->silences[i]->until_ms > until_ms)
			until_ms = ledger->silences[i]->until_ms;
	return until_ms;
}

/* A silence as a subject of its own: what its changes are about. Borrowed from the silence. */
static struct finding
stand_in(const struct ledger_silence *silence)
{
	static const char all[] = "*", check[] = "silence", subject[] = "stream", every[] = "all";
	struct finding named = {
	    .stream = silence->stream,
	    .probe = silence->probe != NULL ? silence->probe : (char *)all,
	    .check = (char *)check,
	    .subject = (char *)(silence->stream != NULL ? subject : every),
	    .severity = KD_INFO,
	};

	finding_make_id(&named);
	return named;
}

/* Of one finding the change is told as of that, with its severity; else the silence stands in. */
static void
tell_silence(struct ledger *ledger, enum ledger_event event, const struct ledger_silence *silence,
    const struct ledger_person *by, int64_t now_ms)
{
	const struct ledger_item *item =
	    silence->finding[0] != '\0' ? ledger_table_find_id(ledger->table, silence->finding) : NULL;
	struct finding finding = item != NULL ? ledger_item_view(item) : stand_in(silence);
	char age[KD_AGE_SIZE], *summary = NULL;

	if (silence->finding[0] != '\0' && item == NULL)
		memcpy(finding.id, silence->finding, sizeof(finding.id));
	if (item == NULL) {
		summary = event == LEDGER_SILENCED
			      ? mem_printf("silenced for %s", kd_age((silence->until_ms - now_ms) / 1000, age))
			      : mem_strdup("told again");
		finding.summary = summary;
	}
	tell(ledger, event, &finding, by, silence->text, 0, now_ms);
	free(summary);
}

static size_t
find_silence(const struct ledger *ledger, const char *id)
{
	size_t i;

	for (i = 0; i < ledger->silences_count; i++)
		if (strcmp(ledger->silences[i]->id, id) == 0 || strcmp(ledger->silences[i]->finding, id) == 0)
			break;
	return i;
}

static void
put(struct ledger *ledger, struct ledger_silence *silence_taken)
{
	size_t at = find_silence(ledger, silence_taken->id);

	if (at < ledger->silences_count) {
		ledger_silence_free(ledger->silences[at]);
	} else {
		ledger->silences =
		    mem_resize(ledger->silences, ++ledger->silences_count, sizeof(struct ledger_silence *));
	}
	ledger->silences[at] = silence_taken;
	ledger->silences_changed = true;
}

static struct ledger_silence *
copy_scope(const struct ledger_silence *scope)
{
	struct ledger_silence *copy = mem_new(1, sizeof(*copy));
	struct finding named;

	if (scope->stream != NULL)
		copy->stream = stream_id_ref(scope->stream);
	copy->probe = mem_strdup(scope->probe);
	memcpy(copy->finding, scope->finding, sizeof(copy->finding));
	named = stand_in(copy);
	memcpy(copy->id, scope->finding[0] != '\0' ? scope->finding : named.id, sizeof(copy->id));
	return copy;
}

const struct ledger_silence *
ledger_silence(struct ledger *ledger, const struct ledger_silence *scope, const struct ledger_person *by,
    const char *text, int64_t for_ms, const struct ledger_now *now, char **cause)
{
	struct ledger_silence *silence = copy_scope(scope);

	assert(for_ms > 0);
	if (ledger->silences_count >= LEDGER_SILENCES_MAX &&
	    find_silence(ledger, silence->id) == ledger->silences_count) {
		ledger_silence_free(silence);
		return cause_null(
		    cause, "there are %d silences already: end one (kdiagctl unsilence)", LEDGER_SILENCES_MAX);
	}
	silence->by = mem_strdup(by->name);
	silence->uid = by->uid;
	silence->text = clean(text);
	silence->at_ms = now->ms;
	silence->until_ms = now->ms + for_ms;
	silence->until_mono_ms = now->mono_ms + for_ms;
	put(ledger, silence);
	tell_silence(ledger, LEDGER_SILENCED, silence, by, now->ms);
	return silence;
}

/* Out of the list first, so that its end is not silenced by it. */
static void
end_silence(struct ledger *ledger, size_t at, const struct ledger_person *by, int64_t now_ms)
{
	struct ledger_silence *silence = ledger->silences[at];

	ledger->silences[at] = ledger->silences[--ledger->silences_count];
	ledger->silences_changed = true;
	tell_silence(ledger, LEDGER_UNSILENCED, silence, by, now_ms);
	ledger_silence_free(silence);
}

int
ledger_unsilence(struct ledger *ledger, const char *id, const struct ledger_person *by, int64_t now_ms)
{
	size_t at = find_silence(ledger, id);

	if (at == ledger->silences_count)
		return -1;
	end_silence(ledger, at, by, now_ms);
	return 0;
}

static bool
is_same_stream(const struct stream_id *a, const struct stream_id *b)
{
	return a == NULL || b == NULL ? a == b : stream_id_compare(a, b) == 0;
}

const char *
ledger_silence_find(const struct ledger *ledger, const struct stream_id *stream, const char *probe)
{
	for (size_t i = 0; i < ledger->silences_count; i++) {
		const struct ledger_silence *silence = ledger->silences[i];

		if (silence->finding[0] == '\0' && is_same_stream(silence->stream, stream) &&
		    (probe == NULL ? silence->probe == NULL
				   : silence->probe != NULL && strcmp(silence->probe, probe) == 0))
			return silence->id;
	}
	return NULL;
}

void
ledger_tick(struct ledger *ledger, const struct ledger_now *now)
{
	const struct ledger_person nobody = {expired, -1};

	for (size_t i = ledger->silences_count; i-- > 0;)
		if (ledger->silences[i]->until_mono_ms <= now->mono_ms)
			end_silence(ledger, i, &nobody, now->ms);
	ledger_settle_self(ledger, now->ms);
}

void
ledger_silences(const struct ledger *ledger, ledger_silence_visit visit, void *arg)
{
	for (size_t i = 0; i < ledger->silences_count; i++)
		visit(ledger->silences[i], arg);
}

/* ---- the disk ---- */

bool
ledger_silences_changed(struct ledger *ledger)
{
	bool changed = ledger->silences_changed;

	ledger->silences_changed = false;
	return changed;
}

int
ledger_restore_silence(struct ledger *ledger, const struct ledger_silence *silence, const struct ledger_now *now)
{
	struct ledger_silence *copy;
	int64_t left_ms = silence->until_ms - now->ms, whole_ms = silence->until_ms - silence->at_ms;

	if (ledger->silences_count >= LEDGER_SILENCES_MAX)
		return -1;
	copy = copy_scope(silence);
	/* A row that lost the name of its stream must not silence all of them. */
	if (strcmp(copy->id, silence->id) != 0) {
		ledger_silence_free(copy);
		return -1;
	}
	copy->by = mem_strdup(silence->by);
	copy->text = mem_strdup(silence->text);
	copy->uid = silence->uid;
	copy->at_ms = silence->at_ms;
	copy->until_ms = silence->until_ms;
	/* A clock that stepped back while kdiagd was down must not make it last longer than somebody asked for. */
	copy->until_mono_ms = now->mono_ms + (left_ms < whole_ms ? left_ms : whole_ms);
	put(ledger, copy);
	return 0;
}
