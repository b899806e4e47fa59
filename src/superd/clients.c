/* Who is connected to a service: one question to the kernel for each port, and one for all unix sockets (sock_diag(7)).
 * They take no lock of a socket that a program has. Only since when connections are quiet does, so a helper asks that.
 *
 * When to ask is told by the kernel's reports of closed TCP connections. */
#include "superd/daemon.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>

#define QUEUED (1u << TCP_ESTABLISHED | 1u << TCP_SYN_RECV | 1u << TCP_CLOSE_WAIT) /* states of what nobody accepted */
#define OPEN (QUEUED | 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSING | 1u << TCP_LAST_ACK)

/* Inodes of sockets. */
struct sockets {
	uint32_t *list;
	size_t count, room;
};

struct question {
	struct svc *svc;
	struct clients *clients;
	struct sockets *accepted; /* gets the inodes of what wakes a program; NULL: nobody wants them */
	uint32_t quiet_after;	  /* milliseconds; 0: nobody asks */
};

static void add_socket(struct sockets *sockets, uint32_t number)
{
	uint32_t *list = array_grow(sockets->list, &sockets->room, sockets->count, sizeof(*list));

	if (!list)
		return;
	sockets->list = list;
	list[sockets->count++] = number;
}

static int compare_sockets(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

/* A superd before may have opened it, at this port if its row names none; 0: that is not known. The kernel is not asked
 * for the address of one whose lock a program may hold: it is its row's, with this port. */
void clients_remember_name(struct socket *socket, uint16_t port)
{
	struct endpoint endpoint = *socket->listen->address;
	struct sock_diag_unix found;
	int domain = AF_UNSPEC;
	socklen_t size = sizeof(domain);
	struct stat status;

	socket->run->name.length = sizeof(socket->run->name.storage);
	socket->run->node = socket->run->self = 0;
	getsockopt(socket->fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	if (socket->lent && (domain == AF_INET || domain == AF_INET6)) {
		endpoint.port = endpoint.port ? endpoint.port : port;
		if (!endpoint.port || !socket_address_make(&endpoint, domain, &socket->run->name))
			socket->run->name.length = 0;
	} else if (getsockname(socket->fd, &socket->run->name.any, &socket->run->name.length) < 0) {
		socket->run->name.length = 0;
	}
	if (domain != AF_UNIX || fstat(socket->fd, &status) < 0)
		return;
	socket->run->self = (uint32_t)status.st_ino;
	if (*socket->run->name.un.sun_path && sock_diag_unix(socket->fd, &found))
		socket->run->node = found.node;
}

/* It is opened. */
void clients_forget(struct socket *socket)
{
	CLEAR(socket->run->name.length);
}

/* The address that a socket has had since it was opened; length 0: it cannot be found. */
const struct socket_address *clients_name(struct socket *socket)
{
	if (!socket->run->name.length)
		clients_remember_name(socket, 0);
	return &socket->run->name;
}

unsigned clients_port(struct socket *socket)
{
	int port = socket->fd < 0 ? 0 : socket_address_port(clients_name(socket));

	return port > 0 ? (unsigned)port : 0;
}

static in_port_t port_of(const struct socket *socket)
{
	int family = socket->fd < 0 || !socket->run->name.length ? AF_UNSPEC : socket->run->name.any.sa_family;

	return family == AF_INET     ? socket->run->name.in.sin_port
		: family == AF_INET6 ? socket->run->name.in6.sin6_port
				     : 0;
}

static bool is_of_service(const struct svc *svc, const struct inet_diag_msg *message)
{
	static const unsigned char any[16];

	EACH_SOCKET(socket, svc) {
		const struct socket_address *name = &socket->run->name;
		bool is_ipv4 = name->any.sa_family == AF_INET;
		const void *address = is_ipv4 ? (const void *)&name->in.sin_addr : &name->in6.sin6_addr;
		size_t size = is_ipv4 ? 4 : 16;

		if (port_of(socket) == message->id.idiag_sport && name->any.sa_family == message->idiag_family &&
		    (!memcmp(address, any, size) || !memcmp(address, message->id.idiag_src, size)))
			return true;
	}
	return false;
}

static bool is_probe(const struct svc *svc, const struct inet_diag_msg *message)
{
	return access_lists(service_prepared(svc->row)->probes, message->idiag_family, message->id.idiag_dst);
}

/* Milliseconds since anything has moved; 0 while the program or the kernel has something to do. */
static uint32_t quiet_for(const struct nlmsghdr *message, const struct inet_diag_msg *socket)
{
	struct tcp_info info;

	if (socket->idiag_state != TCP_ESTABLISHED || !socket->idiag_inode || socket->idiag_rqueue ||
	    socket->idiag_wqueue ||
	    sock_diag_attribute(message, sizeof(*socket), INET_DIAG_INFO, &info, sizeof(info)) <
		    offsetof(struct tcp_info, tcpi_pmtu))
		return 0;
	return info.tcpi_last_data_recv < info.tcpi_last_data_sent ? info.tcpi_last_data_recv
								   : info.tcpi_last_data_sent;
}

static const char *write_peer(int family, const void *address, char out[INET6_ADDRSTRLEN])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool is_mapped = family == AF_INET6 && !memcmp(address, mapped, sizeof(mapped));

	return inet_ntop(is_mapped ? AF_INET : family, (const char *)address + (is_mapped ? sizeof(mapped) : 0), out,
			 INET6_ADDRSTRLEN);
}

static void note_waiter(struct question *question, uint64_t waiter)
{
	if (question->clients->waiter != question->svc->run->stuck.waiter || !question->clients->waiter)
		question->clients->waiter = waiter;
}

static void see_inet(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct question *question = context;
	struct clients *clients = question->clients;
	size_t length = strlen(clients->peers);
	char peer[INET6_ADDRSTRLEN] = "";

	/* What is closed by the server, and has no process any more, is the kernel's business. */
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || !is_of_service(question->svc, socket) ||
	    (!socket->idiag_inode && !(QUEUED & 1u << socket->idiag_state)) || is_probe(question->svc, socket))
		return;
	write_peer(socket->idiag_family, socket->id.idiag_dst, peer);
	clients->connected++;
	clients->waiting += !socket->idiag_inode;
	if (!socket->idiag_inode && socket->idiag_state == TCP_ESTABLISHED)
		note_waiter(question, hash_bytes(HASH_START, &socket->id, offsetof(struct inet_diag_sockid, idiag_if)));
	if (length + sizeof(peer) < sizeof(clients->peers) && !strstr(clients->peers, peer))
		snprintf(clients->peers + length, sizeof(clients->peers) - length, "%s%s", length ? ", " : "", peer);
	if (socket->idiag_inode && question->accepted)
		add_socket(question->accepted, socket->idiag_inode);
	if (question->quiet_after)
		clients->quiet += quiet_for(message, socket) >= question->quiet_after;
}

