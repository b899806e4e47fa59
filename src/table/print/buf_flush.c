/* Writes a buffer to a file. */
#include "table/print/buf_flush.h"

#include <errno.h>

bool buf_flush(struct buf *buf, FILE *out)
{
	bool failed = buf->failed;
	bool ok = !failed && fwrite(buf_string(buf), 1, buf->length, out) == buf->length;

	buf_clear(buf);
	if (failed)
		errno = ENOMEM;
	return ok;
}
