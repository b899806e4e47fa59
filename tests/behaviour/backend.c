/* The backends of the tests: one program, one way to behave a command.
 *
 *   backend [-m FILE] [-d MILLISECONDS] [-n] COMMAND [ARGUMENT]
 *
 * -m adds a line with its pid to FILE as it starts, so a test can count starts; -d waits a random time of at most
 * so long wherever a real server would be slow: before it accepts, after it answered, before it ends; -n says READY=1
 * to NOTIFY_SOCKET. Every answer to a client is a line "PID REQUEST", so a test sees who served it and that nothing was
 * mixed up.
 *
 * The hard thing is to close a connection without taking the answer away: what the client still sends is read
 * first, as a socket closed with something unread in it resets its peer. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "passed.h"

enum { REQUEST_MOST = 1024, PATIENCE_MS = 120000 };

static long delay_most;
static struct passed passed;

static void sleep_ms(long milliseconds)
{
	struct timespec time = { .tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000 };

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

static void dawdle(void)
{
	if (delay_most > 0)
		sleep_ms(rand() % (delay_most + 1));
}

static long number(const char *text, long fallback)
{
	return text ? strtol(text, NULL, 10) : fallback;
}

/* Reads a line, or what there is at the end; the newline is left out. */
static size_t read_request(int fd, char *request)
{
	size_t length = 0;

	while (length < REQUEST_MOST - 1) {
		ssize_t got = read(fd, request + length, 1);

		if (got <= 0 || request[length] == '\n')
			break;
		length++;
	}
	request[length] = '\0';
	return length;
}

static void answer(int in, int out)
{
	char request[REQUEST_MOST], line[REQUEST_MOST + 32];
	int length;

	read_request(in, request);
	length = snprintf(line, sizeof(line), "%ld %s\n", (long)getpid(), request);
	(void)!write(out, line, (size_t)length);
}

static void close_gently(int fd)
{
	char rest[512];

	shutdown(fd, SHUT_WR);
	while (read(fd, rest, sizeof(rest)) > 0)
		;
	close(fd);
}

static void answer_datagram(int fd)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);
	char request[REQUEST_MOST], line[REQUEST_MOST + 32];
	ssize_t got;

	dawdle();
	got = recvfrom(fd, request, sizeof(request) - 1, MSG_DONTWAIT, (struct sockaddr *)&peer, &size);
	if (got < 0)
		return;
	request[got] = '\0';
	snprintf(line, sizeof(line), "%ld %s", (long)getpid(), request);
	sendto(fd, line, strlen(line), 0, (struct sockaddr *)&peer, size);
}

/* Serves one connection of any of the listeners, or a datagram. false: none came in time. */
static bool take_one(int milliseconds)
{
	int listener = passed_wait(&passed, milliseconds), client;

	if (listener < 0)
		return false;
	if (passed_socket_type(listener) == SOCK_DGRAM) {
		answer_datagram(listener);
		return true;
	}
	dawdle();
	client = accept(listener, NULL, NULL);
	if (client < 0)
		return true;
	answer(client, client);
	close_gently(client);
	return true;
}

static int do_exit(const char *argument)
{
	dawdle();
	return (int)number(argument, 0);
}

static int do_crash(const char *argument)
{
	const struct rlimit none = { 0, 0 };

	dawdle();
	setrlimit(RLIMIT_CORE, &none);
	signal((int)number(argument, SIGSEGV), SIG_DFL);
	raise((int)number(argument, SIGSEGV));
	return 98;
}

/* Neither ends nor serves, whatever it is asked. */
static int do_hang(const char *argument)
{
	(void)argument;
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	while (pause() < 0)
		;
	return 0;
}

static int do_take(const char *argument)
{
	for (long n = number(argument, 1); n > 0 && take_one(PATIENCE_MS); n--)
		;
	dawdle();
	return 0;
}

/* Leaves the sockets behind in a way that only the next backend would notice. */
static int do_nonblock(const char *argument)
{
	for (int i = 0; i < passed.count; i++) {
		if (fcntl(passed.fds[i], F_SETFL, O_NONBLOCK) < 0)
			return 1;
	}
	return do_take(argument);
}

