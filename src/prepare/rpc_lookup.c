/* The number of an RPC program: getrpcbyname_r(3). A libc without it needs the number in the table. */
#include "prepare/rpc_lookup.h"

#ifdef HAVE_GETRPCBYNAME_R
#include <netdb.h>
#include <stddef.h>

bool rpc_lookup(const char *name, uint32_t *number)
{
	struct rpcent entry, *found = NULL;
	char room[4096];

	if (getrpcbyname_r(name, &entry, room, sizeof(room), &found) != 0 || !found)
		return false;
	*number = (uint32_t)found->r_number;
	return true;
}
#else
bool rpc_lookup(const char *name, uint32_t *number)
{
	(void)name, (void)number;
	return false;
}
#endif
