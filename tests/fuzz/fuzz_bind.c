/* The calls of a program that superd-bind answers, with any bytes in the place of the program's memory: each is
 * answered once, or left to the kernel, a text about it is printable, and a socket is given only where superd has one.
 * The first bytes choose the call, the kind of the program's socket, whether superd has left or the memory cannot be
 * read, and the length of the address; the second half is a later call. It includes the source, as only that knows what
 * it has of superd. */
#include <sys/stat.h>

/* Each path is a folder of its length, so that several names are one folder. By name alone, as the fuzzer's engine
 * calls it as well. */
static int stat_length(const char *path, struct stat *status);
int superd_bind_main(int argc, char **argv);
#define stat(path, status) stat_length(path, status)
#define main superd_bind_main
#include "bind/main.c"
#undef main
#undef stat

#include "fuzzer.h"

enum { HEAD = 4 };

static struct {
	enum trapped kind;
	uint8_t socket, length;
	const uint8_t *memory;
	size_t size;
	unsigned answers;
	bool placed, hides;
} program;

/* Of socket(2): superd's own, of which the names are in own_names, and the program's. */
static const struct kind own_kinds[] = {
	{ AF_INET, SOCK_STREAM, IPPROTO_TCP, 0 }, { AF_INET6, SOCK_STREAM, IPPROTO_TCP, 0 },
	{ AF_INET6, SOCK_DGRAM, IPPROTO_UDP, 0 }, { AF_UNIX, SOCK_STREAM, 0, 0 },
	{ AF_UNIX, SOCK_DGRAM, 0, 0 },		  { AF_INET, SOCK_DGRAM, IPPROTO_UDP, 0 },
	{ AF_INET6, SOCK_STREAM, IPPROTO_TCP, 1 },
};
static const char *const own_names[] = { "/run/web.sock", "/tmp/log" };
enum { KINDS = sizeof(own_kinds) / sizeof(*own_kinds), OFFERS = 5, PORT = 80 };
static int sockets[KINDS], own_sockets[KINDS];

struct trapped_call __wrap_trapped_call_read(const struct user_call *call);
int __wrap_pidfd_of(pid_t pid);
int __wrap_pidfd_copy(int pidfd, int fd);
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *to, unsigned long count, const struct iovec *from,
				unsigned long from_count, unsigned long flags);
bool __wrap_user_notif_is_waiting(int notif, uint64_t id);
bool __wrap_user_notif_let_go(int notif, uint64_t id);
bool __wrap_user_notif_answer(int notif, uint64_t id, int error);
bool __wrap_user_notif_place_fd(int notif, uint64_t id, int fd, int at, bool close_on_exec);
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags);

struct trapped_call __wrap_trapped_call_read(const struct user_call *call)
{
	(void)call;
	return (struct trapped_call){ .kind = program.kind, .fd = 3, .at = 0, .length = program.length };
}

int __wrap_pidfd_of(pid_t pid)
{
	require(pid == getpid());
	return dup(own_sockets[0]);
}

int __wrap_pidfd_copy(int pidfd, int fd)
{
	require(pidfd >= 0 && fd == 3);
	return dup(program.socket < KINDS ? sockets[program.socket] : own_sockets[program.socket % KINDS]);
}

/* Behind the input the memory has zeros; all of it can be read, or nothing. */
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *to, unsigned long count, const struct iovec *from,
				unsigned long from_count, unsigned long flags)
{
	size_t at = (size_t)(uintptr_t)from->iov_base, length = at < program.size ? program.size - at : 0;

	require(pid == getpid() && count == 1 && from_count == 1 && !flags && to->iov_len == from->iov_len);
	if (program.hides) {
		errno = EFAULT;
		return -1;
	}
	length = length < to->iov_len ? length : to->iov_len;
	memset(to->iov_base, 0, to->iov_len);
	if (length)
		memcpy(to->iov_base, program.memory + at, length);
	return (ssize_t)to->iov_len;
}

bool __wrap_user_notif_is_waiting(int notif, uint64_t id)
{
	(void)notif;
	return id == 1 && !program.answers;
}

