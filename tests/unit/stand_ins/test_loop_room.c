/* The kernel has no memory, descriptor or room for what the loop is to watch, and then has. */
#include <dlfcn.h>
#include <ev.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "superd/loop/loop_room.h"
#include "tests/unit/own_clock.h"
#include "tests/unit/unit.h"

static int refusals;                    /* how many descriptors the kernel is yet to refuse */
static int refused;
static int added;

/* In libc's place. */
__attribute__((no_sanitize_address)) long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long arguments[6];
	va_list list;

	va_start(list, number);
	for (int n = 0; n < 6; n++)
		arguments[n] = va_arg(list, long);
	va_end(list);
	added += number == SYS_epoll_ctl && (int)arguments[1] == EPOLL_CTL_ADD;
	if (number != SYS_epoll_ctl || (int)arguments[1] != EPOLL_CTL_ADD || !refusals)
		return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
	refusals--;
	refused++;
	errno = ENOSPC;
	return -1;
}

static int failures;                    /* how many epoll descriptors the kernel is yet to refuse */

/* In libc's place. */
int epoll_create1(int flags)
{
	if (!failures)
		return (int)syscall(SYS_epoll_create1, flags);
	failures--;
	errno = ENOMEM;
	return -1;
}

static int heard;

static void on_ready(struct ev_loop *loop, ev_io *io, int events)
{
	cr_expect(events == EV_READ, "it is told of an error");
	heard++;
	ev_io_stop(loop, io);
}

Test(loop_room, a_descriptor_that_was_refused_is_watched_once_there_is_room)
{
	const char *why;
	struct engine engine = {
		.loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL),
		.log = log_open("file:/dev/null", false, LEVEL_ERROR, &why),
	};
	ev_io first, second;
	int ends[2];

	cr_assert(engine.loop && engine.log && pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
	loop_room_begin(&engine);
	ev_io_init(&first, on_ready, ends[0], EV_READ);
	ev_io_start(engine.loop, &first);
	refusals = 3;
	for (int n = 0; n < 100 && !heard; n++) {
		ev_run(engine.loop, EVRUN_NOWAIT);
		own_clock_advance(.1);
	}
	cr_expect_eq(heard, 1);
	cr_expect_eq(refused, 3);

	/* One that is closed while it waits is forgotten, whoever has its number then. */
	refusals = 1;
	ev_io_init(&second, on_ready, ends[1], EV_WRITE);
	ev_io_start(engine.loop, &second);
	ev_run(engine.loop, EVRUN_NOWAIT);
	ev_io_stop(engine.loop, &second);
	close(ends[1]);
	for (int n = 0; n < 10; n++) {
		ev_run(engine.loop, EVRUN_NOWAIT);
		own_clock_advance(.1);
	}
	cr_expect_eq(heard, 1);
	loop_room_end(&engine);
	ev_loop_destroy(engine.loop);
	log_close(engine.log);
	close(ends[0]);
}

Test(loop_room, a_set_of_superds_own_gets_what_was_refused_too)
{
	const char *why;
	struct engine engine = {
		.loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL),
		.log = log_open("file:/dev/null", false, LEVEL_ERROR, &why),
	};
	int set = epoll_create1(EPOLL_CLOEXEC), ends[2];
	struct epoll_event event = { .events = EPOLLIN };
	ev_io io;

	cr_assert(engine.loop && engine.log && set >= 0 && pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
	loop_room_begin(&engine);
	ev_io_init(&io, on_ready, set, EV_READ);
	ev_io_start(engine.loop, &io);
	ev_run(engine.loop, EVRUN_NOWAIT);
	refusals = 2;
	loop_room_watch(set, EPOLL_CTL_ADD, ends[0], &event);
	for (int n = 0; n < 100 && !heard; n++) {
		own_clock_advance(.1);
		ev_run(engine.loop, EVRUN_NOWAIT);
	}
	cr_expect_eq(heard, 1);
	cr_expect_eq(refused, 2);
	loop_room_end(&engine);
	ev_loop_destroy(engine.loop);
	log_close(engine.log);
	close(set);
	close(ends[0]);
	close(ends[1]);
}

