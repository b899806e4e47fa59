/* A configured service: one row of the table, immutable once the table is complete. All memory belongs to the table's
 * pool.
 *
 * Options are in groups, one struct each. Equal groups of a table are one copy in the pool, and so are equal sets of
 * groups (struct option_groups). So a row is small however many options there are: an option that it does not set costs
 * nothing, and one that it alone sets costs a copy of its group. The table of options (table/option/option_table) has
 * the place of every option. superd.conf(5) describes the options. */
#pragma once

#include "table/endpoint/endpoint.h"

enum pass { PASS_SYSTEMD, PASS_INETD, PASS_BIND };
enum proxy_protocol { PROXY_NO, PROXY_V1, PROXY_V2 };
enum service_type { TYPE_SIMPLE, TYPE_EXEC, TYPE_NOTIFY, TYPE_NOTIFY_RELOAD, TYPE_FORKING, TYPE_ONESHOT };
enum notify_access { NOTIFY_NONE, NOTIFY_MAIN, NOTIFY_EXEC, NOTIFY_ALL };
enum preserve { PRESERVE_NO, PRESERVE_RESTART, PRESERVE_ON_SUCCESS, PRESERVE_YES };
enum start { START_DEMAND, START_BOOT, START_MANUAL, START_WANTED };
enum kill_mode { KILL_GROUP, KILL_MIXED, KILL_PROCESS, KILL_NONE };
enum on_failure { FAILURE_RETRY, FAILURE_EXIT };
enum on_remove { REMOVE_AUTO, REMOVE_FINISH, REMOVE_DRAIN, REMOVE_STOP };
enum on_change { ON_CHANGE_FINISH, ON_CHANGE_DRAIN, ON_CHANGE_RESTART, ON_CHANGE_OVERLAP };
enum idle_when { IDLE_WHEN_CLOSED, IDLE_WHEN_QUIET };
enum idle_action { IDLE_STOP, IDLE_FREEZE };
enum other_ports { OTHERS_COUNTED, OTHERS_IGNORED };
enum overload { OVERLOAD_QUEUE, OVERLOAD_REFUSE };
enum log_kind { LOG_TYPE_SYSLOG, LOG_TYPE_FILE };
enum ipv6_only { IPV6_ONLY_DEFAULT, IPV6_ONLY_NO, IPV6_ONLY_YES };
enum stream_kind {
	STREAM_LOG, STREAM_FILE, STREAM_APPEND, STREAM_TRUNCATE, STREAM_NULL, STREAM_INHERIT, STREAM_SOCKET,
	STREAM_DESCRIPTOR
};
enum private_mounts { MOUNTS_SHARED, MOUNTS_PRIVATE };
enum private_tmp { TMP_SHARED, TMP_PRIVATE, TMP_DISCONNECTED };
enum protect_system { SYSTEM_WRITABLE, SYSTEM_PROTECTED, SYSTEM_FULL, SYSTEM_STRICT };
enum protect_home { HOME_WRITABLE, HOME_HIDDEN, HOME_READ_ONLY, HOME_TEMPORARY };
enum protect_proc { PROC_DEFAULT, PROC_NO_ACCESS, PROC_INVISIBLE, PROC_TRACEABLE };
enum proc_subset { SUBSET_ALL, SUBSET_PID };
enum keyring_mode { KEYRING_INHERIT, KEYRING_PRIVATE, KEYRING_SHARED };
enum namespace_kind {                   /* bits of restrict_namespaces, in the order of their words */
	NAMESPACE_CGROUP, NAMESPACE_IPC, NAMESPACE_MNT, NAMESPACE_NET, NAMESPACE_PID, NAMESPACE_TIME, NAMESPACE_USER,
	NAMESPACE_UTS, NAMESPACE_KINDS
};
enum device_policy { DEVICES_AUTO, DEVICES_CLOSED, DEVICES_STRICT };
enum oom_policy { OOM_CONTINUE, OOM_STOP, OOM_KILL };
enum directory_preserve { DIRECTORY_GOES, DIRECTORY_STAYS, DIRECTORY_RESTARTS };
enum cpu_scheduling {
	CPU_DEFAULT, CPU_OTHER, CPU_BATCH, CPU_IDLE, CPU_FIFO, CPU_RR
};

/* The facts to log about a connection: bits of log_on_success and log_on_failure, in the order of xinetd's words. */
enum log_on_success {
	SUCCESS_PID = 1 << 0, SUCCESS_HOST = 1 << 1, SUCCESS_USERID = 1 << 2, SUCCESS_EXIT = 1 << 3,
	SUCCESS_DURATION = 1 << 4, SUCCESS_TRAFFIC = 1 << 5
};
enum log_on_failure { FAILURE_HOST = 1 << 0, FAILURE_USERID = 1 << 1, FAILURE_ATTEMPT = 1 << 2 };

/* After which ends superd starts a service again (systemd.service(5), Restart=). */
enum restart {
	RESTART_DEFAULT,                /* as `start` demands */
	RESTART_NO, RESTART_ON_SUCCESS, RESTART_ON_FAILURE, RESTART_ON_ABNORMAL, RESTART_ON_WATCHDOG, RESTART_ON_ABORT,
	RESTART_ALWAYS
};

/* When commands beside the main one run: around a backend, and around the binding and closing of the sockets. */
enum command_phase {
	PHASE_CONDITION, PHASE_START_PRE, PHASE_START_POST, PHASE_RELOAD, PHASE_STOP, PHASE_STOP_POST,
	PHASE_READY, PHASE_IDLE_UNLESS,
	PHASE_SOCKET_START_PRE, PHASE_SOCKET_START_POST, PHASE_SOCKET_STOP_POST,
	PHASES
};

