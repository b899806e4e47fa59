/* Prints a table as superd.conf: the settings of superd itself, the defaults, and the services. */
#include "table/services/services.h"

bool buf_flush(struct buf *buf, FILE *out)
{
	bool failed = buf->failed;
	bool ok = !failed && fwrite(buf_string(buf), 1, buf->length, out) == buf->length;

	buf_clear(buf);
	if (failed)
		errno = ENOMEM;
	return ok;
}

/* Some code asks whether a service's own text sets an option, so not all options may be moved into the defaults. Who a
 * program runs as is nobody's default, unless all services say so. */
static bool is_shareable(const struct option_def *option, bool all_say_it)
{
	static const char *const others[] = { "error", "groups", NULL };
	static const char *const of_all[] = { "user", "group", "umask", "optional", "backlog", NULL };
	const char *name = option->name[NATIVE];

	if (option->flags & NOT_IN_DEFAULTS)
		return false;
	return option->group == GROUP_ACCESS || option->group == GROUP_LOG || option->group == GROUP_LIMITS ||
	       words_have(others, name) || (all_say_it && words_have(of_all, name));
}

/* The value that most services say, of those where the option has an effect, if each of those says one; or NULL. */
static const struct option_setting *find_shared(const struct option_def *option, const struct table *table)
{
	const struct option_setting *most = NULL;
	size_t all = 0, same = 0, votes = 0;

	for (size_t n = 0; n < 2 * table->count; n++) {
		const struct service *row = &table->services[n % table->count];
		const struct option_setting *setting = settings_find(row->settings, option, 0);
		bool is_second = n >= table->count;

		if (skipped_of(table, row) || !option_takes_default(option, row->exec))
			continue;
		if (!setting || setting->append)
			return NULL;
		if (is_second) {
			same += setting->words == most->words;
			continue;
		}
		all++;
		if (!votes)
			most = setting;
		votes = setting->words == most->words ? votes + 1 : votes - 1;
	}
	return same > 1 && same * 2 > all && is_shareable(option, same == all) ? most : NULL;
}

/* Prints all services. shared has room for each option: what all or most say goes into the defaults. NULL: nothing
 * does. */
static bool print_table(const struct table *table, const struct option_setting **shared, struct conf_style style,
			FILE *out)
{
	struct buf text = { 0 };
	bool ok, any = false;

	for (size_t n = 0; shared && n < option_count; n++) {
		if (is_shareable(&option_defs[n], true) && !settings_find(table->defaults, &option_defs[n], 0))
			shared[n] = find_shared(&option_defs[n], table);
	}
	style.shared = shared;
	style.table = table;
	service_conf_add_superd(&text, &table->superd, &style);
	service_conf_add_defaults(&text, table->defaults, &style);
	ok = buf_flush(&text, out);
	for (size_t n = 0; ok && n < table->count; n++) {
		if (skipped_of(table, &table->services[n]))
			continue;
		buf_text(&text, any ? "\n" : "");
		any = true;
		service_conf_add(&text, &table->services[n], &style);
		ok = buf_flush(&text, out);
	}
	buf_free(&text);
	return ok;
}

bool print_conf(const struct table *table, bool comments, FILE *out)
{
	const struct conf_style style = { .places = comments ? PLACES_OF_ALL : PLACES_NONE };
	const struct option_setting **shared = comments ? NULL : calloc(option_count, sizeof(*shared));
	bool ok = (shared || comments) && print_table(table, shared, style, out);

	free(shared);
	return ok;
}

bool print_conf_saved(const struct table *table, const struct service *const *more, size_t count, FILE *out)
{
	struct conf_style style = { .places = PLACES_MARKED };
	bool ok = print_table(table, NULL, style, out);
	struct buf text = { 0 };

	style.is_apart = true;
	for (size_t n = 0; ok && n < count; n++) {
		buf_char(&text, '\n');
		service_conf_add(&text, more[n], &style);
		ok = buf_flush(&text, out);
	}
	buf_free(&text);
	return ok;
}
