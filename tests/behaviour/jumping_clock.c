/* jumping_clock.so: a library for LD_PRELOAD that sets the wall clock of the programs that load it, and of no other: a
 * time namespace shifts the monotonic clocks only, and the machine's own clock must stay. JUMPING_CLOCK names a file
 * that holds a long, how many seconds the clock is wrong by; it may be written at any time. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile long *offset;

__attribute__((constructor)) static void map_offset(void)
{
	const char *path = getenv("JUMPING_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	offset = at == MAP_FAILED ? NULL : at;
}

static long wrong_by(clockid_t clock)
{
	return offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) ? *offset : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (result == 0)
		now->tv_sec += wrong_by(clock);
	return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec exact;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &exact);
	*now = (struct timeval){ exact.tv_sec, exact.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *place)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (place)
		*place = now.tv_sec;
	return now.tv_sec;
}