#define UNLIMITED INT64_MAX
#define RLIMITS 16                      /* the kernel's RLIM_NLIMITS */

typedef const char *const *words;       /* a NULL-terminated list in the pool; NULL is the empty list */

struct stream {
	unsigned kind;                  /* enum stream_kind */
	const char *path;               /* of FILE, APPEND, TRUNCATE; of DESCRIPTOR a socket's name, NULL: "stdin" … */
};

struct limit {
	int64_t soft, hard;             /* SCAN_INFINITY: RLIM_INFINITY; -1: superd's own */
};

/* A number, or a share of the machine's resources; both -1: unset. */
struct amount {
	int64_t number;                 /* bytes or tasks; SCAN_INFINITY: no limit */
	int64_t share;                  /* hundredths of a percent */
};

/* The service's own log (xinetd's log_type). */
struct log_target {
	unsigned kind;                  /* enum log_kind */
	int facility, level;            /* of SYSLOG: LOG_DAEMON …, LOG_INFO … */
	const char *path;               /* of FILE */
	int64_t soft, hard;             /* of FILE, bytes: superd warns, stops logging; SCAN_INFINITY: no limit */
};

/* Connections a second, and the pause if there are more (xinetd's cps). */
struct rate {
	int64_t number;                 /* UNLIMITED: no limit */
	int64_t pause;                  /* microseconds */
};

struct exec_options {
	words exec;                     /* the program and its arguments; NULL: builtin or redirect is set */
	words builtin;                  /* the name of a service of superd's own, then its options */
	words redirect;                 /* host and port to connect each client to, or the path of a unix socket */
	const char *argv0;              /* in place of exec[0]; NULL: exec[0] */
	words exec_search_path;         /* directories for a program without a slash; NULL: exec is an absolute path */
	bool accept, disable;
	unsigned pass;                  /* enum pass */
	unsigned type;                  /* enum service_type */
	unsigned start;                 /* enum start */
	unsigned proxy_protocol;        /* enum proxy_protocol */
};

struct socket_options {
	int64_t backlog;
	const char *socket_user, *socket_group;
	mode_t socket_mode, directory_mode;
	words symlinks;
	bool remove_on_stop, optional, non_blocking;
	words binds;                    /* endpoints as written; addresses that the program binds in place of its own */
	words multicast_group;          /* "239.1.2.3", "ff02::1%eth0" */
	const char *bind_to_device;
	bool free_bind, transparent, reuse_port;
	unsigned ipv6_only;             /* enum ipv6_only */
	bool keep_alive;
	int64_t keep_alive_time, keep_alive_interval;   /* microseconds, 0: the kernel's */
	int64_t keep_alive_probes;      /* 0: the kernel's */
	bool no_delay;
	int64_t defer_accept;           /* microseconds, 0: off */
	int64_t priority;               /* -1: unset */
	int64_t receive_buffer, send_buffer;            /* bytes, 0: the kernel's */
	bool broadcast, pass_credentials, pass_packet_info;
	bool filter_every_packet;       /* with accept = no, superd checks every packet, not only the first */
	bool writable;
	words only_from, no_access;     /* as written (table/service/access); NULL: all clients, none */
	words socket_condition;         /* as `condition`; NULL: it is always opened */
	words socket_requires, socket_wants, socket_beside;     /* what it needs (table/service/need) */
	int64_t trigger_limit_burst;    /* clients, or starts that they cause, in an interval; UNLIMITED */
	int64_t trigger_limit_interval, trigger_limit_pause;    /* microseconds */
};

struct identity_options {
	const char *user, *group;       /* names or numbers as written; NULL: superd's own */
	bool groups;                    /* with the user's supplementary groups (xinetd's `groups`) */
	words supplementary_groups;
	uint64_t ambient_capabilities;  /* bits 1 << CAP_x */
	uint64_t capability_bounding_set;               /* bits 1 << CAP_x; all ones: unchanged */
	bool no_new_privileges;
	bool dynamic_user, remove_ipc;
};

struct environment_options {
	words env;                      /* NAME=value, the last one wins; may have templates such as %{fd} */
	words passenv;                  /* names of variables of superd's own environment */
	words environment_file;         /* paths, "-" in front: may be missing */
	words unset_environment;        /* "NAME" or "NAME=value", removed at the end */
	bool tcp_environment;           /* TCPREMOTEIP … of ucspi-tcp */
	bool expand_environment;        /* replace $NAME in exec */
	bool unit_environment;          /* the variables that systemd sets for a unit's service */
	mode_t umask;
	int64_t nice;
	const char *working_directory;  /* "~": the user's home; "-" in front: may be missing */
	const char *root_directory;
	int64_t oom_score_adjust;       /* INT64_MIN: unset */
	const char *io_scheduling;      /* "idle", "best-effort:4", "realtime:0", NULL: unset */
	words runtime_directory, state_directory;       /* relative names */
};

/* Directories beside those of struct environment_options, also as "NAME:LINK"; and the modes of all of them. */
struct directory_options {
	words cache_directory, logs_directory, configuration_directory;
#define NO_MODE ((mode_t)-1)             /* unset */
	mode_t runtime_directory_mode, state_directory_mode, cache_directory_mode, logs_directory_mode,
		configuration_directory_mode;
	unsigned runtime_directory_preserve;            /* enum directory_preserve */
};

struct scheduling_options {
	unsigned cpu_scheduling_policy; /* enum cpu_scheduling */
	bool ignore_sigpipe;
};

