# What a program gets for its bind: never a wider socket, never one of another IP version than it opened, and again when
# no other process has it. Its superd-bind outlives superd.
suite bind_plain
uses binding

set in_use {Address (already )?in use}  ;# as the C library says it

# ---- width ----

proc refuses {listens asked} {
	binds $listens "tcp4 try-bind=$asked listen=5 mark=%/marks serve=poll" "timeout_start = 1h"
	set asked [filled $asked]
	set line "write listen = \"$asked\" (with -l: -l $asked), or binds = \"$asked\""
	set client [connect $::port]
	wait {[regexp "binder: bind=$asked: $::in_use" [read [logfile]]]}
	wait {[logged $line]}
	sees {why web} $line
	has [control health] {"degraded":true} "it asked for tcp:127.0.0.1:"
	close $client; stop
}

test a_program_that_asks_for_one_address_gets_no_wider_socket {
	refuses {"$port"} {127.0.0.1:$port}
	refuses {"tcp4:$port"} {127.0.0.1:$port}
}

test unless_binds_says_so {
	binds {"tcp4:$port"} {tcp4 bind=127.0.0.1:$port listen=5 serve=poll} {binds = "127.0.0.1:$port"}
	set client [connect $port -to 127.0.0.2]; send $client ?
	tells [line $client] name=0.0.0.0:$port
	close $client
}

# It failed: the line to write is in the reason, and in health. Its superd-bind ends before all of its memory is free.
test one_that_ends_when_it_is_refused_leaves_the_line_to_write {
	binds {"$port"} {fill=100 tcp4 bind=127.0.0.1:$port listen=5 serve=poll} "backoff_min = 1h backoff_max = 1h"
	set client [connect $port]; log "next start in "
	has [why web] "write listen = \"127.0.0.1:$port\""
	has [prints health] "write listen = \"127.0.0.1:$port\""
	close $client
	expect {![logged "superd-bind has ended"]} "with its program"
}

test a_narrower_socket_stands_for_a_wider_one {
	web {tcp4 bind=0.0.0.0:$port listen=5 serve=poll}
	serves 127.0.0.1; stop
	if {![has_ipv6]} return
	binds {"tcp4:$port"} {tcp6 v6only=0 bind=[::]:$port listen=5 serve=poll}
	serves 127.0.0.1
}

# ---- IP versions ----

test an_ipv4_socket_stays_one {
	needs_ipv6
	binds {"$port"} {tcp4 bind=0.0.0.0:$port listen=5 serve=poll}
	loses_first; log "write listen = \"tcp4:$port\""
	repeat 3 { serves 127.0.0.1 }
	has [why web] "it has bound tcp4:$port"
	# The next instance loses nobody, nor does one of the next superd.
	done "restart web"; serves 127.0.0.1
	upgrade; serves 127.0.0.1
	done "stop web"; serves 127.0.0.1
	counts "who waited was reset" 1
}

test one_for_ipv6_alone_stays_one {
	needs_ipv6
	binds {"$port"} {tcp6 v6only=1 bind=[::]:$port listen=5 serve=poll}
	loses_first ::1; serves ::1
	expect {![reachable $port]}
}

proc has_both {first second} {
	binds {"$port"} "$first:\$port listen=5 $second:\$port listen=5 serve=poll"
	loses_first; wait {[reachable $::port]}
	serves 127.0.0.1; serves ::1
	done "stop web"; serves ::1; serves 127.0.0.1
	upgrade; serves ::1
	done "restart web"; serves ::1
	counts "who waited was reset" 1
	stop
}

test a_program_with_a_socket_of_each_version_has_both {
	needs_ipv6
	has_both "tcp4 bind=0.0.0.0" {tcp6 v6only=1 bind=[::]}
	has_both {tcp6 v6only=1 bind=[::]} "tcp4 bind=0.0.0.0"
}

test a_reload_that_adds_a_socket_keeps_both {
	needs_ipv6
	set steps {tcp4 bind=0.0.0.0:$port listen=5 tcp6 v6only=1 bind=\[::]:$port listen=5 serve=poll}
	binds {"$port"} $steps
	loses_first; wait {[reachable $port]}
	reload [bind_table [filled {{ "127.0.0.1:$other", "$port" }}] "" [join [filled $steps]]]
	log "its sockets have changed"
	serves 127.0.0.1; serves ::1
	counts "who waited was reset" 1
	expect {![logged "cannot listen"]}
}

