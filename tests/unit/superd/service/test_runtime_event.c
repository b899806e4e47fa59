/* What an event costs a service that was never started. */
#include "tests/unit/rows.h"

#include "superd/service/admission.h"
#include "superd/service/admission_state.h"
#include "superd/instance/instance.h"
#include "superd/instance/start_resources.h"
#include "superd/socket/listeners.h"
#include "superd/instance/service_list.h"
#include "superd/instance/start_queue.h"
#include "superd/service/runtime_event.h"

TestSuite(runtime_event, .init = set_up, .fini = tear_down);

static void on_posted(struct ev_loop *loop, ev_prepare *watcher, int events)
{
	(void)loop, (void)watcher, (void)events;
}

static void expect_no_run(const char *accept, enum service_event event)
{
	const struct service *service = row("service s {\n listen = \"127.0.0.1:1234\"\n exec = \"/bin/true\"\n"
					    " user = \"root\"\n accept = %s\n}\n", accept);
	struct engine engine = { .loop = ev_loop_new(0) };
	struct listeners listeners = { 0 };
	struct start_resources launch = { 0 };
	struct instances instances = { 0 };
	struct admission admission = { 0 };
	struct start_queue queue = { 0 };
	struct service_list list = { .wanting = { &list.wanting, &list.wanting } };
	struct service_runtime *runtime;

	engine.listeners = &listeners;
	engine.service_list = &list;
	events_init(&engine, on_posted);
	start_resources_init(&engine, &launch);
	instances_init(&engine, &instances);
	admission_init(&engine, &admission);
	start_queue_init(&engine, &queue);
	table->users++;
	runtime = runtime_new(&engine, table, service);
	cr_assert_not_null(runtime);
	runtime->state = (struct service_state){ .sockets = SOCKETS_OPEN };
	runtime_event(runtime, event);
	cr_expect_eq(runtime_state(runtime), OFF, "accept = %s", accept);
	cr_expect_null(runtime->run, "accept = %s", accept);
	runtime_free(runtime);
	admission_free(&engine);
	ev_loop_destroy(engine.loop);
}

/* Ten thousand services that superd ends would need 18 MB. */
Test(runtime_event, gives_no_run_to_a_service_that_ends_and_never_ran)
{
	expect_no_run("no", SHUTDOWN);
	expect_no_run("no", DISABLE);
	expect_no_run("yes", SHUTDOWN);
	expect_no_run("yes", DISABLE);
}