struct limit_options {
	struct limit of[RLIMITS];       /* index: RLIMIT_x */
};

struct stream_options {
	struct stream input, output, error;
	const char *syslog_identifier;  /* the backend's name in a log; NULL: the service's */
	unsigned syslog_level;          /* number of syslog(3) */
	bool syslog_level_prefix;       /* <N> at the start of a line is its level */
	int64_t log_rate_limit_interval;                /* microseconds; 0: no limit */
	int64_t log_rate_limit_burst;   /* lines in an interval; 0, UNLIMITED: no limit */
};

struct access_options {
	words access_times;             /* "HH:MM-HH:MM" of local time; NULL: always */
	int64_t max_load;               /* load average over a minute in thousandths; 0: no limit */
	struct rate cps;
	int64_t per_source_rate;        /* connections a minute from one address; UNLIMITED */
	const char *libwrap;            /* daemon's name for hosts.allow and hosts.deny; NULL: not checked */
	const char *banner, *banner_success, *banner_fail;      /* files that superd sends to clients */
	int64_t deny_time;              /* microseconds; -1: no sensor, 0: a sensor that only logs */
	bool id_only;                   /* permit only clients whose ident server (RFC 1413) names a user */
	int64_t instances;              /* with accept = yes, most at a time; UNLIMITED */
	int64_t per_source;             /* most at a time from one source; UNLIMITED */
	int64_t per_source_prefix;      /* bits of an IPv6 address that are one source; all bits of an IPv4 address */
	unsigned overload;              /* enum overload */
};

struct lifecycle_options {
	words requires, wants;          /* names of services that run with this one (table/service/need) */
	words beside;                   /* of these: those that it does not wait for */
	const char *ready;              /* text of the line by which the backend reports that it is ready; NULL: unset */
	int64_t timeout_start, timeout_stop, runtime_max;       /* microseconds, SCAN_INFINITY: none */
	int kill_signal;
	unsigned kill_mode;             /* enum kill_mode */
	const char *pid_file;
	int64_t backoff_min, backoff_max;               /* microseconds */
	int64_t watchdog;               /* microseconds; 0, SCAN_INFINITY: none */
	int watchdog_signal, reload_signal;
	unsigned notify_access;         /* enum notify_access, as written: see service_notify_access */
	unsigned file_descriptor_store_preserve;        /* enum preserve */
	int64_t file_descriptor_store_max;
	unsigned on_failure, on_remove, on_change;
	int64_t idle_timeout, min_awake;                /* microseconds, SCAN_INFINITY: none */
	int64_t redirect_timeout;       /* microseconds without a datagram, then a flow of a redirect ends; -1: unset */
	unsigned idle_action;           /* enum idle_action */
	unsigned idle_when;             /* enum idle_when */
	unsigned other_ports;           /* enum other_ports */
	bool freeze_reclaim;
	words probe_from;               /* as only_from; NULL: none */
};

/* Commands beside the main one, and the conditions of a start. */
struct command_options {
	words of[PHASES];               /* index: enum command_phase; texts for table/service/command_prefix */
	words condition;                /* texts for table/option/condition */
	const char *exec_prefix;        /* the signs of exec itself (command_prefix); NULL: none */
	bool socket_exec_as_superd;     /* the commands around the sockets run by superd's defaults, not as the service */
};

/* The end of a backend, and the actions after it. */
struct restart_options {
	unsigned restart;               /* enum restart */
	bool remain_after_exit, send_sighup, send_sigkill, kill_leftovers;
	int final_kill_signal;          /* 0: SIGKILL */
	int64_t timeout_abort;          /* microseconds, SCAN_INFINITY: none; -1: timeout_stop */
	words success_exit_status, restart_prevent_exit_status, restart_force_exit_status;
};

struct log_options {
	const struct log_target *log_type;      /* NULL: superd's own log */
	unsigned log_on_success, log_on_failure;        /* bits */
};

/* Switches of hardening, which many services set alike. */
struct hardening_options {
	unsigned private_mounts;        /* enum private_mounts; UINT_MAX: unset */
	unsigned private_tmp, protect_system, protect_home, protect_proc, proc_subset;
	unsigned keyring_mode;
	unsigned restrict_namespaces;   /* bits 1 << NAMESPACE_x: denied ones */
	bool private_devices, private_ipc, private_network, private_users, mount_api_vfs;
	bool protect_kernel_tunables, protect_kernel_modules, protect_kernel_logs, protect_control_groups;
	bool protect_clock, protect_hostname;
	bool restrict_realtime, restrict_suid_sgid, memory_deny_write_execute, lock_personality;
};

/* The backend's view of the file system, which differs between services. table/service/sandbox_words splits the
 * words. */
struct path_options {
	words read_only_paths, read_write_paths, inaccessible_paths, exec_paths, no_exec_paths;
	words bind_paths, bind_read_only_paths, temporary_file_system;
	const char *apparmor_profile, *selinux_context; /* "-" in front: not needed */
};

/* The system calls and address families that the backend may use. */
struct syscall_options {
	words system_call_filter;       /* each with its sign (table/option/type_sandbox) */
	unsigned system_call_architectures;             /* bits 1 << index in the option's words */
	int64_t system_call_error_number;               /* errno; ERRNO_KILL: kill the process */
	words restrict_address_families;                /* each with its sign; "none" alone: none is allowed */
};

/* Limits of the control group; -1: unset. */
struct resource_options {
	struct amount memory_max, memory_high, memory_swap_max, tasks_max;
	int64_t cpu_quota;              /* hundredths of a percent of one processor */
	int64_t cpu_weight;             /* 1 to 10000; 0: idle */
	unsigned oom_policy;            /* enum oom_policy */
	bool delegate;
};

