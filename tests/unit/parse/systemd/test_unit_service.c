/* [Service] as options of superd.conf: commands, types, times, streams, and what is said of what superd lacks. */
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

Test(unit_service, says_what_systemd_takes_for_granted)
{
	expect_printed(with_service(""), "\taccept = no\n\tpass = systemd\n");
	expect_printed(with_service(""), "\ttimeout_stop = 90s\n");
}

Test(unit_service, runs_a_command_line)
{
	expect_printed(run("/bin/x a \"b c\" 'd'e \\x41"), "exec = \"/bin/x a 'b c' de A\"");
	expect_printed(run("/bin/x 100%% a%%{b}"), "exec = \"/bin/x 100%% a%%{b}\"");
	expect_printed(run("/bin/x%%y %p"), "exec = \"/bin/x%y a\"");
	expect_said(run("bin/x"), "a.service:2:11: error: ExecStart: 'bin/x': a program is a path that begins with /");
	expect_said(run("/bin/x \"a"), "a.service:2:18: error: ExecStart: this \" is not closed");
	expect_said(run("-"), "a program is missing");
}

Test(unit_service, looks_for_a_bare_program_where_systemd_does)
{
	expect_printed(run("true"),
		       "exec_search_path = {\"/usr/local/sbin\", \"/usr/local/bin\", \"/usr/sbin\", "
		       "\"/usr/bin\", \"/sbin\", \"/bin\"}");
	expect_printed(run("true\nExecSearchPath=/opt/a:/opt/b"), "exec_search_path = {\"/opt/a\", \"/opt/b\"}");
	expect_printed(run("true\nExecSearchPath=/opt/a\nEnvironment=A=b"), "env = {\"PATH=/opt/a\", \"A=b\"}");
	expect_printed(run("true\nExecSearchPath=/opt/a\nEnvironment=A=b\nPassEnvironment=B PATH"),
		       "env = {\"A=b\"}\n\tpassenv = {\"B\", \"PATH\"}");
}

Test(unit_service, takes_the_name_behind_an_at)
{
	expect_printed(run("@/bin/x name a"), "exec = \"/bin/x a\"\n\targv0 = name\n");
	expect_said(run("@/bin/x"), "after @ and the program, the program's name");
}

Test(unit_service, needs_one_command)
{
	expect_said(read_pair(SOCKET, "[Service]\nUser=nobody\n"), "a.service: ExecStart is missing");
	expect_said(run("/bin/x\nExecStart=/bin/y"), "a.service:3:1: error: ExecStart: there is one already");
	expect_said(run("/bin/x ; /bin/y"), "ExecStart: there is one already");
	expect_printed(run("/bin/x \\; /bin/y"), "exec = \"/bin/x ; /bin/y\"");
	expect_printed(run("/bin/x \\073 /bin/y"), "exec = \"/bin/x ; /bin/y\"");
	expect_printed(run("/bin/x\nExecStart=\nExecStart=/bin/y"), "exec = /bin/y");
}

Test(unit_service, ignores_a_prefix_of_kernels_past)
{
	expect_printed(run("!!/bin/x"), "exec = /bin/x");
	expect_printed(run(":/bin/x $HOME"), "exec = \"/bin/x $HOME\"");
}

Test(unit_service, has_systemds_types)
{
	expect_printed(with_service("Type=exec\n"), "\ttype = exec\n");
	expect_printed(with_service("Type=oneshot\n"), "\ttype = oneshot\n");
	expect_printed(with_service("Type=forking\nPIDFile=x.pid\n"), "\tpid_file = /run/x.pid\n");
	expect_printed(with_service("PIDFile=x.pid\nType=idle\n"), "exec");
	expect_said(with_service("Type=dbus\nBusName=org.x\n"), "a.service:3:6: warning: Type=dbus is taken as exec");
	expect_said(with_service("Type=some\n"), "a.service:3:6: error: Type: 'some'");
	expect_said(with_service("ExitType=cgroup\n"),
		    "warning: ExitType is left out: the service ends with its main process");
}

