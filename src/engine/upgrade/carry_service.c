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
#include "os/bpf/migration.h"
#include "os/netdiag/foreign_socket.h"

static void carry_parked(struct carry *carry, const struct parked *parked)
{
	for (size_t n = 0; parked && n < parked->count; n++) {
		const struct client *client = &parked->list[n].client;

		ledger_open(&carry->text, "parked");
		carry_fd(carry, "fd", client->fd);
		carry_number(carry, "progress", parked->list[n].progress);
		carry_real(carry, "until", parked->list[n].until);
		if (client->length)
			ledger_add_bytes(&carry->text, "peer", &client->peer, client->length);
	}
}

static void carry_listener(struct carry *carry, const struct listener *listener, struct engine *engine)
{
	struct buf endpoint = { 0 };

	if (!listener_has_socket(listener) && !listener->parked)
		return;
	endpoint_format(listener->listen->endpoint, &endpoint);
	carry->text.failed |= endpoint.failed;
	ledger_open(&carry->text, "listener");
	ledger_add(&carry->text, "name", listener->listen->name);
	ledger_add(&carry->text, "endpoint", buf_string(&endpoint));
	carry_fd(carry, "fd", listener->io.fd);
	carry_number(carry, "shared", listener->shared);
	carry_number(carry, "foreign", foreign_socket_is(listener->io.fd));
	carry_number(carry, "migrates", migration_is_noted(listener->io.fd));
	carry_number(carry, "inherited", listener->inherited);
	carry_number(carry, "tries", listener->tries);
	carry_number(carry, "guarded", listener->guarded);
	carry_number(carry, "registered", rpc_is_registered(engine, listener->io.fd));
	buf_free(&endpoint);
	carry_parked(carry, listener->parked);
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
	ledger_open(&carry->text, "twins");
	carry_number(carry, "apart", twins->apart);
	for (size_t n = 0; n < twins->count; n++) {
		if (twins->pairs[n].other < 0)
			continue;
		ledger_open(&carry->text, "twin");
		carry_fd(carry, "fd", twins->pairs[n].other);
		ledger_add_number(&carry->text, "of", keeper->listeners[n].io.fd);
		carry_number(carry, "older", twins->pairs[n].older);
	}
	for (const struct leftover *at = twins->leftovers; at; at = at->next) {
		ledger_open(&carry->text, "twin");
		carry_fd(carry, "fd", at->socket.fd);
		carry_number(carry, "older", at->socket.younger);       /* the listener is */
	}
}

/* The writing end goes over, too: what backends have is a copy of it. */
static void carry_output(struct carry *carry, const struct output *output)
{
	if (!output)
		return;
	ledger_open(&carry->text, "output");
	carry_number(carry, "syslog", output->to_syslog);
	carry_output_ends(carry, output);
	carry_fd(carry, "write", output->write_end);
	carry_number(carry, "pid", output->pid);
	if (output->length)
		ledger_add_bytes(&carry->text, "line", output->line, output->length);
}

static void carry_store(struct carry *carry, const struct store *store)
{
	LIST_EACH(link, (struct list *)(size_t)&store->kept) {
		const struct kept *kept = container_of(link, struct kept, link);

		ledger_open(&carry->text, "store");
		carry_fd(carry, "fd", kept->fd);
		ledger_add(&carry->text, "name", kept->name);
		carry_number(carry, "watched", kept->is_watched);
		ledger_add_number(&carry->text, "user", kept->user);
	}
}

/* The table has it no more: how what it still runs is to be stopped is known from here alone. */
static void carry_ending(struct carry *carry, const struct service *service)
{
	static const char *const modes[] = {
		[KILL_GROUP] = "group", [KILL_MIXED] = "mixed", [KILL_PROCESS] = "process", [KILL_NONE] = "none",
	};
	const struct life *life = service->terms->life;
	char text[32];

	ledger_add_number(&carry->text, "removed", 1);
	ledger_add(&carry->text, "kill_signal", scan_signal_name(life->kill_signal, text));
	ledger_add(&carry->text, "kill_mode", modes[life->kill_mode]);
	scan_duration_format(life->timeout_stop, text);
	ledger_add(&carry->text, "timeout_stop", text);
}

void carry_service(struct carry *carry, struct keeper *keeper)
{
	struct activity *activity = keeper->activity;
	bool runs_on = keeper->removed && keeper_runs_on(keeper);       /* by itself from now on */

	ledger_open(&carry->text, "service");
	ledger_add(&carry->text, "name", keeper->service->name);
	ledger_add(&carry->text, "state", state_name(runs_on ? OFF : (enum state)keeper->state));
	carry_number(carry, "accepts", keeper->service->what->accept);
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
	carry_output(carry, activity->means.log);
	carry_output(carry, activity->means.syslog);    /* those inherited the reader reads to their end */
	if (activity->means.store)
		carry_store(carry, activity->means.store);
	opening_carry(carry, keeper);
	refresh_carry(carry, keeper);
	carry_instances(carry, keeper);
}
