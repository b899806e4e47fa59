/* The table of builtins.
 *
 * A builtin that does not support connections or datagrams has no function for them. Nothing else decides that. */
#include "helper/builtin/builtin.h"

#include <string.h>

#include "helper/builtin/auth.h"
#include "helper/builtin/datagram.h"
#include "helper/builtin/health.h"
#include "helper/builtin/listing.h"
#include "helper/builtin/redirect.h"
#include "helper/builtin/stream.h"
#include "helper/builtin/tcpmux.h"

static const struct builtin builtins[] = {
	{ "echo", echo_converse, echo_answer },		 { "discard", discard_converse, discard_answer },
	{ "chargen", chargen_converse, chargen_answer }, { "daytime", daytime_converse, daytime_answer },
	{ "time", time_converse, time_answer },		 { "auth", auth_converse, NULL },
	{ "servers", listing_converse, NULL },		 { "services", listing_converse, NULL },
	{ "redirect", redirect_converse, NULL },	 { "tcpmux", tcpmux_converse, NULL },
	{ "health", health_converse, NULL },
};

const struct builtin *builtin_find(const char *name)
{
	for (size_t n = 0; n < sizeof(builtins) / sizeof(builtins[0]); n++) {
		if (!strcmp(builtins[n].name, name))
			return &builtins[n];
	}
	return NULL;
}
