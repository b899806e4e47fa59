/* How far an operator's order is, where nothing of the service is remembered. */
#include <criterion/criterion.h>

#include "engine/service/operate.h"

/* As the keeper of another table that has the name meanwhile. */
Test(operate, a_start_of_what_never_ran_has_failed)
{
	const struct exec_options options = { .accept = false };
	const struct service service = { .name = "web", .exec = &options };
	struct keeper keeper = { .service = &service, .state = LISTENING };
	const struct operation operation = { .deed = DEED_START };
	struct buf says = { 0 };

	cr_expect_eq(operate_look(&operation, &keeper, &says), FAILED);
	cr_expect_str_eq(buf_string(&says), "it was not started: it is listening");
	buf_free(&says);
}
