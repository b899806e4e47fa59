/* A backend that notifies: it does the steps it is given, one an argument, and then what its clients ask for.
 *
 *   notifier [STEP]…
 *
 * A step is a word and what it needs. A client's line is a step too, answered "PID RESULT"; each client has one.
 *
 *   say TEXT           sends TEXT to NOTIFY_SOCKET, every | a newline
 *   child TEXT         has a child of its own do that
 *   nobody TEXT        the same as a stranger: another user, in a session of its own, whose parent has ended
 *   store TEXT         sends TEXT with a file that holds this pid
 *   fill COUNT         stores so many files
 *   pipe TEXT          sends TEXT with the reading end of a pipe, whose other end goes with this process
 *   twice TEXT         sends TEXT twice with one and the same descriptor
 *   last TEXT          sends TEXT with a file, stores another by the name of "behind", and ends in that very moment
 *   barrier            waits for superd to have heard all before
 *   bad long | nul     sends what must be dropped
 *   move | detach      a child goes on in its place, and is named by MAINPID; detach: in a session of its own
 *   name FILE          names a child by MAINPID that lives until the file is there, and goes on itself
 *   split              as detach, but it stays, and is the one who says READY=1 then
 *   yield pid          at SIGTERM it has a child in a session of its own, names it as its last word, and ends
 *   env NAME           tells the variable
 *   read NAME          tells what the passed file of this name holds
 *   ignore SIGNAL      ignores it by its number
 *   handle SIGNAL      says READY=1 whenever it comes, behind a RELOADING=1
 *   await FILE         until that is there
 *   end STATUS         ends, once it has answered
 *
 * The hard thing is that one who can't send has no way to say so: a step that fails tells so in its answer, and before
 * anybody can ask, by its exit status. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "passed.h"

enum { STEP_MOST = 1024, PATIENCE_MS = 120000, NOBODY = 65534 };

static int ending = -1; /* the status to end with, once it is asked for */
static struct passed passed;

static bool address_of(const char *name, struct sockaddr_un *address, socklen_t *length)
{
	size_t size = name ? strlen(name) : 0;

	if (size < 2 || size >= sizeof(address->sun_path))
		return false;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, size);
	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (*name == '/'));
	if (*name == '@')
		address->sun_path[0] = '\0';
	return true;
}

/* Sends bytes, with a descriptor where fd is one. */
static bool post(const char *text, size_t length, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
			      .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct sockaddr_un address;
	struct iovec part = { (char *)(uintptr_t)text, length };
	struct msghdr message = { .msg_name = &address, .msg_iov = &part, .msg_iovlen = 1 };
	int from = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool sent;

	if (from < 0 || !address_of(getenv("NOTIFY_SOCKET"), &address, &message.msg_namelen))
		return false;
	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.bytes);
	}
	sent = sendmsg(from, &message, MSG_NOSIGNAL) >= 0;
	close(from);
	return sent;
}

static bool say(const char *text, int fd)
{
	char message[STEP_MOST];

	snprintf(message, sizeof(message), "%s", text);
	for (char *at = message; *at; at++)
		*at = *at == '|' ? '\n' : *at;
	return post(message, strlen(message), fd);
}

static const char *result(bool good)
{
	static char text[64];

	if (good)
		return "done";
	snprintf(text, sizeof(text), "failed: %s", strerror(errno));
	return text;
}

static const char *do_say(const char *text)
{
	return result(say(text, -1));
}

/* Waits for a child, which says whether it went well by its status. */
static const char *wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		return result(false);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "done" : "failed there";
}

static const char *do_child(const char *text)
{
	pid_t child = fork();

	if (child == 0)
		_exit(say(text, -1) ? 0 : 1);
	return wait_for(child);
}

static const char *do_nobody(const char *text)
{
	pid_t between = fork();

	if (between == 0) {
		pid_t parent = getpid();

		if (setsid() < 0)
			_exit(1);
		if (fork() == 0) {
			while (getppid() == parent)
				poll(NULL, 0, 5);
			if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0 || setsid() < 0)
				_exit(1);
			_exit(say(text, -1) ? 0 : 1);
		}
		_exit(0);
	}
	return wait_for(between);
}

