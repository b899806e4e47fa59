/* The services that a request means, by name. The work on them takes several turns of the loop, and a reload may come
 * between two turns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "superd/control/session.h"
#include "table/services/left_out.h"

struct selection {
	struct buf names;               /* selected names, each with its NUL */
	size_t count;                   /* of the names */
	size_t at;                      /* index in `names` of the next one */
	bool is_gathering;              /* patterns are still being matched */
	size_t row;                     /* the next row to match */
	uint64_t changes;               /* service_list.generation when matching began */
	uint32_t matched;               /* bits: the request's names that match a service so far */
	uint32_t are_names;             /* bits: the request's names that a service has, though they may look like patterns */
	bool allows_missing;            /* a name without a service is no error before the end */
	struct buf missing;             /* those names, each with its NUL */
};

/* Completes the names of the session's request, and that of --service, that mean no service and lack only
 * the address of one: echo for echo@127.0.0.1, if there is no other echo@. */
void selection_complete(struct session *session);

/* Selects the services that the names and patterns of the session's request mean; without names, all of them. If there
 * is a pattern, or no name, they are in the order of the table. false: a name means no service, and that is not
 * allowed, or memory ran out. The request was then answered with the error. */
bool selection_make(struct selection *selection, struct session *session, bool allows_missing);

/* Answers with an error if a name meant no service. false: each name meant one, and there is no answer. */
bool selection_refuse_missing(const struct selection *selection, struct session *session);

/* Goes on matching. false: it takes more turns, or the request was answered with an error as above. */
bool selection_go_on(struct selection *selection, struct session *session);

const char *selection_next(struct selection *selection);        /* the next name; NULL: there are no more */
void selection_free(struct selection *selection);

/* A service as it is now. */
struct service_match {
	const struct service *row;      /* NULL: the service is gone */
	struct service_runtime *runtime; /* NULL: the row is disabled, or left out */
	const struct left_out *left_out; /* the row's, or NULL; a runtime then has the row of an earlier table */
};

const char *service_match_state(const struct service_match *match); /* name of the state, as "listening", "left out" */

struct service_match selection_find(const struct supervisor *supervisor, const char *name);

/* Whether `word`, a name or a pattern, means the service `name`. */
bool selection_means(const struct supervisor *supervisor, const char *word, const char *name);

/* Whether the request has few enough patterns to be matched again and again. false: it was answered with the error. */
bool selection_is_bounded(struct session *session);

/* Whether the names of the session's request mean this service; NULL: superd itself, which only a request without
 * names means. */
bool selection_wants(const struct session *session, const char *name);

/* Whether a name or a pattern means any service. Also true for a pattern that takes more than one turn to match. */
bool selection_exists(const struct supervisor *supervisor, const char *name);
void selection_refuse(struct session *session, const char *name);       /* answers that it means no service */
