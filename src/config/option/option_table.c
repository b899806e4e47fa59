/* The table of options, in the order of superd.conf(5). A row has all that is known about an option, except what acts
 * on it.
 *
 * FIELD compares the C type of the struct's member with that of the option's type: a mismatch does not compile. A unit
 * test reads every default, every word and every name. */
#include "config/option/option_table.h"

#include <sys/resource.h>

/* The C type that each type stores, for the check in FIELD. */
#define C_text const char *
#define C_path const char *
#define C_name const char *
#define C_bool bool
#define C_count int64_t
#define C_size int64_t
#define C_duration int64_t
#define C_mode mode_t
#define C_word unsigned
#define C_signal int
#define C_list words
#define C_paths words
#define C_command words
#define C_env words
#define C_stream struct stream
#define C_base64 words
#define C_limit struct limit
#define C_capabilities uint64_t
#define C_tos int64_t
#define C_scheduling const char *
#define C_cpus words
#define C_directories words
#define C_builtin words
#define C_redirect words
#define C_addresses words
#define C_times words
#define C_load int64_t
#define C_rate struct rate
#define C_log_type const struct log_target *
#define C_flags unsigned
#define C_multicast words
#define C_commands words
#define C_statuses words
#define C_conditions words
#define C_signs const char *
#define C_calls words
#define C_families words
#define C_namespaces unsigned
#define C_error int64_t
#define C_protected_paths words
#define C_bindings words
#define C_temporary words
#define C_memory struct amount
#define C_tasks struct amount
#define C_quota int64_t
#define C_weight int64_t
#define C_device_limits words
#define C_device_rules words
#define C_delegation bool
#define C_networks words
#define C_open_files words
#define C_loaded_credentials words
#define C_set_credentials words
#define C_imported_credentials words

#define STRUCT_EXEC struct exec_options
#define STRUCT_SOCKETS struct socket_options
#define STRUCT_IDENTITY struct identity_options
#define STRUCT_ENVIRONMENT struct environment_options
#define STRUCT_LIMITS struct limit_options
#define STRUCT_STREAMS struct stream_options
#define STRUCT_ACCESS struct access_options
#define STRUCT_LIFECYCLE struct lifecycle_options
#define STRUCT_LOG struct log_options
#define STRUCT_COMMANDS struct command_options
#define STRUCT_RESTART struct restart_options
#define STRUCT_HARDENING struct hardening_options
#define STRUCT_PATHS struct path_options
#define STRUCT_SYSCALLS struct syscall_options
#define STRUCT_DIRECTORIES struct directory_options
#define STRUCT_SCHEDULING struct scheduling_options
#define STRUCT_RESOURCES struct resource_options
#define STRUCT_CGROUP_FILTERS struct cgroup_filter_options
#define STRUCT_PASSED_FDS struct passed_fds_options