static int do_serve(const char *argument)
{
	(void)argument;
	while (take_one(-1))
		;
	return 1;
}

static volatile sig_atomic_t is_told;

static void on_told(int signal)
{
	(void)signal;
	is_told = true;
}

/* Serves, and when it is told to end goes on accepting for a while, without an answer to anybody. */
static int do_careless(const char *argument)
{
	const struct sigaction action = { .sa_handler = on_told, .sa_flags = SA_RESTART };

	sigaction(SIGTERM, &action, NULL);
	while (!is_told)
		take_one(20);
	for (long n = number(argument, 50); n > 0; n--) {
		int listener = passed_wait(&passed, 1);

		if (listener >= 0)
			close(accept(listener, NULL, NULL));
	}
	return 0;
}

/* Takes nobody before it is told to end, and then all there are, without an answer. */
static int do_lazy(const char *argument)
{
	const struct sigaction action = { .sa_handler = on_told };
	int listener;

	(void)argument;
	sigaction(SIGTERM, &action, NULL);
	while (!is_told)
		sleep_ms(20);
	while ((listener = passed_wait(&passed, 50)) >= 0) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			break;
		close(client);
	}
	return 0;
}

/* Serves so many and ends, whoever waits; told to end it serves whom it has accepted. */
static int do_few(const char *argument)
{
	const struct sigaction action = { .sa_handler = on_told, .sa_flags = SA_RESTART };

	sigaction(SIGTERM, &action, NULL);
	for (long n = number(argument, 1); n > 0 && !is_told;)
		n -= take_one(20);
	return 0;
}

/* As few, and shuts the listeners down then, which goes for every copy of them. */
static int do_shutdown(const char *argument)
{
	do_few(argument);
	for (int i = 0; i < passed.count; i++)
		shutdown(passed.fds[i], SHUT_RDWR);
	return 0;
}

static void shut_listeners(int signal)
{
	(void)signal;
	for (int i = 0; i < passed.count; i++)
		shutdown(passed.fds[i], SHUT_RDWR);
}

/* Answers one client, and ends behind it; told to end it shuts the listeners down, and still serves him. */
static int do_drain(const char *argument)
{
	const struct sigaction action = { .sa_handler = shut_listeners, .sa_flags = SA_RESTART };
	char request[REQUEST_MOST];
	int client;

	(void)argument;
	sigaction(SIGTERM, &action, NULL);
	client = accept(passed_wait(&passed, -1), NULL, NULL);
	while (client >= 0 && read_request(client, request) > 0)
		dprintf(client, "%ld %s\n", (long)getpid(), request);
	return 0;
}

/* Answers every line, each client in a process of its own, until it is ended; one that begins with "slow" after 1.5 s.
 * argument: milliseconds until it greets the client with a line. */
static int do_talk(const char *argument)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int client = accept(passed_wait(&passed, -1), NULL, NULL);
		char request[REQUEST_MOST];

		if (client < 0 || fork() != 0) {
			close(client);
			continue;
		}
		if (argument) {
			sleep_ms(number(argument, 0));
			dprintf(client, "%ld hello\n", (long)getppid());
		}
		while (read_request(client, request) > 0) {
			if (!strncmp(request, "slow", 4))
				sleep_ms(1500);
			dprintf(client, "%ld %s\n", (long)getppid(), request);
		}
		_exit(0);
	}
}

/* As talk, in one process, for many clients, also of another listener (-1: none). holds: it never reads. */
static int serve_crowd(int other, bool holds)
{
	enum { MOST = 4096 };
	static struct pollfd polled[MOST];
	nfds_t count = 2;
	char request[REQUEST_MOST];

	polled[0] = (struct pollfd){ passed.count ? passed_wait(&passed, -1) : -1, POLLIN, 0 };
	polled[1] = (struct pollfd){ other, POLLIN, 0 };
	while (poll(polled, count, -1) >= 0) {
		for (nfds_t n = count - 1; n > 1 && !holds; n--) {
			if (polled[n].revents && read_request(polled[n].fd, request) > 0) {
				dprintf(polled[n].fd, "%ld %s\n", (long)getpid(), request);
			} else if (polled[n].revents) {
				close(polled[n].fd);
				polled[n] = polled[--count];
			}
		}
		for (nfds_t n = 0; n < 2; n++) {
			if (polled[n].revents & POLLIN && count < MOST)
				polled[count++] = (struct pollfd){ accept(polled[n].fd, NULL, NULL), POLLIN, 0 };
		}
		for (nfds_t n = 2; holds && n < count; n++)
			polled[n].events = 0;
	}
	return 1;
}

