# superd called as xinetd: its options, its pid file, its signals, and what it does without services.
suite as_xinetd
uses tables

# In the foreground, with a table in xinetd.conf, and what it logs is where the harness looks.
proc as_xinetd {how table args} {
	write xinetd.conf $table
	superd {*}$how -program [called xinetd] -tableless -arguments "-d -f %/xinetd.conf $args" ""
}
proc web {{port 0} {more ""}} { service web $port lines $more }

test goes_to_the_background_with_a_pid_file_a_log_and_a_folder {
	repeat 3 { lappend ports [free_port] }
	lassign $ports first second third
	file mkdir [path xinetd.d]; path xinetd.log
	write xinetd.d/second [service second $second lines]
	write xinetd.d/third.off [service third $third lines]
	write xinetd.conf "[service first $first lines]\nincludedir [path xinetd.d]\n"
	set daemon [start_daemon [path xinetd.pid] [called xinetd] -f %/xinetd.conf -pidfile %/xinetd.pid -filelog %/xinetd.log \
		-stayalive]
	is [read /proc/$daemon/comm] "xinetd\n"
	pid $first; pid $second
	expect {![reachable $third]} "a name with a dot is skipped"
	write xinetd.d/third [service third $third lines]
	kill $daemon HUP
	wait {[reachable $third]}
	file delete [path xinetd.d/second]
	kill $daemon USR2
	wait {![reachable $second]}
	pid $first
	end_daemon $daemon [path xinetd.pid]
}

# 26/01/31@23:59:59 xinetd[PID]: NOTICE: …
test dates_a_log_file_as_xinetd_does {
	set port [free_port]; set log [path xinetd.log]
	write xinetd.conf [web $port]
	superd -program [called xinetd] -tableless -arguments "-dontfork -f %/xinetd.conf -filelog $log" ""
	wait {[reachable $port]}
	set daemon [superd_pid]
	stop
	set date {\d\d/\d\d/\d\d@\d\d:\d\d:\d\d}
	expect {[regexp "^$date xinetd\\\[$daemon]: " [read $log]]} [read $log]
	has [read $log] "]: NOTICE: stopping: signal TERM from pid $self ("
}

test ends_without_services_unless_it_is_to_stay {
	write xinetd.conf "defaults\n{\n}\n"
	lassign [run [called xinetd] -f %/xinetd.conf] status output errors
	expect {$status == 1}
	has $errors "xinetd: no services: exiting"
	as_xinetd -clock "defaults\n{\n}\n" -stayalive
	log "no services"
	set port [free_port]
	write xinetd.conf [web $port]
	signal HUP; port web
	pid $port
}

test leaves_a_broken_service_out_and_runs_nothing_on_broken_defaults {
	set good [free_port]; set bad [free_port]
	as_xinetd -clock "[service bad $bad lines "\tinstances = 1 2\n"]\n[service good $good lines]"
	log "; service 'bad' is skipped"
	port good
	pid $good
	expect {![reachable $bad]}
	stop
	write xinetd.conf "[service good $good lines]\ndefaults\n{\n\tonly_from = 1.2.3.4.5\n}\n"
	lassign [run [called xinetd] -d -f %/xinetd.conf] status output errors
	expect {$status == 1} "it runs without the rules of its defaults"
	has $errors only_from
}

test keeps_its_rules_where_an_include_with_defaults_is_missing {
	set port [free_port]
	write defaults "defaults\n{\n only_from = 127.0.0.2\n}\n"
	as_xinetd {} "include %/defaults\n[web $port]"
	wait {[logged "listening on tcp:127.0.0.1:$port"]}
	file delete [path defaults]
	signal HUP; log "not reloaded: 1 error"
	end_of [connect web]
	write defaults "defaults\n{\n}\n"
	signal HUP; log "reloaded: "
	pid web
}

# xinetd checks its state then.
test keeps_what_runs_from_a_folder_that_goes_and_starts_without_one {
	file mkdir [path xinetd.d]
	set port [free_port]
	write xinetd.d/web [web $port]
	as_xinetd "" "[service first 0 lines]\nincludedir [path xinetd.d]/\n"
	wait {[logged "listening on tcp:127.0.0.1:$port"]}
	file delete -force [path xinetd.d]
	signal HUP
	log "'web' runs from [path xinetd.d]/, which is missing"
	pid $port
	stop
	as_xinetd "" "[service first 0 lines]\nincludedir [path xinetd.d]/\n"
	log "there is no [path xinetd.d]/"
}

test sigabrt_does_nothing {
	as_xinetd -clock [web] -cc 3600
	set client [served web]
	signal ABRT
	signal HUP; log "reloaded: "
	greet $client "still there"; close $client
}

test limits_the_processes_of_all_services {
	set failure "\tlog_on_failure = HOST\n"
	as_xinetd -clock "[service one 0 lines $failure]\n[service two 0 lines $failure]" -limit 2
	set first [served one]; set second [served two]
	set third [connect one]; end_of $third; close $third
	log "FAIL: one process_limit from=127.0.0.1"
	close $first
	wait {[processes] == 1}
	pid two
	close $second
}

