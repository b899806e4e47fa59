/* The members of a struct by the text of its definition, so that a test notices when somebody adds one. */
#pragma once

#include <ctype.h>
#include <fts.h>

#include "tests/unit/unit.h"

#define MEMBERS_MOST 128

struct tree_process_text {
	char name[40];
	char tag[40];                   /* of its struct, if it is one and no pointer; "": it is not */
	bool is_call;                   /* a pointer to a function */
};

struct struct_text {
	struct tree_process_text members[MEMBERS_MOST];
	size_t count;
};

/* Reads a whole file, with blanks in place of its comments. */
static inline char *read_code(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size = 1 << 20, length;
	char *text = malloc(size);

	cr_assert(file && text, "%s", path);
	length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	fclose(file);
	for (char *at = text; (at = strstr(at, "/*"));) {
		char *end = strstr(at, "*/");

		memset(at, ' ', end ? (size_t)(end + 2 - at) : strlen(at));
	}
	return text;
}

/* A copy of what stands between the braces of "struct TAG {"; NULL: it is not defined there. */
static inline char *find_body(const char *code, const char *tag)
{
	char start[64];
	const char *at, *end;
	int depth = 1;

	snprintf(start, sizeof(start), "struct %s {", tag);
	at = strstr(code, start);
	if (!at)
		return NULL;
	at += strlen(start);
	for (end = at; depth && *end; end++)
		depth += *end == '{' ? 1 : *end == '}' ? -1 : 0;
	return strndup(at, (size_t)(end - at) - 1);
}

/* Leaves of a body the members of its anonymous struct alone. false: it has none. */
static inline bool keep_anonymous(char *body)
{
	char *at = strstr(body, "struct {"), *end = at;
	int depth = 0;

	if (!at)
		return false;
	do
		depth += *end == '{' ? 1 : *end == '}' ? -1 : 0;
	while (*end++ != '}' || depth);
	cr_assert_eq(*end, ';', "a struct with a name");
	memset(body, ' ', (size_t)(at - body) + strlen("struct {"));
	end[-1] = '\0';
	return true;
}

/* The last word in front of a '[', or of the end; its length, 0 where there is none. */
static inline size_t last_word(const char *text, size_t length, const char **word)
{
	const char *bracket = memchr(text, '[', length), *end = bracket ? bracket : text + length;

	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	for (*word = end; *word > text && (isalnum((unsigned char)(*word)[-1]) || (*word)[-1] == '_');)
		(*word)--;
	return (size_t)(end - *word);
}

/* One declaration: its members, separated by commas. What a nested struct holds is blank by now. */
static inline void add_members(struct struct_text *text, char *declaration)
{
	char tag[40] = "", *rest;
	bool is_struct = sscanf(declaration, " const struct %39[a-z_0-9]", tag) == 1 ||
			 sscanf(declaration, " struct %39[a-z_0-9]", tag) == 1;

	if (strstr(declaration, "(*")) {
		cr_assert(text->count < MEMBERS_MOST);
		text->members[text->count].is_call = true;
		sscanf(strstr(declaration, "(*") + 2, "%39[a-z_0-9]", text->members[text->count++].name);
		return;
	}
	for (char *one = strtok_r(declaration, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
		struct tree_process_text *member = &text->members[text->count];
		const char *word;
		size_t length = last_word(one, strlen(one), &word);

		if (!length)
			continue;
		cr_assert(text->count < MEMBERS_MOST && length < sizeof(member->name));
		memcpy(member->name, word, length);
		if (is_struct && !strchr(one, '*'))
			strcpy(member->tag, tag);
		text->count++;
	}
}

static inline void split_body(struct struct_text *text, char *body)
{
	char *start = body;
	int depth = 0;

	for (char *at = body; *at; at++) {
		bool closes = *at == '}';

		depth += *at == '{' ? 1 : closes ? -1 : 0;
		if (depth || closes) {
			*at = ' ';
		} else if (*at == ';') {
			*at = '\0';
			add_members(text, start);
			start = at + 1;
		}
	}
}

/* Calls act for every source and header of a folder, until it returns true. */
static inline bool each_source(const char *folder, bool (*act)(const char *code, void *context), void *context)
{
	char root[4096], *paths[] = { root, NULL };
	bool done = false;
	FTS *tree;

	snprintf(root, sizeof(root), "%s/%s", getenv("SRCDIR"), folder);
	tree = fts_open(paths, FTS_LOGICAL, NULL);
	cr_assert_not_null(tree);
	for (FTSENT *entry; !done && (entry = fts_read(tree));) {
		const char *dot = entry->fts_info == FTS_F ? strrchr(entry->fts_name, '.') : NULL;

		if (dot && (!strcmp(dot, ".h") || !strcmp(dot, ".c"))) {
			char *code = read_code(entry->fts_path);

			done = act(code, context);
			free(code);
		}
	}
	fts_close(tree);
	return done;
}
