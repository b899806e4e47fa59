/* Turns checked words (table/type/type) into the kernel's numbers. */
#include "superd/start/scheduling.h"

#include <stdlib.h>
#include <string.h>

#define IO_CLASS_SHIFT 13               /* <linux/ioprio.h>, which older headers lack */

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
