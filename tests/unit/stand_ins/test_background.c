/* What a program has left in the background, and what the search for it costs where there is nothing. The list of
 * superd's children is counted, and missing in one test. */
#include "superd/instance/background.h"
#include "tests/unit/unit.h"

#include <netinet/in.h>
#include <sys/prctl.h>

#include "superd/instance/instance.h"
#include "superd/process/adopted.h"
#include "superd/instance/runtime.h"

static const struct exec_options options = { .pass = PASS_SYSTEMD };
static const struct identity_options identity = { 0 };
static const struct hardening_options hardening = { 0 };
static const struct option_groups groups = { .identity = &identity, .hardening = &hardening };
static const struct service service = { .name = "web", .exec = &options, .groups = &groups };
static const struct endpoint endpoint = { .kind = ENDPOINT_TCP };
static const struct listen listen_option = { .endpoint = &endpoint, .address = &endpoint };
static struct instances instances;
static struct engine engine = { .instances = &instances };
static struct listener listener = { .listen = &listen_option };
static struct service_run run;
static struct service_runtime runtime = {
	.engine = &engine, .service = &service, .listeners = &listener, .listener_count = 1, .run = &run,
};
static pid_t processes[2];
static size_t process_count;
static unsigned lists;
static bool lists_none;

pid_t *__real_adopted_list(void);
pid_t *__wrap_adopted_list(void);

pid_t *__wrap_adopted_list(void)
{
	lists++;
	return lists_none ? NULL : __real_adopted_list();
}

static void set_up(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	list_init(&instances.lingering);
	run.runtime = &runtime;
	engine.loop = ev_loop_new(0);
	listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(listener.fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener.fd, 16), 0);
	cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

static void tear_down(void)
{
	background_free(&runtime);
	child_table_free(&engine.children);
	while (process_count > 0) {
		kill(processes[--process_count], SIGKILL);
		cr_expect_eq(waitpid(processes[process_count], NULL, 0), processes[process_count]);
	}
	close(listener.fd);
	ev_loop_destroy(engine.loop);
}

TestSuite(background, .init = set_up, .fini = tear_down);

static pid_t start(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (;;)
			pause();
	}
	cr_assert_gt(pid, 0);
	processes[process_count++] = pid;
	return pid;
}

/* A process that has the listener, and whose parent has ended. */
static pid_t leave_process(void)
{
	int ends[2];
	pid_t parent, left = 0;

	cr_assert_eq(pipe(ends), 0);
	parent = fork();
	if (parent == 0) {
		left = start();
		_exit(write(ends[1], &left, sizeof(left)) != sizeof(left));
	}
	cr_assert_eq(waitpid(parent, NULL, 0), parent);
	cr_assert_eq(read(ends[0], &left, sizeof(left)), sizeof(left));
	processes[process_count++] = left;
	close(ends[0]);
	close(ends[1]);
	return left;
}

Test(background, is_searched_for_once_if_superd_has_only_children_that_it_knows)
{
	struct child child = { .pid = start() };

	child_table_add(&engine.children, &child);
	background_look(&runtime);
	cr_expect_eq(lists, 1u);
	cr_expect_null(run.background);
	child_table_remove(&engine.children, &child);
}

/* Its parent may have ended during the first search. */
Test(background, is_searched_for_again_if_superd_has_another_child)
{
	pid_t left = leave_process();

	background_look(&runtime);
	cr_expect_eq(lists, 2u);
	cr_assert(run.background);
	cr_expect_eq(background_pid(&runtime), left);
}

/* Without CONFIG_PROC_CHILDREN superd looks at all processes. */
Test(background, is_found_where_the_kernel_lists_no_children)
{
	pid_t left = leave_process();

	lists_none = true;
	background_look(&runtime);
	cr_assert(run.background);
	cr_expect_eq(background_pid(&runtime), left);
}

/* A client has come in the same turn of the loop. */
Test(background, whose_end_leaves_a_start_alone)
{
	pid_t left = leave_process();

	runtime.state.sockets = SOCKETS_OPEN;
	background_look(&runtime);
	cr_assert(run.background);
	kill(left, SIGKILL);
	cr_assert_eq(waitpid(left, NULL, 0), left);
	process_count--;
	runtime_post(&runtime, ACTIVITY);
	cr_expect_eq(background_pid(&runtime), 0);
	cr_expect_eq(runtime_next_state(&runtime), STARTING);
	cr_expect(ev_is_active(&run.timer));
	runtime_stop_timer(&runtime);
}
