/* Types of open_file, load_credential and their kin. A message must not show the value of a credential, so a wrong
 * set_credential is reported by its place alone (config/words/handed). */
#include "config/type/type_parts.h"
#include "config/words/handed.h"

#define MOST_FILES "a service is handed 64 files at most"
#define MOST_CREDENTIALS "a service has 256 of these at most"

static const char *file_refuse(const struct directive *directive, const char *word)
{
	struct handed_file file;

	(void)directive;
	return handed_file_read(word, &file);
}

/* As list_parse_each, of so many. */
static const char *parse_some(const struct directive *directive, const char *const *given, size_t count, bool append,
			      struct pool *pool, words *field, size_t *bad, refuse_word *refuse, size_t most,
			      const char *too_many)
{
	*bad = 0;
	if (count + (append ? words_count(*field) : 0) > most)
		return too_many;
	return list_parse_each(directive, given, count, append, pool, field, bad, refuse);
}

static const char *files_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			       struct pool *pool, void *field, size_t *bad)
{
	return parse_some(directive, given, count, append, pool, field, bad, file_refuse, HANDED_FILES_MOST,
			  MOST_FILES);
}

const struct type type_handed_files = {
	.name = "list of files", .complete = "file", .is_list = true, .judges_each = true, .size = sizeof(words),
	.parse = files_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

static const char *loaded_refuse(const struct directive *directive, const char *word)
{
	(void)directive;
	return load_credential_refuse(word);
}

static const char *loaded_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
				struct pool *pool, void *field, size_t *bad)
{
	return parse_some(directive, given, count, append, pool, field, bad, loaded_refuse, CREDENTIALS_MOST,
			  MOST_CREDENTIALS);
}

const struct type type_loaded_credentials = {
	.name = "list of credentials", .complete = "", .is_list = true, .judges_each = true, .size = sizeof(words),
	.parse = loaded_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

static const char *set_refuse(const struct directive *directive, const char *word)
{
	(void)directive;
	return set_credential_refuse(word);
}

static const char *set_parse(const struct directive *directive, const char *const *given, size_t count, bool append,
			     struct pool *pool, void *field, size_t *bad)
{
	const char *reason = parse_some(directive, given, count, append, pool, field, bad, set_refuse, CREDENTIALS_MOST,
					MOST_CREDENTIALS);

	*bad = count;                   /* the word at fault is not to be shown */
	return reason;
}

const struct type type_set_credentials = {
	.name = "list of credentials with values", .complete = "", .is_list = true, .size = sizeof(words),
	.parse = set_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};

static const char *imported_refuse(const struct directive *directive, const char *word)
{
	(void)directive;
	return import_credential_refuse(word);
}

static const char *imported_parse(const struct directive *directive, const char *const *given, size_t count,
				  bool append, struct pool *pool, void *field, size_t *bad)
{
	return parse_some(directive, given, count, append, pool, field, bad, imported_refuse, CREDENTIALS_MOST,
			  MOST_CREDENTIALS);
}

const struct type type_imported_credentials = {
	.name = "list of names", .complete = "", .is_list = true, .judges_each = true, .size = sizeof(words),
	.parse = imported_parse, .format = list_field_format, .json = list_field_json, .equal = list_field_equal,
};
