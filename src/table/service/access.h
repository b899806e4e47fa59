/* Address rules: only_from and no_access. Words are checked when the option is read, and compiled when the table is
 * complete, so that the cost of a client hardly depends on the number of networks.
 *
 * The forms are those of xinetd.conf(5): a.b.c.d, where zeros at the end match anything (0.0.0.0 is all of IPv4),
 * a.b.c.{1,2,3}, ADDRESS/BITS for both families, a plain IPv6 address (:: alone matches nothing), a name of
 * networks(5), the name of a host (localhost is its two addresses), .domain; and `none`, which matches nothing. An
 * IPv4-mapped address is an IPv4 address, and a wider network of IPv6, such as ::/0, matches no client of IPv4. If both
 * lists match, the client is denied: so does xinetd, in spite of its manual. A name never matches a client without a name. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/pool.h"
#include "table/service/service.h"

#define ACCESS_FACTORS 256              /* most numbers in braces: the values of an octet */

struct access;

enum access_verdict {
	ACCESS_PERMITTED,
	ACCESS_DENIED,
	ACCESS_BY_NAME                  /* the client's name decides: look it up, then call access_judge_name */
};

struct network {
	unsigned char address[16];      /* IPv4 as ::ffff:a.b.c.d; 0 behind the prefix */
	unsigned bits;                  /* length of the prefix, 0 to 128 */
};

/* Reads ADDRESS or ADDRESS/BITS, in numbers. false: it is neither. */
bool network_read(const char *word, struct network *network);

/* Returns NULL, or why this word has none of the forms. */
const char *access_refuse_word(const char *word);

/* Whether a word may name a network of networks(5) or a host: it is neither a number nor a .domain. */
bool access_is_name(const char *word);

/* Compiles both lists of a row, in the pool. `find` looks up a name of networks(5); false: it is a host's name. Returns
 * NULL if both lists are NULL, which permits all clients, or if memory runs out. */
const struct access *access_compile(words only_from, words no_access,
				    bool (*find)(void *context, const char *name, struct network *network),
				    void *context, struct pool *pool);

/* Checks an address, 16 bytes as in struct network. NULL: the client has no address; only_from denies it. access NULL:
 * ACCESS_PERMITTED. */
enum access_verdict access_judge(const struct access *access, const unsigned char address[16]);

/* Whether the rules permit an address, 4 bytes of AF_INET or 16 of AF_INET6, without its name. access NULL: no. */
bool access_lists(const struct access *access, int family, const void *address);

/* Decides after ACCESS_BY_NAME. name: a name of the address that resolves back to it, case-insensitive; NULL: none. */
enum access_verdict access_judge_name(const struct access *access, const unsigned char address[16], const char *name);

/* Whether the rules have names of hosts or domains, which a filter in the kernel cannot check. */
bool access_has_names(const struct access *access);

/* The compiled networks for os/host/bpf, permits or denials: sorted, none inside another, borrowed. NULL for
 * permits: all clients. */
const struct network *access_networks(const struct access *access, bool denials, size_t *count);
