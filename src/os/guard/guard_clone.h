/* A new process that shares the table of descriptors with this one: both open and close for the other. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* As fork(2), but for the descriptors. The pid goes to *noted before the process runs. The memory is a copy, in which
 * other threads may have held locks. */
pid_t guard_clone(int32_t *noted);
