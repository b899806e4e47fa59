/* Service builders: their socket { } blocks, and the setting of an option: it is found, checked whether it is allowed
 * here, and its value is read.
 *
 * Every mistake gets one message at its own place: each invalid endpoint of a list, both places of an option that is
 * set twice. An option with an invalid value counts as set, so that no rule reports it as missing.
 *
 * A reader never has to stop: it reads a misplaced block, or one without memory, to its end. builder_close_socket
 * reports misplaced blocks; builder_set and builder_finish report that memory ran out, or that there are too many
 * blocks. */
#include "table/services/service_builder.h"

#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/memory.h"
#include "lib/shell_words.h"
#include "table/option/option_table.h"
#include "table/option/service_settings.h"
#include "table/services/builder_internal.h"

/* Copies the file name of a place to the table's pool, as the source does not live as long. false: out of memory. */
static bool origin_keep(struct service_builder *builder, struct origin *at)
{
	if (!at->file)
		return true;
	if (builder->at.file && (builder->at.file == at->file || !strcmp(builder->at.file, at->file))) {
		at->file = builder->at.file;
		return true;
	}
	at->file = pool_text(builder->table->pool, at->file);
	return at->file != NULL;
}

struct service_builder *builder_new(struct table *table, const char *name, struct origin at)
{
	struct service_builder *builder = calloc(1, sizeof(*builder));

	if (!builder)
		return memory_ran_out();
	builder->table = table;
	builder->name = pool_text(table->pool, name);
	if ((name && !builder->name) || !origin_keep(builder, &at)) {
		free(builder);
		return NULL;
	}
	builder->at = at;
	return builder;
}

void builder_set_foreign(struct service_builder *builder, enum dialect dialect)
{
	builder->is_foreign = true;
	builder->dialect = dialect;
}

void builder_set_alone(struct service_builder *builder)
{
	builder->is_alone = true;
}

void builder_set_superd(struct service_builder *builder)
{
	builder->is_superd = true;
}

void builder_free(struct service_builder *builder)
{
	if (!builder)
		return;
	free(builder->settings);
	free(builder->words);
	free(builder);
}

/* The number of the open block; 0: none. */
static unsigned builder_block(const struct service_builder *builder)
{
	return builder->open ? builder->block_count : 0;
}

static const struct option_setting *find_setting(const struct service_builder *builder, const struct option_def *option,
						 unsigned block)
{
	return setting_find((struct setting_list){ builder->settings, builder->setting_count }, option, block);
}

/* Adds a setting of the open block or the service. NULL: out of memory. */
static struct option_setting *add_setting(struct service_builder *builder, const struct option_def *option,
					  struct origin at)
{
	struct option_setting *settings =
		array_grow(builder->settings, &builder->setting_capacity, builder->setting_count, sizeof(*settings));

	if (settings)
		builder->settings = settings;
	if (!settings || !origin_keep(builder, &at))
		return NULL;
	settings[builder->setting_count] = (struct option_setting){
		.file = at.file,
		.line = at.line & SETTING_LINE,
		.column = at.column < SETTING_COLUMN ? at.column : SETTING_COLUMN,
		.block = builder_block(builder) & SETTING_BLOCK,
		.option = option_index(option) & SETTING_OPTION,
	};
	return &settings[builder->setting_count++];
}

static struct origin setting_origin(const struct option_setting *setting)
{
	return (struct origin){ .file = setting->file,
				.line = (unsigned)setting->line,
				.column = (unsigned)setting->column };
}

void builder_open_socket(struct service_builder *builder, const char *name, struct origin at)
{
	struct option_setting *setting;

	builder->open = true;
	if (builder->block_count == SETTING_BLOCK) {
		builder->exhausted = true;
		return;
	}
	builder->block_count++;
	setting = add_setting(builder, option_find(NATIVE, "socket"), at);
	if (setting && name)
		setting->words = pool_list(builder->table->pool, &name, 1);
	if (!setting || (name && !setting->words))
		builder->exhausted = true;
}

/* Adds the error "WHAT is already set at FILE:LINE", and is false. */
static bool report_duplicate(struct diags *diags, struct origin at, const char *what, struct origin before)
{
	struct buf place = { 0 };

	origin_describe(before, &place);
	diag_error(diags, at, "%s is already set%s", what, buf_string(&place));
	diags_hint(diags, "keep one of the two");
	buf_free(&place);
	return false;
}

