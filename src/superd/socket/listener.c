/* Opens, watches and closes one listening socket. Listeners have numbers above FD_LISTENER, so a child has only few
 * descriptors to unshare however long the table is. */
#include "superd/socket/listener.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/array.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "os/bpf/socket_filter.h"
#include "os/netdiag/foreign_socket.h"
#include "os/socket/bind.h"
#include "os/socket/reuseport.h"
#include "superd/socket/drained_sockets.h"
#include "superd/socket/listeners.h"
#include "superd/socket/restore.h"
#include "superd/socket/rpcbind.h"
#include "superd/socket/socket_path_watch.h"
#include "superd/socket/socket_store.h"
#include "superd/socket/store_name.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/loop_room.h"
#include "superd/start/descriptors.h"
#include "table/services/diff.h"

void listener_init(struct listener *listener, const struct listen *listen, struct service_runtime *runtime)
{
	*listener = (struct listener){ .runtime = runtime, .listen = listen, .fd = -1 };
}

/* Unlike libev, this takes the socket out of the kernel's set at once: a program or a process beside superd may have it
 * after superd has closed it. */
static void set_watched(struct listener *listener, struct engine *engine, bool is_watched)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = listener };

	if (is_watched != listener->is_watched)
		loop_room_watch(engine->listeners->watched.fd, is_watched ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener->fd,
				&event);
	listener->is_watched = is_watched;
}

void listener_mark_held(int fd)
{
	if (!foreign_socket_is(fd))
		foreign_socket_resume(fd, NULL);
}

/* The socket that was stored for this listener; NULL: none. is_held: a process of another user may have it. */
static struct listen_fd *find_stored(struct engine *engine, const char *service, const struct listen *listen,
				     bool is_held)
{
	char name[STORE_NAME_MOST + 1] = "";

	for (size_t n = 0; n < engine->listen_fds.count; n++) {
		struct listen_fd *one = &engine->listen_fds.list[n];

		if (!one->is_stored || one->fd < 0)
			continue;
		if (!*name)
			store_name_make(service, listen->endpoint, name);
		if (!store_name_is(one->name, name))
			continue;
		if (is_held)
			listener_mark_held(one->fd);
		if (bind_compare(one->fd, listen) != BIND_DIFFERS)
			return one;
	}
	return NULL;
}

/* Whether any port fits, so that a socket may be another service's. */
static bool fits_any_port(const struct listen *listen)
{
	const struct endpoint *address = listen->address;

	return endpoint_is_rpc(listen->endpoint) ||
	       (endpoint_has_port(address) && !address->port && !address->port_name);
}

/* An inherited socket of this address; if several have it, the one with the listener's name. NULL: none. */
static struct listen_fd *find_inherited(struct engine *engine, const char *service, const struct listen *listen,
					bool is_held)
{
	struct listen_fd *found = find_stored(engine, service, listen, is_held);

	for (size_t n = 0; !found && n < engine->listen_fds.count; n++) {
		struct listen_fd *one = &engine->listen_fds.list[n];
		bool is_named = one->name && !strcmp(one->name, listen->name);

		if (one->fd >= 0 && is_named && bind_matches(one->fd, listen))
			found = one;
	}
	for (size_t n = 0; !found && n < engine->listen_fds.count; n++) {
		struct listen_fd *one = &engine->listen_fds.list[n];
		bool needs_name = one->is_stored ? fits_any_port(listen) : endpoint_is_rpc(listen->endpoint);

		if (one->fd < 0 || needs_name)
			continue;
		if (one->is_stored)             /* another service's, so nobody knows who may have it */
			listener_mark_held(one->fd);
		if (bind_matches(one->fd, listen))
			found = one;
	}
	return found;
}

/* Takes an inherited socket, and sets its options. -1: none fits; or, with a reason in why, the socket cannot be
 * restricted as the options ask. */
