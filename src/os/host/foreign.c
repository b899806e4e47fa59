/* Work on paths through other users' folders, done by a separate process with the folder owner's rights.
 *
 * With the rights of the first such folder's owner superd reaches nothing that the owner could not reach anyway. */
#include "os/host/host.h"

#include <sys/syscall.h>

/* The guard's page. */

static struct {
	void *memory;                   /* NULL: there is none */
	size_t length;
} shared;

void fork_memory_note(void *memory, size_t length)
{
	shared.memory = memory;
	shared.length = length;
}

/* musl's munmap waits for a lock that another thread may have held during the fork. */
void fork_memory_unshare(void)
{
	if (shared.memory)
		syscall(SYS_munmap, shared.memory, shared.length);
}

/* Descriptors of a forked child: the pipe by which it reports, and closing all others.
 *
 * Listing /proc/self/fd would allocate memory. So the child closes the gaps between the descriptors that it keeps. */

bool fork_fds_open_report(int ends[2], int least)
{
	if (fd_pipe(ends) < 0)
		return false;
	ends[1] = fd_raise(ends[1], least);
	if (ends[1] >= least)
		return true;
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	errno = EMFILE;
	return false;
}

bool waitpid_timeout(pid_t pid, int milliseconds, int *status)
{
	const struct timespec moment = { .tv_nsec = 100000 };
	pid_t ended;

	for (int n = 0; (ended = waitpid(pid, status, WNOHANG)) == 0 && n < 10 * milliseconds; n++)
		nanosleep(&moment, NULL);
	return ended == pid;
}

/* The lower of `next` and this descriptor, unless that is below `from`. */
static unsigned lower_of(unsigned next, int fd, unsigned from)
{
	return fd >= 0 && (unsigned)fd >= from && (unsigned)fd < next ? (unsigned)fd : next;
}

void fork_fds_close_others(const int *kept, int count, int also, int file)
{
	unsigned from = 3, next;

	for (;; from = next + 1) {
		next = lower_of(lower_of(UINT_MAX, also, from), file, from);
		for (int n = 0; n < count; n++)
			next = lower_of(next, kept[n], from);
		if (next == UINT_MAX)
			break;
		fd_close_range(from, next - 1);
	}
	fd_close_range(from, UINT_MAX);
}

/* Runs work that may block in a forked process, for a limited time.
 *
 * A process inside some system calls does not die even of SIGKILL, so superd does not wait for its end. The loop reaps
 * it later. */

#define ERRNO_MOST 4095                 /* MAX_ERRNO of the kernel */

/* The message from the forked process. Only the used part of text is sent. */
struct timed_result {
	int result, error;              /* the work's descriptor or -1; its errno */
	char text[WORK_TEXT_MOST];      /* the reason */
};

/* Closing a socket or a FIFO never blocks, whatever file system its node is on. */
static bool closes_at_once(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode));
}

/* Sends what the work returns, with errno. */
static _Noreturn void answer(int to, int result, struct buf *why)
{
	static struct timed_result message;

	message.result = result;
	message.error = errno;
	if (result >= 0 && !closes_at_once(result)) {
		message.result = -1;
		message.error = EINVAL;
	}
	if (why->length > WORK_TEXT_MOST) {
		buf_clear(why);
		message.error = EFBIG;
	}
	memcpy(message.text, buf_string(why), why->length);
	_exit(!fd_message_send(to, &message, offsetof(struct timed_result, text) + why->length, &message.result,
			       message.result >= 0, 0));
}

/* Receives the work's descriptor, if it may have one; -1 and errno. A process that has met another user's file may
 * answer anything. */
static int receive_result(int from, pid_t pid, bool passes_fd, struct buf *why)
{
	const size_t head = offsetof(struct timed_result, text);
	struct timed_result *message = malloc(sizeof(*message));
	int fd = -1, error = ENOMEM;
	size_t count = passes_fd;
	ssize_t got = message ? fd_message_receive(from, message, sizeof(*message), &fd, &count,
						   MSG_DONTWAIT | MSG_TRUNC)
			      : 0;

	if (got >= (ssize_t)head && (size_t)got <= sizeof(*message) && message->error >= 0 &&
	    message->error <= ERRNO_MOST) {
		if ((size_t)got > head) /* without a reason the caller has nothing to free */
			buf_add(why, message->text, (size_t)got - head);
		error = message->error;
	} else if (message) {
		if (got > 0)
			kill(pid, SIGKILL);
		fd_close(&fd);
		error = EPROTO;
	}
	free(message);
	errno = error;
	return fd;
}

#define NOBODY 65534                    /* nobody, and nogroup */
#define TIMEOUT 1000                    /* milliseconds until work is given up */
#define RETRY_PAUSE 20                  /* seconds for which work on a path fails at once after a timeout */
#define TIMEOUTS_MOST 64

