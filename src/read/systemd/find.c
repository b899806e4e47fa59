/* Finds a unit by its name and reads its files: the search path, links, masks, templates, drop-ins.
 *
 * A name may be that of a file, of a link to another unit (an alias, which is followed by name and not by path), of a
 * link to a file elsewhere, of an instance of a template, or of a mask. A unit's drop-ins have many names, each in any
 * folder. So all folders are listed once, and a search for an absent name costs no system call. One folder may have two
 * paths (/lib is often /usr/lib), so device and inode identify it. Source: systemd.unit(5). */
#include "read/systemd/internal.h"

#include <dirent.h>

#define NAME_MOST 255                   /* bytes of a unit's name */
#define ALIASES_MOST 64                 /* names of a unit */
#define ALIAS_DEPTH 8                   /* links behind each other */

/* A file in a folder of units. */
struct entry {
	const char *name;
	size_t folder;                  /* the number of the folder */
	const char *target;             /* of a symbolic link, as readlink(2) gives it; NULL: no link */
};

/* The folders where units are searched that are named in one folder, and all files there. */
struct search {
	struct search *next;
	struct reading *reading;
	struct pool *pool;
	const char *named;              /* the folder */
	size_t named_number;
	struct folder {
		const char *path;       /* NULL: it is not there, or has another number already */
		dev_t device;
		ino_t inode;
	} *folders;                     /* in their order; the search path begins with number 1 */
	size_t folder_count;
	struct entry *entries;          /* owned; sorted by name, then by folder */
	size_t count, capacity;
	struct entry *aliases;          /* owned: links to other units, whose target is the name alone */
	size_t alias_count, alias_capacity;
	bool failed;                    /* a folder cannot be read (reported) */
};

/* A cached result, valid for the whole reading: of a search, or of reading a file as a unit. */
struct known {
	struct known *next;             /* in the same chain of the hash table */
	const char *first, *second;     /* the key, in the pool: a folder and a name, or a file and a name */
	struct unit *unit;              /* NULL: there is none */
	bool is_done;
	bool failed;                    /* the unit could not be read (reported) */
};

/* Names of units, prefix@instance.suffix. All functions but unit_name_is_valid must get valid ones. */

const char *const unit_suffixes[] = {
	"service", "socket", "target", "device", "mount", "automount", "swap", "timer", "path", "slice", "scope", NULL
};

bool unit_name_has_suffix(const char *name, const char *suffix)
{
	return strlen(name) > strlen(suffix) && scan_ends_with(name, suffix);
}

bool unit_name_is_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@";
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');

	return dot && dot > name && at != name && (!at || at < dot) && strlen(name) <= NAME_MOST &&
		!name[strspn(name, letters)] && words_have(unit_suffixes, dot + 1);
}

bool unit_name_is_template(const char *name)
{
	const char *at = strchr(name, '@');

	return at && at + 1 == strrchr(name, '.');
}

static bool name_is_instance(const char *name)
{
	return strchr(name, '@') && !unit_name_is_template(name);
}

/* The name of a template's instance, with the instance of another name; of NULL: of an instance's template. */
static const char *name_with_instance(struct pool *pool, const char *name, const char *instance_of)
{
	const char *at = strchr(name, '@'), *instance = instance_of ? strchr(instance_of, '@') + 1 : "";

	return pool_textf(pool, "%.*s%.*s%s", (int)(at + 1 - name), name,
			  instance_of ? (int)(strrchr(instance_of, '.') - instance) : 0, instance, strrchr(name, '.'));
}

/* The name of the unit that a link called `name` leads to, whose target is this one; NULL: that cannot be. */
static const char *link_target_name(struct pool *pool, const char *name, const char *target)
{
	if (!unit_name_is_valid(name) || !unit_name_is_valid(target) ||
	    strcmp(strrchr(name, '.'), strrchr(target, '.')) != 0)
		return NULL;
	if (unit_name_is_template(name))
		return unit_name_is_template(target) ? target : NULL;
	if (!unit_name_is_template(target))
		return target;
	return strchr(name, '@') ? name_with_instance(pool, target, name) : NULL;
}

/* Adds an error about a file, or a folder, and is false. */
#define refuse_file(reading, path, ...) reading_refuse(reading, (struct origin){ .file = path }, __VA_ARGS__)

