/* Refuses a client, for any reason. Every refusal goes through here. */
#pragma once

#include "superd/service/pending_client.h"
#include "superd/limits/refusal.h"

/* Logs the refusal in superd's log and in that of log_type, counts it by its reason, sends banner_fail, and closes the
 * connection. If log_on_failure has the user, superd closes it after the ident server has answered. */
void refuse_pending(struct service_runtime *runtime, struct pending_client *pending, enum refusal refusal);

/* Refuses a parked connection, or all parked connections of a listener. */
void refuse_parked_client(struct listener *listener, struct client *client, enum refusal refusal);
void refuse_parked(struct listener *listener, enum refusal refusal);

/* Whether to log a refused datagram: superd logs a limited number a second, of all services, and the number of the
 * rest. */
bool refuse_may_log(struct service_runtime *runtime);
