/* What the openers of all kinds do with a socket: make it, set its options, filter and queue.
 *
 * The options are a table (socket(7), ip(7), ipv6(7), tcp(7)). On Linux an accepted connection inherits nearly all of
 * them (measured on 6.18: SO_PRIORITY starts at 0 again, and a unix socket's buffers at their default). */
#include "os/socket/internal.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>

#include "os/socket/socket.h"

/* The calls that the openers of all kinds share. */

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
	enum endpoint_kind kind = listen->address->kind;
	const char *detail = NULL;
	struct socket_form form;
	int fd;

	errno = EPROTONOSUPPORT;
	fd = socket_form(listen->address, &form)
		? socket(domain, form.type | SOCK_CLOEXEC | SOCK_NONBLOCK, form.protocol) : -1;
	if (fd >= 0)
		return fd;
	if (kind == ENDPOINT_SCTP && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
		detail = "this kernel has no SCTP";
	else if (kind == ENDPOINT_VSOCK && errno == EAFNOSUPPORT)
		detail = "this kernel has no vsock";
	else if (kind == ENDPOINT_RAW && errno == EPERM)
		detail = "raw sockets need root or CAP_NET_RAW";
	return bind_fail(why, "opening a socket", detail ? "%s" : NULL, detail);
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

#define FIELD(field) #field, offsetof(struct socket_options, field)

/* receive_buffer and send_buffer: socket(7), SO_RCVBUF and SO_SNDBUF. A size that was set also locks the buffer: TCP no
 * longer tunes it, and connections inherit the lock from their listener. */
static const struct buffer {
	const char *name;
	size_t offset;                  /* of the size in struct socket_options */
	const char *limit;              /* of the kernel, in net.core */
	int option, force;
} buffers[] = {
	{ FIELD(receive_buffer), "rmem_max", SO_RCVBUF, SO_RCVBUFFORCE },
	{ FIELD(send_buffer), "wmem_max", SO_SNDBUF, SO_SNDBUFFORCE },
};

#define BUFFERS (sizeof(buffers) / sizeof(buffers[0]))

static int64_t number_at(const struct socket_options *options, size_t offset)
{
	return *(const int64_t *)(const void *)((const char *)options + offset);
}

/* SO_RCVBUFFORCE exceeds net.core.[rw]mem_max, which needs CAP_NET_ADMIN. Without it the kernel silently cuts the size,
 * so it is read back. The kernel doubles a requested size for its own bookkeeping. warnings NULL: none are wanted. */
static void socket_buffer_set(int fd, const struct buffer *buffer, int64_t bytes, struct buf *warnings)
{
	int wanted = bytes < INT_MAX / 2 ? (int)bytes : INT_MAX / 2, got;
	char allowed[SIZE_TEXT_MOST], all[SIZE_TEXT_MOST];

	if (bytes <= 0 || !setsockopt(fd, SOL_SOCKET, buffer->force, &wanted, sizeof(wanted)))
		return;
	if (setsockopt(fd, SOL_SOCKET, buffer->option, &wanted, sizeof(wanted)) < 0) {
		if (warnings)
			buf_addf(warnings, "%s: %s\n", buffer->name, strerror(errno));
		return;
	}
	got = warnings ? socket_int(fd, SOL_SOCKET, buffer->option) : -1;
	if (got >= 0 && got / 2 < wanted)
		buf_addf(warnings, "%s: the kernel allows %s of %s; net.core.%s raises the limit\n", buffer->name,
			 size_write(allowed, got / 2.), size_write(all, wanted), buffer->limit);
}

/* Joins or leaves a multicast group (ip(7), ipv6(7)). A dual-stack socket can join groups of both families.
 *
 * A group's interface may not exist yet; without a named interface the kernel needs a route to choose one. In both
 * cases the socket still receives what is sent to it directly, so a failure is a warning. A socket that superd was
 * given may be in the group already; one whose interface is gone may not be in it any more. */
static void change_membership(int fd, const char *group, bool join, struct buf *warnings)
{
	size_t length = strcspn(group, "%");
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	bool is_ipv4 = scan_address(group, length, &six.sin6_addr) == AF_INET;
	struct group_req request = { 0 };

	memcpy(&four.sin_addr, &six.sin6_addr.s6_addr[12], sizeof(four.sin_addr));
	if (is_ipv4)
		memcpy(&request.gr_group, &four, sizeof(four));
	else
		memcpy(&request.gr_group, &six, sizeof(six));
	if ((!group[length] || (request.gr_interface = if_nametoindex(group + length + 1))) &&
	    setsockopt(fd, is_ipv4 ? IPPROTO_IP : IPPROTO_IPV6, join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP, &request,
		       sizeof(request)) == 0)
		return;
	if (errno != (join ? EADDRINUSE : EADDRNOTAVAIL))
		buf_addf(warnings, "multicast_group: %s: cannot %s it: %s\n", group, join ? "join" : "leave",
			 strerror(errno));
}

#define SCTP_NODELAY_OPTION 3           /* SCTP_NODELAY; <linux/sctp.h> and <netinet/in.h> exclude each other */

enum unit {
	SWITCH,                         /* bool: set if true */
	POSITIVE,                       /* int64_t: set if above 0 */
	SIGNED,                         /* int64_t: set if not negative */
	SECONDS,                        /* int64_t microseconds: set if above 0, rounded up to seconds */
};

enum { V4 = 1, V6 = 2, OTHER = 4, ANY = V4 | V6 | OTHER };

/* `unset` of an option whose default no value stands for: it is what a socket that is opened now has (default_of). */
#define KERNEL_DEFAULT INT_MIN

/* One option: where its value is, which sockets it is for, and how the kernel names it. */
struct option_setter {
	const char *name;               /* of the option */
	size_t offset;                  /* of the value in struct socket_options */
	enum unit unit;
	unsigned kinds;                 /* bits KIND(x) of enum endpoint_kind */
	unsigned families;              /* V4, V6, OTHER */
	int level, option;              /* as for setsockopt(2) */
	int unset;                      /* value that restores the kernel's default */
};

static const struct option_setter settings[] = {
	/* A raw socket of IPv6 takes no option of IPPROTO_IP. */
	{ FIELD(free_bind), SWITCH, KINDS_INET, V4, IPPROTO_IP, IP_FREEBIND, 0 },
	{ FIELD(free_bind), SWITCH, KINDS_INET, V6, IPPROTO_IPV6, IPV6_FREEBIND, 0 },
	{ FIELD(transparent), SWITCH, KINDS_INET, V4, IPPROTO_IP, IP_TRANSPARENT, 0 },
	{ FIELD(transparent), SWITCH, KINDS_INET, V6, IPPROTO_IPV6, IPV6_TRANSPARENT, 0 },
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

/* Whether the option is configured, and the value for the kernel. */
static bool setting_value(const struct option_setter *setting, const struct socket_options *options, int *value)
{
	int64_t number = setting->unit == SWITCH ? *((const bool *)options + setting->offset)
						 : number_at(options, setting->offset);

	if (setting->unit == SECONDS)
		number = number / 1000000 + (number % 1000000 > 0);
	*value = number > INT_MAX ? INT_MAX : (int)number;
	return setting->unit == SIGNED ? number >= 0 : number > 0;
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

/* What the option has in a new socket of the same kind; -1 and errno. */
static int default_of(int fd, int level, int option)
{
	int other = socket(socket_int(fd, SOL_SOCKET, SO_DOMAIN), socket_int(fd, SOL_SOCKET, SO_TYPE) | SOCK_CLOEXEC,
			   socket_int(fd, SOL_SOCKET, SO_PROTOCOL));
	int value = other < 0 ? -1 : socket_int(other, level, option), saved = errno;

	fd_close(&other);
	errno = saved;
	return value;
}

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72 /* Linux 5.15, the same on most architectures */
#endif

/* The default as the kernel has it, which is twice what it is told, and no lock, which older kernels keep. */
static bool socket_buffer_unset(int fd, const struct buffer *buffer)
{
	int bytes = default_of(fd, SOL_SOCKET, buffer->option), none = 0;

	if (bytes < 0)
		return false;
	socket_buffer_set(fd, buffer, bytes / 2, NULL);
	return setsockopt(fd, SOL_SOCKET, SO_BUF_LOCK, &none, sizeof(none)) == 0 ||
	       socket_int(fd, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP;
}

/* before NULL: a socket that has none of them yet. */
static void settings_change(int fd, int domain, const struct listen *before, const struct listen *after,
			    struct buf *warnings)
{
	unsigned family = domain == AF_INET ? V4 : domain == AF_INET6 ? V6 : OTHER;
	words old = before ? before->options->multicast_group : NULL, new = after->options->multicast_group;

	for (size_t n = 0; n < SETTINGS; n++) {
		const struct option_setter *setting = &settings[n];
		int old_value = 0, value = 0;
		bool is, was;

		if (!(setting->kinds >> after->address->kind & 1 && setting->families & family))
			continue;
		is = setting_value(setting, after->options, &value);
		was = before && setting_value(setting, before->options, &old_value);
		if (is ? was && old_value == value : !was)
			continue;
		if (!is)
			value = setting->unset == KERNEL_DEFAULT ? default_of(fd, setting->level, setting->option)
								 : setting->unset;
		if (value < 0 || setsockopt(fd, setting->level, setting->option, &value, sizeof(value)) < 0)
			buf_addf(warnings, "%s: %s\n", setting->name, strerror(errno));
	}
	for (size_t n = 0; n < BUFFERS; n++) {
		int64_t was = before ? number_at(before->options, buffers[n].offset) : -1;
		int64_t is = number_at(after->options, buffers[n].offset);

		if (is > 0 && is != was)
			socket_buffer_set(fd, &buffers[n], is, warnings);
		else if (is <= 0 && was > 0 && !socket_buffer_unset(fd, &buffers[n]))
			buf_addf(warnings, "%s: stays as it was until the socket is opened again: %s\n",
				 buffers[n].name, strerror(errno));
	}
	if (after->address->kind != ENDPOINT_UDP)
		return;
	for (words group = old; group && *group; group++) {
		if (!words_have(new, *group))
			change_membership(fd, *group, false, warnings);
	}
	for (words group = new; group && *group; group++) {
		if (!words_have(old, *group))
			change_membership(fd, *group, true, warnings);
	}
}

int socket_options_set(int fd, int domain, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	if (is_inet(domain)) {
		if (reuse_set(fd, listen, why) < 0)
			return -1;
		/* A raw socket has one family anyway, and refuses the option once it has its protocol. */
		if (domain == AF_INET6 && listen->address->kind != ENDPOINT_RAW &&
		    set_required(fd, IPPROTO_IPV6, IPV6_V6ONLY, bind_wants_v6only(listen), "ipv6_only", why) < 0)
			return -1;
		/* %IFACE of a link-local address is part of the address, and bind(2) does it. */
		if ((listen->options->bind_to_device || !socket_address_is_scoped(listen->address)) &&
		    device_set(fd, device_of(listen), why) < 0)
			return -1;
	}
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
int socket_options_change(int fd, int domain, const struct listen *before, const struct listen *after, struct buf *why,
			  struct buf *warnings)
{
	const char *old = device_of(before), *device = device_of(after);
	struct buf stays = { 0 };

	if (is_inet(domain) && (old && device ? strcmp(old, device) != 0 : old != device)) {
		if (device && device_set(fd, device, why) < 0)
			return -1;
		if (!device && device_set(fd, "", &stays) < 0)
			buf_addf(warnings, "%s\n", buf_string(&stays));
		buf_free(&stays);
	}
	settings_change(fd, domain, before, after, warnings);
	return 0;
}

/* Failures are not reported: they were when the listener was bound, and a client must not fill the log. */
void socket_options_accepted(int fd, const struct listen *listen)
{
	const struct socket_options *options = listen->options;
	int priority = options->priority > INT_MAX ? INT_MAX : (int)options->priority;

	for (size_t n = 0; n < BUFFERS && KINDS_UNIX >> listen->address->kind & 1; n++)
		socket_buffer_set(fd, &buffers[n], number_at(options, buffers[n].offset), NULL);
	if (priority >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
}
