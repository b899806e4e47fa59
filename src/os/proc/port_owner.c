/* Lists sockets by sock_diag(7), and finds the processes that have them by every process's descriptors: all in one pass
 * for a table, or those of one address.
 *
 * A search for one address may examine every descriptor of the machine while services wait. So all such searches
 * together have a small budget of time, which refills slowly. If every port of a table is taken, the first few use it
 * up. */
#include "os/proc/port_owner.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "os/netdiag/netdiag.h"
#include "os/proc/process.h"

enum { LISTENING_MOST = 512, HELD_MOST = 8 };    /* listening sockets to examine, in all and of one process */
enum { PORTS_KEPT = 16 };
enum { SOCKETS_MOST = 16, BUDGET_MS = 50, REFILL = 100 };       /* the budget regains 1 ms every REFILL ms */

void port_table_free(struct port_table *ports)
{
	free(ports->list);
	*ports = (struct port_table){ 0 };
}

size_t port_table_first(const struct port_table *ports, uint16_t port)
{
	size_t from = 0, to = ports->count;

	while (from < to) {
		size_t half = from + (to - from) / 2;

		if (ports->list[half].port < port)
			from = half + 1;
		else
			to = half;
	}
	return from;
}

struct port_reading {
	struct port_table *ports;
	uint8_t protocol;
	bool failed;                    /* out of memory */
};

static bool is_ipv6_only(struct nlmsghdr *message)
{
	const size_t head = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct inet_diag_msg)));
	size_t left = message->nlmsg_len > head ? message->nlmsg_len - head : 0;

	for (struct rtattr *attribute = (void *)((char *)message + head); RTA_OK(attribute, left);
	     attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == INET_DIAG_SKV6ONLY && RTA_PAYLOAD(attribute) >= 1)
			return *(const uint8_t *)sock_diag_attribute(attribute);
	}
	return false;
}

static void add_socket(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct port_reading *reading = context;
	struct port_table *ports = reading->ports;
	struct port_socket *larger;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || reading->failed)
		return;
	larger = array_grow(ports->list, &ports->capacity, ports->count, sizeof(*larger));
	reading->failed = !larger;
	if (!larger)
		return;
	ports->list = larger;
	larger += ports->count++;
	*larger = (struct port_socket){
		.protocol = reading->protocol, .is_ipv6 = socket->idiag_family == AF_INET6,
		.is_ipv6_only = is_ipv6_only(message), .port = ntohs(socket->id.idiag_sport),
		.interface = socket->id.idiag_if, .node = socket->idiag_inode,
	};
	memcpy(larger->address, socket->id.idiag_src, sizeof(larger->address));
}

static int compare_ports(const void *a, const void *b)
{
	const struct port_socket *first = a, *second = b;

	return (first->port > second->port) - (first->port < second->port);
}

/* Appends the sockets of both families that the filter selects, which needs no family. */
static bool list_sockets(struct port_table *ports, struct sock_diag_filter filter)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct port_reading reading = { .ports = ports, .protocol = (uint8_t)filter.protocol };
	bool any = false;

	for (size_t n = 0; n < sizeof(families); n++) {
		filter.family = families[n];
		any |= sock_diag_inet(&filter, add_socket, &reading);
	}
	if (reading.failed)
		port_table_free(ports);
	return any && !reading.failed;
}

bool port_table_read(struct port_table *ports)
{
	*ports = (struct port_table){ 0 };
	if (!list_sockets(ports, (struct sock_diag_filter){ 0, IPPROTO_TCP, 1u << TCP_LISTEN, 0 }) ||
	    !list_sockets(ports, (struct sock_diag_filter){ 0, IPPROTO_UDP, UINT32_MAX, 0 })) {
		port_table_free(ports);
		return false;
	}
	if (ports->count)
		qsort(ports->list, ports->count, sizeof(*ports->list), compare_ports);
	return true;
}

