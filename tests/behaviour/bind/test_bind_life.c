/* The life of a program that binds: it sleeps and wakes, restarts, and goes on over reloads and upgrades, and no client
 * is refused or lost. */
#include <netinet/in.h>
#include <sys/stat.h>

#include "binding.h"
#include "disturbing.h"
#include "superctl.h"

#define LOCAL(port) text_of("\"127.0.0.1:%d\"", port)
#define EACH(port) text_of("tcp4 nonblock bind=127.0.0.1:%d listen=64 watch=level serve=level", port)

static struct superd *run(const char *sockets, const char *options, const char *steps)
{
	struct superd *superd = bind_run(sockets, options, steps);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static struct superd *clock_run_at(const char *sockets, const char *options, const char *steps)
{
	struct superd *superd = bind_clock_run(sockets, options, steps);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static void order(const char *request)
{
	const char *answer = control_once("%s", request);

	cr_assert(control_is_done(answer), "%s: %s\n%s", request, answer, world_logs());
}

static void expect_hours_of_quiet(struct superd *superd, int client)
{
	for (int n = 0; n < 3; n++)
		clock_advance(superd, HOUR_MS);
	cr_expect(client_is_quiet(client, 0));
}

/* ---- asleep ---- */

#define IDLE "no client has been connected for "

BehaviourOfBind(bind_life, it_is_stopped_when_idle_and_woken)
{
	int port = free_port();
	struct superd *superd = clock_run_at(LOCAL(port), "idle_timeout = 5min", EACH(port));

	for (size_t n = 1; n <= 3; n++) {
		client_ask_pid(port);
		CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_log_count(superd, IDLE) == n);
		WAIT_UNTIL(superd_processes(superd) == 0);
	}
}

BehaviourOfBind(bind_life, it_is_frozen_when_idle_and_thawed)
{
	int port = free_port();
	struct superd *superd = clock_run_at(LOCAL(port), "idle_timeout = 5min\n idle_action = freeze", EACH(port));
	long pid = client_ask_pid(port);

	for (size_t n = 1; n <= 3; n++) {
		CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_log_count(superd, " is frozen") == n);
		cr_expect_eq(client_ask_pid(port), pid);
	}
}

static void expect_awake_while_connected(int port, const char *sockets, const char *steps, bool is_dual)
{
	struct superd *superd = clock_run_at(sockets, "idle_timeout = 5min", steps);
	int client = client_connect(port);

	if (is_dual) { /* the first one is reset */
		cr_expect(client_sees_end(client));
		close(client);
		superd_wait_log(superd, text_of("superd listens on tcp4:%d for it", port));
		client = client_connect(port);
	}
	client_send(client, "+here\n");
	client_line(client);
	for (int n = 0; n < 6; n++)
		clock_advance(superd, 10 * MINUTE_MS);
	cr_expect_not(superd_logged(superd, "web: stopping pid "), "%s", world_logs());
	close(client);
	CLOCK_UNTIL(superd, 3 * MINUTE_MS, 10, superd_processes(superd) == 0);
	superd_stop(superd);
}

BehaviourOfBind(bind_life, a_connection_keeps_it_awake)
{
	int port = free_port();

	expect_awake_while_connected(port, LOCAL(port), EACH(port), false);
}

BehaviourOfBind(bind_life, an_ipv4_connection_of_a_dual_socket_keeps_it_awake)
{
	int port = free_port();

	expect_awake_while_connected(port, text_of("\"%d\"", port),
				     text_of("tcp4 bind=0.0.0.0:%d listen=5 serve=poll", port), true);
}

/* ---- an operator's orders ---- */

BehaviourOfBind(bind_life, a_hold_keeps_clients_waiting)
{
	int port = free_port(), client;
	struct superd *superd = clock_run_at(LOCAL(port), "", EACH(port));

	client_ask_pid(port);
	order("hold web");
	order("stop web");
	client = client_connect(port);
	client_send(client, "who\n");
	expect_hours_of_quiet(superd, client);
	order("release web");
	cr_expect_not_null(strstr(client_line(client), " who"));
	close(client);
}

BehaviourOfBind(bind_life, a_restart_binds_again)
{
	int port = free_port();
	struct superd *superd = run(LOCAL(port), "", EACH(port));
	long pid = client_ask_pid(port);

	order("restart web");
	cr_expect_neq(client_ask_pid(port), pid);
	superd_stop(superd);
}

BehaviourOfBind(bind_life, a_reload_leaves_it_running)
{
	int port = free_port(), other = free_port();
	struct superd *superd = run(LOCAL(port), "", EACH(port));
	long pid = client_ask_pid(port);

	cr_assert(superd_reload(superd, "%s", bind_table(LOCAL(port), "backlog = 100", EACH(port))));
	cr_expect_eq(client_ask_pid(port), pid);
	bind_obey(port, text_of("close tcp4 bind=127.0.0.1:%d listen=5 watch=level", port));
	cr_expect_eq(client_ask_pid(port), pid);
	(void)other;
}

BehaviourOfBind(bind_life, a_new_port_is_for_the_next_program)
{
	int port = free_port(), other = free_port();
	struct superd *superd = run(LOCAL(port), "on_change = drain", EACH(port));
	long pid = client_ask_pid(port);

	cr_assert(superd_reload(superd, "%s", bind_table(LOCAL(other), "on_change = drain", EACH(other))));
	cr_expect_neq(client_ask_pid(other), pid);
	WAIT_UNTIL(!client_can_connect(port));
}

