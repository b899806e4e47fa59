/* Resolves programs without a slash by exec_search_path. */
#pragma once

#include "lib/diag.h"
#include "lib/pool.h"
#include "table/service/service.h"

/* Replaces a program without a slash in exec by its path; argv[0] stays as it was. Adds an error if no folder has
 * it. */
void resolve_program(struct service *service, struct pool *pool, struct diags *diags);
