/* Twins of every kind of table: their backends go on accepting for a while when they are told to end, and
 * answer nobody then. They are restarted again and again under load, and not one client may be lost. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "controlling.h"
#include "load.h"
#include "superctl.h"

#define CARELESS backend("-d 1 careless 20")
#define SERVICE "service web {\n listen = { %s }\n exec = \"%s\"\n timeout_stop = 10s\n %s\n}\n"

enum { RESTARTS = 8, LOADS_MOST = 3 };

static void pass_time(struct load *const *loads, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		size_t before = load_progress(loads[n]);

		WAIT_UNTIL(load_progress(loads[n]) > before + 5);
	}
}

static void stay_up_over_restarts(struct superd *superd, size_t sockets, const struct load_plan *plans, size_t count)
{
	struct load *loads[LOADS_MOST];

	WAIT_UNTIL(superd_log_count(superd, "web: listening on ") == sockets);
	for (size_t n = 0; n < count; n++)
		loads[n] = load_start(&plans[n]);
	for (unsigned n = 0; n < RESTARTS; n++) {
		cr_assert(control_is_done(control_once("restart web")), "%s", world_logs());
		pass_time(loads, count);
	}
	for (size_t n = 0; n < count; n++) {
		struct tally tally = load_stop(loads[n]);

		tally_expect_all_served(&tally);
	}
	superd_stop(superd);
}

static bool has_ipv6(void)
{
	const struct sockaddr_in6 loopback = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

Behaviour(standby_socket_kinds, both_families_of_one_socket)
{
	int port = free_port();
	const struct load_plan plans[] = { { .port = port, .threads = 4 },
					   { .port = port, .by_ipv6 = true, .threads = 4 } };

	SKIP_WITHOUT(has_ipv6(), "there is no IPv6 here");
	stay_up_over_restarts(controlled_run(SERVICE, text_of("\"%d\"", port), CARELESS, ""), 1, plans, 2);
}

/* At the same port another service has the other family, which is none of its own. */
Behaviour(standby_socket_kinds, ipv6_only_beside_another_service_of_ipv4)
{
	int port = free_port();
	const struct load_plan plan = { .port = port, .by_ipv6 = true, .threads = 8 };
	struct superd *superd;

	SKIP_WITHOUT(has_ipv6(), "there is no IPv6 here");
	superd = controlled_run(SERVICE "service other {\n listen = \"tcp4:%d\"\n exec = \"%s\"\n}\n",
				text_of("\"tcp6:%d\"", port), CARELESS, "ipv6_only = yes", port, backend("serve"));
	superd_port(superd, "other");
	cr_assert_gt(client_ask_pid(port), 0);
	stay_up_over_restarts(superd, 1, &plan, 1);
}

Behaviour(standby_socket_kinds, a_socket_bound_to_an_interface)
{
	int port = free_port();
	const struct load_plan plan = { .port = port, .threads = 8 };

	SKIP_WITHOUT(geteuid() == 0, "bind_to_device needs root");
	stay_up_over_restarts(
		controlled_run(SERVICE, text_of("\"127.0.0.1:%d\"", port), CARELESS, "bind_to_device = \"lo\""), 1,
		&plan, 1);
}

Behaviour(standby_socket_kinds, several_sockets_of_one_service)
{
	struct load_plan plans[] = { { .port = free_port(), .threads = 4 },
				     { .port = free_port(), .threads = 4 },
				     { .path = path_in("web.sock"), .threads = 4 } };
	const char *listen;

	SKIP_WITHOUT(geteuid() == 0, "a twin of a unix socket needs root");
	while (plans[1].port == plans[0].port)
		plans[1].port = free_port();
	listen = text_of("\"127.0.0.1:%d\", \"127.0.0.1:%d\", \"%s\"", plans[0].port, plans[1].port, plans[2].path);
	stay_up_over_restarts(controlled_run(SERVICE, listen, CARELESS, ""), 3, plans, 3);
}

/* The port has a twin, and the socket of datagrams goes from hand to hand. */
Behaviour(standby_socket_kinds, datagrams_beside_a_port)
{
	int port = free_port(), datagrams, asked = 0;
	const struct load_plan plan = { .port = port, .threads = 8 };
	struct superd *superd =
		controlled_run(SERVICE, text_of("\"127.0.0.1:%d\", \"udp:127.0.0.1:%d\"", port, port), CARELESS, "");
	struct load *load;
	struct tally tally;

	superd_wait_log(superd, "listening on udp");
	datagrams = datagram_client(port);
	load = load_start(&plan);
	for (unsigned n = 0; n < RESTARTS; n++, asked++) {
		cr_assert_not_null(
			strstr(datagram_ask(datagrams, text_of("number %d", asked)), text_of(" number %d", asked)));
		cr_assert(control_is_done(control_once("restart web")), "%s", world_logs());
		pass_time(&load, 1);
	}
	cr_assert_not_null(strstr(superctl_order("drain web"), "a socket of this kind"));
	tally = load_stop(load);
	tally_expect_all_served(&tally);
	close(datagrams);
}

/* Whoever gave it may have it still, and is in its group as long: then the plain way is taken, which loses
 * nobody whose backend serves whom it has accepted. */
Behaviour(standby_socket_kinds, a_socket_that_superd_was_given)
{
	int port = free_port(), given = listen_on(port);
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .listener = given };
	const struct load_plan plan = { .port = port, .threads = 8 };
	struct superd *superd;

	superd = superd_run_with(&setup, SERVICE, text_of("\"127.0.0.1:%d\"", port), backend("-d 1 few 1000000"), "");
	superd_wait_log(superd, "(inherited)");
	stay_up_over_restarts(superd, 1, &plan, 1);
	close(given);
}
