/* The id of a socket: one for each, and none for what is no socket. */
#include "os/netdiag/netdiag.h"
#include "tests/unit/unit.h"

Test(socket_id, is_a_socket_s_own_under_each_number)
{
	int one = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0), copy = dup(one), ends[2];

	cr_assert(one >= 0 && other >= 0 && copy >= 0);
	if (!socket_id(one))
		cr_skip("this kernel has no SO_COOKIE");
	cr_assert_eq(socket_id(copy), socket_id(one));
	cr_assert_neq(socket_id(other), socket_id(one));
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(socket_id(ends[0]), 0);
	cr_assert_eq(socket_id(-1), 0);
	close(copy);
	close(one);
	close(other);
}
