/* Whether hosts.allow and hosts.deny have rules, and another version after each change. */
#include <sched.h>
#include <sys/mount.h>

#include "os/host/host.h"
#include "tests/unit/unit.h"

static void write_text(int fd, const char *text)
{
	cr_assert_eq(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

/* Two texts of one length, written within a tick of the file system's clock. */
Test(hosts_access, sees_a_change_right_after_the_last)
{
	char path[] = "/tmp/superd-hosts-XXXXXX";
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	if (access("/etc/hosts.deny", F_OK) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(path, "/etc/hosts.deny", NULL, MS_BIND, NULL) < 0) {
		unlink(path);
		cr_skip_test("needs a mount namespace of its own, and /etc/hosts.deny");
	}
	unlink(path);
	for (int n = 0; n < 200; n++) {
		write_text(fd, "#x: ALL\n");
		cr_assert_not(hosts_access_has_rules());
		write_text(fd, "xx: ALL\n");
		cr_assert(hosts_access_has_rules(), "try %d", n);
	}
	close(fd);
}
