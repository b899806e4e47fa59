/* Signals by name and number.
 *
 * The table has the signals of every Linux architecture; their numbers differ (signal(7)). Real-time signals have no
 * names and count from SIGRTMIN, which libc sets at run time. */
#include "lib/scan.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* If a signal has two names, superd prints the first. */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ILL", SIGILL }, { "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT }, { "BUS", SIGBUS }, { "FPE", SIGFPE }, { "KILL", SIGKILL }, { "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV }, { "USR2", SIGUSR2 }, { "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM },
	{ "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP }, { "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU }, { "URG", SIGURG }, { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF }, { "WINCH", SIGWINCH }, { "IO", SIGIO }, { "PWR", SIGPWR }, { "SYS", SIGSYS },
	{ "IOT", SIGABRT }, { "CLD", SIGCHLD }, { "POLL", SIGIO },
};

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* Whether a text is a number of one to three digits. */
static bool read_number(const char *text, uint32_t *number)
{
	size_t length = strlen(text);

	return length <= 3 && scan_unsigned(text, length, 999, number);
}

/* Reads "RTMIN+3", "RTMAX-2" or "RTMIN"; 0: the text is something else. */
static int scan_realtime(const char *text)
{
	bool from_least = !strncasecmp(text, "RTMIN", 5);
	uint32_t offset = 0;

	if (!from_least && strncasecmp(text, "RTMAX", 5) != 0)
		return 0;
	text += 5;
	if (*text) {
		if (*text != (from_least ? '+' : '-') || !read_number(text + 1, &offset) ||
		    offset > (uint32_t)(SIGRTMAX - SIGRTMIN))
			return 0;
	}
	return from_least ? SIGRTMIN + (int)offset : SIGRTMAX - (int)offset;
}

const char *scan_signal(const char *text, int *out)
{
	const char *name = strncasecmp(text, "SIG", 3) ? text : text + 3;
	uint32_t given;
	int number = read_number(text, &given) ? (int)given : scan_realtime(name);

	for (size_t i = 0; i < SIGNALS && !number; i++)
		if (!strcasecmp(name, signals[i].name))
			number = signals[i].number;
	if (number < 1 || number > SIGRTMAX)
		return "a signal is a name like TERM, RTMIN+3, or its number";
	*out = number;
	return NULL;
}

const char *scan_signal_name(int signal, char *buf)
{
	for (size_t i = 0; i < SIGNALS; i++) {
		if (signals[i].number != signal)
			continue;
		snprintf(buf, 32, "%s", signals[i].name);
		return buf;
	}
	if (signal == SIGRTMIN)
		snprintf(buf, 32, "RTMIN");
	else if (signal > SIGRTMIN && signal <= SIGRTMAX)
		snprintf(buf, 32, "RTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(buf, 32, "%d", signal);
	return buf;
}