/* The errno of the last call. */
static bool refuse_unreadable(struct reading *reading, const char *path)
{
	return refuse_file(reading, path, "cannot read: %s", strerror(errno));
}

/* Folders. */

/* The number of the folder with this status; folder_count: it is none of these. */
static size_t find_folder(const struct search *search, const struct stat *status)
{
	size_t n = 0;

	while (n < search->folder_count && !(search->folders[n].path && search->folders[n].device == status->st_dev &&
					     search->folders[n].inode == status->st_ino))
		n++;
	return n;
}

static void add_entry(struct search *search, size_t folder, int stream, const struct dirent *found)
{
	char target[PATH_MAX];
	ssize_t length = found->d_type == DT_LNK || found->d_type == DT_UNKNOWN
		? readlinkat(stream, found->d_name, target, sizeof(target)) : -1;

	array_add(search->entries, search->count, search->capacity) = (struct entry){
		.name = pool_text(search->pool, found->d_name), .folder = folder,
		.target = length < 0 ? NULL : pool_text_n(search->pool, target, (size_t)length),
	};
}

/* Adds what is in a folder. Returns its number, which is another one if it is there already. systemd passes over a
 * folder of its path that it may not open: a user whose HOME is another's has such folders. */
static size_t add_folder(struct search *search, size_t number, const char *path)
{
	DIR *stream = opendir(path);
	const struct dirent *found;
	struct stat status;
	size_t same;

	if (!stream && number && errno == EACCES)
		diag_warning(search->reading->diags, ((struct origin){ .file = path }),
			     "cannot read: %s; its units and drop-ins are passed over, as systemd does",
			     strerror(errno));
	else if (!stream && errno != ENOENT && errno != ENOTDIR)
		search->failed = !refuse_unreadable(search->reading, path);
	if (!stream)
		return number;
	same = fstat(dirfd(stream), &status) == 0 ? find_folder(search, &status) : search->folder_count;
	if (same < search->folder_count) {
		closedir(stream);
		return same;
	}
	search->folders[number] = (struct folder){ pool_text(search->pool, path), status.st_dev, status.st_ino };
	for (errno = 0; (found = readdir(stream)); errno = 0) {
		if (found->d_name[0] != '.')
			add_entry(search, number, dirfd(stream), found);
	}
	if (errno)
		search->failed = !refuse_unreadable(search->reading, path);
	closedir(stream);
	return number;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	return order ? order : (one->folder > other->folder) - (one->folder < other->folder);
}

static const struct entry *find_entry(const struct search *search, size_t folder, const char *name)
{
	const struct entry wanted = { .name = name, .folder = folder };

	return search->count ? bsearch(&wanted, search->entries, search->count, sizeof(wanted), compare_entries) : NULL;
}

static const char *path_of(const struct search *search, const struct entry *entry)
{
	return pool_textf(search->reading->table->pool, "%s/%s", search->folders[entry->folder].path, entry->name);
}

/* Whether the target of a link lies in one of the folders. */
static bool leads_here(const struct search *search, const struct entry *link)
{
	const char *slash = strrchr(link->target, '/');
	char whole[PATH_MAX];
	struct stat status;
	int length;

	if (!slash)
		return true;
	length = snprintf(whole, sizeof(whole), "%s%s%.*s",
			  *link->target == '/' ? "" : search->folders[link->folder].path,
			  *link->target == '/' ? "" : "/", (int)(slash + 1 - link->target), link->target);
	return length >= 0 && (size_t)length < sizeof(whole) && stat(whole, &status) == 0 &&
		find_folder(search, &status) < search->folder_count;
}

/* Finds the links that are aliases of units, whose drop-ins apply to the units, too. In an earlier folder there must be
 * nothing of that name. */
static void find_aliases(struct search *search)
{
	for (size_t n = 0; n < search->count; n++) {
		const struct entry *entry = &search->entries[n];
		const char *target = entry->target ? scan_base_name(entry->target) : NULL;

		if (target && (!n || strcmp(entry[-1].name, entry->name) != 0) && strcmp(target, entry->name) != 0 &&
		    link_target_name(search->pool, entry->name, target) && leads_here(search, entry))
			array_add(search->aliases, search->alias_count, search->alias_capacity) =
				(struct entry){ entry->name, entry->folder, target };
	}
}

