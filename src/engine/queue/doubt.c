/* Proves that a backend took no connection. The length of a queue cannot tell "took none" from "took one, and
 * another came". So superd notes the kernel's numbers of the queued connections while nothing of the service runs,
 * and looks for the same numbers before the next start. */
#include "engine/queue/doubt.h"

#include <stdlib.h>

#include "engine/clients/conn_query.h"
#include "engine/queue/judge.h"

#define PATIENCE_MOST 4096              /* a backend proved to take its clients is looked at ever more rarely */

/* A question to the kernel that is under way. */
struct doubt {
	struct keeper *keeper;
	struct conn_query query;
	double since;                   /* keeper->since when it was asked; another value now: its state has changed */
	struct tally tallies[];
};

void doubt_forget(struct keeper *keeper)
{
	struct doubt *doubt = keeper->activity ? keeper->activity->doubt : NULL;

	if (!doubt)
		return;
	keeper->activity->doubt = NULL;
	conn_query_cancel(&doubt->query);
	free(doubt);
}

bool doubt_is_open(const struct keeper *keeper)
{
	const struct activity *activity = keeper->activity;

	return activity && activity->fruitless >= activity->patience;
}

/* Both lists are in the order of the kernel's numbers. */
static bool all_wait_still(const struct backlog *before, const struct guests *now)
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

static bool is_known(const struct doubt *doubt)
{
	return conn_query_is_whole(&doubt->query) && doubt->query.guests.count <= BACKLOG_MOST;
}

static void take_note(struct activity *activity, struct guests *guests)
{
	backlog_free(&activity->backlog);
	activity->backlog = (struct backlog){ .count = guests->count, .room = guests->room, .id = guests->list };
	*guests = (struct guests){ 0 };
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
	if (keeper->service->terms->life->on_failure == FAILURE_EXIT && !keeper->engine->stopping)
		keeper->engine->on_fatal(keeper->engine, keeper, activity->last_status);
	keeper_event(keeper, CRASHED);
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
	struct doubt *doubt = container_of(query, struct doubt, query);
	struct keeper *keeper = doubt->keeper;
	struct activity *activity = keeper->activity;
	bool waits = keeper->since == doubt->since && keeper->state == LISTENING, known = waits && is_known(doubt);
	bool tried = known && activity->exact && activity->beside && activity->tried;
	bool fruitless = tried && all_wait_still(&activity->backlog, &query->guests);

	if (known) {
		activity->beside = true;
		take_note(activity, &query->guests);
	}
	doubt_forget(keeper);
	if (tried && !fruitless)
		trust(keeper);
	if (fruitless)
		take_failure(keeper);
	else if (waits)
		keeper_event(keeper, ACTIVITY);
	else
		keeper_rewatch(keeper);
}

/* One tally for each listener of connections. */
static void take_tallies(struct doubt *doubt)
{
	const struct keeper *keeper = doubt->keeper;

	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct tally *tally = &doubt->tallies[doubt->query.count];

		if (!listener_has_socket(&keeper->listeners[n]) ||
		    !endpoint_accepts(keeper->listeners[n].listen->address))
			continue;
		tally_take(tally, keeper->listeners[n].io.fd);
		tally->whom = WHOM_QUEUED;
		doubt->query.count++;
	}
}

static struct doubt *make(struct keeper *keeper)
{
	struct doubt *doubt = calloc(1, sizeof(*doubt) + keeper->listener_count * sizeof(doubt->tallies[0]));

	if (!doubt)
		return NULL;
	doubt->keeper = keeper;
	doubt->since = keeper->since;
	conn_query_borrow(&doubt->query, keeper, on_counted);
	doubt->query.tallies = doubt->tallies;
	doubt->query.use = GUESTS_NOTED;
	take_tallies(doubt);
	if (doubt->query.count)
		return doubt;
	free(doubt);
	return NULL;
}

bool doubt_ward_off(struct keeper *keeper)
{
	struct activity *activity = keeper->activity;

	if (keeper->state != LISTENING || keeper->service->what->accept || !doubt_is_open(keeper))
		return false;
	if (activity->doubt)
		return true;
	activity->doubt = make(keeper);
	if (activity->doubt && !conn_query_start(&activity->doubt->query))
		doubt_forget(keeper);
	keeper_rewatch(keeper);
	return activity->doubt;
}
