/* All readers, for superd-read, and for the tests of each. */
#include "parse/readers/readers.h"

#include "parse/inetd/inetd.h"
#include "parse/launchd/launchd.h"
#include "parse/systemd/systemd.h"
#include "parse/xinetd/xinetd.h"

const struct reader *const foreign_readers[FOREIGN_FORMATS] = {
	&reader_systemd, &reader_xinetd, &reader_inetd, &reader_launchd,
};
