/* A backend that does to the listener that it shares with superd what a backend can.
 *
 *   hostile_backend FILE ACT      FILE gets what it has done, a line each
 *   hostile_backend FILE lock     it keeps the listener's lock for ever, and says so on standard error ("asked 15")
 *   hostile_backend FILE leave    a process that it leaves behind does so ("left PID"); it ends by SIGUSR1
 *   hostile_backend FILE last     it serves a client; at SIGTERM or SIGUSR1 it leaves such a process behind, and ends
 *                                 when that has the lock, the first time; by SIGUSR2 it ends at SIGTERM;
 *                                 later it shuts the listener down at SIGUSR1
 *   hostile_backend FILE late     it serves a client, and ends; a process that it leaves behind keeps the lock from
 *                                 SIGUSR1 on
 *   hostile_backend FILE print    it keeps the lock of its standard output for ever; its next run prints "said again",
 *                                 and stays
 *   hostile_backend FILE filter   by SIGUSR1 it locks the listener's filter, leaves a process that has it, and ends
 *
 * An act upon the listener is done once, behind the first client, and the program ends. Its next runs write which
 * options of the listener are not the kernel's ("differs NAME"), then "looked", and serve one client. */
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/security/fuse_server.h"

enum { PATIENCE_MS = 2000 };

static const char *file;
static int listener; /* the first of LISTEN_FDS, or standard input */

static void tell(const char *text)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0 || dprintf(fd, "%s\n", text) < 0)
		exit(1);
	close(fd);
}

static int has_told(const char *text)
{
	char all[4096];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, all, sizeof(all) - 1);

	if (got < 0)
		exit(1);
	close(fd);
	all[got] = '\0';
	return strstr(all, text) != NULL;
}

/* Leaves the processor to others, also where each session has its own share of it (sched(7), autogroup). */
static void be_nice(void)
{
	int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

	setpriority(PRIO_PROCESS, 0, 19);
	if (fd >= 0) {
		(void)!write(fd, "19", 2);
		close(fd);
	}
}

