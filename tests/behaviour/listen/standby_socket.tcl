# A service that is stopped or changed and whoever comes meanwhile: he waits in the queue of its socket for the next instance, which
# comes behind the one before, or beside it (on_change = overlap).
suite standby_socket

proc talk {endpoint value {options ""}} {
	filled {service web { listen = "$endpoint" exec = "$backend talk" on_change = overlap env = "A=$value" $options }}
}
proc says {client word} { send $client $word; lindex [line $client] 0 }
proc asks {address} { set client [connect $address]; set pid [says $client one]; close $client; return $pid }
proc free_endpoint {} { return 127.0.0.1:[set ::port [free_port]] }

test are_not_left_over {
	superd -clock {service web { listen = "127.0.0.1:0" exec = "$backend careless" runtime_max = 10min timeout_stop = 10h }}
	foreach n {0 1 2 3 4 5 6} {
		set pid [pid web]
		advance 11min
		wait {![lives $pid]}
		# From the second start on, its control group is kept open.
		if {$n == 1} { set most [descriptors] }
	}
	descriptors_at_most $most
}

# Who comes is the next one's, which has the same socket; the one that was there gets its signal when that is ready.
proc replaces {address endpoint by_order} {
	superd -control [talk $endpoint 1]
	log "web: listening on "
	set before 0
	foreach value {2 3 4} {
		set pid [asks $address]
		expect {$pid != $before}
		if {$by_order} { done "restart web" } else { reload [talk $endpoint $value] }
		log "web: stopping pid $pid: the next one is ready"
		wait {![lives $pid]}
		set before $pid
	}
	expect {[count "listening on "] == 1}
	stop
}

test let_a_changed_row_run_beside {
	set endpoint [free_endpoint]
	replaces $port $endpoint 0
	replaces %/web.sock %/web.sock 0
}

test let_a_restart_run_beside {
	set endpoint [free_endpoint]
	replaces $port $endpoint 1
}

# The one before has shut the listener down that both have: the one behind it would take nobody any more.
test are_served_where_the_one_before_has_shut_it_down {
	foreach endpoint {127.0.0.1:0 %/web.sock} address {web %/web.sock} {
		superd -control [filled {service web { listen = "$endpoint" exec = "$backend shutdown 1000000" on_change = overlap }}]
		log "web: listening on "
		set first [pid $address]
		done "restart web"
		log "web: pid $first ended"
		log "a program has shut its listener down"
		expect {[pid $address] != $first}
		expect {![logged "again and again"]}
		stop
	}
}

# Its program fails, too: who comes during the pause waits in the queue.
test are_served_behind_the_pause_of_one_that_has_shut_it_down {
	write ends [filled {#!/bin/sh
		test -e %/once && exec $backend serve
		>%/once
		sh -c 'LISTEN_PID=$$ exec $backend shutdown 1'
		exit 3
	}] 755
	superd -clock {service web { listen = "127.0.0.1:0" backoff_min = 10min backoff_max = 10min exec = "%/ends" }}
	pid web
	log "web: next start in "
	set client [connect web]; send $client who
	until 1min {[heard $client]} 60
	is [said [line $client]] who
	close $client
}

# The same where it has removed the node, and nobody waits there yet.
test are_served_behind_the_pause_of_one_that_has_removed_it {
	write ends [filled {#!/bin/sh
		test -e %/once && exec $backend serve
		>%/once
		rm %/web.sock
		exit 3
	}] 755
	superd -clock {service web { listen = "%/web.sock" start = boot backoff_min = 10min backoff_max = 10min exec = "%/ends" }}
	log "web: next start in "
	set client [connect %/web.sock]; send $client who
	until 1min {[heard $client]} 60
	is [said [line $client]] who
	close $client
}

