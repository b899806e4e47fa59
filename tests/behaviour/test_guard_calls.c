/* --guard: superd is killed before or behind one of its system calls between the arrival of a client and its answer.
 * The client gets its answer, and so does the next. A run tries some of the calls; with SUPERD_ALL_CALLS=1 all. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "controlling.h"
#include "harness.h"
#include "namespace.h"
#include "process.h"

#define STEP 41                         /* one in so many stops is tried */
#define REST 150                        /* milliseconds without a call after the answer: superd has done all */
#define SYSCALL_STOP (SIGTRAP | 0x80)

struct scene {
	const char *table;
	const char *service;            /* whose port the client connects to */
	const char *says;               /* the client */
	const char *answer;             /* a part of the answer */
	bool is_datagram;
	bool (*is_prepared)(struct superd *superd); /* NULL: it is at once */
};

/* The guard's child; 0: it has none now. */
static pid_t superd_below(const struct superd *superd)
{
	pid_t below[8];
	size_t count = process_descendants(superd->pid, below, 8);
	char name[256];

	for (size_t n = 0; n < count && n < 8; n++) {
		if (process_lives(below[n]) && process_name(below[n], name, sizeof(name)) && strstr(name, "superd ") &&
		    !process_is_beside(below[n], NULL))
			return below[n];
	}
	return 0;
}

static bool has_answer(int client, const struct scene *scene)
{
	char text[512];
	ssize_t got = recv(client, text, sizeof(text) - 1, MSG_PEEK | MSG_DONTWAIT);

	text[got > 0 ? got : 0] = '\0';
	return strstr(text, scene->answer);
}

/* Waits for its next stop. false: there is none, and the client has its answer. */
static bool next_stop(pid_t superd, int client, const struct scene *scene, int *status)
{
	long long begun = run_ms(), answered = 0;

	while (waitpid(superd, status, __WALL | WNOHANG) == 0) {
		if (!answered && has_answer(client, scene))
			answered = now_ms();
		if (answered && now_ms() - answered > REST)
			return false;
		cr_assert_lt(run_ms() - begun, 20000, "the client waits\n%s", world_logs());
		poll(NULL, 0, 1);
	}
	return true;
}

/* Lets superd go on to the n-th stop, the begin or the end of a call, and kills it there: a call that has begun is not
 * made. false: it has fewer stops. */
static bool kill_at(pid_t superd, size_t n, int client, const struct scene *scene)
{
	size_t stops = 0;
	int status;

	while (next_stop(superd, client, scene, &status)) {
		int signal = 0;

		cr_assert(WIFSTOPPED(status), "it has ended: %x\n%s", (unsigned)status, world_logs());
		if (WSTOPSIG(status) == SYSCALL_STOP && ++stops == n) {
			kill(superd, SIGKILL);
			cr_assert_eq(waitpid(superd, &status, __WALL), superd);
			cr_assert(WIFSIGNALED(status));
			return true;
		}
		if (WSTOPSIG(status) != SYSCALL_STOP && status >> 16 == 0)
			signal = WSTOPSIG(status);
		cr_assert_eq(ptrace(PTRACE_SYSCALL, superd, 0, signal), 0);
	}
	cr_assert_eq(ptrace(PTRACE_INTERRUPT, superd, 0, 0), 0);
	cr_assert_eq(waitpid(superd, &status, __WALL), superd);
	cr_assert_eq(ptrace(PTRACE_DETACH, superd, 0, 0), 0);
	return false;
}

static int arrive(const struct scene *scene, int port)
{
	int client = scene->is_datagram ? datagram_client(port) : client_connect(port);

	client_send(client, scene->says);
	return client;
}

