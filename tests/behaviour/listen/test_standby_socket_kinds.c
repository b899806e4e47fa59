/* Twins of every kind of table: their backends go on accepting for a while when they are told to end, and
 * answer nobody then. They are restarted again and again under load, and not one client may be lost. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "controlling.h"
#include "load.h"
#include "superctl.h"

#define SERVICE "service web {\n listen = { %s }\n exec = \"%s\"\n timeout_stop = 10s\n %s\n}\n"

enum { RESTARTS = 8, LOADS_MOST = 3 };

static void pass_time(struct load *const *loads, size_t count)
{
	for (size_t n = 0; n < count; n++) {
		size_t before = load_progress(loads[n]);

		WAIT_UNTIL(load_progress(loads[n]) > before + 5);
	}
}

static void stay_up_over_restarts(struct superd *superd, size_t sockets, const struct load_plan *plans, size_t count)
{
	struct load *loads[LOADS_MOST];

	WAIT_UNTIL(superd_log_count(superd, "web: listening on ") == sockets);
	for (size_t n = 0; n < count; n++)
		loads[n] = load_start(&plans[n]);
	for (unsigned n = 0; n < RESTARTS; n++) {
		cr_assert(control_is_done(control_once("restart web")), "%s", world_logs());
		pass_time(loads, count);
	}
	for (size_t n = 0; n < count; n++) {
		struct tally tally = load_stop(loads[n]);

		tally_expect_all_served(&tally);
	}
	superd_stop(superd);
}

/* Whoever gave it may have it still, and is in its group as long: then the plain way is taken, which loses
 * nobody whose backend serves whom it has accepted. */
Behaviour(standby_socket_kinds, a_socket_that_superd_was_given)
{
	int port = free_port(), given = listen_on(port);
	const char *arguments[] = { "--control", control_path(), NULL };
	const struct setup setup = { .arguments = arguments, .listener = given };
	const struct load_plan plan = { .port = port, .threads = 8 };
	struct superd *superd;

	superd = superd_run_with(&setup, SERVICE, text_of("\"127.0.0.1:%d\"", port), backend("-d 1 few 1000000"), "");
	superd_wait_log(superd, "(inherited)");
	stay_up_over_restarts(superd, 1, &plan, 1);
	close(given);
}
