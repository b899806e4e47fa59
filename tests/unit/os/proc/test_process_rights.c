/* Whose uid may be taken for his rights. */

#include "os/proc/proc.h"
#include "tests/unit/unit.h"

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

Test(rights, are_those_of_a_child_as_free)
{
	pid_t pid = child(false);

	cr_expect(process_has_superds_rights(getpid()));
	cr_expect(process_has_superds_rights(pid));
	end(pid);
}

Test(rights, are_less_without_capabilities)
{
	pid_t pid;

	if (getuid() != 0 || !process_list_is_possible())
		cr_skip_test("needs root and /proc");
	pid = child(true);
	cr_expect_not(process_has_superds_rights(pid));
	end(pid);
}

Test(rights, are_not_those_of_somebody_unknown)
{
	pid_t pid = child(false);

	end(pid);
	cr_expect_not(process_has_superds_rights(pid), "it has ended");
	cr_expect_not(process_has_superds_rights(0), "of a pid namespace that is not ours");
}
