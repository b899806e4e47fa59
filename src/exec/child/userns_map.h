/* A process that writes the maps of a child's user namespace, which a process inside may not. */
#pragma once

#include <stdbool.h>

#include "exec/child/child.h"

/* In the child, before its stages: forks the process and sets job->mapper and job->mapper_pid. false and errno. */
bool userns_map_prepare(struct job *job);
