/* superd-advise: finds out about one client what superd has to know before it admits it. Each answer may take long,
 * or needs a parser for a stranger's bytes. superd starts one for each client:
 *
 *	superd-advise [-n] [-w DAEMON] [-i SECONDS]
 *
 * The connection is descriptor 0 and 4. Answers go to descriptor 3, a line each, in this order, as soon as they are
 * known:
 *
 *	-n   name HOST           the name that leads back to the address; "name" alone: there is none
 *	-w   libwrap allow|deny  the verdict of hosts.allow and hosts.deny for DAEMON; or "libwrap twist", the last line
 *	-i   ident yes TEXT      the answer of the client's ident server within SECONDS; or "ident no REASON"
 *
 * None of these calls is sure to return, so a timer kills the process. The timer is one that exec removes
 * (timer_create(2)), as the program of a twist may take its time. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/scan.h"
#include "helper/ask/ident.h"
#include "helper/ask/libwrap.h"
#include "helper/ask/rdns.h"
#include "os/host/self_sandbox.h"

#define IDENT_PORT 113
#define SECONDS_MOST 30                 /* limit of -i */
#define LIFE_SECONDS 35                 /* lifetime of the process; superd gives up before */

enum { CONNECTION = 0, ANSWERS = 3, SPARE_CONNECTION = 4 };

struct questions {
	bool name;
	const char *daemon;
	int ident_seconds;              /* 0: not asked */
};

static bool read_seconds(const char *text, int *seconds)
{
	int64_t number;

	if (scan_count(text, &number) || number < 1 || number > SECONDS_MOST)
		return false;
	*seconds = (int)number;
	return true;
}

static bool read_options(int argc, char **argv, struct questions *questions)
{
	int option;

	*questions = (struct questions){ .name = false };
	while ((option = getopt(argc, argv, "ni:w:")) >= 0) {
		if (option == 'n')
			questions->name = true;
		else if (option == 'w' && *optarg)
			questions->daemon = optarg;
		else if (option != 'i' || !read_seconds(optarg, &questions->ident_seconds))
			return false;
	}
	return optind == argc;
}

/* SIGALRM ends the process. A timer of alarm(2) would survive an exec. */
static void limit_time(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec once = { .it_value.tv_sec = LIFE_SECONDS };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 || timer_settime(timer, 0, &once, NULL) < 0)
		alarm(LIFE_SECONDS);
}

/* A twist's program must inherit neither descriptor: superd takes their end as the end of the answers. */
static void hide_from_exec(void)
{
	fcntl(ANSWERS, F_SETFD, FD_CLOEXEC);
	fcntl(SPARE_CONNECTION, F_SETFD, FD_CLOEXEC);
}

static void answer(const char *line)
{
	size_t length = strlen(line);

	/* A pipe takes a line whole; when nobody wants it any more there is nothing left to do. */
	if (write(ANSWERS, line, length) != (ssize_t)length)
		exit(EXIT_FAILURE);
}

static void answer_name(void)
{
	char name[RDNS_NAME_SIZE], line[RDNS_NAME_SIZE + 8];

	if (rdns_find(CONNECTION, name))
		snprintf(line, sizeof(line), "name %s\n", name);
	else
		snprintf(line, sizeof(line), "name\n");
	answer(line);
}

static void answer_twist(void)
{
	answer("libwrap twist\n");
}

static void answer_ident(int seconds)
{
	struct ident_reply reply;
	char line[sizeof(reply.text) + 16];

	ident_ask(CONNECTION, seconds, &reply);
	snprintf(line, sizeof(line), "ident %s %s\n", reply.known ? "yes" : "no", reply.text);
	answer(line);
}

/* Enters the sandbox. With a rule of spawn or twist there is none, as their commands may do whatever this user may. */
static void shut_in(const struct questions *questions)
{
	struct self_sandbox sandbox = { .connects = true, .finds_names = questions->name || questions->daemon };

	if (questions->daemon && libwrap_runs_commands())
		return;
	if (sandbox.finds_names)
		self_sandbox_add_name_ports(&sandbox);
	if (questions->daemon || questions->ident_seconds) {    /* libwrap has an ident client too */
		sandbox.binds_any = true;
		sandbox.ports[sandbox.port_count++] = IDENT_PORT;
	}
	self_sandbox_enter(&sandbox);
}

int main(int argc, char **argv)
{
	struct questions questions;

	self_sandbox_begin();
	if (!read_options(argc, argv, &questions)) {
		fprintf(stderr, "usage: superd-advise [-n] [-w daemon] [-i seconds], seconds being 1 to %d\n",
			SECONDS_MOST);
		return EXIT_FAILURE;
	}
	limit_time();
	hide_from_exec();
	shut_in(&questions);
	if (questions.name)
		answer_name();
	if (questions.daemon)
		answer(libwrap_allows(questions.daemon, CONNECTION, answer_twist) ? "libwrap allow\n"
										  : "libwrap deny\n");
	if (questions.ident_seconds)
		answer_ident(questions.ident_seconds);
	return EXIT_SUCCESS;
}
