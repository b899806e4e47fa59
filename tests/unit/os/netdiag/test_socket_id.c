/* The id of a socket: what is known, what is not a socket, and what counts as the same. */
#include "os/netdiag/socket_id.h"
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
	cr_assert(socket_has_id(copy, id));
	cr_assert_not(socket_has_id(other, id));
	cr_assert(socket_has_id(other, 0), "nobody knows");
	close(copy);
	cr_assert_not(socket_has_id(copy, id));
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
	cr_assert_not(socket_has_id(ends[0], 7));
	cr_assert(socket_id_read(-1, &id));
	cr_assert_eq(id, 0);
}
