/* What an operator holds or has disabled stays so when superd ends and is started again: the file beside the control
 * socket, who may have written it, and what is said where there can be none. */
#include <sys/un.h>

#include "controlling.h"
#include "superctl.h"

#define WEB "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"
#define OTHER "service other { listen = \"127.0.0.1:%d\" exec = \"%s\" }\n"

static const char *file(void)
{
	return text_of("%s.locks", control_path());
}

static struct superd *run_web(int port)
{
	struct superd *superd = controlled_run(WEB, port, backend("serve"));

	superd_wait_log(superd, "web: listening on ");
	return superd;
}

static struct superd *run_both(int web, int other)
{
	return controlled_run(WEB OTHER, web, backend("serve"), other, backend("serve"));
}

static void end_by_kill(struct superd *superd)
{
	superd_signal(superd, SIGKILL);
	cr_assert_eq(superd_wait_exit(superd), 128 + SIGKILL);
	/* What it has forked may have its sockets a moment longer. */
	WAIT_UNTIL(!client_can_connect_unix(control_path()));
}

static void expect_held(const char *name)
{
	cr_expect_str_eq(control_value(control_once("status %s", name), "state"), "held");
}

Behaviour(locks, outlive_an_end_of_superd)
{
	int web = free_port(), other = free_port(), client;
	struct superd *superd = run_both(web, other);
	const char *answer;
	struct stat status;

	answer = superctl_order("hold web");
	cr_expect(strstr(answer, "queue until it is released\n"), "%s", answer);
	answer = superctl_order("disable other");
	cr_expect(strstr(answer, "closed until it is enabled\n"), "%s", answer);
	cr_assert_eq(stat(file(), &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0600);
	for (int n = 0; n < 2; n++) {
		if (n)
			end_by_kill(superd);
		else
			superd_stop(superd);
		superd = run_both(web, other);
		superd_wait_log(superd, text_of("web: still held by uid %lu since ", (unsigned long)getuid()));
		superd_wait_log(superd, text_of("other: still disabled by uid %lu since ", (unsigned long)getuid()));
		WAIT_UNTIL(superd_logged(superd, "web: listening on "));
		client = client_connect(web);
		WAIT_UNTIL(strstr(why_of("web"), "1 client waits in its queue"));
		cr_expect_not(client_can_connect(other));
		expect_held("web");
		close(client);
	}
	answer = why_of("web");
	cr_expect(strstr(answer, text_of(" ago by an operator (uid %lu): clients queue until superctl release\n",
					 (unsigned long)getuid())), "%s", answer);
	answer = SUPERCTL(control_path(), "status", "web").out;
	cr_expect(strstr(answer, text_of("Held: by uid %lu since ", (unsigned long)getuid())), "%s", answer);
	answer = SUPERCTL(control_path(), "status", "other").out;
	cr_expect(strstr(answer, text_of("Disabled: by uid %lu since ", (unsigned long)getuid())), "%s", answer);
	schema_holds("status", SUPERCTL(control_path(), "--json", "status", "web").out);
	cr_assert(control_is_done(control_once("release web")));
	client_ask_pid(web);
	cr_assert(control_is_done(control_once("enable other")));
	client_ask_pid(other);
	cr_expect_neq(access(file(), F_OK), 0);
	superd_stop(superd);
	superd = run_both(web, other);
	superd_wait_log(superd, "other: listening on ");
	client_ask_pid(web);
	client_ask_pid(other);
}

Behaviour(locks, of_many_in_one_order_all_outlive_it)
{
	const char *table = "";
	struct superd *superd;

	for (int n = 0; n < 300; n++)
		table = text_of("%sservice s%d { listen = \"%s\" exec = \"%s\" }\n", table, n, path_in("s%d", n),
				backend("serve"));
	superd = controlled_run("%s", table);
	cr_assert(control_is_done(control_once("hold s*")));
	end_by_kill(superd);
	superd = controlled_run("%s", table);
	for (int n = 0; n < 300; n += 50)
		expect_held(text_of("s%d", n));
	expect_held("s299");
	cr_assert(control_is_done(control_once("release s*")));
	cr_expect_neq(access(file(), F_OK), 0);
}

/* It would start with superd. */
Behaviour(locks, nothing_of_a_held_service_is_started_at_a_start)
{
	const char *table = text_of("service web { listen = \"127.0.0.1:0\" exec = \"%s\" start = boot }\n",
				    backend("serve"));
	struct superd *superd = controlled_run("%s", table);

	superd_wait_log(superd, "web: started, pid ");
	cr_assert(control_is_done(control_once("hold web")));
	superd_stop(superd);
	superd = controlled_run("%s", table);
	expect_held("web");
	cr_expect_not(superd_logged(superd, "web: started"));
	cr_assert(control_is_done(control_once("release web")));
	superd_wait_log(superd, "web: started, pid ");
}

/* It goes on with the next superd. */
Behaviour(locks, a_drain_is_none)
{
	int web = free_port();
	struct superd *superd = run_web(web);
	int client = client_connect(web);

	client_send(client, "hello\n");
	WAIT_UNTIL(superd_processes(superd));
	cr_assert(control_is_done(control_once("drain --no-wait web")));
	cr_expect_neq(access(file(), F_OK), 0);
	superd_upgrade(superd);
	cr_expect_str_eq(control_value(control_once("status web"), "held"), "true");
	cr_expect_str_eq(control_value(control_once("status web"), "drains"), "true");
	close(client);
	WAIT_UNTIL(!strcmp(control_value(control_once("status web"), "held"), "false"));
}

Behaviour(locks, end_with_their_service)
{
	int web = free_port(), other = free_port();
	struct superd *superd = run_both(web, other);

	cr_assert(control_is_done(control_once("hold web other")));
	cr_assert(superd_reload(superd, WEB, web, backend("serve")));
	superd_wait_log(superd, "other: it was held: ");
	superd_stop(superd);
	superd = controlled_run(OTHER, other, backend("serve"));
	superd_wait_log(superd, "web: it was held: ");
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	client_ask_pid(other);
	cr_expect_neq(access(file(), F_OK), 0);
}

/* Its entry is wrong for the moment: that is not the operator's word. */
Behaviour(locks, stay_while_their_service_is_left_out)
{
	const char *arguments[] = { "--control", control_path(), "--keep-going", NULL };
	const struct setup setup = { .arguments = arguments };
	int web = free_port();
	struct superd *superd = superd_run_with(&setup, WEB, web, backend("serve"));

	cr_assert(control_is_done(control_once("hold web")));
	superd_stop(superd);
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:%d\" exec = \"/none/there\" }\n", web);
	superd_wait_log(superd, "version ");
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	cr_expect_eq(access(file(), F_OK), 0);
	cr_assert(superd_reload(superd, WEB, web, backend("serve")));
	superd_wait_log(superd, "web: still held by uid ");
	expect_held("web");
	cr_assert(control_is_done(control_once("release web")));
}

