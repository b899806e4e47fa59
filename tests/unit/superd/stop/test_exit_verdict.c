/* When successful ends are suspected to be of a backend that takes no client, so that its next start waits for a proof
 * (superd/stop/start_look). */
#include "tests/unit/bind_fixture.h"

#include "superd/stop/exit_verdict.h"
#include "superd/stop/queue_notes.h"

#define MANY 40

static struct engine engine;
static struct exec_options options_of_exec;
static const struct service service = { .name = "web", .exec = &options_of_exec };
static struct listener listener;
static struct queue_notes notes;
static struct service_run run = { .notes = &notes };
static struct service_runtime runtime = {
	.engine = &engine, .service = &service, .run = &run, .listeners = &listener, .listener_count = 1,
};
static struct listen listen_one;
static int clients[2 * MANY];
static size_t came;

static void begin(const char *address)
{
	listen_one = listen_of(address);
	listener = (struct listener){ .fd = opened(&listen_one), .listen = &listen_one };
	notes = (struct queue_notes){ .no_progress_limit = NO_PROGRESS_LIMIT };
}

static void finish(void)
{
	while (came)
		close(clients[--came]);
	close(listener.fd);
}

static void come(void)
{
	clients[came++] = connected(AF_INET, SOCK_STREAM, port_of(listener.fd));
}

static void end(void)
{
	struct ending ending = { .lasted = .001, .result = RESULT_SUCCESS };

	cr_assert_eq(exit_verdict_end(&runtime, &ending, queue_notes_count(&runtime), ""), EXITED);
}

TestSuite(exit_verdict, .init = set_up, .fini = tear_down, .timeout = 120);

Test(exit_verdict, suspects_who_takes_nobody)
{
	begin("tcp:127.0.0.1:0");
	come();
	for (int n = 0; n < NO_PROGRESS_LIMIT; n++) {
		cr_assert_not(queue_notes_wants_proof(&runtime));
		queue_notes_note_start(&runtime);
		end();
	}
	cr_expect(queue_notes_wants_proof(&runtime));
	cr_expect_eq(notes.no_progress_limit, NO_PROGRESS_LIMIT);
	finish();
}

Test(exit_verdict, suspects_who_takes_nobody_while_more_come)
{
	begin("tcp:127.0.0.1:0");
	come();
	for (int n = 0; n < NO_PROGRESS_LIMIT; n++) {
		cr_assert_not(queue_notes_wants_proof(&runtime));
		come();
		queue_notes_note_start(&runtime);
		come();
		end();
	}
	cr_expect(queue_notes_wants_proof(&runtime));
	cr_expect_eq(notes.no_progress_limit, NO_PROGRESS_LIMIT);
	finish();
}
