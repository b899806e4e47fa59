/* What the openers of all kinds do with a socket: make it, set its options, filter and queue.
 *
 * The options are a table (socket(7), ip(7), ipv6(7), tcp(7)). On Linux an accepted connection inherits nearly all of
 * them (measured on 6.18: SO_PRIORITY starts at 0 again, and a unix socket's buffers at their default). */
#include "os/socket/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "lib/scan.h"
#include "lib/units.h"
#include "os/host/bpf.h"
#include "os/netdiag/netdiag.h"
#include "os/socket/socket.h"

/* The calls that the openers of all kinds share. */

int socket_int(int fd, int level, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	return getsockopt(fd, level, option, &value, &length) == 0 ? value : -1;
}

int bind_fail(struct buf *why, const char *step, const char *detail, ...)
{
	int saved = errno;
	char text[512];
	va_list arguments;

	buf_addf(why, "%s: %s", step, strerror(saved));
	if (detail) {
		va_start(arguments, detail);
		vsnprintf(text, sizeof(text), detail, arguments);
		va_end(arguments);
		buf_addf(why, " (%s)", text);
	}
	errno = saved;
	return -1;
}

int bind_socket(const struct listen *listen, int domain, struct buf *why)
{
	struct socket_form form;
	int fd;

	if (!socket_form(listen->address, &form)) {
		errno = EPROTONOSUPPORT;
		return bind_fail(why, "opening a socket", NULL);
	}
	fd = socket(domain, form.type | SOCK_CLOEXEC | SOCK_NONBLOCK, form.protocol);
	if (fd >= 0)
		return fd;
	if (listen->address->kind == ENDPOINT_SCTP && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
		return bind_fail(why, "opening a socket", "this kernel has no SCTP");
	if (listen->address->kind == ENDPOINT_VSOCK && errno == EAFNOSUPPORT)
		return bind_fail(why, "opening a socket", "this kernel has no vsock");
	if (listen->address->kind == ENDPOINT_RAW && errno == EPERM)
		return bind_fail(why, "opening a socket", "raw sockets need root or CAP_NET_RAW");
	return bind_fail(why, "opening a socket", NULL);
}

int bind_filter(int fd, const struct sock_fprog *filter, struct buf *why)
{
	if (!filter || socket_filter_attach(fd, filter) == 0)
		return 0;
	if (socket_filter_is_locked(fd))
		return bind_fail(why, "only_from and no_access", "its filter is locked (SO_LOCK_FILTER)");
	if (errno == EPERM)
		return bind_fail(why, "only_from and no_access", "on this kernel only root can set a filter on a "
								 "socket; accept = yes needs no filter");
	return bind_fail(why, "only_from and no_access", errno == ENOMEM ? "net.core.optmem_max allows no filter "
			 "of so many networks" : NULL);
}

int bind_queue_open(int fd, const struct listen *wanted, struct buf *why)
{
	int64_t backlog = wanted->options->backlog;

	backlog = backlog > INT_MAX ? INT_MAX : backlog < 0 ? 0 : backlog;
	if (!endpoint_accepts(wanted->address) || listen(fd, (int)backlog) == 0)
		return 0;
	return bind_fail(why, "listening", errno == EADDRINUSE ? "another socket listens there" : NULL);
}

/* receive_buffer and send_buffer: socket(7), SO_RCVBUF and SO_SNDBUF. A size that was set also locks the buffer: TCP no
 * longer tunes it, and connections inherit the lock from their listener. */

enum socket_buffer { BUFFER_RECEIVE, BUFFER_SEND };

static const struct {
	const char *name, *limit;
	int option, force;
} buffers[] = {
	[BUFFER_RECEIVE] = { "receive_buffer", "rmem_max", SO_RCVBUF, SO_RCVBUFFORCE },
	[BUFFER_SEND] = { "send_buffer", "wmem_max", SO_SNDBUF, SO_SNDBUFFORCE },
};

/* SO_RCVBUFFORCE exceeds net.core.[rw]mem_max, which needs CAP_NET_ADMIN. Without it the kernel silently cuts the size,
 * so it is read back. The kernel doubles a requested size for its own bookkeeping. */
static void socket_buffer_set(int fd, enum socket_buffer buffer, int64_t bytes, struct buf *warnings)
{
	int wanted = bytes < INT_MAX / 2 ? (int)bytes : INT_MAX / 2, got = 0;
	char allowed[SIZE_TEXT_MOST], all[SIZE_TEXT_MOST];
	const char *name = buffers[buffer].name;
	socklen_t length = sizeof(got);

	if (bytes <= 0 || !setsockopt(fd, SOL_SOCKET, buffers[buffer].force, &wanted, sizeof(wanted)))
		return;
	if (setsockopt(fd, SOL_SOCKET, buffers[buffer].option, &wanted, sizeof(wanted)) < 0) {
		if (warnings)
			buf_addf(warnings, "%s: %s\n", name, strerror(errno));
		return;
	}
	if (warnings && !getsockopt(fd, SOL_SOCKET, buffers[buffer].option, &got, &length) && got / 2 < wanted)
		buf_addf(warnings, "%s: the kernel allows %s of %s; net.core.%s raises the limit\n", name,
			 size_write(allowed, got / 2.), size_write(all, wanted), buffers[buffer].limit);
}

/* Joins and leaves multicast groups (ip(7), ipv6(7)).
 *
 * A group's interface may not exist yet; without a named interface the kernel needs a route to choose one. In both
 * cases the socket still receives what is sent to it directly, so a failure is a warning. */

/* Joins or leaves a group. A dual-stack socket can join groups of both families. 0, or -1 and errno. */
static int change_group(int fd, const char *text, bool join)
{
	size_t length = strcspn(text, "%");
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	bool is_ipv4 = scan_address(text, length, &six.sin6_addr) == AF_INET;
	struct group_req request = { 0 };

	if (text[length] && !(request.gr_interface = if_nametoindex(text + length + 1)))
		return -1;
	memcpy(&four.sin_addr, &six.sin6_addr.s6_addr[12], sizeof(four.sin_addr));
	if (is_ipv4)
		memcpy(&request.gr_group, &four, sizeof(four));
	else
		memcpy(&request.gr_group, &six, sizeof(six));
	return setsockopt(fd, is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6, join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP,
			  &request, sizeof(request));
}

/* A socket that superd was given may be in the group already; one whose interface is gone may not be in it any more. */
static void change_membership(int fd, const char *group, bool join, struct buf *warnings)
{
	if (change_group(fd, group, join) == 0 || errno == (join ? EADDRINUSE : EADDRNOTAVAIL))
		return;
	buf_addf(warnings, "multicast_group: %s: cannot %s: %s\n", group, join ? "join it" : "leave it",
		 strerror(errno));
}

static words groups_of(const struct listen *listen)
{
	return listen && listen->address->kind == ENDPOINT_UDP ? listen->options->multicast_group : NULL;
}

/* Joins the groups that only `after` has, and leaves the groups that only `before` has; either may be NULL. Adds
 * failures to warnings, one a line. */
static void socket_multicast_change(int fd, const struct listen *before, const struct listen *after,
				    struct buf *warnings)
{
	words old = groups_of(before), new = groups_of(after);

	for (words group = old; group && *group; group++) {
		if (!words_have(new, *group))
			change_membership(fd, *group, false, warnings);
	}
	for (words group = new; group &&*group; group++) {
		if (!words_have(old, *group))
			change_membership(fd, *group, true, warnings);
	}
}

#define SCTP_NODELAY_OPTION 3           /* SCTP_NODELAY; <linux/sctp.h> and <netinet/in.h> exclude each other */

enum unit {
	SWITCH,                         /* bool: set if true */
	POSITIVE,                       /* int64_t: set if above 0 */
	SIGNED,                         /* int64_t: set if not negative */
	SECONDS,                        /* int64_t microseconds: set if above 0, rounded up to seconds */
};

enum { V4 = 1, V6 = 2, OTHER = 4, ANY = V4 | V6 | OTHER };

/* `unset` of an option whose default no value stands for. */
#define KERNEL_DEFAULT INT_MIN

/* One option: where its value is, which sockets it is for, and how the kernel names it. */
struct option_setter {
	const char *name;               /* of the option */
	size_t offset;                  /* of the value in struct socket_options */
	enum unit unit;
	unsigned kinds;                 /* bits KIND(x) of enum endpoint_kind */
	unsigned families;              /* V4, V6, OTHER */
	int level, option;              /* as for setsockopt(2) */
	int unset;                      /* value that restores the kernel's default; KERNEL_DEFAULT: there is none */
};

#define FIELD(field) #field, offsetof(struct socket_options, field)

static const struct option_setter settings[] = {
	{ FIELD(free_bind), SWITCH, KINDS_INET, ANY, IPPROTO_IP, IP_FREEBIND, 0 },
	{ FIELD(transparent), SWITCH, KINDS_INET, ANY, IPPROTO_IP, IP_TRANSPARENT, 0 },
	{ FIELD(keep_alive), SWITCH, KIND(TCP) | KIND(SCTP), ANY, SOL_SOCKET, SO_KEEPALIVE, 0 },
	{ FIELD(keep_alive_time), SECONDS, KIND(TCP), ANY, IPPROTO_TCP, TCP_KEEPIDLE, KERNEL_DEFAULT },
	{ FIELD(keep_alive_interval), SECONDS, KIND(TCP), ANY, IPPROTO_TCP, TCP_KEEPINTVL, KERNEL_DEFAULT },
	{ FIELD(keep_alive_probes), POSITIVE, KIND(TCP), ANY, IPPROTO_TCP, TCP_KEEPCNT, KERNEL_DEFAULT },
	{ FIELD(no_delay), SWITCH, KIND(TCP), ANY, IPPROTO_TCP, TCP_NODELAY, 0 },
	{ FIELD(no_delay), SWITCH, KIND(SCTP), ANY, IPPROTO_SCTP, SCTP_NODELAY_OPTION, 0 },
	{ FIELD(defer_accept), SECONDS, KIND(TCP), ANY, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0 },
	{ FIELD(priority), SIGNED, UINT_MAX, ANY, SOL_SOCKET, SO_PRIORITY, 0 },
	{ FIELD(broadcast), SWITCH, KIND(UDP), ANY, SOL_SOCKET, SO_BROADCAST, 0 },
	{ FIELD(pass_credentials), SWITCH, KINDS_UNIX | KIND(NETLINK), ANY, SOL_SOCKET, SO_PASSCRED, 0 },
	{ FIELD(pass_packet_info), SWITCH, KIND(UDP), V4 | V6, IPPROTO_IP, IP_PKTINFO, 0 },
	{ FIELD(pass_packet_info), SWITCH, KIND(UDP), V6, IPPROTO_IPV6, IPV6_RECVPKTINFO, 0 },
	{ FIELD(pass_packet_info), SWITCH, KIND(NETLINK), ANY, SOL_NETLINK, NETLINK_PKTINFO, 0 },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static unsigned family_bit(int domain)
{
	return domain == AF_INET ? V4 : domain == AF_INET6 ? V6 : OTHER;
}

static bool setting_applies(const struct option_setter *setting, int domain, const struct listen *listen)
{
	return setting->kinds >> listen->address->kind & 1 && setting->families & family_bit(domain);
}

static int at_most_int(int64_t value)
{
	return value > INT_MAX ? INT_MAX : (int)value;
}

/* Whether the option is configured, and the value for the kernel. */
static bool setting_value(const struct option_setter *setting, const struct socket_options *options, int *value)
{
	const void *field = (const char *)options + setting->offset;
	int64_t number;

	if (setting->unit == SWITCH) {
		*value = *(const bool *)field;
		return *value;
	}
	number = *(const int64_t *)field;
	switch (setting->unit) {
	case SECONDS:
		*value = at_most_int(number / 1000000 + (number % 1000000 > 0));
		return number > 0;
	case POSITIVE:
		*value = at_most_int(number);
		return number > 0;
	default:
		*value = at_most_int(number);
		return number >= 0;
	}
}

static void setting_set(int fd, const struct option_setter *setting, int value, struct buf *warnings)
{
	if (setsockopt(fd, setting->level, setting->option, &value, sizeof(value)) < 0 && warnings)
		buf_addf(warnings, "%s: %s\n", setting->name, strerror(errno));
}

/* A wildcard without a family serves both IP versions, whatever net.ipv6.bindv6only says. One for IPv6 leaves the IPv4
 * port free. bind(2) takes an IPv4 address in the form of IPv6 only where both are served. */
bool bind_wants_v6only(const struct listen *listen)
{
	struct in6_addr address;

	if (listen->address->address && inet_pton(AF_INET6, listen->address->address, &address) == 1 &&
	    IN6_IS_ADDR_V4MAPPED(&address))
		return false;
	if (listen->options->ipv6_only != IPV6_ONLY_DEFAULT)
		return listen->options->ipv6_only == IPV6_ONLY_YES;
	return listen->address->family == FAMILY_IPV6 && !listen->address->address;
}

static int device_set(int fd, const char *device, struct buf *why)
{
	if (!device || !setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1))
		return 0;
	if (errno == ENODEV)
		return bind_fail(why, "bind_to_device", "there is no interface %s here now", device);
	return bind_fail(why, "bind_to_device", "%s", device);
}

static const char *device_of(const struct listen *listen)
{
	return listen->options->bind_to_device ? listen->options->bind_to_device : listen->endpoint->interface;
}

/* Binds the socket to its interface. %IFACE of a link-local address is part of the address, and bind(2) does it. */
static int set_device(int fd, const struct listen *listen, struct buf *why)
{
	if (device_set(fd, listen->options->bind_to_device, why) < 0)
		return -1;
	if (listen->options->bind_to_device || socket_address_is_scoped(listen->address))
		return 0;
	return device_set(fd, listen->endpoint->interface, why);
}

static int set_required(int fd, int level, int option, int value, const char *name, struct buf *why)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)) < 0)
		return bind_fail(why, name, NULL);
	return 0;
}

