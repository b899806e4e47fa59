/* Reads the instances of a service from the ledger into its runtime: see engine/upgrade/load. */
#pragma once

#include "engine/launch/notify.h"
#include "engine/serialize/state_load.h"
#include "engine/service/runtime_event.h"

#define RESUME_SOCKETS 64

/* The progress in the sections of one service. */
struct state_loader_instance {
	struct service_runtime *runtime;
	struct listener *listener;      /* the listener of the last section; NULL: it has no place */
	struct instance *instance;      /* the instance of the last section; NULL: it has no place */
	struct aux_command *control;    /* owner of a command that may follow: the course, the sockets; NULL: none */
	struct notify *notifies[RESUME_SOCKETS];
	int notify_count;
	bool changed;                   /* accept has changed: the instances do not belong to the new row */
	double timer;                   /* seconds left of the runtime's pause; negative: no pause */
	double taking;                  /* seconds until the next look at its queue (engine/health/accept_latency); negative: none */
};

void load_notify(struct state_loader_instance *resumed, struct state_section *section);
void load_instance(struct state_loader_instance *resumed, struct state_section *section);
void load_notice(struct state_loader_instance *resumed, struct state_section *section);
void load_drain(struct state_loader_instance *resumed, struct state_section *section);
void load_outdated(struct state_loader_instance *resumed, struct state_section *section);

void load_course(struct state_loader_instance *resumed, struct state_section *section);
void load_opening(struct state_loader_instance *resumed, struct state_section *section);
void load_refresh(struct state_loader_instance *resumed, struct state_section *section);
void load_control(struct state_loader_instance *resumed, struct state_section *section);
void load_search(struct state_loader_instance *resumed, struct state_section *section);

void load_say_loss(const struct service_runtime *runtime, const char *what);

/* Called after its last section. */
void load_close_notifies(struct state_loader_instance *resumed);
