/* The table: every service of every source; those of imports come last. Readers add rows by builders;
 * superd/machine/resolve adds the numbers for the names; then the table is immutable. It owns its pool, and so all of
 * its data. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/diag.h"
#include "lib/pool.h"
#include "table/option/globals.h"
#include "table/service/service.h"
#include "table/services/lookup_cache.h"

/* An entry of the sources that is not served, because of its errors. */
struct skipped {
	struct origin at;
	const char *name;               /* of the service; NULL: unknown, and it may be several services */
	bool is_doubtful;               /* its name may be wrong, because of an error in a value that the name depends on */
	bool is_part;                   /* a further file of a service that is in the list already */
	size_t row;                     /* its index in the table; SKIPPED_NO_ROW: none, or another entry represents it */
	const char *reason;             /* FILE:LINE:COL: MESSAGE of its first error; NULL: unknown */
	bool is_kept;                   /* a reload lets the service go on by its previous entry, which is listed */
};

#define SKIPPED_NO_ROW SIZE_MAX

/* What a place or a name of the sources is, for superd --keep-going. */
enum role_kind {
	ROLE_VITAL,                     /* all others need it, as defaults: an error there stops superd */
	ROLE_SHARED,                    /* others need it: an error skips those, and stays an error */
	ROLE_PART,                      /* a further file of the service `name` begins there */
	ROLE_ALONE,                     /* an error skips the service `name` alone, also without --keep-going */
	ROLE_ABSENT,                    /* the folder `name` is included there and is missing: an error if it had services */
	ROLES
};

struct source_role {
	enum role_kind kind;
	struct origin at;
	const char *name;
};

struct table {
	struct pool *pool;
	struct service *services;       /* owned */
	size_t count, capacity;
	bool warns_of_unsupported;      /* superd warns of protections that this machine lacks, and skips them */
	bool is_only_checked;           /* superd --check: this superd never runs the table, another user may */
	size_t users;                   /* holders of a row; see table_release */
	struct service superd;          /* superd { }, as text: its place and settings; at.file NULL: there is none */
	struct globals globals;         /* its values */
	struct globals settings;        /* the same with what the command line overrides, and defaults; by superd/load.c */
	const char *control;            /* path of the control socket in force, to be hidden from services; NULL: the default */
	struct lookup_cache *lookups;        /* owned; what name services have answered for it; NULL: nothing is kept */
	/* In the pool: the filters of system calls that were compiled for it (superd/machine/programs.c). */
	const struct compiled_filter *filters;
	struct names *names;            /* name -> row, created by the first table_find; private to table.c */
	const struct option_settings *defaults; /* of defaults { }, in the pool; NULL: no service has any */
	const void *bases[2][GROUPS];   /* the groups of services that set nothing: with superd's own defaults, and with these */
	/* For superd --keep-going; the lists are owned: */
	struct skipped *skipped;        /* entries that are not served, because of an error */
	size_t skipped_count, skipped_capacity;
	struct source_role *roles;
	size_t role_count, role_capacity;
};

struct table *table_new(void);                  /* NULL: out of memory */
void table_free(struct table *table);           /* accepts NULL */

/* Ends one use of the table; the last one frees it. */
void table_release(struct table *table);

/* Copies a row to the table; its data is in the pool already. NULL: out of memory. Names may repeat: table_check
 * reports that. */
struct service *table_add(struct table *table, const struct service *service);

/* Adds an entry that is skipped; name NULL: unknown. NULL: out of memory. */
struct skipped *table_skip(struct table *table, struct origin at, const char *name);

/* Keeps a role. false: out of memory, or it lacks what its kind needs. */
bool table_add_role(struct table *table, struct source_role role);

/* The next role of a kind behind this one; before NULL: the first. NULL: there is none. */
const struct source_role *table_next_role(const struct table *table, enum role_kind kind, const struct source_role *before);

/* Whether a service of an earlier table may be an entry that this table lacks because of an error. */
bool table_may_lack(const struct table *table, const struct service *service);

/* The entry skipped that a service of an earlier table may be. NULL: none. */
struct skipped *table_find_skipped(const struct table *table, const struct service *service);

struct service *table_find(const struct table *table, const char *name);        /* the first of that name, or NULL */

/* The groups of a row that would set nothing, by enum option_group: those of struct option_groups and GROUP_EXEC. */
static inline const void *const *table_bases(const struct table *table, const struct service *row)
{
	return table->bases[row->settings->defaults != NULL];
}

/* Names have changed: the next table_find looks at them anew. */
void table_forget_names(struct table *table);
