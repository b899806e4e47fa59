/* The folders of a service, its credentials, and the removal of what it has left. */
#include "superd/start/start.h"

#include <sched.h>
#include <sys/random.h>
#include <sys/syscall.h>

/* Removals by superd-exec, each of all that one service has left: it may be much, and what a user has mounted in his
 * folder may never answer. */

#define END_LIMIT 10000 /* milliseconds */

static struct {
	struct removal *list;
	size_t count, room;
} removals;

/* A folder that goes, below the base; link: what goes with it, if it leads to the target. */
static void add_folder(struct buf *folders, const char *base, const char *name, const char *link, const char *target)
{
	buf_add(folders, base, strlen(base) + 1);
	buf_add(folders, name, strlen(name) + 1);
	buf_add(folders, link, strlen(link) + 1);
	buf_add(folders, target, strlen(target) + 1);
}

bool removal_begin(struct buf *folders, const char *service, uid_t uid, bool is_of_tmp)
{
	const struct own_program *program = program_get(PROGRAM_EXEC);
	const char **argv = calloc(folders->length + 6, sizeof(*argv)), *at = buf_string(folders);
	struct removal *list = array_grow(removals.list, &removals.room, removals.count, sizeof(*list));
	struct removal removal = { .pid = -1, .uid = uid, .name = strdup(service), .is_of_tmp = is_of_tmp };
	char own[16], user[16];
	size_t count = 5;

	removals.list = list ? list : removals.list;
	errno = ENOMEM;
	if (argv && list && removal.name && !folders->failed) {
		snprintf(own, sizeof(own), "%ld", (long)getpid());
		snprintf(user, sizeof(user), "%" PRIu32, (uint32_t)uid);
		argv[0] = program->name;
		argv[1] = build_word();
		argv[2] = "--remove";
		argv[3] = own;
		argv[4] = user;
		for (const char *end = at + folders->length; at < end; at += strlen(at) + 1)
			argv[count++] = at;
		errno = program->error;
		if (program->fd >= 0)
			removal.pid = spawn_aside(program, (char *const *)(uintptr_t)argv);
	}
	free(argv);
	if (removal.pid > 0) {
		removal.folders = *folders;
		list[removals.count++] = removal;
		return true;
	}
	free(removal.name);
	buf_free(folders);
	return false;
}

struct removal *removal_at(size_t n)
{
	return n < removals.count ? &removals.list[n] : NULL;
}

pid_t removal_make_way(const char *service, uid_t uid, bool is_apart)
{
	size_t count = removals.count;
	pid_t found = 0;

	for (size_t n = 0; n < count; n++) {
		struct removal *removal = &removals.list[n];
		struct buf folders = { 0 };

		if (!(uid && removal->uid == uid) && (removal->is_of_tmp || strcmp(removal->name, service) != 0))
			continue;
		if (is_apart && !found) {
			found = removal->pid;
			continue;
		}
		kill(removal->pid, SIGKILL);
		if (!strcmp(removal->name, service))
			continue;
		folders = removal->folders; /* which this start does not get */
		removal->folders = (struct buf){ 0 };
		if (folders.length)
			removal_begin(&folders, removal->name, 0, false);
	}
	return found;
}

static void add_left(const struct removal *removal, struct buf *left)
{
	buf_addf(left, "%s%s", left->length ? ", " : "", removal->name);
}

/* A start that waited too long for it has killed it. */
static void take_end(size_t n, int status, struct buf *left)
{
	if (status && !WIFSIGNALED(status))
		add_left(&removals.list[n], left);
	free(removals.list[n].name);
	buf_free(&removals.list[n].folders);
	removals.list[n] = removals.list[--removals.count];
}

bool removal_take_end(pid_t pid, int status, struct buf *left)
{
	for (size_t n = 0; n < removals.count; n++) {
		if (removals.list[n].pid == pid) {
			take_end(n, status, left);
			return true;
		}
	}
	return false;
}

void removal_end(struct buf *left)
{
	int64_t until = clock_ms() + END_LIMIT;

	while (removals.count) {
		int status = 0;

		if (waitpid(removals.list[0].pid, &status, WNOHANG) != 0) {
			take_end(0, status, left);
		} else if (clock_ms() < until) {
			poll(NULL, 0, 1);
		} else {
			kill(removals.list[0].pid, SIGKILL);
			add_left(&removals.list[0], left);
			take_end(0, 0, left);
		}
	}
}

