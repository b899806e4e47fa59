/* Parses the words of the options for credentials. The value of a credential may have any bytes,
 * written with C escapes. No message may contain it. */
#include "table/service/service.h"

#define NAME_MOST 255

struct credential_word credential_word_read(const char *word)
{
	size_t length = strcspn(word, ":");

	return (struct credential_word){ word, word[length] ? word + length + 1 : NULL, length };
}

bool credential_name_is_valid(const char *name, size_t length)
{
	for (size_t n = 0; n < length; n++) {
		if (name[n] < ' ' || name[n] > '~' || name[n] == ':' || name[n] == '/')
			return false;
	}
	return length && length <= NAME_MOST && !scan_is_word(name, length, ".") && !scan_is_word(name, length, "..");
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
