/* Reads what a stopped call asks for, and answers it. A call that cannot be understood goes on to the kernel, which
 * refuses an address of superd's with EADDRINUSE. */
#include "worker/bind/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/bpf/socket_filter.h"
#include "os/proc/bind_filter.h"
#include "os/rights/raw_syscall.h"
#include "os/socket/carried_options.h"
#include "worker/bind/caller.h"
#include "worker/bind/target.h"
#include "worker/bind/target_path.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71              /* asm-generic/socket.h (Linux 5.14), the same on most architectures */
#endif

#define OTHERS_MOST 16                  /* foreign addresses to report */
#define REPEATED_MOST 16                /* reports to repeat what was reported before, of any kind */

struct folder_id {
	dev_t device;
	ino_t node;
};

static bool read_kind(int fd, struct bind_kind *kind)
{
	socklen_t length = sizeof(int);
	int only = 0;

	*kind = (struct bind_kind){ 0 };
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &kind->domain, &length) < 0)
		return false;
	length = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind->type, &length) < 0)
		return false;
	length = sizeof(int);
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &kind->protocol, &length) < 0)
		return false;
	length = sizeof(int);
	if (kind->domain == AF_INET6 && getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &length) == 0)
		kind->ipv6_only = only;
	return true;
}

void bind_server_begin(struct bind_server *server)
{
	caller_place_read_own(&server->own);
	for (size_t n = 0; n < server->request.count; n++) {
		struct offered *offered = &server->offered[n];
		struct stat status;
		int fd = server->request.offers[n].fd;

		offered->own.length = sizeof(offered->own.storage);
		if (!read_kind(fd, &offered->kind) || getsockname(fd, &offered->own.any, &offered->own.length) < 0)
			offered->kind.type = 0; /* fits nothing */
		bind_address_normalize(&offered->own);
		offered->inode = fstat(fd, &status) == 0 ? status.st_ino : 0;
		offered->given = server->request.offers[n].given;
		for (size_t other = 0; other < server->request.offers[n].count; other++)
			bind_address_normalize(&server->request.offers[n].addresses[other]);
	}
}

/* Only a report that repeats what superd knows may be lost. */
static void report(struct bind_server *server, const struct bind_report *report)
{
	bool *told = report->event == BIND_GIVEN ? &server->offered[report->offer].told_given : NULL;
	bool repeats = !told || *told;

	if (repeats && report->event != BIND_OTHER && server->repeated++ >= REPEATED_MOST)
		return;
	if (told)
		*told = true;
	send(server->channel, report, sizeof(*report), MSG_NOSIGNAL | (repeats ? MSG_DONTWAIT : 0));
}

/* ---- paths ---- */

/* The folder of a path of superd's. */
static struct folder_id own_folder(const struct socket_address *address)
{
	char path[sizeof(address->un.sun_path) + 1];
	struct stat status;
	char *slash;

	if (address->any.sa_family != AF_UNIX || address->un.sun_path[0] != '/')
		return (struct folder_id){ 0 };
	socket_address_host(address, path, sizeof(path));
	slash = strrchr(path, '/');
	slash[slash == path] = '\0';
	return stat(path, &status) == 0 ? (struct folder_id){ status.st_dev, status.st_ino } : (struct folder_id){ 0 };
}

/* ---- which of the offers ---- */

static enum bind_fit fit_one(const struct bind_wish *wish, const struct bind_kind *kind,
			     const struct socket_address *address)
{
	struct folder_id folder = wish->folder ? own_folder(address) : (struct folder_id){ 0 };

	return bind_wish_fit(wish, kind, address, folder.device, folder.node);
}

/* Finds the offer that fits best, and whether by its own address. The first one of those that fit alike wins. */
static enum bind_fit find_offer(const struct bind_server *server, const struct bind_wish *wish, size_t *offer,
				bool *by_own)
{
	enum bind_fit best = FITS_NOT;

	for (size_t n = 0; n < server->request.count; n++) {
		const struct offered *offered = &server->offered[n];
		const struct bind_offer *given = &server->request.offers[n];
		enum bind_fit fit = fit_one(wish, &offered->kind, &offered->own);
		bool own = fit;

		for (size_t other = 0; other < given->count; other++) {
			enum bind_fit by_other = fit_one(wish, &offered->kind, &given->addresses[other]);

			own = own && by_other <= fit;
			fit = by_other > fit ? by_other : fit;
		}
		if (fit <= best)
			continue;
		best = fit;
		*offer = n;
		*by_own = own;
	}
	return best;
}

