# Reload: everything is read and checked first, then each service is kept, changed, added or removed, and nobody
# who is connected notices but those the table sends away.
suite reload
uses reloads

# A service web at $port from then on.
proc run_web {program {options ""} args} {
	global port
	set port [free_port]
	start [web $port $program $options] {*}$args
}

test the_unchanged_keep_sockets_and_instances {
	run_web talk
	set client [served $port]
	set before [count "web: listening on "]
	reload [web $port talk]
	log "superd: reloaded: 1 unchanged, 0 changed, 0 added, 0 removed"
	greet $client
	expect {[count "web: listening on "] == $before}
	counts "web: started, pid " 1
	close $client
}

test queued_clients_of_a_service_survive_its_change {
	run_web "exit 1"
	set client [connect $port]; send $client who
	log "web: next "
	reload [web $port serve]
	is [said [line $client]] who; close $client
}

test the_next_activation_runs_what_the_new_table_says {
	run_web serve
	set old [pid $port]
	reload [web $port "/bin/sh -c 'exec $backend talk'"]
	log "superd: reloaded: 0 unchanged, 1 changed, 0 added, 0 removed"
	# Who runs goes on; the change shows with the next start.
	expect {[pid $port] == $old}
	kill $old
	set client [served $port]; greet $client; close $client
}

test a_changed_endpoint_is_bound_before_the_old_one_is_closed {
	run_web lines "accept = yes"
	set after [free_port]
	set client [served $port]
	reload [web $after lines "accept = yes"]
	close [served $after]
	wait {![reachable $port]}
	greet $client; close $client
}

test a_backend_with_the_old_sockets_gives_way_when_they_change {
	run_web "take 1"
	set after [free_port]
	pid $port
	reload [web $after "take 1"]
	pid $after
	wait {![reachable $port]}
	pid $after
}

test services_come_and_go {
	run_web serve
	set more [free_port]
	reload [web $port serve][table_of more $more serve]
	log "superd: reloaded: 1 unchanged, 0 changed, 1 added, 0 removed"
	pid $more; pid $port
	reload [table_of more $more serve]
	log "superd: reloaded: 1 unchanged, 0 changed, 0 added, 1 removed"
	pid $more
}

# The program of a client of before has no listener, so it serves nobody else, and it ends with its client.
test from_a_program_for_each_client_to_one_for_all {
	run_web lines "accept = yes" -guard -control
	set client [served $port]
	reload [web $port serve]
	log "web: changed: "
	pid $port
	kill_superd
	pid $port
	greet $client; close $client
}

# The other way round: the program of before is none of those that "instances" counts, also behind a death of superd.
test from_a_program_for_all_to_one_for_each_client {
	run_web hang "timeout_stop = 100ms" -guard
	close [connect $port]
	log "web: started, "
	reload [web $port lines "accept = yes instances = 1 timeout_stop = 100ms"]
	log "web: stopping pid "
	kill_superd
	log "web: pid "
	repeat 3 { close [served $port]; wait {[processes] == 0} }
}

test a_removed_service_lets_its_connections_finish {
	run_web lines "accept = yes on_remove = finish"
	set client [served $port]
	reload $nothing
	wait {![reachable $port]}
	greet $client; close $client
	wait {[processes] == 0}
}

# As a process has for a moment that superd has just forked.
test a_removed_service_is_stopped_where_the_table_said_so {
	run_web lines "accept = yes on_remove = stop"
	set client [served $port]
	reload $nothing
	end_of $client
	wait {[processes] == 0}
	close $client
}

test a_removed_service_that_comes_back_serves_again {
	run_web serve "on_remove = finish"
	set old [pid $port]
	reload $nothing
	reload [web $port "take 1"]
	# The old backend holds the port as long as it lives.
	kill $old
	wait {![lives $old] && [reachable $port]}
	expect {[pid $port] != $old}
}

