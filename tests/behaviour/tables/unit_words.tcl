# What a unit's service is told: the words of its command with variables in place, the name of its instance, and the
# variables of systemd.
suite unit_words
uses unit_files

set variables {Environment=FOO=one "BAR=two words" EMPTY= "QUX=q \"inner q\" q"}

# What a service for each connection reports to its client, with these lines.
proc report_of {service} {
	pair a {Accept=yes
		ListenStream=%/a.sock} $service
	units a.socket
	report_at_socket
}
proc report_at_socket {} {
	node %/a.sock
	set client [connect %/a.sock]; shut $client
	set report [rest $client]
	close $client; stop
	return $report
}

# The words behind the two of the report itself.
proc are_words {report args} {
	set n 1
	foreach word $args { fields $report argv.[incr n] $word }
	fields $report argc [incr n]
}

test variables_are_filled_in_as_systemd_does {
	set report [report_of {ExecStart=$tests/report - $FOO $BAR "$BAR" ${BAR} x${BAR}y x$BAR $FOO,$BAR $EMPTY $UNSET \
			${EMPTY} ${UNSET} ${UNSET:-def} $$FOO $${FOO} %% $QUX ${QUX}
		$by_input
		$variables}]
	are_words $report one two words two words "two words" "xtwo wordsy" {x$BAR} "" "" {${UNSET:-def}} {$FOO} {${FOO}} % q \
		"inner q" q {q "inner q" q}
}

test escapes_quotes_and_continuation_go_before {
	set report [report_of "ExecStart=$tests/report - a\\x41b \\s\\t e\"f\" 'c d' one\\\n# a comment\n two\n$by_input"]
	are_words $report aAb " \t" ef "c d" one two
}

test a_colon_keeps_variables_but_not_specifiers {
	set report [report_of {ExecStart=:$tests/report - $FOO ${FOO} %p
		$by_input
		$variables}]
	are_words $report {$FOO} {${FOO}} a
}

