/* What a service and its sockets need, as one list. */
#include "table/service/service.h"

#include "tests/unit/unit.h"

static const char *const a_b[] = { "a", "b", NULL }, *const c_d[] = { "c", "d", NULL }, *const b[] = { "b", NULL };

static struct lifecycle_options own;
static struct socket_options options[2];
static struct exec_options exec_options;
static struct listen sockets[2];
static struct option_groups groups;
static struct service service;

static void begin(void)
{
	memset(&own, 0, sizeof(own));
	memset(options, 0, sizeof(options));
	memset(sockets, 0, sizeof(sockets));
	memset(&exec_options, 0, sizeof(exec_options));
	sockets[0].options = &options[0];
	sockets[1].options = &options[1];
	groups.lifecycle = &own;
	service = (struct service){ .exec = &exec_options, .groups = &groups, .sockets = sockets, .socket_count = 2 };
}

TestSuite(need, .init = begin);

static void expect_need(size_t number, const char *name, const char *option, enum need_order order)
{
	struct need need;

	cr_assert(service_need(&service, number, &need), "%zu", number);
	cr_expect_str_eq(need.name, name);
	cr_expect_str_eq(need.option, option);
	cr_expect_eq(need.required, strstr(option, "requires") != NULL);
	cr_expect_eq(need.order, order, "%s", name);
	cr_expect_eq(need.socket != NULL, !strncmp(option, "socket_", 7));
}

Test(need, a_service_without_any_has_none)
{
	struct need need;

	cr_expect_not(service_need(&service, 0, &need));
}

Test(need, those_of_the_service_come_before_those_of_its_sockets)
{
	struct need need;

	own.requires = a_b;
	own.wants = c_d;
	own.beside = b;
	options[0].socket_wants = a_b;
	options[0].socket_beside = b;
	options[1].socket_requires = c_d;
	expect_need(0, "a", "requires", NEED_BEFORE);
	expect_need(1, "b", "requires", NEED_BESIDE);
	expect_need(2, "c", "wants", NEED_BEFORE);
	expect_need(3, "d", "wants", NEED_BEFORE);
	expect_need(4, "a", "socket_wants", NEED_BEFORE);
	expect_need(5, "b", "socket_wants", NEED_BESIDE);
	expect_need(6, "c", "socket_requires", NEED_BEFORE);
	expect_need(7, "d", "socket_requires", NEED_BEFORE);
	cr_expect(service_need(&service, 6, &need) && need.socket == &sockets[1]);
	cr_expect_not(service_need(&service, 8, &need));
}
