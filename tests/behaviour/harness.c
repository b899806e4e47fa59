/* superd's life under test: started as a setup says, watched through its log, stopped or reloaded, and asked for
 * its descriptors. The log is a file that superd appends to, so nothing that the test does or forgets can block
 * superd. */
#include "guarding.h"
#include "scenario.h"

#include <sys/ioctl.h>

enum { SUPERDS_MOST = 64, ARGUMENTS_MOST = 64, LEAKED = 17, LISTENERS_MOST = 64 };

static struct superd superds[SUPERDS_MOST];
static size_t superd_count;

const char *world_logs(void)
{
	const char *all = scenario_place();

	for (size_t i = 0; i < superd_count; i++) {
		const char *log = read_text(superds[i].log);

		all = text_of("%s--- log of superd %d ---\n%s", all, superds[i].pid, log ? log : "");
	}
	return all;
}

static void place(int fd, int wanted, int target)
{
	if (dup2(wanted ? wanted : fd, target) < 0)
		_exit(94);
}

/* Criterion's own descriptors are none of superd's business. Listeners become its descriptors 3 and up. */
static void close_others(const int *listeners, size_t count)
{
	int high[LISTENERS_MOST];
	char text[16];

	for (size_t n = 0; n < count; n++) {
		high[n] = fcntl(listeners[n], F_DUPFD, LISTENERS_MOST + 3);
		if (high[n] < 0)
			_exit(94);
	}
	for (size_t n = 0; n < count; n++) {
		if (dup2(high[n], 3 + (int)n) < 0)
			_exit(94);
	}
	for (int fd = 3 + (int)count; fd < 1024; fd++)
		close(fd);
	if (count) {
		snprintf(text, sizeof(text), "%d", getpid());
		setenv("LISTEN_PID", text, 1);
		snprintf(text, sizeof(text), "%zu", count);
		setenv("LISTEN_FDS", text, 1);
	}
}

/* As a service manager does: "WATCHDOG_PID=own" in the setup's environment. */
static void name_watched_process(void)
{
	const char *asked = getenv("WATCHDOG_PID");
	char text[16];

	if (!asked || strcmp(asked, "own"))
		return;
	snprintf(text, sizeof(text), "%d", getpid());
	setenv("WATCHDOG_PID", text, 1);
}

static void pass_listeners(const struct setup *setup)
{
	const int two[] = { setup->listener, setup->further_listener };

	if (setup->listeners)
		close_others(setup->listeners, setup->listener_count);
	else
		close_others(two, (size_t)!!setup->listener + !!setup->further_listener);
}

static void lead_session_at(int terminal)
{
	if (terminal && (setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0))
		_exit(94);
}

_Noreturn static void become_superd(const struct setup *setup, const char *const *words, int log)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setenv("SUPERD_CHECK_JOURNAL", "yes", 1);
	for (size_t i = 0; setup->environment && setup->environment[i]; i++)
		putenv((char *)(size_t)setup->environment[i]);
	if (setup->clock)
		clock_enter();
	lead_session_at(setup->terminal);
	place(null, setup->terminal ? setup->terminal : setup->in, STDIN_FILENO);
	place(log, setup->out, STDOUT_FILENO);
	place(log, setup->err, STDERR_FILENO);
	pass_listeners(setup);
	name_watched_process();
	if (setup->leaks && dup2(STDOUT_FILENO, LEAKED) < 0)
		_exit(94);
	world_restore_umask();
	execv(words[0], (char *const *)(size_t)words);
	dprintf(STDERR_FILENO, "test setup: %s: %s\n", words[0], strerror(errno));
	_exit(93);
}

/* The usual control socket is the machine's, and many superds run at once here. */
static size_t add_no_control(const struct setup *setup, const char **words)
{
	const char *name = setup->program ? strrchr(setup->program, '/') : NULL;

	if (setup->without_settings)
		return 0;
	if (name && (strstr(name, "inetd") || !strcmp(name, "/sh")))
		return 0;               /* their command lines have no word for it */
	words[0] = "--control";
	words[1] = "none";
	return 2;
}

