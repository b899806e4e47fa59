/* Applies the defaults of an xinetd.conf to the services of an inetd.conf beside it, for xinetd's own -inetd_compat. */
#pragma once

#include <stdbool.h>

#include "config/table/service_builder.h"
#include "parse/reading.h"
#include "parse/xinetd/entry.h"
#include "parse/xinetd/value.h"

/* Keeps the defaults of a source that is read, and takes over what they lie in. false: nobody asks for them, or memory
 * ran out (reported); nothing is taken over. */
bool xinetd_shared_defaults_keep(struct reading *reading, struct xinetd *xinetd, const struct xinetd_value *defaults);
bool xinetd_share_has(struct reading *reading);         /* whether defaults are kept */

/* A service that knows nothing of xinetd. */
struct inetd_service {
	struct service_builder *builder; /* with all that it says itself, which stays */
	struct origin at;
	bool accepts;
	bool has_connections;           /* and no datagrams */
};

/* Lays limits, rules, banners and log under it. false: one of them is wrong (reported), and the service must not run
 * without. */
bool xinetd_shared_defaults_apply(struct reading *reading, const struct inetd_service *guest);