static const struct option {
	const char *name;
	int level, number, type, value;
} options[] = {
	{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, SOCK_STREAM, 1 },
	{ "SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, 0, 1 },
	{ "SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, 0, 1 },
	{ "SO_RCVLOWAT", SOL_SOCKET, SO_RCVLOWAT, 0, 100 },
	{ "SO_DONTROUTE", SOL_SOCKET, SO_DONTROUTE, 0, 1 },
	{ "SO_TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, 0, 1 },
	{ "SO_OOBINLINE", SOL_SOCKET, SO_OOBINLINE, SOCK_STREAM, 1 },
	{ "TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, SOCK_STREAM, 3600 },
	{ "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, SOCK_STREAM, 1 },
	{ "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, SOCK_STREAM, 1 },
	{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, SOCK_STREAM, 1 },
	{ "TCP_CORK", IPPROTO_TCP, TCP_CORK, SOCK_STREAM, 1 },
	{ "TCP_MAXSEG", IPPROTO_TCP, TCP_MAXSEG, SOCK_STREAM, 100 },
	{ "IP_TTL", IPPROTO_IP, IP_TTL, 0, 3 },
	{ "IP_TOS", IPPROTO_IP, IP_TOS, 0, 0x10 },
	{ "IP_RECVERR", IPPROTO_IP, IP_RECVERR, SOCK_DGRAM, 1 },
	{ "IP_MINTTL", IPPROTO_IP, IP_MINTTL, 0, 255 }, /* the last: no packet of the loopback has that */
};

static int number_of(int fd, int level, int number)
{
	socklen_t length = sizeof(int);
	int value = -1;

	return getsockopt(fd, level, number, &value, &length) == 0 ? value : -1;
}

static int type_of(void)
{
	return number_of(listener, SOL_SOCKET, SO_TYPE);
}

static int is_for_listener(const struct option *option)
{
	return !option->type || option->type == type_of();
}

static void set_options(void)
{
	for (size_t n = 0; n < sizeof(options) / sizeof(options[0]); n++) {
		const struct option *option = &options[n];

		if (is_for_listener(option) &&
		    setsockopt(listener, option->level, option->number, &option->value, sizeof(option->value)) < 0)
			exit(1);
	}
}

static void drop_all(void)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { 1, &nothing };

	if (setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		exit(1);
}

/* The description is superd's, too: who gets the signal is the kernel's decision at each client. */
static void own_signals(void)
{
	if (fcntl(listener, F_SETOWN, getppid()) < 0 || fcntl(listener, F_SETSIG, SIGKILL) < 0 ||
	    fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_ASYNC) < 0)
		exit(1);
}

/* Nobody else may come into its queue, and whoever is there waits for ever. */
static void no_backlog(void)
{
	if (listen(listener, 0) < 0)
		exit(1);
	fcntl(listener, F_SETFL, 0);
}

static void close_all(void)
{
	for (int fd = 0; fd < 64; fd++) {
		close(fd);
		(void)!open("/dev/null", O_RDWR);
	}
}

/* The call reads the options from a page of a file whose server never answers, and has the lock meanwhile. */
static void keep_lock(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	fuse_mount(SILENT_ON_READ);
	if (pages == MAP_FAILED || mmap(pages + page, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
					fuse_open(O_RDWR), 0) == MAP_FAILED)
		exit(1);
	setsockopt(listener, IPPROTO_IP, IP_OPTIONS, pages + page - 8, 40);     /* the first int is read without */
	exit(1);
}

/* write(2) whose last page is never there has the pipe's lock, and the page before is in the pipe. There are no more:
 * where a pipe is full the lock is let go, and a quick reader could then leave it empty, and not come again. */
static void keep_pipe(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), length = 2 * page;
	char *pages = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (has_told("tampered\n")) {
		(void)!write(STDOUT_FILENO, "said again\n", 11);
		pause();
	}
	dup2(open(file, O_WRONLY | O_APPEND), STDERR_FILENO); /* where the server says that it does not answer */
	fuse_mount(SILENT_ON_READ);
	if (pages == MAP_FAILED || mmap(pages + length - page, page, PROT_READ, MAP_PRIVATE | MAP_FIXED,
					fuse_open(O_RDWR), 0) == MAP_FAILED)
		exit(1);
	(void)!write(STDOUT_FILENO, pages, length);
	exit(1);
}

static void leave(int number)
{
	_exit(number != SIGUSR1);
}

/* In a process that outlives the backend. */
static void begin_to_stay(void)
{
	char line[32];

	setsid();
	snprintf(line, sizeof(line), "left %ld", (long)getpid());
	tell(line);
}

static void leave_lock(void)
{
	signal(SIGUSR1, leave);
	if (fork() == 0) {
		begin_to_stay();
		keep_lock();
	}
	for (;;)
		pause();
}

/* What the process says comes when it has the lock. */
static void end_locked(int number)
{
	char line[256];
	ssize_t got;
	int ends[2];

	if (pipe(ends) < 0)
		_exit(1);
	if (fork() == 0) {
		dup2(ends[1], STDERR_FILENO);
		begin_to_stay();
		keep_lock();
	}
	got = read(ends[0], line, sizeof(line));
	if (got <= 0 || write(STDERR_FILENO, line, (size_t)got) != got || number != SIGUSR2)
		_exit(got <= 0);
	signal(SIGTERM, SIG_DFL);
}

static void end_with_filter(int number)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, UINT16_MAX);
	const struct sock_fprog program = { 1, &all };

	(void)number;
	if (setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
	    setsockopt(listener, SOL_SOCKET, SO_LOCK_FILTER, &(int){ 1 }, sizeof(int)) < 0)
		_exit(1);
	if (fork() == 0) {
		begin_to_stay();
		for (;;)
			pause();
	}
	_exit(0);
}

static void look(void)
{
	int fresh = socket(number_of(listener, SOL_SOCKET, SO_DOMAIN), type_of(), 0);
	char line[64];

	for (size_t n = 0; n < sizeof(options) / sizeof(options[0]); n++) {
		const struct option *option = &options[n];

		if (!is_for_listener(option) ||
		    number_of(listener, option->level, option->number) ==
			    number_of(fresh, option->level, option->number))
			continue;
		snprintf(line, sizeof(line), "differs %s", option->name);
		tell(line);
	}
	close(fresh);
	tell("looked");
}

/* An answer to one client that comes in time. */
static void serve_one(void)
{
	struct pollfd wait = { .fd = listener, .events = POLLIN };
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	char answer[32], request[64];
	int size = snprintf(answer, sizeof(answer), "%ld served\n", (long)getpid()), client;

	if (poll(&wait, 1, PATIENCE_MS) <= 0)
		return;
	if (type_of() == SOCK_DGRAM) {
		if (recvfrom(listener, request, sizeof(request), MSG_DONTWAIT, (struct sockaddr *)&from, &length) >= 0)
			sendto(listener, answer, (size_t)size, 0, (struct sockaddr *)&from, length);
		return;
	}
	client = accept(listener, NULL, NULL);
	if (client >= 0) {
		(void)!write(client, answer, (size_t)size);
		shutdown(client, SHUT_WR);
		(void)!read(client, request, sizeof(request));
		close(client);
	}
}

static void end_shut(int number)
{
	(void)number;
	_exit(shutdown(listener, SHUT_RDWR) < 0);
}

/* What it says goes to FILE then. */
static void serve_before_lock(void)
{
	sigset_t signals;
	int number;

	serve_one();
	if (has_told("left "))
		exit(0);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (fork() != 0)
		exit(0);
	begin_to_stay();
	dup2(open(file, O_WRONLY | O_APPEND), STDERR_FILENO);
	sigwait(&signals, &number);
	keep_lock();
}

static void serve_last(void)
{
	if (has_told("left "))
		signal(SIGUSR1, end_shut);
	else
		signal(SIGUSR1, end_locked);
	if (!has_told("left ")) {
		signal(SIGTERM, end_locked);
		signal(SIGUSR2, end_locked);
	}
	serve_one();
	for (;;)
		pause();
}

static void serve_filtered(void)
{
	if (has_told("left ")) {
		serve_one();
		exit(0);
	}
	signal(SIGUSR1, end_with_filter);
	for (;;)
		pause();
}

static void unfilter(void)
{
	if (setsockopt(listener, SOL_SOCKET, SO_DETACH_FILTER, &(int){ 0 }, sizeof(int)) < 0 ||
	    setsockopt(listener, SOL_SOCKET, SO_LOCK_FILTER, &(int){ 1 }, sizeof(int)) < 0)
		exit(1);
}

static void tamper(void (*act)(void))
{
	if (has_told("tampered\n")) {
		look();
		serve_one();
		return;
	}
	serve_one();
	tell("tampered");
	act();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*act)(void);
	} acts[] = {
		{ "options", set_options }, { "drop", drop_all },   { "signals", own_signals },
		{ "backlog", no_backlog },  { "close", close_all }, { "unfilter", unfilter },
	};

	if (argc != 3)
		return 2;
	file = argv[1];
	listener = getenv("LISTEN_FDS") ? 3 : 0;
	if (!strcmp(argv[2], "lock"))
		keep_lock();
	if (!strcmp(argv[2], "print"))
		keep_pipe();
	if (!strcmp(argv[2], "leave"))
		leave_lock();
	if (!strcmp(argv[2], "late"))
		serve_before_lock();
	if (!strcmp(argv[2], "last"))
		serve_last();
	if (!strcmp(argv[2], "filter"))
		serve_filtered();
	be_nice();
	for (size_t n = 0; n < sizeof(acts) / sizeof(acts[0]); n++) {
		if (!strcmp(argv[2], acts[n].name)) {
			tamper(acts[n].act);
			return 0;
		}
	}
	return 2;
}