# A server of many clients, which takes one.
proc late {{port 0}} { replaced [service late $port "take 1"] "wait = no" "wait = yes" }

# Its clients can't be refused, as only the server could accept them: they wait in the queue.
test has_a_server_of_many_clients_wait_for_room {
	as_xinetd -clock "[service one 0 lines]\n[late]" -limit 1
	set first [served one]
	set second [connect late]; send $second b
	log "late: its clients wait: as many instances of all services run as may"
	advance 1h
	expect {[quiet $second]}
	close $first
	until 1min {![quiet $second]} 10
	is [said [line $second]] b; close $second
}

test leaves_servers_running_at_sigquit {
	as_xinetd -clock [web]
	set client [connect web]; send $client hello
	set server [lindex [line $client] 0]
	signal QUIT
	expect {[exit_status] == 0}
	send $client "still there"; is [line $client] "$server still there"
	close $client
	wait {![lives $server]}
}

# With -inetd_compat, in a network of the test's own, with these defaults and lines for 4002 and up.
proc with_inetds_table {defaults args} {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	private_file /etc/xinetd.conf "$defaults[web 4001]"
	foreach line $args { append lines "$line\n" }
	if {$args ne ""} { private_file /etc/inetd.conf $lines }
	superd -program [called xinetd] -tableless -arguments "-d -inetd_compat -control %/control" ""
}

# Only while it is there: Debian's init script always says so.
test reads_the_table_of_inetd_besides {
	with_inetds_table ""
	port web
	private_file /etc/inetd.conf "127.0.0.1:4002 stream tcp nowait root $backend backend lines\n"
	signal HUP; port 4002@127.0.0.1
	pid 4001; pid 4002
	stop
	remove /etc/inetd.conf; remove /etc/xinetd.conf
}

test has_its_defaults_speak_for_the_table_of_inetd_too {
	set log [path services]
	with_inetds_table "defaults\n{\n instances = 1\n only_from = 127.0.0.1\n log_type = FILE $log\n log_on_failure = HOST\n}\n" \
		"127.0.0.1:4002 stream tcp nowait root $backend backend lines" \
		"127.0.0.1:4003 stream tcp nowait.5 root $backend backend lines"
	port 4002@127.0.0.1; port 4003@127.0.0.1
	end_of [connect 4002 -from 127.0.0.2]
	wait {[string match "*FAIL: 4002@127.0.0.1 address from=127.0.0.2*" [read $log]]}
	set first [served 4002]
	set second [connect 4002]; end_of $second
	wait {[string match "*FAIL: 4002@127.0.0.1 service_limit from=127.0.0.1*" [read $log]]}
	close $first $second
	stop
	remove /etc/inetd.conf; remove /etc/xinetd.conf
}

test has_its_defaults_disable_services_of_inetd_and_bind_the_others {
	with_inetds_table "defaults\n{\n bind = 127.0.0.2\n umask = 077\n log_on_success = PID USERID
		enabled = web 113 chargen 4002 4003 4004\n disabled = 4003 wbe\n}\n" \
		"113 stream tcp nowait root /bin/cat" "chargen stream tcp nowait root internal" \
		"4002 stream tcp nowait root /bin/sh sh -c umask" "4003 stream tcp nowait root /bin/cat" \
		"4005 stream tcp nowait root /bin/cat"
	listening tcp:127.0.0.2:4002 tcp:127.0.0.1:4001
	expect {![logged "listening on tcp:127.0.0.2:4003"] && ![logged "listening on tcp:127.0.0.2:4005"]}
	set client [connect 4002@127.0.0.2 -to 127.0.0.2]; is [line $client] 0077; close $client
	has [control "show 4002@127.0.0.2"] "PID, USERID"
	lacks [control "show 113@127.0.0.2"] USERID libwrap
	has [control "show chargen@127.0.0.2"] "libwrap = chargen"
	foreach id {4004 wbe} { expect {[logged "no service has the id '$id'"]} }
	foreach id {web 4002 4003} { expect {![logged "no service has the id '$id'"]} }
	stop
	remove /etc/inetd.conf; remove /etc/xinetd.conf
}

# An old script may say anything: xinetd itself passes over what it does not know.
test starts_with_options_it_does_not_know_and_says_so {
	write xinetd.conf [web]
	superd -program [called xinetd] -tableless -arguments {-limt -loop 30 -d -f %/xinetd.conf -interval 5} ""
	pid web
	expect {[logged "'-limt' is no option of xinetd, and has no effect"]}
	stop
	lassign [run [called xinetd] -limt 3] status output errors
	expect {$status == 1}
	has $errors "'3' is no option of xinetd"
}