test a_file_of_variables_is_read_at_each_start {
	write x.env "WORD=before\n"
	pair a {Accept=yes
		ListenStream=%/a.sock} "ExecStart=/bin/echo \${WORD} \${OTHER}\n$by_input
		EnvironmentFile=[path .]/*.env\nEnvironment=WORD=first OTHER=kept"
	units a.socket
	node %/a.sock
	is [ask %/a.sock ""] "before kept"
	write x.env "# as systemd.exec(5) has it\n; this too\nWORD = after  \nJ=a#b\nexport OTHER=lost\n"
	is [ask %/a.sock ""] "after kept"
	write y.env "WORD=\"of the \\\nlast\"\n"
	set client [connect %/a.sock]
	is [line $client] "of the last kept"
	close $client; stop
}

test what_a_connection_tells_may_stand_in_a_command {
	serve {ExecStart=/bin/echo from ${REMOTE_ADDR} $REMOTE_PORT
		$by_input} Accept=yes
	set client [connect $port]
	is [line $client] "from 127.0.0.1 [local_port $client]"
	close $client
}

# NUMBER-COOKIE-127.0.0.1:PORT-127.0.0.1:PORT
test an_instance_has_systemds_name {
	serve {ExecStart=/bin/echo %i %n ${SO_COOKIE}
		$by_input
		Environment=I=%i} Accept=yes
	set client [connect $port]
	set name [line $client]
	expect {[regexp "^0-(\[1-9]\\d*)-127.0.0.1:$port-127.0.0.1:\\S+ a@0-\\S+\\.service \\1\$" $name]} $name
	set other [connect $port]
	expect {[string match 1-* [line $other]]}
	close $client $other
}

test a_local_client_gives_its_process_and_user {
	superd {service a { listen = "%/a.sock" accept = yes exec = "/bin/echo %{instance}" }}
	node %/a.sock
	set name [ask %/a.sock ""]
	expect {[regexp "^0-\[^-]*-$self.*-$user\$" $name]} $name
	stop
}

test a_connection_tells_where_it_comes_from {
	set report [report_of {ExecStart=$tests/report -
		$by_input}]
	# An unbound peer has no address.
	fields $report env.REMOTE_ADDR none env.REMOTE_PORT none env.SYSTEMD_EXEC_PID [field $report pid] env.LISTEN_FDS none \
		env.JOURNAL_STREAM none
	expect {[field $report env.SO_COOKIE] ne "none"}
	expect {[regexp {^[0-9a-f]{32}$} [field $report env.INVOCATION_ID]]}
}

test what_is_unset_is_not_told {
	fields [report_of {ExecStart=$tests/report - $FOO
		$by_input
		Environment=FOO=1 BAR=2 BAZ=3
		UnsetEnvironment=FOO BAR=2 BAZ=4 SO_COOKIE SYSTEMD_EXEC_PID INVOCATION_ID}] env.FOO none env.BAR none \
		env.BAZ 3 argc 2 env.SO_COOKIE none env.SYSTEMD_EXEC_PID none env.INVOCATION_ID none
}

# Units a.socket and a@.service of a superd that is not root, with these variables; what the service says.
proc said_to_a_user {variables service} {
	pair a "ListenStream=%/a.sock\nAccept=yes" $service\n$::by_input
	write a@.service [string map [list User=$::user ""] [read %/a@.service]]
	superd {*}[expr {[root] ? "-uid 65534" : ""}] -environment $variables -tableless -arguments \
		[list -f systemd:[path a.socket]] ""
	node %/a.sock
	set client [connect %/a.sock]; set said [rest $client]
	close $client; stop; remove %/a.sock
	return $said
}

# If HOME is missing, it starts in /.
test a_users_unit_starts_in_his_home_unless_it_says_another_directory {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	file mkdir [path home]
	foreach {home line wanted} [list [path home] "" [path home] [path none] "" / [path home] WorkingDirectory=/ /] {
		is [said_to_a_user HOME=$home ExecStart=/bin/pwd\n$line] $wanted\n
	}
}

test a_users_unit_has_its_directories_below_his_home {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	file mkdir [path home]
	if {[root]} { file attributes [path home] -owner 65534 }
	set service "StateDirectory=s\nCacheDirectory=c\nLogsDirectory=l\nConfigurationDirectory=e
		ExecStart=/bin/sh -c 'for d in \$\$STATE_DIRECTORY \$\$CACHE_DIRECTORY \$\$LOGS_DIRECTORY\
		\$\$CONFIGURATION_DIRECTORY; do test -d \$\$d && echo \$\$d; done; echo %S %C %L %E'"
	set home [path home]
	is [said_to_a_user [list HOME=$home XDG_CACHE_HOME=$home/x] $service] "$home/.local/state/s\n$home/x/c\n$home/.local/state/log/l
$home/.config/e\n$home/.local/state $home/x $home/.local/state/log $home/.config\n"
	file delete -force $home
}

# A service of superd.conf is told of none of it, and nothing in its words is a variable.
test a_service_of_superd_conf_is_told_no_more_than_it_asks_for {
	superd {service a { listen = "%/a.sock" accept = yes error = log exec = { "$tests/report", "-", "$HOME", "${HOME}" } }}
	set report [report_at_socket]
	are_words $report {$HOME} {${HOME}}
	fields $report env.INVOCATION_ID none env.SYSTEMD_EXEC_PID none env.SO_COOKIE none
}

test sockets_of_any_number_land_from_three_on {
	pair a {ListenStream=%/1
		ListenDatagram=%/2
		ListenStream=%/3
		ListenSequentialPacket=%/4} {ExecStart=$tests/report %/report}
	units a.socket
	node %/4
	is [ask %/3 x] reported
	set report [reported %/report]
	fields $report env.LISTEN_FDS 4 env.LISTEN_FDNAMES a.socket:a.socket:a.socket:a.socket listen_pid_own 1 \
		fd.4.type datagram fd.6.type seqpacket
	foreach n {1 2 3 4} { fields $report fd.[expr {2 + $n}].address %/$n }
	stop
}
