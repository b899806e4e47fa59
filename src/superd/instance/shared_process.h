/* A process that serves several clients of a service: a superd-builtin to which superd passes each accepted client.
 * Each client is an instance without a process of its own: it is counted, limited, listed and logged as any other, its
 * signals go to the process, and it ends by the process's report or with the process. superd/service/shared_clients
 * starts and feeds the process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/list.h"
#include "os/cgroup/resource_usage.h"
#include "superd/loop/child_table.h"
#include "superd/loop/fd_watch.h"

#define SHARED_MOST 256                 /* clients of a process, half of that if it asks: what one crash ends */

/* What the clients of a program ask superd through it (superd/service/builtin_channel): nothing, for a program that only
 * reports their ends; the service of a name; superd's health; a list. */
enum builtin_question { ASKS_NOTHING, ASKS_MUX, ASKS_HEALTH, ASKS_SERVERS, ASKS_SERVICES };

struct shared_process {
	struct list link;               /* in its kit's shared, while it gets clients */
	struct list all;                /* in engine->instances->shared */
	struct engine *engine;
	struct child child;             /* pid 0: it does not run yet, or has ended */
	int channel;                    /* superd's end; -1: none */
	struct watch watch;             /* of the channel */
	struct alarm idle;              /* while it has no client, and until its end */
	double heard;                   /* time when it was known to read its channel */
	double looked_up;               /* time when it has looked up its target's name; 0: there is none */
	bool failed;                    /* a client did not reach that target */
	size_t repeats;                 /* questions and reports that it may have for clients that superd has forgotten, or given twice */
	enum builtin_question asks;     /* of the program that was started; a reload may have changed the service since */
	size_t count;
	struct shared_client {
		uint64_t socket;        /* socket_id of its connection, by which both sides name it */
		struct instance *instance;
		bool has_asked;         /* its only question */
	} clients[SHARED_MOST];
};

/* The process of this pid, of engine->instances->shared; NULL: there is none. */
struct shared_process *shared_process_find(const struct list *shared, pid_t pid);

/* The share of one of its clients in its memory and processor time. */
struct resource_usage shared_process_usage(const struct shared_process *process);

/* Whether it serves the client with this socket_id. */
bool shared_process_serves(const struct shared_process *process, uint64_t socket);
