/* For --disable-bind. */
#include "os/proc/bind_filter.h"

#include <errno.h>
#include <stddef.h>

bool bind_is_supported(void)
{
	return false;
}

struct sock_fprog *bind_filter_make(bool has_paths, const uint32_t *lengths, size_t count)
{
	(void)has_paths, (void)lengths, (void)count;
	errno = ENOTSUP;
	return NULL;
}
