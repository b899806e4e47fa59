/* services and servers: lists that superd makes and we send, so that a slow client is none of superd's. */
#pragma once

#include "helper/builtin/builtin.h"

int listing_converse(const struct settings *settings, int connection);

/* Sends a file from its beginning and ends the connection. The exit status. */
int listing_send(int file, int connection);
