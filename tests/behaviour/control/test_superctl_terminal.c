/* superctl top on a terminal: what it draws, which keys it obeys, and that it leaves the terminal as it was, whatever
 * ends it. The hard thing is to read as a terminal does: what was drawn may come in any pieces. */
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "recorded.h"
#include "superctl.h"

#define SERVICE(name, memory, starts) \
	"{\"service\":\"" name \
	"\",\"state\":\"running\",\"for\":5,\"listeners\":[],\"instances\":1,\"activations\":" starts "," \
	"\"exec\":[],\"memory\":" memory ",\"cpu\":1,\"refused\":{}}"
#define TOP_AT(at, starts) \
	"{\"at\":" at ",\"superd\":{\"pid\":1,\"uptime\":60,\"memory\":1048576,\"cpu\":1,\"services\":2," \
	"\"instances\":2}," \
	"\"services\":[" SERVICE("zebra", "9000", starts) "," SERVICE("ant", "10", "1") "]}\n"
#define TOP TOP_AT("1000000000", "1")

struct live {
	struct recorded recorded;
	int terminal; /* our side of it */
	unsigned short rows; /* 0: 20 */
	const char *count; /* NULL: without one */
	bool lists; /* list in place of top */
	const char *answers; /* NULL: TOP */
	const char *term, *locale, *no_color; /* NULL: xterm, C, unset */
	bool clock; /* it has the test's */
	bool is_behind; /* in the background, where it is stopped and then ended, as timeout(1) does */
	pid_t pid;
	struct termios before;
	char seen[65536];
	size_t length;
	int status;
};

