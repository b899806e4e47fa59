/* superd's side of a reading in superd-read: has it read the sources that are not superd.conf, takes the services and
 * records that it writes, and checks all of them. */
#pragma once

#include "table/reading/reading.h"

/* Starts superd-read, and has it read the imports that wait for that. What is wrong is added to the diagnostics. Does
 * nothing without request->start. */
void ask_imports(struct reading *reading);
