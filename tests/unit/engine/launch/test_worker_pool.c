/* Processes that wait for their next connection: how many, which one comes next, and what goes with them. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/launch/instance_cgroup.h"
#include "engine/launch/start_resources.h"
#include "engine/launch/worker_pool.h"

enum { FIRST = 1000, MOST = 128 };

static struct engine engine;
static struct start_resources resources;
static struct worker_pool standbys;

static void set_up(void)
{
	engine = (struct engine){ .loop = ev_loop_new(0) };
	cr_assert(engine.loop);
	start_resources_init(&engine, &resources);
	worker_pool_init(&standbys);
}

static void tear_down(void)
{
	worker_pool_dismiss(&standbys);
	cr_expect_eq(engine.children.count, 0u);
	child_table_free(&engine.children);
	ev_loop_destroy(engine.loop);
}

TestSuite(standby, .init = set_up, .fini = tear_down);

/* Some descriptor of its own. */
static int channel(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	cr_assert_geq(fd, 0);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0 || errno != EBADF;
}

static int add(pid_t pid)
{
	struct instance_cgroup none = { 0 };
	int fd = channel();

	cr_assert(worker_pool_add(&standbys, &engine, pid, fd, &none));
	return fd;
}

Test(standby, the_last_one_that_came_goes_first)
{
	struct instance_cgroup group = { 0 };
	int channels[3], fd;
	pid_t pid;

	for (int n = 0; n < 3; n++)
		channels[n] = add(FIRST + n);
	for (int n = 2; n >= 0; n--) {
		cr_assert(worker_pool_take(&standbys, &pid, &fd, &group));
		cr_expect_eq(pid, FIRST + n);
		cr_expect_eq(fd, channels[n]);
		cr_expect_null(group.path);
		cr_expect_null(child_table_find(&engine.children, pid), "two wait for its end");
		close(fd);
	}
	cr_expect_not(worker_pool_take(&standbys, &pid, &fd, &group));
}

Test(standby, no_more_than_so_many_wait)
{
	struct instance_cgroup none = { 0 };
	int last = channel();

	for (int n = 0; n < MOST; n++)
		add(FIRST + n);
	cr_expect_not(worker_pool_add(&standbys, &engine, FIRST + MOST, last, &none));
	cr_expect(is_open(last), "who was not kept had its channel closed");
	close(last);
}

Test(standby, one_that_ends_by_itself_is_given_to_nobody)
{
	struct instance_cgroup group = { 0 };
	struct child *child;
	int fd = add(FIRST), taken;
	pid_t pid;

	child = child_table_find(&engine.children, FIRST);
	cr_assert(child);
	child_table_remove(&engine.children, child);
	child->ended(child, 9);
	cr_expect_not(is_open(fd));
	cr_expect_not(worker_pool_take(&standbys, &pid, &taken, &group));
}

/* A folder that is not to be removed yet, as there is something in it. */
static char *full_folder(char *room)
{
	char inner[64];

	strcpy(room, "/tmp/standby-XXXXXX");
	cr_assert(mkdtemp(room));
	snprintf(inner, sizeof(inner), "%s/x", room);
	cr_assert_eq(creat(inner, 0600) >= 0, true);
	return strdup(room);
}

static void empty_folder(const char *room)
{
	char inner[64];

	snprintf(inner, sizeof(inner), "%s/x", room);
	unlink(inner);
}

Test(standby, its_group_is_the_next_clients)
{
	char room[32];
	struct instance_cgroup group = { .path = full_folder(room), .files = 5 }, next = { 0 };
	pid_t pid;
	int fd;

	cr_assert(worker_pool_add(&standbys, &engine, FIRST, channel(), &group));
	cr_expect_null(group.path, "two would remove it");
	cr_expect(instance_cgroup_is_left(&engine, room), "an upgrade would forget it");
	cr_assert(worker_pool_take(&standbys, &pid, &fd, &next));
	cr_assert_str_eq(next.path, room);
	cr_expect_eq(next.files, 5u);
	cr_expect_not(instance_cgroup_is_left(&engine, room));
	empty_folder(room);
	instance_cgroup_leave(&next, &engine, 0, false);
	cr_expect_neq(access(room, F_OK), 0);
	close(fd);
}

Test(standby, the_group_of_one_that_is_dismissed_goes_once_it_is_empty)
{
	char room[32];
	struct instance_cgroup group = { .path = full_folder(room) };

	cr_assert(worker_pool_add(&standbys, &engine, FIRST, channel(), &group));
	worker_pool_dismiss(&standbys);
	cr_expect(instance_cgroup_is_left(&engine, room));
	instance_cgroups_sweep(&engine);
	cr_expect_eq(access(room, F_OK), 0);
	empty_folder(room);
	instance_cgroups_sweep(&engine);
	cr_expect_neq(access(room, F_OK), 0);
	cr_expect_not(instance_cgroup_is_left(&engine, room));
}
