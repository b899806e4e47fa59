/* superctl on a terminal: what list and top print there. The hard thing is to read as a terminal does: what was printed
 * may come in any pieces. */
#include <poll.h>
#include <sys/ioctl.h>

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

struct live {
	struct recorded recorded;
	int terminal; /* our side of it */
	unsigned short rows; /* 0: 20 */
	const char *answers;
	bool lists; /* list in place of top */
	const char *term, *no_color; /* NULL: xterm, unset */
	pid_t pid;
	char seen[65536];
	size_t length;
	int status;
};

static void become_superctl(const struct live *live, int terminal)
{
	setsid();
	ioctl(terminal, TIOCSCTTY, 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(terminal, fd);
	setenv("TERM", live->term ? live->term : "xterm", 1);
	setenv("LC_ALL", "C", 1);
	unsetenv("NO_COLOR");
	if (live->no_color)
		setenv("NO_COLOR", live->no_color, 1);
	if (live->lists)
		execl(superctl_path(), "superctl", "--control", live->recorded.path, "list", (char *)NULL);
	execl(superctl_path(), "superctl", "--control", live->recorded.path, "top", "-n4", (char *)NULL);
	_exit(93);
}

static void start(struct live *live)
{
	const struct recording recordings[] = { { live->lists ? "list" : "top", live->answers }, { 0 } };
	struct winsize size = { .ws_row = live->rows ? live->rows : 20, .ws_col = live->lists ? 80 : 90 };
	int theirs;

	live->recorded = recorded_run(RECORDED_GREETING, recordings);
	live->terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert(live->terminal >= 0 && grantpt(live->terminal) == 0 && unlockpt(live->terminal) == 0);
	cr_assert_eq(ioctl(live->terminal, TIOCSWINSZ, &size), 0);
	theirs = open(ptsname(live->terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(theirs, 0);
	live->pid = fork();
	if (live->pid == 0)
		become_superctl(live, theirs);
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

static void finish(struct live *live)
{
	close(live->terminal);
	recorded_stop(&live->recorded);
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

#define CLEARED "\033[H\033[2J"
#define ALL_BARS \
	TOP_AT("1000000000", "0") TOP_AT("1000000001", "0") TOP_AT("1000000002", "1") TOP_AT("1000000003", "8")

/* Runs top to the fourth table, and returns all that it has printed. */
static const char *printed(struct live *live)
{
	live->answers = ALL_BARS;
	start(live);
	WAIT_UNTIL(has_ended(live));
	(void)draws(live, "nothing of the kind");
	cr_assert(WIFEXITED(live->status) && WEXITSTATUS(live->status) == 0, "%d", live->status);
	finish(live);
	return live->seen;
}

static const char *last_table(const char *text)
{
	for (const char *next; (next = strstr(text, CLEARED)); text = next + strlen(CLEARED))
		;
	return text;
}

Behaviour(superctl_terminal, top_prints_each_table_in_place_of_the_one_before)
{
	struct live live = { 0 };
	const char *text = printed(&live), *last = last_table(text);
	unsigned tables = 0;

	cr_expect_eq(strncmp(text, CLEARED, strlen(CLEARED)), 0, "%s", text);
	for (const char *at = text; (at = strstr(at, CLEARED)); at++)
		tables++;
	cr_expect_eq(tables, 4, "%s", text);
	cr_expect_null(strstr(text, "\033[?"), "a mode of the terminal: %s", text);
	cr_expect_not_null(strstr(last, "superd[1]"), "%s", last);
	cr_expect_not_null(strstr(last, "\033[1mzebra\033[0m"), "%s", last);
	cr_expect_not_null(strstr(last, "  awake"), "%s", last);
}

Behaviour(superctl_terminal, top_has_no_colours_with_NO_COLOR)
{
	struct live live = { .no_color = "1" };
	const char *last = last_table(printed(&live));

	cr_expect_not_null(strstr(last, "zebra"), "%s", last);
	cr_expect_null(strchr(last, '\033'), "%s", last);
}

/* It prints one table after another, as to a file, and no escape sequence at all. */
Behaviour(superctl_terminal, top_is_plain_on_a_dumb_terminal)
{
	struct live live = { .term = "dumb" };
	const char *text = printed(&live);

	cr_expect_null(strchr(text, '\033'), "%s", text);
	cr_expect_not_null(strstr(text, "zebra"), "%s", text);
}

Behaviour(superctl_terminal, top_leaves_out_services_that_the_screen_has_no_line_for)
{
	struct live live = { .rows = 6 };
	const char *last = last_table(printed(&live));

	cr_expect_not_null(strstr(last, "ant"), "%s", last);
	cr_expect_null(strstr(last, "zebra"), "%s", last);
	cr_expect_not_null(strstr(last, "and 1 more\r\n"), "%s", last);
}
