/* superd-bind: gives the program of one instance with pass = bind superd's sockets in the place of those that it binds.
 * A filter stops bind(2) of all processes of the instance, and some calls around it (os/proc/bind_filter); the kernel
 * has them answered here (seccomp_unotify(2)). It lives as long as any process has that filter, also when superd has
 * been killed, and is no part of the instance's control group.
 *
 * A caller may keep it waiting as long as it likes, by memory or files that never answer: it then waits in its own
 * calls alone, as no other instance has this process. What it reads of a caller counts only while the call still
 * waits, as a number of a thread may become another's. */
#include "bind/bind.h"

#include <arpa/inet.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "os/proc/proc.h"

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62 /* asm-generic/socket.h (Linux 5.1), the same on most architectures */
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* asm-generic/socket.h (Linux 5.14), the same on most architectures */
#endif

#define RIGHTS (MAY_LOOK | MAY_READ_FILES | MAY_CHANGE_USER | MAY_QUERY | MAY_CONTROL)
#define ORDER_MOST 65536

enum { REPORTS_MOST = 32 /* of what is no news to superd */, OTHERS_MOST = 16, REFUSALS_MS = 10 /* between two */ };

/* A kind of socket, by socket(7). */
struct kind {
	int domain, type, protocol, v6only;
};

struct offer {
	int fd;		 /* -1: it is not open, or was left */
	bool shares;	 /* a program has bound it with SO_REUSEPORT */
	bool lends_port; /* it has SO_REUSEPORT for the moment in which superd opens one beside it */
	enum { NOT_TRIED, IS_TRIED, WAS_KEPT, WAS_DROPPED } trial;
	unsigned number, flags; /* as superd has said */
	ino_t inode;
	struct kind kind;
	struct socket_address own;
	struct socket_address *names; /* of `binds` */
	unsigned name_count;
	char asked[BIND_TEXT]; /* by the program that has it; "": none has */
	pid_t unanswered; /* thread that got it as a signal interrupted its call, so that it calls again; 0: none */
	struct process holder; /* that had it at the last look */
};

static struct {
	int notif, channel;
	uid_t uid;
	bool any_network, left;
	pid_t superd;
	struct offer offers[BIND_SOCKETS];
	unsigned count, reports, others;
	double refused_at; /* as another process has the socket */
	char group[sizeof(((struct bind_order *)NULL)->group)];
	union {
		struct bind_order order;
		char room[ORDER_MOST];
	} message; /* superd's last */
} self;		   /* zeroes, which are no part of the file */

/* A call that waits, and who has made it. */
struct call {
	const struct user_call *user;
	struct trapped_call trapped;
	pid_t process;
	bool gave_up_root; /* it is the main process of a service of root */
	char text[BIND_TEXT];
};

/* ---- superd ---- */

static bool read_kind(int fd, struct kind *kind)
{
	socklen_t length = sizeof(int);

	*kind = (struct kind){ 0 };
	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &kind->domain, &length) == 0 &&
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind->type, &length) == 0 &&
		getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &kind->protocol, &length) == 0 &&
		(kind->domain != AF_INET6 || getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &kind->v6only, &length) == 0);
}

static ino_t inode_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

/* A path ends with its first NUL byte, and an IPv4 address may be written as an IPv6 one. */
static void normalize(struct socket_address *address)
{
	const size_t start = offsetof(struct sockaddr_un, sun_path);

	if (address->any.sa_family == AF_UNIX && address->length > start && *address->un.sun_path)
		address->length = (socklen_t)(start + strnlen(address->un.sun_path, address->length - start));
	socket_address_unmap(address);
}

static struct offer *offer_of(unsigned number)
{
	for (unsigned n = 0; n < self.count; n++) {
		if (self.offers[n].number == number)
			return &self.offers[n];
	}
	if (self.count == BIND_SOCKETS)
		return NULL;
	self.offers[self.count] = (struct offer){ .fd = -1, .number = number };
	return &self.offers[self.count++];
}

static void leave_offer(struct offer *offer)
{
	fd_close(&offer->fd);
	*offer->asked = '\0';
	offer->shares = false;
}

static void take_entries(const struct bind_order *order, int *fds, size_t count)
{
	size_t next = 0;

	for (unsigned n = 0; n < order->count; n++) {
		const struct bind_entry *entry = &order->entries[n];
		struct offer *offer = offer_of(entry->number);

		if (!offer)
			break;
		if (entry->address.length) {
			struct socket_address *names =
				realloc(offer->names, (offer->name_count + 1) * sizeof(*offer->names));

			if (!names)
				exit(1);
			offer->names = names;
			names[offer->name_count++] = entry->address;
		} else if (next < count && offer->fd >= 0) { /* both superds have sent it */
			close(fds[next++]);
		} else if (next < count) {
			offer->fd = fds[next++];
			offer->flags = entry->flags;
			offer->trial = entry->flags & BIND_TRIAL ? IS_TRIED : NOT_TRIED;
			offer->inode = inode_of(offer->fd);
			offer->own.length = sizeof(offer->own.storage);
			if (!read_kind(offer->fd, &offer->kind) ||
			    getsockname(offer->fd, &offer->own.any, &offer->own.length) < 0)
				offer->kind.type = 0; /* fits nothing */
			normalize(&offer->own);
		}
	}
}

/* To be called before the answer: the program may end at once, and superd judges it by this. */
static void report(const struct bind_note *report, bool is_news)
{
	if (self.channel >= 0 && (is_news || self.reports++ < REPORTS_MOST))
		send(self.channel, report, sizeof(*report), MSG_NOSIGNAL | (is_news ? 0 : MSG_DONTWAIT));
}

