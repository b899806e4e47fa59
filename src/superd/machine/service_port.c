/* Asks services(5), by nss(5). */
#include "superd/machine/service_port.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdint.h>

#include "lib/library_memory.h"
#include "lib/wait_note.h"

int services_find_port(const char *name, const char *protocol)
{
	struct servent entry, *found = NULL;
	const struct servent *any = NULL;
	char buffer[4096];

	if (!library_has_memory(NSS_MEMORY))
		return -1;
	wait_note_begin("NSS: the port", name);
	if (getservbyname_r(name, protocol, &entry, buffer, sizeof(buffer), &found) != 0 || !found) {
		setservent(0);
		any = getservent();
		endservent();
	}
	wait_note_end();
	if (found)
		return ntohs((uint16_t)found->s_port);
	return any ? 0 : -1;
}
