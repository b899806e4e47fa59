/* Where a program lies, by a PATH of the test's own. */
#include "tests/unit/rows.h"

#include "os/host/host.h"

TestSuite(program, .init = set_up, .fini = tear_down, .timeout = 120);

static void expect(const char *name, const char *path, bool found, const char *at)
{
	struct buf out = { 0 };

	buf_text(&out, "what was there before");
	cr_expect_eq(path_search(name, path, &out), found, "%s in %s", name, path);
	cr_expect_str_eq(buf_string(&out), at);
	buf_free(&out);
}

Test(program, leaves_a_name_with_a_slash_as_it_is)
{
	expect("/bin/nothing", "/usr/bin", true, "/bin/nothing");
	expect("./x", "/usr/bin", true, "./x");
	expect("a/b", "", true, "a/b");
}

Test(program, takes_the_first_that_can_be_run)
{
	char path[512], first[128], second[128];

	snprintf(first, sizeof(first), "%s/first", folder);
	snprintf(second, sizeof(second), "%s/second", folder);
	cr_assert(mkdir(first, 0700) == 0 && mkdir(second, 0700) == 0);
	cr_assert_eq(chmod(file_of("first/tool", "", 0), 0600), 0);
	cr_assert_eq(chmod(file_of("second/tool", "", 0), 0700), 0);
	snprintf(path, sizeof(path), "%s/none:%s:%s", folder, first, second);
	strcat(second, "/tool");
	expect("tool", path, true, second);
	cr_assert_eq(chmod(file_of("first/tool", "", 0), 0700), 0);
	strcat(first, "/tool");
	expect("tool", path, true, first);
}

Test(program, takes_no_folder_for_a_program)
{
	char inner[128];

	snprintf(inner, sizeof(inner), "%s/tool", folder);
	cr_assert_eq(mkdir(inner, 0755), 0);
	expect("tool", folder, false, "tool");
}

Test(program, gives_the_name_back_when_there_is_none)
{
	expect("superd-has-no-such-tool", "/usr/bin:/bin", false, "superd-has-no-such-tool");
	expect("sh", "", false, "sh");
	expect("sh", ":", false, "sh");
}

Test(program, knows_the_usual_path)
{
	struct buf out = { 0 };

	cr_expect(path_search("sh", NULL, &out));
	cr_expect(strstr(buf_string(&out), "/sh"));
	buf_free(&out);
}

Test(program, takes_an_empty_part_for_the_folder_we_are_in)
{
	cr_assert_eq(chdir(folder), 0);
	cr_assert_eq(chmod(file_of("tool", "", 0), 0700), 0);
	expect("tool", ":/usr/bin", true, "./tool");
	expect("tool", "/usr/bin::/bin", true, "./tool");
}
