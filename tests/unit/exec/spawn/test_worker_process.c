/* Processes beside the loop: which of superd's children they are. */
#include <criterion/criterion.h>
#include <sys/wait.h>

#include "exec/spawn/worker_process.h"

static void do_nothing(const void *with)
{
	(void)with;
}

static uint64_t start_aside(void)
{
	pid_t pid = spawn_worker("nothing", 0, do_nothing, NULL, NULL, 0);
	uint64_t serial = spawn_worker_serial(pid);

	cr_assert_gt(pid, 0);
	cr_expect_neq(serial, 0);
	cr_expect(spawn_is_worker(pid));
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
	spawn_reaped(pid);
	cr_expect_not(spawn_is_worker(pid));
	cr_expect_eq(spawn_worker_serial(pid), 0);
	return serial;
}

/* So that one is not taken for another that has its pid by now. */
Test(worker_process, each_process_aside_has_a_number_of_its_own)
{
	uint64_t first = start_aside();

	cr_expect_neq(start_aside(), first);
}
