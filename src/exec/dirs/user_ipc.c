/* remove_ipc: removes the System V and POSIX IPC objects that a service's user has left.
 *
 * /proc/sysvipc lists System V objects (sysvipc(7)). POSIX shared memory and message queues are files in /dev/shm and
 * /dev/mqueue; only regular files there are removed. */
#include "exec/dirs/user_ipc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define LIST_MOST (4u << 20)
#define FIELDS_MOST 16

static void remove_memory(int id)
{
	shmctl(id, IPC_RMID, NULL);
}

static void remove_semaphores(int id)
{
	semctl(id, 0, IPC_RMID);
}

static void remove_queue(int id)
{
	msgctl(id, IPC_RMID, NULL);
}

/* The lists, each with the column of the owner. */
static const struct {
	const char *path;
	int uid;
	void (*remove)(int id);
} lists[] = {
	{ "/proc/sysvipc/shm", 7, remove_memory },
	{ "/proc/sysvipc/sem", 4, remove_semaphores },
	{ "/proc/sysvipc/msg", 7, remove_queue },
};

/* Parses the numbers of a line, whose first one is a key, the second the id. Returns how many there are. */
static int parse_numbers(char *line, long *numbers)
{
	int count = 0;
	char *word;

	while (count < FIELDS_MOST && (word = strsep(&line, " "))) {
		if (*word)
			numbers[count++] = strtol(word, NULL, 10);
	}
	return count;
}

static void remove_listed(size_t list, uid_t uid)
{
	size_t length;
	char *text = fd_read_file(lists[list].path, LIST_MOST, &length), *rest = text, *line;
	long numbers[FIELDS_MOST] = { 0 };

	strsep(&rest, "\n"); /* skip the names of the columns */
	while ((line = strsep(&rest, "\n"))) {
		if (parse_numbers(line, numbers) > lists[list].uid && numbers[lists[list].uid] == (long)uid)
			lists[list].remove((int)numbers[1]);
	}
	free(text);
}

static void remove_files(const char *path, uid_t uid)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = folder < 0 ? NULL : fdopendir(folder);
	struct dirent *entry;
	struct stat status;

	if (!stream) {
		fd_close(&folder);
		return;
	}
	while ((entry = readdir(stream))) {
		if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(status.st_mode) && status.st_uid == uid)
			unlinkat(dirfd(stream), entry->d_name, 0);
	}
	closedir(stream);
}

void user_ipc_remove(uid_t uid)
{
	if (!uid)
		return;
	for (size_t list = 0; list < sizeof(lists) / sizeof(*lists); list++)
		remove_listed(list, uid);
	remove_files("/dev/shm", uid);
	remove_files("/dev/mqueue", uid);
}
