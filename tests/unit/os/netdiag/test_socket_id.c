/* The id of a socket: what is known, and what is not a socket. */
#include "os/netdiag/netdiag.h"
#include "tests/unit/unit.h"

Test(socket_id, is_a_socket_s_own_under_each_number)
{
	int one = socket(AF_INET, SOCK_STREAM, 0), other = socket(AF_INET, SOCK_STREAM, 0), copy = dup(one);
	uint64_t id, same;

	cr_assert(one >= 0 && other >= 0 && copy >= 0);
	if (!socket_id_read(one, &id)) {
		cr_assert_eq(errno, ENOPROTOOPT);
		cr_skip("this kernel has no SO_COOKIE");
	}
	cr_assert_neq(id, 0);
	cr_assert(socket_id_read(copy, &same));
	cr_assert_eq(same, id);
	cr_assert_eq(socket_id(copy), id);
	cr_assert_neq(socket_id(other), id);
	close(copy);
	close(one);
	close(other);
}

Test(socket_id, of_what_is_no_socket_is_known_to_be_none)
{
	int ends[2];
	uint64_t id = 1;

	if (!socket_id_read(socket(AF_INET, SOCK_STREAM, 0), &id))
		cr_skip("this kernel has no SO_COOKIE");
	cr_assert_eq(pipe(ends), 0);
	cr_assert(socket_id_read(ends[0], &id));
	cr_assert_eq(id, 0);
	cr_assert(socket_id_read(-1, &id));
	cr_assert_eq(id, 0);
}