void builder_close_socket(struct service_builder *builder, struct diags *diags)
{
	unsigned block = builder_block(builder);
	const struct option_setting *socket =
		block ? find_setting(builder, option_find(NATIVE, "socket"), block) : NULL;
	const char *name = socket && socket->words ? socket->words[0] : builder->name;

	builder->open = false;
	if (builder->exhausted)
		return;                 /* builder_set and builder_finish report it */
	if (socket && !builder->name) {
		diag_error(diags, setting_origin(socket),
			   "socket does not belong in defaults: each service has its own");
	} else if (socket && !find_setting(builder, option_find(NATIVE, "listen"), block)) {
		diag_error(diags, setting_origin(socket), "socket %s: listen is missing", name);
		diags_hint(diags, "set its address, as in listen = \"80\"");
	}
}

bool builder_has(const struct service_builder *builder, const char *name)
{
	const struct option_def *option = option_find(NATIVE, name);

	for (size_t i = 0; option && i < builder->setting_count; i++) {
		if (builder->settings[i].option == option_index(option))
			return true;
	}
	return false;
}

const char *builder_name(const struct service_builder *builder)
{
	return builder->name;
}

static bool report_unknown(const char *name, bool is_global, struct origin at, struct diags *diags)
{
	struct buf hint = { 0 };

	option_hint(name, is_global, &hint);
	diag_error(diags, at, is_global ? "unknown setting '%s' in superd { }" : "unknown option '%s'", name);
	if (hint.length)
		diags_hint(diags, "%s", buf_string(&hint));
	buf_free(&hint);
	return false;
}

static struct origin word_place(const struct value *value, size_t word)
{
	return value->word_at && word < value->count ? value->word_at[word] : value->at;
}

/* Whether the option is allowed in this block. */
static bool place_allows(const struct service_builder *builder, const struct option_def *option, const char *name,
			 const struct value *value, struct diags *diags)
{
	if (builder->open && !option->in_socket) {
		diag_error(diags, value->at, "%s belongs to the service, not to one of its sockets", name);
		diags_hint(diags, "write it outside of socket { }");
		return false;
	}
	if (!builder->name && !builder->open && option->flags & NOT_IN_DEFAULTS) {
		diag_error(diags, value->at, "%s does not belong in defaults: each service has its own", name);
		return false;
	}
	return true;
}

static bool add_endpoint(struct service_builder *builder, const struct endpoint *endpoint, struct origin at)
{
	struct listen_word *list;

	list = array_grow(builder->words, &builder->word_capacity, builder->word_count, sizeof(*list));
	if (!list || !origin_keep(builder, &at))
		return false;
	builder->words = list;
	list[builder->word_count++] = (struct listen_word){
		.endpoint = endpoint, .at = at, .setting = (unsigned)builder->setting_count - 1,
	};
	return true;
}

/* Reports an invalid endpoint. An entry of another system's table has an address in place of endpoints, for one or both
 * families: a mistake in it is reported once. */
static void report_endpoint(struct service_builder *builder, struct origin at, const char *reason, struct diags *diags)
{
	if (!builder->is_foreign)
		diag_error(diags, at, "listen: %s", reason);
	else if (!builder->bad_address)
		diag_error(diags, at, "%s: its address %s", builder->name, reason);
	builder->bad_address = true;
}

static bool set_listen(struct service_builder *builder, const struct value *value, struct diags *diags)
{
	bool good = value->count;

	if (!value->count) {
		diag_error(diags, value->at, "listen needs an endpoint");
		diags_hint(diags, "set its address, as in listen = \"80\"");
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct endpoint *endpoint = NULL;
		const char *reason = endpoint_parse(value->words[i], builder->table->pool, &endpoint);

		if (reason) {
			report_endpoint(builder, word_place(value, i), reason, diags);
			good = false;
		} else if (!add_endpoint(builder, endpoint, word_place(value, i))) {
			return diags_out_of_memory(diags, value->at);
		}
	}
	return good;
}

/* Reports an invalid value, and each invalid word of a list. */
static void report_words(struct parse *parse, const char *name, const struct value *value, const char *reason,
			 struct diags *diags)
{
	size_t first = 0;

