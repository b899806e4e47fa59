/* Whose node it is that is watched: somebody may put another in its place before superd has begun to watch it. */
#include "tests/unit/bind_fixture.h"

#include "os/fs/path_watch.h"
#include "superd/socket/listeners.h"
#include "superd/socket/socket_path_watch.h"
#include "superd/loop/engine.h"
#include "superd/loop/events.h"
#include "tests/unit/own_clock.h"

static struct listeners listeners;
static struct engine engine = { .listeners = &listeners };
static struct watch_ids looked_at;
static bool has_looked;

static void take_marks(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	(void)loop, (void)watcher, (void)events;
	cr_expect(engine.events.paths_touched);
	looked_at = *socket_path_watch_touched(&engine);
	has_looked = true;
}

static void begin(void)
{
	set_up();
	has_looked = false;
	engine.loop = ev_default_loop(EVFLAG_NOENV);
	events_init(&engine, take_marks);
}

static void end(void)
{
	socket_path_watch_free(&engine);
	tear_down();
}

TestSuite(watches, .init = begin, .fini = end, .timeout = 120);

static void turn(void)
{
	ev_run(engine.loop, EVRUN_NOWAIT);
	own_clock_advance(.05);
}

static void turn_until_it_looks(void)
{
	while (!has_looked)
		turn();
}

static int watched(const struct listen *listen, int fd)
{
	int mark = socket_path_watch_watch(&engine, listen, fd);

	if (!listeners.path_watches || (mark == 0 && access(listen->address->address, F_OK) == 0)) {
		end();
		cr_skip_test("no inotify here");
	}
	return mark;
}

Test(watches, looks_at_one_that_was_replaced_before_it_was_watched)
{
	struct listen listen = listen_at("unix", "a.sock"), theirs = listen_at("unix", "b.sock");
	int fd = opened(&listen), other = opened(&theirs), mark;

	cr_assert_eq(rename(theirs.address->address, listen.address->address), 0);
	mark = watched(&listen, fd);
	turn_until_it_looks();
	cr_expect_gt(mark, 0);
	cr_expect(watch_ids_have(&looked_at, mark));
	close(fd);
	close(other);
}

Test(watches, looks_at_a_fifo_that_was_replaced_before_it_was_watched)
{
	struct listen listen = listen_at("fifo", "a"), theirs = listen_at("fifo", "b");
	int fd = opened(&listen), other = opened(&theirs), mark;

	cr_assert_eq(rename(theirs.address->address, listen.address->address), 0);
	mark = watched(&listen, fd);
	turn_until_it_looks();
	cr_expect(watch_ids_have(&looked_at, mark));
	close(fd);
	close(other);
}

Test(watches, looks_at_all_when_one_went_before_it_was_watched)
{
	struct listen listen = listen_at("unix", "a.sock");
	int fd = opened(&listen);

	cr_assert_eq(unlink(listen.address->address), 0);
	cr_expect_eq(watched(&listen, fd), 0);
	turn_until_it_looks();
	cr_expect(looked_at.all);
	close(fd);
}

Test(watches, looks_at_none_that_is_as_it_was_made)
{
	struct listen listen = listen_at("unix", "a.sock");
	int fd = opened(&listen), mark = watched(&listen, fd);

	for (int n = 0; n < 100; n++)
		turn();
	cr_expect_gt(mark, 0);
	cr_expect(!looked_at.all && !looked_at.count);
	close(fd);
}
