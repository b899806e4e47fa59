/* superctl on a terminal: what list prints there. The hard thing is to read as a terminal does: what was printed
 * may come in any pieces. */
#include <poll.h>
#include <sys/ioctl.h>

#include "recorded.h"
#include "superctl.h"

struct live {
	struct recorded recorded;
	int terminal; /* our side of it */
	const char *answers;
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
	execl(superctl_path(), "superctl", "--control", live->recorded.path, "list", (char *)NULL);
	_exit(93);
}

static void start(struct live *live)
{
	const struct recording recordings[] = { { "list", live->answers }, { 0 } };
	struct winsize size = { .ws_row = 20, .ws_col = 80 };
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
	struct live live = { .answers = "" };
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
	close(live.terminal);
	recorded_stop(&live.recorded);
}

/* Lists one service, and returns all that was printed. */
static const char *printed(struct live *live)
{
	live->answers = text_of("%s%s", listed(1), RECORDED_DONE);
	start(live);
	WAIT_UNTIL(has_ended(live));
	close(live->terminal);
	recorded_stop(&live->recorded);
	return live->seen;
}

Behaviour(superctl_terminal, has_no_colours_with_NO_COLOR)
{
	struct live live = { .no_color = "1" };
	const char *text = printed(&live);

	cr_expect_not_null(strstr(text, "house-server-01"), "%s", text);
	cr_expect_null(strchr(text, '\033'), "%s", text);
}

Behaviour(superctl_terminal, is_plain_on_a_dumb_terminal)
{
	struct live live = { .term = "dumb" };
	const char *text = printed(&live);

	cr_expect_not_null(strstr(text, "house-server-01"), "%s", text);
	cr_expect_null(strchr(text, '\033'), "%s", text);
}
