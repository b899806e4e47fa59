/* Reads memory and processor time of processes and control groups. The loop does this for many processes in a row, so
 * each value is one read of a small file. The kernel's own division of shared memory, Pss in smaps_rollup, is none: it
 * takes mmap_lock of the process, and walks all of its pages. Source: proc_pid_stat(5), proc_pid_statm(5), the kernel's
 * cgroup-v2.rst. */
#include "os/proc/proc.h"

#define FILE_MOST 4096
#define SUMMED_MOST 64                  /* processes of a group that are added up at most */

/* Seconds of processor time, with those of the children that it has reaped, if they count; -1: unknown. */
static double read_cpu_time(pid_t pid, bool with_children)
{
	struct process process;

	if (!process_read(pid, &process))
		return -1;
	return (double)(process.user_time + process.system_time +
			(with_children ? process.reaped_user_time + process.reaped_system_time : 0)) /
		(double)sysconf(_SC_CLK_TCK);
}

/* shared: gets those of them that are of files or shared memory (RssFile and RssShmem). */
static int64_t read_resident_bytes(pid_t pid, int64_t *shared)
{
	char *text = process_file(pid, "statm");
	long resident, common;
	bool good = text && sscanf(text, "%*d %ld %ld", &resident, &common) == 2;

	free(text);
	*shared = 0;
	if (!good)
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

/* A number of one of the group's files, behind this word. */
static bool read_count(const char *path, const char *name, const char *word, int64_t *count)
{
	size_t length, begins = strlen(word);
	char file[4096], *text;
	bool good;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	text = fd_read_file(file, FILE_MOST, &length);
	good = text && !strncmp(text, word, begins);
	if (good)
		*count = strtoll(text + begins, NULL, 10);
	free(text);
	return good;
}

/* What its processes have. What they share, pages of files and of shared memory, counts once, as much as the process
 * with the most of it has: mostly these are the pages of one program and its libraries. */
static struct resource_usage add_up_processes(const char *path)
{
	struct resource_usage sum = { -1, -1 };
	int64_t own = 0, most = 0;
	struct pids pids = { 0 };

	cgroup_processes(path, &pids);
	for (size_t n = 0; n < pids.count && n < SUMMED_MOST; n++) {
		int64_t shared, memory = read_resident_bytes(pids.list[n], &shared);
		double cpu = read_cpu_time(pids.list[n], true);

		if (memory >= 0) {
			own += memory > shared ? memory - shared : 0;
			most = shared > most ? shared : most;
			sum.memory = own + most;
		}
		if (cpu >= 0)
			sum.cpu = cpu + (sum.cpu > 0 ? sum.cpu : 0);
	}
	free(pids.list);
	return sum;
}

struct resource_usage resource_usage_of_cgroup(const char *path, bool is_shared)
{
	struct resource_usage usage = { -1, -1 }, sum;
	int64_t microseconds;

	read_count(path, "memory.current", "", &usage.memory);
	if (!is_shared && read_count(path, "cpu.stat", "usage_usec ", &microseconds))
		usage.cpu = (double)microseconds / 1e6;
	if (usage.memory >= 0 && usage.cpu >= 0)
		return usage;
	/* The kernel does not count the others for the group, as memory without that controller, or has counted them
	 * for earlier processes too. */
	sum = add_up_processes(path);
	if (usage.memory < 0)
		usage.memory = sum.memory;
	if (usage.cpu < 0)
		usage.cpu = sum.cpu;
	return usage;
}
