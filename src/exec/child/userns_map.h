/* A process that writes the maps of a child's user namespace: a process inside may map only its own ids
 * (user_namespaces(7)). */
#pragma once

#include <stdbool.h>

#include "exec/child/child.h"

/* In the child, before its stages: forks that process and sets job->mapper and job->mapper_pid. false and errno. */
bool userns_map_prepare(struct job *job);
