/* How far an operator's order is, where nothing of the service is remembered. */
#include "superd/service/operator.h"
#include "tests/unit/unit.h"

/* As the keeper of another table that has the name meanwhile. */
Test(operate, a_start_of_what_never_ran_has_failed)
{
	const struct exec_options options = { .accept = false };
	const struct service service = { .name = "web", .exec = &options };
	struct service_runtime runtime = { .service = &service, .state = { .sockets = SOCKETS_OPEN } };
	const struct operator_order order = { .action = OPERATOR_START };
	struct buf says = { 0 };

	cr_expect_eq(operator_look(&order, &runtime, &says), ORDER_NOT_STARTED);
	cr_expect_str_eq(buf_string(&says), "");
	buf_free(&says);
}