bool __wrap_user_notif_let_go(int notif, uint64_t id)
{
	(void)notif;
	require(id == 1 && !program.answers++ && !program.placed);
	return true;
}

bool __wrap_user_notif_answer(int notif, uint64_t id, int error)
{
	(void)notif;
	require(id == 1 && !program.answers++ && error >= 0 && (!program.placed || !error));
	require(error || program.placed || program.kind != TRAPPED_BIND);
	return true;
}

bool __wrap_user_notif_place_fd(int notif, uint64_t id, int fd, int at, bool close_on_exec)
{
	(void)notif, (void)close_on_exec;
	require(id == 1 && at == 3 && fd >= 0 && !program.placed && !self.left);
	program.placed = true;
	return true;
}

static int stat_length(const char *path, struct stat *status)
{
	require(strlen(path) < PATH_MAX + 64);
	*status = (struct stat){ .st_dev = 1, .st_ino = strlen(path) };
	return 0;
}

/* To superd. */
ssize_t __wrap_send(int fd, const void *bytes, size_t length, int flags)
{
	const struct bind_note *note = bytes;

	(void)flags;
	require(fd == self.channel && length == sizeof(*note) && note->event < BIND_OVER);
	require(strnlen(note->text, BIND_TEXT) < BIND_TEXT && strnlen(note->more, 256) < 256);
	for (const char *at = note->text; *at; at++)
		require(*at >= ' ' && *at <= '~');
	return (ssize_t)length;
}

static void offer_all(void)
{
	for (unsigned n = 0; n < OFFERS; n++) {
		struct offer *offer = offer_of(n);

		*offer = (struct offer){ .fd = dup(own_sockets[n]), .number = n, .kind = own_kinds[n] };
		require(offer->fd >= 0);
		offer->inode = inode_of(offer->fd);
		offer->flags = n == 1 ? BIND_DUAL : 0;
		offer->own.any.sa_family = (sa_family_t)own_kinds[n].domain;
		if (own_kinds[n].domain == AF_UNIX) {
			strcpy(offer->own.un.sun_path, own_names[n - 3]);
			offer->own.length = (socklen_t)offsetof(struct sockaddr_un, sun_path);
			offer->own.length += (socklen_t)strlen(own_names[n - 3]);
			continue;
		}
		offer->own.in.sin_port = htons(PORT);
		offer->own.length = n ? sizeof(offer->own.in6) : sizeof(offer->own.in);
		if (!n)
			offer->own.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
}

static void run_call(const uint8_t *data, size_t size)
{
	const struct user_call call = { .id = 1, .thread = getpid() };

	if (size < HEAD)
		return;
	program.kind = data[0] % (TRAPPED_UNLINK + 1);
	program.socket = data[1] % (2 * KINDS);
	if (data[2] == 1) { /* as by BIND_LEAVE */
		self.left = true;
		for (unsigned n = 0; n < self.count; n++)
			leave_offer(&self.offers[n]);
	}
	program.length = data[3];
	program.memory = data + HEAD;
	program.size = size - HEAD;
	program.answers = 0;
	program.placed = false;
	program.hides = data[2] == 2;
	answer_call(&call);
	require(program.answers == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!sockets[0]) {
		for (unsigned n = 0; n < KINDS; n++) {
			const struct kind *kind = &own_kinds[n];

			sockets[n] = socket(kind->domain, kind->type | SOCK_CLOEXEC, kind->protocol);
			own_sockets[n] = socket(kind->domain, kind->type | SOCK_CLOEXEC, kind->protocol);
			require(sockets[n] >= 0 && own_sockets[n] >= 0);
			setsockopt(sockets[n], IPPROTO_IPV6, IPV6_V6ONLY, &kind->v6only, sizeof(kind->v6only));
		}
	}
	self.uid = getuid();
	self.any_network = true;
	self.left = false;
	self.channel = 1 << 20;         /* no descriptor has this number, and an order never comes */
	self.reports = self.others = self.count = 0;
	offer_all();
	run_call(data, size / 2);
	run_call(data + size / 2, size - size / 2);
	for (unsigned n = 0; n < self.count; n++)
		leave_offer(&self.offers[n]);
	return 0;
}
