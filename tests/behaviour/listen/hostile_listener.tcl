# A backend has done to the listener what setsockopt(2), connect(2), listen(2) and fcntl(2) let it (hostile_backend.c), and has
# ended. Before long the next one has it as the table describes it, and serves clients.
suite hostile_listener

# The backend does an act; what it has done is in the file "acts".
proc hostile {act {options ""} {listen 127.0.0.1:0}} {
	filled {service hostile { listen = "$listen" exec = "$tests/hostile_backend %/acts $act" $options }
}
}
set other [filled {service other { listen = "127.0.0.1:0" accept = yes exec = "$backend stdio" }
}]
proc acts {} { read %/acts }
proc others_are_served {} { pid other }
proc hostile_pid {said} { expect {[regexp "${said}(\\d+)" [acts][read [logfile]] all pid]} $said; return $pid }

# A client of the port, by datagrams or not; and whether he is answered in three seconds: one whose packets the kernel drops is not,
# nor is one behind a backend that leaves.
proc come {{kind tcp}} {
	if {$kind eq "tcp"} { return [approach $::port 127.0.0.1] }
	set client [datagrams $::port]; offer $client hello
	return $client
}
proc is_answered {client} {
	set end [expr {[clock milliseconds] + 3000}]
	wait {![quiet $client] || [clock milliseconds] > $end}
	set answer [expr {[heard $client] ? [packet $client] : ""}]
	close $client
	string match "* served\n*" $answer
}
proc is_served {{kind tcp}} { is_answered [come $kind] }

# ---- options ----

proc begin_act {act {options ""} {kind tcp}} {
	set ::port [free_port]
	write acts "" 666
	superd [hostile $act $options [string map {tcp "" udp udp:} $kind]127.0.0.1:$::port]
	log "listening on"
}

# Until a backend has looked at the listener, and found nothing.
proc is_restored {} {
	wait {[is_served]}
	wait {[string match *tampered\n* [acts]]}
	wait {[set before [string length [acts]]; is_served] && [string range [acts] $before end] eq "looked\n"}
	stop
}

test a_queue_of_no_length_that_waits_is_restored { begin_act backlog; is_restored }
test descriptors_that_become_others_are_the_backends_affair { begin_act close; is_restored }

# send_sigio_to_task of the kernel asks whether the one who said so may send that signal.
test superd_gets_no_signals_of_another_user_by_the_shared_description {
	needs_users
	begin_act signals "user = [lone_user]"
	is_restored
}

# Its rules cannot be set any more, and hold for the next instance all the same.
test a_datagram_socket_whose_rules_are_off_and_locked_is_opened_again {
	begin_act unfilter "only_from = { 127.0.0.1 }" udp
	wait {[is_served udp]}
	log "ended: exit status 0"
	wait {[is_served udp]}
	expect {[count "hostile: listening on"] == 2}
}

# ---- a lock that is kept for ever ----

proc needs_locks {} {
	needs {[root] && [file readable /dev/fuse] && [file writable /dev/fuse]} "needs root and /dev/fuse"
}

# A superd with these services, and one that nobody disturbs.
proc run {table} { write acts ""; superd -control -clock $table$::other }

# One whose backend keeps the lock of the listener; a client of it.
proc run_locked {{options ""} {listen 127.0.0.1:0}} {
	needs_locks
	run [hostile lock "timeout_stop = 5s $options" $listen]
	set client [connect hostile]
	wait {[logged "asked 15"]}
	return $client
}
proc locked {options} { return [hostile lock "timeout_stop = 5s $options"]$::other }

# Time passes until it is so.
proc wait_in_steps {step condition} { uplevel 1 [list wait "\[move $step] eq {} && ($condition)"] }
proc ends {} { wait_in_steps 1s {[logged "hostile: pid "]} }

# No step of the clock ends what superd waits for: it serves others, or hangs.
proc order_without_wait {verb} {
	hold_clock
	set order [begin $::superctl --control %/control $verb hostile]
	log "requested: $verb"
	others_are_served
	why hostile
	go_on
	return $order
}
proc is_done {order} { expect {[lindex [finish $order] 0] == 0} }

