/* MAINPID= and MAINPIDFD=1: from now on the instance goes by another of its processes. */
#pragma once

#include "engine/instance/notice.h"
#include "exec/worker/receive_aside.h"

void main_process_init(struct notice *notice);
void main_process_forget(struct notice *notice);

/* Somebody was reaped: forgets groups in which nobody is left, as their numbers may soon be another's. */
void main_process_sweep(struct engine *engine);

/* Follows the process a message names, where it is one of the instance's, or root says so. */
void main_process_take(struct notice *notice, const struct notify_message *message, const struct received *received,
		       bool by_root);
