/* The process takes one call after the other. It takes only a share of a processor, and has only so much to report, so
 * a backend that calls in a storm waits for its answers. A call that cannot be understood goes on to the kernel, which
 * refuses an address of superd's with EADDRINUSE. */
#include "exec/bind/bind_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_LINUX_OPENAT2_H
#include <linux/openat2.h>
#endif

#include "base/array.h"
#include "base/clock.h"
#include "base/fd.h"
#include "exec/bind/bind_filter.h"
#include "exec/bind/target.h"
#include "exec/bind/user_notif.h"
#include "exec/spawn/spawn.h"
#include "os/rights/capability.h"
#include "os/rights/required_caps.h"
#include "os/socket/carried_options.h"
#include "os/socket/eintr_timer.h"
#include "os/socket/scm_rights.h"

#define QUIET_MS 2000                   /* without a call the process ends */
#define QUIET_ACCEPTS_MS 60000          /* the same, if each client is a call */
#define ALONE_MS 10000                  /* for one call, until the process kills itself */
#define LINGERING_MOST 3                /* killed processes of a service that have not ended yet */
#define REFUSED_MOST 16                 /* processes that were not let accept before the program was ready */
#define CHILDREN_MOST 64                /* of a program, to tell of waiting clients */
#define BURST .5                        /* seconds of processor time that may be used at once */
#define SHARE .2                        /* seconds of it that come back in a second */
#define OTHERS_MOST 16                  /* foreign addresses to report */
#define REPEATED_MOST 16                /* reports to repeat what was reported before, of any kind */

/* ---- the process's own part ---- */

/* One offer, as the kernel tells of it. */
struct offered {
	struct bind_kind kind;
	struct socket_address own;
	ino_t inode;                    /* of the socket */
	bool given, as_ipv4;
	bool told_given;                /* true: this process has reported that */
};

struct folder_id {
	dev_t device;
	ino_t node;
};

struct job_of_worker {
	struct bind_work work;
	int channel;
	struct offered *offered;
	struct bind_progress *progress;
	unsigned others;                /* foreign addresses reported so far */
	unsigned repeated;              /* reports so far that said what was known */
	bool told_hidden;
	pid_t refused[REFUSED_MOST];    /* threads that were not let accept */
	unsigned refused_count;
	double left;                    /* seconds of processor time that may be used; below 0: it waits */
	double looked, used;            /* at the last look: clock_now(), clock_thread_cpu() */
	bool served;                    /* the call has accepted a client, and costs nothing */
	timer_t timer;                  /* kills the process */
	bool has_timer;
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

static void look_at_offers(struct job_of_worker *job)
{
	for (size_t n = 0; n < job->work.count; n++) {
		struct offered *offered = &job->offered[n];
		struct stat status;
		int fd = job->work.offers[n].fd;

		offered->own.length = sizeof(offered->own.storage);
		if (!read_kind(fd, &offered->kind) || getsockname(fd, &offered->own.any, &offered->own.length) < 0)
			offered->kind.type = 0; /* fits nothing */
		bind_address_normalize(&offered->own);
		offered->inode = fstat(fd, &status) == 0 ? status.st_ino : 0;
		offered->given = job->work.offers[n].given;
		offered->as_ipv4 = job->work.offers[n].as_ipv4;
	}
}

/* Only a report that repeats what superd knows may be lost. */
static void report(struct job_of_worker *job, const struct bind_report *report)
{
	bool *told = report->event == BIND_GIVEN ? &job->offered[report->offer].told_given : NULL;
	bool repeats = !told || *told;

	if (repeats && report->event != BIND_OTHER && job->repeated++ >= REPEATED_MOST)
		return;
	if (told)
		*told = true;
	send(job->channel, report, sizeof(*report), MSG_NOSIGNAL | (repeats ? MSG_DONTWAIT : 0));
}

/* ---- paths ---- */

/* The folder of a path. Opens it as the process would: an absolute path from its root, any other from its working
 * folder, or from the descriptor that it names. Links of proc(5) into other processes are not followed: here they
 * would open by superd's rights. */
static bool find_folder(struct target_process *target, int from, const char *path, struct folder_id *folder)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	struct stat status;
	int base, fd;

