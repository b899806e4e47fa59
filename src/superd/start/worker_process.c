/* The processes beside the loop: their start, their channels, and which of superd's children they are. */
#include "superd/start/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/build_id.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "lib/hash.h"
#include "lib/scm_rights.h"
#include "lib/thread.h"
#include "os/foreign/fork_fds.h"
#include "os/foreign/fork_memory.h"
#include "os/fs/memory_file.h"
#include "os/host/program.h"
#include "os/host/self_sandbox.h"
#include "os/rights/capability.h"
#include "os/rights/own_privileges.h"
#include "os/rights/raw_syscall.h"

#define HANGS_AFTER 1.                  /* seconds after its SIGKILL */

static bool is_kept_fd(int fd, const int *kept, int count)
{
	for (int n = 0; n < count; n++) {
		if (kept[n] == fd)
			return true;
	}
	return false;
}

/* The workers that are not yet reaped. There are few, and other children need to be told from them only at superd's
 * end. */
struct noted_worker {
	pid_t pid;
	const char *name;               /* of its kind; NULL: unknown */
	uint64_t serial;
	uint64_t owner;                 /* of worker_process_start */
	double killed;                  /* clock_now() when superd killed it; 0: it has not */
	bool told;                      /* the log says that it hangs */
};

static struct {
	struct noted_worker *list;
	size_t count, room;
	uint64_t last;                  /* serial */
} workers;

static bool grow_workers(void)
{
	struct noted_worker *list = array_grow(workers.list, &workers.room, workers.count, sizeof(*list));

	if (list)
		workers.list = list;
	return list;
}

/* Without memory the worker is not recorded, and superd's end may wait for it as for any other child. */
void spawn_note_worker(pid_t pid, const char *name)
{
	if (pid <= 0 || !grow_workers())
		return;
	workers.list[workers.count++] = (struct noted_worker){ .pid = pid, .name = name, .serial = ++workers.last };
}

uint64_t worker_owner(const char *service)
{
	return hash_text(HASH_START, service);
}

/* One that does not hang has ended within a moment. */
static bool is_left(const struct noted_worker *worker, uint64_t owner, double seconds)
{
	return worker->owner == owner && worker->killed > 0 && clock_now() - worker->killed >= seconds;
}

static unsigned count_left(uint64_t owner, double seconds)
{
	unsigned count = 0;

	for (size_t n = 0; owner && n < workers.count; n++)
		count += is_left(&workers.list[n], owner, seconds);
	return count;
}

bool worker_owner_hangs(uint64_t owner)
{
	return count_left(owner, HANGS_AFTER) >= WORKERS_HANGING_MOST;
}

bool worker_tell_hanging(uint64_t owner)
{
	bool is_news = false;

	for (size_t n = 0; n < workers.count; n++) {
		if (!is_left(&workers.list[n], owner, HANGS_AFTER))
			continue;
		is_news |= !workers.list[n].told;
		workers.list[n].told = true;
	}
	return is_news;
}

static struct noted_worker *find_worker(pid_t pid)
{
	for (size_t n = 0; n < workers.count; n++) {
		if (workers.list[n].pid == pid)
			return &workers.list[n];
	}
	return NULL;
}

uint64_t spawn_worker_serial(pid_t pid)
{
	const struct noted_worker *worker = find_worker(pid);

	return worker ? worker->serial : 0;
}

const char *spawn_worker_name(pid_t pid)
{
	const struct noted_worker *worker = find_worker(pid);

	return worker ? worker->name : NULL;
}

static enum program program_of(const struct work_kind *kind)
{
	return kind->word ? PROGRAM_WORKER : PROGRAM_HOLD;
}

int spawn_program_of(pid_t pid)
{
	const char *name = spawn_worker_name(pid);

	for (int kind = 0; name && kind < WORKERS; kind++) {
		if (work_kinds[kind].name == name)
			return (int)program_of(&work_kinds[kind]);
	}
	return -1;
}

bool spawn_is_worker(pid_t pid)
{
	return spawn_worker_serial(pid) != 0;
}

void spawn_reaped(pid_t pid)
{
	for (size_t n = 0; n < workers.count; n++) {
		if (workers.list[n].pid == pid)
			workers.list[n--] = workers.list[--workers.count];
	}
}

