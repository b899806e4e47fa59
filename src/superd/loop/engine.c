/* The few functions that all parts of the engine share. The generator is xorshift64*, which suffices for jitter. */
#include "superd/loop/engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/fd.h"
#include "superd/limits/address_lru.h"
#include "superd/limits/histogram.h"
#include "superd/limits/rate_limit.h"
#include "superd/saved/state_field.h"

#define COUNTED 256                     /* descriptors, at most; superd opens less between two counts */

double engine_random(struct engine *engine)
{
	uint64_t x = engine->random_state ? engine->random_state : 0x9e3779b97f4a7c15;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	engine->random_state = x;
	return (double)(x * 0x2545f4914f6cdd1d >> 11) / (double)(1ull << 53);
}

const char *engine_variable(const struct engine *engine, const char *name)
{
	size_t length = strlen(name);

	for (char **at = engine->defaults.environment; at && *at; at++) {
		if (!strncmp(*at, name, length) && (*at)[length] == '=')
			return *at + length + 1;
	}
	return NULL;
}

/* The kernel gives the lowest free number, so all above the highest one that it ever gave are free. If these are many,
 * superd need not count. From FD_LISTENER on, since listeners are there while lower ones are free. */
size_t engine_count_free(struct engine *engine, size_t most)
{
	int first = fcntl(engine->null_output, F_DUPFD_CLOEXEC, FD_LISTENER), copies[COUNTED];
	struct rlimit limit;
	size_t count = 0;
	bool is_far;

	if (first > engine->highest_free)
		engine->highest_free = first;
	is_far = first >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
		 (rlim_t)engine->highest_free + COUNTED < limit.rlim_cur;
	fd_close(&first);
	if (is_far)
		return most;
	while (count < most && count < COUNTED &&
	       (copies[count] = fcntl(engine->null_output, F_DUPFD_CLOEXEC, 0)) >= 0)
		count++;
	for (size_t n = 0; n < count; n++)
		fd_close(&copies[n]);
	return count;
}

uid_t service_user(const struct service *service)
{
	const struct account *account = service->account;

	return account ? account->uid : geteuid();
}

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
