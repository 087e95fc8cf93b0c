/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_change: whatever the texts of a finding are, both lines are short, printable ASCII, and the JSON is whole. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "daemon/change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next text of the input, up to a NUL; the last ones are empty. */
static char *
take_text(const uint8_t **data, size_t *size)
{
	size_t len = strnlen((const char *)*data, *size);
	char *text = mem_strndup((const char *)*data, len);

	if (len < *size)
		len++;
	*data += len;
	*size -= len;
	return text;
}

static void
check_line(const char *line)
{
	assert(strlen(line) <= CHANGE_LINE_MAX);
	for (const char *p = line; *p != '\0'; p++)
		assert((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
}

static void
check_change(const struct ledger_change *change)
{
	char *cee = change_line_cee(change), *text = change_line_text(change);
	json_t *object = NULL;

	check_line(cee);
	check_line(text);
	assert(strncmp(cee, "@cee:", 5) == 0 && (object = json_loads(cee + 5, JSON_REJECT_DUPLICATES, NULL)) != NULL);
	assert(strcmp(json_string_value(json_object_get(object, "id")), change->finding->id) == 0);
	assert(strncmp(text, ledger_event_name(change->event), strlen(ledger_event_name(change->event))) == 0);
	json_decref(object);
	free(cee);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct finding finding = {.id = "5f0c2a9e"};
	struct ledger_change change = {.finding = &finding};
	char *account, *region, *name, *why;
	uint8_t kind = size > 0 ? *data : 0;

	if (size > 0) {
		data++;
		size--;
	}
	change.event = (enum ledger_event)(kind & 3);
	finding.severity = (enum kd_severity)((kind >> 2) % (KD_CRITICAL + 1));
	account = take_text(&data, &size);
	region = take_text(&data, &size);
	name = take_text(&data, &size);
	why = take_text(&data, &size);
	if ((kind & 64) == 0)
		finding.stream = stream_id_new(account, region, name);
	if ((kind & 128) != 0)
		change.why = why;
	finding.subject = take_text(&data, &size);
	finding.summary = take_text(&data, &size);
	finding.next = take_text(&data, &size);
	finding.symptom = take_text(&data, &size);
	finding.probe = take_text(&data, &size);
	finding.check = take_text(&data, &size);
	check_change(&change);
	finding_clear(&finding);
	free(account);
	free(region);
	free(name);
	free(why);
	return 0;
}
