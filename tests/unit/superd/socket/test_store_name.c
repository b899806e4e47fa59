/* Names of listeners in a store: legal, the same at each start, and different for different listeners. */
#include "lib/pool.h"
#include "superd/socket/store_name.h"
#include "tests/unit/unit.h"

static struct pool *pool;

static void begin(void)
{
	pool = pool_new();
}

static void end(void)
{
	pool_free(pool);
}

TestSuite(store_name, .init = begin, .fini = end);

static const char *name_of(const char *service, const char *text)
{
	static char names[2][STORE_NAME_MOST + 1];
	static unsigned turn;
	const struct endpoint *endpoint = NULL;

	turn = !turn;
	cr_assert_null(endpoint_parse(text, pool, &endpoint), "%s", text);
	memset(names[turn], 'x', sizeof(names[turn]));
	store_name_make(service, endpoint, names[turn]);
	return names[turn];
}

static void expect_legal(const char *name)
{
	cr_expect_leq(strlen(name), (size_t)STORE_NAME_MOST - 12, "%s", name);
	for (const char *at = name; *at; at++)
		cr_expect(*at > ' ' && *at < '~' && *at != ':', "%s", name);
}

Test(store_name, a_name_is_of_its_service_and_its_endpoint)
{
	cr_expect_str_eq(name_of("web", "127.0.0.1:80"), "superd/web/tcp,127.0.0.1,80");
	cr_expect_str_eq(name_of("web", "udp:[::1]:53"), "superd/web/udp,[,,1],53");
	cr_expect_str_eq(name_of("web", "unix:/run/a b~c"), "superd/web//run/a_b-c");
}

Test(store_name, a_name_is_legal_whatever_the_service_and_the_path_are_called)
{
	expect_legal(name_of("a:b\t\xc3\xa4~", "unix:/run/x:y\xc3\xa4"));
}

Test(store_name, a_name_that_is_too_long_ends_in_a_hash)
{
	char path[600], other[600], first[STORE_NAME_MOST + 1];

	snprintf(path, sizeof(path), "fifo:/%0500d", 1);
	snprintf(other, sizeof(other), "fifo:/%0500d", 2);
	snprintf(first, sizeof(first), "%s", name_of("web", path));
	expect_legal(first);
	cr_expect_str_eq(first, name_of("web", path));
	cr_expect_str_neq(first, name_of("web", other));
	cr_expect_str_neq(name_of("web", path), name_of("wed", path));
	cr_expect_eq(strlen(first), (size_t)STORE_NAME_MOST - 12);
}

Test(store_name, a_number_behind_a_name_is_not_part_of_it)
{
	const char *made = name_of("web", "127.0.0.1:80");

	cr_expect(store_name_is("superd/web/tcp,127.0.0.1,80", made));
	cr_expect(store_name_is("superd/web/tcp,127.0.0.1,80~12", made));
	cr_expect_not(store_name_is("superd/web/tcp,127.0.0.1,8", made));
	cr_expect_not(store_name_is("superd/web/tcp,127.0.0.1,8080", made));
}
