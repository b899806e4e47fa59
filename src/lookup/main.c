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

#include "lookup/lookup.h"
#include "os/host/host.h"

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
	int64_t seconds;
	int option;

	*lookups = (struct lookups){ .name = false };
	while ((option = getopt(argc, argv, "ni:w:")) >= 0) {
		if (option == 'n') {
			lookups->name = true;
		} else if (option == 'w') {
			if (!read_daemon(optarg, lookups))
				return false;
		} else if (option == 'i' && !scan_count(optarg, &seconds) && seconds >= 1 && seconds <= SECONDS_MOST) {
			lookups->ident_seconds = (int)seconds;
		} else {
			return false;
		}
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

static void write_answer(const char *line)
{
	size_t length = strlen(line);

	/* The channel takes the line as a packet. If superd has closed it, no answer is needed any more. */
	if (write(ANSWERS, line, length) != (ssize_t)length)
		exit(EXIT_FAILURE);
}

static void write_twist(void)
{
	write_answer("libwrap twist\n");
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
	char name[RDNS_NAME_SIZE], line[sizeof(struct ident_reply) + RDNS_NAME_SIZE];
	struct ident_reply reply;
	struct lookups lookups;

	program_begin("superd-lookup", false, &argc, argv);
	if (!read_options(argc, argv, &lookups)) {
		fprintf(stderr, "usage: superd-lookup [-n] [-w daemon] [-i seconds], seconds being 1 to %d\n",
			SECONDS_MOST);
		return EXIT_FAILURE;
	}
	arm_timer();
	/* The command of a twist must not inherit these: superd takes their end of file for the end of the answers. */
	fcntl(ANSWERS, F_SETFD, FD_CLOEXEC);
	fcntl(SPARE_CONNECTION, F_SETFD, FD_CLOEXEC);
	if (lookups.daemon)
		rules = libwrap_read_rules();
	enter_sandbox(&lookups, &rules);
	if (lookups.name) {
		bool found = rdns_find(CONNECTION, name);

		snprintf(line, sizeof(line), "name%s%s\n", found ? " " : "", found ? name : "");
		write_answer(line);
	}
	if (lookups.daemon)
		write_answer(libwrap_allows(lookups.daemon, CONNECTION, &rules, lookups.commands ? write_twist : NULL)
				     ? "libwrap allow\n" : "libwrap deny\n");
	if (lookups.ident_seconds) {
		ident_ask(CONNECTION, lookups.ident_seconds, &reply);
		snprintf(line, sizeof(line), "ident %s %s\n", reply.known ? "yes" : "no", reply.text);
		write_answer(line);
	}
	return EXIT_SUCCESS;
}
