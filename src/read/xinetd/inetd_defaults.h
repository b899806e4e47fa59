/* Applies the defaults of an xinetd.conf to the services of an inetd.conf that is read with it, as xinetd does with
 * -inetd_compat. */
#pragma once

#include <stdbool.h>

#include "read/xinetd/entry.h"
#include "read/xinetd/value.h"
#include "table/reading/reading.h"
#include "table/services/service_builder.h"

/* Keeps the defaults of a source, and then owns xinetd, whose pool has their values. false: the request does not share
 * defaults; the caller keeps xinetd. */
bool xinetd_shared_defaults_keep(struct reading *reading, struct xinetd *xinetd, const struct xinetd_value *defaults);
bool xinetd_shared_defaults_exist(struct reading *reading);

/* A service of inetd.conf. */
struct inetd_service {
	struct service_builder *builder; /* options that are already set stay */
	struct origin at;
	bool accepts;                   /* nowait */
	bool has_connections;           /* stream sockets; otherwise datagrams */
};

/* Sets limits, access rules, banners and log from the defaults. false: one of them is wrong (reported), and the service
 * must not run. */
bool xinetd_shared_defaults_apply(struct reading *reading, const struct inetd_service *inetd_service);
