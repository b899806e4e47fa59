/* What superd-rpc is told to do, as its command line has it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RPC_VERSIONS_MOST 100           /* most of them at once */

enum transport { TRANSPORT_TCP, TRANSPORT_UDP, TRANSPORT_TCP6, TRANSPORT_UDP6, TRANSPORTS };

extern const char *const transport_names[TRANSPORTS];  /* netconfig(5)'s: "tcp", "udp", "tcp6", "udp6" */

struct rpc_request {
	bool set;                       /* false: unset */
	uint32_t program, lowest, highest;
	bool transports[TRANSPORTS];
	uint16_t port;
};

/* Reads "set|unset PROGRAM/LOWEST[-HIGHEST] TRANSPORT[,TRANSPORT] PORT". NULL, or what is wrong and would be right. */
const char *rpc_argv_read(const char *const *words, int count, struct rpc_request *request);
