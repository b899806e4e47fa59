/* Where twins are easily lost, or lose somebody: what backends do to their sockets, ends that take their time,
 * and a machine that has run out of something while clients wait at two sockets of one address. */
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "controlling.h"
#include "disturbing.h"
#include "load.h"
#include "private.h"
#include "superctl.h"

#define SERVICE "service web {\n listen = \"127.0.0.1:%d\"\n exec = \"%s\"\n timeout_stop = 10s\n %s\n}\n"

/* Its socket was restored while it slept, and may be again once it is awake. */
static void expect_end_of_frozen(const char *order)
{
	int port = free_port(), client;
	struct superd *superd = controlled_run(SERVICE, port, backend("talk"), "");

	superd_port(superd, "web");
	client = client_connect(port);
	client_send(client, "one\n");
	client_line(client);
	close(client);
	cr_assert(control_is_done(control_once("freeze web")), "%s", world_logs());
	superd_wait_log(superd, "is frozen");
	cr_assert(control_is_done(control_once("%s web", order)), "%s", world_logs());
	client = client_connect(port);
	client_send(client, "one\n");
	client_line(client);
	close(client);
	superd_expect_count(superd, "web: started", 2);
	superd_stop(superd);
}

Behaviour(standby_socket_traps, a_frozen_instance_is_restarted)
{
	expect_end_of_frozen("restart");
}

Behaviour(standby_socket_traps, a_frozen_instance_is_stopped)
{
	expect_end_of_frozen("stop");
}

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
