/* What is claimed of superd, point by point, and the tests that prove it: a list that can't go out of date
 * unnoticed. */
#pragma once

#include <stddef.h>

enum { CLAIM_TESTS = 4 };

struct endpoint_claim {
	const char *what;
	const char *tests[CLAIM_TESTS]; /* "SUITE, NAME", as it is written in its source; a case: "read/LANGUAGE/NAME" */
};

/* Where superd's sources are. */
const char *source_folder(void);

/* Fails for each that has no test, or names one that is in no source. */
void claims_expect(const struct endpoint_claim *claims, size_t count);
