/* Reads the messages at a service's notify socket (superd/instance/notify), finds the instance that sent each, and passes
 * it to that instance's notify_state. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "superd/instance/instance.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/notify.h"

/* Lets the instance send messages, if notify is not NULL. false: out of memory. */
bool notify_receive_join(struct notify *notify, struct instance *instance);
void notify_receive_leave(struct instance *instance);   /* accepts an instance that has not joined */

/* Reads the last messages of a process that has ended, before superd handles that end. false: some could not be read
 * yet; last->heard follows. */
bool notify_receive_last(struct instance *instance, struct last_words *last);
