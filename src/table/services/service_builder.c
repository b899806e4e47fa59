/* Service builders: their socket { } blocks; the setting of an option, which is found, checked whether it is allowed
 * here, and its value read; and how a builder becomes a row of the table: the service's settings override the defaults
 * of its file, which override superd's own.
 *
 * Every mistake gets one message at its own place: each invalid endpoint of a list, both places of an option that is
 * set twice. An option with an invalid value counts as set, so that no rule reports it as missing.
 *
 * A reader never has to stop: it reads a misplaced block, or one without memory, to its end. builder_close_socket
 * reports misplaced blocks; builder_set and builder_finish report that memory ran out, or that there are too many
 * blocks.
 *
 * Ten thousand services must not cost ten thousand copies of every option. The table has the groups of services that
 * set nothing; a builder copies only the groups that it changes, and the pool gives equal groups one address. */
#include "table/services/services.h"

/* An endpoint of the option `listen`. */
struct listen_word {
	const struct endpoint *endpoint;
	struct origin at;
	unsigned setting;               /* the index of the option's setting */
};

struct service_builder {
	struct table *table;
	struct service row;             /* what is no option; name NULL: the defaults */
	struct option_setting *settings; /* what is set, in the order of the text; lines are those of the file */
	size_t setting_count, setting_capacity;
	struct listen_word *words;      /* in the order of the text, which is the order of descriptors */
	size_t word_count, word_capacity;
	unsigned block_count;           /* of socket NAME { } */
	bool open;                      /* the last block is open: from builder_open_socket to builder_close_socket */
	bool bad_address;               /* an invalid endpoint is reported */
	bool exhausted;                 /* memory ran out, or there are too many blocks */
};

/* Copies the file name of a place to the table's pool, as the source does not live as long. false: out of memory. */
static bool origin_keep(struct service_builder *builder, struct origin *at)
{
	if (!at->file)
		return true;
	if (builder->row.at.file && (builder->row.at.file == at->file || !strcmp(builder->row.at.file, at->file))) {
		at->file = builder->row.at.file;
		return true;
	}
	at->file = pool_text(builder->table->pool, at->file);
	return at->file != NULL;
}

struct service_builder *builder_new(struct table *table, struct service row)
{
	struct service_builder *builder = calloc(1, sizeof(*builder));