static int take_inherited(struct engine *engine, struct listen_fd *found, const struct listen *listen, struct buf *why,
			  struct buf *warnings)
{
	int fd = found ? found->fd : -1;

	if (fd < 0)
		return -1;
	found->fd = -1;
	fd_set_nonblocking(fd, true);
	if (bind_adopt(fd, listen, why, warnings) == 0)
		return fd;
	if (found->is_stored)
		socket_store_note(engine, -1, found->name);
	close_socket_fd(engine, listen->name, &fd);
	return -1;
}

static void log_warnings(struct engine *engine, const char *service, struct buf *warnings)
{
	struct event event = { .name = "warning", .service = service };
	const char *at = buf_string(warnings);

	while (*at) {
		size_t length = strcspn(at, "\n");

		log_event(engine->log, LEVEL_WARNING, &event, "%.*s", (int)length, at);
		at += length + (at[length] == '\n');
	}
	buf_free(warnings);
}

static int bind_or_share_port(struct engine *engine, const struct listen *listen, struct buf *why, struct buf *warnings)
{
	size_t warned = warnings->length;
	int fd = bind_listen(listen, why, warnings), error = errno;

	if (fd < 0 && error == EADDRINUSE && restore_wait(engine)) {
		buf_clear(why);
		buf_cut(warnings, warned);
		fd = bind_listen(listen, why, warnings);
		error = errno;
	}
	if (fd < 0 && error == EADDRINUSE)
		fd = bind_beside_open(engine, listen, why, warnings);
	errno = error;
	return fd;
}

void listener_expect_holders(struct listener *listener, const struct account *account)
{
	listener->hands = foreign_holder_is(account) ? HANDS_LENT : HANDS_RESET;
}

bool listener_open(struct listener *listener, struct engine *engine, const char *service, struct buf *why)
{
	struct event event = { .name = "listening", .service = service };
	struct buf warnings = { 0 }, address = { 0 };
	enum listener_hands hands = listener->hands;    /* of listener_expect_holders */
	struct listen_fd *found = find_inherited(engine, service, listener->listen, hands == HANDS_LENT);
	int fd = take_inherited(engine, found, listener->listen, why, &warnings);
	bool inherited = fd >= 0 && !found->is_own, is_returned = fd >= 0 && found->is_stored;
	int error = 0;

	if (fd < 0 && !why->length && engine_count_free(engine, DESCRIPTORS_START) < DESCRIPTORS_START) {
		error = EMFILE;
		buf_addf(why, "leaving some descriptors to starts: %s", strerror(error));
	} else if (fd < 0 && !why->length) {
		fd = bind_or_share_port(engine, listener->listen, why, &warnings);
		error = errno;
	}
	log_warnings(engine, service, &warnings);
	if (is_returned && foreign_socket_is(fd))       /* also if it was another service's */
		hands = HANDS_LENT;
	listener->hands = is_returned ? hands : HANDS_OURS;
	errno = error;
	if (fd < 0)
		return false;
	fd = foreign_socket_forget(fd);
	if (listener->hands == HANDS_LENT)
		foreign_socket_resume(fd, NULL);
	listener->inherited = inherited;
	if (is_returned)
		socket_store_note(engine, fd, found->name);
	else if (!inherited)
		socket_store_give(engine, service, listener->listen, fd);
	listener->fd = fd;
	if (endpoint_is_path(listener->listen->address))
		listener->node = socket_path_watch_watch(engine, listener->listen, listener->fd);
	if (log_wants(engine->log, LEVEL_INFO)) {
		bind_describe(fd, listener->listen, &address);
		log_event(engine->log, LEVEL_INFO, &event, "listening on %s%s", buf_string(&address),
			  inherited ? " (inherited)" : is_returned ? " (from the store)" : "");
		buf_free(&address);
	}
	rpc_announce(engine, service, listener->listen, fd);
	return true;
}

