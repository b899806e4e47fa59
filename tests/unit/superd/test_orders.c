/* The files of what is held and disabled, where reading them fails for a while. */
#include <sys/resource.h>

#include "superd/daemon.h"
#include "tests/unit/unit.h"

Test(orders, a_list_that_could_not_be_read_is_read_before_it_is_changed)
{
	char folder[] = "/tmp/superd-orders-XXXXXX", control[64], path[80], text[128] = "";
	struct rlimit before;
	int fd;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(control, sizeof(control), "%s/control", folder);
	snprintf(path, sizeof(path), "%s.held", control);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(fd >= 0 && write(fd, "old 0 1\n", 8) == 8);
	close(fd);
	list_init(&superd.services);
	list_init(&superd.leaving);
	superd.defaults.state_directory = folder;
	superd.table = table_new();
	cr_assert_not_null(superd.table);
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, before.rlim_max }), 0);
	locks_begin(control, false);
	setrlimit(RLIMIT_NOFILE, &before);
	cr_expect_null(lock_get("old", false));
	locks_own(false);
	cr_expect_not_null(lock_get("old", false));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_expect(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	cr_expect(strstr(text, "old 0 1"), "%s", text);
	close(fd);
	unlink(path);
	snprintf(path, sizeof(path), "%s/superd", folder);
	rmdir(path);
	rmdir(folder);
}
