/* Lists sockets by sock_diag(7), and finds the processes that have them by every process's descriptors: all in one pass
 * for a table, or those of one address.
 *
 * A search for one address may examine every descriptor of the machine while services wait. So all such searches
 * together have a small budget of time, which refills slowly. If every port of a table is taken, the first few use it
 * up; on a machine with very many processes the holder may stay unknown. */
#include "os/proc/proc.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/tcp.h>

#include "os/netdiag/netdiag.h"

enum { BUDGET_MS = 50, REFILL = 100 };  /* the budget regains 1 ms every REFILL ms */

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

static void add_socket(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct port_reading *reading = context;
	struct port_table *ports = reading->ports;
	struct port_socket *larger;
	uint8_t ipv6_only;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || reading->failed)
		return;
	larger = array_grow(ports->list, &ports->capacity, ports->count, sizeof(*larger));
	reading->failed = !larger;
	if (!larger)
		return;
	ports->list = larger;
	larger += ports->count++;
	sock_diag_attribute(message, sizeof(*socket), INET_DIAG_SKV6ONLY, &ipv6_only, sizeof(ipv6_only));
	*larger = (struct port_socket){
		.protocol = reading->protocol,
		.family = socket->idiag_family != AF_INET6 ? FAMILY_IPV4 : ipv6_only ? FAMILY_IPV6 : FAMILY_ANY,
		.port = ntohs(socket->id.idiag_sport),
		.interface = socket->id.idiag_if, .node = socket->idiag_inode,
	};
	memcpy(larger->address, socket->id.idiag_src, sizeof(larger->address));
}

static int compare_ports(const void *a, const void *b)
{
	const struct port_socket *first = a, *second = b;

	return (first->port > second->port) - (first->port < second->port);
}

static void sort_by(struct port_table *ports, int (*compare)(const void *a, const void *b))
{
	if (ports->count)
		qsort(ports->list, ports->count, sizeof(*ports->list), compare);
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
	if (any && !reading.failed)
		return true;
	port_table_free(ports);
	return false;
}

bool port_table_read(struct port_table *ports)
{
	*ports = (struct port_table){ 0 };
	if (!list_sockets(ports, (struct sock_diag_filter){ .protocol = IPPROTO_TCP, .states = 1u << TCP_LISTEN }) ||
	    !list_sockets(ports, (struct sock_diag_filter){ .protocol = IPPROTO_UDP, .states = UINT32_MAX }))
		return false;
	sort_by(ports, compare_ports);
	return true;
}

bool port_socket_blocks(const struct port_socket *socket, const struct endpoint *wanted)
{
	char address[INET6_ADDRSTRLEN], interface[IF_NAMESIZE];
	struct endpoint endpoint = {
		.kind = socket->protocol == IPPROTO_UDP ? ENDPOINT_UDP : ENDPOINT_TCP, .port = socket->port,
		.family = socket->family,
	};
	bool is_ipv4 = socket->family == FAMILY_IPV4, is_any = true;

	for (size_t n = 0; n < (is_ipv4 ? 4 : 16); n++)
		is_any &= !socket->address[n];
	if (!is_any && inet_ntop(is_ipv4 ? AF_INET : AF_INET6, socket->address, address, sizeof(address))) {
		endpoint.address = address;
		endpoint.family = is_ipv4 ? FAMILY_IPV4 : FAMILY_IPV6;
	}
	if (socket->interface)
		endpoint.interface = if_indextoname(socket->interface, interface);
	return endpoint_clash(&endpoint, wanted);
}

/* A process whose descriptors are read. */
struct port_holder {
	struct port_table *ports;       /* by inode */
	bool only_own;
	pid_t pid;
	bool is_superd;
};

static int compare_nodes(const void *a, const void *b)
{
	const struct port_socket *first = a, *second = b;

	return (first->node > second->node) - (first->node < second->node);
}

/* Reads the name of a process's program. An upgrade may have replaced the file. */
static const char *program_name(pid_t pid, char path[static 4096])
{
	char link[64], *name, *gone;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%ld/exe", (long)pid);
	length = readlink(link, path, 4095);
	path[length > 0 ? length : 0] = '\0';
	name = strrchr(path, '/');
	gone = name ? strstr(name, " (deleted)") : NULL;
	if (gone)
		*gone = '\0';
	return name;
}

