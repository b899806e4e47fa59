/* Tables of superd.conf from any bytes. */

#include "fuzzer.h"
#include "mutator.h"
#include "round_trip.h"
#include "table/reading/reading.h"

const enum language mutator_language = LANGUAGE_SUPERD;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct round_trip way = { .reader = &reader_superd, .read = superd_read_source };

	round_trip_text(&way, (const char *)data, size);
	return 0;
}
