/* What an upgrade hands on, judged before it is: whether it has its place in the table that is there now; and the
 * files and paths that it takes. */
#include "lib/fd.h"
#include "os/fs/memory_file.h"
#include "os/host/self_exe.h"
#include "superd/reload/load.h"
#include "tests/unit/builders.h"
#include "tests/unit/unit.h"

static struct state_stream stream;
static struct buf why;

static void set_up(void)
{
	begin_table();
	end(begin_good("web", "tcp:80"));
}

static void forget(void)
{
	state_stream_free(&stream);
	buf_free(&why);
	end_table();
}

TestSuite(resume, .init = set_up, .fini = forget);

static bool fits(const char *sections)
{
	struct buf text = { 0 };

	state_stream_begin(&text);
	buf_text(&text, sections);
	state_stream_end(&text);
	state_stream_free(&stream);
	buf_clear(&why);
	cr_assert_null(state_stream_parse(&stream, text.data, text.length, &why), "%s", buf_string(&why));
	return load_fits(&stream, table, &why);
}

static void expect_refusal(const char *sections, const char *text)
{
	cr_assert_not(fits(sections), "%s", sections);
	cr_assert_not_null(strstr(buf_string(&why), text), "said: %s", buf_string(&why));
}

Test(resume, takes_what_has_its_place)
{
	cr_assert(fits("[engine]\nversion=9\n[service]\nname=web\nstate=running\n"), "%s", buf_string(&why));
	cr_assert(fits("[engine]\n[service]\nname=gone\nstate=off\nremoved=1\n"), "%s", buf_string(&why));
	cr_assert(fits("[engine]\n"));
}

Test(resume, leaves_out_what_another_version_has_added)
{
	cr_assert(fits("[engine]\nversion=99.9\nnovel=1\n[novelty]\nfd=1000000\n"
		       "[service]\nname=web\nstate=running\nmood=good\n[novel_part]\n"),
		  "%s", buf_string(&why));
	cr_assert_str_eq(load_version(&stream), "99.9");
	cr_assert_not(stream.sections[1].used);
}

Test(resume, takes_what_a_version_wrote_that_knew_less)
{
	cr_assert(fits("[engine]\n[service]\nname=web\nstate=listening\n[listener]\nname=web\n"));
	cr_assert_str_eq(load_version(&stream), "?");
}

Test(resume, refuses_a_service_that_is_not_in_the_table)
{
	expect_refusal("[engine]\n[service]\nname=other\nstate=running\n", "it refuses the service other, which runs");
}

Test(resume, refuses_what_is_not_whole)
{
	expect_refusal("[service]\nname=web\nstate=running\n", "not whole");
	expect_refusal("[engine]\n[service]\nname=web\n", "not whole");
	expect_refusal("[engine]\n[service]\nstate=running\n", "not whole");
	expect_refusal("[engine]\n[service]\nname=web\nstate=running\nremoved=7\n", "removed of service out of bounds");
}

Test(resume, is_for_the_very_process_alone)
{
	char text[64];

	snprintf(text, sizeof(text), "[engine]\npid=%ld\n", (long)getpid());
	cr_assert(fits(text));
	cr_assert(load_is_ours(&stream));
	cr_assert(fits("[engine]\npid=1\n"));
	cr_assert_not(load_is_ours(&stream));
	cr_assert(fits("[engine]\n"));
	cr_assert_not(load_is_ours(&stream));
}

Test(resume, takes_no_descriptor_that_is_not_open)
{
	char text[64];
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	snprintf(text, sizeof(text), "[engine]\npid_file=%d\n", fd);
	cr_assert(fits(text));
	cr_assert_eq(load_pid_file(&stream), fd);
	close(fd);
	cr_assert_eq(load_pid_file(&stream), -1);
	cr_assert(fits("[engine]\npid_file=1\n"));
	cr_assert_eq(load_pid_file(&stream), -1);
}

Test(state_file, gives_back_all_of_it_more_than_once)
{
	size_t length, long_one = 3 << 20;
	char *text = malloc(long_one), *again;
	int fd;

	memset(text, 'x', long_one);
	fd = state_file_make(text, long_one, "/tmp");
	cr_assert_geq(fd, FD_HIGH);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	for (int n = 0; n < 2; n++) {
		again = state_file_read(fd, long_one, &length);
		cr_assert_not_null(again);
		cr_assert_eq(length, long_one);
		cr_assert_arr_eq(again, text, long_one);
		free(again);
	}
	cr_assert_null(state_file_read(fd, long_one - 1, &length));
	cr_assert_eq(errno, EFBIG);
	free(text);
	close(fd);
}

Test(state_file, is_no_pipe)
{
	size_t length;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_null(state_file_read(ends[0], 100, &length));
	cr_assert_eq(errno, EINVAL);
	close(ends[0]);
	close(ends[1]);
}

static void expect_own(const char *argv0, const char *path)
{
	char *own = self_exe_path(argv0);

	cr_assert_str_eq(own, path);
	free(own);
}

Test(own_program, is_the_one_by_the_name_it_was_called_by_where_that_is_it)
{
	char self[4096] = "", folder[] = "/tmp/superd-own-XXXXXX", link[64];

	cr_assert_gt(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	cr_assert_not_null(mkdtemp(folder));
	snprintf(link, sizeof(link), "%s/called", folder);
	cr_assert_eq(symlink(self, link), 0);
	expect_own(self, self);
	expect_own(link, link);
	setenv("PATH", folder, 1);
	expect_own("called", link);
	cr_assert_eq(chdir(folder), 0);
	snprintf(link, sizeof(link), "%s/./called", folder);
	expect_own("./called", link);
	cr_assert_eq(unlink("called"), 0);
	expect_own("./called", self);
	expect_own("called", self);
	expect_own("/bin/sh", self);
	expect_own(NULL, self);
	cr_assert_eq(rmdir(folder), 0);
}

Test(own_program, that_cannot_be_become_leaves_all_as_it_was)
{
	char *const argv[] = { (char *)(size_t) "nothing", NULL }, *const none[] = { NULL };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	self_exe_exec("/nonexistent/superd", argv, none, &fd, 1);
	cr_assert_eq(errno, ENOENT);
	cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}
