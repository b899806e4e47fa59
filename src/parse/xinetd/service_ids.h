/* Which services of a source there are: what each is called, and whether it is disabled. */
#pragma once

#include "parse/reading.h"
#include "parse/xinetd/value.h"

/* Gives every entry its id, label and state, by the values of defaults; what is odd is added to the entries, and names
 * in enabled and disabled that nobody has to the diagnostics. */
void xinetd_assign_ids(struct xinetd *xinetd, struct reading *reading, const struct xinetd_value *defaults);
