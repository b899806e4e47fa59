/* Resumes one service. Its row may have changed: a socket is taken if the row has its endpoint, and gets the row's
 * options; other sockets are closed, and missing ones are opened as by a reload. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "engine/accept/guest_course.h"
#include "engine/core/closing.h"
#include "engine/core/engine_state.h"
#include "engine/drain/twins.h"
#include "engine/idle/idle.h"
#include "engine/instance/course.h"
#include "engine/instance/instance_state.h"
#include "engine/launch/store.h"
#include "engine/listener/rpc.h"
#include "engine/queue/taking.h"
#include "engine/service/keeper_state.h"
#include "engine/service/opening.h"
#include "engine/service/refresh.h"
#include "engine/service/run.h"
#include "engine/upgrade/resume.h"
#include "engine/upgrade/resume_instance.h"
#include "engine/upgrade/upgrade.h"
#include "os/bpf/reuseport_bpf.h"
#include "os/netdiag/foreign_socket.h"

static bool is_endpoint(const struct listen *listen, const char *text)
{
	struct buf own = { 0 };
	bool same;

	endpoint_format(listen->endpoint, &own);
	same = !own.failed && !strcmp(buf_string(&own), text);
	buf_free(&own);
	return same;
}

/* Finds a listener by name and endpoint, else by the endpoint alone. */
static struct listener *find_listener(struct keeper *keeper, const char *name, const char *endpoint)
{
	struct listener *found = NULL;

	for (unsigned n = 0; n < keeper->listener_count; n++) {
		struct listener *one = &keeper->listeners[n];

		if (listener_has_socket(one) || !is_endpoint(one->listen, endpoint))
			continue;
		if (!strcmp(one->listen->name, name))
			return one;
		if (!found)
			found = one;
	}
	return found;
}

static void resume_listener(struct resumed *resumed, struct state_section *section)
{
	const char *name = state_text(section, "name"), *endpoint = state_text(section, "endpoint");
	struct keeper *keeper = resumed->keeper;
	int fd = resume_fd(section, "fd");
	struct listener *listener = NULL;

	if (name && endpoint)
		listener = find_listener(keeper, name, endpoint);
	resumed->listener = listener;
	if (!listener) {
		closing_close(keeper->engine, keeper->service->name, &fd);
		return;
	}
	state_load(section, &listener_state, listener, keeper->engine->loop);
	if (fd < 0)
		return;
	reuseport_bpf_note(fd, state_flag(section, "migrates"));
	if (state_flag(section, "foreign") || (listener->shared && foreign_holder_is(keeper->service->account)))
		foreign_socket_resume(fd);
	listener->used = foreign_socket_is(fd);
	if (!listener_resume(listener, keeper->engine, keeper->service->name, fd))
		listener->shared = listener->used = listener->guarded = false;
	else if (state_flag(section, "registered"))
		rpc_note_registered(keeper->engine, fd);
}

static void resume_parked(struct resumed *resumed, struct state_section *section)
{
	struct parked_client parked = { 0 };
	struct guest guest;

	state_load(section, &parked_state, &parked, NULL);
	if (parked.client.fd < 0)
		return;
	guest = (struct guest){ .client = parked.client, .listener = resumed->listener, .progress = parked.progress,
				.until = parked.until };
	if (!resumed->listener || guest_park(resumed->keeper, &guest) != ADMITTED)
		closing_client(resumed->keeper->engine, resumed->keeper->service->name, &parked.client);
}

static void resume_twins(struct resumed *resumed, struct state_section *section)
{
	struct twins *twins = resumed->keeper->activity->twins ? NULL : twins_resume(resumed->keeper);

	if (twins)
		state_load(section, &twins_state, twins, NULL);
}

