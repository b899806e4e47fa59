/* superctl run: a service on the terminal of an operator. It must differ in nothing but its standard streams, and
 * neither side may hold up superd. The hard thing is the terminal, which this test plays: what comes
 * from it may come in any pieces. */
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>

#include "controlling.h"
#include "superctl.h"

#define SHELL(script) "{ \"/bin/sh\", \"-c\", \"" script "\" }"

/* The same as controlled_run, once the control socket is there. */
static struct superd *superd_there(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct superd *superd_there(const char *format, ...)
{
	struct superd *superd;
	va_list list;

	va_start(list, format);
	superd = controlled_run("%s", text_of_list(format, list));
	va_end(list);
	wait_node(control_path());
	return superd;
}

static struct superd *clock_there(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct superd *clock_there(const char *format, ...)
{
	struct superd *superd;
	va_list list;

	va_start(list, format);
	superd = controlled_clock_run("%s", text_of_list(format, list));
	va_end(list);
	wait_node(control_path());
	return superd;
}

/* A superctl that runs beside the test. */
struct run {
	pid_t pid;
	int in;                         /* its input and output: a terminal, or two pipes; -1: closed */
	int out;
	const char *err;                /* path of what it printed to stderr */
	char seen[65536];
	size_t length;
	int status;                     /* as superd_wait_exit; -1: it has not ended */
};

static void become_superctl(const char *const *arguments, const int fds[3], bool is_terminal)
{
	const char *words[16] = { superctl_path(), "--control", control_path(), "run" };

	for (size_t n = 0; arguments[n]; n++)
		words[4 + n] = arguments[n];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (is_terminal)
		setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(fds[fd], fd);
	if (is_terminal)
		ioctl(0, TIOCSCTTY, 0);
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	execv(words[0], (char *const *)(size_t)words);
	_exit(93);
}

static struct run run_with(const char *const *arguments, int theirs_in, int theirs_out, bool is_terminal)
{
	static unsigned count;
	struct run run = { .in = -1, .out = -1, .err = path_in("run%u.err", count++), .status = -1 };
	int fds[] = { theirs_in, theirs_out, open(run.err, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) };

	run.pid = fork();
	if (run.pid == 0)
		become_superctl(arguments, fds, is_terminal);
	cr_assert_gt(run.pid, 0);
	close(fds[2]);
	close(theirs_out);
	if (theirs_in != theirs_out)
		close(theirs_in);
	return run;
}

static struct run run_in_pipes(const char *const *arguments)
{
	int in[2], out[2];
	struct run run;

	cr_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	run = run_with(arguments, in[0], out[1], false);
	run.in = in[1];
	run.out = out[0];
	return run;
}

static void set_size(int terminal, unsigned short rows, unsigned short columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	cr_assert_eq(ioctl(terminal, TIOCSWINSZ, &size), 0);
}

static struct run run_on_terminal(const char *const *arguments)
{
	int mine = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), theirs;
	struct run run;

	cr_assert(mine >= 0 && grantpt(mine) == 0 && unlockpt(mine) == 0);
	set_size(mine, 33, 101);
	theirs = open(ptsname(mine), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(theirs, 0);
	run = run_with(arguments, theirs, theirs, true);
	run.in = run.out = mine;
	return run;
}

/* Waits until this was printed. */
#define SHOWS(run, text) \
	for (long long until_ = now_ms() + DEADLINE_MS; !prints(run, text); pause_a_moment()) \
		cr_assert(now_ms() < until_, "waited in vain for '%s' in '%s'\n%s", text, (run)->seen, world_logs())

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void take(struct run *run)
{
	struct pollfd ready = { .fd = run->out, .events = POLLIN };
	ssize_t got = 0;

	if (run->out >= 0 && run->length + 1 < sizeof(run->seen) && poll(&ready, 1, 0) > 0)
		got = read(run->out, run->seen + run->length, sizeof(run->seen) - 1 - run->length);
	run->length += got > 0 ? (size_t)got : 0;
	run->seen[run->length] = '\0';
}

/* Whether this was printed. */
static bool prints(struct run *run, const char *text)
{
	take(run);
	return strstr(run->seen, text);
}

static bool has_ended(struct run *run)
{
	int status;

	take(run);
	if (run->status < 0 && waitpid(run->pid, &status, WNOHANG) == run->pid)
		run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return run->status >= 0;
}

static void type(struct run *run, const char *keys)
{
	cr_assert_eq(write(run->in, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static void close_input(struct run *run)
{
	if (run->in >= 0 && run->in != run->out)
		close(run->in);
	run->in = -1;
}

/* Waits for its end, and for all that it printed. */
static void finish(struct run *run, int status)
{
	WAIT_UNTIL(has_ended(run));
	for (size_t before = run->length + 1; before != run->length; take(run))
		before = run->length;
	cr_expect_eq(run->status, status, "%d: %s%s", run->status, read_text(run->err), world_logs());
	close_input(run);
	close(run->out);
	unlink(run->err);
}

static bool says_on_stderr(const struct run *run, const char *text)
{
	const char *err = read_text(run->err);

	return err && strstr(err, text);
}

static const char *state_of(const char *service)
{
	return control_value(control_once("list %s", service), "state");
}

static bool is_in_state(const char *service, const char *state)
{
	return !strcmp(state_of(service), state);
}

/* What a program sees of itself: all that superd sets. The last line ends the report. */
#define REPORT \
	SHELL("env | grep -v -e ^LISTEN_PID= -e ^INVOCATION_ID= -e ^SYSTEMD_EXEC_PID= -e ^LISTEN_PIDFDID= | sort; " \
	      "id; ulimit -a; ulimit -Ha; umask; pwd; " \
	      "grep -v -e Pid: -e PPid: -e NSpid: -e NStgid: -e NSpgid: -e NSsid: -e Vm -e Rss -e ctxt -e Tgid: " \
	      "-e Cpus -e Mems -e SigQ -e Hugetlb -e State -e FDSize -e Threads -e x86_Thread /proc/self/status; " \
	      "cat /proc/self/cgroup; cat /proc/self/oom_score_adj; ps -o ni,cls -p $$; readlink /proc/self/ns/*; " \
	      "for fd in /proc/$$/fd/*; do n=${fd##*/}; [ $n -gt 2 ] && [ $n -lt 10 ] && echo $n; done; " \
	      "[ $(ps -o sid= -p $$) -eq $$ ] && echo leads a session; echo whole >&2; echo whole")

/* Lines that name what each start gets anew. */
static const char *without_own_names(const char *report)
{
	const char *clean = "";

	for (const char *line = report, *end; *line; line = end + (*end == '\n')) {
		end = line + strcspn(line, "\n");
		const char *words = text_of("%.*s", (int)(end - line), line);

		/* The limit of locks is the mark of a start. */
		if (!strstr(words, "mnt:[") && !strstr(words, "locks"))
			clean = text_of("%s%.*s\n", clean, (int)(end - line), line);
	}
	return clean;
}

Behaviour(run, differs_from_a_start_in_the_streams_alone)
{
	const char *report = path_in("report"), *folder = path_in("folder"), *started;
	const char *errors = path_in("errors");
	struct superd *superd;
	struct run run;

	cr_assert_eq(mkdir(folder, 0755), 0);
	cr_assert_eq(chmod(path_in("."), 0755), 0);
	superd = superd_there("service tells { listen = \"127.0.0.1:0\" user = \"%s\" exec = " REPORT "\n"
				"output = \"truncate:%s\" error = \"truncate:%s\" "
				"working_directory = \"%s\" umask = 027 rlimit_nofile = 77 rlimit_core = 0 "
				"nice = 3 env = { \"ONE=1\", \"TWO=a b\" } no_new_privileges = yes }",
				own_user(), report, errors, folder);
	superd_wait_log(superd, "tells: listening on");
	cr_assert(control_is_done(control_once("start tells")));
	WAIT_UNTIL(read_text(report) && strstr(read_text(report), "\nwhole\n"));
	started = without_own_names(read_text(report));
	WAIT_UNTIL(!is_in_state("tells", "running"));
	run = run_in_pipes(WORDS("--stop", "tells"));
	finish(&run, 0);
	cr_expect_str_eq(without_own_names(run.seen), started);
	cr_expect_str_eq(without_own_names(read_text(report)), started, "the run printed nothing there");
	cr_expect_not_null(strstr(started, "LISTEN_FDS=1\n"), "%s", started);
	cr_expect_not_null(strstr(started, "TWO=a b\n"), "%s", started);
	cr_expect_not_null(strstr(started, "leads a session\n"), "%s", started);
	superd_stop(superd);
	unlink(report);
	unlink(errors);
	rmdir(folder);
}

Behaviour(run, passes_input_output_errors_and_the_status)
{
	struct superd *superd = superd_there(
		"service asks { listen = \"127.0.0.1:0\" user = \"%s\" exec = "
		SHELL("read word; echo got $word $#; echo wrong >&2; cat; exit 7") " }", own_user());
	struct run run;

	superd_wait_log(superd, "asks: listening on");
	run = run_in_pipes(WORDS("asks", "zero", "--one", "$HOME"));
	type(&run, "hello\nmore\n");
	close_input(&run);
	WAIT_UNTIL(says_on_stderr(&run, "wrong\n"));
	finish(&run, 7);
	cr_expect_str_eq(run.seen, "got hello 2\nmore\n");
	cr_expect(superd_logged(superd, "asks: uid "));
	cr_expect(superd_logged(superd, ", in the foreground"));
}

Behaviour(run, gives_further_arguments_as_they_are)
{
	struct superd *superd = superd_there(
		"service tells { start = manual user = \"%s\" "
		"exec = { \"/usr/bin/printf\", \"<%%s>\", \"me\" } }", own_user());
	struct run run = run_in_pipes(WORDS("tells", "a b", "--stop", "$WHO", "", "${WHO}", "$$"));

	finish(&run, 0);
	cr_expect_str_eq(run.seen, "<me><a b><--stop><$WHO><><${WHO}><$$>");
	superd_stop(superd);
}

Behaviour(run, tells_which_signal_ended_it)
{
	struct superd *superd = superd_there("service dies { start = manual user = \"%s\" exec = "
					       SHELL("kill -KILL $$") " }", own_user());
	struct run run = run_in_pipes(WORDS("dies"));

	WAIT_UNTIL(has_ended(&run));
	cr_expect(says_on_stderr(&run, "dies was ended by SIGKILL"), "%s", read_text(run.err));
	finish(&run, 128 + SIGKILL);
	superd_stop(superd);
}

Behaviour(run, passes_signals_where_there_is_no_terminal)
{
	struct superd *superd = superd_there(
		"service waits { start = manual user = \"%s\" exec = "
		SHELL("trap 'echo int; exit 3' INT; trap 'echo term' TERM; echo ready; "
		      "while :; do sleep 0.1; done") " }", own_user());
	struct run run = run_in_pipes(WORDS("waits"));

	SHOWS(&run, "ready\n");
	kill(run.pid, SIGTERM);
	SHOWS(&run, "term\n");
	kill(run.pid, SIGINT);
	SHOWS(&run, "int\n");
	finish(&run, 3);
	superd_stop(superd);
}

Behaviour(run, has_a_terminal_with_its_size_and_signals)
{
	struct superd *superd = superd_there(
		"service looks { listen = \"127.0.0.1:0\" user = \"%s\" exec = "
		SHELL("tty; test -t 0 && test -t 1 && test -t 2 && echo on all; stty size; "
		      "while read word; do echo got $word; stty size; done") " }", own_user());
	struct run run;

	superd_wait_log(superd, "looks: listening on");
	run = run_on_terminal(WORDS("looks"));
	SHOWS(&run, "on all\r\n33 101\r\n");
	cr_expect(prints(&run, "/dev/pts/"), "%s", run.seen);
	set_size(run.in, 50, 132);
	WAIT_UNTIL((type(&run, "again\r"), pause_a_moment(), prints(&run, "50 132\r\n")));
	cr_expect(prints(&run, "got again\r\n"), "%s", run.seen);
	type(&run, "\003");
	WAIT_UNTIL(has_ended(&run));
	cr_expect(says_on_stderr(&run, "looks was ended by SIGINT"), "%s", read_text(run.err));
	finish(&run, 128 + SIGINT);
	cr_expect_str_eq(control_value(control_once("status looks"), "failures"), "0", "the operator has ended it");
}

Behaviour(run, has_job_control)
{
	struct superd *superd;
	struct run run;

	SKIP_WITHOUT(access("/bin/bash", X_OK) == 0, "there is no bash");
	superd = superd_there("service shell { start = manual user = \"%s\" "
				"exec = { \"/bin/bash\", \"--norc\", \"--noediting\", \"-i\" } }", own_user());
	run = run_on_terminal(WORDS("shell"));
	type(&run, "PS1=; echo re''ady\r");
	SHOWS(&run, "ready\r\n");
	type(&run, "sh -c \"echo run''ning; exec sleep 1000\"\r");
	SHOWS(&run, "running\r\n");
	type(&run, "\032");
	SHOWS(&run, "Stopped");
	type(&run, "kill -KILL %1; jobs\r");
	WAIT_UNTIL((type(&run, "jobs\r"), pause_a_moment(), prints(&run, "Killed")));
	type(&run, "exit 4\r");
	finish(&run, 4);
	superd_stop(superd);
}

/* superd would wait for its file system. */
Behaviour(run, gives_no_file_away)
{
	const char *path = path_in("shown");
	struct superd *superd = superd_there(
		"service looks { start = manual user = \"%s\" exec = "
		SHELL("test -p /dev/fd/0 && test -p /dev/fd/1 && echo pipes; cat") " }", own_user());
	struct run run = run_with(WORDS("looks"), open(path_in("superd.conf"), O_RDONLY | O_CLOEXEC),
				  open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), false);

	finish(&run, 0);
	cr_expect_str_eq(read_text(path), text_of("pipes\n%s", read_text(path_in("superd.conf"))));
	superd_stop(superd);
	unlink(path);
}

/* Who has it could read what the operator types later. */
Behaviour(run, gives_no_terminal_away)
{
	struct superd *superd = superd_there(
		"service asks { start = manual user = \"%s\" exec = "
		SHELL("test -t 0 || test -t 1 || echo none; read word; echo got $word; cat; echo end") " }\n"
		"service forks { start = manual type = forking user = \"%s\" exec = "
		SHELL("tty; (exec >/dev/null 2>&1; exec sleep 1000) & exit 0") " }", own_user(), own_user());
	int mine = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), out[2];
	struct termios modes;
	struct run run;

	cr_assert(mine >= 0 && unlockpt(mine) == 0 && pipe2(out, O_CLOEXEC) == 0);
	run = run_with(WORDS("asks"), open(ptsname(mine), O_RDWR | O_NOCTTY | O_CLOEXEC), out[1], true);
	run.in = mine;
	run.out = out[0];
	SHOWS(&run, "none\n");
	type(&run, "word\n");
	SHOWS(&run, "got word\n");
	cr_assert_eq(tcgetattr(mine, &modes), 0);
	cr_expect(modes.c_lflag & ICANON, "nobody has changed it");
	type(&run, "\004");
	finish(&run, 0);
	cr_expect_str_eq(run.seen, "none\ngot word\nend\n");
	run = run_on_terminal(WORDS("forks"));
	SHOWS(&run, "/dev/pts/");
	cr_expect_str_neq(text_of("%.*s", (int)strcspn(run.seen, "\r\n"), run.seen), ptsname(run.in));
	WAIT_UNTIL(is_in_state("forks", "running"));
	kill(run.pid, SIGTERM);
	finish(&run, 128 + SIGTERM);
	superd_stop(superd);
}

Behaviour(run, leaves_its_terminal_as_it_was)
{
	struct superd *superd = superd_there("service copies { start = manual user = \"%s\" exec = \"/bin/cat\" }",
					       own_user());
	struct run run = run_on_terminal(WORDS("copies"));
	struct termios before, now;
	int theirs = open(ptsname(run.in), O_RDWR | O_NOCTTY | O_CLOEXEC);

	cr_assert_eq(tcgetattr(theirs, &before), 0);
	WAIT_UNTIL(tcgetattr(theirs, &now) == 0 && !(now.c_lflag & ICANON));
	type(&run, "x\r");
	SHOWS(&run, "x\r\nx\r\n");
	type(&run, "\035\035\035");
	WAIT_UNTIL(has_ended(&run));
	cr_assert_eq(tcgetattr(theirs, &now), 0);
	cr_expect_eq(now.c_lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
	cr_expect_eq(now.c_oflag, before.c_oflag);
	cr_expect(says_on_stderr(&run, "left copies"), "%s", read_text(run.err));
	close(theirs);
	finish(&run, 125);
	WAIT_UNTIL(!is_in_state("copies", "running"));
	superd_stop(superd);
}

static bool has_been_told(const char *path, const char *what)
{
	const char *text = read_text(path);

	return text && !strcmp(text, what);
}

static void expect_never_running(struct superd *superd, const char *service)
{
	for (int n = 0; n < 3; n++) {
		clock_advance(superd, HOUR_MS);
		cr_assert(!is_in_state(service, "running"));
	}
}

/* Its terminal hangs up; superd interrupts it, then stops it. */
Behaviour(run, is_stopped_when_its_client_is_killed)
{
	const char *told = path_in("told");
	struct superd *superd = clock_there(
		"service stays { start = manual user = \"%s\" timeout_stop = 10min restart = always exec = "
		SHELL("trap 'echo hup >>%s' HUP; trap 'echo int >>%s' INT; trap 'echo term >>%s' TERM; echo ready; "
		      "while :; do sleep 0.1; done")
		" }", own_user(), told, told, told);
	struct run run = run_on_terminal(WORDS("stays"));

	SHOWS(&run, "ready");
	kill(run.pid, SIGKILL);
	superd_wait_log(superd, "the operator who runs it in the foreground has left");
	WAIT_UNTIL(has_been_told(told, "hup\nint\n") || has_been_told(told, "int\nhup\n"));
	clock_advance(superd, 3 * SECOND_MS);
	WAIT_UNTIL(strstr(read_text(told), "term\n"));
	clock_advance(superd, 9 * MINUTE_MS);
	cr_expect_not(superd_logged(superd, "ended: signal KILL"));
	clock_advance(superd, 2 * MINUTE_MS);
	superd_wait_log(superd, "ended: signal KILL");
	cr_expect_eq(strlen(read_text(told)), strlen("hup\nint\nterm\n"), "%s", read_text(told));
	finish(&run, 128 + SIGKILL);
	expect_never_running(superd, "stays");
	superd_stop(superd);
	unlink(told);
}

Behaviour(run, lets_a_flood_wait_for_its_reader)
{
	struct superd *superd = clock_there(
		"service floods { start = manual user = \"%s\" exec = { \"/usr/bin/yes\", \"superd\" } }\n"
		"service echo { listen = \"127.0.0.1:0\" accept = yes user = \"%s\" pass = inetd exec = \"/bin/cat\" }",
		own_user(), own_user());
	long long before, after;
	struct run run;

	superd_wait_log(superd, "echo: listening on");
	run = run_in_pipes(WORDS("floods"));
	WAIT_UNTIL(superd_logged(superd, "floods: started"));
	/* Nobody reads: all of them come to rest. */
	before = strtoll(control_value(control_once("metrics"), "memory"), NULL, 10);
	for (int n = 0; n < 10; n++)
		cr_expect_str_eq(client_ask(superd_port(superd, "echo"), "still here\n"), "still here");
	clock_advance(superd, HOUR_MS);
	clock_expect_wakes(superd, HOUR_MS, 1, 0);
	cr_expect_not(has_ended(&(struct run){ .pid = run.pid, .out = -1, .status = -1 }));
	after = strtoll(control_value(control_once("metrics"), "memory"), NULL, 10);
	cr_expect_leq(after - before, 4 << 20, "%lld", after - before);
	kill(run.pid, SIGKILL);
	WAIT_UNTIL(!is_in_state("floods", "running"));
	finish(&run, 128 + SIGKILL);
}

/* An interrupt passes input that the program does not read. */
Behaviour(run, interrupts_a_program_that_does_not_read)
{
	static char much[1 << 20];
	struct superd *superd = superd_there("service deaf { start = manual user = \"%s\" "
					       "exec = { \"/bin/sleep\", \"1000\" } }", own_user());
	struct run run = run_in_pipes(WORDS("deaf"));
	size_t written = 0;

	memset(much, 'x', sizeof(much));
	cr_assert_eq(fcntl(run.in, F_SETFL, O_NONBLOCK), 0);
	superd_wait_log(superd, "deaf: started");
	for (int quiet = 0; quiet < 50; pause_a_moment()) {
		ssize_t put = write(run.in, much, sizeof(much));

		written += put > 0 ? (size_t)put : 0;
		quiet = put > 0 ? 0 : quiet + 1;
	}
	cr_expect_lt(written, 512u << 10, "%zu bytes", written);
	kill(run.pid, SIGINT);
	finish(&run, 128 + SIGINT);
}

Behaviour(run, refuses_a_service_that_runs_and_stops_it_if_asked)
{
	struct superd *superd = superd_there(
		"service web { listen = \"127.0.0.1:0\" user = \"%s\" exec = \"%s\" }", own_user(), backend("serve"));
	struct run run;
	long first;

	superd_wait_log(superd, "web: listening on");
	first = client_ask_pid(superd_port(superd, "web"));
	run = run_in_pipes(WORDS("web"));
	WAIT_UNTIL(has_ended(&run));
	cr_expect(says_on_stderr(&run, text_of("web: it runs already, pid %ld: stop it first, or add "
					       "--stop before the name", first)),
		  "%s", read_text(run.err));
	finish(&run, 125);
	(void)schema_holds("run", SUPERCTL(control_path(), "--json", "run", "web").out);
	run = run_in_pipes(WORDS("--stop", "web"));
	WAIT_UNTIL(superd_log_count(superd, "in the foreground") == 1);
	cr_expect_neq(client_ask_pid(superd_port(superd, "web")), first);
	cr_expect(is_in_state("web", "running"));
	cr_expect_not_null(strstr(control_once("status web"), "\"foreground\":true"));
	cr_expect_not_null(strstr(control_once("run web"), "\"result\":\"is-run\""));
	kill(run.pid, SIGINT);
	finish(&run, 128 + SIGINT);
	/* The next client starts it in the background. */
	client_ask_pid(superd_port(superd, "web"));
	cr_expect_null(strstr(control_once("status web"), "\"foreground\":true"));
}

Behaviour(run, takes_the_next_client_of_accept_yes)
{
	struct superd *superd = superd_there(
		"service each { listen = \"127.0.0.1:0\" accept = yes user = \"%s\" pass = inetd exec = "
		SHELL("echo pid $$; echo shown >&2; cat; exit 5") " }", own_user());
	int client, second;
	struct run run;

	superd_wait_log(superd, "each: listening on");
	run = run_in_pipes(WORDS("each"));
	WAIT_UNTIL(says_on_stderr(&run, "each starts with its next client"));
	client = client_connect(superd_port(superd, "each"));
	client_line(client);
	WAIT_UNTIL(says_on_stderr(&run, "shown\n"));
	superd_wait_log(superd, "for 127.0.0.1, in the foreground");
	second = client_connect(superd_port(superd, "each"));
	client_line(second);
	superd_wait_log(superd, "shown");
	cr_expect_eq(superd_log_count(superd, "in the foreground"), 1u);
	close(second);
	close(client);
	finish(&run, 5);
	cr_expect_str_eq(run.seen, "", "its output is the connection");
}

Behaviour(run, can_be_interrupted_while_it_waits)
{
	struct superd *superd = superd_there(
		"service each { listen = \"127.0.0.1:0\" accept = yes user = \"%s\" pass = inetd "
		"exec = \"/bin/cat\" }", own_user());
	struct run run;

	superd_wait_log(superd, "each: listening on");
	run = run_on_terminal(WORDS("each"));
	WAIT_UNTIL(says_on_stderr(&run, "each starts with its next client"));
	type(&run, "\003");
	WAIT_UNTIL(has_ended(&run));
	cr_expect(says_on_stderr(&run, "each: it was not started: interrupted"), "%s", read_text(run.err));
	finish(&run, 125);
	cr_expect_str_eq(client_ask(superd_port(superd, "each"), "hello\n"), "hello");
	cr_expect_not(superd_logged(superd, "in the foreground"));
}

Behaviour(run, tells_why_it_cannot)
{
	struct superd *superd = superd_there(
		"service echo { listen = \"127.0.0.1:0\" builtin = echo }\n"
		"service off { listen = \"127.0.0.1:0\" user = \"%s\" exec = \"/bin/cat\" disable = yes }\n"
		"service web { listen = \"127.0.0.1:0\" user = \"%s\" exec = \"/bin/cat\" }", own_user(), own_user());
	static const struct { const char *name, *why; } cases[] = {
		{ "wbe", "'wbe': there is no such service: did you mean web?" },
		{ "w*", "'w*': run takes one name, no pattern" },
		{ "echo", "superd serves its clients itself: it has no program to run" },
		{ "off", "the configuration has disable = yes" },
	};
	struct outcome outcome;

	superd_wait_log(superd, "web: listening on");
	for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
		outcome = SUPERCTL(control_path(), "run", cases[n].name);
		cr_expect_eq(outcome.status, 125);
		cr_expect_not_null(strstr(outcome.err, cases[n].why), "%s: %s", cases[n].name, outcome.err);
	}
	cr_assert(control_is_done(control_once("hold web")));
	outcome = SUPERCTL(control_path(), "run", "web");
	cr_expect_not_null(strstr(outcome.err, "web: it is held: release it first"), "%s", outcome.err);
	cr_assert(control_is_done(control_once("disable web")));
	outcome = SUPERCTL(control_path(), "run", "web");
	cr_expect_not_null(strstr(outcome.err, "web: it is disabled: enable it first"), "%s", outcome.err);
	outcome = SUPERCTL(control_path(), "run");
	cr_expect_eq(outcome.status, 2);
	cr_expect_not_null(strstr(outcome.err, "run: which service?"), "%s", outcome.err);
}

/* What an administrator runs it for. */
Behaviour(run, shows_why_a_start_fails)
{
	const char *program = path_in("program");
	struct superd *superd;
	struct outcome outcome;

	cr_assert_eq(symlink("/bin/true", program), 0);
	superd = superd_there(
		"service lost { start = manual user = \"%s\" exec = \"%s\" }\n"
		"service early { start = manual user = \"%s\" exec = \"/bin/true\" "
		"exec_start_pre = \"/bin/sh -c 'echo no such database >&2; exit 9'\" }",
		own_user(), program, own_user());
	superd_wait_log(superd, "2 services");
	unlink(program);
	outcome = SUPERCTL(control_path(), "run", "lost");
	cr_expect_eq(outcome.status, 125);
	cr_expect_not_null(strstr(outcome.err, "No such file or directory"), "%s", outcome.err);
	outcome = SUPERCTL(control_path(), "run", "early");
	cr_expect_eq(outcome.status, 125);
	cr_expect_not_null(strstr(outcome.err, "no such database\n"), "%s", outcome.err);
	cr_expect_not_null(strstr(outcome.err, "exec_start_pre"), "%s", outcome.err);
}

Behaviour(run, works_in_a_sandbox)
{
	struct superd *superd;
	struct run run;

	SKIP_WITHOUT(geteuid() == 0, "this test has to be root");
	superd = superd_there(
		"service caged { listen = \"127.0.0.1:0\" user = \"nobody\" private_devices = yes private_tmp = yes "
		"protect_system = strict no_new_privileges = yes exec = "
		SHELL("test -t 0 && test -t 2 && echo terminal; stty size </dev/tty; stat -Lc %%u /dev/fd/0; "
		      "while read word; "
		      "do echo got $word; done") " }");
	superd_wait_log(superd, "caged: listening on");
	run = run_on_terminal(WORDS("caged"));
	SHOWS(&run, "terminal\r\n33 101\r\n65534\r\n");
	type(&run, "word\r");
	SHOWS(&run, "got word\r\n");
	type(&run, "\003");
	finish(&run, 128 + SIGINT);
}

Behaviour(run, is_over_for_the_service_as_if_stopped)
{
	struct superd *superd = clock_there(
		"service again { start = boot user = \"%s\" restart = always "
		"on_failure = exit exec = "
		SHELL("trap 'exit 9' INT; echo ready; while :; do sleep 0.1; done") " }", own_user());
	struct run run;

	superd_wait_log(superd, "again: started");
	run = run_in_pipes(WORDS("--stop", "again"));
	SHOWS(&run, "ready\n");
	kill(run.pid, SIGINT);
	finish(&run, 9);
	expect_never_running(superd, "again");
}

Behaviour(run, leaves_a_service_active_that_remains)
{
	struct superd *superd = superd_there(
		"service sets { start = manual type = oneshot remain_after_exit = yes user = \"%s\" exec = "
		SHELL("echo done; exit 0") " }", own_user());
	struct run run = run_in_pipes(WORDS("sets"));

	finish(&run, 0);
	cr_expect_str_eq(run.seen, "done\n");
	cr_expect(is_in_state("sets", "running"), "%s", state_of("sets"));
	cr_expect(strstr(why_of("sets"), "its program has done its work"));
	cr_assert(control_is_done(control_once("stop sets")));
	superd_stop(superd);
}

Behaviour(run, goes_on_over_an_upgrade_on_its_terminal)
{
	struct superd *superd = superd_there(
		"service stays { start = manual user = \"%s\" exec = "
		SHELL("echo ready; while read word; do echo got $word; done") " }", own_user());
	struct run run = run_on_terminal(WORDS("stays"));
	const char *pid;

	SHOWS(&run, "ready");
	pid = text_of("%s", control_value(control_once("status stays"), "pid"));
	superd_upgrade(superd);
	WAIT_UNTIL(says_on_stderr(&run, "superd closed the connection"));
	cr_expect_str_eq(control_value(control_once("status stays"), "pid"), pid);
	cr_expect(is_in_state("stays", "running"));
	type(&run, "word\r");
	SHOWS(&run, "got word\r\n");
	type(&run, "\003");
	finish(&run, 125);
	WAIT_UNTIL(!is_in_state("stays", "running"));
	superd_stop(superd);
}

Behaviour(run, goes_on_over_a_reload)
{
	struct superd *superd = superd_there("service copies { start = manual user = \"%s\" exec = \"/bin/cat\" }",
					       own_user());
	struct run run = run_in_pipes(WORDS("copies"));

	type(&run, "before\n");
	SHOWS(&run, "before\n");
	cr_assert(superd_reload(superd, "service copies { start = manual user = \"%s\" exec = \"/bin/cat\" }\n"
				"service more { listen = \"127.0.0.1:0\" user = \"%s\" exec = \"/bin/cat\" }",
				own_user(), own_user()));
	type(&run, "behind\n");
	SHOWS(&run, "behind\n");
	close_input(&run);
	finish(&run, 0);
}

Behaviour(run, answers_as_the_schema_has_it)
{
	struct superd *superd = superd_there("service says { start = manual user = \"%s\" exec = "
					       SHELL("echo hello; echo wrong >&2; read word; exit 3") " }", own_user());
	struct outcome outcome = SUPERCTL(control_path(), "--json", "run", "says");

	cr_expect_eq(outcome.status, 3);
	cr_expect_str_eq(outcome.err, "hello\nwrong\n");
	cr_expect_not_null(strstr(outcome.out, "{\"exit\":3}\n{\"done\":true}\n"), "%s", outcome.out);
	(void)schema_holds("run", outcome.out);
	superd_stop(superd);
}

/* With so many streams, of which the last is `last`; -1: pipes all. */
static bool order_run(int fd, size_t count, int last)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = { .header = { CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec line = { (char[]){ "run copies\n" }, 11 };
	struct msghdr message = { .msg_iov = &line, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = CMSG_SPACE(count * sizeof(int)) };

	int ends[2], fds[3];
	bool good;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	for (size_t n = 0; n < count; n++)
		fds[n] = n + 1 == count && last >= 0 ? last : ends[n > 0];
	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	good = sendmsg(fd, &message, MSG_NOSIGNAL) == 11;
	close(ends[0]);
	close(ends[1]);
	return good;
}

#define WITHOUT_STREAMS "its three streams, pipes or terminals, have not come"

/* The protocol's own refusals: of damaged lines, and of a request without streams. */
Behaviour(run, ends_with_a_client_that_breaks_the_protocol)
{
	struct superd *superd = superd_there("service copies { start = manual user = \"%s\" exec = "
					       "{ \"/bin/sleep\", \"1000\" } }", own_user());
	static const char *const lines[] = { "frobnicate", "signal", "signal NONE", "signal 0" };
	int fd, file;

	for (size_t n = 0; n < sizeof(lines) / sizeof(*lines); n++) {
		fd = control_connect();
		cr_assert(order_run(fd, 3, -1));
		cr_assert_not_null(strstr(client_line(fd), "\"waits_for_client\":false"));
		cr_assert_not_null(strstr(client_line(fd), "\"pid\":"));
		client_send(fd, text_of("%s\n", lines[n]));
		cr_expect_not_null(strstr(client_line(fd), "\"code\":\"usage\""), "%s", lines[n]);
		WAIT_UNTIL(!is_in_state("copies", "running"));
		close(fd);
	}
	cr_expect_not_null(strstr(control_once("run copies"), WITHOUT_STREAMS));
	file = open(path_in("superd.conf"), O_RDONLY | O_CLOEXEC);
	for (size_t count = 2; count <= 3; count++) {
		fd = control_connect();
		cr_assert(order_run(fd, count, count == 3 ? file : -1));
		cr_expect_not_null(strstr(client_line(fd), WITHOUT_STREAMS), "%zu", count);
		close(fd);
	}
	close(file);
	cr_expect_not(is_in_state("copies", "running"));
	superd_stop(superd);
}