/* The row is there, so the service is not gone. */
Behaviour(locks, stay_with_a_row_that_the_table_disables)
{
	int web = free_port();
	const char *row = text_of("service web { listen = \"127.0.0.1:%d\" exec = \"%s\" disable = yes }\n", web,
				  backend("serve"));
	struct superd *superd = run_web(web);

	cr_assert(control_is_done(control_once("hold web")));
	cr_assert(superd_reload(superd, "%s", row));
	WAIT_UNTIL(!client_can_connect(web));
	cr_expect_eq(access(file(), F_OK), 0);
	cr_assert(superd_reload(superd, WEB, web, backend("serve")));
	expect_held("web");
	cr_assert(superd_reload(superd, "%s", row));
	superd_stop(superd);
	superd = controlled_run("%s", row);
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	cr_expect_eq(access(file(), F_OK), 0);
	cr_expect_not(superd_logged(superd, "the configuration no longer has it"));
	cr_assert(superd_reload(superd, WEB, web, backend("serve")));
	expect_held("web");
	cr_assert(control_is_done(control_once("release web")));
}

/* The new superd writes what the one before it could not. */
Behaviour(locks, are_written_by_an_upgrade_where_they_could_not_be_before)
{
	int web = free_port();
	struct superd *superd = run_web(web);
	const char *in_the_way = path_in("control.locks.new");

	cr_assert_eq(mkdir(in_the_way, 0700), 0);
	control_once("hold web");
	cr_assert_neq(access(file(), F_OK), 0);
	cr_assert_eq(rmdir(in_the_way), 0);
	superd_upgrade(superd);
	WAIT_UNTIL(access(file(), F_OK) == 0);
	expect_held("web");
	end_by_kill(superd);
	superd = run_web(web);
	expect_held("web");
}

