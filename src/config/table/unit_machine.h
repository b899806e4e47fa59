/* The values of a unit file's specifiers on this machine, and the folders of its units (systemd.unit(5)). Filled by
 * prepare/os_info, used by parse/systemd/unit*; a value that is not known is NULL. */
#pragma once

struct unit_machine {
	const char *host_name, *short_host_name, *pretty_host_name;
	const char *machine_id, *boot_id, *kernel, *architecture;
	const char *os_id, *os_version_id, *os_build_id, *os_variant_id, *image_id, *image_version;
	const char *user, *group, *user_id, *group_id, *home, *shell;   /* of superd itself */
	const char *credentials;        /* the folder that those of all services lie in */
	const char *runtime, *state, *cache, *logs, *configuration, *data;      /* folders */
	const char *temporary, *lasting_temporary;
};

/* The folders of the system's units, the first in front; NULL-terminated. */
extern const char *const machine_unit_path[];
