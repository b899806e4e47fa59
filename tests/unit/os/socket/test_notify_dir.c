/* The folder of notification sockets: made for all to reach, rid of what is dead, gone with the last. */
#include "os/socket/socket.h"
#include "tests/unit/unit.h"

static char base[64];
static struct buf path;

static void make_base(void)
{
	snprintf(base, sizeof(base), "/tmp/folder-XXXXXX");
	cr_assert(mkdtemp(base));
}

static void remove_base(void)
{
	buf_free(&path);
	cr_expect_eq(rmdir(base), 0, "something was left in %s", base);
}

TestSuite(notify_folder, .init = make_base, .fini = remove_base);

static const char *node(const char *name)
{
	static char text[2][160];
	static int turn;

	turn = !turn;
	snprintf(text[turn], sizeof(text[turn]), "%s/superd/notify/%s", base, name);
	return text[turn];
}

static mode_t mode_of(const char *name)
{
	struct stat status;
	char text[128];

	snprintf(text, sizeof(text), "%s/%s", base, name);
	cr_assert_eq(stat(text, &status), 0, "%s", text);
	return status.st_mode & 07777;
}

Test(notify_folder, is_searched_by_all_and_listed_by_nobody_whatever_the_umask)
{
	char gone[160];

	umask(0777);
	cr_assert(notify_dir_make(base, &path));
	cr_expect_eq(mode_of("superd"), 0755);
	cr_expect_eq(mode_of("superd/notify"), 0711);
	buf_clear(&path);
	cr_expect(notify_dir_make(base, &path), "it may be there already");
	snprintf(gone, sizeof(gone), "%s", node("none"));
	notify_dir_remove(gone);
}

Test(notify_folder, one_that_others_cannot_reach_is_none)
{
	char above[128];

	if (geteuid() != 0)
		cr_skip_test("needs root");
	snprintf(above, sizeof(above), "%s/superd", base);
	cr_assert_eq(mkdir(above, 0700), 0);
	cr_expect_not(notify_dir_make(base, &path));
	rmdir(above);
	buf_clear(&path);
	cr_expect_not(notify_dir_make("/proc/nowhere", &path));
}

Test(notify_folder, stays_as_long_as_a_socket_is_in_it)
{
	char first[160], second[160];
	int one, two;

	cr_assert(notify_dir_make(base, &path));
	one = notify_socket_open(node("one"));
	two = notify_socket_open(node("two"));
	snprintf(first, sizeof(first), "%s", node("one"));
	snprintf(second, sizeof(second), "%s", node("two"));
	notify_dir_remove(first);
	cr_expect_eq(access(node("two"), F_OK), 0);
	notify_dir_remove(second);
	close(one);
	close(two);
}

Test(notify_folder, of_another_user_or_one_that_others_may_write_is_not_taken)
{
	char folder[128], gone[160];

	snprintf(folder, sizeof(folder), "%s/superd", base);
	cr_assert_eq(mkdir(folder, 0755), 0);
	cr_assert_eq(chmod(folder, 0777), 0);
	cr_expect_not(notify_dir_make(base, &path));
	buf_clear(&path);
	cr_assert_eq(chmod(folder, 0755), 0);
	if (geteuid() == 0) {
		cr_assert_eq(chown(folder, 12345, 12345), 0);
		cr_expect_not(notify_dir_make(base, &path));
		buf_clear(&path);
		cr_expect_eq(seteuid(23456), 0);
		cr_expect_not(notify_dir_make(base, &path), "a superd that is not root, either");
		cr_expect_eq(seteuid(0), 0);
		cr_assert_eq(chown(folder, 0, 0), 0);
	}
	buf_clear(&path);
	cr_expect(notify_dir_make(base, &path));
	snprintf(gone, sizeof(gone), "%s", node("none"));
	notify_dir_remove(gone);
}
