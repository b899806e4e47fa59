/* Behaviour tests as scenarios: the files FOLDER/NAME.tcl, which the program of that folder runs beside its tests in C.
 * A scenario is a list of words, and Tcl is what reads them: variables, loops and procedures are its own.
 *
 *	suite idle
 *
 *	test a_backend_is_stopped_and_the_next_client_starts_it {
 *		superd -clock {service web { listen = "127.0.0.1:0" exec = "$backend serve" idle_timeout = 5min }}
 *		set first [pid web]
 *		until 1min {[logged "web: stopping pid "]}
 *		expect {[pid web] != $first}
 *	}
 *
 * Texts that superd or its clients get, and those that its log is searched for, are filled in: $NAME is a variable of
 * the scenario or a global one, and %/NAME a path in the test's folder. What is no variable stays as it is, so a table
 * may have the $ of a shell. Global variables are backend (the path of backend.c), tests (the folder of that), superd
 * and superctl (as installed), user (this test's, for a table) and self (this test's pid).
 *
 * An ADDRESS is a service's name for its last port, "web/1" for the second that it ever had, a port's number, the path
 * of a unix socket or its @NAME. A CLIENT is a descriptor. A time is a number with ms, s, min or h behind it.
 *
 * The table `words` below has the words, and words.tcl those that are made of them. Each waits for what is to come, and
 * fails the test when it does not (harness.h). */
#include <arpa/inet.h>
#include <criterion/internal/ordered-set.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <tcl.h>

#include "controlling.h"
#include "guarding.h"
#include "load.h"
#include "private.h"
#include "recorded.h"
#include "scenario.h"
#include "superctl.h"

enum { WORDS_MOST = 64, SUPERDS_MOST = 64, PROGRAMS_MOST = 16, LOADS_MOST = 4 };

#define PATH_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* Fails the test with a text, the line of the scenario and the logs. */
#define CHECK(condition, format, ...) cr_assert(condition, format "\n%s", __VA_ARGS__, world_logs())

struct call {
	Tcl_Interp *interp;
	int count;                      /* of arguments */
	Tcl_Obj *const *arguments;
};

static struct {
	struct criterion_test_set *set; /* all are to be registered in; NULL: one is to run */
	const char *wanted_suite, *wanted;
	bool was_found;
	const char *file, *suite;       /* that are being read */
	Tcl_Interp *interp;
	struct superd *superd;          /* the last one that was started, or is used */
	struct superd *superds[SUPERDS_MOST];
	int superd_count;
	struct program programs[PROGRAMS_MOST]; /* that run beside the test */
	int program_count;
	struct recorded recorded;
	struct load *loads[LOADS_MOST];
	int load_count;
} scenario;

/* ---- what a word is given, and gives back ---- */

static const char *raw(const struct call *call, int n)
{
	return n < call->count ? Tcl_GetString(call->arguments[n]) : "";
}

/* The value of the variable whose name begins here, and behind its name; NULL: there is none. */
static const char *find_variable(const char **at)
{
	size_t length = strspn(*at, "abcdefghijklmnopqrstuvwxyz_0123456789");
	const char *name = text_of("%.*s", (int)length, *at), *value = NULL;

	if (length)
		value = Tcl_GetVar(scenario.interp, name, 0);
	if (length && !value)
		value = Tcl_GetVar(scenario.interp, name, TCL_GLOBAL_ONLY);
	if (value)
		*at += length;
	return value;
}

/* Paths come last: a variable may have some, too. */
static const char *filled(const char *text)
{
	Tcl_DString plain, out;
	const char *kept;

	Tcl_DStringInit(&plain);
	Tcl_DStringInit(&out);
	for (const char *at = text, *value; *at;) {
		const char *behind = at + 1;

		value = *at == '$' ? find_variable(&behind) : NULL;
		Tcl_DStringAppend(&plain, value ? value : at, value ? -1 : 1);
		at = behind;
	}
	for (const char *at = Tcl_DStringValue(&plain); *at;) {
		bool is_path = at[0] == '%' && at[1] == '/';
		size_t length = is_path ? strspn(at + 2, PATH_LETTERS) : 0;

		Tcl_DStringAppend(&out, is_path ? path_in("%.*s", (int)length, at + 2) : at, is_path ? -1 : 1);
		at += is_path ? 2 + length : 1;
	}
	kept = text_of("%s", Tcl_DStringValue(&out));
	Tcl_DStringFree(&plain);
	Tcl_DStringFree(&out);
	return kept;
}

static const char *text(const struct call *call, int n)
{
	return filled(raw(call, n));
}

static long number(const struct call *call, int n)
{
	long value = 0;

	CHECK(Tcl_GetLongFromObj(NULL, call->arguments[n], &value) == TCL_OK, "'%s' is no number", raw(call, n));
	return value;
}

static long long duration(const struct call *call, int n)
{
	static const struct {
		const char *unit;
		long long milliseconds;
	} units[] = { { "ms", 1 }, { "s", SECOND_MS }, { "min", MINUTE_MS }, { "h", HOUR_MS } };
	char *end;
	long long count = strtoll(raw(call, n), &end, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (!strcmp(end, units[i].unit))
			return count * units[i].milliseconds;
	}
	CHECK(false, "'%s' is no time", raw(call, n));
	return 0;
}

static bool is_number(const char *word)
{
	return *word && !word[strspn(word, "0123456789")];
}

static int signal_number(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {
		{ "TERM", SIGTERM }, { "KILL", SIGKILL }, { "HUP", SIGHUP }, { "INT", SIGINT }, { "STOP", SIGSTOP },
		{ "CONT", SIGCONT }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "ABRT", SIGABRT }, { "QUIT", SIGQUIT },
		{ "ALRM", SIGALRM }, { "SEGV", SIGSEGV }, { "CHLD", SIGCHLD }, { "PIPE", SIGPIPE },
	};

	for (size_t n = 0; n < sizeof(known) / sizeof(*known); n++) {
		if (!strcmp(known[n].name, name))
			return known[n].number;
	}
	if (!strncmp(name, "RTMIN", 5))
		return SIGRTMIN + (int)strtol(name + 5, NULL, 10);
	if (!strcmp(name, "RTMAX"))
		return SIGRTMAX;
	CHECK(is_number(name), "'%s' is no signal", name);
	return (int)strtol(name, NULL, 10);
}

static void give(const char *value)
{
	Tcl_SetObjResult(scenario.interp, Tcl_NewStringObj(value, -1));
}

static void give_number(long value)
{
	Tcl_SetObjResult(scenario.interp, Tcl_NewLongObj(value));
}

static struct superd *superd(void)
{
	CHECK(scenario.superd, "%s", "no superd was started");
	return scenario.superd;
}

static int port_of(const char *address)
{
	const char *slash = strchr(address, '/');

	if (is_number(address))
		return (int)strtol(address, NULL, 10);
	if (slash)
		return superd_nth_port(superd(), text_of("%.*s", (int)(slash - address), address),
				       (unsigned)strtoul(slash + 1, NULL, 10));
	return superd_port(superd(), address);
}

static bool is_unix(const char *address)
{
	return *address == '/' || *address == '@';
}

/* The value of "-OPTION VALUE" among the arguments; NULL: it is not there. */
static const char *option(const struct call *call, const char *name)
{
	for (int n = 0; n + 1 < call->count; n++) {
		if (!strcmp(raw(call, n), name))
			return text(call, n + 1);
	}
	return NULL;
}

const char *scenario_place(void)
{
	const char *place = "";
	Tcl_InterpState state;

	if (!scenario.interp || scenario.set)
		return place;
	state = Tcl_SaveInterpState(scenario.interp, TCL_OK);
	for (int depth = 1; Tcl_Eval(scenario.interp, text_of("info frame %d", depth)) == TCL_OK; depth++) {
		Tcl_Obj *frame = Tcl_GetObjResult(scenario.interp), *type = NULL, *line = NULL;

		Tcl_IncrRefCount(frame);
		Tcl_DictObjGet(NULL, frame, Tcl_NewStringObj("file", -1), &type);
		Tcl_DictObjGet(NULL, frame, Tcl_NewStringObj("line", -1), &line);
		if (type && line)
			place = text_of("%s%s:%s\n", place, Tcl_GetString(type), Tcl_GetString(line));
		Tcl_DecrRefCount(frame);
	}
	Tcl_RestoreInterpState(scenario.interp, state);
	return place;
}

