/* Names of RPC programs: rpc(5), or whatever NSS asks instead. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* false: there is no program of this name here. */
bool rpc_lookup(const char *name, uint32_t *number);