static bool find_by_inode(const struct bind_server *server, ino_t inode, size_t *offer)
{
	for (size_t n = 0; n < server->request.count; n++) {
		if (inode && server->offered[n].inode == inode) {
			*offer = n;
			return true;
		}
	}
	return false;
}

/* ---- the calls ---- */

/* A call with its arguments, and the process that made it. */
struct stopped_call {
	const struct user_call *call;
	enum caller_kind caller;
	struct trapped_call trapped;
	struct target_process target;
};

static bool still_waits(const struct bind_server *server, const struct stopped_call *stopped)
{
	return user_notif_is_waiting(server->notif, stopped->call->id);
}

static void let_go(const struct bind_server *server, const struct stopped_call *stopped)
{
	user_notif_let_go(server->notif, stopped->call->id);
}

/* The call returns -1 and this errno; 0: it returns 0. */
static void answer(const struct bind_server *server, const struct stopped_call *stopped, int error)
{
	user_notif_answer(server->notif, stopped->call->id, error);
}

static void tell_hidden(struct bind_server *server, const struct stopped_call *stopped, int error)
{
	struct bind_report hidden = { .event = BIND_HIDDEN, .thread = stopped->call->thread, .error = error };

	if (!server->told_hidden && still_waits(server, stopped))
		report(server, &hidden);
	server->told_hidden = true;
}

/* Puts the offer's socket into the place of one of the program's descriptors. false and errno. */
static bool replace(const struct bind_server *server, struct stopped_call *stopped, int at, ino_t before, int fd)
{
	bool closes = target_fd_closes_on_exec(&stopped->target, at);

	return target_move_epoll(&stopped->target, at, before, fd) >= 0 &&
	       user_notif_place_fd(server->notif, stopped->call->id, fd, at, closes);
}

/* The program may listen on a copy of the descriptor that it binds (dup(2)). */
static bool replace_copies(const struct bind_server *server, struct stopped_call *stopped, ino_t before, int fd,
			   bool *all)
{
	struct target_copies copies;

	target_find_copies(&stopped->target, stopped->trapped.fd, before, &copies);
	*all = copies.all;
	for (size_t n = 0; n < copies.count; n++) {
		if (!replace(server, stopped, copies.list[n], before, fd))
			return false;
	}
	return true;
}

/* Puts the offer's socket into the place of the program's own. The descriptor of the call comes last: if a signal
 * interrupts it before that, the program calls again, and superd goes on with what is left. */
static void give(struct bind_server *server, struct stopped_call *stopped, int copy, struct bind_report *given)
{
	int fd = server->request.offers[given->offer].fd;
	bool has_all_copies = true;
	struct stat status;

	/* The program gets what it could set itself, so no capability is in effect. With CAP_SYS_PTRACE this process
	 * has none that matters, and its filter refuses to change them. */
	raw_lower_effective();
	carried_options_set(copy, fd, &given->left);
	raw_raise_effective();
	if ((server->request.offers[given->offer].locks && !socket_filter_lock(fd)) || fstat(copy, &status) < 0 ||
	    !replace_copies(server, stopped, status.st_ino, fd, &has_all_copies) ||
	    !replace(server, stopped, stopped->trapped.fd, status.st_ino, fd)) {
		given->error = errno;
		if (!still_waits(server, stopped))
			return;         /* interrupted: it calls again, or has ended */
		given->event = BIND_FAILED;
		answer(server, stopped, EADDRINUSE);
		report(server, given);
	} else {
		given->event = BIND_GIVEN;
		given->has_copies = !has_all_copies;
		server->offered[given->offer].given = true;
		report(server, given);  /* first, as the program may end at once, and superd judges it by this */
		answer(server, stopped, 0);
	}
}

static void tell_other(struct bind_server *server, struct bind_report *other, const struct bind_wish *wish)
{
	bool is_inet = wish->address.any.sa_family == AF_INET || wish->address.any.sa_family == AF_INET6;

	if (server->others >= OTHERS_MOST || (is_inet && socket_address_port(&wish->address) == 0))
		return;                 /* a port of the kernel's choice is a client's */
	server->others++;
	other->event = BIND_OTHER;
	report(server, other);
}

