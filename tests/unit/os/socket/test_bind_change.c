/* Listeners that are open already: those superd was given get the table's options, those it has get new ones and the
 * kernel's own back, and a node that somebody removed is noticed. */
#include "tests/unit/bind_fixture.h"

#include <sched.h>

TestSuite(bind_change, .init = set_up, .fini = tear_down, .timeout = 120);

/* As somebody else would have opened it, with nothing set. */
static int given_tcp(struct listen *row)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 5), 0);
	*row = listen_of(pool_textf(pool, "tcp:127.0.0.1:%d", port_of(fd)));
	cr_assert(bind_matches(fd, row));
	return fd;
}

static int given_unix(const struct listen *row, int type, mode_t mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, row->address->address);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(chmod(address.sun_path, mode), 0);
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(fd, 5), 0);
	return fd;
}

/* The listener's limit of connections waiting. */
static unsigned backlog_of(int fd)
{
	struct tcp_info info;
	socklen_t length = sizeof(info);

	cr_assert_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
	return info.tcpi_sacked;
}

static void adopted(int fd, const struct listen *listen)
{
	buf_clear(&warnings);
	cr_assert_eq(bind_adopt(fd, listen, &why, &warnings), 0, "%s", buf_string(&why));
}

/* From options to changed, without a word. */
static void adjusted(int fd, const struct listen *listen, const struct socket_options *changed)
{
	struct listen after = *listen;

	after.options = changed;
	buf_clear(&warnings);
	cr_assert_eq(bind_adjust(fd, listen, &after, false, &why, &warnings), 0, "%s", buf_string(&why));
	cr_assert_eq(warnings.length, 0, "%s", buf_string(&warnings));
}

Test(bind_change, a_given_socket_gets_the_tables_options)
{
	struct listen listen;
	int fd = given_tcp(&listen);

	options.backlog = 77;
	options.keep_alive = options.reuse_port = true;
	options.keep_alive_probes = 3;
	options.receive_buffer = 20000;
	adopted(fd, &listen);
	cr_expect_eq(warnings.length, 0, "%s", buf_string(&warnings));
	cr_expect_eq(backlog_of(fd), 77);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_REUSEPORT), 1);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_REUSEADDR), 1);
	cr_expect_eq(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_RCVBUF), 40000);
	close(fd);
}

Test(bind_change, a_given_socket_keeps_what_the_table_leaves_alone)
{
	struct listen listen;
	int fd = given_tcp(&listen), one = 1, probes = 5;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)), 0);
	cr_assert_eq(setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes)), 0);
	adopted(fd, &listen);
	cr_expect_eq(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	cr_expect_eq(option_of(fd, IPPROTO_TCP, TCP_KEEPCNT), 5);
	close(fd);
}

Test(bind_change, a_given_node_gets_the_tables_mode_and_links)
{
	struct listen listen = listen_at("unix", "a.sock");
	const char *links[] = { pool_textf(pool, "%s/link", folder), NULL };
	int fd = given_unix(&listen, SOCK_STREAM, 0777);

	options.socket_mode = 0600;
	options.symlinks = links;
	adopted(fd, &listen);
	cr_expect_eq(warnings.length, 0, "%s", buf_string(&warnings));
	cr_expect_eq(node_of(&listen).st_mode & 07777, 0600);
	cr_expect_eq(access(links[0], F_OK), 0);
	close(fd);
}

Test(bind_change, a_given_datagram_socket_is_not_told_to_listen)
{
	struct listen listen = listen_at("unix-dgram", "a.sock");
	int fd = given_unix(&listen, SOCK_DGRAM, 0777);

	adopted(fd, &listen);
	cr_expect_eq(warnings.length, 0, "%s", buf_string(&warnings));
	cr_expect_eq(node_of(&listen).st_mode & 07777, 0666);
	close(fd);
}

Test(bind_change, a_given_node_keeps_its_owner_unless_the_table_names_one)
{
	struct listen listen = listen_at("unix", "a.sock");
	int fd = given_unix(&listen, SOCK_STREAM, 0777);

	skip_unless(geteuid() == 0, "giving a node away needs root");
	cr_assert_eq(chown(listen.address->address, 12, 34), 0);
	adopted(fd, &listen);
	cr_expect_eq(node_of(&listen).st_uid, 12);
	cr_expect_eq(node_of(&listen).st_gid, 34);
	give_to(&listen, 56, (gid_t)-1);
	adopted(fd, &listen);
	cr_expect_eq(node_of(&listen).st_uid, 56);
	cr_expect_eq(node_of(&listen).st_gid, 34);
	cr_expect_eq(node_of(&listen).st_mode & 07777, 0666);
	close(fd);
}

