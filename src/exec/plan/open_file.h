/* Whether two descriptors are one: not the same file opened twice, but one opening of it. */
#pragma once

#include <stdbool.h>

bool open_file_is_same(int a, int b);
