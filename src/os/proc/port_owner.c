/* Finds the process that holds a socket: sock_diag(7) for the socket, then every process's descriptors.
 *
 * A search may look at every descriptor of the machine, while services wait. So all searches together have a small
 * budget of time, which refills slowly. If every port of a table is taken, the first few use it up. */
#include "os/proc/port_owner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "os/proc/process.h"

#if defined(HAVE_LINUX_INET_DIAG_H)
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include "os/netdiag/sock_diag.h"

enum { LISTENING_MOST = 512, HELD_MOST = 8 };    /* looked through; of them held by one process */
enum { SOCKETS_MOST = 16, BUDGET_MS = 50, REFILL = 100 };       /* a millisecond comes back in so many */

struct port_socket_list {
	struct file_id ids[SOCKETS_MOST];
	size_t count;
	uint16_t port;
	dev_t device;
};

static void see(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct port_socket_list *sockets = context;

	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(*socket)) && ntohs(socket->id.idiag_sport) == sockets->port &&
	    socket->idiag_inode && sockets->count < SOCKETS_MOST)
		sockets->ids[sockets->count++] = (struct file_id){ sockets->device, socket->idiag_inode };
}

/* The device number that all sockets share. */
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

static bool find_sockets(struct port_socket_list *sockets, uint8_t protocol)
{
	static const uint8_t families[] = { AF_INET6, AF_INET };

	if (!find_device(&sockets->device))
		return false;
	for (size_t n = 0; n < sizeof(families); n++)
		sock_diag_inet(families[n], protocol, protocol == IPPROTO_TCP ? 1u << TCP_LISTEN : UINT32_MAX,
			       sockets->port, see, sockets);
	return sockets->count > 0;
}

size_t port_sockets(uint8_t protocol, uint16_t port, struct file_id *ids, size_t most)
{
	struct port_socket_list sockets = { .port = port };
	size_t count = find_sockets(&sockets, protocol) ? sockets.count : 0;

	count = count > most ? most : count;
	memcpy(ids, sockets.ids, count * sizeof(*ids));
	return count;
}

static void add_process(pid_t pid, struct buf *out)
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

static bool find_processes(const struct port_socket_list *sockets, int64_t until, struct buf *out)
{
	pid_t *all = process_list_all(), own = getpid();
	unsigned found = 0;

	for (pid_t *pid = all; pid && *pid && clock_ms() < until; pid++) {
		if (*pid == own || process_holds(*pid, sockets->ids, sockets->count) != HOLDS)
			continue;
		if (!found++)
			add_process(*pid, out);
	}
	free(all);
	if (found > 1)
		buf_addf(out, " and %u more", found - 1);
	return found > 0;
}

/* Milliseconds that all such questions have taken, and when the last was put; of the whole process, as the loop is. */
static int64_t spent, last;

/* The time by which a question that begins now is to have ended; 0: it may not be asked. */
static int64_t begin(int64_t now)
{
	int64_t back = (now - last) / REFILL;

	spent = spent > back ? spent - back : 0;
	last = now;
	return spent < BUDGET_MS ? now + BUDGET_MS - spent : 0;
}

bool port_owner(uint8_t protocol, uint16_t port, struct buf *out)
{
	struct port_socket_list sockets = { .port = port };
	int64_t now = clock_ms(), until = begin(now);
	bool found;

	if (!until || !find_sockets(&sockets, protocol))
		return false;
	found = find_processes(&sockets, until, out);
	spent += clock_ms() - now;
	return found;
}

struct listening {
	uid_t user;
	size_t count;
	struct file_id ids[LISTENING_MOST];
	uint16_t ports[LISTENING_MOST];
};

static void see_listening(struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *socket = NLMSG_DATA(message);
	struct listening *listening = context;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)) || listening->count == LISTENING_MOST ||
	    socket->idiag_uid != listening->user || !socket->idiag_inode)
		return;
	listening->ids[listening->count].node = socket->idiag_inode;
	listening->ports[listening->count++] = ntohs(socket->id.idiag_sport);
}

/* The first of them from `at` on that it holds; the count: none. */
static size_t find_held(pid_t pid, const struct listening *listening, size_t at)
{
	size_t end = listening->count;

	if (process_holds(pid, listening->ids + at, end - at) != HOLDS)
		return listening->count;
	while (end - at > 1) {
		size_t half = at + (end - at) / 2;

		if (process_holds(pid, listening->ids + at, half - at) == HOLDS)
			end = half;
		else
			at = half;
	}
	return at;
}

uint16_t process_own_port(pid_t pid, uid_t user)
{
	static const int families[] = { AF_INET6, AF_INET };
	struct listening listening = { .user = user };
	int64_t now = clock_ms();
	uint16_t port = 0;
	dev_t device;

	if (!begin(now) || !find_device(&device))
		return 0;
	for (size_t n = 0; n < sizeof(families) / sizeof(*families); n++)
		sock_diag_inet(families[n], IPPROTO_TCP, 1u << TCP_LISTEN, 0, see_listening, &listening);
	for (size_t n = 0; n < listening.count; n++)
		listening.ids[n].device = device;
	for (size_t at = 0, n = 0; at < listening.count && n < HELD_MOST && !port; at++, n++) {
		at = find_held(pid, &listening, at);
		if (at < listening.count && process_holds(getpid(), &listening.ids[at], 1) == HOLDS_NONE)
			port = listening.ports[at];
	}
	spent += clock_ms() - now;
	return port;
}
#else
uint16_t process_own_port(pid_t pid, uid_t user)
{
	(void)pid, (void)user;
	return 0;
}

size_t port_sockets(uint8_t protocol, uint16_t port, struct file_id *ids, size_t most)
{
	(void)protocol, (void)port, (void)ids, (void)most;
	return 0;
}

bool port_owner(uint8_t protocol, uint16_t port, struct buf *out)
{
	(void)protocol, (void)port, (void)out;
	return false;
}
#endif
