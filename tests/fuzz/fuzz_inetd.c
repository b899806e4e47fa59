/* Tables of inetd.conf from any bytes, in the dialect the first byte chooses. */

#include "fuzzer.h"
#include "mutator.h"
#include "read/inetd/inetd.h"
#include "round_trip.h"

const enum language mutator_language = LANGUAGE_INETD;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct round_trip way = { .reader = &reader_inetd, .read = inetd_read_source };

	if (!size)
		return 0;
	way.compat = (enum compat)(data[0] % COMPATS);
	round_trip_text(&way, (const char *)data + 1, size - 1);
	return 0;
}
