/* The environment and the arguments of one start: its own variables in front of the plan's, and the plan's words with
 * variables replaced. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "superd/start/spawn.h"

#define SPAWN_ENVIRONMENT 48 /* variables that fit without further memory */

/* The texts that a job's environment points to; they outlive the job. */
struct spawn_env {
	char fds[sizeof("LISTEN_FDS=") + 12];
	char address[sizeof("REMOTE_ADDR=") + 120];
	char host[sizeof("REMOTE_HOST=") + 120];
	char port[sizeof("REMOTE_PORT=") + DECIMAL_DIGITS];
	char cookie[sizeof("SO_COOKIE=") + 24];
	char local_ip[sizeof("TCPLOCALIP=") + 120], local_port[sizeof("TCPLOCALPORT=") + 12];
	char remote_ip[sizeof("TCPREMOTEIP=") + 120], remote_port[sizeof("TCPREMOTEPORT=") + 12];
	char invocation[sizeof("INVOCATION_ID=") + INVOCATION_ID];
	char watchdog[sizeof("WATCHDOG_USEC=") + 24];
	char store[sizeof("FDSTORE=") + 12];
	char *small[SPAWN_ENVIRONMENT];
	char **environment, **argv; /* owned unless they are `small` or the plan's */
};

/* Fills in environment and argv of the job. false and errno. */
bool spawn_env_make(struct spawn_env *texts, struct job *job, const struct spawn_request *request);
void spawn_env_free(struct spawn_env *texts, const struct job *job);

/* Variables in the words of a command, $NAME and ${NAME}, as in systemd.service(5), "COMMAND LINES".
 *
 * Returns the words with the variables of this environment replaced, as one block of memory for the caller to free(). A
 * word that is $NAME alone becomes as many words as the value has; ${NAME} stays within its word; $$ is a dollar sign;
 * an unset variable is empty. If nothing is left of all words, argv[0] stays as it is. NULL and errno: ENOMEM, or
 * E2BIG: it is longer than the kernel allows. */
char **argv_expand(char *const *argv, char *const *environment);
