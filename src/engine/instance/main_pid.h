/* MAINPID= and MAINPIDFD=1: another process becomes the main process of an instance. */
#pragma once

#include "engine/instance/notify_state.h"
#include "exec/worker/receive_async.h"

void main_pid_init(struct notify_state *notice);
void main_pid_forget(struct notify_state *notice);

/* After a child was reaped: forgets groups without processes, as the kernel may use their numbers again. */
void main_pid_sweep(struct engine *engine);

/* Follows the process that a message names, if it belongs to the instance, or root has sent the message. */
void main_pid_take(struct notify_state *notice, const struct notify_message *message, const struct received *received,
		   bool by_root);
