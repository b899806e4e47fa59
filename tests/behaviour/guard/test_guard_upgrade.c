/* --guard: the guard, superd or the next superd is killed before or behind one of its system calls in an upgrade, and
 * superd in a reload, or as it starts another superd-output. Clients that are there, that came meanwhile and that come
 * after it are served. A run tries some of the calls; with SUPERD_ALL_CALLS=n all from the n-th on, and with
 * SUPERD_ALL_CALLS=n-m up to the m-th. These are not in the core: a traced superd cannot have the test's clock, so real
 * time without a call tells that it has done all. */
#include <poll.h>
#include <sys/ptrace.h>

#include "controlling.h"
#include "guarding.h"
#include "harness.h"

#define REST 150                        /* milliseconds without a call after the upgrade: it has done all */
#define SYSCALL_STOP (SIGTRAP | 0x80)

#define TABLE \
	"service web { listen = \"127.0.0.1:0\" exec = \"%s\" }\n" \
	"service each { listen = \"127.0.0.1:0\" exec = \"%s\" accept = yes }\n"

enum victim { GUARD, SUPERD, NEXT, IN_RELOAD, BEHIND_OUTPUT };

struct upgrade_scene {
	struct superd *superd;
	int web, each;                  /* ports */
	long server;                    /* web's */
	int session;                    /* a client of each's that stays */
	long session_server;
	int came;                       /* a client that comes in the upgrade */
	const char *done;               /* what superd says then */
};

static struct superd *run_guarded(void)
{
	const char *arguments[] = { "--guard", "--control", control_path(), NULL };
	const struct setup guarded = { .arguments = arguments };

	return superd_run_with(&guarded, TABLE, backend("talk"), backend("lines"));
}

static void open_session(struct upgrade_scene *scene)
{
	scene->done = ": upgraded from ";
	scene->web = superd_port(scene->superd, "web");
	scene->each = superd_port(scene->superd, "each");
	scene->server = client_ask_pid(scene->web);
	scene->session = client_connect(scene->each);
	client_send(scene->session, "hello\n");
	scene->session_server = strtol(client_line(scene->session), NULL, 10);
}

static void trace(pid_t pid, long options)
{
	int status;

	cr_assert_eq(ptrace(PTRACE_SEIZE, pid, 0, options), 0);
	cr_assert_eq(ptrace(PTRACE_INTERRUPT, pid, 0, 0), 0);
	cr_assert_eq(waitpid(pid, &status, __WALL), pid);
}

/* Waits for the next stop of the process. false: it has ended, or the upgrade is done and it rests. */
static bool next_stop(const struct upgrade_scene *scene, pid_t pid, int *status)
{
	long long until = now_ms() + DEADLINE_MS, done = 0;

	while (waitpid(pid, status, __WALL | WNOHANG) == 0) {
		if (!done && superd_logged(scene->superd, scene->done))
			done = now_ms();
		if (done && now_ms() - done > REST)
			return false;
		cr_assert_lt(now_ms(), until, "no upgrade\n%s", world_logs());
		poll(NULL, 0, 1);
	}
	return WIFSTOPPED(*status);
}

static int signal_to_pass(int status)
{
	return WSTOPSIG(status) != SYSCALL_STOP && status >> 16 == 0 ? WSTOPSIG(status) : 0;
}

/* Kills it at its n-th stop, the begin or the end of a call. false: it has fewer. */
static bool kill_at(const struct upgrade_scene *scene, pid_t pid, size_t n)
{
	size_t stops = 0;
	int status;

	cr_assert_eq(ptrace(PTRACE_SYSCALL, pid, 0, 0), 0);
	while (next_stop(scene, pid, &status)) {
		if (WSTOPSIG(status) == SYSCALL_STOP && ++stops == n) {
			kill(pid, SIGKILL);
			cr_assert_eq(waitpid(pid, &status, __WALL), pid);
			cr_assert(WIFSIGNALED(status));
			return true;
		}
		cr_assert_eq(ptrace(PTRACE_SYSCALL, pid, 0, signal_to_pass(status)), 0);
	}
	if (kill(pid, 0) == 0 && ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0) {
		cr_assert_eq(waitpid(pid, &status, __WALL), pid);
		cr_assert_eq(ptrace(PTRACE_DETACH, pid, 0, 0), 0);
	}
	return false;
}

/* Waits until the guard starts the next superd, which is stopped before its first call. */
static pid_t seize_next(pid_t guard)
{
	unsigned long next = 0;
	int status;

	cr_assert_eq(ptrace(PTRACE_CONT, guard, 0, 0), 0);
	while (!next) {
		cr_assert_eq(waitpid(guard, &status, __WALL), guard);
		cr_assert(WIFSTOPPED(status), "it has ended: %x\n%s", (unsigned)status, world_logs());
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_FORK << 8))
			cr_assert_eq(ptrace(PTRACE_GETEVENTMSG, guard, 0, &next), 0);
		cr_assert_eq(ptrace(next ? PTRACE_DETACH : PTRACE_CONT, guard, 0, signal_to_pass(status)), 0);
	}
	cr_assert_eq(waitpid((pid_t)next, &status, __WALL), (pid_t)next);
	cr_assert_eq(ptrace(PTRACE_SETOPTIONS, (pid_t)next, 0, PTRACE_O_TRACESYSGOOD), 0);
	return (pid_t)next;
}