/* A socket that cannot be looked at now is kept, with the clients in its queue. */
static bool fits_listen(int fd, const struct listen *listen, struct buf *warnings)
{
	enum bind_match match = bind_compare(fd, listen);

	if (match == BIND_UNKNOWN)
		buf_addf(warnings, "%s is kept without a check of its address: %s\n", listen->name, strerror(errno));
	return match != BIND_DIFFERS || !bind_is_reachable(fd, listen);
}

/* The machine is short of processes, memory or descriptors. */
static bool is_scarce(int error)
{
	return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE || error == ENOBUFS;
}

/* The socket cannot have its new options. One that no program has, superd must not watch without a restriction of
 * them: it closes it, and the service then binds it anew. Any other gets them when it is restored. */
static void refuse_change(struct listener *listener, struct engine *engine, const char *service, bool closes,
			  const char *why)
{
	struct event event = { .name = "bind_error", .service = service, .reason = why };
	struct buf endpoint = { 0 };

	endpoint_format(listener->listen->endpoint, &endpoint);
	log_event(engine->log, LEVEL_ERROR, &event, "%s %s: %s", buf_string(&endpoint),
		  closes ? "is closed, as it cannot have its new options"
			 : "keeps its old options until its program has ended", why);
	buf_free(&endpoint);
	if (closes) {
		listener_close(listener, engine);
		return;
	}
	listener->is_old = true;
	listener->has_lent_filter = false;      /* it may have the one of before */
	if (listener->hands < HANDS_LENT)
		listener->hands = HANDS_LENT;
}

#define BLOCKED "a process that has the socket blocks it"

static void on_changed(void *context, struct engine *engine, const struct restore_outcome *outcome)
{
	struct listener *listener = context;
	struct event event = { .name = "warning", .service = outcome->service };
	const char *line = outcome->lines;
	size_t length = strcspn(line, "\n");
	int error = outcome->error;
	struct buf why = { 0 };

	if (error && length)
		buf_add(&why, line, length);
	else if (error)
		buf_text(&why, error == ETIMEDOUT ? BLOCKED : strerror(error));
	for (line += error ? length : 0; *line; line += length + (line[length] == '\n')) {
		length = strcspn(line, "\n");
		if (length)
			log_event(engine->log, LEVEL_WARNING, &event, "%s: %.*s", listener->listen->name, (int)length,
				  line);
	}
	listener->changes--;
	listener->is_old = false;
	if (error)
		refuse_change(listener, engine, outcome->service, listener->hands < HANDS_LENT && error != ETIMEDOUT &&
			      !is_scarce(error), buf_string(&why));
	buf_free(&why);
	engine->listeners->on_restored(listener);
}

/* Another process sets on a foreign socket what differs. before NULL: it is unknown, and only the rules are set. */
static void begin_change(struct listener *listener, struct engine *engine, const char *service,
			 const struct listen *before, const struct listen *after)
{
	enum listener_hands hands = listener->hands;
	const struct restore_task task = {
		.fd = listener->fd, .work = RESTORE_CHANGE, .listen = after, .before = before,
		.is_lent = listener->has_lent_filter || hands == HANDS_LENT || hands == HANDS_SHARING ||
			   hands == HANDS_SHARED,
	};

	if (hands == HANDS_RESETTING || hands == HANDS_UNRESET)         /* that was by the former settings */
		listener_recall(listener, engine);
	listener->has_lent_filter = task.is_lent && listen_lent_filter(after);
	if (foreign_socket_is_backed_off(task.fd))
		refuse_change(listener, engine, service, false, BLOCKED);
	else if (!restore_begin(engine, &task, service, on_changed, listener))
		refuse_change(listener, engine, service, false, strerror(EAGAIN));
	else
		listener->changes++;
}

