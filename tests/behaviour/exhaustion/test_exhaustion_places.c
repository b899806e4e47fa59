/* A root that is read-only, and /run too: all else is served, and superd says what it lacks. */
#include <sys/mount.h>
#include <sys/syscall.h>

#include "harness.h"
#include "private.h"

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
