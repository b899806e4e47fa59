/* MAINPID= and MAINPIDFD=1 of sd_notify(3): another process becomes the main process of an instance. */
#pragma once

#include "os/socket/notify_socket.h"
#include "superd/instance/notify_state.h"
#include "superd/worker/receive_async.h"

void main_pid_init(struct notify_state *notice);
void main_pid_forget(struct notify_state *notice);

/* Called after a child was reaped: forgets groups without processes, because the kernel may reuse their numbers. */
void main_pid_sweep(struct engine *engine);

/* Follows the process that a message names, if it belongs to the instance, and the sender's user is root, the service's
 * or that of the main process; or if by_root: root sent the message. */
void main_pid_take(struct notify_state *notice, const struct notify_message *message,
		   const struct notification *sender, const struct received *received, bool by_root);