Test(bind_change, a_given_fifo_gets_the_tables_mode)
{
	struct listen listen = listen_at("fifo", "f");
	int fd;

	cr_assert_eq(mkfifo(listen.address->address, 0644), 0);
	fd = open(listen.address->address, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	options.socket_mode = 0622;
	adopted(fd, &listen);
	cr_expect_eq(warnings.length, 0, "%s", buf_string(&warnings));
	cr_expect_eq(node_of(&listen).st_mode & 07777, 0622);
	close(fd);
}

Test(bind_change, warnings_name_the_endpoint)
{
	struct listen listen;
	int fd = given_tcp(&listen);
	struct socket_options changed = options;
	struct listen after = listen;
	const char *named = pool_textf(pool, "tcp:127.0.0.1:%d: keep_alive_time: ", port_of(fd));

	options.keep_alive_time = INT64_C(40000) * 1000000;
	adopted(fd, &listen);
	cr_expect_eq(strncmp(buf_string(&warnings), named, strlen(named)), 0, "%s", buf_string(&warnings));
	changed.keep_alive_time = INT64_C(50000) * 1000000;
	after.options = &changed;
	buf_clear(&warnings);
	cr_expect_eq(bind_adjust(fd, &listen, &after, false, &why, &warnings), 0);
	cr_expect_eq(strncmp(buf_string(&warnings), named, strlen(named)), 0, "%s", buf_string(&warnings));
	close(fd);
	listen = listen_of("tcp:127.0.0.1:0");
	buf_clear(&warnings);
	fd = bind_listen(&listen, &why, &warnings);
	cr_expect_eq(strncmp(buf_string(&warnings), "tcp:127.0.0.1:0: keep_alive_time: ", 34), 0);
	close(fd);
}

/* What of a restriction can't be set is told, and nothing of a stranger's node is touched. */
Test(bind_change, a_node_that_is_anothers_by_now_is_told_and_left_alone)
{
	struct listen listen = listen_at("unix", "a.sock"), after = listen;
	struct socket_options changed = options;
	int fd = opened(&listen), other;

	cr_assert_eq(unlink(listen.address->address), 0);
	changed.socket_mode = 0600;
	after.options = &changed;
	cr_expect_eq(bind_adjust(fd, &listen, &after, false, &why, &warnings), 0);
	cr_expect(strstr(buf_string(&warnings), "a.sock was removed or replaced"), "%s", buf_string(&warnings));
	other = given_unix(&listen, SOCK_STREAM, 0640);
	buf_clear(&warnings);
	cr_expect_eq(bind_adjust(fd, &listen, &after, false, &why, &warnings), 0);
	cr_expect(strstr(buf_string(&warnings), "a.sock was removed or replaced"), "%s", buf_string(&warnings));
	cr_expect_eq(node_of(&listen).st_mode & 07777, 0640);
	close(other);
	close(fd);
}

Test(bind_change, symlinks_come_and_go_while_the_node_stays)
{
	struct listen listen = listen_at("unix", "a.sock");
	const char *first[] = { pool_textf(pool, "%s/one", folder), pool_textf(pool, "%s/two", folder), NULL };
	const char *then[] = { first[1], pool_textf(pool, "%s/three", folder), NULL };
	struct socket_options changed = options;
	struct stat before, after;
	int fd;

	options.symlinks = first;
	changed.symlinks = then;
	fd = opened(&listen);
	cr_assert_eq(lstat(first[1], &before), 0);
	adjusted(fd, &listen, &changed);
	cr_expect_lt(access(first[0], F_OK), 0);
	cr_assert_eq(lstat(first[1], &after), 0);
	cr_expect_eq(before.st_ino, after.st_ino, "a name that stays is never missing");
	cr_expect_eq(access(then[1], F_OK), 0);
	close(fd);
}

Test(bind_change, a_path_socket_is_reachable_while_its_node_is_its_own)
{
	const char *kinds[] = { "unix", "unix-dgram", "seqpacket", "fifo" };

	for (size_t i = 0; i < 4; i++) {
		struct listen listen = listen_at(kinds[i], "node"), moved = listen_at("unix", "moved");
		const char *path = listen.address->address;
		int fd = opened(&listen), other;

		cr_expect(bind_is_reachable(fd, &listen), "%s", kinds[i]);
		cr_assert_eq(rename(path, moved.address->address), 0);
		cr_expect_not(bind_is_reachable(fd, &listen), "%s is gone", kinds[i]);
		other = opened(&listen);
		cr_expect_not(bind_is_reachable(fd, &listen), "%s is another's", kinds[i]);
		cr_expect(bind_is_reachable(other, &listen), "%s", kinds[i]);
		cr_assert_eq(unlink(path), 0);
		close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		cr_expect_not(bind_is_reachable(other, &listen), "%s is a file", kinds[i]);
		cr_assert_eq(rename(moved.address->address, path), 0);
		cr_expect(bind_is_reachable(fd, &listen), "%s is back", kinds[i]);
		cr_assert_eq(unlink(path), 0);
		close(other);
		close(fd);
	}
}

/* Without CAP_NET_ADMIN the kernel is asked in another way. */
Test(bind_change, a_replaced_node_is_noticed_without_privileges)
{
	struct listen listen = listen_at("unix", "node");
	int fd = opened(&listen), other, status;
	pid_t pid;

	skip_unless(geteuid() == 0, "needs root");
	cr_assert_eq(chmod(folder, 0755), 0);
	for (int replaced = 0; replaced < 2; replaced++) {
		pid = fork();
		if (pid == 0)
			_exit(setresuid(65534, 65534, 65534) < 0 ? 2 : bind_is_reachable(fd, &listen));
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == !replaced, "status %x", status);
		if (replaced)
			break;
		cr_assert_eq(unlink(listen.address->address), 0);
		other = opened(&listen);
	}
	close(other);
	close(fd);
}

