/* Starts for real: what a program finds, what a failure says, and that nothing is left behind by either. The claims
 * hold for both ways of starting. */
#include "starts.h"
#include "tests/unit/rows.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/syscall.h>

#include "superd/start/start.h"
#include "tests/unit/hang.h"

#define NOBODY 65534

static struct plan *plan;

/* As in superd, nothing is passed on by accident; the runner is not that careful. */
static void hide_descriptors_of_the_runner(void)
{
	for (int fd = 3; fd < 100; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
}

static void begin(void)
{
	set_up();
	hide_descriptors_of_the_runner();
	cr_assert_eq(chmod(folder, 0755), 0);
}

static void finish(void)
{
	plan_free(plan);
	plan = NULL;
	tear_down();
}

TestSuite(spawn, .init = begin, .fini = finish, .timeout = 120);

static void skip_without_root(void)
{
	if (geteuid() == 0)
		return;
	finish();
	cr_skip_test("it takes root");
}

#define PLAN(...) (plan_free(plan), plan = row_plan(__VA_ARGS__))

static void shell(const char *script, const char *more)
{
	PLAN("exec = { \"/bin/sh\", \"-c\", \"%s\" }\n%s", script, more);
}

static size_t entries_of(const char *path)
{
	DIR *directory = opendir(path);
	size_t count = 0;

	cr_assert(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static size_t open_descriptors(void)
{
	return entries_of("/proc/self/fd");
}

static void expect_no_child(void)
{
	errno = 0;
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_expect_eq(errno, ECHILD);
}

static char *read_to_end(int fd)
{
	static char text[8192];
	size_t length = 0;
	ssize_t got;

	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	cr_assert_eq(got, 0);
	text[length] = '\0';
	return text;
}

/* Starts what launch says with its output on a pipe; gives all it printed, after its end. */
static const char *output_of(struct spawn_request *launch)
{
	int ends[2], wanted[] = { 0, 1, 2 }, status = -1;
	char *text;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	wanted[1] = wanted[2] = ends[1];
	launch->plan = plan;
	if (!launch->wanted) {
		launch->wanted = wanted;
		launch->wanted_count = 3;
	}
	start_and_settle(launch);
	cr_assert_gt(launch->pid, 0, "%s: %s", stage_name(launch->fault.stage), strerror(launch->fault.error));
	cr_expect_eq(launch->fault.stage, STAGE_NONE);
	close(ends[1]);
	text = read_to_end(ends[0]);
	close(ends[0]);
	cr_assert_eq(waitpid(launch->pid, &status, 0), launch->pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %x: %s", (unsigned)status, text);
	return text;
}

static const char *printed(void)
{
	struct spawn_request launch = { .remote_port = -1 };

	return output_of(&launch);
}

static void expect_printed(const char *wanted)
{
	const char *text = printed();

	cr_expect_str_eq(text, wanted, "'%s' and not '%s'", text, wanted);
}

static struct fault fault_of(void)
{
	static const int wanted[] = { 0, 1, 2 };
	struct spawn_request launch = {
		.plan = plan, .wanted = wanted, .wanted_count = 3, .remote_port = -1, .pid = 12345
	};

	start_and_settle(&launch);
	cr_expect_eq(launch.pid, -1);
	return launch.fault;
}

static void expect_fault(enum stage stage, int error)
{
	size_t before = open_descriptors();
	struct fault fault = fault_of();

	cr_expect_eq(fault.stage, stage, "failed at '%s' (%s) and not at '%s'", stage_name(fault.stage),
		     strerror(fault.error), stage_name(stage));
	cr_expect_eq(fault.error, error, "with %s", strerror(fault.error));
	cr_expect_eq(open_descriptors(), before, "descriptors leak");
	expect_no_child();
}

Test(spawn, says_that_there_is_no_program)
{
	PLAN("exec = \"/nonexistent/program\"");
	expect_fault(STAGE_EXEC, ENOENT);
}

Test(spawn, says_that_a_program_may_not_be_run)
{
	PLAN("exec = \"%s\"", file_of("tool", "#!/bin/sh\n", 10));
	expect_fault(STAGE_EXEC, EACCES);
	PLAN("exec = \"%s\"", folder);
	expect_fault(STAGE_EXEC, EACCES);
}

Test(spawn, says_that_a_file_is_no_program)
{
	const char *path = file_of("tool", "neither script nor program", 26);

	cr_assert_eq(chmod(path, 0755), 0);
	PLAN("exec = \"%s\"", path);
	expect_fault(STAGE_EXEC, ENOEXEC);
}

Test(spawn, says_that_a_folder_is_missing)
{
	PLAN("exec = \"/bin/true\"\nworking_directory = \"%s/none\"", folder);
	expect_fault(STAGE_DIRECTORY, ENOENT);
	PLAN("exec = \"/bin/pwd\"\nworking_directory = \"-%s/none\"", folder);
	expect_printed("/\n");
	PLAN("exec = \"/bin/pwd\"\nworking_directory = \"%s\"", folder);
	cr_expect_eq(strncmp(printed(), folder, strlen(folder)), 0);
}

Test(spawn, says_that_a_limit_cannot_be_set)
{
	PLAN("exec = \"/bin/true\"");
	cr_assert_eq(plan->limit_count, 1u);
	plan->limits[1] = (struct plan_limit){ RLIMIT_CORE, { 100, 50 } };
	plan->limit_count = 2;
	expect_fault(STAGE_LIMITS, EINVAL);
	cr_expect_eq(fault_of().resource, RLIMIT_CORE);
	plan->limits[0].value = (struct rlimit){ 100, 50 };
	cr_expect_eq(fault_of().resource, RLIMIT_NOFILE);
}

Test(spawn, says_that_a_descriptor_is_not_open)
{
	static const int wanted[] = { 0, 1, 2, 900 };
	struct spawn_request launch = { .wanted = wanted, .wanted_count = 4, .remote_port = -1 };

	PLAN("exec = \"/bin/true\"");
	launch.plan = plan;
	start_and_settle(&launch);
	cr_expect(launch.pid == -1 && launch.fault.stage == STAGE_DESCRIPTORS && launch.fault.error == EBADF);
	expect_no_child();
}

/* In a process without the right to it; criterion's own claims need the runner's memory, so this tells by its exit
 * status. */
static int fault_without(void (*drop)(void), const struct account *account)
{
	int status = 0;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		struct spawn_request launch = {
			.plan = plan, .wanted = (const int[]){ 0, 1, 2 }, .wanted_count = 3, .remote_port = -1
		};

		drop();
		plan->account = account;
		start_and_settle(&launch);
		if (launch.pid >= 0)
			_exit(200);
		_exit(launch.fault.error == EPERM || launch.fault.error == EACCES ? (int)launch.fault.stage : 201);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void become_nobody(void)
{
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		_exit(210);
}

static void lose_the_right_to_change_users(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		_exit(211);
	data[0].effective &= ~(1u << CAP_SETUID);
	data[0].permitted &= ~(1u << CAP_SETUID);
	if (syscall(SYS_capset, &header, data) < 0)
		_exit(212);
}

Test(spawn, says_that_it_may_not_change_users)
{
	static const gid_t groups[] = { 0 };
	static const struct account root = { .name = "root", .groups = groups, .group_count = 1, .switches = true };
	static const struct account other = {
		.name = "x", .uid = 12345, .gid = 12345, .groups = groups, .group_count = 1, .switches = true
	};

	PLAN("exec = \"/bin/true\"");
	cr_expect_eq(fault_without(become_nobody, &root), STAGE_GROUPS);
	skip_without_root();
	cr_expect_eq(fault_without(lose_the_right_to_change_users, &other), STAGE_USER);
	cr_expect_eq(fault_without(become_nobody, NULL), 200, "without a change it needs no right");
}

/* Each means of a start that takes a right has a stage of its own, so that its option can be named. */
Test(spawn, names_the_step_that_takes_a_right)
{
	skip_without_root();
	PLAN("exec = \"/bin/true\"\nio_scheduling = \"realtime:0\"");
	cr_expect_eq(fault_without(become_nobody, NULL), STAGE_IO_PRIORITY);
	PLAN("exec = \"/bin/true\"\ncapability_bounding_set = { \"net_bind_service\" }");
	cr_expect_eq(fault_without(become_nobody, NULL), STAGE_BOUNDING);
	PLAN("exec = \"/bin/true\"\nambient_capabilities = { \"net_admin\" }");
	cr_expect_eq(fault_without(become_nobody, NULL), STAGE_AMBIENT);
	PLAN("exec = \"/bin/true\"");
	strcpy(plan->oom_score, "2000");
	expect_fault(STAGE_OOM_SCORE, EINVAL);
}

Test(spawn, gives_the_environment_exactly)
{
	struct spawn_request launch = {
		.listen_count = 2,
		.names = "LISTEN_FDNAMES=http:admin",
		.remote_address = "192.0.2.7",
		.remote_port = 4711,
	};
	char wanted[256];
	const char *text;

	PLAN("exec = \"/usr/bin/env\"");
	for (size_t n = 0; n < plan->environment_count; n++)
		free(plan->environment[n]);
	plan->environment_count = 0;
	plan->flags |= PLAN_TELLS_HOST;
	text = output_of(&launch);
	snprintf(wanted, sizeof(wanted),
		 "LISTEN_PID=%ld\nLISTEN_FDS=2\nLISTEN_FDNAMES=http:admin\nREMOTE_ADDR=192.0.2.7\n"
		 "REMOTE_HOST=192.0.2.7\nREMOTE_PORT=4711\n",
		 (long)launch.pid);
	cr_expect_str_eq(text, wanted, "%s", text);
}

Test(spawn, sets_no_variable_that_has_no_meaning)
{
	struct spawn_request launch = { .remote_address = "/run/client", .remote_port = -1 };
	const char *text;

	PLAN("exec = \"/usr/bin/env\"\nenv = { \"A=b c\", \"EMPTY=\" }");
	text = printed();
	cr_expect(!strstr(text, "LISTEN_") && !strstr(text, "REMOTE_"), "%s", text);
	cr_expect(strstr(text, "\nA=b c\nEMPTY=\n"), "%s", text);
	text = output_of(&launch);
	cr_expect(strstr(text, "REMOTE_ADDR=/run/client\n") && !strstr(text, "REMOTE_PORT") &&
			  !strstr(text, "REMOTE_HOST"),
		  "%s", text);
}

Test(spawn, puts_what_is_wanted_where_it_is_wanted)
{
	static const char *const names[] = { "zero", "one", "two" };
	int files[3], ends[2], wanted[7];
	struct spawn_request launch = { .wanted = wanted, .wanted_count = 7, .remote_port = -1 };
	const char *text;

	for (int n = 0; n < 3; n++)
		cr_assert_geq(files[n] = open(file_of(names[n], names[n], strlen(names[n])), O_RDONLY | O_CLOEXEC), 0);
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	wanted[0] = -1;
	wanted[1] = wanted[2] = ends[1];
	wanted[3] = files[2];
	wanted[4] = files[0];
	wanted[5] = -1;
	wanted[6] = files[1];
	shell("echo /proc/self/fd/*; cat <&3; cat <&4; cat <&6", "");
	launch.plan = plan;
	start_and_settle(&launch);
	close(ends[1]);
	text = read_to_end(ends[0]);
	cr_expect_eq(waitpid(launch.pid, NULL, 0), launch.pid);
	/* The shell itself reads the folder by 0, which is free. */
	cr_expect_str_eq(
		text,
		"/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3 /proc/self/fd/4 /proc/self/fd/6\n"
		"twozeroone",
		"%s", text);
}

Test(spawn, leaves_a_main_command_in_the_session_of_superd)
{
	char cut[] = "/usr/bin/cut", by[] = "-d ", fields[] = "-f1,5,6", file[] = "/proc/self/stat";
	char *const argv[] = { cut, by, fields, file, NULL };
	struct spawn_request launch = { .remote_port = -1 };
	long pid, group, session;

	plan = plan_command(argv, &process_defaults);
	cr_assert(plan);
	cr_assert_eq(sscanf(output_of(&launch), "%ld %ld %ld", &pid, &group, &session), 3);
	cr_expect(pid == launch.pid && group == pid && session == getsid(0), "%ld %ld %ld", pid, group, session);
}

/* Starts MANY at once, each with its output on a pipe of its own. */
Test(spawn, leaves_nothing_behind_after_many_failures)
{
	size_t before;

	PLAN("exec = \"/nonexistent/program\"");
	fault_of();
	before = open_descriptors();
	for (int n = 0; n < 200; n++)
		cr_assert_eq(fault_of().error, ENOENT);
	cr_expect_eq(open_descriptors(), before);
	expect_no_child();
}

/* Listeners lie at high numbers: a start takes them from there and leaves them alone. */
Test(spawn, takes_a_descriptor_from_a_high_number)
{
	int ends[2], high, wanted[] = { 0, 1, 2 };
	struct spawn_request launch = { .wanted = wanted, .wanted_count = 3, .remote_port = -1 };

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	high = fcntl(ends[1], F_DUPFD_CLOEXEC, 900);
	cr_assert_geq(high, 900);
	close(ends[1]);
	wanted[1] = high;
	shell("echo here", "");
	launch.plan = plan;
	start_and_settle(&launch);
	cr_assert_gt(launch.pid, 0);
	cr_expect_eq(fcntl(high, F_GETFD), FD_CLOEXEC, "superd's own was touched");
	close(high);
	cr_expect_str_eq(read_to_end(ends[0]), "here\n");
	cr_expect_eq(waitpid(launch.pid, NULL, 0), launch.pid);
}

static int never_answers(void)
{
	_exit(0);
}

static int answers(void)
{
	return 7;
}

/* A means that nobody could try is not one that the machine lacks: sandbox.c. */
Test(spawn, a_probe_tells_that_it_could_not_begin_from_no_answer)
{
	const int next = dup(STDIN_FILENO);
	struct rlimit limit, before;

	cr_expect_eq(spawn_probe(answers), 7);
	cr_expect_eq(spawn_probe(never_answers), -1);
	cr_expect_eq(errno, 0);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	close(next);
	limit = before;
	limit.rlim_cur = (rlim_t)next;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_eq(spawn_probe(answers), -1);
	cr_expect_eq(errno, EMFILE);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}
