/* Lines of the log on their way to a client that follows them. */
#include "superd/control/event_stream.h"
#include "superd/control/server.h"
#include "tests/unit/unit.h"

static struct supervisor supervisor;
static struct server server = { .supervisor = &supervisor };
static struct session session = { .server = &server, .supervisor = &supervisor };
static int client;
static unsigned saves;

static void count_save(struct engine *engine)
{
	cr_expect_eq(engine, &supervisor.engine);
	saves++;
}

static void ignore(struct watch *watch, bool readable, bool writable)
{
	(void)watch, (void)readable, (void)writable;
}

static void begin_following(void)
{
	const char *why;
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	client = ends[1];
	supervisor.engine.loop = ev_loop_new(0);
	supervisor.engine.log = log_open("file:/dev/null", false, LEVEL_INFO, &why);
	supervisor.engine.save_changes = count_save;
	cr_assert(supervisor.engine.loop && supervisor.engine.log);
	line_io_open(&session.io, &supervisor.engine, ends[0], ignore);
	session.request.level = LEVEL_INFO;
	list_init(&server.sessions);
	list_add(&server.sessions, &session.link);
	event_stream_open(&server);
	event_stream_follow(&session);
}

static void end_following(void)
{
	session_end_request(&session);
	buf_free(&session.line);
	line_io_close(&session.io);
	close(client);
	log_close(supervisor.engine.log);
	recent_log_free(&server.recent_log);
	ev_loop_destroy(supervisor.engine.loop);
}

TestSuite(event_stream, .init = begin_following, .fini = end_following);

static const char *received(void)
{
	static char text[4096];
	ssize_t length = read(client, text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

/* superd may log in the middle of a change, and a follower must not cost a write for each line. */
Test(event_stream, sends_lines_and_saves_no_state)
{
	log_notice(supervisor.engine.log, "the first");
	log_notice(supervisor.engine.log, "the second");
	cr_expect_not_null(strstr(received(), "the second"));
	cr_expect_eq(saves, 0u);
}

Test(event_stream, counts_what_it_drops_and_saves_no_state)
{
	char large[4000] = "";
	const char *text;

	memset(large, 'x', sizeof(large) - 1);
	for (int n = 0; n < 1000 && line_io_has_room(&session.io); n++)
		log_notice(supervisor.engine.log, "%s", large);
	cr_assert_not(line_io_has_room(&session.io));
	log_notice(supervisor.engine.log, "%s", large);
	while (*received())
		line_io_begin_turn(&session.io, false, true);
	session.ops->room(&session);
	(void)line_io_end_turn(&session.io);
	text = received();
	cr_expect_not_null(strstr(text, "\"dropped\":1"), "%s", text);
	cr_expect_eq(saves, 0u);
}

/* What superd says that it has done must outlive it. */
Test(event_stream, ends_by_an_answer_that_saves_the_state)
{
	session_done(&session);
	cr_expect_not_null(strstr(received(), "\"done\":true"));
	cr_expect_eq(saves, 1u);
}