/* Its entry was wrong before, and is right when the new superd reads it. */
Behaviour(locks, hold_over_an_upgrade_for_a_service_that_a_reload_brings_back)
{
	const char *arguments[] = { "--control", control_path(), "--keep-going", NULL };
	const struct setup setup = { .arguments = arguments };
	int web = free_port(), other = free_port();
	struct superd *superd =
		superd_run_with(&setup, WEB OTHER, web, backend("serve"), other, backend("serve"));

	cr_assert(control_is_done(control_once("hold web")));
	cr_assert(control_is_done(control_once("disable other")));
	superd_stop(superd);
	superd = superd_run_with(&setup, WEB OTHER, web, "/none/there", other, "/none/there");
	WAIT_UNTIL(client_can_connect_unix(control_path()));
	write_file(strrchr(superd->table, '/') + 1, WEB OTHER, web, backend("serve"), other, backend("serve"));
	superd_upgrade(superd);
	cr_assert_eq(SUPERCTL(control_path(), "reload").status, 0, "%s", world_logs());
	expect_held("web");
	cr_expect_str_eq(control_value(control_once("status other"), "state"), "off");
	cr_expect_not(client_can_connect(other));
}

static void expect_refused(int port, const char *why)
{
	struct superd *superd = controlled_run(WEB, port, backend("serve"));

	superd_wait_log(superd, text_of("%s: the list of held and disabled services is unknown: ", file()));
	superd_wait_log(superd, why);
	superd_wait_log(superd, "web: listening on ");
	client_ask_pid(port);
	superd_stop(superd);
	cr_assert_eq(unlink(file()), 0);
}

/* What somebody else may have written is not believed, nor is what superd did not write. */
Behaviour(locks, are_read_from_superds_own_file_alone)
{
	int port = free_port();
	struct superd *superd = run_web(port);
	const char *good, *path = file();

	cr_assert(control_is_done(control_once("hold web")));
	superd_stop(superd);
	good = read_text(path);
	cr_assert_eq(chmod(path, 0660), 0);
	expect_refused(port, "others may write to it (mode 0660)");

	write_file("control.locks", "%s", good);
	cr_assert_eq(chmod(path, 0600), 0);
	cr_assert_eq(truncate(path, (16 << 20) + 1), 0);
	expect_refused(port, "it is larger than 16.0M");

	write_file("control.locks", "held: web\n");
	cr_assert_eq(chmod(path, 0600), 0);
	expect_refused(port, "superd did not write it");

	write_file("control.locks", "%.*s", (int)strlen(good) - 2, good);
	cr_assert_eq(chmod(path, 0600), 0);
	expect_refused(port, "superd did not write it");

	write_file("control.locks", "held web 0 yesterday\n");
	cr_assert_eq(chmod(path, 0600), 0);
	expect_refused(port, "superd did not write it");

	write_file("elsewhere", "%s", good);
	cr_assert_eq(chmod(path_in("elsewhere"), 0600), 0);
	cr_assert_eq(symlink(path_in("elsewhere"), path), 0);
	expect_refused(port, "it is a symbolic link");

	cr_assert_eq(mkfifo(path, 0600), 0);
	expect_refused(port, "it is no regular file");

	if (getuid() == 0) {
		write_file("control.locks", "%s", good);
		cr_assert_eq(chmod(path, 0600), 0);
		cr_assert_eq(chown(path, 65534, 65534), 0);
		expect_refused(port, "it belongs to user 65534");
	}
}

