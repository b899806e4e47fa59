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
};
const struct field_table address_entry_state = FIELD_TABLE("denied", address_entry, address_entry_fields);

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

static const struct state_field engine_fields[] = {
	{ FIELD("nofile_soft", defaults.nofile.rlim_cur), LIMIT },
	{ FIELD("nofile_hard", defaults.nofile.rlim_max), LIMIT },
	{ FIELD("found_soft", defaults.inherited_nofile.rlim_cur), LIMIT },
	{ FIELD("found_hard", defaults.inherited_nofile.rlim_max), LIMIT },
	{ FIELD("activities", accept_states) },
	{ FIELD("started", started), .always = true },
	{ FIELD("terminal", has_terminal) },
	{ STATE_BY(engine, log, save_losses, load_losses) },
};
const struct field_table engine_state = FIELD_TABLE(NULL, engine, engine_fields);
