/* The table of the builtin services. */
#include "builtin/builtin.h"

#include <string.h>

#include "builtin/services.h"

static const struct builtin builtins[] = {
	{ "echo", echo_stream, echo_dgram },
	{ "discard", discard_stream, discard_dgram },
	{ "chargen", chargen_stream, chargen_dgram },
	{ "daytime", daytime_stream, daytime_dgram },
	{ "time", time_stream, time_dgram },
	{ "auth", auth_stream, NULL },
	{ "servers", listing_stream, NULL },
	{ "services", listing_stream, NULL },
	{ "redirect", NULL, NULL },     /* relay_server.h */
	{ "tcpmux", tcpmux_stream, NULL },
	{ "health", health_stream, NULL },
};

const struct builtin *builtin_find(const char *name)
{
	for (size_t n = 0; n < sizeof(builtins) / sizeof(builtins[0]); n++) {
		if (!strcmp(builtins[n].name, name))
			return &builtins[n];
	}
	return NULL;
}
