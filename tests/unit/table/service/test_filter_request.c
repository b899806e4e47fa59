/* The channel to superd-filter: a request that is read is the one that was written, and of an answer each count is
 * checked. */
#include "table/service/service.h"
#include "tests/unit/unit.h"

static bool reads(const char *text, struct pool *pool, struct filter_request *out)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", text);
	return filter_request_read(copy, pool, out);
}

Test(filter_request, is_read_as_it_was_written)
{
	const struct filter_request request = {
		.calls = (const char *const[]){ "~@mount:EPERM", "+mount", NULL }, .architectures = 6, .error = -1,
		.personality = 0, .hostname = 1,
	};
	struct pool *pool = pool_new();
	struct filter_request read;
	struct buf text = { 0 }, again = { 0 };

	filter_request_write(&request, &text);
	cr_expect_str_eq(buf_string(&text), " ~@mount:EPERM +mount\n\n 6 -1 0 0 0 0 0 0 0 0 0 0 1\n");
	cr_assert(reads(buf_string(&text), pool, &read));
	filter_request_write(&read, &again);
	cr_expect_str_eq(buf_string(&again), buf_string(&text));
	buf_free(&text);
	buf_free(&again);
	pool_free(pool);
}

Test(filter_request, of_another_form_is_refused)
{
	static const char *const wrong[] = { "", "\n", "\n\n", "\n\n 1 2\n", " read\n\n 6 -1 0 0 0 0 0 0 0 0 0 0 x\n",
					     "\n\n 6 -1 0 0 0 0 0 0 0 0 0 0 1 1\n",
					     "\n\n 6 -1 0 0 0 0 0 0 0 0 0 0 1" };
	struct pool *pool = pool_new();
	struct filter_request read;

	for (size_t n = 0; n < sizeof(wrong) / sizeof(wrong[0]); n++)
		cr_expect_not(reads(wrong[n], pool, &read), "%s", wrong[n]);
	pool_free(pool);
}

/* The flaw of an answer with two words in the request, and this many bytes behind its head. */
static const char *flaw_of(struct filter_answer head, const uint32_t *unknown, size_t length)
{
	static char answer[FILTER_ANSWER_MOST + 64];
	size_t at = sizeof(head) + head.instructions * FILTER_INSTRUCTION;

	memset(answer, 0, sizeof(answer));
	memcpy(answer, &head, sizeof(head));
	for (size_t n = 0; n < head.unknown && n < 2 && at < FILTER_ANSWER_MOST; n++, at += sizeof(*unknown))
		memcpy(answer + at, &unknown[n], sizeof(*unknown));
	return filter_answer_flaw(answer, sizeof(head) + length, 2);
}

Test(filter_request, of_an_answer_each_count_is_checked)
{
	static const uint32_t both[] = { 0, 1 }, twice[] = { 1, 1 }, beyond[] = { 2, 3 };

	cr_expect_null(flaw_of((struct filter_answer){ 0, 1, 2 }, both, 16));
	cr_expect_null(flaw_of((struct filter_answer){ 22, 0, 0 }, both, 0));
	cr_expect_null(flaw_of((struct filter_answer){ 0, FILTER_INSTRUCTIONS_MOST, 0 }, both,
			       FILTER_INSTRUCTIONS_MOST * FILTER_INSTRUCTION));
	cr_expect(flaw_of((struct filter_answer){ 0, 1, 2 }, twice, 16));
	cr_expect(flaw_of((struct filter_answer){ 0, 1, 2 }, beyond, 16));
	cr_expect(flaw_of((struct filter_answer){ 0, 1, 2 }, both, 12));
	cr_expect(flaw_of((struct filter_answer){ 0, 1, 0 }, both, 16));
	cr_expect(flaw_of((struct filter_answer){ 0, 0, 0 }, both, 0));
	cr_expect(flaw_of((struct filter_answer){ 22, 1, 0 }, both, 8));
	cr_expect(flaw_of((struct filter_answer){ 4096, 0, 0 }, both, 0));
	cr_expect(flaw_of((struct filter_answer){ 0, 1 << 29, 0 }, both, 0));
	cr_expect(flaw_of((struct filter_answer){ 0, 1, UINT32_MAX }, both, 4));
	cr_expect(filter_answer_flaw("", 0, 2));
}
