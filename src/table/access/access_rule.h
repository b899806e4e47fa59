/* A parsed word of an address rule. For access*.c alone. */
#pragma once

#include "table/access/access.h"

#define ACCESS_FACTORS 256              /* most numbers in braces: the values of an octet */

enum access_form { ACCESS_NETWORKS, ACCESS_NAME, ACCESS_DOMAIN };

struct access_rule {
	enum access_form form;
	size_t count;                   /* of networks; 0 with ACCESS_NETWORKS: the word matches no client */
	struct network networks[ACCESS_FACTORS];
};

/* Returns NULL, or why the word has none of the forms. */
const char *access_rule_read(const char *word, struct access_rule *out);

/* Sets the bits behind the network's prefix to zero. */
void network_mask(struct network *network);
