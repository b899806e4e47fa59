/* The optional libraries that configure found, superd's and its own programs'. superd asks this table, and has no code
 * that depends on them. */
#include "lib/build_info.h"

#include <stddef.h>
#include <string.h>

const char *const built_with[] = {
#ifdef HAVE_EXPAT
	"expat",
#endif
#ifdef HAVE_LIBCAP_NG
	"libcap-ng",
#endif
#ifdef HAVE_LIBSECCOMP
	"libseccomp",                   /* superd-filter */
#endif
#ifdef HAVE_LIBTIRPC
	"libtirpc",                     /* superd-rpc */
#endif
#ifdef HAVE_LIBWRAP
	"libwrap",                      /* superd-advise */
#endif
	NULL,
};

bool build_has(const char *library)
{
	for (const char *const *one = built_with; *one; one++) {
		if (!strcmp(*one, library))
			return true;
	}
	return false;
}
