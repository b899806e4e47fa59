/* What superd's answer to version has about superd as a whole, for the last lines of status, too. */
#pragma once

#include <jansson.h>

#include "lib/buf.h"

void version_add_refused(struct buf *out, const json_t *version);       /* why the last reload was refused, if it was */
