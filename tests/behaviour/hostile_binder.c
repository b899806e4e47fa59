/* A program that binds, for pass = bind, and does to superd's worker all that a program can. Its acts come one after
 * the other; each writes lines to FILE, which tests read.
 *
 *   hostile_binder FILE PORT ACT...
 *
 * bind            binds 127.0.0.1:PORT, and listens: "bind ERRNO"
 * serve, stay     accepts clients for ever, and answers each line with its pid; waits for ever
 * storm           64 threads bind for three seconds: "storm CALLS"
 * deaths          processes bind, and die, execute or end their thread at once: "deaths ENDED"
 * wrong           binds what is no socket: "wrong NAME ERRNO"
 * path            binds a unix socket at the path PORT by an address without a NUL byte, and serves it: "path ERRNO"
 * others          binds other addresses: "others ERRNO"
 * filter          forbids bind(2) by a filter of its own: "filter ERRNO"
 * session, seteuid, users, network, jail, thread
 *                 something binds as another user; as that for a while; in a namespace; in all of them and a root of
 *                 its own; a thread that has changed its user: "NAME 1" if it has superd's listener, else "NAME 0"
 * late            grandchildren bind until one does not get it: "late 0"
 * escape          a process in a session of its own binds on: "escape PID", and "late ERRNO" when the errno changes,
 *                 else "round ERRNO" */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, THREADS = 64, SECONDS = 3, DEATHS = 60 };

static const char *out, *place;
static int listener = -1;
static struct sockaddr_in own = { .sin_family = AF_INET };
static _Atomic long calls;

static void tell(const char *name, const char *what, long number)
{
	FILE *file = fopen(out, "a");

	if (!file)
		exit(1);
	fprintf(file, "%s%s%s %ld\n", name, *what ? " " : "", what, number);
	fclose(file);
}

static int tcp(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int bind_to(int fd, const struct sockaddr_in *address)
{
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
}

static void start(void *(*work)(void *), void *with)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, with) != 0)
		exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void do_bind(void)
{
	int on = 1, error;

	listener = tcp();
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	error = bind_to(listener, &own);
	if (!error && listen(listener, 5) < 0)
		error = errno;
	tell("bind", "", error);
}

