/* Notes the clients that a drained instance has. A client of the successor must not be among them: it would be cut
 * off when the successor seems idle. So only connections count that a process had accepted, and only if no successor
 * had been started when all were counted. */
#include "engine/drain/former.h"

#include <stdlib.h>

#include "engine/drain/twins.h"

static void end_noting(struct former *former)
{
	struct keeper *keeper = former->keeper;

	keeper->activity->noting--;
	if (!keeper->engine->stopping)
		keeper_rewatch(keeper);
}

static void on_counted(struct conn_query *query)
{
	struct former *former = container_of(query, struct former, query);
	const struct activity *activity = former->keeper->activity;

	former->known = !activity->current && activity->activations == former->activations &&
			conn_query_is_whole(query);
	end_noting(former);
}

void former_note(struct former *former, struct keeper *keeper, const struct parted *sockets, size_t count)
{
	former->tallies = calloc(count + 1, sizeof(*former->tallies));
	if (!former->tallies)
		return;
	former->keeper = keeper;
	former->activations = keeper->activity->activations;
	conn_query_borrow(&former->query, keeper, on_counted);
	former->query.tallies = former->tallies;
	former->query.use = GUESTS_NOTED;
	for (size_t n = 0; n < count; n++) {
		struct tally *tally = &former->tallies[former->query.count];

		if (sockets[n].fd < 0)
			continue;
		tally_take(tally, sockets[n].fd);
		tally->whom = WHOM_HELD;
		former->query.count++;
	}
	if (conn_query_start(&former->query))
		keeper->activity->noting++;
}

void former_free(struct former *former)
{
	bool is_open = former->keeper && conn_query_is_open(&former->query);

	if (!former->keeper)
		return;
	conn_query_cancel(&former->query);
	if (is_open)
		end_noting(former);
	free(former->tallies);
	*former = (struct former){ 0 };
}

bool former_is_noting(const struct keeper *keeper)
{
	return keeper->activity && keeper->activity->noting;
}
