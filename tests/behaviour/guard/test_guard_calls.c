/* --guard: superd is killed before or behind one of its system calls, at its start, or between the arrival of a client
 * and its answer. The client gets its answer, and so does the next; one whose accept or start is under way then may be
 * lost, which ends its connection. A run tries some of the calls; with SUPERD_ALL_CALLS=n all from the n-th on, and
 * with SUPERD_ALL_CALLS=n-m up to the m-th. They are not in the core: a traced superd cannot have the test's clock, so
 * real time without a call tells that it has done all. */
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "controlling.h"
#include "guarding.h"
#include "harness.h"

#define STEP 41                         /* one in so many stops is tried */
#define REST 150                        /* milliseconds without a call after the answer: superd has done all */
#define SYSCALL_STOP (SIGTRAP | 0x80)

struct scene {
	const char *table;
	const char *service;            /* whose port the client connects to */
	const char *says;               /* the client */
	const char *answer;             /* a part of the answer */
	int lines;                      /* of the whole answer, at whose end the connection, which superd accepts, ends;
	                                 * 0: it stays open, and is the program's */
	bool leaves;                    /* the client ends it */
	bool is_datagram;
	const char *starts;             /* file with a line for each start of a program that is counted; NULL: none */
	size_t start_count;             /* of these, in all */
	const char *state;              /* of the service in the end; NULL: it is not looked at */
	size_t step;                    /* one in so many stops is tried; 0: STEP */
	bool (*is_prepared)(struct superd *superd); /* NULL: it is at once */
};

static bool has_answer(int client, const struct scene *scene)
{
	char text[512];
	ssize_t got = recv(client, text, sizeof(text) - 1, MSG_PEEK | MSG_DONTWAIT);

	text[got > 0 ? got : 0] = '\0';
	return strstr(text, scene->answer);
}

/* Whatever has come before. */
static bool has_ended(int client)
{
	struct pollfd poll_for = { .fd = client, .events = POLLRDHUP };

	return poll(&poll_for, 1, 0) == 1;
}

/* Waits for its next stop. false: there is none, and the client has its answer. */
static bool next_stop(pid_t superd, int client, const struct scene *scene, int *status)
{
	long long until = now_ms() + DEADLINE_MS, answered = 0;

	while (waitpid(superd, status, __WALL | WNOHANG) == 0) {
		if (!answered && has_answer(client, scene))
			answered = now_ms();
		if (answered && now_ms() - answered > REST)
			return false;
		cr_assert_lt(now_ms(), until, "the client waits\n%s", world_logs());
		poll(NULL, 0, 1);
	}
	return true;
}

static int signal_to_pass(int status)
{
	return WSTOPSIG(status) != SYSCALL_STOP && status >> 16 == 0 ? WSTOPSIG(status) : 0;
}

/* Lets superd go on to the n-th stop, the begin or the end of a call, and kills it there: a call that has begun is not
 * made. false: it has fewer stops. */