/* Takes superd's next order, and returns its word. -1: superd has ended, or none that it knows came. */
static int obey(void)
{
	const struct bind_order *order = &self.message.order;
	int fds[FD_MESSAGE_MOST];
	size_t count = FD_MESSAGE_MOST, used = 0;
	ssize_t got;

	do
		got = fd_message_receive(self.channel, &self.message, sizeof(self.message), fds, &count, 0);
	while (got < 0 && errno == EINTR);
	if (got < (ssize_t)sizeof(*order) || order->count > ((size_t)got - sizeof(*order)) / sizeof(*order->entries)) {
		close(self.channel);
		self.channel = -1;
		return -1;
	}
	self.superd = order->superd;
	switch (order->word) {
	case BIND_BEGIN:
		self.uid = order->uid;
		self.any_network = order->any_network;
		memcpy(self.group, order->group, sizeof(self.group));
		/* Without CAP_SYS_PTRACE it may look at the processes of its own user alone. */
		if (!capability_held(CAP_SYS_PTRACE) && geteuid() != order->uid) {
			raw_raise_effective();
			prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
			raw_set_gid(order->gid);
			raw_set_uid(order->uid);
		}
		raw_raise_effective();
		self.notif = count ? fds[used++] : -1; /* for now the channel by which it comes */
		take_entries(order, fds + used, count - used);
		break;
	case BIND_SOCKET:
		take_entries(order, fds, count);
		break;
	case BIND_TELL:
		for (unsigned n = 0; n < self.count; n++) {
			struct bind_note given = { .event = BIND_GIVEN, .number = self.offers[n].number };

			memcpy(given.text, self.offers[n].asked, BIND_TEXT);
			if (*given.text)
				report(&given, true);
			/* The superd before may have heard that, and not have done it. */
			given.event = self.offers[n].trial == WAS_KEPT ? BIND_KEPT : BIND_DROPPED;
			if (self.offers[n].trial >= WAS_KEPT)
				report(&given, true);
		}
		break;
	case BIND_LEAVE:
		self.left = true;
		for (unsigned n = 0; n < self.count; n++)
			leave_offer(&self.offers[n]);
		break;
	case BIND_SETTLE: /* the caller's */
		break;
	}
	return (int)order->word;
}

/* ---- the caller ---- */

static bool still_waits(const struct call *call)
{
	return user_notif_is_waiting(self.notif, call->user->id);
}

static void let_go(const struct call *call)
{
	user_notif_let_go(self.notif, call->user->id);
}

/* false: nobody waits any more. */
static bool answer(const struct call *call, int error)
{
	return user_notif_answer(self.notif, call->user->id, error);
}

__attribute__((format(printf, 2, 3))) static void report_fault(const struct call *call, const char *format, ...)
{
	struct bind_note fault = { .event = BIND_FAULT, .pid = call->user->thread };
	va_list list;

	va_start(list, format);
	vsnprintf(fault.more, sizeof(fault.more), format, list);
	va_end(list);
	report(&fault, false);
}

/* The process cannot be looked at, as errno says. */
static void report_hidden(const struct call *call)
{
	const char *why = strerror(errno);

	if (!self.left && still_waits(call))
		report_fault(call, "cannot see the binds of pid %ld: %s: %s", (long)call->user->thread, why,
			     process_list_is_possible() ? "superd needs CAP_SYS_PTRACE, or the program's own user"
							: "there is no /proc here: pass = bind needs it");
}

/* Whether the process is one of the service's user. All its threads have the same descriptors: its first one counts. */
static bool is_of_user(struct call *call, uid_t *uid)
{
	pid_t thread = call->user->thread, first;
	uid_t users[3];

	if (thread <= 0 || !process_read_users(thread, &call->process, users) ||
	    (call->process != thread && !process_read_users(call->process, &first, users)))
		return false;
	*uid = users[1];
	errno = 0;
	return *uid == self.uid;
}

/* Whether it is the main process of a service of root, in superd's own user namespace, that has given up root before
 * its bind, as memcached -u and mosquitto do: it may have what the kernel would let it bind. superd starts it as the
 * leader of a session, and its parent is then this one's. */
static bool has_given_up_root(const struct call *call)
{
	char path[64];
	struct stat its, own;
	struct process process;

	snprintf(path, sizeof(path), "/proc/%ld/ns/user", (long)call->process);
	return !self.uid && call->process == call->user->thread && process_read(call->process, &process) &&
		process.session == process.pid && process.parent == getppid() && stat(path, &its) == 0 &&
		stat("/proc/self/ns/user", &own) == 0 && its.st_ino == own.st_ino && its.st_dev == own.st_dev;
}

/* A number of a line of its status (proc_pid_status(5)), that after `skip` others. */
static unsigned long number_of_status(const char *status, const char *key, int base, int skip)
{
	const char *at = status ? strstr(status, key) : NULL;
	unsigned long number = 0;

	at = at ? at + strlen(key) : "";
	for (; skip >= 0; skip--) {
		char *end;

		number = strtoul(at, &end, base);
		if (end == at)
			return ULONG_MAX;
		at = end;
	}
	return number;
}