void units_free(void *state)
{
	struct units *units = state;

	for (struct search *search = units->searches; search; search = search->next) {
		free(search->entries);
		free(search->aliases);
	}
	for (size_t n = 0; n < units->pair_count; n++) {
		free(units->pairs[n]->sockets);
		free(units->pairs[n]->needs);
	}
	free(units->pairs);
	free(units->list);
	pool_free(units->pool);
}

struct units *units_of(struct reading *reading)
{
	void **state = reading_state(reading, units_free);
	struct units *units = *state;
	struct pool *pool;

	if (units)
		return units;
	pool = pool_new();
	*state = units = pool_alloc(pool, sizeof(*units));
	units->pool = pool;
	return units;
}

/* Where units are searched that are named in this folder. */
static const struct search *search_of(struct reading *reading, const char *named)
{
	const char *const *path = reading->request && reading->request->unit_path ? reading->request->unit_path
										   : machine_unit_path;
	struct units *units = units_of(reading);
	struct search *search = units->searches;

	while (search && strcmp(search->named, named) != 0)
		search = search->next;
	if (search)
		return search;
	search = pool_alloc(units->pool, sizeof(*search));
	*search = (struct search){
		.next = units->searches, .reading = reading, .pool = units->pool,
		.named = pool_text(units->pool, named), .folder_count = words_count(path) + 1,
	};
	units->searches = search;
	search->folders = pool_alloc(units->pool, search->folder_count * sizeof(*search->folders));
	for (size_t n = 1; n < search->folder_count; n++) {
		add_folder(search, n, path[n - 1]);
		if (!strcmp(path[n - 1], named))
			search->named_number = n;
	}
	if (!search->named_number)
		search->named_number = add_folder(search, 0, named);
	if (search->count)
		qsort(search->entries, search->count, sizeof(*search->entries), compare_entries);
	find_aliases(search);
	return search;
}

/* Files. A file that is empty, or /dev/null, is a mask. Whether it can be read at all says its reading. */
static bool is_mask(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && (S_ISCHR(status.st_mode) || (S_ISREG(status.st_mode) && !status.st_size));
}

/* Reads one file of a unit. false: it cannot be read (reported). */
static bool read_file(struct reading *reading, const char *path, struct unit_text *text)
{
	struct source_file source;

	if (reading->files >= READING_FILES)
		return refuse_file(reading, path, "more than %d files in one configuration", READING_FILES);
	reading->files++;
	if (!source_load_in_parts(&source, path, reading->table->pool, reading->diags))
		return false;
	unit_text_add(text, &source);
	source_free(&source);
	return true;
}

/* The files of folders beside units: NAME.d, NAME.wants and the like. */
struct files {
	const struct search *search;
	struct entry *list;             /* owned; names, their order, and paths in the table's pool, for diagnostics */
	size_t count, capacity;
	bool failed;                    /* reported */
};

/* Adds what is in the folder of this name in another folder and ends so, but for folders. */
static void add_files(struct files *files, size_t folder, const char *name, const char *ending)
{
	struct reading *reading = files->search->reading;
	const struct entry *entry = find_entry(files->search, folder, name);
	const char *path = entry ? path_of(files->search, entry) : NULL;
	DIR *stream = entry ? opendir(path) : NULL;
	const struct dirent *found;
	struct stat status;

	if (!stream) {
		files->failed |= entry && errno != ENOTDIR && !refuse_unreadable(reading, path);
		return;
	}
	for (errno = 0; (found = readdir(stream)); errno = 0) {
		const char *file;

		if (found->d_name[0] == '.' || !unit_name_has_suffix(found->d_name, ending))
			continue;
		file = pool_textf(reading->table->pool, "%s/%s", path, found->d_name);
		if (stat(file, &status) < 0 || !S_ISDIR(status.st_mode))
			array_add(files->list, files->count, files->capacity) =
				(struct entry){ pool_text(files->search->pool, found->d_name), files->count, file };
	}
	if (errno)
		files->failed = !refuse_unreadable(reading, path);
	closedir(stream);
}

