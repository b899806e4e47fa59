/* The checks of a client, in their order. A service that uses none of them must pay nothing: a check that is not
 * configured costs one comparison, and nothing is looked up before. */
#include "engine/accept/admission.h"

#include <stddef.h>

#include "base/clock.h"
#include "config/access/access.h"
#include "config/access/times.h"
#include "engine/accept/grace.h"
#include "engine/accept/guest_course.h"
#include "engine/accept/record.h"
#include "engine/accept/sensor.h"

#define MINUTE 60.

/* The address as access rules want it; NULL: the client has none. */
static const unsigned char *whole_address(const struct client *client, unsigned char address[SOURCE_SIZE])
{
	if (!client->length)
		return NULL;
	if (client->peer.any.sa_family != AF_INET && client->peer.any.sa_family != AF_INET6)
		return NULL;
	return client_source(client, 128, address) ? address : NULL;
}

static enum refusal judge_access(const struct access *access, const struct client *client, struct questions *asked)
{
	unsigned char address[SOURCE_SIZE];

	if (!access)
		return ADMITTED;
	switch (access_judge(access, whole_address(client, address))) {
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

bool admission_is_time(struct keeper *keeper)
{
	words times = keeper->service->groups->access->access_times;

	return !times || times_include(times, moment_minute(&keeper->engine->moment, ev_now(keeper->engine->loop)));
}

enum refusal admission_judge_address(struct keeper *keeper, const struct client *client, struct questions *asked)
{
	enum refusal refusal = judge_access(keeper->service->access, client, asked);

	if (!refusal && !admission_is_time(keeper))
		refusal = REFUSED_TIME;
	return refusal;
}

/* If the system does not report its load, max_load cannot be kept: superd logs that and lets clients in. */
bool admission_is_loaded(struct keeper *keeper)
{
	int64_t most = keeper->service->groups->access->max_load, load;
	struct event event = { .name = "warning", .service = keeper->service->name };

	if (!most)
		return false;
	load = moment_load(&keeper->engine->moment, clock_now());
	if (load < 0 && !keeper->activity->load_said)
		log_event(keeper->engine->log, LEVEL_WARNING, &event,
			  "max_load cannot be kept: this system does not say its load");
	keeper->activity->load_said = load < 0;
	return load >= most;
}

static struct sighting *find_minute(struct keeper *keeper, const struct client *client, unsigned char *source,
				    double now)
{
	if (!client_source(client, (unsigned)keeper->service->groups->access->per_source_prefix, source))
		return NULL;
	return recent_find(&keeper->engine->minutes, keeper->activity->number, source, now);
}

bool admission_had_minute(struct keeper *keeper, const struct client *client)
{
	int64_t most = keeper->service->groups->access->per_source_cpm;
	unsigned char source[SOURCE_SIZE];
	struct sighting *minute;

	if (most == UNLIMITED)
		return false;
	minute = find_minute(keeper, client, source, clock_now());
	return minute && minute->count >= most;
}

/* Only admitted clients count. Else a client that is refused anyway could keep its address out. */
void admission_count_minute(struct keeper *keeper, const struct client *client)
{
	unsigned char source[SOURCE_SIZE];
	double now = clock_now();
	struct sighting *minute;

	if (keeper->service->groups->access->per_source_cpm == UNLIMITED || !client->length)
		return;
	minute = find_minute(keeper, client, source, now);
	if (!minute)
		minute = recent_note(&keeper->engine->minutes, keeper->activity->number, source, now, now + MINUTE);
	if (minute)
		minute->count++;
}

void admission_count_arrival(struct keeper *keeper, const struct client *client)
{
	if (pace_is_limited(keeper->service->groups->access))
		pace_count(&keeper->activity->pace, keeper->service->groups->access, clock_now());
	admission_count_minute(keeper, client);
}

static bool wants_libwrap(struct keeper *keeper)
{
	return keeper->service->groups->access->libwrap && hosts_access_has_rules(&keeper->engine->wraps);
}

static void find_questions(struct keeper *keeper, struct questions *asked)
{
	const struct access_options *access = keeper->service->groups->access;

	if (wants_libwrap(keeper))
		asked->libwrap = access->libwrap;
	asked->ident = access->id_only ||
		(record_wants_user(keeper->service, true) && advice_may_ask_ident(keeper->engine));
}

static enum refusal judge_number(struct keeper *keeper, const struct guest *guest)
{
	if (guest->progress < PASSED && admission_had_minute(keeper, &guest->client))
		return REFUSED_PER_SOURCE_CPM;
	if (guest->progress < PASSED && admission_is_loaded(keeper))
		return REFUSED_LOAD;
	return keeper_is_full(keeper) ? REFUSED_INSTANCES : ADMITTED;
}

static void count(struct keeper *keeper, struct guest *guest)
{
	keeper->instance_count++;
	if (guest->progress == PASSED)
		return;
	if (guest->client.fd >= 0)
		admission_count_arrival(keeper, &guest->client);
	find_questions(keeper, &guest->asked);
}

enum refusal admission_judge(struct keeper *keeper, struct guest *guest)
{
	enum refusal refusal = ADMITTED;

	guest->asked = (struct questions){ 0 };
	if (guest->progress < PASSED) {
		if (sensor_denies(keeper->engine, &guest->client))
			return REFUSED_SENSOR;
		refusal = admission_judge_address(keeper, &guest->client, &guest->asked);
	}
	if (!refusal)
		refusal = engine_is_full(keeper->engine) ? REFUSED_PROCESSES : guest_enter(keeper, guest);
	if (refusal)
		return refusal;
	refusal = judge_number(keeper, guest);
	if (refusal)
		guest_leave(keeper, guest);
	else
		count(keeper, guest);
	return refusal;
}

bool admission_has_questions(const struct guest *guest)
{
	return guest->asked.name || guest->asked.libwrap || guest->asked.ident;
}

static enum refusal conclude_name(struct keeper *keeper, const struct guest *guest, const struct advice *advice)
{
	unsigned char address[SOURCE_SIZE];
	const unsigned char *whole = whole_address(&guest->client, address);
	const struct access *access = keeper->service->access;

	switch (access_judge(access, whole)) {
	case ACCESS_PERMITTED:
		return ADMITTED;
	case ACCESS_DENIED:
		return REFUSED_ADDRESS;
	case ACCESS_BY_NAME:
		break;
	}
	if (!advice->has_name)
		return REFUSED_NAME_UNASKED;
	if (access_judge_name(access, whole, advice->knows_name ? advice->name : NULL) != ACCESS_PERMITTED)
		return REFUSED_ADDRESS;
	return ADMITTED;
}

static enum refusal conclude_libwrap(struct keeper *keeper, const struct guest *guest, const struct advice *advice)
{
	if (advice->allowed || (!guest->asked.libwrap && !wants_libwrap(keeper)))
		return ADMITTED;
	if (advice->left_to_another)
		return REFUSED_TWIST;
	return advice->has_libwrap ? REFUSED_LIBWRAP : REFUSED_LIBWRAP_UNASKED;
}

/* A check that restricts counts a missing answer as a no; one that only logs does without it. The row may have changed
 * since the question. */
enum refusal admission_conclude(struct keeper *keeper, const struct guest *guest, const struct advice *advice)
{
	static const struct advice no_advice;
	bool was_asked = advice;
	enum refusal refusal;

	if (!was_asked)
		advice = &no_advice;
	refusal = conclude_name(keeper, guest, advice);
	if (!refusal)
		refusal = conclude_libwrap(keeper, guest, advice);
	if (!refusal && keeper->service->groups->access->id_only && !advice->knows_user)
		refusal = was_asked ? REFUSED_IDENT : REFUSED_IDENT_UNASKED;
	return refusal;
}

void admission_recall(struct keeper *keeper)
{
	if (keeper->activity)
		keeper->activity->recalling = true;
	advice_cancel(keeper);
	grace_cancel(keeper);
	guest_recall(keeper);
	if (keeper->activity)
		keeper->activity->recalling = false;
}

void admission_init(struct engine *engine)
{
	uint64_t salt = (uint64_t)(engine_chance(engine) * 0x1p53);

	list_init(&engine->questions);
	list_init(&engine->graced);
	engine->minutes = (struct recent){ .most = MINUTES_MOST, .salt = salt };
	engine->denied = (struct recent){ .most = SENSOR_MOST, .salt = salt };
	engine->judged = (struct recent){ .most = SENSOR_MOST, .salt = salt };
}

void admission_free(struct engine *engine)
{
	advice_free(engine);
	gate_free(&engine->sources);
	recent_free(&engine->minutes);
	recent_free(&engine->denied);
	recent_free(&engine->judged);
}