static void see_unix(struct nlmsghdr *message, void *context)
{
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	struct question *question = context;
	struct unix_diag_rqlen length;
	struct unix_diag_vfs vfs;
	struct sockaddr_un name;
	size_t named, file;
	uint32_t first;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
		return;
	sock_diag_unix_attribute(message, UNIX_DIAG_RQLEN, &length, sizeof(length));
	file = sock_diag_unix_attribute(message, UNIX_DIAG_VFS, &vfs, sizeof(vfs));
	named = sock_diag_unix_attribute(message, UNIX_DIAG_NAME, name.sun_path, sizeof(name.sun_path));
	for (unsigned n = 0; n < question->svc->socket_count; n++) {
		const struct socket *at = &question->svc->sockets[n];
		size_t size = at->run->name.length - offsetof(struct sockaddr_un, sun_path);

		if (at->fd < 0 || at->run->name.any.sa_family != AF_UNIX)
			continue;
		if (socket->udiag_state == TCP_LISTEN && socket->udiag_ino == at->run->self) {
			question->clients->waiting += length.udiag_rqueue;
			question->clients->connected += length.udiag_rqueue;
			sock_diag_unix_attribute(message, UNIX_DIAG_ICONS, &first, sizeof(first));
			if (first) /* the inode of the client that has waited longest */
				note_waiter(question, first);
			return;
		}
		if (socket->udiag_state == TCP_ESTABLISHED &&
		    (at->run->node && file ? vfs.udiag_vfs_ino == at->run->node
					   : named == size && named &&
				     !memcmp(name.sun_path, at->run->name.un.sun_path, size))) {
			question->clients->connected++;
			if (question->accepted)
				add_socket(question->accepted, socket->udiag_ino);
			return;
		}
	}
}

/* ---- the question ---- */