static bool kill_at(pid_t superd, size_t n, int client, const struct scene *scene)
{
	size_t stops = 0;
	int status;

	while (next_stop(superd, client, scene, &status)) {
		cr_assert(WIFSTOPPED(status), "it has ended: %x\n%s", (unsigned)status, world_logs());
		if (WSTOPSIG(status) == SYSCALL_STOP && ++stops == n) {
			kill(superd, SIGKILL);
			cr_assert_eq(waitpid(superd, &status, __WALL), superd);
			cr_assert(WIFSIGNALED(status));
			return true;
		}
		cr_assert_eq(ptrace(PTRACE_SYSCALL, superd, 0, signal_to_pass(status)), 0);
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

/* A connection that two processes have ends only with both, and has more lines. most: of them. */
static void expect_end(int client, const struct scene *scene, int most, const char *who, size_t n)
{
	char text[512];
	size_t length = 0;
	int lines = 0;

	for (ssize_t got = 1; got > 0; length += (size_t)(got > 0 ? got : 0)) {
		struct pollfd poll_for = { .fd = client, .events = POLLIN };

		cr_assert_eq(poll(&poll_for, 1, DEADLINE_MS), 1, "%s: killed at stop %zu: no end\n%s", who, n,
			     world_logs());
		got = recv(client, text + length, sizeof(text) - 1 - length, 0);
		cr_assert_geq(got, 0, "%s: killed at stop %zu: %s\n%s", who, n, strerror(errno), world_logs());
	}
	text[length] = '\0';
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	cr_assert(lines >= scene->lines && lines <= most, "%s: killed at stop %zu: the answer is '%s'\n%s", who, n,
		  text, world_logs());
}

/* false: the end has come instead, or in the middle of it. */
static bool answers(int client, const struct scene *scene, const char *who, size_t n)
{
	long long until = now_ms() + DEADLINE_MS;
	struct pollfd poll_for = { .fd = client, .events = POLLIN };

	while (!has_answer(client, scene)) {
		cr_assert(now_ms() < until, "%s: killed at stop %zu: nothing of the answer\n%s", who, n, world_logs());
		if (has_ended(client))
			return has_answer(client, scene);
		poll(&poll_for, 1, 5);
	}
	return true;
}

/* killed: superd was, and may have sent the first of several lines, a greeting, without having noted that. */
static void expect_answer(int client, const struct scene *scene, bool killed, const char *who, size_t n)
{
	cr_assert(answers(client, scene, who, n), "%s: killed at stop %zu: the end comes instead of the answer\n%s",
		  who, n, world_logs());
	if (scene->leaves)
		shutdown(client, SHUT_WR);
	if (scene->lines)
		expect_end(client, scene, scene->lines + (killed && scene->lines > 1), who, n);
	close(client);
}

/* false: superd has fewer stops. */
static bool try_call(const struct scene *scene, size_t n)
{
	const char *arguments[] = { "--guard", "--log-level", "debug", "--control", control_path(), NULL };
	const struct setup guarded = { .arguments = arguments };
	struct superd *superd = superd_run_with(&guarded, "%s", scene->table);
	int port = superd_port(superd, scene->service), client, status;
	pid_t pid = guarded_wait(superd);
	size_t lost = 0;
	bool killed;

	control_once("version");                /* it has begun */
	if (scene->is_prepared)
		WAIT_UNTIL(scene->is_prepared(superd));
	cr_assert_eq(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
	cr_assert_eq(ptrace(PTRACE_INTERRUPT, pid, 0, 0), 0);
	cr_assert_eq(waitpid(pid, &status, __WALL), pid);
	client = arrive(scene, port);
	cr_assert_eq(ptrace(PTRACE_SYSCALL, pid, 0, 0), 0);
	killed = kill_at(pid, n, client, scene);
	if (killed && scene->lines && !answers(client, scene, "the client", n)) {
		lost = 1;
		close(client);
	} else {
		expect_answer(client, scene, killed, "the client", n);
	}
	expect_answer(arrive(scene, port), scene, false, "the next client", n);
	if (scene->state)
		WAIT_UNTIL(!strcmp(control_value(control_once("list %s", scene->service), "state"), scene->state));
	if (scene->lines)               /* all clients are gone */
		WAIT_UNTIL(!strcmp(control_value(control_once("list %s", scene->service), "instances"), "0"));
	if (scene->starts) {
		size_t starts = count_lines(scene->starts);

		cr_assert(starts <= scene->start_count && starts >= scene->start_count - lost,
			  "killed at stop %zu: %zu starts\n%s", n, starts, world_logs());
		cr_assert_eq(unlink(scene->starts), 0);
	}
	superd_stop(superd);
	superd_forget(superd);
	return killed;
}

static void try_calls(const struct scene *scene)
{
	const char *all = getenv("SUPERD_ALL_CALLS");
	char *end = NULL;
	size_t first = all ? strtoul(all, &end, 10) : 0, n = first;
	size_t step = first ? 1 : scene->step ? scene->step : STEP;
	size_t last = end && *end == '-' ? strtoul(end + 1, NULL, 10) : SIZE_MAX;

	if (!first)
		n = 1 + (size_t)now_ms() % step;

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	while (n <= last && try_call(scene, n))
		n += step;
	cr_log_info("%zu stops", n);
}

Behaviour(guard_calls, a_service_that_waits)
{
	try_calls(&(struct scene){
		.table = text_of("service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n", backend("talk")),
		.service = "web", .says = "hello\n", .answer = " hello", .state = "running",
	});
}

Behaviour(guard_calls, a_service_that_accepts)
{
	try_calls(&(struct scene){
		.table = text_of("service each { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes }\n",
				 backend("stdio")),
		.service = "each", .says = "hello\n", .answer = " hello", .lines = 1,
	});
}

/* Another service has the same port, at another address. */
Behaviour(guard_calls, a_service_beside_one_of_the_same_port)
{
	int port = free_port();

	try_calls(&(struct scene){
		.table = text_of("service other { listen = \"127.0.0.2:%d\" exec = \"/bin/true\" accept = yes }\n"
				 "service each { listen = \"127.0.0.1:%d\" exec = \"%s\" accept = yes }\n",
				 port, port, backend("stdio")),
		.service = "each", .says = "hello\n", .answer = " hello", .lines = 1, .step = 7,
	});
}

Behaviour(guard_calls, a_command_before_the_program)
{
	try_calls(&(struct scene){
		.table = text_of("service each { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes\n"
				 "exec_start_pre = \"/bin/true\" }\n", backend("stdio")),
		.service = "each", .says = "hello\n", .answer = " hello", .lines = 1,
	});
}

Behaviour(guard_calls, a_command_before_a_program_that_waits)
{
	const char *starts = path_in("starts");

	try_calls(&(struct scene){
		.table = text_of("service web { listen = \"127.0.0.1:0\" exec_start_pre = \"/bin/true\"\n"
				 "exec = { \"/bin/sh\", \"-c\", \"echo >>%s; exec %s\" } }\n", starts,
				 backend("talk")),
		.service = "web", .says = "hello\n", .answer = " hello", .starts = starts,
		.start_count = 1,
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
				 "service named { listen = \"tcpmux:+named\" accept = yes exec = \"%s\" }\n",
				 own_user(), backend("stdio")),
		.service = "mux", .says = "named\r\nhello\n", .answer = " hello", .lines = 2,
	});
}

/* Lets a worker serve a client, so that it waits for the next one. */
static bool has_idle_worker(struct superd *superd)
{
	cr_assert_not_null(strstr(client_ask(superd_port(superd, "pass"), "hello\n"), " hello"));
	superd_wait_log(superd, "pass: pid ");
	return true;
}

/* Another connection to its target would be that of another worker. */
Behaviour(guard_calls, a_redirect_whose_worker_waits)
{
	const char *starts = path_in("starts");
	int port = free_port();

	try_calls(&(struct scene){
		.table = text_of("service target { listen = \"127.0.0.1:%d\" accept = yes\n"
				 "exec = { \"/bin/sh\", \"-c\", \"echo >>%s; exec %s\" } }\n"
				 "service pass { listen = \"127.0.0.1:0\" accept = yes user = \"%s\"\n"
				 "redirect = \"127.0.0.1 %d\" }\n", port, starts, backend("stdio"), own_user(), port),
		.service = "pass", .says = "hello\n", .answer = " hello", .lines = 1, .starts = starts,
		.start_count = 3, .step = 5, .is_prepared = has_idle_worker,
	});
}

static const char *builtin_table(const char *name)
{
	return text_of("service each { listen = \"127.0.0.1:0\" accept = yes user = \"%s\" builtin = %s }\n",
		       own_user(), name);
}

Behaviour(guard_calls, a_builtin_that_starts)
{
	try_calls(&(struct scene){
		.table = builtin_table("echo"),
		.service = "each", .says = "hello\n", .answer = "hello", .lines = 1, .leaves = true,
	});
}

static bool has_idle_echo(struct superd *superd)
{
	cr_assert_str_eq(client_ask(superd_port(superd, "each"), "hello\n"), "hello");
	WAIT_UNTIL(!strcmp(control_value(control_once("list each"), "instances"), "0"));
	return true;
}

Behaviour(guard_calls, a_builtin_that_waits)
{
	try_calls(&(struct scene){
		.table = builtin_table("echo"),
		.service = "each", .says = "hello\n", .answer = "hello", .lines = 1, .leaves = true,
		.is_prepared = has_idle_echo,
	});
}

/* It may have ended the client before superd knows that it has it. */
/* superd may have read the question, and not answered it. */
Behaviour(guard_calls, a_builtin_that_asks_superd)
{
	try_calls(&(struct scene){
		.table = builtin_table("health"),
		.service = "each", .says = "\n", .answer = "healthy", .lines = 1, .step = 3,
	});
}

Behaviour(guard_calls, a_builtin_that_answers_at_once)
{
	try_calls(&(struct scene){
		.table = builtin_table("daytime"),
		.service = "each", .says = "", .answer = "20", .lines = 1, .step = 7,
	});
}

/* ---- behind a fork ---- */

/* superd is killed in the call that makes a process for a client; its first start has made the reader of logs, too.
 * The process is held before it runs, and goes on … */
enum going { BEHIND_THE_NEXT_SUPERD, WITH_THE_DEATH, BEFORE_IT };

/* The process that superd makes next, which its tracer has stopped as it has superd. */
static pid_t hold_next_process(pid_t superd)
{
	unsigned long made = 0;
	int status;

	while (!made) {
		cr_assert_eq(waitpid(superd, &status, __WALL), superd);
		cr_assert(WIFSTOPPED(status), "it has ended: %x\n%s", (unsigned)status, world_logs());
		if (status >> 16 == PTRACE_EVENT_FORK || status >> 16 == PTRACE_EVENT_VFORK)
			cr_assert_eq(ptrace(PTRACE_GETEVENTMSG, superd, 0, &made), 0);
		else
			cr_assert_eq(ptrace(PTRACE_CONT, superd, 0, signal_to_pass(status)), 0);
	}
	cr_assert_eq(waitpid((pid_t)made, &status, __WALL), (pid_t)made);
	return (pid_t)made;
}

static void kill_in_fork(const struct scene *scene, const char *program, enum going going)
{
	const char *arguments[] = { "--guard", "--log-level", "debug", "--control", control_path(), NULL };
	struct superd *superd;
	pid_t pid, made;
	int client, status;
	bool lost;

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	superd = superd_run_with(&(const struct setup){ .arguments = arguments }, "%s", scene->table);
	expect_answer(arrive(scene, superd_port(superd, scene->service)), scene, false, "the client before", going);
	WAIT_UNTIL(superd_processes(superd) == 0);
	pid = guarded_wait(superd);
	cr_assert_eq(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK), 0);
	client = arrive(scene, superd_port(superd, scene->service));
	made = hold_next_process(pid);
	if (going == BEFORE_IT) {
		cr_assert_eq(ptrace(PTRACE_DETACH, made, 0, 0), 0);
		WAIT_UNTIL(process_is_called(made, program));
	}
	cr_assert_eq(kill(pid, SIGKILL), 0);
	cr_assert_eq(waitpid(pid, &status, __WALL), pid);
	if (going == BEHIND_THE_NEXT_SUPERD)
		superd_wait_log(superd, "its guard restarted it");
	if (going != BEFORE_IT && ptrace(PTRACE_DETACH, made, 0, 0) < 0) { /* the next superd has killed it by then */
		cr_assert_eq(errno, ESRCH);
		cr_assert_eq(waitpid(made, &status, __WALL), made); /* nobody else may, as long as it is traced */
	}
	/* superd(8): a client whose process superd was starting in that instant may be lost. */
	lost = going == WITH_THE_DEATH && !answers(client, scene, "the client", going);
	if (lost)
		close(client);
	else
		expect_answer(client, scene, false, "the client", going);
	expect_answer(arrive(scene, superd_port(superd, scene->service)), scene, false, "the next client", going);
	WAIT_UNTIL(!strcmp(control_value(control_once("list %s", scene->service), "instances"), "0"));
	WAIT_UNTIL(!process_is_called(made, superd->name));
	if (scene->starts)
		cr_expect_eq(count_lines(scene->starts), scene->start_count - lost, "%s", world_logs());
	superd_stop(superd);
}

static void kill_in_start(const char *options, enum going going)
{
	const char *starts = path_in("starts");

	kill_in_fork(&(struct scene){
		.table = text_of("service each { listen = \"127.0.0.1:0\" accept = yes %s\n"
				 "exec = { \"/bin/sh\", \"-c\", \"echo >>%s; exec %s\" } }\n", options, starts,
				 backend("stdio")),
		.service = "each", .says = "hello\n", .answer = " hello", .lines = 1, .starts = starts,
		.start_count = 3,
	}, going == BEFORE_IT ? "backend" : "", going);
}

Behaviour(guard_calls, a_process_that_runs_before_superd_dies_has_its_client)
{
	kill_in_start("", BEFORE_IT);
}

#define APART "no_new_privileges = yes private_network = yes"

Behaviour(guard_calls, a_process_apart_that_runs_before_superd_dies_has_its_client)
{
	kill_in_start(APART, BEFORE_IT);
}

Behaviour(guard_calls, a_process_apart_that_runs_as_superd_dies_has_its_client_or_leaves_it)
{
	kill_in_start(APART, WITH_THE_DEATH);
}

static void kill_in_start_of_builtin(enum going going)
{
	kill_in_fork(&(struct scene){
		.table = builtin_table("echo"),
		.service = "each", .says = "hello\n", .answer = "hello", .lines = 1, .leaves = true,
	}, "superd-builtin", going);
}

Behaviour(guard_calls, a_builtin_that_runs_before_superd_dies_has_its_client)
{
	kill_in_start_of_builtin(BEFORE_IT);
}

/* ---- at its start ---- */

/* The next superd, stopped before its first call. The guard is seized. */
static pid_t seize_next(const struct superd *guard)
{
	unsigned long superd = 0;
	int status;

	while (!superd) {
		cr_assert_eq(waitpid(guard->pid, &status, __WALL), guard->pid);
		cr_assert(WIFSTOPPED(status), "it has ended: %x\n%s", (unsigned)status, world_logs());
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_FORK << 8))
			cr_assert_eq(ptrace(PTRACE_GETEVENTMSG, guard->pid, 0, &superd), 0);
		cr_assert_eq(ptrace(superd ? PTRACE_DETACH : PTRACE_CONT, guard->pid, 0, signal_to_pass(status)), 0);
	}
	cr_assert_eq(waitpid((pid_t)superd, &status, __WALL), (pid_t)superd);
	cr_assert_eq(ptrace(PTRACE_SETOPTIONS, (pid_t)superd, 0, PTRACE_O_TRACESYSGOOD), 0);
	cr_assert_eq(ptrace(PTRACE_SYSCALL, (pid_t)superd, 0, 0), 0);
	return (pid_t)superd;
}

