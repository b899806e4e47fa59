/* Answers of processes that may have been taken over: each part has its bounds. */
#include "lib/answer.h"
#include "tests/unit/unit.h"

struct sample {
	bool is_known;
	short small;
	int error;
	int64_t large;
	char text[8];
};

static const struct answer_field fields[] = {
	ANSWER_FLAG(sample, is_known),
	ANSWER_NUMBER(sample, small, -1, 10),
	ANSWER_ERROR(sample, error),
	ANSWER_NUMBER(sample, large, 0, INT64_MAX),
	ANSWER_TEXT(sample, text),
};
static const struct answer_form form = ANSWER_FORM("sample", struct sample, fields);

static const char *flaw_of(const struct sample *sample)
{
	const char *flaw = answer_flaw(&form, sample, sizeof(*sample));

	return flaw ? flaw : "none";
}

Test(answer, takes_what_is_within_all_bounds)
{
	cr_expect_str_eq(flaw_of(&(struct sample){ .small = -1 }), "none");
	cr_expect_str_eq(flaw_of(&(struct sample){ true, 10, 4095, INT64_MAX, "seven77" }), "none");
}

Test(answer, names_what_is_outside_its_bounds)
{
	struct sample sample = { .small = 0 };

	cr_expect_str_eq(flaw_of(&(struct sample){ .small = -2 }), "small");
	cr_expect_str_eq(flaw_of(&(struct sample){ .small = 11 }), "small");
	cr_expect_str_eq(flaw_of(&(struct sample){ .error = -1 }), "error");
	cr_expect_str_eq(flaw_of(&(struct sample){ .error = 4096 }), "error");
	cr_expect_str_eq(flaw_of(&(struct sample){ .large = -1 }), "large");
	memset(&sample.is_known, 2, 1);         /* no bool has this value */
	cr_expect_str_eq(flaw_of(&sample), "is_known");
}

Test(answer, names_a_text_that_does_not_end)
{
	struct sample sample = { .small = 0 };

	memset(sample.text, 'a', sizeof(sample.text));
	cr_expect_str_eq(flaw_of(&sample), "text");
}

Test(answer, has_its_length)
{
	struct answer_form longer = form;
	const struct sample sample = { .small = 0 };

	longer.more = 3;
	cr_expect_str_eq(answer_flaw(&form, &sample, sizeof(sample) - 1), "length");
	cr_expect_str_eq(answer_flaw(&form, &sample, sizeof(sample) + 1), "length");
	cr_expect_str_eq(answer_flaw(&longer, &sample, sizeof(sample) + 4), "length");
	cr_expect_null(answer_flaw(&longer, &sample, sizeof(sample) + 3));
}

Test(answer, faults_are_taken_once_and_in_their_order)
{
	struct answer_fault fault;

	for (pid_t pid = 1; pid < 100; pid++)
		answer_note_fault(&form, "text", pid);
	cr_assert(answer_take_fault(&fault));
	cr_expect_eq(fault.pid, 1);
	cr_expect_str_eq(fault.process, "sample");
	cr_expect_str_eq(fault.flaw, "text");
	cr_assert(answer_take_fault(&fault));
	cr_expect_eq(fault.pid, 2);
	while (answer_take_fault(&fault))
		cr_assert_lt(fault.pid, 100);
}