static bool note_socket(ino_t node, void *context)
{
	const struct port_holder *holder = context;
	const struct port_table *ports = holder->ports;
	const struct port_socket key = { .node = node };
	struct port_socket *found = ports->count ? bsearch(&key, ports->list, ports->count, sizeof(key), compare_nodes)
						 : NULL;

	/* superd-bind has the sockets of its program, which is the one to name. */
	if (found && !found->holder && !process_is_named(holder->pid, "superd-bind"))
		found->holder = holder->pid;
	if (found)
		found->has_superd |= holder->is_superd;
	return false;
}

static void note_process(struct port_holder *holder, pid_t pid)
{
	char path[4096], own_path[4096];
	const char *name, *own;

	holder->pid = pid;
	holder->is_superd = pid == getpid();
	/* By the program's file, since a superd that was called as inetd has that name; the file may have another name,
	 * too. */
	if (!holder->is_superd && !holder->only_own && (name = program_name(pid, path))) {
		own = program_name(getpid(), own_path);
		holder->is_superd = !strcmp(name, "/superd") || (own && !strcmp(name, own));
	}
	process_each_socket(pid, note_socket, holder);
}

/* Looks at all processes, the first of the machine first. until: 0, or when to stop; then one of others that has any of
 * the sockets is enough. */
static pid_t search(struct port_table *ports, bool only_own, int64_t until)
{
	struct port_holder holder = { .ports = ports, .only_own = only_own };
	pid_t *all = process_list_all(), found = 0;

	sort_by(ports, compare_nodes);
	/* No list has pid 1; systemd has its units' sockets. */
	for (pid_t *at = all, pid = 1; pid && !found; pid = at ? *at++ : 0) {
		if (!until || pid != getpid())
			note_process(&holder, pid);
		for (size_t i = 0; until && i < ports->count && !found; i++)
			found = ports->list[i].holder;
		if (until && clock_ms() >= until)
			break;
	}
	free(all);
	return found;
}

void port_table_find_holders(struct port_table *ports, bool only_own)
{
	search(ports, only_own, 0);
	sort_by(ports, compare_ports);
}

void process_describe(pid_t pid, struct buf *out)
{
	char name[PROCESS_NAME];

	buf_addf(out, *process_name(pid, name) ? "pid %ld (%s%s)" : "pid %ld", (long)pid, name,
		 process_state(pid) == PROCESS_STOPPED ? ", stopped until SIGCONT" : "");
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

pid_t port_owner(const struct endpoint *address)
{
	const bool is_udp = address->kind == ENDPOINT_UDP;
	const struct sock_diag_filter filter = {
		.protocol = is_udp ? IPPROTO_UDP : IPPROTO_TCP,
		.states = is_udp ? UINT32_MAX : 1u << TCP_LISTEN,
		.port = address->port,
	};
	int64_t now = clock_ms(), until = begin_search(now);
	struct port_table ports = { 0 };
	size_t count = 0;
	pid_t found = 0;

	if (!until || !list_sockets(&ports, filter))
		return 0;
	for (size_t n = 0; n < ports.count; n++) {
		if (ports.list[n].node && port_socket_blocks(&ports.list[n], address))
			ports.list[count++] = ports.list[n];
	}
	ports.count = count;
	if (count)
		found = search(&ports, true, until);
	port_table_free(&ports);
	spent += clock_ms() - now;
	return found;
}

uint16_t process_own_port(pid_t pid)
{
	int64_t now = clock_ms();
	struct port_table ports = { 0 };
	struct port_holder holder = { .ports = &ports, .only_own = true };
	uint16_t port = 0;

	if (!begin_search(now) ||
	    !list_sockets(&ports, (struct sock_diag_filter){ .protocol = IPPROTO_TCP, .states = 1u << TCP_LISTEN }))
		return 0;
	sort_by(&ports, compare_nodes);
	note_process(&holder, getpid());
	note_process(&holder, pid);
	for (size_t n = 0; n < ports.count && !port; n++)
		port = ports.list[n].holder == pid && !ports.list[n].has_superd ? ports.list[n].port : 0;
	port_table_free(&ports);
	spent += clock_ms() - now;
	return port;
}
