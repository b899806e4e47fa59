/* Joins the lists of clients that drained instances have (engine/drain/former). A count that is under way has its
 * own copy; each list is written once and never changes. */
#include "engine/drain/spared.h"

#include <stdlib.h>
#include <string.h>

#include "engine/drain/drain_parts.h"

static bool add(struct guests *guests, const struct guests *more)
{
	uint64_t *list = reallocarray(guests->list, guests->count + more->count + 1, sizeof(*list));

	if (!list)
		return false;
	if (more->count)
		memcpy(list + guests->count, more->list, more->count * sizeof(*list));
	guests->list = list;
	guests->count += more->count;
	guests->room = guests->count + 1;
	return true;
}

bool spared_gather(struct keeper *keeper, struct guests *guests)
{
	guests->count = 0;
	LIST_EACH(link, keeper_instances(keeper)) {
		const struct drain *drain = container_of(link, struct instance, link)->drain;

		if (drain && drain->former.known && !add(guests, &drain->former.query.guests))
			return false;
	}
	guests_sort(guests);
	return guests->count > 0;
}
