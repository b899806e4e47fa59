/* Reads another process's memory and descriptors. A process that has changed its user, or whose program is not
 * readable, is closed to others (ptrace(2), "Ptrace access mode checking"). A superd without CAP_SYS_PTRACE, as in a
 * container, then takes on the process's own user. */
#include "worker/bind/target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/scan.h"
#include "os/proc/pidfd.h"
#include "os/rights/raw_syscall.h"

#define PAGE 4096
#define SCAN_MOST 4096                  /* descriptors of a process to look at for epoll sets, or for copies */
#define INFO_MOST 65536                 /* bytes of a descriptor's fdinfo */

/* ---- the process ---- */

/* Reads a file below /proc/THREAD. false and errno. */
static bool read_proc(const struct target_process *target, const char *name, char *out, size_t size)
{
	int fd = openat(target->proc, name, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	do {
		got = read(fd, out + length, size - 1 - length);
		if (got > 0)
			length += (size_t)got;
	} while ((got > 0 && length < size - 1) || (got < 0 && errno == EINTR));
	close(fd);
	out[length] = '\0';
	return got >= 0;
}

/* Finds a field of a proc file, "NAME:" at the start of a line, as a number. false: there is none. */
static bool find_number(const char *text, const char *name, int base, long long *number)
{
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, name, length) != 0)
			continue;
		*number = strtoll(line + length, NULL, base);
		return true;
	}
	return false;
}

bool target_read_status(struct target_process *target, struct target_status *status)
{
	char text[2048];
	long long process = 0, parent = 0;
	const char *uid, *gid;

	if (!read_proc(target, "status", text, sizeof(text)))
		return false;
	uid = strstr(text, "\nUid:");
	gid = strstr(text, "\nGid:");
	if (find_number(text, "Tgid:", 10, &process) && find_number(text, "PPid:", 10, &parent) && uid && gid &&
	    sscanf(uid, "\nUid: %*u %u", &status->uid) == 1 && sscanf(gid, "\nGid: %*u %u", &status->gid) == 1) {
		status->process = target->process = (pid_t)process;
		status->parent = (pid_t)parent;
		return true;
	}
	errno = ESRCH;
	return false;
}

static bool is_readable(const struct target_process *target)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { NULL, 1 };

	/* At address 0 there is no memory: EFAULT means that looking is allowed. */
	return process_vm_readv(target->thread, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT;
}

/* Takes on the user of the process, for good: the next one that asks may be another's, and then superd's rights are
 * taken back first. */
static bool become_user_of(const struct target_process *target)
{
	struct stat status;

	if (fstat(target->proc, &status) < 0)
		return false;
	raw_raise_effective();
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || raw_set_gid(status.st_gid) < 0 ||
	    raw_set_uid(status.st_uid) < 0)
		return false;
	raw_raise_effective();
	return true;
}

bool target_open(struct target_process *target, pid_t thread)
{
	char path[32];

	*target = (struct target_process){ .thread = thread, .process = thread, .proc = -1, .pidfd = -1 };
	if (thread <= 0) {
		errno = ESRCH;
		return false;
	}
	snprintf(path, sizeof(path), "/proc/%ld", (long)thread);
	target->proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return target->proc >= 0;
}

bool target_inspect(struct target_process *target)
{
	if (is_readable(target) || (errno == EPERM && become_user_of(target) && is_readable(target)))
		return true;
	errno = EPERM;
	return false;
}

void target_close(struct target_process *target)
{
	int saved = errno;

	if (target->proc >= 0)
		close(target->proc);
	if (target->pidfd >= 0)
		close(target->pidfd);
	target->proc = target->pidfd = -1;
	errno = saved;
}

/* ---- its memory ---- */