bool listener_resume(struct listener *listener, struct engine *engine, const char *service, int fd)
{
	struct event event = { .name = "bind_error", .service = service };
	struct buf why = { 0 }, warnings = { 0 };
	const struct listen *listen = listener->listen;
	bool good = fits_listen(fd, listen, &warnings);

	good = good && bind_adopt(fd, listen, &why, &warnings) == 0;
	log_warnings(engine, service, &warnings);
	if (!good) {
		log_event(engine->log, LEVEL_WARNING, &event, "opening %s again: %s", listen->name,
			  why.length ? buf_string(&why) : "its address is another now");
		socket_store_take_out(engine, fd);
		close_socket_fd(engine, service, &fd);
	}
	buf_free(&why);
	if (!good)
		return false;
	listener->fd = fd;
	if (foreign_socket_is(fd) && listen_prepared(listen)->rules)
		begin_change(listener, engine, service, NULL, listen);
	if (!socket_store_find_copy(engine, fd) && !listener->inherited)
		socket_store_give(engine, service, listen, fd);
	if (endpoint_is_path(listen->address))
		listener->node = socket_path_watch_watch(engine, listen, fd);
	rpc_announce(engine, service, listen, fd);
	return true;
}

static bool options_differ(const struct listen *a, const struct listen *b, bool changed)
{
	return !listen_owner_equal(a, b) ||
		!socket_filter_equal(listen_prepared(a)->rules, listen_prepared(b)->rules) ||
		(changed && !socket_options_equal(a->options, b->options));
}

/* Clients that were admitted under the former settings must pass the checks of the new ones. */
static void recheck_parked(struct parked *parked)
{
	for (size_t n = 0; parked && n < parked->count; n++) {
		if (parked->list[n].progress == ADMISSION_PASSED)
			parked->list[n].progress = BANNER_SUCCESS_SENT;
	}
}

/* Opens a new socket in place of one that a backend has locked or blocks. A backend may have a copy of that, and its
 * address stays in use as long as it listens: who has found out has shut it down, if that is possible. */
static bool reopen_listener(struct listener *listener, struct engine *engine, const char *service, int error,
			    struct buf *why)
{
	struct event event = { .name = "rebind", .service = service };

	log_event(engine->log, LEVEL_WARNING, &event, "%s: opening it again",
		  error == ETIMEDOUT ? "a process that a program left behind keeps its listener from being used"
		  : error == EPERM   ? "a program has locked options of its listener"
				     : "its listener cannot have its options");
	listener_close(listener, engine);
	return listener_open(listener, engine, service, why);
}

/* Whether the socket surely still has the filter of only_from and no_access. If another user may have the socket, the
 * filter was restored when superd watched it, at the cost of a process; superd does not restore it again here, as a
 * process that still has the socket could remove it after this, too. */
static bool has_filter(const struct listener *listener)
{
	return listener->hands < (foreign_socket_is(listener->fd) ? HANDS_LENT : HANDS_RESET);
}

bool listener_guard(struct listener *listener, struct engine *engine, const char *service)
{
	if (foreign_socket_is(listener->fd) && listen_lent_filter(listener->listen) && !listener->has_lent_filter &&
	    !listener->is_old) {
		listener->has_lent_filter = true;
		begin_change(listener, engine, service, NULL, listener->listen);
	}
	return !listener->changes;
}

static bool refuse_start(int error, struct buf *why)
{
	buf_addf(why, "only_from and no_access cannot be kept to: %s", strerror(error));
	return false;
}

