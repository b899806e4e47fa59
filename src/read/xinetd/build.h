/* A service of xinetd.conf while its builder is made. An error is added to the entry, which then becomes no service. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "read/xinetd/entry.h"
#include "read/xinetd/value.h"
#include "table/reading/reading.h"
#include "table/services/service_builder.h"

/* The words of `type` and `flags`, by bit. */
enum { IS_RPC = 1 << 0, IS_INTERNAL = 1 << 1, IS_UNLISTED = 1 << 2, IS_SPECIAL = 1 << 3, IS_TCPMUX = 1 << 4,
       IS_TCPMUXPLUS = 1 << 5 };
enum {
	FLAG_INTERCEPT = 1 << 0, FLAG_NORETRY = 1 << 1, FLAG_IDONLY = 1 << 2, FLAG_NAMEINARGS = 1 << 3,
	FLAG_NODELAY = 1 << 4, FLAG_KEEPALIVE = 1 << 5, FLAG_NOLIBWRAP = 1 << 6, FLAG_SENSOR = 1 << 7,
	FLAG_IPV4 = 1 << 8, FLAG_IPV6 = 1 << 9, FLAG_LABELED = 1 << 10, FLAG_REUSE = 1 << 11
};
enum xinetd_socket { XINETD_STREAM, XINETD_DGRAM, XINETD_RAW, XINETD_SEQPACKET };

struct xinetd_service {
	struct xinetd *xinetd;
	struct reading *reading;
	struct xinetd_entry *entry;
	const struct xinetd_value *values;      /* by enum xinetd_attribute */
	struct service_builder *builder;
	unsigned type, flags;                   /* bits IS_… and FLAG_… */
	enum xinetd_socket socket;
	const char *protocol;                   /* as written, but tcp, udp and sctp in lower case */
	bool v6only;
	bool keeps_options;                   /* an inetd.conf's service gets shared defaults: options it has stay */
	bool has_bad_line;                   /* a line was no attribute: it may have been the one that is missing */
	bool accepts;                           /* wait = no: superd accepts connections or reads the first datagram */
};

/* The value of an attribute; NULL: not set. And its place; that of the entry where it is not set. */
const struct xinetd_value *xinetd_value_of(const struct xinetd_service *service, enum xinetd_attribute attribute);
struct origin xinetd_place(const struct xinetd_service *service, enum xinetd_attribute attribute);

/* Whether one was wrong, in the entry or in the defaults: the service would run without it. */
bool xinetd_any_broken(const struct xinetd_value *values);

/* Whether an attribute is yes. A value that is neither yes nor no is refused. */
bool xinetd_is_yes(struct xinetd_service *service, enum xinetd_attribute attribute);

/* Says that an attribute of the entry itself "means nothing" here, and why. */
void xinetd_say_useless(struct xinetd_service *service, enum xinetd_attribute attribute, enum severity severity,
			const char *why);

/* Sets an option of superd.conf: with the attribute's words, if it is set; with words made of them, or one text. */
void xinetd_set_as_is(struct xinetd_service *service, enum xinetd_attribute attribute);
void xinetd_set_words(struct xinetd_service *service, const char *option, const char *const *list, size_t count,
		      const struct xinetd_value *value);
void xinetd_set_text(struct xinetd_service *service, const char *option, const char *text, struct origin at);

/* false: the attribute is not set; adds the error "SERVICE: ATTRIBUTE is missing". */
bool xinetd_needs(struct xinetd_service *service, enum xinetd_attribute attribute);
