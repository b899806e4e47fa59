# What systemd's own tests ask of sockets and their services, asked of superd with units: where systemd ends a socket
# for good, superd lets it rest and goes on. What is hard is "rests": that little happens, and nobody is lost by it.
suite unit_life
uses unit_files

# Five steps, and hardly a wake-up.
proc rests {step} {
	settle
	set before [woken]
	repeat 5 { advance $step }
	expect {[woken] - $before <= 2}
}

# ---- limits ----

test a_trigger_limit_lets_in_so_many_in_its_time_and_ends_nobody {
	serve {ExecStart=$backend -m %/marks lines
		$by_input} {Accept=yes
		TriggerLimitBurst=3
		TriggerLimitIntervalSec=1h
		MaxConnections=200} -clock
	repeat 100 { lappend clients [connect $port] }
	wait {[lines %/marks] >= 3}
	rests 708s
	expect {[lines %/marks] == 3}
	foreach client $clients { expect {[quiet $client]} "it was sent away" }
	advance 2min
	wait {[lines %/marks] > 3}
	foreach client $clients { close $client }
}

# systemd shuts a socket for good at this one.
test a_trigger_limit_ends_after_its_time {
	serve {ExecStart=$backend take 1} {TriggerLimitBurst=2
		TriggerLimitIntervalSec=1h} -clock
	foreach is_over {no no yes no yes no} {
		set client [connect $port]; send $client hello
		if {$is_over} {
			log "a: more than 2 starts in 1 h: it rests for 1 h, and clients wait"
			advance 59min; expect {[quiet $client]}; advance 2min
		}
		is [said [line $client]] hello; close $client
	}
	expect {![logged looping]}
}

test one_user_has_only_so_many_connections_of_a_unix_socket {
	needs {[has_users]} "needs root, and nobody must be able to run what was built"
	pair a {ListenStream=%/a.sock
		Accept=yes
		MaxConnectionsPerSource=2} {ExecStart=$backend lines
		$by_input}
	units a.socket
	node %/a.sock
	set first [connect %/a.sock -as 1]; set second [connect %/a.sock -as 1]
	greet $first; greet $second
	end_of [connect %/a.sock -as 1]
	set other [connect %/a.sock -as 2]; greet $other
	close $first
	wait {[processes] == 2}
	set first [connect %/a.sock -as 1]; greet $first
	close $first $second $other
}

# ---- conditions ----

test a_false_condition_lets_its_client_wait_without_spinning {
	drop_in a.service {[Unit]
		ConditionPathExists=%/wanted}
	serve {ExecStart=$backend take 1} "" -clock
	set client [connect $port]; send $client hello
	until 1min {[logged "next look in 1 min 20 s"]} 10
	rests 8s
	expect {[quiet $client]} "the client was sent away"
	write wanted ""
	advance 2min
	is [said [line $client]] hello; close $client
}

# ---- nodes ----

proc group_of {path} { file stat $path about; return $about(gid) }

test a_nodes_group_outlives_reloads_and_a_node_that_was_moved_away_and_back_serves {
	needs {[has_users]} "needs root, and nobody must be able to run what was built"
	set path [path a.sock]
	pair a {ListenStream=$path
		SocketGroup=7
		SocketMode=0660} {ExecStart=$backend serve}
	units a.socket
	node $path; answers $path
	expect {[group_of $path] == 7}
	repeat 3 { signal HUP; log reload; expect {[group_of $path] == 7} }
	file rename $path [path aside.sock]; file rename [path aside.sock] $path
	node $path; answers $path again
}

proc one_at_a_time {} {
	pair a {ListenStream=%/a.sock} {ExecStart=$backend take 1}
	units a.socket
	node %/a.sock; answers %/a.sock
}

test a_node_that_somebody_removed_is_made_again_at_a_reload {
	one_at_a_time
	wait {[processes] == 0}
	remove %/a.sock
	signal HUP; log "is no longer its socket"
	wait {[reachable %/a.sock]}
	answers %/a.sock again
}

test a_socket_that_could_not_be_made_is_once_what_is_in_the_way_has_gone {
	pair a {ListenStream=%/a.sock} {ExecStart=$backend serve}
	file mkdir [path a.sock]
	units a.socket
	log "cannot listen on"
	file delete [path a.sock]
	wait {[reachable %/a.sock]}
	answers %/a.sock
}

test a_reload_leaves_the_socket_of_a_service_that_does_not_run {
	serve {ExecStart=$backend take 1}
	repeat 3 { signal HUP; log reload; answers $port }
	expect {[count "a: listening on"] == 1}
}

# ---- services ----

test what_comes_behind_a_services_end_starts_it_again {
	pair a {ListenStream=%/a.sock} {ExecStart=$backend serve}
	units a.socket
	node %/a.sock
	set first [pid %/a.sock]
	kill $first TERM
	wait {![lives $first]}
	expect {[pid %/a.sock] != $first}
	stop
}

