/* Stands in for libc's epoll_ctl(2): where that fails, libev stops the watcher and calls it with EV_ERROR, and each of
 * the thirty kinds of watchers would have to start itself again later. While a descriptor waits to be added, libev may
 * want other events of it, and then adds it anew. Or it may be closed, and its number belong to another descriptor:
 * then the kernel refuses the old request, or libev does not know its generation and drops it. */
#include "superd/loop/loop_room.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/clock.h"

#define RETRY .2                        /* seconds */
#define WAIT_MOST 5                     /* seconds without an epoll descriptor, before superd gives up */
#define WAIT_PAUSE 50                   /* milliseconds between the tries */
#define BLOCKS 8                        /* of the reserve of memory */
#define BLOCK_SIZE (32 << 10)           /* so small that libc keeps a freed block, and gives it to the next caller */

struct refused {
	int epoll, fd;
	struct epoll_event event;
};

/* There is one loop, and libev passes nothing on to epoll_ctl. */
static struct {
	struct engine *engine;          /* NULL: there is no loop */
	ev_timer timer;                 /* runs while there are any */
	struct refused *list;
	size_t count, room;
	bool is_logged;                 /* that there is no room was logged */
	int epoll;                      /* the loop's; 0: it has watched nothing yet */
	double begun, last;             /* when libev first and last lacked an epoll descriptor */
} waiting;

static void *reserve[BLOCKS];           /* of memory, for the moment when the kernel has none; NULL: it was used */

static int call_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	return (int)syscall(SYS_epoll_ctl, epoll, operation, fd, event);
}

static bool is_room_error(int error)
{
	return error == ENOSPC || error == ENOMEM;
}

static void forget_refused(size_t at)
{
	waiting.list[at] = waiting.list[--waiting.count];
}

/* An earlier request for the same descriptor is outdated. */
static void forget_fd(int epoll, int fd)
{
	for (size_t n = waiting.count; n > 0; n--) {
		if (waiting.list[n - 1].epoll == epoll && waiting.list[n - 1].fd == fd)
			forget_refused(n - 1);
	}
}

static void log_no_room(int error)
{
	struct event event = { .name = "no_room", .reason = strerror(error) };

	if (!waiting.is_logged)
		log_event(waiting.engine->log, LEVEL_ERROR, &event,
			  "the kernel has no room to watch %zu more descriptors (fs.epoll.max_user_watches): %s: they "
			  "are tried again", waiting.count, event.reason);
	waiting.is_logged = true;
}

/* Descriptors that the kernel takes, or no longer knows, do not wait any more. */
static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)events;
	for (size_t n = waiting.count; n > 0; n--) {
		struct refused *refused = &waiting.list[n - 1];

		if (call_epoll_ctl(refused->epoll, EPOLL_CTL_ADD, refused->fd, &refused->event) < 0 &&
		    is_room_error(errno)) {
			log_no_room(errno);
			return;
		}
		forget_refused(n - 1);
	}
	waiting.is_logged = false;
	ev_timer_stop(loop, timer);
}

static bool keep_refused(int epoll, int fd, const struct epoll_event *event)
{
	struct refused *list = array_grow(waiting.list, &waiting.room, waiting.count, sizeof(*list));

	if (!list)
		return false;
	waiting.list = list;
	list[waiting.count++] = (struct refused){ epoll, fd, *event };
	ev_timer_again(waiting.engine->loop, &waiting.timer);
	return true;
}

static int change_set(int epoll, int operation, int fd, struct epoll_event *event)
{
	int result, error;

	if (waiting.count)
		forget_fd(epoll, fd);
	result = call_epoll_ctl(epoll, operation, fd, event);
	if (result == 0 || !waiting.engine || operation != EPOLL_CTL_ADD || !is_room_error(errno))
		return result;
	error = errno;
	if (keep_refused(epoll, fd, event))
		return 0;
	errno = error;
	return result;
}

/* For the loop alone: what superd watches otherwise it asks the kernel for itself (os/proc/fd_hangup). */
int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	waiting.epoll = epoll;
	return change_set(epoll, operation, fd, event);
}

void loop_room_watch(int set, int operation, int fd, struct epoll_event *event)
{
	change_set(set, operation, fd, event);
}

void loop_room_leave(int fd)
{
	if (waiting.epoll)
		epoll_ctl(waiting.epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* libev makes its epoll descriptor anew after an event that it cannot explain, and calls this as often as that fails.
 * Without such a handler it ends the process. Nothing can go on without the descriptor, so superd waits here. */
static void await_descriptor(const char *call)
{
	int error = errno;

	if (clock_now() - waiting.last > 1)
		waiting.begun = clock_now();
	waiting.last = clock_now();
	if ((error != ENOMEM && error != EMFILE && error != ENFILE) || waiting.last - waiting.begun > WAIT_MOST) {
		errno = error;
		perror(call);
		abort();
	}
	poll(NULL, 0, WAIT_PAUSE);
}

static bool fill_reserve(void)
{
	bool any = false;

	for (size_t n = 0; n < BLOCKS; n++) {
		if (!reserve[n])
			reserve[n] = malloc(BLOCK_SIZE);
		any |= reserve[n] != NULL;
	}
	return any;
}

/* For ev_set_allocator: size 0 frees. libev asks seldom, when what it watches grows. It may want the size of several
 * blocks. */
static void *allocate_for_libev(void *at, long size)
{
	void *got = NULL;

	if (size <= 0)
		free(at);
	else
		got = realloc(at, (size_t)size);
	if (got)
		fill_reserve();
	for (size_t n = 0; size > 0 && !got && n < BLOCKS; n++) {
		free(reserve[n]);
		reserve[n] = NULL;
		got = realloc(at, (size_t)size);
	}
	return got;
}

bool loop_room_reserve(void)
{
	ev_set_allocator(allocate_for_libev);
	return fill_reserve();
}

void loop_room_begin(struct engine *engine)
{
	ev_set_syserr_cb(await_descriptor);
	waiting.engine = engine;
	ev_init(&waiting.timer, on_timer);
	waiting.timer.repeat = RETRY;
}

void loop_room_end(struct engine *engine)
{
	if (engine->loop)
		ev_timer_stop(engine->loop, &waiting.timer);
	free(waiting.list);
	memset(&waiting, 0, sizeof(waiting));
}
