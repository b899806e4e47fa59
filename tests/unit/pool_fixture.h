/* A pool for each test of a suite: .init = open_pool, .fini = close_pool. */
#pragma once

#include "lib/lib.h"
#include "tests/unit/unit.h"

static struct pool *pool;

static inline void open_pool(void)
{
	pool = pool_new();
	cr_assert_not_null(pool);
}

static inline void close_pool(void)
{
	pool_free(pool);
}
