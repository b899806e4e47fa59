/* Adds up the time that a service's threads ran, and that they waited for a CPU: the first two fields of
 * /proc/PID/task/TID/schedstat (the kernel's sched-stats.rst).
 *
 * Any thread of any process may be the one that serves clients, so all are read, up to a limit. */
#include "os/proc/schedstat.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "os/proc/process.h"

#define SCHEDSTAT_MOST 256
#define READS_MOST 64                   /* processes and threads to read at most */
#define DEPTH_MOST 8                    /* generations below the first process */
#define NANOSECONDS 1e9

/* The sum so far. */
struct delay_sum {
	double ran, waited;             /* seconds */
	unsigned reads;
	bool known;
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

static void add_process(struct delay_sum *sum, pid_t pid)
{
	struct dirent *entry;
	DIR *directory;
	char path[64];

	sum->reads++;                   /* also counts a process that hides its threads */
	snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
	directory = opendir(path);
	while (directory && sum->reads < READS_MOST && (entry = readdir(directory))) {
		if (*entry->d_name != '.')
			add_thread(sum, pid, entry->d_name);
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

double schedstat_demand(pid_t pid)
{
	struct delay_sum sum = { 0 };

	add_tree(&sum, pid, 0);
	return sum.known ? sum.ran + sum.waited : -1.;
}