/* Devices and networks that the control group admits. table/service/sandbox_words splits the words. */
struct cgroup_filter_options {
	words device_allow;
	words ip_address_allow, ip_address_deny;
	unsigned device_policy;         /* enum device_policy */
};

/* Credentials that the backend receives beside its sockets (table/service/credential_words). */
struct credential_options {
	words load_credential, set_credential;
};

/* The groups: the word of enum option_group, the struct, its member in struct option_groups. A service that sets an option
 * has a copy of its whole group. So a group has options that the same services set. */
#define SHARED_OPTION_GROUPS(GROUP) \
	GROUP(SOCKETS, socket_options, socket_defaults) \
	GROUP(IDENTITY, identity_options, identity) \
	GROUP(ENVIRONMENT, environment_options, environment) \
	GROUP(LIMITS, limit_options, limits) \
	GROUP(STREAMS, stream_options, streams) \
	GROUP(ACCESS, access_options, access) \
	GROUP(LIFECYCLE, lifecycle_options, lifecycle) \
	GROUP(LOG, log_options, logging) \
	GROUP(COMMANDS, command_options, commands) \
	GROUP(RESTART, restart_options, restart) \
	GROUP(HARDENING, hardening_options, hardening) \
	GROUP(PATHS, path_options, paths) \
	GROUP(SYSCALLS, syscall_options, syscalls) \
	GROUP(DIRECTORIES, directory_options, directories) \
	GROUP(SCHEDULING, scheduling_options, scheduling) \
	GROUP(RESOURCES, resource_options, resources) \
	GROUP(CGROUP_FILTERS, cgroup_filter_options, cgroup_filters) \
	GROUP(CREDENTIALS, credential_options, credentials)
/* With `exec`, which nearly every service sets for itself. */
#define OPTION_GROUPS(GROUP) SHARED_OPTION_GROUPS(GROUP) GROUP(EXEC, exec_options, exec)

#define GROUP_WORD(NAME, type, member) GROUP_##NAME,
enum option_group {
	OPTION_GROUPS(GROUP_WORD) GROUPS, SHARED_GROUPS = GROUP_EXEC,
	GROUP_SUPERD = GROUPS           /* struct globals: superd { }, of no service */
};

/* Room for any group. */
#define GROUP_ROOM(NAME, type, member) struct type member;
union group_values { OPTION_GROUPS(GROUP_ROOM) };

/* All groups except `exec`. Kept in the pool. */
#define GROUP_MEMBER(NAME, type, member) const struct type *member;
struct option_groups {
	union {
		const void *group[SHARED_GROUPS];
		struct { SHARED_OPTION_GROUPS(GROUP_MEMBER) };  /* in the order of enum option_group */
	};
};

/* A user, looked up by superd/machine/resolve; kept in the pool. */
struct account {
	const char *name, *home, *shell;                /* home and shell NULL: a number without a passwd(5) entry */
	uid_t uid;
	gid_t gid;                      /* the option `group`, or the user's group */
	const gid_t *groups;            /* for setgroups(2), in the pool */
	size_t group_count;
	bool keeps_groups;              /* superd may not call setgroups(2), as in a user namespace: its groups stay */
	bool switches;                  /* the child sets its ids; false: it stays superd's own user */
};

/* The results of superd/machine/resolve for a socket. In the pool, one copy for equal sockets; few sockets have any. */
struct listen_prepared {
	const struct access *access;                    /* only_from and no_access, compiled; NULL: all clients */
	const struct sock_fprog *rules;                 /* of os/host/bpf; NULL: none */
	uid_t owner;                                    /* of its file; (uid_t)-1: superd's */
	gid_t owner_group;                              /* of its file; (gid_t)-1: superd's */
	const struct account *account;                  /* the service's, whose groups open its folder; NULL: superd's */
	bool filters_always;                            /* the kernel filters also while no program has it: pass = bind locks
							 * the filter, and a builtin for datagrams judges no sender */
};

/* A socket of a service. The order in the table is the order of the descriptors. */
struct listen {
	const struct endpoint *endpoint;                /* as written */
	const struct endpoint *address;                 /* with numbers, by superd/machine/resolve; until then as written */
	const char *name;                               /* its entry in LISTEN_FDNAMES */
	const struct socket_options *options;
	struct origin at;
	const struct listen_prepared *prepared;         /* of listen_prepare; NULL: there is nothing */
	unsigned setting;                               /* the index of its `listen` in the service's settings */
};

/* Never NULL. */
static inline const struct listen_prepared *listen_prepared(const struct listen *listen)
{
	static const struct listen_prepared nothing = { .owner = (uid_t)-1, .owner_group = (gid_t)-1 };

	return listen->prepared ? listen->prepared : &nothing;
}

static inline bool listen_owner_equal(const struct listen *a, const struct listen *b)
{
	return listen_prepared(a)->owner == listen_prepared(b)->owner &&
	       listen_prepared(a)->owner_group == listen_prepared(b)->owner_group;
}

/* Replaces the prepared values. false: out of memory; the former values stay. */
bool listen_prepare(struct listen *listen, struct pool *pool, struct listen_prepared prepared);

/* Whether the filter is on the socket only while a backend has it. superd itself checks the first datagram of each
 * start, so that it can log the refused sender, unless the option `filter_every_packet` is set, or for filters_always. */
static inline bool listen_filters_lent(const struct listen *listen)
{
	return listen->address->kind == ENDPOINT_UDP && !listen->options->filter_every_packet &&
	       !listen_prepared(listen)->filters_always;
}

