/* The questions before a client wakes or starts a service, one after the other; probes come first, as they are no
 * clients. */
#include "engine/service/ward.h"

#include "engine/drain/former.h"
#include "engine/queue/doubt.h"
#include "engine/queue/probes.h"

bool ward_off(struct keeper *keeper)
{
	return former_is_noting(keeper) || probes_ward_off(keeper) || doubt_ward_off(keeper);
}

void ward_forget(struct keeper *keeper)
{
	probes_forget(keeper);
	doubt_forget(keeper);
}
