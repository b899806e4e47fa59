/* The table of system calls that a container may deny: each row notices it. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "superd/machine/machine.h"
#include "tests/unit/unit.h"

static const long numbers[DENIED_CALLS] = {
	[DENIED_SECCOMP] = SYS_prctl,           /* it is tried by prctl(2) */
	[DENIED_LANDLOCK] = SYS_landlock_create_ruleset,
	[DENIED_CLOSE_RANGE] = SYS_close_range,
	[DENIED_CLONE3] = SYS_clone3,
	[DENIED_PIDFD_GETFD] = SYS_pidfd_getfd,
	[DENIED_BPF] = SYS_bpf,
	[DENIED_MEMFD_CREATE] = SYS_memfd_create,
	[DENIED_OPENAT2] = SYS_openat2,
};

static void deny(long number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(2);
}

/* In a process of its own, behind a filter that denies the call: what the row says. */
static int answer_of(enum denied_call call)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		deny(numbers[call]);
		_exit(denied_calls[call].is_possible());
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status), "%s", denied_calls[call].name);
	return WEXITSTATUS(status);
}

Test(denied_calls, are_noticed)
{
	for (enum denied_call call = 0; call < DENIED_CALLS; call++) {
		int answer = answer_of(call);

		if (answer == 2)
			cr_skip_test("this machine has no filters of system calls");
		cr_expect_eq(answer, call == DENIED_BPF && geteuid() != 0, "%s", denied_calls[call].name);
	}
}

Test(denied_calls, are_told_with_what_is_lost)
{
	struct buf text = { 0 };

	denied_calls_describe(&text);
	for (enum denied_call call = 0; call < DENIED_CALLS; call++) {
		const struct denied_call_row *row = &denied_calls[call];

		cr_assert(row->name && *row->name && row->lost && *row->lost);
		cr_expect_eq(!strstr(buf_string(&text), row->lost), row->is_possible(), "%s", buf_string(&text));
	}
	buf_free(&text);
}
