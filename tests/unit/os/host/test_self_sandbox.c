/* What a process may still do once it has shut itself in. Each claim is tried in a child. */
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "os/host/host.h"
#include "tests/unit/unit.h"

/* superd-bind has the last ones. */
static const struct self_sandbox plain = { .rights = 0 }, controls = { .rights = MAY_CONTROL },
				 queries = { .rights = MAY_QUERY }, looks = { .rights = MAY_LOOK | MAY_READ_FILES },
				 binds = { .rights = MAY_LOOK | MAY_READ_FILES | MAY_QUERY | MAY_CONTROL |
						   MAY_CHANGE_USER };

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

static long make_netlink_socket(void)
{
	return socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* A descriptor from before the sandbox, since not every profile makes one. */
static int datagrams = -1;

static long send_to_address(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(9),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return sendto(datagrams, "x", 1, 0, (struct sockaddr *)&address, sizeof(address));
}

/* The lower half of this address is 0, as that of no address. */
static long send_to_high_address(void)
{
	return syscall(SYS_sendto, datagrams, "x", 1, 0, (unsigned long)(UINT64_C(1) << 32), 16);
}

static long send_message_to_address(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(9),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char text = 'x';
	struct iovec byte = { &text, 1 };
	struct msghdr message = {
		.msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &byte, .msg_iovlen = 1
	};

	return sendmsg(datagrams, &message, 0);
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
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port_of_listener),
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

Test(sandbox, has_clients_but_no_child)
{
	static const struct self_sandbox clients = { .rights = MAY_TAKE_CLIENTS | MAY_SEND };

	skip_sanitized();
	cr_expect_eq(outcome_in(&clients, have_child), ENOSYS);
	cr_expect_eq(outcome_in(&clients, make_user_namespace), ENOSYS);
	cr_expect_eq(outcome_in(&clients, start_program), -SIGSYS);
}

Test(sandbox, finds_names_and_reads_but_does_not_write)
{
	static const struct self_sandbox names = { .rights = MAY_FIND_NAMES | MAY_SEND };

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
	struct self_sandbox there = { .rights = MAY_CONNECT, .port_count = 1 }, elsewhere = { .rights = MAY_CONNECT };
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

static void *do_nothing(void *with)
{
	return with;
}

static long have_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, do_nothing, NULL);
	return errno || pthread_join(thread, NULL) ? -1 : 0;
}

static long read_own_status(void)
{
	return open("/proc/self/status", O_RDONLY | O_CLOEXEC);
}

static char parents_byte = 'p';

static long read_parents_memory(void)
{
	char byte = 0;
	struct iovec here = { &byte, 1 }, there = { &parents_byte, 1 };

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0) == 1 && byte == 'p' ? 0 : -1;
}

static long write_parents_memory(void)
{
	char byte = 'q';
	struct iovec here = { &byte, 1 }, there = { &parents_byte, 1 };

	return process_vm_writev(getppid(), &here, 1, &there, 1, 0);
}

static long be_traced(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0); /* PTRACE_TRACEME, which harms nobody */
}

static long limit_parent(void)
{
	struct rlimit limit;

	return syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, &limit);
}

static long limit_itself(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit);
}

static long signal_parent(void)
{
	return syscall(SYS_kill, getppid(), 0);
}

/* The kernel would send the parent a signal whenever the descriptor is ready. */
static long own_for_parent(void)
{
	return fcntl(STDERR_FILENO, F_SETOWN, getppid());
}

static long choose_signal(void)
{
	return fcntl(STDERR_FILENO, F_SETSIG, SIGKILL);
}

static long have_signals(void)
{
	return fcntl(STDERR_FILENO, F_SETFL, O_ASYNC);
}

/* What the programs themselves need. */
static long control_descriptor(void)
{
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100), flags = fcntl(fd, F_GETFL);

	return fd < 0 || flags < 0 || fcntl(fd, F_SETFL, flags) < 0 || fcntl(fd, F_SETFD, 0) < 0 ? -1 : 0;
}

static long listen_somewhere(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? -1 : listen(fd, 1);
}

static long keep_capabilities(void)
{
	return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
}

static long change_user(void)
{
	return setreuid(getuid(), geteuid());
}

