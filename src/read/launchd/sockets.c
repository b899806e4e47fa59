/* Makes sockets of superd.conf of a job's sockets.
 *
 * One socket of a list may become several: one for each address of a host, and without a family one for each family.
 * All of them have the same name in LISTEN_FDNAMES. Only a job whose standard input is the socket has a single socket
 * for both families. */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lib/scan.h"
#include "read/launchd/job.h"

#define NAME_MOST 255		     /* bytes of a socket's name */
#define PRIVATE "%{runtime}/secure/" /* where sockets of SecureSocketWithKey are */

struct launchd_socket {
	const char *name; /* its LISTEN_FDNAMES entry */
	const struct plist *dict;
	const char *type; /* stream, dgram or seqpacket */
	const char *family; /* "4", "6", "" for one socket of both families; NULL: the key is not set */
	const char *path;   /* of a unix socket; NULL: it is none */
};

static const struct plist *socket_value(const struct launchd_socket *socket, const char *key)
{
	return launchd_find(&launchd_keys[LAUNCHD_SOCKETS], socket->dict, key);
}

static const char *socket_text(const struct launchd_socket *socket, const char *key)
{
	const struct plist *element = socket_value(socket, key);

	return element ? element->text : NULL;
}

/* The name of the socket without colons, which separate names in LISTEN_FDNAMES. */
static const char *read_socket_name(struct launchd_job *job, const struct plist *element)
{
	struct buf name = { 0 };
	const char *kept;

	for (const char *c = element->key; *c && name.length < NAME_MOST; c++)
		buf_char(&name, isgraph((unsigned char)*c) && !strchr(":/}", *c) ? *c : '_');
	if (name.data && (!strcmp(buf_string(&name), ".") || !strcmp(buf_string(&name), "..")))
		name.data[0] = '_';
	if (!name.length)
		buf_text(&name, job->label);
	kept = buf_keep(&name, job->pool);
	if (strcmp(kept, element->key) != 0)
		launchd_warn(job, element->key_at,
			     "Sockets: '%s' is called %s in LISTEN_FDNAMES, where names have neither "
			     "blank, colon nor slash",
			     element->key, kept);
	return kept;
}

/* Whether the type is this one. */
static bool is_type(const struct launchd_socket *socket, const char *type)
{
	return !strcmp(socket->type, type);
}

/* Sets *part to the part of the address that the key is, if it is there. false: it is wrong (reported). */
static bool read_part(struct launchd_job *job, const struct launchd_socket *socket, const char *key, const char **part)
{
	const struct plist *said = socket_value(socket, key);
	const char *text;

	if (!said)
		return true;
	text = key_translate(launchd_key_find(&launchd_keys[LAUNCHD_SOCKETS], key),
			     &(struct key_said){ key, said->text, said->at }, job->pool, job->reading->diags);
	if (text)
		*part = text;
	return text;
}

static bool read_socket_type(struct launchd_job *job, struct launchd_socket *socket)
{
	const struct plist *protocol = socket_value(socket, "SockProtocol");
	const char *usual = "stream";

	if (!read_part(job, socket, "SockProtocol", &usual))
		return false;
	socket->type = usual;
	if (!read_part(job, socket, "SockType", &socket->type))
		return false;
	if (!protocol || is_type(socket, "dgram") == !strcmp(usual, "dgram"))
		return true;
	return launchd_refuse(job, protocol->at,
			      "SockProtocol: %s does not go with SockType %s: TCP is stream, UDP dgram", protocol->text,
			      socket->type);
}

static bool check_passive(struct launchd_job *job, const struct launchd_socket *socket)
{
	const struct plist *passive = socket_value(socket, "SockPassive");

	if (launchd_bool(passive, true))
		return true;
	launchd_unsupported(job, passive->key_at,
			    "SockPassive: superd cannot honour it: it listens, and connects no sockets for a "
			    "job");
	return false;
}

/* Reports keys that only go with another kind of socket: one may have been meant to restrict who may connect. */
static void report_unfit_keys(struct launchd_job *job, const struct launchd_socket *socket, unsigned unfit,
			      const char *reason)
{
	for (const struct plist *element = socket->dict->first; element; element = element->next) {
		const struct key_row *key = launchd_key_find(&launchd_keys[LAUNCHD_SOCKETS], element->key);

		if (key && key->flags & unfit && key->kinds & (unsigned)element->kind &&
		    !launchd_asks_for_nothing(element))
			launchd_warn(job, element->key_at, "%s is left out: %s", element->key, reason);
	}
}

static void check_unix_keys(struct launchd_job *job, const struct launchd_socket *socket, const char *way)
{
	const struct plist *family = socket_value(socket, "SockFamily");

	report_unfit_keys(job, socket, SOCKET_INET, "a unix socket has none");
	if (family && strcasecmp(family->text, "Unix") != 0)
		launchd_warn(job, family->key_at, "SockFamily has no effect: with %s it is a unix socket", way);
}

