/* Checks that this superd was built with the libraries that a service needs, and that superd's helper programs exist,
 * which may be missing from a copied installation. Without them all clients would be refused, or would never find the
 * service. */
#include <stdlib.h>
#include <string.h>

#include "lib/build_info.h"
#include "lib/fd.h"
#include "os/host/hosts_rules.h"
#include "superd/machine/helper_user.h"
#include "superd/machine/preflight_internal.h"
#include "table/access/access.h"

#define HOSTS_MOST (16 << 20)           /* bytes of a file to read */
#define HOSTS_DEPTH 8                   /* nested files that name files */

static void check_rpc(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	struct buf text = { 0 };

	if (!endpoint_is_rpc(listen->endpoint))
		return;
	endpoint_format(listen->endpoint, &text);
	diag_error(preflight->diags, listen->at,
		   "%s: %s: this superd was built without superd-rpc (libtirpc), so it cannot register with rpcbind",
		   service->name, buf_string(&text));
	diags_hint(preflight->diags, "with a port of its own, as tcp:PORT, it is served without rpcbind");
	buf_free(&text);
}

/* xinetd.conf implies libwrap for most services; while there is no rule, no client is refused by it. */
static void check_libwrap(struct preflight *preflight, const struct service *service)
{
	const char *libwrap = service->groups->access->libwrap;

	if (!libwrap || build_has("libwrap"))
		return;
	preflight_report(
		preflight, hosts_access_has_rules(&preflight->hosts_access) ? SEVERITY_ERROR : SEVERITY_WARNING,
		service, "libwrap", libwrap,
		"this superd was built without libwrap: with a rule in hosts.allow or hosts.deny it refuses all "
		"clients");
}

/* The check of hosts.allow and hosts.deny. */
struct hosts_check {
	struct preflight *preflight;
	const struct service *service;
	const struct account *account;  /* account of superd-advise */
	struct hosts_rules rules;
	int depth;
};

/* Reads hosts.allow, hosts.deny, or a file that a rule names. false: superd-advise cannot read it, which was
 * reported. */
static bool check_hosts_file(struct hosts_check *check, const char *path, bool is_table)
{
	struct pool *pool = check->preflight->table->pool;
	const char *wrong = preflight_check_readable(pool, path, check->account);
	size_t length;
	char *text;

	if (wrong)
		preflight_report(check->preflight, SEVERITY_WARNING, check->service, "libwrap",
				 check->service->groups->access->libwrap, "%s: %s, so no client is let in", path,
				 wrong);
	if (wrong || check->depth >= HOSTS_DEPTH)
		return !wrong;
	text = fd_read_file(path, HOSTS_MOST, &length);
	check->depth++;
	if (text && is_table)
		hosts_rules_read(&check->rules, text);
	else if (text)
		hosts_rules_read_list(&check->rules, text);
	check->depth--;
	free(text);
	return true;
}

static bool on_hosts_file(void *context, const char *path)
{
	return check_hosts_file(context, path, false);
}

/* superd-advise reads these files with a user of its own, and denies all clients if it cannot read one. */
static void read_hosts_files(struct preflight *preflight, const struct service *service)
{
	struct hosts_check check = { .preflight = preflight, .service = service,
				     .account = helper_user_account(HELPER_USER_ADVISE) };

	preflight->hosts_reported = true;
	check.rules = (struct hosts_rules){ .on_file = on_hosts_file, .context = &check };
	check_hosts_file(&check, "/etc/hosts.allow", true);
	check_hosts_file(&check, "/etc/hosts.deny", true);
	preflight->hosts_run_commands = check.rules.runs_commands;
}

static void check_hosts_files(struct preflight *preflight, const struct service *service)
{
	const char *libwrap = service->groups->access->libwrap;

	if (!libwrap || !build_has("libwrap") || !hosts_access_has_rules(&preflight->hosts_access))
		return;                 /* without a rule superd admits all clients and does not ask libwrap */
	if (!preflight->hosts_reported)
		read_hosts_files(preflight, service);
	if (!preflight->hosts_run_commands || strchr(libwrap, ' '))
		return;
	preflight_report(preflight, SEVERITY_WARNING, service, "libwrap", libwrap,
			 "hosts.allow or hosts.deny has rules that start commands, which superd does not do here: it "
			 "ignores spawn, and refuses the clients of twist");
	diags_hint(preflight->diags, "to allow commands: libwrap = \"%s commands\" in superd.conf", libwrap);
}

/* The option that needs superd-advise, and its value in *value. NULL: none. */
static const char *find_advise_option(struct preflight *preflight, const struct service *service, const char **value)
{
	const struct access_options *access = service->groups->access;
	const struct log_options *logging = service->groups->logging;

	for (size_t n = 0; n < service->socket_count; n++) {
		const struct listen *listen = &service->sockets[n];

		if (!listen_prepared(listen)->access || !access_has_names(listen_prepared(listen)->access))
			continue;
		*value = "names of hosts";
		return listen->options->only_from ? "only_from" : "no_access";
	}
	*value = access->libwrap;
	if (access->libwrap && hosts_access_has_rules(&preflight->hosts_access))
		return "libwrap";
	*value = "yes";
	if (access->id_only)
		return "id_only";
	*value = "USERID";
	if (logging->log_on_success & SUCCESS_USERID)
		return "log_on_success";
	return logging->log_on_failure & FAILURE_USERID ? "log_on_failure" : NULL;
}

/* Only a warning for a log, as clients are served without the name. */
static void check_advise(struct preflight *preflight, const struct service *service)
{
	const char *value, *option = find_advise_option(preflight, service, &value);
	const char *wrong = option ? preflight_check_own(preflight, PROGRAM_ADVISE,
							 helper_user_account(HELPER_USER_ADVISE)) : NULL;
	bool is_log = option && !strncmp(option, "log_", 4);

	if (wrong)
		preflight_report(preflight, is_log ? SEVERITY_WARNING : SEVERITY_ERROR, service, option, value, "%s",
				 wrong);
}

static void check_rpc_helper(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	const char *wrong;
	struct buf text = { 0 };

	if (!endpoint_is_rpc(listen->endpoint))
		return;
	wrong = preflight_check_own(preflight, PROGRAM_RPC, helper_user_account(HELPER_USER_RPC));
	if (!wrong)
		return;
	endpoint_format(listen->endpoint, &text);
	diag_error(preflight->diags, listen->at, "%s: %s: %s", service->name, buf_string(&text), wrong);
	buf_free(&text);
}

void preflight_libraries(struct preflight *preflight, const struct service *service)
{
	check_libwrap(preflight, service);
	check_hosts_files(preflight, service);
	check_advise(preflight, service);
	for (size_t i = 0; i < service->socket_count; i++) {
		if (build_has("libtirpc"))
			check_rpc_helper(preflight, service, &service->sockets[i]);
		else
			check_rpc(preflight, service, &service->sockets[i]);
	}
}
