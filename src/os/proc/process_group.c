/* Descriptors for process groups.
 *
 * Since Linux 6.9 a pidfd of the leader can signal the group, even after the leader was reaped
 * (PIDFD_SIGNAL_PROCESS_GROUP, pidfd_send_signal(2)). Before that, any open file serves: one that is owned by a group
 * (F_SETOWN_EX, fcntl(2)) keeps the kernel's own record of the group, and F_GETOWN_EX reports whether it is empty
 * (Linux 5.13). The signal is then sent by number, a moment later. */
#include "os/proc/process_group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/proc/pidfd.h"

#define TO_GROUP 4u /* PIDFD_SIGNAL_PROCESS_GROUP of linux/pidfd.h (Linux 6.9) */

static int signal_by_pidfd(int fd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, signal, NULL, TO_GROUP);
}

static int open_owned(pid_t group)
{
	struct f_owner_ex owner = { .type = F_OWNER_PGRP, .pid = group };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && fcntl(fd, F_SETOWN_EX, &owner) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Returns the group's number; 0: the group is empty. Before Linux 5.13 F_GETOWN_EX still reports the number, so kill(2)
 * tests it, too. */
static pid_t read_owner(int fd)
{
	struct f_owner_ex owner;

	if (fcntl(fd, F_GETOWN_EX, &owner) < 0 || owner.type != F_OWNER_PGRP || owner.pid <= 1)
		return 0;
	return kill(-owner.pid, 0) == 0 || errno == EPERM ? owner.pid : 0;
}

static bool is_pidfd_unsupported(void)
{
	return errno == EBADF || errno == EINVAL || errno == ENOSYS;
}

int process_group_open(pid_t group)
{
	int fd = group > 1 ? pidfd_of(group) : -1;

	if (group <= 1) {
		errno = EINVAL;
		return -1;
	}
	if (fd < 0)
		return errno == EMFILE || errno == ENFILE ? -1 : open_owned(group);
	if (signal_by_pidfd(fd, 0) == 0 || !is_pidfd_unsupported())
		return fd;
	close(fd);
	return open_owned(group);
}

bool process_group_lives(int fd)
{
	if (signal_by_pidfd(fd, 0) == 0 || errno == EPERM)
		return true;
	return is_pidfd_unsupported() && read_owner(fd) > 0;
}

bool process_group_signal(int fd, int signal)
{
	pid_t group;

	if (signal_by_pidfd(fd, signal) == 0)
		return true;
	if (!is_pidfd_unsupported())
		return false;
	group = read_owner(fd);
	return group > 1 && kill(-group, signal) == 0;
}