static void start(struct superd *superd, const struct setup *setup)
{
	const char *words[ARGUMENTS_MOST] = { setup->program ? setup->program : superd_path() };
	size_t count = 1 + add_no_control(setup, words + 1);
	int log;

	if (setup->uid && geteuid() == 0 && !namespace_users())
		cr_skip("%s", "needs a build that every user can reach");
	if (!setup->without_table) {
		words[count++] = "-f";
		words[count++] = setup->format ? text_of("%s:%s", setup->format, superd->table) : superd->table;
	}
	if (!setup->without_table && !setup->without_settings) {
		words[count++] = "--log-level";
		words[count++] = "info";
	}
	for (size_t i = 0; setup->arguments && setup->arguments[i] && count < ARGUMENTS_MOST - 1; i++)
		words[count++] = setup->arguments[i];
	log = open(superd->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	cr_assert(log >= 0, "%s: %s", superd->log, strerror(errno));
	if (setup->clock)
		clock_prepare();
	superd->pid = namespace_fork(setup);
	if (superd->pid == 0)
		become_superd(setup, words, log);
	close(log);
	cr_assert(superd->pid > 0, "fork: %s", strerror(errno));
}

static struct superd *run(const struct setup *setup, const char *table)
{
	struct superd *superd = &superds[superd_count];

	cr_assert_lt(superd_count, (size_t)SUPERDS_MOST);
	*superd = (struct superd){ .log = path_in("superd%zu.log", superd_count), .name = "superd" };
	if (setup->program)
		superd->name = strrchr(setup->program, '/') + 1;
	superd->table =
		write_file(text_of("superd%s.conf", superd_count ? text_of("%zu", superd_count) : ""), "%s", table);
	superd_count++;
	start(superd, setup);
	return superd;
}

struct superd *superd_run(const char *format, ...)
{
	const struct setup plain = { 0 };
	va_list arguments;
	struct superd *superd;

	va_start(arguments, format);
	superd = run(&plain, text_of_list(format, arguments));
	va_end(arguments);
	return superd;
}

struct superd *superd_run_with(const struct setup *setup, const char *format, ...)
{
	va_list arguments;
	struct superd *superd;

	va_start(arguments, format);
	superd = run(setup, text_of_list(format, arguments));
	va_end(arguments);
	return superd;
}

bool superd_logged(struct superd *superd, const char *text)
{
	return superd_log_count(superd, text) > 0;
}

size_t superd_log_count(struct superd *superd, const char *text)
{
	const char *log = read_text(superd->log);
	size_t count = 0;

	for (const char *found = log ? strstr(log, text) : NULL; found; found = strstr(found + 1, text))
		count++;
	free((char *)(size_t)log);
	return count;
}

void superd_expect_count(struct superd *superd, const char *text, size_t count)
{
	WAIT_UNTIL(superd_log_count(superd, text) >= count);
	cr_assert_eq(superd_log_count(superd, text), count, "%s: not %zu times\n%s", text, count, world_logs());
}

/* Moves the mark behind the text where a whole line with it is there. */
static bool find_behind_mark(struct superd *superd, const char *text)
{
	const char *log = read_text(superd->log), *found;
	bool there = false;

	if (log && superd->mark <= strlen(log) && (found = strstr(log + superd->mark, text)) && strchr(found, '\n')) {
		superd->mark = (size_t)(found - log) + strlen(text);
		there = true;
	}
	free((char *)(size_t)log);
	return there;
}

void superd_wait_log(struct superd *superd, const char *text)
{
	for (long long until = now_ms() + DEADLINE_MS; !find_behind_mark(superd, text); pause_a_moment()) {
		cr_assert(!superd_has_ended(superd) || find_behind_mark(superd, text),
			  "superd ended (%d) before it said: %s\n%s", superd->status, text, world_logs());
		cr_assert(now_ms() < until, "superd never said: %s\n%s", text, world_logs());
	}
}

/* The port at the end of the line that begins at text. */
static int port_of_line(const char *text)
{
	const char *end = strchr(text, '\n'), *colon = end;

	while (colon > text && *colon != ':')
		colon--;
	return end && colon > text ? (int)strtol(colon + 1, NULL, 10) : -1;
}

static int find_port(struct superd *superd, const char *said, unsigned n, bool last)
{
	const char *log = read_text(superd->log);
	int port = -1;

	for (const char *found = log ? strstr(log, said) : NULL; found; found = strstr(found + 1, said)) {
		const char *endpoint = found + strlen(said);

		if (strncmp(endpoint, "tcp", 3) != 0 && strncmp(endpoint, "udp", 3) != 0)
			continue;
		if (!strchr(found, '\n'))
			break;
		if (last || n-- == 0)
			port = port_of_line(found);
		if (!last && port >= 0)
			break;
	}
	free((char *)(size_t)log);
	return port;
}

static int wait_port(struct superd *superd, const char *service, unsigned n, bool last)
{
	const char *said = text_of("%s: listening on ", service);
	int port = -1;

	for (long long until = now_ms() + DEADLINE_MS; port < 0; pause_a_moment()) {
		bool has_ended = superd_has_ended(superd);

		port = find_port(superd, said, n, last);
		SKIP_WITHOUT(port >= 0 || !has_ended || !superd_logged(superd, "this superd was built without "),
			     "superd was built without what it needs");
		cr_assert(port >= 0 || !has_ended, "superd ended (%d)\n%s", superd->status,
			  world_logs());
		cr_assert(now_ms() < until, "superd never said: %s\n%s", said, world_logs());
	}
	return port;
}

int superd_port(struct superd *superd, const char *service)
{
	return wait_port(superd, service, 0, true);
}

int superd_nth_port(struct superd *superd, const char *service, unsigned n)
{
	return wait_port(superd, service, n, false);
}

/* What stands still is superd itself, not its guard. */
void superd_signal(struct superd *superd, int signal)
{
	pid_t pid = signal == SIGSTOP || signal == SIGCONT ? superd_itself(superd) : superd->pid;

	cr_assert(!superd->ended && kill(pid, signal) == 0, "superd has ended\n%s", world_logs());
	if (signal == SIGCONT && pid != superd->pid)    /* its guard may stand still, too */
		kill(superd->pid, signal);
}

bool superd_has_ended(struct superd *superd)
{
	if (!superd->ended && waitpid(superd->pid, &superd->status, WNOHANG) == superd->pid)
		superd->ended = true;
	return superd->ended;
}

static int plain_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int superd_wait_exit(struct superd *superd)
{
	WAIT_UNTIL(superd_has_ended(superd));
	return plain_status(superd->status);
}

void superd_stop(struct superd *superd)
{
	clock_go_on();
	superd_signal(superd, SIGTERM);
	cr_assert_eq(superd_wait_exit(superd), 0, "superd ended with %d\n%s", plain_status(superd->status),
		     world_logs());
}

void superd_stop_all(void)
{
	for (size_t n = 0; n < superd_count; n++) {
		struct superd *superd = &superds[n];
		int signal;

		if (!superd_has_ended(superd))
			superd_stop(superd);
		cr_assert_not(superd_logged(superd, ": the journal differs: "), "something has changed unmarked\n%s",
			      world_logs());
		signal = WIFSIGNALED(superd->status) ? WTERMSIG(superd->status) : 0;
		cr_assert(!signal || signal == SIGKILL || signal == SIGTERM || signal == SIGINT,
			  "superd has crashed by signal %d\n%s", signal, world_logs());
	}
}

void superd_forget(struct superd *superd)
{
	cr_assert_eq(superd, &superds[superd_count - 1]);
	unlink(superd->log);
	superd_count--;
}

static size_t answers_to_reload(struct superd *superd)
{
	return superd_log_count(superd, text_of("%s: reloaded: ", superd->name)) +
	       superd_log_count(superd, text_of("%s: not reloaded: ", superd->name));
}

bool superd_reload(struct superd *superd, const char *format, ...)
{
	const char *refusal = text_of("%s: not reloaded: ", superd->name);
	size_t before = answers_to_reload(superd), refused = superd_log_count(superd, refusal);
	va_list arguments;
	const char *new = text_of("%s.new", superd->table);
	FILE *file = fopen(new, "we");

	cr_assert_not_null(file, "%s: %s", new, strerror(errno));
	va_start(arguments, format);
	cr_assert(vfprintf(file, format, arguments) >= 0);
	va_end(arguments);
	cr_assert_eq(fclose(file), 0);
	cr_assert_eq(rename(new, superd->table), 0);    /* an upgrade may be reading it */
	superd_signal(superd, SIGHUP);
	WAIT_UNTIL(superd_has_ended(superd) || answers_to_reload(superd) > before);
	cr_assert(!superd_has_ended(superd), "the reload ended superd\n%s", world_logs());
	return superd_log_count(superd, refusal) == refused;
}

void superd_upgrade(struct superd *superd)
{
	size_t before = superd_log_count(superd, ": upgraded from ");

	superd_signal(superd, SIGUSR2);
	WAIT_UNTIL(superd_log_count(superd, ": upgraded from ") > before);
}

size_t superd_others(struct superd *superd, pid_t *out, size_t most)
{
	pid_t pids[1024];
	size_t room = sizeof(pids) / sizeof(*pids), count = process_descendants(superd->pid, pids, room), found = 0;
	bool is_guarded = process_is_called(superd->pid, "superd-guard");

	for (size_t n = 0; n < count && n < room; n++) {
		if (process_is_beside(pids[n], NULL) || (is_guarded && process_is_called(pids[n], superd->name)))
			continue;
		if (found < most)
			out[found] = pids[n];
		found++;
	}
	return found;
}

size_t superd_processes(struct superd *superd)
{
	return superd_others(superd, NULL, 0);
}

pid_t superd_aside(struct superd *superd, const char *name)
{
	pid_t pids[64];
	size_t count = process_descendants(superd->pid, pids, 64);

	for (size_t n = 0; n < count && n < 64; n++) {
		if (process_is_beside(pids[n], name))
			return pids[n];
	}
	return 0;
}

/* In its loop, and not on the way there: its last descriptors are opened behind the line that names its sockets. */
static bool is_at_rest(struct superd *superd)
{
	pid_t pids[64], pid = superd->pid;
	size_t count = process_is_called(pid, "superd-guard") ? process_descendants(pid, pids, 64) : 0;
	const char *text, *state;

	for (size_t n = 0; n < count && n < 64; n++) {
		if (process_is_called(pids[n], superd->name))
			pid = pids[n];
	}
	text = read_text(text_of("/proc/%ld/stat", (long)pid));
	state = text ? strrchr(text, ')') : NULL;
	return !state || !strncmp(state, ") S", 3);
}

size_t superd_fd_count(struct superd *superd)
{
	WAIT_UNTIL(superd_has_ended(superd) || is_at_rest(superd));
	return process_fd_count(superd->pid);
}

void superd_expect_fds(struct superd *superd, size_t count)
{
	long long until = now_ms() + DEADLINE_MS;
	size_t open = superd_fd_count(superd);

	while (open > count && now_ms() < until) {
		pause_a_moment();
		open = superd_fd_count(superd);
	}
	cr_assert_leq(open, count, "superd has %zu descriptors open instead of %zu", open, count);
}

static const char *joined(const char *const *arguments)
{
	const char *text = "";

	for (size_t n = 0; arguments[n]; n++)
		text = text_of("%s%s%s", text, n ? " " : "", arguments[n]);
	return text;
}

static unsigned programs; /* which run */

/* Each time to files of its own, as often as a test waits for an answer: whoever it leaves behind may write to them
 * still. */
struct program program_begin(bool clock, const char *const *arguments)
{
	struct program program = { .words = joined(arguments) };

	program.out = path_in("answer%u.out", programs);
	program.err = path_in("answer%u.err", programs++);
	if (clock)
		clock_prepare();
	program.pid = fork();
	if (program.pid == 0) {
		int fds[] = { open("/dev/null", O_RDONLY), open(program.out, O_WRONLY | O_CREAT, 0666),
			      open(program.err, O_WRONLY | O_CREAT, 0666) };

		for (int i = 0; i < 3; i++)
			place(fds[i], 0, i);
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
		if (clock)
			clock_enter();
		execv(arguments[0], (char *const *)(size_t)arguments);
		_exit(93);
	}
	cr_assert(program.pid > 0, "fork: %s", strerror(errno));
	return program;
}

struct outcome program_end(const struct program *program)
{
	struct outcome outcome;
	int status = -1;

	for (long long until = now_ms() + DEADLINE_MS; waitpid(program->pid, &status, WNOHANG) != program->pid;
	     pause_a_moment())
		cr_assert(now_ms() < until, "%s does not end\n%s%s", program->words, read_text(program->err),
			  world_logs());
	outcome = (struct outcome){ .status = plain_status(status),
				    .out = read_text(program->out),
				    .err = read_text(program->err) };
	cr_assert(outcome.out && outcome.err);
	unlink(program->out);
	unlink(program->err);
	programs--;
	return outcome;
}

struct outcome program_answer(const char *const *arguments)
{
	struct program program = program_begin(false, arguments);

	return program_end(&program);
}

static bool has_word(const char *const *words, const char *word)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words;
}

struct outcome superd_answer(const char *const *arguments)
{
	static const struct setup plain;
	const char *words[ARGUMENTS_MOST] = { superd_path() };
	size_t count = 1;

	for (size_t i = 0; arguments[i] && count < ARGUMENTS_MOST - 3; i++)
		words[count++] = arguments[i];
	if (has_word(arguments, "--daemon") && !has_word(arguments, "--control"))
		add_no_control(&plain, words + count);
	return program_answer(words);
}

const char *find_program(const char *package, const char *name)
{
	const char *peers = getenv("SUPERD_PEERS");
	const char *program = peers ? text_of("%s/%s/usr/bin/%s", peers, package, name) : "";

	if (access(program, X_OK) < 0)
		program = text_of("/usr/bin/%s", name);
	return access(program, X_OK) == 0 ? program : NULL;
}

/* One that leaves what programs print to superd-output has the channel to it, its program and a timer. */
int own_programs(void)
{
	static const char *const optional[] = { "superd-lookup", "superd-rpc" };
	int count = 12;

	for (size_t n = 0; n < sizeof(optional) / sizeof(*optional); n++)
		count += access(text_of("%s/%s", getenv("SUPERD_LIBEXEC"), optional[n]), F_OK) == 0;
	return count;
}
