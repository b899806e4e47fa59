/* Checks that this superd was built with the libraries that a service needs, and that superd's helper programs exist,
 * which may be missing from a copied installation. Without them all clients would be refused, or would never find the
 * service. */
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/build_info.h"
#include "lib/run_limit.h"
#include "os/socket/fd_channel.h"
#include "superd/machine/helper_process.h"
#include "superd/machine/helper_user.h"
#include "superd/machine/preflight_internal.h"
#include "table/access/access.h"

#define HOSTS_FLAWS 100                 /* files of hosts.allow and hosts.deny that are named */
#define ANSWER_SECONDS 10               /* superd-advise only reads files */

static void check_rpc(struct preflight *preflight, const struct service *service, const struct listen *listen)
{
	const char *wrong = "this superd was built without superd-rpc (libtirpc), so it cannot register with rpcbind";
	bool is_built = build_has("libtirpc");
	char text[ENDPOINT_TEXT];

	if (!endpoint_is_rpc(listen->endpoint))
		return;
	if (is_built)
		wrong = preflight_check_own(preflight, PROGRAM_RPC, helper_user_account(HELPER_USER_RPC));
	if (wrong)
		diag_error(preflight->diags, listen->at, "%s: %s: %s", service->name,
			   endpoint_text(listen->endpoint, text), wrong);
	if (!is_built)
		diags_hint(preflight->diags, "with a port of its own, as tcp:PORT, it is served without rpcbind");
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

/* Takes what superd-advise says of hosts.allow and hosts.deny. NULL: it has said all; else why not. */
static const char *take_hosts_answer(struct preflight *preflight, const struct service *service,
				     const struct helper_process *helper, struct buf *why)
{
	char line[2 * PATH_MAX];
	struct run_limit limit;
	ssize_t length;

	run_limit_begin(&limit, ANSWER_SECONDS);
	for (int flaws = 0; flaws < HOSTS_FLAWS; flaws++) {
		if (!run_limit_wait(&limit, helper->channel))
			return "superd-advise does not answer";
		length = fd_channel_receive(helper->channel, line, sizeof(line) - 1);
		if (length <= 0) {
			helper_process_describe_end(helper, why);
			return buf_string(why);
		}
		line[length] = '\0';
		line[strcspn(line, "\n")] = '\0';
		preflight->hosts_run_commands = !strcmp(line, "commands yes");
		if (preflight->hosts_run_commands || !strcmp(line, "commands no"))
			return NULL;
		if (strncmp(line, "flaw ", 5) != 0)
			return "the answer of superd-advise is wrong";
		preflight_report(preflight, SEVERITY_WARNING, service, "libwrap",
				 service->groups->access->libwrap, "%s, so no client is let in", line + 5);
	}
	return NULL;
}

/* superd-advise reads these files with a user of its own, and denies all clients if it cannot read one. So it says
 * which, and superd knows nothing of their language. */
static void ask_of_hosts_files(struct preflight *preflight, const struct service *service)
{
	struct helper_process helper = HELPER_PROCESS_NONE(PROGRAM_ADVISE);
	int wanted[] = { -1, -1, -1, -1 };
	const struct helper_start start = {
		.option = "-t", .type = SOCK_SEQPACKET, .number = 3, .wanted = wanted, .wanted_count = 4,
		.directory = "/", .account = helper_user_account(HELPER_USER_ADVISE),
	};
	struct buf why = { 0 };
	const char *wrong = helper_process_start(&helper, &start, &why)
				    ? take_hosts_answer(preflight, service, &helper, &why) : buf_string(&why);

	if (wrong)
		preflight_report(preflight, SEVERITY_WARNING, service, "libwrap", service->groups->access->libwrap,
				 "hosts.allow and hosts.deny are not checked: %s", wrong);
	helper_process_end(&helper);
	buf_free(&why);
	preflight->hosts_asked = true;
}

static void check_hosts_files(struct preflight *preflight, const struct service *service)
{
	const char *libwrap = service->groups->access->libwrap;

	if (!libwrap || !build_has("libwrap") || !hosts_access_has_rules(&preflight->hosts_access))
		return;                 /* without a rule superd admits all clients and does not ask libwrap */
	if (preflight_check_own(preflight, PROGRAM_ADVISE, helper_user_account(HELPER_USER_ADVISE)))
		return;                 /* check_advise reports it */
	if (!preflight->hosts_asked)
		ask_of_hosts_files(preflight, service);
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

void preflight_libraries(struct preflight *preflight, const struct service *service)
{
	check_libwrap(preflight, service);
	check_hosts_files(preflight, service);
	check_advise(preflight, service);
	for (size_t i = 0; i < service->socket_count; i++)
		check_rpc(preflight, service, &service->sockets[i]);
}