static int file_with_pid(void)
{
	int fd = memfd_create("kept", MFD_CLOEXEC);

	if (fd >= 0 && dprintf(fd, "%ld", (long)getpid()) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static const char *do_store(const char *text)
{
	int fd = file_with_pid();
	const char *done = result(fd >= 0 && say(text, fd));

	close(fd);
	return done;
}

static const char *do_fill(const char *count)
{
	const char *done = "done";

	for (int n = atoi(count); n > 0 && !strcmp(done, "done"); n--)
		done = do_store("FDSTORE=1|FDNAME=many");
	return done;
}

static const char *do_twice(const char *text)
{
	int fd = file_with_pid();
	const char *done = result(fd >= 0 && say(text, fd) && say(text, fd));

	close(fd);
	return done;
}

static const char *do_last(const char *text)
{
	do_store(text);
	do_store("FDSTORE=1|FDNAME=behind");
	_exit(0);
}

static const char *store_pipe(const char *text, const char *contents)
{
	ssize_t length = (ssize_t)strlen(contents);
	int ends[2];
	const char *done = result(pipe(ends) == 0 && write(ends[1], contents, (size_t)length) == length &&
				  say(text, ends[0]));

	close(ends[0]); /* the other end stays open */
	return done;
}

static const char *do_pipe(const char *text)
{
	return store_pipe(text, "");
}

static const char *do_letter(const char *text)
{
	return store_pipe(text, "x");
}

static const char *do_barrier(const char *text)
{
	struct pollfd heard = { -1, 0, 0 };
	int ends[2];

	(void)text;
	if (pipe(ends) < 0 || !say("BARRIER=1", ends[1]))
		return result(false);
	close(ends[1]);
	heard.fd = ends[0];
	return poll(&heard, 1, PATIENCE_MS) == 1 && heard.revents & POLLHUP ? "passed" : "blocked";
}

static const char *do_bad(const char *what)
{
	static char text[5000];

	if (!strcmp(what, "nul"))
		return result(post("STATUS=a\0b", 10, -1));
	memset(text, 'x', sizeof(text));
	memcpy(text, "STATUS=", 7);
	return result(post(text, sizeof(text), -1));
}

/* Whose a process with a session of its own is, its parent alone tells, and superd may look for it once that has ended
 * (sd_notify(3)). So the parent waits until superd has heard of it.
 *
 * The child goes on when the parent has named it and ended, or at once if that stays. */
static const char *move(bool detached, bool stays)
{
	char text[64];
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		return result(false);
	if (child == 0) {
		if (detached && setsid() < 0)
			_exit(1);
		while (!stays && getppid() == parent)
			poll(NULL, 0, 1);
		return "done";
	}
	while (detached && getpgid(child) != child)
		poll(NULL, 0, 1);
	snprintf(text, sizeof(text), "MAINPID=%ld", (long)child);
	if (!say(text, -1))
		_exit(1);
	if (stays && !say("READY=1", -1))
		_exit(1);
	while (stays)
		pause();
	do_barrier(NULL);
	_exit(0);
}

static const char *do_move(const char *text)
{
	(void)text;
	return move(false, false);
}

static const char *do_detach(const char *text)
{
	(void)text;
	return move(true, false);
}

static const char *do_split(const char *text)
{
	(void)text;
	return move(true, true);
}

static void on_term(int number)
{
	char text[64];
	pid_t child = fork();

	if (child == 0) {
		signal(number, SIG_DFL);
		for (setsid();;)
			pause();
	}
	while (getpgid(child) == getpgrp())
		poll(NULL, 0, 1);
	snprintf(text, sizeof(text), "MAINPID=%ld", (long)child);
	if (!say(text, -1))
		_exit(1);
	do_barrier(NULL);
	_exit(0);
}

static const char *do_yield(const char *how)
{
	/* Nor is the signal blocked in the child. */
	struct sigaction action = { .sa_handler = on_term, .sa_flags = SA_NODEFER };

	(void)how;
	return result(sigaction(SIGTERM, &action, NULL) == 0);
}

static const char *do_env(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "unset";
}

static const char *do_read(const char *name)
{
	const char *at = getenv("LISTEN_FDNAMES");
	size_t length = strlen(name);
	static char text[64];

	for (int fd = PASSED_FIRST; at; fd++) {
		const char *end = strchrnul(at, ':');

		if ((size_t)(end - at) == length && !strncmp(at, name, length)) {
			ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

			text[got > 0 ? got : 0] = '\0';
			return got >= 0 ? text : result(false);
		}
		at = *end ? end + 1 : NULL;
	}
	return "not there";
}

static const char *do_ignore(const char *signal_number)
{
	return result(signal(atoi(signal_number), SIG_IGN) != SIG_ERR);
}

static void on_reload(int number)
{
	struct timespec now;
	char text[96];

	(void)number;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	post(text, strlen(text), -1);
	post("READY=1", 7, -1);
}

static const char *do_handle(const char *signal_number)
{
	struct sigaction action = { .sa_handler = on_reload, .sa_flags = SA_RESTART };

	return result(sigaction(atoi(signal_number), &action, NULL) == 0);
}

static const char *do_await(const char *file)
{
	while (access(file, F_OK) != 0)
		poll(NULL, 0, 5);
	return "done";
}

static const char *do_name(const char *file)
{
	char text[64];
	pid_t child = fork();

	if (child == 0) {
		do_await(file);
		_exit(0);
	}
	snprintf(text, sizeof(text), "MAINPID=%ld", (long)child);
	return result(child > 0 && say(text, -1));
}

static const char *do_end(const char *status)
{
	ending = atoi(status);
	return "ends";
}

static const struct {
	const char *name;
	const char *(*act)(const char *argument);
} steps[] = {
	{ "yield", do_yield },	 { "split", do_split },	  { "say", do_say },	     { "child", do_child },
	{ "nobody", do_nobody }, { "store", do_store },	  { "fill", do_fill },	     { "pipe", do_pipe },
	{ "twice", do_twice },	 { "last", do_last },	  { "barrier", do_barrier }, { "bad", do_bad },
	{ "move", do_move },	 { "detach", do_detach }, { "env", do_env },	     { "read", do_read },
	{ "ignore", do_ignore }, { "handle", do_handle }, { "await", do_await },     { "end", do_end },
	{ "name", do_name },	 { "letter", do_letter },
};

static const char *act(const char *step)
{
	size_t length = strcspn(step, " ");

	for (size_t n = 0; n < sizeof(steps) / sizeof(*steps); n++) {
		if (strlen(steps[n].name) == length && !strncmp(steps[n].name, step, length))
			return steps[n].act(step[length] ? step + length + 1 : "");
	}
	return "unknown";
}

static void answer(int in, int out)
{
	char step[STEP_MOST], line[STEP_MOST + 64];
	size_t length = 0;
	const char *done;
	int size;

	while (length < sizeof(step) - 1 && read(in, step + length, 1) == 1 && step[length] != '\n')
		length++;
	step[length] = '\0';
	done = act(step);
	size = snprintf(line, sizeof(line), "%ld %s\n", (long)getpid(), done);
	(void)!write(out, line, (size_t)size);
}

static void serve(void)
{
	if (passed.count == 1 && !passed_listens(passed.fds[0])) { /* accept = yes: the client itself */
		answer(passed.fds[0], passed.fds[0] ? passed.fds[0] : STDOUT_FILENO);
		exit(ending < 0 ? 0 : ending);
	}
	while (ending < 0) {
		struct pollfd listener = { passed.fds[0], POLLIN, 0 }; /* what is stored is behind it */
		int client = poll(&listener, 1, -1) > 0 ? accept(passed.fds[0], NULL, NULL) : -1;

		if (client < 0)
			continue;
		answer(client, client);
		close(client);
	}
	exit(ending);
}

int main(int count, char **arguments)
{
	passed_find(&passed);
	if (passed_socket_type(STDIN_FILENO) >= 0) /* LISTEN_FDS are then what is stored */
		passed.fds[0] = STDIN_FILENO;
	for (int n = 1; n < count; n++) {
		const char *done = act(arguments[n]);

		if (!strncmp(done, "failed", 6) || !strcmp(done, "unknown") || !strcmp(done, "blocked"))
			return 90;
	}
	if (ending < 0)
		serve();
	return ending;
}
