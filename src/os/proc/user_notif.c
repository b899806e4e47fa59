/* The ioctl(2) calls of a seccomp filter's listener descriptor. */
#include "os/proc/proc.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define ROOM 512                        /* bytes; a later kernel may write more than these headers know */

/* Whether processes can be looked at. Any process may look at itself, but without CAP_SYS_PTRACE the seccomp
 * profile of Docker forbids pidfd_getfd(2), and that of Podman process_vm_readv(2). */
static int try_look(int fd)
{
	char byte = 0, copied;
	struct iovec from = { &byte, 1 }, to = { &copied, 1 };
	int self = pidfd_of(getpid());

	if (self < 0 || pidfd_copy(self, fd) < 0 || process_vm_readv(getpid(), &to, 1, &from, 1, 0) < 0)
		return errno;
	return 0;
}

int user_notif_try(void)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	const struct sock_fprog program = { 1, allow };
	struct seccomp_notif_sizes sizes = { 0 };
	struct seccomp_notif_addfd nobody = { .id = 0 };
	long notif;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return errno;
	if (sizes.seccomp_notif > ROOM || sizes.seccomp_notif_resp > ROOM)
		return EMSGSIZE;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	notif = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (notif < 0)
		return errno;
	/* ENOENT: the kernel knows the request, and nobody waits. */
	if (ioctl((int)notif, SECCOMP_IOCTL_NOTIF_ADDFD, &nobody) < 0 && errno != ENOENT)
		return errno;
	return try_look((int)notif);
}

bool user_notif_receive(int notif, struct user_call *call)
{
	union {
		struct seccomp_notif notif;
		unsigned char room[ROOM];
	} request;

	memset(&request, 0, sizeof(request));   /* the kernel demands zeros */
	if (ioctl(notif, SECCOMP_IOCTL_NOTIF_RECV, &request.notif) < 0)
		return false;
	*call = (struct user_call){
		.id = request.notif.id,
		.thread = (pid_t)request.notif.pid,
		.architecture = request.notif.data.arch,
		.number = request.notif.data.nr,
	};
	for (int n = 0; n < 6; n++)
		call->arguments[n] = request.notif.data.args[n];
	return true;
}

bool user_notif_is_waiting(int notif, uint64_t id)
{
	return ioctl(notif, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static bool send_response(int notif, uint64_t id, int64_t value, int error, uint32_t flags)
{
	union {
		struct seccomp_notif_resp response;
		unsigned char room[ROOM];
	} answer;

	memset(&answer, 0, sizeof(answer));
	answer.response.id = id;
	answer.response.val = value;
	answer.response.error = -error;
	answer.response.flags = flags;
	return ioctl(notif, SECCOMP_IOCTL_NOTIF_SEND, &answer.response) == 0;
}

bool user_notif_let_go(int notif, uint64_t id)
{
	return send_response(notif, id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

bool user_notif_answer(int notif, uint64_t id, int error)
{
	return send_response(notif, id, 0, error, 0);
}

bool user_notif_place_fd(int notif, uint64_t id, int fd, int at, bool close_on_exec)
{
	struct seccomp_notif_addfd add = {
		.id = id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.srcfd = (uint32_t)fd,
		.newfd = (uint32_t)at,
		.newfd_flags = close_on_exec ? O_CLOEXEC : 0,
	};

	return ioctl(notif, SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0;
}
