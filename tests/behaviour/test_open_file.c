/* Files that superd opens for a backend. */
#include <sys/un.h>

#include "reading.h"
#include "unit_files.h"

#define OTHER 65534

static struct reading report_of(const char *options)
{
	const char *report = path_in("report");
	struct superd *superd =
		superd_run("service a {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n user = \"%s\"\n %s\n}\n",
			   report_to(report), own_user(), options);
	struct reading reading;

	cr_expect_str_eq(client_ask(superd_port(superd, "a"), "hello\n"), "reported");
	reading = reading_wait(report);
	superd_stop(superd);
	return reading;
}

Behaviour(open_file, files_stand_behind_the_sockets_with_their_names)
{
	const char *plain = write_file("plain", "%s", "text"), *logged = write_file("logged", "%s", "old");
	const char *cut = write_file("cut", "%s", "old");
	struct reading reading = report_of(
		text_of("open_file = { \"%s::read-only\", \"%s:log:append\", \"%s:cut:truncate\" }", plain, logged,
			cut));

	reading_expect(reading, "fds", "0 1 2 3 4 5 6");
	reading_expect(reading, "env.LISTEN_FDS", "4");
	reading_expect(reading, "env.LISTEN_FDNAMES", "a:plain:log:cut");
	reading_expect(reading, "fd.4.target", plain);
	reading_expect(reading, "fd.4.access", "read");
	reading_expect(reading, "fd.4.nonblock", "0");
	reading_expect(reading, "fd.5.access", "both");
	reading_expect(reading, "fd.5.append", "1");
	reading_expect(reading, "fd.6.append", "0");
	cr_expect_str_eq(read_text(logged), "old");
	cr_expect_str_eq(read_text(cut), "");
}

Behaviour(open_file, a_graceful_one_may_be_missing)
{
	const char *there = write_file("there", "%s", "");
	struct reading reading =
		report_of(text_of("open_file = { \"%s::graceful\", \"%s\" }", path_in("missing"), there));

	reading_expect(reading, "env.LISTEN_FDS", "2");
	reading_expect(reading, "env.LISTEN_FDNAMES", "a:there");
	reading_expect(reading, "fd.4.target", there);
}

Behaviour(open_file, another_that_is_missing_lets_clients_wait)
{
	const char *missing = path_in("missing");
	struct superd *superd = clock_run("service a {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n user = \"%s\"\n"
					  " open_file = \"%s\"\n backoff_min = 1h\n backoff_max = 1h\n}\n",
					  backend("take 1"), own_user(), missing);
	int client = client_connect(superd_port(superd, "a"));

	client_send(client, "hello\n");
	superd_wait_log(superd, text_of("open_file: %s: No such file or directory (%s:5)", missing, superd->table));
	clock_settle(superd);
	write_file("missing", "%s", "");
	cr_expect(client_is_quiet(client, 0), "%s", world_logs());
	clock_advance(superd, 2 * HOUR_MS);
	cr_expect_not_null(client_line(client));
	close(client);
}

/* Root's link leads into a folder of another user: there superd would open with root's rights what his link names. */
Behaviour(open_file, one_in_a_users_folder_is_not_opened_by_superd)
{
	const char *folder = path_in("theirs"), *link = path_in("link"), *secret = write_file("secret", "%s", "hidden");
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "needs root");
	cr_assert(mkdir(folder, 0755) == 0 && symlink(secret, path_in("theirs/key")) == 0);
	cr_assert(lchown(path_in("theirs/key"), OTHER, OTHER) == 0 && chown(folder, OTHER, OTHER) == 0);
	cr_assert(symlink(path_in("theirs/key"), link) == 0 && chmod(secret, 0600) == 0);
	superd = superd_run("service a {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n user = \"%d\"\n"
			    " open_file = \"%s:f:truncate\"\n}\n",
			    backend("take 1"), OTHER, link);
	close(client_connect(superd_port(superd, "a")));
	superd_wait_log(superd, text_of("open_file: %s: ", link));
	superd_stop(superd);
	cr_expect_str_eq(read_text(secret), "hidden");
}

/* superd-exec reads them for superd, as the user. */
Behaviour(open_file, variables_in_a_users_folder_are_read_with_his_rights)
{
	const char *folder = path_in("theirs"), *report = path_in("report");
	const char *secret = write_file("secret", "%s", "own=hidden\n");
	struct superd *superd;

	SKIP_WITHOUT(namespace_users(), "needs root");
	cr_assert(mkdir(folder, 0755) == 0 && chmod(secret, 0600) == 0);
	cr_assert_eq(symlink(secret, path_in("theirs/key")), 0);
	write_file("theirs/variables", "%s", "own=his\n");
	cr_assert(chown(folder, OTHER, OTHER) == 0);
	reading_expect(report_of(text_of("environment_file = \"%s\"", path_in("theirs/variables"))), "env.own", "his");
	reading_expect(report_of(text_of("environment_file = \"%s\"", path_in("th*s/v*"))), "env.own", "his");
	cr_expect_null(reading_get(report_of(text_of("environment_file = \"-%s\"", path_in("theirs/none"))),
				   "env.own"));
	superd = superd_run("service a {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n user = \"%d\"\n"
			    " environment_file = \"%s\"\n}\n", report_to(report), OTHER, path_in("theirs/key"));
	close(client_connect(superd_port(superd, "a")));
	superd_wait_log(superd, text_of("%s: Permission denied", path_in("theirs/key")));
}

Behaviour(open_file, a_unix_socket_is_connected_to)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = path_in("peer.sock");
	int server = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct reading reading;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(server, 1), 0);
	reading = report_of(text_of("open_file = \"%s:peer\"", path));
	reading_expect(reading, "fd.4.type", "seqpacket");
	reading_expect(reading, "fd.4.peer", path);
	close(server);
}

/* systemd hands them to an instance of a connection, too. */
Behaviour(open_file, a_unit_names_them_for_a_connection_too)
{
	const char *report = path_in("report"), *file = write_file("with blank", "%s", "text");
	int port = free_port();
	struct superd *superd;
	struct reading reading;

	write_pair("a", text_of("ListenStream=127.0.0.1:%d\nAccept=yes\n", port),
		   text_of("ExecStart=%s\nOpenFile=%s:in:read-only", report_to(report), file));
	superd = units_run("a.socket", NULL);
	superd_port(superd, "a");
	client_ask(port, "hello\n");
	reading = reading_wait(report);
	reading_expect(reading, "env.LISTEN_FDS", "2");
	reading_expect(reading, "env.LISTEN_FDNAMES", "connection:in");
	reading_expect(reading, "fd.4.target", file);
}
