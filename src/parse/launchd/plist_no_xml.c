/* Replaces plist_xml.c in a build without expat: refuses XML property lists, with a hint about the binary format, which
 * needs no library. */
#include "parse/launchd/plist_internal.h"

const struct plist *plist_read_xml(struct plist_builder *builder)
{
	diag_error(builder->diags, ((struct origin){ .file = builder->source->file }),
		   "property lists of XML cannot be read: this superd was built without expat");
	diags_hint(builder->diags,
		   "build it with expat (Debian: libexpat1-dev), or convert it to a binary property list, which "
		   "superd reads without expat");
	return NULL;
}
