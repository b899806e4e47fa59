/* Rules of the files and credentials that a service receives beside its sockets. A backend finds the files by
 * LISTEN_FDS (sd_listen_fds(3)), which superd does not set with pass = inetd. */
#include <string.h>

#include "table/option/service_mark.h"
#include "table/rules/check_internal.h"
#include "table/words/passed_fds.h"

static void check_files(const struct service *service, struct diags *diags)
{
	if (!service->groups->passed_fds->open_file || service_is_unclear(service, "pass"))
		return;
	if (service_is_builtin(service))
		service_refuse(service, "open_file", diags,
			       "open_file needs exec: a builtin receives no files");
	else if (service->exec->pass == PASS_INETD)
		service_refuse(service, "open_file", diags,
			       "open_file needs pass = systemd: a program finds its files by LISTEN_FDS");
}

static void check_credentials(const struct service *service, struct diags *diags)
{
	const struct passed_fds_options *passed_fds = service->groups->passed_fds;
	const char *said = passed_fds->load_credential   ? "load_credential"
			   : passed_fds->set_credential  ? "set_credential"
			   : passed_fds->import_credential ? "import_credential"
						       : NULL;
	struct buf value = { 0 };

	if (said && service_is_builtin(service))
		service_refuse(service, said, diags, "%s needs exec: a builtin has no secrets", said);
	for (words word = passed_fds->set_credential; word && *word; word++)
		credential_value_read(credential_word_read(*word).rest, &value);
	if (value.length > CREDENTIALS_SIZE)
		service_refuse(service, "set_credential", diags,
			       "set_credential: all credentials of a service are at most 1M");
	buf_free(&value);
}

void rule_passed_fds(const struct service *service, struct diags *diags)
{
	check_files(service, diags);
	check_credentials(service, diags);
}