/* Whether it may make a node there, by the bits of the folder's mode; a list of access decides nothing here. */
static bool may_write(const char *status, const struct stat *folder)
{
	bool is_member = number_of_status(status, "\nGid:", 10, 1) == folder->st_gid;
	unsigned long group;

	if (!folder->st_ino)
		return false;
	for (int n = 0; !is_member && (group = number_of_status(status, "\nGroups:", 10, n)) != ULONG_MAX; n++)
		is_member = group == folder->st_gid;
	return number_of_status(status, "\nUid:", 10, 1) == folder->st_uid
		? folder->st_mode & S_IWUSR
		: folder->st_mode & (is_member ? S_IWGRP : S_IWOTH);
}

static bool read_memory_of(const struct call *call, uint64_t at, void *out, size_t size)
{
	struct iovec here = { out, size }, there = { (void *)(uintptr_t)at, size };

	return !size || process_vm_readv(call->user->thread, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* Reads a text page by page, as there may be no memory behind its end. */
static bool read_path(struct call *call, uint64_t at, char path[PATH_MAX])
{
	for (size_t length = 0; length < PATH_MAX;) {
		size_t part = 4096 - (at + length) % 4096;

		if (part > PATH_MAX - length)
			part = PATH_MAX - length;
		if (!read_memory_of(call, at + length, path + length, part))
			return false;
		if (memchr(path + length, '\0', part))
			return true;
		length += part;
	}
	return false;
}

static int copy_fd(const struct call *call, int fd)
{
	int pidfd = pidfd_of(call->process), copy = pidfd < 0 ? -1 : pidfd_copy(pidfd, fd), error = errno;

	if (pidfd >= 0)
		close(pidfd);
	errno = error;
	return copy;
}

/* Whether the socket is of another network than superd's, as far as the kernel says that (Linux 5.14). */
static bool is_of_other_network(int fd)
{
	int own = self.any_network ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t cookies[2] = { 0 };
	socklen_t length = sizeof(*cookies);

	if (own < 0)
		return !self.any_network;
	getsockopt(own, SOL_SOCKET, SO_NETNS_COOKIE, &cookies[0], &length);
	getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookies[1], &length);
	close(own);
	return cookies[0] != cookies[1];
}

/* A process of the instance other than the caller that has the socket; 0: none. The one of the last look comes first,
 * as a program may ask for the same again and again. superd and its guard have it, too. */
static pid_t holder_of(struct offer *offer, pid_t caller)
{
	struct pids pids = { 0 };
	struct process *last = &offer->holder, now;
	char name[PROCESS_NAME];
	pid_t *all = NULL;

	if (last->pid && last->pid != caller && process_read(last->pid, &now) && now.start_time == last->start_time &&
	    process_holds(last->pid, offer->inode) == HOLDS)
		return last->pid;
	*last = (struct process){ 0 };
	if (!*self.group || !cgroup_processes(self.group, &pids) || !pids_add(&pids, 0))
		all = process_list_all();
	for (pid_t *at = all ? all : pids.list; at && *at && !last->pid; at++) {
		if (*at != caller && *at != self.superd && process_holds(*at, offer->inode) == HOLDS &&
		    strncmp(process_name(*at, name), "superd", 6) != 0)
			process_read(*at, last);
	}
	free(pids.list);
	free(all);
	return last->pid;
}

/* ---- sockets that are tried beside others of their row ---- */

static int number_of(int fd, int level, int option)
{
	int number = 0;

	return getsockopt(fd, level, option, &number, &(socklen_t){ sizeof(number) }) == 0 ? number : 0;
}

static bool are_of_one_row(const struct offer *a, const struct offer *b)
{
	return a != b && BIND_ROW(a->number) == BIND_ROW(b->number);
}

/* Whether one of them is for all that the row says, and the other for a part of it. */
static bool overlap(const struct offer *a, const struct offer *b)
{
	return are_of_one_row(a, b) && BIND_FAMILY_OF(a->number) != BIND_FAMILY_OF(b->number) &&
		(!BIND_FAMILY_OF(a->number) || !BIND_FAMILY_OF(b->number));
}

static bool any_beside_is_held(const struct offer *tried)
{
	bool held = false;

	for (unsigned n = 0; n < self.count && !held; n++) {
		struct offer *offer = &self.offers[n];

		held = offer->fd >= 0 && *offer->asked && overlap(tried, offer) && holder_of(offer, 0);
	}
	return held;
}

/* What a program has closed again, as one that only looks whether the port is free, is as if it had never been. What it
 * has kept takes the place of those beside, unless it has these, too: then both stay as long as it runs. */
static void settle(void)
{
	for (int kept = false; kept <= true; kept++) {
		for (unsigned n = 0; n < self.count; n++) {
			struct offer *tried = &self.offers[n];
			struct bind_note outcome = { .event = kept ? BIND_KEPT : BIND_DROPPED,
						     .number = tried->number };

			outcome.pid = tried->trial == IS_TRIED ? holder_of(tried, 0) : 0;
			if (tried->trial != IS_TRIED || kept != (outcome.pid > 0))
				continue;
			if (kept && number_of(tried->fd, IPPROTO_IP, IP_MINTTL) == BIND_HELD_BACK)
				setsockopt(tried->fd, IPPROTO_IP, IP_MINTTL, &(int){ 0 }, sizeof(int));
			if (kept && any_beside_is_held(tried))
				continue;
			memcpy(outcome.text, tried->asked, BIND_TEXT);
			report(&outcome, true);
			tried->trial = kept ? WAS_KEPT : WAS_DROPPED;
			for (unsigned other = 0; other < self.count && kept; other++) {
				if (overlap(tried, &self.offers[other]))
					leave_offer(&self.offers[other]);
			}
			if (!kept)
				leave_offer(tried);
		}
	}
}

/* While superd opens a socket beside these, which may be a program's: superd itself must not wait for their locks. */
static void lend_port(const struct offer *from, bool lends)
{
	for (unsigned n = 0; n < self.count; n++) {
		struct offer *offer = &self.offers[n];

		if (offer->fd < 0 || (offer != from && !are_of_one_row(offer, from)) ||
		    (lends ? number_of(offer->fd, SOL_SOCKET, SO_REUSEPORT) : !offer->lends_port))
			continue;
		offer->lends_port = lends;
		setsockopt(offer->fd, SOL_SOCKET, SO_REUSEPORT, &(int){ lends }, sizeof(int));
	}
}

/* ---- which socket ---- */

/* What a program asks for. */
struct wish {
	struct kind kind;
	struct socket_address address;
	struct stat folder; /* of a path; st_ino 0: there is none */
};

/* Finds the folder of a path. at: the descriptor of the process's at which it begins, or AT_FDCWD. */
static void find_folder(const struct call *call, int at, const char *path, struct stat *folder)
{
	char name[PATH_MAX + 64], *slash;
	long pid = call->process;

	if (!strncmp(path, "/proc/self/", 11))
		snprintf(name, sizeof(name), "/proc/%ld/%s", pid, path + 11);
	else if (*path == '/')
		snprintf(name, sizeof(name), "%s", path);
	else if (at == AT_FDCWD)
		snprintf(name, sizeof(name), "/proc/%ld/cwd/%s", (long)call->user->thread, path);
	else
		snprintf(name, sizeof(name), "/proc/%ld/fd/%d/%s", pid, at, path);
	slash = strrchr(name, '/');
	slash[slash == name] = '\0';
	if (stat(name, folder) < 0)
		folder->st_ino = 0;
}

/* Whether the kernel would let who has given up root bind there. */
static bool may_bind(const struct call *call, const struct wish *wish)
{
	char *status = process_file(call->process, "status");
	int64_t first = 1024;
	bool good;

	if (wish->address.any.sa_family == AF_UNIX) {
		good = may_write(status, &wish->folder);
	} else {
		fd_read_number("/proc/sys/net/ipv4/ip_unprivileged_port_start", &first);
		good = socket_address_port(&wish->address) >= first ||
			(number_of_status(status, "\nCapEff:", 16, 0) + 1 > 1 &&
			 number_of_status(status, "\nCapEff:", 16, 0) >> CAP_NET_BIND_SERVICE & 1);
	}
	free(status);
	return good;
}

/* false: the kernel would refuse it, or it is of a family of which superd has no listeners. */
static bool read_wish(struct call *call, struct wish *wish)
{
	struct socket_address *address = &wish->address;
	size_t length = call->trapped.length;
	char path[sizeof(address->un.sun_path) + 2];

	if (length < sizeof(sa_family_t) || length > sizeof(address->storage) ||
	    !read_memory_of(call, call->trapped.at, &address->storage, length))
		return false;
	/* Linux takes AF_UNSPEC with 0.0.0.0 for AF_INET (ip(7)). */
	if (wish->kind.domain == AF_INET && address->any.sa_family == AF_UNSPEC && !address->in.sin_addr.s_addr)
		address->any.sa_family = AF_INET;
	if (address->any.sa_family != wish->kind.domain)
		return false;
	if (address->any.sa_family == AF_INET)
		address->length = length < sizeof(address->in) ? 0 : sizeof(address->in);
	else if (address->any.sa_family == AF_INET6)
		address->length = length < 24 ? 0 : sizeof(address->in6); /* SIN6_LEN_RFC2133, without the scope */
	else if (length > offsetof(struct sockaddr_un, sun_path) && length <= sizeof(address->un))
		address->length = (socklen_t)length;
	if (!address->length)
		return false;
	normalize(address);
	socket_address_host(address, path, sizeof(path));
	if (address->any.sa_family == AF_UNIX && *address->un.sun_path)
		find_folder(call, AT_FDCWD, path, &wish->folder);
	return true;
}

static bool is_any(const struct socket_address *address)
{
	return address->any.sa_family == AF_INET ? address->in.sin_addr.s_addr == htonl(INADDR_ANY)
						 : IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr);
}