# It may serve its clients for hours behind that, and who comes meanwhile waits for the next one.
test come_at_once_where_a_program_that_is_stopped_shuts_its_own {
	foreach endpoint {127.0.0.1:0 %/web.sock} address {web %/web.sock} {
		superd -control [filled {service web { listen = "$endpoint" exec = "$backend drain" timeout_stop = 10h }}]
		log "web: listening on "
		set client [connect $address]
		foreach round {1 2 3} {
			set pid [says $client one]
			done "restart --no-wait web"
			log "a program has shut its listener down: opening it again"
			log "web: listening on "
			set next [connect $address]
			expect {[says $client two] == $pid}
			close $client
			expect {[says $next one] != $pid}
			set client $next
		}
		close $client
		stop
	}
}

# What it does when it is stopped is no first time of two within a minute.
test are_no_failure_of_one_that_shuts_its_own_after_a_stop {
	write ends [filled {#!/bin/sh
		test -e %/once && exec $backend shutdown 1
		>%/once
		exec $backend drain
	}] 755
	superd -control {service web { listen = "127.0.0.1:0" exec = "%/ends" }}
	log "web: listening on "
	set client [connect web]
	says $client one
	done "restart --no-wait web"
	log "web: listening on "
	close $client
	pid web
	log "web: listening on "
	expect {![string match *again* [why web]]} [why web]
}

# A program may be one that must not run twice, so nobody runs beside it unless on_change says so.
test are_no_reason_to_run_twice {
	superd -control -clock {service web { listen = "127.0.0.1:0" exec = "$backend hang" kill_signal = SIGWINCH timeout_stop = 10min }}
	set client [connect web]
	log "web: started"
	done "restart --no-wait web"
	advance 9min
	expect {[count "web: started"] == 1}
	advance 2min
	log "web: started"
	close $client
	clock_stop 10min
}

# Instances that must not run at a time.
proc run_alone {} {
	superd -control -clock {service web { listen = "127.0.0.1:0" exec = "$backend lock %/lock" timeout_stop = 10h
		backoff_min = 10ms idle_timeout = 10min }}
	port web
}
proc were_one_at_a_time {starts} {
	counts "web: started" $starts
	expect {![logged "another one has the lock"]}
}

# Whom the log brings comes before or after the second socket is there.
test have_instances_follow_each_other_whenever_a_client_comes {
	run_alone
	foreach n {1 2 3 4 5} {
		pid web
		until 5min {[count "no client has been connected for "] >= $n} 10
	}
	were_one_at_a_time [count "web: started"]
}

# It takes half a second for that.
test have_who_comes_while_an_idle_instance_ends_wait_for_the_end {
	run_alone
	set first [pid web]
	until 5min {[logged "it ends"]} 10
	expect {[pid web] != $first}
	expect {![lives $first]}
	were_one_at_a_time 2
}

# on_change or not: what takes effect on what runs is no reason for another.
test are_not_for_changes_that_need_no_start {
	set endpoint [free_endpoint]
	superd [talk $endpoint 1]
	set client [connect web]
	set first [says $client one]
	reload [talk $endpoint 1 "backlog = 77 on_remove = stop"]
	expect {[says $client two] == $first}
	close $client
	expect {[pid $port] == $first}
	expect {![logged "to the end"]}
}

suite standby_socket_kinds

# It is restarted again and again under load, and not one client may be lost. Whoever gave it may have it still.
test a_socket_that_superd_was_given {
	set port [free_port]; set given [listener $port]
	superd -control -listener $given {service web { listen = "127.0.0.1:$port" exec = "$backend -d 1 few 1000000" timeout_stop = 10s }}
	log (inherited)
	wait {[count "web: listening on "] == 1}
	load $port 8
	repeat 8 { done "restart web"; loaded 6 }
	unload
	stop
	close $given
}

suite standby_socket_traps

proc frozen_ends_by {order} {
	superd -control {service web { listen = "127.0.0.1:0" exec = "$backend talk" timeout_stop = 10s }}
	asks web
	done "freeze web"
	log "is frozen"
	done "$order web"
	asks web
	counts "web: started" 2
}

test a_frozen_instance_is_restarted { frozen_ends_by restart }
test a_frozen_instance_is_stopped { frozen_ends_by stop }
