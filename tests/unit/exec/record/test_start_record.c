/* A start as a text: what superd writes, superd-exec reads, and nothing that is not whole. */
#include "tests/unit/rows.h"

#include "exec/child/child.h"
#include "exec/record/start_record.h"
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
static char *write_start(struct job *job, size_t *length)
{
	struct record record = { 0 };

	start_record(&record, job);
	cr_assert_not(record.out.failed);
	cr_assert_null(record.flaw, "%s", record.flaw);
	*length = record.out.length;
	return record.out.data;
}

static const char *find_flaw(char *text, size_t length, struct job *job)
{
	struct record record;

	pool_free(pool);
	pool = pool_new();
	record = record_of(text, length, pool);
	start_record(&record, job);
	cr_expect_eq(record_is_read(&record), !record.flaw && record.at == text + length);
	return record.flaw ? record.flaw : record.at == text + length ? NULL : "what is behind it";
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
	size_t length, again;
	char *text, *copy, *second;

	skip_unless(geteuid() == 0, "an ordinary user has not all that a plan can have");
	plan = full_plan();
	make_job(&job, plan, &texts);
	text = write_start(&job, &length);
	copy = strdup("");
	copy = realloc(copy, length + 1);
	memcpy(copy, text, length + 1);
	cr_assert_null(find_flaw(copy, length, &read));
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
	second = write_start(&read, &again);
	cr_assert_eq(again, length);
	cr_expect_eq(memcmp(second, text, length), 0);
	free(second);
	free(copy);
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
	cr_assert_null(find_flaw(text, length, &read));
	cr_expect(read.listen && read.watched && read.tells_unit);
	for (char **at = read.environment; *at; at++)
		found += *at == read.listen_pid || *at == read.watchdog_pid || *at == read.exec_pid ||
			 *at == read.pidfd_id;
	cr_expect_eq(found, 4);
	cr_expect_eq(*read.pidfd_id_at, read.pidfd_id);
	cr_expect_null(read.pidfd_id_at[1]);
	free(text);
	spawn_env_free(&texts, &job);
	plan_free(plan);
}

/* Every beginning, and every text that lacks a line. */
Test(start_record, takes_no_text_that_is_not_whole)
{
	struct plan *plan = full_plan();
	struct spawn_env texts;
	static struct job job, read;
	size_t length;
	char *text, *copy;

	make_job(&job, plan, &texts);
	text = write_start(&job, &length);
	copy = malloc(length + 2);
	for (size_t n = 0; n < length; n++) {
		memcpy(copy, text, n);
		copy[n] = '\0';
		memset(&read, 0, sizeof(read));
		cr_assert(find_flaw(copy, n, &read), "the first %zu bytes", n);
	}
	for (const char *line = text, *end = text; (end = memchr(line, '\n', length - (size_t)(line - text)));
	     line = end + 1) {
		size_t before = (size_t)(line - text), after = length - (size_t)(end + 1 - text);

		memcpy(copy, text, before);
		memcpy(copy + before, end + 1, after);
		copy[before + after] = '\0';
		memset(&read, 0, sizeof(read));
		cr_assert(find_flaw(copy, before + after, &read), "without %.*s", (int)(end - line), line);
	}
	memcpy(copy, text, length);
	memcpy(copy + length, "x", 2);
	memset(&read, 0, sizeof(read));
	cr_expect(find_flaw(copy, length + 1, &read));
	free(copy);
	free(text);
	spawn_env_free(&texts, &job);
	plan_free(plan);
}

/* It may read as something else, but from within the text alone: a sanitizer sees the rest. */
Test(start_record, ends_whatever_byte_is_wrong)
{
	struct plan *plan = row_plan("exec = \"/bin/true\"\nset_credential = \"k:v\"\nprivate_tmp = yes\n"
				     "condition = \"PathExists=/a\"");
	struct spawn_env texts;
	static struct job job, read;
	size_t length, flaws = 0;
	char *text, *copy;

	make_job(&job, plan, &texts);
	text = write_start(&job, &length);
	for (size_t n = 0; n < length; n++) {
		copy = malloc(length + 1);
		memcpy(copy, text, length + 1);
		copy[n] = copy[n] == '9' ? '1' : '9';
		memset(&read, 0, sizeof(read));
		flaws += find_flaw(copy, length, &read) != NULL;
		free(copy);
	}
	cr_expect_gt(flaws, length / 2);
	free(text);
	spawn_env_free(&texts, &job);
	plan_free(plan);
}

static const char *flaw_of(const char *line, int64_t least, int64_t most)
{
	struct record record;
	int64_t number = 0;
	char text[64];

	snprintf(text, sizeof(text), "%s", line);
	record = record_of(text, strlen(text), pool);
	record_number(&record, "n", &number, least, most);
	return record.flaw;
}

Test(start_record, takes_no_number_out_of_its_bounds)
{
	cr_expect_null(flaw_of("n=7\n", 0, 7));
	cr_expect(flaw_of("n=8\n", 0, 7));
	cr_expect(flaw_of("n=-1\n", 0, 7));
	cr_expect(flaw_of("n=99999999999999999999\n", 0, INT64_MAX));
	cr_expect(flaw_of("n=\n", 0, 7));
	cr_expect(flaw_of("n=7", 0, 7));
	cr_expect(flaw_of("m=7\n", 0, 7));
}

static const char *flaw_of_text(const char *line, size_t length)
{
	struct record record;
	const char *value;
	char text[64];

	memcpy(text, line, length);
	text[length] = '\0';
	record = record_of(text, length, pool);
	record_text(&record, "t", &value);
	return record.flaw;
}

Test(start_record, takes_no_text_beyond_its_end)
{
	cr_expect_null(flaw_of_text("t=3:abc\n", 8));
	cr_expect_null(flaw_of_text("t=-1:\n", 6));
	cr_expect(flaw_of_text("t=4:abc\n", 8));
	cr_expect(flaw_of_text("t=3:abc", 7));
	cr_expect(flaw_of_text("t=-2:\n", 6));
	cr_expect(flaw_of_text("t=9223372036854775807:abc\n", 26));
	cr_expect(flaw_of_text("t=3:a\0c\n", 8), "a text has no NUL");
}
