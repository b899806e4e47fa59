/* Describes whether a service is idle and since when. The last count of connections may have been made at the end of an
 * idle_timeout, and says nothing of clients that came since, unless somebody asks (idle_ask). */
#include "superd/stop/idle.h"

#include "lib/clock.h"
#include "superd/stop/idle_internal.h"

static enum idle_status status_of_phase(const struct idle *idle)
{
	if (idle->busy.until > 0)
		return IDLE_BUSY;
	switch (idle->phase) {
	case IDLE_ASKING:
	case IDLE_NO_CLIENTS:
		return IDLE_UNUSED;
	case IDLE_HAS_CLIENTS:
		return IDLE_USED;
	case IDLE_WAS_REPORTED:
		return IDLE_REPORTED;
	case IDLE_WAITS_FOR_TURN:
		return IDLE_POSTPONED;
	case IDLE_GOES:
		return IDLE_LETTING_GO;
	default:
		return IDLE_UNKNOWN;
	}
}

/* A frozen service has no struct idle any more. */
bool idle_describe(const struct service_runtime *runtime, struct idle_account *account)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	const struct service_run *run = runtime->run;
	const struct idle *idle = run ? run->idle : NULL;
	const struct service_clients *clients = run ? run->clients : NULL;
	const struct conn_count *own;

	if (!idle && (!run || runtime_state(runtime) != FROZEN || !service_idles(runtime->service)))
		return false;
	*account = (struct idle_account){
		.standing = idle ? status_of_phase(idle) : IDLE_FROZEN,
		.timeout = (double)lifecycle->idle_timeout / 1e6,
		.action = lifecycle->idle_action,
		.busy = idle ? idle->busy.why : NULL,
		.quiet_sleep = idle ? idle->clients->quiet_after > 0 : lifecycle->idle_means == IDLE_MEANS_QUIET,
		.since = idle ? idle->since : run->idle_saved ? run->idle_saved->unused_since : 0,
	};
	if (clients && clients->at > 0) {
		account->counted = clients->at;
		account->known = clients->known;
		account->connections = clients->connections;
		account->peers = clients->peers;
		account->own_connections = service_clients_own(clients);
		own = clients->query.conns + clients->count;
		for (size_t n = 0; n < clients->own_count && !account->own; n++)
			account->own = own[n].count ? &own[n] : NULL;
	} else if (!idle && run->idle_saved) {
		account->connections = run->idle_saved->connections;
		account->known = account->connections;
	}
	if (account->connections && !account->quiet_sleep)
		account->since = 0;
	return true;
}

double idle_last_used(const struct service_runtime *runtime)
{
	const struct idle *idle = runtime->run ? runtime->run->idle : NULL;

	if (!idle)
		return runtime_stats(runtime)->gaps.unused;
	return idle->since <= 0 && idle->phase == IDLE_NOT_COUNTED ? idle->last_closed : idle->since;
}

double idle_present_gap(const struct service_runtime *runtime)
{
	const struct idle *idle = runtime->run ? runtime->run->idle : NULL;
	double since = idle ? idle->since : runtime_stats(runtime)->gaps.unused;

	return since > 0 ? clock_now() - since : 0;
}

const char *idle_status_word(enum idle_status standing)
{
	static const char *const texts[] = {
		[IDLE_UNKNOWN] = "unknown", [IDLE_USED] = "used", [IDLE_UNUSED] = "unused",
		[IDLE_REPORTED] = "reported", [IDLE_BUSY] = "busy", [IDLE_POSTPONED] = "postponed",
		[IDLE_LETTING_GO] = "letting-go", [IDLE_FROZEN] = "frozen",
	};

	return texts[standing];
}
