/* Stands in for superd-bind: it answers nothing. When it is told to leave it says that its program needs a socket of
 * IPv4, as one does that was about to say so. With the word "program" it is that program, which ends by SIGTERM, and
 * not before. A fifo "said" lies beside it. */

#include "bind/bind.h"

int main(int argc, char **argv)
{
	static union {
		struct bind_order order;
		char bytes[1 << 16];
	} said;
	const struct bind_note needs = { .event = BIND_NEEDS, .family = AF_INET, .text = "tcp:0.0.0.0:1" };
	char control[4096], path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 16);

	if (length <= 0)
		return 1;
	path[length] = '\0';
	strcpy(strrchr(path, '/') + 1, "said");
	if (argc > 1 && !strcmp(argv[1], "program")) {
		sigset_t end;
		int signal;

		sigemptyset(&end);
		sigaddset(&end, SIGTERM);
		sigprocmask(SIG_BLOCK, &end, NULL);
		sigwait(&end, &signal);
		return open(path, O_WRONLY) < 0;
	}
	do {
		struct iovec part = { &said, sizeof(said) };
		struct msghdr message = { .msg_iov = &part,
					  .msg_iovlen = 1,
					  .msg_control = control,
					  .msg_controllen = sizeof(control) };

		/* The descriptors stay open: the program's child sends its filter. */
		if (recvmsg(STDIN_FILENO, &message, 0) <= 0)
			return 1;
	} while (said.order.word != BIND_LEAVE);
	send(STDIN_FILENO, &needs, sizeof(needs), MSG_NOSIGNAL);
	return open(path, O_RDONLY) < 0;
}
