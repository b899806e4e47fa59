/* Twins of listeners: where new clients come, where those queued stay, and what the peers see. */
#include "tests/unit/bind_fixture.h"

#include "os/rights/capability.h"
#include "os/socket/reuseport.h"

TestSuite(twin, .init = set_up, .fini = tear_down, .timeout = 120);

static struct sockaddr_storage name_of(int fd, socklen_t *length)
{
	struct sockaddr_storage name = { 0 };

	*length = sizeof(name);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&name, length), 0);
	return name;
}

static void come(int listener, int clients)
{
	socklen_t length;
	struct sockaddr_storage name = name_of(listener, &length);

	for (int n = 0; n < clients; n++) {
		int fd = socket(name.ss_family, SOCK_STREAM, 0);

		cr_assert(connect(fd, (struct sockaddr *)&name, length) == 0, "%s", strerror(errno));
	}
}

static int twin_of(int fd, const struct listen *listen)
{
	int twin;

	buf_clear(&why);
	twin = reuseport_open(fd, listen, &why, &warnings);
	cr_assert(twin >= 0, "%s", buf_string(&why));
	return twin;
}

/* Beside a crowd of other unix sockets superd does not ask how many wait at one, only whether somebody does. */
static void expect_queue(int fd, const struct listen *listen, int clients)
{
	int waiting = bind_queue(fd, listen);

	cr_expect(waiting == clients || (listen->address->kind == ENDPOINT_UNIX && waiting == 1), "%d wait, not %d",
		  waiting, clients);
}

static void moves_new_clients(const struct listen *listen)
{
	int first = opened(listen), twin, moved;

	come(first, 3);
	twin = twin_of(first, listen);
	come(first, 20);
	expect_queue(first, listen, 3);
	expect_queue(twin, listen, 20);
	moved = reuseport_migrates(twin) ? 3 : 0;
	close(first);
	come(twin, 2);
	expect_queue(twin, listen, 22 + moved);         /* the first is gone, its twin stands */
	close(twin);
}

Test(twin, of_a_port_takes_new_clients)
{
	const struct listen listen = listen_of("127.0.0.1:0");

	moves_new_clients(&listen);
}

Test(twin, of_a_dual_stack_port_takes_clients_of_both_families)
{
	const struct listen listen = listen_of("tcp:0");
	struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int first = opened(&listen), twin = twin_of(first, &listen), client = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t length;
	struct sockaddr_storage name = name_of(twin, &length);

	loopback.sin_port = ((struct sockaddr_in *)&name)->sin_port;
	cr_assert_eq(connect(client, (struct sockaddr *)&loopback, sizeof(loopback)), 0);
	cr_expect_eq(bind_queue(first, &listen), 0);
	cr_expect_eq(bind_queue(twin, &listen), 1);
	close(first);
	close(twin);
	close(client);
}

Test(twin, may_have_a_twin_when_the_first_is_gone)
{
	const struct listen listen = listen_of("127.0.0.1:0");
	int first = opened(&listen), second = twin_of(first, &listen), third;

	cr_expect_eq(reuseport_open(second, &listen, &why, &warnings), -1, "two have the port still");
	cr_expect_eq(errno, EBUSY);
	close(first);
	third = twin_of(second, &listen);
	come(third, 5);
	cr_expect_eq(bind_queue(second, &listen), 0);
	cr_expect_eq(bind_queue(third, &listen), 5);
	close(second);
	close(third);
}

static void skip_unless_moving(int fd)
{
	skip_unless(reuseport_migrates(fd), "this kernel moves no clients, or not for us (CAP_BPF, tcp_migrate_req)");
}

Test(twin, comes_to_those_of_the_first_when_that_is_handed_over)
{
	const struct listen listen = listen_of("127.0.0.1:0");
	int first = opened(&listen), twin;

	come(first, 3);
	twin = twin_of(first, &listen);
	skip_unless_moving(twin);
	cr_expect(reuseport_has_other(first));
	cr_expect_eq(bind_restore(&(struct restore_task){ .fd = first, .work = RESTORE_SHUT }, NULL), 0);
	cr_expect(bind_is_shut(first));
	cr_expect_eq(bind_queue(twin, &listen), 3);
	cr_expect_not(reuseport_has_other(twin));
	close(first);
	close(twin);
}

Test(twin, that_goes_first_leaves_its_clients_to_the_other)
{
	const struct listen listen = listen_of("[::1]:0");
	int first = opened(&listen), twin = twin_of(first, &listen);

	skip_unless_moving(twin);
	come(twin, 4);
	close(twin);
	cr_expect_eq(bind_queue(first, &listen), 4);
	come(first, 1);
	cr_expect_eq(bind_queue(first, &listen), 5);
	close(first);
}

