/* How a tree is built. For plist*.c alone. */
#pragma once

#include "parse/launchd/plist.h"

struct plist_builder {
	struct pool *pool;
	struct diags *diags;
	const struct source *source;
	size_t count;
	bool stopped;                   /* too much, or out of memory, which was said: nothing more is read */
};

/* A new element; NULL when that is one too many, which is said and stops the builder. */
struct plist *plist_new(struct plist_builder *builder, enum plist_kind kind, struct origin at);

/* Puts it at the end of what holds it. A dictionary that has an element of its name already is told so, and left as it
 * is. */
void plist_add(struct plist_builder *builder, struct plist *holder, struct plist *element);

/* Sets number by text; NULL when it succeeded, else what is wrong. In a property list 0660 is decimal. */
const char *plist_scan_integer(const char *text, int64_t *number);

void plist_refuse_memory(struct plist_builder *builder);

/* plist_xml.c and, without expat, plist_no_xml.c. */
const struct plist *plist_read_xml(struct plist_builder *builder);

/* plist_binary.c */
bool plist_is_binary(const struct source *source);
const struct plist *plist_read_binary(struct plist_builder *builder);
