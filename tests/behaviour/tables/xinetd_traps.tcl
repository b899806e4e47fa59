# The traps of xinetd, each as a table of xinetd.conf that superd must not fall into with: rules that are quietly
# without effect, sessions that a reload kills, and log lines that say what was not so. What is hard is "never": that
# nobody comes in, that nothing is killed.
suite xinetd_traps
uses tables

proc served_from {from port} { set client [connect $port -from $from]; greet $client; close $client }
proc refused_from {from port} { set client [connect $port -from $from]; end_of $client; close $client }

set log_to "\tlog_type = FILE %/log\n\tlog_on_success = PID HOST EXIT DURATION\n\tlog_on_failure = HOST\n"

# A table of services that run, with the last one's port.
proc run {args} {
	superd {*}[lrange $args 0 end-1] -format xinetd [lindex $args end]
	regexp {.*service (\w+)} [lindex $args end] all last
	port $last
}

# ---- rules ----

test defaults_hold_for_a_service_before_them {
	set port [free_port]
	run "[service early $port "-m %/marks lines"]defaults\n{\n\tonly_from = 127.0.0.1\n$log_to}\n"
	refused_from 127.0.0.2 $port
	# Who may not come costs no start, so there is no line of one.
	wait {[lines %/log] == 1}
	has [read %/log] ": FAIL: early address from=127.0.0.2\n"
	expect {[lines %/marks] == 0}
	served_from 127.0.0.1 $port
	wait {[lines %/log] == 3}
}

# A service whose rule or limit cannot be read never runs without it, whatever revives it.
test enabled_revives_no_service_with_a_broken_rule {
	set enabled good; set table ""
	foreach line {"cps = 50" "instances = 1 2" "per_source = many" "only_from = 127.0.0.300" "access_times = 8-17"
		"no_access = 1,2,3" "max_load = high" "rlimit_as = big"} {
		set port [free_port]; lappend broken $line $port
		append enabled " bad$port"
		append table [service bad$port $port lines "\t$line\n"]
	}
	set good [free_port]
	run -arguments --keep-going "defaults\n{\n\tenabled = $enabled\n}\n$table[service good $good lines]"
	served_from 127.0.0.1 $good
	foreach {line port} $broken { expect {![reachable $port]} "$line runs" }
}

# The kernel knows no names of hosts, and so could not keep anybody out.
test a_rule_of_defaults_that_does_not_fit_a_service_leaves_it_closed {
	set listener [free_port]; set good [free_port]
	run -arguments --keep-going "defaults\n{\n\tonly_from = .example.com\n}\nservice handed\n{\n\ttype = UNLISTED\n\tport = $listener
	socket_type = stream\n\tprotocol = tcp\n\twait = yes\n\tuser = root\n\tserver = /bin/true\n}\n[service good $good lines]"
	log "service 'handed' is skipped"
	expect {[reachable $good]}
	expect {![reachable $listener]}
}

proc only {words served refused} {
	set port [free_port]
	run [service web $port lines "\tonly_from = $words\n"]
	foreach from $served { served_from $from $port }
	foreach from $refused { refused_from $from $port }
	stop
}

test an_empty_only_from_lets_nobody_in { only "" {} 127.0.0.1 }

test zeros_at_the_end_and_factors_are_networks {
	only 127.0.0.0 127.0.0.9 {}
	only 127.0.1.0 127.0.1.9 127.0.0.1
	only 127.0.0.{2,4} 127.0.0.4 127.0.0.3
}

# xinetd takes an IPv6 address with 128 behind it for the name of a host, which matches nobody.
test an_ipv6_address_with_a_length_is_a_rule {
	needs {[exists /proc/net/if_inet6]} "this machine has no IPv6"
	foreach {name rule} {one "only_from = ::1/128" all "only_from = ::/0" none "no_access = ::1/128"} {
		set $name [free_port]
		append table [replaced [service $name [set $name] lines "\t$rule\n"] 127.0.0.1 ::1]
	}
	xinetd $table
	listening "tcp:\[::1]:$none"
	foreach port "$one $all" { set client [connect $port -to ::1]; greet $client; close $client }
	set client [connect $none -to ::1]; end_of $client; close $client
}

# There is no client to judge before the server has accepted it: the kernel does. What it keeps out starts nothing.
test only_from_holds_for_a_stream_with_wait_and_nothing_spins {
	needs {[root]} "needs root"
	set port [free_port]
	run -clock [replaced [service web $port "-m %/marks take 2" "\tonly_from = 127.0.0.1\n\tflags = NOLIBWRAP\n"] \
		"wait = no" "wait = yes"]
	set stranger [approach $port 127.0.0.2]
	advance 1h
	wakes 1h 3 0
	expect {[lines %/marks] == 0}
	expect {![let_in $stranger]}
	served_from 127.0.0.1 $port
	served_from 127.0.0.1 $port
	wait {[processes] == 0}
	expect {[lines %/marks] == 1}
	close $stranger
}

