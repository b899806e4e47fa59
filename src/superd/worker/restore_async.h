/* Restores what a backend may have changed of its listener (bind_restore), in a helper process: another holder of the
 * socket may keep its lock forever (os/netdiag/foreign_socket). Unlike with foreign_socket_do superd does not wait, and
 * one superd-worker serves many listeners in turn; a process for each would cost many times as much. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "os/socket/bind.h"
#include "superd/spawn/worker_process.h"

/* Requests a restore, and starts the process if `channel` is -1. The process must have answered all before. false and
 * errno. */
bool restore_async_ask(struct worker_process *process, const struct restore_task *task);

/* Reads the answer without blocking: its errno in *error, 0: all was restored. asked: whether there is one to come; else
 * the process is refused. false and errno; EAGAIN: no answer yet; any other: the process has ended, or was refused. */
bool restore_async_hear(struct worker_process *process, bool asked, int *error);
