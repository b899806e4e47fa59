/* The control socket: accepts clients, greets them and passes on their requests.
 *
 * Clients that may act must get in, whatever other clients do. If there are too many clients, the one that has been
 * silent longest is dropped. superd waits for no client. It keeps a few descriptors in reserve for the case that no
 * others are left; one for the socket itself, which opens after those of all services. */
#include "superd/control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/json.h"
#include "lib/scm_rights.h"
#include "os/cgroup/cgroup_delegation.h"
#include "os/fs/path_watch.h"
#include "os/fs/private_file.h"
#include "os/guard/guard_link.h"
#include "os/proc/process.h"
#include "os/proc/process_rights.h"
#include "os/socket/control_socket.h"
#include "superd/control/event_stream.h"
#include "superd/control/verbs.h"
#include "superd/loop/close_socket.h"
#include "superd/loop/engine.h"
#include "superd/service/boot_locks.h"
#include "superd/service/operator_locks.h"

#define ANCESTORS_MOST 1000             /* that superd looks at, of a process */
#define ACCEPTS_MOST 16                 /* clients accepted in one turn of the loop */
#define STUCK 10.                       /* seconds without reading, after which a client may be dropped */
#define PAUSE 1.                        /* seconds until the next try, if accept4(2) fails */
#define NODE_DELAY 0.2                  /* seconds: a folder that is being removed is gone by then */

/* Pauses between two tries to get a socket that another superd has, or that cannot be made now: short ones at first, as
 * a superd that ends removes its socket soon. Seconds. */
#define RETRY_FIRST .05
#define RETRY_MOST 1.

static void on_retry(struct alarm *alarm);

/* false: out of memory. */
static bool try_again(struct server *server, const char *path)
{
	if (!server->awaited) {
		server->awaited = strdup(path);
		server->retry_pause = RETRY_FIRST;
	}
	if (!server->awaited)
		return false;
	alarm_set(&server->retry, server->retry_pause);
	server->retry_pause = server->retry_pause * 2 < RETRY_MOST ? server->retry_pause * 2 : RETRY_MOST;
	return true;
}

static void end_tries(struct server *server)
{
	alarm_stop(&server->retry);
	free(server->awaited);
	server->awaited = NULL;
}

/* Opens the reserved descriptors that are closed. */
static void keep_reserve(struct server *server)
{
	if (server->place < 0 && server->socket.fd < 0)
		server->place = fd_copy(server->supervisor->engine.null_input, FD_HIGH);
	for (int n = 0; n < SERVER_RESERVE; n++) {
		if (server->reserve[n] < 0)
			server->reserve[n] = fd_copy(server->supervisor->engine.null_input, FD_HIGH);
	}
}

/* Closes one reserved descriptor; false: none is left. */
static bool use_reserve(struct server *server)
{
	for (int n = 0; n < SERVER_RESERVE; n++) {
		if (server->reserve[n] < 0)
			continue;
		fd_close(&server->reserve[n]);
		return true;
	}
	return false;
}

static void drop_reserve(struct server *server)
{
	fd_close(&server->place);
	for (int n = 0; n < SERVER_RESERVE; n++)
		fd_close(&server->reserve[n]);
}

static void end_session(struct session *session)
{
	struct server *server = session->server;

	if (session->io.lacks_memory)
		log_warn(server->supervisor->engine.log,
			 "cannot answer a client of the control socket: out of memory");
	session_end_request(session);
	line_io_close(&session->io);
	request_free(&session->request);
	buf_free(&session->line);
	list_remove(&session->link);
	if (session->service) {
		free(session->service);
	} else {
		server->count--;
		server->readers -= session->right == RIGHT_READ;
	}
	free(session);
	keep_reserve(server);
}

static void obey_request(struct session *session, const char *line)
{
	struct buf why = { 0 };

	if (request_read(&session->request, line, &why))
		verbs_obey(session);
	else
		session_fail(session, CODE_USAGE, "", "%s", buf_string(&why));
	buf_free(&why);
}

/* A program of superd's own says hello once its client has sent a whole request, and counts only from then on: silent
 * clients take no session from those that ask, nor do clients of one service from those of another. */
static bool has_room(const struct session *session)
{
	size_t others = 0;

	LIST_EACH(link, &session->server->sessions) {
		const struct session *other = container_of(link, struct session, link);

		others += other->service && !*other->hello && !strcmp(other->service, session->service);
	}
	return others < OWN_MOST;
}

