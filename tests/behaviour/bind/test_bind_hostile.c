/* pass = bind against programs that do to superd's worker what they can (tests/behaviour/hostile_binder.c). What they
 * reach at worst is that their own bind waits: superd answers all others as soon as ever, and keeps no process and no
 * descriptor of it. */
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "controlling.h"
#include "superctl.h"

enum {
	HANG_MS = 6000,	 /* until superd has given up a worker that hangs */
};

#define TABLE \
	"service hostile { listen = \"127.0.0.1:%d\" pass = bind start = boot restart = no\n" \
	" exec = \"%s %s %d %s\" %s }\n" \
	"service calm { listen = \"127.0.0.1:0\" exec = \"%s\" }\n"

struct scene {
	struct superd *superd;
	const char *log;                /* of the hostile program */
	int port, calm;
};

static struct scene begin_with(bool clock, const char *acts, const char *options)
{
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .clock = clock };
	struct scene scene = { .log = write_file("acts", "%s", ""), .port = free_port() };
	const char *program = replaced(backend("%s", ""), "backend ", "hostile_binder");

	chmod(scene.log, 0666);
	scene.superd = superd_run_with(&setup, TABLE, scene.port, program, scene.log, scene.port, acts,
				       options, backend("serve"));
	scene.calm = superd_port(scene.superd, "calm");
	client_ask_pid(scene.calm);
	return scene;
}

static struct scene begin(const char *acts, const char *options)
{
	return begin_with(false, acts, options);
}

/* What an act wrote: the number behind this text. */
static bool has_told(const struct scene *scene, const char *name)
{
	const char *text = read_text(scene->log);

	return text && strstr(text_of("\n%s", text), text_of("\n%s ", name));
}

static long told(const struct scene *scene, const char *name)
{
	WAIT_UNTIL(has_told(scene, name));
	return atol(strstr(text_of("\n%s", read_text(scene->log)), text_of("\n%s ", name)) + strlen(name) + 2);
}

static size_t count_text(const char *text, const char *wanted)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, wanted)); at++)
		count++;
	return count;
}

static pid_t worker(const struct scene *scene)
{
	return superd_aside(scene->superd, "superd-bind");
}

/* The calm service and the control socket answer. */
static void ask_others(const struct scene *scene)
{
	client_ask_pid(scene->calm);
	control_once("status calm");
}

static void end(struct scene *scene)
{
	superd_stop(scene->superd);
	WAIT_UNTIL(!worker(scene));
}

/* ---- who else has the filter ---- */

/* The kernel's own answer, as superd has the address. EINVAL: this kernel's io_uring has no bind. */
Behaviour(bind_hostile, a_bind_that_passes_by_the_filter_gets_no_listener)
{
	struct scene scene = begin("bind ring serve", "");
	long error = told(&scene, "ring");

	cr_expect(error == EADDRINUSE || error == EINVAL || error == ENOSYS, "%ld", error);
	client_ask_pid(scene.port);
	end(&scene);
}

/* A daemon runs sessions of others, and gives them no listener: neither does superd. */
Behaviour(bind_hostile, a_session_of_another_user_gets_no_listener)
{
	struct scene scene;

	SKIP_WITHOUT(geteuid() == 0, "needs root, which may become another user");
	scene = begin("bind session seteuid thread serve", "user = root");
	cr_expect_eq(told(&scene, "session"), 0);
	cr_expect_eq(told(&scene, "seteuid"), 0);
	cr_expect_eq(told(&scene, "thread"), 1, "its threads share the main process's descriptors");
	client_ask_pid(scene.port);
	superd_expect_count(scene.superd, "has asked as uid", 0);
	end(&scene);
}

Behaviour(bind_hostile, nor_does_one_in_namespaces_of_its_own)
{
	struct scene scene;

	SKIP_WITHOUT(geteuid() == 0, "needs root, and namespaces");
	scene = begin("bind users network jail root join serve", "user = root");
	cr_expect_neq(told(&scene, "users"), 1);
	cr_expect_neq(told(&scene, "network"), 1);
	cr_expect_neq(told(&scene, "jail"), 1);
	cr_expect_neq(told(&scene, "root"), 1);
	cr_expect_neq(told(&scene, "join"), 1);
	client_ask_pid(scene.port);
	end(&scene);
}

/* The program has its sockets: what it runs for others gets none, even as its own user. */
Behaviour(bind_hostile, nor_does_a_grandchild_once_the_program_has_all)
{
	struct scene scene = begin("bind late bind serve", "");

	cr_expect_eq(told(&scene, "late"), 0);
	WAIT_UNTIL(!strcmp(strrchr(read_text(scene.log), 'b'), "bind 0\n"));
	client_ask_pid(scene.port);
	end(&scene);
}

