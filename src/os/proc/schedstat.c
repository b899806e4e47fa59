/* Adds up the time that a service's threads ran, and that they waited for a CPU: the first two fields of
 * /proc/PID/task/TID/schedstat (the kernel's sched-stats.rst). The state is in proc_pid_stat(5).
 *
 * Any thread of any process may be the one that serves clients, so all are read, up to a limit. */
#include "os/proc/schedstat.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"
#include "os/proc/process.h"

#define SCHEDSTAT_MOST 256
#define STAT_MOST 1024
#define READS_MOST 64                   /* processes and threads to read at most */
#define DEPTH_MOST 8                    /* generations below the first process */
#define NANOSECONDS 1e9

/* The sum so far. */
struct delay_sum {
	double ran, waited;             /* seconds */
	unsigned reads;
	bool known;
	bool wants_states, runs;        /* states are looked at; a thread has the state R */
};

/* Adds one thread: two numbers, in nanoseconds. */
static void add_thread(struct delay_sum *sum, pid_t pid, const char *thread)
{
	char path[320], *text, *space, *end;
	unsigned long long ran, waited;
	size_t length;

	sum->reads++;
	snprintf(path, sizeof(path), "/proc/%ld/task/%s/schedstat", (long)pid, thread);
	text = fd_read_file(path, SCHEDSTAT_MOST, &length);
	space = text ? strchr(text, ' ') : NULL;
	if (space) {
		errno = 0;
		ran = strtoull(text, NULL, 10);
		waited = strtoull(space + 1, &end, 10);
		if (end > space + 1 && errno == 0) {
			sum->ran += (double)ran / NANOSECONDS;
			sum->waited += (double)waited / NANOSECONDS;
			sum->known = true;
		}
	}
	free(text);
}

static bool is_running(pid_t pid, const char *thread)
{
	char path[320], *text, *behind_name;
	size_t length;
	bool runs;

	snprintf(path, sizeof(path), "/proc/%ld/task/%s/stat", (long)pid, thread);
	text = fd_read_file(path, STAT_MOST, &length);
	behind_name = text ? strrchr(text, ')') : NULL;
	runs = behind_name && !strncmp(behind_name, ") R", 3);
	free(text);
	return runs;
}

static void add_process(struct delay_sum *sum, pid_t pid)
{
	struct dirent *entry;
	DIR *directory;
	char path[64];

	sum->reads++;                   /* also counts a process that hides its threads */
	snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
	directory = opendir(path);
	while (directory && sum->reads < READS_MOST && (entry = readdir(directory))) {
		if (*entry->d_name == '.')
			continue;
		add_thread(sum, pid, entry->d_name);
		sum->runs = sum->runs || (sum->wants_states && is_running(pid, entry->d_name));
	}
	if (directory)
		closedir(directory);
}

static void add_tree(struct delay_sum *sum, pid_t pid, unsigned depth)
{
	pid_t *children;

	add_process(sum, pid);
	children = depth < DEPTH_MOST ? process_list_children_of(pid) : NULL;
	for (size_t n = 0; children && children[n] && sum->reads < READS_MOST; n++)
		add_tree(sum, children[n], depth + 1);
	free(children);
}

double schedstat_run_delay(pid_t pid)
{
	struct delay_sum sum = { 0 };

	add_tree(&sum, pid, 0);
	return sum.known ? sum.waited : -1.;
}

double schedstat_demand(pid_t pid, bool *runs)
{
	struct delay_sum sum = { .wants_states = true };

	add_tree(&sum, pid, 0);
	*runs = sum.runs;
	return sum.known ? sum.ran + sum.waited : -1.;
}