# A service that leaves two processes of its group behind when it has served one client.
proc leaver {{ignores ""} {more ""} args} {
	pair a {ListenStream=%/a.sock} {ExecStart=/bin/sh -c '$ignores sleep 1000 & sleep 1000 & exec $backend take 1'
		$more}
	units {*}$args a.socket
	node %/a.sock
}

test the_end_of_the_main_process_is_the_end_of_the_service_and_of_whoever_is_left {
	leaver
	set first [pid %/a.sock]
	expect {[pid %/a.sock] != $first}
	wait {[processes] == 0}
	wait {[count "ended: exit status 0"] == 2}
	expect {![logged "next start in"]}
}

test whoever_is_left_and_deaf_is_killed {
	leaver {trap "" TERM;} TimeoutStopSec=5min -clock
	answers %/a.sock
	wait {[processes] == 2}
	advance 4min
	expect {[processes] == 2}
	advance 62s
	wait {[processes] == 0}
	answers %/a.sock again
	wait {[processes] == 2}
	advance 6min
}

test with_KillMode_process_whoever_is_left_runs_on {
	leaver "" KillMode=process -clock
	answers %/a.sock
	log "ended: exit status 0"
	repeat 3 { advance 1h }
	expect {[processes] == 2}
}

test a_socket_and_its_service_may_be_asked_for_in_either_order {
	set port [free_port]
	pair a {ListenStream=127.0.0.1:$port} {ExecStart=$backend serve}
	foreach order {{a.socket a.service} {a.service a.socket}} {
		units {*}$order
		port a
		answers $port
		log ": started, pid"
		expect {[count ": listening on"] == 1}
		counts ": started, pid" 1
		stop
	}
}

test a_deferred_trigger_is_read_and_a_conflict_holds_nobody_up {
	foreach word {no yes patient} {
		pair $word {ListenStream=%/a$word.sock
			DeferTrigger=$word
			DeferTriggerMaxSec=1h} {ExecStart=$backend serve}
		drop_in $word.service {[Unit]
			Conflicts=other.service}
		units $word.socket
		node %/a$word.sock; answers %/a$word.sock
		stop
	}
}

# ---- systemd's own proxy, unchanged ----

# 64 KiB there and back.
proc echoes {port} {
	for {set n 0} {$n < 1024} {incr n} { append text [format %063d $n] \n }
	set client [connect $port]; put $client $text
	repeat 1024 { append back [line $client] \n }
	expect {$text eq $back}
	close $client
}

# Its idle time passes on the machine's clock, and may take longer.
test systemds_proxy_serves_leaves_when_idle_and_serves_again {
	set proxy /lib/systemd/systemd-socket-proxyd
	needs {[exists $proxy]} "$proxy is not there"
	set port [free_port]; set behind [free_port]
	while {$behind == $port} { set behind [free_port] }
	pair proxy {ListenStream=127.0.0.1:$port} {ExecStart=$proxy --exit-idle-time=1s 127.0.0.1:$behind
		PrivateTmp=no}
	pair echo {ListenStream=127.0.0.1:$behind
		Accept=yes
		MaxConnections=100} {ExecStart=/bin/cat
		$by_input}
	units proxy.socket echo.socket
	port echo; port proxy
	echoes $port
	for {set n 0} {$n < 30} {incr n} { lappend clients [connect $port]; send [lindex $clients end] "number $n" }
	for {set n 0} {$n < 30} {incr n} { is [line [lindex $clients $n]] "number $n"; close [lindex $clients $n] }
	foreach starts {1 2} {
		wait {[processes] == 0}
		counts "proxy: started" $starts
		echoes $port
	}
}

# Where nobody comes there is nothing to hurry for.
test a_good_end_at_once_again_and_again_is_paused_for_longer_and_longer {
	pair a {ListenStream=%/a.sock} {Restart=always
		RestartSec=1min
		RestartMaxDelaySec=8min
		ExecStart=/bin/sh -c 'test -e %/flag || { touch %/flag; exec $backend take 1; }'}
	units -clock a.socket
	node %/a.sock; answers %/a.sock
	until 1min {[logged "next start in 1 min, or with the next client: it ended at once"]} 10
	# a tenth less at most, by jitter
	until 1min {[logged "next start in 7 min"] || [logged "next start in 8 min"]} 60
}

# ---- without a socket ----

# Nobody comes to one without a socket, so Restart alone says what its end leads to.
test without_a_socket_it_is_started_again_by_Restart_alone {
	set once {unsaid {"" 0} no {Restart=no 0} unsaid3 {"" 3} no3 {Restart=no 3} failure {Restart=on-failure 0}
		success3 {Restart=on-success 3}}
	set again {always {Restart=always 0} failure3 {Restart=on-failure 3}}
	foreach {name job} [concat $once $again] {
		lassign $job restart status
		write $name.service {[Service]
User=$user
RestartSec=50ms
RestartMaxDelaySec=100ms
$restart
ExecStart=$backend exit $status}
		lappend all $name.service
	}
	units {*}$all
	wait {[count "always: started"] > 4}
	wait {[count "failure3: started"] > 4}
	dict for {name job} $once { expect {[count "$name: started"] == 1} }
}