	if (!builder)
		return memory_ran_out();
	builder->table = table;
	builder->row = row;
	builder->row.name = pool_text(table->pool, row.name);
	builder->row.at.file = pool_text(table->pool, row.at.file);
	if ((row.name && !builder->row.name) || (row.at.file && !builder->row.at.file)) {
		free(builder);
		return NULL;
	}
	return builder;
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

void builder_close_socket(struct service_builder *builder, struct diags *diags)
{
	unsigned block = builder_block(builder);
	const struct option_setting *socket =
		block ? find_setting(builder, option_find(NATIVE, "socket"), block) : NULL;
	const char *name = socket && socket->words ? socket->words[0] : builder->row.name;

	builder->open = false;
	if (builder->exhausted)
		return;                 /* builder_set and builder_finish report it */
	if (socket && !builder->row.name) {
		diag_error(diags, setting_origin(socket),
			   "socket does not belong in defaults: each service has its own");
	} else if (socket && !find_setting(builder, option_find(NATIVE, "listen"), block)) {
		diag_error(diags, setting_origin(socket), "socket %s: listen is missing", name);
		diags_hint(diags, "set its address, as in listen = \"80\"");
	}
}

bool builder_has(const struct service_builder *builder, const char *name)
{
	return find_setting(builder, option_find(NATIVE, name), ANY_BLOCK);
}

const char *builder_name(const struct service_builder *builder)
{
	return builder->row.name;
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
	if (!builder->row.name && !builder->open && option->flags & NOT_IN_DEFAULTS) {
		diag_error(diags, value->at, "%s does not belong in defaults: each service has its own", name);
		return false;
	}
	return true;
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
		struct origin at = word_place(value, i);
		struct listen_word *list;

		if (reason) {
			/* An entry of another system's table has an address in place of endpoints, for one or both
			 * families: a mistake in it is reported once. */
			if (!builder->row.is_foreign)
				diag_error(diags, at, "listen: %s", reason);
			else if (!builder->bad_address)
				diag_error(diags, at, "%s: its address %s", builder->row.name, reason);
			builder->bad_address = true;
			good = false;
			continue;
		}
		list = array_grow(builder->words, &builder->word_capacity, builder->word_count, sizeof(*list));
		if (list)
			builder->words = list;
		if (!list || !origin_keep(builder, &at))
			return diags_out_of_memory(diags, value->at);
		list[builder->word_count++] = (struct listen_word){
			.endpoint = endpoint, .at = at, .setting = (unsigned)builder->setting_count - 1,
		};
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

bool builder_set(struct service_builder *builder, const char *name, const struct value *value, struct diags *diags)
{
	const struct option_def *option = builder->row.is_superd ? global_find(name) : option_find(NATIVE, name);
	const struct option_setting *before;
	struct option_setting *setting;
	const char *closed = "closed";
	struct value renamed = *value;
	struct buf text = { 0 };
	bool good;

	if (!option && !builder->row.is_superd && (option = option_find(FORMER, name))) {
		diag_warning(diags, value->at, "%s is called %s now", name, option->name[NATIVE]);
		if (value->count == 1 && !strcmp(name, "idle_means") && !strcmp(*value->words, "connected")) {
			diags_hint(diags, "write %s = %s", option->name[NATIVE], closed);
			renamed.words = &closed;
			value = &renamed;
		}
	}
	if (!option) {
		builder->row.has_unknown = true;
		diag_error(diags, value->at,
			   builder->row.is_superd ? "unknown setting '%s' in superd { }" : "unknown option '%s'", name);
		option_hint(name, builder->row.is_superd, &text);
		if (text.length)
			diags_hint(diags, "%s", buf_string(&text));
		buf_free(&text);
		return false;
	}
	if (option->flags & STRUCTURE && !strcmp(option->name[NATIVE], "socket")) {
		diag_error(diags, value->at,
			   "socket needs a name and braces, as in socket NAME { listen = \"80\" }");
		return false;
	}
	if (builder->exhausted)
		return diags_refuse(diags, value->at, "out of memory, or more than %d sockets with braces of their own",
				    SETTING_BLOCK);
	name = option_name_in((enum dialect)builder->row.dialect, option);
	if (!place_allows(builder, option, name, value, diags))
		return false;
	before = find_setting(builder, option, builder_block(builder));
	if (before && !value->append) {
		origin_describe(setting_origin(before), &text);
		diag_error(diags, value->at, "%s is already set%s", name, buf_string(&text));
		diags_hint(diags, "keep one of the two");
		buf_free(&text);
		return false;
	}
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

/* The group with the settings of the service itself (block 0) or of a socket { }, in the pool. NULL: out of memory. */
static const void *override_group(const void *base, struct setting_list settings, unsigned block,
				  enum option_group group, struct pool *pool)
{
	union group_values values;

	memcpy(&values, base, group_sizes[group]);
	if (!settings_fill(settings, block, group, &values, pool))
		return NULL;
	return pool_keep(pool, &values, group_sizes[group]);
}

static bool sets(const struct service *row, const char *option)
{
	return settings_find(row->settings, option_find(NATIVE, option), 0);
}

/* Where it or its defaults set the option; NULL: nowhere. */
static const struct option_setting *find_set(const struct service *row, const char *name)
{
	const struct option_def *option = option_find(NATIVE, name);
	const struct option_setting *own = settings_find(row->settings, option, 0);

	return own ? own : settings_find(row->settings->defaults, option, 0);
}

/* Settings that a row does not have, and that follow from others. */
struct implied {
	struct option_setting list[16];
	const char *texts[16][2];       /* the words of each */
	size_t count;
};

static void imply(struct implied *implied, const char *option, const char *text)
{
	const char **list = implied->texts[implied->count];

	list[0] = text;
	list[1] = NULL;
	implied->list[implied->count++] = (struct option_setting){
		.option = option_index(option_find(NATIVE, option)) & SETTING_OPTION, .words = list,
	};
}

static void find_implied(struct implied *implied, const struct service *row, const void *const *groups)
{
	/* What limits connections that superd takes has no meaning where it takes none, nor have a builtin's errors. */
	static const char *const limited[] = { "instances", "overload", "error" };
	static const char *const clients[] = { "input", "output" };
	const struct exec_options *exec = groups[GROUP_EXEC];
	const struct stream_options *streams = groups[GROUP_STREAMS];
	const struct hardening_options *hardening = groups[GROUP_HARDENING];
	const struct option_setting *output = find_set(row, "output");

	implied->count = 0;
	if (exec->accept && !find_set(row, "pass"))
		imply(implied, "pass", "inetd");
	/* Its client is there, unless its own text says otherwise. Beside redirect the relay has the client. */
	for (size_t n = 0; n < sizeof(clients) / sizeof(*clients); n++) {
		if ((exec->pass == PASS_INETD || implied->count) && !(exec->exec && exec->redirect) &&
		    !sets(row, clients[n]))
			imply(implied, clients[n], "socket");
	}
	/* A program that binds its own address asks for the addresses of packets only when the first one waits. */
	if (exec->pass == PASS_BIND && !find_set(row, "pass_packet_info"))
		imply(implied, "pass_packet_info", "yes");
	/* A program with a set-user-id bit would inherit the filter of bind(2) (superd/start/plan.c). */
	if (exec->pass == PASS_BIND && !sets(row, "no_new_privileges"))
		imply(implied, "no_new_privileges", "yes");
	/* One superd-web takes 0.5 MB, and browsers keep their connections. */
	if (exec->builtin && (!strcmp(exec->builtin[0], "metrics") || !strcmp(exec->builtin[0], "status")) &&
	    !find_set(row, "instances"))
		imply(implied, "instances", "64");
	for (size_t n = 0; row->settings->defaults && n < sizeof(limited) / sizeof(*limited); n++) {
		const struct option_def *option = option_find(NATIVE, limited[n]);

		if (find_set(row, limited[n]) && !sets(row, limited[n]) && !option_takes_default(option, exec))
			imply(implied, limited[n], option->fallback);
	}
	/* Errors go where output goes if that is set, but to no client. */
	if (output && output->words && streams->output.kind != STREAM_SOCKET && !sets(row, "error") &&
	    !(find_set(row, "error") && option_takes_default(option_find(NATIVE, "error"), exec)))
		imply(implied, "error", output->words[0]);
	if (!((const struct identity_options *)groups[GROUP_IDENTITY])->dynamic_user)
		return;
	/* As DynamicUser= in systemd.exec(5): the user must not leave files to a later user with its number. The
	 * service can make these options stricter, but not weaker. */
	imply(implied, "no_new_privileges", "yes");
	imply(implied, "remove_ipc", "yes");
	imply(implied, "protect_system", "strict");
	imply(implied, "restrict_suid_sgid", "yes");
	if (hardening->protect_home == HOME_WRITABLE)
		imply(implied, "protect_home", "read-only");
	if (hardening->private_tmp == TMP_SHARED)
		imply(implied, "private_tmp", "yes");
}

/* Overrides the groups that the settings change. false: out of memory. */
static bool override_groups(const void *groups[GROUPS], struct setting_list settings, struct pool *pool)
{
	uint32_t touched = 0;
	bool good = true;

	for (size_t i = 0; i < settings.count; i++) {
		enum option_group group = option_defs[settings.list[i].option].group;

		touched |= setting_is_of(&settings.list[i], 0, group) ? 1u << group : 0;
	}
	for (enum option_group group = 0; good && group < GROUPS; group++) {
		if (touched & 1u << group)
			groups[group] = override_group(groups[group], settings, 0, group, pool);
		good = groups[group];
	}
	return good;
}

static bool fill_groups(struct service *row, struct table *table)
{
	const struct service *before = table->count ? &table->services[table->count - 1] : NULL;
	const void *groups[GROUPS];
	struct implied implied;

	if (before && before->settings == row->settings) {
		row->exec = before->exec;
		row->groups = before->groups;
		return true;
	}
	memcpy(groups, table_bases(table, row), sizeof(groups));
	if (!override_groups(groups, settings_of(row->settings), table->pool))
		return false;
	find_implied(&implied, row, groups);
	if (!override_groups(groups, (struct setting_list){ implied.list, implied.count }, table->pool))
		return false;
	row->exec = groups[GROUP_EXEC];
	row->groups = pool_keep(table->pool, groups, sizeof(*row->groups));
	return row->groups != NULL;
}

static bool fill_sockets(struct service *row, const struct service_builder *builder)
{
	struct pool *pool = builder->table->pool;

	row->socket_count = (unsigned)builder->word_count;
	row->sockets = row->socket_count ? pool_alloc(pool, row->socket_count * sizeof(*row->sockets)) : NULL;
	for (size_t i = 0; row->sockets && i < row->socket_count; i++) {
		const struct listen_word *word = &builder->words[i];
		unsigned block = row->settings->list[word->setting].block;
		const struct option_setting *socket =
			block ? settings_find(row->settings, option_find(NATIVE, "socket"), block) : NULL;

		row->sockets[i] = (struct listen){
			.endpoint = word->endpoint, .address = word->endpoint, .at = word->at, .setting = word->setting,
			.name = socket && socket->words ? socket->words[0] : row->name,
		};
	}
	return row->sockets || !row->socket_count;
}

/* Gives the sockets their options. A machine without IPv6 needs only the other socket. */
static bool fill_socket_options(struct service *row, struct pool *pool)
{
	for (size_t i = 0; i < row->socket_count; i++) {
		struct listen *listen = &row->sockets[i];
		unsigned block = service_listen_block(row, listen);
		struct implied implied = { .count = 0 };

		listen->options = row->groups->socket_defaults;
		if (block)
			listen->options = override_group(listen->options, settings_of(row->settings), block,
							 GROUP_SOCKETS, pool);
		if (listen->options && !find_set(row, "optional") && listen_is_second_family(row, listen) &&
		    !settings_find(row->settings, option_find(NATIVE, "optional"), block)) {
			imply(&implied, "optional", "yes");
			listen->options = override_group(listen->options, (struct setting_list){ implied.list, 1 }, 0,
							 GROUP_SOCKETS, pool);
		}
		if (!listen->options)
			return false;
	}
	return true;
}

bool builder_row(const struct service_builder *builder, const struct option_settings *defaults, struct service *row)
{
	*row = builder->row;
	return !builder->exhausted &&
	       service_keep_settings(row, defaults, builder->settings, builder->setting_count, builder->table->pool) &&
	       fill_sockets(row, builder);
}

bool builder_finish(struct service_builder *builder, const struct service_builder *defaults, struct diags *diags)
{
	struct table *table = builder->table;
	struct service row = { 0 };
	bool good = true;

	if (defaults && !table->defaults) {     /* what defaults { } say, for the first service */
		good = service_keep_settings(&row, NULL, defaults->settings, defaults->setting_count, table->pool) &&
		       service_text_groups(&row, table->bases[true], table->pool);
		table->defaults = good ? row.settings : NULL;
	}
	if (good && builder_row(builder, defaults && !builder->row.is_alone ? table->defaults : NULL, &row) &&
	    fill_groups(&row, table) && fill_socket_options(&row, table->pool) && table_add(table, &row))
		return true;
	diag_error(diags, builder->row.at, "%s: out of memory", builder->row.name);
	return false;
}

bool builder_finish_superd(struct service_builder *builder, struct diags *diags)
{
	struct table *table = builder->table;

	return (builder_row(builder, NULL, &table->superd) &&
		settings_fill(settings_of(table->superd.settings), 0, GROUP_SUPERD, &table->globals, table->pool)) ||
	       diags_out_of_memory(diags, builder->row.at);
}
