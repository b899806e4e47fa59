/* The build gives BUILD_ID on the compiler's command line. */
#include "lib/build_id.h"

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