static bool is_same_host(const struct socket_address *a, const struct socket_address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	/* The same link-local address is another one on another link. */
	return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr) &&
		(!a->in6.sin6_scope_id || !b->in6.sin6_scope_id || a->in6.sin6_scope_id == b->in6.sin6_scope_id);
}

/* The same text, or the same name in the same folder. */
static bool is_same_path(const struct wish *wish, const struct socket_address *address)
{
	const struct socket_address *asked = &wish->address;
	char path[sizeof(address->un.sun_path) + 2], other[sizeof(path)], *slash;
	const char *base;
	struct stat folder;

	if (asked->length == address->length && !memcmp(&asked->un, &address->un, asked->length))
		return true;
	if (!*asked->un.sun_path || *address->un.sun_path != '/' || !wish->folder.st_ino)
		return false;
	socket_address_host(address, path, sizeof(path));
	socket_address_host(asked, other, sizeof(other));
	slash = strrchr(path, '/');
	base = strrchr(other, '/') ? strrchr(other, '/') + 1 : other;
	if (strcmp(slash + 1, base) != 0)
		return false;
	slash[slash == path] = '\0';
	return stat(path, &folder) == 0 && folder.st_dev == wish->folder.st_dev && folder.st_ino == wish->folder.st_ino;
}

/* How a socket answers a wish, a better one being greater. */
enum fit {
	NONE,
	WRONG_FAMILY,
	TOO_WIDE,
	NEEDS, /* one for the IP version alone, or for both again */
	OTHER_VERSION,
	FITS,
};