Test(bind_change, what_has_no_path_is_always_reachable)
{
	struct listen tcp = listen_of("tcp:127.0.0.1:0");
	struct listen abstract = listen_of(pool_textf(pool, "@superd-reach-%d", (int)getpid()));
	struct listen special = listen_of("special:/proc/self/mounts");
	int fds[] = { opened(&tcp), opened(&abstract), opened(&special) };

	cr_expect(bind_is_reachable(fds[0], &tcp));
	cr_expect(bind_is_reachable(fds[1], &abstract));
	cr_expect(bind_is_reachable(fds[2], &special));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

Test(bind_change, an_option_asked_for_no_more_gets_the_kernels_own_value_back)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	struct socket_options plain = options;
	int fresh = socket(AF_INET, SOCK_STREAM, 0), fd;
	const int levels[][2] = {
		{ IPPROTO_IP, IP_FREEBIND }, { SOL_SOCKET, SO_PRIORITY },
		{ IPPROTO_TCP, TCP_DEFER_ACCEPT }, { SOL_SOCKET, SO_KEEPALIVE },
	};

	options.keep_alive = options.free_bind = true;
	options.priority = 3;
	options.defer_accept = INT64_C(1000000);
	fd = opened(&listen);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		cr_expect_neq(option_of(fd, levels[i][0], levels[i][1]), option_of(fresh, levels[i][0], levels[i][1]),
			      "option %d was not set", levels[i][1]);
	adjusted(fd, &listen, &plain);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		cr_expect_eq(option_of(fd, levels[i][0], levels[i][1]), option_of(fresh, levels[i][0], levels[i][1]),
			     "option %d", levels[i][1]);
	close(fresh);
	close(fd);
}

/* No value stands for the kernel's own: it is that of a new socket. */
static void expect_defaults_again(const char *address, const int (*levels)[2], size_t count)
{
	struct listen listen = listen_of(address);
	struct socket_options plain = options, saved = options;
	int fresh, fd;

	options.keep_alive_time = INT64_C(9000000);
	options.keep_alive_interval = INT64_C(8000000);
	options.keep_alive_probes = 3;
	options.receive_buffer = options.send_buffer = 20000;
	fd = opened(&listen);
	fresh = socket(option_of(fd, SOL_SOCKET, SO_DOMAIN), option_of(fd, SOL_SOCKET, SO_TYPE), 0);
	for (size_t n = 0; n < count; n++)
		cr_expect_neq(option_of(fd, levels[n][0], levels[n][1]), option_of(fresh, levels[n][0], levels[n][1]),
			      "%s: option %d was not set", address, levels[n][1]);
	adjusted(fd, &listen, &plain);
	for (size_t n = 0; n < count; n++)
		cr_expect_eq(option_of(fd, levels[n][0], levels[n][1]), option_of(fresh, levels[n][0], levels[n][1]),
			     "%s: option %d", address, levels[n][1]);
	options = saved;
	close(fresh);
	close(fd);
}

