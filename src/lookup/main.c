/* superd-lookup: looks up facts about one client that superd needs before it admits the client. Each lookup may take
 * long, or parses bytes of a stranger. superd starts one process for each client:
 *
 *	superd-lookup [-n] [-w DAEMON] [-i SECONDS]
 *
 * The connection is descriptor 0 and 4. Answers go to descriptor 3, a line each, in this order, as soon as they are
 * known:
 *
 *	-n   name HOST           the host name, forward-confirmed; "name" alone: there is none
 *	-w   libwrap allow|deny  the verdict of hosts.allow and hosts.deny for DAEMON; or "libwrap twist", the last line
 *
 * "DAEMON commands" lets rules start commands (hosts_options(5), spawn and twist).
 *	-i   ident yes TEXT      the answer of the client's ident server within SECONDS; or "ident no REASON"
 *
 * Any of these calls may hang, so a timer kills the process. exec removes the timer (timer_create(2)), because the
 * command of a twist may run longer. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lookup/lookup.h"
#include "lib/scan.h"
#include "os/host/program.h"
#include "os/host/self_sandbox.h"

#define IDENT_PORT 113
#define SECONDS_MOST 30                 /* limit of -i */
#define LIFE_SECONDS 35                 /* lifetime of the process; superd gives up earlier */

enum { CONNECTION = 0, ANSWERS = 3, SPARE_CONNECTION = 4 };      /* descriptors */

struct lookups {
	bool name;                      /* -n */
	const char *daemon;             /* -w; NULL: not wanted */
	bool commands;                  /* rules may start commands */
	int ident_seconds;              /* -i, the timeout; 0: not wanted */
};

static bool read_seconds(const char *text, int *seconds)
{
	int64_t number;

	if (scan_count(text, &number) || number < 1 || number > SECONDS_MOST)
		return false;
	*seconds = (int)number;
	return true;
}

/* Cuts " commands" off. false: there is another word. */
static bool read_daemon(char *text, struct lookups *lookups)
{
	char *blank = strchr(text, ' ');

	lookups->commands = blank && !strcmp(blank, " commands");
	if (blank)
		*blank = '\0';
	lookups->daemon = text;
	return *text && (!blank || lookups->commands);
}

static bool read_options(int argc, char **argv, struct lookups *lookups)
{
	int option;

	*lookups = (struct lookups){ .name = false };
	while ((option = getopt(argc, argv, "ni:w:")) >= 0) {
		if (option == 'n')
			lookups->name = true;
		else if (option == 'w' && read_daemon(optarg, lookups))
			continue;
		else if (option != 'i' || !read_seconds(optarg, &lookups->ident_seconds))
			return false;
	}
	return optind == argc;
}

/* SIGALRM ends the process. A timer of alarm(2) would survive an exec. */
static void arm_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec once = { .it_value.tv_sec = LIFE_SECONDS };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 || timer_settime(timer, 0, &once, NULL) < 0)
		alarm(LIFE_SECONDS);
}

/* The command of a twist must not inherit these: superd waits for their end of file as the end of the answers. */
static void set_close_on_exec(void)
{
	fcntl(ANSWERS, F_SETFD, FD_CLOEXEC);
	fcntl(SPARE_CONNECTION, F_SETFD, FD_CLOEXEC);
}

static void write_answer(const char *line)
{
	size_t length = strlen(line);

	/* The channel takes the line as a packet. If superd has closed it, no answer is needed any more. */
	if (write(ANSWERS, line, length) != (ssize_t)length)
		exit(EXIT_FAILURE);
}

static void write_name(void)
{
	char name[RDNS_NAME_SIZE], line[RDNS_NAME_SIZE + 8];

	if (rdns_find(CONNECTION, name))
		snprintf(line, sizeof(line), "name %s\n", name);
	else
		snprintf(line, sizeof(line), "name\n");
	write_answer(line);
}

static void write_twist(void)
{
	write_answer("libwrap twist\n");
}

static void write_ident(int seconds)
{
	struct ident_reply reply;
	char line[sizeof(reply.text) + 16];

	ident_ask(CONNECTION, seconds, &reply);
	snprintf(line, sizeof(line), "ident %s %s\n", reply.known ? "yes" : "no", reply.text);
	write_answer(line);
}

/* Enters the sandbox, unless a rule may start a command: that may need all rights of this user. */
static void enter_sandbox(const struct lookups *lookups, const struct libwrap_rules *rules)
{
	struct self_sandbox sandbox = { .rights = MAY_CONNECT | MAY_SEND };

	if (lookups->commands && rules->commands)
		return;
	if (lookups->name || lookups->daemon) {
		sandbox.rights |= MAY_FIND_NAMES;
		self_sandbox_add_name_ports(&sandbox);
	}
	if (lookups->daemon || lookups->ident_seconds) {        /* libwrap has an ident client too */
		sandbox.rights |= MAY_BIND;
		sandbox.ports[sandbox.port_count++] = IDENT_PORT;
	}
	self_sandbox_enter(&sandbox);
}

int main(int argc, char **argv)
{
	struct libwrap_rules rules = { .readable = false };
	struct lookups lookups;

	program_begin("superd-lookup", false, &argc, argv);
	if (!read_options(argc, argv, &lookups)) {
		fprintf(stderr, "usage: superd-lookup [-n] [-w daemon] [-i seconds], seconds being 1 to %d\n",
			SECONDS_MOST);
		return EXIT_FAILURE;
	}
	arm_timer();
	set_close_on_exec();
	if (lookups.daemon)
		rules = libwrap_read_rules();
	enter_sandbox(&lookups, &rules);
	if (lookups.name)
		write_name();
	if (lookups.daemon)
		write_answer(libwrap_allows(lookups.daemon, CONNECTION, &rules, lookups.commands ? write_twist : NULL)
				     ? "libwrap allow\n" : "libwrap deny\n");
	if (lookups.ident_seconds)
		write_ident(lookups.ident_seconds);
	return EXIT_SUCCESS;
}
