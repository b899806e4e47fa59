/* The folders where a system keeps its units, from systemd.unit(5). Folders that systemd's generators and its bus
 * interface fill for one boot are left out: without systemd they are empty, or left over from another boot. */
#include "config/table/unit_machine.h"

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