/* Drop-ins: *.conf in NAME.d, in PREFIX-.SUFFIX.d and in SUFFIX.d.
 *
 * Two orders apply. Of files with the same name the file in the first folder replaces the others, and an empty file
 * there removes them. Then all files are read by name, whatever their folder. systemd's manual leaves the order of
 * folders partly open. The order here was observed: the unit's own name before its other names; of each, first by the
 * search path, then the name itself, the template's name, prefixes that end in a dash from long to short; and last the
 * folders of the whole type. NAME has two parts here: its first bytes and the rest. */
static void add_dropins_of(struct files *dropins, size_t folder, const char *start, size_t length, const char *rest)
{
	add_files(dropins, folder, pool_textf(dropins->search->pool, "%.*s%s.d", (int)length, start, rest), ".conf");
}

/* Collects the folders of one name: its own, its template's, and those of all prefixes that end in a dash, of an
 * instance and a template also as an instance and a template. */
static void add_dropins_of_name(struct files *dropins, size_t folder, const char *name)
{
	const char *at = strchr(name, '@'), *dot = strrchr(name, '.');
	const char *template = at ? pool_textf(dropins->search->pool, "@%s", dot) : NULL;
	size_t length = (size_t)((at ? at : dot) - name);
	bool is_instance = name_is_instance(name);

	add_dropins_of(dropins, folder, name, strlen(name), "");
	if (is_instance)
		add_dropins_of(dropins, folder, name, length, template);
	for (size_t n = length - 1; n > 1; n--) {
		if (name[n - 1] == '-')
			add_dropins_of(dropins, folder, name, n, dot);
	}
	for (size_t n = length - 1; at && n > 1; n--) {
		if (name[n - 1] == '-')
			add_dropins_of(dropins, folder, name, n, at);
		if (name[n - 1] == '-' && is_instance)
			add_dropins_of(dropins, folder, name, n, template);
	}
}

/* Whether an instance has a file, or a link to one, that is not its template's. */
static bool has_own_file(const struct search *search, const char *name)
{
	const char *template = name_with_instance(search->pool, name, NULL);

	for (size_t n = 0; n < search->folder_count; n++) {
		const struct entry *entry = find_entry(search, n, name);

		if (entry && (!entry->target || strcmp(scan_base_name(entry->target), template) != 0))
			return true;
	}
	return false;
}

/* The name of an alias for this unit; NULL: it is no alias of the unit. An alias of its template may be for this
 * instance alone. One for all instances is not of the unit if either name has a file of its own. */
static const char *alias_name(const struct search *search, const struct entry *alias, const char *name)
{
	const char *found;

	if (!strcmp(alias->target, name))
		return alias->name;
	if (!name_is_instance(name) || strcmp(alias->target, name_with_instance(search->pool, name, NULL)) != 0)
		return NULL;
	found = name_with_instance(search->pool, alias->name, name);
	if (unit_name_is_template(alias->name))
		return has_own_file(search, name) || has_own_file(search, found) ? NULL : found;
	return strcmp(alias->name, found) ? NULL : found;
}

/* Finds all names of a unit: its own first, then those of links to a name that is found already. names: all zero.
 * Returns their number. */
static size_t find_names(const struct search *search, const char *name, const char *names[ALIASES_MOST + 1])
{
	size_t count = 1;

	names[0] = name;
	for (size_t of = 0; of < count; of++) {
		for (size_t i = 0; i < search->alias_count && count < ALIASES_MOST; i++) {
			const char *alias = alias_name(search, &search->aliases[i], names[of]);

			if (alias && !words_have(names, alias))
				names[count++] = alias;
		}
	}
	return count;
}

/* Reads every drop-in of a unit. An empty file is not read; it only replaces others of its name. false: one cannot be
 * read, or has a line that is wrong (reported): it may have no setting by which its error is the unit's. */
