/* Time that runs out for everybody at once: superd and all its backends are stopped for a while, as a suspended machine
 * has it, and go on. Nobody is killed for what nobody could do, and no timer spins. */
#include "controlling.h"
#include "harness.h"
#include "notifying.h"

enum { ASIDE_MOST = 64 };

/* superd and all below it, from the top and from below: who is being started must not be missed. */
static void signal_all(struct superd *superd, int signal)
{
	pid_t pids[ASIDE_MOST];
	size_t count;

	kill(superd->pid, signal);      /* of one with a guard that is the guard */
	if (signal == SIGSTOP)
		WAIT_UNTIL(process_is_stopped(superd->pid));
	count = process_descendants(superd->pid, pids, ASIDE_MOST);
	for (size_t n = 0; n < count && n < ASIDE_MOST; n++)
		kill(pids[n], signal);
}

static void suspend(struct superd *superd)
{
	signal_all(superd, SIGSTOP);
	clock_move(HOUR_MS);
	signal_all(superd, SIGCONT);
}

/* Says so once more when all go on, as a program with a watchdog does. */
Behaviour(exhaustion_time, a_watchdog_that_nobody_could_feed_ends_nobody)
{
	struct superd *superd = web_clock_run(SAYS_READY, "type = notify\n watchdog = 10min\n rlimit_core = 0");
	long pid = web_pid(superd);

	web_expect(superd, "say WATCHDOG=1", "done");
	suspend(superd);
	web_expect(superd, "say WATCHDOG=1", "done");
	cr_assert_eq(web_pid(superd), pid, "%s", world_logs());
	clock_advance(superd, 599 * SECOND_MS);
	CLOCK_UNTIL(superd, SECOND_MS / 2, 20,
		    superd_logged(superd, text_of("stopping pid %ld: it has not sent WATCHDOG=1 for", pid)));
}

/* Those that are connected stay, those that came meanwhile are served, and what is idle is stopped, not killed. */
Behaviour(exhaustion_time, who_was_suspended_with_superd_goes_on)
{
	const char *table = text_of("service talk {\n listen = \"127.0.0.1:0\"\n exec = \"%s\"\n"
				    " idle_timeout = 10min\n timeout_start = 10min\n timeout_stop = 10min\n}\n"
				    "service each {\n listen = \"127.0.0.1:0\"\n accept = yes\n exec = \"%s\"\n}\n",
				    backend("talk"), backend("lines"));
	struct superd *superd = controlled_clock_run("%s", table);
	int talk = superd_port(superd, "talk"), each = superd_port(superd, "each"), clients[2], late[2];

	clients[0] = client_connect(talk);
	clients[1] = client_connect(each);
	for (int n = 0; n < 2; n++) {
		client_send(clients[n], "before\n");
		cr_assert_not_null(strstr(client_line(clients[n]), " before"));
	}
	signal_all(superd, SIGSTOP);
	late[0] = client_connect(talk);
	late[1] = client_connect(each);
	for (int n = 0; n < 2; n++)
		client_send(late[n], "meanwhile\n");
	clock_move(HOUR_MS);
	signal_all(superd, SIGCONT);
	for (int n = 0; n < 2; n++) {
		cr_assert_not_null(strstr(client_line(late[n]), " meanwhile"));
		client_send(clients[n], "after\n");
		cr_assert_not_null(strstr(client_line(clients[n]), " after"));
		close(clients[n]);
		close(late[n]);
	}
	CLOCK_UNTIL(superd, MINUTE_MS, 30, superd_logged(superd, "talk: stopping pid "));
	cr_assert_not(superd_logged(superd, "signal KILL"), "%s", world_logs());
}
