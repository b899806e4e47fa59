/* The directories of system units, from systemd.unit(5), without those that systemd's generators and its bus interface
 * fill for one boot: without systemd they are empty, or outdated. */
#include "table/services/unit_machine.h"

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