/* The first superd, of a guard that stops at its own begin until somebody looks into it. */
static pid_t seize_at_start(const struct superd *guard)
{
	WAIT_UNTIL(process_is_stopped(guard->pid));
	cr_assert_eq(ptrace(PTRACE_SEIZE, guard->pid, 0, PTRACE_O_TRACEFORK), 0);
	cr_assert_eq(kill(guard->pid, SIGCONT), 0);
	return seize_next(guard);
}

/* Kills superd, and returns the next one. */
static pid_t seize_at_restart(struct superd *guard)
{
	pid_t superd = guarded_wait(guard);

	cr_assert_eq(ptrace(PTRACE_SEIZE, guard->pid, 0, PTRACE_O_TRACEFORK), 0);
	cr_assert_eq(kill(superd, SIGKILL), 0);
	return seize_next(guard);
}

/* Has this superd, which seize_next has returned, die by a fault of its own, and returns the next one. */
static pid_t fail_at_start(struct superd *guard, pid_t superd)
{
	int status;

	cr_assert_eq(waitpid(superd, &status, __WALL), superd);
	cr_assert_eq(ptrace(PTRACE_SEIZE, guard->pid, 0, PTRACE_O_TRACEFORK), 0);
	cr_assert_eq(kill(superd, SIGSEGV), 0);
	cr_assert_eq(ptrace(PTRACE_DETACH, superd, 0, 0), 0);
	return seize_next(guard);
}