/* Lists those that listen at the port of this TCP or UDP address. has_peers: and UDP sockets that are connected. */
static bool port_table_read_port(struct port_table *ports, const struct endpoint *address, bool has_peers)
{
	struct sock_diag_filter filter = { 0, IPPROTO_TCP, 1u << TCP_LISTEN, address->port };

	*ports = (struct port_table){ 0 };
	if (address->kind == ENDPOINT_UDP) {
		filter.protocol = IPPROTO_UDP;
		filter.states = has_peers ? UINT32_MAX : 1u << TCP_CLOSE;       /* so is one without a peer */
	}
	return list_sockets(ports, filter);
}

bool port_socket_blocks(const struct port_socket *socket, const struct endpoint *wanted)
{
	char address[INET6_ADDRSTRLEN], interface[IF_NAMESIZE];
	struct endpoint endpoint = {
		.kind = socket->protocol == IPPROTO_UDP ? ENDPOINT_UDP : ENDPOINT_TCP, .port = socket->port,
		.family = !socket->is_ipv6 ? FAMILY_IPV4 : socket->is_ipv6_only ? FAMILY_IPV6 : FAMILY_ANY,
	};
	bool is_any = true;

	for (size_t n = 0; n < (socket->is_ipv6 ? 16 : 4); n++)
		is_any &= !socket->address[n];
	if (!is_any && inet_ntop(socket->is_ipv6 ? AF_INET6 : AF_INET, socket->address, address, sizeof(address))) {
		endpoint.address = address;
		endpoint.family = socket->is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
	}
	if (socket->interface)
		endpoint.interface = if_indextoname(socket->interface, interface);
	return endpoint_clash(&endpoint, wanted);
}

/* A process whose descriptors are read. */
struct port_holder {
	struct port_table *ports;       /* by inode */
	struct file_id program;         /* this process's own */
	bool only_own;
	pid_t pid;
	bool is_superd;
};

static int compare_nodes(const void *a, const void *b)
{
	const struct port_socket *first = a, *second = b;

	return (first->node > second->node) - (first->node < second->node);
}

static struct port_socket *find_node(const struct port_table *ports, ino_t node)
{
	const struct port_socket key = { .node = node };

	return ports->count ? bsearch(&key, ports->list, ports->count, sizeof(key), compare_nodes) : NULL;
}

static bool note_socket(const struct file_id *file, void *context)
{
	const struct port_holder *holder = context;
	struct port_socket *found = find_node(holder->ports, file->node);

	if (found && !found->holder)
		found->holder = holder->pid;
	if (found)
		found->has_superd |= holder->is_superd;
	return false;
}

/* By the program's file, since a superd that was called as inetd has that name. The file may have another name, too; or
 * an upgrade has replaced it. */
static bool is_superd(pid_t pid, const struct file_id *own)
{
	static const char gone[] = " (deleted)";
	char path[64], program[4096];
	struct file_id file;
	const char *name;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%ld/exe", (long)pid);
	if (own->node && process_find_file(AT_FDCWD, path, true, &file) && file.node == own->node &&
	    file.device == own->device)
		return true;
	length = readlink(path, program, sizeof(program) - 1);
	if (length <= 0)
		return false;
	program[length] = '\0';
	if ((size_t)length >= sizeof(gone) && !strcmp(program + length - (sizeof(gone) - 1), gone))
		program[length - (ssize_t)(sizeof(gone) - 1)] = '\0';
	name = strrchr(program, '/');
	return name && !strcmp(name, "/superd");
}

static void note_process(struct port_holder *holder, pid_t pid)
{
	holder->pid = pid;
	holder->is_superd = pid == getpid() || (!holder->only_own && is_superd(pid, &holder->program));
	process_each_file(pid, false, note_socket, holder);
}

/* Nobody has a socket that was closed since the list was read. */
static void drop_closed(struct port_table *ports)
{
	struct port_table now;
	size_t kept = 0;

	if (!port_table_read(&now))
		return;
	if (now.count)
		qsort(now.list, now.count, sizeof(*now.list), compare_nodes);
	for (size_t n = 0; n < ports->count; n++) {
		if (ports->list[n].holder || find_node(&now, ports->list[n].node))
			ports->list[kept++] = ports->list[n];
	}
	ports->count = kept;
	port_table_free(&now);
}

