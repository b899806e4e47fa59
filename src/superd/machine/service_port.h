/* services(5), for xinetd.conf, which names ports. */
#pragma once

/* The port of a service in services(5), looked up anew at each call. 0: it is not there. -1: this machine has no entries in
 * services(5), or memory has run out. */
int services_find_port(const char *name, const char *protocol);
