/* Loads the instances of one service from its sections (superd/reload/load). */
#pragma once

#include "superd/launch/notify.h"
#include "superd/saved/state_load.h"
#include "superd/service/runtime_event.h"

#define NOTIFY_SOCKETS_MOST 64

/* The progress in the sections of one service. Owner: load_service. */
struct service_loader {
	struct service_runtime *runtime;
	struct listener *listener;      /* listener of the last section; NULL: it has no place */
	struct instance *instance;      /* instance of the last section; NULL: it has no place */
	struct aux_command *command;    /* owner of a command whose section may follow; NULL: none */
	struct notify *notifies[NOTIFY_SOCKETS_MOST];
	int notify_count;
	bool noted;                     /* true: a process was started after the rest was saved */
	bool changed;                   /* true: accept has changed, and the instances do not fit the new entry */
	double timer;                   /* seconds left of the timer of the runtime; negative: none */
	double accept_look;             /* seconds until the next check of its queue (health/accept_latency); negative: none */
};

void load_notify(struct service_loader *progress, struct state_section *section);
void load_instance(struct service_loader *progress, struct state_section *section);
void load_noted(struct service_loader *progress, struct state_section *section);
void load_bind_calls(struct service_loader *progress, struct state_section *section);
void load_bind_use(struct service_loader *progress, struct state_section *section);
void load_notify_state(struct service_loader *progress, struct state_section *section);
void load_drain(struct service_loader *progress, struct state_section *section);
void load_outdated(struct service_loader *progress, struct state_section *section);

void load_sequence(struct service_loader *progress, struct state_section *section);
void load_socket_commands(struct service_loader *progress, struct state_section *section);
void load_service_reload(struct service_loader *progress, struct state_section *section);
void load_aux_command(struct service_loader *progress, struct state_section *section);
void load_forking_search(struct service_loader *progress, struct state_section *section);

/* Called after the last section of the service. */
void load_close_notifies(struct service_loader *progress);
