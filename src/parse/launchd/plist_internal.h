/* Functions that build the tree of a property list. For plist*.c alone. */
#pragma once

#include "parse/launchd/plist.h"

struct plist_builder {
	struct pool *pool;
	struct diags *diags;
	const struct source_file *source;
	size_t count;                   /* elements made so far */
	bool stopped;                   /* a limit was reached or memory ran out (reported): reading stops */
};

/* A new element. NULL: there are too many, or memory ran out (reported); the builder is stopped. */
struct plist *plist_new(struct plist_builder *builder, enum plist_kind kind, struct origin at);

/* Adds an element at the end of a dictionary or array. A second element with the same key is reported and not added. */
void plist_add(struct plist_builder *builder, struct plist *holder, struct plist *element);

/* Parses an integer; 0660 is decimal in a property list. Returns NULL, or the message about a wrong text. */
const char *plist_scan_integer(const char *text, int64_t *number);

void plist_refuse_memory(struct plist_builder *builder);

/* plist_xml.c and, without expat, plist_no_xml.c. */
const struct plist *plist_read_xml(struct plist_builder *builder);

/* plist_binary.c */
bool plist_is_binary(const struct source_file *source);
const struct plist *plist_read_binary(struct plist_builder *builder);
