/* The filter as the kernel runs it (by a small interpreter of its instructions), and what a stopped call is. */
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "os/proc/proc.h"
#include "tests/unit/unit.h"

#if defined(__x86_64__)
/* What the filter does with a call: classic BPF, of which it uses three instructions. */
static uint32_t run(const struct sock_fprog *program, const struct seccomp_data *data)
{
	uint32_t loaded = 0;

	for (unsigned at = 0; at < program->len; at++) {
		const struct sock_filter *step = &program->filter[at];

		switch (step->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			cr_assert_leq(step->k + sizeof(loaded), sizeof(*data));
			memcpy(&loaded, (const char *)data + step->k, sizeof(loaded));
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += loaded == step->k ? step->jt : step->jf;
			break;
		case BPF_RET | BPF_K:
			return step->k;
		default:
			cr_assert_fail("instruction %#x", step->code);
		}
	}
	cr_assert_fail("it runs over its end");
	return 0;
}

static bool stops(bool has_paths, uint32_t architecture, int number, const uint64_t arguments[3])
{
	struct seccomp_data data = { .nr = number, .arch = architecture };
	struct sock_fprog *program = bind_filter_make(has_paths, NULL, 0);
	uint32_t action;

	cr_assert_not_null(program);
	for (int n = 0; n < 3; n++)
		data.args[n] = arguments[n];
	action = run(program, &data);
	free(program);
	cr_assert(action == SECCOMP_RET_USER_NOTIF || action == SECCOMP_RET_ALLOW, "%#x", action);
	return action == SECCOMP_RET_USER_NOTIF;
}

struct call {
	uint32_t architecture;
	int number;
	enum trapped kind;
	bool of_paths;  /* it goes on unless a listener has a path */
};

static const struct call calls[] = {
	{ AUDIT_ARCH_X86_64, SYS_bind, TRAPPED_BIND, false },
	{ AUDIT_ARCH_X86_64, SYS_listen, TRAPPED_LISTEN, false },
	{ AUDIT_ARCH_X86_64, SYS_connect, TRAPPED_CONNECT, true },
	{ AUDIT_ARCH_X86_64, SYS_unlink, TRAPPED_UNLINK, true },
	{ AUDIT_ARCH_X86_64, SYS_unlinkat, TRAPPED_UNLINK, true },
	{ AUDIT_ARCH_X86_64, SYS_read, TRAPPED_NONE, true },
	{ AUDIT_ARCH_X86_64, SYS_socket, TRAPPED_NONE, true },
	{ AUDIT_ARCH_X86_64, SYS_sendto, TRAPPED_NONE, true },
	{ AUDIT_ARCH_X86_64, SYS_rmdir, TRAPPED_NONE, true },
	{ AUDIT_ARCH_X86_64, 361, TRAPPED_NONE, true }, /* bind of the other architecture */
	{ AUDIT_ARCH_I386, 361, TRAPPED_NONE, true }, /* bind of 32 bits */
	{ AUDIT_ARCH_AARCH64, 200, TRAPPED_NONE, true },
	{ AUDIT_ARCH_X86_64, -1, TRAPPED_NONE, true },
};
#define CALLS (sizeof(calls) / sizeof(*calls))

Test(bind_filter, it_stops_what_is_asked_for_and_nothing_else)
{
	for (int paths = 0; paths < 2; paths++) {
		for (size_t n = 0; n < CALLS; n++) {
			const uint64_t arguments[] = { 5, 0x1000, 28 };
			bool stopped;

			/* An address of 28 bytes is no path. */
			stopped = stops(paths, calls[n].architecture, calls[n].number,
					calls[n].kind == TRAPPED_CONNECT
						? (const uint64_t[]){ 5, 0x1000, 110 }
						: arguments);
			cr_expect_eq(stopped, calls[n].kind && (paths || !calls[n].of_paths), "row %zu, paths %d", n,
				     paths);
		}
	}
}

Test(bind_filter, an_address_of_netlink_goes_on)
{
	for (size_t n = 0; n < CALLS; n++) {
		if (calls[n].kind != TRAPPED_BIND)
			continue;
		cr_expect_not(
			stops(false, calls[n].architecture, calls[n].number, (const uint64_t[]){ 5, 0x1000, 12 }));
		cr_expect(stops(false, calls[n].architecture, calls[n].number, (const uint64_t[]){ 5, 0x1000, 16 }));
		cr_expect(stops(true, calls[n].architecture, calls[n].number,
				(const uint64_t[]){ 5, 0x1000, 12 }), "a relative path may be as long");
	}
}