/* A program that was made to connect and to write what somebody has chosen before repeats no word that it has not
 * read. */
static void take_hello(struct session *session, const char *line)
{
	if (!strncmp(line, "hello ", 6) && !strcmp(line + 6, session->hello)) {
		if (!session->service || has_room(session)) {
			*session->hello = '\0';
			return;
		}
		session_fail(session, CODE_BUSY, "", "superd is answering %d other requests to this service", OWN_MOST);
		line_io_close_when_sent(&session->io);
		return;
	}
	session_fail(session, CODE_DENIED, "superctl of superd's own version does so",
		     "the first line of a connection has to repeat the hello that superd has sent");
	line_io_close_when_sent(&session->io);
}

static void on_session_ready(struct watch *watch, bool readable, bool writable)
{
	struct session *session = container_of(watch, struct session, io.watch);
	struct line_io *io = &session->io;
	char line[LINE_IO_REQUEST_MOST];
	const char *why;

	line_io_begin_turn(io, readable, writable);
	if (line_io_wants_more(io) && session->ops && session->ops->room)
		session->ops->room(session);
	else if (line_io_wants_more(io))
		line_io_want_room(io, false);
	switch (line_io_take(io, line, &why)) {
	case LINE_IO_NOTHING:
		break;
	case LINE_IO_REQUEST:
		if (*session->hello)
			take_hello(session, line);
		else
			obey_request(session, line);
		break;
	case LINE_IO_MALFORMED:
		session_fail(session, CODE_USAGE, "", "%s", why);
		line_io_close_when_sent(io);
		break;
	}
	if (!line_io_end_turn(io))
		end_session(session);
}

