/* The first field: hosts, and the service on them.
 *
 * A colon separates hosts from a service, is part of an IPv6 address, and in FreeBSD's tables begins the owner of a
 * unix socket. The protocol, two fields further right, decides which of them it is. */
#include <string.h>

#include "read/inetd/entry.h"

/* Reads FreeBSD's ":USER:GROUP:MODE:/path"; USER, GROUP and MODE may be empty. */
static bool read_socket_owner(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char **const parts[] = { &entry->socket_user, &entry->socket_group, &entry->socket_mode };
	const char *text = field + 1;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t length = strcspn(text, ":");

		if (!text[length])
			return inetd_refuse(inetd, at, "%s: a unix socket's owner is written :USER:GROUP:MODE:/path",
					    field);
		if (length)
			*parts[i] = inetd_keep(inetd, text, length);
		text += length + 1;
	}
	entry->service = text;
	entry->service_at = inetd_shift(at, (size_t)(text - field));
	return true;
}

static bool read_unix_path(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at)
{
	const char *path = strchr(field, '/');

	if (*field == ':')
		return read_socket_owner(inetd, entry, field, at);
	if (!strncmp(field, "*:/", 3)) {
		entry->service = field + 2;
		entry->service_at = inetd_shift(at, 2);
		return true;
	}
	if (path && path > field && path[-1] == ':')
		return inetd_refuse(inetd, at, "%s: a unix socket has no host", field);
	if (*field != '/' && *field != '@')
		return inetd_refuse(inetd, at, "%s: a unix socket's service is its path, which begins with /", field);
	return true;
}

/* Reads "tcpmux/NAME": a service of tcpmux (RFC 1078), which has no socket of its own. */
static bool read_tcpmux_name(struct inetd *inetd, struct inetd_entry *entry)
{
	if (entry->transport != INETD_TCP || strncmp(entry->service, "tcpmux/", 7) != 0)
		return true;
	entry->transport = INETD_MUX;
	entry->address = entry->service + 7;
	if (strcmp(entry->protocol, "tcp") && strcmp(entry->protocol, "tcp4"))
		return inetd_refuse(inetd, entry->protocol_at, "%s: a service of tcpmux has the protocol tcp",
				    entry->service);
	if (entry->send_buffer || entry->receive_buffer)
		return inetd_refuse(inetd, entry->protocol_at,
				    "%s: a service of tcpmux has no socket, and so no buffers",
				    entry->service);
	return true;
}

static bool check_service_port(struct inetd *inetd, const struct inetd_entry *entry)
{
	int64_t port;

	if (entry->transport == INETD_IP || entry->service[strspn(entry->service, "0123456789")] ||
	    inetd_number(entry->service, UINT16_MAX, &port))
		return true;
	return inetd_refuse(inetd, entry->service_at, "%s: a port is a number up to 65535 or a name of services(5)",
			    entry->service);
}

bool inetd_take_address(struct inetd *inetd, struct inetd_entry *entry, const char *field, struct origin at,
			const char **hosts)
{
	const char *colon = strrchr(field, ':');

	*hosts = NULL;
	entry->service = field;
	entry->service_at = at;
	if (entry->transport == INETD_UNIX)
		return read_unix_path(inetd, entry, field, at);
	if (colon) {
		*hosts = inetd_keep(inetd, field, (size_t)(colon - field));
		entry->service = colon + 1;
		entry->service_at = inetd_shift(at, (size_t)(colon + 1 - field));
	}
	if (!*entry->service)
		return inetd_refuse(inetd, entry->service_at, "%s: the service after the colon is missing", field);
	if (entry->transport == INETD_RPC_TCP || entry->transport == INETD_RPC_UDP) {
		/* PROGRAM/LOW-HIGH; as with FreeBSD the version is 1 if there is none */
		entry->address = strchr(entry->service, '/') ? entry->service
			: pool_textf(inetd_entries(inetd->reading)->pool, "%s/1", entry->service);
		return true;
	}
	return check_service_port(inetd, entry) && read_tcpmux_name(inetd, entry);
}
