/* The line that reports the result of an order for a service. */
#pragma once

#include "lib/buf.h"
#include "superd/control/selection.h"
#include "superd/control/session.h"
#include "superd/service/operator.h"

/* Sends it, with what the service needs to be described (ANSWER_ORDER). order NULL: none was given. */
void order_line_send(struct session *session, const char *name, const struct operator_order *order,
		     enum order_result result, const struct buf *why);

/* The result for a service without a runtime. */
enum order_result order_line_refusal(const struct service_match *match);