static bool read_dropins(const struct search *search, const struct unit *unit, struct unit_text *text)
{
	struct files dropins = { .search = search };
	const char *names[ALIASES_MOST + 1] = { NULL };
	size_t count = find_names(search, unit->name, names), errors = search->reading->diags->errors;
	bool ok;

	if (count == ALIASES_MOST)
		dropins.failed = !refuse_file(search->reading, unit->path, "%d names lead to %s, or more",
					      ALIASES_MOST, unit->name);
	for (size_t i = 0; i < count; i++) {
		for (size_t n = 0; n < search->folder_count; n++)
			add_dropins_of_name(&dropins, n, names[i]);
	}
	for (size_t n = 0; n < search->folder_count; n++)
		add_dropins_of(&dropins, n, unit->suffix, strlen(unit->suffix), "");
	ok = !dropins.failed;
	if (dropins.count)
		qsort(dropins.list, dropins.count, sizeof(*dropins.list), compare_entries);
	for (size_t n = 0; !dropins.failed && n < dropins.count; n++) {
		const struct entry *file = &dropins.list[n];

		if (n && !strcmp(file->name, file[-1].name))
			continue;
		ok &= is_mask(file->target) || read_file(search->reading, file->target, text);
	}
	free(dropins.list);
	return ok && search->reading->diags->errors == errors;
}

/* Finding. */

/* The result of looking for a name. */
struct finding {
	enum { NOWHERE, FOUND, MASKED, ALIAS, FAILED } kind;
	const struct entry *entry;      /* what was found */
	const char *path;               /* of the file, kept in the table's pool */
	const char *alias;              /* of ALIAS: the name of the unit that the link leads to */
};

/* A link to a file outside of the search path: the real path is that of the unit's file. */
static struct finding follow_outside(struct reading *reading, const char *path, const struct entry *link)
{
	char real[PATH_MAX];
	const char *found = realpath(path, real);

	if (!found && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
		refuse_file(reading, path, "leads to %s, which is not there", link->target);
		return (struct finding){ .kind = FAILED };
	}
	return (struct finding){ FOUND, link, .path = found ? pool_text(reading->table->pool, real) : path };
}

/* Examines one file as that of the unit `name`. */
static struct finding examine_entry(const struct search *search, const struct entry *entry, const char *name)
{
	struct reading *reading = search->reading;
	const char *path = path_of(search, entry), *target, *behind;

	if (is_mask(path) || (entry->target && !strcmp(entry->target, "/dev/null")))
		return (struct finding){ MASKED, entry, .path = path };
	if (!entry->target)
		return (struct finding){ FOUND, entry, .path = path };
	if (!leads_here(search, entry))
		return follow_outside(reading, path, entry);
	target = scan_base_name(entry->target);
	behind = link_target_name(search->pool, entry->name, target) ? link_target_name(search->pool, name, target)
								     : NULL;
	if (!behind) {
		refuse_file(reading, path, "leads to %s, of which %s cannot be another name", target, name);
		return (struct finding){ .kind = FAILED };
	}
	/* A link to its own name says nothing: the next folder has the unit, or none has. */
	if (!strcmp(behind, name))
		return (struct finding){ .kind = NOWHERE };
	return (struct finding){ ALIAS, entry, .path = path, .alias = behind };
}

/* Searches a file called `file` in all folders. */
static struct finding search_folders(const struct search *search, const char *file, const char *name)
{
	struct finding finding = { .kind = NOWHERE };

	for (size_t n = 0; n < search->folder_count && finding.kind == NOWHERE; n++) {
		const struct entry *entry = find_entry(search, n, file);

		if (entry)
			finding = examine_entry(search, entry, name);
	}
	return finding;
}

/* Follows aliases; *name becomes the unit's own. */
static struct finding follow_aliases(const struct search *search, const char **name)
{
	const char *asked = *name;

	for (int depth = 0; depth < ALIAS_DEPTH; depth++) {
		struct finding finding = search_folders(search, *name, *name);

		if (finding.kind == NOWHERE && name_is_instance(*name))
			finding = search_folders(search, name_with_instance(search->pool, *name, NULL), *name);
		if (finding.kind != ALIAS)
			return finding;
		*name = finding.alias;
	}
	refuse_file(search->reading, asked,
		    "the links of this name lead to one another: more than %d, or round in a circle", ALIAS_DEPTH);
	return (struct finding){ .kind = FAILED };
}

/* Reads a unit. NULL if any part cannot be read: the missing part may have restricted the service. */
static struct unit *load_unit(const struct search *search, const char *name, const struct finding *finding)
{
	struct unit_text text = { .pool = search->pool, .diags = search->reading->diags };
	const char *dot = strrchr(name, '.'), *at = strchr(name, '@');
	struct unit *unit = pool_alloc(text.pool, sizeof(*unit));
	bool ok = true;