/* Plans the directories of a service (runtime, state, cache, logs, configuration), and removes those of runtime.
 *
 * Folders below the base may belong to the service's user, who could put a symlink anywhere, or mount a file system
 * that never answers. So superd-exec makes them, within a start, and removes them. */

/* The five kinds of directories: their options, variables, base folders, and a service's names. */

void directories_find_bases(struct process_defaults *defaults)
{
	defaults->runtime_directory = runtime_dir();
	defaults->state_directory = LOCALSTATEDIR "/lib";
	defaults->cache_directory = LOCALSTATEDIR "/cache";
	defaults->logs_directory = LOCALSTATEDIR "/log";
	defaults->configuration_directory = SYSCONFDIR;
}

const char *session_home(const struct service *service)
{
	const char *home = getenv("HOME");

	if (!service->groups->environment->unit_environment || geteuid() == 0)
		return NULL;
	return home && *home == '/' ? home : service->account ? service->account->home : NULL;
}

/* Where a user's systemd has the directories of units: systemd.exec(5). */
static struct {
	char base[DIRECTORY_KINDS][PATH_MAX];
} of_session;

static const char *find_session_base(size_t kind, const char *home)
{
	static const struct { const char *variable, *usual, *below; } places[DIRECTORY_KINDS] = {
		{ NULL, NULL, NULL },
		{ "XDG_STATE_HOME", "/.local/state", "" },
		{ "XDG_CACHE_HOME", "/.cache", "" },
		{ "XDG_STATE_HOME", "/.local/state", "/log" },
		{ "XDG_CONFIG_HOME", "/.config", "" },
	};
	const char *named = getenv(places[kind].variable);
	bool is_named = named && *named == '/';

	if (!*of_session.base[kind])
		snprintf(of_session.base[kind], PATH_MAX, "%s%s%s", is_named ? named : home,
			 is_named ? "" : places[kind].usual, places[kind].below);
	return of_session.base[kind];
}

void directories_of(const struct service *service, const struct process_defaults *defaults,
		    struct directory_kind kinds[DIRECTORY_KINDS])
{
	const struct environment_options *environment = service->groups->environment;
	const struct directory_options *folders = service->groups->directories;
	const char *home = session_home(service);
	const struct directory_kind list[DIRECTORY_KINDS] = {
		{ "runtime_directory", "RUNTIME_DIRECTORY", defaults->runtime_directory, environment->runtime_directory,
		  folders->runtime_directory_mode, true },
		{ "state_directory", "STATE_DIRECTORY", defaults->state_directory, environment->state_directory,
		  folders->state_directory_mode, true },
		{ "cache_directory", "CACHE_DIRECTORY", defaults->cache_directory, folders->cache_directory,
		  folders->cache_directory_mode, true },
		{ "logs_directory", "LOGS_DIRECTORY", defaults->logs_directory, folders->logs_directory,
		  folders->logs_directory_mode, true },
		{ "configuration_directory", "CONFIGURATION_DIRECTORY", defaults->configuration_directory,
		  folders->configuration_directory, folders->configuration_directory_mode, false },
	};

	memcpy(kinds, list, sizeof(list));
	for (size_t n = 1; home && n < DIRECTORY_KINDS; n++)
		kinds[n].base = find_session_base(n, home);
}

/* A folder of superd or of root without the links of its path; as it is written if it is not there. */
static size_t resolve_folder(const char *path, size_t length, char resolved[PATH_MAX])
{
	char text[PATH_MAX];

	snprintf(text, sizeof(text), "%.*s", (int)length, path);
	if (!realpath(text, resolved))
		memcpy(resolved, text, sizeof(text));
	return strlen(resolved);
}

/* Whether superd's control socket is in this directory, or below it: no service may have such a directory. */
static bool directory_has_control(const struct process_defaults *defaults, const char *base, const char *word)
{
	const char *slash = defaults->control ? strrchr(defaults->control, '/') : NULL;
	char folder[PATH_MAX], bases[PATH_MAX];
	size_t above, length = directory_name_length(word);

	if (!slash)
		return false;
	resolve_folder(defaults->control, (size_t)(slash - defaults->control), folder);
	above = resolve_folder(base, strlen(base), bases);
	return !strncmp(folder, bases, above) && folder[above] == '/' && !strncmp(folder + above + 1, word, length) &&
		(folder[above + 1 + length] == '/' || !folder[above + 1 + length]);
}

