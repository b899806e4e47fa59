/* Who is connected to a service: its own sockets, and those that its program has opened beside them. The kernel is
 * asked for the connections of each port, and for all unix sockets (sock_diag(7)), which takes no lock of a socket that
 * a program has: only the ages of connections do (clients_ages), so a process of its own asks for those.
 *
 * When to ask is told by the kernel's reports of closed connections, for all ports of one table. */
#include "daemon/daemon.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/cgroup/cgroup.h"
#include "os/netdiag/sock_diag.h"
#include "os/netdiag/tcp_destroy.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"
#include "os/socket/bind.h"
#include "table/access/access.h"

#define PEERS_SHOWN 4
#define FEW_SHOWN 4 /* services that are shown in a turn of the loop, each by a question of its own */
#define QUEUED (1u << TCP_ESTABLISHED | 1u << TCP_SYN_RECV | 1u << TCP_CLOSE_WAIT) /* states of what nobody accepted */
#define OPEN (QUEUED | 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)

/* A socket that listens. */
struct place {
	const struct socket_address *at;
	int protocol;  /* of IPv4 and IPv6 */
	uint32_t node; /* of unix: the node in the file system, 0: none, */
	uint32_t self; /* and the socket itself */
	bool is_own;   /* the program has opened it */
};

struct question {
	struct svc *svc;
	struct clients *clients;
	struct place *places;
	size_t count;
	uint32_t quiet_after; /* milliseconds; 0: nobody asks for ages */
	bool shares;
	/* sockets of the program, sorted; and those of them that are connections, or listen where superd does not */
	uint32_t *nodes;
	size_t node_count, node_room;
	struct idle *idle; /* its own ports are being looked for */
	uint32_t *found;
	size_t found_count, found_room;
	unsigned peers;
};

/* ---- the processes of an instance, and their sockets ---- */

struct pids {
	pid_t *list;
	size_t count, room;
};

static bool add_pid(void *context, long pid)
{
	struct pids *pids = context;
	pid_t *list = array_grow(pids->list, &pids->room, pids->count, sizeof(*list));

	if (!list)
		return false;
	pids->list = list;
	list[pids->count++] = (pid_t)pid;
	return true;
}

/* Each comes after its parent; 0 ends the list. Without a control group they are the descendants of the main process,
 * and children of superd that are in its group or session. NULL: out of memory. */
pid_t *instance_processes(const struct instance *instance)
{
	struct pids pids = { 0 };
	pid_t *children = NULL;
	bool good = true;

	if (instance->cgroup && cgroup_is_populated(instance->cgroup)) {
		cgroup_each_process(instance->cgroup, add_pid, &pids);
	} else {
		if (instance->main.pid > 0)
			good = add_pid(&pids, instance->main.pid);
		children = process_list_children();
		for (pid_t *at = children; at && *at && good; at++) {
			if (*at != instance->main.pid && instance->group > 1 &&
			    (getpgid(*at) == instance->group || getsid(*at) == instance->group))
				good = add_pid(&pids, *at);
		}
		free(children);
		for (size_t n = 0; n < pids.count && good; n++) {
			children = process_list_children_of(pids.list[n]);
			for (pid_t *at = children; at && *at && good; at++)
				good = add_pid(&pids, *at);
			free(children);
		}
	}
	if (good && add_pid(&pids, 0))
		return pids.list;
	free(pids.list);
	return NULL;
}

static void each_socket(const pid_t *pids, void (*see)(void *context, pid_t pid, int fd, uint32_t node), void *context)
{
	dev_t device = process_socket_device();

	for (; pids && *pids; pids++) {
		struct dirent *entry;
		char path[40];
		DIR *folder;

		snprintf(path, sizeof(path), "/proc/%ld/fd", (long)*pids);
		folder = opendir(path);
		while (folder && (entry = readdir(folder))) {
			struct file_id file;
			int64_t number;

			if (!scan_count(entry->d_name, &number) && number <= INT32_MAX &&
			    process_find_file(dirfd(folder), entry->d_name, false, &file) && file.device == device)
				see(context, *pids, (int)number, (uint32_t)file.node);
		}
		if (folder)
			closedir(folder);
	}
}

