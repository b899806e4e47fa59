/* Addresses as systemd writes them: PORT, IPV4:PORT, [IPV6]:PORT%INTERFACE, /path, @name, vsock:CID:PORT.
 *
 * The parser is as strict as systemd's. superd.conf has names of hosts and services, and port 0; systemd refuses them
 * in a unit, so superd does too. Source: systemd.socket(5), "ListenStream=". */
#include <string.h>

#include "lib/scan.h"
#include "read/systemd/internal.h"

#define PATH_LONGEST 107 /* bytes of sun_path in front of its NUL (unix(7)) */
#define FORMS "an address is PORT, IPV4:PORT, [IPV6]:PORT, /path, @name or vsock:CID:PORT"

enum kind { STREAM, DATAGRAM, SEQPACKET };

static const char *const unix_kinds[] = { [STREAM] = "unix", [DATAGRAM] = "unix-dgram", [SEQPACKET] = "seqpacket" };

static bool has_only_digits(const char *text, size_t length)
{
	return length && strspn(text, "0123456789") >= length;
}

/* Returns NULL, or the message about a wrong port. */
static const char *check_port_number(const char *text, size_t length)
{
	uint32_t port;

	if (!length)
		return "its port is missing";
	if (!has_only_digits(text, length))
		return "its port is not a number: systemd supports no names of services";
	return scan_unsigned(text, length, 65535, &port) && port ? NULL : "a port is a number from 1 to 65535";
}

static const char *add_unix_path(const char *path, struct buf *out)
{
	if (!path[strspn(path, "/")])
		return "the path of a socket does not end in its directory";
	if (strlen(path) > PATH_LONGEST)
		return "the path of a socket has at most 107 bytes";
	buf_text(out, !strncmp(path, "/var/run/", 9) ? path + 4 : path);
	return NULL;
}

static const char *add_unix(enum kind kind, const char *text, struct buf *out)
{
	buf_addf(out, "%s:", unix_kinds[kind]);
	if (*text == '/')
		return add_unix_path(text, out);
	if (!text[1])
		return "after @ expected the name of an abstract socket";
	if (strlen(text) > PATH_LONGEST)
		return "the name of an abstract socket has at most 107 bytes, with its @";
	buf_text(out, text);
	return NULL;
}

static const char *add_vsock(enum kind kind, const char *text, struct buf *out)
{
	const char *rest = strchr(text, ':') + 1, *port = strchr(rest, ':');
	size_t length = strcspn(text, ":");
	bool plain = length == 5, stream = length == 12 && !strncmp(text, "vsock-stream", 12);

	if ((!plain && !stream) || (plain && kind != STREAM))
		return "superd listens on vsock for streams alone";
	if (!port || (port > rest && !has_only_digits(rest, (size_t)(port - rest))) ||
	    !has_only_digits(port + 1, strlen(port + 1)))
		return "an address of vsock is vsock:CID:PORT, with numbers, or vsock::PORT";
	buf_addf(out, "vsock:%s", rest);
	return NULL;
}

static const char *add_ipv6(const char *text, const char *protocol, struct buf *out)
{
	const char *end = strchr(text, ']');
	struct in6_addr unused;
	const char *wrong;
	size_t port;

	if (!end || end[1] != ':')
		return "an address of IPv6 is [ADDRESS]:PORT, with %INTERFACE after the port";
	if (scan_address(text + 1, (size_t)(end - text) - 1, &unused) != AF_INET6)
		return "it is no address of IPv6";
	port = strcspn(end + 2, "%");
	wrong = check_port_number(end + 2, port);
	if (wrong)
		return wrong;
	if (end[2 + port] && (!end[3 + port] || strpbrk(end + 3 + port, "%/ \t")))
		return "the % must be followed by the name of an interface";
	buf_addf(out, "%s:%s", protocol, text);
	return NULL;
}

static const char *add_ipv4(const char *text, const char *protocol, struct buf *out)
{
	const char *colon = strchr(text, ':');
	struct in6_addr unused;
	const char *wrong;

	if (scan_address(text, strcspn(text, ":"), &unused) != AF_INET)
		return FORMS;
	wrong = colon ? check_port_number(colon + 1, strlen(colon + 1)) : "its port is missing";
	if (!wrong)
		buf_addf(out, "%s:%s", protocol, text);
	return wrong;
}

static const char *add_inet_address(const char *text, const char *protocol, struct buf *out)
{
	const char *wrong;

	if (*text == '[')
		return add_ipv6(text, protocol, out);
	if (!has_only_digits(text, strlen(text)))
		return add_ipv4(text, protocol, out);
	wrong = check_port_number(text, strlen(text));
	if (!wrong)
		buf_addf(out, "%s:%s", protocol, text);
	return wrong;
}

static const char *add_socket_address(enum kind kind, const char *protocol, const char *text, struct buf *out)
{
	if (*text == '/' || *text == '@')
		return add_unix(kind, text, out);
	if (!strncmp(text, "vsock", 5) && strchr(text, ':'))
		return add_vsock(kind, text, out);
	if (kind == SEQPACKET)
		return "sequenced packets need a unix socket: /path or @name";
	return add_inet_address(text, kind == DATAGRAM ? "udp" : protocol ? protocol : "tcp", out);
}

/* FAMILY [GROUP] */
static const char *add_netlink(const char *text, struct buf *out)
{
	size_t family = strcspn(text, " \t");
	const char *group = text + family + strspn(text + family, " \t");

	if (*group && !has_only_digits(group, strlen(group)))
		return "expected a family of netlink and, after a blank, the number of a group";
	buf_addf(out, "netlink:%.*s%s%s", (int)family, text, *group ? " " : "", group);
	return NULL;
}

const char *unit_address(const char *key, const char *protocol, const char *text, struct buf *out)
{
	if (!strcmp(key, "ListenNetlink"))
		return add_netlink(text, out);
	if (!strcmp(key, "ListenStream"))
		return add_socket_address(STREAM, protocol, text, out);
	if (!strcmp(key, "ListenDatagram"))
		return add_socket_address(DATAGRAM, protocol, text, out);
	if (!strcmp(key, "ListenSequentialPacket"))
		return add_socket_address(SEQPACKET, protocol, text, out);
	if (*text != '/')
		return "it starts with /";
	if (!strcmp(key, "ListenMessageQueue")) {
		buf_addf(out, "mqueue:%s", text);
		return NULL;
	}
	buf_text(out, !strcmp(key, "ListenFIFO") ? "fifo:" : "special:");
	return add_unix_path(text, out);
}
