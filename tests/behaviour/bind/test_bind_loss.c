/* Nobody is lost of those who come to a program that binds, whatever is done meanwhile. */
#include "binding.h"
#include "disturbing.h"

static struct world world_with(struct place place, const char *steps, const char *options)
{
	struct world world = world_at(&place, binder("%s", steps),
				      text_of("pass = bind\n error = inherit\n %s", options));

	world.clients = 300;
	world.most = 8;
	return world;
}

static struct world world_of_port(const char *options)
{
	int port = free_port();

	return world_with((struct place){ "web", text_of("127.0.0.1:%d", port), { .port = port } },
			  text_of("tcp4 nonblock bind=127.0.0.1:%d listen=64 watch=level serve=level", port), options);
}

BehaviourOfBind(bind_life, nobody_is_lost_over_restarts)
{
	struct world world = world_of_port("");

	SEE_NO_LOSS(&world, order_restart, order_stop);
}

BehaviourOfBind(bind_life, nor_over_holds_and_freezes)
{
	struct world world = world_of_port("");

	SEE_NO_LOSS(&world, order_hold, order_freeze);
}

BehaviourOfBind(bind_life, nor_over_reloads)
{
	struct world world = world_of_port("on_change = drain");

	SEE_NO_LOSS(&world, order_reload);
}

BehaviourOfBind(bind_life, nor_over_upgrades)
{
	struct world world = world_of_port("");

	SEE_NO_LOSS(&world, order_upgrade, upgrade_by_signal);
}

BehaviourOfBind(bind_life, nor_over_idle_stops)
{
	struct world world = world_of_port(idling("stop"));

	SEE_NO_LOSS(&world, do_nothing, order_upgrade);
}

BehaviourOfBind(bind_life, nor_over_idle_freezes)
{
	struct world world = world_of_port(idling("freeze"));

	SEE_NO_LOSS(&world, do_nothing, order_upgrade);
}

/* The program binds before the first client comes: whoever waits then is reset. */
BehaviourOfBind(bind_life, nor_at_a_dual_socket_over_all_of_it)
{
	int port = free_port();
	struct world world = world_with((struct place){ "web", text_of("%d", port), { .port = port } },
					text_of("tcp4 nonblock bind=0.0.0.0:%d listen=64 serve=edge", port),
					"on_change = drain\n start = boot");

	world.begins = " and receives ";
	SEE_NO_LOSS(&world, EVERYTHING);
}

BehaviourOfBind(bind_life, nor_at_a_path_over_all_of_it)
{
	const char *path = path_in("web.sock");
	struct world world = world_with((struct place){ "web", path, { .path = path } },
					text_of("unlink=%s unix nonblock bind=%s listen=2 serve=poll", path, path),
					"on_change = drain");

	SEE_NO_LOSS(&world, EVERYTHING);
}

/* ---- with rules ---- */

#define ONLY_FRIENDS "only_from = \"127.0.0.1\"\n "

/* Debian lets root alone have the kernel look at a socket's clients. */
#define SKIP_WITHOUT_FILTERS() \
	SKIP_WITHOUT(geteuid() == 0 || strncmp(read_text("/proc/sys/kernel/unprivileged_bpf_disabled"), "0", 1) == 0, \
		     "this kernel lets root alone put a filter on a socket")

BehaviourOfBind(bind_rules, nobody_is_lost_over_changes_of_them)
{
	struct world world = world_of_port("");

	SKIP_WITHOUT_FILTERS();
	world.other_options = "only_from = { \"127.0.0.1\", \"192.0.2.1\" }";
	SEE_NO_LOSS(&world, order_reload);
}

BehaviourOfBind(bind_rules, nor_over_all_else)
{
	struct world world = world_of_port(ONLY_FRIENDS);

	SKIP_WITHOUT_FILTERS();
	SEE_NO_LOSS(&world, EVERYTHING);
}

BehaviourOfBind(bind_rules, nor_over_idle_stops)
{
	struct world world = world_of_port(text_of(ONLY_FRIENDS "%s", idling("stop")));

	SKIP_WITHOUT_FILTERS();
	SEE_NO_LOSS(&world, do_nothing, order_upgrade);
}