static int compare(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

static void note(uint32_t **list, size_t *count, size_t *room, uint32_t node)
{
	uint32_t *larger = array_grow(*list, room, *count, sizeof(*larger));

	if (!larger)
		return;
	*list = larger;
	larger[(*count)++] = node;
}

static bool is_held(const struct question *question, uint32_t node)
{
	return node && question->node_count &&
		bsearch(&node, question->nodes, question->node_count, sizeof(node), compare);
}

static void note_socket(void *context, pid_t pid, int fd, uint32_t node)
{
	struct question *question = context;

	(void)pid, (void)fd;
	note(&question->nodes, &question->node_count, &question->node_room, node);
}

/* ---- what the kernel answers ---- */

static bool has_address(const struct socket_address *at, int family, const uint32_t *address)
{
	static const unsigned char any[16];

	if (family == AF_INET)
		return at->in.sin_addr.s_addr == INADDR_ANY || at->in.sin_addr.s_addr == address[0];
	return !memcmp(&at->in6.sin6_addr, any, 16) || !memcmp(&at->in6.sin6_addr, address, 16);
}

static in_port_t port_of(const struct socket_address *at)
{
	return at->any.sa_family == AF_INET ? at->in.sin_port : at->in6.sin6_port;
}

static struct place *find_inet(const struct question *question, int family, in_port_t port, const uint32_t *address)
{
	for (size_t n = 0; n < question->count; n++) {
		struct place *place = &question->places[n];
		int own = place->at->any.sa_family;

		if (own == AF_UNIX || port_of(place->at) != port)
			continue;
		/* a program of pass = bind may have made a socket of both families one of IPv4 */
		if (own == family ? has_address(place->at, family, address)
				  : own == AF_INET6 && question->svc->row->exec->pass == PASS_BIND)
			return place;
	}
	return NULL;
}

static void count_one(struct question *question, const struct place *place)
{
	question->clients->connected++;
	if (!place->is_own || question->clients->own++)
		return;
	buf_free(&question->clients->endpoint);
	if (place->at->any.sa_family == AF_UNIX) {
		const char *path = place->at->un.sun_path;

		buf_addf(&question->clients->endpoint, "unix:%s%.*s", *path ? "" : "@",
			 (int)(place->at->length - offsetof(struct sockaddr_un, sun_path)) - !*path, path + !*path);
	} else {
		char host[INET6_ADDRSTRLEN];

		socket_address_host(place->at, host, sizeof(host));
		buf_addf(&question->clients->endpoint,
			 place->at->any.sa_family == AF_INET ? "tcp:%s:%u" : "tcp:[%s]:%u", host,
			 ntohs(port_of(place->at)));
	}
}

static void show_peer(struct question *question, const struct inet_diag_msg *socket)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_mapped = socket->idiag_family == AF_INET6 && !memcmp(socket->id.idiag_dst, mapped, sizeof(mapped));
	char peer[INET6_ADDRSTRLEN] = "";

	inet_ntop(is_mapped ? AF_INET : socket->idiag_family, socket->id.idiag_dst + 3 * is_mapped, peer, sizeof(peer));
	if (question->peers == PEERS_SHOWN || (question->peers && strstr(buf_string(&question->clients->peers), peer)))
		return;
	buf_addf(&question->clients->peers, "%s%s", question->peers++ ? ", " : "", peer);
}

/* Milliseconds since anything has moved; 0 while the program or the kernel has something to do. */
static uint32_t quiet_for(const struct nlmsghdr *message, const struct inet_diag_msg *socket)
{
	const char *at = (const char *)socket + NLMSG_ALIGN(sizeof(*socket)), *end = (const char *)message;
	struct rtattr head;
	struct tcp_info info;

	end += message->nlmsg_len;
	if (socket->idiag_state != TCP_ESTABLISHED || !socket->idiag_inode || socket->idiag_rqueue ||
	    socket->idiag_wqueue)
		return 0;
	for (; at + sizeof(head) <= end; at += RTA_ALIGN(head.rta_len)) {
		memcpy(&head, at, sizeof(head));
		if (head.rta_len < sizeof(head) || at + head.rta_len > end)
			return 0;
		if (head.rta_type != INET_DIAG_INFO || head.rta_len < RTA_LENGTH(offsetof(struct tcp_info, tcpi_pmtu)))
			continue;
		memset(&info, 0, sizeof(info));
		memcpy(&info, at + RTA_LENGTH(0),
		       head.rta_len - RTA_LENGTH(0) < sizeof(info) ? head.rta_len - RTA_LENGTH(0) : sizeof(info));
		return info.tcpi_last_data_recv < info.tcpi_last_data_sent ? info.tcpi_last_data_recv
									   : info.tcpi_last_data_sent;
	}
	return 0;
}