static bool kill_victim(struct upgrade_scene *scene, enum victim victim, size_t n)
{
	pid_t guard = scene->superd->pid, superd = guarded_wait(scene->superd), pid;

	pid = victim == SUPERD ? superd : guard;
	trace(pid, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | (victim == NEXT ? PTRACE_O_TRACEFORK : 0));
	cr_assert_eq(kill(superd, SIGUSR2), 0);
	scene->came = client_connect(scene->each);
	client_send(scene->came, "hello\n");
	if (victim == NEXT)
		pid = seize_next(guard);
	return kill_at(scene, pid, n);
}

/* superd, or the next one, is the guard now. */
static pid_t find_guard(void)
{
	const char *children = read_text(text_of("/proc/self/task/%ld/children", (long)getpid()));
	char *at = (char *)(uintptr_t)(children ? children : "");

	for (long pid; (pid = strtol(at, &at, 10)) > 0;) {
		const char *name = read_text(text_of("/proc/%ld/comm", pid));

		if (name && !strcmp(name, "superd-guard\n") && process_lives((pid_t)pid))
			return (pid_t)pid;
	}
	return 0;
}

/* killed: superd was, whose client may be lost if superd had just accepted it. */
static void expect_served(const struct upgrade_scene *scene, bool killed, size_t n)
{
	char byte;

	cr_assert_eq(poll(&(struct pollfd){ .fd = scene->came, .events = POLLIN }, 1, DEADLINE_MS), 1,
		     "stop %zu: it waits\n%s", n, world_logs());
	if (!killed || recv(scene->came, &byte, 1, MSG_PEEK) > 0)
		cr_assert_not_null(strstr(client_line(scene->came), " hello"), "stop %zu\n%s", n, world_logs());
	cr_assert_not_null(strstr(client_ask(scene->each, "hello\n"), " hello"), "stop %zu\n%s", n, world_logs());
	client_send(scene->session, "again\n");
	cr_assert_eq(strtol(client_line(scene->session), NULL, 10), scene->session_server,
		     "stop %zu\n%s", n, world_logs());
	cr_assert_eq(client_ask_pid(scene->web), scene->server, "stop %zu\n%s", n, world_logs());
}

static void end_scene(struct upgrade_scene *scene)
{
	close(scene->came);
	close(scene->session);
	superd_stop(scene->superd);
	superd_forget(scene->superd);
	WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) < 0);     /* what was the dead guard's */
}

static bool try_call(enum victim victim, size_t n)
{
	struct upgrade_scene scene = { .superd = run_guarded() };
	bool killed;

	open_session(&scene);
	killed = kill_victim(&scene, victim, n);
	if (killed && victim == GUARD)
		WAIT_UNTIL((scene.superd->pid = find_guard()) > 0);
	expect_served(&scene, killed && victim == SUPERD, n);
	guarded_wait(scene.superd);
	end_scene(&scene);
	return killed;
}

/* The sockets of the first services are closed, and those of others get their numbers: where superd is killed before
 * the state tells of that, each port still has its own program, or none. */
static bool try_call_of_reload(size_t n)
{
	const char *const names[] = { "first", "second", "third", "fourth" };
	const char *arguments[] = { "--guard", "--control", control_path(), NULL };
	const struct setup guarded = { .arguments = arguments };
	const char *rows[4];
	struct upgrade_scene scene = { .done = "superd: reloaded: " };
	bool killed;
	pid_t pid;
	int ports[4];

	for (int i = 0; i < 4; i++) {
		ports[i] = free_port();
		rows[i] = text_of("service %s { listen = \"127.0.0.1:%d\" accept = yes pass = inetd "
				  "exec = \"/bin/echo %s\" }\n", names[i], ports[i], names[i]);
	}
	scene.superd = superd_run_with(&guarded, "%s%s", rows[0], rows[1]);
	superd_port(scene.superd, "second");
	cr_assert(control_is_done(control_once("list"))); /* before that it may not have saved its state */
	pid = guarded_wait(scene.superd);
	write_file("superd.conf", "%s%s", rows[2], rows[3]);
	trace(pid, PTRACE_O_TRACESYSGOOD);
	cr_assert_eq(kill(pid, SIGHUP), 0);
	killed = kill_at(&scene, pid, n);
	guarded_wait(scene.superd);
	cr_assert(control_is_done(control_once("list")));
	for (int i = 0; i < 4; i++) {
		const char *said = client_can_connect(ports[i]) ? client_rest(client_connect(ports[i])) : names[i];

		cr_assert_not_null(strstr(said, names[i]), "stop %zu: %s is said at the port of %s\n%s", n, said,
				   names[i], world_logs());
	}
	superd_stop(scene.superd);
	superd_forget(scene.superd);
	return killed;
}

