/* The words of a plan: %{…} templates and the environment. */
#pragma once

#include "base/buf.h"
#include "model/service.h"
#include "sys/plan.h"

/* Expands %{fd} %{fd:NAME} %{fds} %{service} %{port} and %% into out. false: no such template or name, or that
 * socket is missing. */
bool plan_expand(const struct service *service, const struct plan_sockets *sockets, const char *text,
		 struct buf *out);

/* The program and its words, into plan; false with the reason in why. In sys/plan_argv.c. */
bool plan_make_argv(struct plan *plan, const struct service *service, const struct plan_sockets *sockets,
		    struct buf *why);

/* Variables by name, the later winning; the strings are owned. A zeroed struct is empty. */
struct variables {
	char **list;
	size_t count, capacity;
	bool failed;                    /* memory ran out */
};

void variables_set(struct variables *variables, const char *assignment);        /* NAME=value, copied */
void variables_setf(struct variables *variables, const char *format, ...) __attribute__((format(printf, 2, 3)));
void variables_free(struct variables *variables);

/* Reads an environment_file as systemd.exec(5) has it: comments, quotes, continuation. false with the reason in
 * why. A line that is no assignment is passed over, as there, and named in over (may be NULL) by a sentence a line; its
 * text isn't told, as such files hold secrets. */
bool variables_read_file(struct variables *variables, const char *path, struct buf *over, struct buf *why);
