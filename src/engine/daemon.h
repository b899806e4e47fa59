/* type = forking: finds the daemon that a first process left behind when it exited. */
#pragma once

#include <stdbool.h>

#include "engine/instance.h"

/* The first process has exited with 0. By pid_file where the service has one (waited for, up to the start's limit
 * of time), else the one process that came to us with its end. true: the instance goes on under the daemon's pid,
 * or waits for the file; on_ready is called once it is known. false: there is none, the instance ended. */
bool daemon_find(struct instance *instance);

/* Before a start: removes the pid file of an earlier one, which would name the wrong process. */
void daemon_forget(const struct service *service);
