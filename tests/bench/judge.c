/* Nanoseconds of processor time to judge an address by a thousand networks that cannot be joined (only_from): the best
 * of ten rounds. tests/bench/times runs it. */
#include <arpa/inet.h>

#include "table/service/service.h"

enum { NETWORKS = 1000, ROUNDS = 10, JUDGED = 10000 };

static bool find_none(void *context, const char *name, struct network *network)
{
	(void)context, (void)name, (void)network;
	return false;
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(void)
{
	static char texts[NETWORKS][40];
	static const char *list[NETWORKS + 1];
	unsigned char addresses[2][16] = { { [10] = 0xff, 0xff }, { [10] = 0xff, 0xff } };
	const struct access *access;
	unsigned permitted = 0;
	long best = 0;

	for (unsigned n = 0; n < NETWORKS; n++) {
		if (n % 2)
			snprintf(texts[n], sizeof(texts[n]), "10.%u.%u.0/24", n / 100, n % 100 * 2);
		else
			snprintf(texts[n], sizeof(texts[n]), "2001:db8:0:%x::/64", n * 2);
		list[n] = texts[n];
	}
	inet_pton(AF_INET, "203.0.113.4", addresses[0] + 12);
	inet_pton(AF_INET, "10.7.22.9", addresses[1] + 12);
	access = access_compile(list, NULL, find_none, NULL, pool_new());
	for (int round = 0; access && round < ROUNDS; round++) {
		long begun = now(), taken;

		for (int n = 0; n < JUDGED; n++)
			permitted += access_judge(access, addresses[n % 2]) == ACCESS_PERMITTED;
		taken = now() - begun;
		best = !best || taken < best ? taken : best;
	}
	if (permitted != ROUNDS * JUDGED / 2)
		return 1;
	printf("%ld\n", best / JUDGED);
	return 0;
}