/* ---- superd ---- */

/* A list as a word of a scenario has it, its members filled in; behind those of `before`, if there are any. */
static const char *const *members(const char *const *before, const char *words)
{
	const char **all = calloc(WORDS_MOST + 1, sizeof(*all)), **parts;
	int count, all_count = 0;

	CHECK(all && Tcl_SplitList(NULL, words, &count, &parts) == TCL_OK, "'%s' is no list", words);
	for (; before && *before; before++)
		all[all_count++] = *before;
	cr_assert_lt(all_count + count, WORDS_MOST);
	for (int n = 0; n < count; n++)
		all[all_count++] = filled(parts[n]);
	Tcl_Free((char *)parts);
	return all;
}

static bool set_up(struct setup *setup, const char *name)
{
	if (!strcmp(name, "-clock"))
		setup->clock = true;
	else if (!strcmp(name, "-control"))
		setup->arguments = members(setup->arguments, "--control %/control");
	else if (!strcmp(name, "-guard"))
		setup->arguments = members(setup->arguments, "--guard");
	else if (!strcmp(name, "-alone"))
		setup->without_settings = true;
	else if (!strcmp(name, "-tableless"))
		setup->without_table = true;
	else if (!strcmp(name, "-leaks"))
		setup->leaks = true;
	else if (!strcmp(name, "-pid1"))
		setup->pid1 = true;
	else if (!strcmp(name, "-own_dev"))
		setup->own_dev = true;
	else if (!strcmp(name, "-bare"))
		setup->bare = true;
	else if (!strcmp(name, "-group_root"))
		setup->group_root = true;
	else
		return false;
	return true;
}

static void set_listeners(struct setup *setup, const char *clients)
{
	const char *const *words = members(NULL, clients);
	int *listeners = calloc(WORDS_MOST, sizeof(*listeners));

	CHECK(listeners, "%s", strerror(errno));
	setup->listeners = listeners;
	for (; *words; words++)
		listeners[setup->listener_count++] = (int)strtol(*words, NULL, 10);
}

static void set_value(struct setup *setup, const char *name, const char *value)
{
	if (!strcmp(name, "-arguments"))
		setup->arguments = members(setup->arguments, value);
	else if (!strcmp(name, "-environment"))
		setup->environment = members(NULL, value);
	else if (!strcmp(name, "-program"))
		setup->program = filled(value);
	else if (!strcmp(name, "-format"))
		setup->format = filled(value);
	else if (!strcmp(name, "-uid"))
		setup->uid = (uid_t)strtoul(value, NULL, 10);
	else if (!strcmp(name, "-descriptors"))
		setup->descriptors = strtoul(value, NULL, 10);
	else if (!strcmp(name, "-processes"))
		setup->processes = strtoul(value, NULL, 10);
	else if (!strcmp(name, "-err"))
		setup->err = (int)strtol(value, NULL, 10);
	else if (!strcmp(name, "-terminal"))
		setup->terminal = (int)strtol(value, NULL, 10);
	else if (!strcmp(name, "-listener"))
		set_listeners(setup, value);
	else if (!strcmp(name, "-in"))
		setup->in = open(filled(value), O_RDONLY | O_CLOEXEC);
	else if (!strcmp(name, "-out"))
		setup->out = open(filled(value), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	else
		CHECK(false, "superd: no %s", name);
}

/* Of the options in front of the argument `end`. */
static struct setup read_setup(const struct call *call, int end)
{
	struct setup setup = { 0 };

	for (int n = 0; n < end; n++) {
		if (!set_up(&setup, raw(call, n))) {
			set_value(&setup, raw(call, n), text(call, n + 1));
			n++;
		}
	}
	return setup;
}

/* Gives what "use" takes, where a test has several. */
static void start_superd(const struct call *call)
{
	struct setup setup = read_setup(call, call->count - 1);

	cr_assert_lt(scenario.superd_count, SUPERDS_MOST);
	scenario.superd = superd_run_with(&setup, "%s", text(call, call->count - 1));
	scenario.superds[scenario.superd_count] = scenario.superd;
	give_number(scenario.superd_count++);
}

static void word_works(const struct call *call)
{
	const struct setup setup = read_setup(call, call->count);

	give_number(namespace_works(&setup));
}

static void word_use(const struct call *call)
{
	long n = number(call, 0);

	CHECK(n >= 0 && n < scenario.superd_count, "no superd %ld", n);
	scenario.superd = scenario.superds[n];
}

static void word_ended(const struct call *call)
{
	(void)call;
	give_number(superd_has_ended(superd()));
}

static void word_exit_status(const struct call *call)
{
	(void)call;
	give_number(superd_wait_exit(superd()));
}

static void word_kill_superd(const struct call *call)
{
	(void)call;
	guarded_kill(superd());
}

static void word_port(const struct call *call)
{
	give_number(port_of(text(call, 0)));
}

static void word_log(const struct call *call)
{
	superd_wait_log(superd(), text(call, 0));
}

static void word_logged(const struct call *call)
{
	give_number(superd_logged(superd(), text(call, 0)));
}

static void word_count(const struct call *call)
{
	give_number((long)superd_log_count(superd(), text(call, 0)));
}

static void word_counts(const struct call *call)
{
	superd_expect_count(superd(), text(call, 0), (size_t)number(call, 1));
}

static void word_logfile(const struct call *call)
{
	(void)call;
	give(superd()->log);
}

static void word_table(const struct call *call)
{
	(void)call;
	give(superd()->table);
}

static void word_signal(const struct call *call)
{
	superd_signal(superd(), signal_number(raw(call, 0)));
}

static void word_stop(const struct call *call)
{
	(void)call;
	superd_stop(superd());
}

/* "reload TABLE" must be done, "reload -refused TABLE" must not. */
static void word_reload(const struct call *call)
{
	bool refused = call->count == 2, done = superd_reload(superd(), "%s", text(call, call->count - 1));

	CHECK(done != refused, "%s", refused ? "reloaded" : "not reloaded");
}

static void word_upgrade(const struct call *call)
{
	(void)call;
	superd_upgrade(superd());
}

static void word_superd_pid(const struct call *call)
{
	give_number(call->count ? superd_itself(superd()) : superd()->pid);
}

static void word_processes(const struct call *call)
{
	(void)call;
	give_number((long)superd_processes(superd()));
}

/* The programs that "processes" counts. */
static void word_pids(const struct call *call)
{
	Tcl_Obj *list = Tcl_NewListObj(0, NULL);
	pid_t pids[64];
	size_t count = superd_others(superd(), pids, 64);

	(void)call;
	for (size_t n = 0; n < count && n < 64; n++)
		Tcl_ListObjAppendElement(NULL, list, Tcl_NewIntObj(pids[n]));
	Tcl_SetObjResult(scenario.interp, list);
}

static void word_descriptors(const struct call *call)
{
	(void)call;
	give_number((long)superd_fd_count(superd()));
}

static void word_own_programs(const struct call *call)
{
	(void)call;
	give_number(OWN_PROGRAMS);
}

static void word_descriptors_at_most(const struct call *call)
{
	superd_expect_fds(superd(), (size_t)number(call, 0));
}

/* "descriptor_limit N": of superd itself; the one before. */
static void word_descriptor_limit(const struct call *call)
{
	pid_t pid = superd_itself(superd());
	struct rlimit before, now;

	cr_assert_eq(prlimit(pid, RLIMIT_NOFILE, NULL, &before), 0);
	now = (struct rlimit){ (rlim_t)number(call, 0), before.rlim_max };
	cr_assert_eq(prlimit(pid, RLIMIT_NOFILE, &now, NULL), 0);
	give_number((long)before.rlim_cur);
}

/* Runs superd, or the program behind -program, to its end: a list of its status, output and errors. */
static void give_outcome(struct outcome outcome)
{
	Tcl_Obj *list = Tcl_NewListObj(0, NULL);

	Tcl_ListObjAppendElement(NULL, list, Tcl_NewIntObj(outcome.status));
	Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj(outcome.out, -1));
	Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj(outcome.err, -1));
	Tcl_SetObjResult(scenario.interp, list);
}