Test(unit_service, has_times_whose_0_is_no_limit)
{
	expect_printed(with_service("TimeoutStopSec=0\n"), "\ttimeout_stop = infinity\n");
	expect_printed(with_service("TimeoutStopSec=1min 5s\n"), "\ttimeout_stop = 65s\n");
	expect_printed(with_service("TimeoutStopSec=5\nTimeoutSec=7\n"), "\ttimeout_start = 7s\n\ttimeout_stop = 7s\n");
	expect_printed(with_service("TimeoutSec=7\nTimeoutStopSec=5\n"), "\ttimeout_start = 7s\n\ttimeout_stop = 5s\n");
	expect_printed(with_service("RuntimeMaxSec=500ms\n"), "\truntime_max = 500ms\n");
	expect_said(with_service("TimeoutStopSec=soon\n"), "a.service:3:16: error: TimeoutStopSec: 'soon'");
}

Test(unit_service, pauses_no_shorter_than_RestartSec)
{
	expect_printed(with_service("RestartSec=5\n"), "\tbackoff_min = 5s\n");
	expect_printed(with_service("RestartSec=2min\n"), "\tbackoff_min = 2min\n\tbackoff_max = 2min\n");
	expect_printed(with_service("RestartSec=0\n"), "\tbackoff_min = 1ms\n");
	expect_printed(with_service("RestartSec=1\nRestartMaxDelaySec=10\n"),
		       "\tbackoff_min = 1s\n\tbackoff_max = 10s\n");
}

Test(unit_service, stops_as_it_says)
{
	expect_printed(with_service("KillMode=control-group\n"), "exec");
	expect_printed(with_service("KillMode=process\nKillSignal=SIGQUIT\n"),
		       "\tkill_signal = QUIT\n\tkill_mode = process\n");
	expect_said(with_service("KillMode=all\n"), "KillMode: 'all'");
	expect_said(with_service("RestartKillSignal=SIGUSR1\n"),
		    "warning: RestartKillSignal is left out: superd ends a program by KillSignal");
}

