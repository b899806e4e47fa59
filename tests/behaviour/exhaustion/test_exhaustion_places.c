/* Places that superd writes to, and cannot: a root that is read-only, /run too, and a /run that vanishes below a superd
 * that runs. All else is served, superd says what it lacks, and has it again when the place is back. */
#include <sys/mount.h>
#include <sys/syscall.h>

#include "controlling.h"
#include "harness.h"
#include "private.h"
#include "superctl.h"

static const char *tcp_and_unix(int port, const char *path)
{
	return text_of("service each {\n listen = \"127.0.0.1:%d\"\n accept = yes\n exec = \"%s\"\n}\n"
		       "service path {\n listen = \"%s\"\n exec = \"%s\"\n}\n",
		       port, backend("stdio"), path, backend("take 1"));
}

/* Everything that is mounted now, and as it is: what is mounted later is not. */
static bool make_all_read_only(void)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };

	return syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes)) == 0;
}

/* The test's own folder, which superd's table and log are in, is the only place that can be written to. */
Behaviour(exhaustion_places, a_read_only_root_serves_and_says_what_it_lacks)
{
	int port = free_port();
	const char *folder = path_in("."), *arguments[] = { "--control", "/run/superd/control", NULL };
	struct setup setup = { .arguments = arguments };
	struct superd *superd;

	SKIP_WITHOUT(private_enter(), "needs root, and mounts of its own");
	SKIP_WITHOUT(make_all_read_only(), "needs mount_setattr(2)");
	cr_assert_eq(mount("writable", folder, "tmpfs", MS_NOSUID, "mode=1777"), 0, "%s", strerror(errno));
	cr_assert(mkdir("/run/superd", 0755) < 0 && errno == EROFS);
	superd = superd_run_with(&setup, "%s%s", tcp_and_unix(port, "/run/superd-test.sock"),
				 text_of("service logs {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n"
					 " log_type = { FILE, \"/run/superd-test.log\" }\n"
					 " log_on_success = { HOST, EXIT }\n}\n",
					 backend("stdio")));
	WAIT_UNTIL(superd_logged(superd, "no control socket /run/superd/control: "));
	WAIT_UNTIL(superd_logged(superd, "path: cannot listen on /run/superd-test.sock"));
	WAIT_UNTIL(superd_log_count(superd, "Read-only file system") >= 2);
	client_ask_pid(port);
	client_ask_pid(superd_port(superd, "logs"));
	WAIT_UNTIL(superd_logged(superd, "logs: warning: cannot log to /run/superd-test.log: Read-only file system"));
	client_ask_pid(port);
	superd_signal(superd, SIGHUP);
	superd_wait_log(superd, "reloaded: ");
	client_ask_pid(port);
	superd_stop(superd);
	umount2(folder, MNT_DETACH);
}

struct house {
	struct superd *superd;
	const char *run, *control, *path, *pid;
	int port;
};

static void mount_run(const struct house *house)
{
	cr_assert_eq(mount("run", house->run, "tmpfs", MS_NOSUID, "mode=0755"), 0, "%s", strerror(errno));
}

static bool answers(const struct house *house)
{
	return SUPERCTL(house->control, "list").status == 0;
}

static struct house open_house(void)
{
	struct house house = {
		.run = path_in("run"), .control = path_in("run/superd/control"), .path = path_in("run/x.sock"),
		.pid = path_in("run/superd.pid"), .port = free_port(),
	};
	const char *arguments[] = { "--control", house.control, "--pid-file", house.pid, NULL };
	struct setup setup = { .arguments = arguments, .clock = true };

	SKIP_WITHOUT(private_enter(), "needs root, and mounts of its own");
	cr_assert_eq(mkdir(house.run, 0755), 0);
	mount_run(&house);
	cr_assert_eq(mkdir(path_in("run/superd"), 0755), 0);
	house.superd = superd_run_with(&setup, "%s", tcp_and_unix(house.port, house.path));
	WAIT_UNTIL(answers(&house));
	client_ask_pid(house.port);
	client_ask_unix(house.path, "hello\n");
	cr_assert_eq(SUPERCTL(house.control, "hold", "each").status, 0);
	WAIT_UNTIL(access(text_of("%s.held", house.control), F_OK) == 0);
	return house;
}

/* What was held is held still, and kept. */
static void expect_all_back(const struct house *house)
{
	CLOCK_UNTIL(house->superd, MINUTE_MS, 10, answers(house));
	CLOCK_UNTIL(house->superd, MINUTE_MS, 10, client_can_connect_unix(house->path));
	client_ask_unix(house->path, "hello\n");
	CLOCK_UNTIL(house->superd, MINUTE_MS, 10, access(text_of("%s.held", house->control), F_OK) == 0);
	cr_assert_not_null(strstr(SUPERCTL(house->control, "list").out, "held"), "%s", world_logs());
	cr_assert_eq(SUPERCTL(house->control, "release", "each").status, 0);
	client_ask_pid(house->port);
}

static void close_house(const struct house *house)
{
	superd_stop(house->superd);
	umount2(house->run, MNT_DETACH);
}

static int remove_below(const struct house *house)
{
	const char *const command[] = { "/bin/sh", "-c", text_of("rm -rf %s/*", house->run), NULL };

	return program_answer(command).status;
}

Behaviour(exhaustion_places, a_run_that_is_emptied_is_filled_again_by_a_reload)
{
	struct house house = open_house();

	cr_assert_eq(remove_below(&house), 0);
	superd_signal(house.superd, SIGHUP);
	superd_wait_log(house.superd, "reloaded: ");
	superd_wait_log(house.superd, text_of("the control socket %s was removed: creating it again", house.control));
	superd_wait_log(house.superd, "; a reload tries again");
	cr_assert_eq(mkdir(path_in("run/superd"), 0755), 0);
	superd_signal(house.superd, SIGHUP);
	CLOCK_UNTIL(house.superd, MINUTE_MS, 10, answers(&house));
	cr_assert_eq(SUPERCTL(house.control, "reload").status, 0);
	expect_all_back(&house);
	close_house(&house);
}

/* The kernel tells nobody of a file system that was detached, so superd looks at a reload. */
Behaviour(exhaustion_places, a_run_that_is_unmounted_is_made_anew_by_a_reload)
{
	struct house house = open_house();

	cr_assert_eq(umount2(house.run, MNT_DETACH), 0);
	superd_signal(house.superd, SIGHUP);
	superd_wait_log(house.superd, "reloaded: ");
	superd_wait_log(house.superd, text_of("the control socket %s was removed: creating it again", house.control));
	superd_wait_log(house.superd, "; a reload tries again");
	mount_run(&house);
	cr_assert_eq(mkdir(path_in("run/superd"), 0755), 0);
	superd_signal(house.superd, SIGHUP);
	CLOCK_UNTIL(house.superd, MINUTE_MS, 10, answers(&house));
	cr_assert_eq(SUPERCTL(house.control, "reload").status, 0);
	expect_all_back(&house);
	close_house(&house);
}
