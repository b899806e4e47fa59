/* Address rules: every form of a word, what each lets in, and a thousand of them (tests/bench/times has their cost). */
#include <arpa/inet.h>

#include "table/service/service.h"
#include "tests/unit/pool_fixture.h"
#include "tests/unit/unit.h"

#define LIST(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

TestSuite(access, .init = open_pool, .fini = close_pool);

/* An address as client_source has it. */
static const unsigned char *bytes(const char *text)
{
	static unsigned char address[16];

	memset(address, 0, sizeof(address));
	if (inet_pton(AF_INET, text, address + 12) == 1)
		address[10] = address[11] = 0xff;
	else
		cr_assert_eq(inet_pton(AF_INET6, text, address), 1, "%s", text);
	return address;
}

/* networks(5) of these tests. */
static bool find_network(void *context, const char *name, struct network *network)
{
	++*(unsigned *)context;
	if (strcmp(name, "campus") != 0)
		return false;
	memcpy(network->address, bytes("128.138.7.9"), 16);
	network->bits = 96 + 16;
	return true;
}

static const struct access *compile(words only_from, words no_access)
{
	unsigned asked = 0;
	const struct access *access = access_compile(only_from, no_access, find_network, &asked, pool);

	cr_assert_not_null(access);
	return access;
}

/* Whether only_from with this one word lets the address in. */
static bool lets_in(const char *word, const char *address)
{
	cr_assert_null(access_refuse_word(word), "%s: %s", word, access_refuse_word(word));
	return access_judge(compile(LIST(word), NULL), bytes(address)) == ACCESS_PERMITTED;
}

Test(access, without_rules_everybody_may_come)
{
	cr_expect_null(access_compile(NULL, NULL, NULL, NULL, pool));
	cr_expect_eq(access_judge(NULL, bytes("192.0.2.1")), ACCESS_PERMITTED);
	cr_expect_eq(access_judge(NULL, NULL), ACCESS_PERMITTED);
	cr_expect_not(access_has_names(NULL));
}

Test(access, zeros_at_the_end_of_an_ipv4_address_stand_for_anything)
{
	cr_expect(lets_in("192.0.2.1", "192.0.2.1"));
	cr_expect_not(lets_in("192.0.2.1", "192.0.2.2"));
	cr_expect(lets_in("127.0.0.0", "127.255.1.2"));
	cr_expect_not(lets_in("127.0.0.0", "128.0.0.1"));
	cr_expect(lets_in("10.1.0.0", "10.1.200.3"));
	cr_expect_not(lets_in("10.1.0.0", "10.2.0.1"));
	cr_expect(lets_in("10.0.0.1", "10.0.0.1"));
	cr_expect_not(lets_in("10.0.0.1", "10.0.0.2"));
	cr_expect(lets_in("0.0.0.0", "203.0.113.9"));
	cr_expect_not(lets_in("0.0.0.0", "2001:db8::1"));
}

Test(access, braces_name_several_of_the_last_part)
{
	cr_expect(lets_in("192.0.2.{1,7}", "192.0.2.1"));
	cr_expect(lets_in("192.0.2.{1,7}", "192.0.2.7"));
	cr_expect_not(lets_in("192.0.2.{1,7}", "192.0.2.2"));
	cr_expect(lets_in("192.0.2.{0,9}", "192.0.2.0"));
	cr_expect_not(lets_in("192.0.2.{0,9}", "192.0.2.1"));
	cr_expect(lets_in("128.138.{243,204}", "128.138.204.99"));
	cr_expect_not(lets_in("128.138.{243,204}", "128.138.205.1"));
	cr_expect(lets_in("{10,127}", "127.3.2.1"));
	cr_expect_not(lets_in("{10,127}", "11.0.0.1"));
}

Test(access, a_network_has_as_many_bits_as_it_says)
{
	cr_expect(lets_in("192.0.2.128/25", "192.0.2.200"));
	cr_expect_not(lets_in("192.0.2.128/25", "192.0.2.127"));
	cr_expect(lets_in("192.0.2.77/24", "192.0.2.1"));
	cr_expect(lets_in("192.0.2.1/32", "192.0.2.1"));
	cr_expect_not(lets_in("192.0.2.1/32", "192.0.2.0"));
	cr_expect(lets_in("192.0.2.0/32", "192.0.2.0"));
	cr_expect_not(lets_in("192.0.2.0/32", "192.0.2.1"));
	cr_expect(lets_in("0.0.0.0/0", "1.2.3.4"));
	cr_expect_not(lets_in("0.0.0.0/0", "::1"));
	cr_expect(lets_in("2001:db8::/33", "2001:db8:7fff::1"));
	cr_expect_not(lets_in("2001:db8::/33", "2001:db8:8000::1"));
}

