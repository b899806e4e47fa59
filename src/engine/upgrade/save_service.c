/* Writes one service: its runtime, its sockets with the clients that superd has accepted for it, its counts, its
 * pipes and its store.
 *
 * The plan and the names of sockets are not written, as the next superd makes them anew; nor are superd's own
 * processes that wait for work, which end when their channel closes. */
#include "base/clock.h"
#include "engine/accept/accept_state.h"
#include "engine/upgrade/save.h"

#include "base/scan.h"
#include "engine/core/engine_state.h"
#include "engine/drain/standby_socket.h"
#include "engine/freeze/freeze.h"
#include "engine/health/queue_guard.h"
#include "engine/idle/idle.h"
#include "engine/instance/instance_state.h"
#include "engine/launch/fdstore.h"
#include "engine/listener/rpcbind.h"
#include "engine/service/runtime_event.h"
#include "engine/service/runtime_state.h"
#include "engine/service/service_reload.h"
#include "engine/service/socket_commands.h"
#include "os/bpf/reuseport_bpf.h"
#include "os/netdiag/foreign_socket.h"

static void save_listener(struct state_saver *carry, const struct listener *listener, struct engine *engine)
{
	struct buf endpoint = { 0 };

	if (!listener_has_socket(listener) && !listener->parked)
		return;
	endpoint_format(listener->listen->endpoint, &endpoint);
	carry->text.failed |= endpoint.failed;
	state_save(carry, &listener_state, listener);
	state_add(&carry->text, "name", listener->listen->name);
	state_add(&carry->text, "endpoint", buf_string(&endpoint));
	save_fd(carry, "fd", listener->io.fd);
	save_number(carry, "foreign", foreign_socket_is(listener->io.fd));
	save_number(carry, "migrates", reuseport_bpf_is_noted(listener->io.fd));
	save_number(carry, "registered", rpc_is_registered(engine, listener->io.fd));
	buf_free(&endpoint);
	for (size_t n = 0; listener->parked && n < listener->parked->count; n++)
		state_save(carry, &parked_state, &listener->parked->list[n]);
}

static void save_idle(struct state_saver *carry, const struct service_runtime *runtime)
{
	struct idle_saved left;

	idle_get_saved(runtime, &left);
	if (!left.is_there)
		return;
	state_save(carry, &saved_idle, &left);
}

/* The oldest first, as they came. */
static void save_failures(struct state_saver *carry, const struct failures *failures)
{
	for (unsigned n = failures->count; n-- > 0;)
		state_save(carry, &failure_state, &failures->kept[n]);
}

/* Second sockets, each with the listener it belongs to. */
static void save_twins(struct state_saver *carry, const struct service_runtime *runtime,
		       const struct standby_sockets *standby_sockets)
{
	state_save(carry, &standby_state, standby_sockets);
	for (size_t n = 0; n < standby_sockets->count; n++) {
		if (standby_sockets->pairs[n].other < 0)
			continue;
		state_save(carry, &pair_state, &standby_sockets->pairs[n]);
		state_add_number(&carry->text, "of", runtime->listeners[n].io.fd);
	}
	for (const struct standby_leftover *at = standby_sockets->leftovers; at; at = at->next)
		state_save(carry, &leftover_state, &at->socket);
}

/* The reader reads those inherited to their end. */
static void save_means(struct state_saver *carry, const struct start_kit *kit)
{
	if (kit->log)
		state_save(carry, &output_state, kit->log);
	if (kit->syslog)
		state_save(carry, &output_state, kit->syslog);
	if (!kit->store)
		return;
	LIST_EACH(link, &kit->store->kept)
		state_save(carry, &kept_state, container_of(link, struct fdstore_entry, link));
}

/* The table has it no more: how what it still runs is to be stopped is known from here alone. */
static void save_ending(struct state_saver *carry, const struct service *service)
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

void save_service(struct state_saver *carry, struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;
	bool runs_on = runtime_is_removed(runtime) && runtime_runs_on(runtime);    /* by itself from now on */

	state_open_section(&carry->text, "service");
	state_add(&carry->text, "name", runtime->service->name);
	state_add(&carry->text, "state", state_name(runs_on ? OFF : runtime_state(runtime)));
	save_number(carry, "accepts", runtime->service->exec->accept);
	state_save(carry, &saved_runtime, runtime);
	if (runtime_is_removed(runtime))
		save_ending(carry, runtime->service);
	for (unsigned n = 0; n < runtime->listener_count && !runs_on; n++)
		save_listener(carry, &runtime->listeners[n], runtime->engine);
	if (!run)
		return;
	state_save(carry, &saved_run, run);
	if (run->guard)
		state_save(carry, &saved_guard, run->guard);
	if (run->accept)
		state_save(carry, &saved_accept, run->accept);
	if (run->freeze_times)
		state_save(carry, &saved_freeze, run->freeze_times);
	if (run->stats.latency.count)
		state_save(carry, &latency_state, &run->stats.latency);
	state_times_leave(&run->stats.state_times, runtime_state(runtime), clock_now());
	state_save(carry, &saved_times, &run->stats);
	save_failures(carry, &run->stats.failed);
	save_idle(carry, runtime);
	if (run->standby_sockets)
		save_twins(carry, runtime, run->standby_sockets);
	save_means(carry, &run->kit);
	socket_commands_carry(carry, runtime);
	service_reload_carry(carry, runtime);
	save_instances(carry, runtime);
}