/* A buffer whose size was set is locked, and TCP does not tune it any more: the lock goes, too, since Linux 5.15. */
Test(bind_change, what_the_kernel_chose_is_the_kernels_again)
{
	static const int all[][2] = {
		{ SOL_SOCKET, SO_RCVBUF }, { SOL_SOCKET, SO_SNDBUF }, { SOL_SOCKET, SO_BUF_LOCK },
		{ IPPROTO_TCP, TCP_KEEPIDLE }, { IPPROTO_TCP, TCP_KEEPINTVL }, { IPPROTO_TCP, TCP_KEEPCNT },
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), lock;
	socklen_t length = sizeof(lock);

	if (getsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &lock, &length) < 0)
		cr_skip_test("this kernel has no SO_BUF_LOCK");
	close(fd);
	expect_defaults_again("tcp4:127.0.0.1:0", all, 6);
	expect_defaults_again("udp4:127.0.0.1:0", all, 3);
	expect_defaults_again(pool_textf(pool, "%s/changed.sock", folder), all, 3);
}

Test(bind_change, free_bind_and_transparent_are_switched_on_an_open_socket)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0");
	struct socket_options changed = options;
	struct listen after = listen;
	int fd = opened(&listen);

	changed.free_bind = true;
	changed.transparent = geteuid() == 0;
	adjusted(fd, &listen, &changed);
	cr_expect_eq(option_of(fd, IPPROTO_IP, IP_FREEBIND), 1);
	cr_expect_eq(option_of(fd, IPPROTO_IP, IP_TRANSPARENT), changed.transparent);
	after.options = &changed;
	adjusted(fd, &after, &options);
	cr_expect_eq(option_of(fd, IPPROTO_IP, IP_FREEBIND), 0);
	cr_expect_eq(option_of(fd, IPPROTO_IP, IP_TRANSPARENT), 0);
	close(fd);
}

static const char *device_of(int fd)
{
	char name[64] = "";
	socklen_t length = sizeof(name) - 1;

	cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length), 0);
	return pool_textf(pool, "%s", name);
}

Test(bind_change, an_interface_is_tied_to_and_loosened_from_an_open_socket)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0"), after = listen;
	struct socket_options changed = options;
	int fd = opened(&listen);

	skip_unless(geteuid() == 0, "to loosen an interface needs CAP_NET_RAW");
	changed.bind_to_device = "lo";
	adjusted(fd, &listen, &changed);
	cr_expect_str_eq(device_of(fd), "lo");
	cr_expect_geq(connected(AF_INET, SOCK_STREAM, port_of(fd)), 0);
	after.options = &changed;
	cr_expect(bind_matches(fd, &after));
	adjusted(fd, &after, &options);
	cr_expect_str_eq(device_of(fd), "");
	cr_expect(bind_matches(fd, &listen));
	close(fd);
}

Test(bind_change, a_socket_that_cannot_be_tied_to_its_interface_is_refused)
{
	struct listen listen = listen_of("tcp:127.0.0.1:0"), after = listen;
	struct socket_options changed = options;
	int fd = opened(&listen);

	changed.bind_to_device = "nosuchif1";
	after.options = &changed;
	cr_expect_eq(bind_adjust(fd, &listen, &after, false, &why, &warnings), -1);
	cr_expect_eq(errno, ENODEV);
	cr_expect(strstr(buf_string(&why), "there is no interface nosuchif1"), "%s", buf_string(&why));
	close(fd);
}

/* bind(2) of a link-local address ties the socket to the interface by itself. */
Test(bind_change, a_link_local_socket_is_recognised_by_its_interface)
{
	struct listen listen;
	int fd;

	skip_unless(bind_kernel_has_ipv6() && unshare(CLONE_NEWNET) == 0 &&
		    system("ip link set lo up && ip addr add fe80::5/64 dev lo nodad") == 0,
		    "no network of its own can be had here");
	listen = listen_of("tcp:[fe80::5]:8080%lo");
	fd = opened(&listen);
	cr_expect_str_eq(device_of(fd), "lo");
	cr_expect(bind_matches(fd, &listen));
	close(fd);
}
