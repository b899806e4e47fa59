/* Makes sockets of superd.conf of a job's sockets.
 *
 * One socket of a list may become several: one for each address of a host, and without a family one for each family.
 * All of them have the same name in LISTEN_FDNAMES. Only a job whose standard input is the socket has a single socket
 * for both families. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "read/launchd/job.h"

#define NAME_MOST 255		     /* bytes of a socket's name */
#define PRIVATE "%{runtime}/secure/" /* where sockets of SecureSocketWithKey are */

enum socket_type { STREAM, DATAGRAM, SEQPACKET };

struct launchd_socket {
	const char *name; /* its LISTEN_FDNAMES entry */
	const struct plist *dict;
	enum socket_type type;
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

static bool read_socket_type(struct launchd_job *job, struct launchd_socket *socket)
{
	static const char *const types[] = { [STREAM] = "stream", [DATAGRAM] = "dgram", [SEQPACKET] = "seqpacket" };
	const struct plist *type = socket_value(socket, "SockType"), *protocol = socket_value(socket, "SockProtocol");
	bool is_udp = protocol && !strcasecmp(protocol->text, "UDP");
	unsigned n = 0;

	if (protocol && !is_udp && strcasecmp(protocol->text, "TCP") != 0)
		return launchd_refuse(job, protocol->at, "SockProtocol: '%s': expected TCP or UDP", protocol->text);
	socket->type = is_udp ? DATAGRAM : STREAM;
	if (!type)
		return true;
	while (n < 3 && strcasecmp(types[n], type->text) != 0)
		n++;
	if (n == 3)
		return launchd_refuse(job, type->at, "SockType: '%s': expected stream, dgram or seqpacket", type->text);
	socket->type = (enum socket_type)n;
	if (!protocol || is_udp == (n == DATAGRAM))
		return true;
	return launchd_refuse(job, protocol->at,
			      "SockProtocol: %s does not go with SockType %s: TCP is stream, UDP dgram", protocol->text,
			      types[n]);
}

static bool read_family(struct launchd_job *job, struct launchd_socket *socket)
{
	static const char *const families[][2] = { { "IPv4", "4" }, { "IPv6", "6" }, { "IPv4v6", "" } };
	const struct plist *family = socket_value(socket, "SockFamily");

	for (size_t n = 0; family && n < sizeof(families) / sizeof(*families); n++) {
		if (!strcasecmp(families[n][0], family->text)) {
			socket->family = families[n][1];
			return true;
		}
	}
	if (!family || !strcasecmp(family->text, "Unix"))
		return true;
	return launchd_refuse(job, family->at, "SockFamily: '%s': expected IPv4, IPv6, IPv4v6 or Unix", family->text);
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

static void set_socket_owner(struct launchd_job *job, const struct launchd_socket *socket, const char *key,
			     const char *option, const struct plist *usual)
{
	const struct plist *owner = socket_value(socket, key);

	if (!owner)
		owner = usual;
	if (owner)
		launchd_set(job, option, owner->text, owner->at);
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
	static const char *const prefixes[] = {
		[STREAM] = "unix", [DATAGRAM] = "unix-dgram", [SEQPACKET] = "seqpacket"
	};
	const struct plist *secure = socket_value(socket, "SecureSocketWithKey"),
			   *path = socket_value(socket, "SockPathName");

	job->hides_clients |= socket->type == DATAGRAM;
	open_socket_block(job, socket, pool_textf(job->pool, "%s:%s", prefixes[socket->type], socket->path),
			  (secure ? secure : path)->at);
	set_socket_mode(job, socket, secure ? "0600" : "0700");
	set_socket_owner(job, socket, "SockPathOwner", "socket_user", secure ? launchd_value(job, "UserName") : NULL);
	set_socket_owner(job, socket, "SockPathGroup", "socket_group", NULL);
	if (secure)
		launchd_set(job, "remove_on_stop", "yes", secure->at);
	close_socket_block(job);
}

static bool may_be_address(const char *node)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	size_t length = strcspn(node, "%");

	if (length >= sizeof(text))
		return false;
	memcpy(text, node, length);
	text[length] = '\0';
	return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* Makes an endpoint such as tcp4:HOST:PORT%IFACE. */
static const char *make_endpoint(struct launchd_job *job, const struct launchd_socket *socket, const char *family)
{
	const char *port = socket_text(socket, "SockServiceName");
	struct buf out = { 0 };

	endpoint_add(&out, socket->type == DATAGRAM ? "udp" : "tcp", family, socket_text(socket, "SockNodeName"),
		     port ? port : "0");
	return buf_keep(&out, job->pool);
}

/* The family of a multicast group, for a socket whose family is not set. */
static const char *group_family(const char *group)
{
	return strchr(group, ':') ? "6" : "4";
}

static void set_inet_options(struct launchd_job *job, const struct launchd_socket *socket)
{
	const struct plist *group = socket_value(socket, "MulticastGroup"),
			   *info = socket_value(socket, "ReceivePacketInfo");

	if (group)
		launchd_set(job, "multicast_group", group->text, group->at);
	if (launchd_bool(info, false))
		launchd_set(job, "pass_packet_info", "yes", info->at);
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
	if (node && !may_be_address(node->text))
		launchd_set(job, "every_address", "yes", node->at);
	set_inet_options(job, socket);
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
	if (socket->type != DATAGRAM)
		return launchd_refuse(job, group->at, "MulticastGroup: it goes with SockType dgram");
	if (!socket->family)
		socket->family = group_family(group->text);
	return true;
}

static void add_inet_sockets(struct launchd_job *job, struct launchd_socket *socket)
{
	const struct plist *node = socket_value(socket, "SockNodeName");

	if (socket->type == SEQPACKET) {
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
	good &= read_family(job, &socket);
	good &= check_passive(job, &socket);
	good &= launchd_check_socket_rules(job, dict);
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
