/* hijacked_worker.so, and hijacked_program and hijacked_hold, which are superd-worker and superd-hold with it: worker
 * processes of superd that an attacker has in hand. Loaded into superd by LD_PRELOAD, it waits for the name that a
 * worker process gets. There each answer becomes forty, of the same length and with the same descriptors, and all of
 * their bytes are 'A'. */
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ANSWERS 40
#define LENGTH_MOST 65536

static bool is_worker;
static pid_t has_session;

/* superd-output sends what backends print, not an answer. */
int prctl(int option, ...)
{
	va_list arguments;
	unsigned long list[4];

	va_start(arguments, option);
	for (int n = 0; n < 4; n++)
		list[n] = va_arg(arguments, unsigned long);
	va_end(arguments);
	if (option == PR_SET_NAME)
		is_worker = !strncmp((const char *)list[0], "superd-", 7) &&
			    strcmp((const char *)list[0], "superd-output") != 0;
	return (int)syscall(SYS_prctl, option, list[0], list[1], list[2], list[3]);
}

/* A process with a time limit has no name, but a session. One that shares superd's memory has it, too. */
pid_t setsid(void)
{
	has_session = getpid();
	return (pid_t)syscall(SYS_setsid);
}

static bool is_hijacked(void)
{
	return is_worker || getpid() == has_session;
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	static char forged[LENGTH_MOST];

	if (is_hijacked() && size <= LENGTH_MOST) {
		memset(forged, 'A', size);
		for (int n = 1; n < ANSWERS; n++)
			syscall(SYS_sendto, fd, forged, size, flags | MSG_DONTWAIT, NULL, 0);
		bytes = forged;
	}
	return syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (is_hijacked()) {
		memset(message->msg_iov->iov_base, 'A', message->msg_iov->iov_len);
		for (int n = 1; n < ANSWERS; n++)
			syscall(SYS_sendmsg, fd, message, flags | MSG_DONTWAIT);
	}
	return syscall(SYS_sendmsg, fd, message, flags);
}
