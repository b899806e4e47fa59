/* only_from and no_access with pass = bind. The program has superd's own listener, and with it could take the kernel's
 * filter off. superd locks the filter, so a reload with other rules opens a new socket once the program has ended. */
#include <netinet/in.h>

#include "binding.h"
#include "disturbing.h"
#include "superctl.h"

#define FRIEND "127.0.0.1"
#define OTHER "127.0.0.2"
#define ONLY(address) "only_from = \"" address "\""
#define OLD "keeps its old options until its program has ended"

/* Debian lets root alone have the kernel look at a socket's clients. */
#define SKIP_WITHOUT_FILTERS() \
	SKIP_WITHOUT(geteuid() == 0 || strncmp(read_text("/proc/sys/kernel/unprivileged_bpf_disabled"), "0", 1) == 0, \
		     "this kernel lets root alone put a filter on a socket")

static const char *socket_of(const char *kind, int port)
{
	return text_of("\"%s" FRIEND ":%d\"", kind, port);
}

static const char *steps_of(const char *kind, int port)
{
	return !strcmp(kind, "udp:") ? text_of("udp4 bind=" FRIEND ":%d serve=poll", port)
				     : text_of("tcp4 bind=" FRIEND ":%d listen=64 serve=poll", port);
}

static struct superd *run(const char *kind, int port, const char *options)
{
	struct superd *superd = bind_clock_run(socket_of(kind, port), options, steps_of(kind, port));

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static bool reload(struct superd *superd, const char *kind, int port, const char *options)
{
	return superd_reload(superd, "%s", bind_table(socket_of(kind, port), options, steps_of(kind, port)));
}

static long served_pid(const char *from, int port)
{
	int client = client_connect_from(from, port);
	long pid;

	client_send(client, "who\n");
	pid = atol(client_line(client));
	close(client);
	return pid;
}

static long datagram_pid(const char *from, int port)
{
	int client = client_from(from, SOCK_DGRAM, port);
	long pid = atol(datagram_ask(client, "who\n"));

	close(client);
	return pid;
}

/* The kernel drops what this address sends: loopback has it there when the call returns. */
static void expect_kept_out(struct superd *superd, const char *from, int port)
{
	int client = client_from(from, SOCK_STREAM, port);
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);

	clock_settle(superd);
	cr_expect(getpeername(client, (struct sockaddr *)&peer, &length) < 0, "%s is let in\n%s", from, world_logs());
	close(client);
}

BehaviourOfBind(bind_rules, a_program_cannot_take_them_off)
{
	static const char *const tries[] = { "detach=0", "lock-filter=0" };
	int port = free_port();
	struct superd *superd;

	SKIP_WITHOUT_FILTERS();
	superd = run("", port, ONLY(FRIEND));
	for (size_t n = 0; n < sizeof(tries) / sizeof(*tries); n++) {
		const char *answer = client_ask(port, text_of("!%s\n", tries[n]));

		cr_expect_not_null(strstr(answer, strerror(EPERM)), "%s: %s", tries[n], answer);
		expect_kept_out(superd, OTHER, port);
	}
	client_ask_pid(port);
}

/* What runs goes on by the old ones, which reload, why and health say. */
static void expect_changed(const char *options, bool runs)
{
	int port = free_port();
	struct superd *superd = run("", port, text_of(ONLY(FRIEND) "\n %s", options));
	long first = served_pid(FRIEND, port);

	expect_kept_out(superd, OTHER, port);
	if (!runs)
		cr_assert(control_is_done(control_once("stop web")));
	cr_assert(reload(superd, "", port, text_of(ONLY(OTHER) "\n %s", options)));
	if (runs) {
		superd_wait_log(superd, OLD);
		WAIT_UNTIL(strstr(control_once("health"), OLD));
		WAIT_UNTIL(strstr(why_of("web"), OLD));
		cr_expect_eq(served_pid(FRIEND, port), first);
		expect_kept_out(superd, OTHER, port);
		cr_assert(control_is_done(control_once("stop web")));
	}
	superd_wait_log(superd, "has its old options: opening it again");
	WAIT_UNTIL(superd_log_count(superd, "web: listening on ") == 2);
	cr_expect_neq(served_pid(OTHER, port), first);
	expect_kept_out(superd, FRIEND, port);
	cr_expect_null(strstr(control_once("health"), OLD));
	superd_stop(superd);
}

