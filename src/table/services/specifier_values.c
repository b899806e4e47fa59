/* The directories of system units, from systemd.unit(5), without those that systemd's bus interface fills for one boot.
 * Those of its generators count: Ubuntu's sshd-socket-generator writes there which address ssh.socket has. */
#include "table/services/services.h"

const char *const machine_unit_path[] = {
	"/etc/systemd/system.control",
	"/run/systemd/system.control",
	"/run/systemd/generator.early",
	"/etc/systemd/system",
	"/run/systemd/system",
	"/run/systemd/generator",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/lib/systemd/system",
	"/run/systemd/generator.late",
	NULL,
};