static bool check_inet_keys(struct launchd_job *job, const struct launchd_socket *socket)
{
	const struct plist *family = socket_value(socket, "SockFamily"), *node = socket_value(socket, "SockNodeName");

	if (family && !strcasecmp(family->text, "Unix"))
		return launchd_refuse(job, family->at, "SockFamily: '%s': SockPathName is missing", family->text);
	report_unfit_keys(job, socket, SOCKET_UNIX, "it goes with SockPathName");
	if (node && (!*node->text || *node->text == '['))
		return launchd_refuse(job, node->at,
				      "SockNodeName: '%s': expected a host or an address, without brackets; without it "
				      "the job listens at every address",
				      node->text);
	if (socket_value(socket, "SockServiceName"))
		return true;
	if (!node && !plist_get(socket->dict, "SockServiceName") && !plist_get(socket->dict, "SockPathName"))
		return launchd_refuse(job, socket->dict->at,
				      "Sockets: it has no address: SockServiceName or SockPathName is missing");
	if (node)
		launchd_warn(job, node->key_at, "SockServiceName is missing: the port is any that is free");
	return node;
}

/* Checks which keys of a socket go together. */
static bool check_socket_rules(struct launchd_job *job, const struct launchd_socket *socket)
{
	if (socket_value(socket, "SockPathName"))
		check_unix_keys(job, socket, "SockPathName");
	else if (socket_value(socket, "SecureSocketWithKey"))
		check_unix_keys(job, socket, "SecureSocketWithKey");
	else
		return check_inet_keys(job, socket);
	return true;
}

/* SecureSocketWithKey: makes a path for the socket and puts it into the named environment variable. */
static const char *secure_socket_path(struct launchd_job *job, const struct launchd_socket *socket,
				      const struct plist *key)
{
	if (!*key->text || strchr(key->text, '=')) {
		launchd_refuse(job, key->at, "SecureSocketWithKey: '%s' is no name of a variable", key->text);
		return NULL;
	}
	word_list_add(&job->env, pool_textf(job->pool, "%s=%%{path:%s}", key->text, socket->name), key->at);
	job->env.at = key->at;
	diag_note(job->reading->diags, key->at, "%s is set for this job alone, where launchd sets it for all",
		  key->text);
	return pool_textf(job->pool, "%s%s/%s", PRIVATE, job->label, socket->name);
}

/* Finds the path of a unix socket. false: refused. */
static bool read_socket_path(struct launchd_job *job, struct launchd_socket *socket)
{
	const struct plist *path = socket_value(socket, "SockPathName"),
			   *key = socket_value(socket, "SecureSocketWithKey");

	if (path && key)
		return launchd_refuse(job, key->at,
				      "SecureSocketWithKey: superd chooses its path: it does not go with "
				      "SockPathName");
	if (key) {
		socket->path = secure_socket_path(job, socket, key);
		return socket->path;
	}
	socket->path = path ? path->text : NULL;
	return true;
}

/* Sets socket_mode. The number may also have the bits of a file type, see inode(7). */
static void set_socket_mode(struct launchd_job *job, const struct launchd_socket *socket, const char *usual)
{
	const struct plist *mode = socket_value(socket, "SockPathMode");
	int64_t number = mode ? mode->number : 0, bits = number & ~(int64_t)S_IFMT;

	if (!mode) {
		launchd_set(job, "socket_mode", usual, socket->dict->at);
		return;
	}
	if (number < 0 || bits > 07777) {
		launchd_refuse(job, mode->at, "SockPathMode: %s is no mode", mode->text);
		return;
	}
	if (bits > 0777) {
		launchd_warn(job, mode->at, "SockPathMode: %s is decimal, which is %#o in octal", mode->text,
			     (unsigned)number);
		diags_hint(job->reading->diags, "0666 is written 438, 0660 432, 0600 384");
	}
	launchd_setf(job, "socket_mode", mode->at, "%04o", (unsigned)bits & 0777);
}

static void open_socket_block(struct launchd_job *job, const struct launchd_socket *socket, const char *endpoint,
			      struct origin at)
{
	job->sockets++;
	builder_open_socket(job->builder, socket->name, socket->dict->at);
	launchd_set(job, "listen", endpoint, at);
}

static void close_socket_block(struct launchd_job *job)
{
	builder_close_socket(job->builder, job->reading->diags);
}

static void add_unix_socket(struct launchd_job *job, const struct launchd_socket *socket)
{
	const char *prefix = is_type(socket, "stream") ? "unix" : is_type(socket, "dgram") ? "unix-dgram" : "seqpacket";
	const struct plist *secure = socket_value(socket, "SecureSocketWithKey"),
			   *path = socket_value(socket, "SockPathName"), *user = launchd_value(job, "UserName");

	job->hides_clients |= is_type(socket, "dgram");
	open_socket_block(job, socket, pool_textf(job->pool, "%s:%s", prefix, socket->path),
			  (secure ? secure : path)->at);
	set_socket_mode(job, socket, secure ? "0600" : "0700");
	if (secure && user && !socket_value(socket, "SockPathOwner"))
		launchd_set(job, "socket_user", user->text, user->at);
	launchd_apply_keys(job, &launchd_keys[LAUNCHD_SOCKETS], socket->dict, SOCKET_INET);
	if (secure)
		launchd_set(job, "remove_on_stop", "yes", secure->at);
	close_socket_block(job);
}

