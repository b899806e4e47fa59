/* Credentials in superd: planned before a start, removed after the end.
 *
 * If one name is given more than once, loaded credentials win over set values; of two that are loaded the later one
 * wins. The list is sorted in this order, and the child uses the first. */
#include "superd/start/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "exec/child/sandbox.h"
#include "lib/fd.h"
#include "superd/start/environment.h"
#include "superd/start/directories.h"
#include "table/words/passed_fds.h"

#define FOLDER "credentials"

bool credentials_are_wanted(const struct service *service)
{
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;

	return passed_fds->load_credential || passed_fds->set_credential;
}

void credentials_folder(const struct service *service, const struct process_defaults *defaults, struct buf *out)
{
	buf_addf(out, "%s/" FOLDER "/%s.service", defaults->runtime_directory, service->name);
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

/* Whether the child has a mount namespace with mounts of its own, into which it attaches the folder. */
static bool credentials_are_carried(const struct service *service)
{
	return service_prepared(service)->sandbox && service_prepared(service)->sandbox->has_mounts;
}

static bool set_credential_value(struct credential *credential, const char *text)
{
	struct buf value = { 0 };
	bool good = !credential_value_read(text, &value);

	credential->length = value.length;
	if (good)
		credential->source = buf_take(&value);
	buf_free(&value);
	return credential->source;
}

static bool add_credential(struct credentials *credentials, unsigned kind, const char *word)
{
	struct credential_word parts = credential_word_read(word);
	struct credential *credential = &credentials->list[credentials->count];

	*credential = (struct credential){ .kind = kind, .id = strndup(parts.id, parts.id_length) };
	credentials->count++;
	if (!credential->id)
		return false;
	if (kind == CREDENTIAL_SET)
		return set_credential_value(credential, parts.rest);
	credential->source = strdup(parts.rest && *parts.rest ? parts.rest : credential->id);
	return credential->source;
}

/* Adds all words, the last one first, as later words win. */
static bool add_credentials(struct credentials *credentials, unsigned kind, words list)
{
	size_t count = words_count(list);
	bool good = true;

	for (size_t n = 0; good && n < count; n++)
		good = add_credential(credentials, kind, list[count - 1 - n]);
	return good;
}

static char *take_text(struct buf *text)
{
	char *taken = buf_take(text);

	buf_free(text);
	return taken;
}

static bool set_place(struct credentials *credentials, int number, const char *within,
		      const struct process_defaults *defaults)
{
	struct credentials_place *at = &credentials->at[number];
	const char *root = within ? within : "";
	struct buf above = { 0 }, folder = { 0 };

	if (within && !(at->root = strdup(within)))
		return false;
	buf_addf(&above, "%s%s/" FOLDER, root, defaults->runtime_directory);
	at->above = take_text(&above);
	buf_addf(&folder, "%s%s", root, credentials->folder);
	at->folder = take_text(&folder);
	return at->above && at->folder;
}

static bool set_places(struct credentials *credentials, const struct service *service,
		       const struct process_defaults *defaults)
{
	const char *root = service_root(service);
	struct buf folder = { 0 }, unit = { 0 };

	credentials_folder(service, defaults, &folder);
	credentials->folder = take_text(&folder);
	buf_addf(&unit, "/unit/%s.service/", service->name);
	credentials->unit = take_text(&unit);
	return credentials->folder && credentials->unit &&
	       set_place(credentials, 0, credentials_are_carried(service) ? NULL : root, defaults) &&
	       set_place(credentials, 1, root, defaults);
}

static bool find_own_credentials(struct credentials *credentials, const struct process_defaults *defaults)
{
	static const char name[] = "CREDENTIALS_DIRECTORY=/";

	for (char **at = defaults->environment; at && *at; at++) {
		if (strncmp(*at, name, sizeof(name) - 1) != 0)
			continue;
		credentials->received = strdup(*at + sizeof(name) - 2);
		return credentials->received;
	}
	return true;
}

static struct credentials *make_credentials(const struct service *service, const struct process_defaults *defaults,
					    struct buf *why)
{
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;
	size_t most = words_count(passed_fds->load_credential) + words_count(passed_fds->set_credential);
	struct credentials *credentials = calloc(1, sizeof(*credentials));
	const struct account *account = service->account && service->account->switches ? service->account : NULL;

	if (credentials) {
		credentials->list = calloc(most + 1, sizeof(*credentials->list));
		credentials->user = account ? account->uid : (uid_t)-1;
		credentials->group = account ? account->gid : (gid_t)-1;
	}
	if (credentials && credentials->list && set_places(credentials, service, defaults) &&
	    find_own_credentials(credentials, defaults) &&
	    add_credentials(credentials, CREDENTIAL_LOADED, passed_fds->load_credential) &&
	    add_credentials(credentials, CREDENTIAL_SET, passed_fds->set_credential))
		return credentials;
	buf_text(why, "out of memory");
	credentials_free(credentials);
	return NULL;
}

bool credentials_plan(struct plan *plan, const struct service *service, const struct process_defaults *defaults,
		      struct buf *why)
{
	if (!credentials_are_wanted(service))
		return true;
	plan->apart = true;
	plan->credentials = make_credentials(service, defaults, why);
	return plan->credentials;
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
	free(credentials->folder);
	for (int n = 0; n < 2; n++) {
		free(credentials->at[n].above);
		free(credentials->at[n].folder);
		free(credentials->at[n].root);
	}
	free(credentials->unit);
	free(credentials->received);
	free(credentials);
}

/* The child counts credentials in the order in which they were added. */
const char *credentials_fault(const struct service *service, int number, const char **option, size_t *length)
{
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;
	const struct {
		const char *option;
		words list;
	} lists[] = {
		{ "load_credential", passed_fds->load_credential },
		{ "set_credential", passed_fds->set_credential },
	};
	size_t at = (size_t)number;

	for (size_t n = 0; number >= 0 && n < sizeof(lists) / sizeof(*lists); n++) {
		size_t count = words_count(lists[n].list);

		if (at < count) {
			const char *word = lists[n].list[count - 1 - at];

			*option = lists[n].option;
			*length = n == 1 ? strcspn(word, ":") : strlen(word);
			return word;
		}
		at -= count;
	}
	return NULL;
}

bool credentials_remove(const struct service *service, const struct process_defaults *defaults)
{
	const char *root = credentials_are_carried(service) ? NULL : service_root(service);
	struct buf base = { 0 }, name = { 0 };
	int above = -1;
	bool good;

	if (!credentials_are_wanted(service))
		return true;
	/* It goes aside in the runtime folder, where the next superd looks for it. */
	buf_addf(&base, "%s%s", defaults->runtime_directory, root ? "/" FOLDER : "");
	buf_addf(&name, "%s%s.service", root ? "" : FOLDER "/", service->name);
	errno = ENOMEM;
	if (!base.failed && !name.failed)
		above = root ? credentials_open_below(root, buf_string(&base), false)
			     : open(buf_string(&base), O_PATH | O_DIRECTORY | O_CLOEXEC);
	good = above >= 0 ? directories_discard(above, buf_string(&name)) : errno == ENOENT;
	fd_close(&above);
	buf_free(&base);
	buf_free(&name);
	return good;
}