/* Paths whose work timed out lately, as a hash table without chains: a newer path replaces an older one. The lock is
 * for the configuration loader's thread. */
static struct { uint64_t path; double until; } timeouts[TIMEOUTS_MOST];
static pthread_mutex_t timeouts_lock = PTHREAD_MUTEX_INITIALIZER;

static bool timed_out_lately(uint64_t path)
{
	bool was;

	pthread_mutex_lock(&timeouts_lock);
	was = timeouts[path % TIMEOUTS_MOST].path == path && clock_now() < timeouts[path % TIMEOUTS_MOST].until;
	pthread_mutex_unlock(&timeouts_lock);
	return was;
}

void foreign_give_up(const char *path)
{
	uint64_t hash = hash_text(HASH_START, path);

	pthread_mutex_lock(&timeouts_lock);
	timeouts[hash % TIMEOUTS_MOST].path = hash;
	timeouts[hash % TIMEOUTS_MOST].until = clock_now() + RETRY_PAUSE;
	pthread_mutex_unlock(&timeouts_lock);
}

int foreign_fork(const char *path, foreign_work *work, const void *with, int kept, bool passes_fd, struct buf *why)
{
	int ends[2], result = -1, error;
	sigset_t before;
	pid_t pid;

	errno = ETIMEDOUT;
	if (timed_out_lately(hash_text(HASH_START, path)) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	if (!passes_fd)
		scm_rights_allow(ends[0], false);
	thread_block_signals(&before);  /* the handlers belong to superd's loop */
	pid = fork();
	if (pid == 0) {
		struct buf told = { 0 };

		fork_memory_unshare();
		fork_fds_close_others(&kept, 1, ends[1], -1);
		setsid();
		answer(ends[1], work(with, &told), &told);
	}
	error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	fd_close(&ends[1]);
	if (pid > 0 && fd_wait(ends[0], TIMEOUT)) {
		result = receive_result(ends[0], pid, passes_fd, why);
		error = errno;
	} else if (pid > 0) {
		kill(pid, SIGKILL);
		foreign_give_up(path);
		error = ETIMEDOUT;
	}
	fd_close(&ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, WNOHANG);
	errno = error;
	return result;
}

/* A service that runs as superd's user has none that could lead a path elsewhere. */
static const struct account *switching(const struct account *account)
{
	return account && account->switches ? account : NULL;
}

bool path_is_foreign(const char *path, struct path_finding *finding)
{
	return *path == '/' && !path_folder_is_trusted(path, PATH_OPEN_FLAWS, finding) &&
	       !(finding->flaw == PATH_GROUP && finding->is_last);
}

bool path_leads_to_foreign(const char *path, struct path_finding *finding)
{
	return *path == '/' && !path_is_trusted(path, PATH_OPEN_FLAWS, finding);
}

const struct account *foreign_actor(const struct path_finding *finding, uid_t uid, const struct account *known,
				    struct account *account)
{
	known = switching(known);
	if (finding->flaw == PATH_GROUP && known)
		uid = known->uid;       /* if that user is in the group */
	else if (finding->flaw == PATH_OWNER || finding->flaw == PATH_REMOTE || !path_uid_is_own(finding->owner))
		uid = finding->owner;
	else
		uid = uid ? uid : NOBODY;
	*account = act_as_whom(uid, known);
	return geteuid() == 0 && uid != 0 ? account : NULL;
}

/* Takes on a user's identity for a while. Source: capabilities(7), "Effect of user ID changes".
 *
 * If superd is not root but has capabilities, they survive a change of the user, so they are lowered explicitly. */

#define GROUPS_MOST 65536               /* NGROUPS_MAX */

static gid_t groups[GROUPS_MOST];       /* used in forked processes only: superd itself never touches these pages */

/* Where nogroup has no number, as in a container of 1,000 users, nobody becomes another user. */
struct account act_as_whom(uid_t user, const struct account *known)
{
	if (known && (known->uid == user || !id_map_has_uids(user, 1)))
		return *known;
	return (struct account){ .uid = user, .gid = NOBODY, .switches = true };
}

static bool set_effective(uint64_t capabilities)
{
	struct capability_sets sets;

	if (!capabilities_read(&sets))
		return false;
	sets.effective = capabilities;
	return capabilities_write(&sets);
}

bool act_as_begin(struct act_as *before, const struct account *account)
{
	struct capability_sets sets;

	before->account = account;
	raw_raise_effective();          /* superd has lowered its own (os/host/rights) */
	if (!account)
		return true;
	before->uid = geteuid();
	before->gid = getegid();
	before->group_count = getgroups(GROUPS_MOST, groups);
	if (before->group_count < 0 || !capabilities_read(&sets))
		return false;
	before->capabilities = sets.effective;
	return 	(account->keeps_groups || raw_set_groups(account->group_count, account->groups) == 0) &&
	       raw_set_egid(account->gid) == 0 && raw_set_euid(account->uid) == 0 && set_effective(0);
}

/* A file system of a network is entered, whose users may be those of this machine. */
bool act_as_owner(struct act_as *before, const char *path, const struct account *known, struct path_finding *finding)
{
	known = switching(known);
	before->account = NULL;
	if (path_is_trusted(path, PATH_OWNER | PATH_GROUP | PATH_WORLD | PATH_MOUNTED, finding) ||
	    (path_is_shared(finding) && !known && geteuid() == 0))
		return act_as_begin(before, NULL);
	errno = finding->error;
	if (finding->error)             /* nobody knows whose rights would do */
		return false;
	if (geteuid() == 0)
		return act_as_begin(before, foreign_actor(finding, known ? known->uid : 0, known, &before->owner));
	/* It cannot become another user, but has no need of its capabilities. */
	before->owner = (struct account){ .uid = geteuid(), .gid = getegid(), .keeps_groups = true };
	return act_as_begin(before, &before->owner);
}

int path_open_to_read(const char *path, const struct account *known)
{
	const struct account own = { .uid = geteuid() };
	struct path_finding finding;
	struct act_as before;
	int fd;

	if (!act_as_owner(&before, path, known, &finding))
		return -1;
	if (path_is_shared(&finding) && !switching(known))
		fd = path_open(path, O_RDONLY, 0, &own, &finding);
	else
		fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (!act_as_end(&before))
		fd_close(&fd);
	return fd;
}

static int open_stream(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode);

	return fd < 0 && errno == ENXIO ? unix_connect(path, SOCK_STREAM) : fd;
}