static void resume_twin(struct resumed *resumed, struct state_section *section)
{
	int of = (int)state_number(section, "of", -1, INT32_MAX, -1);
	const struct keeper *keeper = resumed->keeper;
	struct twins *twins = keeper->activity->twins;

	struct parted left = { .fd = -1 };

	state_load(section, &parted_state, &left, NULL);
	for (size_t n = 0; twins && left.fd >= 0 && of >= 0 && n < twins->count; n++) {
		if (keeper->listeners[n].io.fd != of || twins->pairs[n].other >= 0)
			continue;
		twins->pairs[n].other = left.fd;
		twins->pairs[n].older = left.younger;
		if (foreign_holder_is(keeper->service->account))
			foreign_socket_resume(left.fd);
		if (!twins->apart)
			twins_linger(twins);
		return;
	}
	if (twins && left.fd >= 0)      /* of an earlier instance, or its listener did not come over */
		twins_keep_for_later(twins, &left);
	fd_close(&left.fd);
}

static void resume_activity(struct resumed *resumed, struct state_section *section)
{
	struct keeper *keeper = resumed->keeper;

	resumed->timer = state_seconds_left(section, "timer");
	resumed->taking = state_seconds_left(section, "taking");
	state_load(section, &activity_state, keeper->activity, keeper->engine->loop);
}

static void resume_latency(struct resumed *resumed, struct state_section *section)
{
	state_load(section, &latency_state, &resumed->keeper->activity->latency, NULL);
}

static void resume_spent(struct resumed *resumed, struct state_section *section)
{
	state_load(section, &spent_state, resumed->keeper->activity, NULL);
}

static void resume_failure(struct resumed *resumed, struct state_section *section)
{
	struct failure failure = { 0 };

	state_load(section, &failure_state, &failure, NULL);
	failures_keep(&resumed->keeper->activity->failed, &failure);
}

/* engine/idle/idle goes on from there once the keeper is seen to run. */
static void resume_idle(struct resumed *resumed, struct state_section *section)
{
	struct idle_left *left = &resumed->keeper->activity->idle_left;

	state_load(section, &idle_left_state, left, NULL);
	left->is_there = true;
}

static void resume_output(struct resumed *resumed, struct state_section *section)
{
	struct keeper *keeper = resumed->keeper;
	bool to_syslog = state_flag(section, "syslog");
	struct output **place = to_syslog ? &keeper->activity->means.syslog : &keeper->activity->means.log;
	struct output_ends ends = {
		.read = resume_fd(section, "read"), .write = resume_fd(section, "write"),
		.pipe = resume_fd(section, "pipe"),
	};
	bool taken = false;

	if (!*place && ends.read >= 0 && ends.write >= 0) {
		*place = output_resume(keeper->engine, keeper->service, to_syslog, &ends);
		taken = *place;
	}
	if (!taken) {
		fd_close(&ends.read);
		fd_close(&ends.write);
		fd_close(&ends.pipe);
		return;
	}
	state_load(section, &output_state, *place, keeper->engine->loop);
}

static void resume_store(struct resumed *resumed, struct state_section *section)
{
	struct keeper *keeper = resumed->keeper;
	struct store **store = &keeper->activity->means.store;
	const char *name = state_text(section, "name");
	struct event event = { .name = "store", .service = keeper->service->name, .reason = name };
	struct kept found = { .fd = -1, .user = service_user(keeper->service) };

	state_load(section, &kept_state, &found, NULL);
	if (!*store)
		*store = store_new(keeper->engine, keeper->service->name);
	if (!*store || !name || found.fd < 0 ||
	    !store_keep(*store, &found.fd, name, strlen(name), found.user, found.is_watched))
		log_event(keeper->engine->log, LEVEL_ERROR, &event,
			  "a descriptor of its store did not come through the upgrade");
	fd_close(&found.fd);
}

static const struct {
	const char *kind;
	void (*read)(struct resumed *resumed, struct state_section *section);
	bool needs_activity;
} kinds[] = {
	{ "listener", resume_listener, false }, { "parked", resume_parked, false },
	{ "activity", resume_activity, true },  { "output", resume_output, true },
	{ "store", resume_store, true },        { "notify", resume_notify, true },
	{ "instance", resume_instance, true },  { "notice", resume_notice, true },
	{ "course", resume_course, true },      { "drain", resume_drain, true },
	{ "latency", resume_latency, true },    { "failure", resume_failure, true },
	{ "twins", resume_twins, true },        { "twin", resume_twin, true },
	{ "idle", resume_idle, true },          { "opening", resume_opening, true },
	{ "outdated", resume_outdated, true },
	{ "refresh", resume_refresh, true },    { "control", resume_control, true },
	{ "search", resume_search, true },      { "spent", resume_spent, true },
};

