/* The receiving end of socket activation, small enough to carry along: no library is needed for it. */
#pragma once

enum { LISTEN_FDS_FIRST = 3 };

/* How many sockets were passed to this very process, from LISTEN_FDS_FIRST on: 0 when it was started by hand; -1 when
 * the environment is malformed, with errno EINVAL for what is no number and EBADF for a socket that isn't open. They
 * are close-on-exec afterwards and the variables are gone, so that no child takes them for its own. */
int listen_fds(void);
