/* The rows of a table and their names.
 *
 * Rows are one array that may move while it grows, so nobody keeps a pointer to a row until every source is read. The
 * first look-up creates the hash table of names; without memory for it, the search is linear. */
#include "table/services/services.h"

struct names {
	unsigned *slots;                /* index of the row + 1, open addressing; NULL: not created yet */
	size_t size;                    /* a power of two */
};

struct table *table_new(void)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return memory_ran_out();
	globals_init(&table->globals);
	table->pool = pool_new();
	table->names = calloc(1, sizeof(*table->names));
	if (!table->pool || !table->names || !service_text_groups(&table->superd, table->bases[false], table->pool)) {
		table_free(table);
		return memory_ran_out();
	}
	return table;
}

void table_forget_names(struct table *table)
{
	free(table->names->slots);
	*table->names = (struct names){ 0 };
}

void table_free(struct table *table)
{
	if (!table)
		return;
	if (table->names)
		table_forget_names(table);
	free(table->names);
	free(table->services);
	free(table->skipped);
	free(table->roles);
	pool_free(table->pool);
	lookup_cache_free(table->lookups);
	free(table);
}

void table_release(struct table *table)
{
	if (--table->users == 0)
		table_free(table);
}

struct service *table_add(struct table *table, const struct service *service)
{
	/* Not by array_grow: ten thousand rows would take a megabyte more of malloc(3)'s heap. */
	if (table->count == table->capacity) {
		size_t capacity = table->capacity ? table->capacity + table->capacity / 2 : 16;
		struct service *services = reallocarray(table->services, capacity, sizeof(*services));

		if (!services)
			return NULL;
		table->services = services;
		table->capacity = capacity;
	}
	table_forget_names(table);
	table->services[table->count] = *service;
	return &table->services[table->count++];
}

struct skipped *table_skip(struct table *table, struct origin at, const char *name)
{
	struct skipped entry = {
		.at = { pool_text(table->pool, at.file), at.line, at.column }, .name = pool_text(table->pool, name),
		.row = SKIPPED_NO_ROW
	};
	void *list = array_grow(table->skipped, &table->skipped_capacity, table->skipped_count, sizeof(entry));

	if (list)
		table->skipped = list;
	if (!list || !entry.at.file || (name && !entry.name))
		return NULL;
	table->skipped[table->skipped_count] = entry;
	return &table->skipped[table->skipped_count++];
}

bool table_add_role(struct table *table, struct source_role role)
{
	struct source_role *bigger = array_grow(table->roles, &table->role_capacity, table->role_count, sizeof(role));
	bool has_name = role.kind >= ROLE_PART;

	if (bigger)
		table->roles = bigger;
	role.at.file = pool_text(table->pool, role.at.file);
	role.name = pool_text(table->pool, role.name);
	if (!bigger || (has_name && !role.name) || (role.kind != ROLE_ALONE && !role.at.file))
		return false;
	table->roles[table->role_count++] = role;
	return true;
}

const struct source_role *table_next_role(const struct table *table, enum role_kind kind,
					  const struct source_role *before)
{
	for (size_t n = before ? (size_t)(before - table->roles) + 1 : 0; n < table->role_count; n++) {
		if (table->roles[n].kind == kind)
			return &table->roles[n];
	}
	return NULL;
}

static bool share_file(struct origin at, const struct service *service)
{
	return at.file && service->at.file && !strcmp(at.file, service->at.file);
}

/* An entry without a name is known by its line; one with a doubtful name may be any service of its file. */
struct skipped *table_find_skipped(const struct table *table, const struct service *service)
{
	for (size_t n = 0; n < table->skipped_count; n++) {
		struct skipped *entry = &table->skipped[n];
		size_t length = entry->name ? strlen(entry->name) : 0;
		/* The readers of inetd.conf and xinetd.conf append what a broken entry may lack: a type, an address. */
		const char *ends = service->is_foreign && service->dialect <= XINETD ? "-@" : "";
		bool is_it = entry->name ? !strncmp(service->name, entry->name, length) &&
						   strchr(ends, service->name[length])
					 : entry->at.line == service->at.line && share_file(entry->at, service);

		if (is_it || (entry->is_doubtful && share_file(entry->at, service)))
			return entry;
	}
	return NULL;
}

/* If a whole file could not be read, any service of it may be missing. */
bool table_may_lack(const struct table *table, const struct service *service)
{
	const struct service *row = table_find(table, service->name);

	if (row)
		return row->is_skipped;
	if (table_find_skipped(table, service))
		return true;
	for (const struct source_role *role = NULL; (role = table_next_role(table, ROLE_SHARED, role));) {
		if (!role->at.line && share_file(role->at, service))
			return true;
	}
	return false;
}

/* Finds the slot of a name, or the empty slot for it. */
static unsigned *names_slot(const struct names *names, const struct table *table, const char *name)
{
	uint64_t hash = hash_text(HASH_START, name);
	size_t at = (size_t)(hash ^ hash >> 32) & (names->size - 1);

	while (names->slots[at] && strcmp(table->services[names->slots[at] - 1].name, name) != 0)
		at = (at + 1) & (names->size - 1);
	return &names->slots[at];
}

static bool names_make(struct names *names, const struct table *table)
{
	names->size = 16;
	while (names->size < table->count + table->count / 2)
		names->size *= 2;
	names->slots = calloc(names->size, sizeof(*names->slots));
	if (!names->slots)
		return false;
	for (size_t i = 0; i < table->count; i++) {
		unsigned *slot = names_slot(names, table, table->services[i].name);

		if (!*slot)
			*slot = (unsigned)(i + 1);
	}
	return true;
}

struct service *table_find(const struct table *table, const char *name)
{
	if (table->names->slots || names_make(table->names, table)) {
		unsigned row = *names_slot(table->names, table, name);

		return row ? &table->services[row - 1] : NULL;
	}
	for (size_t i = 0; i < table->count; i++) {
		if (!strcmp(table->services[i].name, name))
			return &table->services[i];
	}
	return NULL;
}
