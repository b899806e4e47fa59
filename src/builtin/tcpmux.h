/* The first line of a tcpmux connection (RFC 1078): the name of a service. */
#pragma once

#include "builtin/talk.h"

#define MUX_NAME_MOST 256               /* bytes of a name */

/* Reads of the line what is there, and no byte behind it: those belong to the service. The line ends with LF, CR, CR
 * LF or NUL. ALL: `line` is the name. WRONG: it is no name, is too long, or ended early. PART: more may come; with a
 * CR at its end, only the LF. */
enum heard tcpmux_read(int connection, struct buf *line);

/* The LF behind a CR does not come. */
enum heard tcpmux_end_line(struct buf *line);
