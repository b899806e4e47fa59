/* Watches the connections of a frozen backend in its place, by copies of its sockets. If the kernel gives no copies,
 * only the listeners wake the backend, and the log says so. The copies arrive a moment later, but report all that
 * has come meanwhile. */
#include "engine/freeze/freeze_fds.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "engine/core/close_socket.h"
#include "engine/core/fd_watch.h"
#include "engine/core/loop_room.h"
#include "engine/health/health_probes.h"
#include "exec/spawn/spawn.h"

#define COPYING_SECONDS 1.              /* time limit; a copy that takes longer waits for another process */

struct freeze_fds {
	struct service_runtime *runtime;
	void (*ready)(struct service_runtime *runtime);
	pid_t copier;                   /* the process that takes the copies, which may hang */
	ev_io report;                   /* the channel by which the copier hands them over; fd -1: it is closed */
	struct alarm limit;             /* ends the copying after COPYING_SECONDS */
	struct socket_copies copies;
	ev_io *ios;                     /* a watcher for each copy, once all are there; NULL: not yet */
};

static struct engine *engine_of(const struct freeze_fds *watch)
{
	return watch->runtime->engine;
}

static void close_copy(struct freeze_fds *watch, size_t n)
{
	close_socket_fd(engine_of(watch), watch->runtime->service->name, &watch->copies.fds[n]);
}

static void stop_watching(struct freeze_fds *watch)
{
	for (size_t n = 0; watch->ios && n < watch->copies.count; n++) {
		ev_io_stop(engine_of(watch)->loop, &watch->ios[n]);
		loop_room_leave(watch->ios[n].fd);
	}
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct freeze_fds *watch = io->data;

	(void)loop, (void)events;
	stop_watching(watch);
	watch->ready(watch->runtime);
}

/* superd's own listeners are watched as ever. */
static struct file_id *list_known(const struct service_runtime *runtime, size_t *count)
{
	struct file_id *known = calloc(runtime->listener_count + 1, sizeof(*known));
	struct stat status;

	*count = 0;
	for (size_t n = 0; known && n < runtime->listener_count; n++) {
		if (listener_is_open(&runtime->listeners[n]) && fstat(runtime->listeners[n].io.fd, &status) == 0)
			known[(*count)++] = (struct file_id){ status.st_dev, status.st_ino };
	}
	return known;
}

/* Drops the copies of connections that are probes: data from a probe must not wake the backend. */
static void leave_out_probes(struct freeze_fds *watch)
{
	size_t count = 0;

	for (size_t n = 0; n < watch->copies.count; n++) {
		if (health_probes_own(watch->runtime, watch->copies.fds[n]))
			close_copy(watch, n);
		else
			watch->copies.fds[count++] = watch->copies.fds[n];
	}
	watch->copies.count = count;
}

static void log_missed(const struct freeze_fds *watch, bool is_late)
{
	struct event event = { .name = "unwatched", .service = watch->runtime->service->name };
	struct log *log = engine_of(watch)->log;

	if (is_late)
		log_event(log, LEVEL_WARNING, &event,
			  "while it is frozen not all of its sockets are watched: they could not be copied within "
			  "%g s", COPYING_SECONDS);
	else if (watch->copies.forbidden)
		log_event(log, LEVEL_INFO, &event,
			  "while it is frozen only its listeners wake it: superd may not have copies of its other "
			  "sockets, which takes CAP_SYS_PTRACE");
	else if (watch->copies.missed)
		log_event(log, LEVEL_INFO, &event,
			  "while it is frozen %zu of its sockets are not watched: it has more than superd copies",
			  watch->copies.missed);
}

static void watch_copies(struct freeze_fds *watch)
{
	if (watch->copies.count)
		watch->ios = calloc(watch->copies.count, sizeof(*watch->ios));
	for (size_t n = 0; watch->ios && n < watch->copies.count; n++) {
		ev_io_init(&watch->ios[n], on_readable, watch->copies.fds[n], EV_READ);
		watch->ios[n].data = watch;
		ev_io_start(engine_of(watch)->loop, &watch->ios[n]);
	}
}

/* Ends the copying. */
static void leave_copier(struct freeze_fds *watch)
{
	struct ev_loop *loop = engine_of(watch)->loop;

	if (watch->report.fd >= 0) {
		ev_io_stop(loop, &watch->report);
		fd_close(&watch->report.fd);
	}
	alarm_stop(&watch->limit);
	if (spawn_is_worker(watch->copier))
		kill(watch->copier, SIGKILL);
}

static void finish_copying(struct freeze_fds *watch, bool is_late)
{
	leave_copier(watch);
	leave_out_probes(watch);
	log_missed(watch, is_late);
	watch_copies(watch);
}

static void on_report(struct ev_loop *loop, ev_io *io, int events)
{
	struct freeze_fds *watch = io->data;
	enum socket_copying state = socket_copies_hear(io->fd, &watch->copies);

	(void)loop, (void)events;
	if (state != SOCKET_COPYING_WAITS)
		finish_copying(watch, state == SOCKET_COPYING_FAILED);
}

static void on_limit(struct alarm *alarm)
{
	finish_copying(container_of(alarm, struct freeze_fds, limit), true);
}

static bool start_copier(struct freeze_fds *watch, const pid_t *pids)
{
	size_t known_count;
	struct file_id *known = list_known(watch->runtime, &known_count);
	int report = -1;

	if (known)
		watch->copier = socket_copies_begin(pids, known, known_count, &report);
	free(known);
	if (report < 0)
		return false;
	ev_io_init(&watch->report, on_report, report, EV_READ);
	watch->report.data = watch;
	ev_io_start(engine_of(watch)->loop, &watch->report);
	alarm_init(&watch->limit, engine_of(watch), on_limit);
	alarm_set(&watch->limit, COPYING_SECONDS);
	return true;
}

struct freeze_fds *freeze_fds_new(struct service_runtime *runtime, const pid_t *pids,
				  void (*ready)(struct service_runtime *runtime))
{
	struct freeze_fds *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	*watch = (struct freeze_fds){ .runtime = runtime, .ready = ready, .report.fd = -1 };
	if (start_copier(watch, pids))
		return watch;
	free(watch);
	return NULL;
}

void freeze_fds_free(struct freeze_fds *watch)
{
	if (!watch)
		return;
	leave_copier(watch);
	stop_watching(watch);
	for (size_t n = 0; n < watch->copies.count; n++)
		close_copy(watch, n);
	free(watch->ios);
	free(watch);
}
