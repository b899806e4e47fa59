/* Replaces plist.c in a build without expat: refuses property lists. */
#include "read/launchd/internal.h"

const struct plist *plist_read_xml(struct pool *pool, const struct source_file *source, struct diags *diags)
{
	(void)pool;
	diag_error(diags, ((struct origin){ .file = source->file }),
		   "property lists cannot be read: this superd was built without expat");
	diags_hint(diags, "build it with expat (Debian: libexpat1-dev)");
	return NULL;
}
