/* Paths in a root that is not superd's. */
#include <limits.h>

#include "tests/unit/unit.h"
#include "worker/bind/target_path.h"
#include "tests/unit/automounter.h"

static char folder[64];
static int root, work;                  /* root/: the process's root; root/srv/: its working folder */

static void make(const char *name)
{
	cr_assert(mkdirat(root, name, 0755) == 0, "%s: %s", name, strerror(errno));
}

static void link_to(const char *text, const char *name)
{
	cr_assert(symlinkat(text, root, name) == 0, "%s: %s", name, strerror(errno));
}

static void set_up(void)
{
	strcpy(folder, "/tmp/superd-path-XXXXXX");
	cr_assert(mkdtemp(folder));
	root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(root, 0);
	make("srv");
	make("srv/data");
	make("run");
	make("run/app");
	work = openat(root, "srv", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(work, 0);
}

static void tear_down(void)
{
	char command[128];

	close(root);
	close(work);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	cr_assert_eq(system(command), 0);
}

static const char *text_in_root(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

TestSuite(target_path, .init = set_up, .fini = tear_down);

/* Whether the path is in this folder of the root; NULL: there must be none. */
static void expect_folder(const char *path, const char *wanted)
{
	int fd = path_open_folder(root, work, path);
	struct stat found, status;

	if (!wanted) {
		cr_expect_lt(fd, 0, "%s", path);
	} else {
		cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
		cr_assert(fstat(fd, &found) == 0 && fstatat(root, wanted, &status, 0) == 0);
		cr_expect(found.st_dev == status.st_dev && found.st_ino == status.st_ino, "%s is not in %s", path,
			  wanted);
	}
	if (fd >= 0)
		close(fd);
}

Test(target_path, plain_names)
{
	expect_folder("web.sock", "srv");
	expect_folder("./web.sock", "srv");
	expect_folder("data/web.sock", "srv/data");
	expect_folder("data//./web.sock", "srv/data");
	expect_folder("../run/app/web.sock", "run/app");
	expect_folder("/web.sock", ".");
	expect_folder("/run/app/web.sock", "run/app");
	expect_folder("none/web.sock", NULL);
	expect_folder("/none/web.sock", NULL);
}

Test(target_path, absolute_links_start_at_the_processs_root)
{
	link_to("/run", "srv/run");
	link_to("/run/app", "srv/data/app");
	link_to("/srv/data/app", "link");
	expect_folder("run/web.sock", "run");
	expect_folder("run/app/web.sock", "run/app");
	expect_folder("data/app/web.sock", "run/app");
	expect_folder("/link/web.sock", "run/app");
	expect_folder("../link/web.sock", "run/app");
}

Test(target_path, relative_links_start_at_their_folder)
{
	link_to("../run", "srv/run");
	link_to("../../run/app/", "srv/data/app");
	expect_folder("run/web.sock", "run");
	expect_folder("/srv/data/app/web.sock", "run/app");
}

Test(target_path, nothing_leads_out_of_the_root)
{
	link_to("/../../..", "srv/up");
	expect_folder("../../../../run/web.sock", "run");
	expect_folder("/../run/web.sock", "run");
	expect_folder("up/run/web.sock", "run");
	expect_folder("../../etc/web.sock", NULL);
}

Test(target_path, links_without_an_end_are_refused)
{
	link_to("loop", "srv/loop");
	link_to("/srv/b", "srv/a");
	link_to("/srv/a", "srv/b");
	expect_folder("loop/web.sock", NULL);
	expect_folder("a/web.sock", NULL);
}

Test(target_path, files_and_long_names_are_no_folders)
{
	char name[NAME_MAX + 20];
	int fd = openat(root, "srv/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	close(fd);
	expect_folder("file/web.sock", NULL);
	memset(name, 'a', sizeof(name) - 1);
	memcpy(name + sizeof(name) - 10, "/web.sock", 10);
	expect_folder(name, NULL);
}

/* For the test process itself. */
static void expect_own(const char *path, const char *wanted)
{
	struct target_process self;
	struct stat found = { 0 }, status;

	cr_assert(target_open(&self, getpid()) && target_inspect(&self));
	cr_expect(target_find_folder(&self, AT_FDCWD, path, &found), "%s: %s", path, strerror(errno));
	cr_assert_eq(fstatat(root, wanted, &status, 0), 0);
	cr_expect(found.st_dev == status.st_dev && found.st_ino == status.st_ino, "%s is not in %s", path, wanted);
	target_close(&self);
}

Test(target_path, a_folder_may_be_named_by_a_descriptor)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/web.sock", work);
	expect_own(path, "srv");
	snprintf(path, sizeof(path), "/proc/self/fd/%d/data/web.sock", work);
	expect_own(path, "srv/data");
	snprintf(path, sizeof(path), "%s/run/web.sock", folder);
	expect_own(path, "run");
	cr_assert_eq(fchdir(work), 0);
	expect_own("data/web.sock", "srv/data");
}

/* It is not the descriptor whose number is left when it is cut to 32 bits. */
Test(target_path, a_number_that_no_descriptor_has_names_no_folder)
{
	struct target_process self;
	struct stat found;
	char path[128];

	cr_assert(target_open(&self, getpid()) && target_inspect(&self));
	snprintf(path, sizeof(path), "/proc/self/fd/%lld/web.sock", (1LL << 32) + work);
	cr_expect_not(target_find_folder(&self, AT_FDCWD, path, &found));
	target_close(&self);
}

static bool look_for_folder(const void *path)
{
	return path_open_folder(root, work, path) >= 0;
}

static bool asks(const char *path)
{
	return asks_automounter(text_in_root("run"), look_for_folder, path);
}

/* superd may search folders that the program may not. */
Test(target_path, nothing_is_mounted_for_a_look)
{
	cr_expect_not(asks("/run/app/web.sock"));
	cr_expect_not(asks("../run/web.sock"));
}
