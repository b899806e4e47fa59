/* What runs of a service, from its ledger into its keeper: see engine/upgrade/resume. */
#pragma once

#include "engine/launch/notify.h"
#include "engine/service/keeper.h"
#include "engine/state/resume_value.h"

#define RESUME_SOCKETS 64

/* Where one service's sections have come to. */
struct resumed {
	struct keeper *keeper;
	struct listener *listener;      /* the last one; NULL: it has no place */
	struct instance *instance;      /* NULL: the same */
	struct control *control;        /* of whom commands may run: of its course, of the sockets; NULL: nobody */
	struct notify *notifies[RESUME_SOCKETS];
	int notify_count;
	bool changed;                   /* who accepts is another now: what runs is not the new row's */
	double timer;                   /* what is left of the keeper's pause; below 0: there is none */
	double taking;                  /* and until the next look at its queue (engine/queue/taking) */
};

void resume_notify(struct resumed *resumed, struct ledger_section *section);
void resume_instance(struct resumed *resumed, struct ledger_section *section);
void resume_notice(struct resumed *resumed, struct ledger_section *section);
void resume_drain(struct resumed *resumed, struct ledger_section *section);
void resume_outdated(struct resumed *resumed, struct ledger_section *section);

/* In resume_activity.c. */
void resume_activity(struct resumed *resumed, struct ledger_section *section);
void resume_latency(struct resumed *resumed, struct ledger_section *section);
void resume_spent(struct resumed *resumed, struct ledger_section *section);
void resume_failure(struct resumed *resumed, struct ledger_section *section);
void resume_idle(struct resumed *resumed, struct ledger_section *section);

/* In resume_course.c. */
void resume_course(struct resumed *resumed, struct ledger_section *section);
void resume_opening(struct resumed *resumed, struct ledger_section *section);
void resume_refresh(struct resumed *resumed, struct ledger_section *section);
void resume_control(struct resumed *resumed, struct ledger_section *section);
void resume_search(struct resumed *resumed, struct ledger_section *section);

void resume_say_loss(const struct keeper *keeper, const char *what);

/* Its last section is read. */
void resume_close_notifies(struct resumed *resumed);
