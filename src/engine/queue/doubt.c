/* Proves that a backend took no connection. The length of a queue cannot tell "took none" from "took one, and
 * another came". So superd notes the kernel's numbers of the queued connections while nothing of the service runs,
 * and looks for the same numbers before the next start. */
#include "engine/queue/doubt.h"

#include <stdlib.h>

#include "engine/clients/conn_query.h"
#include "engine/queue/judge.h"

#define PATIENCE_MOST 4096              /* a backend proved to take its clients is looked at ever more rarely */

void doubt_forget(struct keeper *keeper)
{
	if (keeper->activity)
		conn_query_drop(&keeper->activity->doubt);
}

bool doubt_is_open(const struct keeper *keeper)
{
	const struct activity *activity = keeper->activity;

	return activity && activity->fruitless >= activity->patience;
}

/* Both lists are in the order of the kernel's numbers. */
static bool all_wait_still(const struct queue_ids *before, const struct cookie_set *now)
{
	size_t at = 0;

	for (size_t n = 0; n < before->count; n++) {
		while (at < now->count && now->list[at] < before->id[n])
			at++;
		if (at == now->count || now->list[at] != before->id[n])
			return false;
	}
	return true;
}

static bool is_known(const struct conn_query *query)
{
	return conn_query_is_whole(query) && query->cookies.count <= BACKLOG_MOST;
}

static void take_note(struct activity *activity, struct cookie_set *guests)
{
	queue_ids_free(&activity->backlog);
	activity->backlog = (struct queue_ids){ .count = guests->count, .room = guests->room, .id = guests->list };
	*guests = (struct cookie_set){ 0 };
	activity->exact = activity->backlog.count;
	activity->noted = true;
	activity->tried = false;
}

/* The consequences of an end that is proved fruitless only now. */
static void take_failure(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	activity->patience = PATIENCE;
	activity->failing = true;
	keeper_start_anew(keeper);
	judge_fail_fruitless(keeper);
	if (keeper->service->groups->lifecycle->on_failure == FAILURE_EXIT && !keeper->engine->stopping)
		keeper_end_superd(keeper, activity->last_status);
	keeper_post(keeper, CRASHED);
}

static void trust(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	activity->fruitless = 0;
	if (activity->patience < PATIENCE_MOST)
		activity->patience *= 8;
	backoff_reset(&keeper->backoff);
}

static void on_counted(struct conn_query *query)
{
	struct keeper *keeper = query->keeper;
	struct activity *activity = keeper->activity;
	bool waits = conn_query_is_current(query) && keeper->state == LISTENING, known = waits && is_known(query);
	bool tried = known && activity->exact && activity->beside && activity->tried;
	bool fruitless = tried && all_wait_still(&activity->backlog, &query->cookies);

	if (known) {
		activity->beside = true;
		take_note(activity, &query->cookies);
	}
	doubt_forget(keeper);
	if (tried && !fruitless)
		trust(keeper);
	if (fruitless)
		take_failure(keeper);
	else
		keeper_post(keeper, waits ? ACTIVITY : LOOK);
}

/* Only listeners of connections have a queue of clients. */
static void ask(struct keeper *keeper)
{
	struct conn_query *query = conn_query_new(keeper, on_counted);

	keeper->activity->doubt = query;
	if (!query)
		return;
	query->use = GUESTS_NOTED;
	query->which = CONN_WHICH_QUEUED;
	for (size_t n = 0; n < keeper->listener_count; n++) {
		const struct listener *listener = &keeper->listeners[n];

		if (listener_has_socket(listener) && endpoint_accepts(listener->listen->address))
			conn_query_add(query, listener->io.fd, ANY_KIND);
	}
	if (!query->count || !conn_query_start(query))
		doubt_forget(keeper);
}

bool doubt_ward_off(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	if (keeper->state != LISTENING || keeper->service->exec->accept || !doubt_is_open(keeper))
		return false;
	if (activity->doubt)
		return true;
	ask(keeper);
	return activity->doubt;
}
