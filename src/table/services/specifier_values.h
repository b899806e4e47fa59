/* The values of a unit file's specifiers on this machine, and the directories of its units (systemd.unit(5)).
 * superd/machine/specifier_values.c fills the struct for read/systemd; NULL: unknown. */
#pragma once

struct specifier_values {
	const char *host_name, *short_host_name, *pretty_host_name;
	const char *machine_id, *boot_id, *kernel, *architecture;
	const char *os_id, *os_version_id, *os_build_id, *os_variant_id, *image_id, *image_version;
	const char *user, *group, *user_id, *group_id, *home, *shell;   /* of superd itself */
	const char *credentials;        /* the directory of all services' credentials */
	const char *runtime, *state, *cache, *logs, *configuration, *data;      /* directories */
	const char *temporary, *lasting_temporary;      /* /tmp, /var/tmp */
};

/* The directories of system units in the order of their precedence, NULL-terminated. */
extern const char *const machine_unit_path[];
