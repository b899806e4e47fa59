/* Finds the addresses of a redirect's target. The answer for a name may take a minute, so a process with many clients
 * has a child that looks names up, and never waits for it. Only the child has the rights that this takes, to open files
 * and sockets of many kinds; the process that serves strangers has them not. */
#include "builtin/builtin.h"

bool target_is_name(const char *host, const char *port)
{
	const struct addrinfo wanted = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	bool is_name = port && getaddrinfo(host, port, &wanted, &list) != 0;

	if (list)
		freeaddrinfo(list);
	return is_name;
}

void target_look_up(const char *host, const char *port, struct target_answer *answer)
{
	/* A numeric target needs no files. */
	struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	int error = getaddrinfo(host, port, &wanted, &list);

	wanted.ai_flags = 0;
	if (error)
		error = getaddrinfo(host, port, &wanted, &list);
	wanted.ai_socktype = SOCK_DGRAM; /* services(5) names some ports for UDP alone */
	if (error == EAI_SERVICE)
		error = getaddrinfo(host, port, &wanted, &list);
	*answer = (struct target_answer){ .count = 0 };
	if (error) {
		snprintf(answer->why, sizeof(answer->why), "%s",
			 error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
		return;
	}
	for (const struct addrinfo *at = list; at && answer->count < TARGET_ADDRESSES; at = at->ai_next) {
		struct socket_address *address = &answer->addresses[answer->count++];

		memcpy(&address->storage, at->ai_addr, at->ai_addrlen);
		address->length = at->ai_addrlen;
	}
	freeaddrinfo(list);
}

/* Answers each byte. A signal to the whole group ends its parent, and so it. */
static void serve_questions(const char *host, const char *port)
{
	struct self_sandbox sandbox = { .rights = MAY_FIND_NAMES | MAY_SEND };
	struct target_answer answer;
	char byte;

	self_sandbox_add_name_ports(&sandbox);
	self_sandbox_enter(&sandbox);
	while (recv(STDIN_FILENO, &byte, 1, 0) == 1) {
		target_look_up(host, port, &answer);
		send(STDIN_FILENO, &answer, sizeof(answer), MSG_NOSIGNAL);
	}
}

/* The end of its parent closes a pipe, and so ends it by SIGIO, also in the midst of a look-up. A signal of the
 * parent's death (PR_SET_PDEATHSIG) would come from the parent's sandbox, which sends none. */
static bool end_with_parent(int pipe)
{
	sigset_t others;

	sigfillset(&others);
	sigdelset(&others, SIGIO);
	return sigprocmask(SIG_SETMASK, &others, NULL) == 0 && fcntl(pipe, F_SETOWN, getpid()) == 0 &&
		fcntl(pipe, F_SETFL, O_ASYNC) == 0;
}

int target_resolver_begin(const char *host, const char *port)
{
	int ends[2], life[2];
	pid_t pid;

	if (pipe2(life, O_CLOEXEC) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		fd_close(&life[0]);
		fd_close(&life[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		/* Its parent's sockets are all below these; a copy would keep one open that superd has closed. */
		if (dup2(ends[1], STDIN_FILENO) < 0 || dup2(life[0], STDOUT_FILENO) < 0)
			_exit(1);
		for (int fd = STDERR_FILENO + 1; fd <= ends[0] || fd <= ends[1] || fd <= life[1]; fd++)
			close(fd);
		if (end_with_parent(STDOUT_FILENO))
			serve_questions(host, port);
		_exit(1);
	}
	fd_close(&ends[1]);
	fd_close(&life[0]);
	if (pid < 0) {
		fd_close(&ends[0]);
		fd_close(&life[1]); /* else it stays open */
	}
	return ends[0];
}
