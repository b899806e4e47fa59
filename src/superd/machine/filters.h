/* The filters of system calls (seccomp(2)) of a table's services, compiled by superd-filter. Each distinct filter is
 * compiled once, and its services share it. A filter of the table before is taken from there. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>

#include "lib/buf.h"
#include "lib/diag.h"
#include "superd/machine/helper_process.h"
#include "table/services/table.h"

struct sandbox_support;

/* A filter that superd-filter has compiled. */
struct compiled_filter {
	const struct compiled_filter *next;
	const char *request;
	const void *answer;             /* as table/words/filter_request.h says; with what follows in it */
	size_t length;
	struct sock_fprog program;
	uint32_t unknown;               /* number of words in `calls` that name no system call */
};

/* The filters of one table while it is resolved. filters_open to filters_close. */
struct filters {
	struct table *table;
	const struct compiled_filter *before;   /* those of the table before; borrowed */
	struct diags *diags;
	struct helper_process helper;   /* superd-filter */
	struct buf failure;             /* why it is not asked any more, for messages; empty: it is */
};

/* Adds a filter that a superd before has had compiled to a table that is not resolved yet, so that it is not compiled
 * again. One that is wrong is ignored. */
void filters_add(struct table *table, const char *request, const void *answer, size_t length);

/* before: the table whose place this one takes; NULL: none. It must stay until filters_close. */
void filters_open(struct filters *filters, struct table *table, const struct table *before, struct diags *diags);

/* Sets *list to the service's filters: NULL-terminated, in the table's pool, in the order of installing; NULL: it needs
 * none. Adds an error for an unknown system call in a list of denied ones, a warning for one in a list of allowed ones.
 * Waits for superd-filter, some seconds at most. It also needs none if the machine lacks filters, and the table says
 * that they are then left out; and in a build without libseccomp, where preflight refuses the options. false: a filter
 * could not be made, with a diagnostic. */
bool filters_of_service(struct filters *filters, const struct service *service, struct sandbox_support *support,
			const struct sock_fprog *const **list);

void filters_close(struct filters *filters);