Test(unit_service, has_surroundings)
{
	expect_printed(with_service("User=nobody\nGroup=www\nSupplementaryGroups=a b\nSupplementaryGroups=c\n"),
		       "\tuser = nobody\n\tgroup = www\n\tsupplementary_groups = {\"a\", \"b\", \"c\"}\n");
	expect_printed(with_service("Environment=A=b \"C=d e\"\nEnvironment=F=%%\n"),
		       "\tenv = {\"A=b\", \"C=d e\", \"F=%%\"}\n");
	expect_printed(with_service("EnvironmentFile=-/etc/default/a b\nEnvironmentFile=/etc/c\n"),
		       "\tenvironment_file = {\"-/etc/default/a b\", \"/etc/c\"}\n");
	expect_printed(with_service("LimitNOFILE=1024:4096\nLimitNICE=-5\nUMask=0077\nNice=5\n"), "\tumask = 0077\n");
	expect_printed(with_service("LimitNICE=-5\n"), "\trlimit_nice = 25\n");
	expect_printed(with_service("LimitNICE=30\n"), "\trlimit_nice = 30\n");
	expect_printed(with_service("IOSchedulingClass=best-effort\nIOSchedulingPriority=7\n"),
		       "\tio_scheduling = best-effort:7\n");
	expect_printed(with_service("IOSchedulingClass=3\n"), "\tio_scheduling = idle\n");
	expect_printed(with_service("WorkingDirectory=-/srv/%p\n"), "\tworking_directory = -/srv/a\n");
	expect_said(with_service("User=a b\n"), "a.service:3:6: error: Service.User: 'a b'");
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

Test(unit_service, has_streams)
{
	expect_printed(with_service("StandardInput=null\nStandardOutput=journal\nStandardError=syslog\n"), "exec");
	expect_printed(with_service("StandardOutput=append:/var/log/a\n"), "\toutput = append:/var/log/a\n");
	expect_printed(with_service("StandardOutput=null\nStandardError=journal\n"),
		       "\toutput = null\n\terror = log\n");
	expect_printed(with_service("StandardInput=socket\nStandardError=journal\n"), "\tpass = inetd\n");
	expect_printed(with_service("StandardInput=socket\nStandardOutput=socket\nStandardError=inherit\n"),
		       "\terror = socket\n");
	expect_said(with_service("StandardInput=socket\n"),
		    "a.service:3:15: note: the standard error of a.service");
	expect_said(with_service("StandardInput=journal\n"), "error: StandardInput: nothing can be read from there");
	expect_said(with_service("StandardInput=tty\n"), "error: StandardInput=tty: superd allocates no terminal");
	expect_said(with_service("StandardOutput=loud\n"), "error: StandardOutput: 'loud'");
	expect_said(read_pair("[Socket]\nListenStream=80\nListenStream=81\n",
			      SERVICE "StandardInput=socket\nStandardError=null\n"),
		    "error");
}

Test(unit_service, is_refused_for_what_superd_lacks_but_not_for_what_asks_for_nothing)
{
	expect_said(with_service("RootImage=/x\n"), "a.service:3:11: error: RootImage: superd cannot honour it");
	expect_said(with_service("PAMName=login\n"), "error: PAMName");
	expect_said(with_service("NFTSet=x\n"), "warning: NFTSet is left out");
	expect_printed(with_service("SystemCallLog=none\nPrivatePIDs=no\nSlice=x.slice\nRestart=always\n"), "exec");
	expect_said(with_service("Usr=x\n"), "warning: Usr: unknown in [Service]");
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

Test(unit_service, of_connections_knows_its_instance_in_commands_alone)
{
	static const char socket[] = "[Socket]\nListenStream=/run/a\nAccept=yes\n";

	expect_said(read_pair(socket, SERVICE "WorkingDirectory=/srv/%i\n"),
		    "a@.service:3:23: error: WorkingDirectory");
}

Test(unit_service, takes_back_conditions_with_an_empty_one)
{
	expect_printed(with_service("[Unit]\nConditionPathExists=/x\nConditionUser=root\nConditionGroup=\n"), "exec");
	expect_printed(with_service("[Unit]\nConditionUser=root\nAssertPathExists=!/x\nConditionPathExists=\n"),
		       "\tcondition = {\"AssertPathExists=!/x\"}\n");
	expect_said(with_service("[Unit]\nConditionFirmware=uefi\n"),
		    "error: ConditionFirmware: superd cannot honour it");
}

Test(unit_service, hands_over_its_other_commands_with_their_signs)
{
	expect_printed(with_service("ExecStartPre=-/bin/a ; +/bin/b \"c d\"\nExecStopPost=@/bin/e f g\n"),
		       "\texec_start_pre = {\"-/bin/a\", \"+/bin/b 'c d'\"}\n\texec_stop_post = {\"@/bin/e f g\"}\n");
	expect_printed(with_service("ExecStartPre=/bin/a\nPermissionsStartOnly=yes\n"),
		       "\texec_start_pre = {\"+/bin/a\"}\n");
	expect_printed(
		read_pair(SOCKET, "[Service]\nType=oneshot\nExecStart=/bin/b\nExecStart=/bin/c\nExecStartPre=/bin/a\n"),
		"\texec_start_pre = {\"/bin/a\", \"/bin/b\"}\n");
	expect_printed(with_socket("ExecStartPre=/bin/mkdir /run/x\n"),
		       "\tsocket_exec_start_pre = {\"/bin/mkdir /run/x\"}\n");
	expect_printed(with_service("ExecStartPre=|a 50%%\n"),
		       "\texec_start_pre = {\"|/bin/sh -c 'a 50%%'\"}\n");
	expect_printed(run("@|"), "\texec = /bin/sh\n");
	expect_printed(run("@|"), "\targv0 = -sh\n");
	expect_printed(run("@|"), "\texec_prefix = \"|\"\n");
	expect_printed(with_service("ExecStartPre=|a >/x \"b c\" $D ${E}f $$G $(H)\n"),
		       "\texec_start_pre = {\"|/bin/sh -c 'a >/x b c \\${D} \\${E}f $$G'\"}\n");
	expect_printed(with_service("ExecStartPre=:|a $D\n"), "\texec_start_pre = {\":|/bin/sh -c 'a $D'\"}\n");
}

Test(unit_service, a_socket_has_conditions_of_its_own)
{
	const char *socket = "[Unit]\nConditionPathExists=|/a\nConditionPathExists=/c\n" SOCKET;
	const char *service = "[Unit]\nConditionPathExists=|!/b\n[Service]\nExecStart=/bin/x\n";

	expect_printed(read_pair(socket, service), "\tcondition = {\"ConditionPathExists=|!/b\"}\n");
	expect_printed(read_pair(socket, service),
		       "\t\tsocket_condition = {\"ConditionPathExists=|/a\", \"ConditionPathExists=/c\"}\n");
}

Test(unit_service, hands_over_files_and_credentials)
{
	expect_printed(with_service("OpenFile=/etc/x:a:read-only\nOpenFile=/etc/y\n"),
		       "\topen_file = {\"/etc/x:a:read-only\", \"/etc/y\"}\n");
	expect_printed(with_service("LoadCredential=a:/b c\nLoadCredential=d\n"),
		       "\tload_credential = {\"a:/b c\", \"d\"}\n");
	expect_printed(with_service("SetCredential=a:x %y\\n\n"), "\tset_credential = {\"a:x %y\\\\n\"}\n");
	expect_printed(with_service("ImportCredential=app.*:b.\n"), "\timport_credential = {\"app.*:b.\"}\n");
	expect_said(with_service("OpenFile=/etc/x::read-only,append\n"), "a.service:3:10: error: open_file: '/etc/x::");
	expect_said(with_service("SetCredential=a:secret\\q\n"), "set_credential: a backslash in a value");
	expect_said(with_service("LoadCredentialEncrypted=a:/b\n"), "LoadCredentialEncrypted: superd cannot honour it");
	expect_said(with_service("SetCredentialEncrypted=a:b\n"), "SetCredentialEncrypted: superd cannot honour it");
}

Test(unit_service, with_a_socket_as_output_alone_there_is_no_other_descriptor)
{
	expect_printed(with_service("StandardOutput=socket\n"), "\tpass = inetd\n");
	expect_printed(with_service("StandardOutput=socket\n"), "\tinput = null\n");
	expect_printed(with_service("StandardOutput=socket\n"), "\terror = socket\n");
	expect_printed(with_service("StandardOutput=socket\nStandardError=journal\n"), "\tpass = inetd\n");
	expect_printed(with_service("StandardError=socket\n"), "\toutput = log\n");
}

Test(unit_service, no_connection_may_be_named_in_a_folder)
{
	expect_said(read_pair("[Socket]\nListenStream=/run/a\nAccept=yes\n",
			      "[Service]\nExecStart=/bin/x\nWorkingDirectory=/srv/%i\n"),
		    ":3:23: error: WorkingDirectory: the instance is known only with its connection");
}

Test(unit_service, replaces_variables_where_there_are_some)
{
	expect_printed(run("/bin/x $HOME"), "\texpand_environment = yes\n");
	expect_printed(run("/bin/x ${HOME}/a $$"), "\texpand_environment = yes\n");
	expect_printed(run(":/bin/x $HOME\nExecStartPre=/bin/y $HOME"), "\texec_prefix = :\n");
}

Test(unit_service, names_folders_as_systemd_does)
{
	expect_printed(with_service("StateDirectory=waldo quux/pief aaa/bbb aaa aaa/ccc xxx/yyy:aaa/111 abc waldo\n"),
		       "\tstate_directory = {\"aaa\", \"aaa/bbb\", \"aaa/ccc\", \"abc\", \"quux/pief\", \"waldo\", "
		       "\"xxx/yyy:aaa/111\"}\n");
	expect_printed(with_service("RuntimeDirectory=./x//y/. ././z/:./a//b/\n"),
		       "\truntime_directory = {\"x/y\", \"z:a/b\"}\n");
	expect_printed(with_service("StateDirectory=also\\ with\\x20spaces \"b c\"\n"),
		       "\tstate_directory = {\"also with spaces\", \"b c\"}\n");
	expect_said(with_service("StateDirectory=abc:d\\:ef\n"),
		    "error: StateDirectory: superd has no way to name a path with a colon");
	expect_said(with_service("StateDirectory=d\\x3aef\n"), "no way to name a path with a colon");
	expect_said(with_service("StateDirectory=d\\yef\n"), "error: StateDirectory: no escape");
	expect_said(with_service("StateDirectory=d\\aef\n"), "no control characters");
	expect_said(with_service("StateDirectory=a:b:ro\n"), ":ro is not supported");
	expect_said(with_service("StateDirectory=a::ro\n"), ":ro is not supported");
	expect_said(with_service("StateDirectory=.\n"), "error: ");
}

Test(unit_service, takes_backslashes_of_paths_as_systemd_does)
{
	expect_printed(with_service("BindPaths=/a\\ b:/c\\d \"/e f\"\n"),
		       "\tbind_paths = {\"/a b:/cd\", \"/e f\"}\n");
	expect_said(with_service("BindPaths=/a\\:b:/c\n"), "no way to name a path with a colon");
	expect_said(with_service("BindPaths=\"/a:b\"\n"), "no way to name a path with a colon");
	expect_printed(with_service("ReadOnlyPaths=/a\\ b /c\\:d\n"),
		       "\tread_only_paths = {\"/a b\", \"/c:d\"}\n");
	expect_printed(with_service("TemporaryFileSystem=/var:ro,mode=0700,nostrictatime,noswap\n"),
		       "\ttemporary_file_system = {\"/var:ro,mode=0700,nostrictatime,noswap\"}\n");
}

Test(unit_service, takes_values_that_systemd_takes)
{
	expect_printed(with_service("CPUAffinity=0, 1\nCPUAffinity=3-4,\nCPUAffinity=1024 8191\n"),
		       "\tcpu_affinity = {\"0\", \"1\", \"3-4\", \"1024\", \"8191\"}\n");
	expect_printed(with_service("LimitFSIZE=1G 512M\n"), "\trlimit_fsize = 1610612736\n");
	expect_said(with_service("FileDescriptorStoreMax=4224\n"), "warning: FileDescriptorStoreMax: superd keeps");
	expect_warned(with_service("FileDescriptorStoreMax=4224\n"), "\tfile_descriptor_store_max = 4000\n");
}

Test(unit_service, refuses_values_that_systemd_refuses)
{
	static const char *const wrong[] = {
		"RuntimeMaxSec=12.34.56\n",
		"MemoryMax=0\n",
		"MemoryHigh=0%\n",
		"LimitNICE=41\n",
		"LimitNICE=1:41\n",
		"ExecStartPre=--/bin/a\n",
		"ExecStartPre=/bin/\n",
		"ExecStartPre=/bin/a\\x01\n",
		"UnsetEnvironment=1a\n",
		"OpenFile=/x::read-only,read-only\n",
		"WorkingDirectory=~\nDynamicUser=yes\n",
		"Type=dbus\n",
	};

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++) {
		struct outcome *outcome = with_service(wrong[n]);

		cr_expect_not_null(strstr(outcome->said, "error: "), "%s%s", wrong[n], outcome->said);
		outcome_free(outcome);
	}
	expect_warned(with_service("Environment=a.b=100% C=d E\n"), "\tenv = {\"C=d\"}\n");
	expect_warned(with_service("PassEnvironment='a b' HOME * A=b\n"), "\tpassenv = {\"HOME\"}\n");
	expect_printed(with_service("MemoryLow=0\nLimitNICE=40\nEnvironment=a_B1=.\nRuntimeMaxSec=1.5min 2\n"),
		       "\truntime_max = 92s\n");
}

/* Without it the service may do no more than it would: what is allowed. */
Test(unit_service, leaves_out_what_nobody_knows_of_what_is_allowed)
{
	expect_said(with_service("SystemCallFilter=@system-service DONOTEXIST\n"),
		    "warning: SystemCallFilter: 'DONOTEXIST' is left out: expected the name of a system call");
	expect_warned(with_service("SystemCallFilter=@system-service DONOTEXIST @no-group\n"),
		       "\tsystem_call_filter = {\"@system-service\"}\n");
	expect_warned(with_service("SystemCallFilter=DONOTEXIST\n"), "\tsystem_call_filter = {\"@default\"}\n");
	expect_warned(with_service("SystemCallFilter=DONOTEXIST\nSystemCallFilter=~read\n"),
		       "\tsystem_call_filter = {\"@default\", \"~read\"}\n");
	expect_warned(with_service("SystemCallFilter=~@mount\nSystemCallFilter=DONOTEXIST\n"),
		       "\tsystem_call_filter = {\"~@mount\"}\n");
	expect_warned(with_service("RestrictNamespaces=mnt usr\n"),
		       "\trestrict_namespaces = {\"~cgroup\", \"~ipc\", \"~net\", \"~pid\", \"~time\", \"~user\", "
		       "\"~uts\"}\n");
	expect_warned(with_service("RestrictNamespaces=usr\n"), "\trestrict_namespaces = yes\n");
	expect_warned(with_service("RestrictAddressFamilies=AF_UNIX AF_NONE\n"),
		       "\trestrict_address_families = {\"AF_UNIX\"}\n");
	expect_warned(with_service("RestrictAddressFamilies=AF_NONE\nRestrictAddressFamilies=~AF_INET\n"),
		       "\trestrict_address_families = {\"none\"}\n");
	expect_warned(with_service("CapabilityBoundingSet=CAP_KILL CAP_FLY\n"),
		       "\tcapability_bounding_set = {\"kill\"}\n");
	expect_warned(with_service("CapabilityBoundingSet=CAP_FLY\nCapabilityBoundingSet=~CAP_KILL\n"),
		       "\tcapability_bounding_set = {}\n");
	expect_warned(with_service("AmbientCapabilities=CAP_KILL CAP_FLY\n"),
		       "\tambient_capabilities = {\"kill\"}\n");
	expect_warned(with_service("SystemCallArchitectures=vax\n"), "\tsystem_call_architectures = {\"native\"}\n");
	expect_warned(with_service("Delegate=cpu abacus\n"), "\tdelegate = yes\n");
}

Test(unit_service, refuses_what_nobody_knows_of_what_is_taken_away)
{
	static const char *const wrong[] = {
		"SystemCallFilter=~read DONOTEXIST\n",
		"SystemCallFilter=~@no-group\n",
		"SystemCallFilter=read\nSystemCallFilter=~DONOTEXIST\n",
		"RestrictNamespaces=~mnt usr\n",
		"RestrictAddressFamilies=~AF_NONE\n",
		"CapabilityBoundingSet=~CAP_FLY\n",
		"AmbientCapabilities=~CAP_FLY\n",
		"SecureBits=noroot nowings\n",
	};

	for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++) {
		struct outcome *outcome = with_service(wrong[n]);

		cr_expect_not_null(strstr(outcome->said, "error: "), "%s%s", wrong[n], outcome->said);
		outcome_free(outcome);
	}
}

