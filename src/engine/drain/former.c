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

static void on_counted(struct inquiry *inquiry)
{
	struct former *former = container_of(inquiry, struct former, inquiry);
	const struct activity *activity = former->keeper->activity;

	former->known = !activity->current && activity->activations == former->activations && inquiry_is_whole(inquiry);
	end_noting(former);
}

void former_note(struct former *former, struct keeper *keeper, const struct parted *sockets, size_t count)
{
	former->tallies = calloc(count + 1, sizeof(*former->tallies));
	if (!former->tallies)
		return;
	former->keeper = keeper;
	former->activations = keeper->activity->activations;
	inquiry_init(&former->inquiry, keeper, on_counted);
	former->inquiry.tallies = former->tallies;
	former->inquiry.use = GUESTS_NOTED;
	for (size_t n = 0; n < count; n++) {
		struct tally *tally = &former->tallies[former->inquiry.count];

		if (sockets[n].fd < 0)
			continue;
		tally_take(tally, sockets[n].fd);
		tally->whom = WHOM_HELD;
		former->inquiry.count++;
	}
	if (census_ask(keeper->engine, &former->inquiry))
		keeper->activity->noting++;
}

void former_free(struct former *former)
{
	bool is_open = former->keeper && inquiry_is_open(&former->inquiry);

	if (!former->keeper)
		return;
	census_withdraw(&former->inquiry);
	if (is_open)
		end_noting(former);
	free(former->tallies);
	*former = (struct former){ 0 };
}

bool former_is_noting(const struct keeper *keeper)
{
	return keeper->activity && keeper->activity->noting;
}
