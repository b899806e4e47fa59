/* The marks of processes. /proc/PID/limits is the kernel's own text: the process cannot block the read. */
#include "os/proc/process_mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "lib/fd.h"

#define FILE_MOST 16384

static char *read_file_of(pid_t pid, const char *name)
{
	char path[64];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	return fd_read_file(path, FILE_MOST, &length);
}

/* In the upper half of what superd may set: its own limit is the mark of its start if it runs below another superd. */
uint64_t process_mark_new(void)
{
	struct rlimit own = { .rlim_max = RLIM_INFINITY };
	uint64_t random, half;

	getrlimit(RLIMIT_LOCKS, &own);
	half = (own.rlim_max == RLIM_INFINITY ? (rlim_t)1 << (sizeof(unsigned long) * 8 - 2) : own.rlim_max) / 2;
	if (half < 2 || getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return 0;
	return half + random % half;
}

uint64_t process_mark(pid_t pid)
{
	char *text = read_file_of(pid, "limits"), *line = text ? strstr(text, "\nMax file locks ") : NULL;
	unsigned long long soft = 0, hard = 0;
	bool marked = line && sscanf(line, " Max file locks %llu %llu", &soft, &hard) == 2;

	free(text);
	return marked ? hard : 0;
}

bool process_has_user(pid_t pid, uid_t user)
{
	char *text = read_file_of(pid, "status"), *line = text ? strstr(text, "\nUid:") : NULL;
	unsigned long ids[3];
	bool good = line && sscanf(line, " Uid: %lu %lu %lu", &ids[0], &ids[1], &ids[2]) == 3 && ids[0] == user &&
		    ids[1] == user && ids[2] == user;

	free(text);
	return good;
}
