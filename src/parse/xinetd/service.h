/* From an entry to a builder: the whole of it, and its parts, each in a source of its own. */
#pragma once

#include <stdbool.h>

#include "parse/xinetd/build.h"

/* Makes a builder of the entry and hands it over; or says why there is none. */
void xinetd_make_service(struct xinetd *xinetd, struct reading *reading, struct xinetd_entry *entry,
			 const struct xinetd_value *defaults);

/* Which sockets it has: socket.c. */
bool xinetd_find_socket(struct xinetd_service *service);        /* socket and protocol; false: refused, and TCP assumed */
void xinetd_set_sockets(struct xinetd_service *service);

/* The admission of clients: access.c. The log: log.c. */
void xinetd_set_access(struct xinetd_service *service);
void xinetd_set_deny_time(struct xinetd_service *service);      /* part of it */
void xinetd_set_log(struct xinetd_service *service);

/* The program, its user and its surroundings: program.c. */
void xinetd_set_program(struct xinetd_service *service);
void xinetd_set_environment(struct xinetd_service *service);

void xinetd_check_mdns(struct xinetd_service *service);