static void do_serve(void)
{
	char line[256], answer[320];

	for (;;) {
		int client = accept(listener, NULL, NULL);
		ssize_t got = client < 0 ? -1 : read(client, line, sizeof(line) - 1);

		if (client < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			exit(1);
		if (got > 0) {
			line[got] = '\0';
			(void)!write(client, answer, (size_t)snprintf(answer, sizeof(answer), "%ld %s", (long)getpid(),
								       line));
		}
		if (client >= 0)
			close(client);
	}
}

/* ---- a file that never answers ---- */

/* ---- locks ---- */

static void *bind_all_the_time(void *with)
{
	const double *until = with;

	while (now() < *until) {
		int fd = tcp();

		bind_to(fd, &own);
		close(fd);
		calls++;
	}
	return NULL;
}

static void storm(const char *name, void *(*work)(void *))
{
	static double until;

	until = now() + SECONDS;
	calls = 0;
	for (int n = 0; n < THREADS; n++)
		start(work, &until);
	while (now() < until + .2)
		poll(NULL, 0, 50);
	tell(name, "", calls);
}

static void do_storm(void)
{
	storm("storm", bind_all_the_time);
}

static void *bind_once(void *with)
{
	(void)with;
	bind_to(tcp(), &own);
	return NULL;
}

static void die_somehow(int n)
{
	pthread_t thread;

	pthread_create(&thread, NULL, bind_once, NULL);
	if (n % 2)
		sched_yield();
	if (n % 3 == 0)
		kill(getpid(), SIGKILL);
	if (n % 3 == 1)
		execl("/bin/true", "true", (char *)NULL);
	_exit(0);
}

static void do_deaths(void)
{
	long ended = 0;

	for (int n = 0; n < DEATHS; n++) {
		if (fork() == 0)
			die_somehow(n);
	}
	while (wait(NULL) > 0)
		ended++;
	tell("deaths", "", ended);
}

static const char *own_fd(int fd)
{
	static char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void do_wrong(void)
{
	int ends[2];

	(void)!pipe2(ends, O_CLOEXEC);
	tell("wrong", "pipe", bind_to(ends[0], &own));
	tell("wrong", "file", bind_to(open(out, O_RDONLY | O_CLOEXEC), &own));
	tell("wrong", "epoll", bind_to(epoll_create1(EPOLL_CLOEXEC), &own));
	tell("wrong", "closed", bind_to(1000, &own));
	tell("wrong", "negative", bind_to(-1, &own));
	tell("wrong", "path", bind_to(open("/", O_PATH | O_CLOEXEC), &own));
	tell("wrong", "view", bind_to(open(own_fd(tcp()), O_PATH | O_CLOEXEC), &own));
	tell("wrong", "address", bind(tcp(), (void *)16, sizeof(own)) < 0 ? errno : 0);
	tell("wrong", "length", bind(tcp(), (void *)&own, 3) < 0 ? errno : 0);
	tell("wrong", "twice", bind_to(listener, &own));
	tell("wrong", "listen", listen(ends[0], 1) < 0 ? errno : 0);
}

static void do_others(void)
{
	struct sockaddr_in other = own;

	for (int n = 2; n < 60; n++) {
		other.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + (uint32_t)n);
		tell("others", "", bind_to(tcp(), &other));
	}
}

static void do_filter(void)
{
	struct sock_filter list[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bind, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { 4, list };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		exit(1);
	tell("filter", "", bind_to(tcp(), &own));
}

/* ---- the worker itself ---- */

static void do_escape(void)
{
	int before = -1;

	if (fork() != 0)
		return;
	setsid();
	if (fork() != 0)
		_exit(0);
	tell("escape", "", (long)getpid());
	for (;;) {
		int fd = tcp(), error = bind_to(fd, &own);

		close(fd);
		tell(error == before ? "round" : "late", "", error);
		before = error;
		poll(NULL, 0, 50);
	}
}

static void do_path(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(place));
	int error;

	memcpy(at.sun_path, place, strlen(place));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	tell("connect", "", connect(listener, (struct sockaddr *)&at, length) < 0 ? errno : 0);
	close(listener);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	error = bind(listener, (struct sockaddr *)&at, length) < 0 || listen(listener, 5) < 0 ? errno : 0;
	tell("path", "", error);
}

/* ---- as somebody else ---- */

/* Whether a bind brings superd's listener, which listens already. */
static int bind_and_look(void)
{
	int fd = tcp(), listens = 0;
	socklen_t length = sizeof(listens);

	bind_to(fd, &own);
	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length);
	close(fd);
	return listens;
}

