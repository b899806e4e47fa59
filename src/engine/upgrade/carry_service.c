/* Writes one service: its keeper, its sockets with the clients that superd has accepted for it, its counts, its
 * pipes and its store.
 *
 * The plan and the names of sockets are not written, as the next superd makes them anew; nor are superd's own
 * processes that wait for work, which end when their channel closes. */
#include "base/clock.h"
#include "engine/upgrade/carry.h"

#include "base/scan.h"
#include "engine/core/engine_state.h"
#include "engine/drain/twins.h"
#include "engine/idle/idle.h"
#include "engine/instance/instance_state.h"
#include "engine/launch/store.h"
#include "engine/listener/rpc.h"
#include "engine/service/keeper.h"
#include "engine/service/keeper_state.h"
#include "engine/service/opening.h"
#include "engine/service/refresh.h"
#include "os/bpf/reuseport_bpf.h"
#include "os/netdiag/foreign_socket.h"

static void carry_listener(struct carry *carry, const struct listener *listener, struct engine *engine)
{
	struct buf endpoint = { 0 };

	if (!listener_has_socket(listener) && !listener->parked)
		return;
	endpoint_format(listener->listen->endpoint, &endpoint);
	carry->text.failed |= endpoint.failed;
	state_save(carry, &listener_state, listener);
	state_add(&carry->text, "name", listener->listen->name);
	state_add(&carry->text, "endpoint", buf_string(&endpoint));
	carry_fd(carry, "fd", listener->io.fd);
	carry_number(carry, "foreign", foreign_socket_is(listener->io.fd));
	carry_number(carry, "migrates", reuseport_bpf_is_noted(listener->io.fd));
	carry_number(carry, "registered", rpc_is_registered(engine, listener->io.fd));
	buf_free(&endpoint);
	for (size_t n = 0; listener->parked && n < listener->parked->count; n++)
		state_save(carry, &parked_state, &listener->parked->list[n]);
}

static void carry_idle(struct carry *carry, const struct keeper *keeper)
{
	struct idle_left left;

	idle_remains(keeper, &left);
	if (!left.is_there)
		return;
	state_save(carry, &idle_left_state, &left);
}

/* The oldest first, as they came. */
static void carry_failures(struct carry *carry, const struct failures *failures)
{
	for (unsigned n = failures->count; n-- > 0;)
		state_save(carry, &failure_state, &failures->kept[n]);
}

/* Second sockets, each with the listener it belongs to. */
static void carry_twins(struct carry *carry, const struct keeper *keeper, const struct twins *twins)
{
	state_save(carry, &twins_state, twins);
	for (size_t n = 0; n < twins->count; n++) {
		if (twins->pairs[n].other < 0)
			continue;
		state_save(carry, &pair_state, &twins->pairs[n]);
		state_add_number(&carry->text, "of", keeper->listeners[n].io.fd);
	}
	for (const struct leftover *at = twins->leftovers; at; at = at->next)
		state_save(carry, &parted_state, &at->socket);
}

/* The reader reads those inherited to their end. */
static void carry_means(struct carry *carry, const struct means *means)
{
	if (means->log)
		state_save(carry, &output_state, means->log);
	if (means->syslog)
		state_save(carry, &output_state, means->syslog);
	if (!means->store)
		return;
	LIST_EACH(link, &means->store->kept)
		state_save(carry, &kept_state, container_of(link, struct kept, link));
}

/* The table has it no more: how what it still runs is to be stopped is known from here alone. */
static void carry_ending(struct carry *carry, const struct service *service)
{
	static const char *const modes[] = {
		[KILL_GROUP] = "group", [KILL_MIXED] = "mixed", [KILL_PROCESS] = "process", [KILL_NONE] = "none",
	};
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;
	char text[32];

	state_add_number(&carry->text, "removed", 1);
	state_add(&carry->text, "kill_signal", scan_signal_name(lifecycle->kill_signal, text));
	state_add(&carry->text, "kill_mode", modes[lifecycle->kill_mode]);
	scan_duration_format(lifecycle->timeout_stop, text);
	state_add(&carry->text, "timeout_stop", text);
}

void carry_service(struct carry *carry, struct keeper *keeper)
{
	struct activity *activity = keeper->activity;
	bool runs_on = keeper->removed && keeper_runs_on(keeper);       /* by itself from now on */

	state_open_section(&carry->text, "service");
	state_add(&carry->text, "name", keeper->service->name);
	state_add(&carry->text, "state", state_name(runs_on ? OFF : (enum state)keeper->state));
	carry_number(carry, "accepts", keeper->service->exec->accept);
	state_save(carry, &keeper_state, keeper);
	if (keeper->removed)
		carry_ending(carry, keeper->service);
	for (unsigned n = 0; n < keeper->listener_count && !runs_on; n++)
		carry_listener(carry, &keeper->listeners[n], keeper->engine);
	if (!activity)
		return;
	state_save(carry, &activity_state, activity);
	if (activity->latency.count)
		state_save(carry, &latency_state, &activity->latency);
	state_save(carry, &spent_state, activity);
	carry_failures(carry, &activity->failed);
	carry_idle(carry, keeper);
	if (activity->twins)
		carry_twins(carry, keeper, activity->twins);
	carry_means(carry, &activity->means);
	opening_carry(carry, keeper);
	refresh_carry(carry, keeper);
	carry_instances(carry, keeper);
}
