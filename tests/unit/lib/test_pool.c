/* The pool: sharing, alignment, sizes, and what it costs. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

static bool is_zero(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return false;
	return true;
}

Test(pool, gives_zeroed_aligned_memory_of_any_size)
{
	static const size_t sizes[] = { 1, 3, 8, 100, 4096, 20000, 65536, 70000, 3 << 20, 0, 5 };
	struct pool *pool = pool_new();

	for (int round = 0; round < 50; round++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			char *memory = pool_alloc(pool, sizes[i]);

			cr_assert_not_null(memory);
			cr_assert_eq((uintptr_t)memory % _Alignof(max_align_t), 0);
			cr_assert(is_zero(memory, sizes[i]));
			memset(memory, 0xa5, sizes[i]);
		}
	pool_free(pool);
	pool_free(NULL);
}

Test(pool, refuses_a_size_that_cannot_be)
{
	struct pool *pool = pool_new();

	cr_assert_null(pool_alloc(pool, SIZE_MAX));
	cr_assert_null(pool_alloc(pool, SIZE_MAX / 2));
	cr_assert_not_null(pool_alloc(pool, 1));
	pool_free(pool);
}

Test(pool, keeps_equal_bytes_once)
{
	struct pool *pool = pool_new();
	uint64_t a[3] = { 1, 2, 3 }, b[3] = { 1, 2, 3 }, c[3] = { 1, 2, 4 };
	const void *kept = pool_keep(pool, a, sizeof(a));

	cr_assert_not_null(kept);
	cr_assert_neq(kept, a);
	cr_assert_eq((uintptr_t)kept % 8, 0);
	cr_assert_eq(pool_keep(pool, b, sizeof(b)), kept);
	cr_assert_neq(pool_keep(pool, c, sizeof(c)), kept);
	cr_assert_neq(pool_keep(pool, a, sizeof(a) - 8), kept);
	pool_free(pool);
}

Test(pool, aligns_bytes_that_were_kept_as_text_before)
{
	struct pool *pool = pool_new();

	pool_text(pool, "x");
	for (int i = 0; i < 9; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%08d", i);
		pool_text(pool, text);
		cr_assert_eq((uintptr_t)pool_keep(pool, text, 8) % 8, 0);
	}
	pool_free(pool);
}

Test(pool, keeps_equal_texts_once)
{
	struct pool *pool = pool_new();
	const char *text = pool_text(pool, "superd");

	cr_assert_str_eq(text, "superd");
	cr_assert_eq(pool_text_n(pool, "superd.conf", 6), text);
	cr_assert_eq(pool_textf(pool, "%s%c", "super", 'd'), text);
	cr_assert_neq(pool_text(pool, "superd "), text);
	cr_assert_null(pool_text(pool, NULL));
	cr_assert_str_eq(pool_text(pool, ""), "");
	cr_assert_str_eq(text, "superd");
	pool_free(pool);
}

Test(pool, keeps_equal_lists_once)
{
	struct pool *pool = pool_new();
	char nginx[] = "nginx";
	const char *a[] = { "/usr/sbin/nginx", "-g", "" }, *b[] = { "/usr/sbin/nginx", "-g", "" }, *c[] = { nginx };
	const char *const *kept = pool_list(pool, a, 3);

	cr_assert_not_null(kept);
	cr_assert_str_eq(kept[0], "/usr/sbin/nginx");
	cr_assert_str_eq(kept[2], "");
	cr_assert_null(kept[3]);
	cr_assert_eq(pool_list(pool, b, 3), kept);
	cr_assert_neq(pool_list(pool, b, 2), kept);
	cr_assert_null(pool_list(pool, NULL, 0)[0]);
	kept = pool_list(pool, c, 1);
	nginx[0] = 'x';
	cr_assert_str_eq(kept[0], "nginx");
	pool_free(pool);
}

Test(pool, finds_every_value_again_after_growing)
{
	enum { VALUES = 20000 };
	static const char *kept[VALUES];
	struct pool *pool = pool_new();

	for (int i = 0; i < VALUES; i++)
		kept[i] = pool_textf(pool, "value %d", i);
	for (int i = 0; i < VALUES; i++) {
		char text[32];

		snprintf(text, sizeof(text), "value %d", i);
		cr_assert_str_eq(kept[i], text);
		cr_assert_eq(pool_text(pool, text), kept[i]);
	}
	pool_free(pool);
}

Test(pool, costs_nothing_for_what_it_has)
{
	char group[300] = "options";
	struct pool *pool = pool_new();
	size_t used;

	pool_keep(pool, group, sizeof(group));
	pool_text(pool, "nobody");
	used = pool_used(pool);
	cr_assert_leq(used, 300 + 7);
	for (int i = 0; i < 10000; i++) {
		pool_keep(pool, group, sizeof(group));
		pool_text(pool, "nobody");
	}
	cr_assert_eq(pool_used(pool), used);
	pool_free(pool);
}

Test(pool, stops_sharing_when_sealed_and_goes_on)
{
	struct pool *pool = pool_new();
	const char *before = pool_text(pool, "before");
	const char *after;

	pool_seal(pool);
	cr_assert_str_eq(before, "before");
	after = pool_text(pool, "before");
	cr_assert_str_eq(after, "before");
	cr_assert_neq(after, before);
	cr_assert_not_null(pool_keep(pool, "bytes", 5));
	pool_seal(pool);
	pool_free(pool);
}
