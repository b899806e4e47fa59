/* Programs for real that are held until their connection comes: interpreters that need not know of it, and this program
 * itself in other roles, which stand in the way. */
#include "tests/unit/rows.h"

#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/scm_rights.h"
#include "superd/process/hold.h"
#include "superd/start/spawn.h"
#include "tests/unit/hang.h"

#ifndef USERFAULTFD_IOC_NEW
#define USERFAULTFD_IOC_NEW _IO(0xAA, 0x00)     /* Linux 6.1 */
#endif

/* ---- roles that this program plays itself ---- */

static volatile sig_atomic_t alarms;

static void count_alarm(int signal)
{
	(void)signal;
	alarms++;
	if (write(2, "", 1) < 0)        /* tells the test */
		_exit(92);
}

static void expect_alarm(int flags)
{
	const struct sigaction counts = { .sa_handler = count_alarm, .sa_flags = flags };

	sigaction(SIGALRM, &counts, NULL);
}

static void say(const char *text)
{
	if (write(1, text, strlen(text)) < 0)
		_exit(90);
}

/* Reads one byte, and says whether it came. */
static void serve(void)
{
	char byte;

	say(read(0, &byte, 1) == 1 ? "served" : "no client");
}

static void serve_through_signals(void)
{
	char byte;

	expect_alarm(SA_RESTART);
	if (read(0, &byte, 1) == 1)
		say(alarms > 1 ? "served" : "no signal came");
}

static void serve_through_interruptions(void)
{
	char byte;
	ssize_t got;

	expect_alarm(0);
	do
		got = read(0, &byte, 1);
	while (got < 0 && errno == EINTR);
	say(alarms > 1 && got == 1 ? "served" : "no signal came");
}

#ifdef __x86_64__
/* Fills every register that a system call keeps, reads a byte, and compares. Returns 1 if all are as before. What it
 * reads and writes is static, as no register is left for an address. */
__attribute__((noinline)) static int read_and_compare(void)
{
	static const double vector[2] = { 1.25, -7.5 };
	static char byte;
	static double after[2];
	uint64_t sum = 0, flags = 0, red_zone = 0;

	__asm__ volatile("movupd %[vector], %%xmm7\n"
			 "pushq %%rbp\n"
			 "movq $0x1111111111111111, %%rbx\n"
			 "movq $0x2222222222222222, %%rbp\n"
			 "movq $0x3333333333333333, %%r12\n"
			 "movq $0x4444444444444444, %%r13\n"
			 "movq $0x5555555555555555, %%r14\n"
			 "movq $0x6666666666666666, %%r15\n"
			 "movq $0x77, %%r8\n"
			 "movq $0x88, %%r9\n"
			 "movq $0x99, %%r10\n"
			 "movq $0xaa, -8(%%rsp)\n"
			 "movq $0xbb, -128(%%rsp)\n"
			 "leaq %[byte], %%rsi\n"
			 "movl $1, %%edx\n"
			 "xorl %%edi, %%edi\n"
			 "xorl %%eax, %%eax\n"
			 "stc\n"
			 "std\n"
			 "syscall\n"
			 "pushfq\n"
			 "popq %%rcx\n"
			 "cld\n"
			 "addq %%rbx, %%rax\n"
			 "addq %%rbp, %%rax\n"
			 "addq %%r12, %%rax\n"
			 "addq %%r13, %%rax\n"
			 "addq %%r14, %%rax\n"
			 "addq %%r15, %%rax\n"
			 "addq %%r8, %%rax\n"
			 "addq %%r9, %%rax\n"
			 "addq %%r10, %%rax\n"
			 "addq %%rdx, %%rax\n"
			 "movq -128(%%rsp), %%rdi\n"
			 "popq %%rbp\n"
			 "movupd %%xmm7, %[after]\n"
			 : "=&a"(sum), "=&c"(flags), "=&D"(red_zone), [after] "=m"(after), [byte] "+m"(byte)
			 : [vector] "m"(vector)
			 : "rbx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
			   "xmm7", "memory", "cc");
	return sum == 0x1111111111111111U + 0x2222222222222222 + 0x3333333333333333 + 0x4444444444444444 +
			      0x5555555555555555 + 0x6666666666666666 + 0x77 + 0x88 + 0x99 + 1 + 1 &&
	       flags & 1 && flags & 0x400 && red_zone == 0xbb && memcmp(after, vector, sizeof(after)) == 0;
}
#else
static int read_and_compare(void)
{
	return 0;
}
#endif

