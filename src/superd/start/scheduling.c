/* Turns checked words (table/type/type) into the kernel's numbers. */
#include "superd/start/scheduling.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define IO_CLASS_SHIFT 13               /* <linux/ioprio.h>, which older headers lack */

#define CPUS_MOST 8192

bool scheduling_cpus(words ranges, void **set, size_t *size)
{
	cpu_set_t *cpus = CPU_ALLOC(CPUS_MOST);

	if (!cpus)
		return false;
	*size = CPU_ALLOC_SIZE(CPUS_MOST);
	CPU_ZERO_S(*size, cpus);
	for (size_t n = 0; ranges[n]; n++) {
		char *rest;
		unsigned long first = strtoul(ranges[n], &rest, 10), last = first;

		if (*rest == '-')
			last = strtoul(rest + 1, NULL, 10);
		if (last >= CPUS_MOST) {
			CPU_FREE(cpus);
			errno = ERANGE;
			return false;
		}
		for (unsigned long cpu = first; cpu <= last; cpu++)
			CPU_SET_S(cpu, *size, cpus);
	}
	*set = cpus;
	return true;
}

bool scheduling_io_priority(const char *text, int *priority)
{
	static const char *const classes[] = { NULL, "realtime", "best-effort", "idle" };
	size_t length = strcspn(text, ":");

	for (int class = 1; class <= 3; class++) {
		if (strlen(classes[class]) != length || memcmp(classes[class], text, length))
			continue;
		*priority = class << IO_CLASS_SHIFT;
		if (text[length] == ':')
			*priority |= (int)strtol(text + length + 1, NULL, 10);
		else if (class != 3)
			*priority |= 4;
		return true;
	}
	return false;
}

bool scheduling_io_is_idle(int priority)
{
	return priority >= 0 && priority >> IO_CLASS_SHIFT == 3;
}

void scheduling_cpu_policy(const struct scheduling_options *scheduling, int *policy, int *priority)
{
	/* linux/sched.h, whose names libc has only some of */
	static const int policies[] = {
		[CPU_DEFAULT] = 0, [CPU_OTHER] = 0, [CPU_BATCH] = 3, [CPU_IDLE] = 5, [CPU_FIFO] = 1, [CPU_RR] = 2,
	};
	bool real_time = scheduling->cpu_scheduling_policy == CPU_FIFO || scheduling->cpu_scheduling_policy == CPU_RR;

	*policy = -1;
	*priority = 0;
	if (scheduling->cpu_scheduling_policy == CPU_DEFAULT)
		return;
	*policy = policies[scheduling->cpu_scheduling_policy];
	if (real_time)
		*priority = 1;          /* the lowest */
}
