/* ip_address_allow and ip_address_deny as one list, for the clients of pass = bind: an address is denied by it exactly
 * when the two say so. */
#include "tests/unit/resolved.h"

#include <arpa/inet.h>

#include "table/access/access.h"

TestSuite(network_deny, .init = set_up, .fini = tear_down);

static void take_address(const char *text, unsigned char address[16])
{
	memset(address, 0, 16);
	if (inet_pton(AF_INET6, text, address) == 1)
		return;
	address[10] = address[11] = 0xff;
	cr_assert_eq(inet_pton(AF_INET, text, address + 12), 1, "%s", text);
}

static void expect(const char *text, bool let_in)
{
	unsigned char address[16];

	take_address(text, address);
	cr_expect_eq(access_judge(listen_prepared(service("a")->sockets)->access, address),
		     let_in ? ACCESS_PERMITTED : ACCESS_DENIED, "%s", text);
}

static void resolve_rules(const char *rules)
{
	resolve("service a { listen = \"127.0.0.1:7\" pass = bind exec = \"/bin/true\"\n%s\n}\n", rules);
}

Test(network_deny, denies_what_is_denied_and_lets_in_the_rest)
{
	resolve_rules("ip_address_deny = { \"10.0.0.0/8\", \"2001:db8::/32\" }");
	expect("10.1.2.3", false);
	expect("11.0.0.1", true);
	expect("2001:db8::1", false);
	expect("2001:db9::1", true);
}

Test(network_deny, what_is_allowed_wins_wherever_it_lies)
{
	resolve_rules("ip_address_deny = any\nip_address_allow = { localhost, \"192.0.2.7\", \"2001:db8::/33\" }");
	expect("127.0.0.1", true);
	expect("127.255.255.255", true);
	expect("128.0.0.0", false);
	expect("192.0.2.7", true);
	expect("192.0.2.6", false);
	expect("192.0.2.8", false);
	expect("::1", true);
	expect("::2", false);
	expect("2001:db8:7fff::", true);
	expect("2001:db8:8000::", false);
	expect("255.255.255.255", false);
	expect("0.0.0.0", false);
}

Test(network_deny, a_network_of_one_family_says_nothing_of_the_other)
{
	resolve_rules("ip_address_deny = \"::/0\"");
	expect("192.0.2.1", true);
	expect("2001:db8::1", false);
	resolve_rules("ip_address_deny = \"0.0.0.0/0\"");
	expect("192.0.2.1", false);
	expect("2001:db8::1", true);
	resolve_rules("ip_address_deny = any\nip_address_allow = \"::/0\"");
	expect("192.0.2.1", false);
	expect("::1", true);
}

Test(network_deny, stands_beside_the_services_own_rules)
{
	resolve_rules("ip_address_deny = \"10.0.0.0/8\"\nno_access = \"192.0.2.1\"\nonly_from = { \"10.0.0.0/7\", "
		      "\"192.0.2.0/24\" }");
	expect("10.0.0.1", false);
	expect("11.0.0.1", true);
	expect("192.0.2.1", false);
	expect("192.0.2.2", true);
	expect("8.8.8.8", false);
}

Test(network_deny, everybody_allowed_is_nobody_denied)
{
	resolve_rules("ip_address_deny = any\nip_address_allow = any");
	cr_expect_null(listen_prepared(service("a")->sockets)->access);
}
