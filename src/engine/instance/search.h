/* The search for the daemon of one start: from before its first process until the daemon is settled, or nobody of
 * a failed start is left. engine/instance/daemon finds and follows, engine/instance/sweep ends what must not stay. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "engine/instance/kin.h"

#define LOOK_AGAIN 0.02                 /* seconds between two looks; five times that after the first second */
#define START_FAILED (1 << 8)           /* as if it had exited with 1 */
#define TOLD_MOST 64

enum phase { FIRST, LOOKING, ON_TRIAL, FOLLOWED, SWEEPING };

struct search {
	struct kin kin;
	struct instance *instance;
	ev_timer timer;
	enum phase phase;
	double since;                   /* when this phase began, loop time */
	pid_t first, before;            /* who was started; who was followed last */
	int status;                     /* SWEEPING: how the instance ended */
	pid_t told_group, told[TOLD_MOST];      /* SWEEPING: who has had kill_signal */
	size_t told_count;
	bool clear;                     /* SWEEPING: nobody was seen at the last look */
};

double search_waited(const struct search *search);      /* seconds in this phase */
void search_enter(struct search *search, enum phase phase);
void search_wake_in(struct search *search, double seconds);
void search_look_again(struct search *search);          /* before long, by its timer */

/* Forgets the instance's group when nobody is left in it: its number may soon be another's. */
void search_drop_empty_group(struct search *search);
