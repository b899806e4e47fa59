/* Where a program listens itself, beside the sockets that superd holds for it. superd does not wake it there, and says
 * so; who is connected there is a client: while one is, the program is not stopped or frozen.
 *
 * The kernel is asked when nobody uses superd's sockets any more (idle.c), never at a start. Which sockets are the
 * program's its descriptors tell; where superd may not see these, or they are too many for the loop, the control group
 * in which a socket was made; without one the user, if no other service has that one. */
#include "superd/daemon.h"

#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>

#define DESCRIPTORS_MOST 4096 /* that are read of an instance */
#define CONNECTIONS_MOST 4096 /* that are compared; with more of them each counts as a client's */
#define CONNECTED (1u << TCP_ESTABLISHED | 1u << TCP_CLOSE_WAIT | 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2)
#define CHOSEN "/proc/sys/net/ipv4/ip_local_port_range"

/* A socket of the program with a connection, at one end or at both. */
struct end {
	unsigned char from[16], to[16];
	uint16_t from_port, to_port;
	bool is_server;
};

struct other_search {
	struct svc *svc;
	struct others *found;
	enum { BY_DESCRIPTORS, BY_GROUP, BY_USER } way;
	uint64_t cgroup; /* its number */
	uid_t user;
	ino_t *inodes; /* of its sockets, sorted */
	size_t inode_count, inode_room;
	struct end *ends;
	size_t end_count, end_room;
	unsigned first_chosen, last_chosen; /* the ports that the kernel chooses from */
	const char *protocol;
	unsigned relayed; /* connections to where redirect leads */
};

/* ---- which sockets are its own ---- */

