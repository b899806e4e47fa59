/* An upgrade: the program that is installed is asked whether it could take over, in a process of its own. Then superd
 * ends and its guard becomes that program, in its own process; a superd without a guard cannot be upgraded. What goes
 * over is the journal. The new superd goes on by the text of the configuration there, and reads the files at once:
 * where they have an error, that text stays in effect. */
#include "superd/daemon.h"

#define CAN "superd can take over: "
#define ANSWER_MOST 3000 /* bytes */
#define READING_MOST 3.	 /* seconds that a reload may wait for a file */
#define PATIENCE 20.	 /* seconds until it has answered */
#define ANSWERS_MOST 2.	 /* seconds for what superd owes */

/* ---- the new program ---- */

/* A guard is asked by the argument that it is executed with: it is not the process that its page names then. */
struct internal_args takeover_strip(int *argc, char ***argv)
{
	const size_t length = strlen(GUARD_AGAIN);
	struct internal_args internal = { .guard_page = -1, .journal = -1 };
	bool is_guard;
	int64_t fd;

	if (*argc < 2 || strncmp((*argv)[1], GUARD_AGAIN, length) != 0 || scan_count((*argv)[1] + length, &fd) ||
	    fd > INT32_MAX)
		return internal;
	internal.journal = guard_journal_of((int)fd, &is_guard);
	internal.checks_upgrade = !is_guard;
	internal.guard_page = is_guard ? (int)fd : -1;
	(*argv)[1] = (*argv)[0];
	(*argv)++;
	(*argc)--;
	return internal;
}

/* A superd that is to continue and cannot, says errno: it ends, and its guard starts another. */
void state_fail(void)
{
	log_setup_error(superd.options, superd.log, "cannot continue from the state of the previous superd: %s",
			strerror(errno));
	log_finish(superd.log);
	_exit(EXIT_START);
}

/* The text of the configuration of the superd before; NULL: this one follows none. What that has left open and does
 * not name is closed. */
char *state_read(void)
{
	struct buf why = { 0 };
	bool drops = guard_drops_state();
	char *text;

	if (!guard->restarts)
		return NULL;
	text = journal_read(guard->journal, drops, &why);
	if (!text && !why.length && !drops)
		state_fail();
	guard_sweep(text || drops, !text);
	if (!text)
		fprintf(stderr,
			"superd: cannot continue from the state of the previous superd: %s: starting without it\n",
			drops ? "several superds in a row have crashed with its state" : buf_string(&why));
	buf_free(&why);
	return text;
}

struct table *state_table(struct options *options, const char *text)
{
	struct diags diags = { 0 };
	struct table *table = saved_read(options, text, &diags);

	if (!table || diags.lacks_memory || diags.lost) {
		errno = ENOMEM;
		state_fail(); /* a service that lacks something would lose its sockets */
	}
	supervisor_log_diags(superd.log, &diags);
	diags_free(&diags);
	return table;
}

/* ---- the program that is asked ---- */

/* Whether it takes the configuration that is in effect, and that of the files. */
static bool can_load(struct options *options, const char *text, struct buf *why)
{
	struct diags diags = { 0 }, of_text = { 0 };
	struct table *previous = saved_read(options, text, &of_text), *table;
	bool good;

	if (options_read_standard_input(options))
		lseek(STDIN_FILENO, 0, SEEK_SET);
	table = previous ? load_table(&(struct table_load){ .options = options }, &diags) : NULL;
	good = table && !diags.errors;
	if (!good) {
		buf_text(why, "its configuration: ");
		diags_describe(&diags, why);
	}
	diags_free(&diags);
	diags_free(&of_text);
	table_free(previous);
	table_free(table);
	return good;
}

int takeover_answer(struct options *options)
{
	struct buf why = { 0 }, of_log = { 0 };
	bool good = false;
	char *text;

	superd.options = options;
	text = journal_read(options->internal.journal, false, &why);
	if (!text && !why.length)
		state_fail();
	if (!text) {
		buf_text(&why, ": its state cannot be taken over");
	} else if (!log_setup_check(options->settings.log, &of_log)) {
		buf_addf(&why, "cannot log to %s: %s", options->settings.log, buf_string(&of_log));
	} else {
		programs_open(NULL);
		good = can_load(options, text, &why);
	}
	buf_free(&of_log);
	buf_cut(&why, ANSWER_MOST);
	if (good)
		printf(CAN "%s\n", PACKAGE_VERSION);
	else
		printf("%s\n", buf_string(&why));
	buf_free(&why);
	free(text);
	return fflush(stdout) == 0 && good ? 0 : EXIT_TABLE;
}

/* ---- the old program ---- */

static struct {
	struct helper helper;
	int answer; /* pipe, which is read once it has ended */
	bool only_check;
	enum { ASKS, IS_LATE, WAITS } step; /* WAITS: it has answered: upgrade_go_on */
	double until;			    /* when superd waits for its clients no longer; 0: for a reload */
	void (*done)(void *context, bool good, const char *why);
	void *context;
} asked;