static void see_inet(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct question *question = context;
	struct clients *clients = question->clients;
	const struct place *place;
	uint32_t quiet;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	/* What is closed by the server, and has no process any more, is the kernel's business. */
	place = find_inet(question, socket->idiag_family, socket->id.idiag_sport, socket->id.idiag_src);
	if (!place || (!socket->idiag_inode && !(QUEUED & 1u << socket->idiag_state)))
		return;
	if (access_lists(service_prepared(question->svc->row)->probes, socket->idiag_family, socket->id.idiag_dst))
		return;
	count_one(question, place);
	show_peer(question, socket);
	if (socket->idiag_inode)
		note(&question->found, &question->found_count, &question->found_room, socket->idiag_inode);
	else
		clients->waiting++;
	if (!question->quiet_after)
		return;
	quiet = quiet_for(message, socket);
	clients->quiet += quiet >= question->quiet_after;
	clients->moved = quiet < clients->moved ? quiet : clients->moved;
}

/* The other end of a connection to a port of the program: it is no client if the program has it itself. */
static void see_other_end(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct question *question = context;
	const struct place *place;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || !is_held(question, socket->idiag_inode))
		return;
	place = find_inet(question, socket->idiag_family, socket->id.idiag_dport, socket->id.idiag_dst);
	if (!place || !place->is_own || !question->clients->own)
		return;
	question->clients->own--;
	question->clients->connected--;
}

static bool is_at(const struct place *place, struct nlmsghdr *message)
{
	const struct rtattr *file = sock_diag_unix_attribute(message, UNIX_DIAG_VFS, sizeof(struct unix_diag_vfs));
	const struct rtattr *name = sock_diag_unix_attribute(message, UNIX_DIAG_NAME, 1);
	size_t length = place->at->length - offsetof(struct sockaddr_un, sun_path);
	struct unix_diag_vfs vfs;

	if (file && place->node) {
		memcpy(&vfs, sock_diag_attribute(file), sizeof(vfs));
		return vfs.udiag_vfs_ino == place->node;
	}
	return !place->node && name && RTA_PAYLOAD(name) == length &&
		!memcmp(sock_diag_attribute(name), place->at->un.sun_path, length);
}

static void see_unix(struct nlmsghdr *message, void *context)
{
	const struct rtattr *queue = sock_diag_unix_attribute(message, UNIX_DIAG_RQLEN, sizeof(struct unix_diag_rqlen));
	const struct rtattr *other = sock_diag_unix_attribute(message, UNIX_DIAG_PEER, sizeof(uint32_t));
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	struct question *question = context;
	struct unix_diag_rqlen length = { 0 };
	uint32_t peer = 0;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	if (queue)
		memcpy(&length, sock_diag_attribute(queue), sizeof(length));
	if (other)
		memcpy(&peer, sock_diag_attribute(other), sizeof(peer));
	for (size_t n = 0; n < question->count; n++) {
		const struct place *place = &question->places[n];

		if (place->at->any.sa_family != AF_UNIX)
			continue;
		if (socket->udiag_state == TCP_LISTEN && socket->udiag_ino == place->self) {
			question->clients->waiting += length.udiag_rqueue;
			for (uint32_t client = 0; client < length.udiag_rqueue; client++)
				count_one(question, place);
			return;
		}
		if (socket->udiag_state != TCP_ESTABLISHED || !is_at(place, message))
			continue;
		if (!place->is_own || !is_held(question, peer)) {
			count_one(question, place);
			note(&question->found, &question->found_count, &question->found_room, socket->udiag_ino);
		}
		return;
	}
}

/* A listener of the program's own. */
static struct socket_address *add_own(struct question *question, uint32_t node)
{
	struct idle *idle = question->idle;

	if (!is_held(question, node) || idle->own_count == OWN_PORTS)
		return NULL;
	for (size_t n = 0; n < question->svc->socket_count; n++) {
		struct stat status;

		if (question->svc->sockets[n].fd >= 0 && fstat(question->svc->sockets[n].fd, &status) == 0 &&
		    (uint32_t)status.st_ino == node)
			return NULL;
	}
	idle->own_nodes[idle->own_count] = node;
	note(&question->found, &question->found_count, &question->found_room, node);
	idle->own[idle->own_count] = (struct socket_address){ 0 };
	return &idle->own[idle->own_count++];
}

