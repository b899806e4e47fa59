/* A row as JSON, by the table of options: every option that differs from its default, and always accept, pass, exec,
 * user and disable. `bases` are superd's own defaults (table_bases); NULL: the row
 * has none of another value. */
#pragma once

#include "lib/buf.h"
#include "table/option/option_table.h"

/* Adds the members of an object, without its braces: "listen", then the options. */
void service_json_options(const struct service *row, const void *const *bases, struct buf *out);