test a_bad_table_changes_nothing_and_says_why {
	run_web talk
	set client [served $port]
	reload -refused "service web {\n listen = \"127.0.0.1:$port\"\n exec = \"$backend talk\"\n usr = \"root\"\n}\n"
	log "[table]:4:2: "
	greet $client
	reload -refused "\x01\x02\x7f rubbish \{\{\{"
	greet $client
	remove [table]
	signal HUP; wait {[count "superd: not reloaded: "] == 3}
	greet $client; close $client
}

test signals_in_a_row_end_as_a_fresh_start_would {
	run_web "take 1"
	set other [free_port]; set last [free_port]
	for {set n 0} {$n < 20} {incr n} {
		write superd.conf [web [expr {$n == 19 ? $last : $n % 2 ? $other : $port}] "take 1"]
		signal HUP; signal HUP
	}
	wait {[reachable $last] && ![reachable $port] && ![reachable $other]}
	pid $last
}

test disabling_closes_and_enabling_opens_again {
	run_web "take 1"
	pid $port
	reload [web $port "take 1" "disable = yes"]
	log "web: removed: disable"
	wait {![reachable $port]}
	reload [web $port "take 1" "disable = no"]
	wait {[reachable $port]}
	pid $port
}

test a_new_limit_counts_the_instances_there_are {
	set limited "accept = yes overload = refuse instances ="
	run_web lines "$limited 1"
	set first [served $port]
	reload [web $port lines "$limited 2"]
	set second [served $port]
	reload [web $port lines "$limited 1"]
	end_of [connect $port]
	greet $first
	close $first $second
}

# Clients that superd has accepted and can give no instance, as their program is not there yet.
proc run_with_waiting {} {
	global clients port
	run_web [path program] "accept = yes backoff_max = 200ms" -arguments --no-preflight
	repeat 20 { lappend clients [connect $port]; send [lindex $clients end] who }
	log "web: cannot start: "
}

test a_service_may_change_who_accepts_while_clients_wait {
	run_with_waiting
	reload [web $port serve]
	close {*}$clients
	pid $port
}

# Below a process 1 of their own, the numbers of processes tell how many there were.
test a_client_costs_one_process_once_no_program_has_the_listener {
	needs {![is_sanitized]} "a sanitizer starts processes of its own"
	needs {[has_namespaces]} "no namespaces here"
	needs {[has_groups]} "superd can make no control groups here, to know by who has a listener"
	set port [free_port]
	superd -pid1 "service web { listen = \"127.0.0.1:$port\" exec = \"$backend serve\" }"
	log "web: listening on "
	pid $port
	reload "service web { listen = \"127.0.0.1:$port\" exec = \"$backend stdio\" accept = yes }"
	wait {[processes] == 0}
	set first [pid $port]
	foreach n {1 2 3 4 5} { expect {[pid $port] == $first + $n} }
}

test an_endpoint_may_be_narrowed {
	set port [free_port]
	start [table_of web tcp4:$port "take 1"]
	pid $port
	wait {[processes] == 0}                ;# a backend would hold the old address
	reload [web $port "take 1"]
	pid $port
	expect {![logged "cannot listen"]}
}

test the_order_of_services_does_not_matter {
	set a [table_of a [set port [free_port]] talk]; set b [table_of b [free_port] talk]
	start $a$b
	set client [served $port]
	reload $b$a
	log "superd: reloaded: 2 unchanged, 0 changed, 0 added, 0 removed"
	greet $client; close $client
}

test two_services_may_swap_their_endpoints {
	set a [free_port]; set b [free_port]
	start [table_of a $a "take 1"][table_of b $b "take 1"]
	reload [table_of a $b "take 1"][table_of b $a "take 1"]
	wait {[reachable $a] && [reachable $b]}
	pid $a; pid $b
}

test costs_no_descriptor {
	run_web "take 1"
	reload [web $port "take 1" "nice = 1"]
	set before [descriptors]
	repeat 10 { reload [web $port "take 1" "nice = 2"]; reload [web $port "take 1" "nice = 1"] }
	descriptors_at_most $before
}

