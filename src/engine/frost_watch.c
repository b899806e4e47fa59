/* Watching in a frozen backend's place. The hard thing is that it can't be promised: where the kernel gives no copies,
 * only the listeners wake it, and that is said. */
#include "engine/frost_watch.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "engine/closing.h"
#include "engine/probes.h"

struct frost_watch {
	struct keeper *keeper;
	void (*ready)(struct keeper *keeper);
	struct socket_copies copies;
	ev_io ios[SOCKET_COPIES_MOST];
};

static void stop(struct frost_watch *watch)
{
	for (size_t n = 0; n < watch->copies.count; n++)
		ev_io_stop(watch->keeper->engine->loop, &watch->ios[n]);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct frost_watch *watch = io->data;

	(void)loop, (void)events;
	stop(watch);
	watch->ready(watch->keeper);    /* frees it */
}

/* superd's own listeners are watched as ever. */
static struct file_id *list_known(const struct keeper *keeper, size_t *count)
{
	struct file_id *known = calloc(keeper->listener_count + 1, sizeof(*known));
	struct stat status;

	*count = 0;
	for (size_t n = 0; known && n < keeper->listener_count; n++) {
		if (listener_is_open(&keeper->listeners[n]) && fstat(keeper->listeners[n].io.fd, &status) == 0)
			known[(*count)++] = (struct file_id){ status.st_dev, status.st_ino };
	}
	return known;
}

static void close_copy(struct frost_watch *watch, size_t n)
{
	closing_close(watch->keeper->engine, watch->keeper->service->name, &watch->copies.fds[n]);
}

/* What a probe says that was let in before is nothing to wake for, either. */
static void leave_out_probes(struct frost_watch *watch)
{
	size_t count = 0;

	for (size_t n = 0; n < watch->copies.count; n++) {
		if (probes_own(watch->keeper, watch->copies.fds[n]))
			close_copy(watch, n);
		else
			watch->copies.fds[count++] = watch->copies.fds[n];
	}
	watch->copies.count = count;
}

static void say_missed(const struct frost_watch *watch)
{
	struct event event = { .name = "unwatched", .service = watch->keeper->service->name };

	if (watch->copies.forbidden)
		log_event(watch->keeper->engine->log, LEVEL_INFO, &event,
			  "while it is frozen only its listeners wake it: superd may not have copies of its other "
			  "sockets, which takes CAP_SYS_PTRACE");
	else if (watch->copies.missed)
		log_event(watch->keeper->engine->log, LEVEL_INFO, &event,
			  "while it is frozen %zu of its sockets are not watched: it has more than superd copies",
			  watch->copies.missed);
}

static void start(struct frost_watch *watch)
{
	for (size_t n = 0; n < watch->copies.count; n++) {
		ev_io_init(&watch->ios[n], on_readable, watch->copies.fds[n], EV_READ);
		watch->ios[n].data = watch;
		ev_io_start(watch->keeper->engine->loop, &watch->ios[n]);
	}
}

struct frost_watch *frost_watch_new(struct keeper *keeper, const pid_t *pids, void (*ready)(struct keeper *keeper))
{
	struct frost_watch *watch = calloc(1, sizeof(*watch)), *smaller;
	struct file_id *known;
	size_t known_count;

	if (!watch)
		return NULL;
	known = list_known(keeper, &known_count);
	watch->keeper = keeper;
	watch->ready = ready;
	if (known)
		socket_copies_take(&watch->copies, pids, known, known_count);
	free(known);
	for (size_t n = 0; n < watch->copies.dull_count; n++)
		closing_close(keeper->engine, keeper->service->name, &watch->copies.dull[n]);
	leave_out_probes(watch);
	say_missed(watch);
	if (!watch->copies.count) {
		free(watch);
		return NULL;
	}
	smaller = realloc(watch, offsetof(struct frost_watch, ios) + watch->copies.count * sizeof(*watch->ios));
	if (smaller)
		watch = smaller;
	start(watch);
	return watch;
}

void frost_watch_free(struct frost_watch *watch)
{
	if (!watch)
		return;
	stop(watch);
	for (size_t n = 0; n < watch->copies.count; n++)
		close_copy(watch, n);
	free(watch);
}
