/* Finds the address of the client that a service was started for, and logs it. This must not slow down starts: superd
 * does not ask for a service that starts more than once a second. If an earlier instance still has clients, superd asks
 * for queued connections alone. */
#include "superd/stop/activator.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "os/socket/client.h"
#include "superd/stop/conn_query.h"

#define RARELY 1.0                      /* seconds between two starts from which superd asks */

static_assert(sizeof(no_stats.last_peer) == sizeof(((struct service_run *)0)->start_by), "it may have the same text");
static_assert(sizeof(no_stats.last_peer) == ACTIVATOR_PEER, "it may have the same text");
static_assert(sizeof(no_stats.last_peer) == sizeof(((struct history_wake *)0)->by), "it may have the same text");

void activator_forget(struct service_runtime *runtime)
{
	struct conn_query *query = runtime->run ? runtime->run->activator_query : NULL;

	if (!query)
		return;
	runtime->run->activator_query = NULL;
	conn_query_free(query);
	free(query);
}

/* The line about the start or the thaw was logged before, so that it has its place among the lines of the program. */
static void note_client(struct service_runtime *runtime, bool thawed, const char peer[ACTIVATOR_PEER])
{
	double slept = history_set_client(&runtime->run->history, thawed, peer);
	struct event event = {
		.name = "woken", .service = runtime->service->name, .peer = peer,
		.has_duration = slept > 0, .duration = slept,
	};
	char span[DURATION_MOST];

	if (!thawed)
		memcpy(runtime->run->stats.last_peer, peer, ACTIVATOR_PEER);
	log_event(runtime->engine->log, LEVEL_INFO, &event, "woken by %s%s%s%s", peer, slept > 0 ? " after " : "",
		  slept > 0 ? duration_write(span, slept) : "", slept > 0 ? " asleep" : "");
	runtime_note_change(runtime);
}

static void end_query(struct conn_query *query, bool thawed)
{
	struct service_runtime *runtime = query->runtime;
	char peer[ACTIVATOR_PEER] = "";

	if (conn_query_peer(query, 0, peer, sizeof(peer)))
		note_client(runtime, thawed, peer);
	activator_forget(runtime);
	runtime_post(runtime, WOKEN);
}

static void on_counted(struct conn_query *query)
{
	end_query(query, false);
}

static void on_counted_thawed(struct conn_query *query)
{
	end_query(query, true);
}

/* counted: as in struct conn_query; NULL: the answer is there when this returns. false: there is none, and no query. */
static bool ask(struct service_runtime *runtime, void (*counted)(struct conn_query *query), bool queued_only)
{
	struct conn_query *query = malloc(sizeof(*query));
	enum question asks = queued_only ? ASK_QUEUED_WAKER : ASK_WAKER;

	activator_forget(runtime);
	if (!query || !conn_query_init(query, runtime, runtime->listener_count, asks, counted)) {
		free(query);
		return false;
	}
	runtime->run->activator_query = query;
	conn_query_add_listeners(query);
	if (query->count && (counted ? conn_query_start(query) : conn_query_now(query)))
		return true;
	activator_forget(runtime);
	return false;
}

static bool find_sender(const struct service_runtime *runtime, char *text, size_t size)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		const struct listener *listener = &runtime->listeners[n];
		struct client sender;

		if (!listener_has_socket(listener) || listener->listen->endpoint->kind != ENDPOINT_UDP ||
		    !client_peek(listener->fd, &sender))
			continue;
		client_address(&sender, text, size);
		return *text;
	}
	return false;
}

/* The program may have served the client before a query that begins after the thaw is answered. */
bool activator_look(struct service_runtime *runtime, char peer[ACTIVATOR_PEER])
{
	bool found = ask(runtime, NULL, true) &&
		     conn_query_peer(runtime->run->activator_query, 0, peer, ACTIVATOR_PEER);

	activator_forget(runtime);
	return found || find_sender(runtime, peer, ACTIVATOR_PEER);
}

/* An instance that was frozen with clients has them still. */
void activator_ask_thawed(struct service_runtime *runtime, const char *peer)
{
	if (*peer) {
		note_client(runtime, true, peer);
		runtime_post(runtime, WOKEN);   /* activator_look has ended the query for the start, if it still ran */
		return;
	}
	ask(runtime, on_counted_thawed, runtime->service->groups->lifecycle->idle_means == IDLE_MEANS_QUIET);
}

void activator_ask(struct service_runtime *runtime, bool clients_wait)
{
	struct service_run *run = runtime->run;
	bool rarely = clock_now() - run->stats.last_start > RARELY;

	activator_forget(runtime);
	*run->stats.last_peer = '\0';
	if (*run->start_by) {
		memcpy(run->stats.last_peer, run->start_by, sizeof(run->start_by));
		*run->start_by = '\0';
		return;
	}
	if (rarely && clients_wait)
		ask(runtime, on_counted, !list_has_one(&run->instances));
}