/* A program that gives up its user in a child before it binds is named, as its start fails. */
Behaviour(bind_hostile, a_child_of_another_user_that_asks_in_vain_is_named)
{
	struct scene scene;

	SKIP_WITHOUT(geteuid() == 0, "needs root, which may become another user");
	scene = begin("session stay", "user = root");
	cr_expect_eq(told(&scene, "session"), 0);
	superd_wait_log(scene.superd, "has asked as uid 65533, and the service's user is uid 0");
	end(&scene);
}

/* ---- storms ---- */

/* What it takes of the processor, and how long the others wait, tests/bench/times measures. */
Behaviour(bind_hostile, a_storm_holds_nobody_up_and_fills_no_log)
{
	struct scene scene = begin("bind storm serve", "");

	while (!has_told(&scene, "storm"))
		ask_others(&scene);
	cr_expect_lt(superd_log_count(scene.superd, "hostile:"), 20, "%s", world_logs());
	client_ask_pid(scene.port);
	end(&scene);
}

Behaviour(bind_hostile, callers_that_die_leave_nothing)
{
	struct scene scene = begin("bind deaths serve", "");
	size_t fds;

	told(&scene, "bind");
	WAIT_UNTIL(worker(&scene));
	fds = superd_fd_count(scene.superd);
	cr_expect_eq(told(&scene, "deaths"), 60);
	client_ask_pid(scene.port);
	superd_expect_fds(scene.superd, fds + 1);
	end(&scene);
}

Behaviour(bind_hostile, what_is_no_socket_gets_the_kernels_answer)
{
	struct scene scene = begin("bind wrong serve", "");

	told(&scene, "bind");
	cr_expect_eq(told(&scene, "wrong listen"), ENOTSOCK);
	cr_expect_eq(told(&scene, "wrong pipe"), ENOTSOCK);
	cr_expect_eq(told(&scene, "wrong file"), ENOTSOCK);
	cr_expect_eq(told(&scene, "wrong epoll"), ENOTSOCK);
	cr_expect_eq(told(&scene, "wrong closed"), EBADF);
	cr_expect_eq(told(&scene, "wrong negative"), EBADF);
	cr_expect_eq(told(&scene, "wrong path"), EBADF);
	cr_expect_eq(told(&scene, "wrong view"), EBADF);
	cr_expect_eq(told(&scene, "wrong address"), EFAULT);
	cr_expect_eq(told(&scene, "wrong length"), EINVAL);
	cr_expect_eq(told(&scene, "wrong twice"), EINVAL);
	client_ask_pid(scene.port);
	end(&scene);
}

Behaviour(bind_hostile, many_other_addresses_fill_no_channel)
{
	struct scene scene = begin("others bind serve", "");

	cr_expect_eq(told(&scene, "bind"), 0);
	client_ask_pid(scene.port);
	end(&scene);
}

Behaviour(bind_hostile, a_filter_of_the_programs_own_has_the_last_word)
{
	struct scene scene = begin("bind filter serve", "");

	cr_expect_eq(told(&scene, "filter"), EPERM);
	client_ask_pid(scene.port);
	end(&scene);
}

/* A path in /tmp of this length. */
static const char *path_of(size_t length)
{
	const char *path = text_of("/tmp/b%0*u", (int)length - 6, (unsigned)(free_port() % 1000));

	cr_assert_eq(strlen(path), length);
	return path;
}

/* Whether a program that binds this path has the socket at another one, or the same. */
static void expect_bound(const char *log, const char *listens, const char *binds)
{
	struct superd *superd;

	superd = superd_run("service path { socket web { listen = \"%s\" binds = \"%s\" } pass = bind\n"
			    " exec = \"%s %s %s path serve\" }\n",
			    listens, binds, replaced(backend("%s", ""), "backend ", "hostile_binder"), log, binds);
	wait_node(listens);
	cr_expect_not_null(strstr(client_ask_unix(listens, "hello\n"), " hello"));
	cr_expect_str_eq(read_text(log), text_of("connect %d\npath 0\n", ECONNREFUSED));
	superd_stop(superd);
	unlink(listens);
}

/* Paths of 10, 14 and 26 bytes: the address is as long as that of a netlink, an IPv4, an IPv6 socket. */
Behaviour(bind_hostile, a_path_as_long_as_another_familys_address_is_one_all_the_same)
{
	static const size_t lengths[] = { 10, 14, 26 };

	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		const char *path = path_of(lengths[n]);

		expect_bound(path_in("acts%zu", n), path, path);
		expect_bound(path_in("elsewhere%zu", n), path_in("a-socket-%zu-of-quite-another-length", n), path);
	}
}

