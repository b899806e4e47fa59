/* The checks of a client, in their order. A check that is not configured must cost one comparison and no system call:
 * most services use few of them. */
#include "superd/service/admission.h"

#include <stddef.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission_state.h"
#include "superd/service/handover.h"
#include "superd/service/pending.h"
#include "superd/service/sensor.h"
#include "superd/service/slot_wait.h"
#include "superd/service/socket_rest.h"
#include "superd/service/xinetd_record.h"
#include "superd/loop/fd_receive.h"
#include "table/access/access.h"
#include "table/access/times.h"

#define MINUTE 60.

/* Returns the whole address in the form of access rules; NULL: the client has none. */
static const unsigned char *whole_address(const struct client *client, unsigned char address[SOURCE_SIZE])
{
	if (!client->length)
		return NULL;
	if (client->peer.any.sa_family != AF_INET && client->peer.any.sa_family != AF_INET6)
		return NULL;
	return client_source(client, 128, address) ? address : NULL;
}

/* The interface of a link-local client; 0: it is none. */
static unsigned scope_of(const struct client *client)
{
	return client->length && client->peer.any.sa_family == AF_INET6 ? client->peer.in6.sin6_scope_id : 0;
}

static enum refusal check_access(const struct access *access, const struct client *client,
					struct lookup_questions *asked)
{
	unsigned char address[SOURCE_SIZE];

	if (!access)
		return ADMITTED;
	switch (access_judge_at(access, whole_address(client, address), scope_of(client))) {
	case ACCESS_PERMITTED:
		return ADMITTED;
	case ACCESS_BY_NAME:
		asked->name = true;
		return ADMITTED;
	case ACCESS_DENIED:
		break;
	}
	return REFUSED_ADDRESS;
}

bool admission_is_time(struct service_runtime *runtime)
{
	words times = runtime->service->groups->access->access_times;
	struct engine *engine = runtime->engine;

	return !times || times_include(times, time_cache_minute(&engine->admission->time_cache, ev_now(engine->loop)));
}

enum refusal admission_judge_address(struct service_runtime *runtime, struct pending_client *pending)
{
	const struct access *access = listen_prepared(pending->listener->listen)->access;
	enum refusal refusal = check_access(access, &pending->client, &pending->asked);

	if (!refusal && !admission_is_time(runtime))
		refusal = REFUSED_TIME;
	return refusal;
}

/* If the system does not report its load, max_load cannot be kept: superd logs that and lets clients in. */
bool admission_is_loaded(struct service_runtime *runtime)
{
	int64_t most = runtime->service->groups->access->max_load, load;
	struct event event = { .name = "warning", .service = runtime->service->name };

	if (!most)
		return false;
	load = time_cache_load(&runtime->engine->admission->time_cache, clock_now());
	if (load < 0 && !runtime->run->accept->load_error_logged)
		log_event(runtime->engine->log, LEVEL_WARNING, &event,
			  "max_load has no effect: this system does not report its load");
	runtime->run->accept->load_error_logged = load < 0;
	return load >= most;
}

static struct address_entry *find_minute(struct service_runtime *runtime, const struct client *client,
					 unsigned char *source, double now)
{
	if (!client_source(client, (unsigned)runtime->service->groups->access->per_source_prefix, source))
		return NULL;
	return address_lru_find(&runtime->engine->admission->minutes, runtime->run->accept->id, source, now);
}

bool admission_had_minute(struct service_runtime *runtime, const struct client *client)
{
	int64_t most = runtime->service->groups->access->per_source_cpm;
	unsigned char source[SOURCE_SIZE];
	struct address_entry *minute;

	if (most == UNLIMITED)
		return false;
	minute = find_minute(runtime, client, source, clock_now());
	return minute && minute->count >= most;
}

/* Only admitted clients count. Else clients that are refused anyway could block their address. */
void admission_count_minute(struct service_runtime *runtime, const struct client *client)
{
	unsigned char source[SOURCE_SIZE];
	double now = clock_now();
	struct address_entry *minute;

	if (runtime->service->groups->access->per_source_cpm == UNLIMITED || !client->length)
		return;
	minute = find_minute(runtime, client, source, now);
	if (!minute)
		minute = address_lru_note(&runtime->engine->admission->minutes, runtime->run->accept->id, source, now,
					  now + MINUTE);
	if (minute)
		minute->count++;
}

void admission_count_arrival(struct service_runtime *runtime, const struct pending_client *pending)
{
	rate_limit_count(&runtime->run->accept->rate, 1., clock_now());
	socket_rest_count(runtime, pending->listener);
	admission_count_minute(runtime, &pending->client);
}

static bool wants_libwrap(struct service_runtime *runtime)
{
	return runtime->service->groups->access->libwrap &&
	       hosts_access_has_rules(&runtime->engine->admission->hosts_access);
}

/* The start of a client notes the delay of its wake, and the client. One that waits for another try has woken the
 * service before. */
static void count_admitted(struct service_runtime *runtime, struct pending_client *pending)
{
	const struct access_options *access = runtime->service->groups->access;
	const struct history_wake wake = { .at = clock_now(), .delay = -1 };
	bool wakes = !runtime->instance_count;

	runtime_note_phase(runtime);
	runtime->instance_count++;
	runtime_note_phase(runtime);
	if (pending->progress == ADMISSION_PASSED)
		return;
	if (wakes)
		history_add_wake(&runtime->run->history, &wake);
	if (pending->client.fd >= 0)
		admission_count_arrival(runtime, pending);
	if (wants_libwrap(runtime))
		pending->asked.libwrap = access->libwrap;
	pending->asked.ident = access->id_only || (xinetd_record_wants_user(runtime->service, true) &&
						   lookup_may_ask_ident(runtime->engine));
}

