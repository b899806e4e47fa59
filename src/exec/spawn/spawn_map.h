/* The process that writes the maps of a child's user namespace, as nobody inside may. */
#pragma once

#include <stdbool.h>

#include "exec/child/child.h"

/* In the child, before its stages: makes the process and job->mapper. false and errno. */
bool map_prepare(struct job *job);
