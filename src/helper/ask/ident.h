/* Asking the other end's ident server (RFC 1413) whose a connection is. */
#pragma once

#include "helper/ask/ident_reply.h"

/* Asks about the connection fd, for so many seconds at most. Whatever happens, reply says something. */
void ident_ask(int fd, int seconds, struct ident_reply *reply);
