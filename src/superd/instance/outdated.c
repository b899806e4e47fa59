/* Keeps the values of options with which an instance was started. A reload may change an option again, so only the
 * first change of an option is noted, and forgotten when the option has its old value again. */
#include "superd/instance/outdated.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "table/option/option_table.h"

static struct outdated *make_outdated(struct outdated **outdated)
{
	if (!*outdated)
		*outdated = calloc(1, sizeof(**outdated));
	return *outdated;
}

static struct old_option *find_option(const struct outdated *outdated, const char *name)
{
	for (size_t n = 0; n < outdated->count; n++) {
		if (!strcmp(outdated->options[n].name, name))
			return &outdated->options[n];
	}
	return NULL;
}

static void add_option(struct outdated *outdated, const char *name, uint64_t was)
{
	struct old_option *larger =
		array_grow(outdated->options, &outdated->capacity, outdated->count, sizeof(*larger));

	if (!larger)
		return;
	outdated->options = larger;
	larger[outdated->count++] = (struct old_option){ name, was };
}

static void free_empty(struct outdated **outdated)
{
	if (*outdated && !(*outdated)->count && !(*outdated)->sockets.length)
		outdated_free(outdated);
}

void outdated_note(struct outdated **outdated, const struct option_differences *differences)
{
	for (size_t n = 0; n < differences->count && make_outdated(outdated); n++) {
		const struct option_difference *difference = &differences->list[n];
		struct old_option *known = find_option(*outdated, difference->option);

		if (!known)
			add_option(*outdated, difference->option, difference->was);
		else if (known->was == difference->is)
			*known = (*outdated)->options[--(*outdated)->count];
	}
	free_empty(outdated);
}

void outdated_note_socket(struct outdated **outdated, const struct listen *listen)
{
	if (!make_outdated(outdated))
		return;
	if ((*outdated)->sockets.length)
		buf_char(&(*outdated)->sockets, ' ');
	endpoint_format(listen->endpoint, &(*outdated)->sockets);
}

void outdated_forget_sockets(struct outdated **outdated)
{
	if (*outdated)
		buf_clear(&(*outdated)->sockets);
	free_empty(outdated);
}

void outdated_load(struct outdated **outdated, const char *option, uint64_t was)
{
	for (size_t n = 0; n < directive_count; n++) {
		const char *name = directives[n].name[NATIVE];

		if (name && !strcmp(name, option) && make_outdated(outdated))
			add_option(*outdated, name, was);
	}
	if (!strcmp(option, "account") && make_outdated(outdated))
		add_option(*outdated, "account", was);
	free_empty(outdated);
}

void outdated_load_sockets(struct outdated **outdated, const char *sockets)
{
	if (sockets && *sockets && make_outdated(outdated))
		buf_text(&(*outdated)->sockets, sockets);
}

void outdated_free(struct outdated **outdated)
{
	if (!*outdated)
		return;
	buf_free(&(*outdated)->sockets);
	free((*outdated)->options);
	free(*outdated);
	*outdated = NULL;
}