static long rename_itself(void)
{
	return prctl(PR_SET_NAME, "other", 0, 0, 0);
}

/* The kernel sees no descriptor -1, unless the filter has refused the request before. */
static long answer_calls(void)
{
	struct seccomp_notif_resp answer = { 0 };

	return ioctl(-1, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* Linux 5.13. */
static bool kernel_restricts_files(void)
{
#ifdef SYS_landlock_create_ruleset
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1;
#else
	return false;
#endif
}

/* What none of them may do. */
static void expect_confined(const struct self_sandbox *sandbox)
{
	cr_expect_eq(outcome_in(sandbox, start_program), -SIGSYS);
	cr_expect_neq(outcome_in(sandbox, have_child), NOT_REFUSED);
	cr_expect_neq(outcome_in(sandbox, make_user_namespace), NOT_REFUSED);
	cr_expect_neq(outcome_in(sandbox, write_file), NOT_REFUSED);
	cr_expect_neq(outcome_in(sandbox, connect_there), NOT_REFUSED);
	cr_expect_neq(outcome_in(sandbox, make_packet_socket), NOT_REFUSED);
	datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (!(sandbox->rights & MAY_SEND)) {
		cr_expect_eq(outcome_in(sandbox, send_to_address), EACCES);
		if (sizeof(long) == sizeof(uint64_t))
			cr_expect_eq(outcome_in(sandbox, send_to_high_address), EACCES);
		cr_expect_eq(outcome_in(sandbox, send_message_to_address), EACCES);
	}
	close(datagrams);
	cr_expect_eq(outcome_in(sandbox, write_parents_memory), -SIGSYS);
	cr_expect_eq(outcome_in(sandbox, signal_parent), ENOSYS);
	cr_expect_eq(outcome_in(sandbox, own_for_parent), EPERM);
	cr_expect_eq(outcome_in(sandbox, choose_signal), EPERM);
	cr_expect_eq(outcome_in(sandbox, have_signals), EPERM);
	cr_expect_eq(outcome_in(sandbox, control_descriptor), NOT_REFUSED);
	cr_expect_eq(outcome_in(sandbox, limit_parent), EPERM);
	cr_expect_neq(outcome_in(sandbox, rename_itself), NOT_REFUSED);
}

static void expect_descriptors_alone(const struct self_sandbox *sandbox)
{
	expect_confined(sandbox);
	cr_expect_eq(outcome_in(sandbox, read_own_status), ENOSYS);
	cr_expect_eq(outcome_in(sandbox, make_inet_socket), ENOSYS);
	cr_expect_eq(outcome_in(sandbox, keep_capabilities), ENOSYS);
	cr_expect_eq(outcome_in(sandbox, read_parents_memory), -SIGSYS);
	cr_expect_eq(outcome_in(sandbox, be_traced), -SIGSYS);
}

Test(sandbox, without_a_right_has_its_descriptors)
{
	skip_sanitized();
	expect_descriptors_alone(&plain);
	cr_expect_neq(outcome_in(&plain, have_thread), NOT_REFUSED);
	cr_expect_eq(outcome_in(&plain, answer_calls), ENOTTY);
}

Test(sandbox, that_controls_asks_a_filter)
{
	skip_sanitized();
	expect_descriptors_alone(&controls);
	cr_expect_neq(outcome_in(&controls, have_thread), NOT_REFUSED);
	cr_expect_eq(outcome_in(&controls, answer_calls), EBADF);
}

Test(sandbox, that_queries_asks_and_sends_to_nobody_else)
{
	skip_sanitized();
	expect_confined(&queries);
	cr_expect_eq(outcome_in(&queries, read_own_status), ENOSYS);
	cr_expect_eq(outcome_in(&queries, make_packet_socket), EAFNOSUPPORT);
	cr_expect_eq(outcome_in(&queries, connect_there), ENOSYS);
	cr_expect_eq(outcome_in(&queries, make_inet_socket), NOT_REFUSED);
	cr_expect_eq(outcome_in(&queries, make_netlink_socket), NOT_REFUSED);
	cr_expect_eq(outcome_in(&queries, listen_somewhere), ENOSYS);
}

Test(sandbox, reads_files_and_does_nothing_else)
{
	static const struct self_sandbox reads = { .rights = MAY_READ_FILES };

	skip_sanitized();
	cr_expect_eq(outcome_in(&reads, read_file), NOT_REFUSED);
	cr_expect_eq(outcome_in(&reads, write_file), EACCES);
	cr_expect_eq(outcome_in(&reads, read_parents_memory), -SIGSYS);
	cr_expect_eq(outcome_in(&reads, make_inet_socket), ENOSYS);
	cr_expect_eq(outcome_in(&reads, start_program), -SIGSYS);
}

static void expect_looks(const struct self_sandbox *sandbox)
{
	expect_confined(sandbox);
	cr_expect_eq(outcome_in(sandbox, read_parents_memory), NOT_REFUSED);
	cr_expect_eq(outcome_in(sandbox, read_own_status), NOT_REFUSED);
	cr_expect_eq(outcome_in(sandbox, listen_somewhere), ENOSYS);
	cr_expect_eq(outcome_in(sandbox, write_file), EACCES);
}

Test(sandbox, looks_at_processes_and_changes_none)
{
	skip_sanitized();
	expect_looks(&looks);
	cr_expect_eq(outcome_in(&looks, make_inet_socket), ENOSYS);
	cr_expect_eq(outcome_in(&looks, keep_capabilities), ENOSYS);
	cr_expect_eq(outcome_in(&looks, trace_parent), -SIGSYS);
	cr_expect_eq(outcome_in(&looks, be_traced), -SIGSYS);
}

Test(sandbox, takes_on_a_user_and_queries_where_it_binds)
{
	skip_sanitized();
	expect_looks(&binds);
	cr_expect_eq(outcome_in(&binds, make_inet_socket), NOT_REFUSED);
	cr_expect_eq(outcome_in(&binds, make_packet_socket), EAFNOSUPPORT);
	cr_expect_eq(outcome_in(&binds, keep_capabilities), NOT_REFUSED);
	cr_expect_eq(outcome_in(&binds, change_user), NOT_REFUSED);
	cr_expect_eq(outcome_in(&binds, rename_itself), EPERM);
	cr_expect_eq(outcome_in(&binds, be_traced), -SIGSYS);
}

Test(sandbox, sets_its_own_limits_and_no_others)
{
	skip_sanitized();
	cr_expect_eq(outcome_in(&plain, limit_itself), NOT_REFUSED);
	cr_expect_eq(outcome_in(&plain, limit_parent), EPERM);
}

/* A filter that is too long would be left out without a word. */
Test(sandbox, fits_whatever_is_wanted_of_it)
{
	struct self_sandbox everything = { .rights = ~0u };

	skip_sanitized();
	cr_expect_eq(outcome_in(&everything, start_program), -SIGSYS);
}

static void lack_descriptors(void)
{
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(const struct rlimit){ 0, 0 }), 0);
}

/* As a kernel that has no memory for a filter. It still tells that it has filters. */
static void lack_memory(void)
{
	const size_t arguments = offsetof(struct seccomp_data, args), third = arguments + 2 * sizeof(uint64_t);
	const size_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arguments + low),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, third + low),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(code) / sizeof(*code), code };

	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0), 0);
}

/* The exit status of a process that shuts itself in when something is short, NOT_REFUSED if it goes on. */
static int status_without(void (*lack)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(STDOUT_FILENO);
		self_sandbox_begin();
		lack();
		self_sandbox_enter(&plain);
		_exit(NOT_REFUSED);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(sandbox, does_not_go_on_without_what_the_kernel_has)
{
	skip_sanitized();
	if (kernel_restricts_files())
		cr_expect_eq(status_without(lack_descriptors), EXIT_FAILURE);
	if (self_sandbox_can_filter())
		cr_expect_eq(status_without(lack_memory), EXIT_FAILURE);
}

Test(sandbox, tells_what_the_machine_lacks)
{
	skip_sanitized();
	cr_expect_eq(self_sandbox_can_restrict(), kernel_restricts_files());
	cr_expect_eq(self_sandbox_can_filter(), outcome_in(&plain, start_program) == -SIGSYS);
}
