/* Checks the files and credentials that a service gets. A file that is missing now, such as the socket of a daemon that
 * keeps secrets, may appear before the first client does. So it is only a warning, and a start without it waits. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "superd/machine/preflight_internal.h"
#include "table/option/option_name.h"
#include "table/words/passed_fds.h"

/* What prevents superd from using a file, a unix socket to connect to, or a folder of credentials. */
static const char *check_access(const char *path, int mode)
{
	return access(path, mode) == 0 ? NULL : strerror(errno);
}

static void check_open_file(struct preflight *preflight, const struct service *service, const char *word)
{
	const char *path, *wrong;
	struct open_file_word file;

	if (open_file_word_read(word, &file) || file.graceful)
		return;
	path = pool_text_n(preflight->table->pool, file.path, file.path_length);
	wrong = path && preflight_may_look(preflight, path) ? check_access(path, file.read_only ? R_OK : R_OK | W_OK)
							    : NULL;
	if (wrong)
		preflight_report(preflight, SEVERITY_WARNING, service, "open_file", path,
				 "%s: clients wait until it exists; graceful leaves it out", wrong);
}

/* Whether set_credential has a value for the same name. */
static bool has_default(const struct passed_fds_options *passed_fds, const struct credential_word *loaded)
{
	for (words word = passed_fds->set_credential; word && *word; word++) {
		struct credential_word set = credential_word_read(*word);

		if (set.id_length == loaded->id_length && !memcmp(set.id, loaded->id, set.id_length))
			return true;
	}
	return false;
}

/* Checks a credential with a path; one without may be missing. */
static void check_credential(struct preflight *preflight, const struct service *service, const char *word)
{
	struct credential_word parts = credential_word_read(word);
	const char *wrong;

	if (!parts.rest || *parts.rest != '/' || has_default(service->groups->passed_fds, &parts))
		return;
	wrong = preflight_may_look(preflight, parts.rest) ? check_access(parts.rest, R_OK) : NULL;
	if (wrong)
		preflight_report(preflight, SEVERITY_WARNING, service, "load_credential", word,
				 "%s: clients wait until it exists; a %s of its name would replace it", wrong,
				 option_name_of(service, "set_credential"));
}

void preflight_passed_fds(struct preflight *preflight, const struct service *service)
{
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;

	for (words word = passed_fds->open_file; word && *word; word++)
		check_open_file(preflight, service, *word);
	for (words word = passed_fds->load_credential; word && *word; word++)
		check_credential(preflight, service, *word);
}
