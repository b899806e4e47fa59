/* How a diff ends that is not done in time. The test decides when the table is read, and the client reads nothing
 * before the end. */
#include "superd/control/server.h"
#include "superd/control/verbs.h"
#include "tests/unit/unit.h"

static struct supervisor supervisor;
static struct server server = { .supervisor = &supervisor };
static struct session session = { .server = &server, .supervisor = &supervisor };
static int client, release[2];
static bool was_read;

static struct table *read_when_released(struct config_loader *loader, struct diags *diags)
{
	char byte;

	(void)loader;
	if (read(release[0], &byte, 1) != 0)
		diag_error(diags, (struct origin){ 0 }, "it was not released by the end of the pipe");
	return NULL;
}

static void on_read(struct config_loader *loader, enum load_task task, struct table *table, struct diags *diags)
{
	(void)loader;
	cr_expect_eq(task, LOAD_PREVIEW);
	cr_expect_null(table);
	cr_expect_eq(diags->errors, 0u);
	was_read = true;
}

static void ignore(struct watch *watch, bool readable, bool writable)
{
	(void)watch, (void)readable, (void)writable;
}

static void begin_diff(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	cr_assert_eq(pipe(release), 0);
	client = ends[1];
	supervisor.engine.loop = ev_loop_new(0);
	supervisor.loader.load = read_when_released;
	supervisor.loader.loaded = on_read;
	config_loader_init(&supervisor.loader, supervisor.engine.loop);
	line_io_open(&session.io, &supervisor.engine, ends[0], ignore);
	list_init(&server.sessions);
	list_add(&server.sessions, &session.link);
	session.request = (struct request){ .options = ASKS_TIMEOUT, .timeout = 0 };
	verb_diff_begin(&session);
	cr_assert(session.ops);
}

static void end_diff(void)
{
	close(release[1]);
	while (!was_read)
		ev_run(supervisor.engine.loop, EVRUN_ONCE);
	worker_end(&supervisor.loader.worker);
	buf_free(&session.line);
	line_io_close(&session.io);
	ev_loop_destroy(supervisor.engine.loop);
	close(release[0]);
	close(client);
}

TestSuite(verb_diff, .init = begin_diff, .fini = end_diff);

static void expect_failure(const char *why)
{
	char text[4096];
	ssize_t length;

	while (session.ops)
		ev_run(supervisor.engine.loop, EVRUN_ONCE);
	length = read(client, text, sizeof(text) - 1);
	cr_assert_gt(length, 0);
	text[length] = '\0';
	cr_expect_not_null(strstr(text, why), "%s", text);
}

Test(verb_diff, names_the_reading_if_that_takes_too_long)
{
	expect_failure("\"the configuration was not read in time\"");
}

Test(verb_diff, names_the_comparison_if_the_table_was_read)
{
	struct diags diags = { 0 };

	diag_error(&diags, (struct origin){ 0 }, "for the client to read");
	verb_diff_end(&server, NULL, &diags);
	expect_failure("\"the comparison was not sent in time\"");
	diags_free(&diags);
}
