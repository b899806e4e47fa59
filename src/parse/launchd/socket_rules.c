/* Checks which keys of a socket go together.
 *
 * If a socket has a path, launchd ignores the keys of ports and hosts. superd reports such a key, because it may
 * have been meant to keep clients out. */
#include <strings.h>

#include "parse/launchd/job.h"

static const struct plist *said(const struct plist *socket, const char *key)
{
	return launchd_find(&launchd_keys[LAUNCHD_SOCKETS], socket, key);
}

/* Leaves keys out that only go with another kind of socket. */
static void leave_out(struct launchd_job *job, const struct plist *socket, const char *const *keys, const char *reason)
{
	for (; *keys; keys++) {
		const struct plist *key = said(socket, *keys);

		if (key)
			launchd_warn(job, key->key_at, "%s is left out: %s", *keys, reason);
	}
}

static void match_unix(struct launchd_job *job, const struct plist *socket, const char *way)
{
	static const char *const inet[] = { "SockNodeName", "SockServiceName", "SockProtocol", "MulticastGroup", NULL };
	const struct plist *family = said(socket, "SockFamily");

	leave_out(job, socket, inet, "a unix socket has none");
	if (family && strcasecmp(family->text, "Unix") != 0)
		launchd_warn(job, family->key_at, "SockFamily is left out: %s makes it a unix socket", way);
}

static bool match_inet(struct launchd_job *job, const struct plist *socket)
{
	static const char *const unix_keys[] = { "SockPathMode", "SockPathOwner", "SockPathGroup", NULL };
	const struct plist *family = said(socket, "SockFamily"), *node = said(socket, "SockNodeName");

	if (family && !strcasecmp(family->text, "Unix"))
		return launchd_refuse(job, family->at, "SockFamily: '%s': SockPathName is missing", family->text);
	leave_out(job, socket, unix_keys, "it goes with SockPathName");
	if (node && (!*node->text || *node->text == '['))
		return launchd_refuse(job, node->at,
				      "SockNodeName: '%s': it is a host or an address, without brackets; without it "
				      "the job listens at every address",
				      node->text);
	if (said(socket, "SockServiceName"))
		return true;
	if (!node && !plist_get(socket, "SockServiceName") && !plist_get(socket, "SockPathName"))
		return launchd_refuse(job, socket->at,
				      "Sockets: it does not say where it listens: SockServiceName or SockPathName is "
				      "missing");
	if (node)
		launchd_warn(job, node->key_at, "SockServiceName is missing: the port is any that is free");
	return node;
}

bool launchd_check_socket_rules(struct launchd_job *job, const struct plist *socket)
{
	if (said(socket, "SockPathName"))
		match_unix(job, socket, "SockPathName");
	else if (said(socket, "SecureSocketWithKey"))
		match_unix(job, socket, "SecureSocketWithKey");
	else
		return match_inet(job, socket);
	return true;
}
