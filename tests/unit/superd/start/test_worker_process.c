/* Processes beside the loop: their channel, what of superd they keep, and which of its children they are. */
#include "tests/unit/as_nobody.h"

#include <dirent.h>
#include <poll.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "lib/fd.h"
#include "lib/fd_message.h"
#include "os/foreign/fork_memory.h"
#include "os/foreign/fork_with_timeout.h"
#include "os/host/program.h"
#include "os/host/self_sandbox.h"
#include "os/rights/capability.h"
#include "os/rights/required_caps.h"
#include "superd/stop/client_look.h"
#include "superd/start/worker_process.h"
#include "tests/unit/hang.h"
#include "tests/unit/own_clock.h"

static void open_programs(void)
{
	program_known(PROGRAM_WORKER);
}

TestSuite(worker_process, .init = open_programs, .timeout = 120);

/* A copy of superd, with one of the test's pipes. */
static pid_t start_copy(void (*work)(const void *with), const void *with, const int *kept)
{
	return spawn_worker(kept, kept ? 1 : 0, work, with);
}

static int hear_byte(int channel)
{
	struct pollfd ready = { channel, POLLIN, 0 };
	unsigned char byte;

	return poll(&ready, 1, HANG_MS) == 1 && recv(channel, &byte, 1, 0) == 1 ? byte : -1;
}

/* superd-close answers each message that has no descriptor. */
static bool answers(const struct worker_process *process)
{
	return send(process->channel, "", 1, MSG_NOSIGNAL) == 1 && hear_byte(process->channel) == 1;
}

static struct worker_process start_closer(void)
{
	struct worker_process process = worker_process_start(WORKER_CLOSE, 0);

	cr_assert_geq(process.channel, 0);
	cr_assert_gt(process.pid, 0);
	return process;
}

/* Returns how it ended. */
static int reap(const struct worker_process *process)
{
	int status = -1;

	cr_assert_eq(waitpid(process->pid, &status, 0), process->pid);
	spawn_reaped(process->pid);
	cr_expect_not(worker_process_runs(process));
	return status;
}

