/* A definition in NetBSD's notation KEY = VALUE, see inetd.conf(5) of NetBSD. For netbsd.c and netbsd_apply.c alone. */
#pragma once

#include "read/inetd/entry.h"
#include "table/reading/key.h"

/* In the order of their names, which is that of key_list. */
enum inetd_key {
	KEY_ACCEPT_MAX, KEY_ACCEPTFILTER, KEY_ARGS, KEY_BIND, KEY_EXEC, KEY_GROUP, KEY_IP_MAX, KEY_IPSEC, KEY_PROTOCOL,
	KEY_RECVBUF, KEY_SERVICE_MAX, KEY_SNDBUF, KEY_SOCKTYPE, KEY_USER, KEY_WAIT, KEYS
};

extern const struct key_table inetd_keys;

struct inetd_netbsd {
	struct inetd *inetd;
	struct inetd_entry *entry;
	const struct source_file *source;
	size_t at;                      /* offset of the next token in the source's text */
	struct inetd_line values;       /* of all keys, one behind the other */
	struct {
		bool is_set;              /* the definition has this key */
		struct origin at;
		size_t first, count;    /* its words in `values` */
	} keys[KEYS];
	bool is_unfinished;                      /* the next definition began before the semicolon of this one */
};

/* Makes entries of the keys. false: they are wrong (reported). */
bool inetd_netbsd_apply(struct inetd_netbsd *netbsd, const char *field, struct origin at);
