/* pass = bind: the program's filter stops its bind(2), and a helper process of the instance answers with superd's
 * socket (worker/bind). superd hears of each answer over a channel. */
#include "daemon/daemon.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/fd_message.h"
#include "os/foreign/fork_fds.h"
#include "os/proc/user_notif.h"
#include "os/rights/own_privileges.h"
#include "os/rights/raw_syscall.h"
#include "worker/bind/answer.h"

#define BURST .5 /* seconds of processor time that the helper may use at once, */
#define SHARE .2 /* and what comes back in a second */

/* Set up before the start: the channel, of which the program's child has the other end for the filter's descriptor. */
bool bind_begin(struct instance *instance, struct spawn_request *request, int *channel)
{
	int ends[2];

	(void)request;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return false;
	instance->binder_fd = fd_raise(ends[0], FD_HIGH);
	fd_set_nonblocking(instance->binder_fd, true);
	*channel = ends[1];
	return true;
}

/* The addresses of `binds`: two for one that names any address of both IP versions. */
static void add_addresses(const struct listen *listen, struct bind_offer *offer)
{
	struct pool *pool = pool_new();

	offer->addresses = calloc(2 * words_count(listen->options->binds) + 1, sizeof(*offer->addresses));
	for (words text = listen->options->binds; pool && offer->addresses && text && *text; text++) {
		const struct endpoint *endpoint;

		if (endpoint_parse(*text, pool, &endpoint))
			continue;
		if (endpoint_is_inet(endpoint) &&
		    socket_address_make(endpoint, AF_INET, &offer->addresses[offer->count]))
			offer->count++;
		if (socket_address_make(endpoint, endpoint_is_inet(endpoint) ? AF_INET6 : AF_UNIX,
					&offer->addresses[offer->count]))
			offer->count++;
	}
	pool_free(pool);
}