size_t directory_name_length(const char *word)
{
	return strcspn(word, ":");
}

/* ---- for a start, in superd-exec (exec/stages/files.c) ---- */

/* Appends the target of the link in "NAME:LINK", relative to the link's folder, as both are below the base. */
static void add_link_target(const char *word, struct buf *target)
{
	size_t length = directory_name_length(word);

	for (const char *slash = strchr(word + length, '/'); slash; slash = strchr(slash + 1, '/'))
		buf_text(target, "../");
	buf_add(target, word, length);
}

static void describe(const struct service *service, const struct directory_kind *kind, const char *word, int error,
		     struct buf *why)
{
	buf_addf(why, "%s: %s/%s: %s", option_name_of(service, kind->option), kind->base, word, strerror(error));
	origin_cite(service_origin(service, kind->option), why);
}

bool directories_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why)
{
	struct directory_kind kinds[DIRECTORY_KINDS];
	size_t count = 0;

	directories_of(service, defaults, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++)
		count += words_count(kinds[n].names);
	if (!count)
		return true;
	plan->apart = APART;
	plan->folders = calloc(count, sizeof(*plan->folders));
	if (!plan->folders)
		buf_text(why, "out of memory");
	for (const struct directory_kind *kind = kinds; plan->folders && kind < kinds + DIRECTORY_KINDS; kind++) {
		for (words name = kind->names; name && *name; name++) {
			struct own_folder *folder = &plan->folders[plan->folder_count++];
			bool has_control = directory_has_control(defaults, kind->base, *name), has_link;
			size_t length = directory_name_length(*name);
			struct buf target = { 0 };

			*folder = (struct own_folder){
				.name = strndup(*name, length),
				.base = kind->base,
				.mode = kind->mode == NO_MODE ? 0755 : kind->mode,
				.sets_mode = kind->mode != NO_MODE,
				.is_owned = kind->is_owned,
			};
			has_link = (*name)[length];
			if (has_link) {
				add_link_target(*name, &target);
				folder->link = strdup(*name + length + 1);
				folder->target = buf_take(&target);
			}
			if (has_control || !folder->name || (has_link && (!folder->link || !folder->target))) {
				describe(service, kind, *name, has_control ? EPERM : ENOMEM, why);
				return false;
			}
		}
	}
	return plan->folders;
}

void directories_plan_free(struct plan *plan)
{
	for (size_t n = 0; n < plan->folder_count; n++) {
		free(plan->folders[n].name);
		free(plan->folders[n].link);
		free(plan->folders[n].target);
	}
	free(plan->folders);
}

void directories_describe_fault(const struct service *service, const struct process_defaults *defaults, int number,
				int error, struct buf *why)
{
	struct directory_kind kinds[DIRECTORY_KINDS];
	size_t at = (size_t)number;

	directories_of(service, defaults, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++) {
		size_t count = words_count(kinds[n].names);

		if (at < count) {
			describe(service, &kinds[n], kinds[n].names[at], error, why);
			return;
		}
		at -= count;
	}
}

/* ---- removing ---- */

/* No symlink is followed, and no file system that is mounted below the base is asked. */
bool directories_find_owner(const char *base, const char *word, uid_t *owner)
{
	struct {
		uint64_t flags, mode, resolve;
	} how = { O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 1 | 4 | 8 /* RESOLVE_NO_XDEV, NO_SYMLINKS, BENEATH */ };
	int above = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC), at = -1;
	char *name = strndup(word, directory_name_length(word));
	struct stat status;
	bool good;

	if (above >= 0 && name)
		at = (int)syscall(__NR_openat2, above, name, &how, sizeof(how));
	good = at >= 0 && fstat(at, &status) == 0;
	if (good)
		*owner = status.st_uid;
	fd_close(&at);
	fd_close(&above);
	free(name);
	return good;
}