static const char *lock_path;

static void on_unlock(int signal)
{
	(void)signal;
	(void)!write(STDERR_FILENO, "it ends\n", 8);
	sleep_ms(500);
	unlink(lock_path);
	_exit(0);
}

/* As crowd, for one at a time: it has a lock file from its start to its end, which takes half a second. */
static int do_lock(const char *argument)
{
	int fd = open(argument, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0) {
		fputs("another one has the lock\n", stderr);
		return 95;
	}
	dprintf(fd, "%ld\n", (long)getpid());
	close(fd);
	lock_path = argument;
	signal(SIGTERM, on_unlock);
	return serve_crowd(-1, false);
}

static int do_crowd(const char *argument)
{
	(void)argument;
	return serve_crowd(-1, false);
}

static int do_hold(const char *argument)
{
	(void)argument;
	return serve_crowd(-1, true);
}

/* Opens a listener: a port of 127.0.0.1, a path, or "free": a port that the kernel does not choose by itself. */
static int own_listener(const char *where)
{
	bool is_free = !strcmp(where, "free");
	int try = (int)getpid() % 8000;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons((uint16_t)(is_free ? 20000 + try : number(where, 0))) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	bool is_path = *where == '/';
	const struct sockaddr *address = is_path ? (void *)&un : (void *)&in;
	socklen_t size = is_path ? sizeof(un) : sizeof(in);
	int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0), on = 1;

	strncpy(un.sun_path, where, sizeof(un.sun_path) - 1);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	while (bind(fd, address, size) < 0) {
		if (!is_free || errno != EADDRINUSE)
			return -1;
		try = (try + 1) % 8000;
		in.sin_port = htons((uint16_t)(20000 + try));
	}
	if (!is_path && getsockname(fd, (struct sockaddr *)&in, &size) == 0) {
		printf("its own port is %d\n", ntohs(in.sin_port));
		fflush(stdout);
	}
	return listen(fd, 16) < 0 ? -1 : fd;
}

/* As crowd, with a listener of its own. */
static int do_own(const char *argument)
{
	return serve_crowd(own_listener(argument), false);
}

/* Its first client has it take memory until something ends it. */
static int do_eat(const char *argument)
{
	enum { PIECE = 1 << 20 };

	(void)argument;
	accept(passed_wait(&passed, -1), NULL, NULL);
	for (;;) {
		char *piece = malloc(PIECE);

		if (piece)
			memset(piece, 1, PIECE);
	}
}

/* The same, and it is its own client there. */
static int do_own_client(const char *argument)
{
	int listener = own_listener(argument), client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to;
	socklen_t size = sizeof(to);

	if (getsockname(listener, (struct sockaddr *)&to, &size) < 0 ||
	    connect(client, (struct sockaddr *)&to, size) < 0)
		return 1;
	return serve_crowd(listener, false);
}

/* Children that only a KILL ends, of the same group, and then a server. */
static int do_children(const char *argument)
{
	for (long n = number(argument, 1); n > 0; n--) {
		if (fork() == 0)
			return do_hang(NULL);
	}
	return do_serve(NULL);
}

/* Its first process stays but leaves TERM to its default; a session of its own holds the child that must go too. */
static int do_escape(const char *argument)
{
	(void)argument;
	if (fork() == 0) {
		setsid();
		for (;;)
			pause();
	}
	return do_serve(NULL);
}

