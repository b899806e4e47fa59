/* What the probe can try: 0 when it is allowed, with what was found in probe_found where it is to be told; -1 and errno.
 * They take the attempt's argument. */
#pragma once

extern char probe_found[4096];

int probe_tell(long number);

/* Files: probe_files.c. */
int try_write(const char *argument);
int try_open(const char *argument);
int try_open_to_write(const char *argument);
int try_list(const char *argument);
int try_read(const char *argument);
int try_run(const char *argument);
int try_namespace(const char *argument);
int try_interfaces(const char *argument);

/* The kernel: probe_calls.c. */
int try_socket(const char *argument);
int try_unshare(const char *argument);
int try_enter(const char *argument);
int try_map(const char *argument);
int try_protect(const char *argument);
int try_attach(const char *argument);
int try_schedule(const char *argument);
int try_suid(const char *argument);
int try_new_suid(const char *argument);
int try_nameless_suid(const char *argument);
int try_personality(const char *argument);
int try_ask_personality(const char *argument);
int try_host_name(const char *argument);
int try_clock(const char *argument);
int try_kernel_log(const char *argument);
int try_module(const char *argument);
int try_ports(const char *argument);
int try_node(const char *argument);
int try_mount(const char *argument);
int try_held(const char *capability);
int try_bound(const char *argument);
int try_no_new_privileges(const char *argument);
int try_keyring(const char *argument);
int try_user(const char *argument);
int try_owner(const char *argument);
int try_socket_of_32_bits(const char *argument);
