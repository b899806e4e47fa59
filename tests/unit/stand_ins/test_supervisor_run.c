/* What superd does without memory for its loop: libev calls abort(3) if it gets none. */
#include "superd/supervisor/supervisor.h"
#include "scarce.h"
#include "tests/unit/unit.h"

static struct supervisor supervisor;

#define BLOCKS 8                        /* of the reserve */
#define REFUSED (2 * BLOCKS + 1)        /* all of these, and libev's first call, which tries each block, too */

static bool begin_without_memory(struct state_stream *before)
{
	const char *why;
	bool good;

	supervisor.before = before;
	supervisor.engine.log = log_open("file:/dev/null", false, LEVEL_INFO, &why);
	cr_assert(supervisor.engine.log);
	scarce = (struct scarce){ .refused = 1, .more = REFUSED - 1 };
	good = supervisor_init(&supervisor, &why);
	scarce = (struct scarce){ .asked = scarce.asked };
	if (!good)
		cr_expect_str_eq(why, "get memory for its event loop");
	return good;
}

Test(supervisor_run, does_not_begin_without_memory_for_the_loop)
{
	cr_expect_not(begin_without_memory(NULL));
}

/* The services of the superd before are at stake. */
Test(supervisor_run, waits_for_memory_when_it_goes_on_for_another_superd)
{
	struct state_stream *before = (struct state_stream *)&supervisor;

	cr_assert(begin_without_memory(before));
	cr_expect_gt(scarce.asked, REFUSED);
	supervisor_free(&supervisor);
	log_close(supervisor.engine.log);
}