/* Sends one line with the reason to a client that is refused, and closes the connection. */
static void refuse_client(struct server *server, int fd, const char *code, const char *text)
{
	struct buf line = { 0 };

	json_object_open(&line);
	json_text_field(&line, "error", text);
	json_text_field(&line, "code", code);
	json_object_close(&line);
	buf_char(&line, '\n');
	if (!line.failed)               /* if this fails, the client has gone */
		(void)send(fd, line.data, line.length, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_free(&line);
	close_socket_own(&server->supervisor->engine, NULL, &fd);
}

static bool has_input(const struct session *session)
{
	char first;

	return recv(session->io.fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static bool may_make_room(const struct session *session, double now)
{
	if (line_io_is_dead(&session->io))
		return true;
	if (!session->ops && !line_io_pending(&session->io) && !line_io_holds_request(&session->io))
		return !has_input(session);
	return line_io_is_blocked(&session->io) && now - session->io.last_io > STUCK;
}

/* Ends the session that has been silent longest, among those without a request and those that do not read. false: there
 * is none. */
static bool end_quietest(struct server *server, bool of_readers)
{
	struct session *quietest = NULL;
	double now = clock_now();

	LIST_EACH(link, &server->sessions) {
		struct session *session = container_of(link, struct session, link);

		if (session->service || (of_readers && session->right != RIGHT_READ) || !may_make_room(session, now))
			continue;
		if (!quietest || session->io.last_io < quietest->io.last_io)
			quietest = session;
	}
	if (quietest)
		end_session(quietest);
	return quietest;
}

static bool make_room_for(struct server *server, enum right right)
{
	if (right == RIGHT_READ && server->readers >= READERS_MOST)
		return end_quietest(server, true);
	return server->count < CLIENTS_MOST || end_quietest(server, false);
}

static void send_greeting(struct session *session)
{
	uint64_t word = 0;

	if (getrandom(&word, sizeof(word), GRND_INSECURE) != (ssize_t)sizeof(word))
		word = (uint64_t)(engine_random(&session->supervisor->engine) * (double)INT64_MAX);
	snprintf(session->hello, sizeof(session->hello), "%016llx", (unsigned long long)word);
	json_object_open(&session->line);
	json_text_field(&session->line, "superd", PACKAGE_VERSION);
	json_count_field(&session->line, "protocol", 2);
	json_count_field(&session->line, "pid", (uint64_t)getpid());
	if (*session->supervisor->upgraded_from)
		json_text_field(&session->line, "upgraded_from", session->supervisor->upgraded_from);
	json_text_field(&session->line, "hello", session->hello);
	json_object_close(&session->line);
	session_send_line(session);
}

/* The session is not counted yet. */
static struct session *new_session(struct server *server, int fd, enum right right, uid_t uid)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session) {
		refuse_client(server, fd, "failed", "superd is out of memory");
		return NULL;
	}
	session->server = server;
	session->supervisor = server->supervisor;
	session->right = right;
	session->uid = uid;
	list_add(&server->sessions, &session->link);
	line_io_open(&session->io, &server->supervisor->engine, fd_raise(fd, FD_HIGH), on_session_ready);
	return session;
}

static struct session *add_operator(struct server *server, int fd, enum right right, uid_t uid)
{
	struct session *session = new_session(server, fd, right, uid);

	if (!session)
		return NULL;
	server->count++;
	server->readers += right == RIGHT_READ;
	return session;
}

/* Whether superd or its guard is an ancestor of the process, or it descends from a process that superd follows, or it
 * is in a control group that superd has made for a service. true also if that is unknown: if it has ended, or without
 * /proc.
 *
 * The ancestors of a process lead to superd, as superd adopts orphans. They lead to the guard instead if a superd
 * before has started the process, and to neither once that guard was lost: then the process that superd follows is
 * still known. A control group shows even what a killed superd without a guard has left. */
static bool is_descendant(const struct engine *engine, pid_t pid)
{
	struct process process;
	bool grouped = pid > 0 && cgroup_has_started(pid);

	for (int n = 0; n < ANCESTORS_MOST && !grouped; n++) {
		if (pid <= 0 || !process_read(pid, &process) || child_table_find(&engine->children, pid) ||
		    guard_or_superd_is(process.parent))
			return true;
		if (process.parent <= 1)
			return false;
		pid = process.parent;
	}
	return true;
}

/* The uid proves nothing for a process with fewer rights than superd, wherever its ancestors lead: superd or another
 * program may have confined it. superd cannot see a process of an outer pid namespace. None of its services is there,
 * and its socket's folder lets nobody in but its user and root; an abstract name lets in everybody. Members of the
 * control group need no rights, but no service is one of them. why: set if the answer is RIGHT_NONE. */
static enum right find_right(const struct server *server, int fd, const struct control_peer *peer, const char **why)
{
	bool is_own_user = peer->uid == 0 || peer->uid == geteuid(), is_hidden = !peer->pid && peer->by_path;
	enum right right = RIGHT_NONE;

	*why = "only root, superd's own user and members of the control group have access";
	if (is_own_user && (is_hidden || process_has_superds_rights(peer->pid)))
		right = RIGHT_ACT;
	else if (is_own_user)
		*why = !process_list_is_possible() ? "superd cannot see your rights, as it has no /proc"
		       : !peer->pid ? "superd cannot see your process, which is in another pid namespace"
				    : "your process is confined: it has fewer rights than superd";
	else if (peer->in_group && (is_hidden || !is_descendant(&server->supervisor->engine, peer->pid)))
		right = RIGHT_READ;
	else if (peer->in_group)
		*why = "a service has no access";
	if (right == RIGHT_NONE || !control_socket_peer_has_ended(fd))
		return right;
	*why = "your process has ended";
	return RIGHT_NONE;
}

/* NULL: the client has no right, or there is no room; superd has sent it that answer and closed the connection. */
static struct session *admit(struct server *server, int fd)
{
	struct control_peer peer;
	enum right right = RIGHT_NONE;
	const char *refusal = NULL;
	char why[128];
	bool known;
	int error;

	scm_rights_watch_urgent(fd);
	use_reserve(server);            /* looking at the client in /proc takes a descriptor for a moment */
	known = control_socket_peer(fd, server->group, &peer);
	error = errno;
	if (known)
		right = find_right(server, fd, &peer, &refusal);
	keep_reserve(server);
	if (!known) {
		snprintf(why, sizeof(why), "superd cannot read your identity: %s", strerror(error));
		refuse_client(server, fd, "denied", why);
		return NULL;
	}
	if (right == RIGHT_NONE)
		refuse_client(server, fd, "denied", refusal);
	else if (!make_room_for(server, right))
		refuse_client(server, fd, "busy",
			      "too many clients are connected, and all have requests");
	else
		return add_operator(server, fd, right, peer.uid);
	return NULL;
}

/* The program is superd's own, but it has read what a stranger sent: it may only read. */
static int open_reader(struct engine *engine, const char *service, bool in_detail, struct buf *why)
{
	struct server *server = engine->control_server;
	struct session *session = NULL;
	char *name;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		buf_addf(why, "opening a connection to the control socket: %s", strerror(errno));
		return -1;
	}
	if (fd_set_nonblocking(ends[0], true) < 0) {
		buf_addf(why, "opening a connection to the control socket: %s", strerror(errno));
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		return -1;
	}
	scm_rights_watch_urgent(ends[0]);
	name = strdup(service);
	if (name)
		session = new_session(server, ends[0], in_detail ? RIGHT_READ : RIGHT_OVERVIEW, (uid_t)-1);
	if (!session) {
		buf_text(why, "opening a connection to the control socket: out of memory");
		if (!name)
			fd_close(&ends[0]);
		free(name);
		fd_close(&ends[1]);
		return -1;
	}
	session->service = name;
	send_greeting(session);
	return ends[1];
}

