# pass = bind: a program that knows nothing of superd binds its own socket, and has superd's.
suite bind
uses binding

set listens {tcp4 reuseaddr=1 bind=127.0.0.1:$port listen=64 serve=poll}
set elsewhere {tcp4 reuseaddr=1 bind=127.0.0.1:$other listen=64 serve=poll}

proc is_healthy {healthy said} {
	lassign [superctl health] status output
	expect {($status != 0) == !$healthy}
	has $output $said
}

# ---- a start ----

test the_first_client_is_served {
	web $listens
	set first [pid $port]
	expect {[pid $port] == $first}; is [pids] $first
	sees {why web} "it has bound tcp:127.0.0.1:$port\n"
}

test the_program_sees_the_address_that_it_bound {
	web $listens
	tells [ask $port ?] name=127.0.0.1:$port own=127.0.0.1:$port family=4
}

test a_program_that_binds_something_else_fails_in_time {
	web $elsewhere "timeout_start = 10min" -clock
	set missed "it has not bound tcp:127.0.0.1:$port; it requested tcp:127.0.0.1:$other"
	set client [connect $port]; log "web: started, pid "
	sees {why web} $missed
	advance 9min; expect {![logged "it was not ready"]}
	advance 2min; log "it was not ready within timeout_start: $missed"
	close $client
}

test a_program_that_binds_something_else_is_told_of_before_it_fails {
	web $elsewhere "timeout_start = 1h" -clock
	set missed "it has not bound tcp:127.0.0.1:$port; it requested "
	set client [connect $port]; log "web: started, pid "
	advance 1min; log "${missed}tcp:127.0.0.1:$other. superd still waits"
	is_healthy no "unhealthy: web: $missed"
	obeys $other "tcp4 bind=127.0.0.1:$port listen=5"
	send $client ?; tells [line $client] name=127.0.0.1:$port
	is_healthy yes healthy
	close $client
}

test an_end_before_the_bind_is_a_failure {
	web exit=0 "backoff_min = 1h backoff_max = 1h"
	set client [connect $port]; log "next start in "
	sees {why web} "it ended with exit status 0"
	close $client
}

# Its last line says that the address is in use, in whatever words.
set hint "the program tried to open the port that superd holds: set pass = bind"
proc hints {hinted last {options ""}} {
	global hint
	set port [free_port]
	superd -control {service web { listen = "127.0.0.1:$port" backoff_min = 1h backoff_max = 1h
		exec = "/bin/sh -c 'echo $last >&2; exit 1'"
		$options }}
	log "web: listening on "
	set client [connect $port]
	log [expr {$hinted ? $hint : "next start in "}]
	expect {([string first $hint [why web]] < 0) == !$hinted} $last
	expect {[logged $hint] == !!$hinted} $last
	close $client; stop
}

test a_program_that_finds_superd_at_its_port_is_told_of_pass_bind {
	needs_bind
	hints yes "bind: Address already in use"
	hints yes "PORT IN USE"
	hints no "no such file"
	hints no "bind: Address already in use" "pass = bind"
}

# A next instance runs by now, and may fail as the last one did: the reason and the cure stay in every view, until it
# has run longer.
test the_hint_stays_while_the_next_instance_runs {
	needs_bind
	exec mkfifo -m 666 [path fifo]
	superd -control -clock {service web { listen = "127.0.0.1:0" backoff_max = 1h
		exec = "/bin/sh -c 'read x < %/fifo; echo PORT IN USE >&2; exit 1'" }}
	set client [connect web]; log "web: started, pid "
	advance 10min
	chan close [open [path fifo] w]
	log "exit status 1: $hint"
	until 1s {[count "web: started, pid "] == 2}
	sees {why web} "exit status 1, after "; sees {why web} ": $hint"
	has [prints health web] "exit status 1: $hint"
	has [prints list --failed] web
	advance 11min
	has [prints health web] healthy
	close $client
}

# The program binds the first of two sockets alone, of which the log says so after a minute.
proc misses_one {options before {behind ""}} {
	binds {{ "127.0.0.1:$port", "127.0.0.1:$other" }} $::listens $options -clock
	log "web: listening on tcp:127.0.0.1:$::other"
	set client [connect $::other]; log "web: started, pid "
	advance 1min; log "${before}it has not bound tcp:127.0.0.1:$::other$behind"
	close $client
}

test all_of_its_sockets_are_asked_for { misses_one "timeout_start = 30s" "it was not ready within timeout_start: " }
test a_program_that_binds_too_little_is_told_of_before_it_fails { misses_one "timeout_start = 1h" "" ". superd still waits" }

