/* The table itself, in the manual's order: an entry is all that superd knows of an option.
 *
 * The hard thing is that an entry must not lie: FIELD ties the C type of the struct's member to the type that
 * parses it, so a mismatch does not compile, and a test reads every default, every word and every name.
 * Entries marked LATER are options that are known but not done; they are refused by name, for a line that
 * restricts must never be ignored. */
#include "model/directive.h"

#include <sys/resource.h>

/* What each type stores, for the check in FIELD. */
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

#define STRUCT_WHAT struct what
#define STRUCT_SOCKETS struct socket_options
#define STRUCT_WHO struct who
#define STRUCT_SURROUNDINGS struct surroundings
#define STRUCT_STREAMS struct streams
#define STRUCT_GATE struct gate
#define STRUCT_LIFE struct life
#define STRUCT_LOG struct logging

/* Chapter, place and type of an option; does not compile where the member is not what the type stores. */
#define FIELD(CHAPTER, member, as) \
	.type = &type_##as, .chapter = CHAPTER_##CHAPTER, \
	.offset = offsetof(STRUCT_##CHAPTER, member) + \
		  0 * sizeof(char[_Generic(&((STRUCT_##CHAPTER *)0)->member, C_##as *: 1)])

#define ANYWHERE (IN_DEFAULTS | IN_SOCKET)
#define SECONDS(n) ((int64_t)(n) * 1000000)
#define FROM(dialect) (1u << (dialect))

#define RLIMIT(suffix, resource, unit, ...) \
	{ .name = { "rlimit_" #suffix, [UNIT] = "Service.Limit" unit, __VA_ARGS__ }, \
	  FIELD(SURROUNDINGS, limits[RLIMIT_##resource], limit), .flags = IN_DEFAULTS, .change = CHANGE_NEXT, \
	  .unset = &no_limit, .argument = "soft[:hard]", .translated = FROM(LAUNCHD),

#define NOT_YET(CHAPTER, native, ...) \
	{ .name = { native, __VA_ARGS__ }, .type = &type_later, .chapter = CHAPTER_##CHAPTER, \
	  .flags = IN_DEFAULTS | LATER, .change = CHANGE_NEXT,

static const char *const pass_words[] = { [PASS_SYSTEMD] = "systemd", [PASS_INETD] = "inetd", NULL };
static const char *const type_words[] = {
	[TYPE_SIMPLE] = "simple", [TYPE_EXEC] = "exec", [TYPE_NOTIFY] = "notify", [TYPE_FORKING] = "forking",
	[TYPE_ONESHOT] = "oneshot", NULL
};
static const char *const start_words[] = { [START_DEMAND] = "demand", [START_BOOT] = "boot", NULL };
static const char *const ipv6_only_words[] = {
	[IPV6_ONLY_DEFAULT] = "default", [IPV6_ONLY_NO] = "no", [IPV6_ONLY_YES] = "yes", NULL
};
static const char *const overload_words[] = { [OVERLOAD_QUEUE] = "queue", [OVERLOAD_REFUSE] = "refuse", NULL };
static const char *const kill_mode_words[] = {
	[KILL_GROUP] = "group", [KILL_MIXED] = "mixed", [KILL_PROCESS] = "process", [KILL_NONE] = "none", NULL
};
static const char *const on_failure_words[] = { [FAILURE_RETRY] = "retry", [FAILURE_EXIT] = "exit", NULL };
static const char *const on_remove_words[] = { [REMOVE_FINISH] = "finish", [REMOVE_STOP] = "stop", NULL };

static const char *const builtin_words[] = {
	"echo", "discard", "chargen", "daytime", "time", "tcpmux", "auth", "servers", "services", NULL
};
static const char *const log_on_success_words[] = { "PID", "HOST", "USERID", "EXIT", "DURATION", "TRAFFIC", NULL };
static const char *const log_on_failure_words[] = { "HOST", "USERID", "ATTEMPT", NULL };

static const char *const home_words[] = { "~", NULL };

static const struct limit no_limit = { .soft = -1, .hard = -1 };
static const int64_t no_number = -1;
static const int64_t no_adjustment = INT64_MIN;
static const uint64_t every_capability = UINT64_MAX;
static const struct rate no_rate = { .number = UNLIMITED };

const struct directive directives[] = {
	/* What to run */
	{ .name = { "listen", "port", "Socket.ListenStream", "Sockets.SockServiceName" }, .type = &type_endpoints,
	  .translated = FROM(XINETD) | FROM(UNIT) | FROM(LAUNCHD),
	  .chapter = CHAPTER_WHAT, .flags = STRUCTURE | IN_SOCKET, .change = CHANGE_REBIND,
	  .argument = "endpoint",
	  .help = "The endpoints superd listens on for this service, in the order in which the backend gets "
		  "them: a port, tcp:HOST:PORT, udp:PORT, the path of a unix socket, and the others of "
		  "ENDPOINTS." },
	{ .name = { "socket" }, .type = &type_endpoints,
	  .chapter = CHAPTER_WHAT, .flags = STRUCTURE, .change = CHANGE_REBIND, .argument = "name { }",
	  .help = "A socket with options and a name of its own. The name is its entry in LISTEN_FDNAMES; "
		  "inside the braces stand its listen and any option of a socket." },
	{ .name = { "exec", "server", "Service.ExecStart", "ProgramArguments" }, FIELD(WHAT, exec, command),
	  .translated = FROM(XINETD) | FROM(UNIT),
	  .flags = ALWAYS_PRINTED, .change = CHANGE_NEXT, .argument = "command",
	  .help = "The program to run, by its absolute path, and its arguments. A string is split into words "
		  "by quotes and backslashes without expanding anything; a list is taken word by word. In the "
		  "arguments %{fd} and %{fd:NAME} are replaced by the number of the first socket and of the one "
		  "of this name, with accept = yes both by the connection's; %{fds} by all numbers with commas "
		  "between, %{service} by the service's name, %{port} by its port; %% is a percent sign." },
	{ .name = { "argv0" }, FIELD(WHAT, argv0, text),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "name",
	  .help = "What the program sees as its own name, in place of the path in exec." },
	{ .name = { "exec_search_path", [UNIT] = "Service.ExecSearchPath" }, FIELD(WHAT, exec_search_path, paths),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "directory",
	  .help = "The folders in which a program is looked for that exec names without a slash, when the table is "
		  "read. Unset: exec names it by its absolute path." },
	{ .name = { "accept", "wait", "Socket.Accept", "inetdCompatibility.Wait" }, FIELD(WHAT, accept, bool),
	  .translated = FROM(XINETD) | FROM(LAUNCHD),
	  .flags = IN_DEFAULTS | ALWAYS_PRINTED, .change = CHANGE_NEXT, .fallback = "no",
	  .argument = "yes | no",
	  .help = "Who accepts connections. With no the backend gets the listening sockets and serves every "
		  "client (inetd's wait); with yes superd accepts and starts an instance for each connection "
		  "(inetd's nowait)." },
	{ .name = { "pass" }, FIELD(WHAT, pass, word),
	  .flags = IN_DEFAULTS | ALWAYS_PRINTED, .change = CHANGE_NEXT, .fallback = "systemd", .words = pass_words,
	  .help = "How the backend gets its socket: systemd hands sockets over from descriptor 3 on and tells "
		  "of them in LISTEN_FDS, inetd makes the socket its standard input and output. Where accept "
		  "is yes and nothing is said here, it is inetd." },
	{ .name = { "type", [UNIT] = "Service.Type" }, FIELD(WHAT, type, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "simple", .words = type_words,
	  .help = "When a backend counts as started: simple and exec once the program runs, forking once its "
		  "first process has ended, oneshot when it has done its work. notify, once it says READY=1, is "
		  "not there yet and is refused." },
	{ .name = { "disable", "disable", [LAUNCHD] = "Disabled" }, FIELD(WHAT, disable, bool),
	  .flags = IN_DEFAULTS | ALWAYS_PRINTED, .change = CHANGE_LIVE, .fallback = "no",
	  .argument = "yes | no",
	  .help = "Leaves the service in the table, checked like any other, but opens none of its sockets." },
	{ .name = { "start", [LAUNCHD] = "RunAtLoad" }, FIELD(WHAT, start, word), .translated = FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "demand", .words = start_words,
	  .help = "With demand the first client starts the backend. With boot it is started with superd; after a "
		  "failure it is started again by itself, after the pause; after a good end by the next client, "
		  "or at once where it has no socket. A service that starts at boot may do without sockets; a "
		  "oneshot without them runs once. boot needs accept = no." },
	{ .name = { "builtin", "type" }, FIELD(WHAT, builtin, builtin), .translated = FROM(XINETD),
	  .words = builtin_words,
	  .flags = 0, .change = CHANGE_NEXT, .argument = "name",
	  .help = "A small service that superd answers itself, in a process of its own, in place of exec: echo, "
		  "discard, chargen, daytime, time, tcpmux, auth (what an ident server says), servers or services "
		  "(what superd runs and offers). Options of it stand behind the name: bsd or xinetd for the form "
		  "of daytime and chargen, those of superd-inetd.conf(5) for auth. Without user it runs as nobody." },
	{ .name = { "redirect", "redirect" }, FIELD(WHAT, redirect, redirect),
	  .flags = 0, .change = CHANGE_NEXT, .argument = "host port",
	  .help = "Connects each client to this host and port in place of running a program. It needs accept = yes; "
		  "without user it runs as nobody." },

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
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "0", .argument = "duration",
	  .most = SECONDS(32767),
	  .help = "How long a connection is silent before the first probe, in whole seconds. 0 leaves the "
		  "kernel's value." },
	{ .name = { "keep_alive_interval", [UNIT] = "Socket.KeepAliveIntervalSec" },
	  FIELD(SOCKETS, keep_alive_interval, duration),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "0", .argument = "duration",
	  .most = SECONDS(32767),
	  .help = "The time from one probe to the next, in whole seconds. 0 leaves the kernel's value." },
	{ .name = { "keep_alive_probes", [UNIT] = "Socket.KeepAliveProbes" },
	  FIELD(SOCKETS, keep_alive_probes, count),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "0", .argument = "number", .most = 127,
	  .help = "How many probes go unanswered before the connection is given up. 0 leaves the kernel's "
		  "value." },
	{ .name = { "no_delay", [UNIT] = "Socket.NoDelay" }, FIELD(SOCKETS, no_delay, bool),
	  .flags = ANYWHERE, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "Sends small packets of a TCP connection at once in place of collecting them." },
	{ .name = { "defer_accept", [UNIT] = "Socket.DeferAcceptSec" }, FIELD(SOCKETS, defer_accept, duration),
	  .flags = ANYWHERE | NEEDS_LINUX, .change = CHANGE_SOCKET, .fallback = "0", .argument = "duration",
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
	{ .name = { "optional" }, FIELD(SOCKETS, optional, bool),
	  .flags = ANYWHERE, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "A socket that this machine cannot open is left out of what the backend gets; the service "
		  "runs with the others." },

	/* Who runs it */
	{ .name = { "user", "user", "Service.User", "UserName" }, FIELD(WHO, user, name),
	  .flags = IN_DEFAULTS | ALWAYS_PRINTED, .change = CHANGE_NEXT, .argument = "user",
	  .help = "The user the backend runs as, by name or number. Unset: superd's own, which for root is "
		  "warned of." },
	{ .name = { "group", "group", "Service.Group", "GroupName" }, FIELD(WHO, group, name),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "group",
	  .help = "The group the backend runs as, by name or number. Unset: its user's." },
	{ .name = { "groups", "groups", [LAUNCHD] = "InitGroups" }, FIELD(WHO, groups, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "yes", .argument = "yes | no",
	  .help = "Whether the backend is in the other groups of its user, too." },
	{ .name = { "supplementary_groups", [UNIT] = "Service.SupplementaryGroups" },
	  FIELD(WHO, supplementary_groups, list),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "group",
	  .help = "Further groups the backend is in, by name or number." },
	{ .name = { "ambient_capabilities", [UNIT] = "Service.AmbientCapabilities" },
	  FIELD(WHO, ambient_capabilities, capabilities),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "capability",
	  .help = "Capabilities the backend keeps although its user is not root, as in net_bind_service." },
	{ .name = { "capability_bounding_set", [UNIT] = "Service.CapabilityBoundingSet" },
	  FIELD(WHO, capability_bounding_set, capabilities), .unset = &every_capability,
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "capability",
	  .help = "The capabilities the backend and its children can ever have, even as root. A ~ in front of "
		  "the first takes the named ones away and leaves the rest. Unset: all that superd has." },
	{ .name = { "no_new_privileges", [UNIT] = "Service.NoNewPrivileges" },
	  FIELD(WHO, no_new_privileges, bool),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "Set-user-id programs and file capabilities give the backend and its children nothing." },

	/* Surroundings */
	{ .name = { "env", "env", "Service.Environment", "EnvironmentVariables" },
	  FIELD(SURROUNDINGS, env, env),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "NAME=value",
	  .help = "Variables of the backend's environment, which is built from nothing. The %{ } of exec are "
		  "replaced in the values, too." },
	{ .name = { "passenv", "passenv", "Service.PassEnvironment" }, FIELD(SURROUNDINGS, passenv, list),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "NAME",
	  .help = "Variables the backend gets as superd has them; those superd does not have are left out, and so "
		  "is what was told to superd alone: NOTIFY_SOCKET, and what begins with LISTEN_, REMOTE_, WATCHDOG_, "
		  "TCPREMOTE or TCPLOCAL. * passes on all the others, under those of the backend's user." },
	{ .name = { "environment_file", [UNIT] = "Service.EnvironmentFile" },
	  FIELD(SURROUNDINGS, environment_file, paths),
	  .flags = IN_DEFAULTS | OPTIONAL_PATH, .change = CHANGE_NEXT, .argument = "path",
	  .help = "Files of NAME=value lines, read before every start; they override env. With - in front a "
		  "file may be missing." },
	{ .name = { "tcp_environment" }, FIELD(SURROUNDINGS, tcp_environment, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "no", .argument = "yes | no",
	  .help = "With accept = yes over TCP, tells the backend both ends of its connection as tcpserver and GNU's "
		  "inetd do: PROTO, TCPLOCALIP, TCPLOCALPORT, TCPREMOTEIP and TCPREMOTEPORT." },
	{ .name = { "umask", "umask", "Service.UMask", "Umask" }, FIELD(SURROUNDINGS, umask, mode),
	  .translated = FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "022", .argument = "mode", .most = 0777,
	  .help = "The permissions, in octal, that files made by the backend do not get." },
	{ .name = { "nice", "nice", "Service.Nice", "Nice" }, FIELD(SURROUNDINGS, nice, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "0", .argument = "number",
	  .least = -20, .most = 19,
	  .help = "The backend's scheduling priority, from -20, the most favoured, to 19. Below superd's own "
		  "it takes CAP_SYS_NICE; 0 leaves it at superd's own." },
	{ .name = { "working_directory", [UNIT] = "Service.WorkingDirectory", [LAUNCHD] = "WorkingDirectory" },
	  FIELD(SURROUNDINGS, working_directory, path), .words = home_words,
	  .flags = IN_DEFAULTS | OPTIONAL_PATH, .change = CHANGE_NEXT, .fallback = "/", .argument = "directory",
	  .help = "Where the backend runs: an absolute path, or ~ for the home of its user. With - in front "
		  "it may be missing." },
	{ .name = { "root_directory", [UNIT] = "Service.RootDirectory", [LAUNCHD] = "RootDirectory" },
	  FIELD(SURROUNDINGS, root_directory, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "directory",
	  .help = "A folder that the backend sees as /; exec and working_directory are looked up inside it." },
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
	  .help = "How many descriptors a process of the backend may have open." },
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
	  FIELD(SURROUNDINGS, oom_score_adjust, count),
	  .unset = &no_adjustment, .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT,
	  .argument = "number",
	  .least = -1000, .most = 1000,
	  .help = "How readily the kernel kills the backend when memory runs out, from -1000, never, to 1000, "
		  "first. Unset: as superd was itself started with." },
	{ .name = { "cpu_affinity", [UNIT] = "Service.CPUAffinity" }, FIELD(SURROUNDINGS, cpu_affinity, cpus),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "cpu",
	  .help = "The processors the backend may run on: numbers and ranges as in 0, 2-4." },
	{ .name = { "io_scheduling", [UNIT] = "Service.IOSchedulingClass" },
	  FIELD(SURROUNDINGS, io_scheduling, scheduling),
	  .translated = FROM(UNIT),
	  .flags = IN_DEFAULTS | NEEDS_LINUX, .change = CHANGE_NEXT, .argument = "class[:priority]",
	  .help = "The backend's turn at the disks: idle, best-effort or realtime, the latter two with a "
		  "priority from 0, the first, to 7." },
	{ .name = { "runtime_directory", [UNIT] = "Service.RuntimeDirectory" },
	  FIELD(SURROUNDINGS, runtime_directory, directories),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "name",
	  .help = "Folders that are made for the backend's user before it starts, and removed when it has ended, "
		  "unless a socket of the table lies in them. They are below the runtime directory superd was "
		  "built with, usually /run; below XDG_RUNTIME_DIR, where that is set, when superd does not run as "
		  "root. RUNTIME_DIRECTORY names them." },
	{ .name = { "state_directory", [UNIT] = "Service.StateDirectory" },
	  FIELD(SURROUNDINGS, state_directory, directories),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "name",
	  .help = "Folders that are made for the backend's user before it starts, and stay. They are below the "
		  "state directory superd was built with, usually /var/lib. STATE_DIRECTORY names them." },

	/* Streams */
	{ .name = { "output", [UNIT] = "Service.StandardOutput", [LAUNCHD] = "StandardOutPath" },
	  FIELD(STREAMS, output, stream), .translated = FROM(UNIT) | FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "log", .argument = "stream",
	  .help = "Where the backend's standard output goes: log (superd's own), syslog, file:PATH, "
		  "append:PATH, null, inherit or socket. With pass = inetd it is the socket." },
	{ .name = { "error", [UNIT] = "Service.StandardError", [LAUNCHD] = "StandardErrorPath" },
	  FIELD(STREAMS, error, stream), .translated = FROM(UNIT) | FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "log", .argument = "stream",
	  .help = "Where the backend's standard error goes, by the same words as output. Where output is set "
		  "and this is not, it goes where output goes, but never to the socket unless that is said "
		  "here." },
	{ .name = { "input", [UNIT] = "Service.StandardInput", [LAUNCHD] = "StandardInPath" },
	  FIELD(STREAMS, input, stream), .translated = FROM(UNIT) | FROM(LAUNCHD),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "null", .argument = "stream",
	  .help = "Where the backend's standard input comes from: null, file:PATH, inherit or socket. With "
		  "pass = inetd it is the socket." },

	/* Who may come */
	{ .name = { "instances", "instances", "Socket.MaxConnections", "inetdCompatibility.Instances" },
	  FIELD(GATE, instances, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "1000", .argument = "number",
	  .least = 1, .most = UNLIMITED,
	  .help = "With accept = yes, how many instances may run at once; overload says what becomes of more "
		  "connections. A number, or unlimited." },
	{ .name = { "per_source", "per_source", "Socket.MaxConnectionsPerSource" },
	  FIELD(GATE, per_source, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "unlimited", .argument = "number",
	  .least = 1,
	  .most = UNLIMITED,
	  .help = "With accept = yes, how many instances may run at once for one client address; more "
		  "connections from there are refused. A number, or unlimited." },
	{ .name = { "per_source_prefix" }, FIELD(GATE, per_source_prefix, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "64", .argument = "bits",
	  .least = 1, .most = 128,
	  .help = "How many leading bits of an IPv6 address per_source takes for one source, for a single "
		  "client usually has a whole /64. An IPv4 address is always taken whole." },
	{ .name = { "overload" }, FIELD(GATE, overload, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "queue", .words = overload_words,
	  .help = "What happens at the limit of instances: queue lets clients wait in the kernel's queue, "
		  "refuse closes their connections at once." },
	{ .name = { "only_from", "only_from", "Service.IPAddressAllow" }, FIELD(GATE, only_from, addresses),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "address",
	  .help = "The clients that may come; all others are refused. An address, a network as 192.0.2.0/24, "
		  "2001:db8::/32 or 192.0.2.0 (zeros at the end stand for anything), 192.0.2.{1,7}, a network of "
		  "networks(5), a host's name, or .domain. A name is looked up for each client; one without a name "
		  "that leads back to it matches none. none is nobody, an empty list everybody. Where a backend takes "
		  "connections itself (accept = no) the kernel keeps to it, and no names can be given." },
	{ .name = { "no_access", "no_access", "Service.IPAddressDeny" }, FIELD(GATE, no_access, addresses),
	  .translated = FROM(UNIT), .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "address",
	  .help = "The clients that are refused, in the words of only_from. Who is in both is refused." },
	{ .name = { "access_times", "access_times" }, FIELD(GATE, access_times, times),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "HH:MM-HH:MM",
	  .help = "The times of day, in local time, at which clients are let in, both minutes included; "
		  "22:00-06:00 goes over midnight." },
	{ .name = { "max_load", "max_load" }, FIELD(GATE, max_load, load),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "load",
	  .help = "Refuses clients while the machine's load average of the last minute is at or above this." },
	{ .name = { "cps", "cps" }, FIELD(GATE, cps, rate), .unset = &no_rate,
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "number seconds",
	  .help = "How many connections a second are taken, with accept = no how many starts, and for how many seconds "
		  "the service rests when there are more; clients wait in the queue meanwhile." },
	{ .name = { "trigger_limit_burst", [UNIT] = "Socket.TriggerLimitBurst" },
	  FIELD(GATE, trigger_limit_burst, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "unlimited", .argument = "number", .least = 1,
	  .most = UNLIMITED,
	  .help = "How many connections, with accept = no how many starts, there may be in trigger_limit_interval. "
		  "When there are more the service rests for trigger_limit_pause, while clients wait in the queue. A "
		  "number, or unlimited." },
	{ .name = { "trigger_limit_interval", [UNIT] = "Socket.TriggerLimitIntervalSec" },
	  FIELD(GATE, trigger_limit_interval, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "2s", .argument = "duration", .least = 1,
	  .most = SECONDS(86400),
	  .help = "The time in which trigger_limit_burst counts." },
	{ .name = { "trigger_limit_pause" }, FIELD(GATE, trigger_limit_pause, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "10s", .argument = "duration", .least = 1,
	  .most = SECONDS(86400),
	  .help = "How long a service rests that has reached trigger_limit_burst." },
	{ .name = { "per_source_cpm" }, FIELD(GATE, per_source_cpm, count),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "unlimited", .argument = "number", .least = 1,
	  .most = UNLIMITED,
	  .help = "With accept = yes, how many connections a minute are taken from one client address; more are "
		  "refused. Of datagrams, with accept = no, how many starts a minute there are for one sender. A "
		  "number, or unlimited." },
	{ .name = { "libwrap", "libwrap" }, FIELD(GATE, libwrap, text),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "daemon",
	  .help = "The daemon's name under which hosts.allow and hosts.deny are asked whether a client may come. "
		  "Unset: they are not asked." },
	{ .name = { "banner", "banner" }, FIELD(GATE, banner, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "file",
	  .help = "A file that every client is sent before anything else, at most 16 kB of it." },
	{ .name = { "banner_success", "banner_success" }, FIELD(GATE, banner_success, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "file",
	  .help = "A file that a client is sent once it is let in, at most 16 kB of it." },
	{ .name = { "banner_fail", "banner_fail" }, FIELD(GATE, banner_fail, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "file",
	  .help = "A file that a client is sent before it is turned away, at most 16 kB of it." },
	{ .name = { "deny_time", "deny_time" }, FIELD(GATE, deny_time, duration), .translated = FROM(XINETD),
	  .unset = &no_number, .flags = 0, .change = CHANGE_LIVE, .argument = "duration", .most = UNLIMITED,
	  .help = "Makes the service a sensor: it runs nothing, and an address that connects to it is kept out of all "
		  "services for this long, but for connections that a backend with accept = no takes itself. infinity "
		  "is for ever, 0 only logs. Who sends it a datagram is only logged: the sender may be forged." },
	{ .name = { "id_only" }, FIELD(GATE, id_only, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "no", .argument = "yes | no",
	  .help = "Takes only clients whose machine's ident server (RFC 1413) names a user." },
	{ .name = { "intercept" }, FIELD(GATE, intercept, bool),
	  .flags = IN_DEFAULTS, .change = CHANGE_SOCKET, .fallback = "no", .argument = "yes | no",
	  .help = "With accept = no on UDP, has the kernel look at every packet whether only_from and no_access let it "
		  "in, and not log what is refused. Without it superd looks at the senders while no instance runs, and "
		  "logs; the kernel while one does. For TCP it is always the kernel." },

	/* Life */
	{ .name = { "timeout_start", [UNIT] = "Service.TimeoutStartSec" }, FIELD(LIFE, timeout_start, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "90s", .argument = "duration",
	  .help = "How long a backend with type = forking may take until it counts as started; then it is stopped, "
		  "and that is a failure. infinity waits for ever. Other types take no time, and a oneshot has "
		  "runtime_max." },
	{ .name = { "timeout_stop", [UNIT] = "Service.TimeoutStopSec", [LAUNCHD] = "ExitTimeOut" },
	  FIELD(LIFE, timeout_stop, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "10s", .argument = "duration",
	  .help = "How long a backend may take to end after kill_signal; then it is killed." },
	{ .name = { "kill_signal", [UNIT] = "Service.KillSignal" }, FIELD(LIFE, kill_signal, signal),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "TERM", .argument = "signal",
	  .help = "The signal that asks a backend to end, as in TERM, INT or QUIT." },
	{ .name = { "kill_mode", [UNIT] = "Service.KillMode" },
	  FIELD(LIFE, kill_mode, word), .translated = FROM(UNIT),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "group", .words = kill_mode_words,
	  .help = "Whom a stop reaches: group signals and kills all the backend started, mixed signals the "
		  "main process and kills all, process reaches the main process only; none sends no signal, and "
		  "what has not ended by timeout_stop runs on, unless superd itself ends." },
	{ .name = { "pid_file", [UNIT] = "Service.PIDFile" }, FIELD(LIFE, pid_file, path),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .argument = "path",
	  .help = "With type = forking, the file in which the daemon writes the number of its main process." },
	{ .name = { "runtime_max", [UNIT] = "Service.RuntimeMaxSec" }, FIELD(LIFE, runtime_max, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_NEXT, .fallback = "infinity", .argument = "duration",
	  .least = 1,
	  .most = UNLIMITED,
	  .help = "The longest a backend may run before it is stopped." },
	{ .name = { "backoff_min", [UNIT] = "Service.RestartSec", [LAUNCHD] = "ThrottleInterval" },
	  FIELD(LIFE, backoff_min, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "100ms", .argument = "duration", .least = 1,
	  .most = SECONDS(86400),
	  .help = "The pause after a first failure. It doubles with each further failure up to backoff_max, "
		  "while clients wait in the queue; a healthy run resets it." },
	{ .name = { "backoff_max", [UNIT] = "Service.RestartMaxDelaySec" }, FIELD(LIFE, backoff_max, duration),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "30s", .argument = "duration", .least = 1,
	  .most = SECONDS(86400),
	  .help = "The longest pause between two starts of a backend that keeps failing." },
	{ .name = { "on_failure" }, FIELD(LIFE, on_failure, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "retry", .words = on_failure_words,
	  .help = "What a backend's failure means: retry starts it again after a pause, exit ends superd, so "
		  "that whatever watches over superd takes notice. With accept = yes only a start that does not "
		  "succeed is a failure." },
	{ .name = { "on_remove" }, FIELD(LIFE, on_remove, word),
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .fallback = "finish", .words = on_remove_words,
	  .help = "What becomes of running instances when a reload takes the service out of the table: finish "
		  "lets them end by themselves, stop ends them." },
	NOT_YET(LIFE, "watchdog", NULL, "Service.WatchdogSec")
	  .help = "How often a backend must say WATCHDOG=1 to count as alive." },
	NOT_YET(LIFE, "notify_access", NULL, "Service.NotifyAccess")
	  .help = "Which processes of a service may send it notifications: none, main, exec or all." },
	NOT_YET(LIFE, "idle_timeout", NULL, NULL, "TimeOut")
	  .help = "Ends or freezes a backend to which nobody has been connected for this long." },
	NOT_YET(LIFE, "idle_action")
	  .help = "What happens to an idle backend: stop, freeze or report." },
	NOT_YET(LIFE, "probe_from")
	  .help = "Addresses of health checks, whose connections neither start a backend nor keep it awake." },

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
		  "redirect the bytes (TRAFFIC)." },
	{ .name = { "log_on_failure", "log_on_failure" }, FIELD(LOG, log_on_failure, flags),
	  .words = log_on_failure_words,
	  .flags = IN_DEFAULTS, .change = CHANGE_LIVE, .argument = "word",
	  .help = "Logs, in xinetd's words, that a client was turned away (FAIL) and why, with HOST, and who its ident "
		  "server says it is (USERID). Any of the words, ATTEMPT alone too, has the line written." },

	/* Hardening */
	NOT_YET(HARDENING, "private_tmp", NULL, "Service.PrivateTmp")
	  .help = "Gives the backend a /tmp and /var/tmp of its own." },
	NOT_YET(HARDENING, "private_devices", NULL, "Service.PrivateDevices")
	  .help = "Leaves the backend only the harmless devices of /dev." },
	NOT_YET(HARDENING, "private_ipc", NULL, "Service.PrivateIPC")
	  .help = "Gives the backend System V and POSIX message queues of its own." },
	NOT_YET(HARDENING, "private_mounts", NULL, "Service.PrivateMounts")
	  .help = "Keeps mounts the backend makes from everybody else." },
	NOT_YET(HARDENING, "private_network", NULL, "Service.PrivateNetwork")
	  .help = "Leaves the backend no network but the sockets it is given." },
	NOT_YET(HARDENING, "private_users", NULL, "Service.PrivateUsers")
	  .help = "Runs the backend in a user namespace of its own." },
	NOT_YET(HARDENING, "protect_system", NULL, "Service.ProtectSystem")
	  .help = "Makes the system's folders read-only for the backend." },
	NOT_YET(HARDENING, "protect_home", NULL, "Service.ProtectHome")
	  .help = "Hides the users' homes from the backend, or makes them read-only." },
	NOT_YET(HARDENING, "protect_kernel_tunables", NULL, "Service.ProtectKernelTunables")
	  .help = "Makes the kernel's settings in /proc and /sys read-only for the backend." },
	NOT_YET(HARDENING, "protect_kernel_modules", NULL, "Service.ProtectKernelModules")
	  .help = "Keeps the backend from loading kernel modules." },
	NOT_YET(HARDENING, "protect_kernel_logs", NULL, "Service.ProtectKernelLogs")
	  .help = "Keeps the backend from the kernel's log." },
	NOT_YET(HARDENING, "protect_control_groups", NULL, "Service.ProtectControlGroups")
	  .help = "Makes the control groups read-only for the backend." },
	NOT_YET(HARDENING, "protect_clock", NULL, "Service.ProtectClock")
	  .help = "Keeps the backend from setting the clock." },
	NOT_YET(HARDENING, "protect_hostname", NULL, "Service.ProtectHostname")
	  .help = "Keeps the backend from changing the machine's name." },
	NOT_YET(HARDENING, "protect_proc", NULL, "Service.ProtectProc")
	  .help = "How much of other users' processes the backend sees in /proc." },
	NOT_YET(HARDENING, "proc_subset", NULL, "Service.ProcSubset")
	  .help = "Whether the backend sees all of /proc or its processes alone." },
	NOT_YET(HARDENING, "read_only_paths", NULL, "Service.ReadOnlyPaths")
	  .help = "Paths that the backend may not write." },
	NOT_YET(HARDENING, "read_write_paths", NULL, "Service.ReadWritePaths")
	  .help = "Paths that stay writable below read-only ones." },
	NOT_YET(HARDENING, "inaccessible_paths", NULL, "Service.InaccessiblePaths")
	  .help = "Paths that the backend cannot see into." },
	NOT_YET(HARDENING, "exec_paths", NULL, "Service.ExecPaths")
	  .help = "Paths below which the backend may run programs." },
	NOT_YET(HARDENING, "no_exec_paths", NULL, "Service.NoExecPaths")
	  .help = "Paths below which the backend may not run programs." },
	NOT_YET(HARDENING, "bind_paths", NULL, "Service.BindPaths")
	  .help = "Paths that the backend sees at another place." },
	NOT_YET(HARDENING, "bind_read_only_paths", NULL, "Service.BindReadOnlyPaths")
	  .help = "Paths that the backend sees at another place, read-only." },
	NOT_YET(HARDENING, "temporary_file_system", NULL, "Service.TemporaryFileSystem")
	  .help = "Paths over which the backend has an empty file system in memory." },
	NOT_YET(HARDENING, "system_call_filter", NULL, "Service.SystemCallFilter")
	  .help = "The system calls the backend may make, or with ~ may not." },
	NOT_YET(HARDENING, "system_call_architectures", NULL, "Service.SystemCallArchitectures")
	  .help = "The processor architectures whose system calls the backend may make." },
	NOT_YET(HARDENING, "system_call_error_number", NULL, "Service.SystemCallErrorNumber")
	  .help = "The error a filtered system call gives in place of ending the process." },
	NOT_YET(HARDENING, "restrict_address_families", NULL, "Service.RestrictAddressFamilies")
	  .help = "The kinds of sockets the backend may open, or with ~ may not." },
	NOT_YET(HARDENING, "restrict_namespaces", NULL, "Service.RestrictNamespaces")
	  .help = "The kinds of namespaces the backend may enter or make." },
	NOT_YET(HARDENING, "restrict_realtime", NULL, "Service.RestrictRealtime")
	  .help = "Keeps the backend from real-time scheduling." },
	NOT_YET(HARDENING, "restrict_suid_sgid", NULL, "Service.RestrictSUIDSGID")
	  .help = "Keeps the backend from making set-user-id and set-group-id files." },
	NOT_YET(HARDENING, "memory_deny_write_execute", NULL, "Service.MemoryDenyWriteExecute")
	  .help = "Keeps the backend from memory that is both writable and executable." },
	NOT_YET(HARDENING, "lock_personality", NULL, "Service.LockPersonality")
	  .help = "Keeps the backend from changing its kernel execution domain." },
	NOT_YET(HARDENING, "keyring_mode", NULL, "Service.KeyringMode")
	  .help = "Which kernel keyring the backend has." },
	NOT_YET(HARDENING, "secure_bits", NULL, "Service.SecureBits")
	  .help = "The secure bits of the backend, as in capabilities(7)." },
	NOT_YET(HARDENING, "ip_address_allow", NULL, NULL)
	  .help = "The addresses the backend may exchange packets with." },
	NOT_YET(HARDENING, "ip_address_deny", NULL, NULL)
	  .help = "The addresses the backend may not exchange packets with." },
	NOT_YET(HARDENING, "dynamic_user", NULL, "Service.DynamicUser")
	  .help = "Runs the backend as a user made for the time it runs." },
	NOT_YET(HARDENING, "apparmor_profile", NULL, "Service.AppArmorProfile")
	  .help = "The AppArmor profile the backend runs under." },
	NOT_YET(HARDENING, "selinux_context", NULL, "Service.SELinuxContext")
	  .help = "The SELinux context the backend runs in." },

	/* Resources */
	NOT_YET(RESOURCES, "memory_max", NULL, "Service.MemoryMax")
	  .help = "How much memory all of the backend's processes may use together; beyond it they are "
		  "killed." },
	NOT_YET(RESOURCES, "memory_high", NULL, "Service.MemoryHigh")
	  .help = "How much memory they may use before they are slowed down." },
	NOT_YET(RESOURCES, "memory_low", NULL, "Service.MemoryLow")
	  .help = "How much of their memory is taken away only when there is no other way." },
	NOT_YET(RESOURCES, "memory_min", NULL, "Service.MemoryMin")
	  .help = "How much of their memory is never taken away." },
	NOT_YET(RESOURCES, "memory_swap_max", NULL, "Service.MemorySwapMax")
	  .help = "How much swap they may use." },
	NOT_YET(RESOURCES, "tasks_max", NULL, "Service.TasksMax")
	  .help = "How many processes and threads the backend may have." },
	NOT_YET(RESOURCES, "cpu_quota", NULL, "Service.CPUQuota")
	  .help = "How much of a processor the backend may use, in per cent." },
	NOT_YET(RESOURCES, "cpu_weight", NULL, "Service.CPUWeight")
	  .help = "The backend's share of the processors when they are busy." },
	NOT_YET(RESOURCES, "io_weight", NULL, "Service.IOWeight")
	  .help = "The backend's share of the disks when they are busy." },
	NOT_YET(RESOURCES, "io_read_bandwidth_max", NULL, "Service.IOReadBandwidthMax")
	  .help = "How many bytes a second the backend may read from a device." },
	NOT_YET(RESOURCES, "io_write_bandwidth_max", NULL, "Service.IOWriteBandwidthMax")
	  .help = "How many bytes a second the backend may write to a device." },
	NOT_YET(RESOURCES, "device_allow", NULL, "Service.DeviceAllow")
	  .help = "The devices the backend may open." },
	NOT_YET(RESOURCES, "device_policy", NULL, "Service.DevicePolicy")
	  .help = "Which devices the backend may open besides those of device_allow." },
};

const size_t directive_count = sizeof(directives) / sizeof(directives[0]);
_Static_assert(sizeof(directives) / sizeof(directives[0]) <= UINT16_MAX, "struct mark holds an index of 16 bits");