static int accept_next(const struct server *server)
{
	return accept4(server->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* Accepts a client with a reserved descriptor when no others are left. It stays only if it may act, because it may have
 * to stop the service that uses the descriptors up. */
static bool accept_by_reserve(struct server *server)
{
	struct session *session;
	int fd;

	if (!use_reserve(server))
		return false;
	fd = accept_next(server);
	session = fd >= 0 ? admit(server, fd) : NULL;
	if (session && session->right != RIGHT_ACT)
		end_session(session);
	else if (session)
		send_greeting(session);
	keep_reserve(server);
	return fd >= 0;
}

/* Accepts the clients that wait, at most ACCEPTS_MOST. If no descriptor is left, it pauses; it does not use the
 * engine's spare descriptors. */
static void accept_some(struct server *server)
{
	for (int n = 0; n < ACCEPTS_MOST; n++) {
		struct session *session;
		int fd = accept_next(server);

		if (fd >= 0) {
			session = admit(server, fd);
			if (session)
				send_greeting(session);
			continue;
		}
		if ((errno == EMFILE || errno == ENFILE) && accept_by_reserve(server))
			continue;
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		watch_stop(&server->watch);
		alarm_set(&server->pause, PAUSE);
		return;
	}
}

static void on_accept_pause(struct alarm *alarm)
{
	struct server *server = container_of(alarm, struct server, pause);

	watch_set(&server->watch, server->socket.fd, true, false);
}

static void on_runtime_changes(struct watch *watch, bool readable, bool writable)
{
	struct server *server = container_of(watch, struct server, changes);

	(void)readable, (void)writable;
	LIST_EACH(link, &server->sessions) {
		struct session *session = container_of(link, struct session, link);

		if (session->ops && session->ops->change)
			session->ops->change(session);
	}
}

static void on_listener_ready(struct watch *watch, bool readable, bool writable)
{
	struct server *server = container_of(watch, struct server, watch);

	(void)writable;
	if (readable)
		accept_some(server);
}

/* Gives the socket's file the new group. */
static bool set_socket_group(struct server *server)
{
	if (control_socket_give(&server->socket, server->group))
		return true;
	log_warn(server->supervisor->engine.log, "the control socket's group cannot be changed to %lu: %s",
		 (unsigned long)server->group, strerror(errno));
	return false;
}

/* Gives the socket to the group that is wanted now, and ends the sessions of the group before. */
static void update_group(struct server *server)
{
	struct log *log = server->supervisor->engine.log;
	gid_t before = server->group;

	if (config_loader_is_busy(&server->supervisor->loader) || server->group == *server->wanted_group)
		return;
	server->group = *server->wanted_group;
	if (!set_socket_group(server)) {
		server->group = before;         /* the next reload tries again */
		return;
	}
	LIST_EACH(link, &server->sessions) {
		struct session *session = container_of(link, struct session, link);

		if (session->right == RIGHT_READ && !session->service)
			end_session(session);
	}
	if (server->group == (gid_t)-1)
		log_notice(log, "the control socket has no group any more");
	else
		log_notice(log, "the control socket's group is %lu now", (unsigned long)server->group);
}

static void make_lost_socket(struct server *server);

static void on_reloaded(void *context, bool good, const struct diags *diags, const struct reload_counts *counts)
{
	struct server *server = context;

	verb_reload_end(server, good, diags, counts);
	update_group(server);
	make_lost_socket(server);       /* a file system that was detached is not reported by inotify(7) */
}

static void on_previewed(void *context, struct table *table, const struct diags *diags)
{
	verb_diff_end(context, table, diags);
}

static void on_node_touched(struct watch *watch, bool readable, bool writable)
{
	struct server *server = container_of(watch, struct server, node_watch);
	struct watch_ids ids = { 0 };

	(void)readable, (void)writable;
	path_watch_take(server->node_fd, &ids);
	if ((ids.count || ids.all) && !alarm_is_set(&server->node_delay))
		alarm_set(&server->node_delay, NODE_DELAY);
}

static void on_node_delay(struct alarm *alarm)
{
	make_lost_socket(container_of(alarm, struct server, node_delay));
}

void server_init(struct server *server, struct supervisor *supervisor, const gid_t *group)
{
	server->supervisor = supervisor;
	server->group = *group;
	server->wanted_group = group;
	server->socket.fd = -1;
	server->place = server->node_fd = -1;
	supervisor->engine.control_server = server;
	supervisor->engine.open_reader = open_reader;
	for (int n = 0; n < SERVER_RESERVE; n++)
		server->reserve[n] = -1;
	keep_reserve(server);
	list_init(&server->sessions);
	event_stream_open(server);
	supervisor->reloaded = on_reloaded;
	supervisor->previewed = on_previewed;
	supervisor->reloaded_context = server;
	alarm_init(&server->pause, &supervisor->engine, on_accept_pause);
	alarm_init(&server->retry, &supervisor->engine, on_retry);
	watch_init(&server->watch, &supervisor->engine, on_listener_ready);
	watch_init(&server->changes, &supervisor->engine, on_runtime_changes);
	watch_init(&server->node_watch, &supervisor->engine, on_node_touched);
	alarm_init(&server->node_delay, &supervisor->engine, on_node_delay);
}

/* Opens the socket by the descriptors in reserve: those of services may have used up all others. */
static bool make_socket(struct server *server, const char *path, struct buf *why)
{
	bool good;
	int error;

	drop_reserve(server);
	good = control_socket_open(&server->socket, path, server->group, why);
	error = errno;
	keep_reserve(server);
	errno = error;
	return good;
}

/* Takes over the socket of the superd before an upgrade, or opens a new one. */
static bool open_socket(struct server *server, const char *path, struct buf *why)
{
	struct supervisor *supervisor = server->supervisor;

	if (supervisor->control >= 0 && control_socket_adopt(&server->socket, path, supervisor->control)) {
		set_socket_group(server);
		return true;
	}
	close_socket_listener(&supervisor->engine, NULL, true, &supervisor->control);
	return make_socket(server, path, why);
}

static void unwatch_node(struct server *server)
{
	watch_stop(&server->node_watch);
	alarm_stop(&server->node_delay);
	fd_close(&server->node_fd);
}

/* Without inotify(7) only a reload looks whether the file is there. */
static void watch_node(struct server *server)
{
	unwatch_node(server);
	server->node_fd = server->socket.node ? path_watch_open() : -1;
	if (server->node_fd >= 0 && path_watch_add(server->node_fd, server->socket.path) > 0)
		watch_set(&server->node_watch, server->node_fd, true, false);
}

static void watch_socket(struct server *server)
{
	server->supervisor->control = server->socket.fd;
	fd_close(&server->place);
	keep_reserve(server);
	watch_set(&server->watch, server->socket.fd, true, false);
	watch_node(server);
}

/* Whether another superd has the socket or makes it. */
static bool is_taken(int error)
{
	return error == EADDRINUSE || error == EWOULDBLOCK;
}

/* Whether the machine lacks something that it may have again. Other errors last until the administrator acts. */
static bool may_pass(int error)
{
	static const int passing[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, ENOSPC, EDQUOT, EIO, EINTR };

	for (size_t n = 0; n < sizeof(passing) / sizeof(*passing); n++) {
		if (error == passing[n])
			return true;
	}
	return false;
}

/* A third superd may have taken the socket already. */
static void on_retry(struct alarm *alarm)
{
	struct server *server = container_of(alarm, struct server, retry);
	struct engine *engine = &server->supervisor->engine;
	struct buf why = { 0 };

	if (make_socket(server, server->awaited, &why)) {
		log_notice(engine->log, "the control socket is %s now", server->awaited);
		if (server->is_lost) {
			locks_write_again(engine);      /* they went with it */
		} else {
			locks_read(engine, server->awaited);
			boot_locks_write_again(engine);
			supervisor_impose_locks(server->supervisor);
		}
		server->is_lost = false;
		end_tries(server);
		watch_socket(server);
	} else if (server->is_lost || is_taken(errno) || may_pass(errno)) {
		try_again(server, server->awaited);
	} else {
		log_warn(engine->log, "no control socket %s: %s", server->awaited, buf_string(&why));
		end_tries(server);
	}
	buf_free(&why);
}

/* Lets go of the socket, whose file may be another superd's by now. Sessions stay. */
static void close_socket(struct server *server)
{
	int fd = server->socket.fd;

	watch_stop(&server->watch);
	alarm_stop(&server->pause);
	unwatch_node(server);
	server->supervisor->control = -1;
	server->socket.fd = -1;
	control_socket_close(&server->socket);
	close_socket_listener(&server->supervisor->engine, NULL, true, &fd);
}

/* Makes the socket anew if clients do not find it any more. Its folder may come back at any time, so superd tries again
 * each second. */
static void make_lost_socket(struct server *server)
{
	struct engine *engine = &server->supervisor->engine;
	char *path;

	if (server->socket.fd < 0 || control_socket_is_found(&server->socket))
		return;
	path = strdup(server->socket.path);
	if (!path)
		return;
	log_warn(engine->log, "the control socket %s was removed: creating it again", path);
	close_socket(server);
	server->is_lost = true;
	if (!try_again(server, path))
		log_warn(engine->log, "no control socket %s: out of memory", path);
	free(path);
}

void server_take_left(struct server *server, const char *path)
{
	struct supervisor *supervisor = server->supervisor;
	struct listen_fds *left = &supervisor->engine.listen_fds;

	for (size_t n = 0; n < left->count && supervisor->control < 0; n++) {
		if (!left->list[n].is_own || !control_socket_is_bound(left->list[n].fd, path))
			continue;
		supervisor->control = left->list[n].fd;
		left->list[n].fd = -1;
	}
}

void server_read_locks(struct server *server, const char *path)
{
	struct buf why = { 0 };
	bool is_safe = *path == '/' && private_folder_is_safe(path, &why);      /* else there will be no socket */

	if (is_safe && !control_socket_is_answered(path))
		locks_read(&server->supervisor->engine, path);
	boot_locks_keep(&server->supervisor->engine, path);
	boot_locks_read(&server->supervisor->engine);
	buf_free(&why);
}

bool server_open(struct server *server, const char *path, struct buf *why)
{
	struct engine *engine = &server->supervisor->engine;
	bool knows_locks = server->supervisor->before || engine->locks->path;
	int error;

	boot_locks_keep(engine, path);
	if (open_socket(server, path, why)) {
		watch_socket(server);
		if (server->supervisor->before)
			boot_locks_write_again(engine);
		if (knows_locks) {
			locks_keep(engine, path);
		} else {                                /* another superd had the socket a moment ago */
			locks_read(engine, path);
			supervisor_impose_locks(server->supervisor);
		}
		return true;
	}
	error = errno;
	locks_keep(engine, NULL);       /* the file belongs to the superd that has the socket */
	if ((is_taken(error) || may_pass(error)) && try_again(server, path))
		buf_text(why, is_taken(error) ? ": it is waited for" : ": superd tries again each second");
	else
		log_tap(engine->log, LEVEL_INFO, NULL, NULL);
	return false;
}

void server_close(struct server *server)
{
	log_tap(server->supervisor->engine.log, LEVEL_INFO, NULL, NULL);
	recent_log_free(&server->recent_log);
	service_row_writer_free(server->rows[false]);
	service_row_writer_free(server->rows[true]);
	server->supervisor->engine.open_reader = NULL;
	end_tries(server);
	LIST_EACH(link, &server->sessions) {
		struct session *session = container_of(link, struct session, link);

		/* By the copy the connection ends with superd, and with the guard, which shares the descriptors: then
		 * superctl knows that both have gone. */
		(void)fcntl(session->io.fd, F_DUPFD_CLOEXEC, 0);
		end_session(session);
	}
	watch_stop(&server->changes);
	drop_reserve(server);
	buf_free(&server->reload_results);
	if (server->socket.fd >= 0)
		close_socket(server);
}
