/* An instance that goes on beside its successor until the clients it has are gone: no new ones come to it, as they come
 * to the twins of its sockets (engine/drain/twins). Then it is told to end. */
#pragma once

#include <stdbool.h>

#include "engine/service/keeper.h"

struct carry;
struct ledger_section;
struct parted;

/* Of the current instance, whose sockets all have twins by twins_open: it is retired, and the keeper goes on without
 * it. Where nobody can tell who its clients are it is stopped, or, patient, goes on until it is told to end. false: they
 * have not, or memory is out; the instance is current still. */
bool drain_begin(struct keeper *keeper, bool patient);

/* Opens the twins and begins, patiently. false: the instance goes on with new clients, too; why gets the reason. */
bool drain_try(struct keeper *keeper, struct buf *why);

/* on_change = drain, and its row is another now: the current instance drains, a frozen one thaws for it, one
 * that starts does when it is ready. Where clients can't be kept from it that is logged, and it goes on. */
void drain_changed(struct keeper *keeper);
void drain_when_ready(struct keeper *keeper);   /* the same for an operator, of one that starts */
void drain_outdated(struct keeper *keeper);     /* it is ready: whether it was to */

/* Where clients wait at twins while the current instance has the listeners: it drains, and another serves them. */
void drain_owed(struct keeper *keeper);

/* The keeper gets other sockets. Where the current instance has those of before for itself it is told to end, as it was to
 * be, with the row that it has; it is current still. */
void drain_replaced(struct keeper *keeper);

/* The current instance is about to outlive its row, or to lose its sockets to another: superd keeps copies of them. begins:
 * it is stopped when the clients it has are gone, unless nobody can tell who they are; else it goes on until it is told
 * to end. Until it is retired it is stopped as by HALT. One that has outlived a row before, and whose service is back with
 * other sockets, keeps the copies of then: another service may have had its sockets since. */
void drain_lend(struct keeper *keeper, bool begins);
void drain_call_off(struct keeper *keeper);     /* its row is back, and it has its sockets as before */
bool drain_waits(const struct instance *instance);      /* until its clients are gone */
bool drain_has_twin(const struct instance *instance);   /* it drains beside its successor at the same address */

bool drain_is_under_way(struct keeper *keeper);         /* one of its instances drains */
bool drain_is_counting(const struct instance *instance);        /* what is known of its clients is not at hand */

/* An instance is to end now; one that drains first serves the clients it has, as long as patience lasts
 * (engine/drain/patience). */
void drain_end(struct instance *instance);

/* The one of an instance that drains, of the same address as fd, that listens still; NULL: there is none. It
 * stays the drain's. */
struct parted *drain_find_socket(struct keeper *keeper, int fd);

/* Over an upgrade (engine/upgrade/carry, engine/upgrade/resume): what is known of the clients of an instance that drains. */
void drain_carry(struct carry *carry, const struct instance *instance);
void drain_resume(struct instance *instance, struct ledger_section *section);