/* The user may not be allowed to write a file that superd created earlier as root, or into a folder of root's that a
 * group may write: superd then opens it itself. */
int path_open_stream(const char *path, int flags, mode_t mode, const struct account *account)
{
	const struct account own = { .uid = geteuid() };
	struct path_finding finding;
	struct act_as before;
	int fd;

	if (!account || !account->switches || account->uid == 0 || account->uid == geteuid())
		account = &own;
	if (path_is_trusted(path, PATH_OPEN_FLAWS, &finding) && !finding.is_sticky) {
		fd = open_stream(path, flags, mode);
	/* Another, unprivileged user's rights are no danger; nor is a file system that root has mounted. */
	} else if (!finding.missing && finding.flaw &&
		   (account != &own || (finding.flaw == PATH_REMOTE && finding.owner == 0))) {
		if (!act_as_begin(&before, account == &own ? NULL : account))
			return -1;
		fd = open_stream(path, flags, mode);
		if (!act_as_end(&before))
			return -1;
		if (fd < 0 && errno == EACCES && account != &own && (flags & O_ACCMODE) != O_RDONLY &&
		    (fd = path_open(path, flags, mode, account, &finding)) < 0)
			errno = EACCES;
	} else {
		fd = path_open(path, flags, mode, account, &finding);
		if (fd < 0 && errno == ENXIO && !finding.flaw)
			fd = unix_connect(path, SOCK_STREAM);
	}
	if (fd >= 0)
		fd_set_nonblocking(fd, false);
	return fd;
}

bool act_as_end(const struct act_as *before)
{
	const struct account *account = before->account;
	int error = errno;
	bool good = !account ||
		(raw_set_euid(before->uid) == 0 && set_effective(before->capabilities) &&
		 raw_set_egid(before->gid) == 0 &&
		 (account->keeps_groups || raw_set_groups((size_t)before->group_count, groups) == 0));

	if (good)
		errno = error;
	return good;
}

struct work_as {
	foreign_work *work;
	const void *with;
	const char *path;
	const struct account *known;
};

static int do_as(const void *with, struct buf *text)
{
	const struct work_as *as = with;
	struct path_finding finding;
	struct act_as before;

	return act_as_owner(&before, as->path, as->known, &finding) ? as->work(as->with, text) : -1;
}

bool foreign_run(const char *path, bool follows, const struct account *known, foreign_work *work, const void *with,
		 struct buf *text)
{
	const char *slash = strrchr(path, '/');
	struct path_finding finding = { 0 };
	char folder[PATH_MAX];
	struct work_as as = { work, with, follows ? path : folder, known };

	if (!(follows ? path_leads_to_foreign(path, &finding) : path_is_foreign(path, &finding))) {
		work(with, text);
	} else {
		snprintf(folder, sizeof(folder), "%.*s/.", (int)(slash - path), path);
		foreign_fork(path, do_as, &as, -1, false, text);
	}
	return errno == 0;
}
