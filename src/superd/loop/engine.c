/* The few functions that all parts of the engine share. The generator is xorshift64*, which suffices for jitter. */
#include "superd/loop/engine.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/fd.h"

#define FAR 256                         /* from the limit: a free number that is lower tells that there is room */

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

bool engine_has_spare(const struct engine *engine, int least)
{
	int count = 0;

	for (int n = 0; n < ENGINE_SPARE; n++)
		count += engine->spare[n] >= 0;
	return count >= least;
}

void engine_drop_spare(struct engine *engine)
{
	for (int n = 0; n < ENGINE_SPARE; n++)
		fd_close(&engine->spare[n]);
}

void engine_keep_spare(struct engine *engine)
{
	for (int n = 0; n < ENGINE_SPARE; n++) {
		if (engine->spare[n] < 0)
			engine->spare[n] = fd_raise(open("/dev/null", O_RDONLY | O_CLOEXEC), FD_HIGH);
	}
}

bool engine_has_start_room(struct engine *engine)
{
	int first = fcntl(engine->null_output, F_DUPFD_CLOEXEC, FD_HIGH), room[ENGINE_START_ROOM];
	struct rlimit limit;
	bool good, is_far = first >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)first + FAR < limit.rlim_cur;

	fd_close(&first);
	if (is_far)
		return true;
	engine_keep_spare(engine);
	good = engine_has_spare(engine, ENGINE_SPARE);
	for (int n = 0; n < ENGINE_START_ROOM; n++)
		good &= (room[n] = fcntl(engine->null_output, F_DUPFD_CLOEXEC, 0)) >= 0;
	for (int n = 0; n < ENGINE_START_ROOM; n++)
		fd_close(&room[n]);
	return good;
}

uid_t service_user(const struct service *service)
{
	const struct account *account = service->account;

	return account ? account->uid : geteuid();
}
