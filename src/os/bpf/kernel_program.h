/* BPF programs (bpf(2)) that judge a control group's devices and packets. Async-signal-safe. */
#pragma once

#include <stdbool.h>

#include "exec/resources/allotment.h"

/* Loads a program and attaches it to a control group, given by its descriptor. 0, or -1 and errno. */
int kernel_program_attach(const struct group_program *program, enum judged judged, int group);

/* Whether this kernel takes such a program from us. false and errno. */
bool kernel_program_possible(enum judged judged);
