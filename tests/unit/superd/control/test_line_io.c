/* A connection of the control socket: lines in, lines out, bounded both ways, and nobody is waited for. */
#include <poll.h>

#include "lib/fd.h"
#include "lib/fd_message.h"
#include "superd/control/line_io.h"
#include "tests/unit/unit.h"

static struct engine engine;
static struct line_io io;
static int other;
static struct {
	char lines[8][64];
	size_t count;
	const char *malformed;
	unsigned rooms;
	bool gone;
	bool stays_busy;
} heard;

static void on_line(const char *line)
{
	cr_assert_lt(heard.count, 8);
	snprintf(heard.lines[heard.count++], sizeof(heard.lines[0]), "%s", line);
	if (heard.stays_busy)
		line_io_begin(&io, true);
}

static void on_ready(struct watch *watch, bool readable, bool writable)
{
	char line[LINE_IO_REQUEST_MOST];

	cr_assert_eq(watch, &io.watch);
	line_io_begin_turn(&io, readable, writable);
	if (line_io_wants_more(&io)) {
		heard.rooms++;
		line_io_want_room(&io, false);
	}
	switch (line_io_take(&io, line, &heard.malformed)) {
	case LINE_IO_NOTHING:
		break;
	case LINE_IO_REQUEST:
		on_line(line);
		break;
	case LINE_IO_MALFORMED:
		line_io_close_when_sent(&io);
		break;
	}
	heard.gone = !line_io_end_turn(&io);
	if (heard.gone)
		line_io_close(&io);
}

static void open_io(void)
{
	int ends[2];

	memset(&heard, 0, sizeof(heard));
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	engine.loop = ev_default_loop(EVFLAG_NOENV);
	other = ends[1];
	line_io_open(&io, &engine, ends[0], on_ready);
}

static void close_io(void)
{
	if (!heard.gone)
		line_io_close(&io);
	if (other >= 0)
		close(other);
}

static void turn(void)
{
	for (int n = 0; n < 20; n++)
		ev_run(engine.loop, EVRUN_NOWAIT);
}

static void come(const char *text)
{
	cr_assert_eq(write(other, text, strlen(text)), (ssize_t)strlen(text));
	turn();
}

static void say(const char *text)
{
	struct buf line = { 0 };

	buf_text(&line, text);
	line_io_send(&io, &line);
	buf_free(&line);
}

TestSuite(line_io, .init = open_io, .fini = close_io);

Test(line_io, hands_out_a_line_once_it_is_whole)
{
	come("sta");
	cr_assert_eq(heard.count, 0);
	come("tus web\nlist");
	cr_assert_eq(heard.count, 1);
	cr_expect_str_eq(heard.lines[0], "status web");
	come("\n");
	cr_expect_str_eq(heard.lines[1], "list");
}

Test(line_io, hands_out_the_next_line_when_the_one_before_is_answered)
{
	heard.stays_busy = true;
	come("one\ntwo\n");
	cr_assert_eq(heard.count, 1);
	line_io_end(&io);
	turn();
	cr_assert_eq(heard.count, 2);
	cr_expect_str_eq(heard.lines[1], "two");
}

/* A stranger's could hang. */
Test(line_io, is_gone_when_descriptors_come)
{
	int ends[2];

	cr_assert_eq(fd_pipe(ends), 0);
	cr_assert(fd_message_send(other, "run\n", 4, ends, 1, 0));
	close(ends[0]);
	close(ends[1]);
	turn();
	cr_expect(heard.gone);
}

/* Whoever sends many at once leaves the others their turns. */
Test(line_io, hands_out_one_line_a_turn)
{
	cr_assert_eq(write(other, "one\ntwo\nthree\n", 14), 14);
	for (size_t n = 1; n <= 3; n++) {
		ev_run(engine.loop, EVRUN_NOWAIT);
		cr_expect_eq(heard.count, n);
	}
	cr_expect_str_eq(heard.lines[2], "three");
}

Test(line_io, hands_out_what_came_before_the_end)
{
	cr_assert_eq(write(other, "one\ntwo\nthree\nfo", 16), 16);
	cr_assert_eq(shutdown(other, SHUT_WR), 0);
	turn();
	cr_expect_eq(heard.count, 3);
	cr_expect(heard.gone);
}

Test(line_io, refuses_a_line_without_an_end)
{
	char much[LINE_IO_REQUEST_MOST + 1];

	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	come(much);
	cr_expect_not_null(heard.malformed);
	cr_expect(heard.gone);
	cr_expect_eq(heard.count, 0);
}

