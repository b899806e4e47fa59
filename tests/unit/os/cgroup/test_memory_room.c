/* The room of the machine, and of a group with a limit that the test makes. */
#include <poll.h>

#include "os/cgroup/cgroup_delegation.h"
#include "os/cgroup/memory_room.h"
#include "tests/unit/hang.h"
#include "tests/unit/unit.h"

#define LIMIT (256ll << 20)

Test(memory_room, knows_the_machine)
{
	struct memory_sensor sensor;
	struct memory_room group, machine;

	memory_sensor_open(&sensor);
	memory_sensor_read(&sensor, &group, &machine);
	if (access("/proc/meminfo", R_OK) == 0)
		cr_expect(machine.total > 0 && machine.used > 0 && machine.used < machine.total);
	cr_expect_not(memory_sensor_hear(&sensor), "nothing has happened yet");
	memory_sensor_close(&sensor);
	memory_sensor_close(&sensor);
}

static char group_path[4096];

/* Below this process's own group. false: that is not possible here. */
static bool make_group(void)
{
	static const char *const hierarchies[] = { "memory", "" };
	char text[32];

	snprintf(text, sizeof(text), "%lld", LIMIT);
	for (int n = 0; n < 2; n++) {
		char own[4000];

		if (!cgroup_find_own(hierarchies[n], own, sizeof(own)))
			continue;
		snprintf(group_path, sizeof(group_path), "%s/superd-room.%ld", own, (long)getpid());
		if (mkdir(group_path, 0755) == 0 &&
		    cgroup_write(group_path, n == 0 ? "memory.limit_in_bytes" : "memory.max", text))
			return true;
		rmdir(group_path);
	}
	return false;
}

/* In the group: it knows the limit, and hears of it when most is in use. The exit status says what went wrong. */
static int look_from_inside(void)
{
	const size_t most = (size_t)(LIMIT - LIMIT / 32);
	struct memory_sensor sensor;
	struct memory_room before, after, machine;
	struct pollfd event = { .events = POLLIN };
	char *memory;

	if (!cgroup_write(group_path, "cgroup.procs", "0"))
		return 1;
	memory_sensor_open(&sensor);
	memory_sensor_read(&sensor, &before, &machine);
	if (before.total != LIMIT)
		return 2;
	memory = malloc(most);
	if (!memory)
		return 3;
	memset(memory, 1, most);
	memory_sensor_read(&sensor, &after, &machine);
	if (after.used - before.used < (int64_t)most / 2 || after.used > LIMIT)
		return 4;
	event.fd = sensor.events;
	if (sensor.is_v1 && poll(&event, 1, HANG_MS) != 1)
		return 5;
	memory_sensor_hear(&sensor);
	memory_sensor_close(&sensor);
	return 0;
}

Test(memory_room, knows_the_limit_of_its_group_and_hears_when_it_is_near, .timeout = 120)
{
	int status;
	pid_t pid;

	if (!make_group())
		cr_skip_test("no control group with a limit of memory can be made here");
	pid = fork();
	if (pid == 0)
		_exit(look_from_inside());
	waitpid(pid, &status, 0);
	rmdir(group_path);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
}
