/* Watches the connections of a frozen backend in its place. If the kernel does not let superd at its sockets, only the
 * listeners wake the backend, and the log says so. The sockets are added a moment later, but then report all that has
 * come meanwhile, as the epoll set is level-triggered. A connection that the program has made and whose peer closes in
 * that moment is not told from one that the program left half closed: the program sees that end at its next thaw. */
#include "superd/stop/freeze_fds.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "lib/duration_text.h"
#include "lib/fd.h"
#include "superd/stop/conn_query.h"
#include "superd/instance/instance.h"
#include "superd/instance/relay.h"
#include "superd/loop/loop_room.h"
#include "superd/loop/worker_wait.h"

#define ADDING_SECONDS 1.               /* time limit of the helper process, which may hang */

struct freeze_fds {
	struct service_runtime *runtime;
	void (*missed)(struct service_runtime *runtime); /* NULL: sockets that are not watched do no harm */
	struct worker_wait helper;      /* for the process that adds the sockets to the set */
	ev_io set;                      /* the epoll set */
};

int socket_watch_open(void)
{
	return fd_raise(epoll_create1(EPOLL_CLOEXEC), FD_HIGH);
}

struct worker_process socket_watch_begin(const struct socket_watch_request *request, uint64_t owner, int epoll)
{
	struct socket_watch_request written = *request;
	struct record record = { 0 };

	socket_watch_request_record(&record, &written);
	return worker_process_begin(WORKER_COPY, owner, &record, &epoll, 1);
}

enum socket_watching socket_watch_hear(const struct worker_process *process, struct socket_watch_result *result)
{
	static const struct answer_field fields[] = {
		ANSWER_FLAG(socket_watch_result, forbidden),
		ANSWER_FLAG(socket_watch_result, relay_unseen),
	};
	static const struct answer_form form = ANSWER_FORM("superd-copy", struct socket_watch_result, fields);
	ssize_t got = worker_process_hear(process, &form, result, NULL, NULL);

	return got > 0 ? SOCKET_WATCHING_DONE : got < 0 ? SOCKET_WATCHING_WAITS : SOCKET_WATCHING_FAILED;
}

static struct engine *engine_of(const struct freeze_fds *watch)
{
	return watch->runtime->engine;
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct freeze_fds *watch = io->data;

	(void)events;
	ev_io_stop(loop, io);
	runtime_post(watch->runtime, ACTIVITY);
}

static void log_missed(const struct freeze_fds *watch, const struct socket_watch_result *result)
{
	struct event event = { .name = "unwatched", .service = watch->runtime->service->name };
	struct log *log = engine_of(watch)->log;
	char limit[DURATION_MOST];

	if (!result)
		log_event(log, LEVEL_WARNING, &event,
			  "while it is frozen not all of its sockets are watched: they could not be found within %s",
			  duration_write(limit, ADDING_SECONDS));
	else if (result->forbidden)
		log_event(log, LEVEL_INFO, &event,
			  "while it is frozen only its listeners wake it: superd needs CAP_SYS_PTRACE to watch its "
			  "other sockets");
	else if (result->missed)
		log_event(log, LEVEL_INFO, &event,
			  "while it is frozen %u of its sockets are not watched: it has too many, or the kernel "
			  "watches no more (fs.epoll.max_user_watches)", result->missed);
}

/* Without root superd may not look at the relay. That goes on then: what it passes on arrives at sockets of the
 * backend, which are watched. result: NULL: the helper gave none in time. */
static void finish_adding(struct freeze_fds *watch, const struct socket_watch_result *result)
{
	worker_wait_end(&watch->helper);
	log_missed(watch, result);
	if (result && result->relay_unseen)
		relay_freeze(runtime_current(watch->runtime), false);
	if (watch->missed && (!result || result->missed || result->forbidden))
		watch->missed(watch->runtime);
}

static void on_report(struct worker_wait *helper, bool late)
{
	struct socket_watch_result result;
	enum socket_watching state = late ? SOCKET_WATCHING_FAILED : socket_watch_hear(&helper->process, &result);

	if (state != SOCKET_WATCHING_WAITS)
		finish_adding(container_of(helper, struct freeze_fds, helper),
			      state == SOCKET_WATCHING_DONE ? &result : NULL);
}

/* superd's own listeners are watched as ever. */
static bool start_helper(struct freeze_fds *watch, const pid_t *pids)
{
	struct service_runtime *runtime = watch->runtime;
	const struct relay_process *relay = runtime_current(runtime)->relay;
	const char *service = runtime->service->name;
	struct socket_watch_request request = {
		.pids = pids, .relay = relay ? relay->child.pid : 0, .has_ends = watch->missed,
	};
	struct file_id *known = runtime_list_sockets(runtime, &request.known_count);
	struct conn_query listeners;
	bool started = conn_query_init(&listeners, runtime, runtime->listener_count, ASK_CLIENTS, NULL) && known;

	while (pids[request.pid_count])
		request.pid_count++;
	if (started) {
		conn_query_add_listeners(&listeners);
		conn_query_set_wanted(&listeners);
		request.known = known;
		request.listeners = listeners.conns;
		request.listener_count = listeners.count;
		started = worker_wait_begin(&watch->helper,
					    socket_watch_begin(&request, worker_owner(service), watch->set.fd),
					    service, ADDING_SECONDS);
	}
	free(known);
	conn_query_free(&listeners);
	return started;
}

struct freeze_fds *freeze_fds_new(struct service_runtime *runtime, const pid_t *pids,
				  void (*missed)(struct service_runtime *runtime))
{
	struct freeze_fds *watch = calloc(1, sizeof(*watch));
	int set = socket_watch_open();

	if (!watch || set < 0) {
		fd_close(&set);
		free(watch);
		return NULL;
	}
	*watch = (struct freeze_fds){ .runtime = runtime, .missed = missed };
	worker_wait_init(&watch->helper, runtime->engine, on_report);
	ev_io_init(&watch->set, on_readable, set, EV_READ);
	watch->set.data = watch;
	ev_io_start(runtime->engine->loop, &watch->set);
	if (start_helper(watch, pids))
		return watch;
	freeze_fds_free(watch);
	return NULL;
}

void freeze_fds_free(struct freeze_fds *watch)
{
	if (!watch)
		return;
	worker_wait_end(&watch->helper);
	ev_io_stop(engine_of(watch)->loop, &watch->set);
	loop_room_leave(watch->set.fd);         /* the helper may have it for a moment more */
	fd_close(&watch->set.fd);
	free(watch);
}
