/* All readers, for superd-read, and for the tests of each. */
#include "read/client/client.h"

#include "read/inetd/inetd.h"
#include "read/launchd/launchd.h"
#include "read/systemd/systemd.h"
#include "read/xinetd/xinetd.h"

const struct reader *const foreign_readers[FOREIGN_FORMATS] = {
	&reader_systemd, &reader_xinetd, &reader_inetd, &reader_launchd,
};