static void collect(const struct call *call, int first, const char **words)
{
	cr_assert_lt(call->count, WORDS_MOST);
	for (int n = first; n < call->count; n++)
		words[n - first] = text(call, n);
	words[call->count - first] = NULL;
}

/* "begin ?-clock? PROGRAM ..." runs it beside the test, until "finish". */
static void word_begin(const struct call *call)
{
	const char *words[WORDS_MOST];
	bool clock = !strcmp(raw(call, 0), "-clock");

	collect(call, clock, words);
	cr_assert_lt(scenario.program_count, PROGRAMS_MOST);
	scenario.programs[scenario.program_count] = program_begin(clock, words);
	give_number(scenario.program_count++);
}

static void word_finish(const struct call *call)
{
	give_outcome(program_end(&scenario.programs[number(call, 0)]));
}

static void word_printed(const struct call *call)
{
	const char *printed = read_text(scenario.programs[number(call, 0)].out);

	give(printed ? printed : "");
}

static void word_program_pid(const struct call *call)
{
	give_number(scenario.programs[number(call, 0)].pid);
}

static void word_program(const struct call *call)
{
	const char *path = find_program(raw(call, 0), raw(call, 1));

	give(path ? path : "");
}

/* Who sits at the keyboard, and the side that superd has. */
static void word_terminal(const struct call *call)
{
	struct terminal terminal = terminal_open();

	(void)call;
	give(text_of("%d %d", terminal.keyboard, terminal.side));
}

static void word_type(const struct call *call)
{
	terminal_type(&(struct terminal){ .keyboard = (int)number(call, 0) }, text(call, 1));
}

static void word_reap(const struct call *call)
{
	pid_t pid = (pid_t)number(call, 0);

	WAIT_UNTIL(waitpid(pid, NULL, WNOHANG) == pid || errno == ECHILD);
}

static void word_aside(const struct call *call)
{
	give_number(superd_aside(superd(), raw(call, 0)));
}

static void word_copy_program(const struct call *call)
{
	copy_program(text(call, 0), text(call, 1));
}

static void word_run(const struct call *call)
{
	const char *words[WORDS_MOST];

	collect(call, 0, words);
	give_outcome(program_answer(words));
}

static void word_answer(const struct call *call)
{
	const char *words[WORDS_MOST];

	collect(call, 0, words);
	give_outcome(superd_answer(words));
}

/* ---- operators ---- */

static void word_control(const struct call *call)
{
	give(control_once("%s", text(call, 0)));
}

static void word_value(const struct call *call)
{
	give(control_value(raw(call, 0), raw(call, 1)));
}

/* "superctl ?-at SOCKET? WORD ..." */
static void word_superctl(const struct call *call)
{
	const char *words[WORDS_MOST], *at = strcmp(raw(call, 0), "-at") != 0 ? NULL : text(call, 1);

	collect(call, at ? 2 : 0, words);
	give_outcome(superctl_answer(at ? at : control_path(), words));
}

/* "stand_in GREETING {VERB ANSWER ...}"; the answer may be "hangs". */
static void word_stand_in(const struct call *call)
{
	const char *const *said = members(NULL, raw(call, 1));
	struct recording recordings[WORDS_MOST / 2 + 1] = { 0 };

	for (int n = 0; said[2 * n] && said[2 * n + 1]; n++) {
		recordings[n].verb = said[2 * n];
		recordings[n].answer = !strcmp(said[2 * n + 1], "hangs") ? NULL : said[2 * n + 1];
	}
	scenario.recorded = recorded_run(text(call, 0), recordings);
	give(scenario.recorded.path);
}

static void word_requests(const struct call *call)
{
	(void)call;
	give(read_text(scenario.recorded.requests));
}

static void word_dismiss(const struct call *call)
{
	(void)call;
	recorded_stop(&scenario.recorded);
}

static void word_session(const struct call *call)
{
	(void)call;
	give_number(control_connect());
}

static void word_request(const struct call *call)
{
	give(control_ask((int)number(call, 0), "%s", text(call, 1)));
}

/* "control_as UID GID {GROUP ...} REQUEST" */
static void word_control_as(const struct call *call)
{
	const char *const *groups = members(NULL, raw(call, 2));
	gid_t further[WORDS_MOST];
	size_t count = 0;

	for (; groups[count]; count++)
		further[count] = (gid_t)strtoul(groups[count], NULL, 10);
	give(control_as((uid_t)number(call, 0), (gid_t)number(call, 1), further, count,
			text_of("%s\n", text(call, 3))));
}

/* ---- clients ---- */

static void word_connect(const struct call *call)
{
	const char *address = text(call, 0), *from = option(call, "-from"), *to = option(call, "-to");
	const char *type = option(call, "-type"), *as = option(call, "-as");
	bool has_packets = type && !strcmp(type, "seqpacket");

	if (as)
		cr_assert_eq(seteuid((uid_t)strtoul(as, NULL, 10)), 0);
	if (is_unix(address))
		give_number(client_connect_unix(address, has_packets ? SOCK_SEQPACKET : SOCK_STREAM));
	else if (from)
		give_number(client_connect_from(from, port_of(address)));
	else
		give_number(client_connect_to(to ? to : "127.0.0.1", port_of(address)));
	if (as)
		cr_assert_eq(seteuid(0), 0);
}

static void word_send(const struct call *call)
{
	client_send((int)number(call, 0), text_of("%s\n", text(call, 1)));
}

static void word_put(const struct call *call)
{
	int fd = (int)number(call, 0);

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	client_send(fd, text(call, 1));
}

static void word_put_bytes(const struct call *call)
{
	int length, urgent = strcmp(raw(call, 2), "urgent") != 0 ? 0 : MSG_OOB;
	const unsigned char *bytes = Tcl_GetByteArrayFromObj(call->arguments[1], &length);

	cr_assert_eq(send((int)number(call, 0), bytes, (size_t)length, MSG_NOSIGNAL | urgent), (ssize_t)length);
}

static void word_get_bytes(const struct call *call)
{
	static unsigned char bytes[1 << 20];
	struct pollfd polled = { .fd = (int)number(call, 0), .events = POLLIN };
	size_t most = (size_t)number(call, 1);
	ssize_t got;

	CHECK(most <= sizeof(bytes) && poll(&polled, 1, DEADLINE_MS) == 1, "%s", "nothing came");
	got = recv(polled.fd, bytes, most, MSG_WAITALL);
	CHECK(got >= 0, "%s", strerror(errno));
	Tcl_SetObjResult(scenario.interp, Tcl_NewByteArrayObj(bytes, (int)got));
}

/* The byte at an offset: a pattern in which no piece may be missing, doubled or moved. */
static unsigned char pattern(size_t offset)
{
	return (unsigned char)(offset * 2654435761u >> 13);
}

