/* Programs of the kernel's own machine (bpf(2)) that judge what a control group does. Async-signal-safe. */
#pragma once

#include <stdbool.h>

#include "exec/resources/allotment.h"

/* Loads it and hangs it on a group. 0, or -1 and errno. */
int kernel_program_attach(const struct group_program *program, enum judged judged, int group);

/* Whether this kernel takes such a program from us. false and errno. */
bool kernel_program_possible(enum judged judged);
