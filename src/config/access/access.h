/* only_from and no_access: address rules. Words are judged when an option is read, and compiled once per row when the
 * table is complete, so that a client costs the same however many networks there are.
 *
 * The forms are those of xinetd.conf(5): a.b.c.d with zeros at the end standing for anything (0.0.0.0 is everybody of
 * IPv4), a.b.c.{1,2,3}, address/bits for both families, a plain IPv6 address (:: alone matches nothing), a name of
 * networks(5), the name of a host (localhost stands for its two addresses), .domain; and `none`, which matches nobody.
 * An IPv4-mapped peer is an IPv4 one. Where both lists match, the client is denied, as xinetd does whatever its manual
 * says. A client without a name is neither let in nor kept out by one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "config/service/service.h"

struct access;

enum access_verdict {
	ACCESS_PERMITTED,
	ACCESS_DENIED,
	ACCESS_BY_NAME                  /* the client's name decides: ask for it */
};

/* A network: its address as 16 bytes, IPv4 mapped, and its length in bits. */
struct network {
	unsigned char address[16];
	unsigned bits;
};

/* Why this word is no address form; NULL when it is one. A name that is neither is taken for a host's. */
const char *access_refuse_word(const char *word);

/* Whether a word may name a network of networks(5), or a host: it is neither number nor .domain. */
bool access_is_name(const char *word);

/* Compiles both lists of a row. `find` gives the network of a name of networks(5), or false: then it is a host's
 * name. NULL: out of memory; both lists NULL also give NULL, which is for everybody. In the pool. */
const struct access *access_compile(words only_from, words no_access,
				    bool (*find)(void *context, const char *name, struct network *network), void *context,
				    struct pool *pool);

/* By number: 16 bytes as client_source has them, uncut; NULL: the client has no address, which only_from never lets in.
 * access NULL: PERMITTED. */
enum access_verdict access_judge(const struct access *access, const unsigned char address[16]);

/* Whether an address as the kernel's lists have it, 4 bytes of AF_INET or 16 of AF_INET6, is let in by number alone.
 * access NULL: no. */
bool access_lists(const struct access *access, int family, const void *address);

/* After ACCESS_BY_NAME, with the name that was found for the address and leads back to it; NULL: there is none. In any
 * case of letters. */
enum access_verdict access_judge_name(const struct access *access, const unsigned char address[16], const char *name);

/* Whether names of hosts or domains are in it: a kernel's filter cannot know those. */
bool access_has_names(const struct access *access);

/* The compiled networks for os/bpf/socket_filter: permits or denials, sorted, none inside another. NULL for permits:
 * everybody. */
const struct network *access_networks(const struct access *access, bool denials, size_t *count);