Test(bind_filter, only_a_connect_with_a_path_is_stopped)
{
	const size_t path = offsetof(struct sockaddr_un, sun_path) + 20;

	for (size_t n = 0; n < CALLS; n++) {
		const struct call *call = &calls[n];

		if (call->kind != TRAPPED_CONNECT)
			continue;
		cr_expect(stops(true, call->architecture, call->number, (const uint64_t[]){ 5, 0, path }));
		for (size_t length = 1; length <= sizeof(struct sockaddr_un); length++) {
			bool other = length == sizeof(struct sockaddr_in) || length == sizeof(struct sockaddr_in6) ||
				length == 12;

			cr_expect_eq(stops(true, call->architecture, call->number,
					   (const uint64_t[]){ 5, 0, length }),
				     !other, "%zu", length);
		}
	}
}

/* The kernel takes the filter, and gives a descriptor for it. */
Test(bind_filter, the_kernel_takes_it)
{
	struct sock_fprog *program = bind_filter_make(true, NULL, 0);
	int status;
	pid_t pid;

	cr_assert_not_null(program);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(99);
		_exit(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, program) >= 0
			      ? 0
			      : errno);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	free(program);
	if (WIFEXITED(status) &&
	    (WEXITSTATUS(status) == EPERM || WEXITSTATUS(status) == ENOSYS || WEXITSTATUS(status) == EBUSY))
		cr_skip_test("filters are not allowed here: %s", strerror(WEXITSTATUS(status)));
	cr_expect_eq(status, 0, "%s", strerror(WEXITSTATUS(status)));
}

/* ---- what was called ---- */

static struct trapped_call decode(uint32_t architecture, int number, const uint64_t *arguments)
{
	struct user_call call = { .architecture = architecture, .number = number };

	memcpy(call.arguments, arguments, sizeof(call.arguments));
	return trapped_call_read(&call);
}

Test(bind_filter, each_call_is_known_by_its_number)
{
	for (size_t n = 0; n < CALLS; n++) {
		const uint64_t arguments[6] = { 0 };
		enum trapped kind = decode(calls[n].architecture, calls[n].number, arguments).kind;

		cr_expect_eq(kind, calls[n].kind, "row %zu: %d", n, kind);
	}
}

Test(bind_filter, arguments_are_where_the_call_has_them)
{
	const uint64_t arguments[6] = { 9, 0x7fff12345678, 0xffffffff0000006e, 0, 0, 0 };
	struct trapped_call call = decode(AUDIT_ARCH_X86_64, SYS_bind, arguments);

	cr_expect_eq(call.fd, 9);
	cr_expect_eq(call.at, 0x7fff12345678);
	cr_expect_eq(call.length, 110, "the kernel's socklen_t has 32 bits");
	call = decode(AUDIT_ARCH_X86_64, SYS_listen, arguments);
	cr_expect_eq(call.fd, 9);
	call = decode(AUDIT_ARCH_X86_64, SYS_unlink, (const uint64_t[6]){ 0x1234 });
	cr_expect_eq(call.fd, AT_FDCWD);
	cr_expect_eq(call.at, 0x1234);
	call = decode(AUDIT_ARCH_X86_64, SYS_unlinkat, (const uint64_t[6]){ 7, 0x1234, 0 });
	cr_expect_eq(call.fd, 7);
	cr_expect_eq(call.at, 0x1234);
	call = decode(AUDIT_ARCH_X86_64, SYS_unlinkat, (const uint64_t[6]){ 0xffffff9c, 0x1234, 0 });
	cr_expect_eq(call.fd, AT_FDCWD);
}

Test(bind_filter, a_folder_to_remove_is_not_looked_at)
{
	cr_expect_eq(decode(AUDIT_ARCH_X86_64, SYS_unlinkat, (const uint64_t[6]){ 7, 0x1234, AT_REMOVEDIR }).kind,
		     TRAPPED_NONE);
}
#endif
