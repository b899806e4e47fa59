/* What superd-rpc is told on its command line. */
#include "rpc/argv.h"
#include "tests/unit/unit.h"

static const char *read_words(struct rpc_request *request, const char *verb, const char *program,
			      const char *transports, const char *port)
{
	const char *const words[] = { verb, program, transports, port };

	return rpc_argv_read(words, 4, request);
}

static bool is_wrong(const char *program, const char *transports, const char *port)
{
	struct rpc_request request;

	return read_words(&request, "set", program, transports, port) != NULL;
}

Test(rpc_argv, has_a_program_its_versions_transports_and_a_port)
{
	struct rpc_request request;

	cr_assert_null(read_words(&request, "set", "100002/2-3", "tcp,tcp6", "43127"));
	cr_expect(request.set);
	cr_expect_eq(request.program, 100002);
	cr_expect_eq(request.lowest, 2);
	cr_expect_eq(request.highest, 3);
	cr_expect(request.transports[TRANSPORT_TCP]);
	cr_expect(request.transports[TRANSPORT_TCP6]);
	cr_expect_not(request.transports[TRANSPORT_UDP]);
	cr_expect_not(request.transports[TRANSPORT_UDP6]);
	cr_expect_eq(request.port, 43127);

	cr_assert_null(read_words(&request, "unset", "4294967295/0", "udp", "1"));
	cr_expect_not(request.set);
	cr_expect_eq(request.program, UINT32_MAX);
	cr_expect_eq(request.lowest, 0);
	cr_expect_eq(request.highest, 0);
}

Test(rpc_argv, counts_its_words)
{
	const char *const words[] = { "set", "1/1", "tcp", "1", "1" };
	struct rpc_request request;

	for (int count = 0; count < 4; count++)
		cr_expect_not_null(rpc_argv_read(words, count, &request));
	cr_expect_null(rpc_argv_read(words, 4, &request));
	cr_expect_not_null(rpc_argv_read(words, 5, &request));
	cr_expect_not_null(read_words(&request, "reset", "1/1", "tcp", "1"));
}

Test(rpc_argv, refuses_a_program_that_is_none)
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

Test(rpc_argv, refuses_versions_out_of_order_or_too_many)
{
	cr_expect(is_wrong("1/3-2", "tcp", "1"));
	cr_expect(is_wrong("1/3-", "tcp", "1"));
	cr_expect(is_wrong("1/-3", "tcp", "1"));
	cr_expect(is_wrong("1/1-2-3", "tcp", "1"));
	cr_expect_not(is_wrong("1/1-100", "tcp", "1"));
	cr_expect(is_wrong("1/1-101", "tcp", "1"));
	cr_expect(is_wrong("1/0-4294967295", "tcp", "1"));
}

Test(rpc_argv, refuses_transports_that_are_none)
{
	cr_expect(is_wrong("1/1", "", "1"));
	cr_expect(is_wrong("1/1", "tc", "1"));
	cr_expect(is_wrong("1/1", "tcp4", "1"));
	cr_expect(is_wrong("1/1", "tcp,", "1"));
	cr_expect(is_wrong("1/1", ",tcp", "1"));
	cr_expect(is_wrong("1/1", "TCP", "1"));
	cr_expect_not(is_wrong("1/1", "udp6,udp,tcp6,tcp", "1"));
}

Test(rpc_argv, refuses_a_port_that_is_none)
{
	cr_expect(is_wrong("1/1", "tcp", ""));
	cr_expect(is_wrong("1/1", "tcp", "0"));
	cr_expect(is_wrong("1/1", "tcp", "65536"));
	cr_expect(is_wrong("1/1", "tcp", " 1"));
	cr_expect(is_wrong("1/1", "tcp", "1 "));
	cr_expect_not(is_wrong("1/1", "tcp", "65535"));
}
