/* What rpcbind(8) says of a program, and makes of it. */
#pragma once

#include <stdbool.h>

#include "rpc/order.h"

/* Does all of an order, and says on stderr what it could not, or took from another. false: something has failed. */
bool registration_obey(const struct order *order);