test a_service_that_becomes_one_has_room_for_both {
	needs_bind; needs_ipv6
	set port [free_port]
	set next {service next { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat" }}
	superd -control "service web { listen = \"$port\" exec = \"/bin/cat\" } $next"
	log "next: listening on "
	reload "[bind_table "\"$port\"" "" \
		"tcp4 bind=0.0.0.0:$port listen=5 tcp6 v6only=1 bind=\[::]:$port listen=5 serve=poll"] $next"
	loses_first; wait {[reachable $port]}
	serves 127.0.0.1; serves ::1
	reload $next
	set client [connect next]; send $client served; is [line $client] served; close $client
}

test datagrams_of_ipv4_stay_ones {
	needs_ipv6
	binds {"udp:$port"} {udp4 pktinfo=1 bind=0.0.0.0:$port serve=poll}
	set client [datagrams $port]; put $client lost
	log "write listen = \"udp4:$port\""
	tells [datagram $client ?] family=4; tells [datagram $client ?] to=127.0.0.1:0
	close $client
}

# ---- once more ----

# Has who serves end.
proc end {} { set client [connect $::port]; send $client !exit=0; end_of $client; close $client }

# As a runner of a developer's desk does: it starts the server by a shell, and again when that has ended.
test a_later_process_binds_when_no_other_has_the_socket {
	needs_bind
	set port [free_port]
	set server "$tests/binder tcp4 reuseaddr=1 bind=127.0.0.1:$port listen=5 serve=poll"
	superd -control {service web { listen = "127.0.0.1:$port" pass = bind
		exec = "/bin/sh -c 'while :; do sh -c \"$server; true\"; done; true'" }}
	log "web: listening on "
	set first [pid $port]
	end
	expect {[pid $port] != $first}
	counts "web: started" 1
}

test while_another_has_it_a_process_is_refused_and_that_is_logged {
	web {tcp4 number=8 bind=127.0.0.1:$port listen=5 fork tcp4 try-bind=127.0.0.1:$port use=8 serve=poll}
	pid $port
	wait {[regexp "binder: bind=127.0.0.1:$port: $in_use" [read [logfile]]]}
	wait {[logged "binds tcp:127.0.0.1:$port, and is refused: pid "]}
}

# The server has crashed, and its runner waits for something else.
test why_says_that_nobody_has_the_socket {
	needs_bind
	set port [free_port]
	superd -control {service web { listen = "127.0.0.1:$port" pass = bind
		exec = "/bin/sh -c '$tests/binder tcp4 bind=127.0.0.1:$port listen=5 serve=poll; sleep 1000'" }}
	log "web: listening on "
	end
	set client [connect $port]
	sees {why web} "no process of it has tcp:127.0.0.1:$port any more"
	lacks [why web] "has its sockets and serves"
	has [control health] {"degraded":true}
	close $client
}

# ---- superd is gone ----

test a_program_binds_again_when_superd_was_killed {
	web {tcp4 reuseaddr=1 bind=127.0.0.1:$port listen=5 serve=poll} "" -arguments --no-guard
	set first [pid $port]
	set client [connect $port]; send $client +who; line $client
	signal KILL; exit_status
	send $client "!close tcp4 reuseaddr=1 bind=127.0.0.1:$port listen=5"; has [line $client] " ok"; close $client
	expect {[pid $port] == $first}
	kill $first
	wait {![lives $first] && ![reachable $port]}
}

# superd-bind has it, too.
test the_next_superd_names_the_program_that_has_its_port {
	web {tcp4 bind=127.0.0.1:$port listen=5 serve=poll} "" -arguments --no-guard
	set first [pid $port]
	set before [read [table]]
	signal KILL; exit_status
	superd -arguments --no-guard $before
	log "[error_text EADDRINUSE] (pid $first (binder) has it)"
	kill $first
	log "web: listening on "
}

# ---- surroundings ----

test without_proc_it_is_refused_with_that_reason {
	set bare {/usr/bin/unshare --mount /bin/sh -c}
	needs {[root] && [lindex [run {*}$bare "mount -t tmpfs none /proc"] 0] == 0} "needs root, and mounts of its own"
	needs_bind
	set table [write table.conf [bind_table {"127.0.0.1:1"} "" ""]]
	lassign [run {*}$bare "mount -t tmpfs none /proc && exec '$superd' --check -f $table"] status output errors
	expect {$status != 0}
	has $errors "error: web: pass = bind: there is no /proc here"
}
