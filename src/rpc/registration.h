/* Registers RPC programs at rpcbind(8), and withdraws them. */
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

/* REFUSED: rpcbind refuses this user. Over its unix socket any user may register a free mapping and withdraw his own;
 * only root may remove a mapping of another user. */
enum registration_result { REGISTRATION_DONE = 0, REGISTRATION_FAILED = 1, REGISTRATION_REFUSED = 3 }; /* exit statuses */

/* Registers or withdraws every version on every transport of the request. It prints to stderr what failed, and which
 * mappings it took over from another program. */
enum registration_result registration_apply(const struct rpc_request *request);
