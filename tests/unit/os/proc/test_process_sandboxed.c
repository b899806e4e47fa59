/* Who is below us and less free than we are. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/proc/process.h"
#include "os/proc/process_sandboxed.h"

static pid_t child(bool drops)
{
	pid_t pid;
	int ends[2];
	char byte = 0;

	cr_assert_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (drops && setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		if (write(ends[1], &byte, 1) == 1)
			pause();
		_exit(1);
	}
	cr_assert_eq(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(sandboxed, is_nobody_who_is_as_free)
{
	pid_t pid = child(false);

	cr_expect_not(process_is_sandboxed(getpid()));
	cr_expect_not(process_is_sandboxed(pid));
	end(pid);
}

Test(sandboxed, is_a_child_without_capabilities)
{
	pid_t pid;

	if (getuid() != 0 || !process_list_is_possible())
		cr_skip_test("needs root and /proc");
	pid = child(true);
	cr_expect(process_is_sandboxed(pid));
	end(pid);
}

Test(sandboxed, is_who_is_gone_and_nobody_from_outside)
{
	pid_t pid = child(false);

	end(pid);
	if (process_list_is_possible())
		cr_expect(process_is_sandboxed(pid));
	cr_expect_not(process_is_sandboxed(0), "of a pid namespace that is not ours");
	cr_expect_not(process_is_sandboxed(1), "not below us");
}
