/* Variables in the words of a command, as systemd.service(5) has them: $NAME and ${NAME}. */
#pragma once

#include "base/buf.h"

/* The words with the variables of this environment in place; one block of memory, for free(). A word that is $NAME alone
 * becomes as many words as the value has, ${NAME} stays within its word, $$ is a dollar sign; who is not set is empty.
 * argv[0] is never lost: where nothing comes of all words, it stays as it is. NULL and errno: ENOMEM, or E2BIG where it
 * becomes more than the kernel takes. */
char **argv_expand(char *const *argv, char *const *environment);
