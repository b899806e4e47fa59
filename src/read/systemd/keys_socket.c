/* The keys of [Socket], from systemd.socket(5).
 *
 * Some keys mean the service's commands in [Service] and the socket's commands in [Socket]. This table has entries for
 * them with the second meaning. */
#include "read/systemd/keys.h"

static const struct key_word ipv6_only[] = { { "default", NULL }, { "ipv6-only", "yes" }, { "both", "no" }, { 0 } };
static const struct key_word timestamps[] = {
	{ "off", "off" }, { "us", "us" }, { "usec", "us" }, { "\xc2\xb5s", "us" }, { "ns", "ns" },
	{ "nsec", "ns" }, { 0 }
};

static const struct key_row keys[] = {
	{ "Accept", KEY_DONE, .reason = "yes needs a template of the service", APART },
	{ "AcceptFileDescriptors", KEY_REFUSED, .reason = "superd cannot keep clients from passing descriptors",
	  .idle = "yes" },
	{ "Backlog", KEY_DONE, .reason = "the default is the kernel's maximum", APART },
	{ "BindIPv6Only", KEY_DONE, .reason = "default, both, ipv6-only, or yes and no", .words = ipv6_only,
	  .takes_bool = true, .wrong = "expected default, both or ipv6-only" },
	{ "BindNetworkInterface RestrictNetworkInterfaces", KEY_REFUSED, .reason = "use BindToDevice" },
	{ "BindToDevice Broadcast DeferAcceptSec DirectoryMode FreeBind IPTOS IPTTL KeepAlive "
	  "KeepAliveIntervalSec KeepAliveProbes KeepAliveTimeSec Mark NoDelay PassCredentials "
	  "PassPacketInfo PassSecurity Priority ReceiveBuffer RemoveOnStop ReusePort SendBuffer SocketGroup "
	  "SocketMode SocketUser Symlinks Transparent Writable", KEY_DONE, .option = NULL },
	{ "DeferTrigger DeferTriggerMaxSec", KEY_HARMLESS, .reason = "starting a service stops no other service" },
	{ "ExecStartPost ExecStartPre ExecStopPost ExecStopPre", KEY_DONE, .form = FORM_COMMANDS },
	{ "FileDescriptorName", KEY_DONE, .option = "socket",
	  .reason = "the name of the socket { }; with Accept=yes it is connection", APART },
	{ "FlushPending", KEY_WARNED, .reason = "clients that wait start the next instance", .idle = "no" },
	{ "IPAddressAllow", KEY_DONE, .form = FORM_NETWORKS, .option = "only_from",
	  .reason = "the clients of this socket" },
	{ "IPAddressDeny", KEY_DONE, .form = FORM_NETWORKS, .option = "no_access",
	  .reason = "the clients of this socket", .denies = true },
	{ "ListenDatagram ListenFIFO ListenMessageQueue ListenNetlink ListenSequentialPacket ListenSpecial "
	  "ListenStream", KEY_DONE, .option = "listen", .form = FORM_ADDRESS },
	{ "ListenUSBFunction", KEY_REFUSED, .reason = "superd creates no USB gadgets" },
	{ "MaxConnections", KEY_DONE, .option = "instances",
	  .reason = "with Accept=yes, default 64; superd closes connections above it", APART },
	{ "MaxConnectionsPerSource", KEY_DONE, .option = "per_source", .reason = "with Accept=yes; 0 means no limit",
	  APART },
	{ "MessageQueueMaxMessages MessageQueueMessageSize", KEY_DONE, .reason = "not for an existing queue" },
	{ "NFTSet", KEY_WARNED, .reason = "superd fills no nftables sets" },
	{ "NetworkNamespacePath", KEY_REFUSED, .reason = "superd opens its sockets in its own network" },
	{ "PassFileDescriptorsToExec", KEY_WARNED, .reason = "socket commands receive no descriptors" },
	{ "PassPIDFD", KEY_WARNED, .reason = "use PassCredentials" },
	{ "PipeSize", KEY_WARNED, .reason = "the fifo has the kernel's size" },
	{ "PollLimitBurst TriggerLimitBurst", KEY_DONE, .option = "trigger_limit_burst",
	  .reason = "if set; at the limit the socket rests", APART },
	{ "PollLimitIntervalSec TriggerLimitIntervalSec", KEY_DONE, .option = "trigger_limit_interval",
	  .reason = "if set", APART },
	{ "PrivateNetwork", KEY_REFUSED, .reason = "a socket in a private network could have no clients" },
	{ "SELinuxContextFromNet", KEY_REFUSED, .reason = "all connections of a service run in one context" },
	{ "Service", KEY_DONE, .reason = "the service that receives the socket", APART },
	{ "SmackLabel SmackLabelIPIn SmackLabelIPOut", KEY_WARNED, .reason = "superd sets no Smack labels" },
	{ "SocketProtocol", KEY_DONE, .reason = "sctp; superd has no other protocols", .option = "listen", APART },
	{ "TCPCongestion", KEY_WARNED, .reason = "use net.ipv4.tcp_congestion_control of sysctl(8)" },
	{ "TimeoutSec", KEY_DONE, .option = "socket_exec_options", .reason = "of the commands of the socket",
	  APART },
	{ "Timestamping", KEY_DONE, .reason = "off, us and ns, also as usec and nsec", .words = timestamps,
	  .wrong = "it is off, us or ns" },
	{ "XAttrAccept XAttrEntryPoint XAttrListen", KEY_WARNED,
	  .reason = "superd sets no extended attributes of sockets" },
};

const struct key_table unit_keys_socket = { UNIT, "Socket", "[Socket]", keys, sizeof(keys) / sizeof(*keys) };
