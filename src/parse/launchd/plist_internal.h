/* The parser of XML property lists. For plist*.c alone. */
#pragma once

#include "parse/launchd/plist.h"

/* plist_xml.c and, without expat, plist_no_xml.c: as plist_read. */
const struct plist *plist_read_xml(struct pool *pool, const struct source_file *source, struct diags *diags);
