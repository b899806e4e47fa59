/* Describes whether a service is idle and since when. The last count of connections was made at the end of an
 * idle_timeout and says nothing of clients that came since; a struct idle_count counts them anew. */
#include "lib/clock.h"
#include "superd/stop/idle.h"

#include <netinet/in.h>

#include "superd/stop/idle_internal.h"
#include "superd/stop/stop.h"

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
	case IDLE_FREEZING:
	case IDLE_LAST_COUNT:
		return IDLE_LETTING_GO;
	case IDLE_POLLING:
		return idle->counted <= 0 ? IDLE_UNKNOWN : idle->since > 0 ? IDLE_UNUSED : IDLE_USED;
	default:
		return IDLE_UNKNOWN;
	}
}

/* A frozen service has no struct idle any more. */
static bool describe_frozen(const struct service_runtime *runtime, struct idle_account *account)
{
	const struct lifecycle_options *lifecycle = runtime->service->groups->lifecycle;
	const struct idle_saved *saved = runtime->run ? runtime->run->idle_saved : NULL;

	if (runtime_state(runtime) != FROZEN || !runtime->run || !service_idles(runtime->service))
		return false;
	*account = (struct idle_account){
		.standing = IDLE_FROZEN,
		.timeout = (double)lifecycle->idle_timeout / 1e6,
		.action = lifecycle->idle_action,
		.quiet_sleep = lifecycle->idle_means == IDLE_MEANS_QUIET,
		.since = saved ? saved->unused_since : 0,
		.known = saved && saved->connections,
		.connections = saved ? saved->connections : 0,
		.quiet = saved ? saved->connections : 0,
	};
	return true;
}

/* By what superd knows without a count. */
static bool describe(const struct service_runtime *runtime, struct idle_account *account)
{
	const struct idle *idle = runtime->run ? runtime->run->idle : NULL;

	if (!idle)
		return describe_frozen(runtime, account);
	*account = (struct idle_account){
		.standing = status_of_phase(idle),
		.timeout = idle->timeout,
		.action = runtime->service->groups->lifecycle->idle_action,
		.busy = idle->busy.why,
		.counted = idle->counted,
		.known = idle->counted > 0 && idle->clients.known,
		.quiet_sleep = idle->clients.quiet_after > 0,
		.connections = idle->clients.connections,
		.quiet = idle->clients.quiet,
		.own_connections = service_clients_own(&idle->clients),
		.since = idle->since,
	};
	for (size_t n = 0; n < idle->clients.own_count && !account->own; n++)
		account->own = idle->clients.own[n].count ? &idle->clients.own[n] : NULL;
	return true;
}

double idle_present_gap(const struct service_runtime *runtime)
{
	const struct idle *idle = runtime->run ? runtime->run->idle : NULL;
	double since = idle ? idle->since : runtime_stats(runtime)->gaps.unused;

	return since > 0 ? clock_now() - since : 0;
}

/* Prepares to count the connections of all of its sockets. false: out of memory. */
static bool init_query(struct conn_query *query, struct service_runtime *runtime,
		       void (*counted)(struct conn_query *query))
{
	if (!conn_query_init(query, runtime, runtime->listener_count, counted))
		return false;
	conn_query_add_listeners(query, ANY_KIND);
	query->no_probes = true;
	query->skips_left = runtime->service->groups->lifecycle->probe == PROBE_SILENT;
	stop_spare_clients(query);
	return true;
}

/* Ends of connections that the kernel has reported by now say since when nobody is there. */
static void on_counted(struct conn_query *query)
{
	struct idle_count *count = container_of(query, struct idle_count, query);

	close_events_read(count->engine);
	count->answered = clock_now();
	count->done(count);
}

bool idle_count_start(struct idle_count *count, struct service_runtime *runtime,
		      void (*done)(struct idle_count *count))
{
	struct idle_account account;

	*count = (struct idle_count){ .engine = runtime->engine, .done = done };
	return describe(runtime, &account) && init_query(&count->query, runtime, on_counted) &&
	       conn_query_start(&count->query);
}

void idle_count_free(struct idle_count *count)
{
	conn_query_free(&count->query);
}

void idle_count_add_peers(const struct idle_count *count, struct buf *out)
{
	char text[INET6_ADDRSTRLEN];
	size_t n = 0;

	if (!count || count->answered <= 0)
		return;
	for (; n < CONN_PEERS_MOST && conn_query_peer(&count->query, n, text, sizeof(text)); n++)
		buf_addf(out, "%s%s", n ? ", " : "", text);
	if (n == CONN_PEERS_MOST)
		buf_text(out, ", ...");
}

/* Brings the account in line with a later count. Such a count knows of no quiet connections. */
static void correct_account(const struct idle *idle, struct idle_account *account)
{
	bool used = account->connections > 0;
	enum idle_status standing = account->standing;

	if (standing == IDLE_BUSY && used)
		account->standing = IDLE_USED;
	if (account->quiet_sleep && used)
		return;
	if (used)
		account->since = 0;
	else if (account->since <= 0 && idle && !idle->polls && idle->phase != IDLE_NOT_LISTENING)
		account->since = idle->last_closed;
	if (standing == IDLE_UNKNOWN || standing == IDLE_USED || standing == IDLE_UNUSED)
		account->standing = used ? IDLE_USED : IDLE_UNUSED;
}

bool idle_describe(const struct service_runtime *runtime, const struct idle_count *count,
		   struct idle_account *account)
{
	if (!describe(runtime, account))
		return false;
	if (!count || count->answered <= 0 || !conn_query_is_complete(&count->query))
		return true;
	account->known = true;
	account->connections = conn_query_sum(&count->query) + account->own_connections;
	account->counted = count->answered;
	correct_account(runtime->run->idle, account);
	return true;
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
