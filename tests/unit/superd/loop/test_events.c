/* What waits for a service to hear of it: in the order of posting, once each, right after the present callback. */
#include "superd/loop/engine.h"
#include "superd/loop/events.h"
#include "tests/unit/unit.h"

static struct engine engine;
static struct posted posted[3];
static char heard[64];

static void take_all(void)
{
	unsigned char event;

	while (engine.events.first) {
		struct posted *first = engine.events.first;

		while (events_take(&engine, first, &event))
			strncat(heard, (char[]){ (char)event, '\0' }, sizeof(heard) - strlen(heard) - 1);
	}
}

static void on_posted(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	(void)loop, (void)events;
	cr_expect_eq(watcher->data, &engine);
	strcat(heard, "(");
	take_all();
	strcat(heard, ")");
}

static void set_up(void)
{
	engine = (struct engine){ 0 };
	memset(posted, 0, sizeof(posted));
	*heard = '\0';
	events_init(&engine, on_posted);
}

TestSuite(events, .init = set_up);

Test(events, are_taken_in_the_order_of_posting)
{
	events_post(&engine, &posted[0], 'a');
	events_post(&engine, &posted[0], 'b');
	events_post(&engine, &posted[1], 'c');
	events_post(&engine, &posted[0], 'd');
	take_all();
	cr_expect_str_eq(heard, "abdc");
	cr_expect_null(engine.events.first);
}

Test(events, wait_once_each_in_their_first_place)
{
	events_post(&engine, &posted[0], 'a');
	events_post(&engine, &posted[0], 'b');
	events_post(&engine, &posted[0], 'a');
	take_all();
	cr_expect_str_eq(heard, "ab");
}

Test(events, of_a_service_that_goes_are_dropped_wherever_it_stands)
{
	for (int gone = 0; gone < 3; gone++) {
		*heard = '\0';
		for (int n = 0; n < 3; n++)
			events_post(&engine, &posted[n], (unsigned char)('a' + n));
		events_forget(&engine, &posted[gone]);
		events_forget(&engine, &posted[gone]);
		events_post(&engine, &posted[(gone + 1) % 3], 'z');
		take_all();
		cr_expect_eq(strlen(heard), 3u);
		cr_expect_null(strchr(heard, 'a' + gone));
		cr_expect_null(engine.events.first);
	}
}

static void on_first(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop, (void)timer, (void)events;
	events_post(&engine, &posted[0], 'x');
	strcat(heard, "1");
}

static void on_second(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)timer, (void)events;
	strcat(heard, "2");
	ev_break(loop, EVBREAK_ALL);
}

/* ENABLE is 0. */
Test(events, of_all_kinds_have_room_at_once)
{
	unsigned char event;

	for (int round = 0; round < 2; round++) {
		for (unsigned char n = 0; n < POSTED_MOST; n++)
			events_post(&engine, &posted[0], n);
		events_post(&engine, &posted[0], 0);
		cr_expect_eq(events_posted(&posted[0]), POSTED_MOST);
		for (unsigned n = 0; n < POSTED_MOST; n++) {
			cr_assert(events_take(&engine, &posted[0], &event));
			cr_expect_eq(event, n);
			cr_expect_eq(events_posted(&posted[0]), POSTED_MOST - 1 - n);
		}
		cr_expect_not(events_take(&engine, &posted[0], &event));
		cr_expect_null(engine.events.first);
	}
}

/* Both timers are due in one turn of the loop. */
Test(events, are_heard_of_right_after_the_callback_that_posts_them)
{
	ev_timer first, second;

	engine.loop = ev_default_loop(0);
	ev_timer_init(&first, on_first, 0., 0.);
	ev_timer_init(&second, on_second, 0., 0.);
	ev_set_priority(&first, EV_MAXPRI);
	ev_timer_start(engine.loop, &first);
	ev_timer_start(engine.loop, &second);
	ev_run(engine.loop, 0);
	cr_expect_str_eq(heard, "1(x)2");
}