Behaviour(guard_calls, a_state_that_superd_dies_of_is_dropped)
{
	static const char *const arguments[] = { "--guard", NULL };
	const char *script = write_file("superd", "#!/bin/sh\nsleep 1000 & echo $! >%s\nexec %s \"$@\"\n",
					path_in("beside"), superd_path());
	const struct setup setup = { .program = script, .arguments = arguments };
	const char service[] = "service web { listen = \"127.0.0.1:%d\" exec = \"%s\" %s }\n";
	int port = free_port(), client, status;
	struct superd *superd;
	long first;
	pid_t next;

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	cr_assert_eq(chmod(script, 0755), 0);
	superd = superd_run_with(&setup, service, port, backend("talk"), "");
	superd_wait_log(superd, "web: listening on ");
	first = client_ask_pid(port);
	cr_assert_gt(first, 0);
	cr_assert_eq(kill((pid_t)first, SIGSTOP), 0); /* else it may take the next client, and is killed with him */
	next = seize_at_restart(superd);
	for (int n = 0; n < 3; n++)
		next = fail_at_start(superd, next);
	cr_assert_eq(waitpid(next, &status, __WALL), next);
	cr_assert_eq(ptrace(PTRACE_DETACH, next, 0, 0), 0);
	client = client_connect(port);
	superd_wait_log(superd, "cannot continue from the state of the previous superd: several superds in a row have "
				"crashed with its state: starting without it");
	client_send(client, "hello\n");
	cr_expect_not_null(strstr(client_line(client), " hello"), "the socket is the same\n%s", world_logs());
	close(client);
	cr_assert(superd_reload(superd, service, port, backend("talk"), "nice = 1"), "it serves");
	guarded_kill(superd);
	cr_expect_gt(client_ask_pid(port), 0);
	cr_expect(process_lives((pid_t)strtol(read_text(path_in("beside")), NULL, 10)), "the script's is killed");
	superd_stop(superd);
	/* Without the state only a control group tells whose it is. */
	if (process_lives((pid_t)first))
		cr_expect_eq(kill((pid_t)first, SIGKILL), 0);
	WAIT_UNTIL(!process_lives((pid_t)first));
}

