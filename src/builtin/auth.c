/* The ident server (RFC 1413): reads a line with two ports, and answers it with a line.
 *
 * A client learns only about connections between the two addresses of its own connection. */
#include "builtin/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "builtin/connection.h"
#include "builtin/services.h"
#include "builtin/sigterm.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/netdiag/sock_diag.h"
#include "os/netdiag/socket_address.h"

#define FAKEID_MOST 4096                /* bytes of a ~/.fakeid that are read */
#define FAKEID_NAME_MOST 16             /* bytes of a name, as in FreeBSD */

/* ---- the user of a connection ----
 *
 * sock_diag(7) finds a connection by its two ends, at a cost that does not grow with the number of connections. Two
 * results are refused: a listener, which the kernel returns if there is no such connection, and a connection without a
 * process, whose owner the kernel reports as root. */

/* Both ends of a TCP connection of this machine. */
struct both_ends {
	struct socket_address local, remote;
};

/* Fills one end of a struct inet_diag_sockid. The port is at one place in both families. */
static void put_sockid_end(const struct socket_address *address, __be16 *port, __be32 host[4])
{
	*port = address->in.sin_port;
	if (address->any.sa_family == AF_INET)
		memcpy(host, &address->in.sin_addr, sizeof(address->in.sin_addr));
	else
		memcpy(host, &address->in6.sin6_addr, sizeof(address->in6.sin6_addr));
}

struct connection_owner {
	uid_t uid;                      /* of the socket */
	bool is_connection;             /* the socket is a connection of a process */
};

static void on_socket(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct connection_owner *found = context;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	found->uid = socket->idiag_uid;
	found->is_connection = socket->idiag_inode && socket->idiag_state != TCP_LISTEN;
}

static bool find_owner(struct both_ends *ends, uid_t *owner)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_protocol = IPPROTO_TCP,
			     .idiag_states = ~0u,
			     .id = { .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
	};
	struct connection_owner found = { 0 };
	int family;

	socket_address_unmap(&ends->local);
	socket_address_unmap(&ends->remote);
	family = ends->local.any.sa_family;
	if ((family != AF_INET && family != AF_INET6) || ends->remote.any.sa_family != family)
		return false;
	message.request.sdiag_family = (unsigned char)family;
	put_sockid_end(&ends->local, &message.request.id.idiag_sport, message.request.id.idiag_src);
	put_sockid_end(&ends->remote, &message.request.id.idiag_dport, message.request.id.idiag_dst);
	sock_diag_ask(&message, sizeof(message), on_socket, &found);
	*owner = found.uid;
	return found.is_connection;
}

/* ---- the name of a user ----
 *
 * It depends on files in the user's home, which may be unreadable. An unreadable ~/.noident counts as present and
 * hides the user; an unreadable ~/.fakeid counts as absent. */

enum named { NAMED, NAMED_HIDDEN /* the user has a ~/.noident */, NAMED_NOT /* the uid has no name */ };

static bool find_user(uid_t owner, struct passwd *entry, char *text, size_t size)
{
	struct passwd *found;

	return getpwuid_r(owner, entry, text, size, &found) == 0 && found;
}

static bool is_hidden(const char *home)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/.noident", home) >= (int)sizeof(path))
		return true;
	return faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) == 0 || errno != ENOENT;
}

/* Reads the first word of ~/.fakeid. false: there is none, or it has a colon, which would break the reply. */
static bool read_fakeid(const char *home, char name[FAKEID_NAME_MOST + 1])
{
	char path[4096], *text, *word;
	size_t length = 0;

	if (snprintf(path, sizeof(path), "%s/.fakeid", home) >= (int)sizeof(path))
		return false;
	text = fd_read_file(path, FAKEID_MOST, &length);
	if (!text)
		return false;
	word = text + strspn(text, " \t\r\n");
	for (length = 0; length < FAKEID_NAME_MOST && word[length] > ' ' && word[length] <= '~'; length++)
		name[length] = word[length];
	name[length] = '\0';
	free(text);
	return length && !memchr(name, ':', length);
}

/* Whether the name, or with -i the number, belongs to a user: no user may pose as another. */
static bool belongs_to_user(const char *name, bool numeric)
{
	char text[16384];
	struct passwd entry, *found;
	int64_t number;

	if (getpwnam_r(name, &entry, text, sizeof(text), &found) == 0 && found)
		return true;
	if (!numeric || scan_count(name, &number) || number < 0 || number > UINT32_MAX)
		return false;
	return getpwuid_r((uid_t)number, &entry, text, sizeof(text), &found) == 0 && found;
}

static bool use_fakeid(const struct builtin_options *options, const char *home, char *name, size_t size)
{
	char fake[FAKEID_NAME_MOST + 1];

	if (!options->fake && !options->fake_any)
		return false;
	if (!read_fakeid(home, fake) || (!options->fake_any && belongs_to_user(fake, options->numeric)))
		return false;
	snprintf(name, size, "%s", fake);
	return true;
}

/* Looks for a name in the user's home. If the process is root, it does so as that user, so that a symbolic link there
 * cannot make it read other files. */
static enum named name_from_home(const struct builtin_options *options, const struct passwd *entry, char *name,
				 size_t size)
{
	bool was_root = geteuid() == 0;
	enum named named = NAMED_NOT;

	if (was_root && (setgroups(1, &entry->pw_gid) < 0 || setegid(entry->pw_gid) < 0 || seteuid(entry->pw_uid) < 0))
		return NAMED_HIDDEN;
	if (options->hide && is_hidden(entry->pw_dir))
		named = NAMED_HIDDEN;
	else if (use_fakeid(options, entry->pw_dir, name, size))
		named = NAMED;
	if (was_root && (seteuid(0) < 0 || setegid(0) < 0))
		return NAMED_HIDDEN;
	return named;
}