static int compare_inodes(const void *a, const void *b)
{
	const ino_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

static bool has_inode(const struct other_search *search, ino_t inode)
{
	return search->inode_count &&
		bsearch(&inode, search->inodes, search->inode_count, sizeof(inode), compare_inodes);
}

/* false: superd may not look at one of its processes, or they have too many. */
static bool read_descriptors(struct other_search *search)
{
	pid_t *pids = instance_processes(search->svc->run->current);
	bool good = pids && *pids;
	unsigned count = 0;
	char path[40];

	for (pid_t *at = pids; at && *at && good; at++) {
		struct dirent *entry;
		DIR *folder;

		snprintf(path, sizeof(path), "/proc/%ld/fd", (long)*at);
		folder = opendir(path);
		good = folder || errno == ENOENT;
		while (folder && good && (entry = readdir(folder))) {
			ino_t node = 0, *list;

			good = ++count <= DESCRIPTORS_MOST;
			if (!good || *entry->d_name == '.' ||
			    !process_find_socket(dirfd(folder), entry->d_name, &node) || !node)
				continue;
			list = array_grow(search->inodes, &search->inode_room, search->inode_count, sizeof(*list));
			good = list;
			if (list) {
				search->inodes = list;
				list[search->inode_count++] = node;
			}
		}
		if (folder)
			closedir(folder);
	}
	if (search->inode_count)
		qsort(search->inodes, search->inode_count, sizeof(*search->inodes), compare_inodes);
	free(pids);
	return good;
}

/* Root, and superd's own user, have processes that are none of superd's. */
static bool has_user_alone(const struct svc *svc, uid_t user)
{
	for (struct svc *other = svc_next(NULL); other; other = svc_next(other)) {
		if (other != svc && user_of(other->row) == user)
			return false;
	}
	return user != 0 && user != geteuid();
}

static bool find_way(struct other_search *search)
{
	struct instance *instance = search->svc->run->current;
	struct stat status;

	if (read_descriptors(search)) {
		search->way = BY_DESCRIPTORS;
	} else if (sizeof(long) == 8 && instance_cgroup_lives(instance) && stat(instance->cgroup, &status) == 0) {
		search->way = BY_GROUP; /* on 32 bits its number is longer than that of an inode */
		search->cgroup = status.st_ino;
	} else {
		search->way = BY_USER;
		search->user = user_of(instance->row);
		return has_user_alone(search->svc, search->user);
	}
	return true;
}

/* Those of a group the kernel has selected. */
static bool is_own(const struct other_search *search, ino_t inode, uid_t user)
{
	return search->way == BY_GROUP || (search->way == BY_USER ? user == search->user : has_inode(search, inode));
}

static bool is_superds(const struct svc *svc, ino_t inode)
{
	struct stat status;

	EACH_SOCKET(socket, svc) {
		if (socket->fd >= 0 && fstat(socket->fd, &status) == 0 && status.st_ino == inode)
			return true;
	}
	return false;
}

/* ---- where it listens, and who is connected there ---- */

static struct other *add(struct other_search *search, const char *text)
{
	struct others *found = search->found;

	for (unsigned n = 0; n < found->count; n++) {
		if (!strcmp(found->list[n].text, text))
			return NULL; /* several sockets of one address (SO_REUSEPORT) */
	}
	if (found->count == OTHERS_MOST)
		return NULL;
	text_copy(found->list[found->count].text, OTHER_TEXT, text);
	return &found->list[found->count++];
}

static void to_address(int family, const void *bytes, struct socket_address *out)
{
	*out = (struct socket_address){ .any.sa_family = (sa_family_t)family, .length = sizeof(out->in6) };
	if (family == AF_INET)
		memcpy(&out->in.sin_addr, bytes, sizeof(out->in.sin_addr));
	else
		memcpy(&out->in6.sin6_addr, bytes, sizeof(out->in6.sin6_addr));
}

/* Whether redirect leads there. Whether the program listens at all addresses or at one is its own business. */
static bool is_target(const struct svc *svc, const char *text, unsigned port)
{
	words target = svc->row->exec->redirect;

	if (!service_is_relayed(svc->row))
		return false;
	return target[1] ? port == strtoul(target[1], NULL, 10)
			 : !strncmp(text, "unix:", 5) && !strcmp(text + 5, target[0]);
}

static void see_listener(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	char host[INET6_ADDRSTRLEN + 24], text[OTHER_TEXT];
	struct other_search *search = context;
	struct socket_address address;
	bool is_tcp = !strcmp(search->protocol, "tcp"), is_chosen;
	struct other *other;
	unsigned port;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	port = ntohs(socket->id.idiag_sport);
	is_chosen = port >= search->first_chosen && port <= search->last_chosen;
	if (!port || (!is_tcp && is_chosen) /* a client's of DNS, say */ ||
	    !is_own(search, socket->idiag_inode, socket->idiag_uid) || is_superds(search->svc, socket->idiag_inode))
		return;
	to_address(socket->idiag_family, socket->id.idiag_src, &address);
	socket_address_host(&address, host, sizeof(host));
	snprintf(text, sizeof(text), socket->idiag_family == AF_INET6 ? "%s:[%s]:%u" : "%s:%s:%u", search->protocol,
		 host, port);
	other = add(search, text);
	if (!other)
		return;
	other->is_chosen = is_chosen;
	other->is_target = is_target(search->svc, text, port);
	if (is_tcp) {
		other->port = (uint16_t)port;
		other->address = address;
	}
}

/* Whether a socket with this local address is a connection to it. */
static bool has_accepted(const struct other *other, const struct inet_diag_msg *socket)
{
	static const unsigned char any[16];
	bool is_ipv4 = socket->idiag_family == AF_INET;
	const void *address = is_ipv4 ? (const void *)&other->address.in.sin_addr : &other->address.in6.sin6_addr;
	size_t size = is_ipv4 ? 4 : 16;

	return other->port && other->port == ntohs(socket->id.idiag_sport) &&
		other->address.any.sa_family == socket->idiag_family &&
		(!memcmp(address, any, size) || !memcmp(address, socket->id.idiag_src, size));
}

static void see_end(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct other_search *search = context;
	struct socket_address address;
	struct end end = { .is_server = false }, *list;
	bool is_relayed = false;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	for (unsigned n = 0; n < search->found->count; n++) {
		if (has_accepted(&search->found->list[n], socket)) {
			end.is_server = true;
			is_relayed |= search->found->list[n].is_target;
		}
	}
	/* Who waits in the queue belongs to no process yet; what is closed by the server belongs to none any more. */
	if (end.is_server
		    ? !socket->idiag_inode && 1u << socket->idiag_state & (1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2)
		    : !is_own(search, socket->idiag_inode, socket->idiag_uid))
		return;
	search->found->clients += end.is_server;
	search->relayed += is_relayed;
	if (search->end_count == CONNECTIONS_MOST ||
	    !(list = array_grow(search->ends, &search->end_room, search->end_count, sizeof(*list))))
		return;
	search->ends = list;
	to_address(socket->idiag_family, socket->id.idiag_src, &address);
	if (!socket_address_bytes(&address, end.from))
		return;
	to_address(socket->idiag_family, socket->id.idiag_dst, &address);
	if (!socket_address_bytes(&address, end.to))
		return;
	end.from_port = ntohs(socket->id.idiag_sport);
	end.to_port = ntohs(socket->id.idiag_dport);
	list[search->end_count++] = end;
}

/* A connection of which the program has both ends is no client's. */
static void leave_out_own(struct other_search *search)
{
	for (size_t n = 0; n < search->end_count; n++) {
		const struct end *server = &search->ends[n];
		bool is_own_too = false;

		for (size_t i = 0; server->is_server && i < search->end_count && !is_own_too; i++) {
			const struct end *client = &search->ends[i];

			is_own_too = client->from_port == server->to_port && client->to_port == server->from_port &&
				!memcmp(client->from, server->to, sizeof(server->to)) &&
				!memcmp(client->to, server->from, sizeof(server->from));
		}
		search->found->clients -= is_own_too;
	}
}

/* Its text. false: it has no name, or is not the program's: control groups of unix sockets are not told. */
static bool name_unix(const struct other_search *search, struct nlmsghdr *message, char text[OTHER_TEXT])
{
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	struct socket_address address = { .un.sun_family = AF_UNIX };
	char host[sizeof(address.un.sun_path) + 2];
	uint32_t user = (uint32_t)-1;
	size_t length;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || search->way == BY_GROUP)
		return false;
	sock_diag_unix_attribute(message, UNIX_DIAG_UID, &user, sizeof(user));
	length =
		sock_diag_unix_attribute(message, UNIX_DIAG_NAME, address.un.sun_path, sizeof(address.un.sun_path) - 1);
	if (!length || length >= sizeof(address.un.sun_path) || !is_own(search, socket->udiag_ino, user))
		return false;
	address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	socket_address_host(&address, host, sizeof(host));
	snprintf(text, OTHER_TEXT, "unix:%s", host);
	return true;
}

