/* Parses the words of open_file and of the options for credentials. The value of a credential may have any bytes,
 * written with C escapes. No message may contain it. */
#include "table/words/passed_fds.h"

#include <stdint.h>
#include <string.h>

#include "lib/c_escape.h"
#include "lib/scan.h"

#define NAME_MOST 255

/* Whether it is a name of printable ASCII without the colon, which separates names in LISTEN_FDNAMES. */
static bool is_name(const char *name, size_t length)
{
	if (!length || length > NAME_MOST)
		return false;
	for (size_t n = 0; n < length; n++) {
		if (name[n] < ' ' || name[n] > '~' || name[n] == ':')
			return false;
	}
	return true;
}

static bool read_option(const char *option, size_t length, struct open_file_word *file)
{
	const struct {
		const char *name;
		bool *flag;
	} options[] = {
		{ "read-only", &file->read_only },
		{ "append", &file->append },
		{ "truncate", &file->truncate },
		{ "graceful", &file->graceful },
	};

	for (size_t n = 0; n < sizeof(options) / sizeof(*options); n++) {
		if (scan_is_word(option, length, options[n].name)) {
			bool is_new = !*options[n].flag;

			*options[n].flag = true;
			return is_new;
		}
	}
	return false;
}

static const char *read_options(const char *at, struct open_file_word *file)
{
	for (size_t length; *at; at += length + (at[length] == ',')) {
		length = strcspn(at, ",");
		if (!read_option(at, length, file))
			return "its options are read-only, append, truncate and graceful, each once";
	}
	return file->read_only + file->append + file->truncate > 1
		       ? "read-only, append and truncate exclude each other"
		       : NULL;
}

static void name_by_path(struct open_file_word *file)
{
	size_t end = file->path_length, start;

	while (end && file->path[end - 1] == '/')
		end--;
	for (start = end; start && file->path[start - 1] != '/'; start--)
		;
	file->name = file->path + start;
	file->name_length = end - start;
}

const char *open_file_word_read(const char *word, struct open_file_word *file)
{
	const char *wrong = NULL, *at = word + strcspn(word, ":");

	*file = (struct open_file_word){ .path = word, .path_length = (size_t)(at - word) };
	if (*word != '/')
		return "a file is a path that begins with /, and :NAME and :OPTIONS may follow";
	if (*at) {
		file->name = ++at;
		file->name_length = strcspn(at, ":");
		at += file->name_length;
	}
	if (*at)
		wrong = read_options(at + 1, file);
	if (!wrong && !file->name_length)
		name_by_path(file);
	if (!wrong && !is_name(file->name, file->name_length))
		wrong = "the name of a descriptor is up to 255 printable characters without a colon";
	return wrong;
}

struct credential_word credential_word_read(const char *word)
{
	size_t length = strcspn(word, ":");

	return (struct credential_word){ word, word[length] ? word + length + 1 : NULL, length };
}

bool credential_name_is_valid(const char *name, size_t length)
{
	return is_name(name, length) && !memchr(name, '/', length) && !scan_is_word(name, length, ".") &&
	       !scan_is_word(name, length, "..");
}

const char *credential_value_read(const char *text, struct buf *out)
{
	while (*text) {
		size_t length = 0;

		if (*text != '\\') {
			buf_char(out, *text++);
			continue;
		}
		length = c_escape_read(++text, false, out);
		if (!length)
			return "a backslash in a value starts an escape as in C, as \\n, \\\\ or \\x41";
		text += length;
	}
	return out->failed ? "out of memory" : NULL;
}

#define NAME_FORM "the name of a credential is that of a file: up to 255 printable characters without / and :"

const char *load_credential_refuse(const char *word)
{
	struct credential_word parts = credential_word_read(word);

	if (!credential_name_is_valid(parts.id, parts.id_length))
		return NAME_FORM;
	if (parts.rest && *parts.rest != '/' && !credential_name_is_valid(parts.rest, strlen(parts.rest)))
		return "after the colon expected the path of a file, directory or socket, or the name of a credential";
	return NULL;
}

const char *set_credential_refuse(const char *word)
{
	struct credential_word parts = credential_word_read(word);
	struct buf value = { 0 };
	const char *wrong;

	if (!credential_name_is_valid(parts.id, parts.id_length))
		return NAME_FORM;
	if (!parts.rest)
		return "a credential is NAME:VALUE";
	wrong = credential_value_read(parts.rest, &value);
	if (!wrong && value.length > CREDENTIALS_SIZE)
		wrong = "it has more than 1M";
	buf_free(&value);
	return wrong;
}

/* With a new name, a pattern may have only one *, at its end. */
const char *import_credential_refuse(const char *word)
{
	struct credential_word parts = credential_word_read(word);
	size_t plain = strcspn(word, "*?[");

	if (!is_name(parts.id, parts.id_length) || memchr(parts.id, '/', parts.id_length))
		return "expected the name of a credential, or a pattern of names as in app.*";
	if (!parts.rest)
		return NULL;
	if (!credential_name_is_valid(parts.rest, strlen(parts.rest)))
		return "the colon must be followed by the new prefix of the name";
	return plain < parts.id_length && (word[plain] != '*' || plain + 1 != parts.id_length)
		       ? "with a new name after a colon, the pattern must be a name that ends with *"
		       : NULL;
}