Test(twin, of_a_unix_socket_has_its_name_and_rights)
{
	struct listen listen = listen_at("unix", "x/y/a.sock");
	int first, twin;
	struct sockaddr_storage name;
	socklen_t length;
	char command[256];

	skip_unless(!reuseport_obstacle(&listen), "a twin of a unix socket needs CAP_SYS_CHROOT");
	options.socket_mode = 0620;
	first = opened(&listen);
	twin = twin_of(first, &listen);
	name = name_of(twin, &length);
	cr_expect_str_eq(((struct sockaddr_un *)&name)->sun_path, listen.address->address);
	cr_expect_eq(node_of(&listen).st_mode & 07777, 0620);
	cr_expect(bind_is_reachable(twin, &listen));
	cr_expect_not(bind_is_reachable(first, &listen));
	snprintf(command, sizeof(command), "test \"$(ls -A %s/x/y)\" = a.sock", folder);
	cr_expect_eq(system(command), 0, "nothing else is left there");
	close(first);
	close(twin);
}

Test(twin, of_a_unix_socket_takes_new_clients)
{
	const struct listen listen = listen_at("unix", "a.sock");

	skip_unless(!reuseport_obstacle(&listen), "a twin of a unix socket needs CAP_SYS_CHROOT");
	moves_new_clients(&listen);
}

Test(twin, is_not_made_in_a_folder_that_others_can_change)
{
	struct listen listen = listen_at("unix", "x/a.sock");
	char path[128];
	int fd;

	options.directory_mode = 0777;
	skip_unless(geteuid() == 0, "it takes root");
	fd = opened(&listen);
	snprintf(path, sizeof(path), "%s/x", folder);
	cr_assert_eq(chmod(path, 0755), 0);
	cr_expect_null(reuseport_obstacle(&listen));
	cr_assert_eq(chmod(path, 01777), 0);
	cr_expect_null(reuseport_obstacle(&listen), "nobody else can move what is superd's");
	cr_assert_eq(chmod(path, 0777), 0);
	cr_expect_not_null(reuseport_obstacle(&listen));
	cr_assert(chmod(path, 0755) == 0 && chown(path, 12, (gid_t)-1) == 0);
	cr_expect_not_null(reuseport_obstacle(&listen));
	cr_expect_eq(reuseport_open(fd, &listen, &why, &warnings), -1);
	close(fd);
}

/* Whoever has a folder above can put another in the place of what is in it. */
Test(twin, is_not_made_below_a_folder_that_others_can_change)
{
	struct listen listen = listen_at("unix", "x/y/z/a.sock"), by_link = listen_at("unix", "in/link/a.sock"),
		      around = listen_at("unix", "in/around/a.sock");
	const char *x = pool_textf(pool, "%s/x", folder), *in = pool_textf(pool, "%s/in", folder);

	skip_unless(geteuid() == 0, "it takes root");
	close(opened(&listen));
	cr_assert_eq(mkdir(in, 0755), 0);
	cr_assert_eq(symlink("../x/y/z", pool_textf(pool, "%s/link", in)), 0);
	cr_assert_eq(symlink(pool_textf(pool, "%s/link/../z", in), pool_textf(pool, "%s/around", in)), 0);
	cr_expect(!reuseport_obstacle(&listen) && !reuseport_obstacle(&by_link) && !reuseport_obstacle(&around));
	cr_assert_eq(chown(x, 12, (gid_t)-1), 0);
	cr_expect_not_null(reuseport_obstacle(&listen));
	cr_expect_not_null(reuseport_obstacle(&by_link), "the link leads there");
	cr_expect_not_null(reuseport_obstacle(&around));
	cr_assert(chown(x, 0, (gid_t)-1) == 0 && chmod(x, 0777) == 0);
	cr_expect_not_null(reuseport_obstacle(&listen));
	cr_assert(chmod(x, 0755) == 0 && lchown(pool_textf(pool, "%s/link", in), 12, (gid_t)-1) == 0);
	cr_expect_null(reuseport_obstacle(&listen));
	cr_expect_not_null(reuseport_obstacle(&by_link), "its owner may let it lead elsewhere");
	cr_assert_eq(unlink(pool_textf(pool, "%s/around", in)), 0);
	cr_assert_eq(symlink("around", pool_textf(pool, "%s/around", in)), 0);
	cr_expect_not_null(reuseport_obstacle(&around), "it leads nowhere");
}

Test(twin, is_not_to_be_had_of_other_sockets)
{
	const struct listen listen = listen_of("@superd-no-twin");
	int fd = opened(&listen);

	cr_expect_not_null(reuseport_obstacle(&listen));
	cr_expect_eq(reuseport_open(fd, &listen, &why, &warnings), -1);
	cr_expect_eq(errno, EOPNOTSUPP);
	close(fd);
}
