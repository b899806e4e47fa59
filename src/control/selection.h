/* The services that a request means, by name: what is done with them takes several turns of the loop, between which a
 * reload may come. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "config/table/left_out.h"
#include "control/session.h"

struct selection {
	struct buf names;               /* each with its NUL */
	size_t count;
	size_t at;                      /* the next one, a place in names */
	bool gathers;                   /* rows are still to be looked at: */
	size_t row;                     /* from this one on */
	uint64_t changes;               /* of this service list */
	uint32_t matched;               /* the request's names that mean something so far, as bits */
	uint32_t are_names;             /* those that are the name of a service, though some may look like patterns */
	bool lenient;                   /* a name that means nothing is left out, and said at the end */
	struct buf missing;             /* those names, each with its NUL */
};

/* Those that the names and patterns of the session's request mean, in the order of the table when there is a pattern,
 * or no name at all. false: a name means nothing, unless it is lenient, or memory is out; the request was answered with
 * that. */
bool selection_make(struct selection *selection, struct session *session, bool lenient);

/* Answers at the end that names meant nothing. false: each did. */
bool selection_refuse_missing(const struct selection *selection, struct session *session);

/* Goes on with what was too much for one turn. false: there is more, or the request was answered as above, and
 * has ended with that. */
bool selection_go_on(struct selection *selection, struct session *session);

const char *selection_next(struct selection *selection);        /* NULL: there are no more */
void selection_free(struct selection *selection);

/* What a service is now. row NULL: it is gone; runtime NULL: its row is disabled, or its entry is left out. left_out:
 * the table's entry of this name is wrong; the runtime, if there is one, goes on by a row of a table before. */
struct service_match {
	const struct service *row;
	struct service_runtime *runtime;
	const struct left_out *left_out;
};

const char *service_match_state(const struct service_match *match); /* "listening", "left out" */

struct service_match selection_find(const struct supervisor *supervisor, const char *name);

/* Whether a name or a pattern means the service of this name. */
bool selection_means(const struct supervisor *supervisor, const char *word, const char *name);

/* A name or a pattern: it means something; true also for a pattern of which one turn does not tell. */
bool selection_exists(const struct supervisor *supervisor, const char *name);
void selection_refuse(struct session *session, const char *name);       /* answers that it means nothing */
