/* Reads the instances of a service from the ledger into its keeper: see engine/upgrade/resume. */
#pragma once

#include "engine/launch/notify.h"
#include "engine/service/keeper.h"
#include "engine/state/resume_value.h"

#define RESUME_SOCKETS 64

/* The progress in the sections of one service. */
struct resumed {
	struct keeper *keeper;
	struct listener *listener;      /* the listener of the last section; NULL: it has no place */
	struct instance *instance;      /* the instance of the last section; NULL: it has no place */
	struct control *control;        /* owner of a command that may follow: the course, the sockets; NULL: none */
	struct notify *notifies[RESUME_SOCKETS];
	int notify_count;
	bool changed;                   /* accept has changed: the instances do not belong to the new row */
	double timer;                   /* seconds left of the keeper's pause; negative: no pause */
	double taking;                  /* seconds until the next look at its queue (engine/queue/taking); negative: none */
};

void resume_notify(struct resumed *resumed, struct state_section *section);
void resume_instance(struct resumed *resumed, struct state_section *section);
void resume_notice(struct resumed *resumed, struct state_section *section);
void resume_drain(struct resumed *resumed, struct state_section *section);
void resume_outdated(struct resumed *resumed, struct state_section *section);

void resume_course(struct resumed *resumed, struct state_section *section);
void resume_opening(struct resumed *resumed, struct state_section *section);
void resume_refresh(struct resumed *resumed, struct state_section *section);
void resume_control(struct resumed *resumed, struct state_section *section);
void resume_search(struct resumed *resumed, struct state_section *section);

void resume_say_loss(const struct keeper *keeper, const char *what);

/* Called after its last section. */
void resume_close_notifies(struct resumed *resumed);