	*unit = (struct unit){
		.name = pool_text(text.pool, name), .suffix = pool_text(text.pool, dot + 1),
		.prefix = pool_text_n(text.pool, name, (size_t)((at ? at : dot) - name)),
		.instance = at ? pool_text_n(text.pool, at + 1, (size_t)(dot - at - 1)) : NULL,
		.is_masked = finding->kind == MASKED,
	};
	if (!unit->is_masked) {
		unit->path = finding->path;
		ok = read_file(search->reading, unit->path, &text) && read_dropins(search, unit, &text);
	}
	unit->list = pool_copy(text.pool, text.list, text.count * sizeof(*text.list));
	unit->count = text.count;
	free(text.list);
	return ok && !text.failed ? unit : NULL;
}

/* The cached result of a pair of texts, or a new one. Texts are compared by address, because the pool keeps equal texts
 * once. */
static struct known *find_known(struct units *units, const char *first, const char *second)
{
	struct known **chain, *known;

	first = pool_text(units->pool, first);
	second = pool_text(units->pool, second);
	chain = &units->known[((uintptr_t)first / 8 * 31 + (uintptr_t)second / 8) %
			      (sizeof(units->known) / sizeof(*units->known))];
	for (known = *chain; known; known = known->next) {
		if (known->first == first && known->second == second)
			return known;
	}
	known = pool_alloc(units->pool, sizeof(*known));
	*known = (struct known){ .next = *chain, .first = first, .second = second };
	return *chain = known;
}

/* Adds a note if the file that was named is overridden: a file of that name, or a mask, stands in an earlier folder of
 * the search path. */
static void note_override(const struct search *search, const char *name, const struct finding *finding)
{
	const struct entry *entry = find_entry(search, search->named_number, name);

	if (entry && !entry->target && finding->entry->folder < entry->folder)
		diag_note(search->reading->diags, ((struct origin){ .file = path_of(search, entry) }),
			  "not read: %s is before it in the search path", finding->path);
}

/* A unit is read once for each pair of a file and a name, whatever folder it was named in. */
static void find_unit(struct reading *reading, const char *folder, const char *name, struct known *result)
{
	const struct search *search = search_of(reading, folder);
	struct finding finding = { .kind = FAILED };
	struct known *read;

	if (!search->failed)
		finding = follow_aliases(search, &name);
	result->is_done = true;
	result->failed = finding.kind == FAILED;
	if (finding.kind == NOWHERE || finding.kind == FAILED)
		return;
	note_override(search, name, &finding);
	read = find_known(units_of(reading), finding.path, name);
	if (!read->is_done) {
		read->unit = load_unit(search, name, &finding);
		read->failed = !read->unit;
		read->is_done = true;
	}
	result->unit = read->unit;
	result->failed = read->failed;
}

struct unit *unit_find(struct reading *reading, const char *folder, const char *name, bool *failed)
{
	struct known *known;

	*failed = false;
	if (!unit_name_is_valid(name))
		return NULL;
	known = find_known(units_of(reading), folder, name);
	if (!known->is_done)
		find_unit(reading, folder, known->second, known);
	*failed = known->failed;
	return known->unit;
}

void unit_listed_names(struct reading *reading, const char *folder, const struct unit *unit, const char *kind,
		       struct word_list *list)
{
	const struct search *search = search_of(reading, folder);
	const char *names[ALIASES_MOST + 1] = { NULL }, *template;
	size_t count = find_names(search, unit->name, names);
	struct files files = { .search = search };

	for (size_t i = 0; i < count; i++) {
		for (size_t n = 0; n < search->folder_count; n++)
			add_files(&files, n, pool_textf(search->pool, "%s%s", names[i], kind), "");
		template = name_is_instance(names[i]) ? name_with_instance(search->pool, names[i], NULL) : NULL;
		for (size_t n = 0; template && n < search->folder_count; n++)
			add_files(&files, n, pool_textf(search->pool, "%s%s", template, kind), "");
	}
	for (size_t n = 0; n < files.count; n++) {
		struct origin at = { .file = files.list[n].target };

		if (!unit_name_is_valid(files.list[n].name))
			continue;
		word_list_add(list, files.list[n].name, at);
		list->at = list->at.file ? list->at : at;
	}
	list->failed |= files.failed;
	free(files.list);
}