static void expect_answer(int client, const struct scene *scene, const char *who, size_t n)
{
	long long begun = now_ms();
	struct pollfd poll_for = { .fd = client, .events = POLLIN };
	char text[512] = "";

	while (!has_answer(client, scene)) {
		bool waits = now_ms() - begun < 20000;

		cr_assert(waits && recv(client, text, 1, MSG_PEEK | MSG_DONTWAIT) != 0,
			  "%s: killed at stop %zu: %s of the answer\n%s", who, n,
			  waits ? "the end comes instead" : "nothing", world_logs());
		poll(&poll_for, 1, 5);
	}
	close(client);
}

/* false: superd has fewer stops. */
static bool try_call(const struct scene *scene, size_t n)
{
	const struct setup guarded = { .arguments = (const char *const[]){ "--guard", "--log-level", "debug", NULL } };
	struct superd *superd = superd_run_with(&guarded, "%s", scene->table);
	int port = superd_port(superd, scene->service), client, status;
	pid_t pid;
	bool killed;

	WAIT_UNTIL((pid = superd_below(superd)) > 0);
	if (scene->is_prepared)
		WAIT_UNTIL(scene->is_prepared(superd));
	cr_assert_eq(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
	cr_assert_eq(ptrace(PTRACE_INTERRUPT, pid, 0, 0), 0);
	cr_assert_eq(waitpid(pid, &status, __WALL), pid);
	client = arrive(scene, port);
	cr_assert_eq(ptrace(PTRACE_SYSCALL, pid, 0, 0), 0);
	killed = kill_at(pid, n, client, scene);
	expect_answer(client, scene, "the client", n);
	expect_answer(arrive(scene, port), scene, "the next client", n);
	superd_stop(superd);
	superd_forget(superd);
	return killed;
}

static void try_calls(const struct scene *scene)
{
	const char *all = getenv("SUPERD_ALL_CALLS");
	size_t step = all && *all ? 1 : STEP, n = 1 + (size_t)now_ms() % step;

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	while (try_call(scene, n))
		n += step;
	cr_log_info("%zu stops", n);
}

Behaviour(guard_calls, a_service_that_waits)
{
	try_calls(&(struct scene){
		.table = text_of("service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", backend("talk")),
		.service = "web", .says = "hello\n", .answer = " hello",
	});
}

Behaviour(guard_calls, a_service_that_accepts)
{
	try_calls(&(struct scene){
		.table = text_of("service each { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes }\n",
				 backend("lines")),
		.service = "each", .says = "hello\n", .answer = " hello",
	});
}

Behaviour(guard_calls, a_command_before_the_program)
{
	try_calls(&(struct scene){
		.table = text_of("service each { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes\n"
				 "exec_start_pre = \"/bin/true\" }\n", backend("lines")),
		.service = "each", .says = "hello\n", .answer = " hello",
	});
}

Behaviour(guard_calls, a_datagram)
{
	try_calls(&(struct scene){
		.table = text_of("service udp { listen = \"udp:127.0.0.1:0\" exec = \"%s\" }\n", backend("datagrams")),
		.service = "udp", .says = "hello\n", .answer = "hello", .is_datagram = true,
	});
}

Behaviour(guard_calls, tcpmux)
{
	try_calls(&(struct scene){
		.table = text_of("service mux { listen = \"127.0.0.1:0\" accept = yes\n"
				 "builtin = tcpmux user = \"%s\" }\n"
				 "service named { listen = \"tcpmux:named\" accept = yes exec = \"%s\" }\n", own_user(),
				 backend("lines")),
		.service = "mux", .says = "named\r\nhello\n", .answer = " hello",
	});
}

static bool is_held(struct superd *superd)
{
	return superd_logged(superd, "waits for a client") || superd_logged(superd, "cannot be held");
}

Behaviour(guard_calls, a_program_that_was_started_ahead)
{
	try_calls(&(struct scene){
		.table = text_of("service app { listen = \"127.0.0.1:0\" accept = yes warm = 1\n"
				 "user = \"%s\" exec = \"%s\" }\n", own_user(), backend("lines")),
		.service = "app", .says = "hello\n", .answer = " hello", .is_prepared = is_held,
	});
}
