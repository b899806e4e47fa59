/* Files at places that others know: nothing that lies there is followed, kept or left half done. */
#include "os/host/host.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/superd-private-XXXXXX";
static struct buf why;

static void enter_folder(void)
{
	cr_assert(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
	char command[128];

	buf_free(&why);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(system(command), 0);
}

TestSuite(private_file, .init = enter_folder, .fini = leave_folder);

static void expect_text(const char *path, const char *wanted)
{
	FILE *file = fopen(path, "r");
	char text[100] = "";

	cr_assert(file, "%s: %s", path, strerror(errno));
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	cr_expect_str_eq(text, wanted, "%s", path);
}

static bool put_at(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	buf_clear(&why);
	return private_file_put(path, text, strlen(text), &why);
}

Test(private_file, is_its_owners_alone_and_made_anew_each_time)
{
	struct stat first, second;

	umask(0);
	cr_assert(put_at("dump", "one"), "%s", buf_string(&why));
	expect_text("dump", "one");
	cr_assert_eq(stat("dump", &first), 0);
	cr_expect_eq(first.st_mode & 07777, 0600);
	cr_assert(put_at("dump", "two"));
	expect_text("dump", "two");
	cr_assert_eq(stat("dump", &second), 0);
	cr_expect_neq(first.st_ino, second.st_ino);
}

Test(private_file, takes_the_place_of_a_link_and_follows_none)
{
	FILE *victim = fopen("victim", "w");

	cr_assert(victim && fputs("untouched", victim) >= 0 && fclose(victim) == 0);
	cr_assert_eq(symlink("victim", "dump"), 0);
	cr_assert_eq(symlink("victim", "dump.new"), 0);
	cr_assert(put_at("dump", "text"), "%s", buf_string(&why));
	expect_text("victim", "untouched");
	expect_text("dump", "text");
	cr_expect_neq(access("dump.new", F_OK), 0);
}

static char *get(const char *name, size_t most)
{
	size_t length = 0;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	buf_clear(&why);
	return private_file_get(path, most, &length, &why);
}

static void expect_refused(const char *name, const char *wanted)
{
	cr_expect_null(get(name, 100));
	cr_expect(strstr(buf_string(&why), wanted), "%s", buf_string(&why));
}

Test(private_file, comes_back_as_it_was_put)
{
	struct stat status;
	char *text;

	umask(0777);
	cr_assert(put_at("state", "one"), "%s", buf_string(&why));
	cr_assert(put_at("state", "two"), "%s", buf_string(&why));
	cr_assert_eq(stat("state", &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0600);
	text = get("state", 3);
	cr_expect_str_eq(text, "two");
	free(text);
	cr_expect_null(get("none", 100));
	cr_expect_eq(why.length, 0, "%s", buf_string(&why));
}

Test(private_file, of_somebody_else_is_not_believed)
{
	umask(0);
	cr_assert(put_at("state", "longer"));
	cr_expect_null(get("state", 5));
	cr_expect_str_eq(buf_string(&why), "it is larger than 5B");
	cr_assert_eq(chmod("state", 0622), 0);
	expect_refused("state", "state can be written by others");
	cr_assert_eq(symlink("state", "link"), 0);
	expect_refused("link", "state can be written by others");
	cr_assert_eq(mkfifo("fifo", 0600), 0);
	expect_refused("fifo", "it is no regular file");
	cr_assert(put_at("link", "mine"));
	expect_text("link", "mine");
	expect_text("state", "longer");
	cr_assert_eq(chmod(folder, 0777), 0);
	expect_refused("state", "can be written by");
	cr_expect_not(put_at("state", "other"));
	if (geteuid() != 0)
		return;
	cr_assert_eq(chmod(folder, 0700), 0);
	cr_assert_eq(chmod("state", 0600), 0);
	cr_assert_eq(chown("state", 65534, 65534), 0);
	expect_refused("state", "state belongs to user 65534");
}

Test(private_file, is_as_before_where_it_cannot_be_written)
{
	char *text;

	cr_assert(put_at("state", "one"));
	cr_assert_eq(mkdir("state.new", 0700), 0);
	cr_expect_not(put_at("state", "two"));
	cr_expect_str_eq(buf_string(&why), "File exists");
	text = get("state", 100);
	cr_expect_str_eq(text, "one");
	free(text);
}
