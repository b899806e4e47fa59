/* The guard of an upgrade: what the page says that it was left by the version before. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/guard/guard.h"
#include "os/guard/guard_page.h"

/* The page of a guard whose superd has ordered an upgrade. */
static int page_with(pid_t predecessor)
{
	int fd = memfd_create("page", 0);
	struct guard_page *page;

	cr_assert(fd >= 0 && ftruncate(fd, sizeof(*page)) == 0);
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(page, MAP_FAILED);
	memcpy(page->magic, GUARD_MAGIC, sizeof(GUARD_MAGIC));
	page->cause = GUARD_SUCCEEDS;
	page->succession = SUCCESSION_EXECUTING;
	page->predecessor = predecessor;
	page->areas[0].fd = page->areas[1].fd = -1;
	return fd;
}

/* A version that did not know the member has left the number of another upgrade, which is another process's by now. */
Test(guard, does_not_wait_for_the_superd_of_another_upgrade, .timeout = 120)
{
	char name[] = "superd", *arguments[] = { name, NULL };
	int fd = page_with(getppid()), status;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0)
		_exit(guard_begin(fd, arguments, NULL) ? 7 : 1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "%x", (unsigned)status);
}