proc end_locked {client} {
	control "hold hostile"          ;# else the client starts the next one
	order "stop --no-wait hostile"
	ends
	wait {[processes] == 0}
	close $client
	stop
}
# Nothing has ended it so far.
proc end_kept {client} { expect {![logged "hostile: pid "]}; end_locked $client }

test a_stop_waits_for_no_lock {
	set client [run_locked]
	control "hold hostile"
	set order [order_without_wait stop]
	ends
	wait {[processes] == 0}
	expect {![logged "opening it again"]} "the lock has gone with the instance"
	close $client
	stop
	is_done $order
}

# The service gets another socket while the stop waits for the lock.
test a_stop_is_not_forgotten_by_a_reload {
	set client [run_locked]
	set order [session]; send $order "stop hostile"
	log "requested: stop"
	reload $other
	wait_in_steps 1s {[processes] == 0}
	close $client $order
}

set kept "keeps its old options until its program has ended: a process that has the socket blocks it"

# Who has ordered it is told that the rules do not hold yet.
test nor_does_a_reload_that_changes_who_may_come {
	set client [run_locked]
	hold_clock
	write superd.conf [locked "no_access = { 192.0.2.1 }"]
	set order [begin $superctl --control %/control reload]
	log "reloaded: 1 unchanged, 1 changed"
	others_are_served
	expect {![logged $kept]}
	go_on
	wait_in_steps 1s {[logged $kept]}
	lassign [finish $order] status output errors
	expect {$status == 1}
	has $errors "hostile: failed" "its socket keeps its old options"
	end_kept $client
}

# Where it reloads, only then it is to be restricted, and that is under way.
proc upgrade_restricts {reloads} {
	set options "no_access = { 192.0.2.1 } backlog = 7"
	set client [run_locked [expr {$reloads ? "" : $options}]]
	hold_clock
	if {$reloads} {
		write superd.conf [locked $options]
		signal HUP
		log "reloaded: 1 unchanged, 1 changed"
	}
	signal USR2
	# It takes a moment to become quiet, and the wait for a lock would take a second.
	set moved 0
	wait {([incr moved] > 900 || [move 1ms] eq "") && [logged ": upgraded from "]}
	others_are_served
	go_on
	# The next superd tries again.
	if {$reloads} { wait_in_steps 250ms {[logged $::kept]} }
	end_kept $client
}

test nor_does_an_upgrade_that_restricts_it { upgrade_restricts 0 }
test nor_does_an_upgrade_behind_a_reload_that_does { upgrade_restricts 1 }

# A program that has left a process, which keeps the lock of the listener from SIGUSR1 on.
proc run_late {listen options} {
	set ::port [free_port]
	run [hostile late "kill_mode = process $options" $listen:$::port]
	log "other: listening on"
}
proc leaves {} {
	expect {[is_served]}
	log "ended: exit status 0"
	wait {[string match "*left *" [acts]]}
	return [hostile_pid "left "]
}
proc lock_it {left} { kill $left USR1; wait {[string match "*asked 15*" [acts]]} }

# The child of a start sets the rules: that start fails at its limit, and nobody else waits.
proc start_is_guarded {{options ""}} {
	needs_locks
	run_late udp:127.0.0.1 "timeout_start = 10s only_from = { 127.0.0.1 } $options"
	expect {[is_served udp]}
	log "ended: exit status 0"
	expect {[is_served udp]} "by the next one"
	wait {[count "ended: exit status 0"] == 2}
	settle
	set left [hostile_pid "left "]
	hold_clock
	lock_it $left
	close [come udp]
	others_are_served
	go_on
	wait_in_steps 1s {[logged "it was not ready within timeout_start"]}
	others_are_served
	expect {[count "hostile: started"] == 2}
	kill -$left
	wait_in_steps 1s {[is_served udp]}
}

test nor_does_a_start_that_restricts_who_may_send { start_is_guarded }
test nor_does_a_start_for_a_burst { start_is_guarded "accept = yes" }

# Its client waits in the queue, so nobody is connected, and the instance is stopped.
test nor_does_a_drain {
	set client [run_locked]
	set order [order_without_wait drain]
	ends
	expect {[logged "it is drained"]}
	is_done $order
	end_locked $client
}

