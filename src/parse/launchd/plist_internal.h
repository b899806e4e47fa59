/* How a tree is built. For plist*.c alone. */
#pragma once

#include "parse/launchd/plist.h"

struct plist_builder {
	struct pool *pool;
	struct diags *diags;
	const struct source_file *source;
	size_t count;
	bool stopped;                   /* too much, or out of memory (reported): nothing more is read */
};

/* A new element. NULL: it is one too many, which is reported and stops the builder. */
struct plist *plist_new(struct plist_builder *builder, enum plist_kind kind, struct origin at);

/* Adds an element at the end of a dictionary or array. A second element of one name in a dictionary is reported and not
 * added. */
void plist_add(struct plist_builder *builder, struct plist *holder, struct plist *element);

/* Sets number by text; NULL when it succeeded, else what is wrong. In a property list 0660 is decimal. */
const char *plist_scan_integer(const char *text, int64_t *number);

void plist_refuse_memory(struct plist_builder *builder);

/* plist_xml.c and, without expat, plist_no_xml.c. */
const struct plist *plist_read_xml(struct plist_builder *builder);

/* plist_binary.c */
bool plist_is_binary(const struct source_file *source);
const struct plist *plist_read_binary(struct plist_builder *builder);
