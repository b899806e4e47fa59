/* The words of a plan: %{…} templates, commands and conditions. */
#pragma once

#include "lib/buf.h"
#include "superd/start/plan.h"
#include "table/service/service.h"

/* Appends the text with %{fd} %{fd:NAME} %{fds} %{path:NAME} %{service} %{port} %{instance} and %% replaced. false:
 * there is no such template or name, or that socket is missing. */
bool plan_expand(const struct service *service, const struct plan_sockets *sockets, const char *text,
		 struct buf *out);

/* The index of the passed socket with this name, from 0; -1: none. */
int plan_socket_index(const struct service *service, const struct plan_sockets *sockets, const char *name);

/* Whether the text contains %{instance}. */
bool plan_names_instance(const char *text);

/* Puts the program and its arguments into the plan; false with the reason in why. In plan_argv.c. */
bool plan_make_relay_argv(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			  struct buf *why);
bool plan_make_argv(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
		    struct buf *why);

/* Puts the other commands and the conditions into the plan; false with the reason in why. In plan_argv.c. */
bool plan_make_commands(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
			struct buf *why);
void plan_free_commands(struct plan *plan);
