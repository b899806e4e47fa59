/* Tables of xinetd.conf from any bytes, in both meanings: that of superd for texts of an even length, xinetd's own for
 * the others. */

#include "fuzzer.h"
#include "mutator.h"
#include "read/xinetd/xinetd.h"
#include "round_trip.h"

const enum language mutator_language = LANGUAGE_XINETD;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct round_trip way = {
		.reader = &reader_xinetd,
		.read = xinetd_read_source,
		.compat = size % 2 ? COMPAT_XINETD : COMPAT_NONE,
	};

	round_trip_text(&way, (const char *)data, size);
	return 0;
}
