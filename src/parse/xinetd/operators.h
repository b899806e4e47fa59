/* The values of an entry, made of defaults and its own lines with the operators = += and -=. */
#pragma once

#include "parse/xinetd/entry.h"
#include "parse/xinetd/value.h"

/* Fills values[], by enum xinetd_attribute, with those of defaults and then applies the entry's lines. defaults NULL:
 * the entry is the defaults themselves. Mistakes are added to the entry's diagnostics. */
void xinetd_merge(struct xinetd *xinetd, struct xinetd_entry *entry, const struct xinetd_value *defaults,
		  struct xinetd_value *values);
