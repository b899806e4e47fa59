/* The defaults of a source: all its `defaults` as one. */
#pragma once

#include "parse/reading.h"
#include "parse/xinetd/value.h"

/* Fills their values, by enum xinetd_attribute. Reports each mistake once; a wrong value is not set but broken. */
void xinetd_merge_defaults(struct xinetd *xinetd, struct reading *reading, struct xinetd_value *values);