static bool has_children(pid_t parent)
{
	const char *children = read_text(text_of("/proc/%ld/task/%ld/children", (long)parent, (long)parent));

	return children && *children;
}

/* Kills superd as soon as a program has added the last of these lines, before it has saved that it started it: superd
 * makes each call only after the program had time to run. */
static void kill_behind_start(pid_t superd, const char *starts, size_t lines)
{
	int status;

	while (count_lines(starts) < lines) {
		cr_assert_eq(waitpid(superd, &status, __WALL), superd);
		cr_assert(WIFSTOPPED(status), "it has ended: %x\n%s", (unsigned)status, world_logs());
		for (int n = 0; has_children(superd) && n < 10 && count_lines(starts) < lines; n++)
			poll(NULL, 0, 2);
		cr_assert_eq(ptrace(PTRACE_SYSCALL, superd, 0, signal_to_pass(status)), 0);
	}
	kill(superd, SIGKILL);
	do
		cr_assert_eq(waitpid(superd, &status, __WALL), superd);
	while (WIFSTOPPED(status));
}

Behaviour(guard_calls, a_main_command)
{
	const char *starts = path_in("starts");
	const char *command = text_of("trap 'exit 7' TERM; echo >>%s; while :; do sleep 0.1; done", starts);
	const char *script = write_file("script", "#!/bin/sh\nkill -STOP $$\nexec %s \"$@\"\n", superd_path());
	const char *const arguments[] = { "--guard", "--", "/bin/sh", "-c", command, NULL };
	const struct setup setup = { .program = script, .arguments = arguments };
	struct superd *superd;

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	cr_assert_eq(chmod(script, 0755), 0);
	superd = superd_run_with(&setup, "service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n",
				 backend("talk"));
	kill_behind_start(seize_at_start(superd), starts, 1);
	superd_wait_log(superd, "signal KILL ended superd, and its guard restarted it");
	client_ask_pid(superd_port(superd, "web"));
	cr_expect_eq(count_lines(starts), 1, "the main command was started twice\n%s", world_logs());
	superd_signal(superd, SIGTERM);
	cr_expect_eq(superd_wait_exit(superd), 7, "%s", world_logs());
}

