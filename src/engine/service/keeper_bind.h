/* The sockets of a service, opened and closed together. */
#pragma once

#include "engine/runtime/runtime.h"

/* Opens the listeners that are not open. false: a required one failed, which is logged with the pause. */
bool keeper_bind(struct keeper *keeper);
void keeper_close_listeners(struct keeper *keeper);     /* all of them, and their twins */
