/* Installs the filter of pass = bind (os/proc/bind_filter), and sends its descriptor to superd, which answers the
 * calls that the filter stops: seccomp_unotify(2). */
#include "exec/child/stages.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exec/child/child.h"

/* Since Linux 5.19; headers may be older: a signal does not interrupt a call that superd has begun to answer. */
#define WAIT_KILLABLE (1UL << 5)        /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */

static int install_filter(const struct sock_fprog *filter, unsigned long flags)
{
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, filter);
}

/* Returns the filter's descriptor. Without CAP_SYS_ADMIN the kernel demands no_new_privs. */
static int install_somehow(const struct sock_fprog *filter)
{
	int fd = install_filter(filter, WAIT_KILLABLE);

	if (fd < 0 && errno == EACCES) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return -1;
		fd = install_filter(filter, WAIT_KILLABLE);
	}
	return fd < 0 && errno == EINVAL ? install_filter(filter, 0) : fd;
}

static int send_descriptor(int channel, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
	};

	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(channel, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* With Yama (the kernel's LSM), and without CAP_SYS_PTRACE, only an ancestor may look at a process, and the one that
 * answers is no ancestor: any descendant of superd that has this program's user may look at it from now on. */
static void let_superd_look(void)
{
	prctl(PR_SET_PTRACER, (unsigned long)getppid(), 0, 0, 0);
}

int stage_bind_filter(struct job *job)
{
	int fd, result;

	if (!job->filter_channel)
		return 0;
	fd = install_somehow(job->plan->bind_filter);
	if (fd < 0)
		return -1;
	if (job->plan->bind_needs_tracer)
		let_superd_look();
	result = send_descriptor(job->filter_channel, fd);
	close(fd);
	close(job->filter_channel);
	return result;
}
