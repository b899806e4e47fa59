/* The values of an entry: its own lines over those of defaults, by = += and -=. */
#pragma once

#include "parse/xinetd/entry.h"
#include "parse/xinetd/value.h"

/* Lays an entry over the values of defaults into `values`, by enum xinetd_attribute; defaults NULL: the entry is the
 * defaults. What is wrong is added to the entry. */
void xinetd_merge(struct xinetd *xinetd, struct xinetd_entry *entry, const struct xinetd_value *defaults,
		  struct xinetd_value *values);