/* The filter that is always on the socket, and the filter while a backend has it; NULL: none. */
static inline const struct sock_fprog *listen_filter(const struct listen *listen)
{
	return listen_filters_lent(listen) ? NULL : listen_prepared(listen)->rules;
}

static inline const struct sock_fprog *listen_lent_filter(const struct listen *listen)
{
	return listen_filters_lent(listen) ? listen_prepared(listen)->rules : NULL;
}

/* A value that a text sets, and where. Packed, because a large table has tens of thousands. */
struct option_setting {
	const char *file;
	words words;                    /* as the text has them; NULL: `refused`, or of `listen`, whose sockets have them; of a
					   socket { } its name, NULL: the service's */
	uint64_t line : 24;             /* relative to the service's, so that similar rows share settings, unless is_above */
	uint64_t column : 15;           /* at most SETTING_COLUMN */
	uint64_t block : 12;            /* 0: the service itself; n: its n-th socket { } */
	uint64_t option : 9;            /* index into option_defs[] */
	uint64_t append : 1;            /* += */
	uint64_t is_above : 1;          /* `line` is the file's, above the service, as xinetd's defaults */
	uint64_t refused : 1;           /* its value was invalid, which is reported; the field has the default */
};

/* The highest values of a setting's fields. */
enum {
	SETTING_LINE = (1 << 24) - 1, SETTING_COLUMN = (1 << 15) - 1, SETTING_BLOCK = (1 << 12) - 1,
	SETTING_OPTION = (1 << 9) - 1
};

/* All that a text sets, in its order; what is in a socket { } follows the setting of that. In the pool, one copy for
 * equal ones. */
struct option_settings {
	const struct option_settings *defaults;                /* of defaults { }, which they override; NULL: none */
	size_t count;
	struct option_setting list[];
};

/* The results of superd/machine/resolve for a service's options. In the pool, one copy for equal services; few services
 * have any. */
struct prepared {
	const struct sandbox_config *sandbox;           /* NULL: no hardening */
	const struct cgroup_settings *cgroup_settings;  /* NULL: no control group of its own */
	const struct access *probes;                    /* probe_from, compiled; NULL: none */
	const struct account *relay;                    /* of what relays to its program; NULL: superd's own */
	const struct service *socket_row;               /* what runs the commands around the sockets; NULL: the service itself */
};

struct service {
	const char *name;
	struct origin at;
	struct listen *sockets;
	const struct exec_options *exec;
	const struct option_groups *groups;
	const struct option_settings *settings;                /* what its own text sets; NULL: nothing */
	unsigned socket_count;
	bool is_unclear : 1;            /* a setting is `refused` */
	bool has_unknown : 1;           /* a name in its text is no option's, and may be meant for any that it does not set */
	unsigned dialect : 3;           /* enum dialect, for messages (table/option/type.c); NATIVE for inetd */
	bool is_foreign : 1;            /* of another system's table: no hint names an option of superd.conf */
	bool is_alone : 1;              /* no defaults { } hold for it, as for units */
	bool is_superd : 1;             /* superd { }: its options are those of superd itself */
	bool is_skipped : 1;            /* disabled for its errors (table/services/skipped.c) */
	bool is_removed : 1;            /* of a state: a reload had removed it, and its program ran on */
	const struct account *account;                  /* set by superd/machine/resolve; NULL: not resolved yet */
	const struct prepared *prepared;                /* of service_prepare; NULL: there is nothing */
};

/* Whether superd serves nothing by this row. */
static inline bool service_is_off(const struct service *service)
{
	return service->exec->disable || service->is_skipped;
}

/* Never NULL. */
static inline const struct prepared *service_prepared(const struct service *service)
{
	static const struct prepared nothing;

	return service->prepared ? service->prepared : &nothing;
}

/* The first socket of one of these kinds, as written; NULL: it has none. */
const struct listen *service_find_socket(const struct service *service, unsigned kinds);

/* Replaces the prepared values. false: out of memory; the former values stay. */
bool service_prepare(struct service *service, struct pool *pool, struct prepared prepared);

/* The size of each group's struct, by enum option_group. */
extern const size_t group_sizes[GROUPS];

static inline const void *service_group(const struct service *service, enum option_group group)
{
	return group == GROUP_EXEC ? (const void *)service->exec : service->groups->group[group];
}

/* Whether this is the IPv6 socket of an inetd or xinetd entry that has the socket before it for IPv4. A mistake in both
 * is reported for the IPv4 socket only. */
bool listen_is_other_family(const struct service *service, const struct listen *listen);

/* Whether it is an IPv6 socket, and another one of the service is the same for IPv4. */
bool listen_is_second_family(const struct service *service, const struct listen *listen);

/* The address that a socket with these options takes: bind_to_device and ipv6_only narrow it, or ipv6_only = no widens it. */
struct endpoint endpoint_with_options(const struct endpoint *endpoint, const struct socket_options *options);