# The next instance has the same socket; the one that keeps its lock ends.
test nor_does_a_reload_that_overlaps {
	set client [run_locked]
	hold_clock
	reload [locked "on_change = overlap nice = 1"]
	others_are_served
	wait {[count "hostile: started"] == 2}
	go_on
	ends
	end_locked $client
}

# Another row gets its address, the same or a wider one: that takes effect at once, and whoever has it ends.
proc gives_it_to_another {address} {
	set port [free_port]
	set client [run_locked "" 127.0.0.1:$port]
	hold_clock
	reload "service heir { listen = \"$address:$port\" exec = \"$::backend serve\" }\n$::other"
	others_are_served
	go_on
	ends
	close $client
	wait_in_steps 1s {[reachable $port]}
	pid $port
}

test nor_does_a_reload_that_gives_its_address_to_another { gives_it_to_another 127.0.0.1 }
test nor_does_a_reload_that_gives_its_port_to_another { gives_it_to_another tcp4:0.0.0.0 }

# Its row goes and comes back, and its program runs on: it has a client.
test and_the_last_of_several_reloads_takes_effect {
	set client [run_locked]
	hold_clock
	reload $other
	reload [locked "nice = 1"]
	others_are_served
	go_on
	end_kept $client
}

# Its program has left a process that keeps the lock: no start waits for that, and nobody else.
test nor_does_a_start_behind_one_who_leaves_it_locked {
	needs_locks
	run [hostile leave "kill_mode = process timeout_stop = 5s"]
	set client [connect hostile]
	log "asked 15"
	set left [hostile_pid "left "]
	hold_clock
	done "hold hostile"
	kill [hostile_pid "hostile: started, pid "] USR1
	log "ended: exit status 0"
	others_are_served
	done "release hostile"
	wait {[count "hostile: started"] == 2}
	others_are_served
	go_on
	kill -$left
	close $client
}

# A service with probes, one of which has come; the process that was left.
proc run_probed {} {
	needs_locks
	run_late 127.0.0.1 {probe_from = { "127.0.0.2" }}
	set left [leaves]
	close [connect $::port -from 127.0.0.2]
	wait {[string first {"probes":0} [control "status hostile"]] < 0}
	expect {[count "hostile: started"] == 1}
	settle
	return $left
}

# A probe comes, and the process that is to drop it waits for the lock.
proc probe_waits {left} {
	set before [llength [descendants [superd_pid]]]
	hold_clock
	lock_it $left
	set probe [connect $::port -from 127.0.0.2]
	wait {[llength [descendants [superd_pid]]] > $before}
	others_are_served
	return $probe
}

# Nothing is watched until it has ended.
test nor_do_probes_that_wait_there {
	set left [run_probed]
	set probe [probe_waits $left]
	go_on
	repeat 5 { move 1s; others_are_served }
	expect {[count "hostile: started"] == 1}
	kill -$left
	close $probe
	wait_in_steps 1s {[is_served]}
}

# A process that hangs has no socket of another service, whose port is closed, and no client who is turned away.
test nor_does_it_keep_a_port_of_another {
	set left [run_probed]
	set gone [port other]
	set probe [probe_waits $left]
	reload [hostile late "kill_mode = process probe_from = { \"127.0.0.2\" }" 127.0.0.1:$port]
	log "other: removed"
	expect {![reachable $gone]}
	go_on
	kill -$left
	close $probe
}

# The queue is measured before.
test who_comes_behind_probes_is_not_dropped_with_them {
	set left [run_probed]
	set probe [probe_waits $left]
	set client [come]
	wait {[let_in $client]}
	kill -$left
	expect {[is_answered $client]}
	go_on
	close $probe
}

# A row with a program that has had the listener becomes accept = yes: superd accepts there once nobody has it.
test and_it_is_opened_again_for_accept_once_that_has_ended {
	needs_locks
	run_late 127.0.0.1 ""
	set left [leaves]
	settle
	hold_clock
	lock_it $left
	reload {service hostile { listen = "127.0.0.1:$port" accept = yes exec = "$backend stdio" }
		$other}
	log "may be a program's still: opening it again"
	log "pid $left (hostile_backend) has it"
	others_are_served
	go_on
	kill -$left
	wait_in_steps 1s {[count "hostile: listening on"] == 2}
	set one [pid $port]
	repeat 5 { expect {[pid $port] != $one} }
}