struct beginning {
	bool restarts;                  /* the superd that is killed is the second one, with a client that waits */
	bool has_command;               /* a main command */
};

/* Kills superd at its n-th stop. false: it has fewer until it rests and all is started. */
static bool kill_beginning(pid_t superd, size_t n, const char *starts, size_t lines)
{
	long long until = now_ms() + DEADLINE_MS, rests = now_ms();
	size_t stops = 0;
	int status;

	for (;;) {
		if (waitpid(superd, &status, __WALL | WNOHANG) == 0) {
			cr_assert_lt(now_ms(), until, "it does not begin\n%s", world_logs());
			if (count_lines(starts) >= lines && now_ms() - rests > REST)
				break;
			poll(NULL, 0, 1);
			continue;
		}
		cr_assert(WIFSTOPPED(status), "it has ended: %x\n%s", (unsigned)status, world_logs());
		if (WSTOPSIG(status) == SYSCALL_STOP && ++stops == n) {
			kill(superd, SIGKILL);
			cr_assert_eq(waitpid(superd, &status, __WALL), superd);
			cr_assert(WIFSIGNALED(status));
			return true;
		}
		cr_assert_eq(ptrace(PTRACE_SYSCALL, superd, 0, signal_to_pass(status)), 0);
		rests = now_ms();
	}
	cr_assert_eq(ptrace(PTRACE_INTERRUPT, superd, 0, 0), 0);
	cr_assert_eq(waitpid(superd, &status, __WALL), superd);
	cr_assert_eq(ptrace(PTRACE_DETACH, superd, 0, 0), 0);
	return false;
}