static int bind_in_child(void (*become)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(listener);
		become();
		_exit(bind_and_look());
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void need(bool good)
{
	if (!good)
		_exit(9);
}

static void become_user(void)
{
	need(setgroups(0, NULL) == 0 && setresgid(65533, 65533, 65533) == 0 && setresuid(65533, 65533, 65533) == 0);
}
static void become_user_for_a_while(void)
{
	need(setresuid((uid_t)-1, 65533, (uid_t)-1) == 0);
}
static void leave_users(void)
{
	need(unshare(CLONE_NEWUSER) == 0);
}
static void leave_network(void)
{
	need(unshare(CLONE_NEWNET) == 0);
}
static void enter_jail(void)
{
	become_user();
	need(unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0 && chroot("/tmp") == 0);
}
/* Root in a user namespace of its own. */
static void become_root(void)
{
	static const char *const files[][2] = {
		{ "/proc/self/setgroups", "deny" }, { "/proc/self/uid_map", "0 65533 1" },
		{ "/proc/self/gid_map", "0 65533 1" },
	};

	become_user();
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	need(unshare(CLONE_NEWUSER) == 0);
	for (size_t n = 0; n < sizeof(files) / sizeof(*files); n++) {
		int fd = open(files[n][0], O_WRONLY | O_CLOEXEC);

		need(fd >= 0 && write(fd, files[n][1], strlen(files[n][1])) > 0);
		close(fd);
	}
	need(geteuid() == 0);
}

/* Joins the network of a child that has one of its own. */
static void join_network(void)
{
	char path[64];
	int told[2], fd;
	pid_t pid;

	need(pipe2(told, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		need(unshare(CLONE_NEWNET) == 0 && write(told[1], "", 1) == 1);
		pause();
	}
	need(read(told[0], path, 1) == 1);
	snprintf(path, sizeof(path), "/proc/%ld/ns/net", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	need(fd >= 0 && setns(fd, CLONE_NEWNET) == 0);
	kill(pid, SIGKILL);
}

static void fork_again(void)
{
	int status;
	pid_t pid = fork();

	if (pid > 0)
		_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 9);
}

static void do_session(void)
{
	tell("session", "", bind_in_child(become_user));
}
static void do_seteuid(void)
{
	tell("seteuid", "", bind_in_child(become_user_for_a_while));
}
static void do_users(void)
{
	tell("users", "", bind_in_child(leave_users));
}
static void do_network(void)
{
	tell("network", "", bind_in_child(leave_network));
}
static void do_jail(void)
{
	tell("jail", "", bind_in_child(enter_jail));
}
static void do_root(void)
{
	tell("root", "", bind_in_child(become_root));
}
static void do_join(void)
{
	tell("join", "", bind_in_child(join_network));
}

/* A bind by io_uring(7) passes by every filter; 38: there is none. Numbers of Linux 6.11. */
static void do_ring(void)
{
	struct {
		uint32_t sq, cq, flags, cpu, idle, features, wq, reserved[3], offsets[20];
	} setup = { 0 };
	struct {
		uint8_t op, flags;
		uint16_t priority;
		int32_t fd;
		uint64_t length, address, rest[5];
	} *entry;
	int ring = (int)syscall(SYS_io_uring_setup, 1, &setup);
	char *queue;

	if (ring < 0) {
		tell("ring", "", ENOSYS);
		return;
	}
	/* offsets: head, tail, ring_mask, ring_entries, flags, dropped, array of the submission queue; then from 10 on
	 * head, tail, ring_mask, ring_entries, overflow, cqes of the completion queue. Both are in one mapping. */
	queue = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	entry = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0x10000000);
	memset(entry, 0, sizeof(*entry));
	entry->op = 56;                 /* IORING_OP_BIND */
	entry->fd = tcp();
	entry->address = (uintptr_t)&own;
	entry->length = sizeof(own);
	*(uint32_t *)(void *)(queue + setup.offsets[6]) = 0;
	atomic_store((_Atomic uint32_t *)(void *)(queue + setup.offsets[1]), 1);
	need(syscall(SYS_io_uring_enter, ring, 1, 1, 1, NULL, 0) == 1);
	tell("ring", "", -*(int32_t *)(void *)(queue + setup.offsets[15] + 8));
}

static void do_late(void)
{
	while (bind_in_child(fork_again) == 1)
		poll(NULL, 0, 3);
	tell("late", "", 0);
}

/* The call itself: libc's changes all threads. */
static void *bind_as_other(void *with)
{
	int *listens = with;

	*listens = syscall(SYS_setresuid, 65533, 65533, 65533) == 0 ? bind_and_look() : -1;
	return NULL;
}

static void do_thread(void)
{
	pthread_t thread;
	int listens;

	if (pthread_create(&thread, NULL, bind_as_other, &listens) != 0)
		exit(1);
	pthread_join(thread, NULL);
	tell("thread", "", listens);
}

static void do_stay(void)
{
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*act)(void);
	} acts[] = {
		{ "bind", do_bind }, { "serve", do_serve }, { "stay", do_stay }, { "storm", do_storm },
		{ "deaths", do_deaths }, { "wrong", do_wrong }, { "others", do_others },
		{ "filter", do_filter }, { "escape", do_escape },
		{ "session", do_session }, { "seteuid", do_seteuid }, { "users", do_users },
		{ "network", do_network }, { "jail", do_jail }, { "root", do_root }, { "join", do_join },
		{ "ring", do_ring }, { "thread", do_thread }, { "late", do_late }, { "path", do_path },
	};

	if (argc < 4)
		return 2;
	out = argv[1];
	place = argv[2];
	own.sin_port = htons((uint16_t)atoi(argv[2]));
	own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int n = 3; n < argc; n++) {
		for (size_t m = 0; m < sizeof(acts) / sizeof(acts[0]); m++) {
			if (!strcmp(argv[n], acts[m].name))
				acts[m].act();
		}
	}
	return 0;
}