static void find_own_inet(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct socket_address *at;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || !(at = add_own(context, socket->idiag_inode)))
		return;
	at->any.sa_family = socket->idiag_family;
	at->length = socket->idiag_family == AF_INET ? sizeof(at->in) : sizeof(at->in6);
	if (socket->idiag_family == AF_INET) {
		at->in.sin_port = socket->id.idiag_sport;
		memcpy(&at->in.sin_addr, socket->id.idiag_src, sizeof(at->in.sin_addr));
	} else {
		at->in6.sin6_port = socket->id.idiag_sport;
		memcpy(&at->in6.sin6_addr, socket->id.idiag_src, sizeof(at->in6.sin6_addr));
	}
}

static void find_own_unix(struct nlmsghdr *message, void *context)
{
	const struct rtattr *name = sock_diag_unix_attribute(message, UNIX_DIAG_NAME, 1);
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	struct socket_address *at;
	size_t length;

	if (!name || !(at = add_own(context, socket->udiag_ino)))
		return;
	length = RTA_PAYLOAD(name) < sizeof(at->un.sun_path) ? RTA_PAYLOAD(name) : sizeof(at->un.sun_path);
	at->un.sun_family = AF_UNIX;
	memcpy(at->un.sun_path, sock_diag_attribute(name), length);
	at->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

/* ---- the questions ---- */

/* All that the kernel has told of a kind of socket in this turn of the loop, where many services are shown. */
static struct dump {
	unsigned turn;
	bool known;
	struct buf messages;
} answers[3]; /* IPv4, IPv6, unix */

static void keep_message(struct nlmsghdr *message, void *context)
{
	static const char padding[NLMSG_ALIGNTO];
	struct dump *answer = context;

	buf_add(&answer->messages, message, message->nlmsg_len);
	buf_add(&answer->messages, padding, NLMSG_ALIGN(message->nlmsg_len) - message->nlmsg_len);
}

/* false: the kernel does not tell. */
static bool repeat(struct dump *answer, in_port_t local, void (*each)(struct nlmsghdr *message, void *context),
		   void *context)
{
	size_t left = answer->messages.length;

	for (struct nlmsghdr *message = (void *)answer->messages.data; left && NLMSG_OK(message, left);
	     message = NLMSG_NEXT(message, left)) {
		const struct inet_diag_msg *socket = NLMSG_DATA(message);

		if (!local || socket->id.idiag_sport == local)
			each(message, context);
	}
	return answer->known && !answer->messages.failed;
}

static bool is_new_turn(struct dump *answer)
{
	bool is_new = answer->turn != ev_iteration(superd.loop);

	if (is_new)
		buf_free(&answer->messages);
	answer->turn = ev_iteration(superd.loop);
	return is_new;
}

static bool list_unix(struct question *question)
{
	const unsigned states = 1u << TCP_ESTABLISHED | 1u << TCP_LISTEN,
		       show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN | UDIAG_SHOW_PEER;

	if (!question->shares)
		return sock_diag_list_unix(states, show, see_unix, question);
	if (is_new_turn(&answers[2]))
		answers[2].known = sock_diag_list_unix(states, show, keep_message, &answers[2]);
	return repeat(&answers[2], 0, see_unix, question);
}

/* port: of both ends, in network order; 0: any. */
static bool ask_inet(struct question *question, int family, int protocol, unsigned states, in_port_t local,
		     in_port_t remote, void (*each)(struct nlmsghdr *message, void *context))
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = (unsigned char)family,
			     .sdiag_protocol = (unsigned char)protocol,
			     .idiag_ext = question->quiet_after ? 1 << (INET_DIAG_INFO - 1) : 0,
			     .idiag_states = states,
			     .id.idiag_sport = local,
			     .id.idiag_dport = remote },
	};

	if (question->shares && local && protocol == IPPROTO_TCP) {
		struct dump *answer = &answers[family == AF_INET6];

		request.request.id.idiag_sport = 0;
		if (is_new_turn(answer))
			answer->known = sock_diag_ask(&request, sizeof(request), keep_message, answer);
		return repeat(answer, local, each, question);
	}
	return sock_diag_ask(&request, sizeof(request), each, question);
}

