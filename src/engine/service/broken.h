/* Listeners that a backend has shut down: shutdown(2) works on all copies of a socket, and leaves it useless. */
#pragma once

#include "engine/service/keeper.h"

/* The instance has ended: such listeners are opened anew. Who was in their queues is gone with what it did. */
void broken_replace(struct keeper *keeper);