# ---- attributes ----

test nameinargs_may_stand_before_or_behind_its_arguments {
	set report "\tuser = $user\n\tserver = $tests/report\n"
	foreach {name lines} {
		before "\tflags = NAMEINARGS\n\tserver_args = called -\n"
		behind "\tserver_args = called -\n\tflags = NAMEINARGS\n"
		without "\tserver_args = - \"a b\"\n"
	} {
		set $name [free_port]
		append table [service $name [set $name] "" $report$lines]
	}
	run $table
	foreach port "$before $behind" { fields [told $port] argv.0 called }
	fields [told $without] argv.0 report argv.2 "\"a" argv.3 "b\"" fds "0 1 2" not_default "" cwd / umask 0022 session_leader 1
}

# An IPv4 client comes by its own address, in the environment and in the log, by whatever socket.
test v6only_no_serves_both_families_and_ipv4_is_ipv4 {
	needs {[exists /proc/net/if_inet6]} "this machine has no IPv6"
	set report "\tuser = $user\n\tserver = $tests/report\n\tserver_args = -\n$log_to"
	foreach {name line} {no "v6only = no" dual "flags = IPv6"} {
		set $name [free_port]
		append table [replaced [service $name [set $name] "" "\t$line\n$report"] "\tbind = 127.0.0.1\n" ""]
	}
	run $table
	foreach port "$no $dual" {
		foreach address {127.0.0.1 ::1} { fields [told $port -to $address] env.REMOTE_HOST $address }
	}
	wait {[lines %/log] == 8}
	lacks [read %/log] ::ffff:
}

# The rate is one a second, whatever its number, and over it clients wait: none is refused.
test cps_counts_by_the_second_and_refuses_nobody {
	set port [free_port]
	run -clock [service web $port stdio "\tcps = 1 3600\n$log_to"]
	pid $port; advance 2s           ;# in which nobody comes
	pid $port; advance 2s
	expect {![logged Deactivating]}
	signal STOP
	repeat 3 { set client [connect $port]; send $client hello; lappend clients $client }
	signal CONT
	log "Deactivating service web due to excessive incoming connections.  Restarting in 3600 seconds."
	expect {[reachable $port]} "its port is closed"
	foreach client $clients {
		until 30min {![quiet $client]} 5
		is [said [line $client]] hello; close $client
	}
	log "Activating service web"
}

# In defaults it is for redirects alone.
test traffic_in_defaults_disables_nobody {
	set port [free_port]
	run "defaults\n{\n\tlog_on_success = TRAFFIC HOST\n\tlog_type = FILE %/log\n}\n[service web $port lines]"
	served_from 127.0.0.1 $port
	wait {[processes] == 0}
	has [read %/log] "START: web from=127.0.0.1"
	lacks [read %/log] TRAFFIC
}

# The server is there at the start and gone at the first client.
test a_server_that_cannot_be_run_has_no_exit_of_0 {
	set port [free_port]; set server [path server]
	file link -symbolic $server /bin/cat
	run [service web $port "" "\tuser = $user\n\tserver = $server\n$log_to"]
	remove $server
	set client [connect $port]
	log "web: cannot start: "; log "No such file or directory"
	lacks [read %/log] "EXIT: web status=0"
	file link -symbolic $server /bin/cat
	close $client
	set client [connect $port]; send $client hello
	is [line $client] hello; close $client
}

# Twenty tries in the first second, and then none until a reload, is what xinetd does.
test a_taken_port_is_tried_with_pauses_until_it_is_free {
	set port [free_port]; set other [free_port]; set taken [listener $port]
	run -clock [service web $port lines][service other $other lines]
	until 1min {[count "web: cannot listen on "] >= 10}
	settle
	set tries [count "web: cannot listen on "]
	repeat 10 { advance 1s }
	counts "web: cannot listen on " $tries
	served_from 127.0.0.1 $other
	close $taken
	until 1min {[logged "web: listening on "]} 5
	served_from 127.0.0.1 $port
}

# ---- reload and end ----

test a_reload_kills_no_session {
	foreach name {gone moved changed to} { set $name [free_port] }
	run [service gone $gone lines][service moved $moved lines][service changed $changed lines]
	foreach port "$gone $moved $changed $changed" {
		set client [connect $port]; send $client hello
		lappend sessions $client [lindex [line $client] 0]
	}
	# Two where one may be: the surplus is not killed, but nobody else comes in.
	reload [service moved $to lines][service changed $changed lines "\tinstances = 1\n"]
	wait {![reachable $gone] && ![reachable $moved]}
	refused_from 127.0.0.1 $changed
	served_from 127.0.0.1 $to
	reload [replaced [service changed $changed "take 1"] "wait = no" "wait = yes\n\tflags = NOLIBWRAP"]
	foreach {client session} $sessions {
		send $client "still there"; is [line $client] "$session still there"
		close $client
	}
	served_from 127.0.0.1 $changed
}

