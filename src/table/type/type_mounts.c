/* Types of a backend's own view of the file system: protected paths, bind mounts, temporary file systems. Their words
 * have prefixes, colons and options; mistakes are found here and not when superd starts a backend as root. Source:
 * systemd.exec(5), "SANDBOXING". */
#include <string.h>

#include "table/type/type_internal.h"
#include "table/words/sandbox_words.h"

#define PATHS_FORM \
	"a path starts with /; after - it may be missing, after + it is inside root_directory"

const char *protected_path(const char *word, bool *optional, bool *inside)
{
	*optional = *inside = false;
	for (; *word == '-' || *word == '+'; word++) {
		if (*word == '-')
			*optional = true;
		else
			*inside = true;
	}
	return word;
}

/* Whether a path has a part "..". */
static bool has_dot_dot(const char *path, size_t length)
{
	for (size_t i = 0; i + 2 < length; i++) {
		if (!memcmp(path + i, "/..", 3) && (i + 3 == length || path[i + 3] == '/'))
			return true;
	}
	return false;
}

static const char *refuse_protected(const char *word)
{
	bool optional, inside;
	const char *path = protected_path(word, &optional, &inside);

	if (*path != '/')
		return PATHS_FORM;
	return has_dot_dot(path, strlen(path)) ? "a path has no part .." : NULL;
}

const struct type type_protected_paths = {
	.name = "list of paths", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = refuse_protected,
};

bool bind_path_read(const char *word, struct bind_path *out)
{
	size_t length;

	*out = (struct bind_path){ .optional = *word == '-', .recursive = true };
	word += out->optional;
	length = strcspn(word, ":");
	out->source = out->target = word;
	out->source_length = out->target_length = length;
	if (!word[length])
		return length;
	word += length + 1;
	length = strcspn(word, ":");
	if (length) {
		out->target = word;
		out->target_length = length;
	}
	if (!word[length])
		return true;
	word += length + 1;
	out->recursive = !strcmp(word, "rbind");
	return out->recursive || !strcmp(word, "norbind");
}

static const char *refuse_binding(const char *word)
{
	struct bind_path binding;

	if (!bind_path_read(word, &binding) || *binding.source != '/' || *binding.target != '/')
		return "expected SOURCE, SOURCE:TARGET or SOURCE:TARGET:norbind, paths that start with /; a - "
		       "before the source lets it be missing";
	if (has_dot_dot(binding.source, binding.source_length) || has_dot_dot(binding.target, binding.target_length))
		return "a path has no part ..";
	return binding.target_length == 1 ? "a mount over / is the task of root_directory" : NULL;
}

const struct type type_bindings = {
	.name = "list of bindings", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = refuse_binding,
};

/* Options of tmpfs(5) and mount(8), to find mistakes when the table is read. */
static const struct { const char *name; bool has_value;
} temporary_options[] = {
	{ "ro", false },      { "rw", false },		{ "exec", false },     { "noexec", false },
	{ "suid", false },    { "nosuid", false },	{ "dev", false },      { "nodev", false },
	{ "size", true },     { "nr_blocks", true },	{ "nr_inodes", true }, { "mode", true },
	{ "uid", true },      { "gid", true },		{ "huge", true },      { "mpol", true },
	{ "noatime", false }, { "strictatime", false }, { "relatime", false },
	{ "nostrictatime", false }, { "norelatime", false }, { "nodiratime", false }, { "diratime", false },
	{ "noswap", false },
};

static bool is_temporary_option(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(temporary_options) / sizeof(temporary_options[0]); i++) {
		size_t name = strlen(temporary_options[i].name);

		if (length < name || memcmp(text, temporary_options[i].name, name) != 0)
			continue;
		if (temporary_options[i].has_value ? length > name + 1 && text[name] == '=' : length == name)
			return true;
	}
	return false;
}

static const char *refuse_temporary(const char *word)
{
	size_t length = strcspn(word, ":");
	const char *option = word + length + (word[length] == ':');

	if (*word != '/' || has_dot_dot(word, length))
		return "expected a path that starts with /, and after a colon options such as ro or size=10M";
	for (; *option; option += length + (option[length] == ',')) {
		length = strcspn(option, ",");
		if (!is_temporary_option(option, length))
			return "the colon must be followed by tmpfs options, separated by commas, as ro, size=10M or "
			       "mode=0755";
	}
	return NULL;
}

const struct type type_temporary = {
	.name = "list of temporary file systems", .kind = FIELD_WORDS, .is_list = true, .judges_each = true,
	.refuse = refuse_temporary,
};