static void read_part(struct resumed *resumed, struct state_section *section)
{
	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		if (strcmp(kinds[n].kind, section->kind) != 0)
			continue;
		section->used = true;
		if (!kinds[n].needs_activity || keeper_activity(resumed->keeper))
			kinds[n].read(resumed, section);
		return;
	}
}

static enum state state_of(struct state_section *section)
{
	const char *name = state_text(section, "state");

	for (int state = OFF; name && state < STATES; state++) {
		if (!strcmp(state_name((enum state)state), name))
			return (enum state)state;
	}
	state_note_flaw(section, "state");
	return OFF;
}

static bool needs_instance(enum state state)
{
	return state == STARTING || state == RUNNING || state == STOPPING || state == FROZEN;
}

/* Returns a state that is possible for what came over. */
static enum state possible(const struct keeper *keeper, enum state state, bool changed)
{
	bool has_instance = keeper->activity && keeper->activity->current;
	bool accepts = keeper->service->exec->accept;

	if (changed)
		return keeper->removed ? OFF : LISTENING;
	if (accepts ? needs_instance(state) : state == FULL || (needs_instance(state) && !has_instance))
		return LISTENING;
	return state;
}

void resume_service(struct resume *resume, struct keeper *keeper, struct state_section *from,
		    struct state_section *behind)
{
	struct resumed resumed = { .keeper = keeper, .timer = -1., .taking = -1. };
	size_t before = keeper->engine->instances;
	enum state state = state_of(from);

	from->used = true;
	state_load(from, &keeper_state, keeper, NULL);
	resumed.changed = state_flag(from, "accepts") != keeper->service->exec->accept;
	for (struct state_section *section = from + 1; section < behind; section++)
		read_part(&resumed, section);
	resume_close_notifies(&resumed);
	keeper->state = (unsigned char)possible(keeper, state, resumed.changed);
	if (keeper->activity && resumed.timer >= 0.)
		keeper_start_timer(keeper, resumed.timer);
	if (keeper->activity && resumed.taking >= 0. && keeper->state == RUNNING)
		taking_resume(keeper, resumed.taking);
	if (keeper->activity && keeper_is_empty(keeper))
		means_rest(&keeper->activity->means, keeper->engine);
	resume->services++;
	resume->instances += keeper->engine->instances - before;
}

/* Ends the wait for commands that did not come over, and restores what the next ones need. */
static void go_on_with_courses(struct keeper *keeper)
{
	opening_go_on(keeper);
	if (keeper->activity)
		refresh_go_on(keeper);
	LIST_EACH(link, keeper_instances(keeper)) {
		struct instance *instance = container_of(link, struct instance, link);

		if (!instance->course)
			continue;
		guest_resume_plan(instance->course);
		course_go_on(instance->course);
	}
}

void resume_go_on(struct keeper *keeper)
{
	go_on_with_courses(keeper);
	keeper_hear(keeper);            /* commands that did not come over have failed */
	if (keeper->state == OFF || keeper->state == CLOSING) {
		if (keeper->state == OFF && !keeper->disabled && !keeper->removed)
			keeper_event(keeper, ENABLE);
		return;
	}
	if (keeper->state == BINDING) {
		keeper_event(keeper, TIMER);
		return;
	}
	keeper_reopen_unreachable(keeper);
	if (!keeper_is_complete(keeper))
		keeper_event(keeper, BIND_ERROR);
	else if (keeper->state == LISTENING)
		keeper_event(keeper, ENABLE);
	else if (keeper->state == FULL && !keeper_is_full(keeper))
		keeper_event(keeper, ROOM);
	else if (keeper->state == BACKOFF && (!keeper->activity || !ev_is_active(&keeper->activity->timer)))
		keeper_event(keeper, TIMER);
	else
		keeper_rewatch(keeper);
	run_go_on(keeper);
	if (!keeper->service->exec->accept)
		idle_follow(keeper);
	upgrade_freeze_again(keeper);
}