static size_t count_open(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

Test(worker_process, answers_by_its_channel_and_ends_with_it)
{
	size_t before = count_open();
	struct worker_process process = start_closer();
	char byte;

	cr_expect(worker_process_runs(&process));
	cr_expect_geq(process.channel, FD_HIGH);
	cr_expect(fcntl(process.channel, F_GETFD) & FD_CLOEXEC);
	cr_expect_eq(count_open(), before + 1);
	cr_expect_lt(recv(process.channel, &byte, 1, 0), 0, "it does not block");
	cr_expect_eq(errno, EAGAIN);
	cr_expect(answers(&process));
	fd_close(&process.channel);
	cr_expect_eq(reap(&process), 0, "it has no copy of superd's end");
}

/* Reports which of the descriptors 0 to 2 are open, by the one that it keeps. */
static void report_descriptors(const void *with)
{
	const int *kept = with;
	char found = 8;

	for (int fd = 0; fd <= 2; fd++)
		found = (char)(found | (fcntl(fd, F_GETFD) >= 0 ? 1 << fd : 0));
	if (write(*kept, &found, 1) == 1)
		pause();
}

static void end_copy(pid_t pid)
{
	kill(pid, SIGKILL);
	cr_expect_eq(waitpid(pid, NULL, 0), pid);
	spawn_reaped(pid);
}

Test(worker_process, that_is_a_copy_has_no_descriptors_but_its_own)
{
	struct pollfd end = { .events = POLLIN };
	int other[2], kept[2];
	char byte = 0;
	pid_t pid;

	cr_assert_eq(pipe2(other, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(kept, O_CLOEXEC), 0);
	pid = start_copy(report_descriptors, &kept[1], &kept[1]);
	cr_assert_gt(pid, 0);
	cr_expect_eq(read(kept[0], &byte, 1), 1);
	cr_expect_eq(byte, 8);
	close(other[1]);
	end.fd = other[0];
	cr_assert_eq(poll(&end, 1, HANG_MS), 1);
	cr_expect_eq(read(other[0], &byte, 1), 0);
	end_copy(pid);
}

/* superd may have been started without them. */
Test(worker_process, keeps_a_channel_that_is_a_standard_stream)
{
	int saved[2] = { dup(STDIN_FILENO), dup(STDOUT_FILENO) };
	struct worker_process process;

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	process = worker_process_start(WORKER_CLOSE, 0);
	dup2(saved[0], STDIN_FILENO);
	dup2(saved[1], STDOUT_FILENO);
	cr_assert_geq(process.channel, 0);
	cr_expect(answers(&process));
	fd_close(&process.channel);
	cr_expect_eq(reap(&process), 0);
}

/* What superd shares with its guard: true if it can be read. It is changed, which must stay unseen. */
static bool read_and_change(char *shared)
{
	bool same = !strcmp(shared, "superd's");

	strcpy(shared, "changed");
	return same;
}

static char *shared_memory;

static void change_shared(const void *with)
{
	const int *kept = with;
	char found = (char)read_and_change(shared_memory);

	if (write(*kept, &found, 1) == 1)
		pause();
}

static int change_in_time(const void *with, struct buf *why, struct buf *warnings)
{
	char *const *shared = with;

	(void)why, (void)warnings;
	errno = read_and_change(*shared) ? EDOM : EINVAL;
	return -1;
}

Test(worker_process, has_a_copy_of_what_superd_shares_with_its_guard)
{
	char *shared = mmap(NULL, 5000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), found = 0;
	struct buf why = { 0 }, warnings = { 0 };
	int kept[2];
	pid_t pid;

	cr_assert_neq(shared, MAP_FAILED);
	cr_assert_eq(pipe2(kept, O_CLOEXEC), 0);
	shared_memory = shared;
	strcpy(shared, "superd's");
	fork_memory_note(shared, 5000);
	pid = start_copy(change_shared, &kept[1], &kept[1]);
	cr_assert_gt(pid, 0);
	cr_expect_eq(read(kept[0], &found, 1), 1);
	cr_expect_eq(found, 1);
	cr_expect_str_eq(shared, "superd's");
	end_copy(pid);
	cr_expect_eq(fork_with_timeout(change_in_time, &shared, -1, HANG_MS, &why, &warnings), -1);
	cr_expect_eq(errno, EDOM);
	cr_expect_str_eq(shared, "superd's");
	fork_memory_note(NULL, 0);
	munmap(shared, 5000);
}

/* Answers in place of what called it, by the only socket that it has. */
static int answer_falsely(const void *with, struct buf *why, struct buf *warnings)
{
	static const int fault[] = { -1, -1, 0, 0, 0, 0 };
	int type;
	socklen_t size = sizeof(type);

	(void)with, (void)why, (void)warnings;
	for (int fd = 3; fd < 1024; fd++) {
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET)
			fd_message_send(fd, fault, *(const size_t *)with, &fd, 1, 0);
	}
	return -1;
}

Test(worker_process, with_a_time_limit_has_bounds_for_its_answer)
{
	const size_t sizes[] = { 5, 6 * sizeof(int) };
	struct buf why = { 0 }, warnings = { 0 };
	struct answer_fault fault;
	size_t before = count_open();

	for (size_t n = 0; n < 2; n++) {
		cr_expect_eq(fork_with_timeout(answer_falsely, &sizes[n], -1, HANG_MS, &why, &warnings), -1);
		cr_expect_eq(errno, EPROTO);
		cr_assert(answer_take_fault(&fault));
		cr_expect_str_eq(fault.flaw, n ? "error" : "length");
		cr_expect_eq(count_open(), before, "a descriptor was lost");
	}
}

static pid_t *program;

/* Starts a program, and waits for its end. */
static int run_program(const void *with, struct buf *why, struct buf *warnings)
{
	pid_t pid = fork();

	(void)with, (void)why, (void)warnings;
	while (pid == 0)                        /* somebody may continue it */
		raise(SIGSTOP);
	*program = pid;
	for (;;)                                /* the test itself waits for it */
		pause();
	return -1;
}

/* Its user may have stopped it. */
Test(worker_process, with_a_time_limit_takes_its_program_along)
{
	struct buf why = { 0 }, warnings = { 0 };
	int status = SIGKILL;

	program = mmap(NULL, sizeof(*program), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(program, MAP_FAILED);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	while (!*program) {                     /* which a slow machine has not started in time */
		cr_expect_eq(fork_with_timeout(run_program, NULL, -1, 500, &why, &warnings), -1);
		cr_expect_eq(errno, ETIMEDOUT);
	}
	while (waitpid(*program, &status, 0) < 0 && kill(*program, 0) == 0)
		;                               /* until it is gone: the process aside may have waited for it */
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* The answer of one byte is shorter than the form. */
Test(worker_process, is_killed_for_a_wrong_answer)
{
	static const struct answer_form form = { .process = "closer", .size = 2 };
	struct worker_process process = start_closer();
	struct pollfd ready = { process.channel, POLLIN, 0 };
	struct answer_fault fault;
	char answer[2];

	cr_expect_eq(worker_process_hear(&process, &form, answer, NULL, NULL), -1);
	cr_assert_eq(send(process.channel, "y", 1, MSG_NOSIGNAL), 1);
	cr_assert_eq(poll(&ready, 1, HANG_MS), 1);
	cr_expect_eq(worker_process_hear(&process, &form, answer, NULL, NULL), 0);
	cr_expect(WIFSIGNALED(reap(&process)));
	cr_assert(answer_take_fault(&fault));
	cr_expect_eq(fault.pid, process.pid);
	cr_expect_str_eq(fault.process, "closer");
	close(process.channel);
}

static char *shared_with_one;

static void write_to_memory(const void *with)
{
	(void)with;
	strcpy(shared_with_one, "another's");
}

/* What one service's worker reports must not be another's to write. */
Test(worker_process, has_no_memory_of_another)
{
	size_t before = count_open();
	int status, file;
	pid_t pid;

	shared_with_one = worker_memory_open(5000, &file);
	cr_assert_not_null(shared_with_one);
	pid = start_copy(write_to_memory, NULL, NULL);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	spawn_reaped(pid);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	cr_expect_str_eq(shared_with_one, "");
	cr_expect_eq(pwrite(file, "worker's", 9, 0), 9);
	cr_expect_str_eq(shared_with_one, "worker's");
	cr_expect_lt(ftruncate(file, 0), 0, "superd would end by SIGBUS");
	worker_memory_free(shared_with_one, 5000);
	close(file);
	cr_expect_eq(count_open(), before);
}

Test(worker_process, is_ended_unless_another_has_its_pid)
{
	struct worker_process process = start_closer(), other = start_closer();
	struct worker_process stale = { .channel = -1, .pid = other.pid, .serial = process.serial };
	int status;

	worker_process_end(&process);
	cr_expect_eq(process.channel, -1);
	status = reap(&process);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	worker_process_end(&process);
	worker_process_end(&stale);
	cr_expect(answers(&other));
	worker_process_end(&other);
	reap(&other);
}

/* The test has not reaped them: they are as if they hung in the kernel. */
Test(worker_process, of_an_owner_no_more_are_started_than_may_hang)
{
	const uint64_t of_one = worker_owner("one"), of_another = worker_owner("another");
	struct worker_process hanging[WORKERS_HANGING_MOST], process;
	size_t before = count_open();

	for (size_t n = 0; n < WORKERS_HANGING_MOST; n++) {
		hanging[n] = worker_process_start(WORKER_CLOSE, of_one);
		cr_assert_geq(hanging[n].channel, 0);
		worker_process_end(&hanging[n]);
	}
	process = worker_process_start(WORKER_CLOSE, of_one);
	cr_assert_geq(process.channel, 0, "the others may end at any moment");
	own_clock_advance(1);
	cr_expect(answers(&process), "it has not been ended");
	worker_process_end(&process);
	reap(&process);
	process = worker_process_start(WORKER_CLOSE, of_one);
	cr_expect_eq(errno, EBUSY);
	cr_expect_lt(process.channel, 0);
	cr_expect_eq(count_open(), before);
	process = worker_process_start(WORKER_CLOSE, of_another);
	cr_expect(answers(&process));
	worker_process_end(&process);
	reap(&process);
	reap(&hanging[0]);
	process = worker_process_start(WORKER_CLOSE, of_one);
	cr_expect(answers(&process));
	worker_process_end(&process);
	reap(&process);
	for (size_t n = 1; n < WORKERS_HANGING_MOST; n++)
		reap(&hanging[n]);
}

/* However fast an owner lets them be ended. */
Test(worker_process, of_an_owner_only_so_many_are_started_while_none_is_reaped)
{
	const uint64_t of_one = worker_owner("one");
	struct worker_process ended[WORKERS_KILLED_MOST], process;

	for (size_t n = 0; n < WORKERS_KILLED_MOST; n++) {
		ended[n] = worker_process_start(WORKER_CLOSE, of_one);
		cr_assert_geq(ended[n].channel, 0);
		worker_process_end(&ended[n]);
	}
	process = worker_process_start(WORKER_CLOSE, of_one);
	cr_expect_eq(errno, EBUSY);
	cr_expect_lt(process.channel, 0);
	reap(&ended[0]);
	process = worker_process_start(WORKER_CLOSE, of_one);
	cr_expect(answers(&process));
	worker_process_end(&process);
	reap(&process);
	for (size_t n = 1; n < WORKERS_KILLED_MOST; n++)
		reap(&ended[n]);
}

/* Whether a start fails with this errno and leaves nothing. */
static bool fails_with(int error)
{
	size_t before = count_open();
	struct worker_process process = worker_process_start(WORKER_CLOSE, 0);
	bool failed = errno == error && process.channel == -1 && !worker_process_runs(&process);

	worker_process_end(&process);
	return failed && count_open() == before;
}

Test(worker_process, cannot_start_without_descriptors)
{
	struct rlimit before, none;
	bool failed;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	failed = fails_with(EMFILE);
	setrlimit(RLIMIT_NOFILE, &before);
	cr_expect(failed);
}

static bool fails_without_processes(void)
{
	struct rlimit before, none;
	bool failed;

	if (getrlimit(RLIMIT_NPROC, &before) < 0)
		return false;
	none = (struct rlimit){ 0, before.rlim_max };
	if (setrlimit(RLIMIT_NPROC, &none) < 0)
		return false;
	failed = fails_with(EAGAIN);
	return setrlimit(RLIMIT_NPROC, &before) == 0 && failed;
}

/* The limit does not bind root. */
Test(worker_process, cannot_start_without_processes)
{
	as_nobody(fails_without_processes);
}

static void do_nothing(const void *with)
{
	(void)with;
}

static uint64_t start_aside(void)
{
	pid_t pid = start_copy(do_nothing, NULL, NULL);
	uint64_t serial = spawn_worker_serial(pid);

	cr_assert_gt(pid, 0);
	cr_expect_neq(serial, 0);
	cr_expect(spawn_is_worker(pid));
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	spawn_reaped(pid);
	cr_expect_not(spawn_is_worker(pid));
	cr_expect_eq(spawn_worker_serial(pid), 0);
	return serial;
}

/* So that one is not taken for another that has its pid by now. */
Test(worker_process, each_process_aside_has_a_number_of_its_own)
{
	uint64_t first = start_aside();

	cr_expect_neq(start_aside(), first);
}

/* A field of its /proc/PID/status; "" if there is none. */
static const char *status_field(pid_t pid, const char *name, char value[64])
{
	char path[64], line[256], word[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	*value = '\0';
	file = fopen(path, "re");
	while (file && !*value && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63[^:]: %63s", word, value) != 2 || strcmp(word, name) != 0)
			*value = '\0';
	}
	if (file)
		fclose(file);
	return value;
}

Test(worker_process, is_confined_before_its_work_begins)
{
	struct worker_process process = start_closer();
	char value[64];

	cr_assert(answers(&process));
	cr_expect_str_eq(status_field(process.pid, "NoNewPrivs", value), "1");
	cr_expect_str_eq(status_field(process.pid, "CapPrm", value), "0000000000000000");
	cr_expect_str_eq(status_field(process.pid, "CapEff", value), "0000000000000000");
#ifndef SANITIZED
	if (self_sandbox_can_filter())
		cr_expect_str_eq(status_field(process.pid, "Seccomp", value), "2");
#endif
	worker_process_end(&process);
	reap(&process);
}

/* superd-worker, once it is in its sandbox and waits for a request. */
static struct worker_process start_program(enum worker_kind kind)
{
	struct worker_process process = worker_process_start(kind, 0);
	char name[64], state[64];

	cr_assert_geq(process.channel, 0, "%s", strerror(errno));
	while (strcmp(status_field(process.pid, "Name", name), "superd-count") != 0 ||
	       strcmp(status_field(process.pid, "State", state), "S") != 0) {
		cr_assert(*name && strcmp(state, "Z") != 0, "it has ended: %s", state);
		poll(NULL, 0, 1);
	}
	return process;
}

/* What /proc/PID has in this file or folder: bytes, or entries. -1: this user may not look. */
static int count_in_proc(pid_t pid, const char *what)
{
	char path[64], bytes[64];
	int count = 0, file;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, what);
	folder = opendir(path);
	if (folder) {
		for (struct dirent *entry; (entry = readdir(folder));)
			count += *entry->d_name != '.';
		closedir(folder);
		return count;
	}
	file = open(path, O_RDONLY | O_CLOEXEC);
	count = file < 0 ? -1 : (int)read(file, bytes, sizeof(bytes));
	fd_close(&file);
	return count;
}

Test(worker_process, that_is_a_program_has_its_channel_and_nothing_else_of_superds)
{
	struct worker_process process;
	char value[64], looks[64];
	int found;

	setenv("SECRET", "of superd", 1);
	process = start_program(WORKER_COUNT);
	cr_expect_str_eq(status_field(process.pid, "NoNewPrivs", value), "1");
	cr_expect_str_eq(status_field(process.pid, "CapPrm", value), "0000000000000000");
	found = count_in_proc(process.pid, "fd");
	cr_expect(found == 1 || (found < 0 && geteuid() != 0), "%d descriptors", found);
	found = count_in_proc(process.pid, "environ");
	cr_expect(found == 0 || (found < 0 && geteuid() != 0), "%d bytes of its environment", found);
#ifndef SANITIZED
	if (self_sandbox_can_filter())
		cr_expect_str_eq(status_field(process.pid, "Seccomp", value), "2");
#endif
	fd_close(&process.channel);
	cr_expect_eq(reap(&process), 0, "it ends with the channel");
	process = start_program(WORKER_COUNT_OWN);
	snprintf(looks, sizeof(looks), "%016llx", geteuid() == 0 ? (unsigned long long)CAPS_TO_LOOK : 0);
	if (geteuid() != 0 || capability_held(CAP_SYS_PTRACE))
		cr_expect_str_eq(status_field(process.pid, "CapPrm", value), looks);
	worker_process_end(&process);
	reap(&process);
}

static void begin_with_nothing(void)
{
	struct record request = { 0 };
	struct worker_process process;
	struct rlimit before, none;

	buf_text(&request.out, "no request");
	process = worker_process_begin(WORKER_COUNT, 0, &request, NULL, 0);
	cr_assert_geq(process.channel, 0, "%s", strerror(errno));
	cr_expect_null(request.out.data, "the text is freed");
	cr_expect_eq(hear_byte(process.channel), -1, "it ends without an answer");
	fd_close(&process.channel);
	cr_expect_eq(reap(&process), 0);
	request.out.failed = true;
	process = worker_process_begin(WORKER_COUNT, 0, &request, NULL, 0);
	cr_expect_eq(process.channel, -1);
	cr_expect_eq(errno, ENOMEM);
	reap(&process);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	request = (struct record){ 0 };
	buf_text(&request.out, "no request");
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	process = worker_process_begin(WORKER_COUNT, 0, &request, NULL, 0);
	setrlimit(RLIMIT_NOFILE, &before);
	cr_expect_eq(process.channel, -1);
	cr_expect_eq(process.pid, -1);
}

Test(worker_process, that_is_a_program_begins_with_its_request)
{
	size_t before;

	begin_with_nothing();           /* opens superd's own programs */
	before = count_open();
	begin_with_nothing();
	cr_expect_eq(count_open(), before);
}

/* Where it may not look at the processes, there may be clients that it does not see. */
static bool count_of_others_is_unknown(void)
{
	const pid_t pid = 1;
	const struct client_count_request request = { .pids = &pid, .pid_count = 1 };
	struct worker_process process = client_count_begin(&request, 0);
	struct pollfd ready = { process.channel, POLLIN, 0 };
	struct client_count_answer answer = { .known = true };

	if (process.channel < 0 || poll(&ready, 1, HANG_MS) != 1 || spawn_program_of(process.pid) != PROGRAM_WORKER)
		return false;
	client_count_hear(&process, &answer);
	return waitpid(process.pid, NULL, 0) == process.pid && !answer.known;
}

Test(worker_process, that_counts_tells_where_it_may_not_look)
{
	as_nobody(count_of_others_is_unknown);
}
