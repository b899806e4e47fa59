/* A backend that can be seen to move: each of its processes adds a byte to a file every few milliseconds, for as long
 * as nothing stops it. It cannot idle, and it answers each client with a line, "PID STOPPED".
 *
 *   beater FILE [WORD]…
 *
 *   workers N          so many processes serve, beside the first
 *   daemon             one of them has lost its parent and has a session of its own
 *   forking            one of them has a child after the other, each short
 *   farewell FILE      writes this file when it is told to end, and ends
 *   call PORT          is connected to a port of this machine, and reads there
 *   notify             says READY=1, and WATCHDOG=1 with each beat of the first
 *
 * The hard thing is to leave nobody behind: who serves ends with the first process, and whatever it was it made ends
 * when the file has gone. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "passed.h"

enum { BEAT_MS = 5 };

static const char *beats, *farewell;
static struct passed passed;
static int call = -1, notify = -1;

static void on_term(int signal)
{
	int fd = farewell ? open(farewell, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) : -1;

	(void)signal;
	_exit(farewell && fd < 0 ? 1 : 0);
}

static void beat(void)
{
	int fd = open(beats, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		_exit(0);
	if (fd < 0 || write(fd, ".", 1) != 1)
		_exit(1);
	close(fd);
}

static void say(const char *text)
{
	if (notify >= 0 && send(notify, text, strlen(text), MSG_NOSIGNAL) < 0)
		_exit(1);
}

static void find_notify(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size;

	if (!name || strlen(name) >= sizeof(address.sun_path))
		_exit(1);
	strcpy(address.sun_path, name);
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name == '/'));
	if (*name == '@')
		address.sun_path[0] = '\0';
	notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify < 0 || connect(notify, (struct sockaddr *)&address, size) < 0)
		_exit(1);
	say("READY=1");
}

static void make_call(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)strtol(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	call = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (call < 0 || connect(call, (struct sockaddr *)&address, sizeof(address)) < 0)
		_exit(1);
}

static void answer(int fd)
{
	char line[64];
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC), length;

	if (client < 0)
		return;
	length = snprintf(line, sizeof(line), "%ld\n", (long)getpid());
	(void)!write(client, line, (size_t)length);
	shutdown(client, SHUT_WR);
	(void)!read(client, line, sizeof(line));
	close(client);
}

static void read_call(void)
{
	struct pollfd state = { call, POLLIN, 0 };
	char bytes[64];

	if (call >= 0 && poll(&state, 1, 0) > 0 && read(call, bytes, sizeof(bytes)) <= 0)
		call = -1;
}

static _Noreturn void serve(void)
{
	for (;;) {
		int fd = passed_wait(&passed, BEAT_MS);

		if (fd >= 0)
			answer(fd);
		read_call();
		beat();
		say("WATCHDOG=1");
	}
}

static _Noreturn void only_beat(void)
{
	for (;;) {
		usleep(BEAT_MS * 1000);
		beat();
	}
}

static void begin_worker(void)
{
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		notify = -1;
		serve();
	}
}

static void begin_daemon(void)
{
	if (fork() == 0) {
		if (fork() == 0) {
			setsid();
			only_beat();
		}
		_exit(0);
	}
	wait(NULL);
}

static void begin_forking(void)
{
	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		if (fork() == 0) {
			beat();
			_exit(0);
		}
		usleep(500);
	}
}

int main(int count, char **words)
{
	if (count < 2)
		return 2;
	beats = words[1];
	passed_find(&passed);
	for (int i = 0; i < passed.count; i++)  /* several wait for each client, and all but one come too late */
		fcntl(passed.fds[i], F_SETFL, O_NONBLOCK);
	signal(SIGTERM, on_term);
	for (int n = 2; n < count; n++) {
		const char *next = n + 1 < count ? words[n + 1] : "";

		if (!strcmp(words[n], "workers"))
			for (long left = strtol(next, NULL, 10); left > 0; left--)
				begin_worker();
		else if (!strcmp(words[n], "daemon"))
			begin_daemon();
		else if (!strcmp(words[n], "forking"))
			begin_forking();
		else if (!strcmp(words[n], "farewell"))
			farewell = next;
		else if (!strcmp(words[n], "call"))
			make_call(next);
		else if (!strcmp(words[n], "notify"))
			find_notify();
	}
	serve();
}
