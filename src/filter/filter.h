/* Compiles a filter of system calls (seccomp(2)) with libseccomp. */
#pragma once

#include "table/service/service.h"

/* Fills in the answer to a request, as table/service/filter_request describes it, and returns its length. scratch: a file
 * in memory for libseccomp to write to; it is written to from its start. `answer` is aligned for any number. */
size_t filter_compile(const struct filter_request *request, int scratch, char answer[FILTER_ANSWER_MOST]);
