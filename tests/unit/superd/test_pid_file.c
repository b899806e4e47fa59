/* The pid file: one superd each, whatever was left over from another. */
#include "superd/main.h"
#include "tests/unit/unit.h"

static char folder[64], path[96];
static struct pid_file file;
static struct buf why;

static void set_up(void)
{
	strcpy(folder, "/tmp/superd-pid-XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/superd.pid", folder);
	file = (struct pid_file){ .fd = -1 };
}

static void tear_down(void)
{
	pid_file_remove(&file);
	buf_free(&why);
	if (rmdir(path) < 0)
		unlink(path);
	cr_expect_eq(rmdir(folder), 0, "something was left: %s", strerror(errno));
}

TestSuite(pid_file, .init = set_up, .fini = tear_down, .timeout = 120);

static void write_text(const char *text)
{
	FILE *stream = fopen(path, "w");

	cr_assert(stream);
	fputs(text, stream);
	cr_assert_eq(fclose(stream), 0);
}

static const char *content(void)
{
	static char text[64];
	FILE *stream = fopen(path, "r");

	cr_assert(stream);
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	fclose(stream);
	return text;
}

static const char *own(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	return text;
}

/* Claims are of open files, so a second one of this process is like another process's. */
static bool is_refused(const char *said)
{
	struct pid_file other;
	bool claimed;

	buf_clear(&why);
	claimed = pid_file_claim(&other, path, &why);
	if (claimed)
		pid_file_remove(&other);
	return !claimed && strstr(buf_string(&why), said);
}

Test(pid_file, left_over_from_a_crash_is_taken_over)
{
	write_text("1234567890123\nand more\n");
	cr_assert(pid_file_claim(&file, path, &why), "%s", buf_string(&why));
	cr_assert(pid_file_write(&file));
	cr_expect_str_eq(content(), own());
}

Test(pid_file, of_somebody_else_at_the_path_is_not_taken_away)
{
	cr_assert(pid_file_claim(&file, path, &why));
	cr_assert_eq(unlink(path), 0);
	write_text("42\n");
	pid_file_remove(&file);
	cr_expect_str_eq(content(), "42\n");
}

Test(pid_file, that_cannot_be_written_is_refused)
{
	char *end = path + strlen(path);

	strcpy(end, "/none");
	cr_expect(is_refused("No such file or directory"), "%s", buf_string(&why));
	*end = '\0';
	cr_assert_eq(mkdir(path, 0755), 0);
	cr_expect(is_refused("Is a directory"), "%s", buf_string(&why));
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(symlink("/nonexistent/target", path), 0);
	cr_expect(is_refused("symbolic links"), "%s", buf_string(&why));
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect(is_refused("no regular file"), "%s", buf_string(&why));
}

Test(pid_file, says_when_there_is_no_room_for_it)
{
	const struct rlimit none = { 0, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	cr_assert(pid_file_claim(&file, path, &why));
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	cr_expect_not(pid_file_write(&file));
	cr_expect_eq(errno, EFBIG);
}

/* An inetd that starts while superd still ends writes into the same file. */
Test(pid_file, that_another_daemon_has_written_into_is_not_taken_away)
{
	cr_assert(pid_file_claim(&file, path, &why));
	cr_assert(pid_file_write(&file));
	write_text("42\n");
	pid_file_remove(&file);
	cr_expect_str_eq(content(), "42\n");
}
