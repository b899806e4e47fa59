/* Functions that all fields need: diagnostics, copies of text, places. */
#include "read/inetd/entry.h"

#include <stdlib.h>

void inetd_entries_free(void *state)
{
	struct inetd_entries *entries = state;

	free(entries->list);
	pool_free(entries->pool);
}

struct inetd_entry inetd_entry_new(const struct inetd_dialect *dialect, const char *service, struct origin at)
{
	return (struct inetd_entry){
		.at = at, .service_at = at, .user_at = at, .wait_at = at, .program_at = at, .protocol_at = at,
		.service = service, .burst = INETD_UNSAID, .instances = INETD_UNSAID, .per_source = INETD_UNSAID,
		.per_source_cpm = INETD_UNSAID, .dialect = dialect,
	};
}

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
