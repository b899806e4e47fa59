/* A start that failed, told: the step, what it was about, why, and the line of the option that asked for it. And room
 * for the descriptors of one that does not. */
#include "tests/unit/rows.h"

#include <sys/resource.h>

#include "lib/fd.h"
#include "superd/instance/fd_map.h"
#include "superd/instance/start_request.h"

static struct buf text;

static void begin(void)
{
	set_up();
	doubtful = true;                /* no user is looked up: they are named for their lines alone */
}

static void finish(void)
{
	buf_free(&text);
	tear_down();
}

TestSuite(launch, .init = begin, .fini = finish, .timeout = 120);

static const char *told(const struct service *service, struct fault fault)
{
	buf_clear(&text);
	launch_describe_fault(service, &fault, &text);
	return buf_string(&text);
}

static const struct service *whole(void)
{
	return row("service a {\nlisten = 7\nexec = \"/bin/x\"\n"           /* 2, 3 */
		   "nice = 5\noom_score_adjust = 100\ncpu_affinity = { 0 }\n"   /* 4, 5, 6 */
		   "io_scheduling = idle\nrlimit_core = 0\nrlimit_nproc = 9\n"  /* 7, 8, 9 */
		   "root_directory = \"/\"\ncapability_bounding_set = { kill }\n"       /* 10, 11 */
		   "user = root\nambient_capabilities = { kill }\n"             /* 12, 13 */
		   "no_new_privileges = yes\nworking_directory = \"/\"\n}\n");  /* 14, 15 */
}

Test(launch, tells_the_line_of_the_option_each_step_obeys)
{
	static const struct {
		enum stage stage;
		const char *said;
	} cases[] = {
		{ STAGE_NICE, "setting nice: Operation not permitted (rows.conf:4)" },
		{ STAGE_OOM_SCORE, "setting oom_score_adjust: Operation not permitted (rows.conf:5)" },
		{ STAGE_IO_PRIORITY, "setting io_scheduling: Operation not permitted (rows.conf:7)" },
		{ STAGE_ROOT, "changing the root: Operation not permitted (rows.conf:10)" },
		{ STAGE_BOUNDING, "setting the capability bounding set: Operation not permitted (rows.conf:11)" },
		{ STAGE_GROUPS, "setting groups: Operation not permitted (rows.conf:12)" },
		{ STAGE_USER, "setting user: Operation not permitted (rows.conf:12)" },
		{ STAGE_AMBIENT, "setting ambient capabilities: Operation not permitted (rows.conf:13)" },
		{ STAGE_NO_NEW_PRIVILEGES, "setting no_new_privileges: Operation not permitted (rows.conf:14)" },
		{ STAGE_DIRECTORY, "changing directory: /: Operation not permitted (rows.conf:15)" },
		{ STAGE_EXEC, "exec: /bin/x: Operation not permitted (rows.conf:3)" },
		{ STAGE_DESCRIPTORS, "passing descriptors: Operation not permitted (rows.conf:1)" },
	};
	const struct service *service = whole();

	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++)
		cr_expect_str_eq(told(service, (struct fault){ .stage = cases[n].stage, .error = EPERM }),
				 cases[n].said, "%s", buf_string(&text));
}

Test(launch, tells_which_limit_it_was)
{
	const struct service *service = whole();
	struct fault fault = { .stage = STAGE_LIMITS, .error = EPERM, .resource = RLIMIT_NPROC };

	cr_expect_str_eq(told(service, fault), "setting limits: rlimit_nproc: Operation not permitted (rows.conf:9)");
	fault.resource = RLIMIT_CORE;
	cr_expect_str_eq(told(service, fault), "setting limits: rlimit_core: Operation not permitted (rows.conf:8)");
	fault.resource = RLIMIT_NOFILE;
	cr_expect_str_eq(told(service, fault), "setting limits: rlimit_nofile: Operation not permitted (rows.conf:1)");
}

Test(launch, tells_the_groups_where_the_table_names_them)
{
	struct fault fault = { .stage = STAGE_GROUPS, .error = EPERM };
	const struct service *service;

	service = row("service a {\nlisten = 7\nexec = \"/bin/x\"\nuser = root\ngroup = root\n}\n");
	cr_expect_str_eq(told(service, fault), "setting groups: Operation not permitted (rows.conf:5)");
	service = row("service a {\nlisten = 7\nexec = \"/bin/x\"\nuser = root\ngroup = root\n"
		      "supplementary_groups = { root }\n}\n");
	cr_expect_str_eq(told(service, fault), "setting groups: Operation not permitted (rows.conf:6)");
}

/* The wiring of a service with these lines, from the fourth on; false: what text says. */
static bool wire(struct fd_map *fd_map, const char *lines)
{
	const struct service *service = row("service a {\nlisten = 7\nexec = \"/bin/x\"\n%s\n}\n", lines);
	struct engine engine = { .null_input = 0, .null_output = 1 };
	struct plan_sockets sockets = { .port = 7 };
	struct service_run run = {
		.kit = { .engine = &engine, .plan = plan_make(service, &process_defaults, &sockets, &text) },
	};
	const struct service_runtime runtime = { .run = &run, .service = service };
	bool good;

	cr_assert(run.kit.plan, "%s", buf_string(&text));
	buf_clear(&text);
	good = launch_wire(fd_map, &runtime, -1, NULL, &text);
	plan_free(run.kit.plan);
	return good;
}

static const char *refused_wiring(const char *lines)
{
	struct fd_map fd_map;

	cr_assert_not(wire(&fd_map, lines));
	fd_map_close(&fd_map);
	return buf_string(&text);
}

Test(launch, tells_the_line_of_a_stream_that_cannot_be_opened)
{
	cr_expect_str_eq(refused_wiring("output = \"file:/nonex/x\""),
			 "output: /nonex/x: No such file or directory (rows.conf:4)");
	cr_expect_str_eq(refused_wiring("output = null\nerror = \"append:/nonex/x\""),
			 "error: /nonex/x: No such file or directory (rows.conf:5)");
	cr_expect_str_eq(refused_wiring("input = \"file:/nonex/x\"\noutput = null"),
			 "input: /nonex/x: No such file or directory (rows.conf:4)");
}