Behaviour(locks, that_cannot_be_written_are_said_to_end_with_superd)
{
	int port = free_port();
	struct superd *superd = run_web(port);
	const char *wanted = text_of("ends with superd: cannot write %s: File exists", file());
	const char *in_the_way = path_in("control.locks.new"), *answer;

	cr_assert_eq(mkdir(in_the_way, 0700), 0);
	answer = superctl_order("hold web");
	cr_expect(strstr(answer, wanted), "%s", answer);
	cr_expect(control_is_done(control_once("hold web")));
	superd_wait_log(superd, text_of("cannot write %s: File exists: the next superd will not know", file()));
	cr_assert_eq(rmdir(in_the_way), 0);
	answer = superctl_order("hold web");
	cr_expect_null(strstr(answer, "ends with superd"), "%s", answer);
}

Behaviour(locks, without_a_path_of_the_control_socket_end_with_superd)
{
	const char *name = text_of("@%s", control_path());
	const char *arguments[] = { "--control", name, NULL };
	const struct setup setup = { .arguments = arguments };
	struct superd *superd = superd_run_with(&setup, WEB, free_port(), backend("serve"));
	struct outcome outcome;

	superd_wait_log(superd, "web: listening on ");
	WAIT_UNTIL(!SUPERCTL(name, "list").status);
	outcome = SUPERCTL(name, "hold", "web");
	cr_expect(strstr(outcome.out, "ends with superd: its control socket has no directory"), "%s", outcome.out);
	outcome = SUPERCTL(name, "release", "web");
	cr_expect_str_eq(outcome.out, "web: released\n");
	SUPERCTL(name, "hold", "web");
	outcome = SUPERCTL(name, "disable", "web");
	cr_expect(strstr(outcome.out, "ends with superd: its control socket has no directory"), "%s", outcome.out);
	outcome = SUPERCTL(name, "release", "web");
	cr_expect_str_eq(outcome.out, "web: released\n", "the order that stays is another: %s", outcome.out);
}

/* -1: its queue is full. */
static int try_to_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* One that is too busy to answer has them all the same. */
Behaviour(locks, of_another_superd_are_not_taken)
{
	int port = free_port(), later = free_port(), fds[64], count = 0;
	struct superd *superd = run_web(port), *next;

	cr_assert(control_is_done(control_once("hold web")));
	superd_signal(superd, SIGSTOP);
	while (count < 64 && (fds[count] = try_to_connect(control_path())) >= 0)
		count++;
	cr_assert_lt(count, 64);
	next = controlled_clock_run(WEB, later, backend("serve"));
	WAIT_UNTIL((clock_move(SECOND_MS), superd_has_ended(next)));
	cr_expect_eq(superd_wait_exit(next), 2);
	cr_expect(superd_logged(next, text_of("superd is already running here, and answers at %s: ", control_path())));
	cr_expect_not(superd_logged(next, "still held"));
	superd_signal(superd, SIGCONT);
	while (count > 0)
		close(fds[--count]);
	expect_held("web");
	cr_expect_eq(access(file(), F_OK), 0);
}

/* The next superd waits for its end, and reads the file then. */
Behaviour(locks, go_over_with_the_control_socket)
{
	int port = free_port(), later = free_port();
	struct superd *superd = run_web(port), *next;

	cr_assert(control_is_done(control_once("hold web")));
	next = controlled_run(WEB, later, backend("serve"));
	superd_wait_log(next, "waiting up to 5 s for its end");
	superd_stop(superd);
	superd_wait_log(next, "web: still held by uid ");
	cr_expect_str_eq(control_value(control_once("status web"), "held"), "true");
	cr_assert(control_is_done(control_once("release web")));
}

