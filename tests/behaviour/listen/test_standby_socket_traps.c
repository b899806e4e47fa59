/* A machine that has run out of something while clients wait. */
#include <sys/resource.h>

#include "disturbing.h"

/* What a running superd may have is taken from it and given back; its listeners and instances stay. */
static void limit_for_a_moment(struct superd *superd, int resource, rlim_t most)
{
	struct rlimit before, none;

	cr_assert_eq(prlimit(superd->pid, resource, NULL, &before), 0, "%d %s", (int)superd->pid, strerror(errno));
	none = (struct rlimit){ .rlim_cur = most, .rlim_max = before.rlim_max };
	cr_assert_eq(prlimit(superd->pid, resource, &none, NULL), 0);
	for (unsigned n = 0; n < 4; n++)
		pause_a_moment();
	cr_assert_eq(prlimit(superd->pid, resource, &before, NULL), 0);
}

static void run_out_of_descriptors(struct world *world)
{
	limit_for_a_moment(world->superd, RLIMIT_NOFILE, 3);
}

Behaviour(standby_socket_traps, nobody_is_lost_while_descriptors_are_out)
{
	struct world world =
		world_of(backend("-d 1 few 7"), "backoff_min = 10ms\n backoff_max = 50ms\n on_change = drain");

	world.clients = 300;
	world.most = 20;
	SEE_NO_LOSS(&world, run_out_of_descriptors, order_restart, order_drain, order_reload, run_out_of_descriptors);
}
