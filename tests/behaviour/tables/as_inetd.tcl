# superd called as inetd: a drop-in by its options, its pid file, its signals, and what it makes of a table with a bad
# line; on Debian for update-inetd and the init script, too.
suite as_inetd
uses tables

# A line that serves each client of this port of 127.0.0.1 with a backend that answers lines.
proc line_for {port} { return "127.0.0.1:$port stream tcp nowait $::server lines\n" }
proc daemon {{pid_file inetd.pid} {table inetd.conf}} {
	start_daemon [path $pid_file] [called inetd] -p %/$pid_file %/$table
}

test tells_whoever_starts_it_what_it_leaves_out {
	write inetd.conf "[line_for [free_port]]short stream\n"
	lassign [run [called inetd] -p %/inetd.pid %/inetd.conf] status output errors
	expect {$status == 0} $errors
	has $errors inetd.conf:2:
	end_daemon [string trim [read %/inetd.pid]] [path inetd.pid]
}

# The third line makes two services, which lack the same.
test serves_the_good_lines_around_an_include_that_leads_nowhere {
	set port [free_port]
	as_inetd "" ".include nowhere\n[line_for $port]\n[free_port] stream tcp wait $::user /nonexistent x"
	wait {[reachable $port] || [ended]}
	pid $port
	expect {[logged "/nowhere: No such file"]}
}

# Each has a table and a pid file of its own, and none an option for the control socket.
test runs_beside_another_one {
	foreach name {first second} {
		set port [free_port]; lappend ports $port
		write $name.conf [line_for $port]
		lappend pids [daemon $name.pid $name.conf]
	}
	foreach port $ports { pid $port }
	foreach name {first second} pid $pids { end_daemon $pid [path $name.pid] }
}

test goes_to_the_background_with_a_pid_file_and_reloads {
	set first [free_port]; set second [free_port]
	write inetd.conf [line_for $first]
	set daemon [daemon]
	is [read /proc/$daemon/comm] "inetd\n"
	expect {[session_of $daemon] != [session_of $self]} "the daemon is still in this session"
	pid $first
	expect {![reachable $second]}
	write inetd.conf [line_for $first][line_for $second]
	kill $daemon HUP
	wait {[reachable $second]}
	pid $second
	end_daemon $daemon [path inetd.pid]
}

test leaves_the_folder_it_was_started_in_and_still_reloads {
	set first [free_port]; set second [free_port]
	file mkdir [path there]
	write there/table [line_for $first]
	cd [path there]
	set daemon [start_daemon [path inetd.pid] [called inetd] -p %/inetd.pid table]
	cd /
	# superd lets only root look into it.
	if {[root]} { is [file readlink /proc/$daemon/cwd] / }
	write there/table [line_for $second]
	kill $daemon HUP
	wait {[reachable $second]}
	end_daemon $daemon [path inetd.pid]
	file delete [path there/table]
}

# Elsewhere daemon(3) is what goes to /, so with -d a server begins where inetd was started, as NetBSD's and GNU's.
test in_the_foreground_programs_are_found_and_begin_where_it_was_started {
	set dotted [free_port]; set bare [free_port]; set before [pwd]
	write where "#!/bin/sh\npwd -P\n" 755
	write inetd.conf "127.0.0.1:$dotted stream tcp nowait $user ./where
127.0.0.1:$bare stream tcp nowait $user where where\n"
	cd [path .]
	superd -program [called inetd] -tableless -arguments {-d %/inetd.conf} ""
	set here [exec pwd -P]
	cd $before
	listening tcp:127.0.0.1:$dotted tcp:127.0.0.1:$bare
	foreach port "$dotted $bare" { is [line [connect $port]] $here }
	stop
	lassign [run [called inetd] -p %/inetd.pid %/inetd.conf] status output errors
	has $errors "the program './where' is no absolute path"
	if {$status == 0} { end_daemon [string trim [read %/inetd.pid]] [path inetd.pid] }
}

test serves_the_good_lines_around_a_bad_one {
	repeat 3 { lappend ports [free_port] }
	lassign $ports first second bad
	as_inetd {} "[line_for $first]bogus line\n[line_for $second]127.0.0.1:$bad stream tcp nowait no-such-user /bin/cat cat"
	log %/inetd.conf:2:
	log "is skipped"
	log "service '$bad@127.0.0.1' is skipped"
	foreach port "$first $second" { port $port@127.0.0.1; pid $port }
	expect {![reachable $bad]}
}

# A superd that is inetd, with a line for a port, $port from then on.
proc inetd_at_port {{how {}} args} {
	global port
	set port [free_port]
	as_inetd $how [line_for $port] {*}$args
	port $port@127.0.0.1
}

test keeps_its_services_when_the_table_is_missing_at_a_reload {
	inetd_at_port
	remove %/inetd.conf
	signal HUP; log "inetd: not reloaded: 1 error"
	pid $port
}

