/* The list of optional libraries that configure found. It is here, and not where it is printed, as only this folder
 * uses it for checks. */
#include "prepare/build_info.h"

#include <stddef.h>

const char *const built_with[] = {
#ifdef HAVE_EXPAT
	"expat",
#endif
#ifdef HAVE_LIBCAP_NG
	"libcap-ng",
#endif
#ifdef HAVE_LIBSECCOMP
	"libseccomp",
#endif
#ifdef HAVE_LIBTIRPC
	"libtirpc",
#endif
#ifdef HAVE_LIBWRAP
	"libwrap",
#endif
	NULL,
};
