/* superd's own small services over datagrams. Anybody can write any address into one, so most of what there is to
 * see is whom they do not answer. */
#include <arpa/inet.h>
#include <poll.h>

#include "harness.h"

static struct superd *run_small(const char *listen, const char *options)
{
	return superd_run("service small {\n listen = \"%s\"\n user = \"%s\"\n %s\n}\n", listen, own_user(), options);
}

/* superd and its builtin under the clock. */
static struct superd *clock_run_small(const char *listen, const char *options)
{
	return clock_run("service small {\n listen = \"%s\"\n user = \"%s\"\n passenv = " CLOCK_PASSED "\n %s\n}\n",
			 listen, own_user(), options);
}

static struct sockaddr_in at(const char *address, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	cr_assert_eq(inet_pton(AF_INET, address, &in.sin_addr), 1);
	return in;
}

/* A socket at this address, connected so that an answer from anywhere else is none. -1: the address can't be had. */
static int client_at(const char *from, int from_port, const char *to, int to_port)
{
	struct sockaddr_in own = at(from, from_port), peer = at(to, to_port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	if (bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0) {
		close(fd);
		return -1;
	}
	cr_assert_eq(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
	return fd;
}

static void expect_answers(const char *accept)
{
	struct superd *superd = run_small("udp:127.0.0.1:0", text_of("accept = %s builtin = echo", accept));
	int client = datagram_client(superd_port(superd, "small"));
	static char large[60001];

	cr_assert_str_eq(datagram_ask(client, "first"), "first");
	cr_assert_str_eq(datagram_ask(client, "second"), "second");
	memset(large, 'x', sizeof(large) - 1);
	cr_assert_str_eq(datagram_ask(client, large), large);
	superd_wait_log(superd, "small: started");
	superd_expect_count(superd, "small: started", 1);     /* a burst is one instance's */
	close(client);
	superd_stop(superd);
}

Behaviour(builtin_datagram, a_burst_is_answered_where_superd_accepts)
{
	expect_answers("yes");
}

Behaviour(builtin_datagram, a_burst_is_answered_where_the_socket_is_handed_over)
{
	expect_answers("no");
}

Behaviour(builtin_datagram, it_leaves_when_nobody_comes_and_is_started_again)
{
	struct superd *superd = clock_run_small("udp:127.0.0.1:0", "builtin = echo");
	int client = datagram_client(superd_port(superd, "small"));

	cr_assert_str_eq(datagram_ask(client, "first"), "first");
	clock_advance(superd, MINUTE_MS);
	superd_wait_log(superd, "ended: exit status 0");
	cr_assert_str_eq(datagram_ask(client, "second"), "second");
	close(client);
}

Behaviour(builtin_datagram, it_stays_while_somebody_comes)
{
	struct superd *superd = clock_run_small("udp:127.0.0.1:0", "builtin = echo");
	int client = datagram_client(superd_port(superd, "small"));

	for (int n = 0; n < 5; n++) {
		cr_assert_str_eq(datagram_ask(client, "again"), "again");
		clock_advance(superd, 4 * SECOND_MS);
	}
	cr_assert_not(superd_logged(superd, "ended: exit status 0"));
	close(client);
}

Behaviour(builtin_datagram, answers_come_over_ipv6_too)
{
	struct superd *superd = run_small("udp:[::1]:0", "builtin = echo");
	struct sockaddr_in6 peer = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int client = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	peer.sin6_port = htons((uint16_t)superd_port(superd, "small"));
	cr_assert_eq(connect(client, (struct sockaddr *)&peer, sizeof(peer)), 0);
	cr_assert_str_eq(datagram_ask(client, "six"), "six");
	close(client);
}

/* On a socket of every address, also for the very first datagram, which came before anybody could ask where to. */
static void expect_own_address(const char *listen)
{
	struct superd *superd = run_small(listen, "builtin = echo");
	int port = superd_port(superd, "small");

	for (int n = 5; n < 8; n++) {
		int client = client_at("127.0.0.1", 0, text_of("127.0.0.%d", n), port);

		cr_assert_str_eq(datagram_ask(client, "you"), "you");
		close(client);
	}
	superd_stop(superd);
}

Behaviour(builtin_datagram, the_answer_comes_from_the_address_that_was_asked)
{
	expect_own_address("udp4:0");
}

Behaviour(builtin_datagram, the_answer_of_an_ipv6_socket_comes_from_the_address_that_was_asked)
{
	expect_own_address("udp:0");
}

Behaviour(builtin_datagram, chargen_answers_with_no_more_than_it_got)
{
	struct superd *superd = run_small("udp:127.0.0.1:0", "builtin = chargen");
	int client = datagram_client(superd_port(superd, "small"));

	cr_assert_str_eq(datagram_ask(client, "12345"), " !\"#$");
	cr_assert_eq(strlen(datagram_ask(client, text_of("%0600d", 1))), 512);
	close(client);
}

Behaviour(builtin_datagram, discard_answers_nothing)
{
	struct superd *superd = clock_run_small("udp:127.0.0.1:0", "builtin = discard");
	int client = datagram_client(superd_port(superd, "small"));

	client_send(client, "into the void");
	superd_wait_log(superd, "small: started");
	clock_advance(superd, MINUTE_MS);
	superd_wait_log(superd, "ended: exit status 0");
	cr_assert(client_is_quiet(client, 0));
	close(client);
}

Behaviour(builtin_datagram, time_answers_an_empty_datagram)
{
	struct superd *superd = run_small("udp:127.0.0.1:0", "builtin = time");
	int client = datagram_client(superd_port(superd, "small"));
	struct pollfd ready = { client, POLLIN, 0 };
	char bytes[16];

	cr_assert_eq(send(client, "", 0, 0), 0);
	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1);
	cr_assert_eq(recv(client, bytes, sizeof(bytes), 0), 4);
	close(client);
}

/* Nothing is answered to this client, and then another is, so that the silence was no slowness. */
static void expect_silence(struct superd *superd, int client, int port)
{
	int other = client_at("127.0.0.9", 0, "127.0.0.1", port);

	client_send(client, "loop");
	superd_wait_log(superd, "REFUSED from ");
	cr_assert_str_eq(datagram_ask(other, "honest"), "honest");
	clock_advance(superd, SECOND_MS);
	cr_assert(client_is_quiet(client, 0));
	close(other);
	close(client);
}

Behaviour(builtin_datagram, another_builtin_is_never_answered)
{
	struct superd *superd =
		clock_run("defaults {\n passenv = " CLOCK_PASSED "\n}\n"
			  "service small {\n listen = \"udp:127.0.0.1:0\"\n user = \"%s\"\n builtin = echo\n}\n"
			  "service other {\n listen = \"udp:127.0.0.1:0\"\n user = \"%s\"\n builtin = chargen\n}\n",
			  own_user(), own_user());
	int small = superd_port(superd, "small"), other = superd_port(superd, "other");

	/* From the port of either, at another address, as a forger would write it. */
	expect_silence(superd, client_at("127.0.0.2", small, "127.0.0.1", small), small);
	expect_silence(superd, client_at("127.0.0.2", other, "127.0.0.1", small), small);
}

Behaviour(builtin_datagram, a_port_of_the_system_is_never_answered)
{
	struct superd *superd = clock_run_small("udp:127.0.0.1:0", "builtin = echo");
	int port = superd_port(superd, "small"), client = -1;

	for (int own = 1023; client < 0 && own > 900; own--)
		client = client_at("127.0.0.2", own, "127.0.0.1", port);
	if (client < 0) {
		superd_stop(superd);
		SKIP_WITHOUT(false, "needs the right to use a port below 1024");
	}
	expect_silence(superd, client, port);
}

/* Takes what a redirect passes on, and answers it. */
static void answer_as_target(int target)
{
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	struct pollfd ready = { target, POLLIN, 0 };
	char bytes[64];
	ssize_t got;

	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1, "%s", world_logs());
	got = recvfrom(target, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &length);
	cr_assert_gt(got, 0);
	cr_assert_eq(sendto(target, bytes, (size_t)got, 0, (struct sockaddr *)&from, length), got);
}

