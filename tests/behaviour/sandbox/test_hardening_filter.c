/* superd-filter itself: what superd asks it, asked here. */
#include "harness.h"

/* The program itself, at the other end of its channel. */
Behaviour(hardening_filter, the_program_confines_itself_and_refuses_what_it_does_not_know)
{
	static const char request[] = " @basic-io nosuch\n\n 0 1 0 -1 0 0 0 0 0 0 0 0 0\n";
	const char *program = text_of("%s/superd-filter", getenv("SUPERD_LIBEXEC")), *word = superd_build_word();
	uint32_t answer[10000] = { 0 };
	int ends[2], status;
	ssize_t length;
	pid_t pid;

	SKIP_WITHOUT(access(program, X_OK) == 0, "there is no superd-filter: it was built without libseccomp");
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDIN_FILENO);
		execl(program, program, word, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	cr_assert_eq(send(ends[0], request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	length = recv(ends[0], answer, sizeof(answer), 0);
	cr_assert_gt(length, 12);
	cr_expect_eq(answer[0], 0);
	cr_expect_eq(answer[2], 1, "one unknown call");
	cr_expect_eq((size_t)length, 12 + answer[1] * 8 + 4);
	cr_expect_eq(answer[length / 4 - 1], 1, "the second word");
	if (!running_sanitized())
		cr_expect(strstr(read_text(text_of("/proc/%d/status", (int)pid)), "\nSeccomp:\t2\n"));
	cr_expect_gt(send(ends[0], "colour 1\n", 9, MSG_NOSIGNAL), 0);
	cr_expect_eq(recv(ends[0], answer, sizeof(answer), 0), 0);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	close(ends[0]);
}
