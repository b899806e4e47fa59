/* lib/hash: accounts and the state of an upgrade depend on its values. */
#include "lib/lib.h"
#include "tests/unit/unit.h"

/* The vectors of RFC 9923. */
Test(hash, is_fnv_1a)
{
	cr_expect_eq(hash_bytes(HASH_START, "", 0), UINT64_C(0xcbf29ce484222325));
	cr_expect_eq(hash_bytes(HASH_START, "a", 1), UINT64_C(0xaf63dc4c8601ec8c));
	cr_expect_eq(hash_bytes(HASH_START, "foobar", 6), UINT64_C(0x85944171f73967e8));
	cr_expect_eq(hash_text_32(""), 0x811c9dc5);
	cr_expect_eq(hash_text_32("a"), 0xe40c292c);
	cr_expect_eq(hash_text_32("foobar"), 0xbf9cf968);
}

Test(hash, of_two_texts_it_counts_where_the_first_ends)
{
	cr_expect_neq(hash_text(hash_text(HASH_START, "ab"), "c"), hash_text(hash_text(HASH_START, "a"), "bc"));
}
