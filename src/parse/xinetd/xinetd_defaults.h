/* The defaults of a source: all its `defaults` as one. */
#pragma once

#include "parse/reading.h"
#include "parse/xinetd/xinetd_value.h"

/* Their values, by enum xinetd_attribute. Each mistake in them is said, once; what is wrong is not set but broken. */
void xinetd_settle_defaults(struct xinetd *xinetd, struct reading *reading, struct xinetd_value *values);
