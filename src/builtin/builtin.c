/* The table of the builtin services. */
#include "builtin/builtin.h"

#include <string.h>

#include "builtin/redirect.h"
#include "builtin/services.h"

static const struct builtin builtins[] = {
	{ "echo", echo_begin, echo_dgram, NULL },
	{ "discard", discard_begin, discard_dgram, NULL },
	{ "chargen", chargen_begin, chargen_dgram, NULL },
	{ "daytime", daytime_begin, daytime_dgram, NULL },
	{ "time", time_begin, time_dgram, NULL },
	{ "auth", NULL, NULL, auth_stream },
	{ "servers", NULL, NULL, listing_stream },
	{ "services", NULL, NULL, listing_stream },
	{ "redirect", redirect_begin, NULL, NULL },
	{ "tcpmux", NULL, NULL, tcpmux_stream },
	{ "health", NULL, NULL, health_stream },
};

const struct builtin *builtin_find(const char *name)
{
	for (size_t n = 0; n < sizeof(builtins) / sizeof(builtins[0]); n++) {
		if (!strcmp(builtins[n].name, name))
			return &builtins[n];
	}
	return NULL;
}