/* The daemon of the old school: two forks, a session, a pid file, and the first process ends when all is ready. */
static int do_daemon(const char *argument)
{
	int ready[2];
	char byte;
	FILE *file;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return 1;
	if (fork() != 0) {
		close(ready[1]);
		return read(ready[0], &byte, 1) == 1 ? 0 : 1;
	}
	setsid();
	if (fork() != 0)
		_exit(0);
	file = argument ? fopen(argument, "we") : NULL;
	if (argument && (!file || fprintf(file, "%ld\n", (long)getpid()) < 0 || fclose(file) != 0))
		_exit(1);
	(void)!write(ready[1], "", 1);
	close(ready[0]);
	close(ready[1]);
	return do_serve(NULL);
}

/* Whether a word is among those of a list with commas; NULL, or what is behind it. */
static const char *has_word(const char *list, const char *word)
{
	const char *at = strstr(list, word);

	return at ? at + strlen(word) : NULL;
}

static bool write_pid(const char *path, long pid)
{
	FILE *file = fopen(path, "we");

	return file && fprintf(file, "%ld\n", pid) > 0 && fclose(file) == 0;
}

/* Makes the file once it can wait for TERM, which it does. */
static bool await_term(const char *path)
{
	sigset_t term;
	int number;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	return sigprocmask(SIG_BLOCK, &term, NULL) == 0 && write_pid(path, (long)getpid()) &&
	       sigwait(&term, &number) == 0 && sigprocmask(SIG_UNBLOCK, &term, NULL) == 0;
}

/* Serves as the process that a file names. At each USR2 a child takes its place there, and serves beside it. */
static int do_heir(const char *path)
{
	const struct sigaction action = { .sa_handler = on_told };

	sigaction(SIGUSR2, &action, NULL);
	for (bool writes = true;; writes = is_told && fork() == 0) {
		if (writes && !write_pid(path, (long)getpid()))
			return 1;
		is_told = false;
		take_one(20);
	}
}

/* A daemon as such words tell: of `single` or two forks, whose first process waits for nobody, and may `fail` or
 * `stay`; the one between may be `slow`, or be `parting` (it has no descriptor any more when the first one ends, and
 * lives on until TERM); the daemon may be `deaf` to TERM, serve but `one`, or as `few` 400 of them, or have an `heir`,
 * and write its pid to `pid=PATH`, which comes last, perhaps `late`, or a `wrong` one. With `told=PATH` the first
 * process makes that file, and nobody else before it has had TERM. */
static int do_fork(const char *argument)
{
	const char *path = has_word(argument, "pid="), *told = has_word(argument, "told=");

	bool parts = has_word(argument, "parting");
	char byte;
	int open[2];

	if ((told && !await_term(told)) || pipe2(open, O_CLOEXEC) < 0)
		return 1;
	if (fork() != 0) {
		close(open[1]);
		if (parts)
			(void)!read(open[0], &byte, 1); /* until nobody has the other end */
		while (has_word(argument, "stay"))
			pause();
		_exit(has_word(argument, "fail") ? 3 : 0);
	}
	if (has_word(argument, "slow"))
		sleep_ms(400);
	setsid();
	if (!has_word(argument, "single") && fork() != 0) {
		sleep_ms(has_word(argument, "slow") ? 400 : 0);
		if (parts && close_range(0, ~0U, 0) == 0)
			pause();
		_exit(0);
	}
	close(open[0]);
	close(open[1]);
	if (has_word(argument, "deaf"))
		signal(SIGTERM, SIG_IGN);
	if (has_word(argument, "late"))
		sleep_ms(400);
	if (path && !write_pid(path, has_word(argument, "wrong") ? 1 : (long)getpid()))
		return 1;
	if (has_word(argument, "few"))
		return do_few("400");
	if (has_word(argument, "heir"))
		return do_heir(path);
	return has_word(argument, "one") ? do_take(NULL) : do_serve(NULL);
}

/* Answers datagrams until none has come for so many milliseconds. */
static int do_datagrams(const char *argument)
{
	int fd;

	while ((fd = passed_wait(&passed, (int)number(argument, 200))) >= 0)
		answer_datagram(fd);
	return 0;
}

/* Answers one datagram and leaves all others to the next. */
static int do_datagram(const char *argument)
{
	int fd = passed_wait(&passed, PATIENCE_MS);

	(void)argument;
	if (fd >= 0)
		answer_datagram(fd);
	return 0;
}

