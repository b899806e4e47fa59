/* IPv4, IPv6 and both: which listener a program gets that binds one or the other, and what it sees of its clients. */
#include <netinet/in.h>

#include "binding.h"
#include "superctl.h"

#define DUAL(port) text_of("\"%d\"", port)
#define ROWS(port) text_of("{ \"tcp4:%d\", \"tcp6:%d\" }", port, port)

static bool has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

#define BehaviourOfIpv6(suite, name) \
	static void suite##_##name##_six(void); \
	BehaviourOfBind(suite, name) \
	{ \
		SKIP_WITHOUT(has_ipv6(), "there is no IPv6 here"); \
		suite##_##name##_six(); \
	} \
	static void suite##_##name##_six(void)

static const char *ask_at(const char *address, int port)
{
	int client = client_connect_to(address, port);
	const char *answer;

	client_send(client, "?\n");
	answer = client_line(client);
	close(client);
	return answer;
}

static void expect_ipv4(int port)
{
	const char *details = ask_at("127.0.0.1", port);

	bind_expect(details, "family=4");
	bind_expect(details, "domain=4");
	cr_expect_not_null(strstr(details, " peer=127.0.0.1:"), "%s", details);
	bind_expect(details, text_of("own=127.0.0.1:%d", port));
}

static void expect_ipv6(int port)
{
	const char *details = ask_at("::1", port);

	bind_expect(details, "family=6");
	bind_expect(details, "domain=6");
	cr_expect_not_null(strstr(details, " peer=[::1]:"), "%s", details);
	bind_expect(details, text_of("own=[::1]:%d", port));
}

static struct superd *run(const char *sockets, const char *steps)
{
	struct superd *superd = bind_run(sockets, "", steps);

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static const char *two(const char *more, int port, const char *serve)
{
	return text_of("tcp4 %s bind=0.0.0.0:%d listen=5 tcp6 v6only=1 %s bind=[::]:%d listen=5 %s", more, port, more,
		       port, serve);
}

/* ---- one socket of superd's for both IP versions, and two of the program's ---- */

/* The first client starts the program, and is reset: superd opens another socket for one IP version. */
static void start_by_lost_client(int port)
{
	int client = client_connect(port);

	cr_expect(client_sees_end(client));
	close(client);
}

static void expect_both_of_a_dual(const char *more, const char *serve)
{
	int port = free_port();
	struct superd *superd = run(DUAL(port), two(more, port, serve));

	start_by_lost_client(port);
	superd_wait_log(superd, text_of("superd listens on tcp6:%d for it", port));
	expect_ipv4(port);
	expect_ipv6(port);
	expect_ipv4(port);
	superd_expect_count(superd, "web: started", 1);
	superd_stop(superd);
}

BehaviourOfIpv6(families, a_program_with_two_sockets_serves_all_clients_of_a_dual_one)
{
	expect_both_of_a_dual("", "serve=poll");
	expect_both_of_a_dual("nonblock", "serve=edge");
	expect_both_of_a_dual("nonblock", "serve=once");
}

BehaviourOfIpv6(families, the_same_table_serves_a_program_with_one_dual_socket)
{
	int port = free_port();
	struct superd *superd = run(DUAL(port), text_of("tcp6 v6only=0 bind=[::]:%d listen=5 serve=poll", port));
	const char *details = ask_at("127.0.0.1", port);

	bind_expect(details, "family=6");
	cr_expect_not_null(strstr(details, " peer=[::ffff:127.0.0.1]:"), "%s", details);
	expect_ipv6(port);
	superd_stop(superd);
}

/* ---- what is advised ---- */

BehaviourOfIpv6(families, a_program_of_ipv4_alone_is_advised_of_tcp4_alone)
{
	int port = free_port();
	struct superd *superd = run(DUAL(port), text_of("tcp4 bind=0.0.0.0:%d listen=5 serve=poll", port));

	start_by_lost_client(port);
	superd_wait_log(superd, text_of("superd listens on tcp4:%d for it, and who waited was reset; write listen = "
					"\"tcp4:%d\" to have it so from the start", port, port));
	expect_ipv4(port);
	superd_expect_count(superd, "tcp6:", 0);
}

/* ---- two sockets of superd's ---- */

BehaviourOfIpv6(families, rows_for_each_version_give_the_program_what_it_opens)
{
	int port = free_port();
	struct superd *superd = run(ROWS(port), two("", port, "serve=poll"));

	superd_wait_log(superd, "web: listening on ");
	expect_ipv4(port);
	expect_ipv6(port);
}

BehaviourOfIpv6(families, in_the_other_order_too)
{
	int port = free_port();
	struct superd *superd = run(ROWS(port),
				    text_of("tcp6 v6only=1 bind=[::]:%d listen=5 tcp4 bind=0.0.0.0:%d listen=5 "
					    "serve=poll",
					    port, port));

	superd_wait_log(superd, "web: listening on ");
	expect_ipv6(port);
	expect_ipv4(port);
}

BehaviourOfIpv6(families, an_ipv6_socket_alone)
{
	int port = free_port();
	struct superd *superd =
		run(text_of("\"[::1]:%d\"", port), text_of("tcp6 v6only=1 bind=[::1]:%d listen=5 serve=poll", port));

	expect_ipv6(port);
	superd_stop(superd);
}

/* ---- `binds` without an address ---- */

/* listens and binds with %d for a port of their own; six: the socket that the program binds is an IPv6 one. */
static void expect_meant(const char *listens, const char *binds, const char *bound, bool six)
{
	int port = free_port(), other = free_port();
	const char *sockets = text_of("\"%s%d\"\n binds = \"%s%d\"", listens, port, binds, other);
	struct superd *superd = run(sockets, text_of("%s bind=%s:%d listen=5 serve=poll",
						     six ? "tcp6 v6only=0" : "tcp4", bound, other));

	if (!*listens) {
		start_by_lost_client(port);
		superd_wait_log(superd, text_of("superd listens on tcp4:%d for it", port));
	}
	bind_expect(ask_at("127.0.0.1", port), six ? text_of("name=127.0.0.1:%d", port) : "family=4");
	cr_expect_not(client_can_connect(other), "%s %s %s", listens, binds, bound);
	superd_stop(superd);
}

BehaviourOfBind(families, binds_of_a_port_means_ipv4_too_where_superd_listens_on_it)
{
	expect_meant("127.0.0.1:", "", "0.0.0.0", false);
	expect_meant("127.0.0.1:", "", "127.0.0.1", false);
	expect_meant("127.0.0.1:", "*:", "127.0.0.1", false);
	expect_meant("tcp4:", "", "0.0.0.0", false);
	expect_meant("tcp4:", "", "127.0.0.1", false);
}

BehaviourOfIpv6(families, binds_of_a_port_means_each_ip_version)
{
	expect_meant("127.0.0.1:", "", "[::]", true);
	expect_meant("", "", "127.0.0.1", false);
	expect_meant("", "", "0.0.0.0", false);
}

BehaviourOfIpv6(families, of_two_sockets_each_has_its_ip_version)
{
	int port = free_port(), other = free_port();
	struct superd *superd = run(text_of("{ \"tcp6:%d\", \"tcp4:%d\" }\n binds = \"%d\"", port, port, other),
				    two("", other, "serve=poll"));

	superd_wait_log(superd, "web: listening on ");
	expect_ipv4(port);
	expect_ipv6(port);
}

/* ---- datagrams ---- */

static const char *datagram_details(int port)
{
	int client = datagram_client(port);
	const char *answer = datagram_ask(client, "?");

	close(client);
	return text_of("%s ", answer);
}

static const char *udp6_details(int port)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons((uint16_t)port),
	};
	int client = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *answer;

	cr_assert(client >= 0 && connect(client, (struct sockaddr *)&address, sizeof(address)) == 0);
	answer = datagram_ask(client, "?");
	close(client);
	return text_of("%s ", answer);
}