bool listener_filter_lent(struct listener *listener, struct engine *engine, const char *service, struct buf *why)
{
	const struct sock_fprog *rules = listen_prepared(listener->listen)->rules;
	bool is_guard = listen_lent_filter(listener->listen);
	int error;

	if (!listener_has_socket(listener) && !listener_absence(listener)) {
		buf_text(why, "its listener was lost to a process that a program left behind");
		return false;
	}
	if (!listener_has_socket(listener) || !rules || (has_filter(listener) && !is_guard))
		return true;
	if (foreign_socket_is(listener->fd) && is_guard && listener->has_lent_filter)
		return true;
	if (foreign_socket_is(listener->fd)) {  /* it is restored before the next try */
		listener->hands = HANDS_LENT;
		return refuse_start(is_guard ? EPERM : EAGAIN, why);
	}
	if (socket_filter_attach(listener->fd, rules) == 0) {
		listener->has_lent_filter = is_guard;
		return true;
	}
	error = errno;
	if (error != EPERM || !listener_was_lent(listener) || !endpoint_accepts(listener->listen->endpoint))
		return refuse_start(error, why);
	shutdown(listener->fd, SHUT_RDWR);
	return reopen_listener(listener, engine, service, error, why);
}

static void detach_lent_filter(struct listener *listener)
{
	if (listener->has_lent_filter && socket_filter_attach(listener->fd, NULL) == 0)
		listener->has_lent_filter = false;
}

/* Adapts that filter to new settings, as a backend may go on reading. If the filter cannot be changed, the old one
 * stays until the backend ends. */
static void update_lent_filter(struct listener *listener, struct engine *engine, const char *service)
{
	struct event event = { .name = "warning", .service = service };
	struct buf why = { 0 };

	if (listen_filter(listener->listen))
		listener->has_lent_filter = false;      /* the listen filter has replaced it */
	else if (!listen_lent_filter(listener->listen))
		detach_lent_filter(listener);
	else if (!listener->is_watched && !listener_is_asked(listener) &&
		 !listener_filter_lent(listener, engine, service, &why))
		log_event(engine->log, LEVEL_WARNING, &event, "%s", buf_string(&why));
	buf_free(&why);
}

void listener_adopt(struct listener *listener, struct engine *engine, const char *service, const struct listen *listen,
		    bool changed)
{
	struct buf warnings = { 0 }, why = { 0 };
	bool differs = listener_has_socket(listener) && options_differ(listener->listen, listen, changed);

	if (listener_is_asked(listener))
		restore_adopt(engine, listener->fd, service, listener);
	if (differs && bind_adjust(listener->fd, listener->listen, listen, false, &why, &warnings) < 0)
		refuse_change(listener, engine, service, true, buf_string(&why));
	else if ((differs || listener->is_old) && foreign_socket_is(listener->fd))
		begin_change(listener, engine, service, listener->is_old ? NULL : listener->listen, listen);
	log_warnings(engine, service, &warnings);
	listener->listen = listen;
	if (!listen->options->socket_condition && listener_absence(listener) == ABSENT_CONDITION)
		listener_set_absence(listener, ABSENT_DUE);
	if (listener_has_socket(listener) && !foreign_socket_is(listener->fd))
		update_lent_filter(listener, engine, service);
	recheck_parked(listener->parked);
	buf_free(&why);
}

void listener_recall(struct listener *listener, struct engine *engine)
{
	if (listener_is_asked(listener))
		restore_recall(engine, listener->fd);
	if (listener->hands == HANDS_SHARING)
		listener->hands = HANDS_SHARED; /* it may have been done */
	else if (listener->hands != HANDS_SHARED && (listener->hands > HANDS_LENT || listener->asleep))
		listener->hands = HANDS_LENT;
	listener->asleep = false;
}

/* Handles the outcome of restoring a listener. If a backend has locked the filter (SO_LOCK_FILTER), only a new socket
 * is free of it. superd keeps a datagram socket all the same: its address would still be in use. */
static void note_outcome(struct listener *listener, struct engine *engine, const char *service, int error)
{
	struct event event = { .name = "rebind", .service = service };
	struct buf why = { 0 };

	listener->hands = is_scarce(error) ? HANDS_UNRESET : HANDS_RESET;
	listener->has_lent_filter = false;      /* a backend may have detached it */
	if (!error)
		listener->is_old = false;
	if (!error || is_scarce(error))
		return;
	if (!endpoint_accepts(listener->listen->endpoint))
		log_event(engine->log, LEVEL_WARNING, &event,
			  "a program, or a process that it left behind, has locked options of its socket: %s",
			  strerror(error));
	else if (!reopen_listener(listener, engine, service, error, &why))
		log_event(engine->log, LEVEL_ERROR, &event, "cannot open it: %s", buf_string(&why));
	buf_free(&why);
	engine->listeners->on_restored(listener);
}

