/* Whose datagrams are answered. */
#include <arpa/inet.h>

#include "builtin/builtin.h"
#include "tests/unit/unit.h"

static struct settings settings;

static void end_settings(void)
{
	settings = (struct settings){ 0 };
}

TestSuite(builtin_sender, .fini = end_settings);

static struct socket_address sender_at(const char *address, unsigned port)
{
	struct socket_address sender = { .length = sizeof(struct sockaddr_in) };

	sender.in.sin_family = AF_INET;
	sender.in.sin_port = htons((in_port_t)port);
	if (inet_pton(AF_INET, address, &sender.in.sin_addr) == 1)
		return sender;
	sender.length = sizeof(struct sockaddr_in6);
	sender.in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((in_port_t)port) };
	cr_assert_eq(inet_pton(AF_INET6, address, &sender.in6.sin6_addr), 1);
	return sender;
}

static const char *refusal(const char *address, unsigned port)
{
	struct socket_address sender = sender_at(address, port);

	return sender_refuse(&sender, -1, &settings);
}

static const char *described(const char *address, unsigned port)
{
	static char text[SENDER_TEXT];
	struct socket_address sender = sender_at(address, port);

	sender_describe(&sender, text);
	return text;
}

Test(builtin_sender, ipv4_is_told_as_ipv4_whatever_socket_it_came_by)
{
	char text[SENDER_TEXT];
	struct socket_address nobody = { .length = 0 };

	cr_expect_str_eq(described("192.0.2.1", 7), "192.0.2.1 port 7");
	cr_expect_str_eq(described("::ffff:192.0.2.1", 65535), "192.0.2.1 port 65535");
	cr_expect_str_eq(described("2001:db8::1", 7), "2001:db8::1 port 7");
	sender_describe(&nobody, text);
	cr_expect_str_eq(text, "a local client");
}

Test(builtin_sender, an_ordinary_client_is_answered)
{
	cr_expect_null(refusal("192.0.2.1", 40000));
	cr_expect_null(refusal("127.0.0.1", 1024));
	cr_expect_null(refusal("2001:db8::1", 40000));
	cr_expect_null(refusal("::1", 65535));
	cr_expect_null(refusal("::ffff:192.0.2.1", 40000));
}

Test(builtin_sender, ports_of_servers_are_not)
{
	static uint16_t loops[] = { 2007, 2019 };

	cr_expect_not_null(refusal("192.0.2.1", 7));
	cr_expect_not_null(refusal("192.0.2.1", 0));
	cr_expect_not_null(refusal("192.0.2.1", 1023));
	cr_expect_not_null(refusal("2001:db8::1", 19));
	cr_expect_null(refusal("192.0.2.1", 2007));
	settings.loops = loops;
	settings.loop_count = 2;
	cr_expect_not_null(refusal("192.0.2.1", 2007));
	cr_expect_not_null(refusal("::1", 2019));
	cr_expect_null(refusal("192.0.2.1", 2008));
}

Test(builtin_sender, addresses_that_are_nobodys_are_not)
{
	static const char *const wrong[] = { "0.0.0.0",		 "0.1.2.3",	    "224.0.0.1", "239.255.255.250",
					     "240.0.0.1",	 "255.255.255.255", "::",	 "ff02::1",
					     "::ffff:224.0.0.1", "::ffff:0.0.0.1" };

	for (size_t n = 0; n < sizeof(wrong) / sizeof(wrong[0]); n++)
		cr_expect_not_null(refusal(wrong[n], 40000), "%s", wrong[n]);
}

/* Servers of one protocol have the same port on all machines, but a datagram from there that this machine has sent
 * itself is an answer. */
Test(builtin_sender, servers_on_other_machines_may_have_the_port_of_the_service)
{
	static uint16_t loops[] = { 123, 5060 };
	struct socket_address other = sender_at("192.0.2.1", 123), mapped = sender_at("::ffff:192.0.2.1", 5060);
	struct socket_address own = sender_at("127.0.0.1", 123), loopback = sender_at("127.1.2.3", 5060);
	struct socket_address six = sender_at("::1", 123);

	settings.loops = loops;
	settings.loop_count = 2;
	cr_expect_null(sender_refuse(&other, 123, &settings));
	cr_expect_null(sender_refuse(&mapped, 5060, &settings));
	cr_expect_not_null(sender_refuse(&other, 5060, &settings));
	cr_expect_not_null(sender_refuse(&mapped, 123, &settings));
	cr_expect_not_null(sender_refuse(&own, 123, &settings));
	cr_expect_not_null(sender_refuse(&loopback, 5060, &settings));
	cr_expect_not_null(sender_refuse(&six, 123, &settings));
}

Test(builtin_sender, a_local_client_needs_a_name_to_be_answered_at)
{
	struct socket_address named = { .length = 20 }, nameless = { .length = sizeof(sa_family_t) },
			      nobody = { .length = 0 };

	named.any.sa_family = nameless.any.sa_family = AF_UNIX;
	cr_expect_null(sender_refuse(&named, -1, &settings));
	cr_expect_not_null(sender_refuse(&nameless, -1, &settings));
	cr_expect_not_null(sender_refuse(&nobody, -1, &settings));
}

static unsigned count_replies(struct replies *replies, const char *address, int64_t second, unsigned asked)
{
	struct socket_address sender = sender_at(address, 40000);
	unsigned char bytes[16];
	unsigned given = 0;

	cr_assert(socket_address_bytes(&sender, bytes));
	while (asked--)
		given += replies_count(replies, bytes, second);
	return given;
}

Test(builtin_sender, one_source_has_so_many_answers_a_second)
{
	struct replies *replies = calloc(1, sizeof(*replies));

	cr_assert_not_null(replies);
	cr_expect_eq(count_replies(replies, "192.0.2.1", 1, 1000), REPLIES_A_SECOND);
	cr_expect_eq(count_replies(replies, "192.0.2.2", 1, 10), 10, "another source is not concerned");
	cr_expect_eq(count_replies(replies, "192.0.2.1", 2, 1000), REPLIES_A_SECOND, "nor the next second");
	source_count_free(&replies->sources);
	free(replies);
}

Test(builtin_sender, the_addresses_of_one_ipv6_network_are_one_source)
{
	struct replies *replies = calloc(1, sizeof(*replies));

	cr_assert_not_null(replies);
	cr_expect_eq(count_replies(replies, "2001:db8::1", 1, 30), 30);
	cr_expect_eq(count_replies(replies, "2001:db8::2", 1, 1000), REPLIES_A_SECOND - 30);
	cr_expect_eq(count_replies(replies, "2001:db8:0:1::1", 1, 10), 10);
	source_count_free(&replies->sources);
	free(replies);
}

Test(builtin_sender, many_sources_at_once_are_bounded_and_get_no_more_than_their_share)
{
	struct replies *replies = calloc(1, sizeof(*replies));
	unsigned answered = 0;
	char address[32];

	cr_assert_not_null(replies);
	for (unsigned n = 0; n < 60000; n++) {
		snprintf(address, sizeof(address), "10.1.%u.%u", n / 256, n % 256);
		answered += count_replies(replies, address, 1, 1);
	}
	cr_expect_eq(answered, SOURCES_AT_ONCE);
	cr_expect_eq(count_replies(replies, "10.1.0.1", 2, 1), 1);
	source_count_free(&replies->sources);
	free(replies);
}