/* Each program is started once, whenever superd is killed. n: 0 kills it behind its first start. */
static bool try_beginning(const struct beginning *beginning, size_t n)
{
	const char *starts = path_in("starts");
	const char *command = text_of("trap 'exit 7' TERM; echo main >>%s; while :; do sleep 0.1; done", starts);
	const char *script = write_file("script", "#!/bin/sh\nkill -STOP $$\nexec %s \"$@\"\n", superd_path());
	const char *arguments[] = {
		"--guard", "--control", control_path(), beginning->has_command ? "--" : NULL, "/bin/sh", "-c", command,
		NULL
	};
	const struct setup setup = { .program = beginning->restarts ? NULL : script, .arguments = arguments };
	int client = -1;
	size_t lines = 2 + beginning->has_command;
	struct superd *guard;
	bool killed = true;
	pid_t superd;

	cr_assert_eq(chmod(script, 0755), 0);
	guard = superd_run_with(&setup,
				"service two { listen = \"127.0.0.1:0\" start = boot type = forking\n"
				"pid_file = \"%s\"\n"
				"exec = { \"/bin/sh\", \"-c\", \"echo two >>%s; exec %s/backend fork pid=%s\" } }\n"
				"service one { start = boot\n"
				"exec = { \"/bin/sh\", \"-c\", \"echo one >>%s; exec sleep 1000\" } }\n"
				"service late { listen = \"127.0.0.1:0\"\n"
				"exec = { \"/bin/sh\", \"-c\", \"echo late >>%s; exec %s\" } }\n",
				path_in("pid"), starts, getenv("SUPERD_TESTDIR"), path_in("pid"), starts, starts,
				backend("talk"));
	if (beginning->restarts) {
		int late = superd_port(guard, "late");

		WAIT_UNTIL(count_lines(starts) == lines);
		lines++;
		superd = seize_at_restart(guard);
		client = client_connect(late);
		client_send(client, "pid\n");
	} else {
		superd = seize_at_start(guard);
	}
	if (n)
		killed = kill_beginning(superd, n, starts, lines);
	else
		kill_behind_start(superd, starts, beginning->restarts ? lines : 1);
	WAIT_UNTIL(count_lines(starts) >= lines);
	client_ask_pid(superd_port(guard, "two"));
	if (beginning->restarts)
		cr_assert_gt(strtol(client_line(client), NULL, 10), 0, "killed at stop %zu\n%s", n, world_logs());
	cr_assert_eq(count_lines(starts), lines, "killed at stop %zu: %s\n%s", n, read_text(starts), world_logs());
	if (client >= 0)
		close(client);
	superd_signal(guard, SIGTERM);
	cr_assert_eq(superd_wait_exit(guard), beginning->has_command ? 7 : 0, "killed at stop %zu\n%s", n,
		     world_logs());
	superd_forget(guard);
	cr_assert_eq(unlink(starts), 0);
	return killed;
}