static void on_reset(void *context, struct engine *engine, const struct restore_outcome *outcome)
{
	note_outcome(context, engine, outcome->service, outcome->error);
	engine->listeners->on_restored(context);
}

/* Options that the table does not set are those of the backend as long as it sleeps with the socket, and of superd's
 * parent where that has set them, who is not asked again. A program that binds (pass = bind) sets its own each time. */
bool listener_reset(struct listener *listener, struct engine *engine, const char *service, bool asleep)
{
	const struct restore_task task = {
		.fd = listener->fd,
		.listen = listener->listen,
		.clears = !asleep && (!listener->inherited || listen_prepared(listener->listen)->gets_options),
		.work = listener->hands == HANDS_SHARED ? RESTORE_UNSHARED : RESTORE,
	};

	if (listener->asleep && !asleep)        /* the backend that slept with it may have set others since */
		listener_recall(listener, engine);
	if (listener_is_asked(listener))
		return false;
	if (!listener_has_socket(listener) || (listener->hands != HANDS_LENT && listener->hands != HANDS_SHARED))
		return true;
	listener->asleep = asleep;
	if (!foreign_socket_is(task.fd) || listener->listen->address->kind == ENDPOINT_FIFO) {
		note_outcome(listener, engine, service, bind_restore(&task, NULL) == 0 ? 0 : errno);
		return true;
	}
	/* What has hung while the instance had the socket, may have ended with it. */
	if (bind_is_shut(task.fd) || (foreign_socket_is_backed_off(task.fd) && listener->hands != HANDS_SHARED)) {
		note_outcome(listener, engine, service, bind_is_shut(task.fd) ? 0 : ETIMEDOUT);
		return true;
	}
	if (!restore_begin(engine, &task, service, on_reset, listener)) {
		note_outcome(listener, engine, service, EAGAIN);
		return true;
	}
	listener->hands = HANDS_RESETTING;
	return false;
}

bool listener_give(struct listener *listener, struct engine *engine, const struct account *account)
{
	listener_recall(listener, engine);
	if (foreign_holder_is(account) && !foreign_socket_mark(listener->fd))
		return false;
	listener->undropped = false;
	listener->hands = HANDS_LENT;
	return true;
}

/* Whatever has come of it: opening the second socket finds out. What could not be done is asked for again, but not at
 * once, as who has ordered it looks again now. */
static void on_shared(void *context, struct engine *engine, const struct restore_outcome *outcome)
{
	struct listener *listener = context;

	(void)outcome;
	listener->hands = HANDS_SHARED;
	foreign_socket_note_shared(listener->fd);
	engine->listeners->on_restored(listener);
}

bool listener_share(struct listener *listener, struct engine *engine, const char *service)
{
	const struct restore_task task = {
		.fd = listener->fd, .listen = listener->listen, .work = RESTORE_SHARED,
	};

	if (listener->hands == HANDS_SHARING)
		return false;
	if ((listener->hands == HANDS_SHARED && foreign_socket_was_shared(task.fd)) || !foreign_socket_is(task.fd) ||
	    foreign_socket_is_backed_off(task.fd) || !reuseport_is_to_be_set(task.fd, listener->listen) ||
	    !restore_begin(engine, &task, service, on_shared, listener))
		return true;
	listener->hands = HANDS_SHARING;
	return false;
}

static void on_dropped(void *context, struct engine *engine, const struct restore_outcome *outcome)
{
	struct listener *listener = context;

	listener->undropped = outcome->error != 0;
	listener->changes--;
	engine->listeners->on_restored(listener);
}