/* The address that a socket has had since it was opened. That of one which a program may hold the lock of is looked up
 * among all that listen. */
void clients_remember(struct socket *socket)
{
	const struct endpoint *endpoint = socket->listen->address;
	int domain = AF_UNSPEC;
	socklen_t size = sizeof(domain);

	socket->name.length = sizeof(socket->name.storage);
	getsockopt(socket->fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	if (socket->lent && (domain == AF_INET || domain == AF_INET6)) {
		if (!sock_diag_name(socket->fd, domain, endpoint_is_datagram(endpoint) ? IPPROTO_UDP : IPPROTO_TCP,
				    &socket->name))
			socket->name.length = 0;
	} else if (getsockname(socket->fd, &socket->name.any, &socket->name.length) < 0) {
		socket->name.length = 0;
	}
}

/* false: out of memory. */
static bool find_places(struct question *question)
{
	struct svc *svc = question->svc;
	const struct idle *idle = svc->idle;
	struct sock_diag_unix found;

	question->places = calloc(svc->socket_count + OWN_PORTS, sizeof(*question->places));
	question->clients->known = question->places;
	for (unsigned n = 0; question->places && n < svc->socket_count; n++) {
		struct place *place = &question->places[question->count];
		struct socket *socket = &svc->sockets[n];
		struct stat status;

		if (socket->fd < 0)
			continue;
		if (!socket->name.length)
			clients_remember(socket);
		place->at = &socket->name;
		place->protocol = endpoint_is_datagram(socket->listen->address) ? IPPROTO_UDP : IPPROTO_TCP;
		if (socket->name.any.sa_family == AF_UNIX) {
			if (fstat(socket->fd, &status) == 0)
				place->self = (uint32_t)status.st_ino;
			if (*socket->name.un.sun_path && sock_diag_unix(socket->fd, &found) && found.has_node)
				place->node = found.node;
		}
		if (socket->name.length)
			question->count++;
		else
			question->clients->known = false;
	}
	for (unsigned n = 0; question->places && idle && n < idle->own_count; n++)
		question->places[question->count++] = (struct place){
			.at = &idle->own[n], .protocol = IPPROTO_TCP, .self = idle->own_nodes[n], .is_own = true
		};
	return question->places;
}

static void ask(struct question *question)
{
	bool known = question->clients->known, has_unix = false;

	for (size_t n = 0; n < question->count && known; n++) {
		const struct place *place = &question->places[n];
		int family = place->at->any.sa_family;
		bool asked = false;

		has_unix |= family == AF_UNIX;
		for (size_t other = 0; other < n; other++) /* one question for a port */
			asked |= question->places[other].at->any.sa_family == family &&
				question->places[other].protocol == place->protocol && family != AF_UNIX &&
				port_of(question->places[other].at) == port_of(place->at);
		if (family == AF_UNIX || asked)
			continue;
		known = ask_inet(question, family, place->protocol,
				 place->protocol == IPPROTO_TCP ? OPEN : 1u << TCP_ESTABLISHED, port_of(place->at), 0,
				 see_inet);
		if (known && family == AF_INET6 && question->svc->row->exec->pass == PASS_BIND)
			known = ask_inet(question, AF_INET, IPPROTO_TCP, OPEN, port_of(place->at), 0, see_inet);
		if (known && place->is_own)
			known = ask_inet(question, family, IPPROTO_TCP, OPEN, 0, port_of(place->at), see_other_end);
	}
	if (known && has_unix)
		known = list_unix(question);
	question->clients->known = known;
}

static void find_nodes(struct question *question, const pid_t *pids)
{
	const struct instance *instance = question->svc->current;
	pid_t relay[] = { instance ? instance->relay.child.pid : 0, 0 };

	each_socket(pids, note_socket, question);
	each_socket(relay, note_socket, question); /* what it has connected to the program is no client of its own */
	if (question->node_count)
		qsort(question->nodes, question->node_count, sizeof(*question->nodes), compare);
}

static void find_own(struct question *question)
{
	struct idle *idle = question->svc->idle;

	question->idle = idle;
	idle->own_count = 0;
	ask_inet(question, AF_INET, IPPROTO_TCP, 1u << TCP_LISTEN, 0, 0, find_own_inet);
	ask_inet(question, AF_INET6, IPPROTO_TCP, 1u << TCP_LISTEN, 0, 0, find_own_inet);
	sock_diag_list_unix(1u << TCP_LISTEN, UDIAG_SHOW_NAME, find_own_unix, question);
}

static void end_question(struct question *question)
{
	free(question->places);
	free(question->nodes);
	free(question->found);
}

/* finds_own: looks for ports of the program first. quiet_after: milliseconds; else 0. */
static void count(struct question *question, bool finds_own)
{
	struct svc *svc = question->svc;
	pid_t *pids = NULL;

	clients_free(question->clients);
	*question->clients = (struct clients){ .moved = UINT32_MAX };
	if (svc->idle && svc->current && (finds_own || svc->idle->own_count)) {
		pids = instance_processes(svc->current);
		find_nodes(question, pids);
		if (finds_own)
			find_own(question);
	}
	if (find_places(question))
		ask(question);
	free(pids);
}

void clients_count(struct svc *svc, struct clients *clients, enum clients_question what)
{
	struct question question = { .svc = svc, .clients = clients };
	static unsigned turn, shown;

	if (turn != ev_iteration(superd.loop))
		shown = 0;
	turn = ev_iteration(superd.loop);
	question.shares = what == CLIENTS_SHOW && shown++ >= FEW_SHOWN;
	count(&question, what == CLIENTS_ALL);
	end_question(&question);
}

void clients_ages(struct svc *svc, struct clients *clients, uint32_t quiet_after)
{
	struct question question = { .svc = svc, .clients = clients, .quiet_after = quiet_after };

	count(&question, false);
	end_question(&question);
}

void clients_free(struct clients *clients)
{
	buf_free(&clients->peers);
	buf_free(&clients->endpoint);
}

/* ---- what wakes a frozen program ---- */

struct watched {
	struct list link;
	ev_io io;
};

struct copying {
	struct question question;
	struct svc *svc;
	void (*wake)(struct ev_loop *loop, ev_io *io, int events);
	size_t copied;
	pid_t pid;
	int pidfd;
};

static void copy_socket(void *context, pid_t pid, int fd, uint32_t node)
{
	struct copying *copying = context;
	uint32_t *found = copying->question.found_count
		? bsearch(&node, copying->question.found, copying->question.found_count, sizeof(node), compare)
		: NULL;
	struct watched *watched;
	int copy;

	if (!found)
		return;
	if (copying->pid != pid) {
		fd_close(&copying->pidfd);
		copying->pidfd = pidfd_of(copying->pid = pid);
	}
	copy = copying->pidfd < 0 ? -1 : pidfd_copy(copying->pidfd, fd);
	watched = copy < 0 ? NULL : calloc(1, sizeof(*watched));
	if (!watched) {
		fd_close(&copy);
		return;
	}
	memmove(found, found + 1, (size_t)(copying->question.found + --copying->question.found_count - found) * 4);
	ev_io_init(&watched->io, copying->wake, fd_raise(copy, FD_HIGH), EV_READ);
	watched->io.data = copying->svc;
	ev_io_start(superd.loop, &watched->io);
	list_add(&copying->svc->idle->watched, &watched->link);
}

/* Watches the connections of a frozen program, and the ports of its own. false: some are missing. */
bool clients_watch(struct svc *svc, void (*wake)(struct ev_loop *loop, ev_io *io, int events))
{
	struct clients clients = { 0 };
	struct copying copying = {
		.question = { .svc = svc, .clients = &clients }, .svc = svc, .wake = wake, .pidfd = -1
	};
	pid_t *pids = instance_processes(svc->current);

	count(&copying.question, true);
	if (copying.question.found_count) {
		qsort(copying.question.found, copying.question.found_count, sizeof(uint32_t), compare);
		each_socket(pids, copy_socket, &copying);
	}
	fd_close(&copying.pidfd);
	free(pids);
	clients_free(&clients);
	end_question(&copying.question);
	return clients.known && !copying.question.found_count;
}

/* Before it is thawed: as long as the program has them, too, closing the copies does not block. */
void clients_unwatch(struct svc *svc)
{
	while (svc->idle && !list_empty(&svc->idle->watched)) {
		struct watched *watched = container_of(svc->idle->watched.next, struct watched, link);

		list_remove(&watched->link);
		ev_io_stop(superd.loop, &watched->io);
		close(watched->io.fd);
		free(watched);
	}
}

/* ---- reports of closed connections ---- */

static struct {
	struct report {
		uint16_t port;
		struct svc *svc;
	} * list; /* by port */
	size_t count, room;
	bool stale, failed;
	struct list listening; /* link of struct idle */
	ev_io io;
	ev_prepare turn;
} reports = { .io.fd = -1, .listening = { &reports.listening, &reports.listening } };

static void add_report(struct svc *svc, const struct socket_address *at)
{
	struct report *list;

	if (at->any.sa_family != AF_INET && at->any.sa_family != AF_INET6)
		return;
	list = array_grow(reports.list, &reports.room, reports.count, sizeof(*list));
	if (!list)
		return;
	reports.list = list;
	list[reports.count++] = (struct report){ ntohs(port_of(at)), svc };
}

static int compare_reports(const void *a, const void *b)
{
	const struct report *first = a, *second = b;

	return (first->port > second->port) - (first->port < second->port);
}

/* The kernel is told once a turn which ports are of interest. */
static void subscribe(void)
{
	uint16_t *ports;
	size_t count = 0;

	reports.stale = false;
	reports.count = 0;
	LIST_EACH(link, &reports.listening) {
		struct svc *svc = container_of(link, struct idle, listening)->svc;

		for (unsigned n = 0; n < svc->socket_count; n++) {
			if (svc->sockets[n].fd >= 0 && !svc->sockets[n].name.length)
				clients_remember(&svc->sockets[n]);
			if (svc->sockets[n].fd >= 0 && svc->sockets[n].name.length)
				add_report(svc, &svc->sockets[n].name);
		}
		for (unsigned n = 0; n < svc->idle->own_count; n++)
			add_report(svc, &svc->idle->own[n]);
	}
	if (reports.count)
		qsort(reports.list, reports.count, sizeof(*reports.list), compare_reports);
	ports = calloc(reports.count + 1, sizeof(*ports));
	for (size_t n = 0; ports && n < reports.count; n++) {
		if (!count || ports[count - 1] != reports.list[n].port)
			ports[count++] = reports.list[n].port;
	}
	if (!ports || tcp_destroy_subscribe(reports.io.fd, ports, count) < 0) {
		reports.failed = true;
		for (size_t n = 0; n < reports.count; n++) {
			reports.list[n].svc->idle->polls = true;
			idle_note_close(reports.list[n].svc);
		}
	}
	free(ports);
}

static void on_closed(void *context, const struct tcp_destroy_event *event)
{
	struct report key = { .port = event->port }, *at;

	(void)context;
	at = reports.count ? bsearch(&key, reports.list, reports.count, sizeof(key), compare_reports) : NULL;
	while (at && at > reports.list && at[-1].port == event->port)
		at--;
	for (; at && at < reports.list + reports.count && at->port == event->port; at++) {
		if (!access_lists(service_prepared(at->svc->row)->probes, event->family, event->peer))
			idle_note_close(at->svc);
	}
}

void clients_read_reports(void)
{
	bool complete;

	if (reports.io.fd < 0)
		return;
	if (reports.stale)
		subscribe();
	complete = tcp_destroy_read(reports.io.fd, on_closed, NULL);
	for (size_t n = 0; n < reports.count && !complete; n++)
		idle_note_close(reports.list[n].svc);
}

static void on_reports(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)io, (void)events;
	clients_read_reports();
}

static void on_turn(struct ev_loop *loop, ev_prepare *turn, int events)
{
	(void)events;
	ev_prepare_stop(loop, turn);
	if (reports.stale)
		subscribe();
}

/* The ends of a service's connections are of interest, also at ports that were found since, or not any more. false: the
 * kernel does not report. */
bool clients_listen(struct idle *idle, bool listens)
{
	if (reports.io.fd < 0 && !reports.failed) {
		int fd = fd_raise(tcp_destroy_open(), FD_HIGH);

		reports.failed = fd < 0;
		ev_prepare_init(&reports.turn, on_turn);
		if (fd >= 0) {
			ev_io_init(&reports.io, on_reports, fd, EV_READ);
			ev_io_start(superd.loop, &reports.io);
		}
	}
	list_remove(&idle->listening);
	if (listens)
		list_add(&reports.listening, &idle->listening);
	reports.stale = true;
	if (!reports.failed)
		ev_prepare_start(superd.loop, &reports.turn);
	return !reports.failed;
}
