/* What superd does first of all, and what it was handed. Each case that changes the process runs in one of its own;
 * a claim that fails there is told by its line. */

#include "superd/main.h"
#include "tests/unit/unit.h"

TestSuite(init, .timeout = 120);

#define CLAIM(condition) \
	do { \
		if (!(condition)) { \
			dprintf(STDERR_FILENO, "line %d: not true: %s\n", __LINE__, #condition); \
			_exit(1); \
		} \
	} while (0)

static void expect_in_a_process(void (*claims)(void))
{
	int status = -1;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		claims();
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0, "wait status %x", (unsigned)status);
}

static void hides_descriptors(void)
{
	struct process_defaults process_defaults = { 0 };
	int numbers[] = { 40, 90, 200 };

	for (int n = 0; n < 3; n++)
		CLAIM(dup2(STDERR_FILENO, numbers[n]) == numbers[n]);
	pid1_enter(&process_defaults);
	for (int n = 0; n < 3; n++)
		CLAIM(fcntl(numbers[n], F_GETFD) == FD_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		CLAIM(fcntl(fd, F_GETFD) == 0);
}

Test(init, lets_no_inherited_descriptor_through_an_exec)
{
	expect_in_a_process(hides_descriptors);
}

static void opens_standard(void)
{
	struct process_defaults process_defaults = { 0 };

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	pid1_enter(&process_defaults);
	CLAIM(fcntl(STDIN_FILENO, F_GETFD) == 0);
	CLAIM(fcntl(STDOUT_FILENO, F_GETFD) == 0);
}

Test(init, opens_what_is_missing_of_the_standard_streams)
{
	expect_in_a_process(opens_standard);
}

static void on_signal(int signal)
{
	(void)signal;
}

static void resets_signals(void)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN }, handled = { .sa_handler = on_signal }, now;
	struct process_defaults process_defaults = { 0 };
	sigset_t set;

	sigaction(SIGHUP, &ignored, NULL);
	sigaction(SIGPIPE, &ignored, NULL);
	sigaction(SIGCHLD, &ignored, NULL);
	sigaction(SIGUSR1, &handled, NULL);
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	pid1_enter(&process_defaults);
	for (int signal = 1; signal < NSIG; signal++) {
		if (sigaction(signal, NULL, &now) < 0)
			continue;       /* the C library's own */
		CLAIM(now.sa_handler != SIG_IGN);
		CLAIM(signal == SIGPIPE || now.sa_handler == SIG_DFL);
	}
	sigprocmask(SIG_SETMASK, NULL, &set);
	for (int signal = 1; signal < SIGRTMIN; signal++) {
		bool waits = signal == SIGHUP || signal == SIGUSR1 || signal == SIGUSR2 || signal == SIGALRM ||
			     signal_is_stray(signal);

		CLAIM(sigismember(&set, signal) == waits);
	}
}

Test(init, ignores_no_signal_and_holds_orders_alone)
{
	expect_in_a_process(resets_signals);
}

static void survives_broken_pipe(void)
{
	struct process_defaults process_defaults = { 0 };
	int ends[2];

	CLAIM(pipe(ends) == 0);
	pid1_enter(&process_defaults);
	close(ends[0]);
	CLAIM(write(ends[1], "x", 1) == -1 && errno == EPIPE);
}

Test(init, survives_a_broken_pipe)
{
	expect_in_a_process(survives_broken_pipe);
}

static void raises_limit(void)
{
	struct rlimit limit, now;
	struct process_defaults process_defaults = { 0 };

	CLAIM(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 300;
	CLAIM(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	umask(0);
	pid1_enter(&process_defaults);
	CLAIM(getrlimit(RLIMIT_NOFILE, &now) == 0);
	CLAIM(now.rlim_cur == limit.rlim_max && now.rlim_max == limit.rlim_max);
	CLAIM(process_defaults.nofile.rlim_cur == 300 && process_defaults.nofile.rlim_max == limit.rlim_max);
	CLAIM(umask(0) == 022);
}

Test(init, raises_the_limit_of_descriptors_and_remembers_what_it_was)
{
	expect_in_a_process(raises_limit);
}

/* Opens 3 and 4 and says they are sockets for pid. */
static void be_given(long pid, const char *count, const char *names)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", count, 1);
	unsetenv("LISTEN_FDNAMES");
	if (names)
		setenv("LISTEN_FDNAMES", names, 1);
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	CLAIM(dup2(STDERR_FILENO, 3) == 3 && dup2(STDERR_FILENO, 4) == 4);
}

static bool is_said_nothing(void)
{
	return !getenv("LISTEN_PID") && !getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES");
}

static void takes_sockets(void)
{
	struct listen_fds listen_fds = { 0 };

	be_given(getpid(), "3", "http::ftp");
	listen_fds_take(&listen_fds);
	CLAIM(listen_fds.count == 3 && is_said_nothing());
	CLAIM(listen_fds.list[0].fd == 3 && !strcmp(listen_fds.list[0].name, "http"));
	CLAIM(listen_fds.list[1].fd == 4 && !strcmp(listen_fds.list[1].name, ""));
	CLAIM(listen_fds.list[2].fd == -1);             /* it was never open */
}

Test(init, takes_the_sockets_it_was_given)
{
	expect_in_a_process(takes_sockets);
}

static void takes_nameless(void)
{
	struct listen_fds listen_fds;

	be_given(getpid(), "2", NULL);
	listen_fds_take(&listen_fds);
	CLAIM(listen_fds.count == 2 && !listen_fds.list[0].name && listen_fds.list[1].fd == 4);
	be_given(getpid(), "2", "only");
	listen_fds_take(&listen_fds);
	CLAIM(listen_fds.count == 2 && !strcmp(listen_fds.list[0].name, "only") && !listen_fds.list[1].name);
}

Test(init, takes_sockets_without_names)
{
	expect_in_a_process(takes_nameless);
}

static void expect_none(long pid, const char *count)
{
	struct listen_fds listen_fds;

	be_given(pid, count, "x");
	listen_fds_take(&listen_fds);
	CLAIM(listen_fds.count == 0);
	CLAIM(is_said_nothing());
	CLAIM(fcntl(3, F_GETFD) >= 0);
}

static void takes_no_others(void)
{
	struct listen_fds listen_fds;

	expect_none(getppid(), "2");
	expect_none(getpid(), "0");
	expect_none(getpid(), "-1");
	expect_none(getpid(), "two");
	expect_none(getpid(), "1000000000");
	listen_fds_take(&listen_fds);
	CLAIM(listen_fds.count == 0);
}

Test(init, takes_no_sockets_that_are_not_meant_for_it)
{
	expect_in_a_process(takes_no_others);
}

static void knows_store(void)
{
	struct listen_fds listen_fds;

	be_given(getpid(), "2", "superd/web/udp,53:superd.socket");
	listen_fds_take(&listen_fds);
	CLAIM(listen_fds.count == 2 && listen_fds.list[0].from == OF_STORE && listen_fds.list[1].from == OF_OTHERS);
}

Test(init, knows_by_its_name_what_a_superd_gave_to_a_store)
{
	expect_in_a_process(knows_store);
}
