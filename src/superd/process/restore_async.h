/* Restores what a backend may have changed of its listener (bind_restore), in a helper process: another holder of the
 * socket may keep its lock forever (os/netdiag/foreign_socket). One superd-worker serves many listeners in turn; a
 * process for each would cost many times as much. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "superd/start/worker_process.h"
#include "worker/record/request.h"

/* Writes a request, which then needs no object of the task any more. false: out of memory. */
bool restore_async_write(struct buf *request, const struct restore_task *task);

/* Makes the request for the socket, and starts a process of this kind if `channel` is -1: WORKER_ACCEPT, if clients are to
 * be dropped, or WORKER_RESTORE. The process must have answered all before. false and errno. */
bool restore_async_ask(struct worker_process *process, enum worker_kind kind, const struct buf *request, int fd);

/* Reads the answer without blocking; error 0: all was done. *client: the descriptor that it carries, the caller's; -1: none.
 * asked: whether there is one to come; else the process is refused. false and errno; EAGAIN: no answer yet; any other: the
 * process has ended, or was refused. */
bool restore_async_hear(struct worker_process *process, bool asked, struct restore_answer *answer, int *client);
