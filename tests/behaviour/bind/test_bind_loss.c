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

/* Debian lets root alone have the kernel look at a socket's clients. */
static struct world world_with_rules(const char *options)
{
	SKIP_WITHOUT(geteuid() == 0 || strncmp(read_text("/proc/sys/kernel/unprivileged_bpf_disabled"), "0", 1) == 0,
		     "this kernel lets root alone put a filter on a socket");
	return world_of_port(options);
}

#define BehaviourWithoutLoss(suite, name, begin, ...) \
	BehaviourOfBind(suite, name) \
	{ \
		struct world world = begin; \
 \
		SEE_NO_LOSS(&world, __VA_ARGS__); \
	}

BehaviourWithoutLoss(bind_life, nobody_is_lost_over_restarts, world_of_port(""), order_restart, order_stop)
BehaviourWithoutLoss(bind_life, nor_over_holds_and_freezes, world_of_port(""), order_hold, order_freeze)
BehaviourWithoutLoss(bind_life, nor_over_reloads, world_of_port("on_change = drain"), order_reload)
BehaviourWithoutLoss(bind_life, nor_over_upgrades, world_of_port(""), order_upgrade, upgrade_by_signal)
BehaviourWithoutLoss(bind_life, nor_over_idle_stops, world_of_port(idling("stop")), do_nothing, order_upgrade)
BehaviourWithoutLoss(bind_life, nor_over_idle_freezes, world_of_port(idling("freeze")), do_nothing, order_upgrade)

/* The program binds before the first client comes: whoever waits then is reset. */
static struct world world_of_dual(void)
{
	int port = free_port();
	struct world world = world_with((struct place){ "web", text_of("%d", port), { .port = port } },
					text_of("tcp4 nonblock bind=0.0.0.0:%d listen=64 serve=edge", port),
					"on_change = drain\n start = boot");

	world.begins = " superd listens on tcp4:";
	return world;
}

BehaviourWithoutLoss(bind_life, nor_at_a_dual_socket_over_all_of_it, world_of_dual(), EVERYTHING)

static struct world world_of_path(void)
{
	const char *path = path_in("web.sock");

	return world_with((struct place){ "web", path, { .path = path } },
			  text_of("unlink=%s unix nonblock bind=%s listen=2 serve=poll", path, path),
			  "on_change = drain");
}

BehaviourWithoutLoss(bind_life, nor_at_a_path_over_all_of_it, world_of_path(), EVERYTHING)

/* ---- with rules ---- */

#define ONLY_FRIENDS "only_from = \"127.0.0.1\"\n "

static struct world world_of_changes(void)
{
	struct world world = world_with_rules("");

	world.other_options = "only_from = { \"127.0.0.1\", \"192.0.2.1\" }";
	return world;
}

BehaviourWithoutLoss(bind_rules, nobody_is_lost_over_changes_of_them, world_of_changes(), order_reload)
BehaviourWithoutLoss(bind_rules, nor_over_all_else, world_with_rules(ONLY_FRIENDS), EVERYTHING)
BehaviourWithoutLoss(bind_rules, nor_over_idle_stops, world_with_rules(text_of(ONLY_FRIENDS "%s", idling("stop"))),
		     do_nothing, order_upgrade)