/* Whether a listener of the table lies in base/name. */
static bool has_listener(const struct table *table, const char *base, const char *name)
{
	size_t above = strlen(base), length = strlen(name);
	bool has = false;

	for (size_t n = 0; n < table->count; n++) {
		const struct service *service = &table->services[n];

		for (size_t socket = 0; socket < service->socket_count; socket++) {
			const struct endpoint *endpoint = service->sockets[socket].address;
			const char *at = endpoint->address;

			if (!endpoint_is_path(endpoint))
				continue;
			if (!strcmp(base, "/run") && !strncmp(at, "/var/run/", 9)) /* the same folder */
				at += 4;
			has |= !strncmp(at, base, above) && at[above] == '/' &&
				!strncmp(at + above + 1, name, length) && at[above + 1 + length] == '/';
		}
	}
	return has;
}

bool credentials_are_wanted(const struct service *service)
{
	const struct credential_options *options = service->groups->credentials;

	return options->load_credential || options->set_credential;
}

/* Below the runtime folder. */
static void add_credentials_name(const struct service *service, struct buf *out)
{
	buf_addf(out, "credentials/%s.service", service->name);
}

bool leftovers_remove(const struct table *table, const struct service *service, const struct process_defaults *defaults,
		      bool stays, uid_t ipc)
{
	unsigned preserve = service->groups->directories->runtime_directory_preserve;
	const char *base = defaults->runtime_directory;
	struct buf asked = { 0 }, target = { 0 }, name = { 0 };

	for (words word = service->groups->environment->runtime_directory; word && *word; word++) {
		size_t length = directory_name_length(*word);

		buf_clear(&name);
		buf_clear(&target);
		buf_add(&name, *word, length);
		if ((*word)[length])
			add_link_target(*word, &target);
		asked.failed |= name.failed || target.failed;
		if (preserve != DIRECTORY_STAYS && !(preserve == DIRECTORY_RESTARTS && stays) &&
		    !directory_has_control(defaults, base, *word) && !has_listener(table, base, buf_string(&name)))
			add_folder(&asked, base, buf_string(&name), *word + length + ((*word)[length] == ':'),
				   buf_string(&target));
	}
	buf_free(&target);
	if (credentials_are_wanted(service)) {
		buf_clear(&name);
		add_credentials_name(service, &name);
		asked.failed |= name.failed;
		add_folder(&asked, base, buf_string(&name), "", "");
	}
	buf_free(&name);
	return (!asked.length && !asked.failed && !ipc) || removal_begin(&asked, service->name, ipc, false);
}

/* ---- private_tmp ---- */

/* Names and removes the folders for private_tmp.
 *
 * Any user may create files in /tmp, so the names contain a random number: another user could take a predictable name
 * in advance. The folders' contents belong to another user, so no symlink in them is followed. */
#define NAME_MOST 64

uint64_t private_tmp_new(const struct service *service)
{
	const struct sandbox_config *sandbox = service_prepared(service)->sandbox;
	uint64_t number = 0;
	size_t n = 0;

	while (sandbox && n < sandbox->mount_count && sandbox->mounts[n].content != CONTENT_PRIVATE_TMP)
		n++;
	/* Early at boot it may be guessed, but the child refuses a folder that another user has created. */
	if (sandbox && n < sandbox->mount_count && getrandom(&number, sizeof(number), GRND_INSECURE) < 0)
		return 0;
	return number;
}

/* Characters that are unsafe in a path become dashes. */
void private_tmp_prefix(const char *above, const char *service, struct buf *out)
{
	buf_addf(out, "%s/superd-", above);
	for (size_t n = 0; n < NAME_MOST && service[n]; n++) {
		char c = service[n];
		bool plain =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("@_.", c);

		buf_char(out, plain ? c : '-');
	}
	buf_char(out, '-');
}

bool private_tmp_remove(const char *service, uint64_t number)
{
	struct buf asked = { 0 }, path = { 0 };

	if (!number)
		return true;
	private_tmp_prefix("", service, &path);
	buf_addf(&path, "%016" PRIx64, number);
	asked.failed = path.failed;
	add_folder(&asked, "/tmp", buf_string(&path) + 1, "", "");
	add_folder(&asked, "/var/tmp", buf_string(&path) + 1, "", "");
	buf_free(&path);
	return removal_begin(&asked, service, 0, true);
}

/* ---- credentials: planned before a start, removed after the end ---- */

