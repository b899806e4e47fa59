/* A unit's value as words: blanks separate, '…' and "…" hold together, backslashes escape as in C. Source:
 * systemd.syntax(7), systemd.service(5) "COMMAND LINES". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "parse/systemd/unit.h"

struct unit_word {
	const char *text;               /* kept; escapes done, specifiers replaced */
	size_t offset;                  /* where it begins in the value */
	bool is_quoted;                 /* any part of it was, or escaped: such a lone ; separates nothing */
};

enum {
	/* An unknown escape stays as it is. systemd has it so everywhere and warns of one: who wants that splits without
	 * it, warns of what was wrong, and splits again. */
	UNIT_WORDS_RELAX = 1 << 0,
	UNIT_WORDS_PLAIN = 1 << 1,      /* specifiers stay; names may be NULL */
	UNIT_WORDS_LITERAL = 1 << 2,    /* a byte behind a backslash means itself, as in systemd's lists of paths */
	/* Colons separate the parts of a word: one that is escaped, or comes of a specifier, is refused, as superd.conf has
	 * no way to write it; with UNIT_WORDS_LITERAL quotes hide one, too. Without that a blank may be escaped. */
	UNIT_WORDS_PARTS = 1 << 3,
};

/* The values of specifiers in this unit. In the service of Accept=yes the instance is known only with its
 * connection: %i and %I become superd's own %{instance}, and so do %n and %N with the prefix in front of it. What else
 * hangs on it is refused, as are these for a text that is no template. */
struct unit_names {
	const struct unit *unit;
	const struct unit_machine *machine;             /* NULL: unknown; specifiers of it are refused */
	const char *service;            /* what superd calls it; NULL: unknown */
	bool per_connection;
	bool for_superd;                /* the result is a text of superd.conf with templates: a percent sign is doubled */
};

/* Splits a value. NULL when it succeeded, else what is wrong and would be right, and *at where in the value. */
const char *unit_split(struct pool *pool, const struct unit_names *names, const char *value, unsigned flags,
		       struct unit_word **list, size_t *count, size_t *at);

/* Replaces the specifiers of a whole text. The same. */
const char *unit_expand(const struct unit_names *names, const char *text, struct buf *out, size_t *at);
