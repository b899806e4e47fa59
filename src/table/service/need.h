/* What a service needs: other services that run with it, in the options of the service (`requires`, `wants`) and of its
 * sockets (`socket_requires`, `socket_wants`). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct listen;
struct service;

enum need_order {
	NEED_BEFORE,                    /* what needs it waits until it is ready */
	NEED_BESIDE,                    /* it starts at the same time, and nothing waits */
};

struct need {
	const char *name;               /* of the service that is needed */
	const char *option;             /* which names it */
	const struct listen *socket;    /* that needs it; NULL: the service itself does */
	bool required;
	enum need_order order;
};

/* Sets *need to a need of the service by its number. Those of the service itself come first, and of these the required
 * ones. A service may be in several of them. false: there are no more. */
bool service_need(const struct service *service, size_t number, struct need *need);