bool target_read(void *context, uint64_t at, void *out, size_t size)
{
	const struct target_process *target = context;
	struct iovec here = { out, size }, there = { (void *)(uintptr_t)at, size };

	if (size == 0)
		return true;
	return process_vm_readv(target->thread, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* A text may end right before memory that does not exist, so each read ends with its page. */
bool target_read_text(struct target_process *target, uint64_t at, char *out, size_t size)
{
	size_t length = 0;

	while (length < size) {
		size_t part = PAGE - (at + length) % PAGE;

		if (part > size - length)
			part = size - length;
		if (!target_read(target, at + length, out + length, part))
			return false;
		if (memchr(out + length, '\0', part))
			return true;
		length += part;
	}
	errno = ENAMETOOLONG;
	return false;
}

/* ---- its descriptors ---- */

int target_copy_fd(struct target_process *target, int fd)
{
	if (target->pidfd < 0)
		target->pidfd = pidfd_of(target->process);
	return target->pidfd < 0 ? -1 : pidfd_copy(target->pidfd, fd);
}

ino_t target_socket_inode(struct target_process *target, int fd)
{
	char name[32], link[64];
	unsigned long inode = 0;
	ssize_t length;

	snprintf(name, sizeof(name), "fd/%d", fd);
	length = readlinkat(target->proc, name, link, sizeof(link) - 1);
	if (length <= 0)
		return 0;
	link[length] = '\0';
	return sscanf(link, "socket:[%lu]", &inode) == 1 ? (ino_t)inode : 0;
}

/* A socket has one open file, so its inode tells what kcmp(2) would. */
void target_find_copies(struct target_process *target, int fd, ino_t socket, struct target_copies *copies)
{
	int folder = openat(target->proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), seen = 0;
	DIR *list = folder < 0 ? NULL : fdopendir(folder);
	const struct dirent *entry;
	int64_t number;

	copies->count = 0;
	copies->all = true;
	if (!list && folder >= 0)
		close(folder);
	while (list && copies->all && (entry = readdir(list))) {
		bool is_copy = !scan_count(entry->d_name, &number) && number != fd &&
			       target_socket_inode(target, (int)number) == socket;

		copies->all = ++seen <= SCAN_MOST && !(is_copy && copies->count == COPIES_MOST);
		if (is_copy && copies->all)
			copies->list[copies->count++] = (int)number;
	}
	if (list)
		closedir(list);
}

bool target_fd_closes_on_exec(struct target_process *target, int fd)
{
	char name[32], info[1024];
	long long flags = 0;

	snprintf(name, sizeof(name), "fdinfo/%d", fd);
	if (!read_proc(target, name, info, sizeof(info)) || !find_number(info, "flags:", 8, &flags))
		return true;
	return flags & O_CLOEXEC;
}

int target_open_folder(struct target_process *target, const char *name)
{
	return openat(target->proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* ---- its epoll sets ---- */

/* One registration, a line of the epoll set's fdinfo: "tfd: 6 events: 19 data: 6 pos:0 ino:3039 sdev:9". */
struct epoll_registration {
	int number;
	struct epoll_event event;
	unsigned long long inode;
};

static bool read_registration(const char *line, struct epoll_registration *out)
{
	unsigned int events;
	unsigned long long data, position;

	if (sscanf(line, "tfd: %d events: %x data: %llx pos:%lli ino:%llx", &out->number, &events, &data,
		   (long long *)&position, &out->inode) != 5)
		return false;
	out->event = (struct epoll_event){ .events = events, .data.u64 = data };
	return true;
}

/* What to do with the registrations of a number. */
struct change {
	int number;
	ino_t before, after;            /* inodes of the file behind it until now, and of the new one */
	int fresh;                      /* the new one, here */
	int moved;
};

/* Directly: superd has an epoll_ctl(2) of its own, for its loop (superd/loop/loop_room). */
static int control(int set, int what, int number, struct epoll_event *event)
{
	return (int)syscall(SYS_epoll_ctl, set, what, number, event);
}

/* The kernel knows a registration by its file and by the number in the calling process, so the new file takes that
 * number here for the moment. */
static bool change_registration(int set, const struct epoll_registration *registration, struct change *change)
{
	struct epoll_event event = registration->event;
	int number = registration->number, saved = number == change->fresh ? -1 : fcntl(number, F_DUPFD_CLOEXEC, 3);
	bool good;

	if (number != change->fresh && dup3(change->fresh, number, O_CLOEXEC) < 0)
		return false;
	if (set == number)
		set = saved;
	if (registration->inode == change->before) {
		good = control(set, EPOLL_CTL_ADD, number, &event) == 0 || errno == EEXIST;
		change->moved += good;
	} else {
		good = control(set, EPOLL_CTL_DEL, number, NULL) == 0 || errno == ENOENT;
	}
	if (saved >= 0) {
		dup3(saved, number, O_CLOEXEC);
		close(saved);
	} else if (number != change->fresh) {
		close(number);
	}
	return good;
}

static bool is_meant(const struct epoll_registration *registration, const struct change *change)
{
	return registration->number == change->number &&
	       (registration->inode == change->before || registration->inode == change->after);
}

/* Changes the registrations of one epoll set, by its fdinfo. The set names a registration by its file: that of the
 * file before comes last, as it would be taken for a former one of the new file that is still to be removed. */
static bool change_set(struct target_process *target, int number, struct change *change)
{
	struct epoll_registration registration, last = { .number = -1 };
	int set = -1;
	bool good = true;
	char name[32], *info, *rest;

	info = malloc(INFO_MOST);
	if (!info)
		return false;
	snprintf(name, sizeof(name), "fdinfo/%d", number);
	if (!read_proc(target, name, info, INFO_MOST))
		*info = '\0';           /* it was closed just now */
	rest = info;
	for (char *line; good && (line = strsep(&rest, "\n"));) {
		if (!read_registration(line, &registration) || !is_meant(&registration, change))
			continue;
		if (set < 0)
			set = target_copy_fd(target, number);
		if (registration.inode == change->before)
			last = registration;
		else
			good = set >= 0 && change_registration(set, &registration, change);
	}
	if (good && last.number >= 0)
		good = set >= 0 && change_registration(set, &last, change);
	if (set >= 0)
		close(set);
	free(info);
	return good;
}

static bool is_epoll(int folder, const char *name)
{
	char link[32];
	ssize_t length = readlinkat(folder, name, link, sizeof(link) - 1);

	if (length < 0)
		return false;
	link[length] = '\0';
	return !strcmp(link, "anon_inode:[eventpoll]");
}

/* Changes the registrations of all epoll sets. */
static bool change_sets(struct target_process *target, struct change *change)
{
	int folder = openat(target->proc, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	struct stat status;
	int64_t number;
	bool good = true;
	DIR *list;

	if (folder < 0)
		return false;
	list = fdopendir(folder);
	if (!list || fstat(change->fresh, &status) < 0) {
		if (list)
			closedir(list);
		else
			close(folder);
		return false;
	}
	change->after = status.st_ino;
	for (int n = 0; good && n < SCAN_MOST && (entry = readdir(list)); n++) {
		if (is_epoll(folder, entry->d_name) && !scan_count(entry->d_name, &number))
			good = change_set(target, (int)number, change);
	}
	closedir(list);
	return good;
}

int target_move_epoll(struct target_process *target, int fd, ino_t before, int fresh)
{
	struct change change = { .number = fd, .before = before, .fresh = fresh };

	return change_sets(target, &change) ? change.moved : -1;
}