/* 0: SIGTERM has ended it; 1: it went on; 2: it was not stopped. */
static int end_stopped(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return 2;
	kill(pid, SIGTERM);
	kill(pid, SIGCONT);
	for (int n = 0; n < DEADLINE_MS / 10; n++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return !(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
		poll(NULL, 0, 10);
	}
	kill(pid, SIGKILL);
	return 1;
}

static void set_environment(const struct live *live)
{
	setenv("TERM", live->term ? live->term : "xterm", 1);
	setenv("LC_ALL", live->locale ? live->locale : "C", 1);
	unsetenv("NO_COLOR");
	if (live->no_color)
		setenv("NO_COLOR", live->no_color, 1);
}

static void become_top(const struct live *live, int terminal)
{
	pid_t pid = 0;

	setsid();
	ioctl(terminal, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(terminal, fd);
	set_environment(live);
	if (live->clock)
		clock_enter();
	if (live->is_behind)
		pid = fork();
	if (pid)
		_exit(end_stopped(pid));
	if (live->is_behind)
		setpgid(0, 0);
	if (live->lists)
		execl(superctl_path(), "superctl", "--control", live->recorded.path, "list", (char *)NULL);
	execl(superctl_path(), "superctl", "--control", live->recorded.path, "top", "--timeout=1h", live->count,
	      (char *)NULL);
	_exit(93);
}

static void start(struct live *live)
{
	const struct recording recordings[] = {
		{ live->lists ? "list" : "top", live->answers ? live->answers : TOP },
		{ "freeze --no-wait -- ant",
		  "{\"service\":\"ant\",\"ok\":true,\"message\":\"it is cold\"}\n" RECORDED_DONE },
		{ "log --lines=5 -- zebra",
		  "{\"service\":\"zebra\",\"message\":\"it has spoken\"}\n" RECORDED_DONE },
		{ 0 },
	};
	struct winsize size = { .ws_row = live->rows ? live->rows : 20, .ws_col = live->lists ? 80 : 90 };
	int theirs;

	live->recorded = recorded_run(RECORDED_GREETING, recordings);
	live->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert(live->terminal >= 0 && grantpt(live->terminal) == 0 && unlockpt(live->terminal) == 0);
	cr_assert_eq(ioctl(live->terminal, TIOCSWINSZ, &size), 0);
	theirs = open(ptsname(live->terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(theirs, 0);
	cr_assert_eq(tcgetattr(theirs, &live->before), 0);
	if (live->clock)
		clock_prepare();
	live->pid = fork();
	if (live->pid == 0)
		become_top(live, theirs);
	close(theirs);
}

/* Whether this has been drawn behind what was found the last time. */
static bool draws(struct live *live, const char *text)
{
	struct pollfd ready = { .fd = live->terminal, .events = POLLIN };
	ssize_t got = 0;
	char *found;

	if (poll(&ready, 1, 0) > 0)
		got = read(live->terminal, live->seen + live->length, sizeof(live->seen) - 1 - live->length);
	live->length += got > 0 ? (size_t)got : 0;
	live->seen[live->length] = '\0';
	found = strstr(live->seen, text);
	if (!found)
		return false;
	live->length = strlen(found + strlen(text));
	memmove(live->seen, found + strlen(text), live->length + 1);
	return true;
}

static bool has_ended(struct live *live)
{
	(void)draws(live, "nothing of the kind");
	return waitpid(live->pid, &live->status, WNOHANG) == live->pid;
}

static void expect_as_before(struct live *live)
{
	struct termios now;
	int theirs = open(ptsname(live->terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);

	cr_assert_eq(tcgetattr(theirs, &now), 0);
	cr_assert_eq(now.c_lflag, live->before.c_lflag);
	cr_assert_eq(now.c_cc[VMIN], live->before.c_cc[VMIN]);
	close(theirs);
}

static void finish(struct live *live)
{
	close(live->terminal);
	recorded_stop(&live->recorded);
}

static void type(struct live *live, const char *keys)
{
	cr_assert_eq(write(live->terminal, keys, strlen(keys)), (ssize_t)strlen(keys));
}

Behaviour(superctl_terminal, top_obeys_keys_and_leaves_the_terminal_as_it_was)
{
	struct live live = { 0 };

	start(&live);
	WAIT_UNTIL(draws(&live, "\033[?1049h"));
	WAIT_UNTIL(draws(&live, "q quit"));
	type(&live, "m");
	WAIT_UNTIL(draws(&live, "zebra"));
	WAIT_UNTIL(draws(&live, "ant"));
	WAIT_UNTIL(draws(&live, "q quit"));
	type(&live, "n");
	WAIT_UNTIL(draws(&live, "ant"));
	WAIT_UNTIL(draws(&live, "zebra"));
	WAIT_UNTIL(draws(&live, "q quit"));
	type(&live, "q");
	WAIT_UNTIL(draws(&live, "\033[?1049l"));
	WAIT_UNTIL(has_ended(&live));
	cr_assert(WIFEXITED(live.status) && WEXITSTATUS(live.status) == 0, "%d", live.status);
	expect_as_before(&live);
	finish(&live);
}

Behaviour(superctl_terminal, top_acts_on_the_chosen_service_after_a_question)
{
	struct live live = { 0 };

	start(&live);
	WAIT_UNTIL(draws(&live, "q quit"));
	type(&live, "n");
	WAIT_UNTIL(draws(&live, "q quit"));
	type(&live, "f");               /* no service is chosen */
	WAIT_UNTIL(draws(&live, "q quit"));
	type(&live, "j");
	WAIT_UNTIL(draws(&live, "> ant"));
	WAIT_UNTIL(draws(&live, "f freeze"));
	type(&live, "f");
	WAIT_UNTIL(draws(&live, "freeze ant? y: yes"));
	type(&live, "n");
	WAIT_UNTIL(draws(&live, "f freeze"));
	cr_expect_null(strstr(read_text(live.recorded.requests), "freeze"));
	type(&live, "f");
	WAIT_UNTIL(draws(&live, "freeze ant? y: yes"));
	type(&live, "y");
	WAIT_UNTIL(draws(&live, "ant: it is cold"));
	WAIT_UNTIL(draws(&live, "f freeze"));
	type(&live, "j");
	WAIT_UNTIL(draws(&live, "> zebra"));
	WAIT_UNTIL(draws(&live, "f freeze"));
	type(&live, "l");
	WAIT_UNTIL(draws(&live, "zebra: it has spoken"));
	type(&live, "q");
	WAIT_UNTIL(has_ended(&live));
	finish(&live);
}

/* One of 40 services of a house: a third sleeps, a third is frozen, and a third runs. */
static const char *listed(int n)
{
	static const char *const states[] = { "listening", "frozen", "running" };

	return text_of("{\"service\":\"house-server-%02d\",\"state\":\"%s\",\"since\":100,\"for\":900,\"listeners\":[{"
		       "\"endpoint\":\"tcp:127.0.0.1:%d\",\"queue\":0}],\"instances\":%d,\"activations\":3,\"exec\":"
		       "[\"/usr/bin/house-server\",\"--with\",\"many\",\"words\"],\"memory\":%s,\"last_used\":%d}\n",
		       n, states[n % 3], 8000 + n, n % 3 > 0, n % 3 ? "104857600" : "null", n % 3 < 2 ? 400 : 1000);
}

Behaviour(superctl_terminal, forty_services_fit_80_columns)
{
	struct live live = { .lists = true, .answers = "" };
	const char *seen;

	for (int n = 0; n < 40; n++)
		live.answers = text_of("%s%s", live.answers, listed(n));
	live.answers = text_of("%s%s", live.answers, RECORDED_DONE);
	start(&live);
	WAIT_UNTIL(has_ended(&live));
	WAIT_UNTIL(draws(&live, "STATE\033"));
	seen = live.seen;
	cr_expect_not_null(strstr(seen, "40 services: 14 asleep, 13 frozen (1.3G), 13 awake (1.3G)"), "%s", seen);
	for (int n = 0; n < 40; n++) {
		const char *line = strstr(seen, text_of("\033[1mhouse-server-%02d\033[0m", n));

		cr_assert_not_null(line, "%d: %s", n, seen);
		line = text_of("%.*s", (int)strcspn(line, "\r"), line);
		cr_expect(strstr(line, text_of("tcp:127.0.0.1:%d ", 8000 + n)), "%s", line);
		cr_expect(strstr(line, n % 3 == 0 ? "asleep" : n % 3 == 1 ? "frozen" : "awake"), "%s", line);
		cr_expect(strstr(line, n % 3 == 0 ? "10 min" : n % 3 == 1 ? "100.0M" : "now"), "%s", line);
		cr_expect_leq(strlen(line) + 3 - 2 * strlen("\033[1m"), 80 + strlen("\033[0m\033[36m"), "%s", line);
	}
	finish(&live);
}

Behaviour(superctl_terminal, top_in_the_background_is_stopped_and_can_be_ended)
{
	struct live live = { .is_behind = true };

	start(&live);
	WAIT_UNTIL(has_ended(&live));
	cr_assert(WIFEXITED(live.status) && WEXITSTATUS(live.status) == 0, "%d", live.status);
	expect_as_before(&live);
	finish(&live);
}

Behaviour(superctl_terminal, top_leaves_its_last_table)
{
	struct live live = { .count = "-n1" };

	start(&live);
	WAIT_UNTIL(draws(&live, "\033[?1049l"));
	WAIT_UNTIL(draws(&live, "superd[1]"));
	WAIT_UNTIL(draws(&live, "zebra"));
	WAIT_UNTIL(has_ended(&live));
	cr_assert(WIFEXITED(live.status) && WEXITSTATUS(live.status) == 0, "%d", live.status);
	expect_as_before(&live);
	finish(&live);
}

#define ALL_BARS \
	TOP_AT("1000000000", "0") TOP_AT("1000000001", "0") TOP_AT("1000000002", "1") TOP_AT("1000000003", "8")

/* Runs top to the fourth table, and returns what it leaves: the last table, without the screen that is gone. */
static const char *left_behind(struct live *live)
{
	const char *left;

	live->count = "-n4";
	live->answers = ALL_BARS;
	start(live);
	WAIT_UNTIL(has_ended(live));
	(void)draws(live, "nothing of the kind");
	cr_assert(WIFEXITED(live->status) && WEXITSTATUS(live->status) == 0, "%d", live->status);
	left = strstr(live->seen, "\033[?1049l");
	finish(live);
	return left ? left : live->seen;
}

Behaviour(superctl_terminal, top_leaves_its_last_table_with_colours_and_rates)
{
	struct live live = { 0 };
	const char *left = left_behind(&live);

	cr_expect_not_null(strstr(left, "\033[1mzebra\033[0m"), "%s", left);
	cr_expect_not_null(strstr(left, "  awake"), "%s", left);
	cr_expect_not_null(strstr(left, "\033[36m_.#\033[0m"), "%s", left);
	cr_expect_not_null(strstr(left, "\033[36m___\033[0m"), "%s", left);
	cr_expect_eq(strstr(strstr(left, "zebra") + 1, "zebra"), NULL, "%s", left);
}

Behaviour(superctl_terminal, top_draws_bars_in_unicode_where_the_locale_has_it)
{
	struct live live = { .locale = "C.UTF-8" };
	const char *left = left_behind(&live);

	cr_expect_not_null(strstr(left, "\033[36m▁▂█\033[0m"), "%s", left);
}

Behaviour(superctl_terminal, top_has_no_colours_with_NO_COLOR)
{
	struct live live = { .no_color = "1" };
	const char *left = left_behind(&live);

	cr_expect_not_null(strstr(left, " _.#"), "%s", left);
	cr_expect_null(strstr(left, "\033[32m"), "%s", left);
	cr_expect_null(strstr(live.seen, "\033[1m"), "%s", live.seen);
}

/* It prints one table after another, as to a file, and no escape sequence at all. */
Behaviour(superctl_terminal, top_is_plain_on_a_dumb_terminal)
{
	struct live live = { .term = "dumb" };
	const char *left = left_behind(&live);

	cr_expect_null(strchr(left, '\033'), "%s", left);
	cr_expect_not_null(strstr(left, " _.#"), "%s", left);
}

/* The end of the picture has come, behind what was found. */
static bool is_drawn(struct live *live)
{
	(void)draws(live, "nothing of the kind");
	return strstr(live->seen, "\033[J");
}

Behaviour(superctl_terminal, top_does_not_scroll_a_screen_of_few_lines)
{
	struct live live = { .rows = 5 };
	unsigned breaks = 0;
	const char *end;

	start(&live);
	WAIT_UNTIL(draws(&live, "superd[1]"));
	WAIT_UNTIL(is_drawn(&live));
	end = strstr(live.seen, "\033[J");
	for (const char *at = live.seen; (at = strstr(at, "\r\n")) && at < end; at += 2)
		breaks++;
	cr_expect_eq(breaks, 4, "%u", breaks);
	type(&live, "q");
	WAIT_UNTIL(has_ended(&live));
	finish(&live);
}

Behaviour(superctl_terminal, top_leaves_the_terminal_as_it_was_by_a_signal)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct live live = { 0 };

		start(&live);
		WAIT_UNTIL(draws(&live, "q quit"));
		cr_assert_eq(kill(live.pid, signals[i]), 0);
		WAIT_UNTIL(draws(&live, "\033[?1049l"));
		WAIT_UNTIL(has_ended(&live));
		cr_assert(WIFSIGNALED(live.status) && WTERMSIG(live.status) == signals[i], "%d", live.status);
		expect_as_before(&live);
		finish(&live);
	}
}

Behaviour(superctl_terminal, top_says_that_superd_has_gone_on_a_terminal_that_is_itself_again)
{
	struct live live = { .clock = true };

	start(&live);
	WAIT_UNTIL(draws(&live, "q quit"));
	recorded_stop(&live.recorded);
	WAIT_UNTIL(draws(&live, "superd has disconnected: waiting for it"));
	WAIT_UNTIL(clock_has_waiter(live.pid));
	clock_move(50 * MINUTE_MS);
	WAIT_UNTIL(process_rests(live.pid, &(unsigned long){ 0 }));
	cr_assert_not(draws(&live, "\033[?1049l"));
	WAIT_UNTIL((clock_move(MINUTE_MS), draws(&live, "\033[?1049l")));
	WAIT_UNTIL(draws(&live, "has disconnected and has not returned"));
	WAIT_UNTIL(has_ended(&live));
	cr_assert(WIFEXITED(live.status) && WEXITSTATUS(live.status) == 4, "%d", live.status);
	expect_as_before(&live);
	close(live.terminal);
}
