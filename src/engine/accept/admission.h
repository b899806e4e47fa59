/* Decides whether a client is let in (accept = yes): all rules of the service, in the manual's order, before anything is
 * started.
 *
 * sensors, only_from and no_access, access_times, per_source, per_source_cpm, max_load, instances; then what has to be
 * asked about (a name that only_from knows, libwrap, id_only). cps and trigger_limit are looked at before a client is
 * taken from the queue at all (engine/accept/rest). */
#pragma once

#include "engine/accept/advice.h"
#include "engine/accept/guest.h"

#define MINUTES_MOST 65536              /* addresses whose minute is counted at once */

/* The gate's memory for all services, made and freed with the engine. */
void admission_init(struct engine *engine);
void admission_free(struct engine *engine);

/* Judges, and counts the one that may come. guest->asked is what is left to ask: nothing, and it is let in. Otherwise
 * ADMITTED means for now: the answers go to admission_conclude. */
enum refusal admission_judge(struct keeper *keeper, struct guest *guest);

/* Counts one more for cps, trigger_limit and per_source_cpm. admission_judge does so for connections; a datagram is
 * judged again once its sender was asked about, and counts when it is let in. */
void admission_count_arrival(struct keeper *keeper, const struct client *client);

bool admission_has_questions(const struct guest *guest);

/* Takes back clients that wait for answers or for room: to their listener, or refuses them if that has closed. */
void admission_recall(struct keeper *keeper);

/* Judges by the answers; NULL: superd could not ask. What admission_judge counted stays counted. */
enum refusal admission_conclude(struct keeper *keeper, const struct guest *guest, const struct advice *advice);

bool admission_is_time(struct keeper *keeper);         /* by access_times */
bool admission_is_loaded(struct keeper *keeper);       /* by max_load */

/* per_source_cpm: whether a client's minute is used up; and counts one more in it. */
bool admission_had_minute(struct keeper *keeper, const struct client *client);
void admission_count_minute(struct keeper *keeper, const struct client *client);

/* Judges by address and time of day alone: for datagrams of a service with accept = no. */
enum refusal admission_judge_address(struct keeper *keeper, const struct client *client, struct questions *asked);
