/* Decides whether a client is let in (accept = yes): all rules of the service, in the manual's order, before anything
 * is started.
 *
 * sensors, only_from and no_access, access_times, per_source, per_source_cpm, max_load, instances; then what has to be
 * asked about (a name that only_from knows, libwrap, id_only). cps and trigger_limit are looked at before a client is
 * taken from the queue at all (engine/accept/limit_pause). */
#pragma once

#include "engine/accept/lookup.h"
#include "engine/accept/pending.h"

extern const struct field_table admission_state;         /* over an upgrade */

#define MINUTES_MOST 65536              /* addresses whose minute is counted at once */

/* Makes it the engine's; source_counts of its instances are freed with it. */
void admission_init(struct engine *engine, struct admission *admission);
void admission_free(struct engine *engine);

/* Judges, and counts the one that may come. guest->asked is what is left to ask: nothing, and it is let in. Otherwise
 * ADMITTED means for now: the answers go to admission_conclude. */
enum refusal admission_judge(struct service_runtime *runtime, struct pending_client *guest);

/* Counts one more for cps, trigger_limit and per_source_cpm. admission_judge does so for connections; a datagram is
 * judged again once its sender was asked about, and counts when it is let in. */
void admission_count_arrival(struct service_runtime *runtime, const struct client *client);

bool admission_has_questions(const struct pending_client *guest);

/* Takes back clients that wait for answers or for room: to their listener, or refuses them if that has closed. */
void admission_recall(struct service_runtime *runtime);

/* Judges by the answers; NULL: superd could not ask. What admission_judge counted stays counted. */
enum refusal admission_conclude(struct service_runtime *runtime, const struct pending_client *guest,
				const struct lookup_reply *advice);

bool admission_is_time(struct service_runtime *runtime); /* by access_times */
bool admission_is_loaded(struct service_runtime *runtime); /* by max_load */

/* per_source_cpm: whether a client's minute is used up; and counts one more in it. */
bool admission_had_minute(struct service_runtime *runtime, const struct client *client);
void admission_count_minute(struct service_runtime *runtime, const struct client *client);

/* Judges by address and time of day alone: for datagrams of a service with accept = no. */
enum refusal admission_judge_address(struct service_runtime *runtime, const struct client *client,
				     struct guest_lookups *asked);
