/* What superd counts of a service: its failures, the time in each state, and what an upgrade saves of all of it. */
#include "superd/instance/service_stats.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "superd/loop/exit_result.h"

/* The list of failures is allocated at the first one, so that services that never fail do not pay for it. */
void failures_keep(struct failures *failures, const struct failure *failure)
{
	if (!failures->kept)
		failures->kept = calloc(FAILURES_KEPT, sizeof(*failures->kept));
	if (!failures->kept)
		return;
	if (failures->count < FAILURES_KEPT)
		failures->count++;
	memmove(failures->kept + 1, failures->kept, (failures->count - 1) * sizeof(*failures->kept));
	failures->kept[0] = *failure;
}

void failures_add(struct failures *failures, const struct failure *failure)
{
	failures->in_row++;
	failures_keep(failures, failure);
}

void failures_free(struct failures *failures)
{
	free(failures->kept);
	*failures = (struct failures){ 0 };
}

const char *failure_hint(enum failure_hint hint)
{
	static const char *const hints[] = {
		[HINT_NONE] = "",
		[HINT_PORT_TAKEN] = (": the program tried to open the port that superd holds: set pass = bind "
				     "(with -l: --bind)"),
		[HINT_PORT_PERHAPS] = "; if it opens its port itself: pass = bind (with -l: --bind)",
	};

	return hints[hint];
}

void failure_describe(const struct failure *failure, struct buf *out)
{
	char text[48];

	if (!*failure->why)
		status_describe(failure->status, text);
	buf_addf(out, "%s%s", *failure->why ? failure->why : text, failure_hint(failure->hint));
}

/* The time is added up when the state changes, so that no timer is needed. */
void state_times_leave(struct state_times *times, enum state left, double now)
{
	times->seconds[left] += number_max(now - times->entered, 0);
	times->entered = now;
}

double state_times_in(const struct state_times *times, enum state state, enum state current, double since, double now)
{
	double here = state == current ? number_max(now - (times ? times->entered : since), 0) : 0;

	return (times ? times->seconds[state] : 0) + here;
}

#define FIELD(key, path) STATE_FIELD(service_stats, key, path)

const struct service_stats no_stats;

static void save_refused(struct state_saver *saver, const void *object)
{
	const struct service_stats *stats = object;

	for (int reason = 0; reason < REFUSALS; reason++) {
		if (stats->refused[reason])
			buf_addf(&saver->text, "refused=%llu %s\n", (unsigned long long)stats->refused[reason],
				 refusal_text((enum refusal)reason));
	}
}

/* Reads "12 too many from this source (per_source)". Drops a reason that this version does not have. */
static void load_refused(struct state_section *section, void *object)
{
	struct service_stats *stats = object;

	for (size_t n = 0; n < section->count; n++) {
		struct state_entry *entry = &section->entries[n];
		char *text;
		uint64_t count;

		if (strcmp(entry->key, "refused") != 0)
			continue;
		entry->used = true;
		count = strtoull(entry->value, &text, 10);
		for (int reason = 0; *text == ' ' && reason < REFUSALS; reason++) {
			if (!strcmp(refusal_text((enum refusal)reason), text + 1))
				stats->refused[reason] += count;
		}
	}
}

static const struct state_field stats_fields[] = {
	{ FIELD("activations", activations) },
	{ FIELD("accepted", accepted) },
	{ FIELD("failures", failures) },
	{ FIELD("failed_in_row", failed.in_row) },
	{ FIELD("probes", probes) },
	{ FIELD("idle_stops", idle_stops) },
	{ FIELD("relayed", relayed.connections) },
	{ FIELD("relayed_received", relayed.received) },
	{ FIELD("relayed_sent", relayed.sent) },
	{ FIELD("warm_taken", warm_taken) },
	{ FIELD("warm_missed", warm_missed) },
	{ FIELD("pressure_sleeps", pressure_sleeps) },
	{ FIELD("freezes", freezes) },
	{ FIELD("wakes", wakes) },
	{ STATE_BY(service_stats, refused, save_refused, load_refused) },
	{ FIELD("failing", failing) },
	{ FIELD("retries", retries) },
	{ FIELD("skips", skipped_starts) },
	{ FIELD("last_start", last_start) },
	{ FIELD("last_end", last_end) },
	{ FIELD("last_status", last_status) },
	{ FIELD("last_result", last_result), .most = RESULTS - 1 },
	{ FIELD("last_lasted", last_duration) },
	{ FIELD("asked", last_request) },
	{ FIELD("last_wait", last_wait) },
	{ FIELD("last_latency", last_latency) },
	{ FIELD("last_peer", last_peer) },
	{ FIELD("unused_since", unused_since) },
	{ FIELD("idle_memory", idle_memory), .most = STATE_NUMBER_MOST },
};
const struct field_table saved_stats = FIELD_TABLE(NULL, service_stats, stats_fields);

static void save_times(struct state_saver *saver, const void *object)
{
	const struct service_stats *stats = object;

	for (unsigned state = 0; state < STATES; state++)
		state_add_real(&saver->text, state_name((enum state)state), stats->state_times.seconds[state]);
}

/* The time in the present state goes on counting in the next superd, from `entered` on; without that, from now on. */
static void load_times(struct state_section *section, void *object)
{
	struct service_stats *stats = object;

	for (unsigned state = 0; state < STATES; state++)
		stats->state_times.seconds[state] = state_real(section, state_name((enum state)state), 0.);
	stats->state_times.entered = clock_now();
}

static const struct state_field times_fields[] = {
	{ FIELD("cpu", cpu) },
	{ STATE_BY(service_stats, state_times, save_times, load_times) },
	{ FIELD("entered", state_times.entered), .always = true },
};
const struct field_table saved_times = FIELD_TABLE("spent", service_stats, times_fields);