/* A datagram of a unix socket may carry descriptors, whose closing may block; to look before reading is no proof, as
 * another holder may read one in between. Reading a FIFO takes the lock of its pipe, which any process that has it open
 * can hold for ever. */
bool listener_drop(struct listener *listener, struct engine *engine, const char *service, unsigned most)
{
	enum endpoint_kind kind = listener->listen->address->kind;
	const struct restore_task task = {
		.fd = listener->fd, .listen = listener->listen, .work = RESTORE_DROP, .drops = most,
	};

	if (!bind_has_queue(task.fd))
		return true;
	if (!foreign_socket_is(task.fd) && kind != ENDPOINT_FIFO && kind != ENDPOINT_UNIX_DGRAM)
		return bind_restore(&task, NULL) == 0;
	if (listener->undropped || foreign_socket_is_backed_off(task.fd) ||
	    !restore_begin(engine, &task, service, on_dropped, listener))
		return false;
	listener->changes++;
	return true;
}

bool listener_may_hang(const struct listener *listener)
{
	enum endpoint_kind kind = listener->listen->address->kind;

	return foreign_socket_is(listener->fd) && kind != ENDPOINT_UNIX && kind != ENDPOINT_SEQPACKET;
}

static void on_taken(void *context, struct engine *engine, const struct restore_outcome *outcome)
{
	struct listener *listener = context;
	struct client client;
	int fd = outcome->client;

	listener->changes--;
	listener->undropped = outcome->error != 0;
	if (fd >= 0 && (!client_take(fd, listener->fd, listener->listen, &client) ||
			!listener_park(listener, &client, STAGE_FRESH, 0)))
		fd_close(&fd);
	if (outcome->error == ETIMEDOUT)
		note_outcome(listener, engine, outcome->service, ETIMEDOUT);
	engine->listeners->on_restored(listener);
}

enum accepted listener_take(struct listener *listener, struct engine *engine, const char *service)
{
	const struct restore_task task = { .fd = listener->fd, .listen = listener->listen, .work = RESTORE_ACCEPT };
	bool waits = listener->undropped;

	if (bind_is_shut(task.fd))
		return ACCEPT_BROKEN;
	if (listener->changes)
		return ACCEPT_NOTHING;
	listener->undropped = false;
	errno = ENFILE;
	if (waits || fd_set_nonblocking(task.fd, true) < 0 ||
	    !restore_begin(engine, &task, service, on_taken, listener))
		return ACCEPT_EXHAUSTED;
	listener->changes++;
	set_watched(listener, engine, false);
	return ACCEPT_NOTHING;
}

void listener_watch(struct listener *listener, struct engine *engine, bool watches)
{
	/* The kernel does not report clients that this filter drops. */
	if (watches && listener_has_socket(listener) && !foreign_socket_is(listener->fd))
		detach_lent_filter(listener);
	set_watched(listener, engine, watches && listener_has_socket(listener));
}

/* The kernel looks at the queue of a socket that is added. */
void listener_rouse(struct listener *listener, struct engine *engine)
{
	if (listener->is_watched) {
		set_watched(listener, engine, false);
		set_watched(listener, engine, true);
	}
}

int listener_swap(struct listener *listener, struct engine *engine, int fd)
{
	bool watched = listener->is_watched;
	int before;

	listener_recall(listener, engine);
	listener->hands = HANDS_LENT;   /* it may have been; what was done since, was done to the other one */
	before = listener->fd;
	restore_drop(engine, before);   /* nobody new comes there, or it is restored when it is the listener again */
	listener->changes = 0;
	listener->is_old = false;
	socket_store_replace(engine, before, fd);
	set_watched(listener, engine, false);
	listener->fd = fd;
	set_watched(listener, engine, watched);
	return before;
}

