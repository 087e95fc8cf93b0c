/* SPDX-License-Identifier: Apache-2.0 */
/* facts: what one judgement of one probe about one stream sees: a fact for each need, the time, the stream, the probe's state. */
#ifndef KDIAG_FACTS_H
#define KDIAG_FACTS_H

#include <jansson.h>
#include <kdiag/probe.h>

#include "common/stream_id.h"

struct fact;

/* Takes a reference of the stream; facts are added one a need. state: NULL or what the probe kept; copied. */
struct kd_facts *facts_new(struct stream_id *stream, int64_t now_ms, const char *state);
void facts_free(struct kd_facts *facts);
/* Appends the fact for the next need (takes the caller's reference); index 0 first. */
void facts_add_taken(struct kd_facts *facts, struct fact *fact);
size_t facts_count(const struct kd_facts *facts);
const struct fact *facts_at(const struct kd_facts *facts, size_t need);
struct stream_id *facts_stream(const struct kd_facts *facts); /* borrowed */

/*
 * The document of `kdiagctl facts` and of the test cases:
 * {"v":1,"time":…,"account":…,"region":…,"stream":…,"arn":…,"state":…|null,"facts":[…]}; the facts in any order.
 */
json_t *facts_to_json(const struct kd_facts *facts);
/*
 * Reads it and lays it out for a probe's needs (resolved, see need.h); a metric with a longer window than the need's will do. A need that the document lacks is missing: no_data, "not in the facts given".
 */
struct kd_facts *facts_from_json(const json_t *document, const struct kd_need *needs, size_t count, char **cause);

#endif
