/* libFuzzer's entry, which each fuzzer has and the replay calls, and what a fuzzer claims of the code whatever the
 * bytes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void require(bool claim)
{
	if (!claim)
		abort();
}
