/* Reads memory and processor time of processes and control groups. The loop does this for many processes in a row, so
 * each value is one read of a small file. The kernel's own division of shared memory, Pss in smaps_rollup, is none: it
 * takes mmap_lock of the process, and walks all of its pages. Source: proc_pid_stat(5), proc_pid_statm(5), the kernel's
 * cgroup-v2.rst. */
#include "os/cgroup/cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"

/* Reads a small file; false: it cannot be read, or is empty. */
static bool read_small(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);

	fd_close(&fd);
	if (length <= 0)
		return false;
	text[length] = '\0';
	return true;
}

/* Seconds of user and system time in /proc/PID/stat, with those of the children that it has reaped, if they count; -1:
 * unknown. */
static double read_cpu_time(pid_t pid, bool with_children)
{
	char path[64], text[1024];
	const char *behind_name;
	long ticks[4];

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (!read_small(path, text, sizeof(text)))
		return -1;
	behind_name = strrchr(text, ')');       /* the process may put anything into its name */
	if (!behind_name || sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld",
				   &ticks[0], &ticks[1], &ticks[2], &ticks[3]) != 4)
		return -1;
	return (double)(ticks[0] + ticks[1] + (with_children ? ticks[2] + ticks[3] : 0)) / (double)sysconf(_SC_CLK_TCK);
}

/* shared: gets those of them that are of files or shared memory (RssFile and RssShmem). */
static int64_t read_resident_bytes(pid_t pid, int64_t *shared)
{
	char path[64], text[256];
	long resident, common;

	*shared = 0;
	snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
	if (!read_small(path, text, sizeof(text)) || sscanf(text, "%*d %ld %ld", &resident, &common) != 2)
		return -1;
	*shared = common * (int64_t)sysconf(_SC_PAGESIZE);
	return resident * (int64_t)sysconf(_SC_PAGESIZE);
}

struct resource_usage resource_usage_of_process(pid_t pid)
{
	struct resource_usage usage = { -1, -1 };
	int64_t shared;

	if (pid <= 0)
		return usage;
	usage.memory = read_resident_bytes(pid, &shared);
	usage.cpu = read_cpu_time(pid, false);
	return usage;
}

static int64_t more_than(int64_t bytes, int64_t least)
{
	return bytes > least ? bytes - least : 0;
}

/* Processes of one service mostly share the pages of one program and its libraries. */
void usage_sum_add(struct usage_sum *sum, pid_t pid)
{
	int64_t shared, memory = read_resident_bytes(pid, &shared);
	double cpu = read_cpu_time(pid, true);

	if (memory >= 0) {
		sum->own += more_than(memory, shared);
		sum->shared += more_than(shared, sum->shared);
		sum->usage.memory = sum->own + sum->shared;
	}
	if (cpu >= 0)
		sum->usage.cpu = cpu + (sum->usage.cpu > 0 ? sum->usage.cpu : 0);
	sum->count++;
}

static bool add_process(void *context, long pid)
{
	struct usage_sum *sum = context;

	usage_sum_add(sum, (pid_t)pid);
	return sum->count < SUMMED_MOST;
}

struct resource_usage resource_usage_of_cgroup(const char *path, bool is_shared)
{
	struct resource_usage usage = { -1, -1 };
	struct usage_sum sum = USAGE_SUM;
	char file[4096], text[1024];
	long long value;

	if (snprintf(file, sizeof(file), "%s/memory.current", path) < (int)sizeof(file) &&
	    read_small(file, text, sizeof(text)) && sscanf(text, "%lld", &value) == 1)
		usage.memory = value;
	if (!is_shared && snprintf(file, sizeof(file), "%s/cpu.stat", path) < (int)sizeof(file) &&
	    read_small(file, text, sizeof(text)) && sscanf(text, "usage_usec %lld", &value) == 1)
		usage.cpu = (double)value / 1e6;
	if (usage.memory >= 0 && usage.cpu >= 0)
		return usage;
	/* The kernel does not count the others for the group, as memory without that controller, or has counted them
	 * for earlier processes too. */
	cgroup_each_process(path, add_process, &sum);
	if (usage.memory < 0)
		usage.memory = sum.usage.memory;
	if (usage.cpu < 0)
		usage.cpu = sum.usage.cpu;
	return usage;
}
