/* Numbers of RPC programs by rpc(5), or by whatever else NSS asks. A libc without the call knows none, so the table has to
 * have the number. */
#pragma once

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

static inline bool rpc_number_find(const char *name, uint32_t *number)
{
#ifdef HAVE_GETRPCBYNAME_R
	struct rpcent entry, *found = NULL;
	char room[4096];

	if (getrpcbyname_r(name, &entry, room, sizeof(room), &found) || !found)
		return false;
	*number = (uint32_t)found->r_number;
	return true;
#else
	(void)name, (void)number;
	return false;
#endif
}