/* Makes an endpoint such as tcp4:HOST:PORT%IFACE. */
static const char *make_endpoint(struct launchd_job *job, const struct launchd_socket *socket, const char *family)
{
	const char *port = socket_text(socket, "SockServiceName");
	struct buf out = { 0 };

	endpoint_add(&out, is_type(socket, "dgram") ? "udp" : "tcp", family, socket_text(socket, "SockNodeName"),
		     port ? port : "0");
	return buf_keep(&out, job->pool);
}

/* The family of a multicast group, for a socket whose family is not set. */
static const char *group_family(const char *group)
{
	return strchr(group, ':') ? "6" : "4";
}

static void add_endpoint_socket(struct launchd_job *job, const struct launchd_socket *socket, const char *family,
				bool is_optional)
{
	const struct plist *node = socket_value(socket, "SockNodeName"),
			   *port = socket_value(socket, "SockServiceName");
	struct origin at = socket->dict->at;

	if (node)
		at = node->at;
	if (port)
		at = port->at;
	open_socket_block(job, socket, make_endpoint(job, socket, family), at);
	if (is_optional)
		launchd_set(job, "optional", "yes", at);
	launchd_apply_keys(job, &launchd_keys[LAUNCHD_SOCKETS], socket->dict, SOCKET_UNIX);
	close_socket_block(job);
}

/* A job whose standard input is the socket can have only one. */
static bool needs_single_socket(const struct launchd_job *job)
{
	return job->is_inetd && !job->accepts;
}

static bool check_group(struct launchd_job *job, struct launchd_socket *socket)
{
	const struct plist *group = socket_value(socket, "MulticastGroup");

	if (!group)
		return true;
	if (!is_type(socket, "dgram"))
		return launchd_refuse(job, group->at, "MulticastGroup: it goes with SockType dgram");
	if (!socket->family)
		socket->family = group_family(group->text);
	return true;
}

static void add_inet_sockets(struct launchd_job *job, struct launchd_socket *socket)
{
	const struct plist *node = socket_value(socket, "SockNodeName");

	if (is_type(socket, "seqpacket")) {
		launchd_refuse(job, socket_value(socket, "SockType")->at, "SockType: seqpacket goes with SockPathName");
		return;
	}
	if (!check_group(job, socket))
		return;
	if (socket->family || node || needs_single_socket(job)) {
		add_endpoint_socket(job, socket, socket->family ? socket->family : "", false);
		return;
	}
	add_endpoint_socket(job, socket, "4", false);
	add_endpoint_socket(job, socket, "6", true);
}

static void add_one_socket(struct launchd_job *job, const char *name, const struct plist *dict)
{
	struct launchd_socket socket = { .name = name, .dict = dict };
	bool good;

	launchd_check_keys(job, &launchd_keys[LAUNCHD_SOCKETS], dict);
	good = read_socket_type(job, &socket);
	good &= read_part(job, &socket, "SockFamily", &socket.family);
	good &= check_passive(job, &socket);
	good &= check_socket_rules(job, &socket);
	if (!read_socket_path(job, &socket) || !good)
		return;
	if (socket.path)
		add_unix_socket(job, &socket);
	else
		add_inet_sockets(job, &socket);
}

/* Adds the socket of a name, or all sockets of an array. */
static void add_sockets_of_name(struct launchd_job *job, const struct plist *entry)
{
	const char *name = read_socket_name(job, entry);

	if (entry->kind == PLIST_DICT) {
		add_one_socket(job, name, entry);
		return;
	}
	if (entry->kind == PLIST_ARRAY && !entry->first)
		launchd_refuse(job, entry->at, "Sockets: %s: the array is empty", entry->key);
	if (entry->kind != PLIST_ARRAY)
		launchd_refuse(job, entry->at, "Sockets: %s: expected a dictionary or an array of them", entry->key);
	for (const struct plist *element = entry->first; element; element = element->next) {
		if (element->kind == PLIST_DICT)
			add_one_socket(job, name, element);
		else
			launchd_refuse(job, element->at, "Sockets: %s: each element of the array must be a dictionary",
				       entry->key);
	}
}

void launchd_build_sockets(struct launchd_job *job)
{
	const struct plist *sockets = launchd_value(job, "Sockets");

	for (const struct plist *entry = sockets ? sockets->first : NULL; entry; entry = entry->next)
		add_sockets_of_name(job, entry);
	if (needs_single_socket(job) && job->sockets > 1)
		launchd_refuse(job, launchd_value(job, "inetdCompatibility")->at,
			       "inetdCompatibility: with Wait true a job has one socket as its standard input, and "
			       "these are %zu",
			       job->sockets);
}
