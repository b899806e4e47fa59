/* The reader of xinetd.conf and its xinetd.d. All entries of a source are kept until its last file is read.
 * Then the defaults are applied, and services become builders. */
#pragma once

#include "table/reading/reading.h"

extern const struct reader reader_xinetd;

/* For tests and fuzzers: reads a file in memory; and ends the source, which makes builders of its services. */
bool xinetd_read_source(struct reading *reading, const struct source_file *source);
void xinetd_end_source(struct reading *reading);

/* As xinetd does with -inetd_compat, the defaults of an xinetd.conf also apply to services of an inetd.conf that is read
 * with it. Whether there are such defaults: */
bool xinetd_shared_defaults_exist(struct reading *reading);

/* The value of bind in them, for services that name no address; NULL: none. */
const char *xinetd_shared_address(struct reading *reading);

/* A service of inetd.conf. */
struct inetd_service {
	const char *id;                 /* in `enabled` and `disabled` */
	struct service_builder *builder; /* options that are already set stay */
	struct origin at;
	bool accepts;                   /* nowait */
	bool has_connections;           /* stream sockets; otherwise datagrams */
	bool is_internal;               /* of superd itself, with clients that have addresses */
};

/* Sets limits, access rules, banners, log and environment from the defaults, and disables what they disable. false: one
 * of them is wrong (reported), and the service must not run. */
bool xinetd_shared_defaults_apply(struct reading *reading, const struct inetd_service *inetd_service);

/* After all services: warns of ids in the defaults that none has. */
void xinetd_shared_defaults_end(struct reading *reading);
