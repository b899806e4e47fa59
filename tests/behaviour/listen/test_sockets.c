/* The sockets themselves: every kind activates its service, nodes have their mode from the start, a stale one is
 * replaced and a living one never stolen, and a port that is taken is tried again while everything else runs. */
#include "harness.h"
#include "reading.h"

static struct superd *run_on(const char *endpoint, const char *exec, const char *options)
{
	return superd_run("service web {\n listen = \"%s\"\n exec = \"%s\"\n%s\n}\n", endpoint, exec, options);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	cr_assert_eq(lstat(path, &status), 0, "%s: %s", path, strerror(errno));
	return status.st_mode & 07777;
}

static bool has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	close(fd);
	return fd >= 0 && access("/proc/net/if_inet6", F_OK) == 0;
}

Behaviour(sockets, a_bare_port_takes_both_families)
{
	struct superd *superd;
	int port, client;

	SKIP_WITHOUT(has_ipv6(), "this kernel has no IPv6");
	superd = run_on("0", backend("serve"), "");
	port = superd_port(superd, "web");
	client_ask_pid(port);
	client = client_connect_to("::1", port);
	client_send(client, "who\n");
	cr_assert_not_null(strstr(client_line(client), " who"));
	close(client);
}

Behaviour(sockets, one_family_where_one_is_named)
{
	struct superd *superd =
		superd_run("service four { listen = \"tcp4:0\" exec = \"%s\" }\n", report_to(path_in("four")));

	cr_assert_str_eq(client_ask(superd_port(superd, "four"), "hello\n"), "reported");
	cr_assert_not_null(strstr(reading_get(reading_wait(path_in("four")), "fd.3.address"), "0.0.0.0:"));
	superd_stop(superd);
	SKIP_WITHOUT(has_ipv6(), "this kernel has no IPv6");
	superd = run_on("tcp6:0", backend("serve"), "");
	cr_assert(!client_can_connect(superd_port(superd, "web")), "an IPv4 client reached tcp6:");
}

Behaviour(sockets, udp_activates_with_the_datagram_still_there)
{
	struct superd *superd = run_on("udp:127.0.0.1:0", backend("datagrams 100"), "");
	int client = datagram_client(superd_port(superd, "web"));

	for (int i = 0; i < 3; i++) {
		cr_assert_not_null(strstr(datagram_ask(client, "hello"), " hello"));
		WAIT_UNTIL(superd_processes(superd) == 0);
	}
	close(client);
}

Behaviour(sockets, unix_datagrams_activate)
{
	const char *path = path_in("d.sock");
	struct superd *superd = run_on(text_of("unix-dgram:%s", path), backend("datagrams 100"), "");
	int client;

	wait_node(path);
	client = datagram_client_unix(path, path_in("own.sock"));
	cr_assert_not_null(strstr(datagram_ask(client, "hello"), " hello"));
	close(client);
	WAIT_UNTIL(superd_processes(superd) == 0);
}

Behaviour(sockets, abstract_and_seqpacket_activate)
{
	const char *abstract = text_of("@superd-behaviour-%d", getpid()), *path = path_in("packets.sock");
	struct superd *superd = superd_run("service name { listen = \"%s\" exec = \"%s\" }\n"
					   "service packets { listen = \"seqpacket:%s\" exec = \"%s\" }\n",
					   abstract, backend("take 1"), path, report_to(path_in("report")));
	int client;
	char answer[64] = "";

	superd_wait_log(superd, "name: listening on ");
	cr_assert_not_null(strstr(client_ask_unix(abstract, "who\n"), " who"));
	wait_node(path);
	client = client_connect_unix(path, SOCK_SEQPACKET);
	cr_assert_gt(recv(client, answer, sizeof(answer) - 1, 0), 0);
	cr_assert_str_eq(answer, "reported\n");
	close(client);
}

Behaviour(sockets, a_fifo_activates)
{
	const char *path = path_in("fifo"), *report = path_in("report");
	struct superd *superd = run_on(text_of("fifo:%s", path), report_to(report), "socket_mode = 0620");
	struct stat status;
	int fd;

	wait_node(path);
	cr_assert(stat(path, &status) == 0 && S_ISFIFO(status.st_mode));
	WAIT_UNTIL(mode_of(path) == 0620);      /* it gets its mode last */
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert(fd >= 0, "%s", strerror(errno));
	cr_assert_eq(write(fd, "x", 1), 1);
	reading_expect(reading_wait(report), "fd.3.kind", "fifo");
	close(fd);
	superd_stop(superd);
}

