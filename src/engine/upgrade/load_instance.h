/* Reads the instances of a service from the ledger into its runtime: see engine/upgrade/load. */
#pragma once

#include "engine/launch/notify.h"
#include "engine/serialize/state_load.h"
#include "engine/service/runtime_event.h"

#define NOTIFY_SOCKETS_MOST 64

/* The progress in the sections of one service. */
struct service_loader {
	struct service_runtime *runtime;
	struct listener *listener;      /* the listener of the last section; NULL: it has no place */
	struct instance *instance;      /* the instance of the last section; NULL: it has no place */
	struct aux_command *command;    /* owner of a command that may follow: the course, the sockets; NULL: none */
	struct notify *notifies[NOTIFY_SOCKETS_MOST];
	int notify_count;
	bool changed;                   /* accept has changed: the instances do not belong to the new row */
	double timer;                   /* seconds left of the runtime's pause; negative: no pause */
	double accept_look;             /* seconds until the next look at its queue (health/accept_latency); negative: none */
};

void load_notify(struct service_loader *progress, struct state_section *section);
void load_instance(struct service_loader *progress, struct state_section *section);
void load_notify_state(struct service_loader *progress, struct state_section *section);
void load_drain(struct service_loader *progress, struct state_section *section);
void load_outdated(struct service_loader *progress, struct state_section *section);

void load_sequence(struct service_loader *progress, struct state_section *section);
void load_socket_commands(struct service_loader *progress, struct state_section *section);
void load_service_reload(struct service_loader *progress, struct state_section *section);
void load_aux_command(struct service_loader *progress, struct state_section *section);
void load_forking_search(struct service_loader *progress, struct state_section *section);

void load_log_loss(const struct service_runtime *runtime, const char *what);

/* Called after its last section. */
void load_close_notifies(struct service_loader *progress);