static bool is_inet(int domain)
{
	return domain == AF_INET || domain == AF_INET6;
}

static int reuse_set(int fd, const struct listen *listen, struct buf *why)
{
	/* Not for UDP: there a second socket could take the port, and receive all its datagrams. */
	if (listen->address->kind != ENDPOINT_UDP &&
	    set_required(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR", why) < 0)
		return -1;
	return listen->options->reuse_port ? set_required(fd, SOL_SOCKET, SO_REUSEPORT, 1, "reuse_port", why) : 0;
}

static int inet_set(int fd, int domain, const struct listen *listen, struct buf *why)
{
	if (reuse_set(fd, listen, why) < 0)
		return -1;
	/* A raw socket has one family anyway, and refuses the option once it has its protocol. */
	if (domain == AF_INET6 && listen->address->kind != ENDPOINT_RAW &&
	    set_required(fd, IPPROTO_IPV6, IPV6_V6ONLY, bind_wants_v6only(listen), "ipv6_only", why) < 0)
		return -1;
	return set_device(fd, listen, why);
}

static void warn_of_old(const char *name, struct buf *warnings)
{
	buf_addf(warnings, "%s: stays as it was until the socket is opened again\n", name);
}

static void setting_change(int fd, const struct option_setter *setting, const struct listen *before,
			   const struct listen *after, struct buf *warnings)
{
	int old = 0, value = 0;
	bool was = before && setting_value(setting, before->options, &old);
	bool is = setting_value(setting, after->options, &value);

	if (is && (!was || old != value))
		setting_set(fd, setting, value, warnings);
	else if (was && !is && setting->unset == KERNEL_DEFAULT)
		warn_of_old(setting->name, warnings);
	else if (was && !is)
		setting_set(fd, setting, setting->unset, warnings);
}

static void buffer_change(int fd, enum socket_buffer buffer, int64_t before, int64_t after, struct buf *warnings)
{
	if (after > 0 && before != after)
		socket_buffer_set(fd, buffer, after, warnings);
	else if (before > 0 && after <= 0)
		warn_of_old(buffers[buffer].name, warnings);
}

/* before NULL: a socket that has none of them yet. */
static void settings_change(int fd, int domain, const struct listen *before, const struct listen *after,
			    struct buf *warnings)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		if (setting_applies(&settings[i], domain, after))
			setting_change(fd, &settings[i], before, after, warnings);
	}
	buffer_change(fd, BUFFER_RECEIVE, before ? before->options->receive_buffer : -1, after->options->receive_buffer,
		      warnings);
	buffer_change(fd, BUFFER_SEND, before ? before->options->send_buffer : -1, after->options->send_buffer,
		      warnings);
	socket_multicast_change(fd, before, after, warnings);
}

