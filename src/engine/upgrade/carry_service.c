/* Writes one service: its keeper, its sockets with the clients that superd has accepted for it, its counts, its
 * pipes and its store.
 *
 * The plan and the names of sockets are not written, as the next superd makes them anew; nor are superd's own
 * processes that wait for work, which end when their channel closes. */
#include "base/clock.h"
#include "engine/upgrade/carry.h"

#include "base/scan.h"
#include "engine/core/refusal.h"
#include "engine/drain/twins.h"
#include "engine/idle/idle.h"
#include "engine/launch/store.h"
#include "engine/listener/rpc.h"
#include "engine/service/keeper.h"
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

static void carry_pace(struct carry *carry, const struct pace *pace)
{
	carry_real(carry, "pace_second", pace->second);
	carry_real(carry, "pace_interval", pace->interval);
	carry_number(carry, "pace_in_second", pace->in_second);
	carry_number(carry, "pace_in_interval", pace->in_interval);
}

static void carry_counts(struct carry *carry, const struct activity *activity)
{
	carry_number(carry, "activations", (int64_t)activity->activations);
	carry_number(carry, "accepted", (int64_t)activity->accepted);
	carry_number(carry, "probes", (int64_t)activity->probes);
	carry_number(carry, "idle_stops", (int64_t)activity->idle_stops);
	carry_number(carry, "freezes", (int64_t)activity->freezes);
	carry_number(carry, "wakes", (int64_t)activity->wakes);
	carry_number(carry, "failures", (int64_t)activity->failures);
	carry_number(carry, "failed_in_row", activity->failed.in_row);
	for (int reason = 0; reason < REFUSALS; reason++) {
		if (activity->refused[reason])
			buf_addf(&carry->text, "refused=%llu %s\n", (unsigned long long)activity->refused[reason],
				 refusal_text((enum refusal)reason));
	}
	carry_number(carry, "number", (int64_t)activity->number);
	carry_number(carry, "named", (int64_t)activity->named);
	carry_number(carry, "skips", activity->skips);
	carry_number(carry, "failing", activity->failing);
	carry_real(carry, "last_start", activity->last_start);
	carry_real(carry, "last_end", activity->last_end);
	carry_number(carry, "last_status", activity->last_status);
	carry_number(carry, "last_result", activity->last_result);
	carry_real(carry, "last_lasted", activity->last_lasted);
	carry_text(carry, "last_peer", activity->last_peer);
	carry_real(carry, "last_latency", activity->last_latency);
	carry_real(carry, "asked", activity->asked);
	carry_real(carry, "woken", activity->woken);
	carry_real(carry, "wakeful", activity->wakeful);
}

static void carry_idle(struct carry *carry, const struct keeper *keeper)
{
	struct idle_left left;

	idle_remains(keeper, &left);
	if (!left.is_there)
		return;
	ledger_open(&carry->text, "idle");
	carry_real(carry, "since", left.since);
	carry_real(carry, "left", left.left);
	carry_real(carry, "wait", left.wait);
	carry_number(carry, "reported", left.reported);
}

/* Its bounds never change. */
static void carry_latency(struct carry *carry, const struct latency *latency)
{
	if (!latency->count)
		return;
	ledger_open(&carry->text, "latency");
	ledger_add_number(&carry->text, "count", (int64_t)latency->count);
	ledger_add_real(&carry->text, "sum", latency->sum);
	for (int n = 0; n < LATENCY_BUCKETS; n++)
		ledger_add_number(&carry->text, "bucket", latency->buckets[n]);
}

/* The state it is in counts up to now, and goes on in the next superd. */
static void carry_spent(struct carry *carry, const struct keeper *keeper)
{
	double now = clock_now();

	ledger_open(&carry->text, "spent");
	carry_real(carry, "cpu", keeper->activity->cpu);
	for (int state = 0; state < STATES; state++)
		ledger_add_real(&carry->text, state_name((enum state)state),
				spent_in(&keeper->activity->spent, (enum state)state, (enum state)keeper->state,
					 keeper->since, now));
}

/* The oldest first, as they came. */
static void carry_failures(struct carry *carry, const struct failures *failures)
{
	for (unsigned n = failures->count; n-- > 0;) {
		const struct failure *failure = &failures->kept[n];

		ledger_open(&carry->text, "failure");
		carry_real(carry, "at", failure->at);
		carry_real(carry, "lasted", failure->lasted);
		carry_number(carry, "pid", failure->pid);
		carry_number(carry, "status", failure->status);
		carry_number(carry, "result", failure->result);
		carry_text(carry, "peer", failure->peer);
		carry_text(carry, "why", failure->why);
	}
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

static void carry_activity(struct carry *carry, struct activity *activity)
{
	ledger_open(&carry->text, "activity");
	carry_timer(carry, "timer", &activity->timer);
	carry_number(carry, "waiting", activity->waiting);
	carry_number(carry, "left", activity->left);
	carry_number(carry, "fruitless", activity->fruitless);
	carry_number(carry, "patience", activity->patience);
	carry_number(carry, "exact", activity->exact);
	carry_number(carry, "beside", activity->beside);
	carry_number(carry, "tried", activity->tried);
	if (activity->exact)
		ledger_add_bytes(&carry->text, "backlog", activity->backlog.id,
				 activity->backlog.count * sizeof(*activity->backlog.id));
	carry_counts(carry, activity);
	carry_pace(carry, &activity->pace);
	carry_real(carry, "rest", activity->rest);
	carry_number(carry, "deactivated", activity->deactivated);
	carry_number(carry, "load_said", activity->load_said);
	carry_number(carry, "banners_said", activity->banners_said);
	carry_real(carry, "eager", activity->eager);
	carry_number(carry, "ordered", activity->ordered);
	carry_number(carry, "postponed", activity->postponed);
	carry_number(carry, "hasty", activity->hasty.failures);
	carry_real(carry, "frozen", activity->frozen);
	carry_timer(carry, "taking", &activity->taking);
	carry_number(carry, "untaken", activity->untaken);
	carry_number(carry, "outdated", activity->outdated);
	ledger_add_bytes(&carry->text, "refused_sender", &activity->refused_sender, sizeof(activity->refused_sender));
	carry_real(carry, "refused_at", activity->refused_at);
	carry_text(carry, "reason", activity->reason);
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
	carry_real(carry, "since", keeper->since);
	carry_number(carry, "held", keeper->held);
	carry_number(carry, "disabled", keeper->disabled);
	carry_number(carry, "drains", keeper->drains);
	carry_number(carry, "halted", keeper->halted);
	carry_number(carry, "freezes", keeper->freezes);
	if (keeper->removed)
		carry_ending(carry, keeper->service);
	carry_number(carry, "bound", keeper->bound);
	carry_number(carry, "started", keeper->started);
	carry_number(carry, "backoff", keeper->backoff.failures);
	for (unsigned n = 0; n < keeper->listener_count && !runs_on; n++)
		carry_listener(carry, &keeper->listeners[n], keeper->engine);
	if (!activity)
		return;
	carry_activity(carry, activity);
	carry_latency(carry, &activity->latency);
	carry_spent(carry, keeper);
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
