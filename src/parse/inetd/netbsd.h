/* A definition in NetBSD's key = value notation, cut into keys and values, and what they mean. For inetd_keyed*.c
 * alone. */
#pragma once

#include "parse/inetd/entry.h"

enum inetd_key {
	KEY_BIND, KEY_SOCKTYPE, KEY_ACCEPTFILTER, KEY_PROTOCOL, KEY_SNDBUF, KEY_RECVBUF, KEY_WAIT, KEY_SERVICE_MAX,
	KEY_IP_MAX, KEY_ACCEPT_MAX, KEY_USER, KEY_GROUP, KEY_EXEC, KEY_ARGS, KEY_IPSEC, KEYS
};

extern const char *const inetd_key_names[KEYS];

struct inetd_netbsd {
	struct inetd *inetd;
	struct inetd_entry *entry;
	const struct source_file *source;
	size_t at;
	struct inetd_line values;       /* of all keys, one behind the other */
	struct {
		bool said;
		struct origin at;
		size_t first, count;    /* of values */
	} keys[KEYS];
	bool torn;                      /* the next definition began before this one ended */
};

/* Joins the values to entries. false after saying what is wrong. */
bool inetd_netbsd_apply(struct inetd_netbsd *netbsd, const char *field, struct origin at);
