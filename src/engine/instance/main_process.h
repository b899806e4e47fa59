/* MAINPID= and MAINPIDFD=1: another process becomes the main process of an instance. */
#pragma once

#include "engine/instance/notice.h"
#include "exec/worker/receive_async.h"

void main_process_init(struct notice *notice);
void main_process_forget(struct notice *notice);

/* After a child was reaped: forgets groups without processes, as the kernel may use their numbers again. */
void main_process_sweep(struct engine *engine);

/* Follows the process that a message names, if it belongs to the instance, or root has sent the message. */
void main_process_take(struct notice *notice, const struct notify_message *message, const struct received *received,
		       bool by_root);
