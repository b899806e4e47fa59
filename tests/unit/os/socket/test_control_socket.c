/* The control socket's node: there when it may be, right before anybody can come, and gone with its owner. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/socket/control_socket.h"

static char folder[64], path[96];
static struct buf why;

static void begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test-control-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/control", folder);
	why = (struct buf){ 0 };
}

static void end(void)
{
	unlink(path);
	rmdir(folder);
	buf_free(&why);
}

static int reach(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

TestSuite(control_socket, .init = begin, .fini = end);

Test(control_socket, is_its_owners_alone)
{
	struct control_socket made;
	struct stat status;
	int fd;

	cr_assert(control_socket_open(&made, path, (gid_t)-1, &why), "%s", buf_string(&why));
	cr_assert_eq(lstat(path, &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0600u);
	fd = reach();
	cr_expect_geq(fd, 0);
	close(fd);
	control_socket_close(&made);
	cr_expect_lt(lstat(path, &status), 0);
}

Test(control_socket, is_open_to_its_group)
{
	struct control_socket made;
	struct stat status;

	cr_assert(control_socket_open(&made, path, getegid(), &why), "%s", buf_string(&why));
	cr_assert_eq(lstat(path, &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0660u);
	cr_expect_eq(status.st_gid, getegid());
	control_socket_close(&made);
}

Test(control_socket, takes_the_place_of_a_dead_one)
{
	struct control_socket dead, made;

	cr_assert(control_socket_open(&dead, path, (gid_t)-1, &why));
	close(dead.fd);
	cr_assert(control_socket_open(&made, path, (gid_t)-1, &why), "%s", buf_string(&why));
	cr_expect_geq(reach(), 0);
	control_socket_close(&made);
	free(dead.path);
}

Test(control_socket, leaves_a_living_one_alone)
{
	struct control_socket living, made;
	struct stat status;

	cr_assert(control_socket_open(&living, path, (gid_t)-1, &why));
	cr_expect_not(control_socket_open(&made, path, (gid_t)-1, &why));
	cr_expect_not_null(strstr(buf_string(&why), "somebody answers there"));
	cr_expect_geq(reach(), 0);
	cr_expect_eq(lstat(path, &status), 0);
	control_socket_close(&living);
}

Test(control_socket, leaves_what_is_no_socket_alone)
{
	struct control_socket made;
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fclose(file);
	cr_expect_not(control_socket_open(&made, path, (gid_t)-1, &why));
	cr_expect_eq(access(path, F_OK), 0);
}

Test(control_socket, is_not_made_where_others_could_change_it)
{
	struct control_socket made;

	cr_assert_eq(chmod(folder, 0777), 0);
	cr_expect_not(control_socket_open(&made, path, (gid_t)-1, &why));
	cr_expect_not_null(strstr(buf_string(&why), "can be changed by others"));
}

Test(control_socket, does_not_take_away_the_node_of_another)
{
	struct control_socket made, other;

	cr_assert(control_socket_open(&made, path, (gid_t)-1, &why));
	cr_assert_eq(unlink(path), 0);
	cr_assert(control_socket_open(&other, path, (gid_t)-1, &why));
	control_socket_close(&made);
	cr_expect_geq(reach(), 0);
	control_socket_close(&other);
}

Test(control_socket, goes_on_with_one_that_is_open)
{
	struct control_socket made, adopted;

	cr_assert(control_socket_open(&made, path, (gid_t)-1, &why));
	cr_expect_not(control_socket_adopt(&adopted, "/run/another", made.fd));
	cr_assert(control_socket_adopt(&adopted, path, made.fd));
	control_socket_close(&adopted);
	cr_expect_lt(access(path, F_OK), 0);
	free(made.path);
}

Test(control_socket, knows_who_is_there)
{
	struct control_socket made;
	struct control_peer peer = { 0 };
	int near, far;

	cr_assert(control_socket_open(&made, path, (gid_t)-1, &why));
	far = reach();
	near = accept(made.fd, NULL, NULL);
	cr_assert(control_socket_peer(near, getegid(), &peer));
	cr_expect_eq(peer.uid, geteuid());
	cr_expect_eq(peer.pid, getpid());
	cr_expect(peer.in_group);
	cr_assert(control_socket_peer(near, 54321, &peer));
	cr_expect_not(peer.in_group);
	close(near);
	close(far);
	control_socket_close(&made);
}

Test(control_socket, refuses_a_path_that_is_none)
{
	struct control_socket made;
	char much[300];

	memset(much, 'x', sizeof(much) - 1);
	much[0] = '/';
	much[sizeof(much) - 1] = '\0';
	cr_expect_not(control_socket_open(&made, "control", (gid_t)-1, &why));
	cr_expect_not(control_socket_open(&made, much, (gid_t)-1, &why));
	cr_expect_not(control_socket_open(&made, "/nonexistent/control", (gid_t)-1, &why));
	cr_expect_eq(made.fd, -1);
}

/* Where nothing can be written to, as in a container without any tmpfs. */
Test(control_socket, may_be_a_name_without_a_node)
{
	struct control_socket made, second, adopted;
	struct control_peer peer;
	char name[64];
	int fd, other;

	snprintf(name, sizeof(name), "@test-control-%d", (int)getpid());
	cr_assert(control_socket_open(&made, name, (gid_t)-1, &why), "%s", buf_string(&why));
	fd = control_socket_reach(name);
	cr_assert_geq(fd, 0);
	other = accept(made.fd, NULL, NULL);
	cr_assert(control_socket_peer(other, (gid_t)-1, &peer));
	cr_expect_eq(peer.uid, geteuid() == 65534 ? (uid_t)-1 : geteuid());

	cr_expect_not(control_socket_open(&second, name, (gid_t)-1, &why), "two have one name");
	cr_expect_eq(errno, EADDRINUSE);
	cr_expect(strstr(buf_string(&why), "somebody answers there"), "%s", buf_string(&why));

	cr_expect_not(control_socket_adopt(&adopted, "@another", made.fd));
	cr_expect_not(control_socket_adopt(&adopted, path, made.fd));
	cr_assert(control_socket_adopt(&adopted, name, dup(made.fd)));
	control_socket_close(&adopted);
	control_socket_close(&made);
	close(fd);
	close(other);
	cr_expect_lt(control_socket_reach(name), 0);
}

Test(control_socket, a_name_is_neither_empty_nor_too_long)
{
	struct control_socket made;
	char name[120];

	memset(name, 'x', sizeof(name) - 1);
	name[0] = '@';
	name[sizeof(name) - 1] = '\0';
	cr_expect_not(control_socket_open(&made, name, (gid_t)-1, &why));
	cr_expect_not(control_socket_open(&made, "@", (gid_t)-1, &why));
	cr_expect_not(control_socket_open(&made, "control", (gid_t)-1, &why));
	cr_expect(strstr(buf_string(&why), "begins with a slash"), "%s", buf_string(&why));
}