/* A connection's process: one line on standard input, its answer on standard output. */
static int do_stdio(const char *argument)
{
	(void)argument;
	dawdle();
	answer(STDIN_FILENO, STDOUT_FILENO);
	return 0;
}

/* A connection's process that stays until its client goes. */
static int do_lines(const char *argument)
{
	char request[REQUEST_MOST];

	(void)argument;
	while (read_request(STDIN_FILENO, request) > 0)
		dprintf(STDOUT_FILENO, "%ld %s\n", (long)getpid(), request);
	return 0;
}

/* Prints so many numbered lines, in turn to standard output and standard error, serves one client and ends. */
static int do_print(const char *argument)
{
	for (long n = 1; n <= number(argument, 1); n++)
		dprintf(n % 2 ? STDOUT_FILENO : STDERR_FILENO, "line %ld of %s\n", n, argument ? argument : "1");
	return do_take(NULL);
}

/* Some connections, then one of the ways to end, drawn by lot and always between two connections. */
static int do_churn(const char *argument)
{
	int lot = rand() % 100;

	for (int n = 1 + rand() % 8; n > 0 && take_one(50); n--)
		;
	dawdle();
	if (lot < number(argument, 0))
		return lot % 2 ? do_crash("9") : 1;
	return 0;
}

/* Leaves processes without a parent behind, which end a moment later, and then serves. */
static int do_orphans(const char *argument)
{
	for (long n = number(argument, 1); n > 0; n--) {
		pid_t child = fork();

		if (child == 0) {
			if (fork() == 0) {
				setsid();
				sleep_ms(50);
			}
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	return do_serve(NULL);
}

static int do_sleep(const char *argument)
{
	sleep_ms(number(argument, 1000));
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const char *argument);
} commands[] = {
	{ "exit", do_exit }, { "crash", do_crash }, { "hang", do_hang }, { "take", do_take },
	{ "nonblock", do_nonblock }, { "shutdown", do_shutdown }, { "drain", do_drain },
	{ "serve", do_serve },
	{ "careless", do_careless },
	{ "few", do_few }, { "lazy", do_lazy },
	{ "talk", do_talk }, { "crowd", do_crowd }, { "hold", do_hold }, { "lock", do_lock },
	{ "eat", do_eat }, { "own", do_own }, { "own-client", do_own_client }, { "children", do_children },
	{ "escape", do_escape }, { "daemon", do_daemon }, { "fork", do_fork }, { "heir", do_heir },
	{ "datagrams", do_datagrams },
	{ "datagram", do_datagram },
	{ "stdio", do_stdio }, { "lines", do_lines }, { "print", do_print }, { "churn", do_churn },
	{ "orphans", do_orphans }, { "sleep", do_sleep },
};

static bool mark_start(const char *path)
{
	char line[32];
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	int length = snprintf(line, sizeof(line), "%ld\n", (long)getpid());
	bool marked = fd >= 0 && write(fd, line, (size_t)length) == length;

	if (fd >= 0)
		close(fd);
	return marked;
}

static bool say_ready(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = name ? strlen(name) : 0;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool said = false;

	if (fd >= 0 && size > 1 && size < sizeof(address.sun_path)) {
		memcpy(address.sun_path, name, size);
		if (*name == '@')
			*address.sun_path = '\0';
		said = sendto(fd, "READY=1", 7, 0, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) == 7;
	}
	if (fd >= 0)
		close(fd);
	return said;
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+m:d:n")) != -1) {
		if (option == 'd')
			delay_most = number(optarg, 0);
		else if (option == 'n' ? !say_ready(getenv("NOTIFY_SOCKET")) : option != 'm' || !mark_start(optarg))
			return 97;
	}
	srand((unsigned)getpid() ^ (unsigned)time(NULL));
	passed_find(&passed);
	for (size_t i = 0; optind < argc && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(commands[i].name, argv[optind]) == 0)
			return commands[i].run(argv[optind + 1]);
	}
	fputs("usage: backend [-m FILE] [-d MILLISECONDS] [-n] COMMAND [ARGUMENT]\n", stderr);
	return 96;
}
