/* The table of options, in the order of the manual. Options of CHAPTER_XINETD and CHAPTER_UNITS are beside those that
 * they resemble. A row has all that is known about an option, except what acts on it.
 *
 * MEMBER compares the C type of the struct's member with that of the option's type: a mismatch does not compile. A unit
 * test reads every default, every word and every name. */
#include "table/option/option.h"

#include <sys/resource.h>

/* The C type that each type stores, and the struct of each group, for the check in MEMBER. */
#define TYPE_STORED(name, stored) typedef stored C_##name;
#define GROUP_STRUCT(NAME, type, member) typedef struct type STRUCT_##NAME;
OPTION_TYPES(TYPE_STORED)
OPTION_GROUPS(GROUP_STRUCT)
GROUP_STRUCT(SUPERD, globals, globals)

/* Chapter, group, offset and type of an option. */
#define MEMBER(IN, GROUP, member, object, stored) \
	.type = &object, .chapter = IN, .group = GROUP_##GROUP, .in_socket = GROUP_##GROUP == GROUP_SOCKETS, \
	.offset = offsetof(STRUCT_##GROUP, member) + \
		  0 * sizeof(char[_Generic(&((STRUCT_##GROUP *)0)->member, stored *: 1)])

/* An option whose name is its field's: when a change of it takes effect, its type, and its names in other dialects.
 * _IN: in another chapter than its group's. */
#define OPTION(GROUP, WHEN, member, as, ...) \
	{ .name = { #member, __VA_ARGS__ }, MEMBER(CHAPTER_##GROUP, GROUP, member, type_##as, C_##as), \
	  .change = CHANGE_##WHEN,
#define OPTION_IN(CHAPTER, GROUP, WHEN, member, as, ...) \
	{ .name = { #member, __VA_ARGS__ }, MEMBER(CHAPTER_##CHAPTER, GROUP, member, type_##as, C_##as), \
	  .change = CHANGE_##WHEN,

/* The same of one that is a word of a list below, usually this one. */
#define CHOICE(GROUP, WHEN, member, usual, ...) \
	OPTION(GROUP, WHEN, member, word, __VA_ARGS__) .fallback = usual, .words = member##_words,
#define CHOICE_IN(CHAPTER, GROUP, WHEN, member, usual, ...) \
	OPTION_IN(CHAPTER, GROUP, WHEN, member, word, __VA_ARGS__) .fallback = usual, .words = member##_words,

#define SECONDS(n) ((int64_t)(n) * 1000000)

#define RLIMIT(suffix, resource, unit, ...) \
	{ .name = { "rlimit_" #suffix, [UNIT] = "Service.Limit" unit, __VA_ARGS__ }, \
	  MEMBER(CHAPTER_LIMITS, LIMITS, of[RLIMIT_##resource], type_limit, C_limit), \
	  .unset = &no_limit, .argument = "soft[:hard]",

/* On or off. */
#define SWITCH(native, key) OPTION(HARDENING, NEXT, native, bool, [UNIT] = "Service." key)

#define PATHS(native, key, as, example) \
	OPTION(PATHS, NEXT, native, as, [UNIT] = "Service." key) .argument = example,

#define DIRECTORIES(native, key) \
	OPTION(DIRECTORIES, NEXT, native, directories, [UNIT] = "Service." key) .argument = "name[:link]",

#define FOLDER_MODE(native, key) \
	OPTION(DIRECTORIES, NEXT, native, mode, [UNIT] = "Service." key) .flags = FOR_UNITS, .fallback = "0755", \
	  .unset = &no_mode,

#define AMOUNT(native, key, as, example) \
	OPTION(RESOURCES, LIVE, native, as, [UNIT] = "Service." key) .unset = &no_amount, .argument = example,

#define COMMANDS(native, unit, PHASE) COMMANDS_IN(COMMANDS, native, unit, PHASE)
#define COMMANDS_IN(CHAPTER, native, unit, PHASE) \
	{ .name = { native, [UNIT] = unit }, \
	  MEMBER(CHAPTER_##CHAPTER, COMMANDS, of[PHASE_##PHASE], type_commands, C_commands), \
	  .argument = "command",

/* The words of an option: the index of one is its value. */
#define WORDS(option, ...) static const char *const option##_words[] = { __VA_ARGS__, NULL };

WORDS(pass, [PASS_SYSTEMD] = "systemd", [PASS_INETD] = "inetd", [PASS_BIND] = "bind")
WORDS(proxy_protocol, [PROXY_NO] = "no", [PROXY_V1] = "v1", [PROXY_V2] = "v2")
WORDS(type, [TYPE_SIMPLE] = "simple", [TYPE_EXEC] = "exec", [TYPE_NOTIFY] = "notify",
      [TYPE_NOTIFY_RELOAD] = "notify-reload", [TYPE_FORKING] = "forking", [TYPE_ONESHOT] = "oneshot")
WORDS(notify_access, [NOTIFY_NONE] = "none", [NOTIFY_MAIN] = "main", [NOTIFY_EXEC] = "exec",
      [NOTIFY_ALL] = "all")
WORDS(file_descriptor_store_preserve, [PRESERVE_NO] = "no", [PRESERVE_RESTART] = "restart",
      [PRESERVE_ON_SUCCESS] = "on-success", [PRESERVE_YES] = "yes")
WORDS(restart, [RESTART_DEFAULT] = "default", [RESTART_NO] = "no", [RESTART_ON_SUCCESS] = "on-success",
      [RESTART_ON_FAILURE] = "on-failure", [RESTART_ON_ABNORMAL] = "on-abnormal",
      [RESTART_ON_WATCHDOG] = "on-watchdog", [RESTART_ON_ABORT] = "on-abort", [RESTART_ALWAYS] = "always")
WORDS(start, [START_DEMAND] = "demand", [START_BOOT] = "boot", [START_MANUAL] = "manual",
      [START_WANTED] = "wanted")
WORDS(ipv6_only, [IPV6_ONLY_DEFAULT] = "default", [IPV6_ONLY_NO] = "no", [IPV6_ONLY_YES] = "yes")
WORDS(overload, [OVERLOAD_QUEUE] = "queue", [OVERLOAD_REFUSE] = "refuse")
WORDS(kill_mode, [KILL_GROUP] = "group", [KILL_MIXED] = "mixed", [KILL_PROCESS] = "process",
      [KILL_NONE] = "none")
WORDS(idle_action, [IDLE_STOP] = "stop", [IDLE_FREEZE] = "freeze")
WORDS(other_ports, [OTHERS_COUNTED] = "count", [OTHERS_IGNORED] = "ignore")
WORDS(idle_when, [IDLE_WHEN_CLOSED] = "closed", [IDLE_WHEN_QUIET] = "quiet")
WORDS(on_failure, [FAILURE_RETRY] = "retry", [FAILURE_EXIT] = "exit")
WORDS(on_change, [ON_CHANGE_FINISH] = "finish", [ON_CHANGE_DRAIN] = "drain", [ON_CHANGE_RESTART] = "restart",
      [ON_CHANGE_OVERLAP] = "overlap")
WORDS(on_remove, [REMOVE_AUTO] = "auto", [REMOVE_FINISH] = "finish", [REMOVE_DRAIN] = "drain",
      [REMOVE_STOP] = "stop")

WORDS(private_mounts, [MOUNTS_SHARED] = "no", [MOUNTS_PRIVATE] = "yes")
WORDS(private_tmp, [TMP_SHARED] = "no", [TMP_PRIVATE] = "yes", [TMP_DISCONNECTED] = "disconnected")
WORDS(protect_system, [SYSTEM_WRITABLE] = "no", [SYSTEM_PROTECTED] = "yes", [SYSTEM_FULL] = "full",
      [SYSTEM_STRICT] = "strict")
WORDS(protect_home, [HOME_WRITABLE] = "no", [HOME_HIDDEN] = "yes", [HOME_READ_ONLY] = "read-only",
      [HOME_TEMPORARY] = "tmpfs")
WORDS(protect_proc, [PROC_DEFAULT] = "default", [PROC_NO_ACCESS] = "noaccess", [PROC_INVISIBLE] = "invisible",
      [PROC_TRACEABLE] = "ptraceable")
WORDS(proc_subset, [SUBSET_ALL] = "all", [SUBSET_PID] = "pid")
WORDS(keyring_mode, [KEYRING_INHERIT] = "inherit", [KEYRING_PRIVATE] = "private", [KEYRING_SHARED] = "shared")
/* In the order of the list in filter/filter.c. */
WORDS(architecture, "native", "x86", "x86-64", "x32", "arm", "arm64", "loongarch64", "mips", "mips64",
      "mips64-n32", "mips-le", "mips64-le", "mips64-le-n32", "parisc", "parisc64", "ppc", "ppc64", "ppc64-le",
      "riscv64", "s390", "s390x")

WORDS(builtin, "echo", "discard", "chargen", "daytime", "time", "tcpmux", "servers", "services", "health",
      "metrics", "status")
WORDS(log_on_success, "PID", "HOST", "USERID", "EXIT", "DURATION", "TRAFFIC")
WORDS(log_on_failure, "HOST", "USERID", "ATTEMPT")

WORDS(input, "null", "file", "inherit", "socket", "fd")
WORDS(home, "~")
WORDS(device_policy, [DEVICES_AUTO] = "auto", [DEVICES_CLOSED] = "closed", [DEVICES_STRICT] = "strict")
WORDS(oom_policy, [OOM_CONTINUE] = "continue", [OOM_STOP] = "stop", [OOM_KILL] = "kill")
WORDS(runtime_directory_preserve, [DIRECTORY_GOES] = "no", [DIRECTORY_STAYS] = "yes",
      [DIRECTORY_RESTARTS] = "restart")
WORDS(cpu_scheduling_policy, [CPU_DEFAULT] = "default", [CPU_OTHER] = "other", [CPU_BATCH] = "batch",
      [CPU_IDLE] = "idle", [CPU_FIFO] = "fifo", [CPU_RR] = "rr")

WORDS(log_format, [LOG_FORMAT_TEXT] = "text", [LOG_FORMAT_JSON] = "json")
WORDS(log_level, "error", "warning", "notice", "info", "debug")

static const unsigned no_word = UINT_MAX;
static const mode_t no_mode = NO_MODE;
static const struct limit no_limit = { .soft = -1, .hard = -1 };
static const int64_t no_number = -1;
static const struct amount no_amount = { -1, -1 };
static const int64_t no_adjustment = INT64_MIN;
static const uint64_t every_capability = UINT64_MAX;
static const int64_t no_load = 0;
static const struct log_target *const no_log = NULL;
static const struct rate no_rate = { .number = UNLIMITED };

const struct option_def option_defs[] = {
	/* What to run */
	{ .name = { "listen", "port", "Socket.ListenStream", "Sockets.SockServiceName" },
	  .type = &type_endpoints, .chapter = CHAPTER_EXEC, .flags = NOT_IN_DEFAULTS | STRUCTURE,
	  .in_socket = true, .change = CHANGE_REBIND, .argument = "endpoint",
	  .example = "{ \"tcp4:80\", \"[::1]:8080%lo\", \"/run/web.sock\" }", .unit_key = "Listen",
	  .help = "The addresses on which superd listens, in the order of the program's sockets (see ENDPOINTS)." },
	{ .name = { "socket" }, .type = &type_endpoints, .chapter = CHAPTER_EXEC,
	  .flags = NOT_IN_DEFAULTS | STRUCTURE, .change = CHANGE_REBIND, .argument = "name { }",
	  .example = "admin { listen = \"/run/admin.sock\"  socket_mode = 0600 }",
	  .help = "A socket with options of its own (see SYNTAX)." },
	OPTION(EXEC, NEXT, exec, command, "server", "Service.ExecStart", "ProgramArguments")
	  .flags = NOT_IN_DEFAULTS | ALWAYS_PRINTED,
	  .example = "\"/usr/bin/python3 '/srv/my files/hello.py' --port=%{port}\"",
	  .help = "The program, by its absolute path, and its arguments. No shell reads it. Arguments may contain "
		  "templates (see Templates)." },
	OPTION(EXEC, NEXT, argv0, text) .argument = "name", .example = "\"in.fingerd\"",
	  .help = "The program's argv[0]. The default is its path." },
	OPTION(EXEC, NEXT, exec_search_path, paths, [UNIT] = "Service.ExecSearchPath") .argument = "directory",
	  .example = "{ \"/usr/local/bin\", \"/usr/bin\" }",
	  .help = "The directories in which superd looks for a program without a slash. Unset: exec needs an "
		  "absolute path." },
	OPTION(EXEC, NEXT, accept, bool, "wait", "Socket.Accept", "inetdCompatibility.Wait")
	  .flags = ALWAYS_PRINTED,
	  .help = "no: the program gets the listening sockets and serves all clients (wait in inetd). yes: superd "
		  "accepts, and starts an instance for each connection (nowait in inetd)." },
	CHOICE(EXEC, NEXT, pass, "systemd") .flags = ALWAYS_PRINTED,
	  .help = "How the program gets its sockets. systemd: from descriptor 3 on, with LISTEN_FDS. inetd: one "
		  "socket, as standard input and output; the default with accept = yes. bind: in place of the "
		  "sockets that it opens itself (see superd-bind(7))." },
	CHOICE(EXEC, NEXT, type, "simple", [UNIT] = "Service.Type")
	  .help = "When an instance counts as started. simple, exec: when its program runs. forking: when its "
		  "first process has exited. oneshot: when its work is done. notify, notify-reload: when it sends "
		  "READY=1 (see NOTIFICATIONS in superd(7))." },
	OPTION(EXEC, LIVE, disable, bool, "disable", [LAUNCHD] = "Disabled") .flags = ALWAYS_PRINTED,
	  .help = "yes: superd reads the service, but opens none of its sockets." },
	CHOICE(EXEC, NEXT, start, "demand", [LAUNCHD] = "RunAtLoad")
	  .help = "The event that starts the program. demand: the first client. boot: superd starts the program when "
		  "superd itself starts. Unless restart says otherwise, it restarts the program after a failure; a "
		  "program without sockets also after a normal exit. A oneshot runs once. manual: superctl start, or "
		  "a service that requires or wants it, without sockets. wanted: the same, and superd stops it when "
		  "no such service runs any more. boot, manual and wanted need accept = no." },
	OPTION(EXEC, NEXT, builtin, builtin, "type") .words = builtin_words, .flags = NOT_IN_DEFAULTS,
	  .argument = "name", .example = "\"daytime xinetd\"",
	  .help = "A built-in service in place of exec, and its options (see BUILT-IN SERVICES). Unless user is "
		  "set, it runs as a user of its own, with an id from 60602 to 61183." },
	OPTION(EXEC, NEXT, redirect, redirect, "redirect") .flags = NOT_IN_DEFAULTS,
	  .argument = "host port | path", .example = "{ \"192.0.2.1\", 80 }",
	  .help = "Connects each client to this host and port, or unix socket. With exec, the first client starts "
		  "the program, which must listen there (see RELAYS in superd-bind(7)). Without exec, one process "
		  "serves all clients, also of UDP; with accept = yes each client has one. Without exec and "
		  "user, it runs as a user of its own, as builtin does." },
	OPTION_IN(EXEC, LIFECYCLE, NEXT, redirect_timeout, duration) .fallback = "1min", .unset = &no_number,
	  .least = 1000, .most = 86400000000, .example = "30s",
	  .help = "How long after the last datagram a client of UDP counts as connected. If the service sets it, "
		  "a redirect also closes connections that move no byte for so long; otherwise it never does." },
	CHOICE(EXEC, NEXT, proxy_protocol, "no")
	  .help = "Whether a redirect sends the client's address first, in HAProxy's PROXY protocol. UDP has none." },

	/* Sockets */
	OPTION(SOCKETS, SOCKET, backlog, count, [UNIT] = "Socket.Backlog") .fallback = "4096", .least = 1,
	  .most = INT32_MAX,
	  .help = "How many connections may wait in the accept queue. The kernel limits it to net.core.somaxconn." },
	OPTION(SOCKETS, SOCKET, socket_user, name, [UNIT] = "Socket.SocketUser",
	  [LAUNCHD] = "Sockets.SockPathOwner") .argument = "user", .example = "\"www-data\"",
	  .help = "The owner of a unix socket or fifo. Unset: superd's own user." },
	OPTION(SOCKETS, SOCKET, socket_group, name, [UNIT] = "Socket.SocketGroup",
	  [LAUNCHD] = "Sockets.SockPathGroup") .argument = "group", .example = "\"www-data\"",
	  .help = "The group of a unix socket or fifo. Unset: that of socket_user, or superd's own." },
	OPTION(SOCKETS, SOCKET, socket_mode, mode, [UNIT] = "Socket.SocketMode",
	  [LAUNCHD] = "Sockets.SockPathMode") .fallback = "0666", .most = 07777, .example = "0660",
	  .help = "The permissions of a unix socket or fifo. Clients need write permission to connect." },
	OPTION(SOCKETS, LIVE, directory_mode, mode, [UNIT] = "Socket.DirectoryMode") .flags = FOR_UNITS,
	  .fallback = "0755", .most = 07777, .example = "0755",
	  .help = "The permissions of directories that superd creates above a unix socket or fifo." },
	OPTION_IN(UNITS, SOCKETS, SOCKET, symlinks, paths, [UNIT] = "Socket.Symlinks") .argument = "path",
	  .example = "{ \"/run/old.sock\" }",
	  .help = "Symbolic links to the unix socket or fifo. If the service has several, set this in socket { }." },
	OPTION(SOCKETS, LIVE, remove_on_stop, bool, [UNIT] = "Socket.RemoveOnStop") .flags = FOR_UNITS,
	  .help = "Whether superd removes a unix socket or fifo, and its symlinks, when it closes the socket." },
	OPTION(SOCKETS, SOCKET, bind_to_device, text, [UNIT] = "Socket.BindToDevice") .argument = "interface",
	  .example = "\"eth0\"",
	  .help = "The only network interface of the socket." },
	OPTION(SOCKETS, SOCKET, free_bind, bool, [UNIT] = "Socket.FreeBind") .flags = FOR_UNITS,
	  .help = "Whether the address may be one that no interface has yet." },
	OPTION(SOCKETS, SOCKET, transparent, bool, [UNIT] = "Socket.Transparent") .flags = FOR_UNITS,
	  .help = "Whether the socket gets connections that a transparent proxy redirects, with their original "
		  "destination." },
	OPTION(SOCKETS, REBIND, reuse_port, bool, [UNIT] = "Socket.ReusePort")
	  .help = "Whether several sockets, all with this option, may share one address. The kernel distributes "
		  "the connections." },
	CHOICE(SOCKETS, REBIND, ipv6_only, "default", "v6only", "Socket.BindIPv6Only")
	  .help = "Whether an IPv6 socket refuses IPv4 clients. default: only if the endpoint names a family." },
	OPTION(SOCKETS, SOCKET, keep_alive, bool, [UNIT] = "Socket.KeepAlive")
	  .help = "Whether the kernel probes silent TCP connections, to detect vanished clients. For a redirect, "
		  "on both sides." },
	OPTION(SOCKETS, SOCKET, keep_alive_time, duration, [UNIT] = "Socket.KeepAliveTimeSec") .flags = TUNES,
	  .fallback = "0", .most = SECONDS(32767), .example = "2h",
	  .help = "The silence before the first probe, in whole seconds. 0: the kernel's value." },
	OPTION(SOCKETS, SOCKET, keep_alive_interval, duration, [UNIT] = "Socket.KeepAliveIntervalSec")
	  .flags = TUNES, .fallback = "0", .most = SECONDS(32767), .example = "75s",
	  .help = "The time between probes, in whole seconds. 0: the kernel's value." },
	OPTION(SOCKETS, SOCKET, keep_alive_probes, count, [UNIT] = "Socket.KeepAliveProbes") .flags = TUNES,
	  .fallback = "0", .most = 127,
	  .help = "How many unanswered probes end the connection. 0: the kernel's value." },
	OPTION(SOCKETS, SOCKET, no_delay, bool, [UNIT] = "Socket.NoDelay")
	  .help = "Whether TCP sends small packets at once." },
	OPTION(SOCKETS, SOCKET, defer_accept, duration, [UNIT] = "Socket.DeferAcceptSec") .flags = TUNES,
	  .fallback = "0", .most = SECONDS(INT32_MAX), .example = "5s",
	  .help = "How long, in whole seconds, the kernel holds back a TCP connection on which the client has "
		  "sent nothing. 0: not at all. Not for protocols in which the server sends first." },
	OPTION(SOCKETS, SOCKET, priority, count, [UNIT] = "Socket.Priority") .fallback = "-1", .least = -1,
	  .most = INT32_MAX,
	  .help = "The queueing priority of sent packets. Above 6 it needs CAP_NET_ADMIN. -1: the kernel's value." },
	OPTION(SOCKETS, SOCKET, receive_buffer, size, [UNIT] = "Socket.ReceiveBuffer") .fallback = "0",
	  .most = INT32_MAX, .example = "64K",
	  .help = "The size of the kernel's receive buffer. 0: the kernel's value. Above net.core.rmem_max it "
		  "needs CAP_NET_ADMIN." },
	OPTION(SOCKETS, SOCKET, send_buffer, size, [UNIT] = "Socket.SendBuffer") .fallback = "0",
	  .most = INT32_MAX, .example = "64K",
	  .help = "The size of the kernel's send buffer. 0: the kernel's value. Above net.core.wmem_max it needs "
		  "CAP_NET_ADMIN." },
	OPTION(SOCKETS, SOCKET, broadcast, bool, [UNIT] = "Socket.Broadcast")
	  .help = "Whether the program may send UDP datagrams to broadcast addresses." },
	OPTION_IN(UNITS, SOCKETS, SOCKET, pass_credentials, bool, [UNIT] = "Socket.PassCredentials")
	  .help = "Whether the kernel adds the sender's process, user and group to messages on a unix or netlink "
		  "socket." },
	OPTION_IN(UNITS, SOCKETS, SOCKET, pass_packet_info, bool, [UNIT] = "Socket.PassPacketInfo")
	  .help = "Whether the kernel adds the destination address and interface to UDP datagrams, and the group "
		  "to netlink messages." },
	OPTION_IN(UNITS, SOCKETS, REBIND, writable, bool, [UNIT] = "Socket.Writable")
	  .help = "Whether superd opens a special: file for writing too." },
	OPTION_IN(XINETD, SOCKETS, SOCKET, filter_every_packet, bool, [FORMER] = "intercept")
	  .help = "With accept = no on UDP, whether the kernel checks every datagram against only_from and "
		  "no_access, without logging. no: superd checks and logs senders until a program has had the "
		  "socket, and from then on the kernel checks. pass = bind and builtin imply it." },
	OPTION(SOCKETS, NEXT, non_blocking, bool, [UNIT] = "Service.NonBlocking")
	  .help = "Whether the program gets its sockets with O_NONBLOCK set." },
	OPTION(SOCKETS, NEXT, binds, list) .argument = "endpoint", .example = "{ \"127.0.0.1:8080\" }",
	  .help = "With pass = bind, further addresses that mean this socket, such as a compiled-in port. superd "
		  "does not listen on them." },
	OPTION(SOCKETS, SOCKET, multicast_group, multicast, [LAUNCHD] = "Sockets.MulticastGroup")
	  .argument = "address", .example = "{ \"239.255.0.1%eth0\" }",
	  .help = "The multicast groups that a UDP socket joins. %IFACE after an address names the interface." },
	OPTION(SOCKETS, LIVE, optional, bool)
	  .help = "Whether the service may run without a socket that superd cannot open, as long as another one is "
		  "open. superd tries again while no instance has the sockets. Unset: yes for tcp6:PORT beside "
		  "tcp4:PORT and the like." },
	OPTION_IN(UNITS, SOCKETS, LIVE, socket_condition, conditions) .argument = "Kind=value",
	  .example = "{ \"PathExists=!/etc/ssh/sshd_not_to_be_run\" }", .unit_key = "Condition",
	  .help = "Conditions for opening the sockets, in the words of condition. A socket whose conditions do "
		  "not hold stays closed, and the service runs without it. superd checks again when it reads the "
		  "configuration, and when the service is enabled or started by hand. With Assert in place of "
		  "Condition it is also an error in the log." },
	OPTION_IN(UNITS, SOCKETS, LIVE, socket_requires, list) .flags = NOT_IN_DEFAULTS, .argument = "name",
	  .example = "{ \"keys\" }",
	  .help = "Services that a socket needs. The service of the socket waits for them before its first start, as "
		  "with requires, but not before a later one if they have start = boot: they are asked once." },
	OPTION_IN(UNITS, SOCKETS, LIVE, socket_wants, list) .flags = NOT_IN_DEFAULTS, .argument = "name",
	  .example = "{ \"motd\" }",
	  .help = "As socket_requires, but if one of them fails to start, the service starts without it." },
	OPTION_IN(UNITS, SOCKETS, LIVE, socket_beside, list) .flags = NOT_IN_DEFAULTS, .argument = "name",
	  .example = "{ \"motd\" }",
	  .help = "Those of socket_requires and socket_wants that the service does not wait for." },

	/* User and privileges */
	OPTION(IDENTITY, NEXT, user, name, "user", "Service.User", "UserName") .flags = ALWAYS_PRINTED,
	  .argument = "user", .example = "\"www-data\"",
	  .help = "The program's user, by name or number. Unset: superd's own; superd warns if that is root." },
	OPTION(IDENTITY, NEXT, group, name, "group", "Service.Group", "GroupName") .argument = "group",
	  .example = "\"www-data\"",
	  .help = "The program's group. Unset: that of its user." },
	OPTION(IDENTITY, NEXT, groups, bool, "groups", [LAUNCHD] = "InitGroups") .fallback = "yes",
	  .help = "Whether the program is also in the other groups of its user." },
	OPTION(IDENTITY, NEXT, supplementary_groups, list, [UNIT] = "Service.SupplementaryGroups")
	  .argument = "group", .example = "{ \"ssl-cert\" }",
	  .help = "Further groups of the program." },
	OPTION(IDENTITY, NEXT, dynamic_user, bool, [UNIT] = "Service.DynamicUser")
	  .help = "Whether the program runs as a user without an entry in passwd(5), with a free id from 61184 to "
		  "65519. An existing user with the name in user, or with the service's name, takes its place. "
		  "yes implies protect_system = strict, protect_home = read-only, private_tmp, "
		  "restrict_suid_sgid, no_new_privileges and remove_ipc." },
	OPTION(IDENTITY, LIVE, remove_ipc, bool, [UNIT] = "Service.RemoveIPC") .flags = FOR_UNITS,
	  .help = "Whether superd removes shared memory, semaphores and message queues of the program's user "
		  "after the last instance. Not for root and superd's own user." },
	OPTION(IDENTITY, NEXT, ambient_capabilities, capabilities, [UNIT] = "Service.AmbientCapabilities")
	  .nothing = "", .argument = "capability", .example = "{ \"net_bind_service\" }",
	  .help = "Capabilities that the program keeps although its user is not root." },
	OPTION(IDENTITY, NEXT, capability_bounding_set, capabilities, [UNIT] = "Service.CapabilityBoundingSet")
	  .unset = &every_capability, .nothing = "", .argument = "capability", .example = "{ \"~sys_admin\" }",
	  .help = "The capabilities that the program and its children can ever have, even as root. A ~ before the "
		  "first name: all but these. An empty list: none. Unset: all that superd has." },
	OPTION(IDENTITY, NEXT, no_new_privileges, bool, [UNIT] = "Service.NoNewPrivileges")
	  .help = "Whether set-user-id programs and file capabilities give the program nothing. pass = bind "
		  "implies yes unless this is set to no, and so do system call filters if superd lacks "
		  "CAP_SYS_ADMIN." },

	/* Environment */
	OPTION(ENVIRONMENT, NEXT, env, env, "env", "Service.Environment", "EnvironmentVariables")
	  .flags = HOLDS_SECRETS, .argument = "NAME=value", .example = "{ \"LANG=C.UTF-8\", \"PORT=%{port}\" }",
	  .help = "Variables of the program. Values may contain templates (see Templates)." },
	OPTION(ENVIRONMENT, NEXT, passenv, list, "passenv", "Service.PassEnvironment") .argument = "NAME",
	  .example = "{ \"LANG\" }",
	  .help = "Variables that the program gets from superd's environment. *: all of them, but HOME, USER, "
		  "LOGNAME and SHELL are those of its user. superd never passes on variables about its own "
		  "sockets, such as NOTIFY_SOCKET and LISTEN_FDS." },
	OPTION(ENVIRONMENT, NEXT, environment_file, paths, [UNIT] = "Service.EnvironmentFile")
	  .flags = OPTIONAL_PATH, .argument = "path",
	  .example = "{ \"-/etc/default/web\", \"/etc/web.d/*.env\" }",
	  .help = "Files of NAME=value lines, which superd reads before every start and every command; others are "
		  "passed over. A path with *, ? or [ ] stands for all matching files, sorted by name. After a - the "
		  "file may be missing. Where one cannot be read the start or the command fails; a stop goes on." },
	OPTION(ENVIRONMENT, NEXT, unset_environment, list, [UNIT] = "Service.UnsetEnvironment")
	  .argument = "NAME[=value]", .example = "{ \"LANG\", \"DEBUG=1\" }",
	  .help = "Variables that the program never gets; with a value, only if the variable has it." },
	OPTION_IN(UNITS, ENVIRONMENT, NEXT, expand_environment, bool)
	  .help = "Whether superd replaces ${NAME} and $NAME in commands, as systemd does. ${NAME} inside a word "
		  "becomes the value, a word that is $NAME alone becomes as many words as the value has, and $$ "
		  "is a dollar sign." },
	OPTION_IN(UNITS, ENVIRONMENT, NEXT, unit_environment, bool)
	  .help = "Whether the program also gets INVOCATION_ID, SYSTEMD_EXEC_PID and the like. With accept = yes "
		  "it gets SO_COOKIE, and from a superd that is not root XDG_RUNTIME_DIR and "
		  "DBUS_SESSION_BUS_ADDRESS." },
	OPTION(ENVIRONMENT, NEXT, tcp_environment, bool)
	  .help = "With accept = yes over TCP, whether the program gets PROTO, TCPLOCALIP, TCPLOCALPORT, "
		  "TCPREMOTEIP and TCPREMOTEPORT, as from tcpserver." },
	OPTION(ENVIRONMENT, NEXT, umask, mode, "umask", "Service.UMask", "Umask") .fallback = "022",
	  .most = 0777, .example = "027",
	  .help = "The permissions that files created by the program do not get." },
	OPTION(ENVIRONMENT, NEXT, working_directory, path, [UNIT] = "Service.WorkingDirectory",
	  [LAUNCHD] = "WorkingDirectory") .words = home_words, .flags = OPTIONAL_PATH, .fallback = "/",
	  .argument = "directory", .example = "\"~\"",
	  .help = "The directory in which the program starts. ~: the home of its user. After a - it may be "
		  "missing." },
	OPTION(ENVIRONMENT, NEXT, root_directory, path, [UNIT] = "Service.RootDirectory",
	  [LAUNCHD] = "RootDirectory") .argument = "directory", .example = "\"/srv/jail\"",
	  .help = "The directory that the program sees as /. exec and working_directory are paths inside it." },
	OPTION_IN(ENVIRONMENT, SCHEDULING, NEXT, ignore_sigpipe, bool, [UNIT] = "Service.IgnoreSIGPIPE")
	  .flags = FOR_UNITS,
	  .help = "Whether the program starts with SIGPIPE ignored: a write to a closed connection fails, and "
		  "does not kill it." },

	/* Directories, files and credentials */
	OPTION_IN(FILES, ENVIRONMENT, NEXT, runtime_directory, directories, [UNIT] = "Service.RuntimeDirectory")
	  .argument = "name", .example = "{ \"web\" }",
	  .help = "Directories that superd creates before a start, and removes after its end "
		  "unless they contain a socket of the configuration. They are below " RUNSTATEDIR ", or below "
		  "XDG_RUNTIME_DIR if it is set and superd does not run as root. RUNTIME_DIRECTORY has the paths." },
	OPTION_IN(FILES, ENVIRONMENT, NEXT, state_directory, directories, [UNIT] = "Service.StateDirectory")
	  .argument = "name", .example = "{ \"web\" }",
	  .help = "Directories that superd creates and keeps, below " LOCALSTATEDIR "/lib. What an earlier user has in "
		  "them becomes the user's. STATE_DIRECTORY has the paths." },
	DIRECTORIES(cache_directory, "CacheDirectory") .example = "{ \"web:website\" }",
	  .help = "The same below " LOCALSTATEDIR "/cache. CACHE_DIRECTORY has the paths. For each of these "
		  "directories, NAME:LINK also creates a symbolic link beside it." },
	DIRECTORIES(logs_directory, "LogsDirectory") .example = "{ \"web\" }",
	  .help = "The same below " LOCALSTATEDIR "/log. LOGS_DIRECTORY has the paths." },
	DIRECTORIES(configuration_directory, "ConfigurationDirectory") .example = "{ \"web\" }",
	  .help = "The same below " SYSCONFDIR ", owned by root. CONFIGURATION_DIRECTORY has the paths." },
	FOLDER_MODE(runtime_directory_mode, "RuntimeDirectoryMode") .example = "0750",
	  .help = "The permissions of runtime_directory." },
	FOLDER_MODE(state_directory_mode, "StateDirectoryMode") .example = "0750",
	  .help = "The permissions of state_directory." },
	FOLDER_MODE(cache_directory_mode, "CacheDirectoryMode") .example = "0750",
	  .help = "The permissions of cache_directory." },
	FOLDER_MODE(logs_directory_mode, "LogsDirectoryMode") .example = "0750",
	  .help = "The permissions of logs_directory." },
	FOLDER_MODE(configuration_directory_mode, "ConfigurationDirectoryMode") .example = "0750",
	  .help = "The permissions of configuration_directory." },
	CHOICE(DIRECTORIES, LIVE, runtime_directory_preserve, "no", [UNIT] = "Service.RuntimeDirectoryPreserve")
	  .help = "How long superd keeps runtime_directory. no: until the instance ends. restart: until the "
		  "service is disabled. yes: for good." },
	OPTION(CREDENTIALS, NEXT, load_credential, loaded_credentials, [UNIT] = "Service.LoadCredential")
	  .argument = "name[:source]", .example = "{ \"key:/etc/web.key\" }",
	  .help = "Secrets for the program: files in the directory CREDENTIALS_DIRECTORY that its user alone can "
		  "read, at most 1 MiB in all. superd reads the source, a file, at each start. Without a source it "
		  "is superd's own credential, or one in credstore below /etc, /run or /usr/lib, and may be missing." },
	OPTION(CREDENTIALS, NEXT, set_credential, set_credentials, [UNIT] = "Service.SetCredential")
	  .flags = HOLDS_SECRETS, .argument = "name:value", .example = "{ \"token:value\" }",
	  .help = "Credentials with their values. load_credential overrides them." },

	/* Input and output */
	OPTION(STREAMS, NEXT, output, stream, [UNIT] = "Service.StandardOutput", [LAUNCHD] = "StandardOutPath")
	  .fallback = "log", .example = "\"append:/var/log/web.log\"",
	  .help = "Where standard output goes: log, file:PATH, append:PATH, truncate:PATH, null, inherit, "
		  "socket or fd:NAME (see VALUES). With pass = inetd the default is socket." },
	OPTION(STREAMS, NEXT, error, stream, [UNIT] = "Service.StandardError", [LAUNCHD] = "StandardErrorPath")
	  .fallback = "log", .example = "\"append:/var/log/web.err\"",
	  .help = "Where standard error goes, in the words of output. Unset: where output goes if that is set and "
		  "not the socket, else log." },
	OPTION(STREAMS, NEXT, input, stream, [UNIT] = "Service.StandardInput", [LAUNCHD] = "StandardInPath")
	  .fallback = "null", .words = input_words, .argument = "stream", .example = "\"file:/srv/web.in\"",
	  .help = "Where standard input comes from: null, file:PATH, inherit, socket or fd:NAME. With pass = "
		  "inetd it is the socket. superd connects to a unix socket." },
	OPTION(STREAMS, LIVE, syslog_identifier, text, [UNIT] = "Service.SyslogIdentifier") .argument = "name",
	  .example = "\"web\"",
	  .help = "The name of the program's lines in the log. Unset: the service's." },
	CHOICE(STREAMS, LIVE, syslog_level, "info", [UNIT] = "Service.SyslogLevel") .argument = "level",
	  .help = "The level of the program's lines, from emerg to debug." },
	OPTION_IN(UNITS, STREAMS, LIVE, syslog_level_prefix, bool, [UNIT] = "Service.SyslogLevelPrefix")
	  .help = "Whether a number in angle brackets before a line, as in <3>, sets the line's level." },
	OPTION(STREAMS, LIVE, log_rate_limit_interval, duration, [UNIT] = "Service.LogRateLimitIntervalSec")
	  .fallback = "30s", .most = SECONDS(86400), .example = "1min",
	  .help = "The period of log_rate_limit_burst. 0: no limit." },
	OPTION(STREAMS, LIVE, log_rate_limit_burst, count, [UNIT] = "Service.LogRateLimitBurst")
	  .fallback = "10000", .most = UNLIMITED,
	  .help = "How many lines of the service superd logs in that period. It drops further lines and logs their "
		  "number. 0 or unlimited: no limit." },

	/* Access */
	OPTION_IN(ACCESS, SOCKETS, LIVE, only_from, addresses, "only_from", "Socket.IPAddressAllow")
	  .argument = "address", .example = "{ \"192.0.2.0/24\", \"2001:db8::/32\", \".example.org\" }",
	  .help = "The clients that superd allows; it refuses all others. An address, a network such as 192.0.2.0/24, "
		  "2001:db8::/32 or 192.0.2.0 (zeros at the end match anything), 192.0.2.{1,7}, a name of "
		  "networks(5), or a host name or .domain, which must lead back to the client's address. An IPv6 "
		  "network, such as ::/0, matches no IPv4 client. none: no client. An empty list: all. With accept = "
		  "no the kernel checks addresses: host names are an error, except for UDP, where superd checks the "
		  "sender that starts the program. In socket { }: for that socket." },
	OPTION_IN(ACCESS, SOCKETS, LIVE, no_access, addresses, "no_access", "Socket.IPAddressDeny")
	  .argument = "address", .example = "{ \"192.0.2.{1,7}\" }",
	  .help = "The clients that superd refuses, in the words of only_from. It wins over only_from. An empty "
		  "list: none." },
	OPTION(ACCESS, LIVE, access_times, times, "access_times") .argument = "HH:MM-HH:MM",
	  .example = "{ \"08:00-12:00\", \"22:00-06:00\" }",
	  .help = "The times of day, in local time, at which superd allows clients. Both minutes are included; "
		  "22:00-06:00 spans midnight." },
	OPTION(ACCESS, LIVE, max_load, load, "max_load") .unset = &no_load, .example = "4.5",
	  .help = "Refuses clients while the load average of the last minute is at or above this number." },
	OPTION_IN(XINETD, ACCESS, LIVE, id_only, bool)
	  .help = "Whether the ident server (RFC 1413) of a client's host must name a user." },
	OPTION(ACCESS, LIVE, libwrap, text, "libwrap") .argument = "daemon", .example = "\"in.fingerd\"",
	  .help = "The daemon name for hosts.allow and hosts.deny. superd runs commands of these rules (spawn, "
		  "twist) only if the word commands follows the name, as in \"in.ftpd commands\"." },
	OPTION_IN(XINETD, ACCESS, LIVE, banner, path, "banner") .argument = "file",
	  .example = "\"/etc/banner\"",
	  .help = "A file of at most 64 KiB that superd sends to every client before anything else." },
	OPTION_IN(XINETD, ACCESS, LIVE, banner_success, path, "banner_success") .argument = "file",
	  .example = "\"/etc/banner\"",
	  .help = "A file of at most 64 KiB that superd sends to an allowed client." },
	OPTION_IN(XINETD, ACCESS, LIVE, banner_fail, path, "banner_fail") .argument = "file",
	  .example = "\"/etc/banner\"",
	  .help = "A file of at most 64 KiB that superd sends to a client before it refuses it." },
	OPTION_IN(XINETD, ACCESS, LIVE, deny_time, duration, "deny_time") .unset = &no_number,
	  .flags = NOT_IN_DEFAULTS, .most = UNLIMITED, .example = "1h",
	  .help = "Makes the service a sensor: superd refuses addresses that connect to it in all its services, "
		  "for this time, or until superd is restarted, upgraded or killed. The sensor itself runs nothing. "
		  "Programs with accept = no that accept themselves are not affected. 0: superd only logs. The "
		  "sender of a datagram counts too, and can be forged to lock out another address: use 0 there." },
	OPTION(ACCESS, LIVE, instances, count, "instances", "Socket.MaxConnections",
	  "inetdCompatibility.Instances") .fallback = "1000", .least = 1, .most = UNLIMITED,
	  .help = "With accept = yes, how many instances may run at once. overload decides about more "
		  "connections. unlimited: no limit. Unset with builtin = metrics or status: 64." },
	CHOICE(ACCESS, LIVE, overload, "queue")
	  .help = "The response to a connection beyond instances. queue: it waits in the accept queue. refuse: "
		  "superd closes it." },
	OPTION(ACCESS, LIVE, per_source, count, "per_source", "Socket.MaxConnectionsPerSource")
	  .fallback = "unlimited", .least = 1, .most = UNLIMITED,
	  .help = "The most connections that one client address may have at a time. superd closes more. With accept = "
		  "no it needs redirect, and applies from the next start on. Not for unix datagrams. unlimited: no "
		  "limit." },
	OPTION(ACCESS, LIVE, per_source_prefix, count) .fallback = "64", .argument = "bits", .least = 1,
	  .most = 128,
	  .help = "How many leading bits of an IPv6 address make one source for per_source and deny_time." },
	OPTION(ACCESS, LIVE, per_source_rate, count, [FORMER] = "per_source_cpm") .fallback = "unlimited",
	  .least = 1, .most = UNLIMITED,
	  .help = "With accept = yes, how many connections a minute superd takes from one client address; with "
		  "accept = no on UDP, how many starts a minute a sender can cause. superd refuses more. Not for "
		  "unix datagrams. unlimited: no limit." },
	OPTION(ACCESS, LIVE, cps, rate, "cps") .unset = &no_rate, .argument = "number seconds",
	  .example = "{ 50, 10s }",
	  .help = "How many connections (with accept = no: starts) a second superd takes, and for how long it "
		  "pauses the service above that. Clients wait in the accept queue meanwhile." },
	OPTION_IN(UNITS, SOCKETS, LIVE, trigger_limit_burst, count, [UNIT] = "Socket.TriggerLimitBurst")
	  .fallback = "unlimited", .most = UNLIMITED,
	  .help = "How many connections (with accept = no: starts for clients) superd allows in "
		  "trigger_limit_interval. Above that it pauses the service for trigger_limit_pause. unlimited: "
		  "no limit. 0: it serves no client." },
	OPTION_IN(UNITS, SOCKETS, LIVE, trigger_limit_interval, duration,
	  [UNIT] = "Socket.TriggerLimitIntervalSec") .fallback = "2s", .least = 1, .most = SECONDS(86400),
	  .example = "10s",
	  .help = "The period of trigger_limit_burst." },
	OPTION_IN(UNITS, SOCKETS, LIVE, trigger_limit_pause, duration) .fallback = "10s", .least = 1,
	  .most = SECONDS(86400), .example = "1min", .unit_key = "TriggerLimitIntervalSec",
	  .help = "How long superd pauses a service that has exceeded trigger_limit_burst." },

	/* Commands */
	COMMANDS("exec_condition", "Service.ExecCondition", CONDITION)
	  .example = "{ \"/usr/bin/test -d /srv/web\" }",
	  .help = "A command that decides whether a start continues. Exit status 0, or one of "
		  "success_exit_status: it does. 1 to 254: superd skips the start; clients wait, and superd tries "
		  "again after 5 s, and then ever later. 255, a signal or timeout_start: a failure." },
	COMMANDS("exec_start_pre", "Service.ExecStartPre", START_PRE)
	  .example = "{ \"+-/usr/bin/chown www-data /srv/web\" }",
	  .help = "Commands that run before exec, one after the other, like the program but without its sockets. Each "
		  "is one text, and may contain templates. If one fails or exceeds timeout_start, the start fails. "
		  "Signs before the program: - ignores its failure, + runs it as superd itself, without user, "
		  "capabilities and hardening, ! runs it as superd's user, a colon turns expand_environment off, @ "
		  "makes the next word its argv0." },
	COMMANDS("exec_start_post", "Service.ExecStartPost", START_POST)
	  .example = "{ \"-/usr/bin/logger started\" }",
	  .help = "Commands that run when the instance is ready, before it counts as started; for a oneshot, "
		  "after its good end. MAINPID is its process. If one fails, the start fails." },
	COMMANDS("exec_ready", NULL, READY) .example = "{ \"/usr/bin/pg_isready -q\" }",
	  .help = "A command that succeeds when the program is ready. superd runs it after the start, again after "
		  "100 ms, 200 ms and so on up to every second. Each run may take 10 s, all runs timeout_start. "
		  "MAINPID is the program's process. It excludes ready." },
	COMMANDS("exec_reload", "Service.ExecReload", RELOAD)
	  .example = "{ \"/bin/sh -c 'kill -HUP $MAINPID'\" }",
	  .help = "Commands for superctl reload NAME, which make a running program read its configuration again. "
		  "With type = notify-reload they follow reload_signal. MAINPID is its process. Each may take "
		  "timeout_start." },
	COMMANDS("exec_stop", "Service.ExecStop", STOP) .example = "{ \"/bin/sh -c 'kill -TERM $MAINPID'\" }",
	  .help = "Commands that run before kill_signal, and when a started program ends well by itself. MAINPID "
		  "is its process while it exists. Each may take timeout_stop." },
	COMMANDS("exec_stop_post", "Service.ExecStopPost", STOP_POST)
	  .example = "{ \"/usr/bin/rm -f /srv/web/lock\" }",
	  .help = "Commands that run after the end of an instance, also after a failed start, but not where a "
		  "condition has kept it. SERVICE_RESULT is success, exit-code, signal, core-dump, oom-kill, "
		  "timeout, watchdog, exec-condition, protocol or resources. EXIT_CODE (exited, killed or dumped) "
		  "and EXIT_STATUS describe its process." },
	COMMANDS_IN(UNITS, "socket_exec_start_pre", "Socket.ExecStartPre", SOCKET_START_PRE)
	  .example = "{ \"/usr/bin/mkdir -p /run/web\" }",
	  .help = "Commands that run before superd opens the sockets. If one fails, the sockets count as failed "
		  "to open." },
	COMMANDS_IN(UNITS, "socket_exec_start_post", "Socket.ExecStartPost", SOCKET_START_POST)
	  .example = "{ \"/usr/bin/logger open\" }",
	  .help = "Commands that run when all sockets are open, before any client is served." },
	COMMANDS_IN(UNITS, "socket_exec_stop_post", "Socket.ExecStopPost", SOCKET_STOP_POST)
	  .example = "{ \"/usr/bin/logger closed\" }",
	  .help = "Commands that run after superd has closed the sockets." },
	OPTION_IN(UNITS, COMMANDS, NEXT, socket_exec_as_superd, bool, [FORMER] = "socket_exec_apart")
	  .help = "Whether the socket_exec commands run as superd's own user, as those of a .socket do. yes: by "
		  "superd's defaults, outside of the service's sandbox. no: as the service's other commands." },
	OPTION_IN(UNITS, COMMANDS, NEXT, exec_prefix, signs) .argument = "signs", .example = "\"!\"",
	  .unit_key = "ExecStart",
	  .help = "Signs of exec_start_pre that apply to exec itself: -, +, ! and :." },
	OPTION(COMMANDS, NEXT, condition, conditions) .argument = "Kind=value",
	  .example = "{ \"PathExists=!/run/maintenance\", \"User=!root\" }", .unit_key = "Condition",
	  .help = "Conditions for a start, in the words of systemd.unit(5), without Condition. A ! after the = "
		  "negates. Of those with |, one must hold; likewise of those with ||. Otherwise clients wait, "
		  "and superd checks again after 5 s, and then ever later. With Assert before the word it is a "
		  "failure." },

	/* Start and stop */
	OPTION(LIFECYCLE, LIVE, requires, list) .flags = NOT_IN_DEFAULTS, .argument = "name",
	  .example = "{ \"database\" }",
	  .help = "Services that must run while this one does (see WANTED SERVICES in superd(7)). superd starts them "
		  "before it. If one fails to start, this service is not started: its clients wait for the next try." },
	OPTION(LIFECYCLE, LIVE, wants, list) .flags = NOT_IN_DEFAULTS, .argument = "name",
	  .example = "{ \"cache\" }",
	  .help = "As requires, but if one of them fails to start, this service starts without it." },
	OPTION_IN(UNITS, LIFECYCLE, LIVE, beside, list) .flags = NOT_IN_DEFAULTS, .argument = "name",
	  .example = "{ \"cache\" }",
	  .help = "Those of requires and wants that start beside this service: it does not wait for them, and starts "
		  "without one that fails." },
	OPTION(LIFECYCLE, NEXT, ready, text) .example = "\"ready to accept connections\"",
	  .help = "A text in a line of output by which the program announces that it is ready. output or error "
		  "must be log. Unset: type decides. It excludes exec_ready." },
	OPTION(LIFECYCLE, NEXT, timeout_start, duration, [UNIT] = "Service.TimeoutStartSec") .fallback = "90s",
	  .example = "2min",
	  .help = "How long a start may take with type = forking or notify, pass = bind, ready or exec_ready; "
		  "after that it has failed. It also limits each command of a start and the preparations. 0 or "
		  "infinity: no limit. For a oneshot, runtime_max limits the program, and the commands have no "
		  "limit unless this is set." },
	OPTION_IN(LIFECYCLE, RESTART, NEXT, remain_after_exit, bool, [UNIT] = "Service.RemainAfterExit")
	  .flags = FOR_UNITS,
	  .help = "Whether an instance that has ended well counts as running until it is stopped. Clients do not "
		  "start it again meanwhile." },
	OPTION(LIFECYCLE, NEXT, pid_file, path, [UNIT] = "Service.PIDFile") .example = "\"/run/web.pid\"",
	  .help = "The file to which the program writes the process id of its main process. superd removes it "
		  "after the program's end. When the main process ends by itself, superd reads it again: a "
		  "successor that it names, as after USR2 to nginx, is the main process from then on. With type = "
		  "forking it names the daemon, which must be a process of this start. Unset: the daemon is the one "
		  "process that the start has left, and superd refuses the service where it can make no control "
		  "group. It needs accept = no." },
	OPTION(LIFECYCLE, NEXT, runtime_max, duration, [UNIT] = "Service.RuntimeMaxSec") .fallback = "infinity",
	  .least = 1, .most = UNLIMITED, .example = "\"1h 30min\"",
	  .help = "How long an instance may run before superd stops it." },
	OPTION(LIFECYCLE, LIVE, timeout_stop, duration, [UNIT] = "Service.TimeoutStopSec",
	  [LAUNCHD] = "ExitTimeOut") .fallback = "10s", .example = "30s",
	  .help = "How long an instance may take to end after kill_signal, before superd sends final_kill_signal. "
		  "0: at once." },
	OPTION(LIFECYCLE, LIVE, kill_signal, signal, [UNIT] = "Service.KillSignal") .fallback = "TERM",
	  .example = "\"INT\"",
	  .help = "The signal that asks an instance to end." },
	CHOICE(LIFECYCLE, LIVE, kill_mode, "group", [UNIT] = "Service.KillMode")
	  .help = "The processes that a stop reaches. group: all of the instance. mixed: the main process gets "
		  "kill_signal, all get final_kill_signal. process: the main process. none: none; what remains at "
		  "timeout_stop runs on until superd exits." },
	OPTION_IN(UNITS, RESTART, LIVE, final_kill_signal, signal, [UNIT] = "Service.FinalKillSignal")
	  .fallback = "KILL", .example = "\"KILL\"",
	  .help = "The signal that superd sends when timeout_stop is over." },
	OPTION_IN(UNITS, RESTART, LIVE, send_sighup, bool, [UNIT] = "Service.SendSIGHUP")
	  .help = "Whether HUP follows kill_signal at once, for shells." },
	OPTION_IN(UNITS, RESTART, LIVE, send_sigkill, bool, [UNIT] = "Service.SendSIGKILL") .fallback = "yes",
	  .help = "Whether superd sends final_kill_signal. no: processes that remain at timeout_stop run on, "
		  "unless superd itself exits." },
	OPTION_IN(UNITS, RESTART, LIVE, kill_leftovers, bool, [FORMER] = "kill_rest") .unit_key = "KillMode",
	  .help = "Whether superd stops what remains of an instance when its main process has ended by itself. "
		  "kill_mode defines the processes. The next start waits for that." },
	CHOICE(LIFECYCLE, LIVE, on_change, "finish") .argument = "finish | restart | overlap",
	  .help = "The treatment of a running instance with accept = no when a reload changes its start. finish: it "
		  "serves until it ends, and the next one starts then. restart: superd stops it, and starts the next "
		  "one when it has ended. overlap: the next one starts at once on the same sockets, and superd stops "
		  "the old one when that is ready; so do a restart and runtime_max. Use overlap only for programs "
		  "that can run twice at once." },
	CHOICE(LIFECYCLE, LIVE, on_remove, "auto")
	  .help = "The treatment of running instances when a reload removes the service. finish: "
		  "they end by themselves. drain: superd stops the instance when no client is connected, or after "
		  "timeout_stop; at once if it cannot count clients, or if another service gets the address. stop: "
		  "superd stops them. auto: finish with accept = yes or type = oneshot, otherwise drain." },

	/* Failures and restarts */
	CHOICE(RESTART, LIVE, restart, "default", [UNIT] = "Service.Restart")
	  .help = "The ends after which superd restarts an instance by itself, after backoff_min. no: none; the "
		  "next client starts it, and a program without sockets runs once. on-success: a good end. "
		  "on-failure: any other. on-abnormal: a signal or a timeout. on-abort: a signal. on-watchdog: "
		  "the watchdog. always: any. default: no, or with start = boot as start describes. It has no "
		  "effect with accept = yes." },
	OPTION(RESTART, LIVE, success_exit_status, statuses, [UNIT] = "Service.SuccessExitStatus")
	  .argument = "status", .example = "{ 143, \"TEMPFAIL\", \"SIGKILL\" }",
	  .help = "Exit statuses, as numbers or as names such as TEMPFAIL, and signals that are a good end, like "
		  "0. With accept = yes, see FAILURES in superd(7)." },
	OPTION(RESTART, LIVE, restart_prevent_exit_status, statuses,
	  [UNIT] = "Service.RestartPreventExitStatus") .argument = "status", .example = "{ 2, \"SIGTERM\" }",
	  .help = "Exit statuses and signals after which superd does not restart an instance, regardless of "
		  "restart." },
	OPTION(RESTART, LIVE, restart_force_exit_status, statuses, [UNIT] = "Service.RestartForceExitStatus")
	  .argument = "status", .example = "{ 75 }",
	  .help = "Exit statuses and signals after which superd restarts an instance, regardless of restart." },
	OPTION_IN(RESTART, LIFECYCLE, LIVE, backoff_min, duration, [UNIT] = "Service.RestartSec",
	  [LAUNCHD] = "ThrottleInterval") .fallback = "100ms", .least = 1, .most = SECONDS(86400),
	  .example = "500ms",
	  .help = "The pause after a first failure. It doubles with each further failure, up to backoff_max, and "
		  "a healthy run resets it. Clients wait meanwhile." },
	OPTION_IN(RESTART, LIFECYCLE, LIVE, backoff_max, duration, [UNIT] = "Service.RestartMaxDelaySec")
	  .fallback = "30s", .least = 1, .most = SECONDS(86400), .example = "1min",
	  .help = "The longest pause between two starts of a failing program." },
	CHOICE_IN(RESTART, LIFECYCLE, LIVE, on_failure, "retry")
	  .help = "retry: superd starts the program again after a pause. exit: superd exits, so that its own "
		  "supervisor notices; with accept = yes only after a failed start." },

	/* Notifications */
	CHOICE_IN(NOTIFICATIONS, LIFECYCLE, NEXT, notify_access, "none", [UNIT] = "Service.NotifyAccess")
	  .help = "The processes that may send notifications: none, main, exec (main and the commands around it) "
		  "or all. With type = notify, watchdog or file_descriptor_store_max, none means main." },
	OPTION_IN(NOTIFICATIONS, LIFECYCLE, NEXT, watchdog, duration, [UNIT] = "Service.WatchdogSec")
	  .fallback = "0", .example = "30s",
	  .help = "How often a running program must send WATCHDOG=1; WATCHDOG_USEC has the value. superd ends a "
		  "silent instance by watchdog_signal, which is a failure. 0 or infinity: no watchdog." },
	OPTION_IN(UNITS, LIFECYCLE, LIVE, watchdog_signal, signal, [UNIT] = "Service.WatchdogSignal")
	  .fallback = "ABRT", .example = "\"ABRT\"",
	  .help = "The signal that ends an instance whose watchdog has expired." },
	OPTION_IN(UNITS, RESTART, LIVE, timeout_abort, duration, [UNIT] = "Service.TimeoutAbortSec")
	  .unset = &no_number, .most = UNLIMITED, .example = "10s",
	  .help = "How long an instance may take to end after watchdog_signal, for its core dump. Unset: "
		  "timeout_stop." },
	OPTION_IN(NOTIFICATIONS, LIFECYCLE, NEXT, reload_signal, signal, [UNIT] = "Service.ReloadSignal")
	  .fallback = "HUP", .example = "\"HUP\"",
	  .help = "With type = notify-reload, the signal for superctl reload NAME. If the program sends READY=1 "
		  "and the signal would kill it, the start has failed." },
	OPTION_IN(NOTIFICATIONS, LIFECYCLE, LIVE, file_descriptor_store_max, count,
	  [UNIT] = "Service.FileDescriptorStoreMax") .flags = TUNES, .fallback = "0", .most = 4000,
	  .help = "How many descriptors superd keeps for a program with accept = no that sends FDSTORE=1. The "
		  "next start gets them after its sockets. 0: none." },
	CHOICE_IN(UNITS, LIFECYCLE, LIVE, file_descriptor_store_preserve, "restart",
	  [UNIT] = "Service.FileDescriptorStorePreserve")
	  .help = "How long superd keeps the descriptors of file_descriptor_store_max. no: until the instance "
		  "ends. restart and yes: until the service is disabled or removed. on-success: the same, but "
		  "only if the instance has not failed." },

	/* Sleep and probes */
	OPTION_IN(IDLE, LIFECYCLE, LIVE, idle_timeout, duration) .fallback = "infinity", .least = 100000,
	  .most = UNLIMITED, .example = "10min",
	  .help = "How long a service must be without clients before superd takes idle_action (see "
		  "superd-sleep(7)). It needs accept = no." },
	CHOICE_IN(IDLE, LIFECYCLE, LIVE, idle_action, "stop")
	  .help = "stop: superd stops the idle instance, and the next client starts another. freeze: superd "
		  "suspends its processes until the next client." },
	CHOICE_IN(IDLE, LIFECYCLE, LIVE, idle_when, "closed", [FORMER] = "idle_means")
	  .help = "When an instance is idle. closed: without open connections. quiet: without TCP traffic in the last "
		  "idle_timeout; it needs idle_action = freeze." },
	CHOICE_IN(IDLE, LIFECYCLE, LIVE, other_ports, "count")
	  .help = "What sockets mean at which the program listens itself, beside those of listen. count: clients "
		  "there keep it awake, and one with a TCP port of its own is not frozen. ignore: superd does not "
		  "look for them." },
	COMMANDS_IN(IDLE, "idle_unless", NULL, IDLE_UNLESS) .change = CHANGE_LIVE,
	  .example = "{ \"/usr/bin/test -e /run/web/busy\" }",
	  .help = "A command that superd runs before an idle instance sleeps. Exit status 0: the instance is "
		  "busy, and superd asks again after idle_timeout. 126, 127, 255, a signal or a run beyond "
		  "timeout_start (at most 90 s): it counts as busy, too. Others: it is idle. MAINPID is its "
		  "process." },
	OPTION_IN(IDLE, LIFECYCLE, LIVE, min_awake, duration) .fallback = "0", .most = UNLIMITED - 1,
	  .example = "30s",
	  .help = "How long an instance stays awake after its start or thaw, even if it is idle." },
	OPTION_IN(IDLE, LIFECYCLE, LIVE, freeze_reclaim, bool)
	  .help = "Whether the kernel reclaims the memory of a frozen instance, to swap if there is any. It needs a "
		  "control group with memory.reclaim (cgroup2, Linux 5.19), which an option such as memory_high = "
		  "infinity gives it." },
	OPTION_IN(IDLE, LIFECYCLE, LIVE, probe_from, addresses) .argument = "address",
	  .example = "{ \"10.0.0.0/8\" }",
	  .help = "The addresses of health checks, in the words of only_from without host names. Their TCP "
		  "connections do not start an instance, wake it or keep it awake (see PROBES in superd-sleep(7))." },

	/* Log */
	OPTION_IN(XINETD, LOG, LIVE, log_type, log_type, "log_type") .unset = &no_log, .argument = "type",
	  .example = "{ \"FILE\", \"/var/log/web.log\", \"10M\", \"20M\" }",
	  .help = "Where the lines of log_on_success and log_on_failure go: { SYSLOG, facility, level } or { "
		  "FILE, path, soft, hard }. The level is info by default. superd warns at a size of soft, and "
		  "stops logging at hard. Unset: superd's own log." },
	OPTION_IN(XINETD, LOG, LIVE, log_on_success, flags, "log_on_success") .words = log_on_success_words,
	  .argument = "word", .example = "{ \"PID\", \"HOST\" }",
	  .help = "The facts that superd logs about an allowed client: PID, HOST, USERID, EXIT, DURATION and "
		  "TRAFFIC. PID and HOST at the start, USERID (by its ident server), EXIT and DURATION at the "
		  "end, TRAFFIC (bytes of a redirect), all in the format of xinetd. With accept = yes, it moves "
		  "superd's own lines about starts and good ends to the level debug." },
	OPTION_IN(XINETD, LOG, LIVE, log_on_failure, flags, "log_on_failure") .words = log_on_failure_words,
	  .argument = "word", .example = "{ \"HOST\" }",
	  .help = "The facts that superd logs about a refused client beside the reason: HOST, USERID and ATTEMPT. "
		  "USERID is by its ident server. ATTEMPT: only that. The lines have the format of xinetd." },

	/* Limits and scheduling */
	OPTION_IN(LIMITS, ENVIRONMENT, NEXT, nice, count, "nice", "Service.Nice", "Nice") .fallback = "0",
	  .least = -20, .most = 19,
	  .help = "The scheduling priority, from -20 (first) to 19 (last). 0: superd's own. Below superd's own it "
		  "needs CAP_SYS_NICE; without it that stays." },
	OPTION_IN(LIMITS, ENVIRONMENT, NEXT, oom_score_adjust, count, [UNIT] = "Service.OOMScoreAdjust")
	  .unset = &no_adjustment, .least = -1000, .most = 1000,
	  .help = "How readily the kernel kills the program when memory runs out, from -1000 (never) to 1000 "
		  "(first). Unset: superd's own. If superd may not set a value below its own, it sets its own." },
	OPTION_IN(LIMITS, ENVIRONMENT, NEXT, io_scheduling, scheduling, [UNIT] = "Service.IOSchedulingClass")
	  .argument = "class[:priority]", .example = "\"best-effort:7\"",
	  .help = "The disk priority: idle, best-effort or realtime, the last two with a priority from 0 (first) "
		  "to 7." },
	CHOICE(SCHEDULING, NEXT, cpu_scheduling_policy, "default", [UNIT] = "Service.CPUSchedulingPolicy")
	  .help = "The scheduling policy, as in sched(7). default: superd's own." },
	RLIMIT(as, AS, "AS", [XINETD] = "rlimit_as") .example = "1G",
	  .help = "The address space, in bytes." },
	RLIMIT(core, CORE, "CORE", [LAUNCHD] = "SoftResourceLimits.Core") .example = "0",
	  .help = "The size of a core file, in bytes. 0: no core file." },
	RLIMIT(cpu, CPU, "CPU", [XINETD] = "rlimit_cpu", [LAUNCHD] = "SoftResourceLimits.CPU")
	  .example = "1min",
	  .help = "The processor time, in seconds." },
	RLIMIT(data, DATA, "DATA", [XINETD] = "rlimit_data", [LAUNCHD] = "SoftResourceLimits.Data")
	  .example = "512M",
	  .help = "The data segment, in bytes." },
	RLIMIT(fsize, FSIZE, "FSIZE", [LAUNCHD] = "SoftResourceLimits.FileSize") .example = "100M",
	  .help = "The size of a file that it writes, in bytes." },
	RLIMIT(locks, LOCKS, "LOCKS") .example = "100",
	  .help = "The file locks. Linux ignores it." },
	RLIMIT(memlock, MEMLOCK, "MEMLOCK", [LAUNCHD] = "SoftResourceLimits.MemoryLock") .example = "64K",
	  .help = "The locked memory, in bytes." },
	RLIMIT(msgqueue, MSGQUEUE, "MSGQUEUE") .example = "800K",
	  .help = "The POSIX message queues of its user, in bytes." },
	RLIMIT(nice, NICE, "NICE") .example = "30",
	  .help = "The priority that it may give itself: a signed nice value, or 20 minus it." },
	RLIMIT(nofile, NOFILE, "NOFILE", [XINETD] = "rlimit_files",
	  [LAUNCHD] = "SoftResourceLimits.NumberOfFiles") .example = "\"1024:4096\"",
	  .help = "The open descriptors. Unset: the limit superd was started with, but a soft limit of 1024 if "
		  "that is above 65536." },
	RLIMIT(nproc, NPROC, "NPROC", [LAUNCHD] = "SoftResourceLimits.NumberOfProcesses") .example = "100",
	  .help = "The processes and threads of its user on this machine." },
	RLIMIT(rss, RSS, "RSS", [XINETD] = "rlimit_rss", [LAUNCHD] = "SoftResourceLimits.ResidentSetSize")
	  .example = "1G",
	  .help = "The resident memory, in bytes. Linux ignores it." },
	RLIMIT(rtprio, RTPRIO, "RTPRIO") .example = "10",
	  .help = "The highest real-time priority that it may give itself." },
	RLIMIT(rttime, RTTIME, "RTTIME") .example = "200ms",
	  .help = "The time that a real-time process may run without a blocking system call, in microseconds." },
	RLIMIT(sigpending, SIGPENDING, "SIGPENDING") .example = "1000",
	  .help = "The queued signals of its user." },
	RLIMIT(stack, STACK, "STACK", [XINETD] = "rlimit_stack", [LAUNCHD] = "SoftResourceLimits.Stack")
	  .example = "8M",
	  .help = "The stack, in bytes, per process." },

	/* Resources */
	AMOUNT(memory_max, "MemoryMax", memory, "size") .least = 1, .example = "512M",
	  .help = "The memory above which the kernel kills processes of the instance. It needs a control "
		  "group." },
	AMOUNT(memory_high, "MemoryHigh", memory, "size") .least = 1, .example = "25%",
	  .help = "The memory above which the kernel slows the instance down." },
	AMOUNT(memory_swap_max, "MemorySwapMax", memory, "size") .example = "0",
	  .help = "The most swap that the instance may use. 0: none." },
	CHOICE(RESOURCES, LIVE, oom_policy, "continue", [UNIT] = "Service.OOMPolicy")
	  .help = "The response when the kernel kills a process of the instance for lack of memory. continue: "
		  "none. stop, kill: all its processes die together. It needs a control group." },
	AMOUNT(tasks_max, "TasksMax", tasks, "number") .least = 1, .example = "100",
	  .help = "The most processes and threads of an instance. It needs a control group; rlimit_nproc needs none." },
	OPTION(RESOURCES, LIVE, cpu_quota, quota, [UNIT] = "Service.CPUQuota") .unset = &no_number,
	  .argument = "per cent", .example = "50%",
	  .help = "The most processor time of an instance: 50% is half a processor, 200% is two." },
	OPTION(RESOURCES, LIVE, cpu_weight, weight, [UNIT] = "Service.CPUWeight") .unset = &no_number,
	  .example = "200",
	  .help = "The instance's share of busy processors; others have 100. idle: only time that no other "
		  "process wants." },
	OPTION(RESOURCES, NEXT, delegate, delegation, [UNIT] = "Service.Delegate") .nothing = "yes",
	  .fallback = "no", .argument = "yes | no", .example = "{ \"memory\", \"cpu\" }",
	  .help = "Whether the program's user owns the instance's control group, and can create up to 1,000 groups "
		  "below it. A list of controllers, as in units, counts as yes." },

	/* Hardening */
	CHOICE(HARDENING, NEXT, private_tmp, "no", [UNIT] = "Service.PrivateTmp")
	  .help = "Whether each instance has a /tmp and /var/tmp of its own. yes: directories below the "
		  "machine's, which superd removes after its end. disconnected: in memory." },
	SWITCH(private_devices, "PrivateDevices")
	  .help = "Reduces /dev to null, zero, full, random, urandom, tty, terminals and shared memory, removes "
		  "CAP_MKNOD and CAP_SYS_RAWIO, and where there are control groups means device_policy = closed." },
	SWITCH(private_ipc, "PrivateIPC")
	  .help = "Gives the program message queues, semaphores and shared memory of its own." },
	CHOICE(HARDENING, NEXT, private_mounts, "no", [UNIT] = "Service.PrivateMounts") .unset = &no_word,
	  .help = "Hides mounts of the program from all others. Options that change its view of the files imply "
		  "it." },
	SWITCH(private_network, "PrivateNetwork")
	  .help = "Leaves the program a loopback interface of its own and the sockets that superd passes. It sees "
		  "the /sys of that network, unless private_mounts = no." },
	SWITCH(private_users, "PrivateUsers")
	  .help = "Runs the program in a user namespace: its capabilities apply only to objects of the namespace. "
		  "It sees its own user and root, all others as nobody. A program of root's still counts as root "
		  "for files and sockets." },
	CHOICE(HARDENING, NEXT, protect_system, "no", [UNIT] = "Service.ProtectSystem")
	  .help = "Directories that are read-only for the program. yes: /usr and /boot. full: /etc too. strict: "
		  "all but /dev, /proc, /sys, the homes of users, its own directories and read_write_paths." },
	CHOICE(HARDENING, NEXT, protect_home, "no", [UNIT] = "Service.ProtectHome")
	  .help = "/home, /root and /run/user are hidden (yes), read-only, or empty and in memory (tmpfs)." },
	SWITCH(protect_kernel_tunables, "ProtectKernelTunables")
	  .help = "Makes kernel settings in /proc and /sys read-only." },
	SWITCH(protect_kernel_modules, "ProtectKernelModules")
	  .help = "Denies loading kernel modules." },
	SWITCH(protect_kernel_logs, "ProtectKernelLogs")
	  .help = "Denies access to the kernel's log." },
	SWITCH(protect_control_groups, "ProtectControlGroups")
	  .help = "Makes the control groups read-only." },
	SWITCH(protect_clock, "ProtectClock")
	  .help = "Denies setting the clock." },
	SWITCH(protect_hostname, "ProtectHostname")
	  .help = "Denies changing the host name, and hides changes of it." },
	CHOICE(HARDENING, NEXT, protect_proc, "default", [UNIT] = "Service.ProtectProc")
	  .help = "How /proc shows processes of other users. noaccess: only that they exist. invisible: not at "
		  "all. ptraceable: those that the program could trace." },
	CHOICE(HARDENING, NEXT, proc_subset, "all", [UNIT] = "Service.ProcSubset")
	  .help = "pid leaves only processes in /proc." },
	PATHS(read_only_paths, "ReadOnlyPaths", protected_paths, "path") .example = "{ \"/etc\" }",
	  .help = "Paths that the program cannot write. After a - the path may be missing, after a + it is inside "
		  "root_directory." },
	PATHS(read_write_paths, "ReadWritePaths", protected_paths, "path") .example = "{ \"/srv/web\" }",
	  .help = "Paths below read-only ones that stay as they were." },
	PATHS(inaccessible_paths, "InaccessiblePaths", protected_paths, "path") .example = "{ \"-/root\" }",
	  .help = "Paths that the program cannot access." },
	PATHS(exec_paths, "ExecPaths", protected_paths, "path") .example = "{ \"/usr/bin/web\" }",
	  .help = "Paths below no_exec_paths from which the program may run programs." },
	PATHS(no_exec_paths, "NoExecPaths", protected_paths, "path") .example = "{ \"/srv\" }",
	  .help = "Paths below which the program cannot run programs." },
	PATHS(bind_paths, "BindPaths", bindings, "source[:target]")
	  .example = "{ \"/srv/data:/data\", \"-/mnt/usb:/usb:norbind\" }",
	  .help = "Directories and files that the program also sees at the target. :norbind after the target "
		  "skips mounts below the source. After a - the source may be missing." },
	PATHS(bind_read_only_paths, "BindReadOnlyPaths", bindings, "source[:target]")
	  .example = "{ \"/srv/data:/data\" }",
	  .help = "The same as bind_paths, but read-only." },
	PATHS(temporary_file_system, "TemporaryFileSystem", temporary, "path[:options]")
	  .example = "{ \"/var:size=10M\" }",
	  .help = "Directories that an empty file system in memory covers, with options of mount(8) such as ro or "
		  "size=10M. The default size is a tenth of the memory." },
	SWITCH(mount_api_vfs, "MountAPIVFS")
	  .help = "Mounts /proc, /sys, /dev and an empty /run inside root_directory." },
	OPTION(SYSCALLS, NEXT, system_call_filter, calls, [UNIT] = "Service.SystemCallFilter")
	  .nothing = "@default", .argument = "call", .example = "{ \"@system-service\", \"~@mount:EPERM\" }",
	  .help = "The system calls that the program may use, by name or group, such as @system-service. A ~ "
		  "before a name, up to a later name with a +, removes calls; a list that begins with ~ removes "
		  "them from all. :EPERM after a name sets its error." },
	OPTION(SYSCALLS, NEXT, system_call_architectures, flags, [UNIT] = "Service.SystemCallArchitectures")
	  .words = architecture_words, .nothing = "native", .argument = "architecture",
	  .example = "{ \"native\" }",
	  .help = "The architectures of system calls that the program may use: native (always allowed), x86, "
		  "x86-64, x32, arm and so on. Others kill the process." },
	OPTION(SYSCALLS, NEXT, system_call_error_number, error, [UNIT] = "Service.SystemCallErrorNumber")
	  .fallback = "kill", .example = "\"EPERM\"",
	  .help = "The error of a denied system call, such as EPERM, or kill, which ends the process." },
	OPTION(SYSCALLS, NEXT, restrict_address_families, families, [UNIT] = "Service.RestrictAddressFamilies")
	  .nothing = "none", .argument = "family", .example = "{ \"AF_UNIX\", \"AF_INET\", \"AF_INET6\" }",
	  .help = "The address families of sockets that the program may open, such as AF_UNIX and AF_INET6, or "
		  "none. A ~ before the first: all but these. It does not affect the sockets that superd passes." },
	OPTION(HARDENING, NEXT, restrict_namespaces, namespaces, [UNIT] = "Service.RestrictNamespaces")
	  .fallback = "no", .nothing = "yes", .argument = "yes | no | kind", .example = "{ \"~user\" }",
	  .help = "Denies creating and entering namespaces. yes: any. A list: any but these. A ~ before the "
		  "first: these. The kinds are cgroup, ipc, mnt, net, pid, time, user and uts." },
	SWITCH(restrict_realtime, "RestrictRealtime")
	  .help = "Denies real-time scheduling." },
	SWITCH(restrict_suid_sgid, "RestrictSUIDSGID")
	  .help = "Denies creating set-user-id and set-group-id files." },
	SWITCH(memory_deny_write_execute, "MemoryDenyWriteExecute")
	  .help = "Denies memory that is both writable and executable, and making memory executable later." },
	SWITCH(lock_personality, "LockPersonality")
	  .help = "Denies changing the execution domain." },
	CHOICE(HARDENING, NEXT, keyring_mode, "inherit", [UNIT] = "Service.KeyringMode")
	  .help = "The session keyring of the program. inherit: superd's, which is empty and takes no keys if "
		  "superd can change users. private: a new one, as in units. shared: a new one linked to its "
		  "user's keyring." },
	OPTION(CGROUP_FILTERS, NEXT, ip_address_allow, networks) .argument = "network",
	  .example = "{ \"192.0.2.0/24\", \"localhost\" }", .unit_key = "IPAddressAllow",
	  .help = "Exceptions from ip_address_deny: addresses, networks, any, localhost, link-local, multicast." },
	OPTION(CGROUP_FILTERS, NEXT, ip_address_deny, networks) .argument = "network", .example = "{ \"any\" }",
	  .unit_key = "IPAddressDeny",
	  .help = "Addresses with which the program cannot exchange packets, by sockets that it opens. For "
		  "clients of the sockets that superd passes, use only_from and no_access; with pass = bind one of "
		  "these must be set. It needs a control group." },
	CHOICE(CGROUP_FILTERS, NEXT, device_policy, "auto", [UNIT] = "Service.DevicePolicy")
	  .help = "The devices that the program may open. strict: those of device_allow. closed: also null, zero, "
		  "full, random, urandom, tty, ptmx and pts terminals. auto: closed, or all if device_allow is "
		  "empty. It needs a control group." },
	OPTION(CGROUP_FILTERS, NEXT, device_allow, device_rules, [UNIT] = "Service.DeviceAllow")
	  .argument = "device [rwm]", .example = "{ \"/dev/null rw\", \"char-pts\" }",
	  .help = "Devices that the program may open: a path, or char-NAME or block-NAME for a kind in "
		  "/proc/devices, then r (read), w (write), m (make); none means all three." },
	PATHS(apparmor_profile, "AppArmorProfile", text, "profile") .example = "\"-web\"",
	  .help = "The AppArmor profile of the program. After a - the profile may be missing." },
	PATHS(selinux_context, "SELinuxContext", text, "context") .example = "\"system_u:system_r:httpd_t:s0\"",
	  .help = "The SELinux context of the program. superd cannot set one: after a - it ignores it, otherwise "
		  "it is an error." },

	/* superd itself, in the order of enum global */
	OPTION(SUPERD, LIVE, log, destination) .fallback = "stderr",
	  .argument = "stderr | syslog[:facility] | file:path", .example = "\"syslog:local0\"",
	  .help = "The destination of the log. A reload moves the log; if superd cannot open the new destination, it "
		  "keeps the old one." },
	CHOICE(SUPERD, LIVE, log_format, "text") .unset = &no_word,
	  .help = "Whether a line of the log is plain text or a JSON object." },
	CHOICE(SUPERD, LIVE, log_level, "info") .unset = &no_word,
	  .help = "The least severe messages that superd logs." },
	OPTION(SUPERD, START, control, control) .argument = "path | @name | none", .example = "\"@superd\"",
	  .help = "The control socket. superctl needs the same path, unless it is the default. Unset: the default of "
		  "superd --control." },
	OPTION(SUPERD, START, pid_file, path) .argument = "path", .example = "\"/run/web.pid\"",
	  .help = "The file to which superd writes its process id." },
	OPTION(SUPERD, START, fdstore, fdstore) .argument = "notify | none", .example = "notify",
	  .help = "The store that keeps the sockets while superd does not run: the service manager, or none. Unset: "
		  "the service manager, if it has a store." },
	OPTION(SUPERD, LIVE, max_starting, count) .unset = &no_number, .most = 1000000,
	  .argument = "number",
	  .help = "How many services with accept = no may start at once; the others wait in the start queue. 0: no "
		  "limit. Unset: twice the number of processors available to superd." },
	OPTION(SUPERD, LIVE, stop_delay, duration) .fallback = "0s", .unset = &no_number,
	  .most = SCAN_INFINITY - 1, .argument = "duration", .example = "5s",
	  .help = "How long superd still serves after a request to stop, so that a load balancer can use another "
		  "machine." },
	OPTION(SUPERD, LIVE, stop_timeout, duration) .fallback = "8s", .unset = &no_number,
	  .argument = "duration", .example = "\"1min 30s\"",
	  .help = "The time after which superd kills the remaining processes when it stops. After half of it superd "
		  "also stops the services that others still need (see WANTED SERVICES in superd(7))." },
};

#define ROWS (sizeof(option_defs) / sizeof(option_defs[0]))

const size_t option_count = ROWS - GLOBALS;
const struct option_def *const global_option_defs = option_defs + ROWS - GLOBALS;
_Static_assert(ROWS <= SETTING_OPTION, "struct option_setting holds such an index");