/* Finds the name to report for a user; `size` must be at least 65. */
static enum named find_name(const struct builtin_options *options, uid_t owner, char *name, size_t size)
{
	char text[16384];
	struct passwd entry;
	enum named named = NAMED_NOT;

	if (!find_user(owner, &entry, text, sizeof(text)))
		return NAMED_NOT;
	if (options->hide || options->fake || options->fake_any)
		named = name_from_home(options, &entry, name, size);
	if (named != NAMED_NOT)
		return named;
	if (options->numeric)
		snprintf(name, size, "%lu", (unsigned long)owner);
	else
		snprintf(name, size, "%s", entry.pw_name);
	return NAMED;
}

/* Makes up a name of at most 8 random characters. */
static void make_random_name(char *name, size_t size)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuv";
	unsigned char random[8];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		memset(random, 0, sizeof(random));
	for (size_t n = 0; n < sizeof(random) && n + 1 < size; n++) {
		name[n] = letters[random[n] % 32];
		name[n + 1] = '\0';
	}
}

/* ---- a request and its answer ---- */

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && scan_is_blank(*at))
		at++;
	return at;
}

/* Returns the end of the number; NULL: there is none. A number that is no port becomes 0. */
static const char *read_port(const char *at, const char *end, unsigned *port)
{
	const char *first = at;
	unsigned number = 0;

	for (; at < end && *at >= '0' && *at <= '9'; at++)
		number = number > 65535 ? number : number * 10 + (unsigned)(*at - '0');
	*port = number > 65535 ? 0 : number;
	return at == first ? NULL : at;
}

bool auth_parse(const char *line, size_t length, struct port_pair *ports)
{
	const char *end = line + length, *at = read_port(skip_blanks(line, end), end, &ports->local);

	if (!at)
		return false;
	at = skip_blanks(at, end);
	if (at == end || *at != ',')
		return false;
	at = read_port(skip_blanks(at + 1, end), end, &ports->remote);
	return at && skip_blanks(at, end) == end;
}

/* Finds the ends of the connection in question: the addresses of this one, with the ports of the request. */
static bool find_connection(int connection, const struct port_pair *ports, struct both_ends *ends)
{
	struct socket_address *local = &ends->local, *remote = &ends->remote;

	local->length = remote->length = sizeof(local->storage);
	if (getsockname(connection, &local->any, &local->length) < 0 ||
	    getpeername(connection, &remote->any, &remote->length) < 0)
		return false;
	local->in.sin_port = htons((in_port_t)ports->local);
	remote->in.sin_port = htons((in_port_t)ports->remote);
	return true;
}

/* Chooses the reply. NULL: it is `name`; else RFC 1413's word for the error. */
static const char *choose_reply(const struct builtin_options *options, int connection, const struct port_pair *ports,
				char *name, size_t size)
{
	enum named named = NAMED_NOT;
	struct both_ends ends = { 0 };
	uid_t owner;

	if (!ports->local || !ports->remote)
		return "INVALID-PORT";
	if (options->random) {
		make_random_name(name, size);
		return NULL;
	}
	if (options->real && find_connection(connection, ports, &ends) && find_owner(&ends, &owner))
		named = find_name(options, owner, name, size);
	if (named == NAMED)
		return NULL;
	if (named == NAMED_HIDDEN || (!options->real && !options->fallback))
		return "HIDDEN-USER";
	if (!options->fallback)
		return "NO-USER";
	snprintf(name, size, "%s", options->fallback);
	return NULL;
}

static const char *system_name(const struct builtin_options *options, struct utsname *names)
{
	if (options->system)
		return options->system;
	return uname(names) < 0 ? "OTHER" : names->sysname;
}

enum heard auth_answer(const struct settings *settings, int connection, const struct buf *request, struct buf *answer)
{
	const struct builtin_options *options = &settings->options;
	const char *line = buf_string(request), *end = memchr(line, '\n', request->length), *error;
	struct port_pair ports = { 0 };
	struct utsname names;
	char name[128];

	if (!end)
		return request->length < LINE_MOST ? HEARD_PART : HEARD_WRONG;
	if (end > line && end[-1] == '\r')
		end--;
	if (!auth_parse(line, (size_t)(end - line), &ports))
		error = "UNKNOWN-ERROR";
	else
		error = choose_reply(options, connection, &ports, name, sizeof(name));
	if (error)
		buf_addf(answer, "%u , %u : ERROR : %s\r\n", ports.local, ports.remote, error);
	else
		buf_addf(answer, "%u , %u : USERID : %s : %s\r\n", ports.local, ports.remote,
			 system_name(options, &names), name);
	return HEARD_ALL;
}

/* With -r the process has this client alone, as users' names may be looked up for long. A signal may end it then. */
void auth_begin(struct builtin_server *server, struct connection *connection)
{
	if (server->settings->options.real)
		sigterm_deliver();
	talk_begin(server, connection, connection->since + server->settings->options.timeout / 1000);
}

/* A client that is late, or says too much, gets no answer. */
void auth_heard(struct builtin_server *server, struct connection *connection, bool late)
{
	struct talk *talk = connection->talk;
	enum heard heard = late ? HEARD_WRONG : HEARD_PART;

	while (heard == HEARD_PART) {
		ssize_t got = talk_read(connection, LINE_MOST);

		if (got < 0 && errno == EAGAIN)
			return;
		heard = got <= 0 ? HEARD_WRONG : auth_answer(server->settings, connection->client.fd, &talk->request,
							     &talk->answer);
	}
	if (heard == HEARD_ALL)
		talk_answer(server, connection, connection->until);
	else
		connection_end(server, connection, false);
}