void port_table_find_holders(struct port_table *ports, bool only_own)
{
	struct port_holder holder = { .ports = ports, .only_own = only_own };
	pid_t *all = process_list_all();

	if (ports->count)
		qsort(ports->list, ports->count, sizeof(*ports->list), compare_nodes);
	process_find_file(AT_FDCWD, "/proc/self/exe", true, &holder.program);
	note_process(&holder, 1);       /* no list has it */
	for (const pid_t *pid = all; pid && *pid; pid++)
		note_process(&holder, *pid);
	free(all);
	drop_closed(ports);
	if (ports->count)
		qsort(ports->list, ports->count, sizeof(*ports->list), compare_ports);
}

/* The sockets at one address. */
struct port_socket_list {
	struct file_id ids[SOCKETS_MOST];
	size_t count;
	dev_t device;
};

static bool find_sockets(struct port_socket_list *sockets, const struct endpoint *address, bool has_peers)
{
	struct port_table ports;

	sockets->device = process_socket_device();
	if (!sockets->device || !port_table_read_port(&ports, address, has_peers))
		return false;
	for (size_t n = 0; n < ports.count && sockets->count < SOCKETS_MOST; n++) {
		if (ports.list[n].node && port_socket_blocks(&ports.list[n], address))
			sockets->ids[sockets->count++] = (struct file_id){ sockets->device, ports.list[n].node };
	}
	port_table_free(&ports);
	return sockets->count > 0;
}

/* The unix sockets with one name. */
struct address_search {
	struct port_socket_list found;
	const char *name;
	size_t length;
};

static void add_unix_socket(struct nlmsghdr *message, void *context)
{
	const struct unix_diag_msg *socket = NLMSG_DATA(message);
	const struct rtattr *name = sock_diag_unix_attribute(message, UNIX_DIAG_NAME, 1);
	struct address_search *search = context;
	const char *text = name ? sock_diag_attribute(name) : NULL;
	size_t length = name ? RTA_PAYLOAD(name) : 0;

	if (text && *text)
		length = strnlen(text, length);         /* a path may end with a NUL */
	if (text && length == search->length && !memcmp(text, search->name, length) &&
	    search->found.count < SOCKETS_MOST)
		search->found.ids[search->found.count++] = (struct file_id){ search->found.device, socket->udiag_ino };
}

/* Milliseconds that searches have used of the budget, and up to when it has been refilled. They are for the whole
 * process, as there is one loop. */
static int64_t spent, refilled;

/* Returns the deadline of a search that begins now; 0: the budget is used up. */
static int64_t begin_search(int64_t now)
{
	int64_t back = (now - refilled) / REFILL;

	spent = spent > back ? spent - back : 0;
	refilled += back * REFILL;
	return spent < BUDGET_MS ? now + BUDGET_MS - spent : 0;
}

size_t address_sockets(const struct endpoint *address, struct file_id *ids, size_t most)
{
	struct address_search search = { 0 };
	struct socket_address name;
	int64_t now = clock_ms();
	size_t count;

	if (!begin_search(now))
		return 0;
	search.found.device = process_socket_device();
	if (address->kind == ENDPOINT_TCP || address->kind == ENDPOINT_UDP) {
		find_sockets(&search.found, address, false);
	} else if (search.found.device && socket_address_make(address, AF_UNIX, &name) &&
		   name.any.sa_family == AF_UNIX) {
		search.name = name.un.sun_path;
		search.length = name.length - offsetof(struct sockaddr_un, sun_path);
		if (*search.name)
			search.length = strnlen(search.name, search.length);
		sock_diag_list_unix(1u << TCP_LISTEN | 1u << TCP_CLOSE, UDIAG_SHOW_NAME, add_unix_socket, &search);
	}
	spent += clock_ms() - now;
	count = search.found.count > most ? most : search.found.count;
	memcpy(ids, search.found.ids, count * sizeof(*ids));
	return count;
}