Test(loop_room, a_descriptor_that_others_have_is_left_for_good)
{
	struct engine engine = { .loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL) };
	ev_io shared, own;
	int ends[2], quiet[2], copy, before;

	cr_assert(engine.loop && pipe(ends) == 0 && pipe(quiet) == 0 && (copy = dup(ends[0])) >= 0);
	loop_room_begin(&engine);
	ev_io_init(&own, on_ready, quiet[0], EV_READ);
	ev_io_start(engine.loop, &own);
	ev_io_init(&shared, on_ready, copy, EV_READ);
	ev_io_start(engine.loop, &shared);
	ev_run(engine.loop, EVRUN_NOWAIT);
	before = added;
	ev_io_stop(engine.loop, &shared);
	loop_room_leave(copy);
	close(copy);
	cr_assert_eq(write(ends[1], "x", 1), 1);        /* for whoever has it */
	for (int n = 0; n < 3; n++)
		ev_run(engine.loop, EVRUN_NOWAIT);
	cr_expect_eq(heard, 0);
	cr_expect_eq(added, before, "all are watched anew");
	ev_io_stop(engine.loop, &own);
	loop_room_end(&engine);
	ev_loop_destroy(engine.loop);
	for (int n = 0; n < 2; n++) {
		close(ends[n]);
		close(quiet[n]);
	}
}

Test(loop_room, a_loop_without_a_descriptor_tries_again)
{
	struct engine engine = { .loop = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL) };
	ev_io io;
	int ends[2];

	cr_assert(engine.loop && pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
	loop_room_begin(&engine);
	ev_io_init(&io, on_ready, ends[0], EV_READ);
	ev_io_start(engine.loop, &io);
	failures = 3;
	ev_loop_fork(engine.loop);
	ev_run(engine.loop, EVRUN_ONCE);
	cr_expect_eq(failures, 0);
	cr_expect_eq(heard, 1);
	loop_room_end(&engine);
	ev_loop_destroy(engine.loop);
	close(ends[0]);
	close(ends[1]);
}

#define WATCHERS 400

static ev_timer timers[WATCHERS];

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
}

/* Takes all there is, the smallest pieces too. */
static void exhaust(void)
{
	const struct rlimit none = { 1 << 20, 1 << 20 };

	setrlimit(RLIMIT_AS, &none);
	for (size_t size = 1 << 20; size >= 16; size /= 2) {
		for (void *piece; (piece = malloc(size)); )
			memset(piece, 1, 1);
	}
}

/* In a process of its own: it has no memory left, or one block when the loop is made. */
static int status_of(bool (*keep)(void), bool late)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		void *block = malloc(32 << 10);
		struct ev_loop *loop;

		if (late)
			exhaust();
		free(block);
		if (!keep())
			_exit(1);
		loop = ev_loop_new(EVFLAG_AUTO);
		if (!late)
			exhaust();
		for (size_t n = 0; n < WATCHERS; n++) {
			ev_timer_init(&timers[n], on_timer, 1000., 0.);
			ev_timer_start(loop, &timers[n]);
		}
		ev_run(loop, EVRUN_NOWAIT);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

static bool keep_nothing(void)
{
	return true;
}

static bool is_sanitized(void)
{
	const char *sanitized = getenv("SANITIZED");

	return sanitized && !strcmp(sanitized, "yes");
}

Test(loop_room, there_is_memory_for_the_loop_when_all_else_is_taken)
{
	if (is_sanitized())
		cr_skip_test("sanitizers have an allocator of their own");
	cr_assert(WIFSIGNALED(status_of(keep_nothing, false)), "all of the memory was not taken");
	cr_expect_eq(status_of(loop_room_reserve, false), 0);
	cr_expect_eq(status_of(loop_room_reserve, true), 0);
}