/* A bind of a socket that the process has: copy. */
static void answer_wish(struct bind_server *server, struct stopped_call *stopped, struct bind_wish *wish, int copy)
{
	struct bind_report outcome = { .thread = stopped->call->thread };
	struct stat status;
	size_t offer = 0;
	bool by_own = false;
	enum bind_fit fit;

	bind_wish_format(wish, outcome.text);
	fit = fstat(copy, &status) == 0 ? find_offer(server, wish, &offer, &by_own) : FITS_NOT;
	if (!still_waits(server, stopped))
		return;                 /* what was read may be another process's */
	if (fit == FITS_NOT) {
		tell_other(server, &outcome, wish);
		let_go(server, stopped);
		return;
	}
	if (find_by_inode(server, status.st_ino, &(size_t){ 0 })) {
		answer(server, stopped, EINVAL);        /* it is bound already (bind(2)) */
		return;
	}
	outcome.offer = (unsigned)offer;
	outcome.other_address = fit != FITS && by_own;
	outcome.as_ipv4 = wish->kind.domain == AF_INET && server->offered[offer].kind.domain == AF_INET6;
	outcome.other_family = fit == FITS_OTHER_FAMILY && !outcome.as_ipv4;
	give(server, stopped, copy, &outcome);
}

/* superd's listener listens already, and another length of its queue is the table's to set. */
static void answer_listen(struct bind_server *server, struct stopped_call *stopped)
{
	int copy = target_copy_fd(&stopped->target, stopped->trapped.fd);
	struct stat status;
	size_t offer = 0;

	if (copy >= 0 && fstat(copy, &status) == 0 && find_by_inode(server, status.st_ino, &offer) &&
	    still_waits(server, stopped))
		answer(server, stopped, 0);
	else
		let_go(server, stopped);
	if (copy >= 0)
		close(copy);
}

/* Finds the offer with this path, whatever the type of its socket. */
static bool find_by_path(const struct bind_server *server, struct bind_wish *wish, size_t *offer)
{
	bool by_own;

	for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++) {
		wish->kind = (struct bind_kind){ .domain = AF_UNIX, .type = type };
		if (find_offer(server, wish, offer, &by_own) != FITS_NOT)
			return true;
	}
	return false;
}

/* A program removes what may be left at the path of its socket, at its start and at its end. superd's socket stays. */
static void answer_unlink(struct bind_server *server, struct stopped_call *stopped)
{
	char path[PATH_MAX];
	struct bind_wish wish = { .address.un.sun_family = AF_UNIX };
	struct target_process *target = &stopped->target;
	struct stat folder;
	size_t length, offer;

	if (stopped->caller == CALLER_IS_OWN && target_read_text(target, stopped->trapped.at, path, sizeof(path)) &&
	    target_find_folder(target, stopped->trapped.fd, path, &folder)) {
		const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

		length = strlen(base);
		if (length && length < sizeof(wish.address.un.sun_path)) {
			memcpy(wish.address.un.sun_path, base, length);
			wish.address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
			wish.device = folder.st_dev;
			wish.folder = folder.st_ino;
		}
	}
	if (wish.folder && find_by_path(server, &wish, &offer) && still_waits(server, stopped))
		answer(server, stopped, 0);
	else
		let_go(server, stopped);
}

/* Reads the address of a bind or connect. */
static bool read_wish(struct stopped_call *stopped, struct bind_wish *wish)
{
	const struct trapped_call *trapped = &stopped->trapped;
	struct target_process *target = &stopped->target;
	unsigned char bytes[sizeof(struct sockaddr_storage)];
	size_t length = trapped->length < sizeof(bytes) ? trapped->length : sizeof(bytes);
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct stat folder;

	errno = 0;
	if (!target_read(target, trapped->at, bytes, length) || !bind_wish_read(wish, bytes, length))
		return false;
	if (wish->address.any.sa_family != AF_UNIX || !wish->address.un.sun_path[0])
		return true;
	if (stopped->caller == CALLER_HAS_NO_PATHS)
		return false;
	socket_address_host(&wish->address, path, sizeof(path));
	if (target_find_folder(target, AT_FDCWD, path, &folder)) {
		wish->device = folder.st_dev;
		wish->folder = folder.st_ino;
	}
	return true;
}