/* The first process that was found, and how many there were. */
struct found_holders {
	pid_t pid;
	unsigned count;
};

void process_describe(pid_t pid, struct buf *out)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	file = fopen(path, "re");
	if (file && fgets(name, sizeof(name), file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
	buf_addf(out, name[0] ? "pid %ld (%s)" : "pid %ld", (long)pid, name);
}

/* A service tries again soon, with the same answer. */
static struct found_holders holders[PORTS_KEPT];

static void note_holder(const struct port_socket_list *sockets, pid_t pid, struct found_holders *found)
{
	if (pid != getpid() && process_holds(pid, sockets->ids, sockets->count) == HOLDS && !found->count++)
		found->pid = pid;
}

static void find_holders(const struct port_socket_list *sockets, int64_t until, struct found_holders *found)
{
	pid_t *all = process_list_all();

	note_holder(sockets, 1, found); /* no list has it; systemd has the ports of its socket units */
	for (pid_t *pid = all; pid && *pid && clock_ms() < until; pid++)
		note_holder(sockets, *pid, found);
	free(all);
}

unsigned port_owner(const struct endpoint *address, struct buf *out)
{
	struct found_holders *kept = &holders[address->port % PORTS_KEPT];
	struct port_socket_list sockets = { 0 };
	int64_t now = clock_ms(), until = begin_search(now);
	unsigned count;

	if (!until)
		return 0;
	if (!find_sockets(&sockets, address, true)) {
		*kept = (struct found_holders){ 0 };
	} else if (!kept->pid || process_holds(kept->pid, sockets.ids, sockets.count) != HOLDS) {
		*kept = (struct found_holders){ 0 };
		find_holders(&sockets, until, kept);
	}
	spent += clock_ms() - now;
	count = kept->count;
	if (count)
		process_describe(kept->pid, out);
	if (count > 1)
		buf_addf(out, " and %u more", count - 1);
	return count;
}

/* All TCP listeners of one user. */
struct listener_list {
	uid_t user;
	size_t count;
	struct file_id ids[LISTENING_MOST];
	uint16_t ports[LISTENING_MOST];
};

static void add_listener(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct listener_list *listeners = context;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || listeners->count == LISTENING_MOST ||
	    socket->idiag_uid != listeners->user || !socket->idiag_inode)
		return;
	listeners->ids[listeners->count].node = socket->idiag_inode;
	listeners->ports[listeners->count++] = ntohs(socket->id.idiag_sport);
}

/* The index of the first listener from `at` on that the process holds; the count: none. A binary search, as
 * process_holds answers for many at once. */
static size_t find_held(pid_t pid, const struct listener_list *listeners, size_t at)
{
	size_t end = listeners->count;

	if (process_holds(pid, listeners->ids + at, end - at) != HOLDS)
		return listeners->count;
	while (end - at > 1) {
		size_t half = at + (end - at) / 2;

		if (process_holds(pid, listeners->ids + at, half - at) == HOLDS)
			end = half;
		else
			at = half;
	}
	return at;
}

uint16_t process_own_port(pid_t pid, uid_t user)
{
	static const int families[] = { AF_INET6, AF_INET };
	struct listener_list listeners = { .user = user };
	int64_t now = clock_ms();
	uint16_t port = 0;
	dev_t device = process_socket_device();

	if (!begin_search(now) || !device)
		return 0;
	for (size_t n = 0; n < sizeof(families) / sizeof(*families); n++)
		sock_diag_inet(&(struct sock_diag_filter){ families[n], IPPROTO_TCP, 1u << TCP_LISTEN, 0 },
			       add_listener, &listeners);
	for (size_t n = 0; n < listeners.count; n++)
		listeners.ids[n].device = device;
	for (size_t at = 0, n = 0; at < listeners.count && n < HELD_MOST && !port; at++, n++) {
		at = find_held(pid, &listeners, at);
		if (at < listeners.count && process_holds(getpid(), &listeners.ids[at], 1) == HOLDS_NONE)
			port = listeners.ports[at];
	}
	spent += clock_ms() - now;
	return port;
}