Test(access, ipv6_addresses_match_whole_and_zeros_are_no_wildcards)
{
	cr_expect(lets_in("2001:db8::1", "2001:db8::1"));
	cr_expect_not(lets_in("2001:db8::1", "2001:db8::2"));
	cr_expect(lets_in("2001:DB8:0:0::1", "2001:db8::1"));
	cr_expect_not(lets_in("2001:db8::", "2001:db8::1"));
	cr_expect(lets_in("2001:db8::1/128", "2001:db8::1"), "a peer's trap: it takes /128 for a name");
	cr_expect_not(lets_in("2001:db8::1/128", "2001:db8::2"));
}

Test(access, two_colons_are_nobody_and_with_no_bits_all_of_ipv6)
{
	cr_expect_not(lets_in("::", "::1"));
	cr_expect_not(lets_in("::", "192.0.2.1"));
	cr_expect(lets_in("::/0", "2001:db8::1"));
	cr_expect(lets_in("::/0", "::1"));
	cr_expect_not(lets_in("::/0", "192.0.2.1"));
	cr_expect_not(lets_in("::/1", "192.0.2.1"));
	cr_expect(lets_in("::/95", "::1"));
	cr_expect(lets_in("::ffff:0:0/80", "::1"), "it is ::/80");
	cr_expect_not(lets_in("::ffff:0:0/80", "192.0.2.1"));
	cr_expect(lets_in("::ffff:0:0/96", "192.0.2.1"));
	cr_expect(lets_in("::ffff:0:0/96", "203.0.113.9"));
	cr_expect_not(lets_in("::ffff:0:0/96", "::1"));
	cr_expect_not(lets_in("none", "::1"));
	cr_expect_not(lets_in("NONE", "192.0.2.1"));
}

Test(access, an_ipv4_rule_matches_a_mapped_peer)
{
	cr_expect(lets_in("192.0.2.0", "::ffff:192.0.2.9"));
	cr_expect(lets_in("::ffff:192.0.2.9", "192.0.2.9"));
	cr_expect(lets_in("::ffff:192.0.2.0/120", "192.0.2.9"));
	cr_expect_not(lets_in("::ffff:192.0.2.0/120", "192.0.3.9"));
}

Test(access, localhost_is_its_addresses)
{
	cr_expect(lets_in("localhost", "127.0.0.1"));
	cr_expect(lets_in("LocalHost", "::1"));
	cr_expect_not(lets_in("localhost", "127.0.0.2"));
	cr_expect_not(access_is_name("localhost"));
	cr_expect_not(access_has_names(compile(LIST("localhost"), NULL)));
	cr_expect(access_is_name("localhost.localdomain"));
}