enum refusal admission_judge(struct service_runtime *runtime, struct pending_client *pending)
{
	bool is_new = pending->progress < ADMISSION_PASSED;
	enum refusal refusal = ADMITTED;

	pending->asked = (struct lookup_questions){ 0 };
	if (is_new) {
		if (sensor_denies(runtime->engine, &pending->client))
			return REFUSED_SENSOR;
		refusal = admission_judge_address(runtime, pending);
	}
	if (!refusal)
		refusal = instances_are_full(runtime->engine) ? REFUSED_PROCESSES : pending_enter(runtime, pending);
	if (refusal)
		return refusal;
	if (is_new && admission_had_minute(runtime, &pending->client))
		refusal = REFUSED_PER_SOURCE_CPM;
	else if (is_new && admission_is_loaded(runtime))
		refusal = REFUSED_LOAD;
	else if (runtime_is_full(runtime))
		refusal = REFUSED_INSTANCES;
	if (refusal) {
		pending_leave(runtime, pending);
		return refusal;
	}
	count_admitted(runtime, pending);
	return ADMITTED;
}

bool admission_has_questions(const struct pending_client *pending)
{
	return pending->asked.name || pending->asked.libwrap || pending->asked.ident;
}

static enum refusal conclude_name(const struct pending_client *pending, const struct lookup_reply *reply)
{
	unsigned char address[SOURCE_SIZE];
	const unsigned char *whole = whole_address(&pending->client, address);
	const struct access *access = listen_prepared(pending->listener->listen)->access;
	unsigned scope = scope_of(&pending->client);

	switch (access_judge_at(access, whole, scope)) {
	case ACCESS_PERMITTED:
		return ADMITTED;
	case ACCESS_DENIED:
		return REFUSED_ADDRESS;
	case ACCESS_BY_NAME:
		break;
	}
	if (!reply->has_name)
		return REFUSED_NAME_UNASKED;
	if (access_judge_name(access, whole, scope, reply->knows_name ? reply->name : NULL) != ACCESS_PERMITTED)
		return REFUSED_ADDRESS;
	return ADMITTED;
}

static enum refusal conclude_libwrap(struct service_runtime *runtime, const struct pending_client *pending,
				     const struct lookup_reply *reply)
{
	if (reply->allowed || (!pending->asked.libwrap && !wants_libwrap(runtime)))
		return ADMITTED;
	if (reply->twisted)
		return REFUSED_TWIST;
	return reply->has_libwrap ? REFUSED_LIBWRAP : REFUSED_LIBWRAP_UNASKED;
}

/* A missing answer counts as a refusal for a check that restricts, and does not matter for one that only logs. The
 * settings may have changed since the lookup began. */
enum refusal admission_conclude(struct service_runtime *runtime, const struct pending_client *pending,
				const struct lookup_reply *reply)
{
	static const struct lookup_reply no_reply;
	bool was_asked = reply;
	enum refusal refusal;

	if (!was_asked)
		reply = &no_reply;
	refusal = conclude_name(pending, reply);
	if (!refusal)
		refusal = conclude_libwrap(runtime, pending, reply);
	if (!refusal && runtime->service->groups->access->id_only && !reply->knows_user)
		refusal = was_asked ? REFUSED_IDENT : REFUSED_IDENT_UNASKED;
	return refusal;
}

void admission_recall(struct service_runtime *runtime)
{
	struct accept_state *state = accept_state_find(runtime);

	if (state)
		state->recalling = true;
	lookup_cancel(runtime);
	slot_wait_cancel(runtime);
	pending_recall(runtime);
	handover_settle(runtime->engine, runtime);
	if (state)
		state->recalling = false;
}

void admission_init(struct engine *engine, struct admission *admission)
{
	uint64_t salt = (uint64_t)(engine_random(engine) * 0x1p53);

	engine->admission = admission;
	list_init(&admission->lookups);
	list_init(&admission->slot_waits);
	list_init(&admission->fd_waits);
	list_init(&admission->handovers);
	admission->minutes = (struct address_lru){ .most = MINUTES_MOST, .salt = salt };
	admission->denied = (struct address_lru){ .most = SENSOR_MOST, .salt = salt };
	admission->verdicts = (struct address_lru){ .most = SENSOR_MOST, .salt = salt };
}

void admission_free(struct engine *engine)
{
	struct admission *admission = engine->admission;

	lookup_free(engine);
	if (admission->dropping)
		fd_receive_end(admission->dropping);
	free(admission->dropping);
	source_count_free(&engine->instances->by_source);
	address_lru_free(&admission->minutes);
	address_lru_free(&admission->denied);
	address_lru_free(&admission->verdicts);
}

static void save_prefixes(struct state_saver *saver, const void *object)
{
	const struct admission *admission = object;

	for (int prefix = 0; prefix <= 128; prefix++) {
		if (admission->denied_prefixes[prefix])
			state_add_number(&saver->text, "denied_prefix", prefix);
	}
}

static void load_prefixes(struct state_section *section, void *object)
{
	struct admission *admission = object;

	for (size_t n = 0; n < section->count; n++) {
		struct state_entry *entry = &section->entries[n];
		long prefix;

		if (strcmp(entry->key, "denied_prefix") != 0)
			continue;
		entry->used = true;
		prefix = strtol(entry->value, NULL, 10);
		if (prefix >= 0 && prefix <= 128)
			admission->denied_prefixes[prefix] = true;
	}
}

static const struct state_field admission_fields[] = {
	{ STATE_BY(admission, denied_prefixes, save_prefixes, load_prefixes) },
};
const struct field_table admission_state = FIELD_TABLE(NULL, admission, admission_fields);
