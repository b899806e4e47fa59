/* What a process that a killed superd has left holds of its service: copies of the sockets, and of the pipes that it
 * prints to. Who it is of is proved by its control group before this is asked. What it may have put in the place of its
 * descriptors, or done to them, is its own choice: so a process beside superd looks, which may hang, and hands over
 * only what is proved to be a socket that a superd of this user made, in superd's own network, for the endpoint in
 * question. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/table/table.h"

#define ORPHAN_SOCKETS 64               /* of one service; one with more is not taken over */

/* A group to look at. */
struct orphan_order {
	const char *group;              /* its folder */
	const struct service *service;  /* the row that it is of, if that could take it over; NULL: none */
};

enum orphan_standing {
	ORPHAN_STAYS,                   /* it has no address that the table wants */
	ORPHAN_BARS,                    /* it has, and can't be taken over */
	ORPHAN_FITS,                    /* all is here to go on with it */
};

struct orphan_pipe {
	int read, write;                /* -1: there is none */
};

struct orphan_copy {
	unsigned order;                 /* whose, by its place */
	enum orphan_standing standing;
	pid_t pid;                      /* its main process, the first of its group; 0: none */
	int64_t start_time;             /* as process_now */
	unsigned row;                   /* ORPHAN_BARS: in the table, whose address it has */
	char why[96];                   /* and why it is not taken over */
	int pidfd;                      /* ORPHAN_FITS; else all descriptors are -1 */
	struct orphan_pipe log, syslog;
	int sockets[ORPHAN_SOCKETS];    /* by the row's order; -1: an optional one that it does not have */
};

enum orphan_hearing { ORPHAN_HEARD, ORPHAN_WAITS, ORPHAN_OVER };

/* Begins to look at these, one after the other; all is borrowed until this returns. *report is readable when there is
 * something to be heard. -1 and errno. */
pid_t orphan_copy_begin(const struct orphan_order *orders, size_t count, const struct table *table, int *report);

/* The next one, without waiting; its descriptors are the caller's. ORPHAN_OVER: no more come. */
enum orphan_hearing orphan_copy_hear(int report, struct orphan_copy *copy);
