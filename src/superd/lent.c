/* Sockets that a program was given. Whoever has one may hold its lock for as long as it likes, so the loop makes none
 * of the calls that would wait for that (daemon.h). What needs them is done beside it:
 *
 *   Options and rules that a reload has changed are set at once by a process of its own. If it has not done so within a
 *   second, the socket keeps its old ones until no program has it, and is opened anew then. With pass = bind the rules
 *   are locked: they end the program that goes by others than the configuration has.
 *
 *   A listener that a program has shut down is opened anew: at once if the program is stopping, as it may serve its
 *   clients for long, else when it has ended. If that is so twice in a minute without a stop, it is a failure. One
 *   whose node is gone, or another's, is opened anew, too, once nobody waits there.
 *
 *   Where a row has become accept = yes, superd accepts once no process has the socket. If it does not know that, it
 *   opens the socket anew. */
#include "superd/daemon.h"

#include <sys/epoll.h>

#define PATIENCE 1.  /* seconds */
#define SEARCHES 5   /* for processes that have a socket, a second */
#define TOO_SOON 60. /* seconds between two times that a listener was shut down */

/* One process. The service and its socket may go meanwhile: they are found again by name and inode. */
struct lent_change {
	struct list link;
	struct helper helper;
	int report; /* what it says: a line why it has failed, or "", and a line for each warning */
	ino_t inode;
	bool has_rules; /* others, so that who may come is another */
	char service[];
};

static struct list changes = { &changes, &changes };

bool lent_is_changing(const struct svc *svc)
{
	LIST_OF(struct lent_change, change, link, &changes) {
		if (!strcmp(change->service, svc->row->name))
			return true;
	}
	return false;
}

/* While one changes the next superd opens all of the service anew. */
static void journal_sockets(struct svc *svc)
{
	EACH_SOCKET(socket, svc) {
		if (socket->fd >= 0)
			journal_socket(socket);
	}
}

void lent_keep_old(struct svc *svc, struct socket *socket, const char *why)
{
	struct event event = { .name = "bind_error", .service = svc->row->name, .reason = why };
	struct buf endpoint = { 0 };

	endpoint_format(socket->listen->endpoint, &endpoint);
	log_event(superd.log, LEVEL_ERROR, &event, "%s keeps its old options until its program has ended: %s",
		  buf_string(&endpoint), why);
	buf_free(&endpoint);
	socket->is_old = true;
	journal_socket(socket);
	svc_changed(svc);
}

/* A restart, whatever on_change says: nobody may come whom the configuration shuts out. */
static void end_old_rules(struct svc *svc)
{
	struct instance *current = svc->run->current;

	if (svc->row->exec->pass != PASS_BIND || !current || current->ends)
		return;
	svc_say(svc, LEVEL_NOTICE, "stopping",
		"stopping pid %ld: its socket has the access rules from before, which are locked", (long)current->pid);
	svc_stop(svc, false);
	if (svc->row->exec->start == START_BOOT)
		svc->run->start_due = clock_now();
}

/* One that is late ends by its SIGKILL once it has the lock. */
static void on_changed(struct helper *helper, int status)
{
	struct lent_change *change = container_of(helper, struct lent_change, helper);
	const char *why = status == HELPER_LATE ? "a process that has the socket blocks it"
		: status			? "it could not be examined"
						: NULL;
	struct svc *svc = svc_find(change->service);
	char text[4096] = "", *line = text, *end;
	ssize_t got = read(change->report, text, sizeof(text) - 1);

	text[got > 0 ? got : 0] = '\0';
	helper_drop(&change->helper);
	child_forget(&change->helper.child);
	fd_close(&change->report);
	list_remove(&change->link);
	end = line + strcspn(line, "\n");
	if (*end)
		*end++ = '\0';
	if (!why && *line)
		why = line;
	for (unsigned n = 0; svc && n < svc->socket_count; n++) {
		struct stat found;

		if (svc->sockets[n].fd < 0 || fstat(svc->sockets[n].fd, &found) < 0 || found.st_ino != change->inode)
			continue;
		for (char *at, *warning = strtok_r(end, "\n", &at); warning; warning = strtok_r(NULL, "\n", &at))
			svc_say(svc, LEVEL_WARNING, "warning", "%s", warning);
		if (!why)
			break;
		lent_keep_old(svc, &svc->sockets[n], why);
		if (change->has_rules)
			end_old_rules(svc);
		if (svc->state == LISTENING)
			svc_settle(svc);
		break;
	}
	free(change);
	if (!svc)
		return;
	journal_sockets(svc);
	svc_changed(svc);
}

_Noreturn static void change_apart(int fd, const struct listen *before, const struct listen *after, int report)
{
	struct buf why = { 0 }, warnings = { 0 }, text = { 0 };

	if ((before ? bind_adjust(fd, before, after, true, &why, &warnings) : bind_adopt(fd, after, &why, &warnings)) <
		    0 &&
	    !why.length)
		buf_text(&why, strerror(errno));
	buf_addf(&text, "%s\n%s", buf_string(&why), buf_string(&warnings));
	_exit(write(report, text.data, text.length < PIPE_BUF ? text.length : PIPE_BUF) < 0);
}

