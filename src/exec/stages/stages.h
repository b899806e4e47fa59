/* The stages that superd-exec has besides those of exec/child. Each does what the plan asks for: 0, or -1 and errno. */
#pragma once

#include "exec/exec.h"

/* ---- namespaces.c, mounts.c ---- */

int sandbox_prepare_mapper(struct job *job);    /* forks the process that writes the maps of a user namespace */
int sandbox_profile(struct job *job);
int sandbox_namespaces(struct job *job);
int sandbox_mounts(struct job *job);
int sandbox_root(struct job *job);      /* enters root_directory, unless sandbox_mounts has done so */
int sandbox_users(struct job *job);
int sandbox_system_calls(struct job *job);

/* ---- files.c ---- */

/* Makes the service's own folders; a failure has the index of the folder as its resource. */
int folders_make(struct job *job);

/* Opens the files of standard streams, and puts their descriptors into job->wanted; a failure has the number of the stream
 * as its resource. */
int streams_open(struct job *job);

/* Loads all credentials; a failure has the index of the credential as its resource. */
int credentials_load(struct job *job);

/* Whether this link in an open folder leads there. */
bool folder_link_leads_to(int at, const char *link, const char *target);

/* ---- remove.c ---- */

/* What services leave, and superd has removed (superd/start/folders.c). false: something is left. */

#define REMOVAL_WORDS 4                 /* the base; the folder, below it; a link, or ""; its target */

/* Removes the folder of these words with its contents, but not across a mount, and the link if it leads to the
 * target. Changes the words. */
bool remove_folder(char *const asked[REMOVAL_WORDS]);

/* Removes the System V and POSIX shared memory, semaphores and message queues of a user (RemoveIPC= of
 * systemd.exec(5)). The caller is that user, or may remove those of any. */
bool remove_ipc(uid_t uid);