static enum fit fit_of(const struct wish *wish, const struct offer *offer)
{
	const struct socket_address *asked = &wish->address;
	int protocol = wish->kind.protocol == IPPROTO_MPTCP ? IPPROTO_TCP : wish->kind.protocol;
	bool takes_both = wish->kind.domain == AF_INET6 && asked->any.sa_family == AF_INET6 && !wish->kind.v6only &&
		is_any(asked);
	bool six_alone = wish->kind.domain == AF_INET6 && asked->any.sa_family == AF_INET6 && wish->kind.v6only;
	bool is_both = offer->kind.domain == AF_INET6 && !offer->kind.v6only && is_any(&offer->own), hit = false,
	     wide = false;

	if (wish->kind.type != offer->kind.type || (wish->kind.domain == AF_UNIX) != (offer->kind.domain == AF_UNIX))
		return NONE;
	if (wish->kind.domain == AF_UNIX) {
		hit = is_same_path(wish, &offer->own);
		for (unsigned n = 0; n < offer->name_count; n++)
			hit |= is_same_path(wish, &offer->names[n]);
		return hit ? FITS : NONE;
	}
	if (protocol != (offer->kind.protocol == IPPROTO_MPTCP ? IPPROTO_TCP : offer->kind.protocol))
		return NONE;
	for (unsigned n = 0; n <= offer->name_count; n++) {
		bool is_own = n == offer->name_count;
		const struct socket_address *name = is_own ? &offer->own : &offer->names[n];

		if (!asked->in.sin_port || asked->in.sin_port != name->in.sin_port) /* at one place in both families */
			continue;
		if (asked->any.sa_family != name->any.sa_family && !takes_both && !(is_own && offer->flags & BIND_DUAL))
			continue;
		hit |= is_any(asked) || is_same_host(asked, name) || (is_any(name) && !is_own);
		wide |= is_any(name) && is_own;
	}
	if (!hit)
		return wide ? TOO_WIDE : NONE;
	/* IPv4 alone, also where an IPv6 socket writes it as [::ffff:0.0.0.0]. */
	if (asked->any.sa_family == AF_INET && offer->kind.domain == AF_INET6 &&
	    (offer->flags & BIND_DUAL || wish->kind.domain == AF_INET))
		return offer->flags & BIND_DUAL ? NEEDS : WRONG_FAMILY;
	if (six_alone && (offer->kind.domain == AF_INET || is_both))
		return offer->flags & BIND_DUAL ? NEEDS : WRONG_FAMILY;
	if (takes_both && BIND_FAMILY_OF(offer->number))
		return NEEDS;
	return wish->kind.domain == offer->kind.domain ? FITS : OTHER_VERSION;
}

static struct offer *find_offer(const struct wish *wish, enum fit *fit)
{
	struct offer *best = NULL;

	*fit = NONE;
	for (unsigned n = 0; n < self.count; n++) {
		enum fit this = fit_of(wish, &self.offers[n]);

		/* What was left has no descriptor to give; its path stays superd's. */
		if (this <= *fit || (self.offers[n].fd < 0 && this != NEEDS && wish->kind.domain != AF_UNIX))
			continue;
		*fit = this;
		best = &self.offers[n];
	}
	return best;
}

/* Whatever the type of the socket. */
static struct offer *find_path(struct wish *wish)
{
	struct offer *offer = NULL;
	enum fit fit;

	for (wish->kind.type = SOCK_STREAM; !offer && wish->kind.type <= SOCK_SEQPACKET; wish->kind.type++)
		offer = find_offer(wish, &fit);
	return offer;
}

static struct offer *find_inode(ino_t inode)
{
	for (unsigned n = 0; n < self.count; n++) {
		if (inode && self.offers[n].fd >= 0 && self.offers[n].inode == inode)
			return &self.offers[n];
	}
	return NULL;
}

