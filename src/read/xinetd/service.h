/* Makes a builder of an entry. Each part of the work is in a file of its own. */
#pragma once

#include <stdbool.h>

#include "read/xinetd/build.h"

/* Makes a builder of the entry and adds it to the reading. Otherwise the reason is reported. */
void xinetd_make_service(struct xinetd *xinetd, struct reading *reading, struct xinetd_entry *entry,
			 const struct xinetd_value *defaults);

/* socket.c. xinetd_find_socket sets service->socket and ->protocol; false: refused, and both are set to TCP's. */
bool xinetd_find_socket(struct xinetd_service *service);
void xinetd_set_sockets(struct xinetd_service *service);

/* access.c: the allowed clients, and limits. xinetd_set_access calls xinetd_set_deny_time, too. */
void xinetd_set_access(struct xinetd_service *service);
void xinetd_set_deny_time(struct xinetd_service *service);

void xinetd_set_log(struct xinetd_service *service);            /* log.c */

/* program.c. xinetd_set_environment also sets user and limits. */
void xinetd_set_program(struct xinetd_service *service);
void xinetd_set_environment(struct xinetd_service *service);

void xinetd_check_mdns(struct xinetd_service *service);
