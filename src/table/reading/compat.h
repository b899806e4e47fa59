/* The inetd implementations whose tables superd reads. They read some lines differently; --compat selects one
 * of them. */
#pragma once

#include <stddef.h>

enum compat { COMPAT_NONE, COMPAT_OPENBSD, COMPAT_FREEBSD, COMPAT_NETBSD, COMPAT_GNU, COMPAT_BUSYBOX, COMPAT_XINETD, COMPATS };

extern const char *const compat_names[COMPATS + 1];     /* "" , "openbsd", …, NULL */

enum compat compat_find(const char *name, size_t length);       /* COMPAT_NONE: no implementation has that name */
