/* Refuses a client: the only way, whatever the reason. */
#pragma once

#include "engine/accept/pending.h"
#include "engine/limits/refusal.h"

/* Says so in the log and in the service's own, counts it by its reason, sends banner_fail and closes a connection;
 * where log_on_failure wants the user it is closed once its ident server has answered. */
void refuse_guest(struct service_runtime *runtime, struct pending_client *guest, enum refusal refusal);

/* The same for a parked connection, and for all of a listener's. */
void refuse_parked_client(struct listener *listener, struct client *client, enum refusal refusal);
void refuse_parked(struct listener *listener, enum refusal refusal);

/* Whether one more refused datagram is logged, of all services: so many a second are, and the number of the others. */
bool refuse_may_tell(struct service_runtime *runtime);
