/* The build gives BUILD_ID on the compiler's command line. */
#include "lib/lib.h"

const char *build_id(void)
{
	return build_word() + sizeof("--build=") - 1;
}

const char *build_word(void)
{
	return "--build=" BUILD_ID;
}

const char *build_version(void)
{
	return PACKAGE_VERSION " (build " BUILD_ID ")";
}

/* The optional libraries that configure found, superd's and its own programs'. superd asks this table, and has no code
 * that depends on them. */

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
	"libwrap",                      /* superd-lookup */
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
