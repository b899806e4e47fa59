/* The verbs of the protocol. */
#pragma once

#include "lib/buf.h"
#include "lib/diag.h"
#include "superd/control/session.h"
#include "superd/control/show.h"
#include "superd/reload/reload.h"
#include "superd/service/operator.h"
#include "table/services/left_out.h"
#include "table/services/table.h"

/* Performs the session's request, or refuses it. */
void verbs_obey(struct session *session);

/* Begin an answer. Queries go through the services in slices that do not hold up the loop (verb_query.c). */
void verb_query_begin(struct session *session, enum answer answer);     /* a line for each service */
void verb_query_show(struct session *session);
void verb_query_metrics(struct session *session);
void verb_query_health(struct session *session);
void verb_query_version(struct session *session);

/* Begins an operator's action for each selected service (superd/service/operator.h), with a line of the answer for each
 * as it ends. An action continues if the client leaves. */
void verb_operate_begin(struct session *session, enum operator_action action);

/* `log`: the last lines of the services, in order of time, and with --follow then new lines. */
void verb_log_begin(struct session *session);

/* `reload` without a name: reads the table again, and reports the errors in it, or the result for each service that has
 * changed. verb_reload_end: the table was read; answers the clients that wait for that. */
void verb_reload_begin(struct session *session);
void verb_reload_end(struct server *server, bool good, const struct diags *diags, const struct reload_counts *counts);

/* `diff`: reports what a reload would change. verb_diff_end: the table was read for that; owns `table`. */
void verb_diff_begin(struct session *session);
void verb_diff_end(struct server *server, struct table *table, const struct diags *diags);

/* `upgrade`: starts an upgrade, or checks whether one is possible. */
void verb_upgrade_begin(struct session *session);

/* What reload and diff do until the table is read, in verb_reload.c. Begins zeroed. */
struct table_wait {
	struct session *session;
	struct alarm timeout;           /* of --timeout */
	bool table_was_read;
	char errors[DIAGS_SUMMARY_MOST]; /* how many there are in the table; empty: none */
	struct buf lines;               /* the diagnostics, which live shorter, as lines of the answer; owned */
	size_t sent;                    /* bytes of these that are sent */
};

void table_wait_begin(struct table_wait *wait, struct session *session, void (*on_timeout)(struct alarm *alarm));
void table_wait_hear(struct table_wait *wait, const struct diags *diags);       /* if memory lacks: lines.failed */
bool table_wait_is_over(struct table_wait *wait);       /* sends while there is room; true: all are sent */
void table_wait_end(struct table_wait *wait);

const char *diff_name(int diff);        /* of an enum diff_kind */
void reload_counts_add(const struct reload_counts *counts, struct buf *line);   /* but not what failed */

/* Writes the row of a service as JSON: its options, the places where they were set, and the row as superd.conf. It holds
 * the defaults of a table, which rows are compared with. In verb_query.c. */
struct service_row_writer;
void service_row_writer_free(struct service_row_writer *writer); /* accepts NULL */