# What changes on an open socket costs neither the backend that has it nor who waits in its queue.
test options_change_on_the_open_socket {
	run_web serve
	set old [pid $port]
	reload [web $port serve "free_bind = yes backlog = 7 keep_alive = yes"]
	log "superd: reloaded: 0 unchanged, 1 changed, 0 added, 0 removed"
	expect {[pid $port] == $old}
	reload [web $port serve]
	expect {[pid $port] == $old}
	kill $old
	repeat 20 { expect {[pid $port] != $old} }
	expect {[count "web: listening on "] == 1}
}

test symlinks_come_and_go_with_the_queue_untouched {
	superd [table_of web [path web.sock] "exit 1" "symlinks = { \"[path first.sock]\" }"]
	node %/first.sock
	set client [connect %/web.sock]; send $client who
	log "web: next "
	reload [table_of web [path web.sock] serve "symlinks = { \"[path then.sock]\" }"]
	is [said [line $client]] who; close $client
	node %/then.sock
	ask %/then.sock who
	wait {![exists %/first.sock]}
}

test a_socket_does_not_go_on_without_the_interface_it_is_tied_to {
	run_web "take 1"
	pid $port
	reload [web $port "take 1" "bind_to_device = \"nosuchif1\""]
	log ": bind_to_device: "
	wait {![reachable $port]}              ;# its backend, which is about to end, had it, too
	reload [web $port "take 1"]
	wait {[reachable $port]}
	pid $port
}

test a_timeout_ends_the_wait_for_a_command_before_a_socket {
	superd -control {service web { listen = "127.0.0.1:0" exec = "$backend serve" }}
	done list
	write superd.conf {service web { listen = "127.0.0.1:0" exec = "$backend serve" }
		service new { listen = "127.0.0.1:0" exec = "$backend serve" socket_exec_start_pre = "/bin/sleep 1000" }}
	lassign [superctl reload --timeout=200ms] status output errors
	is $status 1
	has $errors "reloaded, but not done in time: new"
}

test a_command_before_the_socket_may_be_taken_away_while_it_runs {
	superd -control {service web {
		listen = "127.0.0.1:0" exec = "$backend serve"
		socket_exec_start_pre = "/bin/sh -c 'until test -e %/gate; do sleep 0.02; done'"
	}}
	wait {[state] eq "binding" && [processes] > 0}
	reload {service web { listen = "127.0.0.1:0" exec = "$backend serve" }}
	write gate ""
	visits web
}

# A client whose start fails afterwards is refused, and the program of the new row has its own clients.
test a_start_for_a_client_may_fail_behind_another_row {
	set gated [filled {exec_start_pre = "/bin/sh -c 'until test -e %/gate; do sleep 0.02; done; false'"}]
	superd -control {service web { listen = "127.0.0.1:0" exec = "/bin/cat" accept = yes $gated }}
	set port [port web]
	set client [connect $port]
	wait {[processes] > 0}
	reload {service web { listen = "127.0.0.1:0" exec = "$backend serve" }}
	set next [served $port]
	write gate ""
	end_of $client
	is [state] running
	close $client $next
}

# Without control groups superd looks for processes that have the listener, a few times a second.
test queued_clients_of_many_services_that_begin_to_accept_survive {
	set names {a b c d e f g h}
	foreach name $names {
		set ports($name) [free_port]
		set service "service $name \{ listen = \"127.0.0.1:$ports($name)\" exec = \"$backend"
		append before "$service serve\" \}\n"
		append after "$service stdio\" accept = yes \}\n"
	}
	superd -control -clock -uid [expr {[root] ? 54321 : 0}] $before
	foreach name $names { log "$name: listening on "; answers $ports($name) }
	foreach name $names { done "stop $name"; done "hold $name" }
	foreach name $names { lappend clients [connect $ports($name)]; send [lindex $clients end] "hello $name" }
	reload $after
	foreach name $names { done "release $name" }
	foreach client $clients name $names {
		wait {[move 1s] eq "" && ![quiet $client]}
		is [said [line $client]] "hello $name"
		close $client
	}
	expect {![logged "opening it again"]}
}
