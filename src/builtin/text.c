/* The texts of the small services.
 *
 * xinetd's daytime and chargen differ from those of other inetds; xinetd_text selects them. time sends four bytes in
 * network order (RFC 868), whatever the size of time_t. */
#include "builtin/text.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define SINCE_1900 2208988800u          /* seconds from 1900 to 1970 */

size_t chargen_fill(char turn[CHARGEN_TURN], bool xinetd_text)
{
	char first = xinetd_text ? '!' : ' ', last = xinetd_text ? '}' : '~';
	size_t count = (size_t)(last - first) + 1;

	for (size_t line = 0; line < count; line++) {
		char *at = turn + line * CHARGEN_LINE;

		for (size_t column = 0; column < 72; column++)
			at[column] = (char)(first + (char)((line + column) % count));
		at[72] = '\r';
		at[73] = '\n';
	}
	return count * CHARGEN_LINE;
}

size_t daytime_text(time_t now, bool xinetd_text, char *out, size_t size)
{
	struct tm local;
	size_t length;

	if (!localtime_r(&now, &local))
		return 0;
	if (!xinetd_text)
		return strftime(out, size, "%a %b %e %H:%M:%S %Y\r\n", &local);
	length = strftime(out, size, "%d %b %Y %H:%M:%S %Z\r\n", &local);
	for (size_t n = 3; n < 6 && n < length; n++)
		out[n] = (char)toupper((unsigned char)out[n]);
	return length;
}

void time_bytes(time_t now, unsigned char out[4])
{
	uint32_t seconds = (uint32_t)((uint64_t)now + SINCE_1900);

	for (int n = 0; n < 4; n++)
		out[n] = (unsigned char)(seconds >> (24 - 8 * n));
}
