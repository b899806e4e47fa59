/* The forms of an address rule taken apart. For access*.c alone. */
#pragma once

#include "config/access/access.h"

#define ACCESS_FACTORS 256              /* an octet has no more values */

enum access_form { ACCESS_NETWORKS, ACCESS_NAME, ACCESS_DOMAIN };

/* The meaning of a word. count 0 of ACCESS_NETWORKS: the word matches no client. */
struct access_rule {
	enum access_form form;
	size_t count;
	struct network networks[ACCESS_FACTORS];
};

/* NULL, or why it is no address form. */
const char *access_rule_read(const char *word, struct access_rule *out);

/* Makes the bits behind the network's length zero. */
void network_mask(struct network *network);
