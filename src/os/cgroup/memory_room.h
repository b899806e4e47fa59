/* How much memory superd and its backends may still use, and when that becomes short: of the machine, and of superd's own
 * control group, or the one above it with the lowest limit, in cgroup v1 and v2. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct memory_room {
	int64_t total, used;            /* bytes of the limit, and in use, without unused pages of files; total 0: unknown */
};

/* A zeroed struct is closed. */
struct memory_sensor {
	bool is_open;
	char *group;                    /* path of the group with the lowest limit, owned; NULL: none has a limit */
	bool is_v1;                     /* of the group */
	int events;                     /* epoll descriptor that is readable when memory may be short; -1: nothing reports that */
	int level;                      /* cgroup v1: eventfd of the group's notifications; -1: none */
	int pressure[2];                /* triggers of pressure stall information: of the machine, of the group; -1: none */
};

void memory_sensor_open(struct memory_sensor *sensor);  /* sources that the machine lacks are left out */
void memory_sensor_close(struct memory_sensor *sensor); /* may be called again */

/* Reads the room of the group and of the machine. */
void memory_sensor_read(const struct memory_sensor *sensor, struct memory_room *group, struct memory_room *machine);

/* Takes the events from the descriptor. true: tasks wait for memory. false: the room has changed, so check it; the
 * count of cgroup v1 includes pages of files that the kernel can drop. */
bool memory_sensor_hear(struct memory_sensor *sensor);
