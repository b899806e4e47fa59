/* Stands in for clock_gettime(2). */
#include "own_clock.h"

#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct own_clock *own_clock;

static uintptr_t criterion_from, criterion_to;  /* its library, which tells how long a test has really taken */

static int find_criterion(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size, (void)unused;
	if (!strstr(info->dlpi_name, "/libcriterion"))
		return 0;
	for (int n = 0; n < info->dlpi_phnum; n++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[n];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		criterion_from = info->dlpi_addr + part->p_vaddr;
		criterion_to = criterion_from + part->p_memsz;
	}
	return 1;
}

/* Before a test notes what memory it shares. */
__attribute__((constructor)) static void make_clock(void)
{
	void *page = mmap(NULL, sizeof(*own_clock), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	own_clock = page == MAP_FAILED ? NULL : page;
	dl_iterate_phdr(find_criterion, NULL);
}

static double read_monotonic(void)
{
	struct timespec now;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double ahead_of(clockid_t clock)
{
	double lag = own_clock && own_clock->held > 0 ? read_monotonic() - own_clock->held : 0;

	if (!own_clock || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID || clock < 0)
		return 0;
	own_clock->ahead += own_clock->step;
	return own_clock->ahead + (clock == CLOCK_REALTIME ? own_clock->wall_ahead : 0) - lag;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	uintptr_t caller = (uintptr_t)__builtin_return_address(0);
	bool is_real = caller >= criterion_from && caller < criterion_to;
	int result = (int)syscall(SYS_clock_gettime, clock, now);
	double ahead = is_real ? 0 : ahead_of(clock);
	time_t seconds = (time_t)ahead;

	now->tv_sec += seconds;
	now->tv_nsec += (long)((ahead - (double)seconds) * 1e9);
	now->tv_sec += now->tv_nsec / 1000000000;
	now->tv_nsec %= 1000000000;
	if (now->tv_nsec < 0) {
		now->tv_sec--;
		now->tv_nsec += 1000000000;
	}
	return result;
}

void own_clock_advance(double seconds)
{
	own_clock->ahead += seconds;
}

void own_clock_hold(void)
{
	own_clock->held = read_monotonic();
}
