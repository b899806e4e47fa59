/* What instances have superd keep for them (engine/launch/store), and for how long: over which ends, as their row says. */
#pragma once

#include <stdbool.h>

#include "engine/launch/notify_message.h"
#include "engine/service/keeper.h"
#include "exec/worker/receive_aside.h"

/* What a message of an instance that runs as this user says of descriptors; received: those that came along, NULL: none. */
void deposit_take(struct keeper *keeper, const struct notify_message *message, struct received *received, uid_t user);

/* The service is started: what it stored as another user is dropped. */
void deposit_begin_run(struct keeper *keeper);

/* The last instance has ended, well or not: drops what is not to be kept. */
void deposit_end_run(struct keeper *keeper, bool well);
