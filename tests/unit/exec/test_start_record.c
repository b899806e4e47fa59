/* A start as a text: what superd writes, superd-exec reads, and nothing that is not whole. */
#include "tests/unit/rows.h"

#include "exec/exec.h"
#include "superd/start/start.h"

static struct pool *pool;               /* of what is read */

static void begin(void)
{
	set_up();
	directories_find_bases(&process_defaults);
	pool = pool_new();
}

static void finish(void)
{
	pool_free(pool);
	tear_down();
}

TestSuite(start_record, .init = begin, .fini = finish);

static const int wanted[] = { 5, 5, 2, 7, -1 };
static const struct stream_file files[3] = {
	{ "/in", O_RDONLY, false }, { "/out", O_WRONLY | O_CREAT, false }, { NULL, 0, true },
};

/* The text of a start; the caller frees it. */
static char *write_start(const struct job *job, size_t *length)
{
	struct buf out = { 0 };

	start_write(job, &out);
	cr_assert_not(out.failed);
	*length = out.length;
	return out.data;
}

static struct plan *full_plan(void)
{
	struct plan *plan = row_plan(
		"exec = {\"/bin/echo\", \"one\", \"\", \"two words\"}\nuser = \"nobody\"\nenv = {\"A=b\", \"C=\"}\n"
		"private_tmp = yes\nprotect_system = strict\nprotect_home = read-only\nprivate_network = yes\n"
		"private_devices = yes\nread_only_paths = {\"/a\", \"-/b\"}\nbind_paths = \"/a:/c\"\n"
		"temporary_file_system = \"/d:size=1M\"\nsystem_call_filter = \"@system-service\"\n"
		"set_credential = {\"k:v\\\\x00w\", \"l:\"}\nload_credential = \"m:/etc/hostname\"\n"
		"condition = {\"PathExists=/a\", \"User=|!root\"}\nworking_directory = \"-/tmp\"\nnice = -3\n"
		"rlimit_nofile = 77\numask = 0027\nio_scheduling = \"idle\"\n"
		"oom_score_adjust = -5\n"
		"ambient_capabilities = net_bind_service\nno_new_privileges = yes\n"
		"keyring_mode = private\n"
		"runtime_directory = {\"x\", \"y\"}\nstate_directory = \"z:w\"\nmemory_max = 1G");

	cr_assert(plan->sandbox);
	cr_assert(plan->credentials);
	return plan;
}

static void make_job(struct job *job, const struct plan *plan, struct spawn_env *texts)
{
	const struct spawn_request request = {
		.plan = plan, .listen_count = 2, .names = "LISTEN_FDNAMES=a:b", .remote_port = -1, .watchdog = 5,
		.notify = "NOTIFY_SOCKET=/n",
	};

	*job = (struct job){
		.plan = plan, .command = &plan->main, .checks = true, .wanted = wanted, .wanted_count = 5,
		.files = files, .notify = "/n",
		.private_id = 99, .group = "/sys/fs/cgroup/g", .report = -1, .record = -1,
	};
	cr_assert(spawn_env_make(texts, job, &request));
}

Test(start_record, is_read_as_it_was_written)
{
	struct plan *plan;
	struct spawn_env texts;
	static struct job job, read;
	size_t length;
	char *text;

	skip_unless(geteuid() == 0, "an ordinary user has not all that a plan can have");
	plan = full_plan();
	make_job(&job, plan, &texts);
	text = write_start(&job, &length);
	cr_assert(start_read_text(text, length, pool, &read));
	cr_expect_eq(read.wanted_count, 5);
	cr_expect_eq(read.wanted[3], 7);
	cr_expect_str_eq(read.argv[3], "two words");
	cr_expect_str_eq(read.command->program, "/bin/echo");
	cr_expect_str_eq(read.files[1].path, "/out");
	cr_expect_null(read.files[2].path);
	cr_expect_eq(read.plan->nice, -3);
	cr_expect_eq(read.plan->sandbox->mount_count, plan->sandbox->mount_count);
	cr_expect_eq(read.plan->credentials->count, plan->credentials->count);
	cr_assert_eq(read.plan->folder_count, 3u);
	cr_expect_str_eq(read.plan->folders[2].target, "z");
	cr_expect_eq(read.plan->account->uid, plan->account->uid);
	cr_expect_eq(read.plan->credentials->list[0].length, plan->credentials->list[0].length);
	cr_expect_eq(memcmp(read.plan->credentials->list[2].source, plan->credentials->list[2].source,
			    plan->credentials->list[2].length), 0);
	cr_expect_str_eq(read.plan->conditions[0].parameter, "/a");
	cr_expect_eq(read.plan->sandbox->filters[0]->len, plan->sandbox->filters[0]->len);
	cr_expect_eq(memcmp(read.plan->sandbox->filters[0]->filter, plan->sandbox->filters[0]->filter,
			    8u * read.plan->sandbox->filters[0]->len), 0);
	cr_expect_null(read.plan->sandbox->filters[2]);
	cr_expect_null(read.plan->environment);
	cr_expect(!start_read_text(text, length - 1, pool, &read) && !start_read_text(text, 100, pool, &read));
	free(text);
	spawn_env_free(&texts, &job);
	plan_free(plan);
}

/* The child fills in its pid where the variables are. */
Test(start_record, keeps_the_places_of_variables_with_a_pid)
{
	struct plan *plan = row_plan("exec = \"/bin/true\"\nunit_environment = yes");
	struct spawn_env texts;
	static struct job job, read;
	size_t length, found = 0;
	char *text;

	make_job(&job, plan, &texts);
	text = write_start(&job, &length);
	cr_assert(start_read_text(text, length, pool, &read));
	for (char **at = read.environment; *at; at++)
		found += *at == read.listen_pid || *at == read.watchdog_pid || *at == read.exec_pid;
	cr_expect_eq(found, 3);
	free(text);
	spawn_env_free(&texts, &job);
	plan_free(plan);
}

/* A file in memory may be cut off where memory is short. */
Test(start_record, takes_no_text_that_is_not_whole)
{
	struct plan *plan = row_plan("exec = \"/bin/true\"\nset_credential = \"k:v\"\ncondition = \"PathExists=/a\"");
	struct spawn_env texts;
	static struct job job, read;
	size_t length;
	char *text;

	make_job(&job, plan, &texts);
	text = write_start(&job, &length);
	for (size_t n = 0; n < length; n++)
		cr_assert_not(start_read_text(text, n, pool, &read), "the first %zu bytes", n);
	cr_expect(start_read_text(text, length, pool, &read));
	free(text);
	spawn_env_free(&texts, &job);
	plan_free(plan);
}
