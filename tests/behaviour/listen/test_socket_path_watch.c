/* The nodes of unix sockets and fifos: somebody removes, renames or replaces them. Nothing watches them: a reload and
 * the next start make them again, but not in the place of another program's. */
#include "controlling.h"
#include "harness.h"
#include "reading.h"

#define LOST "is no longer its socket"

static struct superd *run_on(const char *path, const char *exec, const char *options)
{
	struct superd *superd =
		clock_run("service web {\n listen = \"%s\"\n exec = \"%s\"\n%s\n}\n", path, exec, options);

	wait_node(path[0] == '/' ? path : strchr(path, '/'));
	return superd;
}

static void expect_served(struct superd *superd, const char *path)
{
	CLOCK_UNTIL(superd, SECOND_MS, 20, client_can_connect_unix(path));
	cr_expect_not_null(strstr(client_ask_unix(path, "again\n"), " again"));
	WAIT_UNTIL(!superd_processes(superd));
}

Behaviour(socket_path_watch, a_fifo_that_is_removed_is_made_again_and_activates)
{
	const char *path = path_in("fifo"), *report = path_in("report");
	struct superd *superd = run_on(text_of("fifo:%s", path), report_to(report), "");
	int fd = -1;

	cr_assert_eq(unlink(path), 0);
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, LOST);
	CLOCK_UNTIL(superd, SECOND_MS, 20, (fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0);
	cr_assert_eq(write(fd, "x", 1), 1);
	reading_expect(reading_wait(report), "fd.3.kind", "fifo");
	close(fd);
}

Behaviour(socket_path_watch, one_that_is_removed_under_a_backend_is_there_for_the_next_start)
{
	const char *path = path_in("a.sock");
	struct superd *superd = run_on(path, backend("take 1"), "");
	int client = client_connect_unix(path, SOCK_STREAM);

	WAIT_UNTIL(superd_processes(superd) == 1);
	cr_assert_eq(unlink(path), 0);
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	expect_served(superd, path);
}

Behaviour(socket_path_watch, one_that_is_removed_while_a_start_takes_its_time_leaves_that_start_its_socket)
{
	const char *path = path_in("a.sock"), *wanted = path_in("wanted");
	const char *wait =
		text_of("exec_start_pre = \"/bin/sh -c 'until test -e %s; do sleep 0.05; done'\"\n timeout_start = 12h",
			wanted);
	struct superd *superd = run_on(path, backend("take 1"), wait);
	int client = client_connect_unix(path, SOCK_STREAM);

	client_send(client, "hello\n");
	WAIT_UNTIL(superd_processes(superd));
	cr_assert_eq(unlink(path), 0);
	for (int n = 0; n < 3; n++)
		clock_advance_beside(superd, 20 * MINUTE_MS);
	cr_assert_not(superd_logged(superd, LOST), "%s", world_logs());
	write_file("wanted", "%s", "");
	cr_expect_not_null(strstr(client_line(client), " hello"));
	close(client);
	superd_wait_log(superd, LOST);
	expect_served(superd, path);
}

/* superd does not watch it: the folder's file system might not answer. */
Behaviour(socket_path_watch, one_in_a_folder_of_another_user_is_back_after_a_reload_or_a_restart)
{
	const char *folder = path_in("theirs"), *path = path_in("theirs/a.sock");
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "needs root");
	cr_assert(mkdir(folder, 0755) == 0 && chown(folder, 65534, 65534) == 0);
	superd = controlled_clock_run("service web {\n listen = \"%s\"\n exec = \"%s\"\n accept = yes\n}\n", path,
				      backend("stdio"));
	wait_node(path);
	cr_assert_eq(unlink(path), 0);
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, LOST ": opening it again");
	expect_served(superd, path);
	cr_assert_eq(unlink(path), 0);
	cr_assert(control_is_done(control_once("restart web")));
	superd_wait_log(superd, LOST ": opening it again");
	expect_served(superd, path);
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded");
	superd_expect_count(superd, LOST, 2);
	superd_stop(superd);
	cr_expect(access(path, F_OK) == 0 ? unlink(path) == 0 : errno == ENOENT);
	cr_expect_eq(rmdir(folder), 0);
}

Behaviour(socket_path_watch, another_programs_living_socket_is_left_until_it_has_gone)
{
	const char *path = path_in("a.sock"), *theirs = path_in("theirs.sock");
	struct superd *superd = run_on(path, backend("take 1"), "");
	int other = listen_unix(theirs), client;

	cr_assert_eq(rename(theirs, path), 0);
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, LOST);
	superd_wait_log(superd, "a living server listens on");
	client = client_connect_unix(path, SOCK_STREAM);
	close(accept(other, NULL, NULL));
	close(client);
	close(other);
	superd_wait_log(superd, "listening on");
	expect_served(superd, path);
}

Behaviour(socket_path_watch, one_of_a_living_superd_is_left_to_it_and_starts_no_backend)
{
	const char *path = path_in("a.sock");
	struct superd *first = run_on(path, backend("stdio"), "accept = yes");
	struct superd *second = run_on(path, backend("stdio"), "accept = yes");

	superd_wait_log(second, "a living server listens on");
	for (int tries = 0; tries < 3; tries++)
		clock_advance(second, MINUTE_MS);
	superd_stop(second);
	expect_served(first, path);
	superd_expect_count(first, "started, pid", 2);          /* for the two clients of expect_served */
}