Behaviour(sockets, nodes_have_the_tables_mode_and_folders_are_made)
{
	const char *path = path_in("a/b/web.sock");
	struct superd *superd = run_on(path, backend("serve"), "socket_mode = 0600\ndirectory_mode = 0710");

	wait_node(path);
	cr_assert_eq(mode_of(path), 0600);
	cr_assert_eq(mode_of(path_in("a/b")), 0710);
	cr_assert_eq(mode_of(path_in("a")), 0710);
	client_ask_unix(path, "who\n");
	superd_stop(superd);
}

Behaviour(sockets, nodes_have_the_tables_owner)
{
	const char *path = path_in("web.sock");
	struct superd *superd;
	struct stat status;

	SKIP_WITHOUT(geteuid() == 0, "only root can give a node away");
	superd =
		run_on(path, backend("serve"), "socket_user = \"54321\"\nsocket_group = \"54322\"\nsocket_mode = 0660");
	wait_node(path);
	cr_assert_eq(lstat(path, &status), 0);
	cr_assert_eq(status.st_uid, 54321);
	cr_assert_eq(status.st_gid, 54322);
	superd_stop(superd);
}

Behaviour(sockets, a_stale_node_is_replaced)
{
	const char *path = path_in("web.sock");
	struct superd *superd;
	struct stat status;

	close(listen_unix(path));
	cr_assert(lstat(path, &status) == 0 && !client_can_connect_unix(path));
	superd = run_on(path, backend("serve"), "");
	WAIT_UNTIL(client_can_connect_unix(path));
	client_ask_unix(path, "who\n");
	superd_stop(superd);
}

Behaviour(sockets, a_living_servers_node_is_never_stolen)
{
	const char *path = path_in("web.sock");
	int server = listen_unix(path), client, accepted;
	struct superd *superd = superd_run("service web { listen = \"%s\" exec = \"%s\" }\n"
					   "service other { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
					   path, backend("serve"), backend("serve"));

	superd_wait_log(superd, "web: cannot listen on ");
	client_ask_pid(superd_port(superd, "other"));
	client = client_connect_unix(path, SOCK_STREAM);
	/* superd may have knocked before: the last one in the queue is ours. */
	client_send(client, "x");
	for (char byte = 0; byte != 'x';) {
		accepted = accept(server, NULL, NULL);
		if (recv(accepted, &byte, 1, 0) < 0)
			byte = 0;
		close(accepted);
	}
	close(client);
	close(server);
	WAIT_UNTIL(client_can_connect_unix(path));
	client_ask_unix(path, "who\n");
}

Behaviour(sockets, what_is_no_socket_is_never_replaced)
{
	const char *path = write_file("precious", "data\n");
	struct superd *superd = superd_run("service web { listen = \"%s\" exec = \"%s\" }\n"
					   "service other { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
					   path, backend("serve"), backend("serve"));

	superd_wait_log(superd, "web: cannot listen on ");
	client_ask_pid(superd_port(superd, "other"));
	superd_stop(superd);
	cr_assert_str_eq(read_text(path), "data\n");
}