# At a start, not at the load: what is missing may come, as with an inetd.
test looks_for_a_program_when_it_starts_it {
	set port [free_port]; set program [path later]
	as_inetd {} {127.0.0.1:$port stream tcp nowait $user $program later}
	log "warning: "; log $program
	port $port@127.0.0.1
	file link -symbolic $program /bin/cat
	set client [connect $port]; send $client late
	is [line $client] late; close $client
}

test tells_programs_what_its_options_say {
	set port [free_port]
	foreach {options said unsaid} {
		"" "" "KEPT_FOR_ALL=yes TCPLOCALIP="
		-E KEPT_FOR_ALL=yes ""
		--environment "{PROTO=TCP\nTCPLOCALIP=127.0.0.1\nTCPLOCALPORT=$port\nTCPREMOTEIP=127.0.0.1\nTCPREMOTEPORT=}" ""
	} {
		as_inetd {-environment KEPT_FOR_ALL=yes} {127.0.0.1:$port stream tcp nowait $user /usr/bin/env env} {*}$options
		port $port@127.0.0.1
		foreach text [filled $said] { has [told $port] $text }
		foreach text $unsaid { lacks [told $port] $text }
		stop
	}
}

test limits_starts_by_the_rate_of_its_command_line {
	inetd_at_port -clock -R 3
	repeat 3 { pid $port }
	set client [connect $port]
	log "$port/tcp server failing (looping), service terminated for 10 min"
	advance 9min
	expect {[quiet $client]} "over the limit clients wait"
	signal ALRM                     ;# ends the pause, as an inetd's retry does
	greet $client
	close $client
}

test listens_on_the_address_of_its_command_line {
	set port [free_port]
	as_inetd {} {$port stream tcp4 nowait $user /bin/cat cat} -a 127.0.0.2
	log "listening on tcp:127.0.0.2:$port"
	expect {![reachable $port]}
	set client [connect $port -to 127.0.0.2]; send $client hello
	is [line $client] hello; close $client
}

# As with GNU's inetd, whose second file this folder is.
test a_line_with_an_address_holds_for_later_files {
	set port [free_port]
	file mkdir [path later]
	write later/first "$port stream tcp nowait $user /bin/cat cat\n"
	as_inetd {} {127.0.0.2:} %/later
	log "later/first:1:1: $port: it listens on 127.0.0.2 alone, by the line 127.0.0.2:"
	log "listening on tcp:127.0.0.2:$port"
	expect {![reachable $port]}
}

test a_line_for_any_address_opens_no_later_file_wider {
	set port [free_port]
	file mkdir [path later]
	write later/first "$port stream tcp nowait $user /bin/cat cat\n"
	as_inetd {} {*:} %/later -a 127.0.0.2
	log "listening on tcp:127.0.0.2:$port"
	expect {![reachable $port]}
}

# By itself it would wait longer each time.
test tries_a_taken_port_again_at_sigalrm {
	set port [free_port]; set taken [listener $port]
	as_inetd -clock [line_for $port]
	until 1min {[count [error_text EADDRINUSE]] >= 10}
	settle
	set tries [count [error_text EADDRINUSE]]
	signal ALRM; counts [error_text EADDRINUSE] [expr {$tries + 1}]
	close $taken
	signal ALRM; port $port@127.0.0.1
	pid $port
}

test never_writes_its_pid_over_a_table {
	write inetd.conf "# a table\n"; write other "#\n"
	lassign [run [called inetd] -p %/inetd.conf %/other] status output errors
	expect {$status == 2}
	has $errors "it holds something else than a pid"
	is [read %/inetd.conf] "# a table\n"
}

# <30> is LOG_DAEMON and LOG_INFO.
test logs_to_syslog_by_its_name {
	needs {[has_namespaces]} "no namespaces here"
	# In a namespace superd believes no programs of an owner that it does not know.
	needs {[file readable $env(SUPERD_LIBEXEC)/superd-read]} "superd's programs are another user's"
	set receiver [dev_log]
	# For an ordinary user, root is the one id that the namespace maps.
	write inetd.conf "127.0.0.1:[free_port] stream tcp nowait root $backend backend lines\n"
	superd -own_dev -program [called inetd] -tableless -arguments {-i -p %/inetd.pid %/inetd.conf} ""
	while {[string first "listening on " [set line [packet $receiver]]] < 0} {}
	begins $line <30>
	has $line " inetd\[[superd_pid]]: "
	close $receiver
}

test refuses_options_that_no_inetd_has {
	lassign [run [called inetd] --no-such] status output errors
	expect {$status == 1}
	has $errors "inetd --help"
}

