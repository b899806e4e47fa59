/* Checks which keys of a socket go together.
 *
 * If a socket has a path, launchd ignores its keys about ports and hosts. superd reports such a key, because it may
 * have been meant to restrict who may connect. */
#include <strings.h>

#include "read/launchd/job.h"

static const struct plist *socket_key(const struct plist *socket, const char *key)
{
	return launchd_find(&launchd_keys[LAUNCHD_SOCKETS], socket, key);
}

/* Reports keys that are ignored, because they only go with another kind of socket. */
static void report_ignored_keys(struct launchd_job *job, const struct plist *socket, const char *const *keys,
				const char *reason)
{
	for (; *keys; keys++) {
		const struct plist *key = socket_key(socket, *keys);

		if (key)
			launchd_warn(job, key->key_at, "%s is left out: %s", *keys, reason);
	}
}

static void check_unix_keys(struct launchd_job *job, const struct plist *socket, const char *way)
{
	static const char *const inet[] = { "SockNodeName", "SockServiceName", "SockProtocol", "MulticastGroup", NULL };
	const struct plist *family = socket_key(socket, "SockFamily");

	report_ignored_keys(job, socket, inet, "a unix socket has none");
	if (family && strcasecmp(family->text, "Unix") != 0)
		launchd_warn(job, family->key_at, "SockFamily has no effect: with %s it is a unix socket", way);
}

static bool check_inet_keys(struct launchd_job *job, const struct plist *socket)
{
	static const char *const unix_keys[] = { "SockPathMode", "SockPathOwner", "SockPathGroup", NULL };
	const struct plist *family = socket_key(socket, "SockFamily"), *node = socket_key(socket, "SockNodeName");

	if (family && !strcasecmp(family->text, "Unix"))
		return launchd_refuse(job, family->at, "SockFamily: '%s': SockPathName is missing", family->text);
	report_ignored_keys(job, socket, unix_keys, "it goes with SockPathName");
	if (node && (!*node->text || *node->text == '['))
		return launchd_refuse(job, node->at,
				      "SockNodeName: '%s': expected a host or an address, without brackets; without it "
				      "the job listens at every address",
				      node->text);
	if (socket_key(socket, "SockServiceName"))
		return true;
	if (!node && !plist_get(socket, "SockServiceName") && !plist_get(socket, "SockPathName"))
		return launchd_refuse(job, socket->at,
				      "Sockets: it has no address: SockServiceName or SockPathName is missing");
	if (node)
		launchd_warn(job, node->key_at, "SockServiceName is missing: the port is any that is free");
	return node;
}

bool launchd_check_socket_rules(struct launchd_job *job, const struct plist *socket)
{
	if (socket_key(socket, "SockPathName"))
		check_unix_keys(job, socket, "SockPathName");
	else if (socket_key(socket, "SecureSocketWithKey"))
		check_unix_keys(job, socket, "SecureSocketWithKey");
	else
		return check_inet_keys(job, socket);
	return true;
}