static void word_push(const struct call *call)
{
	static unsigned char bytes[65536];
	size_t from = (size_t)number(call, 1), until = (size_t)number(call, 2);
	ssize_t sent = 1;

	while (from < until && sent > 0) {
		size_t length = until - from < sizeof(bytes) ? until - from : sizeof(bytes);

		for (size_t n = 0; n < length; n++)
			bytes[n] = pattern(from + n);
		sent = send((int)number(call, 0), bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		from += sent > 0 ? (size_t)sent : 0;
	}
	give_number((long)from);
}

static void word_pull(const struct call *call)
{
	static unsigned char bytes[65536];
	size_t from = (size_t)number(call, 1);
	ssize_t got;

	while ((got = recv((int)number(call, 0), bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		for (ssize_t n = 0; n < got; n++, from++)
			CHECK(bytes[n] == pattern(from), "a wrong byte at %zu", from);
	}
	give_number((long)from);
}

/* "pour CLIENT N": so many bytes without an end; how many were taken before the connection was closed. */
static void word_pour(const struct call *call)
{
	char much[4096];
	ssize_t sent = 0;
	long all = 0;

	memset(much, 'x', sizeof(much));
	while (all < number(call, 1) && (sent = send((int)number(call, 0), much, sizeof(much), MSG_NOSIGNAL)) > 0)
		all += sent;
	give_number(all);
}

static void word_rest(const struct call *call)
{
	give(client_rest((int)number(call, 0)));
}

static void word_quiet(const struct call *call)
{
	give_number(client_is_quiet((int)number(call, 0), 0));
}

static void word_reachable(const struct call *call)
{
	const char *address = text(call, 0);

	give_number(is_unix(address) ? client_can_connect_unix(address) : client_can_connect(port_of(address)));
}

static void word_offer(const struct call *call)
{
	const char *line = text_of("%s\n", text(call, 1));

	(void)!send((int)number(call, 0), line, strlen(line), MSG_NOSIGNAL);
}

static void word_heard(const struct call *call)
{
	char byte;

	give_number(recv((int)number(call, 0), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0);
}

static void word_accept(const struct call *call)
{
	struct pollfd polled = { .fd = (int)number(call, 0), .events = POLLIN };
	int fd;

	CHECK(poll(&polled, 1, DEADLINE_MS) == 1, "%s", "nobody came");
	fd = accept4(polled.fd, NULL, NULL, SOCK_CLOEXEC);
	CHECK(fd >= 0, "%s", strerror(errno));
	give_number(fd);
}

static void word_peer(const struct call *call)
{
	struct sockaddr_un name = { 0 };
	socklen_t length = sizeof(name);

	CHECK(getpeername((int)number(call, 0), (struct sockaddr *)&name, &length) == 0, "%s", strerror(errno));
	length -= (socklen_t)offsetof(struct sockaddr_un, sun_path);
	give(text_of("%s%.*s", *name.sun_path ? "" : "@", (int)length - !*name.sun_path,
		     name.sun_path + !*name.sun_path));
}

static void word_packet(const struct call *call)
{
	give(datagram_next((int)number(call, 0)));
}

/* Out by the loopback interface. */
static void word_send_to_group(const struct call *call)
{
	const struct ip_mreqn way = { .imr_ifindex = (int)if_nametoindex("lo") };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number(call, 1)) };
	const char *message = text(call, 2);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0 && inet_pton(AF_INET, text(call, 0), &to.sin_addr) == 1);
	cr_assert_eq(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &way, sizeof(way)), 0);
	cr_assert_eq(sendto(fd, message, strlen(message), 0, (struct sockaddr *)&to, sizeof(to)),
		     (ssize_t)strlen(message));
	close(fd);
}

static void word_approach(const struct call *call)
{
	give_number(client_from(text(call, 1), SOCK_STREAM, port_of(text(call, 0))));
}

static void word_let_in(const struct call *call)
{
	struct pollfd polled = { .fd = (int)number(call, 0), .events = POLLOUT };

	give_number(poll(&polled, 1, 0) == 1 && polled.revents == POLLOUT);
}

static void word_local_port(const struct call *call)
{
	give_number(local_port((int)number(call, 0)));
}

static void word_line(const struct call *call)
{
	give(client_line((int)number(call, 0)));
}

static void word_end_of(const struct call *call)
{
	bool ended;

	errno = 0;
	ended = client_sees_end((int)number(call, 0));
	give(errno == ECONNRESET ? "reset" : "end");
	CHECK(ended, "%s", "the client was served");
}

static void word_shut(const struct call *call)
{
	cr_assert_eq(shutdown((int)number(call, 0), SHUT_WR), 0);
}

static void word_close(const struct call *call)
{
	for (int n = 0; n < call->count; n++)
		CHECK(close((int)number(call, n)) == 0, "%s", strerror(errno));
}

static void word_pid(const struct call *call)
{
	const char *address = text(call, 0);

	if (is_unix(address))
		give_number(strtol(client_ask_unix(address, "pid\n"), NULL, 10));
	else
		give_number(client_ask_pid(port_of(address)));
}

static void word_pid_to_the_end(const struct call *call)
{
	give_number(client_ask_to_the_end(port_of(text(call, 0))));
}

static void word_fill_queue(const struct call *call)
{
	Tcl_Obj *list = Tcl_NewListObj(0, NULL);

	for (int fd; (fd = client_try_unix_at_once(text(call, 0))) >= 0;)
		Tcl_ListObjAppendElement(NULL, list, Tcl_NewIntObj(fd));
	Tcl_SetObjResult(scenario.interp, list);
}

static void word_node(const struct call *call)
{
	wait_node(text(call, 0));
}

/* From "IP" or "IP:PORT". */
static int datagrams_from(const char *from, const char *to, int port)
{
	const char *colon = strchr(from, ':');
	int length = colon ? (int)(colon - from) : (int)strlen(from);

	if (strchr(to, ':'))
		return datagram_client_at("::", 0, to, port);
	return datagram_client_at(text_of("%.*s", length, from), colon ? port_of(colon + 1) : 0, to, port);
}

static void word_datagrams(const struct call *call)
{
	const char *address = text(call, 0);

	if (is_unix(address))
		give_number(datagram_client_unix(address, text(call, 1)));
	else if (call->count > 1)
		give_number(datagrams_from(text(call, 1), call->count > 2 ? text(call, 2) : "127.0.0.1",
					   port_of(address)));
	else
		give_number(datagram_client(port_of(address)));
}

/* Of the test's, for those whom superd sends datagrams. */
static void word_receiver(const struct call *call)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)call;
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&own, sizeof(own)) == 0);
	give_number(fd);
}

static void word_packet_from(const struct call *call)
{
	struct pollfd polled = { .fd = (int)number(call, 0), .events = POLLIN };
	struct sockaddr_in from;
	char got[512];
	ssize_t length;

	CHECK(poll(&polled, 1, DEADLINE_MS) == 1, "%s", "no datagram came");
	length = recvfrom(polled.fd, got, sizeof(got), 0, (struct sockaddr *)&from, &(socklen_t){ sizeof(from) });
	CHECK(length >= 0, "%s", strerror(errno));
	Tcl_SetObjResult(scenario.interp, Tcl_NewListObj(2, (Tcl_Obj *[]){ Tcl_NewStringObj(got, (int)length),
									   Tcl_NewIntObj(ntohs(from.sin_port)) }));
}

static void word_packet_to(const struct call *call)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)number(call, 1)),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const char *said = text(call, 2);

	cr_assert_eq(sendto((int)number(call, 0), said, strlen(said), 0, (const struct sockaddr *)&to, sizeof(to)),
		     (ssize_t)strlen(said));
}

static void word_datagram(const struct call *call)
{
	give(datagram_ask((int)number(call, 0), text(call, 1)));
}

static void word_inbox(const struct call *call)
{
	const char *path = text(call, 0);
	int fd;

	unlink(path);
	fd = bind_unix(path, SOCK_DGRAM);
	cr_assert(setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &(int){ 1 }, sizeof(int)) == 0 && chmod(path, 0666) == 0);
	give_number(fd);
}

static void word_fill_inbox(const struct call *call)
{
	give_number(datagram_fill(text(call, 0)));
}

/* Who the kernel says has sent it is what systemd goes by (NotifyAccess=main). */
static void word_message(const struct call *call)
{
	char said[4096];
	struct iovec part = { said, sizeof(said) };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t length = recvmsg((int)number(call, 0), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct ucred sender = { 0 };
	int given = -1;

	CHECK(length >= 0 || errno == EAGAIN, "%s", strerror(errno));
	if (length < 0)
		return;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		if (at->cmsg_type == SCM_CREDENTIALS)
			memcpy(&sender, CMSG_DATA(at), sizeof(sender));
		else
			memcpy(&given, CMSG_DATA(at), sizeof(given));
	}
	Tcl_SetObjResult(scenario.interp, Tcl_NewListObj(3, (Tcl_Obj *[]){ Tcl_NewStringObj(said, (int)length),
									   Tcl_NewIntObj(sender.pid),
									   Tcl_NewIntObj(given) }));
}