	if (length >= sizeof(parent))
		return false;
	memcpy(parent, path, length);
	parent[length] = '\0';
	if (*path == '/')
		base = target_open_folder(target, "root");
	else if (from == AT_FDCWD)
		base = target_open_folder(target, "cwd");
	else
		base = target_copy_fd(target, from);
	if (base < 0)
		return false;
#ifdef HAVE_LINUX_OPENAT2_H
	fd = (int)syscall(SYS_openat2, base, length ? parent : ".",
			  &(struct open_how){ .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
					      .resolve = RESOLVE_NO_MAGICLINKS |
							 (*path == '/' ? RESOLVE_IN_ROOT : 0) },
			  sizeof(struct open_how));
#else
	fd = openat(base, length ? parent + (*path == '/') : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
#endif
	close(base);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) < 0)
		status.st_ino = 0;
	close(fd);
	*folder = (struct folder_id){ status.st_dev, status.st_ino };
	return status.st_ino;
}

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
static enum bind_fit find_offer(const struct job_of_worker *job, const struct bind_wish *wish, size_t *offer,
				bool *by_own)
{
	enum bind_fit best = FITS_NOT;

	for (size_t n = 0; n < job->work.count; n++) {
		const struct offered *offered = &job->offered[n];
		enum bind_fit fit = fit_one(wish, &offered->kind, &offered->own);
		bool own = fit;

		for (size_t other = 0; other < job->work.offers[n].count; other++) {
			enum bind_fit by_other = fit_one(wish, &offered->kind, &job->work.offers[n].addresses[other]);

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

static bool find_by_inode(const struct job_of_worker *job, ino_t inode, size_t *offer)
{
	for (size_t n = 0; n < job->work.count; n++) {
		if (inode && job->offered[n].inode == inode) {
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
	struct trapped_call trapped;
	struct target_process target;
};

static bool still_waits(const struct job_of_worker *job, const struct stopped_call *stopped)
{
	return user_notif_is_waiting(job->work.notif, stopped->call->id);
}

static void let_go(const struct job_of_worker *job, const struct stopped_call *stopped)
{
	user_notif_let_go(job->work.notif, stopped->call->id);
}

/* The call returns -1 and this errno; 0: it returns 0. */
static void answer(const struct job_of_worker *job, const struct stopped_call *stopped, int error)
{
	user_notif_answer(job->work.notif, stopped->call->id, error);
}

static void tell_hidden(struct job_of_worker *job, const struct stopped_call *stopped, int error)
{
	struct bind_report hidden = { .event = BIND_HIDDEN, .thread = stopped->call->thread, .error = error };

	if (!job->told_hidden && still_waits(job, stopped))
		report(job, &hidden);
	job->told_hidden = true;
}

/* Puts the offer's socket into the place of the program's own. */
static void give(struct job_of_worker *job, struct stopped_call *stopped, int copy, struct bind_report *given)
{
	int fd = job->work.offers[given->offer].fd, at = stopped->trapped.fd;
	bool closes = target_fd_closes_on_exec(&stopped->target, at);
	struct stat status;

	given->error = carried_options_set(copy, fd);
	if (fstat(copy, &status) < 0 || target_move_epoll(&stopped->target, at, status.st_ino, fd) < 0 ||
	    !user_notif_place_fd(job->work.notif, stopped->call->id, fd, at, closes)) {
		given->error = errno;
		if (!still_waits(job, stopped))
			return;         /* interrupted: it calls again, or has ended */
		given->event = BIND_FAILED;
		answer(job, stopped, EADDRINUSE);
	} else {
		given->event = BIND_GIVEN;
		job->offered[given->offer].given = true;
		job->offered[given->offer].as_ipv4 |= given->as_ipv4;
		answer(job, stopped, 0);
	}
	report(job, given);
}

static void tell_other(struct job_of_worker *job, struct bind_report *other, const struct bind_wish *wish)
{
	bool is_inet = wish->address.any.sa_family == AF_INET || wish->address.any.sa_family == AF_INET6;

	if (job->others >= OTHERS_MOST || (is_inet && socket_address_port(&wish->address) == 0))
		return;                 /* a port of the kernel's choice is a client's */
	job->others++;
	other->event = BIND_OTHER;
	report(job, other);
}

/* A bind of a socket that the process has: copy. */
static void answer_wish(struct job_of_worker *job, struct stopped_call *stopped, struct bind_wish *wish, int copy)
{
	struct bind_report outcome = { .thread = stopped->call->thread };
	struct stat status;
	size_t offer = 0;
	bool by_own = false;
	enum bind_fit fit;

	bind_wish_format(wish, outcome.text);
	fit = fstat(copy, &status) == 0 ? find_offer(job, wish, &offer, &by_own) : FITS_NOT;
	if (!still_waits(job, stopped))
		return;                 /* what was read may be another process's */
	if (fit == FITS_NOT) {
		tell_other(job, &outcome, wish);
		let_go(job, stopped);
		return;
	}
	if (find_by_inode(job, status.st_ino, &(size_t){ 0 })) {
		answer(job, stopped, EINVAL);        /* it is bound already (bind(2)) */
		return;
	}
	outcome.offer = (unsigned)offer;
	outcome.other_address = fit != FITS && by_own;
	outcome.as_ipv4 = wish->kind.domain == AF_INET && job->offered[offer].kind.domain == AF_INET6;
	outcome.other_family = fit == FITS_OTHER_FAMILY && !outcome.as_ipv4;
	give(job, stopped, copy, &outcome);
}

/* superd's listener listens already, and another length of its queue is the table's to set. */
static void answer_listen(struct job_of_worker *job, struct stopped_call *stopped)
{
	int copy = target_copy_fd(&stopped->target, stopped->trapped.fd);
	struct stat status;
	size_t offer = 0;

	if (copy >= 0 && fstat(copy, &status) == 0 && find_by_inode(job, status.st_ino, &offer) &&
	    still_waits(job, stopped))
		answer(job, stopped, 0);
	else
		let_go(job, stopped);
	if (copy >= 0)
		close(copy);
}

/* Finds the offer with this path, whatever the type of its socket. */
static bool find_by_path(const struct job_of_worker *job, struct bind_wish *wish, size_t *offer)
{
	bool by_own;

	for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++) {
		wish->kind = (struct bind_kind){ .domain = AF_UNIX, .type = type };
		if (find_offer(job, wish, offer, &by_own) != FITS_NOT)
			return true;
	}
	return false;
}

/* A program removes what may be left at the path of its socket, at its start and at its end. superd's socket stays. */
static void answer_unlink(struct job_of_worker *job, struct stopped_call *stopped)
{
	char path[PATH_MAX];
	struct bind_wish wish = { .address.un.sun_family = AF_UNIX };
	struct target_process *target = &stopped->target;
	struct folder_id folder;
	size_t length, offer;

	if (target_read_text(target, stopped->trapped.at, path, sizeof(path)) &&
	    find_folder(target, stopped->trapped.fd, path, &folder)) {
		const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

		length = strlen(base);
		if (length && length < sizeof(wish.address.un.sun_path)) {
			memcpy(wish.address.un.sun_path, base, length);
			wish.address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
			wish.device = folder.device;
			wish.folder = folder.node;
		}
	}
	if (wish.folder && find_by_path(job, &wish, &offer) && still_waits(job, stopped))
		answer(job, stopped, 0);
	else
		let_go(job, stopped);
}

/* Reads the address of a bind or connect. */
static bool read_wish(struct stopped_call *stopped, struct bind_wish *wish)
{
	const struct trapped_call *trapped = &stopped->trapped;
	struct target_process *target = &stopped->target;
	unsigned char bytes[sizeof(struct sockaddr_storage)];
	size_t length = trapped->length < sizeof(bytes) ? trapped->length : sizeof(bytes);
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	struct folder_id folder;

	errno = 0;
	if (!target_read(target, trapped->at, bytes, length) || !bind_wish_read(wish, bytes, length))
		return false;
	if (wish->address.any.sa_family != AF_UNIX || !wish->address.un.sun_path[0])
		return true;
	socket_address_host(&wish->address, path, sizeof(path));
	if (find_folder(target, AT_FDCWD, path, &folder)) {
		wish->device = folder.device;
		wish->folder = folder.node;
	}
	return true;
}

/* Before it binds, a program may connect to its own path to see whether it runs already. Nobody serves there yet. */
static void answer_connect(struct job_of_worker *job, struct stopped_call *stopped)
{
	struct bind_wish wish = { .kind.domain = AF_UNIX };
	size_t offer;

	if (read_wish(stopped, &wish) && find_by_path(job, &wish, &offer) && !job->offered[offer].given &&
	    still_waits(job, stopped))
		answer(job, stopped, ECONNREFUSED);
	else
		let_go(job, stopped);
}

static void answer_bind(struct job_of_worker *job, struct stopped_call *stopped)
{
	struct bind_wish wish = { 0 };
	int copy = target_copy_fd(&stopped->target, stopped->trapped.fd);

	if (copy < 0 && errno != EBADF)
		tell_hidden(job, stopped, errno);
	if (copy < 0 || !read_kind(copy, &wish.kind))
		let_go(job, stopped);
	else if (read_wish(stopped, &wish))
		answer_wish(job, stopped, &wish, copy);
	else
		let_go(job, stopped);
	if (copy >= 0)
		close(copy);
}

/* ---- accept ---- */

/* The program is not ready: it hears that nobody is there, and of the clients again once it is. */
static void refuse_accept(struct job_of_worker *job, const struct stopped_call *stopped)
{
	unsigned n = 0;

	while (n < job->refused_count && job->refused[n] != stopped->call->thread)
		n++;
	if (n == job->refused_count && n < REFUSED_MOST)
		job->refused[job->refused_count++] = stopped->call->thread;
	answer(job, stopped, EAGAIN);
}

static void rouse(const struct job_of_worker *job, pid_t thread)
{
	struct target_process target;

	if (!target_open(&target, thread))
		return;
	for (size_t offer = 0; offer < job->work.count; offer++) {
		if (job->work.offers[offer].fd >= 0)
			target_rouse_epoll(&target, job->work.offers[offer].fd);
	}
	target_close(&target);
}

/* Those that were refused by a worker that has ended since are the main process, or its children. */
static void rouse_refused(struct job_of_worker *job)
{
	pid_t children[CHILDREN_MOST];
	size_t count = target_children(job->work.program, children, CHILDREN_MOST);

	rouse(job, job->work.program);
	for (size_t n = 0; n < count; n++)
		rouse(job, children[n]);
	for (unsigned n = 0; n < job->refused_count; n++)
		rouse(job, job->refused[n]);
	job->refused_count = 0;
}

/* Writes the client's address as accept(2) does: as much of it as there is room for, and its whole length. */
static bool write_address(struct stopped_call *stopped, const struct socket_address *address, uint32_t room)
{
	const struct trapped_call *trapped = &stopped->trapped;
	struct target_process *target = &stopped->target;
	uint32_t length = address->length;

	if (!trapped->at)
		return true;
	if (room > length)
		room = length;
	return target_write(target, trapped->at, address, room) &&
	       target_write(target, trapped->length, &length, sizeof(length));
}

/* Prepares write_address, and reads how much room there is. */
static bool open_address(const struct job_of_worker *job, struct stopped_call *stopped, uint32_t *room)
{
	struct target_process *target = &stopped->target;

	return !stopped->trapped.at || (target_open_memory(target) && still_waits(job, stopped) &&
					target_read(target, stopped->trapped.length, room, sizeof(*room)));
}

/* Another process may take the client first, as the listener is one for all, and then a blocking one would wait. */
static int accept_shortly(int listener, struct socket_address *address, int flags)
{
	bool may_block = !(fcntl(listener, F_GETFL) & O_NONBLOCK);
	int fd, error;

	if (may_block)
		eintr_timer_begin();
	fd = accept4(listener, &address->any, &address->length, flags);
	error = errno;
	if (may_block)
		eintr_timer_end();
	errno = error;
	return fd;
}

/* No client is there. By the time the kernel looks one may have come, and stay an IPv6 one: so it looks only where the
 * program wants to wait. */
static void wait_or_refuse(const struct job_of_worker *job, const struct stopped_call *stopped, int listener)
{
	if (fcntl(listener, F_GETFL) & O_NONBLOCK)
		answer(job, stopped, EAGAIN);
	else
		let_go(job, stopped);
}

/* Accepts a client in the program's place. An IPv4 client of a socket for both IP versions becomes what the program
 * asked for: an AF_INET socket (IPV6_ADDRFORM of ipv6(7)). */
static void accept_as_ipv4(struct job_of_worker *job, struct stopped_call *stopped, int listener)
{
	struct pollfd wait = { listener, POLLIN, 0 };
	struct socket_address address = { .length = sizeof(address.storage) };
	int family = AF_INET, fd;
	uint32_t room = 0;

	if (poll(&wait, 1, 0) != 1 || !(wait.revents & POLLIN)) {
		wait_or_refuse(job, stopped, listener);
		return;
	}
	if (!open_address(job, stopped, &room)) {
		let_go(job, stopped);
		return;
	}
	fd = accept_shortly(listener, &address, SOCK_CLOEXEC | (stopped->trapped.flags & SOCK_NONBLOCK));
	if (fd < 0 && errno == EINTR) {
		wait_or_refuse(job, stopped, listener); /* another thread, which waits in the kernel, has got it */
		return;
	}
	if (fd < 0) {
		answer(job, stopped, errno);
		return;
	}
	/* The socket of a client that has closed its half stays an IPv6 one (do_ipv6_setsockopt of the kernel). */
	if (address.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address.in6.sin6_addr))
		setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &family, sizeof(family));
	socket_address_unmap(&address);
	if (!write_address(stopped, &address, room))
		answer(job, stopped, EFAULT);   /* the client is lost, as with accept(2) */
	else if (!user_notif_return_fd(job->work.notif, stopped->call->id, fd, stopped->trapped.flags & SOCK_CLOEXEC))
		answer(job, stopped, errno == EMFILE ? EMFILE : ECONNABORTED);
	else
		job->served = true;
	close(fd);
}

static void answer_accept(struct job_of_worker *job, struct stopped_call *stopped)
{
	ino_t inode = target_socket_inode(&stopped->target, stopped->trapped.fd);
	size_t offer;

	if (!find_by_inode(job, inode, &offer) || !still_waits(job, stopped))
		let_go(job, stopped);
	else if (!atomic_load(&job->progress->ready))
		refuse_accept(job, stopped);
	else if (job->offered[offer].as_ipv4)
		accept_as_ipv4(job, stopped, job->work.offers[offer].fd);
	else
		let_go(job, stopped);
}

static void answer_call(struct job_of_worker *job, const struct user_call *call)
{
	struct stopped_call stopped = { .call = call };

	if (!target_open(&stopped.target, call->thread)) {
		tell_hidden(job, &stopped, errno);
		let_go(job, &stopped);
		return;
	}
	if (!trapped_call_read(call, &stopped.trapped, target_read, &stopped.target))
		stopped.trapped.kind = TRAPPED_NONE;
	switch (stopped.trapped.kind) {
	case TRAPPED_BIND:
		answer_bind(job, &stopped);
		break;
	case TRAPPED_LISTEN:
		answer_listen(job, &stopped);
		break;
	case TRAPPED_ACCEPT:
		answer_accept(job, &stopped);
		break;
	case TRAPPED_CONNECT:
		answer_connect(job, &stopped);
		break;
	case TRAPPED_UNLINK:
		answer_unlink(job, &stopped);
		break;
	case TRAPPED_NONE:
		let_go(job, &stopped);
		break;
	}
	target_close(&stopped.target);
}

/* ---- its loop ---- */

/* Waits until another call may be answered. A client that was accepted costs nothing: how many come is limited
 * otherwise. */
static void keep_to_share(struct job_of_worker *job)
{
	double now = clock_now(), used = clock_thread_cpu();

	job->left += (now - job->looked) * SHARE;
	if (job->left > BURST)
		job->left = BURST;
	if (!job->served)
		job->left -= used - job->used;
	job->looked = now;
	job->used = used;
	job->served = false;
	if (job->left < 0)
		poll(NULL, 0, 1 + (int)(-job->left / SHARE * 1000));
}

/* superd has sent a byte: the program is ready. false: superd has closed its end. */
static bool hear_superd(struct job_of_worker *job)
{
	char byte;

	if (recv(job->channel, &byte, sizeof(byte), MSG_DONTWAIT) <= 0)
		return false;
	rouse_refused(job);
	return true;
}

/* Waits for a call. false: it is time to end. */
static bool wait_for_call(struct job_of_worker *job)
{
	struct pollfd wait[] = { { job->work.notif, POLLIN, 0 }, { job->channel, POLLIN, 0 } };
	int ready;

	do {
		ready = poll(wait, 2, job->work.stops_accepts ? QUIET_ACCEPTS_MS : QUIET_MS);
		if (ready > 0 && wait[1].revents && !hear_superd(job))
			return false;
	} while ((ready < 0 && errno == EINTR) || (ready > 0 && !wait[0].revents));
	return ready > 0 && wait[0].revents & POLLIN;
}

/* Nobody watches a process whose superd was killed, or has become another program. */
static void make_timer(struct job_of_worker *job)
{
	const struct sigaction deadly = { .sa_handler = SIG_DFL };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, SIGALRM);
	sigaction(SIGALRM, &deadly, NULL);
	pthread_sigmask(SIG_UNBLOCK, &only, NULL);
	job->has_timer = timer_create(CLOCK_MONOTONIC, &event, &job->timer) == 0;
}

static void set_timer(struct job_of_worker *job, int milliseconds)
{
	const struct itimerspec time = { .it_value.tv_sec = milliseconds / 1000 };

	if (job->has_timer)
		timer_settime(job->timer, 0, &time, NULL);
}

static void begin_call(struct job_of_worker *job, uint64_t id)
{
	set_timer(job, ALONE_MS);
	atomic_store(&job->progress->id, id);
	atomic_store(&job->progress->since, clock_ms());
}

static void end_call(struct job_of_worker *job)
{
	atomic_store(&job->progress->id, 0);
	atomic_store(&job->progress->since, 0);
	set_timer(job, 0);
}

static void run_worker(const void *with)
{
	struct job_of_worker job = *(const struct job_of_worker *)with;
	struct user_call call;

	make_timer(&job);
	set_timer(&job, ALONE_MS);
	look_at_offers(&job);
	user_notif_hurry(job.work.notif);
	if (job.work.rouses)
		rouse_refused(&job);
	end_call(&job);
	job.left = BURST;
	job.looked = clock_now();
	job.used = clock_thread_cpu();
	while (wait_for_call(&job)) {
		if (!user_notif_receive(job.work.notif, &call)) {
			if (errno == ENOENT || errno == EINTR)
				continue;
			return;
		}
		begin_call(&job, call.id);
		answer_call(&job, &call);
		end_call(&job);
		keep_to_share(&job);
	}
}

/* ---- superd's ---- */

/* Processes that were killed. Not even SIGKILL ends one that waits uninterruptibly for a file system, or for a lock,
 * that a backend keeps from answering. */
static struct {
	struct lingering {
		uint64_t owner, serial;
		pid_t pid;
	} *list;
	size_t count, room;
} lingering;

/* Whether as many as may be of this owner have not ended. Forgets those that have. */
static bool too_many_linger(uint64_t owner)
{
	size_t kept = 0, count = 0;

	for (size_t n = 0; n < lingering.count; n++) {
		const struct lingering *one = &lingering.list[n];

		if (spawn_worker_serial(one->pid) != one->serial)
			continue;
		count += one->owner == owner;
		lingering.list[kept++] = *one;
	}
	lingering.count = kept;
	return count >= LINGERING_MOST;
}

static void note_lingering(const struct bind_worker *worker)
{
	struct lingering *list = array_grow(lingering.list, &lingering.room, lingering.count, sizeof(*list));

	if (!list)
		return;
	lingering.list = list;
	list[lingering.count++] = (struct lingering){ worker->owner, worker->serial, worker->pid };
}

void bind_worker_init(struct bind_worker *worker)
{
	*worker = (struct bind_worker){ .pid = -1, .channel = -1 };
}

static struct bind_progress *new_progress(void)
{
	void *memory = mmap(NULL, sizeof(struct bind_progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			    0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Without CAP_SYS_PTRACE a process may look only at those that have none of the capabilities that it lacks
 * (cap_ptrace_access_check of the kernel), so it keeps all. With it, another user's /proc/PID/mem opens for writing
 * by CAP_DAC_OVERRIDE, which takes the addresses of clients. */
static uint64_t worker_capabilities(const struct bind_work *work)
{
	uint64_t writes = work->stops_accepts ? UINT64_C(1) << CAP_DAC_OVERRIDE : 0;

	return capability_held(CAP_SYS_PTRACE) ? CAPS_TO_LOOK | CAPS_TO_SET_OPTIONS | writes : UINT64_MAX;
}

/* The process keeps the filter's descriptor, its channel, and the offers. */
static bool start_process(struct bind_worker *worker, struct job_of_worker *job, int *kept)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	scm_rights_allow(ends[0], false);
	for (size_t n = 0; n < job->work.count; n++)
		kept[n] = job->work.offers[n].fd;
	kept[job->work.count] = job->work.notif;
	kept[job->work.count + 1] = job->channel = ends[1];
	worker->pid = spawn_worker("superd-bind", worker_capabilities(&job->work), run_worker, job, kept,
				   (int)job->work.count + 2);
	fd_close(&ends[1]);
	if (worker->pid < 0) {
		fd_close(&ends[0]);
		return false;
	}
	worker->serial = spawn_worker_serial(worker->pid);
	worker->channel = fd_raise(ends[0], FD_HIGH);
	return true;
}

bool bind_worker_start(struct bind_worker *worker, const struct bind_work *work)
{
	struct job_of_worker job = { .work = *work };
	int *kept;
	bool good;

	if (too_many_linger(work->owner)) {
		errno = EBUSY;
		return false;
	}
	worker->owner = work->owner;
	if (!worker->progress)
		worker->progress = new_progress();
	if (!worker->progress)
		return false;
	atomic_store(&worker->progress->id, 0);
	atomic_store(&worker->progress->since, clock_ms());
	atomic_store(&worker->progress->ready, work->is_ready);
	job.progress = worker->progress;
	job.offered = calloc(work->count + 1, sizeof(*job.offered));
	kept = calloc(work->count + 2, sizeof(*kept));
	good = job.offered && kept && start_process(worker, &job, kept);
	free(job.offered);
	free(kept);
	return good;
}

void bind_worker_set_ready(struct bind_worker *worker)
{
	if (worker->progress)
		atomic_store(&worker->progress->ready, true);
	if (worker->channel >= 0)
		send(worker->channel, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool bind_worker_hear(struct bind_worker *worker, struct bind_report *report)
{
	ssize_t got;

	do
		got = recv(worker->channel, report, sizeof(*report), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got >= 0 && got != (ssize_t)sizeof(*report))
		errno = EPIPE;
	return got == (ssize_t)sizeof(*report);
}

int64_t bind_worker_busy(const struct bind_worker *worker)
{
	int64_t since = worker->progress && worker->pid > 0 ? atomic_load(&worker->progress->since) : 0;

	return since ? clock_ms() - since + 1 : 0;
}

void bind_worker_dismiss(struct bind_worker *worker)
{
	if (worker->channel >= 0)
		shutdown(worker->channel, SHUT_WR);
}

bool bind_worker_kill(struct bind_worker *worker, int notif)
{
	uint64_t id = worker->progress && worker->pid > 0 ? atomic_load(&worker->progress->id) : 0;

	if (worker->pid > 0 && spawn_worker_serial(worker->pid) == worker->serial) {
		kill(worker->pid, SIGKILL);
		note_lingering(worker);
	}
	fd_close(&worker->channel);
	worker->pid = -1;
	return id && user_notif_let_go(notif, id);
}

void bind_worker_free(struct bind_worker *worker)
{
	if (worker->progress)
		munmap(worker->progress, sizeof(*worker->progress));
	bind_worker_init(worker);
}
