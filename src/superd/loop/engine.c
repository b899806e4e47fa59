/* The few functions that all parts of the engine share. The generator is xorshift64*, which suffices for jitter. */
#include "superd/loop/engine.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/fd.h"

#define COUNTED 256                     /* descriptors, at most; superd opens less between two counts */

double engine_random(struct engine *engine)
{
	uint64_t x = engine->random_state ? engine->random_state : 0x9e3779b97f4a7c15;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	engine->random_state = x;
	return (double)(x * 0x2545f4914f6cdd1d >> 11) / (double)(1ull << 53);
}

const char *engine_variable(const struct engine *engine, const char *name)
{
	size_t length = strlen(name);

	for (char **at = engine->defaults.environment; at && *at; at++) {
		if (!strncmp(*at, name, length) && (*at)[length] == '=')
			return *at + length + 1;
	}
	return NULL;
}

/* The kernel gives the lowest free number, so all above the highest one that it ever gave are free. If these are many,
 * superd need not count. From FD_LISTENER on, since listeners are there while lower ones are free. */
size_t engine_count_free(struct engine *engine, size_t most)
{
	int first = fcntl(engine->null_output, F_DUPFD_CLOEXEC, FD_LISTENER), copies[COUNTED];
	struct rlimit limit;
	size_t count = 0;
	bool is_far;

	if (first > engine->highest_free)
		engine->highest_free = first;
	is_far = first >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
		 (rlim_t)engine->highest_free + COUNTED < limit.rlim_cur;
	fd_close(&first);
	if (is_far)
		return most;
	while (count < most && count < COUNTED &&
	       (copies[count] = fcntl(engine->null_output, F_DUPFD_CLOEXEC, 0)) >= 0)
		count++;
	for (size_t n = 0; n < count; n++)
		fd_close(&copies[n]);
	return count;
}

uid_t service_user(const struct service *service)
{
	const struct account *account = service->account;

	return account ? account->uid : geteuid();
}
