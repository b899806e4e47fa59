/* What the end of an instance means for its service. */
#pragma once

#include "engine/service/keeper.h"

/* Just before a start: who waits for it. */
void judge_note_queue(struct keeper *keeper);

unsigned judge_count_queue(const struct keeper *keeper);        /* who waits now */
bool judge_sees_clients(const struct keeper *keeper);           /* whether anybody does, for less */

/* Whether such an end is a failure of the service. With accept = no any is that is not a good one. With accept = yes a plain
 * exit status is the program's own affair, unless success_exit_status says which of them are good, and HUP, INT, TERM and
 * PIPE are how a program ends whose client is gone: systemd takes these for clean, and its units for such services have
 * a '-' before the program, as their statuses mean nothing (sshd@.service); xinetd logs the status and counts none. */
bool judge_is_failure(const struct service *service, const struct ending *ending);

/* An instance has run, and has ended: counts and keeps its failure. Whether it is one. */
bool judge_note_end(struct keeper *keeper, const struct instance *instance, const struct ending *ending);

/* The same of a start that came to no program; client NULL: it was for all of them. */
void judge_note_start(struct keeper *keeper, const struct client *client, enum result result, const char *why);

/* The same of an instance that ended well without taking any of those who waited, and sets the reason of the pause. */
void judge_fail_fruitless(struct keeper *keeper);

/* EXITED or CRASHED of an instance that had the listeners, and then the reason of the pause is set; why: of a start that
 * failed, "" otherwise. */
enum happening judge_end(struct keeper *keeper, const struct ending *ending, const char *why);

/* restart: the seconds until a service is started again by itself, whose instance has ended. They grow where it ends well
 * again and again, at once, and nobody was waiting for it. */
double judge_restart(struct keeper *keeper, const struct ending *ending);
