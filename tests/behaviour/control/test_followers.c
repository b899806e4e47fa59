/* A client that follows the events without reading: what superd dropped meanwhile is counted. */
#include <sys/ioctl.h>

#include "controlling.h"

static int follower, other;

static void make_events(void)
{
	cr_assert(control_is_done(control_ask(other, "hold web")));
	cr_assert(control_is_done(control_ask(other, "release web")));
}

static bool follows(void)
{
	make_events();
	return !client_is_quiet(follower, 0);
}

static struct superd *run_followed(void)
{
	struct superd *superd =
		controlled_run("service web {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n}\n", backend("serve"));

	superd_wait_log(superd, "web: listening on ");
	follower = control_connect();
	other = control_connect();
	client_send(follower, "log --lines=0 --follow\n");
	WAIT_UNTIL(follows());
	return superd;
}

/* Until the kernel takes no more for the follower, so that superd keeps the rest. */
static void make_it_wait(void)
{
	int before, queued = 0;

	do {
		before = queued;
		make_events();
		cr_assert_eq(ioctl(follower, FIONREAD, &queued), 0);
	} while (queued > before);
}

static void end_all(struct superd *superd)
{
	close(follower);
	close(other);
	superd_stop(superd);
}

Behaviour(followers, events_that_were_dropped_are_told_of)
{
	struct superd *superd = run_followed();
	size_t told = 0;
	const char *line;

	make_it_wait();
	for (int n = 0; n < 400; n++)
		make_events();
	do {
		line = client_line(follower);
		told += strstr(line, " requested: ") != NULL;
	} while (!strstr(line, "\"dropped\":"));
	cr_expect_gt(strtol(control_value(line, "dropped"), NULL, 10) + (long)told, 800, "%zu, %s", told, line);
	close(other);
	other = control_connect();
	make_events();
	cr_expect_not_null(strstr(client_line(follower), " requested: "));
	end_all(superd);
}