static void compare_registers(void)
{
	say(read_and_compare() ? "whole" : "not whole");
}

static void *pass_time(void *none)
{
	pause();
	return none;
}

static void serve_beside_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, pass_time, NULL);
	serve();
}

static void serve_behind_filter(void)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = { 1, &code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
	serve();
}

static void serve_traced(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	serve();
}

static void serve_hidden(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	serve();
}

static void call_in_a_storm(void)
{
	for (;;)
		getppid();
}

/* A set of poll(2) in memory that never answers. */
static void poll_what_hangs(void)
{
	int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC), uffd = ioctl(device, USERFAULTFD_IOC_NEW, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = {
		.range = { (uintptr_t)memory, 4096 }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) < 0 || ioctl(uffd, UFFDIO_REGISTER, &range) < 0)
		_exit(91);
	syscall(SYS_poll, memory, 1, -1);
}

static void close_on_exec(void)
{
	char byte;

	fcntl(0, F_SETFD, FD_CLOEXEC);
	if (read(0, &byte, 1) == 1)
		say(fcntl(0, F_GETFD) == FD_CLOEXEC && fcntl(1, F_GETFD) == 0 ? "kept" : "lost");
}

static void execute_without_place(void)
{
	fcntl(0, F_SETFD, FD_CLOEXEC);
	execl("/bin/sh", "sh", "-c", "if read -r line <&0; then echo open; else echo closed; fi", NULL);
}

static void list_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	const struct dirent *entry;
	char text[256] = "", byte;

	if (!list || read(0, &byte, 1) != 1)
		return;
	while ((entry = readdir(list))) {
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(list))
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ", entry->d_name);
	}
	say(text);
}

static void ask_for_peer(void)
{
	struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
	socklen_t length = sizeof(peer);
	struct stat status;

	if (fstat(0, &status) < 0 || !S_ISSOCK(status.st_mode) || isatty(0) || errno != ENOTTY)
		return;
	getpeername(0, (struct sockaddr *)&peer, &length);
	say(peer.ss_family == AF_INET ? "internet" : "placeholder");
}

static void write_at_once(int signal)
{
	(void)signal;
	say("x");
}

/* Leaves no number for another descriptor, and tells the test. */
static void lower_limit(int signal)
{
	const struct rlimit few = { 3, 3 };

	(void)signal;
	setrlimit(RLIMIT_NOFILE, &few);
	if (write(2, "", 1) < 0)
		_exit(92);
}

static void write_while_held(void)
{
	signal(SIGALRM, write_at_once);
	serve();
}

static void fill_up_while_held(void)
{
	signal(SIGALRM, lower_limit);
	serve();
}

