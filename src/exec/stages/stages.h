/* The stages that superd-exec has besides those of exec/child. Each does what the plan asks for: 0, or -1 and errno. */
#pragma once

#include "exec/child/child.h"

int sandbox_prepare_mapper(struct job *job);    /* forks the process that writes the maps of a user namespace */
int sandbox_profile(struct job *job);
int sandbox_namespaces(struct job *job);
int sandbox_mounts(struct job *job);
int sandbox_root(struct job *job);      /* enters root_directory, unless sandbox_mounts has done so */
int sandbox_users(struct job *job);
int sandbox_system_calls(struct job *job);

/* Loads all credentials; a failure has the index of the credential as its resource. */
int credentials_load(struct job *job);

/* The means of a sandbox that this machine lacks (enum sandbox_need): namespaces are tried one by one. by_users: all
 * within a user namespace. */
unsigned probe_missing(bool by_users);
