/* The table of options that are files of a control group, in the order of writing. Source: the kernel's
 * Documentation/admin-guide/cgroup-v2.rst.
 *
 * A percentage becomes a share of this machine's memory or tasks. A device limit is written for the whole disk. */
#include "superd/start/cgroup_files.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scan.h"
#include "table/words/resource_words.h"

#define NUMBER_MOST 64

int64_t machine_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (int64_t)pages * size : SCAN_INFINITY;
}

static int64_t read_limit(const char *path)
{
	size_t length;
	char *text = fd_read_file(path, NUMBER_MOST, &length);
	int64_t value = SCAN_INFINITY;

	if (text)
		text[strcspn(text, "\n")] = '\0';
	if (!text || scan_count(text, &value) || value <= 0)
		value = SCAN_INFINITY;
	free(text);
	return value;
}

int64_t machine_tasks(void)
{
	int64_t pids = read_limit("/proc/sys/kernel/pid_max"), threads = read_limit("/proc/sys/kernel/threads-max");

	return pids < threads ? pids : threads;
}

int64_t amount_resolve(const struct amount *amount, int64_t whole)
{
	if (amount->share < 0)
		return amount->number;
	if (whole == SCAN_INFINITY)
		return SCAN_INFINITY;
	return whole / WHOLE * amount->share + whole % WHOLE * amount->share / WHOLE;
}

bool device_find_disk(const char *path, size_t length, unsigned *major_number, unsigned *minor_number)
{
	char text[PATH_MAX];
	struct stat status;
	dev_t device;
	int64_t first, second;
	char *number, *colon;
	size_t size;

	snprintf(text, sizeof(text), "%.*s", (int)length, path);
	if (stat(text, &status) < 0)
		return false;
	device = S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev;
	errno = ENODEV;
	if (!major(device))
		return false; /* of a file system without a disk, or with several */
	*major_number = major(device);
	*minor_number = minor(device);
	snprintf(text, sizeof(text), "/sys/dev/block/%u:%u/partition", *major_number, *minor_number);
	if (access(text, F_OK) < 0)
		return true;
	snprintf(text, sizeof(text), "/sys/dev/block/%u:%u/../dev", *major_number, *minor_number);
	number = fd_read_file(text, NUMBER_MOST, &size);
	colon = number ? strchr(number, ':') : NULL;
	if (colon) {
		*colon = '\0';
		colon[1 + strcspn(colon + 1, "\n")] = '\0';
	}
	if (colon && !scan_count(number, &first) && !scan_count(colon + 1, &second)) {
		*major_number = (unsigned)first;
		*minor_number = (unsigned)second;
	}
	free(number);
	return colon;
}

static void write_amount(const struct amount *amount, int64_t whole, struct buf *out)
{
	int64_t value = amount_resolve(amount, whole);

	if (value == SCAN_INFINITY)
		buf_text(out, "max");
	else if (value >= 0)
		buf_addf(out, "%" PRId64, value);
}

#define MEMORY(name) \
	static void write_##name(const struct service *service, struct buf *out) \
	{ \
		const struct amount *amount = &service->groups->resources->name; \
\
		write_amount(amount, amount->share >= 0 ? machine_memory() : 0, out); \
	}

MEMORY(memory_max)
MEMORY(memory_high)
MEMORY(memory_low)
MEMORY(memory_min)
MEMORY(memory_swap_max)

static void write_oom_group(const struct service *service, struct buf *out)
{
	if (service->groups->resources->oom_policy != OOM_CONTINUE)
		buf_char(out, '1');
}

static void write_tasks(const struct service *service, struct buf *out)
{
	const struct amount *amount = &service->groups->resources->tasks_max;

	write_amount(amount, amount->share >= 0 ? machine_tasks() : 0, out);
}

/* The kernel allows no quota below 1 ms; then the period grows, up to 1 s. */
static void write_quota(const struct service *service, struct buf *out)
{
	const struct resource_options *resources = service->groups->resources;
	int64_t period = resources->cpu_quota_period, quota;

	if (resources->cpu_quota < 0)
		return;
	quota = (int64_t)((double)period * (double)resources->cpu_quota / WHOLE);
	if (quota < 1000) {
		period = (int64_t)(1000. * WHOLE / (double)resources->cpu_quota);
		quota = 1000;
	}
	buf_addf(out, "%" PRId64 " %" PRId64, quota, period > 1000000 ? 1000000 : period);
}

static void write_idle(const struct service *service, struct buf *out)
{
	if (service->groups->resources->cpu_weight == 0)
		buf_char(out, '1');
}