/* So many pairs of unix sockets that have nothing to do with superd. */
static void word_socket_pairs(const struct call *call)
{
	Tcl_Obj *list = Tcl_NewListObj(0, NULL);

	for (long n = number(call, 0); n > 0; n--) {
		int pair[2];

		CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "%s", strerror(errno));
		Tcl_ListObjAppendElement(NULL, list, Tcl_NewIntObj(pair[0]));
		Tcl_ListObjAppendElement(NULL, list, Tcl_NewIntObj(pair[1]));
	}
	Tcl_SetObjResult(scenario.interp, list);
}

/* The client goes by a reset. */
static void word_reset(const struct call *call)
{
	const struct linger hard = { .l_onoff = 1 };
	int fd = (int)number(call, 0);

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	close(fd);
}

static void word_load(const struct call *call)
{
	const struct load_plan plan = {
		.port = port_of(text(call, 0)), .threads = call->count > 1 ? (unsigned)number(call, 1) : 4,
		.connections = call->count > 2 ? (size_t)number(call, 2) : 0,
	};
	struct load *load = load_start(&plan);

	if (plan.connections) {
		struct tally tally = load_wait(load);

		tally_expect_all_served(&tally);
		return;
	}
	cr_assert_lt(scenario.load_count, LOADS_MOST);
	scenario.loads[scenario.load_count++] = load;
}

/* Waits for so many more clients of each. */
static void word_loaded(const struct call *call)
{
	size_t wanted[LOADS_MOST];

	for (int n = 0; n < scenario.load_count; n++)
		wanted[n] = load_progress(scenario.loads[n]) + (size_t)number(call, 0);
	for (int n = 0; n < scenario.load_count; n++) {
		while (load_progress(scenario.loads[n]) < wanted[n])
			pause_a_moment();
	}
}

static void word_unload(const struct call *call)
{
	(void)call;
	for (int n = 0; n < scenario.load_count; n++) {
		struct tally tally = load_stop(scenario.loads[n]);

		tally_expect_all_served(&tally);
	}
	scenario.load_count = 0;
}

/* ---- time ---- */

static void word_advance(const struct call *call)
{
	clock_advance(superd(), duration(call, 0));
}

static void word_advance_beside(const struct call *call)
{
	clock_advance_beside(superd(), duration(call, 0));
}

static void word_move(const struct call *call)
{
	clock_move(duration(call, 0));
}

static void word_settle(const struct call *call)
{
	(void)call;
	clock_settle(superd());
}

static void word_stays_quiet(const struct call *call)
{
	give_number(clock_is_quiet(superd(), (int)number(call, 0)));
}

static void word_hold_clock(const struct call *call)
{
	(void)call;
	clock_hold();
}

static void word_waits_by_clock(const struct call *call)
{
	give_number(clock_has_waiter((pid_t)number(call, 0)));
}

static void word_go_on(const struct call *call)
{
	(void)call;
	clock_go_on();
}

static void word_set_wall(const struct call *call)
{
	clock_set_wall(duration(call, 0));
}

static void word_clock_pace(const struct call *call)
{
	clock_set_pace(duration(call, 0));
}

static void word_clock_stop(const struct call *call)
{
	clock_stop(superd(), duration(call, 0));
}

/* "wakes STEP STEPS MOST": at most so many in so many steps, some time. */
static void word_wakes(const struct call *call)
{
	clock_expect_wakes(superd(), duration(call, 0), (int)number(call, 1), (unsigned long)number(call, 2));
}

static void word_woken(const struct call *call)
{
	(void)call;
	give_number((long)clock_wakes());
}

static bool holds(const struct call *call, int n)
{
	int value = 0;

	CHECK(Tcl_ExprBooleanObj(scenario.interp, call->arguments[n], &value) == TCL_OK, "%s",
	      Tcl_GetStringResult(scenario.interp));
	return value;
}

/* "until STEP {CONDITION}": steps until it holds; at most 20, unless superd has woken since. */
static void word_until(const struct call *call)
{
	CLOCK_UNTIL(superd(), duration(call, 0), call->count > 2 ? (int)number(call, 2) : 20, holds(call, 1));
}

static void word_wait(const struct call *call)
{
	for (long long until = now_ms() + DEADLINE_MS; !holds(call, 0); pause_a_moment())
		CHECK(now_ms() < until, "in vain: %s", raw(call, 0));
}

/* "expect {CONDITION} ?EXPLANATION?" */
static void word_expect(const struct call *call)
{
	CHECK(holds(call, 0), "it is not so: %s %s\nthat is: %s", raw(call, 0), raw(call, 1), text(call, 0));
}

/* "has TEXT PART ...": each part is in the text. */
static void word_has(const struct call *call)
{
	for (int n = 1; n < call->count; n++)
		CHECK(strstr(raw(call, 0), text(call, n)), "no '%s' in '%s'", text(call, n), raw(call, 0));
}

static void word_lacks(const struct call *call)
{
	for (int n = 1; n < call->count; n++)
		CHECK(!strstr(raw(call, 0), text(call, n)), "'%s' in '%s'", text(call, n), raw(call, 0));
}

static void word_is(const struct call *call)
{
	CHECK(!strcmp(raw(call, 0), text(call, 1)), "it is '%s', not '%s'", raw(call, 0), text(call, 1));
}

static void word_begins(const struct call *call)
{
	const char *wanted = text(call, 1);

	CHECK(!strncmp(raw(call, 0), wanted, strlen(wanted)), "'%s' does not begin with '%s'", raw(call, 0), wanted);
}

/* ---- processes and files ---- */

static void word_kill(const struct call *call)
{
	int signal = signal_number(call->count > 1 ? raw(call, 1) : "KILL");

	CHECK(kill((pid_t)number(call, 0), signal) == 0, "%s", strerror(errno));
}

static void word_lives(const struct call *call)
{
	give_number(process_lives((pid_t)number(call, 0)));
}

static void word_stopped(const struct call *call)
{
	give_number(process_is_stopped((pid_t)number(call, 0)));
}

static void word_frozen(const struct call *call)
{
	give_number(process_is_frozen((pid_t)number(call, 0)));
}

static void word_path(const struct call *call)
{
	give(path_in("%s", text(call, 0)));
}

/* "write NAME TEXT ?MODE?": its path. */
static void word_write(const struct call *call)
{
	const char *path = write_file(text(call, 0), "%s", text(call, 1));

	if (call->count > 2)
		cr_assert_eq(chmod(path, (mode_t)strtoul(raw(call, 2), NULL, 8)), 0);
	give(path);
}

static void word_read(const struct call *call)
{
	const char *content = read_text(text(call, 0));

	give(content ? content : "");
}

static void word_lines(const struct call *call)
{
	give_number((long)count_lines(text(call, 0)));
}

static void word_exists(const struct call *call)
{
	give_number(access(text(call, 0), F_OK) == 0);
}

static void word_remove(const struct call *call)
{
	CHECK(unlink(text(call, 0)) == 0, "%s: %s", text(call, 0), strerror(errno));
}

static void word_replaced(const struct call *call)
{
	give(replaced(raw(call, 0), text(call, 1), text(call, 2)));
}

static void word_example(const struct call *call)
{
	give(example(text(call, 0)));
}

static void word_example_table(const struct call *call)
{
	give(example_table(text(call, 0)));
}

static void word_filled(const struct call *call)
{
	give(text(call, 0));
}

static void word_free_port(const struct call *call)
{
	(void)call;
	give_number(free_port());
}

/* "listener PORT ?IP?" or "listener PATH" */
static void word_listener(const struct call *call)
{
	const char *address = text(call, 0);

	if (is_unix(address))
		give_number(listen_unix(address));
	else
		give_number(listen_at(call->count > 1 ? text(call, 1) : "127.0.0.1", port_of(address)));
}

