/* The kinds of work of superd-worker. Each is given the channel to superd, and ends when its work is done, or superd has
 * closed the channel. */
#pragma once

#include "worker/record/request.h"

void work_close(int channel);
void work_copy(int channel);
void work_count(int channel);
void work_output(int channel);
void work_page_out(int channel);
void work_receive(int channel);
void work_restore(int channel);