static inline size_t words_count(words list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

static inline bool words_have(words list, const char *word)
{
	while (list && *list && strcmp(*list, word) != 0)
		list++;
	return list && *list;
}

/* Its root_directory; NULL: it has none, or that is / itself. */
static inline const char *service_root(const struct service *service)
{
	const char *root = service->groups->environment->root_directory;

	return root && root[strspn(root, "/")] ? root : NULL;
}

/* Whether superd-builtin serves the clients, and no program of the service. */
static inline bool service_is_builtin(const struct service *service)
{
	return !service->exec->exec && (service->exec->builtin || service->exec->redirect);
}

/* exec beside redirect: the program gets no sockets, and a superd-builtin relays the clients to it
 * (superd/relay.c). */
static inline bool service_is_relayed(const struct service *service)
{
	return service->exec->exec && service->exec->redirect;
}

/* Whether superd finds out itself when the backend is ready: by its output, or by a command. */
static inline bool service_awaits_ready(const struct service *service)
{
	return service->groups->lifecycle->ready || service->groups->commands->of[PHASE_READY];
}

/* Whether the program is ready once it answers where redirect leads. The other types have a readiness of their own. */
static inline bool service_awaits_target(const struct service *service)
{
	return service_is_relayed(service) && !service_awaits_ready(service) &&
	       (service->exec->type == TYPE_SIMPLE || service->exec->type == TYPE_EXEC);
}

/* Whether its program may run twice at a time. Only on_change = overlap, as drain is read, too, allows that: others may have
 * one lock, or one file that the first instance writes at its end. With redirect, both would have to bind the same
 * target. */
static inline bool service_runs_beside(const struct service *service)
{
	unsigned on_change = service->groups->lifecycle->on_change;

	return (on_change == ON_CHANGE_DRAIN || on_change == ON_CHANGE_OVERLAP) && !service->exec->redirect;
}

/* Whether idle_timeout is in effect: it is set, and superd can see the clients of each socket. */
bool service_idles(const struct service *service);

/* What to do with an instance of a removed service. By default, an instance for one connection or one job finishes; an
 * instance that has the sockets would never end, so it drains. */
static inline enum on_remove service_on_remove(const struct service *service)
{
	unsigned chosen = service->groups->lifecycle->on_remove;
	bool ends = service->exec->accept || (service->exec->type == TYPE_ONESHOT && !service_is_relayed(service));

	if (chosen != REMOVE_AUTO)
		return (enum on_remove)chosen;
	return ends ? REMOVE_FINISH : REMOVE_DRAIN;
}

/* Whether the backend reports that it is ready by sd_notify(3). */
static inline bool service_notifies(const struct service *service)
{
	return service->exec->type == TYPE_NOTIFY || service->exec->type == TYPE_NOTIFY_RELOAD;
}

static inline bool service_has_watchdog(const struct service *service)
{
	return service->groups->lifecycle->watchdog > 0 && service->groups->lifecycle->watchdog < INT64_MAX;
}

/* The processes that may send notifications, enum notify_access: at least the main process if the service needs
 * notifications. */
static inline unsigned service_notify_access(const struct service *service)
{
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;

	if (lifecycle->notify_access == NOTIFY_NONE &&
	    (service_notifies(service) || service_has_watchdog(service) || lifecycle->file_descriptor_store_max))
		return NOTIFY_MAIN;
	return lifecycle->notify_access;
}

/* ---- need.c ---- */

/* What a service needs: other services that run with it, in the options of the service (`requires`, `wants`) and of its
 * sockets (`socket_requires`, `socket_wants`). */

struct listen;
struct service;

enum need_order {
	NEED_BEFORE,                    /* what needs it waits until it is ready */
	NEED_BESIDE,                    /* it starts at the same time, and nothing waits */
};

struct need {
	const char *name;               /* of the service that is needed */
	const char *option;             /* which names it */
	const struct listen *socket;    /* that needs it; NULL: the service itself does */
	bool required;
	enum need_order order;
};

/* Sets *need to a need of the service by its number. Those of the service itself come first, and of these the required
 * ones. A service may be in several of them. false: there are no more. */
bool service_need(const struct service *service, size_t number, struct need *need);

/* ---- access.c ---- */

/* Address rules: only_from and no_access. Words are checked when the option is read, and compiled when the table is
 * complete, so that the cost of a client hardly depends on the number of networks.
 *
 * The forms are those of xinetd.conf(5): a.b.c.d, where zeros at the end match anything (0.0.0.0 is all of IPv4),
 * a.b.c.{1,2,3}, ADDRESS/BITS for both families, a plain IPv6 address (:: alone matches nothing), a name of
 * networks(5), the name of a host (localhost is its two addresses), .domain; and `none`, which matches nothing. An
 * IPv4-mapped address is an IPv4 address, and a wider network of IPv6, such as ::/0, matches no client of IPv4. If both
 * lists match, the client is denied: so does xinetd, in spite of its manual. A name never matches a client without a name. */

#define ACCESS_FACTORS 256              /* most numbers in braces: the values of an octet */

struct access;

enum access_verdict {
	ACCESS_PERMITTED,
	ACCESS_DENIED,
	ACCESS_BY_NAME                  /* the client's name decides: look it up, then call access_judge_name */
};

struct network {
	unsigned char address[16];      /* IPv4 as ::ffff:a.b.c.d; 0 behind the prefix */
	unsigned bits;                  /* length of the prefix, 0 to 128 */
};

/* Reads ADDRESS or ADDRESS/BITS, in numbers. false: it is neither. */
bool network_read(const char *word, struct network *network);

/* Returns NULL, or why this word has none of the forms. */
const char *access_refuse_word(const char *word);

/* Whether a word may name a network of networks(5) or a host: it is neither a number nor a .domain. */
bool access_is_name(const char *word);

/* Compiles both lists of a row, in the pool. `find` looks up a name of networks(5); false: it is a host's name. Returns
 * NULL if both lists are NULL, which permits all clients, or if memory runs out. */
const struct access *access_compile(words only_from, words no_access,
				    bool (*find)(void *context, const char *name, struct network *network),
				    void *context, struct pool *pool);

/* Checks an address, 16 bytes as in struct network. NULL: the client has no address; only_from denies it. access NULL:
 * ACCESS_PERMITTED. */
enum access_verdict access_judge(const struct access *access, const unsigned char address[16]);

/* Whether the rules permit an address, 4 bytes of AF_INET or 16 of AF_INET6, without its name. access NULL: no. */
bool access_lists(const struct access *access, int family, const void *address);

/* Decides after ACCESS_BY_NAME. name: a name of the address that resolves back to it, case-insensitive; NULL: none. */
enum access_verdict access_judge_name(const struct access *access, const unsigned char address[16], const char *name);

/* Whether the rules have names of hosts or domains, which a filter in the kernel cannot check. */
bool access_has_names(const struct access *access);

/* The compiled networks for os/host/bpf, permits or denials: sorted, none inside another, borrowed. NULL for
 * permits: all clients. */
const struct network *access_networks(const struct access *access, bool denials, size_t *count);

/* ---- times.c ---- */

/* Times of the day (access_times): "HH:MM-HH:MM", both minutes included. If the end is before the beginning, the span
 * goes over midnight. */

/* Returns NULL, or why this word is no span of time. */
const char *times_refuse_word(const char *word);

/* Whether a minute of the day, 0 to 1439, is in one of the spans; without spans it always is. */
bool times_include(words spans, unsigned minute);

/* ---- builtin.c ---- */

/* The options behind the name of a builtin. superd reads them for its checks, and superd-builtin reads them again. */

struct builtin_options {
	bool xinetd_text;               /* daytime and chargen in xinetd's form: "20 NOV 2026 05:56:11 UTC" */
	bool reasons;                   /* health prints the reasons, too */
	bool log;                       /* status shows logs, commands and configuration to all clients */
	words hosts;                    /* of health, metrics and status: names by which a browser may reach it; borrowed */
};

/* Whether it is echo, discard, chargen, daytime or time: also for datagrams and with accept = no. */
bool builtin_is_plain(const char *name);

/* Reads the options behind the name in builtin[0]; texts are borrowed. Returns NULL, or the mistake in *bad, as the end
 * of a sentence; *bad NULL: in the whole. */
const char *builtin_read_options(words builtin, struct builtin_options *out, const char **bad);

/* ---- command_prefix.c ---- */

/* A command beside the main one (exec_start_pre and others), as a text: signs, then the program and its arguments,
 * which lib/shell_words splits. Source: systemd.service(5), "COMMAND LINES". */

/* How superd runs a command. */
enum {
	COMMAND_IGNORES_FAILURE = 1 << 0,       /* - */
	COMMAND_PRIVILEGED = 1 << 1,            /* + : with superd's own user and rights, without restrictions */
	COMMAND_SAME_IDENTITY = 1 << 2,         /* ! : with superd's own user; other options apply */
	COMMAND_VERBATIM = 1 << 3,              /* : : without replacing variables */
	COMMAND_ARGV0 = 1 << 4,                 /* @ : the word behind the program is argv[0] */
};

/* The flag of a sign; 0: it is none. */
unsigned command_sign(char sign);

/* Reads the signs, and returns where the program begins; adds the signs of these flags. */
const char *command_prefix(const char *text, unsigned *flags);
void command_prefix_add(struct buf *out, unsigned flags);

/* Returns NULL, or why it is no command, as the end of a sentence. */
const char *command_refuse(const char *text);

/* Returns NULL, or why these signs are not allowed in front of exec. */
const char *command_refuse_prefix(const char *signs);

static inline words service_commands(const struct service *service, enum command_phase phase)
{
	return service->groups->commands->of[phase];
}

/* ---- exit_status.c ---- */

/* Sets of exit statuses and signals, by number or name, for success_exit_status and others. */

/* Returns NULL, or why a word is neither an exit status from 0 to 255, nor the name of one (TEMPFAIL), nor a signal
 * (SIGKILL). */
const char *exit_status_refuse(const char *word);

/* Whether the set has an exit status, and not only signals. */
bool exit_status_has_number(words set);

/* Whether a status of wait(2) is in the set. */
bool exit_status_is_in(words set, int status);

/* ---- credential_words.c ---- */

/* Credentials that a service receives beside its sockets: parses the words of their options. Source: systemd.exec(5),
 * "CREDENTIALS". */

#define CREDENTIALS_MOST 256            /* words of each option for credentials of a service */
#define CREDENTIALS_SIZE (1 << 20)      /* bytes of all credentials of a service, with their names */

/* A word of load_credential, ID[:SOURCE], or of set_credential, ID:VALUE. Its parts are borrowed from the word. */
struct credential_word {
	const char *id;                 /* the text in front of the colon */
	const char *rest;               /* the text behind the colon; NULL: there is none */
	size_t id_length;
};

struct credential_word credential_word_read(const char *word);

/* Whether it can be the name of a credential, which is the name of a file. */
bool credential_name_is_valid(const char *name, size_t length);

/* Adds the bytes of a value with C escapes to out. Returns NULL, or the mistake. */
const char *credential_value_read(const char *text, struct buf *out);

/* Check a word of these options. Return NULL, or the mistake, as the end of a sentence. */
const char *load_credential_refuse(const char *word);
const char *set_credential_refuse(const char *word);

/* ---- sandbox_words.c; table/option/type_sandbox.c, type_network.c ---- */

/* Words of options for hardening, devices and networks, which their types (table/option/type_sandbox, type_network) have
 * checked. */

/* A word of bind_paths: SOURCE[:TARGET[:rbind|norbind]]. Its parts are borrowed from the word. */
struct bind_path {
	const char *source, *target;
	size_t source_length, target_length;
	bool optional;                  /* the source may be missing */
	bool recursive;                 /* with the mounts below it: MS_REC of mount(2) */
};

bool bind_path_read(const char *word, struct bind_path *out);

/* Returns the path of a word of read_only_paths and others behind its prefix. optional (-): it may be missing; inside
 * (+): it is below root_directory. */
const char *protected_path(const char *word, bool *optional, bool *inside);

/* What is behind a root in a path, from its slash on; "/": the root itself. Slashes and single dots are compared as the
 * kernel reads them. NULL: it is not below. root NULL: /. */
const char *path_below_root(const char *path, const char *root);

/* Whether a list of signed words denies its words and allows the rest; otherwise it allows only its words. */
static inline bool signed_list_denies(words list)
{
	return list && list[0] && list[0][0] == '~';
}

/* For restrict_address_families: finds the number of a family such as "AF_INET" (address_families(7)). false: unknown. */
bool address_family_find(const char *name, int *out);

/* For system_call_error_number. */
enum { ERRNO_KILL = -1, ERRNO_MOST = 4095 };    /* kill the process; the kernel's highest error (MAX_ERRNO) */

/* Reads "EPERM", a number from 0 to 4095, or "kill". false: it is none of them. */
bool errno_scan(const char *text, int64_t *out);

/* Returns the name of an error; NULL: it has none. */
const char *errno_name(int64_t number);

/* The groups of system calls for system_call_filter, with names that begin with @. Source: systemd.exec(5),
 * SystemCallFilter=. */
struct syscall_group {
	const char *name;               /* with its @ */
	const char *calls;              /* calls and groups, separated by blanks */
};

/* The group of all calls, which is not in the list. */
#define CALL_GROUP_ALL "@known"

extern const struct syscall_group syscall_groups[];
extern const size_t syscall_group_count;

/* Finds a group by its name. NULL: unknown. */
const struct syscall_group *syscall_group_find(const char *name);

#define WHOLE 10000                     /* 100 % in hundredths of a percent */

/* Bits of the kernel's BPF_DEVCG_ACC_x. */
enum device_right { DEVICE_MKNOD = 1 << 0, DEVICE_READ = 1 << 1, DEVICE_WRITE = 1 << 2 };

/* "/dev/null rw", "char-pts rw", "block-*". name is borrowed from the word. */
struct device_rule {
	const char *name;               /* a path; with is_kind, a pattern of names in /proc/devices */
	size_t length;
	bool is_kind, is_block;         /* char-NAME or block-NAME; block-NAME */
	unsigned rights;                /* enum device_right */
};

bool device_rule_read(const char *word, struct device_rule *rule);

#define NETWORKS_MOST 2                 /* networks of a word */

/* Reads any, localhost, link-local, multicast, or an address with or without /BITS. Returns the number of networks; 0:
 * it is none of these. */
size_t networks_read(const char *word, struct network networks[NETWORKS_MOST]);

bool network_is_v4(const struct network *network);

/* ---- filter_request.c ---- */

/* The channel between superd and superd-filter, which compiles filters of system calls: a seqpacket socket (unix(7)).
 * superd sends a request, and then hears its answer. A request is a text of three lines: the calls, the families, the
 * numbers. superd starts no superd-filter of another build, which may have other numbers. */

#define FILTER_REQUEST_MOST 65536       /* bytes of a request */
#define FILTER_INSTRUCTIONS_MOST 4096   /* BPF_MAXINSNS of linux/bpf_common.h */
#define FILTER_UNKNOWN_MOST 1024        /* words that an answer names */
#define FILTER_NUMBERS 13

/* One filter: of a list of system calls, or of restrictions. A zeroed struct but personality = -1 asks for none. */
struct filter_request {
	words calls;                    /* system_call_filter; NULL: a filter of restrictions */
	words families;                 /* restrict_address_families */
	union {
		int64_t numbers[FILTER_NUMBERS];
		struct {
			int64_t architectures;  /* bits as system_call_architectures; 0: those of this kernel */
			int64_t error;          /* system_call_error_number */
			int64_t namespaces;     /* restrict_namespaces */
			int64_t personality;    /* the only one that it may have; -1: any */
			/* 1: denied */
			int64_t realtime, suid_sgid, executable_memory, sysctl, modules, logs, clock, raw_io, hostname;
		};
	};
};

/* The words of a request are separated by blanks, and have none. A request that fits no message is refused. */
void filter_request_write(const struct filter_request *request, struct buf *out);

/* Reads a request, whose text it changes; lists are kept in the pool. false: it is of another superd, or memory
 * lacks. */
bool filter_request_read(char *text, struct pool *pool, struct filter_request *out);

/* An answer, in front of its instructions (struct sock_filter) and the indices of words in `calls` that name no
 * call. */
struct filter_answer {
	uint32_t error;                 /* errno; 0: it was compiled */
	uint32_t instructions, unknown; /* their numbers */
};

#define FILTER_INSTRUCTION sizeof(uint64_t)     /* bytes of a struct sock_filter */
#define FILTER_ANSWER_MOST \
	(sizeof(struct filter_answer) + FILTER_INSTRUCTIONS_MOST * FILTER_INSTRUCTION + \
	 FILTER_UNKNOWN_MOST * sizeof(uint32_t))

/* What is wrong with an answer of so many bytes to a request with so many words in `calls`, for a message. NULL:
 * nothing is: its lengths are right, and its indices ascend and are below `count`. */
const char *filter_answer_flaw(const void *answer, size_t length, size_t count);
