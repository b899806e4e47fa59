/* Functions that all fields need: diagnostics, copies of text, places. */
#include "read/inetd/entry.h"

void inetd_note(struct inetd *inetd, unsigned which, struct origin at, const char *text)
{
	if (inetd->reading->compat != COMPAT_NONE || (inetd->noted & which))
		return;
	inetd->noted |= which;
	diag_note(inetd->reading->diags, at, "%s", text);
}

const char *inetd_keep(struct inetd *inetd, const char *text, size_t length)
{
	return pool_text_n(inetd_entries(inetd->reading)->pool, text, length);
}

struct origin inetd_shift(struct origin at, size_t columns)
{
	at.column += (unsigned)columns;
	return at;
}