static const char *receive(int client)
{
	static char bytes[64];
	struct pollfd ready = { client, POLLIN, 0 };
	ssize_t got;

	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1, "%s", world_logs());
	got = recv(client, bytes, sizeof(bytes) - 1, 0);
	cr_assert_geq(got, 0);
	bytes[got] = '\0';
	return bytes;
}

/* The target gets its datagram, but its answer stops here. */
static void expect_one_way(int client, int port, int target)
{
	int other = client_at("127.0.0.9", 0, "127.0.0.1", port);

	client_send(client, "loop");
	answer_as_target(target);
	client_send(other, "honest");
	answer_as_target(target);
	cr_assert_str_eq(receive(other), "honest");
	cr_assert(client_is_quiet(client, 0));
	close(other);
	close(client);
}

static int open_target(int *port)
{
	struct sockaddr_in own = at("127.0.0.1", 0);
	socklen_t length = sizeof(own);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&own, length), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&own, &length), 0);
	*port = ntohs(own.sin_port);
	return fd;
}

/* The places of a redirect's flows are shared by sources: who opens flow after flow loses flows of its own. */
Behaviour(builtin_datagram, one_source_takes_no_flow_of_another)
{
	enum { FLOWS_MOST = 1024, FLOOD = FLOWS_MOST + 100 };
	int target_port, target = open_target(&target_port), honest, port;
	struct superd *superd = superd_run("service pass { listen = \"udp:127.0.0.1:0\" redirect = \"127.0.0.1 %d\""
					   " user = \"%s\" }\n", target_port, own_user());
	struct sockaddr_in flow;
	socklen_t length = sizeof(flow);
	char text[64];

	port = superd_port(superd, "pass");
	honest = client_at("127.0.0.1", 0, "127.0.0.1", port);
	cr_assert_eq(send(honest, "honest", 6, 0), 6);
	cr_assert_eq(recvfrom(target, text, sizeof(text), 0, (struct sockaddr *)&flow, &length), 6);
	for (int n = 0; n < FLOOD; n++) {
		int client = client_at("127.0.0.2", 0, "127.0.0.1", port);

		cr_assert_eq(send(client, "flood", 5, 0), 5);
		cr_assert_eq(recv(target, text, sizeof(text), 0), 5);
		close(client);
	}
	cr_assert_eq(sendto(target, "answer", 6, 0, (struct sockaddr *)&flow, length), 6);
	cr_assert_str_eq(receive(honest), "answer");
	close(honest);
	close(target);
}

