/* The command line of superd-rpc: which RPC program to register or withdraw. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RPC_VERSIONS_MOST 100           /* versions of one request */

enum transport { TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_TCP6, TRANSPORT_UDP6, TRANSPORTS };

extern const char *const transport_names[TRANSPORTS];  /* network ids of netconfig(5): "tcp", "udp", "tcp6", "udp6" */

struct rpc_request {
	bool set;                       /* true: register; false: withdraw */
	uint32_t program;               /* RPC program number */
	uint32_t lowest, highest;       /* range of versions, both included */
	bool transports[TRANSPORTS];    /* whether the request is about this transport */
	uint16_t port;                  /* in host byte order */
};

/* Reads "set|unset PROGRAM/LOWEST[-HIGHEST] TRANSPORT[,TRANSPORT] PORT". Returns NULL, or a sentence with the right
 * form of the word that is wrong. */
const char *rpc_argv_read(const char *const *words, int count, struct rpc_request *request);