static void see_unix_listener(struct nlmsghdr *message, void *context)
{
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	struct other_search *search = context;
	struct unix_diag_rqlen queue;
	char text[OTHER_TEXT];
	struct other *other;

	if (!name_unix(search, message, text) || is_superds(search->svc, socket->udiag_ino) ||
	    !(other = add(search, text)))
		return;
	other->is_target = is_target(search->svc, text, 0);
	sock_diag_unix_attribute(message, UNIX_DIAG_RQLEN, &queue, sizeof(queue));
	search->found->clients += queue.udiag_rqueue;
}

static void see_unix_end(struct nlmsghdr *message, void *context)
{
	struct other_search *search = context;
	char text[OTHER_TEXT];
	uint32_t peer;

	if (!name_unix(search, message, text))
		return;
	sock_diag_unix_attribute(message, UNIX_DIAG_PEER, &peer, sizeof(peer));
	for (unsigned n = 0; n < search->found->count; n++) {
		if (!strcmp(search->found->list[n].text, text) && !has_inode(search, peer)) {
			search->found->clients++;
			search->relayed += search->found->list[n].is_target;
		}
	}
}

static bool ask_inet(struct other_search *search, int protocol, uint32_t states, void (*see)(struct nlmsghdr *, void *))
{
	struct sock_diag_filter filter = {
		.family = AF_INET, .protocol = protocol, .states = states, .cgroup = search->cgroup
	};
	bool good = sock_diag_inet(&filter, see, search);

	filter.family = AF_INET6;
	return good && (sock_diag_inet(&filter, see, search) || access("/proc/net/if_inet6", F_OK) < 0);
}

