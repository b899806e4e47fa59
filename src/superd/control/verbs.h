/* The verbs of the protocol. */
#pragma once

#include "superd/control/session.h"
#include "superd/service/operator.h"

/* Performs the session's request, or refuses it. */
void verbs_obey(struct session *session);

/* Begin an answer. Queries go through the services in slices that do not hold up the loop (verb_query.c). */
void verb_query_status(struct session *session);
void verb_query_list(struct session *session);
void verb_query_show(struct session *session);
void verb_query_idle(struct session *session);
void verb_query_timeline(struct session *session);
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

/* `run`: starts the service in the foreground (superd/service/service_foreground). The answer has its output; the
 * client sends its input and signals (superd/control/run_message). If the client leaves, superd stops the instance. */
void verb_run_begin(struct session *session);
void verb_run_hear(struct session *session, const char *line);  /* a line of the client's, while it runs */

/* `diff`: reports what a reload would change. verb_diff_end: the table was read for that; owns `table`. */
void verb_diff_begin(struct session *session);
void verb_diff_end(struct server *server, struct table *table, const struct diags *diags);

/* `upgrade`: starts an upgrade, or checks whether one is possible. */
void verb_upgrade_begin(struct session *session);