static void ask_kernel(struct question *question)
{
	struct svc *svc = question->svc;
	bool known = true, has_unix = false;

	*question->clients = (struct clients){ 0 };
	for (unsigned n = 0; n < svc->socket_count && known; n++) {
		struct socket *socket = &svc->sockets[n];
		bool is_udp = endpoint_is_datagram(socket->listen->address), asked = false;
		struct sock_diag_filter filter = {
			.protocol = is_udp ? IPPROTO_UDP : IPPROTO_TCP,
			.states = is_udp ? 1u << TCP_ESTABLISHED : OPEN,
			.extensions = question->quiet_after ? 1 << (INET_DIAG_INFO - 1) : 0,
		};

		if (socket->fd >= 0)
			clients_name(socket);
		if (socket->fd < 0)
			continue;
		filter.family = socket->run->name.length ? socket->run->name.any.sa_family : AF_UNSPEC;
		filter.port = ntohs(port_of(socket));
		known = filter.family != AF_UNSPEC;
		has_unix |= filter.family == AF_UNIX;
		for (unsigned other = 0; other < n; other++) /* one question for a port */
			asked |= port_of(&svc->sockets[other]) == port_of(socket) &&
				svc->sockets[other].run->name.any.sa_family == filter.family &&
				endpoint_is_datagram(svc->sockets[other].listen->address) == is_udp;
		if (!asked && (filter.family == AF_INET || filter.family == AF_INET6))
			known = sock_diag_inet(&filter, see_inet, question);
	}
	if (known && has_unix)
		known = sock_diag_list_unix(1u << TCP_ESTABLISHED | 1u << TCP_LISTEN,
					    UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN | UDIAG_SHOW_ICONS,
					    see_unix, question);
	question->clients->known = known;
}

void clients_count(struct svc *svc, struct clients *clients)
{
	ask_kernel(&(struct question){ .svc = svc, .clients = clients });
}

/* Takes the locks of all connections. */
void clients_count_quiet(struct svc *svc, struct clients *clients, uint32_t quiet_after)
{
	ask_kernel(&(struct question){ .svc = svc, .clients = clients, .quiet_after = quiet_after });
}

/* Tells who waits first from who did before, as far as the kernel says it of one socket alone: not of TCP and FIFOs. */
uint64_t clients_mark(const struct svc *svc)
{
	uint64_t mark = HASH_START;

	EACH_SOCKET(socket, svc) {
		struct sock_diag_unix found = { 0 };
		uint64_t first = 0;

		if (socket->fd < 0)
			continue;
		if (endpoint_is_datagram(socket->listen->address))
			first = accept_first_datagram(socket);
		else if (socket->listen->address->kind != ENDPOINT_TCP && sock_diag_unix(socket->fd, &found))
			first = found.first;
		mark = hash_bytes(mark, &first, sizeof(first));
	}
	return mark;
}

/* ---- the processes of an instance, and their connections ---- */

/* Each comes after its parent; 0 ends the list. Without a control group they are the descendants of the main process,
 * and children of superd and of its guard that are in its group or session, or have left it. NULL: memory or
 * descriptors are short. */
pid_t *instance_processes(struct instance *instance)
{
	struct pids pids = { 0 };
	pid_t *children = NULL;
	bool good = true;

	if (!instance->cgroup && !process_list_is_possible())
		return NULL;
	if (instance_cgroup_lives(instance)) {
		good = cgroup_processes(instance->cgroup, &pids) || !error_is_shortage(errno);
	} else {
		if (instance->main.pid > 0)
			good = pids_add(&pids, instance->main.pid);
		instance_check_group(instance);
		children = good ? process_list_children(guard->pid) : NULL;
		good = good && (children || !error_is_shortage(errno));
		for (pid_t *at = children; at && *at && good; at++) {
			if (*at != instance->main.pid &&
			    ((instance->group > 1 &&
			      (getpgid(*at) == instance->group || getsid(*at) == instance->group)) ||
			     instance_has_escaped(instance, *at)))
				good = pids_add(&pids, *at);
		}
		free(children);
		good = good && pids_add_below(&pids);
	}
	if (good && pids_add(&pids, 0))
		return pids.list;
	free(pids.list);
	return NULL;
}

struct watched {
	struct list link;
	struct io io;
};

/* Those of the sockets that this process has are watched, and taken from the list. */
static void watch_process(struct svc *svc, pid_t pid, struct sockets *nodes, io_callback *wake)
{
	int pidfd = pidfd_of(pid);
	struct dirent *entry;
	char path[40];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	folder = pidfd < 0 ? NULL : opendir(path);
	while (folder && nodes->count && (entry = readdir(folder))) {
		uint32_t key, *found = NULL;
		struct watched *watched;
		int64_t number;
		int copy = -1;
		ino_t node;

		if (!scan_count(entry->d_name, &number) && number <= INT32_MAX &&
		    process_find_socket(dirfd(folder), entry->d_name, &node) && node) {
			key = (uint32_t)node;
			found = bsearch(&key, nodes->list, nodes->count, sizeof(key), compare_sockets);
		}
		if (!found || (copy = pidfd_copy(pidfd, (int)number)) < 0)
			continue;
		if (!(watched = calloc(1, sizeof(*watched)))) {
			close(copy);
			continue;
		}
		memmove(found, found + 1, (size_t)(nodes->list + --nodes->count - found) * sizeof(*found));
		io_call(&watched->io, fd_raise(copy, FD_HIGH), wake, svc);
		list_add(&svc->run->idle.watched, &watched->link);
	}
	if (folder)
		closedir(folder);
	fd_close(&pidfd);
}

