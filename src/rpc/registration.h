/* Registers RPC programs at rpcbind(8), and withdraws them. */
#pragma once

#include <stdbool.h>

#include "rpc/argv.h"

/* REFUSED: rpcbind refuses this user. Over its unix socket any user may register a free mapping and withdraw his own;
 * only root may remove a mapping of another user. */
enum registration_result { REGISTRATION_DONE, REGISTRATION_FAILED, REGISTRATION_REFUSED };

/* Registers or withdraws every version on every transport of the request. It prints to stderr what failed, and which
 * mappings it took over from another program. */
enum registration_result registration_apply(const struct rpc_request *request);
