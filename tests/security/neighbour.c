/* neighbour NAME DESCRIPTOR [TEXT]: what another process of the same user can do to a program of superd's own.
 * Waits for a process of this name and tries to take its descriptor, to trace it, and to read its memory and
 * descriptors by /proc; each that succeeds is printed as "took: HOW". With TEXT that is written as a line to the
 * descriptor that was taken, and the process is killed, so that nobody contradicts.
 *
 * With -u in front, as root, it first becomes the user and group of each process that it finds, whatever they are. */
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 15

static bool is_called(const char *pid, const char *name)
{
	char path[300], line[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	return !strcmp(line, name);
}

/* The next one behind this; 0: there is none. */
static pid_t find_next(const char *name, pid_t behind)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	while (folder && (entry = readdir(folder))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > behind && (!found || pid < found) && is_called(entry->d_name, name))
			found = pid;
	}
	if (folder)
		closedir(folder);
	return found;
}

static bool become(pid_t pid)
{
	char path[64], line[256];
	unsigned uid = 0, gid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "Uid: %u", &uid);
		sscanf(line, "Gid: %u", &gid);
	}
	if (file)
		fclose(file);
	return uid && setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

static void took(const char *how, pid_t pid)
{
	printf("took: %s of %d as uid %u\n", how, (int)pid, (unsigned)getuid());
	fflush(stdout);
}

static bool opens(pid_t pid, const char *what, int flags)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	fd = open(path, flags | O_CLOEXEC);
	if (fd >= 0) {
		took(what, pid);
		close(fd);
	}
	return fd >= 0;
}

static bool takes_descriptor(pid_t pid, int number, const char *text)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	int fd = process < 0 ? -1 : (int)syscall(__NR_pidfd_getfd, process, number, 0);

	if (fd < 0)
		return false;
	took("a descriptor", pid);
	if (text && dprintf(fd, "%s\n", text) > 0)
		kill(pid, SIGKILL);
	return true;
}

static bool attack(pid_t pid, int number, const char *text)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)attack, 1 };
	bool any = takes_descriptor(pid, number, text);

	any |= opens(pid, "mem", O_RDONLY);
	any |= opens(pid, "fd", O_RDONLY | O_DIRECTORY);
	any |= opens(pid, "environ", O_RDONLY);
	if (process_vm_readv(pid, &here, 1, &there, 1, 0) == 1) {
		took("memory", pid);
		any = true;
	}
	if (!text && ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
		took("control", pid);
		any = true;
	}
	return any;
}

/* In a process of its own where it becomes somebody else. */
static bool try_one(pid_t pid, int number, const char *text, bool as_its_user)
{
	pid_t child;
	int status = 0;

	if (!as_its_user)
		return attack(pid, number, text);
	child = fork();
	if (child == 0)
		_exit(become(pid) && attack(pid, number, text) ? 0 : 1);
	waitpid(child, &status, 0);
	return status == 0;
}

int main(int argc, char **argv)
{
	bool as_its_user = argc > 1 && !strcmp(argv[1], "-u");
	struct timespec pause = { .tv_nsec = 500000 };
	time_t end = time(NULL) + SECONDS;
	bool seen = false;

	argv += as_its_user;
	argc -= as_its_user;
	if (argc < 3)
		return 2;
	while (time(NULL) < end) {
		for (pid_t pid = 0; (pid = find_next(argv[1], pid));) {
			if (!seen)
				printf("seen: %s\n", argv[1]);
			fflush(stdout);
			seen = true;
			if (try_one(pid, atoi(argv[2]), argv[3], as_its_user))
				return 0;
		}
		nanosleep(&pause, NULL);
	}
	return 1;
}
