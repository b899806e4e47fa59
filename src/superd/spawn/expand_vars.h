/* Variables in the words of a command, $NAME and ${NAME}, as in systemd.service(5), "COMMAND LINES". */
#pragma once

#include "lib/buf.h"

/* Returns the words with the variables of this environment replaced, as one block of memory for the caller to free(). A
 * word that is $NAME alone becomes as many words as the value has; ${NAME} stays within its word; $$ is a dollar sign;
 * an unset variable is empty. If nothing is left of all words, argv[0] stays as it is. NULL and errno: ENOMEM, or
 * E2BIG: it is longer than the kernel allows. */
char **argv_expand(char *const *argv, char *const *environment);
