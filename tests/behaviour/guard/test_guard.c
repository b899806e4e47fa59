/* --guard: superd is killed while many clients come, of two services at a time. */
#include "guarding.h"
#include "load.h"

#define SERVICE "service %s { listen = \"127.0.0.1:0\" exec = \"%s\" %s }\n"

static const struct setup guarded = { .arguments = (const char *const[]){ "--guard", NULL } };

/* With accept = yes a client's process may be about to start. */
Behaviour(guard, under_kills_no_client_is_lost_that_nobody_has_accepted)
{
	enum { KILLS = 6 };
	struct superd *superd = superd_run_with(&guarded, SERVICE SERVICE, "lazy", backend("serve"), "", "each",
						backend("stdio"), "accept = yes");
	const struct load_plan plans[] = {
		{ .port = superd_port(superd, "lazy"), .threads = 2 },
		{ .port = superd_port(superd, "each"), .threads = 2 },
	};
	struct load *loads[] = { load_start(&plans[0]), load_start(&plans[1]) };
	struct tally tally;

	for (int n = 0; n < KILLS; n++) {       /* the pauses grow */
		size_t before = load_progress(loads[1]);

		WAIT_UNTIL(load_progress(loads[1]) > before + (size_t)n);
		guarded_kill(superd);
	}
	tally = load_stop(loads[0]);
	tally_expect_all_served(&tally);
	/* Those whose processes were being started may be lost, and nobody waits. */
	tally = load_stop(loads[1]);
	cr_expect_leq(tally.reset, KILLS * plans[1].threads, "%s", world_logs());
	tally.reset = 0;
	tally_expect_all_served(&tally);
	/* It may have been started by a superd that was killed before it could log that. */
	cr_expect_leq(superd_log_count(superd, "lazy: started, pid "), 1, "%s", world_logs());
}
