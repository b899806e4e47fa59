# --guard: what superd knew of its services when it was killed, the next one knows, of each kind and in each state.
suite guard_state

uses notifying
uses binding

proc run_guarded {table {how ""}} { superd {*}$how -guard -control $table }

# A minute later: the guard pauses only behind a superd that dies young.
proc clock_kill {} { advance 1min; kill_superd }

proc fact {key} { value [control "status web"] $key }

# ---- frozen ----

# A backend that beats as long as it runs.
proc run_beater {options} {
	write beats ""
	set defaults [expr {[root] ? "defaults { user = root }" : ""}]
	run_guarded "$defaults
		service web { listen = \"127.0.0.1:0\" exec = \"$::tests/beater %/beats\" $options }" -clock
}

proc beats {} { set before [file size [path beats]]; wait {[file size [path beats]] > $before} }
proc beater_pid {} { lindex [ask web ""] 0 }
proc freeze {pid} { done "freeze web"; wait {[frozen $pid]} }

test one_that_is_frozen_serves_its_next_client_and_is_frozen_again {
	run_beater "idle_timeout = 5min idle_action = freeze"
	set pid [beater_pid]
	foreach n {1 2 3} {
		until 1min {[count "is frozen until a client connects"] >= $n}
		expect {[frozen $pid]}
		clock_kill
		is [beater_pid] $pid
		beats
	}
}

test one_that_an_operator_has_frozen_goes_on {
	run_beater ""
	set pid [pid_to_the_end web]
	freeze $pid
	kill_superd
	beats
	freeze $pid
	done "thaw web"
	beats
	is [beater_pid] $pid
}

# It is killed between the freeze of the processes and the record of that, or before, or behind it.
test one_that_was_being_frozen_serves_its_next_client {
	run_beater ""
	set pid [beater_pid]
	foreach {order milliseconds} {freeze 0 thaw 0 freeze 1 thaw 1 freeze 2 thaw 2} {
		advance 1min; # the guard pauses only behind a superd that dies young
		set operator [session]; send $operator "$order web"
		after $milliseconds
		kill_superd
		close $operator
		is [beater_pid] $pid
		beats
	}
}

# ---- starting ----

# superd has accepted them. By an upgrade and by a death, each of a superd that followed one.
test who_waits_for_a_program_that_cannot_be_started_is_served_once_it_can {
	run_guarded {service web { listen = "127.0.0.1:0" accept = yes exec = "%/program" per_source = 2
		backoff_min = 10min backoff_max = 10min }} "-clock -arguments --no-preflight"
	set one [connect web]; set two [connect web]
	foreach way {upgrade clock_kill upgrade clock_kill} {
		log "web: cannot start: "
		sees {control "status web"} {"parked":}
		$way
	}
	write program "#!/bin/sh\nexec cat\n" 0755
	until 1min {[count "web: started"] == 2} 20
	echoes $one; echoes $two
	close $one $two
	wait {[processes] == 0}
}

# Its process reads a credential before it runs the program, from a pipe that nobody writes to.
test one_whose_start_was_under_way_has_started {
	needs {[root]} "credentials need root"
	run /usr/bin/mkfifo -m 600 %/fifo
	run_guarded {service web { listen = "127.0.0.1:0" accept = yes exec_stop_post = "/bin/true" load_credential = "key:%/fifo"
		exec = "$backend stdio" pass = inetd }} -clock
	set client [connect web]
	sees {control "list web"} {"instances":1}
	kill_superd
	wait {![catch {open [path fifo] {WRONLY NONBLOCK}} writer]}
	chan close $writer
	send $client one; has [rest $client] " one"
	close $client
	# Nobody writes for exec_stop_post, which is given up.
	wait {[move 1s; logged "web: pid "]}
	expect {![logged "not started"]}
	clock_stop 1s
}

# Its daemon becomes a child of the guard, as superd has died before the daemon was there.
test a_daemon_that_was_about_to_fork_is_found {
	run_guarded {service web { listen = "127.0.0.1:0" exec = "$backend fork slow,pid=%/pid" type = forking pid_file = "%/pid" }}
	close [connect web]
	log "web: started, pid "
	kill_superd
	set pid [pid web]
	log "web: daemon is pid $pid\n"
	kill $pid
	log "pid $pid ended: signal KILL"
}

# ---- orders ----

test what_an_operator_has_ordered_last_is_in_force {
	set port [free_port]
	run_guarded {service web { listen = "127.0.0.1:$port" exec = "$backend talk" }} -clock
	log "web: listening on "
	repeat 2 {
		done "disable web"; clock_kill
		wait {![reachable $port]}
		done "enable web"; clock_kill
		expect {[reachable $port]}
		done "hold web"; clock_kill
		is [fact held] true
		done "stop web"
		set client [connect $port]; send $client hello
		expect {[stays_quiet $client]}
		done "release web"; clock_kill
		is [fact held] false
		has [line $client] " hello"
		close $client
	}
	stop
	expect {![exists %/control.held]} "no lock is left"
}

# The program has ended by itself, and its last command runs.
test a_stop_of_one_that_ends_keeps_it_from_starting_again {
	run_guarded {service web { start = boot restart = always backoff_min = 1ms
		exec = "/bin/sh -c 'until test -e %/end; do sleep 0.02; done; rm %/end'"
		exec_stop = "/bin/sh -c 'touch %/stops; until test -e %/stopped; do sleep 0.02; done'" }}
	write end ""
	wait {[exists %/stops]}
	done "stop --no-wait web"
	fact state; # it answers in a later turn, so the order is saved
	kill_superd
	write stopped ""
	log "web: pid "
	wait {[fact state] eq "listening"}
	counts "web: started, pid " 1
}

# The old one has its signal; once it has ended, whoever comes is the next one's.
test a_restart_beside_goes_on {
	run_guarded {service web { listen = "127.0.0.1:0" exec = "$backend few 1000000" on_change = overlap }}
	set old [connect web]; send $old one
	set first [lindex [line $old] 0]
	close $old
	done "restart --no-wait web"
	log "the next one is ready"
	kill_superd
	wait {![lives $first]}
	set new [connect web]; send $new two
	set second [lindex [line $new] 0]
	expect {$second != $first}
	close $new
	expect {[pid web] == $second}
}

# One that an operator has ordered: who comes meanwhile waits until the client of before is gone.
test a_drain_of_one_for_each_client_goes_on_over_two_deaths {
	run_guarded {service web { listen = "127.0.0.1:0" exec = "$backend lines" accept = yes timeout_stop = 10h }} -clock
	set old [connect web]; send $old one
	set first [lindex [line $old] 0]
	done "drain --no-wait web"
	log " requested: "
	fact held; # it answers in a later turn, so the drain is saved
	set new [connect web]; send $new two
	repeat 2 {
		clock_kill
		expect {[stays_quiet $new]}
		send $old three; is [line $old] "$first three"
	}
	close $old
	expect {[lindex [line $new] 0] != $first}
	close $new
}

# ---- times ----

# The first pause is an hour less a quarter at most, the second one twice that.
test a_pause_after_a_failure_ends_with_superd {
	run_guarded {service web { listen = "127.0.0.1:0" backoff_min = 1h backoff_max = 24h
		exec = { "/bin/sh", "-c", "echo >>%/starts; exit 1" } }} -clock
	set client [connect web]
	foreach starts {2 3} {
		log "next start in "
		clock_kill
		wait {[lines %/starts] == $starts}
	}
	close $client
}

# ---- what belongs to a backend ----

# The barrier: superd may die of a message that it has read and not kept.
proc store {name} { does "store FDSTORE=1|FDNAME=$name" done; does barrier passed }

test kept_descriptors_are_the_next_instances {
	run_guarded [web_table "" "notify_access = main file_descriptor_store_max = 3 backoff_max = 100ms"]
	set pid [web_pid]
	store state
	kill_superd
	store more
	end 0
	kill_superd
	does "env LISTEN_FDNAMES" web:state:more
	does "read state" $pid
	end 0
	does "read more" $pid
}

# BARRIER=1 is how a backend learns that superd has taken what it sent (sd_notify_barrier(3)).
test a_descriptor_behind_a_barrier_is_kept {
	run_guarded [web_table "" "notify_access = main file_descriptor_store_max = 8 backoff_max = 100ms"] -clock
	set names web
	foreach name {d0 d1 d2 d3 d4 d5} {
		advance 1min; # the guard pauses only behind a superd that dies young
		store $name
		kill [below_guard]
		append names :$name
		log "its guard restarted it"
	}
	end 0
	does "env LISTEN_FDNAMES" $names
}

test a_backend_that_reports_is_heard_by_the_next_superd {
	run_guarded [web_table "'say READY=1'" "type = notify watchdog = 5min watchdog_signal = TERM"] -clock
	does "say WATCHDOG=1|STATUS=2 calm" done
	does barrier passed
	clock_kill
	sees {control "status web"} "2 calm"; # it may still be with the receiver
	does "say STATUS=busy" done
	sees {control "status web"} busy
	advance 230s
	expect {![logged "it has not sent WATCHDOG=1"]}
	until 500ms {[logged "it has not sent WATCHDOG=1 for 5min"]} 200
}

test a_redirect_passes_on_what_both_sides_say {
	set port [free_port]; set listener [listener $port]
	run_guarded {service pass { listen = "127.0.0.1:0" user = "$user" accept = yes redirect = "127.0.0.1 $port" }}
	repeat 3 {
		set client [connect pass]; send $client before
		set target [accept $listener]; is [line $target] before
		kill_superd
		send $target behind; is [line $client] behind
		close $client
		end_of $target; close $target
	}
	close $listener
	wait {[processes] == 0}
}

test a_program_that_binds_serves_and_binds_again {
	needs_bind
	set port [free_port]
	run_guarded [bind_table "\"127.0.0.1:$port\"" "" "tcp4 nonblock bind=127.0.0.1:$port listen=64 watch=level serve=level"]
	log "web: listening on "
	set pid [pid $port]
	repeat 2 {
		kill_superd
		expect {[pid $port] == $pid}
		obeys $port "close tcp4 nonblock bind=127.0.0.1:$port listen=5 watch=level"
		expect {[pid $port] == $pid}
	}
	done "restart web"
	expect {[pid $port] != $pid}
}

test a_program_that_has_not_bound_yet_binds {
	needs_bind
	set port [free_port]
	run_guarded [bind_table "\"127.0.0.1:$port\"" "" \
		"mark=%/begun await=%/go tcp4 nonblock bind=127.0.0.1:$port listen=64 watch=level serve=level"]
	log "web: listening on "
	set client [connect $port]; send $client who
	wait {[lines %/begun] == 1}
	fact state; # superd answers when it has saved what it has of the program's calls
	kill_superd
	write go now
	has [line $client] " who"
	close $client
	expect {[lines %/begun] == 1} "it was started again"
}

# The kernel tells its end to its parent, which is neither superd nor the guard.
test the_end_of_a_main_process_of_another_parent_is_heard_of {
	run_guarded [web_table "" "notify_access = all"]
	foreach next {kill_superd upgrade} {
		set pid [web_pid]
		does "name %/$next" done
		does barrier passed
		$next
		write $next ""
		log "ended:"
		expect {[web_pid] != $pid}
	}
}

# From the begin of its start on, and not of the machine.
test a_start_that_outlives_a_death_has_taken_no_longer_than_that {
	run_guarded {service web { listen = "127.0.0.1:0" exec = "$backend serve"
		exec_start_pre = "/bin/sh -c '>%/begun; until test -e %/gate; do sleep 0.02; done'" }}
	set client [connect web]; send $client who
	wait {[exists %/begun]}
	kill_superd
	write gate ""
	line $client; close $client
	wait {[fact state] eq "running"}
	set status [control "status web"]
	set activation [string range $status [string first {"last_activation"} $status] end]
	expect {[value $activation wait] < 600}
	expect {[value $activation latency] < 600}
}

# Else each superd would leave an empty one for each service.
test a_control_group_that_was_left_is_used_again {
	needs {[has_groups]} "superd can make no control groups here"
	run_guarded {service web { listen = "127.0.0.1:0" exec = "$backend serve" }
service other { listen = "127.0.0.1:0" exec = "$backend serve" }} -clock
	foreach next {{} clock_kill upgrade} {
		eval $next
		set pid [pid web]
		lappend groups [read /proc/$pid/cgroup]
		pid other ;# has the number behind it
		kill $pid
		wait {![lives $pid] && [fact state] eq "listening"}
	}
	is [llength [lsort -unique $groups]] 1
}
