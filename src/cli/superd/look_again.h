/* superd as the child of a superd that runs, which has left services out: reads the table and answers what is left out of it
 * now (engine/supervisor/left_out_check). */
#pragma once

#include "cli/superd/options.h"

int look_again_answer(struct options *options);         /* the exit status */
