/* Resumes from the ledger what a service has counted and measured, and what of it is under way. None of these
 * numbers is trusted: one that is out of bounds counts as 0. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/upgrade/resume.h"
#include "engine/upgrade/resume_instance.h"

static uint64_t count_of(struct ledger_section *section, const char *key)
{
	return (uint64_t)ledger_number(section, key, 0, INT64_MAX, 0);
}

static unsigned small_of(struct ledger_section *section, const char *key)
{
	return (unsigned)ledger_number(section, key, 0, UINT32_MAX, 0);
}

/* "12 too many from this source (per_source)". A reason that this version does not have is dropped. */
static void read_refusals(struct activity *activity, struct ledger_section *section)
{
	for (size_t n = 0; n < section->count; n++) {
		struct ledger_entry *entry = &section->entries[n];
		char *text;
		uint64_t count;

		if (strcmp(entry->key, "refused") != 0)
			continue;
		entry->used = true;
		count = strtoull(entry->value, &text, 10);
		for (int reason = 0; *text == ' ' && reason < REFUSALS; reason++) {
			if (!strcmp(refusal_text((enum refusal)reason), text + 1))
				activity->refused[reason] += count;
		}
	}
}

static void read_backlog(struct activity *activity, struct ledger_section *section)
{
	struct backlog *backlog = &activity->backlog;
	size_t length;

	backlog_free(backlog);
	backlog->id = ledger_take_bytes(section, "backlog", BACKLOG_MOST * sizeof(*backlog->id), &length);
	activity->exact = ledger_flag(section, "exact") && backlog->id;
	activity->beside = ledger_flag(section, "beside");
	activity->tried = ledger_flag(section, "tried");
	if (backlog->id)
		backlog->count = backlog->room = length / sizeof(*backlog->id);
}

static void read_counts(struct activity *activity, struct ledger_section *section)
{
	activity->activations = count_of(section, "activations");
	activity->accepted = count_of(section, "accepted");
	activity->probes = count_of(section, "probes");
	activity->idle_stops = count_of(section, "idle_stops");
	activity->freezes = count_of(section, "freezes");
	activity->wakes = count_of(section, "wakes");
	activity->failures = count_of(section, "failures");
	activity->failed.in_row = small_of(section, "failed_in_row");
	read_refusals(activity, section);
	activity->number = (uint64_t)ledger_number(section, "number", 1, INT64_MAX, (int64_t)activity->number);
	activity->named = count_of(section, "named");
	activity->skips = small_of(section, "skips");
	activity->failing = ledger_flag(section, "failing");
	activity->last_start = ledger_real(section, "last_start", 0.);
	activity->last_end = ledger_real(section, "last_end", 0.);
	activity->last_status = (int)ledger_number(section, "last_status", INT32_MIN, INT32_MAX, 0);
	activity->last_result = (unsigned char)ledger_number(section, "last_result", 0, RESULTS - 1, 0);
	activity->last_lasted = ledger_real(section, "last_lasted", 0.);
	activity->last_latency = ledger_real(section, "last_latency", 0.);
	activity->asked = ledger_real(section, "asked", 0.);
	activity->woken = ledger_real(section, "woken", 0.);
	activity->wakeful = ledger_real(section, "wakeful", 0.);
	resume_text(activity->last_peer, sizeof(activity->last_peer), ledger_text(section, "last_peer"));
	activity->pace = (struct pace){
		.second = ledger_real(section, "pace_second", 0.),
		.interval = ledger_real(section, "pace_interval", 0.),
		.in_second = (int64_t)count_of(section, "pace_in_second"),
		.in_interval = (int64_t)count_of(section, "pace_in_interval"),
	};
}

void resume_activity(struct resumed *resumed, struct ledger_section *section)
{
	struct activity *activity = resumed->keeper->activity;

	resumed->timer = ledger_real(section, "timer", -1.);
	resumed->taking = ledger_real(section, "taking", -1.);
	activity->untaken = small_of(section, "untaken");
	activity->waiting = small_of(section, "waiting");
	activity->left = small_of(section, "left");
	activity->fruitless = small_of(section, "fruitless");
	activity->patience = (unsigned)ledger_number(section, "patience", 1, UINT32_MAX, PATIENCE);
	read_backlog(activity, section);
	read_counts(activity, section);
	activity->rest = ledger_real(section, "rest", 0.);
	activity->deactivated = ledger_flag(section, "deactivated");
	activity->load_said = ledger_flag(section, "load_said");
	activity->banners_said = (unsigned char)ledger_number(section, "banners_said", 0, UINT8_MAX, 0);
	activity->eager = ledger_real(section, "eager", 0.);
	activity->ordered = ledger_flag(section, "ordered");
	activity->postponed = (unsigned char)ledger_number(section, "postponed", 0, HAPPENINGS, 0);
	activity->outdated = ledger_flag(section, "outdated");
	if (ledger_text(section, "refused_sender"))
		ledger_bytes(section, "refused_sender", &activity->refused_sender, sizeof(activity->refused_sender));
	activity->refused_at = ledger_real(section, "refused_at", 0.);
	activity->hasty.failures = small_of(section, "hasty");
	activity->frozen = ledger_real(section, "frozen", 0.);
	resume_text(activity->reason, sizeof(activity->reason), ledger_text(section, "reason"));
}

void resume_failure(struct resumed *resumed, struct ledger_section *section)
{
	struct failure failure = {
		.at = ledger_real(section, "at", 0.), .lasted = ledger_real(section, "lasted", 0.),
		.pid = (pid_t)ledger_number(section, "pid", 0, INT32_MAX, 0),
		.status = (int)ledger_number(section, "status", INT32_MIN, INT32_MAX, 0),
		.result = (unsigned char)ledger_number(section, "result", 0, RESULTS - 1, 0),
	};

	resume_text(failure.peer, sizeof(failure.peer), ledger_text(section, "peer"));
	resume_text(failure.why, sizeof(failure.why), ledger_text(section, "why"));
	failures_keep(&resumed->keeper->activity->failed, &failure);
}

void resume_latency(struct resumed *resumed, struct ledger_section *section)
{
	struct latency *latency = &resumed->keeper->activity->latency;
	size_t bucket = 0;

	latency->count = count_of(section, "count");
	latency->sum = ledger_real(section, "sum", 0.);
	for (size_t n = 0; n < section->count && bucket < LATENCY_BUCKETS; n++) {
		if (strcmp(section->entries[n].key, "bucket") != 0)
			continue;
		section->entries[n].used = true;
		latency->buckets[bucket++] = (uint32_t)strtoul(section->entries[n].value, NULL, 10);
	}
}

void resume_spent(struct resumed *resumed, struct ledger_section *section)
{
	struct activity *activity = resumed->keeper->activity;

	activity->cpu = ledger_real(section, "cpu", 0.);
	for (int state = 0; state < STATES; state++)
		activity->spent.seconds[state] = ledger_real(section, state_name((enum state)state), 0.);
	activity->spent.entered = clock_now();
}

/* engine/idle/idle goes on from there once the keeper is seen to run. */
void resume_idle(struct resumed *resumed, struct ledger_section *section)
{
	resumed->keeper->activity->idle_left = (struct idle_left){
		.is_there = true,
		.since = ledger_real(section, "since", 0.),
		.left = ledger_real(section, "left", 0.),
		.wait = ledger_real(section, "wait", 0.),
		.reported = ledger_flag(section, "reported"),
	};
}
