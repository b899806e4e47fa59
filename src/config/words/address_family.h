/* The names of address families, as restrict_address_families has them. */
#pragma once

#include <stdbool.h>

/* "AF_INET". */
bool address_family_find(const char *name, int *out);