BehaviourOfBind(families, the_first_datagram_says_where_it_went)
{
	int port = free_port();
	struct superd *superd =
		run(text_of("\"udp4:%d\"", port), text_of("udp4 pktinfo=1 bind=0.0.0.0:%d serve=poll", port));
	const char *details = datagram_details(port);

	bind_expect(details, "family=4");
	bind_expect(details, "to=127.0.0.1:0");
	superd_stop(superd);
}

BehaviourOfIpv6(families, so_it_does_in_ipv6)
{
	int port = free_port();
	struct superd *superd = run(
		text_of("{ \"udp4:%d\", \"udp6:%d\" }", port, port),
		text_of("udp4 pktinfo=1 bind=0.0.0.0:%d udp6 v6only=1 pktinfo=1 bind=[::]:%d serve=poll", port, port));

	superd_wait_log(superd, "web: listening on ");
	bind_expect(udp6_details(port), "to=[::1]:0");
	bind_expect(datagram_details(port), "to=127.0.0.1:0");
}

BehaviourOfIpv6(families, ipv4_datagrams_of_a_dual_socket_are_warned_of)
{
	int port = free_port();
	struct superd *superd = run(text_of("\"udp:%d\"", port), text_of("udp4 bind=0.0.0.0:%d serve=poll", port));
	int client = datagram_client(port);

	client_send(client, "lost");
	superd_wait_log(superd, text_of("superd listens on udp4:%d for it", port));
	close(client);
	bind_expect(datagram_details(port), "family=4");
}

/* ---- SCTP ---- */

BehaviourOfBind(families, one_to_one_sctp)
{
	int port = free_port(), client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct superd *superd;

	SKIP_WITHOUT(client >= 0, "there is no SCTP here");
	superd = run(text_of("\"sctp:127.0.0.1:%d\"", port),
		     text_of("sctp4 bind=127.0.0.1:%d listen=5 serve=poll", port));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	client_send(client, "who\n");
	cr_expect_not_null(strstr(client_line(client), " who"));
	close(client);
	superd_stop(superd);
}