/* A datagram with a false address would else go back and forth between two redirects whose targets answer anything, or
 * between one and itself, for ever. */
static void expect_no_loop(const char *exec)
{
	int target_port, target = open_target(&target_port), client = -1, port, other;
	struct superd *superd =
		superd_run("defaults { user = \"%s\" }\n"
			   "service pass { listen = \"udp:127.0.0.1:0\" redirect = \"127.0.0.1 %d\" %s }\n"
			   "service other { listen = \"udp:127.0.0.1:0\" redirect = \"127.0.0.1 %d\" }\n"
			   "service echo { listen = \"udp:127.0.0.1:0\" builtin = echo }\n",
			   own_user(), target_port, exec, target_port);

	port = superd_port(superd, "pass");
	other = superd_port(superd, "other");
	expect_one_way(client_at("127.0.0.2", other, "127.0.0.1", port), port, target);
	superd_wait_log(superd, text_of("REFUSED from 127.0.0.2 port %d: a sender at that port", other));
	expect_one_way(client_at("127.0.0.2", port, "127.0.0.1", port), port, target);
	expect_one_way(client_at("127.0.0.2", superd_port(superd, "echo"), "127.0.0.1", port), port, target);
	for (int own = 1023; client < 0 && own > 900; own--)
		client = client_at("127.0.0.2", own, "127.0.0.1", port);
	if (client >= 0)                /* not without the right to such a port */
		expect_one_way(client, port, target);
	close(target);
	superd_stop(superd);
}