Behaviour(sockets, nodes_and_symlinks_go_or_stay_at_the_end_as_the_table_says)
{
	const char *goes = path_in("goes.sock"), *stays = path_in("stays.sock"), *link = path_in("link.sock");
	struct superd *superd =
		superd_run("service goes { listen = \"%s\" exec = \"%s\" remove_on_stop = yes symlinks = { \"%s\" } }\n"
			   "service stays { listen = \"%s\" exec = \"%s\" }\n",
			   goes, backend("take 1"), link, stays, backend("take 1"));
	struct stat status;

	wait_node(stays);
	wait_node(link);
	cr_assert(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
	client_ask_unix(link, "who\n");
	superd_stop(superd);
	cr_assert(lstat(goes, &status) < 0 && errno == ENOENT, "%s was left", goes);
	cr_assert(lstat(link, &status) < 0 && errno == ENOENT, "%s was left", link);
	cr_assert_eq(lstat(stays, &status), 0);
}

Behaviour(sockets, a_taken_port_is_tried_again_while_the_rest_runs)
{
	int port = free_port(), taken = listen_on(port);
	struct superd *superd = superd_run("service late { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"
					   "service other { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
					   port, backend("take 1"), backend("take 1"));

	superd_wait_log(superd, text_of("late: cannot listen on tcp:127.0.0.1:%d: ", port));
	client_ask_pid(superd_port(superd, "other"));
	close(taken);
	superd_wait_log(superd, "late: listening on ");
	client_ask_pid(port);
	client_ask_pid(superd_port(superd, "other"));
}

Behaviour(sockets, one_socket_of_several_that_is_taken_holds_back_its_service_alone)
{
	int port = free_port(), taken = listen_on(port);
	struct superd *superd =
		superd_run("service late { listen = { \"127.0.0.1:0\", \"127.0.0.1:%d\" } exec = \"%s\" }\n", port,
			   report_to(path_in("report")));

	superd_wait_log(superd, "late: cannot listen on ");
	close(taken);
	WAIT_UNTIL(client_can_connect(port));
	reading_expect(reading_wait(path_in("report")), "env.LISTEN_FDS", "2");
}

Behaviour(sockets, an_optional_socket_may_be_missing)
{
	int port = free_port(), taken = listen_on(port);
	struct superd *superd =
		superd_run("service web {\n socket main { listen = \"127.0.0.1:0\" }\n"
			   " socket more { listen = \"127.0.0.1:%d\" optional = yes }\n exec = \"%s\"\n}\n",
			   port, report_to(path_in("report")));
	struct reading reading;

	cr_assert_str_eq(client_ask(superd_nth_port(superd, "web", 0), "hello\n"), "reported");
	reading = reading_wait(path_in("report"));
	reading_expect(reading, "env.LISTEN_FDS", "1");
	reading_expect(reading, "env.LISTEN_FDNAMES", "main");
	close(taken);
}

Behaviour(sockets, a_port_is_held_from_start_to_end)
{
	struct superd *superd = run_on("127.0.0.1:0", backend("take 1"), "");
	int port = superd_port(superd, "web");

	for (int i = 0; i < 100; i++) {
		cr_assert(client_can_connect(port));
		if (i % 10 == 0)
			client_ask_pid(port);
	}
	superd_stop(superd);
	client_wait_refused(port);
}

Behaviour(sockets, those_superd_was_given_are_adopted)
{
	int port = free_port(), given = listen_on(port);
	const struct setup setup = { .listener = given };
	struct superd *superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }", port,
						report_to(path_in("report")));
	struct reading reading;

	superd_wait_log(superd, "web: listening on ");
	cr_assert_str_eq(client_ask(port, "hello\n"), "reported");
	reading = reading_wait(path_in("report"));
	reading_expect(reading, "fds", "0 1 2 3");
	reading_expect(reading, "fd.3.address", text_of("127.0.0.1:%d", port));
}

Behaviour(sockets, those_superd_was_given_get_the_tables_options)
{
	const char *path = path_in("given.sock");
	const struct setup setup = { .listener = listen_unix(path) };
	struct superd *superd;

	cr_assert_eq(chmod(path, 0777), 0);
	superd = superd_run_with(&setup, "service web { listen = \"%s\" socket_mode = 0600 exec = \"%s\" }", path,
				 backend("take 1"));
	superd_wait_log(superd, "web: listening on ");
	cr_assert(superd_logged(superd, " (inherited)"), "%s", world_logs());
	cr_assert_eq(mode_of(path), 0600);
	client_ask_unix(path, "who\n");
}

Behaviour(sockets, socket_options_reach_the_socket)
{
	struct superd *superd = run_on("127.0.0.1:0", backend("take 1"),
				       "keep_alive = yes\nno_delay = yes\nbacklog = 7\n"
				       "receive_buffer = 64K\nip_ttl = 17\ndefer_accept = 3\nreuse_port = yes");

	superd_port(superd, "web");
	client_ask_pid(superd_port(superd, "web"));
	cr_assert(!superd_logged(superd, "web: cannot"), "%s", world_logs());
}