test it_binds_closes_and_binds_again {
	web {tcp4 bind=127.0.0.1:$port close tcp4 reuseaddr=1 bind=127.0.0.1:$port listen=5 close
		tcp4 bind=127.0.0.1:$port listen=5 serve=poll}
	set first [pid $port]
	obeys $port "close tcp4 bind=127.0.0.1:$port listen=5"
	expect {[pid $port] == $first}
	counts "web: started" 1
}

# As haproxy does: superd's socket listens already.
test a_program_may_leave_its_listen_out {
	web {tcp4 bind=127.0.0.1:$port listen-if-needed=5 serve=poll} "idle_timeout = 5min" -clock
	repeat 2 {
		pid $port; log "binder: it listens already"
		sees {why web} "it has bound tcp:127.0.0.1:$port"
		until 3min {[processes] == 0} 10
	}
}

# ---- once more ----

test a_second_bind_of_a_socket_is_refused {
	web {tcp4 bind=127.0.0.1:$port try-bind=127.0.0.1:$port listen=5 serve=poll}
	pid $port; log "binder: bind=127.0.0.1:$port: Invalid argument"
}

# ---- what stays of the program's socket ----

# What it tells where it does this before its bind and behind it. The first client connected before, so it has the
# table's options.
proc details_with {before {behind ""}} {
	web "tcp4 $before bind=127.0.0.1:\$port $behind listen=5 serve=poll"
	pid web; set details [ask web ?]; stop
	return $details
}

test options_set_before_stay_behind { tells [details_with "nodelay=1 keepalive=1 linger=7"] nodelay=0 keepalive=0 linger=-1 }
test options_not_set_are_the_kernels { tells [details_with ""] nodelay=0 keepalive=0 linger=-1 defer=0 }

test options_that_stay_behind_are_logged_by_name {
	web {tcp4 keepalive=1 syncnt=2 bind=127.0.0.1:$port listen=5 serve=poll}
	pid $port
	log " binds tcp:127.0.0.1:$port with options that superd does not carry over to its socket: SO_KEEPALIVE, TCP_SYNCNT"
}

# superd's socket would let in whom the program's keeps out.
test an_option_that_keeps_clients_out_refuses_the_socket {
	foreach {option says} {
		device=lo {on lo alone (SO_BINDTODEVICE): write bind_to_device = "lo"}
		minttl=200 {with IP_MINTTL = 200: let it set that after its bind}
		filter=0 {with a filter of its own (SO_ATTACH_FILTER): let it attach that after its bind, or write only_from}
	} {
		web "tcp4 $option try-bind=127.0.0.1:\$port await=[path never]" "start = boot"
		log "tcp:127.0.0.1:$::port is open to more than it asked for, 127.0.0.1:$::port $says"
		log "binder: bind=127.0.0.1:$::port: Address already in use"
		stop
	}
}

test on_the_device_of_its_row_it_gets_it {
	binds {"127.0.0.1:$port" bind_to_device = "lo"} {tcp4 device=lo bind=127.0.0.1:$port listen=5 serve=poll}
	pid $port
}

# superd has them, and sets none for a program: the program asks for a socket in superd's network.
test options_that_take_a_privilege_stay_behind {
	needs {[root]} "needs root, which may set SO_MARK"
	web {tcp4 fwmark=66 bind=127.0.0.1:$port listen=5 serve=poll}
	tells [ask $port ?] fwmark=0
	log "to its socket: SO_MARK"
}

# Its program may not set the mark here, but there, where it is root, it may. The flag is CLONE_NEWNET.
test a_socket_of_another_network_is_bound_there {
	needs {[root]} "needs root, and a network namespace of its own"
	foreach options {"start = boot" "start = boot private_mounts = yes"} {
		web {unshare=0x40000000 tcp4 fwmark=66 bind=0.0.0.0:$port listen=5 serve=poll} $options
		log "web: started"
		sees {why web} "it has not bound tcp:127.0.0.1:$port"
		stop
	}
}

test whether_it_blocks_is_kept {
	tells [details_with ""] nonblock=0
	tells [details_with nonblock] nonblock=1
	tells [details_with "" nonblock] nonblock=1
	tells [details_with nonblock block] nonblock=0
}

test whether_it_closes_at_an_exec_is_kept {
	tells [details_with ""] cloexec=0
	tells [details_with cloexec] cloexec=1
	tells [details_with "" cloexec] cloexec=1
}