/* ---- what a test needs ---- */

static void word_needs(const struct call *call)
{
	SKIP_WITHOUT(holds(call, 0), "%s", raw(call, 1));
}

static void word_private(const struct call *call)
{
	(void)call;
	give_number(private_enter());
}

static void word_private_hosts(const struct call *call)
{
	(void)call;
	private_enter_with_hosts();
}

static void word_private_file(const struct call *call)
{
	private_file(text(call, 0), "%s", text(call, 1));
}

static void word_silent_resolver(const struct call *call)
{
	(void)call;
	give_number(private_silent_resolver());
}

static void word_deny_names(const struct call *call)
{
	private_deny_names((int)number(call, 0));
}

static void word_dev_log(const struct call *call)
{
	(void)call;
	give_number(bind_dev_log());
}

static void word_umask(const struct call *call)
{
	umask((mode_t)strtoul(raw(call, 0), NULL, 8));
}

static void word_drop_capability(const struct call *call)
{
	static const struct { const char *name; int number; } known[] = {
		{ "kill", CAP_KILL }, { "setpcap", CAP_SETPCAP }, { "sys_admin", CAP_SYS_ADMIN },
		{ "sys_ptrace", CAP_SYS_PTRACE },
	};
	size_t n = 0;

	while (n < sizeof(known) / sizeof(*known) && strcmp(raw(call, 0), known[n].name) != 0)
		n++;
	CHECK(n < sizeof(known) / sizeof(*known), "no capability '%s' is known here", raw(call, 0));
	cr_assert_eq(prctl(PR_CAPBSET_DROP, known[n].number, 0, 0, 0), 0);
}

