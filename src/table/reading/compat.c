/* The names of implementations, as they stand in --compat and FORMAT+COMPAT:PATH. */
#include "table/reading/compat.h"


#include "lib/scan.h"

const char *const compat_names[COMPATS + 1] = {
	[COMPAT_NONE] = "", [COMPAT_OPENBSD] = "openbsd", [COMPAT_FREEBSD] = "freebsd", [COMPAT_NETBSD] = "netbsd",
	[COMPAT_GNU] = "gnu", [COMPAT_BUSYBOX] = "busybox", [COMPAT_XINETD] = "xinetd",
};

enum compat compat_find(const char *name, size_t length)
{
	for (enum compat compat = COMPAT_OPENBSD; compat < COMPATS; compat++) {
		if (scan_is_word(name, length, compat_names[compat]))
			return compat;
	}
	return COMPAT_NONE;
}
