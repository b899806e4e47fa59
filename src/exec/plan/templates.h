/* The words of a plan: %{…} templates, commands and conditions. */
#pragma once

#include "base/buf.h"
#include "config/service/service.h"
#include "exec/plan/plan.h"

/* Expands %{fd} %{fd:NAME} %{fds} %{path:NAME} %{service} %{port} %{instance} and %% into out. false: no such template or name, or that
 * socket is missing. */
bool plan_expand(const struct service *service, const struct plan_sockets *sockets, const char *text,
		 struct buf *out);

/* The index of the passed socket with this name, from 0; -1: none. */
int plan_socket_place(const struct service *service, const struct plan_sockets *sockets, const char *name);

/* Whether the text contains %{instance}. */
bool plan_names_instance(const char *text);

/* The program and its words, into plan; false with the reason in why. In exec/plan/plan_argv.c. */
bool plan_make_argv(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
		    struct buf *why);

/* The commands beside it, and the conditions, into plan; the same. In exec/plan/plan_commands.c. */
bool plan_make_commands(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			struct buf *why);
void plan_free_commands(struct plan *plan);

/* The shell of the service's user in place of the program, where the command's signs say so; the same. */
bool plan_use_shell(struct plan_command *command, const struct service *service, struct buf *why);

/* Scheduling, its control group and what stands in for one, into plan; the same. In exec/plan/plan_resources.c. */
bool plan_make_resources(struct plan *plan, const struct service *service, struct buf *why);