/* A superd-output that the next superd knows nothing of would read the same pipes. */
static bool try_call_behind_output(size_t n)
{
	struct upgrade_scene scene = { .superd = run_guarded() };
	pid_t pid = guarded_wait(scene.superd), output = 0, pids[64];
	long long until;
	size_t outputs;
	bool killed;

	open_session(&scene);
	WAIT_UNTIL((output = superd_aside(scene.superd, "superd-output")) > 0);
	trace(pid, PTRACE_O_TRACESYSGOOD);
	scene.done = "each: listening on "; /* it has */
	cr_assert_eq(kill(output, SIGKILL), 0);
	killed = kill_at(&scene, pid, n);
	guarded_wait(scene.superd);
	cr_assert(control_is_done(control_once("log web")));    /* it has spoken with superd-output */
	until = now_ms() + DEADLINE_MS;
	do { /* one without pipes ends */
		outputs = 0;
		for (size_t i = process_descendants(scene.superd->pid, pids, 64); i-- > 0;)
			outputs += process_is_called(pids[i], "superd-output");
		cr_assert_lt(now_ms(), until, "stop %zu: %zu of them\n%s", n, outputs, world_logs());
	} while (outputs > 1);
	close(scene.session);
	superd_stop(scene.superd);
	superd_forget(scene.superd);
	return killed;
}

static void try_calls(enum victim victim, size_t step)
{
	const char *all = getenv("SUPERD_ALL_CALLS");
	char *end = NULL;
	size_t first = all ? strtoul(all, &end, 10) : 0, n = first ? first : 1 + (size_t)now_ms() % step;
	size_t last = end && *end == '-' ? strtoul(end + 1, NULL, 10) : SIZE_MAX;

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	while (n <= last && (victim == IN_RELOAD	      ? try_call_of_reload(n)
				     : victim == BEHIND_OUTPUT ? try_call_behind_output(n)
							      : try_call(victim, n)))
		n += first ? 1 : step;
	cr_log_info("%zu stops", n);
}

Behaviour(guard_upgrade, superd_is_killed)
{
	try_calls(SUPERD, 61);
}

Behaviour(guard_upgrade, the_next_superd_is_killed)
{
	try_calls(NEXT, 97);
}

Behaviour(guard_upgrade, superd_is_killed_in_a_reload)
{
	try_calls(IN_RELOAD, 37);
}

Behaviour(guard_upgrade, superd_is_killed_behind_superd_output)
{
	try_calls(BEHIND_OUTPUT, 13);
}

/* The superd behind it has the state of the upgrade, and two files of its own: the second full write is a reload's. */
Behaviour(guard_upgrade, a_next_superd_that_dies_before_it_takes_over_leaves_no_state_behind)
{
	struct upgrade_scene scene = { 0 };

	SKIP_WITHOUT(geteuid() == 0, "superd lets nobody but root look into it");
	scene.superd = run_guarded();
	open_session(&scene);
	cr_assert(kill_victim(&scene, NEXT, 1));
	expect_served(&scene, false, 1);
	for (int reloads = 0; reloads < 2; reloads++) {
		cr_assert_eq(kill(scene.superd->pid, SIGHUP), 0);
		superd_wait_log(scene.superd, "reloaded: ");
	}
	cr_assert_not(superd_logged(scene.superd, "cannot save the state"), "%s", world_logs());
	guarded_kill(scene.superd);
	cr_assert_eq(client_ask_pid(scene.web), scene.server);
	end_scene(&scene);
}

/* The program loses its right to be executed when the probe has run: the guard starts a superd of the one that runs. */
Behaviour(guard_upgrade, a_program_that_cannot_be_executed_in_the_end_changes_nothing)
{
	const char *place = path_in("superd"), *newer = path_in("newer");
	const char *arguments[] = { "--guard", "--control", control_path(), NULL };
	const struct setup setup = { .program = place, .arguments = arguments };
	struct upgrade_scene scene = { 0 };
	pid_t before;

	cr_assert_eq(symlink(superd_path(), place), 0);
	scene.superd = superd_run_with(&setup, TABLE, backend("talk"), backend("lines"));
	open_session(&scene);
	before = guarded_wait(scene.superd);
	write_file("newer", "#!/bin/sh\nchmod 0644 %s\nexec %s \"$@\"\n", place, superd_path());
	cr_assert_eq(chmod(newer, 0755), 0);
	cr_assert_eq(rename(newer, place), 0);
	cr_assert_eq(kill(before, SIGUSR2), 0);
	scene.came = client_connect(scene.each);
	client_send(scene.came, "hello\n");
	superd_wait_log(scene.superd, text_of("not upgraded: the guard cannot become %s: Permission denied", place));
	expect_served(&scene, false, 0);
	cr_expect_neq(guarded_wait(scene.superd), before);
	guarded_kill(scene.superd);
	cr_assert_eq(client_ask_pid(scene.web), scene.server);
	end_scene(&scene);
}