Test(access, what_is_no_form_is_refused_with_what_would_be_right)
{
	static const struct {
		const char *word, *part;
	} bad[] = {
		{ "", "is missing" },
		{ "192.0.2", "four numbers" },
		{ "10.", "four numbers" },
		{ "1.2.3.4.5", "four" },
		{ "192.0.2.256", "four numbers" },
		{ "010.0.0.1", "four numbers" },
		{ "123", "four numbers" },
		{ "192.0.2.1,192.0.2.2", "only in braces" },
		{ "192.0.2.{1,2", "the braces" },
		{ "192.0.2.{}", "the braces" },
		{ "192.0.2.{1,}", "the braces" },
		{ "192.0.2.{1;2}", "the braces" },
		{ "192.0.2.{256}", "the braces" },
		{ "1.2.3.4.{1}", "the braces" },
		{ "192.{1,2}.3.4", "the braces" },
		{ "192..{1}", "the braces" },
		{ "2001:db8::{1,2}", "the braces" },
		{ "192.0.2.{01}", "the braces" },
		{ "192.0.2.0/33", "0 to 32" },
		{ "192.0.2.0/", "0 to 32" },
		{ "192.0.2.0/x", "0 to 32" },
		{ "192.0.2.0/255.255.255.0", "0 to 32" },
		{ "192.0.2.0/-1", "0 to 32" },
		{ "192.0.2.0/024", "0 to 32" },
		{ "2001:db8::/129", "0 to 128" },
		{ "2001:db8::/4294967297", "0 to 128" },
		{ "host/24", "an address" },
		{ "192.0.2/24", "an address" },
		{ "/8", "an address" },
		{ "::1::", "no IPv6 address" },
		{ "fe80::1%eth0", "rules know no interfaces" },
		{ ".", "a name" },
		{ "..", "a name" },
		{ ".10.0", "a letter" },
		{ "host!", "expected an address" },
		{ "two words", "expected an address" },
		{ "a..b", "two dots" },
		{ "-host", "begins with" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *reason = access_refuse_word(bad[i].word);

		cr_assert_not_null(reason, "'%s' was taken", bad[i].word);
		cr_expect(strstr(reason, bad[i].part), "'%s': %s", bad[i].word, reason);
	}
}

Test(access, braces_hold_at_most_as_many_numbers_as_there_are)
{
	char word[4096] = "192.0.2.{0";

	for (unsigned i = 1; i < ACCESS_FACTORS; i++)
		snprintf(word + strlen(word), sizeof(word) - strlen(word), ",%u", i);
	snprintf(word + strlen(word), sizeof(word) - strlen(word), "}");
	cr_expect(lets_in(word, "192.0.2.255"));
	snprintf(word + strlen(word) - 1, 4, ",7}");
	cr_expect_not_null(access_refuse_word(word));
}

Test(access, names_are_told_from_numbers_and_domains)
{
	cr_expect(access_is_name("campus"));
	cr_expect(access_is_name("host.example.org"));
	cr_expect(access_is_name("3com.example"));
	cr_expect_not(access_is_name(".example.org"));
	cr_expect_not(access_is_name("none"));
	cr_expect_not(access_is_name("192.0.2.1"));
	cr_expect_not(access_is_name("::1"));
	cr_expect_not(access_is_name("a,b"));
}

Test(access, a_name_of_networks_5_is_its_network)
{
	unsigned asked = 0;
	words list = LIST("campus", "192.0.2.1", ".example.org");
	const struct access *access = access_compile(list, NULL, find_network, &asked, pool);

	cr_expect_eq(asked, 1, "only names are looked up");
	cr_expect_eq(access_judge(access, bytes("128.138.255.1")), ACCESS_PERMITTED);
	cr_expect_eq(access_judge(access, bytes("128.139.0.1")), ACCESS_BY_NAME);
	cr_expect(access_has_names(access), ".example.org is a name");
	cr_expect_not(access_has_names(compile(LIST("campus"), LIST("::1"))));
}

Test(access, who_is_in_both_lists_is_denied)
{
	const struct access *access = compile(LIST("192.0.2.0/24"), LIST("192.0.2.7"));

	cr_expect_eq(access_judge(access, bytes("192.0.2.8")), ACCESS_PERMITTED);
	cr_expect_eq(access_judge(access, bytes("192.0.2.7")), ACCESS_DENIED);
	access = compile(LIST("192.0.2.7"), LIST("192.0.2.0/24"));
	cr_expect_eq(access_judge(access, bytes("192.0.2.7")), ACCESS_DENIED, "the better match does not win");
	access = compile(NULL, LIST("192.0.2.0/24"));
	cr_expect_eq(access_judge(access, bytes("192.0.2.7")), ACCESS_DENIED);
	cr_expect_eq(access_judge(access, bytes("192.0.3.7")), ACCESS_PERMITTED);
}

Test(access, a_client_without_address_passes_no_only_from)
{
	cr_expect_eq(access_judge(compile(LIST("0.0.0.0/0", "::/0"), NULL), NULL), ACCESS_DENIED);
	cr_expect_eq(access_judge(compile(LIST(".example.org"), NULL), NULL), ACCESS_DENIED);
	cr_expect_eq(access_judge(compile(NULL, LIST("192.0.2.1")), NULL), ACCESS_PERMITTED);
}

Test(access, a_name_is_asked_for_only_where_it_decides)
{
	const struct access *access = compile(LIST("192.0.2.0/24", ".example.org"), NULL);

	cr_expect_eq(access_judge(access, bytes("192.0.2.1")), ACCESS_PERMITTED);
	cr_expect_eq(access_judge(access, bytes("198.51.100.1")), ACCESS_BY_NAME);
	access = compile(LIST("192.0.2.0/24"), LIST("bad.example.org"));
	cr_expect_eq(access_judge(access, bytes("192.0.2.1")), ACCESS_BY_NAME);
	cr_expect_eq(access_judge(access, bytes("198.51.100.1")), ACCESS_DENIED, "no name would let it in");
	access = compile(NULL, LIST("192.0.2.1", "bad.example.org"));
	cr_expect_eq(access_judge(access, bytes("192.0.2.1")), ACCESS_DENIED);
	cr_expect_eq(access_judge(access, bytes("192.0.2.2")), ACCESS_BY_NAME);
}

static enum access_verdict exit_verdict_name(words only_from, words no_access, const char *name)
{
	return access_judge_name(compile(only_from, no_access), bytes("198.51.100.1"), name);
}

Test(access, names_match_whole_and_domains_at_a_dot)
{
	cr_expect_eq(exit_verdict_name(LIST("host.example.org"), NULL, "HOST.example.ORG"), ACCESS_PERMITTED);
	cr_expect_eq(exit_verdict_name(LIST("host.example.org"), NULL, "host.example.org."), ACCESS_PERMITTED);
	cr_expect_eq(exit_verdict_name(LIST("host.example.org"), NULL, "other.host.example.org"), ACCESS_DENIED);
	cr_expect_eq(exit_verdict_name(LIST("host.example.org"), NULL, "host.example.org.evil"), ACCESS_DENIED);
	cr_expect_eq(exit_verdict_name(LIST(".example.org"), NULL, "a.b.Example.org"), ACCESS_PERMITTED);
	cr_expect_eq(exit_verdict_name(LIST(".example.org"), NULL, "example.org"), ACCESS_DENIED);
	cr_expect_eq(exit_verdict_name(LIST(".example.org"), NULL, "badexample.org"), ACCESS_DENIED);
	cr_expect_eq(exit_verdict_name(LIST(".example.org"), NULL, ".example.org"), ACCESS_DENIED,
		     "nothing before the dot");
	cr_expect_eq(exit_verdict_name(NULL, LIST(".example.org"), "a.example.org"), ACCESS_DENIED);
	cr_expect_eq(exit_verdict_name(NULL, LIST(".example.org"), "a.example.com"), ACCESS_PERMITTED);
	cr_expect_eq(exit_verdict_name(LIST(".example.org"), LIST("a.example.org"), "a.example.org"), ACCESS_DENIED);
	cr_expect_eq(exit_verdict_name(LIST("198.51.100.1"), LIST("a.example.org"), "b.example.org"), ACCESS_PERMITTED);
}

Test(access, an_unknown_name_is_never_let_in_by_a_name)
{
	cr_expect_eq(exit_verdict_name(LIST("host.example.org"), NULL, NULL), ACCESS_DENIED);
	cr_expect_eq(exit_verdict_name(LIST("host.example.org"), NULL, ""), ACCESS_DENIED);
	cr_expect_eq(exit_verdict_name(LIST(".example.org"), NULL, NULL), ACCESS_DENIED);
	cr_expect_eq(exit_verdict_name(NULL, LIST(".example.org"), NULL), ACCESS_PERMITTED);
}

Test(access, networks_are_sorted_and_none_lies_in_another)
{
	const struct access *access = compile(LIST("192.0.2.7", "192.0.2.0/24", "10.0.0.0", "192.0.2.128/25",
						   "192.0.2.9", "2001:db8::/32", "2001:db8::1", "10.0.0.0/8"),
					      NULL);
	size_t count;
	const struct network *networks = access_networks(access, false, &count);

	cr_assert_eq(count, 3, "%zu", count);
	cr_expect_eq(memcmp(networks[0].address, bytes("10.0.0.0"), 16), 0);
	cr_expect_eq(networks[0].bits, 96 + 8);
	cr_expect_eq(memcmp(networks[1].address, bytes("192.0.2.0"), 16), 0);
	cr_expect_eq(networks[1].bits, 96 + 24);
	cr_expect_eq(networks[2].bits, 32);
	cr_expect_not_null(access_networks(access, true, &count));
	cr_expect_eq(count, 0);
	cr_expect_null(access_networks(compile(NULL, LIST("::1")), false, &count), "no only_from: everybody");
	cr_expect_not_null(access_networks(compile(LIST("none"), NULL), false, &count));
	cr_expect_eq(count, 0);
}

Test(access, equal_rules_of_a_table_are_one_copy)
{
	cr_expect_eq(compile(LIST("10.0.0.0/8", "::1"), NULL), compile(LIST("::1", "10.0.0.0/8", "10.1.0.0/16"), NULL));
	cr_expect_neq(compile(LIST("none"), NULL), compile(NULL, LIST("none")));
}

/* Every second /24 of 10.0.0.0/9 and of 2001:db8::/48 in their order backwards: 1,000 networks. */
static const struct access *compile_thousand(void)
{
	static char texts[1000][40];
	static const char *list[1001];

	for (unsigned i = 0; i < 1000; i++) {
		unsigned n = 999 - i;

		if (n % 2)
			snprintf(texts[i], sizeof(texts[i]), "10.%u.%u.0/24", n / 100, n % 100 * 2);
		else
			snprintf(texts[i], sizeof(texts[i]), "2001:db8:0:%x::/64", n * 2);
		list[i] = texts[i];
	}
	return compile(list, NULL);
}

Test(access, a_thousand_networks_are_judged_each_by_its_own)
{
	const struct access *access = compile_thousand();
	size_t count;
	char text[64];

	access_networks(access, false, &count);
	cr_assert_eq(count, 1000);
	for (unsigned n = 0; n < 1000; n++) {
		for (unsigned beside = 0; beside < 2; beside++) {
			if (n % 2)
				snprintf(text, sizeof(text), "10.%u.%u.3", n / 100, n % 100 * 2 + beside);
			else
				snprintf(text, sizeof(text), "2001:db8:0:%x::5", n * 2 + beside);
			cr_expect_eq(access_judge(access, bytes(text)), beside ? ACCESS_DENIED : ACCESS_PERMITTED, "%s",
				     text);
		}
	}
}