/* By control groups superd would find what another has started. */
static bool hide_control_groups(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       (access("/sys/fs/cgroup", F_OK) < 0 || mount("none", "/sys/fs/cgroup", "tmpfs", 0, "mode=0755") == 0);
}

static void try_beginnings(const struct beginning *beginning)
{
	const char *all = getenv("SUPERD_ALL_CALLS");
	char *end = NULL;
	size_t first = all ? strtoul(all, &end, 10) : 0, n = first ? first : 1 + (size_t)now_ms() % 97;
	size_t last = end && *end == '-' ? strtoul(end + 1, NULL, 10) : SIZE_MAX;

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	SKIP_WITHOUT(hide_control_groups(), "no namespace of mounts");
	try_beginning(beginning, 0);
	while (n <= last && try_beginning(beginning, n))
		n += first ? 1 : 97;
	cr_log_info("%zu stops", n);
}

/* Stops superd before it replaces its journal. */
static void stop_before_new_journal(pid_t superd)
{
	struct { /* of ptrace(2), which libcs name differently */
		uint8_t op;
		uint64_t places[2], number, rest[7];
	} info = { 0 };
	int status;

	do {
		cr_assert_eq(ptrace(PTRACE_SYSCALL, superd, 0, 0), 0);
		cr_assert_eq(waitpid(superd, &status, __WALL), superd);
		cr_assert(WIFSTOPPED(status), "it has ended: %x\n%s", (unsigned)status, world_logs());
		cr_assert_gt(ptrace(PTRACE_GET_SYSCALL_INFO, superd, sizeof(info), &info), 0);
	} while (info.op != 1 /* entry */ || info.number != SYS_dup3);
}

/* It ends just before a new journal takes the place of the one before, and superd is killed just behind that. */
Behaviour(guard_calls, the_end_of_a_program_beside_a_new_journal)
{
	const char *script = text_of("echo $$ >%s; until test -e %s; do sleep 0.02; done; exit 3", path_in("pid"),
				      path_in("go"));
	struct superd *superd;
	int status;
	pid_t pid, below;

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	superd = guarded_run("service web { start = boot restart = no exec = { \"/bin/sh\", \"-c\", \"%s\" } }\n",
			     script);
	WAIT_UNTIL(count_lines(path_in("pid")) == 1);
	pid = (pid_t)strtol(read_text(path_in("pid")), NULL, 10);
	guarded_kill(superd);           /* the program is the guard's child now */
	below = guarded_wait(superd);
	control_once("version");        /* it has begun */
	cr_assert_eq(ptrace(PTRACE_SEIZE, below, 0, PTRACE_O_TRACESYSGOOD), 0);
	cr_assert_eq(ptrace(PTRACE_INTERRUPT, below, 0, 0), 0);
	cr_assert_eq(waitpid(below, &status, __WALL), below);
	superd_signal(superd, SIGHUP);
	stop_before_new_journal(below);
	write_file("go", "go");
	WAIT_UNTIL(kill(pid, 0) < 0);
	cr_assert_eq(ptrace(PTRACE_SYSCALL, below, 0, 0), 0);
	cr_assert_eq(waitpid(below, &status, __WALL), below);
	cr_assert_eq(kill(below, SIGKILL), 0);
	cr_assert_eq(waitpid(below, &status, __WALL), below);
	superd_wait_log(superd, text_of("web: pid %ld ended: ", (long)pid));
	cr_expect(superd_logged(superd, text_of("web: pid %ld ended: exit status 3", (long)pid)), "%s", world_logs());
	superd_stop(superd);
}

Behaviour(guard_calls, services_of_boot)
{
	try_beginnings(&(struct beginning){ 0 });
}

Behaviour(guard_calls, services_of_boot_beside_a_main_command)
{
	try_beginnings(&(struct beginning){ .has_command = true });
}

Behaviour(guard_calls, a_client_that_waits_at_a_superd_that_was_started_anew)
{
	try_beginnings(&(struct beginning){ .restarts = true });
}
