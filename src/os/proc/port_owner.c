/* Finds the sockets of an address by sock_diag(7), and the process that has one by every process's descriptors.
 *
 * A search may examine every descriptor of the machine while services wait. So all searches together have a small
 * budget of time, which refills slowly. If every port of a table is taken, the first few use it up. */
#include "os/proc/port_owner.h"

#include <arpa/inet.h>
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

#include "lib/buf.h"
#include "lib/clock.h"
#include "os/netdiag/sock_diag.h"
#include "os/proc/port_table.h"
#include "os/proc/process.h"

enum { LISTENING_MOST = 512, HELD_MOST = 8 };    /* listening sockets to examine, in all and of one process */
enum { PORTS_KEPT = 16 };
enum { SOCKETS_MOST = 16, BUDGET_MS = 50, REFILL = 100 };       /* the budget regains 1 ms every REFILL ms */

/* The sockets at one address. */
struct port_socket_list {
	struct file_id ids[SOCKETS_MOST];
	size_t count;
	dev_t device;
};

/* Finds the device number that all sockets share (sockfs). */
static bool find_device(dev_t *device)
{
	struct stat status;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool stated = probe >= 0 && fstat(probe, &status) == 0;

	if (probe >= 0)
		close(probe);
	if (stated)
		*device = status.st_dev;
	return stated;
}

static bool find_sockets(struct port_socket_list *sockets, const struct endpoint *address, bool has_peers)
{
	struct port_table ports;

	if (!find_device(&sockets->device) || !port_table_read_port(&ports, address, has_peers))
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

size_t address_sockets(const struct endpoint *address, struct file_id *ids, size_t most)
{
	struct address_search search = { 0 };
	struct socket_address name;
	size_t count;

	if (address->kind == ENDPOINT_TCP || address->kind == ENDPOINT_UDP) {
		find_sockets(&search.found, address, false);
	} else if (find_device(&search.found.device) && socket_address_make(address, AF_UNIX, &name) &&
		   name.any.sa_family == AF_UNIX) {
		search.name = name.un.sun_path;
		search.length = name.length - offsetof(struct sockaddr_un, sun_path);
		if (*search.name)
			search.length = strnlen(search.name, search.length);
		sock_diag_list_unix(1u << TCP_LISTEN | 1u << TCP_CLOSE, UDIAG_SHOW_NAME, add_unix_socket, &search);
	}
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

/* Milliseconds that searches have used of the budget, and when the last one began. They are for the whole process, as
 * there is one loop. So are the holders that were found last: a service tries again soon, with the same answer. */
static int64_t spent, last;
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

/* Returns the deadline of a search that begins now; 0: the budget is used up. */
static int64_t begin_search(int64_t now)
{
	int64_t back = (now - last) / REFILL;

	spent = spent > back ? spent - back : 0;
	last = now;
	return spent < BUDGET_MS ? now + BUDGET_MS - spent : 0;
}

static unsigned find_owner(const struct port_socket_list *sockets, uint16_t port, int64_t now, struct buf *out)
{
	struct found_holders *kept = &holders[port % PORTS_KEPT];
	int64_t until = begin_search(now);

	if (!kept->pid || process_holds(kept->pid, sockets->ids, sockets->count) != HOLDS) {
		*kept = (struct found_holders){ 0 };
		if (until)
			find_holders(sockets, until, kept);
	}
	spent += clock_ms() - now;
	if (!kept->count)
		return 0;
	process_describe(kept->pid, out);
	if (kept->count > 1)
		buf_addf(out, " and %u more", kept->count - 1);
	return kept->count;
}

unsigned port_owner(const struct endpoint *address, struct buf *out)
{
	struct port_socket_list sockets = { 0 };
	int64_t now = clock_ms();

	return find_sockets(&sockets, address, true) ? find_owner(&sockets, address->port, now, out) : 0;
}

unsigned socket_owner(ino_t node, uint16_t port, struct buf *out)
{
	struct port_socket_list sockets = { .count = 1, .ids[0].node = node };

	return find_device(&sockets.ids[0].device) ? find_owner(&sockets, port, clock_ms(), out) : 0;
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
	dev_t device;

	if (!begin_search(now) || !find_device(&device))
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
