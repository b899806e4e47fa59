/* Programs that a table names without a slash, looked for in exec_search_path. */
#pragma once

#include "base/diag.h"
#include "base/pool.h"
#include "config/service/service.h"

/* Has the row name its program whole, where exec names it without a slash; argv[0] stays as it was. An error at exec:
 * it is in none of the folders. */
void resolve_program(struct service *service, struct pool *pool, struct diags *diags);
