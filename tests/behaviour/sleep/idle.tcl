# Backends that know nothing of idling: stopped, frozen or told of once no client has been connected for idle_timeout, and
# never while one is. The clients here are connections and nothing else: what a backend does with them is not superd's business.
suite idle

proc web {program {more ""} {time 5min}} {
	superd -clock {service web { listen = "127.0.0.1:0" exec = "$backend $program" idle_timeout = $time
		$more }}
}

# superd stops it by itself, and nothing is left of it.
proc falls_asleep {} {
	set before [count "web: stopping pid "]
	until 1min {[count "web: stopping pid "] > $before}
	log "no client has been connected for "; log "web: pid "
	wait {[processes] == 0}
}

# Several times the five minutes.
proc stays_awake {{step 4min} {steps 8}} {
	repeat $steps { advance $step; expect {![logged "web: stopping pid "]} }
}

test a_backend_is_stopped_and_the_next_client_starts_it {
	web serve
	set first [pid web]; falls_asleep
	expect {[pid web] != $first}; falls_asleep
}

test a_long_quiet_connection_is_never_cut {
	web talk
	set client [connect web]; send $client first; set who [line $client]
	stays_awake
	send $client first; expect {[line $client] eq $who}; close $client
	falls_asleep
}

test a_client_who_only_listens_by_now_is_one {
	web hang "timeout_stop = 100ms"
	set client [connect web]; shut $client; log "web: started"
	stays_awake
	close $client
}

test those_in_the_queue_are_clients {
	web hang "timeout_stop = 100ms"
	set client [connect web]; log "web: started"
	stays_awake
	close $client
}

test all_sockets_have_to_be {
	superd -clock {service web { listen = { "127.0.0.1:0", "%/web.sock", "127.0.0.1:0" } exec = "$backend talk" idle_timeout = 5min }}
	node %/web.sock
	set by_path [served %/web.sock]; set by_port [served web/1]
	stays_awake; close $by_path
	stays_awake; close $by_port
	falls_asleep
}

proc shows_its_clients {address} {
	superd -clock {service web { listen = "$address" exec = "$backend talk" idle_timeout = 5min }}
	log "web: listening on "
	set client [connect $address]; send $client here
	stays_awake; close $client
	falls_asleep
}

test a_unix_socket_shows_its_clients { shows_its_clients %/web.sock }
test an_abstract_one_does_too { shows_its_clients @superd-idle-$self }

# The kernel reports the ends of connections by their port.
test clients_of_another_service_at_the_same_port_are_not_its_own {
	set port [free_port]
	superd -clock {service web { listen = "127.0.0.1:$port" exec = "$backend serve" idle_timeout = 5min }
service other { listen = "127.0.0.2:$port" exec = "$backend serve" idle_timeout = 5min }}
	pid web
	repeat 6 { advance 1min; set client [connect web -to 127.0.0.2]; send $client pid; line $client; close $client }
	log "web: stopping pid "; log "web: pid "
	expect {![logged "other: stopping pid "]}
}

# The kernel does not report the end of its connections: they are counted at each look.
test who_came_and_went_at_a_unix_socket_was_there {
	superd -clock {service web { listen = "%/web.sock" exec = "$backend talk" idle_timeout = 8min }}
	node %/web.sock
	foreach minutes {0 3} {
		set client [served %/web.sock]
		repeat $minutes { advance 1min }
		close $client
		repeat 4 { advance 1min }
	}
	expect {[processes] == 1}
	falls_asleep
}

test datagrams_keep_awake_as_long_as_they_come {
	superd -clock {service web { listen = "udp:127.0.0.1:0" exec = "$backend datagrams 60000" idle_timeout = 5min }}
	set client [datagrams web]; set who [datagram $client here]
	repeat 20 { advance 2min; expect {[datagram $client here] eq $who} }
	falls_asleep
	expect {[datagram $client here] ne $who}; close $client
}

test what_a_backend_opens_elsewhere_is_no_client {
	needs {[exists /bin/bash]} "there is no bash here"
	set elsewhere [free_port]; set listener [listener $elsewhere]
	superd -clock {service web { listen = "127.0.0.1:0" env = { "P=$elsewhere" } idle_timeout = 5min
		exec = "/bin/bash -c 'exec 9<>/dev/tcp/127.0.0.1/$P; exec $backend serve'" }}
	pid web; falls_asleep
	close $listener
}