/* What has escaped binds on, and its calls go to the kernel. */
static void expect_kernel(const struct scene *scene)
{
	size_t rounds = count_text(read_text(scene->log), "round");

	WAIT_UNTIL(count_text(read_text(scene->log), "round") > rounds + 1);
	cr_expect_null(strstr(read_text(scene->log), text_of("late %d\n", ENOSYS)), "%s", read_text(scene->log));
}

/* Its calls go to the kernel, as if there were no filter, also after an upgrade. A kernel without anybody to ask would
 * answer ENOSYS, to every program that the process runs. */
Behaviour(bind_hostile, a_process_that_outlives_its_instance_has_the_kernel)
{
	struct scene scene = begin("bind escape stay", "kill_mode = process");
	pid_t escaped = (pid_t)told(&scene, "escape");

	told(&scene, "late");
	control_once("stop hostile");
	WAIT_UNTIL(strstr(read_text(scene.log), text_of("late %d\n", EADDRINUSE)));
	expect_kernel(&scene);
	superd_upgrade(scene.superd);
	ask_others(&scene);
	expect_kernel(&scene);
	kill(escaped, SIGKILL);
	WAIT_UNTIL(!process_lives(escaped));
	end(&scene);
}

static bool fd_is_open(pid_t pid, rlim_t fd)
{
	const char *path = text_of("/proc/%ld/fd/%ld", (long)pid, (long)fd);

	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* superd can open no further descriptor, unless it closes one before. */
static void leave_no_fd(const struct superd *superd)
{
	struct rlimit limit;

	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, NULL, &limit), 0);
	for (limit.rlim_cur = 0; fd_is_open(superd->pid, limit.rlim_cur); limit.rlim_cur++)
		;
	cr_assert_eq(prlimit(superd->pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

/* SIGQUIT leaves the instances running. */
static void expect_kernel_after_end(bool has_descriptors)
{
	struct scene scene = begin("bind escape stay", "kill_mode = process");
	pid_t escaped = (pid_t)told(&scene, "escape"), program;

	told(&scene, "late");
	program = atoi(control_value(control_once("status hostile"), "pid"));
	control_once("stop calm");
	if (!has_descriptors)
		leave_no_fd(scene.superd);
	superd_signal(scene.superd, SIGQUIT);
	superd_wait_exit(scene.superd);
	expect_kernel(&scene);
	kill(program, SIGKILL);
	kill(escaped, SIGKILL);
	WAIT_UNTIL(!process_lives(escaped) && !process_lives(program));
}

Behaviour(bind_hostile, nor_does_superds_end_take_that)
{
	expect_kernel_after_end(true);
}

Behaviour(bind_hostile, nor_does_the_end_of_a_superd_without_a_free_descriptor)
{
	expect_kernel_after_end(false);
}

/* ---- poor surroundings ---- */

static void expect_answers(void)
{
	struct scene scene = begin("bind wrong serve", text_of("user = %lu", (unsigned long)lone_user()));

	cr_expect_eq(told(&scene, "bind"), 0, "%s", world_logs());
	client_ask_pid(scene.port);
	cr_expect_eq(told(&scene, "wrong listen"), ENOTSOCK);
	cr_expect_not(superd_logged(scene.superd, "cannot see the binds of"), "%s", world_logs());
	end(&scene);
}

/* As in a container. The bounding set limits what root gains by exec (capabilities(7)). */
BehaviourOfUsers(bind_hostile, a_superd_with_few_capabilities_answers_programs_of_another_user)
{
	SKIP_WITHOUT(geteuid() == 0, "needs root, which may be another user");
	expect_answers();
	cr_assert_eq(prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0), 0);
	expect_answers();
	cr_assert_eq(prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0), 0);
	expect_answers();
}

BehaviourOfUsers(bind_hostile, a_superd_of_an_ordinary_user_answers)
{
	const struct setup setup = { .uid = geteuid() == 0 ? lone_user() : 0 };
	const char *acts = write_file("acts", "%s", "");
	int port = free_port();
	struct superd *superd;

	chmod(acts, 0666);
	superd = superd_run_with(&setup,
				 "service own { listen = \"127.0.0.1:%d\" pass = bind exec = \"%s %s %d %s\" }\n", port,
				 replaced(backend("%s", ""), "backend ", "hostile_binder"), acts, port, "bind serve");
	client_ask_pid(superd_port(superd, "own"));
	superd_stop(superd);
}