unsigned listener_port(const struct listener *listener)
{
	struct bound_families reach;

	return listener->fd >= 0 && bind_reach(listener->fd, &reach) ? reach.port : 0;
}

bool listener_park(struct listener *listener, const struct client *client, enum admission_stage progress, double until)
{
	struct parked *parked = listener->parked;
	struct parked_client *list;

	if (!parked)
		parked = listener->parked = calloc(1, sizeof(*parked));
	list = parked ? array_grow(parked->list, &parked->room, parked->count, sizeof(*list)) : NULL;
	if (!list)
		return false;
	parked->list = list;
	parked->list[parked->count++] = (struct parked_client){ *client, progress, until };
	return true;
}

void listener_forget_parked(struct listener *listener)
{
	struct parked *parked = listener->parked;

	if (!parked || parked->count)
		return;
	listener->parked = NULL;
	free(parked->list);
	free(parked);
}

void listener_close(struct listener *listener, struct engine *engine)
{
	int fd = listener->fd;
	bool is_alone = !listener_was_lent(listener) && !listener->inherited, is_stored;

	if (fd < 0)
		return;
	set_watched(listener, engine, false);
	is_stored = socket_store_take_out(engine, fd);
	/* Else clients would come until the store, and each process that superd has just forked, have closed it. */
	if (is_alone && endpoint_accepts(listener->listen->endpoint) &&
	    !(is_stored && socket_store_name(engine, fd)))
		shutdown(fd, SHUT_RDWR);
	restore_drop(engine, fd);
	rpc_withdraw(engine, fd);
	socket_path_watch_forget(engine, listener->node);
	bind_remove(fd, listener->listen);
	close_socket_listener(engine, listener->listen->name, is_alone && !is_stored, &fd);
	listener->fd = -1;
	listener->node = 0;
	listener->tries = ABSENT_NO;
	listener->hands = HANDS_OURS;
	listener->changes = 0;
	listener->busy = listener->has_lent_filter = listener->inherited = listener->asleep = listener->is_old = false;
	listener->undropped = false;
}


static void save_hands(struct state_saver *saver, const void *object)
{
	save_number(saver, "shared", listener_was_lent(object));
}

static void load_hands(struct state_section *section, void *object)
{
	struct listener *listener = object;

	listener->hands = state_flag(section, "shared") ? HANDS_LENT : HANDS_OURS;
}

static const struct state_field listener_fields[] = {
	{ STATE_BY(listener, hands, save_hands, load_hands) },
	{ STATE_FIELD(listener, "tries", tries) },
	{ STATE_FIELD(listener, "inherited", inherited) },
	{ STATE_FIELD(listener, "guarded", has_lent_filter) },
};
const struct field_table listener_state = FIELD_TABLE("listener", listener, listener_fields);

static void save_peer(struct state_saver *saver, const void *object)
{
	const struct client *client = object;

	if (client->length)
		state_add_bytes(&saver->text, "peer", &client->peer, client->length);
}

static void load_peer(struct state_section *section, void *object)
{
	struct client *client = object;
	size_t length;
	void *peer = state_take_bytes(section, "peer", sizeof(client->peer), &length);

	client->length = peer ? (socklen_t)length : 0;
	if (peer)
		memcpy(&client->peer, peer, length);
	free(peer);
}

static const struct state_field client_fields[] = {
	{ STATE_BY(client, peer, save_peer, load_peer) },
};
const struct field_table client_state = FIELD_TABLE(NULL, client, client_fields);

static const struct state_field parked_fields[] = {
	{ STATE_FIELD_AS(STATE_FD, parked_client, "fd", client.fd) },
	{ STATE_STRUCT(parked_client, client, &client_state) },
	{ STATE_FIELD(parked_client, "progress", progress), .most = ADMISSION_PASSED },
	{ STATE_FIELD(parked_client, "until", until) },
};
const struct field_table parked_state = FIELD_TABLE("parked", parked_client, parked_fields);