Behaviour(builtin_datagram, a_redirect_answers_no_port_of_a_service)
{
	expect_no_loop("");
}

Behaviour(builtin_datagram, nor_does_the_relay_of_a_program)
{
	expect_no_loop("exec = \"/bin/sleep 1000\"");
}

/* The first datagram is let in by superd; those behind it are judged by who answers them. */
static void expect_rules(const char *accept)
{
	struct superd *superd = clock_run_small("udp:127.0.0.1:0",
						text_of("accept = %s builtin = echo only_from = { \"127.0.0.0/24\" }"
							" no_access = { \"127.0.0.7\" }",
							accept));
	int port = superd_port(superd, "small"), good = datagram_client(port);

	cr_assert_str_eq(datagram_ask(good, "first"), "first");
	expect_silence(superd, client_at("127.0.0.7", 0, "127.0.0.1", port), port);
	expect_silence(superd, client_at("127.0.1.1", 0, "127.0.0.1", port), port);
	superd_expect_count(superd, "small: started", 1);     /* it was one instance all the time */
	close(good);
	superd_stop(superd);
}

Behaviour(builtin_datagram, rules_of_addresses_hold_for_each_datagram_where_superd_accepts)
{
	expect_rules("yes");
}

Behaviour(builtin_datagram, rules_of_addresses_hold_for_each_datagram_of_a_socket_handed_over)
{
	expect_rules("no");
}

Behaviour(builtin_datagram, one_source_gets_only_so_many_answers)
{
	enum { ASKED = 2000, A_SECOND = 50 };
	struct superd *superd = clock_run_small("udp:127.0.0.1:0", "builtin = time");
	int port = superd_port(superd, "small"), client = datagram_client(port), answers = 0, other;
	struct pollfd ready = { client, POLLIN, 0 };
	char bytes[16];

	clock_hold();
	for (int n = 0; n < ASKED; n++) {
		send(client, "x", 1, 0);
		if (n % 50 == 0)
			pause_a_moment();
	}
	superd_wait_log(superd, "small: started");
	clock_settle(superd);
	while (poll(&ready, 1, 0) > 0) {
		cr_assert_eq(recv(client, bytes, sizeof(bytes), 0), 4);
		answers++;
	}
	cr_assert_geq(answers, 1);
	cr_assert_leq(answers, A_SECOND);
	/* It goes on for others meanwhile, and for this one a second later. */
	other = client_at("127.0.0.9", 0, "127.0.0.1", port);
	cr_assert_eq(send(other, "x", 1, 0), 1);
	cr_assert_eq(recv(other, bytes, sizeof(bytes), 0), 4);
	close(other);
	clock_advance(superd, SECOND_MS);
	cr_assert_eq(send(client, "x", 1, 0), 1);
	cr_assert_eq(poll(&ready, 1, DEADLINE_MS), 1);
	close(client);
}

static void send_descriptors(int client)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = {
		.header = { .cmsg_len = CMSG_LEN(8 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS }
	};
	struct iovec part = { (char[]){ 'x' }, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	const int sent[8] = { client, client, client, client, client, client, client, client };

	memcpy(CMSG_DATA(&control.header), sent, sizeof(sent));
	cr_assert_eq(sendmsg(client, &message, 0), 1, "%s", strerror(errno));
}

Behaviour(builtin_datagram, descriptors_that_somebody_sends_are_not_kept)
{
	const char *path = path_in("small"), *own = path_in("own");
	struct superd *superd = run_small(text_of("unix-dgram:%s", path), "builtin = echo");
	size_t before;
	pid_t server;
	int client;

	wait_node(path);
	client = datagram_client_unix(path, own);
	cr_assert_str_eq(datagram_ask(client, "hello"), "hello");
	WAIT_UNTIL(superd_others(superd, &server, 1) == 1);
	before = process_fd_count(server);
	for (int n = 0; n < 10; n++)
		send_descriptors(client);
	while (strcmp(datagram_ask(client, "over"), "over"))
		continue;
	cr_assert_eq(process_fd_count(server), before);
	close(client);
	unlink(own);
}
