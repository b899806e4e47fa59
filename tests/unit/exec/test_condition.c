/* Conditions against this machine, where it is known what is so. */
#include "exec/stages/stages.h"
#include "tests/unit/unit.h"

static int first_false(const char *const *texts, size_t count)
{
	struct condition list[8];

	for (size_t n = 0; n < count; n++)
		cr_assert_null(condition_read(texts[n], &list[n]), "%s", texts[n]);
	return conditions_find_false(list, count);
}

static bool holds(const char *text)
{
	return first_false(&text, 1) < 0;
}

#define FIRST_FALSE(...) \
	first_false((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

Test(conditions, all_without_a_bar_have_to_hold)
{
	cr_expect_eq(FIRST_FALSE("PathExists=/", "PathIsDirectory=/"), -1);
	cr_expect_eq(FIRST_FALSE("PathExists=/", "PathExists=/none"), 1);
	cr_expect_eq(FIRST_FALSE("PathExists=!/none", "PathExists=!/"), 1);
}

Test(conditions, of_those_with_a_bar_one_has_to)
{
	cr_expect_eq(FIRST_FALSE("PathExists=|/none", "PathExists=|/"), -1);
	cr_expect_eq(FIRST_FALSE("PathExists=|/none", "PathExists=|/none2"), 0);
	cr_expect_eq(FIRST_FALSE("PathExists=/none", "PathExists=|/"), 0, "a bar helps no other");
	cr_expect_eq(FIRST_FALSE("PathExists=|/", "PathExists=||/none"), 1, "each set has to hold");
	cr_expect_eq(FIRST_FALSE("PathExists=||/", "PathExists=|/"), -1);
}

Test(conditions, come_before_assertions)
{
	cr_expect_eq(FIRST_FALSE("AssertPathExists=/none", "PathExists=/none"), 1);
	cr_expect_eq(FIRST_FALSE("AssertPathExists=/none", "PathExists=/"), 0);
	cr_expect_eq(FIRST_FALSE("AssertPathExists=|/none", "PathExists=|/"), 0, "each kind has bars of its own");
}

Test(conditions, walk_patterns_of_paths)
{
	char folder[] = "/tmp/condition-XXXXXX", path[256], text[512];

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/one", folder);
	cr_assert_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/one/.hidden", folder);
	close(open(path, O_WRONLY | O_CREAT, 0644));
	snprintf(text, sizeof(text), "PathExistsGlob=%s/o*/", folder);
	cr_expect(holds(text));
	snprintf(text, sizeof(text), "PathExistsGlob=%s/*/*", folder);
	cr_expect_not(holds(text), "what is hidden is not meant by *");
	snprintf(text, sizeof(text), "PathExistsGlob=%s/*/.h*", folder);
	cr_expect(holds(text));
	snprintf(text, sizeof(text), "DirectoryNotEmpty=%s/one", folder);
	cr_expect(holds(text));
	unlink(path);
	cr_expect_not(holds(text));
	snprintf(path, sizeof(path), "%s/one", folder);
	rmdir(path);
	rmdir(folder);
}

Test(conditions, find_users_in_their_file)
{
	cr_expect_eq(condition_kind_holds(CONDITION_USER, "root"), getuid() == 0);
	cr_expect_not(condition_kind_holds(CONDITION_USER, "roo"));
	cr_expect_not(condition_kind_holds(CONDITION_USER, "root:x"));
	cr_expect_eq(condition_kind_holds(CONDITION_USER, "@system"), getuid() < 1000);
}

Test(conditions, agree_with_themselves_on_virtualization)
{
	bool container = condition_kind_holds(CONDITION_VIRTUALIZATION, "container");
	bool machine = condition_kind_holds(CONDITION_VIRTUALIZATION, "vm");

	cr_expect_not(container && machine);
	cr_expect_eq(condition_kind_holds(CONDITION_VIRTUALIZATION, "yes"), container || machine);
	cr_expect_eq(condition_kind_holds(CONDITION_VIRTUALIZATION, "no"), !container && !machine);
	cr_expect_not(condition_kind_holds(CONDITION_VIRTUALIZATION, "no-such-machine"));
}
