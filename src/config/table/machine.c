/* Where a system keeps its units. The hard thing is what to leave out of systemd.unit(5)'s list: the folders that its
 * generators and its bus write for one boot, as without systemd they are empty, or left over from another one. */
#include "config/table/machine.h"

#include <stddef.h>

const char *const machine_unit_path[] = {
	"/etc/systemd/system.control",
	"/run/systemd/system.control",
	"/etc/systemd/system",
	"/run/systemd/system",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/lib/systemd/system",
	NULL,
};
