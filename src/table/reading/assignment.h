/* An assignment, as all languages of other systems have it; the value that a reader makes of an option; and a draft, the
 * service that it makes of assignments. */
#pragma once

#include "table/reading/key.h"
#include "table/services/service_builder.h"

/* The value that a reader makes of an option: words with their places. */
struct word_list {
	const char **words;             /* owned; the words are not */
	struct origin *places;          /* owned */
	size_t count, capacity;
	struct origin at;               /* of the option; file NULL: nothing sets it */
	bool failed;                    /* a part of the value was refused */
};

void word_list_free(struct word_list *list);

void word_list_add(struct word_list *list, const char *word, struct origin at);

/* The list as the value of an option. */
struct value word_list_value(const struct word_list *list);

/* The text for the value of an option with templates, where %{ and %% mean something. */
const char *template_escaped(struct pool *pool, const char *text);

/* Adds KIND[FAMILY]:[HOST:]PORT[%INTERFACE]. host: without brackets; the interface of fe80::1%eth0 goes to the end;
 * NULL: any. */
void endpoint_add(struct buf *out, const char *kind, const char *family, const char *host, const char *port);

struct assignment {
	const char *name;               /* the key, as written */
	const struct key_row *key;      /* NULL: unknown */
	enum { ASSIGN, APPEND, REMOVE } sign;           /* = += -= */
	const char **words;
	struct origin *word_at;         /* of each word; NULL: unknown */
	size_t count, capacity;         /* capacity 0: the words are shared with other assignments */
	struct origin at;               /* of the key */
};

struct draft {
	struct reading *reading;
	struct pool *pool;              /* of the texts that are made for it; the builder copies what it keeps */
	struct diags *diags;            /* where its mistakes go */
	struct service_builder *builder;
	bool keeps;                     /* options that are set already stay */
};

/* Sets an option. What is wrong with the value is added to the diagnostics. */
void draft_set(const struct draft *draft, const char *option, const struct value *value);

/* The same of one text, NULL for none; of a text that is made for it; and of a list of words, which have the places of
 * `from` if they are as many. */
void draft_set_text(const struct draft *draft, const char *option, const char *text, struct origin at);
#define draft_set_textf(draft, option, at, ...) draft_set_text(draft, option, pool_textf((draft)->pool, __VA_ARGS__), at)
void draft_set_words(const struct draft *draft, const char *option, const char *const *list, size_t count,
		     const struct assignment *from);
/* The same of two words, which come from one place. */
void draft_set_pair(const struct draft *draft, const char *option, const char *first, const char *second,
		    struct origin at);
static inline void draft_set_list(const struct draft *draft, const char *option, const struct word_list *list)
{
	const struct value value = word_list_value(list);

	draft_set(draft, option, &value);
}

/* Adds an error, and is false; or a warning. The service is skipped if there is an error. */
#define draft_refuse(draft, ...) diags_refuse((draft)->diags, __VA_ARGS__)
#define draft_warn(draft, ...) diag_warning((draft)->diags, __VA_ARGS__)
#define draft_hint(draft, ...) diags_hint((draft)->diags, __VA_ARGS__)
