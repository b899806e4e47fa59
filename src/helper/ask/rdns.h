/* The name of a client's machine, as far as it can be trusted: one that leads back to the client's address. */
#pragma once

#include <stdbool.h>

#define RDNS_NAME_SIZE 256

/* Looks up the peer of fd. false: there is no such name, or it can't be found out. */
bool rdns_find(int fd, char name[RDNS_NAME_SIZE]);
