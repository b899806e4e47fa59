/* Looks at /proc, which changes while it is read: a process that goes away in between is not counted, and all that
 * matters is read from one line of stat at a time. */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROCESSES_MOST = 65536, UNNAMED_MS = 100 };

struct process {
	pid_t pid, parent;
	char state;
};

static bool read_stat(pid_t pid, struct process *process)
{
	char path[64], line[1024], *rest;
	FILE *file;
	bool got;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	got = fgets(line, sizeof(line), file) != NULL;
	fclose(file);
	rest = got ? strrchr(line, ')') : NULL;         /* the name may hold anything, brackets too */
	process->pid = pid;
	return rest && sscanf(rest + 1, " %c %d", &process->state, &process->parent) == 2;
}

static size_t list_processes(struct process *list, size_t most)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	while (directory && count < most && (entry = readdir(directory))) {
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_stat((pid_t)strtol(entry->d_name, NULL, 10), &list[count]))
			count++;
	}
	if (directory)
		closedir(directory);
	return count;
}

static bool descends(const struct process *list, size_t count, pid_t pid, pid_t ancestor)
{
	for (int depth = 0; pid > 1 && depth < 64; depth++) {
		size_t i = 0;

		while (i < count && list[i].pid != pid)
			i++;
		if (i == count)
			return false;
		pid = list[i].parent;
		if (pid == ancestor)
			return true;
	}
	return false;
}

size_t process_descendants(pid_t pid, pid_t *out, size_t most)
{
	struct process *list = malloc(PROCESSES_MOST * sizeof(*list));
	size_t count = list ? list_processes(list, PROCESSES_MOST) : 0, found = 0;

	for (size_t i = 0; i < count; i++) {
		if (!descends(list, count, list[i].pid, pid))
			continue;
		if (out && found < most)
			out[found] = list[i].pid;
		found++;
	}
	free(list);
	return found;
}

bool process_lives(pid_t pid)
{
	struct process process;

	return read_stat(pid, &process) && process.state != 'Z' && process.state != 'X';
}

bool process_is_stopped(pid_t pid)
{
	struct process process;

	return read_stat(pid, &process) && process.state == 'T';
}

/* Finds where control groups are, as the machine has them of version 2. */
static bool find_groups(char *out, size_t size)
{
	char line[1024], type[32];
	FILE *file = fopen("/proc/self/mounts", "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		found = sscanf(line, "%*s %1000s %31s", out, type) == 2 && !strcmp(type, "cgroup2") &&
			strlen(out) < size;
	}
	if (file)
		fclose(file);
	return found;
}

static bool group_is_frozen(pid_t pid)
{
	char path[2048], line[1024] = "", groups[1024];
	FILE *file;
	bool is_frozen = false;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file) && strncmp(line, "0::", 3) != 0)
		;
	if (file)
		fclose(file);
	if (strncmp(line, "0::", 3) != 0 || !find_groups(groups, sizeof(groups)))
		return false;
	line[strcspn(line, "\n")] = '\0';
	snprintf(path, sizeof(path), "%s%s/cgroup.events", groups, line + 3);
	file = fopen(path, "re");
	while (file && !is_frozen && fgets(line, sizeof(line), file))
		is_frozen = !strcmp(line, "frozen 1\n");
	if (file)
		fclose(file);
	return is_frozen;
}

bool process_is_frozen(pid_t pid)
{
	return process_is_stopped(pid) || group_is_frozen(pid);
}

/* The kernel shows a set of signals as hexadecimal bits. */
bool process_blocks(pid_t pid, int signal)
{
	char path[64], line[256];
	unsigned long long blocked = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file) && sscanf(line, "SigBlk: %llx", &blocked) != 1)
		;
	if (file)
		fclose(file);
	return blocked >> (signal - 1) & 1;
}

size_t process_fd_count(pid_t pid)
{
	char path[64];
	DIR *directory;
	size_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count > 2 ? count - 2 : 0;
}

bool process_name(pid_t pid, char *out, size_t size)
{
	char path[64];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	length = fread(out, 1, size - 1, file);
	fclose(file);
	for (size_t i = 0; i < length; i++) {
		if (out[i] == '\0')
			out[i] = ' ';
	}
	out[length] = '\0';
	return true;
}

