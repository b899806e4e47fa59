/* Counts connections by /proc/net (proc_pid_net(5)), where sock_diag(7) is missing or forbidden. The lists are text:
 * columns separated by blanks, addresses as hexadecimal words in the machine's byte order. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "os/netdiag/conn_count_internal.h"

#define CONNECTING 2                    /* SS_CONNECTING of linux/net.h: in a queue, not yet accepted */
#define CONNECTED 3
#define ACCEPTS 0x10000u                /* __SO_ACCEPTCON */

/* A list while it is read: the counts to update, all of one kind and family. */
struct proc_net_table {
	struct conn_count *conns;
	size_t count;
	enum conn_kind kind;
	int family;
};

/* Parses an address and port such as "0100007F:1F90". */
static bool read_address(const char *text, int family, uint32_t *words, unsigned *port)
{
	if (family == AF_INET)
		return sscanf(text, "%8" SCNx32 ":%4x", &words[0], port) == 2;
	return sscanf(text, "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 "%8" SCNx32 ":%4x", &words[0], &words[1], &words[2],
		      &words[3], port) == 5;
}

static void read_inet_line(const char *line, const struct proc_net_table *table)
{
	unsigned state, port, peer_port;
	uint32_t words[4], peer_words[4];
	char local[48], peer[48];
	struct seen_inet seen = { .family = (unsigned char)table->family, .address = words, .peer = peer_words };
	uint64_t inode;

	if (sscanf(line, " %*[0-9]: %47s %47s %x %*s %*s %*s %*s %*s %" SCNu64, local, peer, &state, &inode) != 4 ||
	    !read_address(local, table->family, words, &port) ||
	    !read_address(peer, table->family, peer_words, &peer_port) || state > UINT8_MAX)
		return;
	seen.state = (unsigned char)state;
	seen.port = (uint16_t)port;
	seen.held = inode != 0;
	conn_counts_see_inet(table->conns, table->count, table->kind, &seen);
}

static void read_unix_line(const char *line, const struct proc_net_table *table)
{
	struct seen_unix seen = { 0 };
	unsigned flags, state;
	int at = 0;

	if (sscanf(line, "%*[0-9a-fA-F]: %*s %*s %x %*s %x %*s %n", &flags, &state, &at) != 2 || !at || !line[at])
		return;
	if ((flags & ACCEPTS) || (state != CONNECTED && state != CONNECTING))
		return;                 /* connections in the queue have lines of their own */
	seen.name = line + at;
	seen.length = strcspn(seen.name, "\n");
	conn_counts_see_unix(table->conns, table->count, &seen);
}

static bool read_lines(const char *path, const struct proc_net_table *table,
		       void (*read_line)(const char *line, const struct proc_net_table *table))
{
	FILE *file = fopen(path, "re");
	size_t size = 0;
	char *line = NULL;
	bool good;

	if (!file)
		return false;
	while (getline(&line, &size, file) >= 0)
		read_line(line, table);
	good = feof(file) && !ferror(file);
	free(line);
	fclose(file);
	return good;
}

/* Without IPv6 there is no list of it, so a list is read only if a count needs it. */
static bool has_family(const struct proc_net_table *table)
{
	for (size_t n = 0; n < table->count; n++) {
		if (table->conns[n].kind == table->kind && conn_count_has_family(&table->conns[n], table->family))
			return true;
	}
	return false;
}

static bool read_family(struct conn_count *conns, size_t count, enum conn_kind kind, int family)
{
	static const char *const paths[CONN_KINDS][2] = {
		[CONN_TCP] = { "/proc/net/tcp", "/proc/net/tcp6" },
		[CONN_UDP] = { "/proc/net/udp", "/proc/net/udp6" },
	};
	struct proc_net_table table = { conns, count, kind, family };

	return !has_family(&table) || read_lines(paths[kind][family == AF_INET6], &table, read_inet_line);
}

/* Abstract names begin with a NUL, which the list writes as "@"; superd's paths begin with a slash. */
static void swap_abstract_prefix(struct conn_count *conns, size_t count, char from, char to)
{
	for (size_t n = 0; n < count; n++) {
		if (conns[n].kind == CONN_UNIX && conns[n].name[0] == from)
			conns[n].name[0] = to;
	}
}

static bool read_unix(struct conn_count *conns, size_t count)
{
	struct proc_net_table table = { conns, count, CONN_UNIX, AF_UNIX };
	bool good;

	swap_abstract_prefix(conns, count, '\0', '@');
	good = read_lines("/proc/net/unix", &table, read_unix_line);
	swap_abstract_prefix(conns, count, '@', '\0');
	return good;
}

bool conn_counts_read_proc(struct conn_count *conns, size_t count, enum conn_kind kind)
{
	if (kind == CONN_UNIX)
		return read_unix(conns, count);
	return read_family(conns, count, kind, AF_INET6) && read_family(conns, count, kind, AF_INET);
}