static bool ask(struct other_search *search)
{
	bool good;

	search->protocol = "udp";
	good = ask_inet(search, IPPROTO_UDP, 1u << TCP_CLOSE, see_listener);
	search->protocol = "tcp";
	good = good && ask_inet(search, IPPROTO_TCP, 1u << TCP_LISTEN, see_listener) &&
		sock_diag_list_unix(1u << TCP_LISTEN, UDIAG_SHOW_NAME | UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID,
				    see_unix_listener, search);
	if (good && search->found->count)
		good = ask_inet(search, IPPROTO_TCP, CONNECTED, see_end) &&
			sock_diag_list_unix(1u << TCP_ESTABLISHED, UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_UID,
					    see_unix_end, search);
	leave_out_own(search);
	/* Who is relayed is counted at superd's socket. */
	if (search->relayed > search->svc->run->idle.clients.connected)
		search->relayed = search->svc->run->idle.clients.connected;
	search->found->clients -= search->relayed < search->found->clients ? search->relayed : search->found->clients;
	return good;
}

/* ---- for the service ---- */

static bool is_ignored(const struct svc *svc)
{
	return svc->row->groups->lifecycle->other_ports == OTHERS_IGNORED;
}

/* The log has each address once for each service. */
static void tell(struct svc *svc, const struct others *before, const struct others *now)
{
	for (unsigned n = 0; n < now->count; n++) {
		bool told = now->list[n].is_chosen || now->list[n].is_target;

		for (unsigned i = 0; before && i < before->count; i++)
			told |= !strcmp(before->list[i].text, now->list[n].text);
		if (!told)
			svc_say(svc, LEVEL_NOTICE, "listens",
				"pid %ld also listens at %s itself: superd does not wake it there; add it to listen",
				(long)svc->run->current->pid, now->list[n].text);
	}
}

unsigned others_look(struct svc *svc)
{
	struct others *found, *before = svc->run->others;
	struct other_search search = { .svc = svc };
	unsigned clients;
	size_t length;
	char *range;
	bool good;

	if (is_ignored(svc)) {
		others_forget(svc);
		return 0;
	}
	found = calloc(1, sizeof(*found));
	if (!found)
		return before ? before->clients : 0;
	if (before)
		before->clients = 0;
	range = fd_read_file(CHOSEN, 64, &length);
	if (range && sscanf(range, "%u %u", &search.first_chosen, &search.last_chosen) != 2)
		search.first_chosen = search.last_chosen = 0;
	free(range);
	search.found = found;
	good = find_way(&search) && ask(&search);
	free(search.inodes);
	free(search.ends);
	found->is_blind = !good;
	if (!good && !(before && before->is_blind))
		svc_say(svc, LEVEL_NOTICE, "listens",
			"superd cannot see where pid %ld listens itself: clients at such ports do not keep it from "
			"sleeping",
			(long)svc->run->current->pid);
	tell(svc, before, found);
	if (!good && before) { /* what was seen is told no second time */
		before->is_blind = true;
		free(found);
		return 0;
	}
	free(before);
	clients = found->clients;
	svc->run->others = found->count || found->is_blind ? found : NULL;
	if (!svc->run->others)
		free(found);
	svc_changed(svc);
	return clients;
}

const char *others_keep_awake(const struct svc *svc)
{
	const struct others *others = svc->run->others;

	for (unsigned n = 0; others && !is_ignored(svc) && n < others->count; n++) {
		if (others->list[n].port && !others->list[n].is_chosen && !others->list[n].is_target)
			return others->list[n].text;
	}
	return NULL;
}

void others_show(const struct svc *svc, struct buf *out)
{
	const struct others *others = svc->run->others;

	json_list_field(out, "other_sockets");
	for (unsigned n = 0; others && n < others->count; n++) {
		if (!others->list[n].is_target)
			json_element_text(out, others->list[n].text);
	}
	json_list_close(out);
}

void others_forget(struct svc *svc)
{
	free(svc->run->others);
	svc->run->others = NULL;
}