_Noreturn static void answer_calls(struct instance *instance, int notif, int channel)
{
	struct svc *svc = instance->svc;
	const struct account *account = instance->row->account;
	struct bind_progress *progress =
		mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct bind_server server = { .notif = notif, .channel = channel, .progress = progress };
	double left = BURST, looked = clock_now(), used = clock_thread_cpu();
	struct pollfd wait[] = { { notif, POLLIN, 0 }, { channel, POLLIN, 0 } };
	struct user_call call;
	int kept[DESCRIPTORS_MOST], count = 0;

	prctl(PR_SET_NAME, "superd-bind", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	raw_raise_effective();
	server.request = (struct bind_request){ .count = svc->socket_count,
						.rule = { .uid = account ? account->uid : geteuid(),
							  .gid = account ? account->gid : getegid(),
							  .is_apart = service_prepared(instance->row)->sandbox ||
								  instance->row->groups->environment->root_directory,
							  .has_network = plan_gives_network(instance->row),
							  .program = instance->pid } };
	server.request.offers = calloc(svc->socket_count + 1, sizeof(*server.request.offers));
	server.offered = calloc(svc->socket_count + 1, sizeof(*server.offered));
	if (progress == MAP_FAILED || !server.request.offers || !server.offered)
		_exit(1);
	atomic_store(&progress->program, instance->pid);
	for (unsigned n = 0; n < svc->socket_count; n++) {
		server.request.offers[n].fd = svc->sockets[n].fd;
		server.request.offers[n].locks = listen_prepared(svc->sockets[n].listen)->rules != NULL;
		add_addresses(svc->sockets[n].listen, &server.request.offers[n]);
		if (count < DESCRIPTORS_MOST - 2)
			kept[count++] = svc->sockets[n].fd;
	}
	kept[count++] = notif;
	fork_fds_close_others(kept, count, channel, 0);
	bind_server_begin(&server);
	user_notif_hurry(notif);
	while (poll(wait, 2, -1) > 0 || errno == EINTR) {
		double now = clock_now(), spent = clock_thread_cpu();

		if (wait[1].revents & (POLLHUP | POLLERR) || wait[0].revents & (POLLHUP | POLLERR))
			_exit(0);
		if (!(wait[0].revents & POLLIN))
			continue;
		if (user_notif_receive(notif, &call))
			bind_server_answer(&server, &call);
		else if (errno != ENOENT && errno != EINTR)
			_exit(1);
		left += (now - looked) * SHARE - (spent - used);
		left = left > BURST ? BURST : left;
		looked = now;
		used = spent;
		if (left < 0)
			poll(NULL, 0, 1 + (int)(-left / SHARE * 1000));
	}
	_exit(0);
}

static void on_binder(struct child *child, int status, const struct rusage *used)
{
	(void)status, (void)used;
	child->pid = 0;
}

#define QUIET 3. /* seconds without a new bind, until superd says what is wrong with the last */

void bind_describe_missing(const struct instance *instance, struct buf *out)
{
	const struct svc *svc = instance->svc;
	const char *between = "it has not bound ";
	bool missing = false;

	for (unsigned n = 0; n < svc->socket_count && n < 64; n++) {
		if (svc->sockets[n].fd < 0 || instance->bound_set >> n & 1)
			continue;
		buf_text(out, between);
		endpoint_format(svc->sockets[n].listen->endpoint, out);
		between = ", nor ";
		missing = true;
	}
	for (int n = 0; missing && n < 4 && *instance->others[n]; n++)
		buf_addf(out, "%s%s", n ? ", " : "; it requested ", instance->others[n]);
}

static void on_quiet(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;
	struct buf text = { 0 };

	(void)loop, (void)events;
	bind_describe_missing(instance, &text);
	if (text.length && !instance->told && (instance->bound || *instance->others[0])) {
		instance->told = true;
		svc_say(instance->svc, LEVEL_WARNING, "bound",
			"%s. superd still waits: correct the port in its command or in listen, or "
			"write the port that it binds in binds",
			buf_string(&text));
	}
	buf_free(&text);
}

static void note_news(struct instance *instance)
{
	ev_timer_stop(superd.loop, &instance->quiet);
	ev_timer_init(&instance->quiet, on_quiet, QUIET, 0);
	instance->quiet.data = instance;
	ev_timer_start(superd.loop, &instance->quiet);
}

static void on_bind_report(struct ev_loop *loop, ev_io *io, int events)
{
	struct instance *instance = io->data;
	struct svc *svc = instance->svc;
	struct bind_report report;
	ssize_t got;

	(void)events;
	while ((got = recv(io->fd, &report, sizeof(report), MSG_DONTWAIT)) == (ssize_t)sizeof(report)) {
		report.text[BIND_TEXT - 1] = '\0';
		if (report.event == BIND_GIVEN && report.offer < svc->socket_count && report.offer < 64) {
			struct buf text = { 0 };
			uint64_t before = instance->bound_set;

			instance->bound_set |= UINT64_C(1) << report.offer;
			svc->sockets[report.offer].lent = true;
			endpoint_format(svc->sockets[report.offer].listen->endpoint, &text);
			if (report.other_address || report.as_ipv4 || report.other_family)
				svc_say(svc, LEVEL_INFO, "bound", "pid %ld binds %s and receives %s",
					(long)report.thread, report.text, buf_string(&text));
			if (*report.left.text)
				svc_say(svc, report.left.unconfined ? LEVEL_WARNING : LEVEL_NOTICE, "bound",
					"pid %ld binds %s with options that superd does not carry over to its socket: "
					"%s",
					(long)report.thread, report.text, report.left.text);
			buf_free(&text);
			if (before != instance->bound_set)
				note_news(instance);
			if (report.offer < 8)
				snprintf(instance->asked[report.offer], BIND_TEXT, "%s", report.text);
			instance->bound += before != instance->bound_set;
			bind_launched(instance);
		} else if (report.event == BIND_OTHER) {
			for (int n = 0; n < 4; n++) {
				if (!strcmp(instance->others[n], report.text))
					break;
				if (*instance->others[n])
					continue;
				snprintf(instance->others[n], BIND_TEXT, "%s", report.text);
				note_news(instance);
				break;
			}
		} else if (report.event == BIND_FAILED) {
			svc_say(svc, LEVEL_WARNING, "bound", "cannot give pid %ld the socket for %s: %s",
				(long)report.thread, report.text, strerror(report.error));
		} else if (report.event == BIND_HIDDEN) {
			svc_say(svc, LEVEL_WARNING, "bound",
				"cannot see the binds of pid %ld: %s: superd needs CAP_SYS_PTRACE, or the "
				"program's own user",
				(long)report.thread, strerror(report.error));
		}
	}
	if (got == 0)
		ev_io_stop(loop, io);
}

/* Whether it has bound all that is open; then it is ready. The first call, when its program runs, starts the helper. */
void bind_launched(struct instance *instance)
{
	struct svc *svc = instance->svc;
	int notif = -1, ends[2];
	size_t count = 1;
	unsigned open = 0;
	char byte;

	if (instance->notif < 0) {
		if (instance->binder_fd < 0 ||
		    fd_message_receive(instance->binder_fd, &byte, 1, &notif, &count, MSG_DONTWAIT) < 1 || !count) {
			svc_say(svc, LEVEL_ERROR, "bound", "the filter of pid %ld has not come: %s",
				(long)instance->pid, strerror(errno));
			fd_close(&notif);
			return;
		}
		fd_close(&instance->binder_fd);
		instance->notif = fd_raise(notif, FD_HIGH);
	}
	if (!instance->binder.pid && instance->notif >= 0) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
			return;
		fd_close(&instance->binder_fd);
		fd_set_nonblocking(ends[0], true);
		instance->binder_fd = fd_raise(ends[0], FD_HIGH);
		instance->binder.ended = on_binder;
		for (unsigned n = 0; n < svc->socket_count; n++) {
			if (svc->sockets[n].fd >= 0)
				fd_set_nonblocking(svc->sockets[n].fd, svc->sockets[n].listen->options->non_blocking);
		}
		pid_t pid = fork();
		if (pid == 0) {
			sigset_t none;

			sigemptyset(&none);
			sigprocmask(SIG_SETMASK, &none, NULL);
			answer_calls(instance, instance->notif, ends[1]);
		}
		fd_close(&ends[1]);
		if (pid > 0)
			child_watch(&instance->binder, pid);
		ev_io_init(&instance->binder_io, on_bind_report, instance->binder_fd, EV_READ);
		instance->binder_io.data = instance;
		ev_io_start(superd.loop, &instance->binder_io);
	}
	for (unsigned n = 0; n < svc->socket_count; n++)
		open += svc->sockets[n].fd >= 0;
	if (instance->bound >= open && !service_notifies(instance->row) && !service_awaits_ready(instance->row) &&
	    instance->row->exec->type != TYPE_FORKING)
		instance_be_ready(instance);
}

void bind_end(struct instance *instance)
{
	ev_timer_stop(superd.loop, &instance->quiet);
	fd_close(&instance->notif);
	if (instance->binder_fd < 0)
		return;
	if (instance->binder_io.data)
		ev_io_stop(superd.loop, &instance->binder_io);
	fd_close(&instance->binder_fd); /* its helper ends by that */
	child_forget(&instance->binder);
}
