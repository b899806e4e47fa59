/* [Service] as superd.conf: what superd itself does to it. What each key becomes is in tests/read/systemd. */
#include "unit_pairs.h"

#define RUNS "[Service]\nExecStart="

static struct outcome *run(const char *command)
{
	char text[1024];

	snprintf(text, sizeof(text), RUNS "%s\n", command);
	return read_pair(SOCKET, text);
}

static void lenient(void)
{
	warns_of_unsupported = true;
}

static void strict(void)
{
	warns_of_unsupported = false;
}

Test(unit_service, has_one_socket_as_its_input)
{
	expect_said(read_pair("[Socket]\nListenStream=80\nListenStream=81\n",
			      SERVICE "StandardInput=socket\nStandardError=null\n"),
		    "error");
}

Test(unit_service, has_values_that_superd_takes_as_systemd_does)
{
	expect_printed(with_service("CPUAffinity=0, 1\nCPUAffinity=3-4,\nCPUAffinity=1024 8191\n"),
		       "\tcpu_affinity = {\"0\", \"1\", \"3-4\", \"1024\", \"8191\"}\n");
	expect_printed(with_service("LimitFSIZE=1G 512M\n"), "\trlimit_fsize = 1610612736\n");
	expect_warned(with_service("RestrictNamespaces=mnt usr\n"),
		      "\trestrict_namespaces = {\"~cgroup\", \"~ipc\", \"~net\", \"~pid\", \"~time\", \"~user\", "
		      "\"~uts\"}\n");
}

Test(unit_service, merges_capabilities)
{
	expect_printed(with_service("CapabilityBoundingSet=CAP_KILL CAP_CHOWN\nCapabilityBoundingSet=~CAP_KILL\n"),
		       "\tcapability_bounding_set = {\"chown\"}\n");
	expect_printed(with_service("CapabilityBoundingSet=~CAP_KILL CAP_CHOWN\n"),
		       "\tcapability_bounding_set = {\"~chown\", \"kill\"}\n");
	expect_printed(with_service("CapabilityBoundingSet=\n"), "\tcapability_bounding_set = {}\n");
	expect_printed(
		with_service(
			"CapabilityBoundingSet=CAP_KILL\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_CHOWN\n"),
		"\tcapability_bounding_set = {\"chown\"}\n");
}

static void expect_every_capability(struct outcome *outcome)
{
	cr_expect_str_empty(outcome->said, "said: %s", outcome->said);
	cr_expect(strstr(outcome->printed, "exec"), "%s", outcome->printed);
	cr_expect_not(strstr(outcome->printed, "capability_bounding_set"), "%s", outcome->printed);
	outcome_free(outcome);
}

/* systemd.exec(5): "~" alone is all of them, whatever stands before; and that is as if nothing had been said. */
Test(unit_service, takes_a_lone_tilde_for_all_capabilities)
{
	expect_every_capability(with_service("CapabilityBoundingSet=CAP_KILL\nCapabilityBoundingSet=~\n"));
	expect_every_capability(with_service("CapabilityBoundingSet=~CAP_KILL\nCapabilityBoundingSet=~\n"));
	expect_every_capability(with_service("CapabilityBoundingSet=\nCapabilityBoundingSet=~\n"));
	expect_printed(with_service("CapabilityBoundingSet=CAP_KILL\nCapabilityBoundingSet=~\n"
				    "CapabilityBoundingSet=CAP_CHOWN\n"),
		       "\tcapability_bounding_set = {\"chown\"}\n");
	expect_printed(with_service("CapabilityBoundingSet=~\nCapabilityBoundingSet=~CAP_CHOWN\n"),
		       "\tcapability_bounding_set = {\"~chown\"}\n");
	expect_printed(with_service("CapabilityBoundingSet=~\nCapabilityBoundingSet=\n"),
		       "\tcapability_bounding_set = {}\n");
	expect_printed(with_service("CapabilityBoundingSet=CAP_KILL CAP_CHOWN\nCapabilityBoundingSet=~ CAP_KILL\n"),
		       "\tcapability_bounding_set = {\"chown\"}\n");
}

Test(unit_service, is_run_without_what_superd_lacks_where_that_is_asked_for, .init = lenient, .fini = strict)
{
	struct outcome *outcome = with_service("RootImage=/x\n");

	cr_expect(strstr(outcome->said, "a.service:3:11: warning: RootImage: superd cannot honour it"), "%s",
		  outcome->said);
	cr_expect_eq(outcome->table->count, 1);
	outcome_free(outcome);
	outcome = with_service("User=a b\n");
	cr_expect(strstr(outcome->said, "error"), "%s", outcome->said);
	cr_expect_eq(outcome->table->count, 0);
	outcome_free(outcome);
}

Test(unit_service, warns_of_what_only_a_shell_would_do)
{
	static const char *const meant[] = { "|", "||",	  "&&",		"&",	 ">", ">>",
					     "<", "2>&1", ">/dev/null", "2>>/x", "<<", "x;", "`x`", "$(x)" };
	static const char *const plain[] = { "$HOME", "'|'", "\\>", "a|b", "->", "--x>y", "2", ">=5", "\"&&\"" };

	char command[64], text[128];

	for (size_t n = 0; n < sizeof(meant) / sizeof(*meant); n++) {
		snprintf(command, sizeof(command), "/bin/x y %s z", meant[n]);
		snprintf(text, sizeof(text), "a.service:2:20: warning: ExecStart: '%s': no shell reads this", meant[n]);
		expect_said(run(command), text);
	}
	for (size_t n = 0; n < sizeof(plain) / sizeof(*plain) + 1; n++) {
		struct outcome *outcome;

		snprintf(command, sizeof(command), "/bin/x y %s z", n ? plain[n - 1] : "a");
		if (!n)
			snprintf(command, sizeof(command), "|/bin/x y >z");
		outcome = run(command);
		cr_expect_null(strstr(outcome->said, "no shell"), "%s: %s", command, outcome->said);
		outcome_free(outcome);
	}
}
