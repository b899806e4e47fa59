/* Removes what a service has left: folders and IPC objects.
 *
 * As root, superd-exec removes folders that another user filled. It walks by descriptor, so no symlink can divert it,
 * and it does not enter other file systems. A process of that user may go on filling them, so there is a time limit.
 *
 * /proc/sysvipc lists System V objects (sysvipc(7)). POSIX shared memory and message queues are files in /dev/shm and
 * /dev/mqueue; only regular files there are removed. */
#include "exec/stages/stages.h"

#include <dirent.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#define DEPTH_MOST 500                  /* nested folders, each of which is open; deeper ones stay */
#define LONGEST (300 * 1000)            /* milliseconds */
#define LIST_MOST (16u << 20) /* bytes of 32,768 objects, as many as a kernel has */
#define FIELDS_MOST 16
#define MEMORY "/proc/sysvipc/shm"
#define SEMAPHORES "/proc/sysvipc/sem"
#define QUEUES "/proc/sysvipc/msg"

/* Opens a directory to empty it, unless it is a mount point, or above the one that it is named in. */
static int open_unmounted(int at, const char *name)
{
	const struct { uint64_t flags, mode, resolve; } how = {
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, 1 | 8 /* RESOLVE_NO_XDEV, BENEATH */
	};

	return (int)syscall(__NR_openat2, at, name, &how, sizeof(how));
}

/* The removal of one tree. */
struct tree_removal {
	int top;                        /* descriptor of the tree's folder */
	bool changed;                   /* something was removed in this pass: the next may find more */
	int64_t until;                  /* time of its limit, in milliseconds */
};

static void empty_level(struct tree_removal *removal, int directory, int depth)
{
	DIR *stream = fdopendir(directory);
	struct dirent *entry;

	if (!stream) {
		close(directory);
		return;
	}
	while ((entry = readdir(stream)) && clock_ms() < removal->until) {
		int inner;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dirfd(stream), entry->d_name, 0) == 0) {
			removal->changed = true;
			continue;
		}
		inner = open_unmounted(dirfd(stream), entry->d_name);
		if (inner < 0)
			continue;
		if (depth == DEPTH_MOST)
			close(inner);
		else
			empty_level(removal, inner, depth + 1);
		removal->changed |= unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR) == 0;
	}
	closedir(stream);
}

/* false: something is left. Where its user has put a symlink or a file into its place, that stays. */
static bool remove_tree(int at, const char *name)
{
	struct tree_removal removal = { .top = open_unmounted(at, name), .until = clock_ms() + LONGEST };
	bool gone = false;

	if (removal.top < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
	do {
		int again = openat(removal.top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		removal.changed = false;
		if (again >= 0)
			empty_level(&removal, again, 0);
		gone = unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
	} while (!gone && removal.changed && clock_ms() < removal.until);
	fd_close(&removal.top);
	return gone;
}

/* Opens the folder that holds the last part of a path below the base, and sets *last to that part. No symlink is
 * followed, as a user's directory may contain anything, and no mount is entered. -1 and errno. */
static int open_parent(int base, char *path, const char **last)
{
	const struct { uint64_t flags, mode, resolve; } how = {
		O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 1 | 4 | 8 /* RESOLVE_NO_XDEV, NO_SYMLINKS, BENEATH */
	};
	char *slash = strrchr(path, '/');

	*last = slash ? slash + 1 : path;
	if (slash)
		*slash = '\0';
	return (int)syscall(__NR_openat2, base, slash ? path : ".", &how, sizeof(how));
}

bool remove_folder(char *const asked[REMOVAL_WORDS])
{
	const char *target = asked[3], *last;
	int base = open(asked[0], O_PATH | O_DIRECTORY | O_CLOEXEC), at;
	bool good;

	if (base < 0)
		return errno == ENOENT;
	if (*asked[2]) {                /* the link before its folder, if it leads there */
		at = open_parent(base, asked[2], &last);
		if (at >= 0 && folder_link_leads_to(at, last, target))
			unlinkat(at, last, 0);
		fd_close(&at);
	}
	at = open_parent(base, asked[1], &last);
	good = at >= 0 ? remove_tree(at, last) : errno == ENOENT;
	fd_close(&at);
	fd_close(&base);
	return good;
}

/* Its lines are numbers: the first one is a key, the second the id, and this column the owner. */
static bool remove_listed(const char *list, int owner, uid_t uid)
{
	size_t length;
	char *text = fd_read_file(list, LIST_MOST, &length), *rest = text, *line, *word;
	bool good = text || errno == ENOENT; /* a kernel without them */

	strsep(&rest, "\n"); /* skip the names of the columns */
	while ((line = strsep(&rest, "\n"))) {
		long numbers[FIELDS_MOST];
		int count = 0, id, result;

		while (count < FIELDS_MOST && (word = strsep(&line, " "))) {
			if (*word)
				numbers[count++] = strtol(word, NULL, 10);
		}
		if (count <= owner || numbers[owner] != (long)uid)
			continue;
		id = (int)numbers[1];
		result = !strcmp(list, MEMORY)	? shmctl(id, IPC_RMID, NULL)
			: !strcmp(list, QUEUES) ? msgctl(id, IPC_RMID, NULL)
						: semctl(id, 0, IPC_RMID);
		good &= result == 0 || errno == EINVAL || errno == EIDRM;
	}
	free(text);
	return good;
}

static bool remove_files(const char *path, uid_t uid)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = folder < 0 ? NULL : fdopendir(folder);
	int64_t until = clock_ms() + LONGEST;
	struct dirent *entry;
	struct stat status;
	bool good = true;

	if (!stream) {
		good = folder < 0 && errno == ENOENT;
		fd_close(&folder);
		return good;
	}
	while ((entry = readdir(stream)) && clock_ms() < until) {
		if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(status.st_mode) && status.st_uid == uid)
			good &= unlinkat(dirfd(stream), entry->d_name, 0) == 0 || errno == ENOENT;
	}
	closedir(stream);
	return good && !entry;
}

bool remove_ipc(uid_t uid)
{
	bool good = remove_listed(MEMORY, 7, uid);

	good &= remove_listed(SEMAPHORES, 4, uid);
	good &= remove_listed(QUEUES, 7, uid);
	good &= remove_files("/dev/shm", uid);
	return remove_files("/dev/mqueue", uid) && good;
}
