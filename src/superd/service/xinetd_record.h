/* Logs for log_type, log_on_success and log_on_failure: xinetd's own lines to the letter, as programs read them.
 *
 *   START: ID [pid=N] [from=ADDR]          EXIT: ID [status=N|signal=N] [pid=N] [duration=N(sec)]
 *   FAIL: ID REASON [from=ADDR]            USERID: ID text
 *   NOID: ID ADDR reason                   TRAFFIC: ID in=N(bytes) out=N(bytes)
 *
 * For a service without these options every function does nothing, at the cost of one or two comparisons. They write to
 * the destination of log_type (superd/log/xinetd_log_file).
 *
 * For a service with libwrap and without these flags, superd writes the lines of the BSDs' inetd to its own log, if
 * hosts.allow or hosts.deny have a rule:
 *   connection from ADDR, service ID (tcp)         refused connection from ADDR, service ID (tcp)
 *
 * A client of a unix socket, and an instance that gets the listeners and whose client is not known (client NULL), is
 * logged as "<no address>". */
#pragma once

#include "os/socket/client.h"
#include "superd/instance/instance.h"
#include "superd/limits/refusal.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/instance/runtime.h"

/* Finds the sender of the datagram that will start an instance with the listeners, if that will be logged: once the
 * instance runs, it may have read it. Else sender is a client without an address. */
void xinetd_record_find_sender(const struct service_runtime *runtime, struct client *sender);

/* Logs START. pid 0: superd serves the client itself. */
void xinetd_record_start(struct service_runtime *runtime, pid_t pid, const struct client *client);

/* Logs START of an instance that gets the listeners, for the client of this address. */
void xinetd_record_start_for(struct service_runtime *runtime, pid_t pid, const char *peer);
void xinetd_record_end(struct service_runtime *runtime, pid_t pid, const struct ending *ending);
void xinetd_record_refusal(struct service_runtime *runtime, const struct client *client, enum refusal refusal);

/* The level of starts and good ends in superd's own log: debug if START and EXIT are logged for each client. */
enum level xinetd_record_run_level(const struct service_runtime *runtime);

/* The limit of cps is reached: logs FAIL for "connections per second". */
void xinetd_record_limit(struct service_runtime *runtime, const struct client *client);
bool xinetd_record_names_limited(const struct service *service); /* whether that line has the client's address */

/* Logs USERID with the ident server's answer, as "UNIX : joe". If `known` is false, logs NOID with the reason, if the
 * service requires a user (id_only). success: the client was admitted (log_on_success), else log_on_failure applies.
 * The text is a stranger's: it is made visible and cut. */
void xinetd_record_user(struct service_runtime *runtime, const struct client *client, bool success, bool known,
			const char *text);
void xinetd_record_traffic(struct service_runtime *runtime, uint64_t in, uint64_t out);

/* Whether the log needs the answer of the client's ident server. */
bool xinetd_record_wants_user(const struct service *service, bool success);

/* A client touched a sensor: its address is denied for deny_time microseconds (SCAN_INFINITY: for ever). Logs that to
 * superd's own log, as xinetd does; the refusal has its own line. */
void xinetd_record_sensor(struct service_runtime *runtime, const struct client *client, int64_t deny_time);