/* Whatever the call's second argument is, or if it has these bits. */
static void deny(uint32_t number, uint32_t bits, uint32_t error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	if (!bits)
		filter[3] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	if (geteuid() != 0)
		cr_assert_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	cr_assert_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void word_deny_close_range(const struct call *call)
{
	(void)call;
	deny(__NR_close_range, 0, EPERM);
}

static void word_deny_killable_waits(const struct call *call)
{
	(void)call;
	deny(__NR_seccomp, 1 << 5 /* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */, EINVAL);
}

static void word_errno(const struct call *call)
{
	errno = (int)number(call, 0);
	give(Tcl_ErrnoId());
}

static void word_error_text(const struct call *call)
{
	for (int error = 1; error < 200; error++) {
		errno = error;
		if (!strcmp(Tcl_ErrnoId(), raw(call, 0))) {
			give(error_text(error));
			return;
		}
	}
	CHECK(false, "no error is called %s", raw(call, 0));
}

static void word_has_namespaces(const struct call *call)
{
	(void)call;
	give_number(namespace_allowed());
}

static void word_has_users(const struct call *call)
{
	(void)call;
	give_number(namespace_users());
}

static void word_metrics_read(const struct call *call)
{
	const char *samples = metrics_read(raw(call, 0));

	give(samples ? samples : "");
}

static void word_lone_user(const struct call *call)
{
	(void)call;
	give_number(lone_user());
}

static void word_build_word(const struct call *call)
{
	(void)call;
	give(superd_build_word());
}

static void word_called(const struct call *call)
{
	give(superd_called(text(call, 0)));
}

static void word_schema_holds(const struct call *call)
{
	give_number(schema_holds(text(call, 0), raw(call, 1)));
}

static void word_has_groups(const struct call *call)
{
	(void)call;
	give_number(superd_has_groups());
}

static void word_has_glibc(const struct call *call)
{
	(void)call;
	give_number(!superd_has_musl());
}

static void word_is_sanitized(const struct call *call)
{
	(void)call;
	give_number(running_sanitized());
}

static void run_scenario(void)
{
	scenario_run(criterion_current_test->category, criterion_current_test->name);
}

static void enter(void)
{
	criterion_internal_test_setup();
	criterion_internal_test_main(run_scenario);
	criterion_internal_test_teardown();
}

/* Criterion has looked for the tests of its --filter before. */
static bool is_chosen(const char *name)
{
	const char *filter = getenv("FILTER");

	return !filter || !*filter || !fnmatch(filter, text_of("%s/%s", scenario.suite, name), FNM_EXTMATCH);
}

/* Criterion would take the one that is there and drop this one. */
static bool is_registered(const char *name)
{
	FOREACH_SET (struct criterion_suite_set *suite, scenario.set->suites) {
		if (strcmp(suite->suite.name, scenario.suite) != 0)
			continue;
		FOREACH_SET (struct criterion_test *test, suite->tests) {
			if (!strcmp(test->name, name))
				return true;
		}
	}
	return false;
}

static void register_test(const char *name)
{
	struct criterion_test_extra_data *data = calloc(1, sizeof(*data));
	struct criterion_test *test = calloc(1, sizeof(*test));

	if (!data || !test)
		abort();
	*data = (struct criterion_test_extra_data){
		.lang_ = CR_LANG_C, .identifier_ = name, .file_ = scenario.file, .line_ = 1, .init = world_begin,
		.fini = world_end, .timeout = 600, .disabled = !is_chosen(name),
	};
	*test = (struct criterion_test){ .name = name, .category = scenario.suite, .test = enter, .data = data };
	criterion_register_test(scenario.set, test);
}

/* "test NAME {SCRIPT}": registers it, or evaluates it if it is the one to run. */
static int call_test(ClientData unused, Tcl_Interp *interp, int count, Tcl_Obj *const *arguments)
{
	(void)unused;
	if (count != 3 || !scenario.suite) {
		Tcl_SetResult(interp, (char *)(uintptr_t)"test NAME {SCRIPT}, behind suite NAME", TCL_STATIC);
		return TCL_ERROR;
	}
	if (scenario.set && is_registered(Tcl_GetString(arguments[1]))) {
		Tcl_SetResult(interp, (char *)(uintptr_t)"a test of this name is there already, here or in C, "
							 "of which this program may be older", TCL_STATIC);
		return TCL_ERROR;
	}
	if (scenario.set) {
		register_test(text_of("%s", Tcl_GetString(arguments[1])));
		return TCL_OK;
	}
	if (strcmp(scenario.wanted_suite, scenario.suite) != 0 ||
	    strcmp(scenario.wanted, Tcl_GetString(arguments[1])) != 0)
		return TCL_OK;
	scenario.was_found = true;
	return Tcl_EvalObjEx(interp, arguments[2], 0);
}

static void word_suite(const struct call *call)
{
	scenario.suite = text_of("%s", raw(call, 0));
}

static const struct word {
	const char *name;
	int least, most;                /* arguments */
	void (*does)(const struct call *call);
} words[] = {
	{ "suite", 1, 1, word_suite },          /* NAME: of the tests "test NAME {SCRIPT}" */
	{ "needs", 2, 2, word_needs },          /* {CONDITION} REASON: else the test is skipped */

	/* ?-clock? ?-control? ?-guard? ?-alone? ?-tableless? ?-leaks? ?-pid1? ?-bare? ?-group_root? ?-own_dev?
	 * ?-arguments LIST? ?-environment LIST? ?-program PATH? ?-format NAME? ?-uid N? ?-descriptors N? ?-processes N?
	 * ?-listener CLIENTS? ?-err FD? ?-terminal FD? ?-in PATH? ?-out PATH? TABLE (harness.h): for "use" */
	{ "superd", 1, 16, start_superd },
	{ "works", 0, 16, word_works },         /* whether a process can be made with these options */
	{ "use", 1, 1, word_use },              /* SUPERD: the one that all words mean from now on */
	{ "port", 1, 1, word_port },
	{ "log", 1, 1, word_log },              /* TEXT: waits for it, behind what was waited for before */
	{ "logged", 1, 1, word_logged },        /* TEXT: whether superd has said it so far */
	{ "count", 1, 1, word_count },          /* TEXT: how often */
	{ "counts", 2, 2, word_counts },        /* TEXT N: waits until it was said so often, and fails beyond */
	{ "logfile", 0, 0, word_logfile },
	{ "table", 0, 0, word_table },          /* the path of superd's table */
	{ "signal", 1, 1, word_signal },        /* NAME or number: to superd */
	{ "stop", 0, 0, word_stop },
	{ "ended", 0, 0, word_ended },
	{ "exit_status", 0, 0, word_exit_status },      /* waits for its end */
	{ "kill_superd", 0, 0, word_kill_superd },      /* below its guard, until the next one has taken over */
	{ "reload", 1, 2, word_reload },        /* ?-refused? TABLE */
	{ "upgrade", 0, 0, word_upgrade },
	{ "superd_pid", 0, 1, word_superd_pid },  /* of its guard, where it has one; with "itself": of its own */
	{ "processes", 0, 0, word_processes },  /* backends and what they started */
	{ "pids", 0, 0, word_pids },            /* of those */
	{ "aside", 1, 1, word_aside },          /* NAME: the pid of a process that superd made of itself; 0: none */
	{ "descriptors", 0, 0, word_descriptors },
	{ "own_programs", 0, 0, word_own_programs },    /* descriptors that superd has open for its own, in any case */
	{ "descriptors_at_most", 1, 1, word_descriptors_at_most },
	{ "descriptor_limit", 1, 1, word_descriptor_limit },    /* N: of superd itself, from now on; the one before */
	{ "answer", 1, 32, word_answer },       /* superd with these arguments, to its end: {STATUS OUTPUT ERRORS} */

	{ "run", 1, 32, word_run },             /* any PROGRAM WORD ..., as answer does */
	{ "begin", 1, 32, word_begin },         /* ?-clock? PROGRAM WORD ...: it runs beside the test, until */
	{ "printed", 1, 1, word_printed },      /* PROGRAM: its output so far */
	{ "program_pid", 1, 1, word_program_pid },
	{ "finish", 1, 1, word_finish },        /* PROGRAM: its end, as answer gives it */

	{ "control", 1, 1, word_control },      /* a request: the whole answer */
	{ "value", 2, 2, word_value },          /* ANSWER KEY */
	{ "control_as", 4, 4, word_control_as },/* UID GID {GROUP ...} REQUEST: the greeting and the first line */
	{ "superctl", 0, 48, word_superctl },   /* ?-at SOCKET? WORD ...: {STATUS OUTPUT ERRORS} */
	{ "stand_in", 2, 2, word_stand_in },    /* GREETING {VERB ANSWER ...}: a socket where that is said */
	{ "requests", 0, 0, word_requests },    /* that it has got */
	{ "dismiss", 0, 0, word_dismiss },
	{ "session", 0, 0, word_session },      /* a client of the control socket, behind its greeting */
	{ "request", 2, 2, word_request },      /* CLIENT REQUEST: the whole answer */

	{ "connect", 1, 5, word_connect },      /* ADDRESS ?-from IP? ?-to IP? ?-type seqpacket? ?-as UID?: a client */
	{ "send", 2, 2, word_send },            /* CLIENT LINE */
	{ "put", 2, 2, word_put },              /* CLIENT TEXT: without a newline, at once */
	{ "put_bytes", 2, 3, word_put_bytes },  /* CLIENT BYTES ?urgent? */
	{ "get_bytes", 2, 2, word_get_bytes },  /* CLIENT N: so many, fewer before its end; or of a datagram */
	{ "push", 3, 3, word_push },            /* CLIENT FROM UNTIL: a pattern that is taken at once: how far */
	{ "pull", 2, 2, word_pull },            /* CLIENT FROM: those that are there: how far */
	{ "pour", 2, 2, word_pour },            /* CLIENT N: bytes, until it is closed: how many went */
	{ "line", 1, 1, word_line },
	{ "rest", 1, 1, word_rest },            /* CLIENT: all until its end */
	{ "quiet", 1, 1, word_quiet },          /* CLIENT: it has nothing to read */
	{ "offer", 2, 2, word_offer },          /* CLIENT LINE, which may not be taken */
	{ "heard", 1, 1, word_heard },          /* CLIENT: something has come that is no end */
	{ "accept", 1, 1, word_accept },        /* LISTENER: waits for a client of the test's */
	{ "peer", 1, 1, word_peer },            /* CLIENT: the name of its other end, a unix socket's */
	{ "reachable", 1, 1, word_reachable },  /* ADDRESS: somebody listens there */
	{ "approach", 2, 2, word_approach },    /* ADDRESS IP: a client from there who may never be let in */
	{ "let_in", 1, 1, word_let_in },        /* CLIENT: whether it is connected so far */
	{ "local_port", 1, 1, word_local_port },
	{ "end_of", 1, 1, word_end_of },        /* CLIENT: waits for its "end" or "reset"; fails where it is answered */
	{ "shut", 1, 1, word_shut },
	{ "close", 1, 300, word_close },
	{ "pid", 1, 1, word_pid },              /* ADDRESS: who serves */
	{ "pid_to_the_end", 1, 1, word_pid_to_the_end },        /* ADDRESS: the same, until it has closed, too */
	{ "fill_queue", 1, 1, word_fill_queue },/* PATH: clients, until no more of them fit */
	{ "node", 1, 1, word_node },            /* PATH: waits until superd's socket is there */
	/* ADDRESS ?IP, or IP:PORT, ?IP?? or PATH OWNPATH: a client, from there to there; -1: that port can't be had */
	{ "datagrams", 1, 3, word_datagrams },
	{ "datagram", 2, 2, word_datagram },    /* CLIENT TEXT: the answer */
	{ "send_to_group", 3, 3, word_send_to_group },  /* GROUP PORT TEXT: a datagram */
	{ "packet", 1, 1, word_packet },        /* CLIENT: the next datagram */
	{ "receiver", 0, 0, word_receiver },    /* of datagrams, at a local_port of the test's */
	{ "packet_from", 1, 1, word_packet_from },      /* RECEIVER: {TEXT PORT} of the next */
	{ "packet_to", 3, 3, word_packet_to },  /* RECEIVER PORT TEXT */
	{ "inbox", 1, 1, word_inbox },          /* PATH: a unix datagram socket of the test's */
	{ "fill_inbox", 1, 1, word_fill_inbox },/* PATH: with "noise", until it takes no more: how often */
	{ "message", 1, 1, word_message },      /* INBOX: {TEXT PID DESCRIPTOR} that has come; empty: none has */

	{ "socket_pairs", 1, 1, word_socket_pairs },    /* N: as many pairs of others' sockets */
	{ "reset", 1, 1, word_reset },
	{ "load", 1, 3, word_load },            /* ADDRESS ?THREADS? ?N?: clients in turn; N: until all are served */
	{ "loaded", 1, 1, word_loaded },        /* N: waits until so many more of each are done */
	{ "unload", 0, 0, word_unload },        /* each must have been served */

	{ "advance", 1, 1, word_advance },      /* TIME: superd's clock */
	{ "advance_beside", 1, 1, word_advance_beside },  /* where a backend does not sleep */
	{ "move", 1, 1, word_move },            /* TIME: waits for nothing */
	{ "settle", 0, 0, word_settle },        /* a step of no time */
	{ "stays_quiet", 1, 1, word_stays_quiet },      /* CLIENT: also two hours later */
	{ "hold_clock", 0, 0, word_hold_clock },        /* time passes by steps alone */
	{ "go_on", 0, 0, word_go_on },
	{ "set_wall", 1, 1, word_set_wall },    /* TIME: how far superd's time of day is ahead of all other clocks */
	{ "clock_pace", 1, 1, word_clock_pace },/* TIME: that each look at the clock takes */
	{ "clock_stop", 1, 1, word_clock_stop },        /* TIME: TERM, and steps of it until superd has ended */
	{ "waits_by_clock", 1, 1, word_waits_by_clock },        /* PID */
	{ "until", 2, 3, word_until },          /* STEP {CONDITION} ?MOST? */
	{ "woken", 0, 0, word_woken },          /* how often superd was */
	{ "wakes", 3, 3, word_wakes },
	{ "wait", 1, 1, word_wait },            /* {CONDITION} */
	{ "expect", 1, 2, word_expect },        /* {CONDITION} ?EXPLANATION? */
	{ "has", 2, 32, word_has },             /* TEXT PART ... */
	{ "lacks", 2, 32, word_lacks },         /* TEXT PART ...: none is in it */
	{ "is", 2, 2, word_is },                /* TEXT WANTED */
	{ "begins", 2, 2, word_begins },        /* TEXT WITH */

	{ "kill", 1, 2, word_kill },            /* PID ?SIGNAL? */
	{ "reap", 1, 1, word_reap },            /* PID: waits for the end of a child of the test's */
	{ "lives", 1, 1, word_lives },
	{ "stopped", 1, 1, word_stopped },
	{ "frozen", 1, 1, word_frozen },
	{ "path", 1, 1, word_path },            /* NAME: in the test's folder */
	{ "write", 2, 3, word_write },          /* NAME TEXT ?MODE?: its path */
	{ "read", 1, 1, word_read },            /* PATH: its text; empty where it is not there */
	{ "lines", 1, 1, word_lines },
	{ "exists", 1, 1, word_exists },
	{ "remove", 1, 1, word_remove },
	{ "filled", 1, 1, word_filled },        /* TEXT: with its variables and paths */
	{ "replaced", 3, 3, word_replaced },    /* TEXT WHAT WITH */
	{ "example_table", 1, 1, word_example_table },  /* the text of one of conf, filled in */
	{ "example", 1, 1, word_example },      /* the path of one of contrib/examples */
	{ "free_port", 0, 0, word_free_port },
	{ "listener", 1, 2, word_listener },    /* PORT ?IP?, or a PATH: a listening socket of the test's */

	{ "program", 2, 2, word_program },      /* PACKAGE NAME: its path; empty: it is not here */
	{ "terminal", 0, 0, word_terminal },    /* {KEYBOARD SIDE}, for superd -terminal SIDE */
	{ "type", 2, 2, word_type },            /* KEYBOARD TEXT */
	{ "copy_program", 2, 2, word_copy_program },    /* FROM TO: one that looks for others beside itself */
	{ "private", 0, 0, word_private },      /* has the test enter a network, an /etc and a /run of its own */
	{ "private_hosts", 0, 0, word_private_hosts },  /* the same with names of 127.0.0.2 and 3, or it is skipped */
	{ "private_file", 2, 2, word_private_file },    /* PATH TEXT: of that /etc or /run */
	{ "silent_resolver", 0, 0, word_silent_resolver },      /* there: a client with its questions */
	{ "deny_names", 1, 1, word_deny_names },        /* RESOLVER: those that were asked for so far */
	{ "dev_log", 0, 0, word_dev_log },      /* a client with what superd -own_dev writes to syslog */
	{ "umask", 1, 1, word_umask },          /* MODE: of this test and of the superds that it starts */
	{ "drop_capability", 1, 1, word_drop_capability },      /* such as sys_admin: no program gains it */
	{ "deny_close_range", 0, 0, word_deny_close_range },    /* to this test and its programs, as a container may */
	{ "deny_killable_waits", 0, 0, word_deny_killable_waits },      /* the same, as a kernel before Linux 5.19 */
	{ "errno", 1, 1, word_errno },          /* NUMBER: its name, such as EPERM */
	{ "error_text", 1, 1, word_error_text },        /* NAME: its text, as superd's libc has it */
	{ "has_namespaces", 0, 0, word_has_namespaces },
	{ "has_users", 0, 0, word_has_users },  /* the test may be anybody, and others can read what was built */
	{ "metrics_read", 1, 1, word_metrics_read },    /* TEXT as Prometheus reads it; empty: no parser is here */
	{ "lone_user", 0, 0, word_lone_user },  /* who has no process, as a number */
	{ "build_word", 0, 0, word_build_word },/* the first word that superd gives to its own programs */
	{ "called", 1, 1, word_called },        /* NAME: the path of a link of this name to superd */
	{ "schema_holds", 2, 2, word_schema_holds },    /* DEFINITION ANSWER */
	{ "has_groups", 0, 0, word_has_groups },/* superd can make control groups here */
	{ "has_glibc", 0, 0, word_has_glibc },
	{ "is_sanitized", 0, 0, word_is_sanitized },
};

static int call_word(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const *arguments)
{
	const struct word *word = data;
	const struct call call = { .interp = interp, .count = count - 1, .arguments = arguments + 1 };

	if (call.count < word->least || call.count > word->most) {
		Tcl_SetObjResult(interp, Tcl_ObjPrintf("%s takes %d to %d arguments", word->name, word->least,
						       word->most));
		return TCL_ERROR;
	}
	Tcl_ResetResult(interp);
	word->does(&call);
	return TCL_OK;
}

static Tcl_Interp *make_interpreter(void)
{
	const char *words_of_words = text_of("%s/tests/behaviour/words.tcl", getenv("SRCDIR"));
	Tcl_Interp *interp = Tcl_CreateInterp();

	for (size_t n = 0; n < sizeof(words) / sizeof(*words); n++)
		Tcl_CreateObjCommand(interp, words[n].name, call_word, (ClientData)(uintptr_t)&words[n], NULL);
	Tcl_CreateObjCommand(interp, "test", call_test, NULL, NULL);
	CHECK(Tcl_EvalFile(interp, words_of_words) == TCL_OK, "%s: %s", words_of_words, Tcl_GetStringResult(interp));
	Tcl_SetVar(interp, "backend", text_of("%s/backend", getenv("SUPERD_TESTDIR")), TCL_GLOBAL_ONLY);
	Tcl_SetVar(interp, "superctl", getenv("SUPERCTL_BIN") ? getenv("SUPERCTL_BIN") : "", TCL_GLOBAL_ONLY);
	Tcl_SetVar(interp, "tests", getenv("SUPERD_TESTDIR"), TCL_GLOBAL_ONLY);
	Tcl_SetVar(interp, "superd", superd_path(), TCL_GLOBAL_ONLY);
	Tcl_SetVar(interp, "user", own_user(), TCL_GLOBAL_ONLY);
	Tcl_SetVar(interp, "self", text_of("%d", (int)getpid()), TCL_GLOBAL_ONLY);
	return interp;
}

/* The files of this program's folder: test_sleep has those of sleep. */
static void each_file(void (*act)(const char *path))
{
	const char *top = getenv("SRCDIR"), *name;
	char program[PATH_MAX] = "";
	glob_t found = { 0 };

	cr_assert_geq(readlink("/proc/self/exe", program, sizeof(program) - 1), 0);
	name = strstr(program, "/test_");
	if (top && name &&
	    glob(text_of("%s/tests/behaviour/%s/*.tcl", top, name + 6), 0, NULL, &found) == 0) {
		for (size_t n = 0; n < found.gl_pathc; n++)
			act(text_of("%s", found.gl_pathv[n]));
	}
	globfree(&found);
}

static void evaluate(const char *path)
{
	const char *wrong;

	scenario.file = path;
	scenario.interp = make_interpreter();
	if (Tcl_EvalFile(scenario.interp, path) == TCL_OK)
		return;
	wrong = text_of("%s: %s", path, Tcl_GetVar(scenario.interp, "errorInfo", TCL_GLOBAL_ONLY));
	if (scenario.set) {
		fprintf(stderr, "%s\n", wrong);
		exit(99);
	}
	CHECK(false, "%s", wrong);
}

void scenarios_register(struct criterion_test_set *set)
{
	scenario.set = set;
	each_file(evaluate);
	scenario.set = NULL;
}

static void evaluate_wanted(const char *path)
{
	if (strstr(read_text(path), text_of("\nsuite %s\n", scenario.wanted_suite)))
		evaluate(path);
}

void scenario_run(const char *suite, const char *test)
{
	scenario.wanted_suite = suite;
	scenario.wanted = test;
	each_file(evaluate_wanted);
	CHECK(scenario.was_found, "there is no scenario %s::%s", suite, test);
	superd_stop_all();
	world_check();
}