Test(line_io, refuses_a_line_with_a_nul)
{
	cr_assert_eq(write(other, "li\0st\n", 6), 6);
	turn();
	cr_expect_not_null(heard.malformed);
	cr_expect_eq(heard.count, 0);
}

Test(line_io, takes_a_line_as_long_as_may_be)
{
	char much[LINE_IO_REQUEST_MOST];

	memset(much, 'x', sizeof(much));
	much[sizeof(much) - 1] = '\n';
	cr_assert_eq(write(other, much, sizeof(much)), (ssize_t)sizeof(much));
	turn();
	cr_expect_null(heard.malformed);
	cr_expect_eq(heard.count, 1);
}

Test(line_io, stops_reading_who_sends_ahead_of_the_answers)
{
	char much[LINE_IO_REQUEST_MOST];
	size_t sent = 0;
	ssize_t more;

	heard.stays_busy = true;
	come("one\n");
	memset(much, '\n', sizeof(much));
	while ((more = write(other, much, sizeof(much))) > 0) {
		sent += (size_t)more;
		turn();
		cr_assert_lt(sent, 8u << 20, "it reads on and on");
	}
	cr_expect_eq(heard.count, 1);
	cr_expect_not(heard.gone);
}

Test(line_io, sends_what_is_said)
{
	char text[32] = "";

	say("{\"done\":true}\n");
	turn();
	cr_assert_eq(read(other, text, sizeof(text) - 1), 14);
	cr_expect_str_eq(text, "{\"done\":true}\n");
}

Test(line_io, has_no_room_while_much_is_unread)
{
	char line[4096];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (int n = 0; n < 1000 && line_io_has_room(&io); n++) {
		say(line);
		turn();
	}
	cr_expect_not(line_io_has_room(&io));
	cr_expect_not(heard.gone);
	cr_expect_lt(line_io_pending(&io), (size_t)LINE_IO_OUTPUT_MOST);
}

Test(line_io, cuts_off_who_has_far_too_much_unread)
{
	char line[65536];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	for (int n = 0; n < 100 && !heard.gone; n++) {
		say(line);
		turn();
	}
	cr_expect(heard.gone);
}

Test(line_io, asks_for_more_when_all_is_sent)
{
	heard.stays_busy = true;
	come("one\n");
	cr_expect_eq(heard.rooms, 1);
	turn();
	cr_expect_eq(heard.rooms, 1, "it was told that there is nothing more");
	line_io_want_room(&io, true);
	turn();
	cr_expect_eq(heard.rooms, 2);
}

/* Also when all that there was has been sent, and more is to be had. */
Test(line_io, is_blocked_by_who_does_not_read)
{
	char text[4096];

	line_io_begin(&io, true);
	turn();
	cr_expect_not(line_io_is_blocked(&io));
	memset(text, 'x', sizeof(text));
	while (write(io.fd, text, sizeof(text)) > 0)
		;
	line_io_want_room(&io, true);
	cr_expect_eq(line_io_pending(&io), 0);
	cr_expect(line_io_is_blocked(&io));
	line_io_want_room(&io, false);
	cr_expect_not(line_io_is_blocked(&io), "nothing more is to come");
	line_io_want_room(&io, true);
	while (read(other, text, sizeof(text)) > 0)
		;
	cr_expect_not(line_io_is_blocked(&io));
}

Test(line_io, answers_who_is_done_asking)
{
	char text[8] = "";

	heard.stays_busy = true;
	come("one\n");
	cr_assert_eq(shutdown(other, SHUT_WR), 0);
	turn();
	cr_assert_not(heard.gone);
	say("yes\n");
	line_io_end(&io);
	turn();
	cr_expect_eq(read(other, text, sizeof(text) - 1), 4);
	cr_expect(heard.gone);
}

Test(line_io, notices_at_once_who_is_gone_for_good)
{
	heard.stays_busy = true;
	come("one\n");
	close(other);
	other = -1;
	turn();
	cr_expect(heard.gone);
}

Test(line_io, leaves_when_all_is_sent)
{
	say("bye\n");
	line_io_close_when_sent(&io);
	turn();
	cr_expect(heard.gone);
}

Test(line_io, does_not_wake_for_nothing)
{
	come("one\n");
	ev_run(engine.loop, EVRUN_NOWAIT);
	cr_expect_eq(ev_pending_count(engine.loop), 0);
	cr_expect_eq(io.watch.io.events & EV_WRITE, 0);
}