	if (parse->bad >= value->count) {
		diag_error(diags, value->at, "%s: %s", name, reason);
		return;
	}
	while (reason) {
		union field_value unused = { 0 };

		first += parse->bad;
		diag_error(diags, word_place(value, first), "%s: '%s': %s", name, value->words[first], reason);
		if (!parse->option->type->judges_each || ++first == value->count)
			return;
		parse->words = value->words + first;
		parse->count = value->count - first;
		reason = type_parse(parse, &unused);
	}
}

/* Keeps the words in the setting, if they are right; a command that is written as one text is split. */
static bool read_value(struct service_builder *builder, struct option_setting *setting, const char *name,
		       const struct value *value, struct diags *diags)
{
	const struct option_def *option = &option_defs[setting->option];
	struct pool *pool = builder->table->pool;
	struct parse parse = { .option = option, .append = value->append, .pool = pool };
	words list = value->words;
	size_t count = value->count;
	union field_value field = { 0 };
	const char *reason = NULL;

	if (option->type->is_command && !value->is_list && count == 1)
		reason = shell_words_split(pool, value->words[0], &list, &count);
	setting->words = reason ? NULL : pool_list(pool, list, count);
	if (!reason && !setting->words)
		return diags_out_of_memory(diags, value->at);
	parse.words = setting->words;
	parse.count = count;
	if (!reason)
		reason = type_parse(&parse, &field);
	if (!reason)
		return true;
	setting->words = NULL;
	report_words(&parse, name, value, reason, diags);
	return false;
}

/* Options of superd.conf under their former names, and a value of one that is called otherwise now. */
static const struct former_name {
	const char *old, *name, *old_word, *word;
} former_names[] = {
	{ "idle_means", "idle_when", "connected", "closed" },
	{ "intercept", "filter_every_packet", NULL, NULL },
	{ "kill_rest", "kill_leftovers", NULL, NULL },
	{ "per_source_cpm", "per_source_rate", NULL, NULL },
	{ "socket_exec_apart", "socket_exec_as_superd", NULL, NULL },
};

static const struct former_name *find_former(const char *name)
{
	for (size_t n = 0; n < sizeof(former_names) / sizeof(*former_names); n++) {
		if (!strcmp(former_names[n].old, name))
			return &former_names[n];
	}
	return NULL;
}

static bool set_former(struct service_builder *builder, const struct former_name *former, const struct value *value,
		       struct diags *diags)
{
	struct value renamed = *value;

	diag_warning(diags, value->at, "%s is called %s now", former->old, former->name);
	if (former->word && value->count == 1 && !strcmp(*value->words, former->old_word)) {
		diags_hint(diags, "write %s = %s", former->name, former->word);
		renamed.words = &former->word;
	}
	return builder_set(builder, former->name, &renamed, diags);
}

bool builder_set(struct service_builder *builder, const char *name, const struct value *value, struct diags *diags)
{
	const struct option_def *option = builder->is_superd ? global_find(name) : option_find(NATIVE, name);
	const struct option_setting *before;
	struct option_setting *setting;
	bool good;

	if (!option && !builder->is_superd && find_former(name))
		return set_former(builder, find_former(name), value, diags);
	if (!option) {
		builder->has_unknown = true;
		return report_unknown(name, builder->is_superd, value->at, diags);
	}
	if (option->flags & STRUCTURE && !strcmp(option->name[NATIVE], "socket")) {
		diag_error(diags, value->at,
			   "socket needs a name and braces, as in socket NAME { listen = \"80\" }");
		return false;
	}
	if (builder->exhausted)
		return diags_refuse(diags, value->at, "out of memory, or more than %d sockets with braces of their own",
				    SETTING_BLOCK);
	name = option_name_in(builder->dialect, option);
	if (!place_allows(builder, option, name, value, diags))
		return false;
	before = find_setting(builder, option, builder_block(builder));
	if (before && !value->append)
		return report_duplicate(diags, value->at, name, setting_origin(before));
	setting = add_setting(builder, option, value->at);
	if (!setting)
		return diags_out_of_memory(diags, value->at);
	setting->append = value->append;
	good = option->flags & STRUCTURE ? set_listen(builder, value, diags)
					    : read_value(builder, setting, name, value, diags);
	setting->refused = !good;
	return good;
}

bool builder_set_text(struct service_builder *builder, const char *name, const char *text, struct origin at,
		      struct diags *diags)
{
	return builder_set(builder, name, &(struct value){ .words = &text, .count = 1, .at = at, .word_at = &at },
			   diags);
}
