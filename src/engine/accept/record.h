/* What log_type, log_on_success and log_on_failure ask for: xinetd's own lines to the letter, so that what reads its
 * logs goes on reading.
 *
 *   START: ID [pid=N] [from=ADDR]          EXIT: ID [status=N|signal=N] [pid=N] [duration=N(sec)]
 *   FAIL: ID REASON [from=ADDR]            USERID: ID text
 *   NOID: ID ADDR reason                   TRAFFIC: ID in=N(bytes) out=N(bytes)
 *
 * Every function does nothing for a service that doesn't ask for it, at the cost of one comparison or two. They log where
 * log_type says (engine/log/record_target).
 *
 * A service with libwrap and without any of the flags has, in superd's own log, the lines of the BSDs' inetd where
 * hosts.allow or hosts.deny have a rule:
 *   connection from ADDR, service ID (tcp)         refused connection from ADDR, service ID (tcp)
 *
 * A client by a unix socket has "<no address>", as has whoever was handed the listeners (client NULL). */
#pragma once

#include "engine/core/refusal.h"
#include "engine/instance/instance.h"
#include "engine/log/record_target.h"
#include "engine/service/keeper.h"
#include "os/socket/client.h"

/* Whose datagram is about to start an instance that gets the listeners, where that will be recorded: once it runs, it
 * may have read it. Else a client without an address. */
void record_find_sender(const struct keeper *keeper, struct client *sender);

/* An instance runs. pid 0: superd serves the client itself. */
void record_start(struct keeper *keeper, pid_t pid, const struct client *client);
void record_end(struct keeper *keeper, pid_t pid, const struct ending *ending);
void record_refusal(struct keeper *keeper, const struct client *client, enum refusal refusal);

/* The level at which superd's own log tells of starts and good ends: debug where START and EXIT tell of each client. */
enum level record_run_level(const struct keeper *keeper);

/* As many as cps lets in have come: the line of a refusal for "connections per second". */
void record_limit(struct keeper *keeper, const struct client *client);
bool record_names_limited(const struct service *service);      /* with whose address, where it is known */

/* What the ident server said behind "USERID :", as "UNIX : joe", or where `known` is false why there is nothing, which
 * is logged (NOID) where the service must have a user (id_only). success: for a client that was let in
 * (log_on_success), else log_on_failure. Text comes from a stranger: it is made visible and cut. */
void record_user(struct keeper *keeper, const struct client *client, bool success, bool known, const char *text);
void record_traffic(struct keeper *keeper, uint64_t in, uint64_t out);

/* Whether the log needs to ask the client's ident server. */
bool record_wants_user(const struct service *service, bool success);

/* A client touched a sensor and its address is denied from now on, for so many microseconds (SCAN_INFINITY: for ever).
 * It is told in superd's own log, as xinetd does; the refusal has its own line. */
void record_sensor(struct keeper *keeper, const struct client *client, int64_t deny_time);
