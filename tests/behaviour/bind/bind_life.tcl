# The life of a program that binds: it sleeps and wakes, restarts, and goes on over reloads and upgrades.
suite bind_life
uses binding

set each {tcp4 nonblock bind=127.0.0.1:$port listen=64 watch=level serve=level}
proc table_at {port options} { bind_table "\"127.0.0.1:$port\"" $options [filled $::each] }

# ---- asleep ----

test it_is_stopped_when_idle_and_woken {
	web $each "idle_timeout = 5min" -clock
	foreach times {1 2 3} {
		pid $port
		until 3min {[count "no client has been connected for "] == $times} 10
		wait {[processes] == 0}
	}
}

test it_is_frozen_when_idle_and_thawed {
	web $each "idle_timeout = 5min idle_action = freeze" -clock
	set first [pid $port]
	foreach times {1 2 3} {
		until 3min {[count " is frozen"] == $times} 10
		expect {[pid $port] == $first}
	}
}

proc stays_awake_while_connected {} {
	set client [connect $::port]; send $client +here; line $client
	repeat 6 { advance 10min }
	expect {![logged "web: stopping pid "]}
	close $client
	until 3min {[processes] == 0} 10
}

test a_connection_keeps_it_awake {
	web $each "idle_timeout = 5min" -clock
	stays_awake_while_connected
}

test an_ipv4_connection_of_a_dual_socket_keeps_it_awake {
	binds {"$port"} {tcp4 bind=0.0.0.0:$port listen=5 serve=poll} "idle_timeout = 5min" -clock
	loses_first; log "superd listens on tcp4:$port for it"
	stays_awake_while_connected
}

# ---- an operator's orders ----

test a_hold_keeps_clients_waiting {
	web $each "" -clock
	pid $port
	done "hold web"; done "stop web"
	set client [connect $port]; send $client who
	repeat 3 { advance 1h }
	expect {[quiet $client]}
	done "release web"
	has [line $client] " who"
	close $client
}

test a_restart_binds_again {
	web $each
	set first [pid $port]
	done "restart web"
	expect {[pid $port] != $first}
}

test a_reload_leaves_it_running {
	web $each
	set first [pid $port]
	reload [table_at $port "backlog = 100"]
	expect {[pid $port] == $first}
	obeys $port "close tcp4 bind=127.0.0.1:$port listen=5 watch=level"
	expect {[pid $port] == $first}
}

test a_new_port_is_for_the_next_program {
	web $each "on_change = drain"
	set first [pid $port]; set before $port; set port $other
	reload [table_at $port "on_change = drain"]
	expect {[pid $port] != $first}
	wait {![reachable $before]}
}

# Else those who come then come to a socket of its own, and go with it.
test one_that_is_stopped_before_its_bind_takes_no_path_away {
	binds {"%/web.sock"} {mark=%/go.begun await=%/go unlink=%/web.sock unix bind=%/web.sock listen=5 serve=poll} \
		"kill_signal = CONT"
	node %/web.sock
	file stat [path web.sock] before
	set client [connect %/web.sock]; send $client who
	wait {[lines %/go.begun] == 1}
	done "stop --no-wait web"
	write go now
	has [line $client] " who"
	close $client
	counts "web: started" 2
	file stat [path web.sock] after
	is $after(ino) $before(ino)
}

# ---- upgrades ----

test an_upgrade_leaves_it_running_and_binding {
	web $each
	set first [pid $port]
	repeat 2 {
		upgrade
		expect {[pid $port] == $first}
		obeys $port "close tcp4 nonblock bind=127.0.0.1:$port listen=5 watch=level"
		expect {[pid $port] == $first}
	}
	done "restart web"
	expect {[pid $port] != $first}
}

test an_upgrade_before_the_bind {
	web "mark=%/go.begun await=%/go $each"
	set client [connect $port]; send $client who
	wait {[lines %/go.begun] == 1}
	upgrade
	write go now
	has [line $client] " who"
	close $client
	sees {why web} "it has bound "
	counts "web: started" 1
}

# superd-bind numbers the sockets of the row that it knows.
test what_it_asks_as_it_is_stopped_for_other_sockets_touches_none_of_these {
	needs_bind
	set own [path own/superd-bind]; set port [free_port]; set other [free_port]
	file mkdir [path own]
	copy_program $::superd [path own/superd]
	copy_program $::env(SUPERD_LIBEXEC)/superd-exec [path own/superd-exec]
	copy_program $::env(BUILDDIR)/tests/behaviour/late_binder $own
	exec mkfifo -m 666 [path own/said]
	set row {service web { listen = { $sockets } pass = bind start = boot error = inherit exec = "$own program" }}
	set sockets "\"$port\""
	superd -control -program [path own/superd] [filled $row]
	log "web: started"
	set sockets "\"127.0.0.1:$other\", \"$port\""
	reload [filled $row]
	wait {[count "web: started"] == 2}
	counts "listening on tcp:127.0.0.1:$other" 1
	expect {![logged " binds tcp:0.0.0.0:1"]}
}

# ---- starts that fail ----

test a_start_that_fails_before_its_program_keeps_no_descriptor {
	for {set n 0} {$n < 65} {incr n} { append sockets "\"%/$n.sock\", " }
	superd -clock [filled {service web { listen = { $sockets } pass = bind start = boot exec = "$backend serve" }}]
	until 1min {[count "cannot start: pass = bind serves at most 64 sockets"] > 1}
	set before [descriptors]
	until 1min {[count "cannot start: pass = bind serves at most 64 sockets"] > 6}
	descriptors_at_most $before
}

# Which of these limits leaves too few for its superd-bind depends on what superd was left by its parent.
test a_start_that_lacks_descriptors_has_not_failed {
	web $each "backoff_min = 1h backoff_max = 1h" -clock -arguments --no-guard
	for {set n 4} {$n < 20} {incr n} {
		set before [descriptor_limit $n]
		set client [connect $port]
		settle
		descriptor_limit $before
		until 10s {[count "web: started"] == $n - 3} 5
		close $client
		done "stop web"
		wait {[processes] == 0}
	}
}

# As a program does that has found somebody at its own port.
test who_listens_at_another_port_instead_is_told {
	web {tcp4 bind=127.0.0.1:0 listen=5 await=%/never} "timeout_start = 1h"
	set client [connect $port]
	sees { why web } "it listens at tcp:127.0.0.1:"
	sees { why web } "use redirect"
	close $client
}