test a_daemon_that_forks_is_stopped_as_well {
	needs {[has_groups]} "superd can make no control groups here, to know a daemon without a pid file by"
	web "fork two" "type = forking"
	set first [pid web]; falls_asleep
	expect {[pid web] != $first}
}

test one_that_nobody_ever_came_to_is_stopped {
	web serve "start = boot restart = always"
	falls_asleep
	repeat 10 { advance 1h; expect {[processes] == 0} }
	pid web
}

test it_is_left_alone_for_min_awake {
	web serve "min_awake = 1h"
	pid web; stays_awake 4min 14
	falls_asleep
}

test a_frozen_one_goes_on_with_the_next_client {
	web serve "idle_action = freeze"
	set first [pid web]
	foreach times {1 2} {
		until 1min {[count "is frozen until a client connects"] >= $times}
		expect {[pid web] == $first}
	}
}

test a_reload_changes_the_time_of_one_that_runs {
	web serve "" 1h
	set conf [replaced [read [table]] 127.0.0.1:0 127.0.0.1:[port web]]
	reload $conf
	set first [pid web]; stays_awake 20min 1
	reload [replaced $conf 1h infinity]; reload [replaced $conf 1h 5min]
	expect {[pid web] == $first}; falls_asleep
	set first [pid web]
	reload [replaced $conf 1h infinity]
	repeat 10 { advance 1h }
	counts "web: stopping pid " 1
	expect {[pid web] == $first}
}

test a_crash_in_between_is_an_end_like_any {
	web serve "backoff_min = 10ms"
	repeat 3 { kill [pid web]; log "signal KILL" }
	pid web; falls_asleep
}

# From the second start on, a control group is kept open.
test what_it_needs_is_given_back {
	web serve
	repeat 2 { pid web; falls_asleep }
	set before [descriptors]
	repeat 3 { pid web; falls_asleep }
	descriptors_at_most $before
}

test clients_who_stay_wake_nobody {
	set names {0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19}
	foreach n $names { append services [filled {service web$n { listen = "127.0.0.1:0" exec = "$backend talk" idle_timeout = 5min }}] \n }
	superd -clock $services
	foreach n $names { lappend clients [served web$n] }
	stays_awake
	wakes 1h 10 0
	expect {[processes] >= 40}
	close {*}$clients
}

# In an hour: a timer, the kernel's words of a few closes, pauses between them, and where it takes long a thread's. Beside
# other processes they wait for each other as well.
test clients_who_come_and_go_all_the_time_wake_it_seldom {
	web serve "" 1h
	load web; loaded 100
	set before [woken]
	repeat 11 { loaded 100; advance_beside 1h; expect {![logged "web: stopping pid "]} }
	expect {[woken] - $before <= 20 * 11}
	unload
	until 1h {[logged "web: stopping pid "]} 5
}

# A client at random moments around that of the stop, which takes some milliseconds.
proc come_in_the_moment {action} {
	web serve $action
	expr {srand($::self)}
	for {set n 0} {$n < 40} {incr n} {
		has [ask web $n] " $n"
		advance 1s
		move 6min; after [expr {int(rand() * 15)}]
	}
}

test nobody_is_lost_in_the_moment_of_the_stop { come_in_the_moment "" }
test nobody_is_lost_in_the_moment_of_freezing { come_in_the_moment "idle_action = freeze" }

# The limit of a run rests while the program is frozen, and goes on with the next superd.
proc runtime_max_goes_on {next} {
	web talk "idle_action = freeze runtime_max = 1h"
	close [served web]
	until 1min {[logged "is frozen until a client connects"]}
	eval $next
	set client [served web]
	repeat 3 { advance 15min; expect {![logged " is over"]} }
	advance 15min
	log "runtime_max is over"
	close $client
}

test runtime_max_goes_on_behind_a_sleep_over_an_upgrade { runtime_max_goes_on upgrade }
test runtime_max_goes_on_behind_a_sleep_and_a_death { runtime_max_goes_on kill_superd }

# Its program has ended by itself: what comes behind that is no use of it, and is not frozen.
test a_command_behind_its_end_is_let_run {
	web "take 1" {exec_stop_post = "/bin/sh -c 'until test -e %/gone; do sleep 0.05; done'" timeout_stop = 2h}
	set client [connect web]; send $client who; line $client; close $client
	wait {[processes] > 0}
	repeat 4 { advance_beside 5min }
	write gone ""
	wait {[processes] == 0}
	expect {![logged "no client has been connected for "]}
}