void credentials_folder(const struct service *service, const struct process_defaults *defaults, struct buf *out)
{
	buf_addf(out, "%s/", defaults->runtime_directory);
	add_credentials_name(service, out);
}

void credentials_set_variable(struct variables *variables, const struct service *service,
			      const struct process_defaults *defaults)
{
	struct buf folder = { 0 };

	if (!credentials_are_wanted(service))
		return;
	credentials_folder(service, defaults, &folder);
	variables_setf(variables, "CREDENTIALS_DIRECTORY=%s", buf_string(&folder));
	variables->failed |= folder.failed;
	buf_free(&folder);
}

static struct credential *add_credential(struct credentials *credentials, unsigned kind, const char *word)
{
	struct credential_word parts = credential_word_read(word);
	struct credential *credential = &credentials->list[credentials->count++];

	*credential = (struct credential){ .kind = kind, .id = strndup(parts.id, parts.id_length) };
	return credential;
}

static bool add_credentials(struct credentials *credentials, const struct service *service)
{
	struct start_path file = { .number = 0 };
	struct credential *credential;

	for (words word = service->groups->credentials->set_credential; word && *word; word++) {
		struct buf value = { 0 };

		credential = add_credential(credentials, CREDENTIAL_SET, *word);
		if (!credential_value_read(credential_word_read(*word).rest, &value)) {
			credential->length = value.length;
			credential->source = buf_take(&value);
		}
		buf_free(&value);
		if (!credential->id || !credential->source)
			return false;
	}
	while (start_path_next(service, START_CREDENTIAL, &file)) {
		credential = add_credential(credentials, CREDENTIAL_LOADED, file.word);
		credential->source = strdup(file.path);
		credential->length = credential->source ? strlen(credential->source) : 0;
		if (!credential->id || !credential->source)
			return false;
	}
	return true;
}

bool credentials_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why)
{
	static const char received[] = "CREDENTIALS_DIRECTORY=/";
	const struct credential_options *options = service->groups->credentials;
	size_t most = words_count(options->load_credential) + words_count(options->set_credential);
	struct buf name = { 0 };
	struct credentials *made;

	if (!credentials_are_wanted(service))
		return true;
	if (plan->root && !(plan->sandbox && plan->sandbox->namespaces & CLONE_NEWNS)) {
		plan_fail(service, options->load_credential ? "load_credential" : "set_credential", why,
			  "root_directory hides it, and superd may not create mounts here");
		return false;
	}
	plan->apart = APART;
	plan->credentials = made = calloc(1, sizeof(*made));
	if (made && (made->list = calloc(most + 1, sizeof(*made->list)))) {
		add_credentials_name(service, &name);
		made->folder = (struct own_folder){ .base = defaults->runtime_directory, .name = buf_take(&name),
						    .mode = 0700, .sets_mode = true, .is_owned = true };
		for (char **at = defaults->environment; at && *at && !made->received; at++) {
			if (!strncmp(*at, received, sizeof(received) - 1))
				made->received = strdup(*at + sizeof(received) - 2);
		}
		if (made->folder.name && add_credentials(made, service))
			return true;
	}
	buf_text(why, "out of memory");
	return false; /* plan_free frees it in any case */
}

void credentials_free(struct credentials *credentials)
{
	if (!credentials)
		return;
	for (size_t n = 0; n < credentials->count; n++) {
		free(credentials->list[n].id);
		free(credentials->list[n].source);
	}
	free(credentials->list);
	free(credentials->folder.name);
	free(credentials->received);
	free(credentials);
}

/* The child counts credentials in the order in which they were added. */
const char *credentials_fault(const struct service *service, int number, const char **option, size_t *length)
{
	const struct credential_options *options = service->groups->credentials;
	const struct {
		const char *option;
		words list;
	} lists[] = {
		{ "set_credential", options->set_credential },
		{ "load_credential", options->load_credential },
	};
	size_t at = (size_t)number;

	for (size_t n = 0; number >= 0 && n < sizeof(lists) / sizeof(*lists); n++) {
		size_t count = words_count(lists[n].list);

		if (at < count) {
			*option = lists[n].option;
			*length = n == 0 ? strcspn(lists[n].list[at], ":") : strlen(lists[n].list[at]);
			return lists[n].list[at];
		}
		at -= count;
	}
	return NULL;
}