/* The wish as an endpoint, "tcp:0.0.0.0:6379", printable. */
static void format_wish(const struct wish *wish, char out[BIND_TEXT])
{
	const struct kind *kind = &wish->kind;
	bool is_unix = kind->domain == AF_UNIX;
	const char *prefix = is_unix		 ? (kind->type == SOCK_DGRAM		   ? "unix-dgram:"
							    : kind->type == SOCK_SEQPACKET ? "seqpacket:"
											   : "")
		: kind->protocol == IPPROTO_SCTP ? "sctp:"
		: kind->type == SOCK_DGRAM	 ? "udp:"
		: kind->type == SOCK_STREAM	 ? "tcp:"
						 : "raw:";
	char host[sizeof(wish->address.un.sun_path) + 2];

	socket_address_host(&wish->address, host, sizeof(host));
	if (is_unix)
		snprintf(out, BIND_TEXT, "%s%s", prefix, host);
	else
		snprintf(out, BIND_TEXT, wish->address.any.sa_family == AF_INET6 ? "%s[%s]:%d" : "%s%s:%d", prefix,
			 host, socket_address_port(&wish->address));
	for (char *at = out; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
}

/* ---- giving it ---- */

/* Options that a program may have set before its bind. The first are carried over. */
static const struct {
	const char *name;
	int level, option;
	bool carried;
} options[] = {
	{ "IP_PKTINFO", IPPROTO_IP, IP_PKTINFO, true },
	{ "IPV6_RECVPKTINFO", IPPROTO_IPV6, IPV6_RECVPKTINFO, true },
	{ "SO_BROADCAST", SOL_SOCKET, SO_BROADCAST, true },
	{ "SO_MARK", SOL_SOCKET, SO_MARK, false },
	{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, false },
	{ "SO_LINGER", SOL_SOCKET, SO_LINGER, false },
	{ "SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, false },
	{ "SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, false },
	{ "SO_TIMESTAMP", SOL_SOCKET, SO_TIMESTAMP, false },
	{ "SO_PASSCRED", SOL_SOCKET, SO_PASSCRED, false },
	{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY, false },
	{ "TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT, false },
	{ "TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN, false },
	{ "TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT, false },
	{ "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT, false },
	{ "IP_TOS", IPPROTO_IP, IP_TOS, false },
	{ "IP_TRANSPARENT", IPPROTO_IP, IP_TRANSPARENT, false },
	{ "IPV6_TCLASS", IPPROTO_IPV6, IPV6_TCLASS, false },
};

/* What differs from a fresh socket was set by the program. The others are named. */
static void carry_options(const struct kind *kind, int from, int to, char *names, size_t size)
{
	int fresh = socket(kind->domain, kind->type | SOCK_CLOEXEC, kind->protocol), flags = fcntl(from, F_GETFL);
	size_t used = 0;

	for (size_t n = 0; fresh >= 0 && n < sizeof(options) / sizeof(*options); n++) {
		unsigned char values[3][64] = { 0 };
		bool known = true;

		for (int at = 0; at < 3; at++) {
			socklen_t length = sizeof(*values);

			known &= getsockopt((int[]){ from, fresh, to }[at], options[n].level, options[n].option,
					    values[at], &length) == 0;
		}
		if (!known || !memcmp(values[0], values[1], sizeof(*values)) ||
		    !memcmp(values[0], values[2], sizeof(*values)) ||
		    (options[n].carried && kind->type == SOCK_DGRAM &&
		     setsockopt(to, options[n].level, options[n].option, values[0], sizeof(int)) == 0))
			continue;
		if (used < size)
			used += (size_t)snprintf(names + used, size - used, "%s%s", used ? ", " : "", options[n].name);
	}
	if (fresh >= 0)
		close(fresh);
	fd_set_nonblocking(to, flags & O_NONBLOCK);
}

/* Whether an option of the program's socket keeps clients out whom superd's lets in; and what it is, and what to do. */
static bool is_narrower(int from, int to, char *more, size_t size)
{
	static const struct {
		const char *name;
		int level, option;
	} hops[] = { { "IP_MINTTL", IPPROTO_IP, IP_MINTTL }, { "IPV6_MINHOPCOUNT", IPPROTO_IPV6, IPV6_MINHOPCOUNT } };
	int device = number_of(from, SOL_SOCKET, SO_BINDTOIFINDEX);
	char name[IF_NAMESIZE] = "";
	socklen_t length = sizeof(name), instructions = 0;

	if (device && device != number_of(to, SOL_SOCKET, SO_BINDTOIFINDEX)) {
		getsockopt(from, SOL_SOCKET, SO_BINDTODEVICE, name, &length);
		snprintf(more, size, "on %s alone (SO_BINDTODEVICE): write bind_to_device = \"%.*s\"", name,
			 IF_NAMESIZE, name);
		return true;
	}
	for (size_t n = 0; n < sizeof(hops) / sizeof(*hops); n++) {
		int least = number_of(from, hops[n].level, hops[n].option);

		if (least && least != number_of(to, hops[n].level, hops[n].option)) {
			snprintf(more, size, "with %s = %d: let it set that after its bind", hops[n].name, least);
			return true;
		}
	}
	/* One for eBPF is not shown. */
	if (getsockopt(from, SOL_SOCKET, SO_GET_FILTER, NULL, &instructions) < 0 ? errno == EACCES : instructions) {
		snprintf(more, size,
			 "with a filter of its own (SO_ATTACH_FILTER): let it attach that after its bind, or "
			 "write only_from");
		return true;
	}
	return false;
}

static bool closes_on_exec(const struct call *call)
{
	char name[32], *text, *flags;
	bool closes;

	snprintf(name, sizeof(name), "fdinfo/%d", call->trapped.fd);
	text = process_file(call->process, name);
	flags = text ? strstr(text, "flags:") : NULL;
	closes = !flags || strtol(flags + 6, NULL, 8) & O_CLOEXEC;
	free(text);
	return closes;
}

/* Who has the wish's address, and keeps it from this socket, as the kernel would have it: a second socket at one
 * address needs SO_REUSEPORT, and so does the first. needs: the offer is none for it, superd is to open one. 0: nobody.
 */
static pid_t find_rival(const struct call *call, const struct wish *wish, bool shares, struct offer *offer, bool needs)
{
	int family = wish->address.any.sa_family == AF_INET ? AF_INET : wish->kind.v6only ? AF_INET6 : 0;
	pid_t holder = 0;

	for (unsigned n = 0; n < self.count && !holder; n++) {
		struct offer *other = &self.offers[n];
		int its = (int)BIND_FAMILY_OF(other->number);

		if (other->fd < 0 || !*other->asked || (shares && other->shares))
			continue;
		if (other == offer && !needs)
			holder = holder_of(other, call->process);
		else if (offer->flags & BIND_DUAL && (other == offer || are_of_one_row(other, offer)) &&
			 (!its || !family || its == family))
			holder = holder_of(other, 0);
	}
	return holder;
}

static void refuse_rival(const struct call *call, pid_t holder)
{
	report_fault(call, "pid %ld binds %s, and is refused: pid %ld still has it", (long)call->process, call->text,
		     (long)holder);
	/* It may ask without end, and gets the processor for that itself. */
	if (clock_now() < self.refused_at + REFUSALS_MS / 1000.)
		poll(NULL, 0, REFUSALS_MS);
	self.refused_at = clock_now();
	answer(call, EADDRINUSE);
}

static void give(struct call *call, const struct wish *wish, int copy, struct offer *offer)
{
	struct bind_note given = { .event = BIND_GIVEN, .pid = call->process, .number = offer->number };
	bool is_news, shares = number_of(copy, SOL_SOCKET, SO_REUSEPORT);
	pid_t holder = find_rival(call, wish, shares, offer, false);

	memcpy(given.text, call->text, BIND_TEXT);
	if (holder) {
		refuse_rival(call, holder);
		return;
	}
	carry_options(&wish->kind, copy, offer->fd, given.more, sizeof(given.more));
	if ((offer->flags & BIND_LOCKS && !socket_filter_lock(offer->fd)) ||
	    !user_notif_place_fd(self.notif, call->user->id, offer->fd, call->trapped.fd, closes_on_exec(call))) {
		const char *why = strerror(errno);

		if (!still_waits(call))
			return; /* a signal has interrupted it: it calls again, or has ended */
		report_fault(call, "cannot give pid %ld the socket for %s: %s", (long)call->process, call->text, why);
		answer(call, EADDRINUSE);
		return;
	}
	is_news = strcmp(offer->asked, call->text) != 0;
	offer->shares = shares;
	memcpy(offer->asked, call->text, BIND_TEXT);
	if (is_news || offer->trial == IS_TRIED)
		report(&given, is_news);
	offer->unanswered = answer(call, 0) ? 0 : call->user->thread;
}

static void answer_bind(struct call *call)
{
	struct bind_note outcome = { .pid = call->process };
	struct wish wish = { 0 };
	int copy = copy_fd(call, call->trapped.fd);
	struct offer *offer, *held, *needing;
	int word = BIND_BEGIN;
	enum fit fit;

	if (copy < 0 && errno != EBADF)
		report_hidden(call);
	if (copy < 0 || is_of_other_network(copy) || !read_kind(copy, &wish.kind) || !read_wish(call, &wish)) {
		let_go(call);
		goto done;
	}
	format_wish(&wish, call->text);
	memcpy(outcome.text, call->text, BIND_TEXT);
	offer = find_offer(&wish, &fit);
	if (call->gave_up_root && fit != NONE && !may_bind(call, &wish)) {
		outcome.event = BIND_OTHER;
		snprintf(outcome.more, sizeof(outcome.more),
			 "it has given up root before, and may not bind %s itself", call->text);
		if (still_waits(call))
			report(&outcome, false);
		let_go(call);
		goto done;
	}
	if (!still_waits(call))
		goto done; /* what was read may be another process's */
	if (fit >= NEEDS && offer->fd >= 0 && wish.kind.domain != AF_UNIX &&
	    is_narrower(copy, offer->fd, outcome.more, sizeof(outcome.more)) && !find_inode(inode_of(copy))) {
		outcome.event = BIND_WIDE;
		outcome.number = offer->number;
		report(&outcome, false);
		answer(call, EADDRINUSE);
		goto done;
	}
	if (fit == NEEDS && !find_inode(inode_of(copy))) {
		pid_t rival = find_rival(call, &wish, number_of(copy, SOL_SOCKET, SO_REUSEPORT), offer, true);

		if (rival) {
			refuse_rival(call, rival);
			goto done;
		}
		outcome.event = BIND_NEEDS;
		outcome.number = offer->number;
		outcome.family = wish.address.any.sa_family;
		if (outcome.family == AF_INET6 && !wish.kind.v6only)
			outcome.family = 0;
		needing = offer;
		lend_port(needing, true);
		do { /* a superd that was killed may have heard this, and not have answered */
			if (word == BIND_BEGIN || word == BIND_TELL)
				report(&outcome, true);
			word = obey();
		} while (word >= 0 && word != BIND_SOCKET);
		lend_port(needing, false);
		offer = find_offer(&wish, &fit);
		if (fit == NEEDS) { /* superd has said why it has none: the kernel's would be without its rules */
			answer(call, EADDRINUSE);
			goto done;
		}
	}
	held = find_inode(inode_of(copy));
	if (held && held->unanswered == call->user->thread) {
		if (answer(call, 0))
			held->unanswered = 0;
	} else if (held) {
		answer(call, EINVAL); /* it is bound already (bind(2)) */
	} else if (fit >= OTHER_VERSION) {
		give(call, &wish, copy, offer);
	} else if (fit == NONE) {
		outcome.event = BIND_OTHER;
		snprintf(outcome.more, sizeof(outcome.more), "it requested %s", call->text);
		/* A port of the kernel's choice is a client's. */
		if ((wish.kind.domain == AF_UNIX || socket_address_port(&wish.address)) && self.others++ < OTHERS_MOST)
			report(&outcome, false);
		let_go(call);
	} else {
		outcome.event = fit == TOO_WIDE ? BIND_WIDE : BIND_FAMILY;
		outcome.number = offer->number;
		outcome.family = wish.kind.domain;
		report(&outcome, false);
		answer(call, EADDRINUSE);
	}
done:
	if (copy >= 0)
		close(copy);
}

/* ---- the calls around it ---- */

/* A port of the kernel's choice, of which no bind has told. A program that looks whether its port is in use finds
 * superd there, and takes another one so. */
static void report_listener(const struct call *call, int fd)
{
	struct bind_note note = { .event = BIND_LISTENS, .pid = call->process };
	struct wish own = { .address.length = sizeof(own.address.storage) };
	unsigned first = 0, last = 0;
	size_t length;
	char *range;

	if (!read_kind(fd, &own.kind) || own.kind.domain == AF_UNIX ||
	    getsockname(fd, &own.address.any, &own.address.length) < 0)
		return;
	range = fd_read_file("/proc/sys/net/ipv4/ip_local_port_range", 64, &length);
	if (range && sscanf(range, "%u %u", &first, &last) == 2 && socket_address_port(&own.address) >= (int)first &&
	    socket_address_port(&own.address) <= (int)last && self.others++ < OTHERS_MOST) {
		format_wish(&own, note.text);
		report(&note, false);
	}
	free(range);
}

static void answer_call(const struct user_call *user)
{
	struct call call = { .user = user };
	struct bind_note stranger = { .event = BIND_OTHER, .pid = user->thread };
	struct wish wish = { .kind = { .domain = AF_UNIX } };
	char path[PATH_MAX];
	struct offer *offer = NULL;
	uid_t uid = 0;
	bool is_known = is_of_user(&call, &uid);
	int copy, error = errno;

	call.gave_up_root = !is_known && !error && has_given_up_root(&call);
	if (!is_known && !call.gave_up_root) {
		int length = snprintf(stranger.more, sizeof(stranger.more),
				      "pid %ld has asked as uid %ld, and the service's user is uid %ld",
				      (long)user->thread, (long)uid, (long)self.uid);

		if (!self.uid)
			snprintf(stranger.more + length, sizeof(stranger.more) - (size_t)length,
				 ": write user = \"%ld\"", (long)uid);
		errno = error;
		if (error)
			report_hidden(&call);
		else if (!self.left && still_waits(&call))
			report(&stranger, false);
		let_go(&call);
		return;
	}
	call.trapped = trapped_call_read(user);
	/* One that is stopped in front of its bind must not take superd's node away: clients would come to it, and go
	 * with it. */
	if (self.left && call.trapped.kind != TRAPPED_UNLINK)
		call.trapped.kind = TRAPPED_NONE;
	switch (call.trapped.kind) {
	case TRAPPED_BIND:
		answer_bind(&call);
		return;
	case TRAPPED_LISTEN: /* superd's listens already, and the length of its queue is the table's to set */
		copy = copy_fd(&call, call.trapped.fd);
		offer = copy < 0 ? NULL : find_inode(inode_of(copy));
		if (copy >= 0 && !offer && still_waits(&call))
			report_listener(&call, copy);
		if (copy >= 0)
			close(copy);
		break;
	case TRAPPED_CONNECT: /* a program that looks whether it runs already: nobody serves there yet */
		offer = read_wish(&call, &wish) ? find_path(&wish) : NULL;
		if (offer && *offer->asked)
			offer = NULL;
		break;
	case TRAPPED_UNLINK: /* it removes what may be left at its path: superd's stays */
		if (!read_path(&call, call.trapped.at, path))
			break;
		find_folder(&call, call.trapped.fd, path, &wish.folder);
		wish.address.un.sun_family = AF_UNIX;
		snprintf(wish.address.un.sun_path, sizeof(wish.address.un.sun_path), "%.*s",
			 (int)sizeof(wish.address.un.sun_path) - 1, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
		wish.address.length =
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(wish.address.un.sun_path));
		offer = *wish.address.un.sun_path ? find_path(&wish) : NULL;
		break;
	case TRAPPED_NONE:
		break;
	}
	if (offer && still_waits(&call))
		answer(&call, call.trapped.kind == TRAPPED_CONNECT ? ECONNREFUSED : 0);
	else
		let_go(&call);
}

/* The program's filter comes from its child before the exec. */
static bool receive_filter(void)
{
	struct pollfd wait[] = { { self.notif, POLLIN, 0 }, { self.channel, POLLIN, 0 } };
	int channel = self.notif, filter = -1;
	size_t count = 1;
	char byte;

	while (poll(wait, 2, -1) < 0 && errno == EINTR)
		;
	if (wait[0].revents)
		fd_message_receive(channel, &byte, 1, &filter, &count, 0);
	close(channel);
	self.notif = filter;
	return filter >= 0;
}

int main(int argc, char **argv)
{
	struct user_call call;
	sigset_t none;

	program_begin("superd-bind", false, &argc, argv);
	self.notif = -1;
	self.channel = STDIN_FILENO;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	self_sandbox_enter(&(const struct self_sandbox){ .rights = RIGHTS });
	if (obey() < 0 || !receive_filter())
		return 1;
	for (;;) {
		struct pollfd wait[] = { { self.notif, POLLIN, 0 }, { self.channel, POLLIN, 0 } };

		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (wait[1].revents && obey() == BIND_SETTLE)
			settle();
		if (wait[0].revents & ~POLLIN) { /* no process has the filter any more, but one may still be ending */
			report(&(struct bind_note){ .event = BIND_OVER }, true);
			return 0;
		}
		if (!(wait[0].revents & POLLIN))
			continue;
		if (user_notif_receive(self.notif, &call))
			answer_call(&call);
		else if (errno != ENOENT && errno != EINTR)
			return 1;
	}
}
