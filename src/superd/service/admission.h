/* Decides whether a client is admitted (accept = yes): checks all rules of the service, in the manual's order, before
 * superd starts anything.
 *
 * The order is: sensors, only_from and no_access, access_times, per_source, per_source_cpm, max_load, instances; then
 * the rules that need a lookup (a name in only_from, libwrap, id_only). superd checks cps and trigger_limit before it
 * accepts a client at all (superd/service/limit_pause). */
#pragma once

#include "superd/service/lookup.h"
#include "superd/service/pending_client.h"

extern const struct field_table admission_state;         /* saved over an upgrade */

#define MINUTES_MOST 65536              /* addresses with a counted minute, at most */

/* Makes `admission` the engine's. admission_free also frees the source counts of the engine's instances. */
void admission_init(struct engine *engine, struct admission *admission);
void admission_free(struct engine *engine);

/* Checks a client, and counts it if it passes; makes its instance. pending->asked has the remaining lookups: if there
 * are none, ADMITTED is final; else admission_conclude decides by the reply. */
enum refusal admission_judge(struct service_runtime *runtime, struct pending_client *pending);

/* Counts a client for cps, trigger_limit and per_source_cpm. admission_judge does so for connections. A datagram is
 * checked again after the lookup of its sender, so its caller counts it when it is admitted. */
void admission_count_arrival(struct service_runtime *runtime, const struct pending_client *pending);

/* Whether the checks left a lookup to do. */
bool admission_has_questions(const struct pending_client *pending);

/* Ends all lookups and slot waits of the service: clients go back to their listeners, or are refused if those have
 * closed. */
void admission_recall(struct service_runtime *runtime);

/* Decides by the reply of the lookup; NULL: superd could not ask. What admission_judge counted stays counted. */
enum refusal admission_conclude(struct service_runtime *runtime, const struct pending_client *pending,
				const struct lookup_reply *reply);

bool admission_is_time(struct service_runtime *runtime); /* access_times allows clients now */
bool admission_is_loaded(struct service_runtime *runtime); /* the load is at or above max_load */

/* per_source_cpm: whether the address has reached the limit in this minute; and counts one more connection. */
bool admission_had_minute(struct service_runtime *runtime, const struct client *client);
void admission_count_minute(struct service_runtime *runtime, const struct client *client);

/* Checks address and time of day only: for datagrams of a service with accept = no. */
enum refusal admission_judge_address(struct service_runtime *runtime, struct pending_client *pending);