static void serve_without_room(void)
{
	const struct rlimit few = { 3, 3 };
	int used;

	do
		used = open("/dev/null", O_RDONLY);
	while (used >= 0 && used < 2);
	setrlimit(RLIMIT_NOFILE, &few);
	serve();
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void end_at_once(void)
{
	_exit(3);
}

static const struct role {
	const char *name;
	void (*play)(void);
} roles[] = {
	{ "serve", serve },
	{ "signals", serve_through_signals },
	{ "interruptions", serve_through_interruptions },
	{ "registers", compare_registers },
	{ "thread", serve_beside_thread },
	{ "filter", serve_behind_filter },
	{ "traceme", serve_traced },
	{ "hidden", serve_hidden },
	{ "storm", call_in_a_storm },
	{ "hangs", poll_what_hangs },
	{ "cloexec", close_on_exec },
	{ "exec", execute_without_place },
	{ "descriptors", list_descriptors },
	{ "peer", ask_for_peer },
	{ "full", serve_without_room },
	{ "writes", write_while_held },
	{ "fills", fill_up_while_held },
	{ "waits", wait_for_ever },
	{ "ends", end_at_once },
};

/* Before Criterion's main, which would use the descriptors. */
__attribute__((constructor)) static void play_role(void)
{
	const char *name = getenv("HOLD_ROLE");

	for (size_t n = 0; name && n < sizeof(roles) / sizeof(*roles); n++) {
		if (strcmp(roles[n].name, name) == 0) {
			roles[n].play();
			_exit(0);
		}
	}
}

/* ---- what superd does ---- */

static struct plan *plan;
static int error_output = 2;            /* of the programs */

/* A program, and superd's part of it. */
struct held {
	pid_t pid;
	int ours;
	struct worker_process worker;
	struct hold_report report;
};

static void begin(void)
{
	set_up();
	if (!hold_is_supported())
		cr_skip_test("programs cannot be held on this machine");
	cr_assert_eq(chmod(folder, 0755), 0);
	for (int fd = 3; fd < 100; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
}

static void finish(void)
{
	plan_free(plan);
	plan = NULL;
	tear_down();
}

TestSuite(hold, .init = begin, .fini = finish, .timeout = 120);

#define PLAN(...) (plan_free(plan), plan = row_plan(__VA_ARGS__))

static void plan_role(const char *name, const char *more)
{
	char self[512];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	cr_assert_gt(length, 0);
	self[length] = '\0';
	PLAN("exec = \"%s\"\nenv = \"HOLD_ROLE=%s\"\n%s", self, name, more);
}

static bool wait_readable(int fd)
{
	struct pollfd ready = { fd, POLLIN, 0 };

	return poll(&ready, 1, HANG_MS) == 1;
}

static struct spawn_request start_with(int placeholder, bool is_held)
{
	int wanted[] = { placeholder, placeholder, error_output };
	struct spawn_request request = {
		.plan = plan, .wanted = wanted, .wanted_count = 3, .hold_channel = is_held ? placeholder : 0,
	};

	spawn_start(&request);
	cr_assert_gt(request.pid, 0, "%s: %s", stage_name(request.fault.stage), strerror(request.fault.error));
	request.wanted = NULL;
	return request;
}

/* Starts the plan, and hears what the worker says of it: false, if that says nothing. */
static bool hold_for(struct held *held, int64_t limit_ms)
{
	int theirs;
	struct spawn_request request;
	struct hold_request hold = { .places = { 0, 1 }, .place_count = 2, .limit_ms = limit_ms };

	cr_assert(hold_make_pair(&held->ours, &theirs));
	request = start_with(theirs, true);
	close(theirs);
	hold.program = held->pid = request.pid;
	cr_assert(hold_start(&held->worker, 0, held->ours, &hold), "%s", strerror(errno));
	cr_assert(wait_readable(held->worker.channel));
	if (read(request.report, &request.fault, sizeof(request.fault)) == (ssize_t)sizeof(request.fault))
		cr_assert_fail("%s: %s", stage_name(request.fault.stage), strerror(request.fault.error));
	close(request.report);
	if (!hold_hear(&held->worker, &held->report))
		return false;
	if (held->report.obstacle == HOLD_UNTRACEABLE && held->report.error == EPERM && geteuid() != 0)
		cr_skip_test("tracing is forbidden here");
	return true;
}

static struct held hold_program(void)
{
	struct held held;

	cr_assert(hold_for(&held, HANG_MS));
	cr_assert_eq(held.report.obstacle, HOLD_NONE, "%s: %s", hold_obstacle_text(held.report.obstacle),
		     strerror(held.report.error));
	return held;
}

static void expect_end(pid_t pid)
{
	int64_t until = clock_ms() + HANG_MS;
	pid_t got;

	do {
		got = waitpid(pid, NULL, WNOHANG);
		if (got == 0)
			poll(NULL, 0, 5);
	} while (got == 0 && clock_ms() < until);
	cr_expect_eq(got, pid, "process %ld goes on", (long)pid);
}

static void end_held(struct held *held)
{
	fd_close(&held->ours);
	expect_end(held->pid);
	expect_end(held->worker.pid);
	fd_close(&held->worker.channel);
}

/* A connection of the internet: [0] is the client. */
static void connect_client(int ends[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&at, &length), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(ends[0], (struct sockaddr *)&at, sizeof(at)), 0);
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	cr_assert_geq(ends[1], 0);
	close(listener);
}

static const char *read_answer(int client)
{
	static char text[4096];
	size_t length = 0;
	ssize_t got;

	while (wait_readable(client) && (got = read(client, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = '\0';
	return text;
}

/* Gives the program a client that says a line, and returns what that hears. */
static const char *serve_client(struct held *held)
{
	const char *answer;
	int ends[2];

	connect_client(ends);
	cr_assert_eq(write(ends[0], "hello\n", 6), 6);
	cr_expect_eq(hold_taken(held->ours), HOLD_WAITS);
	cr_assert(hold_give(held->ours, ends[1]));
	cr_assert(wait_readable(held->ours));
	cr_expect_eq(hold_taken(held->ours), HOLD_TAKEN);
	close(ends[1]);
	shutdown(ends[0], SHUT_WR);
	answer = read_answer(ends[0]);
	close(ends[0]);
	return answer;
}

static void expect_served(const char *name, const char *wanted)
{
	struct held held;

	plan_role(name, "");
	held = hold_program();
	cr_expect_str_eq(serve_client(&held), wanted, "%s", name);
	end_held(&held);
}

static void expect_obstacle(const char *name, enum hold_obstacle wanted, int64_t limit_ms)
{
	struct held held;

	plan_role(name, "");
	cr_assert(hold_for(&held, limit_ms));
	cr_expect_eq(held.report.obstacle, wanted, "%s: %s, %s", name, hold_obstacle_text(held.report.obstacle),
		     strerror(held.report.error));
	cr_expect_eq(held.report.call, -1);
	end_held(&held);
}

/* ---- programs that know nothing of it ---- */

static void write_script(const char *text, const char *interpreter)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/script", folder);
	file = fopen(path, "w");
	cr_assert(file);
	fprintf(file, "#!%s\n%s\n", interpreter, text);
	fclose(file);
	cr_assert_eq(chmod(path, 0755), 0);
}

static void expect_script_served(const char *interpreter, const char *text)
{
	char path[64];
	struct held held;

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(interpreter, " "), interpreter);
	if (access(path, X_OK) < 0)
		return;
	write_script(text, interpreter);
	PLAN("exec = %s/script", folder);
	cr_assert(hold_for(&held, HANG_MS));
	cr_expect_eq(held.report.obstacle, HOLD_NONE, "%s: %s", interpreter, hold_obstacle_text(held.report.obstacle));
	if (held.report.obstacle == HOLD_NONE) {
		fprintf(stderr, "%s is held at system call %ld\n", interpreter, held.report.call);
		cr_expect_str_eq(serve_client(&held), "got hello\n", "%s", interpreter);
	}
	end_held(&held);
}

Test(hold, scripts_are_held_until_their_client_comes)
{
	expect_script_served("/bin/sh", "read line; echo got $line");
	expect_script_served("/bin/dash", "read line; echo got $line");
	expect_script_served("/bin/bash", "read line; echo got $line");
	expect_script_served("/bin/busybox sh", "read line; echo got $line");
	expect_script_served("/usr/bin/perl", "print 'got ', scalar <STDIN>;");
	expect_script_served("/usr/bin/python3", "import sys\nsys.stdout.write('got ' + sys.stdin.readline())");
	expect_script_served("/usr/bin/ruby", "print 'got ', $stdin.gets");
}

Test(hold, a_shell_that_starts_programs_is_held_at_its_fork)
{
	struct held held;

	write_script("/bin/cat | /bin/cat", "/bin/sh");
	PLAN("exec = %s/script", folder);
	held = hold_program();
	cr_expect_str_eq(serve_client(&held), "hello\n");
	end_held(&held);
}

Test(hold, a_program_is_held_at_its_read)
{
	struct held held;

	PLAN("exec = /bin/cat");
	held = hold_program();
	cr_expect_str_eq(serve_client(&held), "hello\n");
	end_held(&held);
}

/* ---- what the program sees ---- */

Test(hold, registers_are_whole)
{
	expect_served("registers", "whole");
}

Test(hold, the_peer_is_the_client)
{
	expect_served("peer", "internet");
}

/* The program has handled two signals before its client comes. */
static void expect_served_after_signals(const char *name)
{
	struct held held;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	error_output = ends[1];
	plan_role(name, "");
	held = hold_program();
	close(ends[1]);
	error_output = 2;
	for (int n = 0; n < 2; n++) {
		char byte;

		cr_assert_eq(kill(held.pid, SIGALRM), 0);
		cr_assert(wait_readable(ends[0]));
		cr_assert_eq(read(ends[0], &byte, 1), 1);
	}
	cr_expect_str_eq(serve_client(&held), "served", "%s", name);
	close(ends[0]);
	end_held(&held);
}

Test(hold, signals_are_handled_meanwhile)
{
	expect_served_after_signals("signals");
	expect_served_after_signals("interruptions");
}

Test(hold, close_on_exec_is_kept)
{
	expect_served("cloexec", "kept");
}

Test(hold, an_exec_that_closes_the_connection_closes_the_real_one)
{
	struct held held;
	int ends[2];

	plan_role("exec", "");
	held = hold_program();
	cr_expect_eq(held.report.call, SYS_execve);
	connect_client(ends);
	cr_assert(hold_give(held.ours, ends[1]));
	cr_assert(wait_readable(held.ours));
	close(ends[1]);
	cr_expect_str_eq(read_answer(ends[0]), "closed\n");
	close(ends[0]);
	end_held(&held);
}

Test(hold, no_descriptor_is_left_over)
{
	char warm[256];
	int theirs, ends[2];
	struct spawn_request request;
	struct held held;

	plan_role("descriptors", "");
	held = hold_program();
	snprintf(warm, sizeof(warm), "%s", serve_client(&held));
	end_held(&held);
	connect_client(ends);
	theirs = ends[1];
	request = start_with(theirs, false);
	close(theirs);
	cr_assert_eq(write(ends[0], "hello\n", 6), 6);
	cr_expect_str_eq(warm, read_answer(ends[0]));
	close(ends[0]);
	expect_end(request.pid);
	cr_expect_str_eq(warm, "0 1 2 ");
}

Test(hold, nothing_traces_or_filters_it_later)
{
	char path[64], text[4096];
	struct held held;
	int fd;
	ssize_t got;

	plan_role("serve", "");
	held = hold_program();
	snprintf(path, sizeof(path), "/proc/%ld/status", (long)held.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	cr_expect(strstr(text, "TracerPid:\t0\n"));
	cr_expect(!strstr(text, "Seccomp:") || strstr(text, "Seccomp:\t0\n"));
	cr_expect(strstr(text, "SigBlk:\t0000000000000000\n"));
	end_held(&held);
}

/* ---- its end ---- */

Test(hold, superds_end_closed_is_a_client_that_left)
{
	struct held held;
	int status = -1;

	PLAN("exec = /bin/cat");
	held = hold_program();
	fd_close(&held.ours);
	cr_assert_eq(waitpid(held.pid, &status, 0), held.pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %x", (unsigned)status);
	held.pid = held.worker.pid;
	expect_end(held.pid);
}

Test(hold, a_signal_ends_it_as_ever)
{
	struct held held;
	int status = -1;

	plan_role("serve", "");
	held = hold_program();
	kill(held.pid, SIGTERM);
	cr_assert_eq(waitpid(held.pid, &status, 0), held.pid);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	cr_assert(wait_readable(held.ours));
	cr_expect_eq(hold_taken(held.ours), HOLD_NOT_TAKEN);
	cr_expect_not(hold_give(held.ours, 0));
	close(held.ours);
	expect_end(held.worker.pid);
}

Test(hold, a_client_that_was_not_taken_is_still_there)
{
	struct held held, next;
	int ends[2];

	plan_role("serve", "");
	held = hold_program();
	connect_client(ends);
	cr_assert_eq(kill(held.pid, SIGSTOP), 0);
	cr_assert_eq(waitpid(held.pid, NULL, WUNTRACED), held.pid);
	cr_assert(hold_give(held.ours, ends[1]));
	kill(held.pid, SIGKILL);
	cr_assert(wait_readable(held.ours));
	cr_expect_eq(hold_taken(held.ours), HOLD_NOT_TAKEN);
	end_held(&held);
	next = hold_program();
	cr_assert(hold_give(next.ours, ends[1]));
	close(ends[1]);
	cr_assert_eq(write(ends[0], "x", 1), 1);
	cr_expect_str_eq(read_answer(ends[0]), "served");
	close(ends[0]);
	end_held(&next);
}

/* As one that is killed between the calls of the hand-over. */
Test(hold, a_client_that_a_program_received_and_never_had_is_not_taken)
{
	int ours, theirs, ends[2], received = -1;
	size_t count = 1;
	char byte;

	cr_assert(hold_make_pair(&ours, &theirs));
	connect_client(ends);
	cr_assert(hold_give(ours, ends[1]));
	close(ends[1]);
	cr_assert_eq(fd_message_receive(theirs, &byte, 1, &received, &count, MSG_DONTWAIT), 1);
	cr_expect_eq(hold_taken(ours), HOLD_WAITS);
	close(received);
	close(theirs);
	cr_expect_eq(hold_taken(ours), HOLD_NOT_TAKEN);
	close(ours);
	close(ends[0]);
}

Test(hold, a_program_that_writes_while_it_is_held_is_noticed)
{
	struct held held;

	plan_role("writes", "");
	held = hold_program();
	cr_assert_eq(kill(held.pid, SIGALRM), 0);
	cr_assert(wait_readable(held.ours));
	cr_expect_eq(hold_taken(held.ours), HOLD_WROTE);
	end_held(&held);
}

/* Closing the last reference to a file of the program's could block, so superd leaves what it sends in the queue. */
Test(hold, a_descriptor_that_a_program_sends_is_not_received)
{
	int ours, theirs, ends[2];
	struct pollfd state;

	cr_assert(hold_make_pair(&ours, &theirs));
	scm_rights_allow(ours, true);   /* as before Linux 6.16 */
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	cr_assert(fd_message_send(theirs, "x", 1, &ends[1], 1, MSG_DONTWAIT), "%s", strerror(errno));
	close(ends[1]);
	cr_expect_eq(hold_taken(ours), HOLD_WROTE);
	state = (struct pollfd){ ends[0], POLLIN, 0 };
	cr_expect_eq(poll(&state, 1, 0), 0, "it was closed");
	close(ours);
	close(theirs);
	close(ends[0]);
}

Test(hold, a_program_that_cannot_receive_its_client_says_so)
{
	struct held held;
	int told[2], ends[2], status = -1;

	cr_assert_eq(pipe2(told, O_CLOEXEC), 0);
	error_output = told[1];
	plan_role("fills", "");
	held = hold_program();
	error_output = 2;
	cr_assert_eq(kill(held.pid, SIGALRM), 0);
	cr_assert(wait_readable(told[0]));
	connect_client(ends);
	cr_assert(hold_give(held.ours, ends[1]));
	cr_assert(wait_readable(held.ours));
	cr_expect_eq(hold_taken(held.ours), HOLD_WROTE);
	cr_assert_eq(waitpid(held.pid, &status, 0), held.pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 127);
	close(held.ours);
	expect_end(held.worker.pid);
	cr_assert_eq(write(ends[1], "still", 5), 5);
	close(ends[1]);
	cr_expect_str_eq(read_answer(ends[0]), "still");
	close(ends[0]);
	close(told[0]);
	close(told[1]);
}

Test(hold, a_child_that_is_not_wanted_any_more_ends_before_its_exec)
{
	int ours, theirs;
	struct spawn_request request;
	struct fault fault = { .stage = STAGE_NONE };

	cr_assert(hold_make_pair(&ours, &theirs));
	plan_role("serve", "");
	request = start_with(theirs, true);
	close(theirs);
	close(ours);
	cr_assert(wait_readable(request.report));
	cr_assert_eq(read(request.report, &fault, sizeof(fault)), (ssize_t)sizeof(fault));
	cr_expect_eq(fault.stage, STAGE_HOLD);
	cr_expect_eq(fault.error, ECANCELED);
	close(request.report);
	expect_end(request.pid);
}

/* ---- obstacles ---- */

Test(hold, programs_that_cannot_be_held_are_found_out)
{
	expect_obstacle("thread", HOLD_THREADS, HANG_MS);
	expect_obstacle("filter", HOLD_OWN_FILTER, HANG_MS);
	expect_obstacle("traceme", HOLD_OWN_FILTER, HANG_MS);
	expect_obstacle("hidden", HOLD_UNTRACEABLE, HANG_MS);
	expect_obstacle("full", HOLD_CALLS_REFUSED, HANG_MS);
	expect_obstacle("ends", HOLD_ENDED, HANG_MS);
}

Test(hold, programs_that_do_not_read_in_time_are_not_held)
{
	expect_obstacle("waits", HOLD_TOO_LATE, 200);
	expect_obstacle("storm", HOLD_TOO_LATE, 200);
}

Test(hold, memory_that_never_answers_holds_up_nobody)
{
	struct held held;

	plan_role("hangs", "");
	if (!hold_for(&held, 200))
		cr_expect_eq(errno, EPIPE);
	else if (held.report.obstacle != HOLD_ENDED)    /* userfaultfd may be missing */
		cr_expect_eq(held.report.call, SYS_poll);
	kill(held.pid, SIGKILL);
	end_held(&held);
}

Test(hold, a_setuid_program_is_not_held)
{
	char path[128], command[300];
	struct held held;

	if (geteuid() != 0)
		cr_skip_test("it takes root");
	snprintf(path, sizeof(path), "%s/cat", folder);
	snprintf(command, sizeof(command), "cp /bin/cat %s && chmod 4755 %s", path, path);
	cr_assert_eq(system(command), 0);
	PLAN("exec = %s\nuser = nobody", path);
	cr_assert(hold_for(&held, HANG_MS));
	cr_expect_eq(held.report.obstacle, HOLD_GAINS_PRIVILEGE);
	end_held(&held);
}

Test(hold, another_users_program_is_held)
{
	struct held held;

	if (geteuid() != 0)
		cr_skip_test("it takes root");
	PLAN("exec = /bin/cat\nuser = nobody\nno_new_privileges = yes");
	held = hold_program();
	cr_expect_str_eq(serve_client(&held), "hello\n");
	end_held(&held);
}

/* In a chroot(2) the kernel makes no user namespaces, and mounts cannot be private where / is no mount point. */
static bool may_be_sandboxed(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(geteuid() != 0 || unshare(CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
		      mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

Test(hold, a_sandboxed_program_is_held)
{
	struct held held;

	if (!may_be_sandboxed())
		cr_skip_test("it takes root, and namespaces of mounts and users");
	PLAN("exec = /bin/cat\nuser = nobody\nprotect_home = yes\nprotect_system = strict\nprivate_users = yes\n"
		"memory_deny_write_execute = yes");
	held = hold_program();
	cr_expect_str_eq(serve_client(&held), "hello\n");
	end_held(&held);
}

Test(hold, a_filter_of_the_service_holds_too)
{
	struct held held;

	PLAN("exec = /bin/cat\nsystem_call_filter = \"@system-service\"\nmemory_deny_write_execute = yes");
	held = hold_program();
	cr_expect_str_eq(serve_client(&held), "hello\n");
	end_held(&held);
	PLAN("exec = /bin/cat\nsystem_call_filter = \"~recvmsg\"");
	cr_assert(hold_for(&held, HANG_MS));
	cr_expect_eq(held.report.obstacle, HOLD_CALLS_REFUSED);
	end_held(&held);
}

Test(hold, a_32_bit_program_is_not_held)
{
	char command[400];
	struct held held;

	snprintf(command, sizeof(command),
		 "echo 'void _start(void){for(;;)__asm__ volatile(\"int $0x80\"::\"a\"(29));}' | "
		 "cc -m32 -nostdlib -static -fno-pie -no-pie -o %s/small -x c - 2>/dev/null", folder);
	if (system(command) != 0)
		cr_skip_test("no compiler for 32-bit programs");
	PLAN("exec = %s/small", folder);
	cr_assert(hold_for(&held, HANG_MS));
	cr_expect_eq(held.report.obstacle, HOLD_32_BIT, "%s", hold_obstacle_text(held.report.obstacle));
	end_held(&held);
}

/* A superd-hold that was taken over answers with an obstacle that there is not. */
Test(hold, an_obstacle_that_is_none_is_not_heard)
{
	struct hold_report report = { .obstacle = HOLD_OBSTACLES }, heard;
	struct worker_process worker = { .pid = -1 };
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	worker.channel = ends[0];
	cr_assert_eq(send(ends[1], &report, sizeof(report), 0), sizeof(report));
	cr_expect_not(hold_hear(&worker, &heard));
	cr_expect_eq(errno, EPIPE);
	report.obstacle = HOLD_THREADS;
	cr_assert_eq(send(ends[1], &report, sizeof(report), 0), sizeof(report));
	cr_expect(hold_hear(&worker, &heard));
	close(ends[0]);
	close(ends[1]);
}
