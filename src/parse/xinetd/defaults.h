/* The defaults of a source: all `defaults` blocks of its files together. */
#pragma once

#include "parse/reading.h"
#include "parse/xinetd/value.h"

/* Fills values[], by enum xinetd_attribute. Reports each mistake once. A wrong value gets is_broken and is not set. */
void xinetd_merge_defaults(struct xinetd *xinetd, struct reading *reading, struct xinetd_value *values);