/* Else those who come then come to a socket of its own, and go with it. */
BehaviourOfBind(bind_life, one_that_is_stopped_before_its_bind_takes_no_path_away)
{
	const char *path = path_in("web.sock"), *go = path_in("go");
	struct superd *superd = run(text_of("\"%s\"", path), "kill_signal = CONT",
				    text_of("mark=%s.begun await=%s unlink=%s unix bind=%s listen=5 serve=poll", go, go,
					    path, path));
	struct stat before, after;
	int client;

	wait_node(path);
	cr_assert_eq(stat(path, &before), 0);
	client = client_connect_unix(path, SOCK_STREAM);
	client_send(client, "who\n");
	WAIT_UNTIL(count_lines(path_in("go.begun")) == 1);
	order("stop --no-wait web");
	write_file("go", "now");
	cr_expect_not_null(strstr(client_line(client), " who"), "by the next one");
	close(client);
	cr_expect_eq(superd_log_count(superd, "web: started"), 2);
	cr_assert_eq(stat(path, &after), 0);
	cr_expect_eq(after.st_ino, before.st_ino);
}

/* ---- upgrades ---- */

BehaviourOfBind(bind_life, an_upgrade_leaves_it_running_and_binding)
{
	int port = free_port();
	struct superd *superd = run(LOCAL(port), "", EACH(port));
	long pid = client_ask_pid(port);

	for (int n = 0; n < 2; n++) {
		superd_upgrade(superd);
		cr_expect_eq(client_ask_pid(port), pid);
		bind_obey(port, text_of("close tcp4 nonblock bind=127.0.0.1:%d listen=5 watch=level", port));
		cr_expect_eq(client_ask_pid(port), pid);
	}
	order("restart web");
	cr_expect_neq(client_ask_pid(port), pid);
}

BehaviourOfBind(bind_life, an_upgrade_before_the_bind)
{
	int port = free_port(), client;
	const char *go = path_in("go");
	struct superd *superd = run(LOCAL(port), "", text_of("mark=%s.begun await=%s %s", go, go, EACH(port)));

	client = client_connect(port);
	client_send(client, "who\n");
	WAIT_UNTIL(count_lines(path_in("go.begun")) == 1);
	superd_upgrade(superd);
	write_file("go", "now");
	cr_expect_not_null(strstr(client_line(client), " who"));
	close(client);
	WAIT_UNTIL(strstr(SUPERCTL(control_path(), "why", "web").out, "it has bound "));
	superd_expect_count(superd, "web: started", 1);
}

/* ---- nobody is lost ---- */

static struct world world_of_binder(const char *options)
{
	int port = free_port();
	const struct place place = { "web", text_of("127.0.0.1:%d", port), { .port = port } };
	struct world world = world_at(&place, EACH(port), "");

	world.backend = binder("%s", EACH(port));
	world.options = text_of("pass = bind\n error = inherit\n %s", options);
	world.clients = 300;
	world.most = 8;
	return world;
}

static struct world world_of_dual(const char *options)
{
	int port = free_port();
	const struct place place = { "web", text_of("%d", port), { .port = port } };
	struct world world = world_at(&place, "", "");

	world.backend = binder("tcp4 nonblock bind=0.0.0.0:%d listen=64 serve=edge", port);
	world.options = text_of("pass = bind\n error = inherit\n %s", options);
	world.clients = 300;
	world.most = 8;
	return world;
}

static struct world world_of_path(const char *options)
{
	const char *path = path_in("web.sock");
	const struct place place = { "web", path, { .path = path } };
	struct world world = world_at(&place, "", "");

	world.backend = binder("unlink=%s unix nonblock bind=%s listen=2 serve=poll", path, path);
	world.options = text_of("pass = bind\n error = inherit\n %s", options);
	world.clients = 300;
	world.most = 8;
	return world;
}

BehaviourOfBind(bind_life, nobody_is_lost_over_restarts)
{
	struct world world = world_of_binder("");

	SEE_NO_LOSS(&world, order_restart, order_stop);
}

BehaviourOfBind(bind_life, nor_over_holds_and_freezes)
{
	struct world world = world_of_binder("");

	SEE_NO_LOSS(&world, order_hold, order_freeze);
}

BehaviourOfBind(bind_life, nor_over_reloads)
{
	struct world world = world_of_binder("on_change = drain");

	SEE_NO_LOSS(&world, order_reload);
}

BehaviourOfBind(bind_life, nor_over_upgrades)
{
	struct world world = world_of_binder("");

	SEE_NO_LOSS(&world, order_upgrade, upgrade_by_signal);
}

BehaviourOfBind(bind_life, nor_over_idle_stops)
{
	struct world world = world_of_binder(idling("stop"));

	SEE_NO_LOSS(&world, do_nothing, order_upgrade);
}

BehaviourOfBind(bind_life, nor_over_idle_freezes)
{
	struct world world = world_of_binder(idling("freeze"));

	SEE_NO_LOSS(&world, do_nothing, order_upgrade);
}

/* The program binds before the first client comes: whoever waits then is reset. */
BehaviourOfBind(bind_life, nor_at_a_dual_socket_over_all_of_it)
{
	struct world world = world_of_dual("on_change = drain\n start = boot");

	world.begins = " and receives ";
	SEE_NO_LOSS(&world, EVERYTHING);
}

BehaviourOfBind(bind_life, nor_at_a_path_over_all_of_it)
{
	struct world world = world_of_path("on_change = drain");

	SEE_NO_LOSS(&world, EVERYTHING);
}
