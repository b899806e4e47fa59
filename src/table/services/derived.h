/* Defaults that depend on other options of the row. Whoever makes a row asks here, and so does who prints it: what a row would
 * have anyway is not printed. */
#pragma once

#include "table/option/option_table.h"

/* The value of pass. */
unsigned derived_pass(const struct exec_options *exec);

/* Whether pass_packet_info is yes, whatever the defaults say. */
bool derived_packet_info(const struct exec_options *exec);

/* Whether `optional` is yes for this socket, if nothing sets it. The row has all its sockets. */
bool derived_optional(const struct service *row, const struct listen *listen);

/* The value of `error`: of the defaults if they set it (`fallback`), else that of `output` if something sets that, else `fallback`,
 * which is superd's own. */
const struct stream *derived_error(const struct stream *output, bool sets_output, bool defaults_set_error,
				   const struct stream *fallback);

/* Whether the table's defaults can rule this option of the row. Where it has no effect, its default is superd's own. */
bool derived_takes_default(const struct exec_options *exec, const struct directive *directive);

bool directive_is_field(const struct directive *directive, enum option_group group, size_t offset);