# Both are read while they are there; without either nothing runs.
test reads_the_systems_own_tables {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	file mkdir /etc/inetd.d
	private_file /etc/inetd.d/one [line_for 4001]
	private_file /etc/inetd.d/one~ [line_for 4002]
	superd -program [called inetd] -tableless -arguments {-i -e} ""
	port 4001@127.0.0.1
	is [read /run/inetd.pid] "[superd_pid]\n"
	private_file /etc/inetd.conf [line_for 4003]
	signal HUP; port 4003@127.0.0.1
	pid 4001; pid 4003
	expect {![reachable 4002]}
	stop
	expect {![exists /run/inetd.pid]}
	remove /etc/inetd.conf; remove /etc/inetd.d/one
}

# ---- Debian: /usr/sbin/inetd is a link to superd, in folders of the test's own ----

proc tool {args} {
	lassign [run {*}$args] status output errors
	expect {$status == 0} "$args: $output$errors"
}

# A /usr/sbin of copies, with the little that is needed of the real one, and inetd besides. The real one is never
# mounted below the test's folder, where whatever is left is removed.
proc enter_debian {} {
	needs {[root]} "needs root, a network namespace and mounts of its own"
	needs {[exists /usr/sbin/update-inetd] && [exists /sbin/start-stop-daemon]} \
		"there is no update-inetd here (Debian: update-inetd)"
	set more [path more-etc]; set sbin [path sbin]
	file mkdir $more $sbin
	tool /bin/sh -c "cd /etc && for n in alternatives perl debconf.conf lsb-base-logging.sh lsb-release default
		do test ! -e \$n || cp -a \$n $more/ || exit 1; done"
	needs {[private]} "needs root, a network namespace and mounts of its own"
	tool /bin/sh -c "cp -a $more/. /etc/ && rm -r $more"
	tool /bin/mount -t tmpfs -o mode=0755 tmpfs $sbin
	tool /bin/sh -c "cp -p /usr/sbin/update-inetd /sbin/start-stop-daemon $sbin/ && ln -s $::superd $sbin/inetd"
	tool /bin/mount --move $sbin /usr/sbin
}

proc inetds_pid {} { string trim [read /run/inetd.pid] }

test is_told_of_changes_by_debians_update_inetd {
	enter_debian
	private_file /etc/inetd.conf [line_for 4001]
	tool /usr/sbin/inetd
	set inetd [inetds_pid]
	expect {$inetd > 1}
	set env(DEBIAN_FRONTEND) noninteractive
	tool /usr/sbin/update-inetd --add "4002\\tstream\\ttcp\\tnowait\\troot\\t$backend backend lines"
	wait {[reachable 4002]}
	pid 4002
	tool /usr/sbin/update-inetd --disable 4002
	wait {![reachable 4002]}
	tool /usr/sbin/update-inetd --enable 4002
	wait {[reachable 4002]}
	expect {[inetds_pid] == $inetd}
	kill $inetd TERM
	wait {![lives $inetd]}
}

# The script of the package openbsd-inetd, where it is installed or among the peers.
test obeys_debians_init_script {
	set script /etc/init.d/openbsd-inetd; set kept [path openbsd-inetd]
	if {[info exists env(SUPERD_PEERS)] && [exists $env(SUPERD_PEERS)/openbsd-inetd$script]} {
		set script $env(SUPERD_PEERS)/openbsd-inetd$script
	}
	needs {[exists $script]} "openbsd-inetd is not here (Debian: openbsd-inetd, also unpacked below SUPERD_PEERS)"
	file copy $script $kept
	enter_debian
	private_file /etc/inetd.conf [line_for 4001]
	tool /bin/sh $kept start
	set inetd [inetds_pid]
	expect {$inetd > 1 && [lives $inetd]}
	pid 4001
	tool /bin/sh $kept start
	expect {[inetds_pid] == $inetd} "a second start starts nothing"
	tool /bin/sh $kept status
	private_file /etc/inetd.conf [line_for 4002]
	tool /bin/sh $kept reload
	wait {[reachable 4002]}
	tool /bin/sh $kept restart
	wait {[inetds_pid] ni "{} $inetd"}
	wait {![lives $inetd]}
	pid 4002
	set inetd [inetds_pid]
	tool /bin/sh $kept stop
	wait {![lives $inetd]}
	expect {![exists /run/inetd.pid]}
}

# An option that inetd does not have, for two of them on a machine.
test may_have_a_control_socket_of_its_own {
	inetd_at_port {} --control %/control
	node %/control
	is [lindex [superctl list --names] 1] $port@127.0.0.1\n
}

# Nobody remembers brackets and addresses.
test suggests_the_name_with_its_address {
	set port [free_port]; set both [free_port]
	as_inetd {} [line_for $port][line_for $both][replaced [line_for $both] 127.0.0.1 127.0.0.2] --control %/control
	node %/control
	foreach {verb name said} "hold $port {$port@127.0.0.1?} why $both {$both@127.0.0.1?}" {
		lassign [superctl $verb $name] status output errors
		expect {$status == 1} $output
		has $errors "did you mean $said"
	}
	stop
}