Test(unit_service, warns_of_arguments_that_vanish)
{
	static const char *const kept[] = { "$HOME", "$STATE_DIRECTORY", "${FOO}", "a$FOO", "$$FOO", "\"${FOO}/x\"" };
	struct outcome *outcome;
	char command[64];

	expect_said(run("/bin/x \"$FOO/bin y\""), "a.service:2:18: warning: ExecStart: '$FOO/bin y' vanishes");
	expect_said(run("/bin/x $FOO"),
		    "a.service:2:18: warning: ExecStart: '$FOO' vanishes: the unit sets no variable");
	for (size_t n = 0; n < sizeof(kept) / sizeof(*kept) + 3; n++) {
		snprintf(command, sizeof(command), "/bin/x %s", n < sizeof(kept) / sizeof(*kept) ? kept[n] : "$FOO");
		outcome = n < sizeof(kept) / sizeof(*kept) ? run(command)
			  : n == sizeof(kept) / sizeof(*kept)
				  ? run("/bin/x $FOO\nEnvironment=FOO=1")
			  : n == sizeof(kept) / sizeof(*kept) + 1 ? run("/bin/x $FOO\nEnvironmentFile=-/none")
								  : run(":/bin/x $FOO");
		cr_expect_null(strstr(outcome->said, "vanishes"), "%s: %s", command, outcome->said);
		outcome_free(outcome);
	}
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
