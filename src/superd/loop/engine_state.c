/* Tables of the engine, and of the counts of this folder. */
#include "superd/loop/engine_state.h"

#include <stdlib.h>
#include <string.h>

#include "superd/limits/address_lru.h"
#include "superd/limits/histogram.h"
#include "superd/limits/rate_limit.h"
#include "superd/loop/engine.h"

static const struct state_field latency_fields[] = {
	{ STATE_FIELD(histogram, "count", count), .always = true },
	{ STATE_FIELD(histogram, "sum", sum), .always = true },
	{ STATE_ARRAY(histogram, "bucket", buckets), .always = true },
};
const struct field_table latency_state = FIELD_TABLE("latency", histogram, latency_fields);
const struct field_table thaw_latency_state = FIELD_TABLE("thaw_latency", histogram, latency_fields);

static const struct state_field rate_limit_fields[] = {
	{ STATE_FIELD(rate_limit, "pace_second", begun) },
	{ STATE_FIELD(rate_limit, "pace_in_second", count), .most = STATE_NUMBER_MOST },
};
const struct field_table rate_limit_state = FIELD_TABLE(NULL, rate_limit, rate_limit_fields);

static const struct state_field address_entry_fields[] = {
	{ STATE_FIELD(address_entry, "whose", whose) },
	{ STATE_FIELD_AS(STATE_BYTES, address_entry, "source", source), .always = true },
	{ STATE_FIELD(address_entry, "until", until), .always = true, .endless = true },
	{ STATE_FIELD(address_entry, "count", count), .most = STATE_NUMBER_MOST },
	{ STATE_NONE(address_entry, older, "they come in the order of their age") },
	{ STATE_NONE(address_entry, younger, "they come in the order of their age") },
	{ STATE_NONE(address_entry, next, "its bucket is found anew") },
};
const struct field_table address_entry_state = FIELD_TABLE(NULL, address_entry, address_entry_fields);

#define LIMIT .least = -1, .most = STATE_NUMBER_MOST, .always = true    /* RLIM_INFINITY is -1 */

static void save_losses(struct state_saver *saver, const void *object)
{
	const struct engine *engine = object;

	if (!engine->log)
		return;
	save_number(saver, "log_dropped", (int64_t)log_losses(engine->log)->all);
	save_number(saver, "log_dropped_of_clients", (int64_t)log_losses(engine->log)->of_clients);
}

static void load_losses(struct state_section *section, void *object)
{
	struct engine *engine = object;

	if (!engine->log)
		return;
	log_losses(engine->log)->all += (unsigned long)state_number(section, "log_dropped", 0, INT64_MAX, 0);
	log_losses(engine->log)->of_clients +=
		(unsigned long)state_number(section, "log_dropped_of_clients", 0, INT64_MAX, 0);
}

#define FIELD(key, path) STATE_FIELD(engine, key, path)
#define NONE(path, why) STATE_NONE(engine, path, why)

static const struct state_field engine_fields[] = {
	{ FIELD("nofile_soft", defaults.nofile.rlim_cur), LIMIT },
	{ FIELD("nofile_hard", defaults.nofile.rlim_max), LIMIT },
	{ FIELD("found_soft", defaults.inherited_nofile.rlim_cur), LIMIT },
	{ FIELD("found_hard", defaults.inherited_nofile.rlim_max), LIMIT },
	{ FIELD("activities", accept_states) },
	{ NONE(history_bytes, "counted with the histories") },
	{ FIELD("started", started), .always = true },
	{ FIELD("terminal", has_terminal) },
	{ STATE_BY(engine, log, save_losses, load_losses) },
	{ NONE(loop, "made anew") },
	{ NONE(save_changes, "set with saved_state") },
	{ NONE(open_reader, "set with the control socket's server") },
	{ NONE(control_server, "set with the control socket's server") },
	{ NONE(saved_state, "written anew") },
	{ NONE(unsaved, "the saved state is written anew") },
	{ NONE(unsaved_all, "the saved state is written anew") },
	{ NONE(unsaved_engine, "the saved state is written anew") },
	{ NONE(log_files, "has a table of its own") },
	{ NONE(launch, "has a table of its own") },
	{ NONE(listeners, "made anew by the first use; drains and debts have sections of their own") },
	{ NONE(admission, "has a table of its own") },
	{ NONE(start_queue, "made anew from the tickets of the services") },
	{ NONE(memory_pressure, "looked at again") },
	{ NONE(instances, "listed and counted with the instances; the limit is of the command line") },
	{ NONE(takes_over, "of the command line") },
	{ NONE(freezes, "begins anew when a service is frozen again") },
	{ NONE(defaults, "the rest comes with the process, and from the command line") },
	{ NONE(listen_fds, "taken by the first superd of the process") },
	{ NONE(children, "each goes over with what it is of") },
	{ NONE(unreaped, "their ends are reaped; the count that forbids starts begins at 0") },
	{ NONE(service_list, "made anew for the table") },
	{ NONE(receptions, "the upgrade waits for their answers") },
	{ NONE(closing, "made anew by the first use") },
	{ NONE(conn_queries, "made anew by the first use") },
	{ NONE(close_events, "made anew by the first use") },
	{ NONE(start_time, "a turn of the loop ends before the next superd begins") },
	{ NONE(random_state, "a new seed is as good") },
	{ NONE(number_mask, "each superd has its own") },
	{ NONE(events, "heard of before the state is written") },
	{ NONE(null_input, "opened anew") },
	{ NONE(null_output, "opened anew") },
	{ NONE(spare, "opened anew") },
	{ NONE(stop_ordered, "no upgrade begins then") },
	{ NONE(stopping, "no upgrade begins then") },
	{ NONE(quiet, "ends with the upgrade") },
	{ NONE(locks, "have sections of their own") },
	{ NONE(boot_locks, "their file is read anew") },
	{ NONE(changes, "who waits for them comes over with the control socket") },
};
const struct field_table engine_state = FIELD_TABLE(NULL, engine, engine_fields);