# What runs is better than nothing, until it is good or gone.
test keeps_a_service_whose_entry_became_wrong {
	set port [free_port]; set second [free_port]
	set good [web $port]; set bad [web $port "\tinstances = 1 2\n"]; set other [late $second]
	as_xinetd -clock "$good\n$other"
	port web; port late
	set client [served $port]
	repeat 2 {
		write xinetd.conf "$bad\n[replaced $other $backend [path missing]]"
		signal HUP
		repeat 2 { log "its configuration has errors now: the previous one stays in effect" }
		log "reloaded: "
		pid $port
	}
	set queued [connect $second]; send $queued b
	is [said [line $queued]] b
	write xinetd.conf "$good\n$other"
	signal HUP; log "reloaded: "
	greet $client "still there"
	expect {[count "web: listening on "] == 1} "the port was closed meanwhile"
	close $queued
	write xinetd.conf $bad
	signal HUP; log "reloaded: "
	wait {![reachable $second]}            ;# its last server ends with a last client
	write xinetd.conf "$bad\n[service heir $port lines]"
	signal HUP; log "reloaded: "
	close $client
	pid $port
}

# SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGXCPU, SIGXFSZ and SIGSTKFLT, and of real time, of which 34 is musl's own.
proc is_calm {} {
	port web
	foreach stray {14 26 27 29 24 25 16 35 RTMAX USR1} { signal $stray }
	log {"state":"listening"}
	stop
}

test lives_through_signals_that_mean_nothing {
	as_xinetd {} [web]
	is_calm
	foreach how [expr {[has_users] ? "{} -pid1" : "{}"}] {
		superd {*}$how {service web { listen = "127.0.0.1:0" accept = yes exec = "/bin/sleep 0" }}
		is_calm
	}
}

# A container ends with its PID 1, and nobody reads a syslog there.
test stays_in_the_foreground_as_pid_1 {
	needs {[has_users]} "needs namespaces of its own"
	write xinetd.conf [web]
	write inetd.conf "127.0.0.1:[free_port] stream tcp nowait $server lines\n"
	superd -pid1 -own_dev -program [called xinetd] -tableless -arguments {-f %/xinetd.conf} ""
	pid web
	stop
	superd -pid1 -own_dev -program [called inetd] -tableless -arguments {-p %/pid %/inetd.conf} ""
	log "listening on "
}

# ---- fail2ban ----

# Whoever is refused by an address or by hosts.deny is banned, whoever comes is not.
test fail2bans_filter_finds_whoever_was_refused {
	set regex [program fail2ban fail2ban-regex]
	needs {$regex ne ""} "fail2ban is not here (Debian: fail2ban, also unpacked below SUPERD_PEERS)"
	needs {[exists /usr/bin/python3]} "there is no /usr/bin/python3"
	set refused [free_port]; set served [free_port]; set log [path xinetd.log]; path own.log
	set logs "\tlog_type = FILE $log\n\tlog_on_failure = HOST\n\tlog_on_success = HOST PID\n"
	write xinetd.conf [service refused $refused lines "\tno_access = 127.0.0.1\n$logs"][service served $served lines $logs]
	superd -program [called xinetd] -tableless -arguments {-dontfork -f %/xinetd.conf -filelog %/own.log} ""
	wait {[reachable $served]}
	pid $served
	close [connect $refused]
	wait {[string match "*FAIL: refused address from=127.0.0.1*" [read $log]]}
	has [read $log] "START: served"
	# What fail2ban's own filter for xinetd finds in the log.
	set root [string range $regex 0 end-[string length /usr/bin/fail2ban-regex]]
	lassign [run /usr/bin/env PYTHONPATH=$root/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 $regex \
		-o ip $log $root/etc/fail2ban/filter.d/xinetd-fail.conf] status output errors
	expect {$status == 0} $output$errors
	is $output "127.0.0.1\n"
	stop
}

# Their forms are those of xinetd's own log.
test tells_its_life_in_xinetds_words {
	set port [free_port]; set third [free_port]
	as_xinetd -clock [web $port]
	log "Started working: 1 available service\n"
	write xinetd.conf "[web $port "\tinstances = 3\n"]\n[service two 0 lines]"
	signal USR2
	log "Starting reconfiguration\n"; log "Reconfigured: new=1 old=1 dropped=0 (services)\n"
	write xinetd.conf [service three $third lines]
	signal HUP
	log "Starting reconfiguration\n"; log "Reconfigured: new=1 old=0 dropped=2 (services)\n"
	remove %/xinetd.conf
	signal HUP; log "reconfiguration failed\n"
	pid $third
	stop
	log "Exiting...\n"
}

# Programs that lock addresses out count these lines: a flood of one address hides no other.
test names_each_refused_address_once_a_minute_beside_a_flood {
	as_xinetd -clock [web 0 "\tno_access = 127.0.0.0/8\n\tlog_on_failure = HOST\n"]
	settle; hold_clock
	repeat 30 { refused web -from 127.0.0.2 }
	wait {[count "FAIL: web address from=127.0.0.2"] == 20}
	repeat 5 { refused web -from 127.0.0.3 }
	wait {[count "FAIL: web address from=127.0.0.3"] == 1}
	advance 30s
	# One a second is whole again.
	refused web -from 127.0.0.4; refused web -from 127.0.0.3
	wait {[count "FAIL: web address from=127.0.0.4"] == 1}
	expect {[count "FAIL: web address from=127.0.0.3"] == 1}
	advance 31s
	repeat 25 { refused web -from 127.0.0.2 }
	refused web -from 127.0.0.3
	wait {[count "FAIL: web address from=127.0.0.3"] == 2}
}
