/* A node that somebody touches is told of, whatever still holds it; others are not. */
#include <sys/un.h>

#include "os/fs/path_watch.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/test_node_watch.XXXXXX";

static const char *path_of(const char *name)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int bind_to(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path_of(name));
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

static int open_watch(void)
{
	int watch = path_watch_open();

	if (watch < 0)
		cr_skip_test("no inotify here");
	cr_assert_not_null(mkdtemp(folder));
	return watch;
}

static struct watch_ids take(int watch)
{
	struct watch_ids marks = { 0 };

	path_watch_take(watch, &marks);
	return marks;
}

Test(node_watch, tells_of_a_node_that_goes_while_its_socket_is_open_and_of_no_other)
{
	int watch = open_watch(), a = bind_to("a"), b = bind_to("b");
	int mark_a = path_watch_add(watch, path_of("a")), mark_b = path_watch_add(watch, path_of("b"));
	struct watch_ids marks = take(watch);

	cr_assert(mark_a > 0 && mark_b > 0 && mark_a != mark_b);
	cr_expect_eq(marks.count, 0);
	close(bind_to("c"));
	unlink(path_of("c"));
	cr_assert_eq(unlink(path_of("a")), 0);
	marks = take(watch);
	cr_expect(marks.count == 1 && watch_ids_have(&marks, mark_a) && !watch_ids_have(&marks, mark_b));
	path_watch_remove(watch, mark_b);
	cr_assert_eq(unlink(path_of("b")), 0);
	marks = take(watch);
	cr_expect_eq(marks.count, 0, "it was not watched any more");
	cr_expect_lt(path_watch_add(watch, path_of("b")), 0);
	close(a);
	close(b);
	close(watch);
	rmdir(folder);
}

Test(node_watch, tells_of_a_fifo_that_was_renamed_or_replaced)
{
	int watch = open_watch(), mark;
	char other[64];
	struct watch_ids marks;

	snprintf(other, sizeof(other), "%s/other", folder);
	cr_assert_eq(mkfifo(path_of("f"), 0600), 0);
	mark = path_watch_add(watch, path_of("f"));
	cr_assert_eq(rename(path_of("f"), other), 0);
	marks = take(watch);
	cr_expect(marks.count == 1 && watch_ids_have(&marks, mark));
	cr_assert_eq(mkfifo(path_of("f"), 0600), 0);
	mark = path_watch_add(watch, path_of("f"));
	cr_assert_eq(rename(other, path_of("f")), 0);
	marks = take(watch);
	cr_expect(watch_ids_have(&marks, mark));
	unlink(path_of("f"));
	close(watch);
	rmdir(folder);
}

Test(node_watch, marks_that_are_too_many_stand_for_all)
{
	struct watch_ids marks = { 0 };

	for (int mark = 2 * WATCH_IDS_MOST; mark > 0; mark -= 2) {
		watch_ids_add(&marks, mark);
		watch_ids_add(&marks, mark);
	}
	cr_expect(marks.count == WATCH_IDS_MOST && !marks.all);
	for (int mark = 1; mark <= 2 * WATCH_IDS_MOST; mark++)
		cr_expect_eq(watch_ids_have(&marks, mark), mark % 2 == 0);
	watch_ids_add(&marks, 3);
	cr_expect(marks.all && watch_ids_have(&marks, 5));
}
