/* The table of the builtin services. */
#include "builtin/builtin.h"

#include <string.h>

#include "builtin/redirect.h"
#include "builtin/services.h"

static const struct builtin builtins[] = {
	{ "echo", echo_begin, .dgram = echo_dgram },
	{ "discard", discard_begin, .dgram = discard_dgram },
	{ "chargen", chargen_begin, .dgram = chargen_dgram },
	{ "daytime", daytime_begin, .dgram = daytime_dgram },
	{ "time", time_begin, .dgram = time_dgram },
	{ "auth", auth_begin, auth_heard, NULL, NULL },
	{ "servers", listing_begin, NULL, listing_told, NULL },
	{ "services", listing_begin, NULL, listing_told, NULL },
	{ "redirect", redirect_begin, NULL, NULL, NULL },
	{ "tcpmux", tcpmux_begin, tcpmux_heard, listing_told, NULL },
	{ "health", health_begin, health_heard, health_told, NULL },
};

const struct builtin *builtin_find(const char *name)
{
	for (size_t n = 0; n < sizeof(builtins) / sizeof(builtins[0]); n++) {
		if (!strcmp(builtins[n].name, name))
			return &builtins[n];
	}
	return NULL;
}