test a_stop_ends_servers_with_their_sessions {
	set port [free_port]
	run [service web $port lines]
	set client [connect $port]; send $client hello
	set session [lindex [line $client] 0]
	stop
	expect {![lives $session]}
	end_of $client; close $client
}

test a_broken_table_at_a_reload_changes_nothing {
	set port [free_port]
	run [service web $port lines]
	reload -refused "[service web $port lines]defaults\n{\n\tonly_from = 1.2.3.4.5\n}\n"
	served_from 127.0.0.1 $port
	reload -refused [replaced [service web $port lines] socket_type socket_typo]
	served_from 127.0.0.1 $port
}

# superd's own services go on with a datagram socket for a while; they are over when the table says so, not when nobody
# asks them any more.
proc datagram_service {port type {lines ""}} {
	return "service echo\n{\n\ttype = UNLISTED $type\n\tsocket_type = dgram\n\tprotocol = udp\n\tport = $port
	bind = 127.0.0.1\n\twait = yes\n\tflags = NOLIBWRAP\n\tuser = $::user\n$lines}\n"
}

# What a datagram is answered; "" is nothing. It cannot be sent while nobody listens, which is an answer, too.
proc answer_of {client} {
	offer $client x
	settle
	expr {[heard $client] ? [string trim [packet $client]] : ""}
}

test an_internal_service_of_datagrams_ends_with_its_entry {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	set port [free_port]
	set more [service other [free_port] lines]
	set own [datagram_service $port INTERNAL]
	superd -clock -format xinetd $own$more
	port echo
	set client [datagrams $port]
	is [datagram $client hello] hello
	reload [datagram_service $port "" "\tserver = $backend\n\tserver_args = datagram\n"]$more
	wait {[string match "* x" [answer_of $client]]}
	reload $own$more
	wait {[answer_of $client] eq "x"}
	reload $more
	wait {[processes] == 0}
	is [answer_of $client] ""
	close $client
}

# ---- redirect ----

# sort answers when its input has ended: the end of what a client says must reach it, and its answer the client.
test who_ends_its_half_of_a_redirect_gets_the_answer {
	set target [free_port]; set port [free_port]
	run [service target $target "" "\tuser = $user\n\tserver = /usr/bin/sort\n"][service web $port "" \
		"\tuser = $user\n\tredirect = 127.0.0.1 $target\n\tlog_type = FILE %/log\n\tlog_on_success = TRAFFIC\n"]
	set client [connect $port]; put $client "b\na\n"; shut $client
	is [rest $client] "a\nb\n"; close $client
	wait {[string match "*: TRAFFIC: web in=4(bytes) out=4(bytes)\n*" [read %/log]]}
}

# ---- tcpmux ----

# A service that tcpmux knows by its name.
proc behind_mux {name type lines} {
	return "service $name\n{\n\ttype = $type UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\twait = no\n$lines}\n"
}

test a_name_for_tcpmux_comes_in_pieces_and_what_follows_is_the_services {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	set port [free_port]
	set cat "\tuser = $user\n\tserver = /bin/cat\n"
	set table [replaced [service tcpmux $port "" "\tuser = $user\n"] UNLISTED "INTERNAL UNLISTED"]
	append table [behind_mux plus TCPMUXPLUS $cat] [behind_mux plain TCPMUX $cat] [service apart [free_port] "" $cat]
	if {[root]} {
		append table [behind_mux who TCPMUX "\tuser = nobody\n\tserver = /usr/bin/id\n\tserver_args = -un\n"]
	}
	superd -clock -format xinetd $table
	port tcpmux; port apart
	foreach {pieces answer} {
		{"plus\r\nhello\n"} "+Go\r\nhello\n"
		{p l u "s\r" "\nhel" "lo\n"} "+Go\r\nhello\n"
		{"PLUS\nhello\n"} "+Go\r\nhello\n"
		{plain "\r\n" "hello\n"} "hello\n"
		{"who\n"} "nobody\n"
		{"apart\r\n"} "-Service not available\r\n"
		{"nothing\r\n"} "-Service not available\r\n"
	} {
		if {$pieces eq {"who\n"} && ![root]} continue
		# Each piece is read before the next is sent. A service with a port of its own is not there by name.
		set client [connect $port]
		foreach piece $pieces { put $client $piece; settle }
		shut $client
		is [rest $client] $answer; close $client
	}
}