/* Chapter, group, offset and type of an option. */
#define FIELD(GROUP, member, as) \
	.type = &type_##as, .chapter = CHAPTER_##GROUP, .group = GROUP_##GROUP, \
	.offset = offsetof(STRUCT_##GROUP, member) + \
		  0 * sizeof(char[_Generic(&((STRUCT_##GROUP *)0)->member, C_##as *: 1)])

#define ANYWHERE (IN_DEFAULTS | IN_SOCKET)
#define SECONDS(n) ((int64_t)(n) * 1000000)
#define FROM(dialect) (1u << (dialect))

#define RLIMIT(suffix, resource, unit, ...) \
	{ .name = { "rlimit_" #suffix, [UNIT] = "Service.Limit" unit, __VA_ARGS__ }, \
	  FIELD(LIMITS, of[RLIMIT_##resource], limit), .flags = IN_DEFAULTS, .change = CHANGE_NEXT, \
	  .unset = &no_limit, .argument = "soft[:hard]", .translated = FROM(LAUNCHD),

/* On or off. */
#define SWITCH(native, key) \
	{ .name = { #native, [UNIT] = "Service." key }, FIELD(HARDENING, native, bool), \
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",

#define CHOICE(native, key, usual) \
	{ .name = { #native, [UNIT] = "Service." key }, FIELD(HARDENING, native, word), \
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = usual, .words = native##_words,

#define PATHS(native, key, as, example) \
	{ .name = { #native, [UNIT] = "Service." key }, FIELD(PATHS, native, as), \
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = example,

#define DIRECTORIES(native, key) \
	{ .name = { #native, [UNIT] = "Service." key }, FIELD(DIRECTORIES, native, directories), \
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "name[:link]",

#define FOLDER_MODE(native, key) \
	{ .name = { #native, [UNIT] = "Service." key }, FIELD(DIRECTORIES, native, mode), \
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "0755", .argument = "mode",

#define AMOUNT(native, key, as, example) \
	{ .name = { #native, [UNIT] = "Service." key }, FIELD(RESOURCES, native, as), .unset = &no_amount, \
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = example,

#define DEVICE_LIMITS(native, key) \
	{ .name = { #native, [UNIT] = "Service." key }, FIELD(RESOURCES, native, device_limits), \
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "path limit",

#define COMMANDS(native, unit, PHASE) \
	{ .name = { native, [UNIT] = unit }, FIELD(COMMANDS, of[PHASE_##PHASE], commands), \
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "command",

static const char *const pass_words[] = { [PASS_SYSTEMD] = "systemd", [PASS_INETD] = "inetd", [PASS_BIND] = "bind",
	NULL };
static const char *const proxy_words[] = { [PROXY_NO] = "no", [PROXY_V1] = "v1", [PROXY_V2] = "v2", NULL };
static const char *const type_words[] = {
	[TYPE_SIMPLE] = "simple", [TYPE_EXEC] = "exec", [TYPE_NOTIFY] = "notify",
	[TYPE_NOTIFY_RELOAD] = "notify-reload", [TYPE_FORKING] = "forking", [TYPE_ONESHOT] = "oneshot", NULL
};
static const char *const notify_access_words[] = {
	[NOTIFY_NONE] = "none", [NOTIFY_MAIN] = "main", [NOTIFY_EXEC] = "exec", [NOTIFY_ALL] = "all", NULL
};
static const char *const preserve_words[] = {
	[PRESERVE_NO] = "no", [PRESERVE_RESTART] = "restart", [PRESERVE_ON_SUCCESS] = "on-success",
	[PRESERVE_YES] = "yes", NULL
};
static const char *const restart_words[] = {
	[RESTART_DEFAULT] = "default", [RESTART_NO] = "no",
	[RESTART_ON_SUCCESS] = "on-success", [RESTART_ON_FAILURE] = "on-failure",
	[RESTART_ON_ABNORMAL] = "on-abnormal", [RESTART_ON_WATCHDOG] = "on-watchdog", [RESTART_ON_ABORT] = "on-abort",
	[RESTART_ALWAYS] = "always", NULL
};
static const char *const start_words[] = {
	[START_DEMAND] = "demand", [START_BOOT] = "boot", [START_MANUAL] = "manual", NULL
};
static const char *const start_priority_words[] = {
	[START_INTERACTIVE] = "interactive", [START_NORMAL] = "normal", [START_BATCH] = "batch", NULL
};
static const char *const ipv6_only_words[] = {
	[IPV6_ONLY_DEFAULT] = "default", [IPV6_ONLY_NO] = "no", [IPV6_ONLY_YES] = "yes", NULL
};
static const char *const limit_action_words[] = {
	[LIMIT_QUEUE] = "queue", [LIMIT_CLOSE] = "close", [LIMIT_CLOSE_RESERVED] = "close-reserved", NULL
};
static const char *const overload_words[] = { [OVERLOAD_QUEUE] = "queue", [OVERLOAD_REFUSE] = "refuse", NULL };
static const char *const kill_mode_words[] = {
	[KILL_GROUP] = "group", [KILL_MIXED] = "mixed", [KILL_PROCESS] = "process", [KILL_NONE] = "none", NULL
};
static const char *const idle_action_words[] = {
	[IDLE_STOP] = "stop", [IDLE_FREEZE] = "freeze", [IDLE_REPORT] = "report", NULL
};
static const char *const idle_means_words[] = {
	[IDLE_MEANS_CONNECTED] = "connected", [IDLE_MEANS_QUIET] = "quiet", NULL
};
static const char *const probe_words[] = { [PROBE_NONE] = "none", [PROBE_SILENT] = "silent", NULL };
static const char *const on_failure_words[] = { [FAILURE_RETRY] = "retry", [FAILURE_EXIT] = "exit", NULL };
/* By the numbers of syslog(3); 12 to 15 are reserved for the system. */
static const char *const syslog_facility_words[] = {
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"12", "13", "14", "15", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7", NULL
};
static const char *const syslog_level_words[] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", NULL
};
static const char *const timestamping_words[] = {
	[TIMESTAMPS_OFF] = "off", [TIMESTAMPS_US] = "us", [TIMESTAMPS_NS] = "ns", NULL
};
static const char *const socket_protocol_words[] = {
	[PROTOCOL_DEFAULT] = "default", [PROTOCOL_UDPLITE] = "udplite", [PROTOCOL_MPTCP] = "mptcp", NULL
};
static const char *const instance_names_words[] = {
	[INSTANCE_NAMES_COOKIE] = "cookie", [INSTANCE_NAMES_PLAIN] = "plain", NULL
};
static const char *const on_change_words[] = { [ON_CHANGE_FINISH] = "finish", [ON_CHANGE_DRAIN] = "drain", NULL };
static const char *const on_remove_words[] = {
	[REMOVE_AUTO] = "auto", [REMOVE_FINISH] = "finish", [REMOVE_DRAIN] = "drain", [REMOVE_STOP] = "stop", NULL
};

static const char *const private_tmp_words[] = {
	[TMP_SHARED] = "no", [TMP_PRIVATE] = "yes", [TMP_DISCONNECTED] = "disconnected", NULL
};
static const char *const private_users_words[] = {
	[PRIVATE_USERS_NO] = "no", [PRIVATE_USERS_YES] = "yes", [PRIVATE_USERS_SELF] = "self",
	[PRIVATE_USERS_IDENTITY] = "identity", [PRIVATE_USERS_FULL] = "full", NULL
};
static const char *const protect_system_words[] = {
	[SYSTEM_WRITABLE] = "no", [SYSTEM_PROTECTED] = "yes", [SYSTEM_FULL] = "full", [SYSTEM_STRICT] = "strict", NULL
};
static const char *const protect_home_words[] = {
	[HOME_WRITABLE] = "no", [HOME_HIDDEN] = "yes", [HOME_READ_ONLY] = "read-only", [HOME_TEMPORARY] = "tmpfs", NULL
};
static const char *const protect_proc_words[] = {
	[PROC_DEFAULT] = "default", [PROC_NO_ACCESS] = "noaccess", [PROC_INVISIBLE] = "invisible",
	[PROC_TRACEABLE] = "ptraceable", NULL
};
static const char *const proc_subset_words[] = { [SUBSET_ALL] = "all", [SUBSET_PID] = "pid", NULL };
static const char *const mount_flags_words[] = {
	[MOUNTS_SHARED] = "shared", [MOUNTS_SLAVE] = "slave", [MOUNTS_PRIVATE] = "private", NULL
};
static const char *const keyring_mode_words[] = {
	[KEYRING_INHERIT] = "inherit", [KEYRING_PRIVATE] = "private", [KEYRING_SHARED] = "shared", NULL
};
/* By the bits of linux/securebits.h. */
static const char *const secure_bits_words[] = {
	"noroot", "noroot-locked", "no-setuid-fixup", "no-setuid-fixup-locked", "keep-caps", "keep-caps-locked",
	"no-cap-ambient-raise", "no-cap-ambient-raise-locked", NULL
};
/* In the order of the list in exec/sandbox/seccomp.c. */
static const char *const architecture_words[] = {
	"native", "x86", "x86-64", "x32", "arm", "arm64", "loongarch64", "mips", "mips64", "mips64-n32", "mips-le",
	"mips64-le", "mips64-le-n32", "parisc", "parisc64", "ppc", "ppc64", "ppc64-le", "riscv64", "s390", "s390x", NULL
};

static const char *const builtin_words[] = {
	"echo", "discard", "chargen", "daytime", "time", "tcpmux", "auth", "servers", "services", "health", NULL
};
static const char *const log_on_success_words[] = { "PID", "HOST", "USERID", "EXIT", "DURATION", "TRAFFIC", NULL };
static const char *const log_on_failure_words[] = { "HOST", "USERID", "ATTEMPT", NULL };

static const char *const home_words[] = { "~", NULL };
static const char *const device_policy_words[] = {
	[DEVICES_AUTO] = "auto", [DEVICES_CLOSED] = "closed", [DEVICES_STRICT] = "strict", NULL
};
static const char *const oom_policy_words[] = {
	[OOM_CONTINUE] = "continue", [OOM_STOP] = "stop", [OOM_KILL] = "kill", NULL
};
static const char *const directory_preserve_words[] = {
	[DIRECTORY_GOES] = "no", [DIRECTORY_STAYS] = "yes", [DIRECTORY_RESTARTS] = "restart", NULL
};
static const char *const cpu_scheduling_words[] = {
	[CPU_DEFAULT] = "default", [CPU_OTHER] = "other", [CPU_BATCH] = "batch", [CPU_IDLE] = "idle",
	[CPU_FIFO] = "fifo", [CPU_RR] = "rr", NULL
};
/* In the order of the list in exec/resources/scheduling.c. */
static const char *const personality_words[] = {
	"default", "x86", "x86-64", "arm", "arm64", "ppc", "ppc-le", "ppc64", "ppc64-le", "s390", "s390x", NULL
};

static const struct limit no_limit = { .soft = -1, .hard = -1 };
static const int64_t no_number = -1;
static const struct amount no_amount = { -1, -1 };
static const int64_t no_adjustment = INT64_MIN;
static const uint64_t every_capability = UINT64_MAX;
static const struct rate no_rate = { .number = UNLIMITED };

const struct directive directives[] = {
	/* What to run */
	{ .name = { "listen", "port", "Socket.ListenStream", "Sockets.SockServiceName" }, .type = &type_endpoints,
	  .translated = FROM(XINETD) | FROM(UNIT) | FROM(LAUNCHD),
	  .chapter = CHAPTER_EXEC, .flags = STRUCTURE | IN_SOCKET, .change = CHANGE_REBIND,
	  .argument = "endpoint",
	  .help = "The endpoints superd listens on for this service, in the order in which the backend gets "
		  "them: a port, tcp:HOST:PORT, udp:PORT, the path of a unix socket, and the others of "
		  "ENDPOINTS." },
	{ .name = { "socket" }, .type = &type_endpoints,
	  .chapter = CHAPTER_EXEC, .flags = STRUCTURE, .change = CHANGE_REBIND, .argument = "name { }",
	  .help = "A socket with options and a name of its own. The name is its entry in LISTEN_FDNAMES, "
		  "where several may have one; inside the braces stand its listen and any option of a socket." },
	{ .name = { "exec", "server", "Service.ExecStart", "ProgramArguments" }, FIELD(EXEC, exec, command),
	  .translated = FROM(XINETD) | FROM(UNIT),
	  .flags = ALWAYS_PRINTED, .change = CHANGE_NEXT, .argument = "command",
	  .help = "The program to run, by its absolute path, and its arguments. A string is split into words by "
		  "quotes and backslashes without expanding anything; a list is taken word by word. No shell reads it: "
		  "what only a shell would read more into (|, >, $NAME) is warned of. In the arguments "
		  "%{fd} and %{fd:NAME} are replaced by the number of the first socket and of the one of this name, "
		  "with accept = yes both by the connection's; %{fds} by all numbers with commas between, "
		  "%{path:NAME} by the path of the unix socket of this name, %{service} by the service's name, "
		  "%{port} by its port, with accept = yes %{instance} by a name of the connection, as instance_names "
		  "says; %% is a percent sign." },
	{ .name = { "argv0" }, FIELD(EXEC, argv0, text),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "name",
	  .help = "What the program sees as its own name, in place of the path in exec." },
	{ .name = { "exec_search_path", [UNIT] = "Service.ExecSearchPath" }, FIELD(EXEC, exec_search_path, paths),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "directory",
	  .help = "The folders in which a program is looked for that exec names without a slash, when the table is "
		  "read. Unset: exec names it by its absolute path." },
	{ .name = { "accept", "wait", "Socket.Accept", "inetdCompatibility.Wait" }, FIELD(EXEC, accept, bool),
	  .translated = FROM(XINETD) | FROM(LAUNCHD),
	  .flags = IN_DEFAULTS | ALWAYS_PRINTED, .change = CHANGE_NEXT, .fallback = "no",
	  .argument = "yes | no",
	  .help = "Who accepts connections. With no the backend gets the listening sockets and serves every "
		  "client (inetd's wait); with yes superd accepts and starts an instance for each connection "
		  "(inetd's nowait)." },
	{ .name = { "pass" }, FIELD(EXEC, pass, word),
	  .flags = IN_DEFAULTS | ALWAYS_PRINTED, .change = CHANGE_NEXT, .fallback = "systemd", .words = pass_words,
	  .help = "How the backend gets its socket: systemd hands sockets over from descriptor 3 on and tells "
		  "of them in LISTEN_FDS, inetd makes the socket its standard input and output, and bind gives it the "
		  "socket when it binds the address itself (see PROGRAMS THAT BIND). Where accept is yes and nothing "
		  "is said here, it is inetd." },
	{ .name = { "type", [UNIT] = "Service.Type" }, FIELD(EXEC, type, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "simple", .words = type_words,
	  .help = "When a backend counts as started: simple and exec once the program runs, forking once its "
		  "first process has ended, oneshot when it has done its work, notify and notify-reload once it says "
		  "READY=1 (see NOTIFICATIONS)." },
	{ .name = { "disable", "disable", [LAUNCHD] = "Disabled" }, FIELD(EXEC, disable, bool),
	  .flags = IN_DEFAULTS | ALWAYS_PRINTED, .change = CHANGE_LIVE, .fallback = "no",
	  .argument = "yes | no",
	  .help = "Leaves the service in the table, checked like any other, but opens none of its sockets." },
	{ .name = { "start", [LAUNCHD] = "RunAtLoad" }, FIELD(EXEC, start, word), .translated = FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "demand", .words = start_words,
	  .help = "With demand the first client starts the backend. With boot it is started with superd; "
		  "unless restart says otherwise, it is started again by itself after a failure, when the pause "
		  "is over; after a good end by the next client, or at once where it has no socket. A service "
		  "that starts at boot may do without sockets; a oneshot without them runs once. With manual it "
		  "has no sockets and is started by superctl start alone, as D-Bus or cron may do; restart says "
		  "whether again after that. boot and manual need accept = no." },
	{ .name = { "builtin", "type" }, FIELD(EXEC, builtin, builtin), .translated = FROM(XINETD),
	  .words = builtin_words,
	  .flags = 0, .change = CHANGE_NEXT, .argument = "name",
	  .help = "A small service that superd answers itself, in a process of its own, in place of exec: echo, "
		  "discard, chargen, daytime, time, tcpmux, auth (what an ident server says), servers or services "
		  "(what superd runs and offers). Options of it stand behind the name: bsd or xinetd for the form "
		  "of daytime and chargen, those of superd-inetd.conf(5) for auth. Without user it runs as a user of "
		  "its own, with an id from 60594 to 61183." },
	{ .name = { "redirect", "redirect" }, FIELD(EXEC, redirect, redirect),
	  .flags = 0, .change = CHANGE_NEXT, .argument = "host port | path",
	  .help = "Connects each client to this host and port, or to this unix socket. With accept = yes each client "
		  "has a process of its own, with accept = no one process serves all clients, those of UDP too. Alone "
		  "it stands in place of a program; without user it runs as a user of its own, with an id from 60594 "
		  "to 61183. With exec the first client starts the program, which gets no sockets and has to listen "
		  "there itself (see RELAYED BACKENDS). The keep_alive options hold for both sides, and runtime_max "
		  "ends it however busy it is." },
	{ .name = { "proxy_protocol" }, FIELD(EXEC, proxy_protocol, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "no", .words = proxy_words,
	  .help = "Whether a redirect tells the server the client's address by a header in front of what the client "
		  "sends: v1 and v2 are the versions of HAProxy's PROXY protocol. A client of a unix socket has no "
		  "address, so its header is UNKNOWN, or LOCAL. UDP has no header." },

	/* Sockets */
	{ .name = { "backlog", [UNIT] = "Socket.Backlog" }, FIELD(SOCKETS, backlog, count),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "4096", .argument = "number",
	  .least = 1, .most = INT32_MAX,
	  .help = "How many connections may wait in the kernel's queue until they are accepted. The kernel "
		  "cuts it down to net.core.somaxconn." },
	{ .name = { "socket_user", [UNIT] = "Socket.SocketUser", [LAUNCHD] = "Sockets.SockPathOwner" },
	  FIELD(SOCKETS, socket_user, name),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .argument = "user",
	  .help = "The owner of the node of a unix socket or fifo, by name or number. Unset: the user superd "
		  "runs as." },
	{ .name = { "socket_group", [UNIT] = "Socket.SocketGroup", [LAUNCHD] = "Sockets.SockPathGroup" },
	  FIELD(SOCKETS, socket_group, name),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .argument = "group",
	  .help = "The group of the node of a unix socket or fifo, by name or number. Unset: the group of "
		  "socket_user, or superd's own." },
	{ .name = { "socket_mode", [UNIT] = "Socket.SocketMode", [LAUNCHD] = "Sockets.SockPathMode" },
	  FIELD(SOCKETS, socket_mode, mode), .translated = FROM(LAUNCHD),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "0666", .argument = "mode", .most = 0777,
	  .help = "The permissions of the node of a unix socket or fifo, in octal. Whoever may write may "
		  "connect." },
	{ .name = { "directory_mode", [UNIT] = "Socket.DirectoryMode" }, FIELD(SOCKETS, directory_mode, mode),
	  .flags = ANYWHERE, .change = CHANGE_LIVE, .fallback = "0755", .argument = "mode", .most = 07777,
	  .help = "The permissions, in octal, of the folders above a unix socket or fifo that superd has to "
		  "make." },
	{ .name = { "symlinks", [UNIT] = "Socket.Symlinks" }, FIELD(SOCKETS, symlinks, paths),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .argument = "path",
	  .help = "Further names of the unix socket or fifo, made as symbolic links to it. They belong to one "
		  "node: in a service with several they stand in the braces of theirs." },
	{ .name = { "remove_on_stop", [UNIT] = "Socket.RemoveOnStop" }, FIELD(SOCKETS, remove_on_stop, bool),
	  .flags = ANYWHERE, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Removes the node of a unix socket or fifo, and its symlinks, when superd closes it." },
	{ .name = { "bind_to_device", [UNIT] = "Socket.BindToDevice" }, FIELD(SOCKETS, bind_to_device, text),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .argument = "interface",
	  .help = "Takes only what arrives through this network interface." },
	{ .name = { "free_bind", [UNIT] = "Socket.FreeBind" }, FIELD(SOCKETS, free_bind, bool),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Binds to an address that no interface has yet." },
	{ .name = { "transparent", [UNIT] = "Socket.Transparent" }, FIELD(SOCKETS, transparent, bool),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Takes connections that a transparent proxy's rules redirect here, with the address they "
		  "were meant for." },
	{ .name = { "reuse_port", [UNIT] = "Socket.ReusePort" }, FIELD(SOCKETS, reuse_port, bool),
	  .flags = ANYWHERE, .change = CHANGE_REBIND, .fallback = "no", .argument = "yes | no",
	  .help = "Lets several sockets share one address; the kernel spreads connections over them. All of "
		  "them must ask for it." },
	{ .name = { "ipv6_only", "v6only", "Socket.BindIPv6Only" }, FIELD(SOCKETS, ipv6_only, word),
	  .translated = FROM(XINETD) | FROM(UNIT),
	  .flags = ANYWHERE, .change = CHANGE_REBIND, .fallback = "default", .words = ipv6_only_words,
	  .help = "Whether a socket on an IPv6 address takes IPv4 clients too: yes keeps them out, no lets "
		  "them in, default lets them in where the endpoint names no family." },
	{ .name = { "keep_alive", [UNIT] = "Socket.KeepAlive" }, FIELD(SOCKETS, keep_alive, bool),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Has the kernel probe silent TCP connections, so that a client which vanished is noticed." },
	{ .name = { "keep_alive_time", [UNIT] = "Socket.KeepAliveTimeSec" },
	  FIELD(SOCKETS, keep_alive_time, duration),
	  .flags = TUNES | ANYWHERE, .change = CHANGE_SOCKET, .fallback = "0", .argument = "duration",
	  .most = SECONDS(32767),
	  .help = "How long a connection is silent before the first probe, in whole seconds. 0 leaves the "
		  "kernel's value." },
	{ .name = { "keep_alive_interval", [UNIT] = "Socket.KeepAliveIntervalSec" },
	  FIELD(SOCKETS, keep_alive_interval, duration),
	  .flags = TUNES | ANYWHERE, .change = CHANGE_SOCKET, .fallback = "0", .argument = "duration",
	  .most = SECONDS(32767),
	  .help = "The time from one probe to the next, in whole seconds. 0 leaves the kernel's value." },
	{ .name = { "keep_alive_probes", [UNIT] = "Socket.KeepAliveProbes" },
	  FIELD(SOCKETS, keep_alive_probes, count),
	  .flags = TUNES | ANYWHERE, .change = CHANGE_SOCKET, .fallback = "0", .argument = "number", .most = 127,
	  .help = "How many probes go unanswered before the connection is given up. 0 leaves the kernel's "
		  "value." },
	{ .name = { "no_delay", [UNIT] = "Socket.NoDelay" }, FIELD(SOCKETS, no_delay, bool),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Sends small packets of a TCP connection at once in place of collecting them." },
	{ .name = { "defer_accept", [UNIT] = "Socket.DeferAcceptSec" }, FIELD(SOCKETS, defer_accept, duration),
	  .flags = TUNES | ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "0", .argument = "duration",
	  .most = SECONDS(INT32_MAX),
	  .help = "A TCP connection wakes the service only once the client has sent something, or after this "
		  "time, in whole seconds. 0 turns it off; not for protocols in which the server speaks "
		  "first." },
	{ .name = { "priority", [UNIT] = "Socket.Priority" }, FIELD(SOCKETS, priority, count),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "-1", .argument = "number",
	  .least = -1, .most = INT32_MAX,
	  .help = "The priority of the packets sent, for the kernel's queueing. Above 6 it takes "
		  "CAP_NET_ADMIN; -1 leaves it alone." },
	{ .name = { "mark", [UNIT] = "Socket.Mark" }, FIELD(SOCKETS, mark, count),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "-1", .argument = "number",
	  .least = -1, .most = UINT32_MAX,
	  .help = "The mark of the packets sent, for filtering and routing rules. It takes CAP_NET_ADMIN; -1 "
		  "leaves it alone." },
	{ .name = { "ip_tos", [UNIT] = "Socket.IPTOS" }, FIELD(SOCKETS, ip_tos, tos),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .unset = &no_number, .argument = "class",
	  .help = "The type of service of the IP packets sent: low-delay, throughput, reliability, low-cost "
		  "or a number." },
	{ .name = { "ip_ttl", [UNIT] = "Socket.IPTTL" }, FIELD(SOCKETS, ip_ttl, count),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "-1", .argument = "number",
	  .least = -1, .most = 255,
	  .help = "How many routers a packet sent may cross, 1 to 255. -1 leaves the kernel's value." },
	{ .name = { "receive_buffer", [UNIT] = "Socket.ReceiveBuffer" }, FIELD(SOCKETS, receive_buffer, size),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "0", .argument = "size", .most = INT32_MAX,
	  .help = "The kernel's buffer for what arrives. 0 leaves the kernel's value; above net.core.rmem_max "
		  "it takes CAP_NET_ADMIN." },
	{ .name = { "send_buffer", [UNIT] = "Socket.SendBuffer" }, FIELD(SOCKETS, send_buffer, size),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "0", .argument = "size", .most = INT32_MAX,
	  .help = "The kernel's buffer for what is sent. 0 leaves the kernel's value; above net.core.wmem_max "
		  "it takes CAP_NET_ADMIN." },
	{ .name = { "broadcast", [UNIT] = "Socket.Broadcast" }, FIELD(SOCKETS, broadcast, bool),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Lets the backend send UDP datagrams to broadcast addresses." },
	{ .name = { "pass_credentials", [UNIT] = "Socket.PassCredentials" },
	  FIELD(SOCKETS, pass_credentials, bool),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Has the kernel tell the backend of a unix or netlink socket which process sent a message." },
	{ .name = { "pass_packet_info", [UNIT] = "Socket.PassPacketInfo" },
	  FIELD(SOCKETS, pass_packet_info, bool),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Has the kernel tell the backend of a UDP socket to which address and interface a datagram "
		  "came, and that of a netlink socket to which group." },
	{ .name = { "pass_security", [UNIT] = "Socket.PassSecurity" }, FIELD(SOCKETS, pass_security, bool),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Has the kernel tell the backend of a unix or netlink socket the security label of who sent a "
		  "message." },
	{ .name = { "pass_pidfd", [UNIT] = "Socket.PassPIDFD" }, FIELD(SOCKETS, pass_pidfd, bool),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Has the kernel pass the backend of a unix socket a pidfd of the process that sent a message. It "
		  "takes Linux 6.5." },
	{ .name = { "accept_file_descriptors", [UNIT] = "Socket.AcceptFileDescriptors" },
	  FIELD(SOCKETS, accept_file_descriptors, bool),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "yes", .argument = "yes | no",
	  .help = "With no, clients of a unix socket can pass the backend no descriptors. It takes Linux 6.16; on an "
		  "older one a warning says that they can." },
	{ .name = { "timestamping", [UNIT] = "Socket.Timestamping" }, FIELD(SOCKETS, timestamping, word),
	  .translated = FROM(UNIT),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "off", .words = timestamping_words,
	  .help = "Has the kernel tell the backend when each datagram came, in microseconds or in nanoseconds." },
	{ .name = { "socket_protocol", [UNIT] = "Socket.SocketProtocol" }, FIELD(SOCKETS, socket_protocol, word),
	  .translated = FROM(UNIT),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_REBIND, .fallback = "default",
	  .words = socket_protocol_words,
	  .help = "Another protocol in the place of the kind's own: udplite in that of UDP, mptcp in that of TCP." },
	{ .name = { "flush_pending", [UNIT] = "Socket.FlushPending" }, FIELD(SOCKETS, flush_pending, bool),
	  .flags = ANYWHERE, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "With accept = no, when an instance has ended, closes the connections and throws away the datagrams "
		  "that came meanwhile, in place of starting another for them." },
	{ .name = { "writable", [UNIT] = "Socket.Writable" }, FIELD(SOCKETS, writable, bool),
	  .flags = ANYWHERE, .change = CHANGE_REBIND, .fallback = "no", .argument = "yes | no",
	  .help = "Opens a special: file for writing, too." },
	{ .name = { "message_queue_max_messages", [UNIT] = "Socket.MessageQueueMaxMessages" },
	  FIELD(SOCKETS, message_queue_max_messages, count),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_LIVE, .fallback = "0", .argument = "number",
	  .most = INT32_MAX,
	  .help = "How many messages a message queue that superd makes holds, with message_queue_message_size. 0 "
		  "leaves the kernel's value." },
	{ .name = { "message_queue_message_size", [UNIT] = "Socket.MessageQueueMessageSize" },
	  FIELD(SOCKETS, message_queue_message_size, size),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_LIVE, .fallback = "0", .argument = "size",
	  .most = INT32_MAX,
	  .help = "How long a message of it may be, with message_queue_max_messages. 0 leaves the kernel's value." },
	{ .name = { "xattr_entry_point", [UNIT] = "Socket.XAttrEntryPoint" }, FIELD(SOCKETS, xattr_entry_point, list),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "user.NAME=value",
	  .help = "Extended attributes of the node of a unix socket or fifo. What the file system or the kernel does "
		  "not take is left out." },
	{ .name = { "xattr_listen", [UNIT] = "Socket.XAttrListen" }, FIELD(SOCKETS, xattr_listen, list),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "user.NAME=value",
	  .help = "The same of the listening socket itself." },
	{ .name = { "xattr_accept", [UNIT] = "Socket.XAttrAccept" }, FIELD(SOCKETS, xattr_accept, list),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "user.NAME=value",
	  .help = "The same of each connection, with accept = yes." },
	{ .name = { "intercept" }, FIELD(SOCKETS, intercept, bool),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "With accept = no on UDP, has the kernel look at every packet whether only_from and no_access let it "
		  "in, and not log what is refused. Without it superd looks at the senders while no instance runs, and "
		  "logs; the kernel while one does. For TCP it is always the kernel." },
	{ .name = { "tcp_congestion", [UNIT] = "Socket.TCPCongestion" }, FIELD(SOCKETS, tcp_congestion, text),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .argument = "algorithm",
	  .help = "The congestion control of TCP connections, as in "
		  "net.ipv4.tcp_available_congestion_control." },
	{ .name = { "pipe_size", [UNIT] = "Socket.PipeSize" }, FIELD(SOCKETS, pipe_size, size),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "0", .argument = "size",
	  .most = INT32_MAX,
	  .help = "How much a fifo holds. 0 leaves the kernel's value." },
	{ .name = { "non_blocking", [UNIT] = "Service.NonBlocking" }, FIELD(SOCKETS, non_blocking, bool),
	  .flags = ANYWHERE, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "Whether the backend gets its sockets with O_NONBLOCK set. It is set or cleared before "
		  "every start, whatever the backend before did to it." },
	{ .name = { "binds" }, FIELD(SOCKETS, binds, list),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "endpoint",
	  .help = "With pass = bind: addresses that the program binds when it means this socket, beside the one that "
		  "superd listens on, such as a port it has compiled in." },
	{ .name = { "multicast_group", [LAUNCHD] = "Sockets.MulticastGroup" },
	  FIELD(SOCKETS, multicast_group, multicast),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .argument = "address",
	  .help = "The multicast groups that a UDP socket joins, by their addresses, with %IFACE behind one for an "
		  "interface of its own. Without it the kernel's routes choose the interface." },
	{ .name = { "every_address" }, FIELD(SOCKETS, every_address, bool),
	  .flags = ANYWHERE, .change = CHANGE_REBIND, .fallback = "no", .argument = "yes | no",
	  .help = "An endpoint with a host's name becomes a socket for each address the host has when the table is "
		  "read, all of one name. Without it the first address is taken, and told." },
	{ .name = { "optional" }, FIELD(SOCKETS, optional, bool),
	  .flags = ANYWHERE, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "A socket that this machine cannot open is left out of what the backend gets; the service "
		  "runs with the others." },

	/* Who runs it */
	{ .name = { "user", "user", "Service.User", "UserName" }, FIELD(IDENTITY, user, name),
	  .flags = IN_DEFAULTS | ALWAYS_PRINTED, .change = CHANGE_NEXT, .argument = "user",
	  .help = "The user the backend runs as, by name or number. Unset: superd's own, which for root is "
		  "warned of." },
	{ .name = { "group", "group", "Service.Group", "GroupName" }, FIELD(IDENTITY, group, name),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "group",
	  .help = "The group the backend runs as, by name or number. Unset: its user's." },
	{ .name = { "groups", "groups", [LAUNCHD] = "InitGroups" }, FIELD(IDENTITY, groups, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "yes", .argument = "yes | no",
	  .help = "Whether the backend is in the other groups of its user, too." },
	{ .name = { "supplementary_groups", [UNIT] = "Service.SupplementaryGroups" },
	  FIELD(IDENTITY, supplementary_groups, list),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "group",
	  .help = "Further groups the backend is in, by name or number." },
	{ .name = { "dynamic_user", [UNIT] = "Service.DynamicUser" }, FIELD(IDENTITY, dynamic_user, bool),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "Runs the backend as a user of its own that no file of users needs: an id from 61184 to 65519 that "
		  "nobody has, the same at each start, as far as it stays free. Where there is a user of the name in "
		  "user, or else of the service's, it is that one. It implies protect_system = strict, protect_home = "
		  "read-only, private_tmp, restrict_suid_sgid, no_new_privileges and remove_ipc." },
	{ .name = { "remove_ipc", [UNIT] = "Service.RemoveIPC" }, FIELD(IDENTITY, remove_ipc, bool),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Removes what the backend's user has left of System V's and POSIX's shared memory, semaphores and "
		  "message queues, once the last instance has ended. It means nothing for root and superd's own "
		  "user." },
	{ .name = { "ambient_capabilities", [UNIT] = "Service.AmbientCapabilities" },
	  FIELD(IDENTITY, ambient_capabilities, capabilities), .nothing = "",
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "capability",
	  .help = "Capabilities the backend keeps although its user is not root, as in net_bind_service." },
	{ .name = { "capability_bounding_set", [UNIT] = "Service.CapabilityBoundingSet" },
	  FIELD(IDENTITY, capability_bounding_set, capabilities), .unset = &every_capability, .nothing = "",
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "capability",
	  .help = "The capabilities the backend and its children can ever have, even as root. A ~ in front of "
		  "the first takes the named ones away and leaves the rest. Unset: all that superd has." },
	{ .name = { "no_new_privileges", [UNIT] = "Service.NoNewPrivileges" },
	  FIELD(IDENTITY, no_new_privileges, bool),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "Set-user-id programs and file capabilities give the backend and its children nothing. Filters of "
		  "system calls imply it where superd lacks CAP_SYS_ADMIN." },

	/* Surroundings */
	{ .name = { "env", "env", "Service.Environment", "EnvironmentVariables" },
	  FIELD(ENVIRONMENT, env, env),
	  .flags = IN_DEFAULTS | HOLDS_SECRETS, .change = CHANGE_NEXT, .argument = "NAME=value",
	  .help = "Variables of the backend's environment, which is built from nothing. The %{ } of exec are "
		  "replaced in the values, too." },
	{ .name = { "passenv", "passenv", "Service.PassEnvironment" }, FIELD(ENVIRONMENT, passenv, list),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "NAME",
	  .help = "Variables the backend gets as superd has them; those superd does not have are left out, and so "
		  "is what was told to superd alone: NOTIFY_SOCKET, FDSTORE, and what begins with LISTEN_, REMOTE_, "
		  "WATCHDOG_, TCPREMOTE or TCPLOCAL. * passes on all the others, under those of the backend's user." },
	{ .name = { "environment_file", [UNIT] = "Service.EnvironmentFile" },
	  FIELD(ENVIRONMENT, environment_file, paths),
	  .flags = IN_DEFAULTS | OPTIONAL_PATH, .change = CHANGE_NEXT, .argument = "path",
	  .help = "Files of NAME=value lines, read before every start; they override env. With - in front a file may "
		  "be missing. A path with *, ? or [ ] is a pattern: all files it names are read, in the order of "
		  "their names." },
	{ .name = { "unset_environment", [UNIT] = "Service.UnsetEnvironment" },
	  FIELD(ENVIRONMENT, unset_environment, list),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "NAME[=value]",
	  .help = "Variables the backend does not get, whatever the options above say; with a value, only where it "
		  "has that one." },
	{ .name = { "expand_environment" }, FIELD(ENVIRONMENT, expand_environment, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "Replaces variables of the backend's environment in the words of exec, as systemd does: ${NAME} "
		  "within a word by the value, a word that is $NAME alone by as many words as the value has; $$ is a "
		  "dollar sign." },
	{ .name = { "unit_environment" }, FIELD(ENVIRONMENT, unit_environment, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "Tells the backend what systemd tells the service of a unit, too: INVOCATION_ID and "
		  "SYSTEMD_EXEC_PID, with accept = yes SO_COOKIE, with pass = systemd LISTEN_PIDFDID where the kernel "
		  "has such numbers; and where superd is not root, what it has itself of XDG_RUNTIME_DIR and "
		  "DBUS_SESSION_BUS_ADDRESS." },
	{ .name = { "instance_names" }, FIELD(ENVIRONMENT, instance_names, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "cookie", .words = instance_names_words,
	  .help = "What %{instance} stands for: with cookie, as systemd has it since version 258, "
		  "NUMBER-COOKIE-ADDRESS:PORT-ADDRESS:PORT, superd's end first, and of a unix socket "
		  "NUMBER-COOKIE-PID_PIDFDID-UID; with plain the same without COOKIE and PIDFDID, as before that." },
	{ .name = { "tcp_environment" }, FIELD(ENVIRONMENT, tcp_environment, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "With accept = yes over TCP, tells the backend both ends of its connection as tcpserver and GNU's "
		  "inetd do: PROTO, TCPLOCALIP, TCPLOCALPORT, TCPREMOTEIP and TCPREMOTEPORT." },
	{ .name = { "umask", "umask", "Service.UMask", "Umask" }, FIELD(ENVIRONMENT, umask, mode),
	  .translated = FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "022", .argument = "mode", .most = 0777,
	  .help = "The permissions, in octal, that files made by the backend do not get." },
	{ .name = { "nice", "nice", "Service.Nice", "Nice" }, FIELD(ENVIRONMENT, nice, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "0", .argument = "number",
	  .least = -20, .most = 19,
	  .help = "The backend's scheduling priority, from -20, the most favoured, to 19. Below superd's own "
		  "it takes CAP_SYS_NICE, and without it gets as near as it may; 0 leaves it at superd's own." },
	{ .name = { "working_directory", [UNIT] = "Service.WorkingDirectory", [LAUNCHD] = "WorkingDirectory" },
	  FIELD(ENVIRONMENT, working_directory, path), .words = home_words,
	  .flags = IN_DEFAULTS | OPTIONAL_PATH, .change = CHANGE_NEXT, .fallback = "/", .argument = "directory",
	  .help = "Where the backend runs: an absolute path, or ~ for the home of its user. With - in front "
		  "it may be missing." },
	{ .name = { "root_directory", [UNIT] = "Service.RootDirectory", [LAUNCHD] = "RootDirectory" },
	  FIELD(ENVIRONMENT, root_directory, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "directory",
	  .help = "A folder that the backend sees as /; exec and working_directory are looked up inside it. A backend "
		  "of root's, one with CAP_SYS_CHROOT and one that asks for mounts of its own enter it by a mount "
		  "namespace, if superd may, and do not leave it by a second chroot(2); others by chroot(2)." },
	RLIMIT(as, AS, "AS", [XINETD] = "rlimit_as")
	  .help = "How much memory a process of the backend may map, in bytes." },
	RLIMIT(core, CORE, "CORE", [LAUNCHD] = "SoftResourceLimits.Core")
	  .help = "How large a core file may get, in bytes; 0 means none is written." },
	RLIMIT(cpu, CPU, "CPU", [XINETD] = "rlimit_cpu", [LAUNCHD] = "SoftResourceLimits.CPU")
	  .help = "How many seconds of processor time a process of the backend may use." },
	RLIMIT(data, DATA, "DATA", [XINETD] = "rlimit_data", [LAUNCHD] = "SoftResourceLimits.Data")
	  .help = "How large the data segment of a process may get, in bytes." },
	RLIMIT(fsize, FSIZE, "FSIZE", [LAUNCHD] = "SoftResourceLimits.FileSize")
	  .help = "How large a file written by the backend may get, in bytes." },
	RLIMIT(locks, LOCKS, "LOCKS")
	  .help = "How many file locks a process may hold; the kernel has not looked at it since Linux "
		  "2.4.25." },
	RLIMIT(memlock, MEMLOCK, "MEMLOCK", [LAUNCHD] = "SoftResourceLimits.MemoryLock")
	  .help = "How much memory a process may lock against being swapped out, in bytes." },
	RLIMIT(msgqueue, MSGQUEUE, "MSGQUEUE")
	  .help = "How many bytes of POSIX message queues the backend's user may have." },
	RLIMIT(nice, NICE, "NICE")
	  .help = "How far the backend may raise its own priority: 20 minus the nice value, 1 to 40." },
	RLIMIT(nofile, NOFILE, "NOFILE", [XINETD] = "rlimit_files", [LAUNCHD] = "SoftResourceLimits.NumberOfFiles")
	  .help = "How many descriptors a process of the backend may have open. Unset: as superd was itself started "
		  "with, but softly 1024 where that is above 65536, as many a program closes as many as it may have, "
		  "one by one, when it starts." },
	RLIMIT(nproc, NPROC, "NPROC", [LAUNCHD] = "SoftResourceLimits.NumberOfProcesses")
	  .help = "How many processes and threads the backend's user may have on this machine." },
	RLIMIT(rss, RSS, "RSS", [XINETD] = "rlimit_rss", [LAUNCHD] = "SoftResourceLimits.ResidentSetSize")
	  .help = "How much of a process may be in memory, in bytes; Linux does not look at it." },
	RLIMIT(rtprio, RTPRIO, "RTPRIO")
	  .help = "The highest real-time priority the backend may give itself." },
	RLIMIT(rttime, RTTIME, "RTTIME")
	  .help = "How many microseconds a real-time process may run without a blocking system call." },
	RLIMIT(sigpending, SIGPENDING, "SIGPENDING")
	  .help = "How many signals may be queued for the backend's user." },
	RLIMIT(stack, STACK, "STACK", [XINETD] = "rlimit_stack", [LAUNCHD] = "SoftResourceLimits.Stack")
	  .help = "How large the stack of a process may get, in bytes." },
	{ .name = { "oom_score_adjust", [UNIT] = "Service.OOMScoreAdjust" },
	  FIELD(ENVIRONMENT, oom_score_adjust, count),
	  .unset = &no_adjustment, .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT,
	  .argument = "number",
	  .least = -1000, .most = 1000,
	  .help = "How readily the kernel kills the backend when memory runs out, from -1000, never, to 1000, "
		  "first. Unset: as superd was itself started with, and so where superd may not go below it; but 100 "
		  "more where superd is process 1, or its control group has a limit of memory, so that it outlives "
		  "its backends." },
	{ .name = { "cpu_affinity", [UNIT] = "Service.CPUAffinity" }, FIELD(ENVIRONMENT, cpu_affinity, cpus),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "cpu",
	  .help = "The processors the backend may run on: numbers and ranges as in 0, 2-4." },
	{ .name = { "io_scheduling", [UNIT] = "Service.IOSchedulingClass" },
	  FIELD(ENVIRONMENT, io_scheduling, scheduling),
	  .translated = FROM(UNIT),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "class[:priority]",
	  .help = "The backend's turn at the disks: idle, best-effort or realtime, the latter two with a "
		  "priority from 0, the first, to 7." },
	{ .name = { "runtime_directory", [UNIT] = "Service.RuntimeDirectory" },
	  FIELD(ENVIRONMENT, runtime_directory, directories),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "name",
	  .help = "Folders that are made for the backend's user before it starts, and removed when it has ended, "
		  "unless a socket of the table lies in them. They are below the runtime directory superd was "
		  "built with, usually /run; below XDG_RUNTIME_DIR, where that is set, when superd does not run as "
		  "root. RUNTIME_DIRECTORY names them." },
	{ .name = { "state_directory", [UNIT] = "Service.StateDirectory" },
	  FIELD(ENVIRONMENT, state_directory, directories),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "name",
	  .help = "Folders that are made for the backend's user before it starts, and stay. They are below the "
		  "state directory superd was built with, usually /var/lib. STATE_DIRECTORY names them." },
	DIRECTORIES(cache_directory, "CacheDirectory")
	  .help = "The same below /var/cache, beside the state directory; CACHE_DIRECTORY names them. Of all these "
		  "folders, NAME:LINK makes a symbolic link beside it, too." },
	DIRECTORIES(logs_directory, "LogsDirectory")
	  .help = "The same below /var/log; LOGS_DIRECTORY names them." },
	DIRECTORIES(configuration_directory, "ConfigurationDirectory")
	  .help = "The same below the folder of configuration superd was built with, usually /etc, but they belong to "
		  "root; CONFIGURATION_DIRECTORY names them." },
	FOLDER_MODE(runtime_directory_mode, "RuntimeDirectoryMode")
	  .help = "The mode of the folders of runtime_directory." },
	FOLDER_MODE(state_directory_mode, "StateDirectoryMode")
	  .help = "The mode of the folders of state_directory." },
	FOLDER_MODE(cache_directory_mode, "CacheDirectoryMode")
	  .help = "The mode of the folders of cache_directory." },
	FOLDER_MODE(logs_directory_mode, "LogsDirectoryMode")
	  .help = "The mode of the folders of logs_directory." },
	FOLDER_MODE(configuration_directory_mode, "ConfigurationDirectoryMode")
	  .help = "The mode of the folders of configuration_directory." },
	{ .name = { "runtime_directory_preserve", [UNIT] = "Service.RuntimeDirectoryPreserve" },
	  FIELD(DIRECTORIES, runtime_directory_preserve, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "no", .words = directory_preserve_words,
	  .help = "How long the folders of runtime_directory are kept: no, until the backend ends; restart, as long "
		  "as the next client starts it again, so not over disable; yes, for good." },
	{ .name = { "open_file", [UNIT] = "Service.OpenFile" }, FIELD(PASSED_FDS, open_file, open_files),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "path[:name[:options]]",
	  .help = "Files that superd opens for the backend, which gets them behind its sockets, with this name in "
		  "LISTEN_FDNAMES, else that of the file; a unix socket is connected to. They are opened to be read "
		  "and written, with read-only to be read alone; with append what is written goes to the end, with "
		  "truncate they are emptied; with graceful, one that can't be opened is left out." },
	{ .name = { "load_credential", [UNIT] = "Service.LoadCredential" },
	  FIELD(PASSED_FDS, load_credential, loaded_credentials),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT,
	  .argument = "name[:source]",
	  .help = "Secrets that the backend finds as files of these names in the folder that CREDENTIALS_DIRECTORY "
		  "names, which only its user may read: each is read at a start from a file, from what a unix socket "
		  "sends, or of a folder from every file, as NAME_FILE. Where no path is said, it is the credential of "
		  "this name that superd itself has, or that lies in credstore below /etc, /run or /usr/lib; then it "
		  "may be missing. All of a backend's are at most 1M. Where superd may not mount, an instance that "
		  "starts beside another gets what that has read." },
	{ .name = { "set_credential", [UNIT] = "Service.SetCredential" },
	  FIELD(PASSED_FDS, set_credential, set_credentials),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS | NEEDS_LINUX | HOLDS_SECRETS, .change = CHANGE_NEXT,
	  .argument = "name:value",
	  .help = "Credentials with their values, which may have escapes as in C, for those that load_credential "
		  "does not bring." },
	{ .name = { "import_credential", [UNIT] = "Service.ImportCredential" },
	  FIELD(PASSED_FDS, import_credential, imported_credentials),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT,
	  .argument = "pattern[:name]",
	  .help = "Credentials that superd itself has, or that lie in a credstore, by a pattern of their names; with "
		  "a name behind a colon, what stands in front of the pattern's * is replaced by it." },
	{ .name = { "cpu_scheduling_policy", [UNIT] = "Service.CPUSchedulingPolicy" },
	  FIELD(SCHEDULING, cpu_scheduling_policy, word),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "default",
	  .words = cpu_scheduling_words,
	  .help = "The backend's turn at the processors, as in sched(7); default is superd's own." },
	{ .name = { "cpu_scheduling_priority", [UNIT] = "Service.CPUSchedulingPriority" },
	  FIELD(SCHEDULING, cpu_scheduling_priority, count),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "0", .argument = "number", .most = 99,
	  .help = "The priority of fifo and rr, from 1 to 99, the first; 0 is 1." },
	{ .name = { "cpu_scheduling_reset_on_fork", [UNIT] = "Service.CPUSchedulingResetOnFork" },
	  FIELD(SCHEDULING, cpu_scheduling_reset_on_fork, bool),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "Whether processes that the backend starts are not real-time ones themselves." },
	{ .name = { "timer_slack", [UNIT] = "Service.TimerSlackNSec" }, FIELD(SCHEDULING, timer_slack, duration),
	  .translated = FROM(UNIT), .unset = &no_number, .most = SECONDS(60), .least = 1,
	  .flags = TUNES | IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "duration",
	  .help = "How late the kernel may be with the backend's timers, to let several come together." },
	{ .name = { "ignore_sigpipe", [UNIT] = "Service.IgnoreSIGPIPE" }, FIELD(SCHEDULING, ignore_sigpipe, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "Whether the backend starts with SIGPIPE ignored, so that what it writes to nobody is an error and "
		  "not its end." },
	{ .name = { "personality", [UNIT] = "Service.Personality" }, FIELD(SCHEDULING, personality, word),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "default", .words = personality_words,
	  .help = "The kind of machine that uname(2) tells the backend of: on x86-64 also x86, and so on." },

	/* Streams */
	{ .name = { "output", [UNIT] = "Service.StandardOutput", [LAUNCHD] = "StandardOutPath" },
	  FIELD(STREAMS, output, stream), .translated = FROM(UNIT) | FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "log", .argument = "stream",
	  .help = "Where the backend's standard output goes: log (superd's own), syslog, file:PATH, "
		  "append:PATH, truncate:PATH, null, inherit, socket, or fd:NAME, the socket of that name. With "
		  "pass = inetd it is the socket, where nothing is said here." },
	{ .name = { "error", [UNIT] = "Service.StandardError", [LAUNCHD] = "StandardErrorPath" },
	  FIELD(STREAMS, error, stream), .translated = FROM(UNIT) | FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "log", .argument = "stream",
	  .help = "Where the backend's standard error goes, by the same words as output. Where output is set "
		  "and this is not, it goes where output goes, but never to the socket unless that is said "
		  "here." },
	{ .name = { "input", [UNIT] = "Service.StandardInput", [LAUNCHD] = "StandardInPath" },
	  FIELD(STREAMS, input, stream), .translated = FROM(UNIT) | FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "null", .argument = "stream",
	  .help = "Where the backend's standard input comes from: null, file:PATH, inherit, socket, fd:NAME, or data, "
		  "which is what input_text and input_data say. With pass = inetd it is the socket. A file that is "
		  "output, too, is opened once for both; of a unix socket's path it is a connection." },

	{ .name = { "input_text", [UNIT] = "Service.StandardInputText" }, FIELD(STREAMS, input_text, list),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS | HOLDS_SECRETS, .change = CHANGE_NEXT, .argument = "line",
	  .help = "Lines that the backend reads from its standard input, where input is data." },
	{ .name = { "input_data", [UNIT] = "Service.StandardInputData" }, FIELD(STREAMS, input_data, base64),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS | HOLDS_SECRETS, .change = CHANGE_NEXT, .argument = "base64",
	  .help = "The same in base64, behind what input_text says." },
	{ .name = { "syslog_identifier", [UNIT] = "Service.SyslogIdentifier" },
	  FIELD(STREAMS, syslog_identifier, text),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "name",
	  .help = "The name under which lines that the backend prints stand in superd's log and in syslog. Unset: the "
		  "service's." },
	{ .name = { "syslog_facility", [UNIT] = "Service.SyslogFacility" }, FIELD(STREAMS, syslog_facility, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "daemon", .words = syslog_facility_words,
	  .help = "The facility of those lines, where output or error is syslog." },
	{ .name = { "syslog_level", [UNIT] = "Service.SyslogLevel" }, FIELD(STREAMS, syslog_level, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "info", .words = syslog_level_words,
	  .help = "The level of those lines." },
	{ .name = { "syslog_level_prefix", [UNIT] = "Service.SyslogLevelPrefix" },
	  FIELD(STREAMS, syslog_level_prefix, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Whether a number in angle brackets in front of a line, as in <3>, is its level and left out." },
	{ .name = { "log_rate_limit_interval", [UNIT] = "Service.LogRateLimitIntervalSec" },
	  FIELD(STREAMS, log_rate_limit_interval, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "30s", .argument = "duration", .least = 0,
	  .most = SECONDS(86400),
	  .help = "The time in which log_rate_limit_burst counts. 0: there is no limit." },
	{ .name = { "log_rate_limit_burst", [UNIT] = "Service.LogRateLimitBurst" },
	  FIELD(STREAMS, log_rate_limit_burst, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "10000", .argument = "number", .least = 0,
	  .most = UNLIMITED,
	  .help = "How many lines that its backends print are logged in log_rate_limit_interval, where output or error "
		  "is log or syslog. What comes beyond that is read and dropped, and the log tells how many lines that "
		  "were. A number, or unlimited; 0: there is no limit." },

	/* Who may come */
	{ .name = { "instances", "instances", "Socket.MaxConnections", "inetdCompatibility.Instances" },
	  FIELD(ACCESS, instances, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "1000", .argument = "number",
	  .least = 1, .most = UNLIMITED,
	  .help = "With accept = yes, how many instances may run at once; overload says what becomes of more "
		  "connections. A number, or unlimited." },
	{ .name = { "warm" }, FIELD(ACCESS, warm, count),
	  .flags = NEEDS_LINUX, .change = CHANGE_LIVE, .fallback = "0", .argument = "number",
	  .least = 0, .most = 1000,
	  .help = "With accept = yes, how many instances are started ahead and held where each first touches its "
		  "connection, which a client then brings (see WARM STARTS). 0 starts each for its client." },
	{ .name = { "warm_max_age" }, FIELD(ACCESS, warm_max_age, duration),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .fallback = "1h", .argument = "duration",
	  .least = 1000, .most = UNLIMITED,
	  .help = "How long an instance started ahead by warm waits for its client at most; then another one takes "
		  "its place." },
	{ .name = { "per_source", "per_source", "Socket.MaxConnectionsPerSource" },
	  FIELD(ACCESS, per_source, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "unlimited", .argument = "number",
	  .least = 1,
	  .most = UNLIMITED,
	  .help = "With accept = yes, how many instances may run at once for one client address; more "
		  "connections from there are refused. Not at a unix datagram socket, where nobody can be counted. A "
		  "number, or unlimited." },
	{ .name = { "per_source_prefix" }, FIELD(ACCESS, per_source_prefix, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "64", .argument = "bits",
	  .least = 1, .most = 128,
	  .help = "How many leading bits of an IPv6 address per_source takes for one source, for a single "
		  "client usually has a whole /64. An IPv4 address is always taken whole." },
	{ .name = { "overload" }, FIELD(ACCESS, overload, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "queue", .words = overload_words,
	  .help = "What happens at the limit of instances: queue lets clients wait in the kernel's queue, "
		  "refuse closes their connections at once." },
	{ .name = { "only_from", "only_from", "Service.IPAddressAllow" }, FIELD(ACCESS, only_from, addresses),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "address",
	  .help = "The clients that may come; all others are refused. An address, a network as 192.0.2.0/24, "
		  "2001:db8::/32 or 192.0.2.0 (zeros at the end stand for anything), 192.0.2.{1,7}, a network of "
		  "networks(5), a host's name, or .domain. A name is looked up for each client; one without a name "
		  "that leads back to it matches none. none is nobody, an empty list everybody. Where a backend takes "
		  "connections itself (accept = no) the kernel keeps to it, and no names can be given." },
	{ .name = { "no_access", "no_access", "Service.IPAddressDeny" }, FIELD(ACCESS, no_access, addresses),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "address",
	  .help = "The clients that are refused, in the words of only_from. Who is in both is refused." },
	{ .name = { "access_times", "access_times" }, FIELD(ACCESS, access_times, times),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "HH:MM-HH:MM",
	  .help = "The times of day, in local time, at which clients are let in, both minutes included; "
		  "22:00-06:00 goes over midnight." },
	{ .name = { "max_load", "max_load" }, FIELD(ACCESS, max_load, load),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "load",
	  .help = "Refuses clients while the machine's load average of the last minute is at or above this." },
	{ .name = { "cps", "cps" }, FIELD(ACCESS, cps, rate), .unset = &no_rate,
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "number seconds",
	  .help = "How many connections a second are taken, with accept = no how many starts, and for how many seconds "
		  "the service rests when there are more; clients wait in the queue meanwhile." },
	{ .name = { "trigger_limit_burst", [UNIT] = "Socket.TriggerLimitBurst" },
	  FIELD(ACCESS, trigger_limit_burst, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "unlimited", .argument = "number",
	  .most = UNLIMITED,
	  .help = "How many connections, with accept = no how many starts, there may be in trigger_limit_interval. "
		  "When there are more the service rests for trigger_limit_pause, while clients wait in the queue. A "
		  "number, or unlimited; 0 serves nobody." },
	{ .name = { "trigger_limit_interval", [UNIT] = "Socket.TriggerLimitIntervalSec" },
	  FIELD(ACCESS, trigger_limit_interval, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "2s", .argument = "duration", .least = 1,
	  .most = SECONDS(86400),
	  .help = "The time in which trigger_limit_burst counts." },
	{ .name = { "trigger_limit_pause" }, FIELD(ACCESS, trigger_limit_pause, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "10s", .argument = "duration", .least = 1,
	  .most = SECONDS(86400),
	  .help = "How long a service rests that has reached trigger_limit_burst." },
	{ .name = { "trigger_limit_action" }, FIELD(ACCESS, trigger_limit_action, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "queue", .words = limit_action_words,
	  .help = "What happens at trigger_limit_burst. queue: the sockets stay open, and clients wait. close: the "
		  "sockets are closed until the pause is over, so that clients are refused, as inetds do it. "
		  "close-reserved: the same, but an IPv4 port from 1024 on, which any user might take meanwhile, "
		  "stays open, and each connection there is closed at once until trigger_limit_interval is over, as "
		  "OpenBSD's inetd does it." },
	{ .name = { "per_source_cpm" }, FIELD(ACCESS, per_source_cpm, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "unlimited", .argument = "number", .least = 1,
	  .most = UNLIMITED,
	  .help = "With accept = yes, how many connections a minute are taken from one client address; more are "
		  "refused. Of datagrams, with accept = no, how many starts a minute there are for one sender. Not at "
		  "a unix datagram socket. A number, or unlimited." },
	{ .name = { "libwrap", "libwrap" }, FIELD(ACCESS, libwrap, text),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "daemon",
	  .help = "The daemon's name under which hosts.allow and hosts.deny are asked whether a client may come. "
		  "Unset: they are not asked." },
	{ .name = { "banner", "banner" }, FIELD(ACCESS, banner, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "file",
	  .help = "A file that every client is sent before anything else, at most 16 kB of it." },
	{ .name = { "banner_success", "banner_success" }, FIELD(ACCESS, banner_success, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "file",
	  .help = "A file that a client is sent once it is let in, at most 16 kB of it." },
	{ .name = { "banner_fail", "banner_fail" }, FIELD(ACCESS, banner_fail, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "file",
	  .help = "A file that a client is sent before it is turned away, at most 16 kB of it." },
	{ .name = { "deny_time", "deny_time" }, FIELD(ACCESS, deny_time, duration), .translated = FROM(XINETD),
	  .unset = &no_number, .flags = 0, .change = CHANGE_LIVE, .argument = "duration", .most = UNLIMITED,
	  .help = "Makes the service a sensor: it runs nothing, and an address that connects to it is kept out of all "
		  "services for this long, but for connections that a backend with accept = no takes itself. infinity "
		  "is for ever, 0 only logs. The sender of a datagram is kept out, too, as with xinetd; senders can be "
		  "forged, so that anybody can have another's address kept out: 0 is safe there." },
	{ .name = { "id_only" }, FIELD(ACCESS, id_only, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Takes only clients whose machine's ident server (RFC 1413) names a user." },

	/* Commands around it */
	COMMANDS("exec_condition", "Service.ExecCondition", CONDITION)
	  .help = "Run before all others at a start. Exit status 0, or one of success_exit_status, goes on; 1 to 254 "
		  "leaves the start out, which is no failure: clients wait, and after a pause, 5 s and ever longer, "
		  "it is tried again. 255, a signal or timeout_start is a failure." },
	COMMANDS("exec_start_pre", "Service.ExecStartPre", START_PRE)
	  .help = "Run one after the other before exec. Each is a text: the program and its arguments as in exec, the "
		  "same %{ } included. In front of the program may stand - (its failure is passed over), + (it runs "
		  "as superd itself, without user, capabilities and hardening), ! (as superd's user alone), : (no "
		  "variables are replaced), @ (the word behind the program is its argv0) and | (the shell of the user, "
		  "or /bin/sh for one that may not log in, runs in place of the program, with the same arguments). "
		  "They run "
		  "as the service does, without its sockets; input, output and error are the service's, but null or "
		  "the log where that is a socket. One that fails, or takes longer than timeout_start, fails the "
		  "start; what each leaves running is ended with it." },
	COMMANDS("exec_start_post", "Service.ExecStartPost", START_POST)
	  .help = "Run when the backend is ready, and before it counts as started; of a oneshot, when it has ended "
		  "well. MAINPID tells them its process. One that fails fails the start." },
	{ .name = { "exec_ready" }, FIELD(COMMANDS, of[PHASE_READY], commands),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "command",
	  .help = "Tells when the backend serves, for a program that says nothing of it: run as soon as the program "
		  "runs, and again after 100 ms, 200 ms and so on up to every second, until it exits with 0; each run "
		  "may take 10 s. Until then the backend counts as one that starts, and timeout_start limits that (see "
		  "READINESS). MAINPID tells it the process." },
	COMMANDS("exec_reload", "Service.ExecReload", RELOAD)
	  .help = "What has a running backend read its configuration anew, by superctl reload NAME: run one after "
		  "the other, of type = notify-reload behind reload_signal. MAINPID is its process. Each may take "
		  "timeout_start." },
	COMMANDS("exec_stop", "Service.ExecStop", STOP)
	  .help = "Run when a backend that was started well is to stop, before kill_signal, and also when it has "
		  "ended well by itself. MAINPID is its process, as long as there is one. Each may take "
		  "timeout_stop." },
	COMMANDS("exec_stop_post", "Service.ExecStopPost", STOP_POST)
	  .help = "Run when nothing of the backend is left, also after a start that failed. SERVICE_RESULT tells how "
		  "it ended: success, exit-code, signal, core-dump, timeout, watchdog, exec-condition, protocol or "
		  "resources; EXIT_CODE (exited, killed or dumped) and EXIT_STATUS how its process did." },
	{ .name = { "idle_unless" }, FIELD(COMMANDS, of[PHASE_IDLE_UNLESS], commands),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "command",
	  .help = "Asked before an idle backend is stopped, frozen or reported (idle_timeout): if the command exits "
		  "with 0, the backend is busy, and is asked again an idle_timeout later. It may take timeout_start, "
		  "90 s at most; one that cannot be run, is not done in time, is ended by a signal or exits with 126, "
		  "127 or 255 does not answer, and the backend counts as busy. MAINPID tells it the process. One "
		  "command." },
	COMMANDS("socket_exec_start_pre", "Socket.ExecStartPre", SOCKET_START_PRE)
	  .help = "Run before the sockets are opened. One that fails is as a socket that could not be opened." },
	COMMANDS("socket_exec_start_post", "Socket.ExecStartPost", SOCKET_START_POST)
	  .help = "Run when all sockets are open, and before anybody is served." },
	COMMANDS("socket_exec_stop_pre", "Socket.ExecStopPre", SOCKET_STOP_PRE)
	  .help = "Run when the service leaves the table or superd ends, before the sockets are closed; where a "
		  "reload takes it out, behind that." },
	COMMANDS("socket_exec_stop_post", "Socket.ExecStopPost", SOCKET_STOP_POST)
	  .help = "Run when the sockets have been closed." },
	{ .name = { "exec_prefix" }, FIELD(COMMANDS, exec_prefix, signs),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "signs",
	  .help = "How exec itself is run, by the signs of exec_start_pre: -, +, !, : and |." },
	{ .name = { "condition" }, FIELD(COMMANDS, condition, conditions),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "Kind=value",
	  .help = "What has to be so for a start, in the words of systemd.unit(5), as ConditionPathExists=/etc/x; "
		  "Condition may be left out. With ! behind the = it must not be so; of those with | one suffices, "
		  "and so of those with ||. Where it is not so clients wait, and it is looked at again "
		  "after a pause, 5 s and ever longer; with Assert in place of Condition it is a failure." },

	/* Life */
	{ .name = { "wants" }, FIELD(LIFECYCLE, wants, list),
	  .flags = 0, .change = CHANGE_LIVE, .argument = "name",
	  .help = "Other services of the table that have to run with this one: they are started and thawed with it, "
		  "its program waits until each is ready or has failed, for its timeout_start at most, and none of "
		  "them is idle while this one is awake (see SERVICES THAT WANT OTHERS). Both need accept = no." },
	{ .name = { "ready" }, FIELD(LIFECYCLE, ready, text),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "text",
	  .help = "Tells when the backend serves, for a program that says so in its output alone: once it has printed "
		  "a line with this text, for which output or error has to be log or syslog (see READINESS). "
		  "Unset: when its type says so." },
	{ .name = { "timeout_start", [UNIT] = "Service.TimeoutStartSec" }, FIELD(LIFECYCLE, timeout_start, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "90s", .argument = "duration",
	  .help = "How long a backend with type = forking or notify, or with ready or exec_ready, may take until it "
		  "counts as started; then it is "
		  "stopped, and that is a failure. So long, too, may each command of a start take, and what is done "
		  "before the program runs. infinity waits for ever. Other types take no time themselves, and a "
		  "oneshot has runtime_max; its commands may take any time unless this is set." },
	{ .name = { "max_starting" }, .type = &type_count, .chapter = CHAPTER_LIFECYCLE,
	  .flags = STRUCTURE | OUTSIDE, .change = CHANGE_LIVE, .least = 0, .most = 1000000, .argument = "number",
	  .help = "How many services with accept = no start at once; the others wait in line. It stands outside of "
		  "services, once in the whole table. 0: any number. The default is twice the number of processors "
		  "that superd may use. superd --max-starting overrides it." },
	{ .name = { "start_priority" }, FIELD(LIFECYCLE, start_priority, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "normal", .words = start_priority_words,
	  .help = "Who goes first when more services start at once than max_starting lets: interactive ones "
		  "before normal ones, and batch ones last; among equals, in the order of their clients. It needs "
		  "accept = no." },
	{ .name = { "timeout_stop", [UNIT] = "Service.TimeoutStopSec", [LAUNCHD] = "ExitTimeOut" },
	  FIELD(LIFECYCLE, timeout_stop, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "10s", .argument = "duration",
	  .help = "How long a backend may take to end after kill_signal; then it is killed." },
	{ .name = { "kill_signal", [UNIT] = "Service.KillSignal" }, FIELD(LIFECYCLE, kill_signal, signal),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "TERM", .argument = "signal",
	  .help = "The signal that asks a backend to end, as in TERM, INT or QUIT." },
	{ .name = { "kill_mode", [UNIT] = "Service.KillMode" },
	  FIELD(LIFECYCLE, kill_mode, word), .translated = FROM(UNIT),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "group", .words = kill_mode_words,
	  .help = "Whom a stop reaches: group signals and kills all the backend started, mixed signals the "
		  "main process and kills all, process reaches the main process only; none sends no signal, and "
		  "what has not ended by timeout_stop runs on, unless superd itself ends." },
	{ .name = { "pid_file", [UNIT] = "Service.PIDFile" }, FIELD(LIFECYCLE, pid_file, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "path",
	  .help = "With type = forking, the file in which the daemon writes the number of its main process." },
	{ .name = { "runtime_max", [UNIT] = "Service.RuntimeMaxSec" }, FIELD(LIFECYCLE, runtime_max, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "infinity", .argument = "duration",
	  .least = 1,
	  .most = UNLIMITED,
	  .help = "The longest a backend may run before it is stopped." },
	{ .name = { "backoff_min", [UNIT] = "Service.RestartSec", [LAUNCHD] = "ThrottleInterval" },
	  FIELD(LIFECYCLE, backoff_min, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "100ms", .argument = "duration", .least = 1,
	  .most = SECONDS(86400),
	  .help = "The pause after a first failure. It doubles with each further failure up to backoff_max, "
		  "while clients wait in the queue; a healthy run resets it." },
	{ .name = { "backoff_max", [UNIT] = "Service.RestartMaxDelaySec" }, FIELD(LIFECYCLE, backoff_max, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "30s", .argument = "duration", .least = 1,
	  .most = SECONDS(86400),
	  .help = "The longest pause between two starts of a backend that keeps failing." },
	{ .name = { "backoff_refuse" }, FIELD(LIFECYCLE, backoff_refuse, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Whether the connections of clients are closed while the service is paused after a failure, those "
		  "that wait included, so that a load balancer turns to another machine; with no they wait in the "
		  "queue. Datagrams wait in any case." },
	{ .name = { "on_failure" }, FIELD(LIFECYCLE, on_failure, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "retry", .words = on_failure_words,
	  .help = "What a backend's failure means: retry starts it again after a pause, exit ends superd, so "
		  "that whatever watches over superd takes notice. With accept = yes only a start that does not "
		  "succeed is a failure." },
	{ .name = { "on_change" }, FIELD(LIFECYCLE, on_change, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "finish", .words = on_change_words,
	  .help = "What becomes of a running backend that has the sockets (accept = no) when a reload changes how it "
		  "would be started: finish lets it serve until it ends, and the next one is started by the new entry; "
		  "drain starts the next one at once, for new clients, and stops the old one when the clients it has "
		  "are gone. A frozen one goes on for that, and one that starts is drained when it is ready. Where new "
		  "clients can't be kept from it that is logged, and it is as finish. With drain the next one may also "
		  "start at once when superctl restart, superctl stop or runtime_max ends the old one, so that no new "
		  "client waits for those of the old one, which has 30 s for them at most, as superd(8) tells; not "
		  "with redirect, where both would bind the same target. Set it for a program that may run twice at a "
		  "time: not for one that locks its data, or writes it when it ends, as redis does." },
	{ .name = { "on_remove" }, FIELD(LIFECYCLE, on_remove, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "auto", .words = on_remove_words,
	  .help = "What becomes of running instances when a reload takes the service out of the table, or "
		  "its sockets away from it: finish lets them end by themselves; drain (accept = no) stops "
		  "the instance when the clients it has at the reload are gone, and leaves it where nobody "
		  "can tell who they are, as with UDP; stop ends them. auto is drain with accept = no, as a daemon "
		  "does not end by itself, and finish with accept = yes and type = oneshot, which do. With finish and "
		  "drain a daemon goes on accepting, as it has the socket itself: drain does not wait for clients who "
		  "come after the reload, and they are cut off when it ends. To keep them out, have it drained before "
		  "the reload, by superctl hold and superctl drain; or set stop, with timeout_stop, for a daemon that "
		  "closes its socket at kill_signal and serves its clients to the end: others are refused at once." },
	{ .name = { "watchdog", [UNIT] = "Service.WatchdogSec" }, FIELD(LIFECYCLE, watchdog, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "0", .argument = "duration",
	  .help = "How often a backend must say WATCHDOG=1, once it runs, to count as alive. One that is silent for so "
		  "long is ended by watchdog_signal, and that is a failure. It is told in WATCHDOG_USEC. 0 and "
		  "infinity: it need not." },
	{ .name = { "watchdog_signal", [UNIT] = "Service.WatchdogSignal" }, FIELD(LIFECYCLE, watchdog_signal, signal),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "ABRT", .argument = "signal",
	  .help = "The signal that ends a backend whose watchdog has found it silent." },
	{ .name = { "notify_access", [UNIT] = "Service.NotifyAccess" }, FIELD(LIFECYCLE, notify_access, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "none", .words = notify_access_words,
	  .help = "Which processes of a backend may send notifications: none, main alone, main and the commands beside "
		  "it (exec), or all. With type = notify, a watchdog or a descriptor store, none is main." },
	{ .name = { "reload_signal", [UNIT] = "Service.ReloadSignal" }, FIELD(LIFECYCLE, reload_signal, signal),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "HUP", .argument = "signal",
	  .help = "With type = notify-reload, the signal by which the backend reads its configuration again, sent by "
		  "superctl reload NAME. One that says READY=1 and would die of it has failed to start." },
	{ .name = { "file_descriptor_store_max", [UNIT] = "Service.FileDescriptorStoreMax" },
	  FIELD(LIFECYCLE, file_descriptor_store_max, count),
	  .flags = TUNES | IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "0", .argument = "number", .most = 4000,
	  .help = "How many descriptors superd keeps for a backend with accept = no that sends them with FDSTORE=1; "
		  "its next start gets them behind its sockets. It is told in FDSTORE." },
	{ .name = { "file_descriptor_store_preserve", [UNIT] = "Service.FileDescriptorStorePreserve" },
	  FIELD(LIFECYCLE, file_descriptor_store_preserve, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "restart", .words = preserve_words,
	  .help = "How long they are kept: no, until the backend ends; restart, as long as the next client starts it "
		  "again, so until the service is disabled or leaves the table; on-success, the same, but not over a "
		  "failure; yes is as restart." },
	{ .name = { "restart", [UNIT] = "Service.Restart" }, FIELD(RESTART, restart, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "default", .words = restart_words,
	  .help = "Which ends start a backend again by itself, after the pause of backoff_min: with no none does, so "
		  "that the next client starts it, and one without a socket runs once. "
		  "on-success: an exit status of 0, or of success_exit_status; on-failure: any other end; "
		  "on-abnormal: a signal or a timeout; on-abort: a signal; on-watchdog: the watchdog; always: any. "
		  "default is no, but with start = boot what start says there. A "
		  "client does not wait for it, unless it was a failure. With accept = yes it means nothing." },
	{ .name = { "restart_prevent_exit_status", [UNIT] = "Service.RestartPreventExitStatus" },
	  FIELD(RESTART, restart_prevent_exit_status, statuses),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "status",
	  .help = "Exit statuses and signals after which it is not started again by itself, whatever restart says." },
	{ .name = { "restart_force_exit_status", [UNIT] = "Service.RestartForceExitStatus" },
	  FIELD(RESTART, restart_force_exit_status, statuses),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "status",
	  .help = "Exit statuses and signals after which it is, whatever restart says." },
	{ .name = { "success_exit_status", [UNIT] = "Service.SuccessExitStatus" },
	  FIELD(RESTART, success_exit_status, statuses),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "status",
	  .help = "Exit statuses, by number or by name as TEMPFAIL, and signals, as SIGKILL, that are a good end as 0 "
		  "is. With accept = yes an exit status is a failure only where this names at least one (see "
		  "FAILURES)." },
	{ .name = { "remain_after_exit", [UNIT] = "Service.RemainAfterExit" }, FIELD(RESTART, remain_after_exit, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "A backend that has ended well counts as running until it is stopped, so no client starts it "
		  "again." },
	{ .name = { "timeout_abort", [UNIT] = "Service.TimeoutAbortSec" }, FIELD(RESTART, timeout_abort, duration),
	  .unset = &no_number, .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "duration", .most = UNLIMITED,
	  .help = "How long a backend that the watchdog ends may take, to write its core. Unset: timeout_stop." },
	{ .name = { "final_kill_signal", [UNIT] = "Service.FinalKillSignal" }, FIELD(RESTART, final_kill_signal,
	  signal),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "KILL", .argument = "signal",
	  .help = "The signal of the end of timeout_stop." },
	{ .name = { "restart_kill_signal", [UNIT] = "Service.RestartKillSignal" },
	  FIELD(RESTART, restart_kill_signal, signal),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "TERM", .argument = "signal",
	  .help = "The signal of a stop that a start follows. It is not used: superd stops by kill_signal." },
	{ .name = { "send_sighup", [UNIT] = "Service.SendSIGHUP" }, FIELD(RESTART, send_sighup, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Sends HUP right behind kill_signal, for shells." },
	{ .name = { "send_sigkill", [UNIT] = "Service.SendSIGKILL" }, FIELD(RESTART, send_sigkill, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "yes", .argument = "yes | no",
	  .help = "Whether what has not ended by timeout_stop gets final_kill_signal; with no it runs on, unless "
		  "superd itself ends." },
	{ .name = { "kill_rest" }, FIELD(RESTART, kill_rest, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Whether what a backend leaves of its process group, or its control group where it has one, when its "
		  "main process ends by itself is "
		  "stopped, too, as kill_mode says; the next one starts when it has gone." },
	{ .name = { "idle_timeout", [LAUNCHD] = "TimeOut" }, FIELD(LIFECYCLE, idle_timeout, duration),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .fallback = "infinity", .argument = "duration",
	  .least = 100000, .most = UNLIMITED,
	  .help = "How long nobody may have been connected to any of a backend's sockets before idle_action is taken "
		  "(see IDLE BACKENDS). It needs accept = no." },
	{ .name = { "redirect_timeout" }, FIELD(LIFECYCLE, redirect_timeout, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "1min", .argument = "duration",
	  .least = 1000, .most = 86400000000,
	  .help = "How long a redirect of UDP knows a client that is silent in both directions. Until then the "
		  "server's datagrams reach the client, and idle_timeout counts it as connected." },
	{ .name = { "idle_action" }, FIELD(LIFECYCLE, idle_action, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "stop", .words = idle_action_words,
	  .help = "What becomes of an idle backend: stop ends it, and the next client starts it again; freeze has all "
		  "its processes stand still until the next client comes; report only logs what would be done." },
	{ .name = { "idle_cpu" }, FIELD(LIFECYCLE, idle_cpu, quota), .unset = &no_number,
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "per cent",
	  .help = "How much of a processor a backend without clients may use and still be idle: one that used more "
		  "since nobody was connected works, and is looked at again an idle_timeout later. 5% is a twentieth "
		  "of one processor. It counts the control group, or without one the main process and its "
		  "descendants. Unset: any." },
	{ .name = { "idle_means" }, FIELD(LIFECYCLE, idle_means, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "connected", .words = idle_means_words,
	  .help = "Which connections keep a backend awake: connected all that are open; quiet only those at which "
		  "something was sent or received within idle_timeout, for backends whose clients stay connected. "
		  "quiet needs idle_action = freeze, and counts for TCP." },
	{ .name = { "min_awake" }, FIELD(LIFECYCLE, min_awake, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "0", .argument = "duration", .most = UNLIMITED - 1,
	  .help = "How long a backend is left alone after its start, or after it was woken, however idle it is." },
	{ .name = { "freeze_reclaim" }, FIELD(LIFECYCLE, freeze_reclaim, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Whether the memory of a frozen backend is handed back to the kernel: to swap, where there is any, "
		  "and what is of files is dropped. It comes back page by page when the backend goes on, which takes "
		  "its time." },
	{ .name = { "sleep_under_pressure" }, FIELD(LIFECYCLE, sleep_under_pressure, bool),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Whether idle_action may be taken before idle_timeout is over when memory is short, in the machine "
		  "or in superd's control group: backends that nobody is connected to go, the one that was unused for "
		  "longest first (see MEMORY PRESSURE). With yes in defaults, no protects a service. It needs "
		  "idle_timeout." },
	{ .name = { "probe_from" }, FIELD(LIFECYCLE, probe_from, addresses),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "address",
	  .help = "Addresses of health checks and load balancers, in the words of only_from but without names of "
		  "hosts: their TCP connections start no backend, wake none and keep none awake (see PROBES). Unset: "
		  "nobody's." },
	{ .name = { "probe" }, FIELD(LIFECYCLE, probe, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "none", .words = probe_words,
	  .help = "Which other TCP connections are probes (see PROBES): silent those that are closed by the client "
		  "before it has sent a byte, as port scans and TCP health checks do." },
	{ .name = { "probe_wait" }, FIELD(LIFECYCLE, probe_wait, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "250ms", .argument = "duration",
	  .least = 1000, .most = 60000000,
	  .help = "With probe = silent, how long a client that sends nothing and stays connected waits until it starts "
		  "or wakes the backend. The first byte ends the wait." },

	/* Log */
	{ .name = { "log_type", "log_type" }, FIELD(LOG, log_type, log_type),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "type",
	  .help = "Where the lines of log_on_success and log_on_failure go: {SYSLOG, facility, level}, info where "
		  "there is no level, or {FILE, path, soft, hard}: at soft bytes a warning is logged, at hard "
		  "logging ends. Unset: to superd's own log." },
	{ .name = { "log_on_success", "log_on_success" }, FIELD(LOG, log_on_success, flags),
	  .words = log_on_success_words,
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "word",
	  .help = "Logs, in xinetd's words, that a client was let in (START) with PID and HOST, who its ident server "
		  "says it is (USERID), how its instance ended (EXIT) and after how long (DURATION), and of a "
		  "redirect the bytes (TRAFFIC). With any of these words and accept = yes, superd's own lines about "
		  "starts and good ends have the level debug." },
	{ .name = { "log_on_failure", "log_on_failure" }, FIELD(LOG, log_on_failure, flags),
	  .words = log_on_failure_words,
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "word",
	  .help = "Logs, in xinetd's words, that a client was turned away (FAIL) and why, with HOST, and who its ident "
		  "server says it is (USERID). Any of the words, ATTEMPT alone too, has the line written." },
	{ .name = { "mapped_addresses" }, FIELD(LOG, mapped_addresses, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "How an IPv4 client is written that came by an IPv6 socket, in the lines of log_on_success and "
		  "log_on_failure and in REMOTE_HOST: with yes as ::ffff:192.0.2.1, as xinetd does, whose servers also "
		  "get a connection of IPv4; with no as 192.0.2.1." },

	/* Hardening */
	CHOICE(private_tmp, "PrivateTmp", "no")
	  .help = "Gives each instance a /tmp and /var/tmp of its own: with yes folders below those of the machine, "
		  "removed when it has ended, with disconnected in memory." },
	SWITCH(private_devices, "PrivateDevices")
	  .help = "Leaves the backend of /dev null, zero, full, random, urandom and tty, terminals and shared "
		  "memory." },
	SWITCH(private_ipc, "PrivateIPC")
	  .help = "Gives the backend System V and POSIX message queues, semaphores and shared memory of its own." },
	SWITCH(private_mounts, "PrivateMounts")
	  .help = "Keeps mounts that the backend makes from everybody else. Other options that change what it sees of "
		  "the files imply it." },
	SWITCH(private_network, "PrivateNetwork")
	  .help = "Leaves the backend no network but a loopback of its own, and the sockets it is given. It sees a "
		  "/sys of that network, unless private_mounts = no leaves it superd's mounts." },
	PATHS(network_namespace_path, "NetworkNamespacePath", path, "path")
	  .help = "The network namespace the backend is in, as below /run/netns. The sockets it is given are of "
		  "superd's. It sees a /sys of that network, as with private_network." },
	CHOICE(private_users, "PrivateUsers", "no")
	  .help = "Runs the backend in a user namespace: its capabilities hold for what was made in there and not for "
		  "the machine, and it still owns its user's files and processes outside. With yes or self it knows "
		  "its own user and root, and all others are nobody; with identity the first 65536 users, with full "
		  "all. A backend of root's is root to files and to sockets that go by the user, as superd's own." },
	CHOICE(protect_system, "ProtectSystem", "no")
	  .help = "Makes /usr and /boot read-only for the backend, with full /etc too, with strict everything but "
		  "/dev, /proc, /sys, users' homes, its own folders and read_write_paths. See WHAT ROOT CAN UNDO." },
	CHOICE(protect_home, "ProtectHome", "no")
	  .help = "Hides /home, /root and /run/user from the backend, makes them read-only, or empty ones in memory. "
		  "See WHAT ROOT CAN UNDO." },
	SWITCH(protect_kernel_tunables, "ProtectKernelTunables")
	  .help = "Makes the kernel's settings in /proc and /sys read-only for the backend." },
	SWITCH(protect_kernel_modules, "ProtectKernelModules")
	  .help = "Keeps the backend from loading kernel modules." },
	SWITCH(protect_kernel_logs, "ProtectKernelLogs")
	  .help = "Keeps the backend from the kernel's log." },
	SWITCH(protect_control_groups, "ProtectControlGroups")
	  .help = "Makes the control groups read-only for the backend." },
	SWITCH(protect_clock, "ProtectClock")
	  .help = "Keeps the backend from setting the clock." },
	SWITCH(protect_hostname, "ProtectHostname")
	  .help = "Keeps the backend from changing the machine's name, and changes of it from the backend." },
	CHOICE(protect_proc, "ProtectProc", "default")
	  .help = "What the backend sees in /proc of other users' processes: with noaccess nothing but that they are "
		  "there, with invisible not even that, with ptraceable only those it could trace." },
	CHOICE(proc_subset, "ProcSubset", "all")
	  .help = "With pid, /proc holds processes alone." },
	CHOICE(mount_flags, "MountFlags", "shared")
	  .help = "Of a backend with mounts of its own, what becomes of mounts in namespaces below its own: shared, "
		  "slave or private. What it mounts itself never reaches the machine." },
	PATHS(read_only_paths, "ReadOnlyPaths", protected_paths, "path")
	  .help = "Paths that the backend may not write, with all below. With - in front it may be missing." },
	PATHS(read_write_paths, "ReadWritePaths", protected_paths, "path")
	  .help = "Paths that stay as they were below those that are read-only." },
	PATHS(inaccessible_paths, "InaccessiblePaths", protected_paths, "path")
	  .help = "Paths that the backend cannot see into." },
	PATHS(exec_paths, "ExecPaths", protected_paths, "path")
	  .help = "Paths below no_exec_paths from which the backend may run programs." },
	PATHS(no_exec_paths, "NoExecPaths", protected_paths, "path")
	  .help = "Paths below which the backend may not run programs." },
	PATHS(bind_paths, "BindPaths", bindings, "source[:target]")
	  .help = "Folders and files that the backend sees at another place; with :norbind behind the target without "
		  "what is mounted below. With - in front the source may be missing." },
	PATHS(bind_read_only_paths, "BindReadOnlyPaths", bindings, "source[:target]")
	  .help = "The same as bind_paths, but read-only." },
	PATHS(temporary_file_system, "TemporaryFileSystem", temporary, "path[:options]")
	  .help = "Folders over which the backend has an empty file system in memory, a tenth of it at most where no "
		  "size is said. Behind a colon options of mount(8), as ro, size=10M." },
	SWITCH(mount_api_vfs, "MountAPIVFS")
	  .help = "Mounts /proc, /sys, /dev and an empty /run inside of root_directory." },
	{ .name = { "system_call_filter", [UNIT] = "Service.SystemCallFilter" },
	  FIELD(SYSCALLS, system_call_filter, calls), .nothing = "@default",
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "call",
	  .help = "The system calls the backend may make, and groups of them as @system-service. What has a ~ in "
		  "front, and what stands behind that up to one with a +, is taken away; where the first has one, it "
		  "is taken from all there are. :EPERM behind one is the error it gives, else that of "
		  "system_call_error_number." },
	{ .name = { "system_call_architectures", [UNIT] = "Service.SystemCallArchitectures" },
	  FIELD(SYSCALLS, system_call_architectures, flags), .words = architecture_words, .nothing = "native",
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "architecture",
	  .help = "The kinds of system calls the backend may make: native, and it is always among them, x86, x86-64, "
		  "x32, arm and so on. A process that makes others is killed. Unset: all that the kernel has." },
	{ .name = { "system_call_error_number", [UNIT] = "Service.SystemCallErrorNumber" },
	  FIELD(SYSCALLS, system_call_error_number, error), .fallback = "kill",
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "error",
	  .help = "The error that a filtered system call gives, as EPERM, or kill, which ends the process." },
	{ .name = { "restrict_address_families", [UNIT] = "Service.RestrictAddressFamilies" },
	  FIELD(SYSCALLS, restrict_address_families, families), .nothing = "none",
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "family",
	  .help = "The kinds of sockets the backend may open, as AF_UNIX, AF_INET and AF_INET6, or none; with ~ in "
		  "front those that it may not. Those it is given are not meant." },
	{ .name = { "restrict_namespaces", [UNIT] = "Service.RestrictNamespaces" },
	  FIELD(HARDENING, restrict_namespaces, namespaces), .fallback = "no", .nothing = "yes",
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "yes | no | kind",
	  .help = "Keeps the backend from making and entering namespaces: with yes any, else any but these, with ~ in "
		  "front of the first these: cgroup, ipc, mnt, net, pid, time, user, uts." },
	SWITCH(restrict_realtime, "RestrictRealtime")
	  .help = "Keeps the backend from real-time scheduling." },
	SWITCH(restrict_suid_sgid, "RestrictSUIDSGID")
	  .help = "Keeps the backend from making set-user-id and set-group-id files." },
	SWITCH(memory_deny_write_execute, "MemoryDenyWriteExecute")
	  .help = "Keeps the backend from memory that is both writable and executable, and from making memory "
		  "executable that was not; a personality of which all memory is executable is denied, too. "
		  "From Linux 6.3 on the kernel itself refuses such memory, beside the filter of system calls." },
	SWITCH(lock_personality, "LockPersonality")
	  .help = "Keeps the backend from changing its kernel execution domain: that of personality where the service "
		  "sets it, else superd's own." },
	CHOICE(keyring_mode, "KeyringMode", "inherit")
	  .help = "The kernel's session keyring of the backend: superd's own, with private a new one, with shared a "
		  "new one that its user's keyring is linked to. That of a superd that may change users is empty and "
		  "takes no keys: no backend has those of whoever started superd, or another's. That of a superd that "
		  "may not is its user's. A unit of systemd has private unless it says otherwise. A user may have few "
		  "private ones (/proc/sys/kernel/keys/maxkeys); beyond them superd's empty one serves." },
	{ .name = { "secure_bits", [UNIT] = "Service.SecureBits" }, FIELD(HARDENING, secure_bits, flags),
	  .words = secure_bits_words, .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "bit",
	  .help = "The secure bits of the backend, as in capabilities(7): noroot, no-setuid-fixup, keep-caps, "
		  "no-cap-ambient-raise, and each with -locked." },
	{ .name = { "ip_address_allow" }, FIELD(CGROUP_FILTERS, ip_address_allow, networks),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "network",
	  .help = "The addresses the backend may exchange packets with though ip_address_deny has them: numbers and "
		  "networks, any, localhost, link-local, multicast. It is meant for sockets that the backend opens; "
		  "for those it is given see only_from." },
	{ .name = { "ip_address_deny" }, FIELD(CGROUP_FILTERS, ip_address_deny, networks),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "network",
	  .help = "The addresses the backend may not exchange packets with. Of sockets it is given, superd lets "
		  "nobody in who is denied here. It needs a control group." },
	{ .name = { "device_policy", [UNIT] = "Service.DevicePolicy" }, FIELD(CGROUP_FILTERS, device_policy, word),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "auto", .words = device_policy_words,
	  .help = "Which devices the backend may open: with strict those of device_allow, with closed also null, "
		  "zero, full, random, urandom, tty, ptmx and terminals of pts, with auto the same as closed, but all "
		  "where device_allow is empty. It needs a control group." },
	{ .name = { "device_allow", [UNIT] = "Service.DeviceAllow" }, FIELD(CGROUP_FILTERS, device_allow, device_rules),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "device [rwm]",
	  .help = "The devices the backend may open, each by its path or as char-NAME or block-NAME of a kind in "
		  "/proc/devices, and behind it whether it may be read, written or made; unsaid, all of that." },
	PATHS(apparmor_profile, "AppArmorProfile", text, "profile")
	  .help = "The AppArmor profile the backend runs under. With - in front it may run without, where there is "
		  "none." },
	PATHS(selinux_context, "SELinuxContext", text, "context")
	  .help = "The SELinux context the backend runs in. superd sets none: with - in front it is passed over, else "
		  "refused." },

	/* Resources */
	AMOUNT(memory_max, "MemoryMax", memory, "size") .least = 1,
	  .help = "How much memory all processes of an instance may use together; beyond it they are killed. Without a "
		  "control group it is the address space of each." },
	AMOUNT(memory_high, "MemoryHigh", memory, "size") .least = 1,
	  .help = "How much memory they may use before they are slowed down." },
	AMOUNT(memory_low, "MemoryLow", memory, "size")
	  .help = "How much of their memory is taken away only when there is no other way." },
	AMOUNT(memory_min, "MemoryMin", memory, "size")
	  .help = "How much of their memory is never taken away." },
	AMOUNT(memory_swap_max, "MemorySwapMax", memory, "size")
	  .help = "How much swap they may use." },
	{ .name = { "oom_policy", [UNIT] = "Service.OOMPolicy" }, FIELD(RESOURCES, oom_policy, word),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .fallback = "continue", .words = oom_policy_words,
	  .help = "What becomes of an instance when the kernel kills one of its processes for lack of memory: with "
		  "continue nothing, with stop and kill all its processes are killed together. It needs a control "
		  "group." },
	AMOUNT(tasks_max, "TasksMax", tasks, "number")
	  .help = "How many processes and threads an instance may have. Without a control group it is how many its "
		  "user may have, where no other service runs as that user." },
	{ .name = { "cpu_quota", [UNIT] = "Service.CPUQuota" }, FIELD(RESOURCES, cpu_quota, quota), .unset = &no_number,
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "per cent",
	  .help = "How much of a processor an instance may use: 50% is half of one, 200% two." },
	{ .name = { "cpu_quota_period", [UNIT] = "Service.CPUQuotaPeriodSec" },
	  FIELD(RESOURCES, cpu_quota_period, duration),
	  .flags = TUNES | IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .fallback = "100ms",
	  .argument = "duration",
	  .least = 1000, .most = SECONDS(1),
	  .help = "In which time cpu_quota is measured." },
	{ .name = { "cpu_weight", [UNIT] = "Service.CPUWeight" }, FIELD(RESOURCES, cpu_weight, weight),
	  .unset = &no_number, .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "weight",
	  .least = 0, .most = 10000,
	  .help = "An instance's share of the processors when they are busy, 100 being the usual; idle: when nobody "
		  "else wants them." },
	{ .name = { "allowed_cpus", [UNIT] = "Service.AllowedCPUs" }, FIELD(RESOURCES, allowed_cpus, cpus),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "cpu",
	  .help = "The processors an instance may run on, whatever it asks for. Without a control group it is "
		  "cpu_affinity." },
	{ .name = { "allowed_memory_nodes", [UNIT] = "Service.AllowedMemoryNodes" },
	  FIELD(RESOURCES, allowed_memory_nodes, cpus),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "node",
	  .help = "The nodes of memory an instance may use, on a machine with several." },
	{ .name = { "io_weight", [UNIT] = "Service.IOWeight" }, FIELD(RESOURCES, io_weight, weight),
	  .unset = &no_number, .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_LIVE, .argument = "weight",
	  .least = 1, .most = 10000,
	  .help = "An instance's share of the disks when they are busy, 100 being the usual." },
	DEVICE_LIMITS(io_read_bandwidth_max, "IOReadBandwidthMax")
	  .help = "How many bytes a second an instance may read from a device, as in \"/dev/sda 10M\". The path may "
		  "be that of a file on it. K, M and G are 1000 here." },
	DEVICE_LIMITS(io_write_bandwidth_max, "IOWriteBandwidthMax")
	  .help = "How many bytes a second an instance may write to a device." },
	DEVICE_LIMITS(io_read_iops_max, "IOReadIOPSMax")
	  .help = "How many times a second an instance may read from a device." },
	DEVICE_LIMITS(io_write_iops_max, "IOWriteIOPSMax")
	  .help = "How many times a second an instance may write to a device." },
	{ .name = { "delegate", [UNIT] = "Service.Delegate" }, FIELD(RESOURCES, delegate, delegation), .nothing = "yes",
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "Whether the control group of an instance is its user's, to make further ones below it." },
};

const size_t directive_count = sizeof(directives) / sizeof(directives[0]);
_Static_assert(sizeof(directives) / sizeof(directives[0]) <= MARK_DIRECTIVE, "struct mark holds such an index");