/* Before it binds, a program may connect to its own path to see whether it runs already. Nobody serves there yet. */
static void answer_connect(struct bind_server *server, struct stopped_call *stopped)
{
	struct bind_wish wish = { .kind.domain = AF_UNIX };
	size_t offer;

	if (read_wish(stopped, &wish) && find_by_path(server, &wish, &offer) && !server->offered[offer].given &&
	    still_waits(server, stopped))
		answer(server, stopped, ECONNREFUSED);
	else
		let_go(server, stopped);
}

/* SO_NETNS_COOKIE (Linux 5.14) of a socket; 0: unknown. */
static uint64_t network_of(int fd)
{
	socklen_t length = sizeof(uint64_t);
	uint64_t cookie = 0;

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) == 0 ? cookie : 0;
}

/* A socket of another network namespace is bound there: the program asks for an address that is not superd's. If superd
 * gave it a network of its own, its sockets are of that. */
static bool is_of_other_network(const struct bind_server *server, int fd)
{
	int own = server->request.rule.has_network ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool differs = own >= 0 && network_of(fd) != network_of(own);

	if (own >= 0)
		close(own);
	return differs;
}

static void answer_bind(struct bind_server *server, struct stopped_call *stopped)
{
	struct bind_wish wish = { 0 };
	int copy = target_copy_fd(&stopped->target, stopped->trapped.fd);

	if (copy < 0 && errno != EBADF)
		tell_hidden(server, stopped, errno);
	if (copy >= 0 && !is_of_other_network(server, copy) && read_kind(copy, &wish.kind) && read_wish(stopped, &wish))
		answer_wish(server, stopped, &wish, copy);
	else
		let_go(server, stopped);
	if (copy >= 0)
		close(copy);
}

/* Finds out who calls. false: the call is no longer there, or goes to the kernel, as a stranger's does. */
static bool is_for_superd(struct bind_server *server, struct stopped_call *stopped)
{
	const struct bind_progress *progress = server->progress;
	struct bind_report report_of = { .event = BIND_STRANGER, .thread = stopped->call->thread };
	struct caller_rule rule = server->request.rule;

	rule.program = atomic_load(&progress->program);
	rule.is_complete = atomic_load(&progress->complete);
	stopped->caller = target_open(&stopped->target, stopped->call->thread) && still_waits(server, stopped)
		? caller_find(&stopped->target, &rule, &server->own, &report_of.uid)
		: CALLER_IS_HIDDEN;
	switch (stopped->caller) {
	case CALLER_IS_OWN:
	case CALLER_HAS_NO_PATHS:
		return true;
	case CALLER_IS_HIDDEN:
		tell_hidden(server, stopped, errno);
		break;
	case CALLER_IS_OTHER_USER:
	case CALLER_IS_ELSEWHERE:
		report_of.elsewhere = stopped->caller == CALLER_IS_ELSEWHERE;
		if (!rule.is_complete && !server->told_stranger && still_waits(server, stopped))
			report(server, &report_of);
		server->told_stranger = true;
		break;
	case CALLER_IS_LATE:
		break;
	}
	let_go(server, stopped);
	return false;
}

void bind_server_answer(struct bind_server *server, const struct user_call *call)
{
	struct stopped_call stopped = { .call = call };

	if (!is_for_superd(server, &stopped)) {
		target_close(&stopped.target);
		return;
	}
	if (!trapped_call_read(call, &stopped.trapped, target_read, &stopped.target))
		stopped.trapped.kind = TRAPPED_NONE;
	switch (stopped.trapped.kind) {
	case TRAPPED_BIND:
		answer_bind(server, &stopped);
		break;
	case TRAPPED_LISTEN:
		answer_listen(server, &stopped);
		break;
	case TRAPPED_CONNECT:
		answer_connect(server, &stopped);
		break;
	case TRAPPED_UNLINK:
		answer_unlink(server, &stopped);
		break;
	case TRAPPED_NONE:
		let_go(server, &stopped);
		break;
	}
	target_close(&stopped.target);
}