# A client that says nothing starts the program none the less. A superd that opens no second socket at an address (as an
# ordinary user) goes on with the one that the program had.
test a_queue_that_waits_for_data_stays_behind {
	web {tcp4 defer=30 bind=127.0.0.1:$port listen=5 serve=poll} "" -uid [expr {[has_users] ? 65533 : 0}]
	pid $port; done "stop web"
	set silent [connect $port]
	wait {[count "web: started"] == 2}
	close $silent
}

test a_short_backlog_leaves_superds_queue {
	web {tcp4 bind=127.0.0.1:$port listen=2 serve=poll} "backlog = 50"
	tells [ask $port ?] backlog=50
	obeys $port listen=3
	tells [ask $port ?] backlog=50
}

# shutdown(2) takes the listener from superd, too: it opens another one.
test a_listener_that_was_shut_down_comes_again {
	web {tcp4 reuseaddr=1 bind=127.0.0.1:$port listen=5 serve=poll}
	pid $port
	set client [connect $port]; send $client "!shutdown exit=0"; end_of $client; close $client
	wait {[reachable $port]}
	pid $port
}

# ---- other sockets ----

test a_socket_that_is_not_superds_is_the_programs {
	web {tcp4 bind=127.0.0.1:$other listen=5 tcp4 bind=127.0.0.1:$port listen=5 tcp4 bind=127.0.0.1:0 listen=1 serve=poll}
	pid $port
	tells [ask $other ?] name=127.0.0.1:$other
	expect {![logged 127.0.0.1:$other]}
}

test binds_says_what_a_program_binds_in_place {
	web $elsewhere {binds = { "127.0.0.1:$other" }}
	tells [ask $port ?] name=127.0.0.1:$port
	expect {![reachable $other]}
	sees {why web} "it asked for tcp:127.0.0.1:$other and got superd's socket tcp:127.0.0.1:$port"
}

test each_socket_has_a_binds_of_its_own {
	needs_bind
	foreach name {one two own_one own_two} { set $name [free_port] }
	superd -control {service web {
		socket one { listen = "127.0.0.1:$one" binds = { "127.0.0.1:$own_one" } }
		socket two { listen = "127.0.0.1:$two" binds = { "127.0.0.1:$own_two" } }
		pass = bind error = inherit
		exec = "$tests/binder tcp4 bind=127.0.0.1:$own_two listen=5 tcp4 bind=127.0.0.1:$own_one listen=5 serve=poll" }}
	log "web: listening on "; log "listening on "
	foreach port [list $one $two] { tells [ask $port ?] name=127.0.0.1:$port }
}

test a_port_below_1024_takes_no_privilege {
	needs {[has_users] && [private]} "needs root, and a build that every user can reach"
	binds {"127.0.0.1:80"} {tcp4 reuseaddr=1 bind=127.0.0.1:80 listen=64 serve=poll} {user = "65533"}
	tells [ask 80 ?] name=127.0.0.1:80
}

# ---- hardening ----

# superd's filter is installed first, so the program's list need not allow that.
test a_filter_of_the_table_may_deny_filters {
	needs {[root] && [string match *libseccomp* [lindex [answer --version] 1]]} "needs root and libseccomp"
	foreach filter {{{ "@system-service" }} {{ "~@sandbox", "~@debug" }}} {
		web $listens "system_call_filter = $filter"
		pid $port; stop
	}
}

test a_service_without_a_socket_is_an_error {
	set table [write faulty.conf "service web {\n start = boot\n pass = bind\n exec = \"$tests/binder serve=poll\"\n}\n"]
	lassign [answer --check -f $table] status output errors
	expect {$status != 0}
	has $errors "$table:3:2: error: web: pass = bind needs a socket in listen"
}

# ---- superd -l ----

test a_command_line_does_it_too {
	needs_bind
	set port [free_port]
	superd -clock -tableless -arguments {-l 127.0.0.1:$port --bind --idle 5min --
		$tests/binder tcp4 bind=127.0.0.1:$port listen=5 serve=poll} ""
	wait {[reachable $port]}
	set first [pid $port]
	until 3min {[processes] == 0} 10
	expect {[pid $port] != $first}
}

test a_command_line_without_sense_is_refused {
	foreach {words said} {
		{-l 8080 --bind --accept -- /bin/true} "--bind and --accept exclude each other"
		{-l 8080 --bind --inetd -- /bin/true} "--bind and --inetd exclude each other"
		{--bind --check} "go with -l"
	} {
		lassign [answer {*}$words] status output errors
		expect {$status != 0}
		has $errors $said
	}
}
