/* What a process may still do once it has shut itself in. Each claim is tried in a child. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/host/self_sandbox.h"

static const struct self_sandbox plain = { .has_clients = false };

#define NOT_REFUSED 200

/* The errno of what was tried, NOT_REFUSED where it was done; or minus the signal that ended it. sandbox NULL: it has
 * only begun. */
static int outcome_in(const struct self_sandbox *sandbox, long (*try)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		self_sandbox_begin();
		if (sandbox)
			self_sandbox_enter(sandbox);
		errno = 0;
		_exit(try() < 0 ? errno : NOT_REFUSED);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static long read_file(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long write_file(void)
{
	return open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static long start_program(void)
{
	return execl("/bin/true", "true", (char *)NULL);
}

static long have_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 || waitpid(pid, NULL, 0) != pid ? -1 : 0;
}

static long make_user_namespace(void)
{
	return syscall(SYS_clone, SIGCHLD | 0x10000000, 0, 0, 0, 0);
}

static long make_inet_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static long make_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static long trace_parent(void)
{
	return syscall(SYS_ptrace, 16, getppid(), 0, 0);
}

static long call_what_nobody_knows(void)
{
	return syscall(100000);
}

static long tell_flags(void)
{
	struct rlimit cores;

	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return -1;
	return getrlimit(RLIMIT_CORE, &cores) == 0 && cores.rlim_max == 0 ? 0 : -1;
}

static long find_host(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;

	return getaddrinfo("localhost", "22", &hints, &list) ? -1 : 0;
}

static uint16_t port_of_listener;

static long connect_there(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port_of_listener),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof(address));
}

/* Linux 6.7; the interface's version says so. */
static bool kernel_restricts_ports(void)
{
#ifdef SYS_landlock_create_ruleset
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 4;
#else
	return false;
#endif
}

static void skip_sanitized(void)
{
#ifdef SANITIZED
	cr_skip_test("a build with sanitizers has no sandbox");
#endif
}

Test(sandbox, begins_with_a_process_that_nobody_may_look_into)
{
	cr_expect_eq(outcome_in(NULL, tell_flags), NOT_REFUSED);
}

Test(sandbox, opens_no_file)
{
	skip_sanitized();
	cr_expect_eq(outcome_in(&plain, read_file), ENOSYS);
	cr_expect_eq(outcome_in(&plain, write_file), ENOSYS);
}

Test(sandbox, starts_no_program_and_has_no_child)
{
	skip_sanitized();
	cr_expect_eq(outcome_in(&plain, start_program), -SIGSYS);
	cr_expect_eq(outcome_in(&plain, have_child), ENOSYS);
}

Test(sandbox, makes_no_socket)
{
	skip_sanitized();
	cr_expect_eq(outcome_in(&plain, make_inet_socket), ENOSYS);
}

Test(sandbox, ends_an_attacker_and_only_refuses_what_is_new)
{
	skip_sanitized();
	cr_expect_eq(outcome_in(&plain, trace_parent), -SIGSYS);
	cr_expect_eq(outcome_in(&plain, call_what_nobody_knows), ENOSYS);
}

Test(sandbox, has_children_for_clients_but_no_namespace)
{
	static const struct self_sandbox clients = { .has_clients = true };

	skip_sanitized();
	cr_expect_eq(outcome_in(&clients, have_child), NOT_REFUSED);
	cr_expect_eq(outcome_in(&clients, make_user_namespace), -SIGSYS);
	cr_expect_eq(outcome_in(&clients, start_program), -SIGSYS);
}

Test(sandbox, finds_names_and_reads_but_does_not_write)
{
	static const struct self_sandbox names = { .finds_names = true };

	skip_sanitized();
	cr_expect_eq(outcome_in(&names, find_host), NOT_REFUSED);
	cr_expect_eq(outcome_in(&names, read_file), NOT_REFUSED);
	cr_expect_eq(outcome_in(&names, write_file), EACCES);
	cr_expect_eq(outcome_in(&names, make_packet_socket), EAFNOSUPPORT);
	cr_expect_eq(outcome_in(&names, start_program), -SIGSYS);
}

Test(sandbox, connects_to_its_port_alone)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	struct self_sandbox there = { .connects = true, .port_count = 1 }, elsewhere = { .connects = true };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	skip_sanitized();
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 4), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	there.ports[0] = port_of_listener = ntohs(address.sin_port);
	cr_expect_eq(outcome_in(&there, connect_there), NOT_REFUSED);
	if (kernel_restricts_ports())
		cr_expect_eq(outcome_in(&elsewhere, connect_there), EACCES);
	close(listener);
}
