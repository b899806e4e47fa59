/* The ids of a source's services, their unique labels, and whether they are disabled. */
#pragma once

#include "parse/reading.h"
#include "parse/xinetd/value.h"

/* Sets id, label, is_doubtful and is_disabled of every entry. defaults: for `enabled` and `disabled`. Shared ids are
 * reported with the entries; ids in `enabled` and `disabled` that no service has are added to reading->diags. */
void xinetd_assign_ids(struct xinetd *xinetd, struct reading *reading, const struct xinetd_value *defaults);