static void write_cpu_weight(const struct service *service, struct buf *out)
{
	if (service->groups->resources->cpu_weight > 0)
		buf_addf(out, "%" PRId64, service->groups->resources->cpu_weight);
}

static void write_io_weight(const struct service *service, struct buf *out)
{
	if (service->groups->resources->io_weight > 0)
		buf_addf(out, "default %" PRId64, service->groups->resources->io_weight);
}

static void write_ranges(words ranges, struct buf *out)
{
	for (size_t n = 0; ranges && ranges[n]; n++)
		buf_addf(out, "%s%s", n ? "," : "", ranges[n]);
}

static void write_cpus(const struct service *service, struct buf *out)
{
	write_ranges(service->groups->resources->allowed_cpus, out);
}

static void write_nodes(const struct service *service, struct buf *out)
{
	write_ranges(service->groups->resources->allowed_memory_nodes, out);
}

/* A missing device gets no limit; preflight warns of it. */
static void write_device_limits(words list, const char *key, struct buf *out)
{
	for (; list && *list; list++) {
		struct device_limit limit;
		unsigned major_number, minor_number;

		if (!device_limit_read(*list, &limit) ||
		    !device_find_disk(limit.path, limit.path_length, &major_number, &minor_number))
			continue;
		buf_addf(out, "%s%u:%u %s=", out->length ? "\n" : "", major_number, minor_number, key);
		if (limit.most == SCAN_INFINITY)
			buf_text(out, "max");
		else
			buf_addf(out, "%" PRId64, limit.most);
	}
}

#define DEVICE(name, key) \
	static void write_##name(const struct service *service, struct buf *out) \
	{ \
		write_device_limits(service->groups->resources->name, key, out); \
	}

DEVICE(io_read_bandwidth_max, "rbps")
DEVICE(io_write_bandwidth_max, "wbps")
DEVICE(io_read_iops_max, "riops")
DEVICE(io_write_iops_max, "wiops")

const struct cgroup_file cgroup_file_list[] = {
	{ "memory_min", "memory.min", CONTROLLER_MEMORY, "0", false, write_memory_min },
	{ "memory_low", "memory.low", CONTROLLER_MEMORY, "0", false, write_memory_low },
	{ "memory_high", "memory.high", CONTROLLER_MEMORY, "max", false, write_memory_high },
	{ "memory_max", "memory.max", CONTROLLER_MEMORY, "max", false, write_memory_max },
	{ "memory_swap_max", "memory.swap.max", CONTROLLER_MEMORY, "max", true, write_memory_swap_max },
	{ "oom_policy", "memory.oom.group", CONTROLLER_MEMORY, "0", false, write_oom_group },
	{ "tasks_max", "pids.max", CONTROLLER_PIDS, "max", false, write_tasks },
	{ "cpu_quota", "cpu.max", CONTROLLER_CPU, "max", false, write_quota },
	{ "cpu_weight", "cpu.idle", CONTROLLER_CPU, "0", false, write_idle },
	{ "cpu_weight", "cpu.weight", CONTROLLER_CPU, "100", false, write_cpu_weight },
	{ "allowed_cpus", "cpuset.cpus", CONTROLLER_CPUSET, "\n", false, write_cpus },
	{ "allowed_memory_nodes", "cpuset.mems", CONTROLLER_CPUSET, "\n", false, write_nodes },
	{ "io_weight", "io.weight", CONTROLLER_IO, "default 100", true, write_io_weight },
	{ "io_weight", "io.bfq.weight", CONTROLLER_IO, "default 100", true, write_io_weight },
	{ "io_read_bandwidth_max", "io.max", CONTROLLER_IO, NULL, false, write_io_read_bandwidth_max },
	{ "io_write_bandwidth_max", "io.max", CONTROLLER_IO, NULL, false, write_io_write_bandwidth_max },
	{ "io_read_iops_max", "io.max", CONTROLLER_IO, NULL, false, write_io_read_iops_max },
	{ "io_write_iops_max", "io.max", CONTROLLER_IO, NULL, false, write_io_write_iops_max },
};
const size_t cgroup_file_count = sizeof(cgroup_file_list) / sizeof(*cgroup_file_list);

bool cgroup_file_is_set(const struct cgroup_file *file, const struct service *service)
{
	struct buf text = { 0 };
	bool is_set;

	file->write(service, &text);
	is_set = text.length || text.failed;
	buf_free(&text);
	return is_set;
}