/* Nobody may make the file smaller, which would kill who reads there. */
void *worker_memory_open(size_t size, int *file)
{
	void *memory = MAP_FAILED;

	*file = memory_open("superd-worker", true);
	if (*file >= 0 && ftruncate(*file, (off_t)size) == 0 &&
	    fcntl(*file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *file, 0);
	if (memory != MAP_FAILED && madvise(memory, size, MADV_DONTFORK) == 0)
		return memory;
	if (memory != MAP_FAILED)
		munmap(memory, size);
	fd_close(file);
	return NULL;
}

void worker_memory_free(void *memory, size_t size)
{
	if (memory)
		munmap(memory, size);
}

/* The process becomes the program, with its end of the channel as standard input, and no environment. The program
 * enters its sandbox itself, as a filter would forbid the exec. */
static _Noreturn void execute_program(const struct work_kind *kind, int program, int channel)
{
	char *const argv[] = {
		(char *)(uintptr_t)kind->name, (char *)(uintptr_t)build_word(), (char *)(uintptr_t)kind->word, NULL,
	};

	fork_fds_close_others(&program, 1, channel, -1);
	setsid();
	environ = NULL;
	if (channel == STDIN_FILENO ? fcntl(channel, F_SETFD, 0) == 0 : dup2(channel, STDIN_FILENO) == 0) {
		close(STDOUT_FILENO);
		close(STDERR_FILENO);
		raw_execute_own(program, argv);
	}
	_exit(WORKER_NOT_EXECUTED + errno);
}

/* Returns twice, as fork(2) does. All signals stay blocked in the new process, as superd's loop, which handles them,
 * does not run there. */
static pid_t fork_worker(const struct work_kind *kind, uint64_t owner)
{
	bool keeps_all = kind->follows_user && !capability_held(CAP_SYS_PTRACE);
	sigset_t before;
	pid_t pid;

	if (worker_owner_hangs(owner) || count_left(owner, 0) >= WORKERS_KILLED_MOST) {
		errno = EBUSY;
		return -1;
	}
	if (!grow_workers())
		return -1;              /* a worker that cannot be recorded must not start */
	thread_block_signals(&before);
	pid = fork();
	if (pid == 0) {
		own_privileges_drop_others(keeps_all ? UINT64_MAX : kind->capabilities);
		self_sandbox_begin();
		prctl(PR_SET_NAME, kind->name);
		return 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	spawn_note_worker(pid, kind->name);
	if (pid > 0)
		find_worker(pid)->owner = owner;
	return pid;
}

pid_t spawn_worker(const int *kept, int count, void (*work)(const void *with), const void *with)
{
	pid_t pid = fork_worker(&work_kinds[WORKER_CLOSE], 0);

	if (pid == 0) {
		fork_memory_unshare();
		for (int fd = 0; fd <= 2; fd++) {
			if (!is_kept_fd(fd, kept, count))
				close(fd);
		}
		fork_fds_close_others(kept, count, -1, -1);
		setsid();
		work(with);
		_exit(0);
	}
	return pid;
}

struct worker_process worker_process_start(enum worker_kind which, uint64_t owner)
{
	const struct work_kind *kind = &work_kinds[which];
	const struct own_program *program = program_known(program_of(kind));
	struct worker_process process = { .channel = -1, .pid = -1 };
	int ends[2];

	if (program->fd < 0) {
		errno = program->error;
		return process;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return process;
	process.pid = fork_worker(kind, owner);
	if (process.pid == 0)
		execute_program(kind, program->fd, ends[1]);
	fd_close(&ends[1]);
	if (process.pid < 0) {
		fd_close(&ends[0]);
		return process;
	}
	fd_set_nonblocking(ends[0], true);
	if (!kind->passes_fds)
		scm_rights_allow(ends[0], false);
	process.channel = fd_raise(ends[0], FD_HIGH);
	process.serial = spawn_worker_serial(process.pid);
	return process;
}

bool worker_process_ask(const struct worker_process *process, struct record *request, const int *fds, size_t count)
{
	int passed[FD_MESSAGE_MOST];
	bool sent = false;

	errno = ENOMEM;
	passed[0] = request->out.failed ? -1 : memory_file(request->out.data, request->out.length);
	buf_free(&request->out);
	for (size_t n = 0; n < count; n++)
		passed[n + 1] = fds[n];
	if (passed[0] >= 0)
		sent = fd_message_send(process->channel, "", 1, passed, count + 1, MSG_DONTWAIT);
	fd_close(&passed[0]);
	return sent;
}

bool worker_process_pass(const struct worker_process *process, const int *fds, size_t count)
{
	for (size_t n = 0; n < count; n += FD_MESSAGE_MOST) {
		size_t some = count - n < FD_MESSAGE_MOST ? count - n : FD_MESSAGE_MOST;

		if (!fd_message_send(process->channel, "", 1, fds + n, some, MSG_DONTWAIT))
			return false;
	}
	return true;
}

struct worker_process worker_process_begin(enum worker_kind kind, uint64_t owner, struct record *request,
					   const int *fds, size_t count)
{
	struct worker_process process = worker_process_start(kind, owner);
	int error;

	if (process.channel >= 0 && !worker_process_ask(&process, request, fds, count)) {
		error = errno;
		worker_process_end(&process);
		errno = error;
	}
	buf_free(&request->out);
	return process;
}

bool worker_process_runs(const struct worker_process *process)
{
	return process->serial && spawn_worker_serial(process->pid) == process->serial;
}

void worker_process_charge(const struct worker_process *process, uint64_t owner)
{
	if (worker_process_runs(process))
		find_worker(process->pid)->owner = owner;
}

void worker_process_end(struct worker_process *process)
{
	if (worker_process_runs(process)) {
		kill(process->pid, SIGKILL);
		if (!find_worker(process->pid)->killed)
			find_worker(process->pid)->killed = clock_now();
	}
	fd_close(&process->channel);
}

void worker_process_refuse(const struct worker_process *process, const struct answer_form *form, const char *flaw)
{
	answer_note_fault(form, flaw, process->pid);
	if (worker_process_runs(process))
		kill(process->pid, SIGKILL);
}

ssize_t worker_process_hear(const struct worker_process *process, const struct answer_form *form, void *answer,
			    int *fds, size_t *fd_count)
{
	size_t count = form->fds;
	const char *flaw;
	ssize_t got;

	do
		got = fd_message_receive(process->channel, answer, form->size + form->more, fds, &count,
					 MSG_DONTWAIT | MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	if (fd_count)
		*fd_count = count;
	if (got <= 0)
		return got < 0 && errno == EAGAIN ? -1 : 0;
	flaw = answer_flaw(form, answer, (size_t)got);
	if (flaw)
		worker_process_refuse(process, form, flaw);
	return flaw ? 0 : got;
}
