/* Sends the changes of superd's stored listeners to s6-fdholderd of s6. */
#pragma once

#include "engine/listener/stored.h"

/* Sets store->s6. false: a program of s6 is missing, which was logged. */
bool store_s6_begin(struct socket_store *store);
void store_s6_work(struct socket_store *store);         /* starts a program for the next entry, unless one runs */
bool store_s6_is_busy(const struct socket_store *store);        /* false, too, for another kind of store */
void store_s6_set_aside(struct socket_store *store);    /* kills the program; its work is done again */
void store_s6_free(struct socket_store *store);
