/* The five kinds of directories: their options, variables, base folders, and a service's names. */
#include <string.h>

#include "os/fs/runtime_dir.h"
#include "superd/start/directories.h"

void directories_find_bases(struct process_defaults *defaults)
{
	defaults->runtime_directory = runtime_dir();
	defaults->state_directory = LOCALSTATEDIR "/lib";
	defaults->cache_directory = LOCALSTATEDIR "/cache";
	defaults->logs_directory = LOCALSTATEDIR "/log";
	defaults->configuration_directory = SYSCONFDIR;
}

void directories_of(const struct service *service, const struct process_defaults *defaults,
		    struct directory_kind kinds[DIRECTORY_KINDS])
{
	const struct environment_options *environment = service->groups->environment;
	const struct directory_options *folders = service->groups->directories;
	const struct directory_kind list[DIRECTORY_KINDS] = {
		{ "runtime_directory", "RUNTIME_DIRECTORY", "runtime_directory_mode", defaults->runtime_directory,
		  environment->runtime_directory, folders->runtime_directory_mode, true },
		{ "state_directory", "STATE_DIRECTORY", "state_directory_mode", defaults->state_directory,
		  environment->state_directory, folders->state_directory_mode, true },
		{ "cache_directory", "CACHE_DIRECTORY", "cache_directory_mode", defaults->cache_directory,
		  folders->cache_directory, folders->cache_directory_mode, true },
		{ "logs_directory", "LOGS_DIRECTORY", "logs_directory_mode", defaults->logs_directory,
		  folders->logs_directory, folders->logs_directory_mode, true },
		{ "configuration_directory", "CONFIGURATION_DIRECTORY", "configuration_directory_mode",
		  defaults->configuration_directory, folders->configuration_directory,
		  folders->configuration_directory_mode, false },
	};

	memcpy(kinds, list, sizeof(list));
}

bool directory_has_control(const struct process_defaults *defaults, const char *base, const char *word)
{
	const char *control = defaults->control;
	size_t above = strlen(base), length = directory_name_length(word);

	return control && !strncmp(control, base, above) && control[above] == '/' &&
	       !strncmp(control + above + 1, word, length) && control[above + 1 + length] == '/';
}

size_t directory_name_length(const char *word)
{
	return strcspn(word, ":");
}
