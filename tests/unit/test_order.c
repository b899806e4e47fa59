/* What superd-rpc is told on its command line. */
#include <criterion/criterion.h>
#include <string.h>

#include "helper/rpc/order.h"

static const char *read_words(struct order *order, const char *verb, const char *program, const char *transports,
			      const char *port)
{
	const char *const words[] = { verb, program, transports, port };

	return order_read(words, 4, order);
}

static bool is_wrong(const char *program, const char *transports, const char *port)
{
	struct order order;

	return read_words(&order, "set", program, transports, port) != NULL;
}

Test(order, has_a_program_its_versions_transports_and_a_port)
{
	struct order order;

	cr_assert_null(read_words(&order, "set", "100002/2-3", "tcp,tcp6", "43127"));
	cr_expect(order.set);
	cr_expect_eq(order.program, 100002);
	cr_expect_eq(order.lowest, 2);
	cr_expect_eq(order.highest, 3);
	cr_expect(order.transports[TRANSPORT_TCP]);
	cr_expect(order.transports[TRANSPORT_TCP6]);
	cr_expect_not(order.transports[TRANSPORT_UDP]);
	cr_expect_not(order.transports[TRANSPORT_UDP6]);
	cr_expect_eq(order.port, 43127);

	cr_assert_null(read_words(&order, "unset", "4294967295/0", "udp", "1"));
	cr_expect_not(order.set);
	cr_expect_eq(order.program, UINT32_MAX);
	cr_expect_eq(order.lowest, 0);
	cr_expect_eq(order.highest, 0);
}

Test(order, counts_its_words)
{
	const char *const words[] = { "set", "1/1", "tcp", "1", "1" };
	struct order order;

	for (int count = 0; count < 4; count++)
		cr_expect_not_null(order_read(words, count, &order));
	cr_expect_null(order_read(words, 4, &order));
	cr_expect_not_null(order_read(words, 5, &order));
	cr_expect_not_null(read_words(&order, "reset", "1/1", "tcp", "1"));
}

Test(order, refuses_a_program_that_is_none)
{
	cr_expect(is_wrong("100002", "tcp", "1"));
	cr_expect(is_wrong("/1", "tcp", "1"));
	cr_expect(is_wrong("1/", "tcp", "1"));
	cr_expect(is_wrong("rusersd/1", "tcp", "1"));
	cr_expect(is_wrong("4294967296/1", "tcp", "1"));
	cr_expect(is_wrong("99999999999999999999/1", "tcp", "1"));
	cr_expect(is_wrong("-1/1", "tcp", "1"));
	cr_expect(is_wrong("1/1x", "tcp", "1"));
}

Test(order, refuses_versions_out_of_order_or_too_many)
{
	cr_expect(is_wrong("1/3-2", "tcp", "1"));
	cr_expect(is_wrong("1/3-", "tcp", "1"));
	cr_expect(is_wrong("1/-3", "tcp", "1"));
	cr_expect(is_wrong("1/1-2-3", "tcp", "1"));
	cr_expect_not(is_wrong("1/1-100", "tcp", "1"));
	cr_expect(is_wrong("1/1-101", "tcp", "1"));
	cr_expect(is_wrong("1/0-4294967295", "tcp", "1"));
}

Test(order, refuses_transports_that_are_none)
{
	cr_expect(is_wrong("1/1", "", "1"));
	cr_expect(is_wrong("1/1", "tc", "1"));
	cr_expect(is_wrong("1/1", "tcp4", "1"));
	cr_expect(is_wrong("1/1", "tcp,", "1"));
	cr_expect(is_wrong("1/1", ",tcp", "1"));
	cr_expect(is_wrong("1/1", "TCP", "1"));
	cr_expect_not(is_wrong("1/1", "udp6,udp,tcp6,tcp", "1"));
}

Test(order, refuses_a_port_that_is_none)
{
	cr_expect(is_wrong("1/1", "tcp", ""));
	cr_expect(is_wrong("1/1", "tcp", "0"));
	cr_expect(is_wrong("1/1", "tcp", "65536"));
	cr_expect(is_wrong("1/1", "tcp", " 1"));
	cr_expect(is_wrong("1/1", "tcp", "1 "));
	cr_expect_not(is_wrong("1/1", "tcp", "65535"));
}