void lent_change(struct svc *svc, struct socket *socket, const struct listen *before)
{
	const struct listen *after = socket->listen;
	struct lent_change *change;
	struct stat status;
	int ends[2] = { -1, -1 };
	pid_t pid = -1;

	if (before && listen_owner_equal(before, after) &&
	    socket_filter_equal(listen_prepared(before)->rules, listen_prepared(after)->rules) &&
	    socket_options_equal(before->options, after->options))
		return;
	change = calloc(1, sizeof(*change) + strlen(svc->row->name) + 1);
	if (change && fstat(socket->fd, &status) == 0 && fd_pipe(ends) == 0)
		pid = helper_begin(&change->helper, PATIENCE, on_changed, (int[]){ socket->fd, ends[1] }, 2);
	if (pid == 0)
		change_apart(socket->fd, before, after, ends[1]);
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		free(change);
		lent_keep_old(svc, socket, strerror(errno));
		return;
	}
	strcpy(change->service, svc->row->name);
	change->inode = status.st_ino;
	change->has_rules = before
		? !socket_filter_equal(listen_prepared(before)->rules, listen_prepared(after)->rules)
		: listen_prepared(after)->rules != NULL;
	change->report = fd_raise(ends[0], FD_HIGH);
	list_add(&changes, &change->link);
	journal_sockets(svc); /* it has not its new options yet */
}

static bool has_programs(const struct svc *svc)
{
	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		if (!instance->row->exec->accept)
			return true;
	}
	return false;
}

/* One of those that superd has started, or of theirs. */
static bool is_descendant(pid_t pid)
{
	struct process process;

	while (pid > 0 && pid != getpid() && pid != guard->pid) {
		if (!process_read(pid, &process) || process.ended)
			return false;
		pid = process.parent;
	}
	return pid > 0;
}

/* Whether another process has it. One that superd may not look into may have it if superd has started it, but for
 * superd-output. */
static bool is_held(const struct socket *socket)
{
	pid_t *all = process_list_all();
	struct stat status;
	bool held = !all || fstat(socket->fd, &status) < 0;

	for (const pid_t *at = all; at && *at && !held; at++) {
		enum holding got = *at == getpid() || *at == guard->pid || *at == superd.output.child.pid
			? HOLDS_NONE
			: process_holds(*at, status.st_ino);

		held = got == HOLDS || (got == HOLDING_HIDDEN && is_descendant(*at));
	}
	free(all);
	return held;
}

/* Closes what a program has shut down, what nobody can reach any more, what has not its options and no program has any
 * more, and what superd cannot accept from. *again: it was shut down a short while ago already. */
bool lent_close(struct svc *svc, bool *again)
{
	static struct rate_limit searches;
	double now = clock_now();
	bool any = false, stops = svc->state == STOPPING;

	EACH_SOCKET(socket, svc) {
		struct pollfd look = { .fd = socket->fd, .events = POLLIN };
		bool accepts = socket->lent && socket->fd >= 0 && endpoint_accepts(socket->listen->endpoint);
		bool is_shut = accepts && poll(&look, 1, 0) > 0 && look.revents & POLLHUP;
		bool is_old = socket->is_old && svc_is_empty(svc);
		bool is_gone = socket->fd >= 0 && endpoint_is_path(socket->listen->address) &&
			!bind_is_reachable(socket->fd, socket->listen) &&
			bind_queue(socket->fd, socket->listen) <= 0; /* who waits there is served first */
		bool is_taken = accepts && svc->row->exec->accept && !has_programs(svc);

		if (socket->fd < 0 || (!is_shut && !is_old && !is_gone && !is_taken))
			continue;
		if (!is_shut && !is_old && !is_gone) {
			/* What is not looked at yet stays as it is: its clients wait. */
			if (rate_limit_is_reached(&searches, SEARCHES, 1., now)) {
				svc_set_timer(svc, 1.);
				continue;
			}
			rate_limit_count(&searches, 1., now);
			if (!is_held(socket)) {
				fd_set_nonblocking(socket->fd, true); /* as no program wants it otherwise any more */
				socket->lent = false;
				journal_socket(socket);
				continue;
			}
		}
		if (is_shut) {
			svc_say(svc, stops ? LEVEL_INFO : LEVEL_WARNING, "rebind",
				"a program has shut its listener down: opening it again");
			*again |= !stops && socket->run->shut_at > 0 && now < socket->run->shut_at + TOO_SOON;
			socket->run->shut_at = stops ? 0 : now;
		} else if (is_gone) {
			svc_say(svc, LEVEL_WARNING, "rebind", "%s is no longer its socket: opening it again",
				socket->listen->address->address);
		} else {
			svc_say(svc, LEVEL_NOTICE, "rebind", "%s %s: opening it again", socket->listen->name,
				is_old ? "has its old options" : "may be a program's still");
		}
		any = true;
		socket_close(socket);
	}
	return any;
}

/* Of services that are stopping: epoll(7) reports EPOLLHUP whatever it is asked for, and nothing else. */
static struct {
	int set; /* of epoll(7); 0: none yet */
	struct io io;
} stopping;

static void on_shut(struct io *io)
{
	struct epoll_event some[64];
	bool again = false;

	epoll_wait(io->fd, some, 64, 0); /* each is reported once */
	LIST_OF(struct svc, svc, link, &superd.services) {
		if (svc->state == STOPPING && lent_close(svc, &again))
			svc_open_early(svc); /* clients wait there for the next instance */
	}
}

void lent_watch(struct svc *svc)
{
	if (stopping.set <= 0) {
		stopping.set = fd_raise(epoll_create1(EPOLL_CLOEXEC), FD_HIGH);
		if (stopping.set <= 0)
			return; /* the end of the instance tells as well */
		io_call(&stopping.io, stopping.set, on_shut, NULL);
	}
	EACH_SOCKET(socket, svc) {
		struct epoll_event once = { .events = EPOLLONESHOT };

		if (socket->fd >= 0 && socket->lent && endpoint_accepts(socket->listen->endpoint) &&
		    epoll_ctl(stopping.set, EPOLL_CTL_ADD, socket->fd, &once) < 0)
			epoll_ctl(stopping.set, EPOLL_CTL_MOD, socket->fd, &once);
	}
}