BehaviourOfBind(bind_rules, a_reload_that_changes_them_opens_a_new_socket)
{
	SKIP_WITHOUT_FILTERS();
	expect_changed("", false);
}

BehaviourOfBind(bind_rules, the_program_that_runs_goes_on_by_the_old_ones)
{
	SKIP_WITHOUT_FILTERS();
	expect_changed("", true);
	expect_changed("on_remove = finish", true);
	expect_changed("on_remove = stop", true);
}

BehaviourOfBind(bind_rules, of_datagrams_too)
{
	int port = free_port();
	struct superd *superd;
	long first;

	SKIP_WITHOUT_FILTERS();
	superd = run("udp:", port, ONLY(FRIEND));
	first = datagram_pid(FRIEND, port);
	cr_assert(reload(superd, "udp:", port, ONLY(OTHER)));
	superd_wait_log(superd, OLD);
	cr_expect_eq(datagram_pid(FRIEND, port), first);
	cr_assert(control_is_done(control_once("stop web")));
	WAIT_UNTIL(superd_log_count(superd, "web: listening on ") == 2);
	cr_expect_neq(datagram_pid(OTHER, port), first);
}

/* Another user's socket is restored by a process of its own. */
static void expect_unchanged(const char *options)
{
	int port = free_port();
	struct superd *superd = run("", port, options);
	long first = served_pid(FRIEND, port);

	cr_assert(reload(superd, "", port, text_of("%s\n backlog = 100", options)));
	cr_expect_eq(served_pid(FRIEND, port), first);
	superd_upgrade(superd);
	cr_expect_eq(served_pid(FRIEND, port), first);
	expect_kept_out(superd, OTHER, port);
	cr_assert(control_is_done(control_once("restart web")));
	cr_expect_neq(served_pid(FRIEND, port), first);
	expect_kept_out(superd, OTHER, port);
	superd_expect_count(superd, "web: listening on ", 1);
	superd_stop(superd);
}

/* They are as they were. */
BehaviourOfBind(bind_rules, an_upgrade_and_another_change_leave_it_running)
{
	SKIP_WITHOUT_FILTERS();
	expect_unchanged(ONLY(FRIEND));
	if (namespace_users())
		expect_unchanged(ONLY(FRIEND) "\n user = \"nobody\"");
}

static struct world world_with_rules(const char *options)
{
	int port = free_port();
	const struct place place = { "web", text_of(FRIEND ":%d", port), { .port = port } };
	struct world world = world_at(&place, "", "");

	world.backend = binder("tcp4 nonblock bind=" FRIEND ":%d listen=64 watch=level serve=level", port);
	world.options = text_of("pass = bind\n error = inherit\n %s", options);
	world.other_options = "only_from = { \"" FRIEND "\", \"192.0.2.1\" }";
	world.clients = 300;
	world.most = 8;
	return world;
}

BehaviourOfBind(bind_rules, nobody_is_lost_over_changes_of_them)
{
	struct world world;

	SKIP_WITHOUT_FILTERS();
	world = world_with_rules("");
	SEE_NO_LOSS(&world, order_reload);
}

BehaviourOfBind(bind_rules, nor_over_all_else)
{
	struct world world;

	SKIP_WITHOUT_FILTERS();
	world = world_with_rules(ONLY(FRIEND));
	world.other_options = NULL;
	SEE_NO_LOSS(&world, EVERYTHING);
}

BehaviourOfBind(bind_rules, nor_over_idle_stops)
{
	struct world world;

	SKIP_WITHOUT_FILTERS();
	world = world_with_rules(text_of(ONLY(FRIEND) "\n %s", idling("stop")));
	world.other_options = NULL;
	SEE_NO_LOSS(&world, do_nothing, order_upgrade);
}
