/* Finds superd below its guard. What a superd before had forked may be a child of the guard, too, and is called superd
 * for a moment, but it leads no process group. Without a guard one that leads a group is a start. */
#include <termios.h>

#include "guarding.h"

#include "controlling.h"

struct superd *guarded_run(const char *format, ...)
{
	const char *arguments[] = { "--guard", "--control", control_path(), NULL };
	const char *table;
	va_list list;

	va_start(list, format);
	table = text_of_list(format, list);
	va_end(list);
	return superd_run_with(&(struct setup){ .arguments = arguments }, "%s", table);
}

pid_t guarded_pid(struct superd *superd)
{
	const char *children = read_text(text_of("/proc/%ld/task/%ld/children", (long)superd->pid, (long)superd->pid));
	char *at = (char *)(uintptr_t)(children ? children : "");

	if (process_is_called(superd->pid, superd->name))
		return 0;
	for (long pid; (pid = strtol(at, &at, 10)) > 0;) {
		if (process_is_called((pid_t)pid, superd->name) && getpgid((pid_t)pid) == pid &&
		    process_lives((pid_t)pid))
			return (pid_t)pid;
	}
	return 0;
}

pid_t superd_itself(struct superd *superd)
{
	pid_t below = guarded_pid(superd);

	return below ? below : superd->pid;
}

pid_t guarded_wait(struct superd *superd)
{
	pid_t pid;

	WAIT_UNTIL((pid = guarded_pid(superd)) > 0);
	return pid;
}

void guarded_kill(struct superd *superd)
{
	const char *text = "signal KILL ended superd, and its guard restarted it";
	pid_t before = guarded_wait(superd);
	size_t count = superd_log_count(superd, text);

	cr_assert_eq(kill(before, SIGKILL), 0);
	superd_expect_count(superd, text, count + 1);
	cr_assert_neq(guarded_pid(superd), before);
}

void guarded_kill_guard(struct superd *superd)
{
	pid_t guard = superd->pid, below = guarded_wait(superd);

	cr_assert_eq(kill(guard, SIGKILL), 0);
	WAIT_UNTIL(superd_logged(superd, text_of("the guard, pid %ld, has ended: superd ends, too", (long)guard)));
	WAIT_UNTIL(!process_lives(below));
	superd_wait_exit(superd);
}

struct terminal terminal_open(void)
{
	struct terminal terminal = { .keyboard = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) };
	struct termios mode;

	cr_assert(terminal.keyboard >= 0 && grantpt(terminal.keyboard) == 0 && unlockpt(terminal.keyboard) == 0, "%s",
		  strerror(errno));
	terminal.side = open(ptsname(terminal.keyboard), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert(terminal.side >= 0 && tcgetattr(terminal.side, &mode) == 0, "%s", strerror(errno));
	mode.c_lflag = (mode.c_lflag & ~(tcflag_t)ECHO) | TOSTOP;
	cr_assert_eq(tcsetattr(terminal.side, TCSANOW, &mode), 0);
	return terminal;
}

void terminal_type(const struct terminal *terminal, const char *text)
{
	cr_assert_eq(write(terminal->keyboard, text, strlen(text)), (ssize_t)strlen(text));
}