/* Watches what wakes a frozen program beside superd's sockets: its connections with clients, or those of its relay.
 * false: some are missing. */
bool clients_watch(struct svc *svc, io_callback *wake)
{
	struct clients *clients = &svc->run->idle.clients;
	struct sockets nodes = { 0 };
	pid_t *pids;
	bool good;

	ask_kernel(&(struct question){ .svc = svc, .clients = clients, .accepted = &nodes });
	pids = nodes.count ? instance_processes(svc->run->current) : NULL;
	if (nodes.count)
		qsort(nodes.list, nodes.count, sizeof(*nodes.list), compare_sockets);
	for (pid_t *at = pids; at && *at; at++)
		watch_process(svc, *at, &nodes, wake);
	if (svc->run->current->relay.child.pid)
		watch_process(svc, svc->run->current->relay.child.pid, &nodes, wake);
	good = clients->known && !nodes.count;
	free(pids);
	free(nodes.list);
	return good;
}

/* Before it is thawed: as long as the program has them, too, closing the copies does not block. */
void clients_unwatch(struct svc *svc)
{
	while (!list_empty(&svc->run->idle.watched)) {
		struct watched *watched = container_of(svc->run->idle.watched.next, struct watched, link);

		list_remove(&watched->link);
		io_stop(&watched->io);
		close(watched->io.fd);
		free(watched);
	}
}

/* ---- reports of closed connections ---- */

static struct {
	bool stale, failed;
	struct list listening; /* link of struct run */
	struct io io;
	ev_prepare turn;
} reports = { .io.fd = -1, .listening = { &reports.listening, &reports.listening } };

static int compare_ports(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Once a turn the kernel is told which ports are of interest. */
static void on_turn(struct ev_loop *loop, ev_prepare *turn, int events)
{
	size_t most = 1, count = 0, kept = 0;
	uint16_t *ports;

	(void)loop, (void)turn, (void)events;
	if (!reports.stale)
		return;
	reports.stale = false;
	LIST_OF(struct run, run, listening, &reports.listening)
		most += run->svc->socket_count;
	ports = calloc(most, sizeof(*ports));
	LIST_OF(struct run, run, listening, &reports.listening) {
		EACH_SOCKET(socket, run->svc) {
			if (socket->fd >= 0)
				clients_name(socket);
			if (ports && port_of(socket))
				ports[count++] = ntohs(port_of(socket));
		}
	}
	if (ports)
		qsort(ports, count, sizeof(*ports), compare_ports);
	for (size_t n = 0; n < count; n++) {
		if (!kept || ports[kept - 1] != ports[n])
			ports[kept++] = ports[n];
	}
	if (!ports || tcp_destroy_subscribe(reports.io.fd, ports, kept) < 0) {
		reports.failed = true;
		LIST_OF(struct run, run, listening, &reports.listening) {
			run->idle.polls = true;
			svc_note_progress(run->svc);
			idle_note_close(run->svc);
		}
	}
	free(ports);
}

/* closed NULL: some were missed. */
static void on_closed(void *context, const struct inet_diag_msg *closed)
{
	(void)context;
	LIST_OF(struct run, run, listening, &reports.listening) {
		struct svc *svc = run->svc;
		char peer[INET6_ADDRSTRLEN];

		if (closed && (!is_of_service(svc, closed) || is_probe(svc, closed)))
			continue;
		if (closed && write_peer(closed->idiag_family, closed->id.idiag_dst, peer))
			facts_note_client(svc, peer);
		svc_note_progress(svc);
		idle_note_close(svc);
	}
}

void clients_read_reports(void)
{
	if (reports.io.fd < 0)
		return;
	on_turn(superd.loop, &reports.turn, 0);
	if (!tcp_destroy_read(reports.io.fd, on_closed, NULL))
		on_closed(NULL, NULL);
}

static void on_reports(struct io *io)
{
	(void)io;
	clients_read_reports();
}

/* Its idle time, or a suspicion, begins or ends, to which the ends of its connections matter. false: the kernel does
 * not report them. */
bool clients_listen(struct svc *svc)
{
	if (reports.io.fd < 0 && !reports.failed) {
		int fd = fd_raise(tcp_destroy_open(), FD_HIGH);

		reports.failed = fd < 0;
		io_init(&reports.io, fd, on_reports, NULL);
		ev_prepare_init(&reports.turn, on_turn);
		if (fd >= 0) {
			io_watch(&reports.io, EV_READ);
			ev_prepare_start(superd.loop, &reports.turn);
		}
	}
	list_remove(&svc->run->listening);
	if (svc->run->idle.listens || svc->run->suspect_since > 0)
		list_add(&reports.listening, &svc_run(svc)->listening);
	reports.stale = true;
	return !reports.failed;
}
