/* The names of address families (address_families(7)), for restrict_address_families. */
#pragma once

#include <stdbool.h>

/* Finds the number of a family such as "AF_INET". false: unknown. */
bool address_family_find(const char *name, int *out);