int socket_options_set(int fd, int domain, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	if (is_inet(domain) && inet_set(fd, domain, listen, why) < 0)
		return -1;
	settings_change(fd, domain, NULL, listen, warnings);
	return 0;
}

void socket_options_adopt(int fd, int domain, const struct listen *listen, struct buf *warnings)
{
	struct buf why = { 0 };

	if (is_inet(domain) && reuse_set(fd, listen, &why) < 0)
		buf_addf(warnings, "%s\n", buf_string(&why));
	buf_free(&why);
	settings_change(fd, domain, NULL, listen, warnings);
}

/* If a binding to an interface fails, the socket would be open to more clients than the table says, which is an error.
 * If the removal of one fails, it is open to fewer, which is a warning. */
static int device_change(int fd, const struct listen *before, const struct listen *after, struct buf *why,
			 struct buf *warnings)
{
	const char *old = device_of(before), *device = device_of(after);
	struct buf stays = { 0 };

	if (old && device ? !strcmp(old, device) : old == device)
		return 0;
	if (device)
		return device_set(fd, device, why);
	if (device_set(fd, "", &stays) < 0)
		buf_addf(warnings, "%s\n", buf_string(&stays));
	buf_free(&stays);
	return 0;
}

int socket_options_change(int fd, int domain, const struct listen *before, const struct listen *after, struct buf *why,
			  struct buf *warnings)
{
	if (is_inet(domain) && device_change(fd, before, after, why, warnings) < 0)
		return -1;
	settings_change(fd, domain, before, after, warnings);
	return 0;
}

/* Failures are not reported: they were when the listener was bound, and a client must not fill the log. */
void socket_options_accepted(int fd, const struct listen *listen)
{
	const struct socket_options *options = listen->options;
	int priority = at_most_int(options->priority);

	if (KINDS_UNIX >> listen->address->kind & 1) {
		socket_buffer_set(fd, BUFFER_RECEIVE, options->receive_buffer, NULL);
		socket_buffer_set(fd, BUFFER_SEND, options->send_buffer, NULL);
	}
	if (priority >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
}