static void tell_upgrade(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell_upgrade(bool good, const char *format, ...)
{
	char why[ANSWER_MOST + 5000];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	if (!good)
		log_error(superd.log, "%s: %s", asked.only_check ? "an upgrade would fail" : "not upgraded", why);
	if (asked.done)
		asked.done(asked.context, good, why);
	asked.done = NULL;
}

/* Who has asked has gone, or waits no longer. */
void upgrade_forget(const void *context)
{
	if (asked.context == context)
		asked.done = NULL;
}

static void go_over(void)
{
	if (!journal_whole()) {
		tell_upgrade(false, "cannot write the state: %s", strerror(errno));
		return;
	}
	accept_leave();
	LIST_OF(struct svc, svc, link, &superd.services)
		idle_free(svc); /* ends what goes on by itself */
	close_leave();
	records_close();
	log_finish(superd.log); /* the next superd has not what waits there */
	journal_flush();
	journal_pass();
	guard_upgrade_to(superd.program);
}

static void on_checked(struct helper *helper, int status)
{
	char text[ANSWER_MOST + 1], how[48];
	const char *can;
	ssize_t got;

	(void)helper;
	if (status == HELPER_LATE) { /* its end follows */
		asked.step = IS_LATE;
		return;
	}
	do
		got = read(asked.answer, text, ANSWER_MOST);
	while (got < 0 && errno == EINTR);
	text[got > 0 ? got : 0] = '\0';
	fd_close(&asked.answer);
	status_describe(status, how);
	can = strstr(text, CAN); /* warnings may be before it */
	if (asked.step != IS_LATE && status == 0 && can) {
		can += strlen(CAN);
		if (asked.only_check)
			tell_upgrade(true, "superd %.*s can take over", (int)strcspn(can, "\n"), can);
		else
			asked.step = WAITS;
		control_wake();
		return;
	}
	while (got > 0 && text[got - 1] == '\n')
		text[--got] = '\0';
	if (asked.step == IS_LATE)
		tell_upgrade(false, "%s has not answered within %g s whether it can take over", superd.program,
			     PATIENCE);
	else if (status == 0)
		tell_upgrade(false,
			     "%s is no superd that can take over: called with " GUARD_AGAIN
			     ", it printed '%s', not '" CAN "VERSION'",
			     superd.program, text);
	else
		tell_upgrade(false, "%s cannot take over: %s%s%s", superd.program, text, *text ? ", " : "", how);
}

/* Who is owed something that the next superd cannot give: an answer of superd's, or the place of descriptors that a
 * receiver has taken out of the notify socket (notify.c). */
static bool is_owing(void)
{
	bool owes = control_rest(asked.context);

	LIST_OF(struct svc, svc, link, &superd.services)
		owes |= svc->run->received > 0;
	return owes;
}

/* A reload ends first, and who is owed something gets it. */
void upgrade_go_on(void)
{
	if (asked.step != WAITS || superd.reading)
		return;
	if (superd_is_stopping()) {
		tell_upgrade(false, "busy: superd is stopping");
	} else {
		if (!asked.until) {
			log_notice(superd.log, "upgrading: becoming %s", superd.program);
			asked.until = clock_now() + ANSWERS_MOST;
		}
		if (is_owing() && clock_now() < asked.until) {
			control_wake_in(asked.until - clock_now());
			return;
		}
		go_over();
	}
	control_serve();
	asked.step = ASKS;
}

/* The program that is installed is asked whether it could take over. */
void upgrade_begin(bool only_check, void (*done)(void *context, bool good, const char *why), void *context)
{
	char what[WAIT_NOTE_MOST];
	int ends[2] = { -1, -1 };
	double lasted;
	pid_t pid = -1;

	if (asked.helper.child.pid || asked.step == WAITS) {
		log_error(superd.log, "not upgraded: busy: an upgrade is under way");
		if (done)
			done(context, false, "busy: an upgrade is under way");
		return;
	}
	asked.only_check = only_check;
	asked.done = done;
	asked.context = context;
	asked.step = ASKS;
	asked.until = 0;
	if (!guard->pid) {
		tell_upgrade(false,
			     "superd runs without a guard, which an upgrade needs: restart it instead");
		return;
	}
	if (superd_is_stopping()) {
		tell_upgrade(false, "busy: superd is stopping");
		return;
	}
	if (superd.reading && wait_note_read(what, &lasted) && lasted >= READING_MOST) {
		tell_upgrade(false, "busy: a reload waits for %s", what); /* as the program that is asked would */
		return;
	}
	if (!superd.program) /* there was no memory for it */
		superd.program = self_exe_path();
	if (!superd.program) {
		tell_upgrade(false, "superd does not know its own path: neither its name nor /proc has it");
		return;
	}
	if (journal_whole() && fd_pipe(ends) == 0 &&
	    (pid = helper_begin(&asked.helper, PATIENCE, on_checked, NULL, KEEPS_ALL)) == 0) {
		fd_set_nonblocking(ends[1], false);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		journal_pass_check();
		guard_execute(superd.program);
		printf("cannot start %s: %s\n", superd.program, strerror(errno));
		fflush(stdout);
		_exit(127);
	}
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		tell_upgrade(false, "cannot write the state: %s", strerror(errno));
		return;
	}
	asked.answer = ends[0];
}
