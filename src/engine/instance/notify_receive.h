/* Reads the messages at a service's notify socket (engine/launch/notify), finds the instance that each comes from, and
 * passes it to that instance's notice. */
#pragma once

#include <stdbool.h>

#include "engine/instance/instance.h"
#include "engine/launch/notify.h"

/* The instance may send messages from now on, if there is a socket. false: out of memory. */
bool notify_receive_join(struct notify *notify, struct instance *instance);
void notify_receive_leave(struct instance *instance);   /* it need not have joined */

/* Reads the last messages of one of its processes before the end of that counts. false: not all could be read yet, and
 * last->heard follows. */
bool notify_receive_last(struct instance *instance, struct last_words *last);
