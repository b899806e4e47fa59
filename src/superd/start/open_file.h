/* Whether two descriptors share one open file description (open(2)), as after dup(2), not merely one file. */
#pragma once

#include <stdbool.h>

bool open_file_is_same(int a, int b);