/* false: there is no such process (any more). */
static bool read_comm(pid_t pid, char *name, int size)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, size, file))
		name[0] = '\0';
	fclose(file);
	return *name;
}

bool process_is_called(pid_t pid, const char *name)
{
	char comm[32];

	return read_comm(pid, comm, sizeof(comm)) && strlen(comm) == strlen(name) + 1 &&
	       !strncmp(comm, name, strlen(name));
}

/* One that is stopped, or waits for a processor, has had no time yet to take a name. */
static bool is_asleep(pid_t pid)
{
	struct process process;

	return read_stat(pid, &process) && process.state == 'S';
}

static bool has_ended(pid_t pid)
{
	struct process process;

	return !read_stat(pid, &process) || process.state == 'Z';
}

/* It has superd's name still, which may be that of a program that superd replaces; or that of a descriptor's number,
 * which a program of superd's own has before Linux 6.14 until it begins. */
static bool has_no_own_name(const char *name)
{
	return !strcmp(name, "superd\n") || !strcmp(name, "xinetd\n") || !strcmp(name, "inetd\n") ||
	       name[strspn(name, "0123456789")] == '\n';
}

bool process_is_beside(pid_t pid, const char *wanted)
{
	static const char *const names[] = { "superd-bind\n", "superd-output\n" };
	char name[32] = "";
	bool exists = read_comm(pid, name, sizeof(name));

	for (int n = 0; exists && has_no_own_name(name) && n < UNNAMED_MS; n += is_asleep(pid)) {
		poll(NULL, 0, 1);
		exists = !has_ended(pid) && read_comm(pid, name, sizeof(name));
	}
	if (!exists)
		return !wanted;
	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		if (!strcmp(name, names[n]))
			return !wanted || !strncmp(name, wanted, strlen(wanted));
	}
	return false;
}

/* A line of /proc/PID/task/TID/status behind its key; false: no such thread, or line. */
static bool read_status(pid_t pid, pid_t thread, const char *key, char *out, int size)
{
	char path[64];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, thread);
	file = fopen(path, "re");
	while (file && !found && fgets(out, size, file))
		found = !strncmp(out, key, strlen(key));
	if (file)
		fclose(file);
	return found;
}

/* Calls `look` for each thread until it returns false. */
static bool each_thread(pid_t pid, bool (*look)(pid_t pid, pid_t thread, void *with), void *with)
{
	struct dirent *entry;
	char path[64];
	DIR *folder;
	bool goes_on = true;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	while (folder && goes_on && (entry = readdir(folder))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			goes_on = look(pid, (pid_t)strtol(entry->d_name, NULL, 10), with);
	}
	if (folder)
		closedir(folder);
	return goes_on;
}

static bool thread_rests(pid_t pid, pid_t thread, void *switches)
{
	static const char state[] = "State:\t", given[] = "voluntary_ctxt_switches:",
			  taken[] = "nonvoluntary_ctxt_switches:";
	char line[512];

	if (!read_status(pid, thread, state, line, sizeof(line)))
		return true;
	if (!strchr("STtZX", line[sizeof(state) - 1]))
		return false;
	if (read_status(pid, thread, given, line, sizeof(line)))
		*(unsigned long *)switches += strtoul(line + sizeof(given) - 1, NULL, 10);
	if (read_status(pid, thread, taken, line, sizeof(line)))
		*(unsigned long *)switches += strtoul(line + sizeof(taken) - 1, NULL, 10);
	return true;
}

bool process_rests(pid_t pid, unsigned long *switches)
{
	return each_thread(pid, thread_rests, switches);
}

/* The kernel lists the numbers in each namespace, the innermost last. */
pid_t process_own_number(pid_t pid, pid_t thread)
{
	char line[512];

	if (!read_status(pid, thread, "NSpid:", line, sizeof(line)))
		return 0;
	return (pid_t)strtol(strrchr(line, '\t'), NULL, 10);
}

struct thread_search {
	pid_t own_number, found;
};

static bool is_another_thread(pid_t pid, pid_t thread, void *with)
{
	struct thread_search *search = with;

	if (process_own_number(pid, thread) != search->own_number)
		return true;
	search->found = thread;
	return false;
}

pid_t process_find_thread(pid_t pid, pid_t own_number)
{
	struct thread_search search = { .own_number = own_number };

	each_thread(pid, is_another_thread, &search);
	return search.found;
}
