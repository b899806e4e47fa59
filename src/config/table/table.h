/* The table: every service of every source, in the order of the sources. Built by readers through builders, then sealed;
 * immutable after prepare/resolve has put numbers beside the names. It owns its pool, and so all of itself. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/pool.h"
#include "config/service/service.h"

/* An entry that the sources have and the table has not, for its errors. */
struct left_out {
	struct origin at;
	const char *name;               /* of the service; NULL: not known, and it may have been several */
	bool is_doubtful;               /* its name may be another: what was to tell it is wrong */
	bool is_part;                   /* a further file of a service that is in the list already */
	/* By config/table/left_out, once the whole table is known: */
	struct service row;             /* under the name it is listed by, NULL: it is not, as another of the list stands for
					   it; of an entry that never was a row all options are at their defaults */
	bool may_return;                /* nothing but this machine keeps it out: it may become right as its source stands */
	const char *reason;             /* FILE:LINE:COL: MESSAGE of its first error; NULL: none is known */
};

/* A further file that a service stands in. */
struct part {
	struct origin at;               /* its start */
	const char *name;               /* the service's */
};

/* An entry that takes nothing, or less, for another of the same table has its socket. */
struct yielded {
	struct origin at, to;
};

struct table {
	struct pool *pool;
	struct service *services;
	size_t count, capacity;
	bool warns_of_unsupported;      /* what this machine can't protect is left out, and warned of */
	bool is_only_checked;           /* never run by this superd: another user may be meant to */
	size_t users;                   /* holders of a row of it: see table_release */
	uint64_t sources;               /* a number for the files it was read from, another one when one of them has changed */
	struct names *names;            /* name -> row, made by the first table_find; private to table.c */
	struct bases *bases;            /* the groups of a service that sets nothing; private to builder_finish.c */
	unsigned drafts_made;           /* a number of its own for each builder */
	struct left_out *left_out;      /* entries too broken to become a row or to stay one; for --keep-going */
	size_t left_out_count, left_out_capacity;
	struct origin *vital;           /* entries that others hang on, as defaults: an error in one can't be left out */
	size_t vital_count, vital_capacity;
	struct origin *shared;          /* the same where the table is good for something without: left out, still an error */
	size_t shared_count, shared_capacity;
	struct part *parts;             /* for --keep-going */
	size_t part_count, part_capacity;
	struct yielded *yielded;        /* what would be served if the other were not; for --keep-going */
	size_t yielded_count, yielded_capacity;
};

struct table *table_new(void);                  /* NULL: out of memory */
void table_free(struct table *table);           /* accepts NULL */

/* Drops one user; the last one frees the table. */
void table_release(struct table *table);

/* Adds a row (copied; what it points to must be in the pool). NULL: out of memory. Names may repeat: table_check
 * reports that. */
struct service *table_add(struct table *table, const struct service *service);

/* Notes an entry that became no row, or loses it. name: NULL where it is not known. false: out of memory. */
bool table_leave_out(struct table *table, struct origin at, const char *name);
bool table_leave_out_doubtful(struct table *table, struct origin at, const char *name);
bool table_leave_out_file(struct table *table, struct origin at, const char *name, bool is_part);      /* of several */
bool table_mark_vital(struct table *table, struct origin at);   /* the same for one that others hang on */
bool table_mark_shared(struct table *table, struct origin at);
bool table_note_part(struct table *table, struct origin at, const char *name);  /* a further file of a service */
bool table_note_yield(struct table *table, struct origin at, struct origin to);

/* Whether the service, of this table or of one before it, is or may be an entry that was left out of this one. */
bool table_may_lack(const struct table *table, const struct service *service);

struct service *table_find(const struct table *table, const char *name);        /* the first of that name, or NULL */

/* Drops every service that is unwanted, in one pass; the others keep their order. For --keep-going. */
void table_drop(struct table *table, bool (*unwanted)(const struct service *service, void *context), void *context);
