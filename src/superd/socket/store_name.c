/* A name is what a person reads, too: the endpoint as in the table, with what a name must not have replaced. */
#include "superd/socket/store_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "superd/loop/engine.h"

#define NUMBER_ROOM 12                  /* bytes for "~2", which tells two of one name apart */
#define HASH_LENGTH 17                  /* bytes of "~" and a hash */

/* A colon separates names in LISTEN_FDNAMES. A tilde is followed by a number. */
static char legal_char(char c)
{
	if (c == ':')
		return ',';
	return c <= ' ' || c > '~' ? '_' : c == '~' ? '-' : c;
}

void store_name_make(const char *service, const struct endpoint *endpoint, char name[STORE_NAME_MOST + 1])
{
	const size_t most = STORE_NAME_MOST - NUMBER_ROOM;
	struct buf text = { 0 };
	size_t length;

	buf_addf(&text, STORED_PREFIX "%s/", service);
	endpoint_format(endpoint, &text);
	length = snprintf(name, most + 1, "%s", buf_string(&text)) < 0 ? 0 : strlen(name);
	for (size_t n = 0; n < length; n++)
		name[n] = legal_char(name[n]);
	if (text.length > most)
		snprintf(name + most - HASH_LENGTH, HASH_LENGTH + 1, "-%016" PRIx64,
			 hash_bytes(HASH_START, text.data, text.length));
	buf_free(&text);
}

bool store_name_is(const char *name, const char *made)
{
	size_t length = strlen(made);

	return !strncmp(name, made, length) && (!name[length] || name[length] == '~');
}
