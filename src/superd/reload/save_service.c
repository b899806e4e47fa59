/* Writes one service: its runtime, its sockets with parked clients, its counters, its pipes and its fdstore.
 *
 * The plan and the socket names are not written, because the next superd makes them anew. Idle helper processes end
 * when their channel closes. */
#include "lib/clock.h"
#include "superd/accept/accept_state.h"
#include "superd/reload/save.h"

#include "lib/scan.h"
#include "os/netdiag/foreign_socket.h"
#include "superd/health/queue_notes.h"
#include "superd/instance/instance_state.h"
#include "superd/launch/fdstore.h"
#include "superd/listener/rpcbind.h"
#include "superd/listener/socket_store.h"
#include "superd/loop/engine_state.h"
#include "superd/runtime/start_queue.h"
#include "superd/service/runtime_event.h"
#include "superd/service/runtime_state.h"
#include "superd/service/service_reload.h"
#include "superd/service/socket_commands.h"
#include "superd/stop/freeze.h"
#include "superd/stop/idle.h"
#include "superd/stop/standby_socket.h"

/* Whether it may be another user's, and its address: that user may keep the socket's lock. */
static void save_foreign(struct state_saver *saver, int fd)
{
	struct socket_address name;

	if (!foreign_socket_is(fd))
		return;
	save_number(saver, "foreign", 1);
	if (foreign_socket_name(fd, &name))
		state_add_bytes(&saver->text, "address", &name, sizeof(name));
}

static void save_listener(struct state_saver *saver, const struct listener *listener, struct engine *engine)
{
	struct buf endpoint = { 0 };

	if (!listener_has_socket(listener) && !listener->parked)
		return;
	endpoint_format(listener->listen->endpoint, &endpoint);
	saver->text.failed |= endpoint.failed;
	state_save(saver, &listener_state, listener);
	state_add(&saver->text, "name", listener->listen->name);
	state_add(&saver->text, "endpoint", buf_string(&endpoint));
	save_fd(saver, "fd", listener->fd);
	save_foreign(saver, listener->fd);
	save_number(saver, "registered", rpc_is_registered(engine, listener->fd));
	save_text(saver, "stored", socket_store_name(engine, listener->fd));
	buf_free(&endpoint);
	for (size_t n = 0; listener->parked && n < listener->parked->count; n++)
		state_save(saver, &parked_state, &listener->parked->list[n]);
}

static void save_idle(struct state_saver *saver, const struct service_runtime *runtime)
{
	struct idle_saved left;

	idle_get_saved(runtime, &left);
	if (!left.is_there)
		return;
	state_save(saver, &saved_idle, &left);
}

/* Writes the oldest first, in the order of failures_keep. */
static void save_failures(struct state_saver *saver, const struct failures *failures)
{
	for (unsigned n = failures->count; n-- > 0;)
		state_save(saver, &failure_state, &failures->kept[n]);
}

/* Writes the standby sockets, each with the listener it belongs to. */
static void save_standby(struct state_saver *saver, const struct service_runtime *runtime,
			 const struct standby_sockets *standby_sockets)
{
	state_save(saver, &standby_state, standby_sockets);
	for (size_t n = 0; n < standby_sockets->count; n++) {
		if (standby_sockets->pairs[n].other < 0)
			continue;
		state_save(saver, &pair_state, &standby_sockets->pairs[n]);
		state_add_number(&saver->text, "of", runtime->listeners[n].fd);
		save_foreign(saver, standby_sockets->pairs[n].other);
	}
}

/* Writes the pipes and the fdstore. superd-output reads inherited pipes to their end. */
static void save_start_kit(struct state_saver *saver, const struct start_kit *kit)
{
	if (kit->log)
		state_save(saver, &output_state, kit->log);
	if (kit->syslog)
		state_save(saver, &output_state, kit->syslog);
	if (!kit->store)
		return;
	LIST_EACH(link, &kit->store->kept) {
		state_save(saver, &kept_state, container_of(link, struct fdstore_entry, link));
		state_add(&saver->text, "name", container_of(link, struct fdstore_entry, link)->name);
	}
}

/* Writes how the instances of a removed service must be stopped: its entry is in no table. */
static void save_removed_options(struct state_saver *saver, const struct service *service)
{
	static const char *const modes[] = {
		[KILL_GROUP] = "group", [KILL_MIXED] = "mixed", [KILL_PROCESS] = "process", [KILL_NONE] = "none",
	};
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;
	char text[32];

	state_add_number(&saver->text, "removed", 1);
	state_add(&saver->text, "kill_signal", scan_signal_name(lifecycle->kill_signal, text));
	state_add(&saver->text, "kill_mode", modes[lifecycle->kill_mode]);
	scan_duration_format(lifecycle->timeout_stop, text);
	state_add(&saver->text, "timeout_stop", text);
}

void save_service(struct state_saver *saver, struct service_runtime *runtime)
{
	struct service_run *run = runtime->run;
	/* It runs on by itself from now on. */
	bool runs_on = runtime_is_removed(runtime) && runtime_runs_on(runtime);

	state_open_section(&saver->text, "service");
	state_add(&saver->text, "name", runtime->service->name);
	/* The ticket has its place in the line of starts. */
	state_add(&saver->text, "state", state_name(runs_on ? OFF : start_queue_waits(runtime) ? LISTENING
									    : runtime_state(runtime)));
	save_number(saver, "accepts", runtime->service->exec->accept);
	state_save(saver, &saved_runtime, runtime);
	if (runtime_is_removed(runtime))
		save_removed_options(saver, runtime->service);
	for (unsigned n = 0; n < runtime->listener_count && !runs_on; n++)
		save_listener(saver, &runtime->listeners[n], runtime->engine);
	if (!run)
		return;
	state_save(saver, &saved_run, run);
	if (run->notes)
		state_save(saver, &saved_notes, run->notes);
	if (run->accept)
		state_save(saver, &saved_accept, run->accept);
	if (run->freeze_times)
		state_save(saver, &saved_freeze, run->freeze_times);
	for (unsigned n = 0; run->accept && run->accept->sockets && n < runtime->listener_count; n++)
		state_save(saver, &socket_rate_state, &run->accept->sockets[n]);
	if (run->stats.latency.count)
		state_save(saver, &latency_state, &run->stats.latency);
	if (run->stats.thaw_latency.count)
		state_save(saver, &thaw_latency_state, &run->stats.thaw_latency);
	state_times_leave(&run->stats.state_times, runtime_state(runtime), clock_now());
	state_save(saver, &saved_times, &run->stats);
	save_failures(saver, &run->stats.failed);
	save_idle(saver, runtime);
	if (run->standby_sockets)
		save_standby(saver, runtime, run->standby_sockets);
	save_start_kit(saver, &run->kit);
	socket_commands_save(saver, runtime);
	service_reload_save(saver, runtime);
	save_instances(saver, runtime);
}
