# A stop goes on when superd is killed or upgraded, in each of its phases, and so does a drain. The clients that the instance has stay,
# each command runs once, and the stop ends. Its time limits go on.
suite stop_deaths

proc web {options {program "$backend talk"}} {
	superd -clock -guard -control "service web { listen = \"127.0.0.1:0\" exec = \"$program\" timeout_stop = 1h
		$options }"
	port web
}

# One that notes its signals and goes on, in the place of the backend.
proc shell {script options} {
	superd -clock -guard -control {service web { listen = "127.0.0.1:0" timeout_stop = 1h $options
		exec = { "/bin/sh", "-c", "$script", "%/diary" } }}
	port web
	done "start web"
}

test an_order_to_end_by_stop_delay_goes_on {
	superd -clock -guard -control "superd { stop_delay = 10min }\n[filled {service web { listen = "127.0.0.1:0" exec = "$backend talk" }}]"
	port web; node %/control
	expect {[lindex [superctl shutdown --no-wait] 0] == 0}
	foreach next {{} {kill [below_guard] KILL} upgrade} {
		eval $next
		log "stop requested: stops in 10 min"
	}
	advance 10min
	expect {[exit_status] == 0}
}

# A command that notes that it runs; and one that then waits for a file.
proc command {name} { return "/bin/sh -c 'echo $name >>%/diary'" }
proc slow {name} { return "/bin/sh -c 'echo $name >>%/diary; while ! test -e %/go; do sleep 0.02; done'" }

# superd knows that, too: what it does in a turn of its loop is saved at the end, and an answer is one of a later turn. A command that
# it had just started when it was killed would run again.
proc has_noted {text} { expr {[read %/diary] eq $text && [control "status web"] ne ""} }

proc ask_by {client line} { send $client $line; lindex [line $client] 0 }
proc has_gone {pid} { expr {![lives $pid]} }
proc is_listening {} { sees {control "status web"} {"state":"listening"} }

# A client, and who serves it; and the same with the client gone, and an order.
proc client {} { set client [connect web]; list $client [ask_by $client one] }
proc begin_end {} { lassign [client] client first; close $client; done "stop --no-wait web"; return $first }

# Another instance serves from now on.
proc ends {first} {
	until 1s {[has_gone $first]} 10
	set client [connect web]
	expect {[ask_by $client new] ni [list 0 $first]}
	close $client
	expect {![logged "bug of superd"]}
	done "stop --no-wait web"
	clock_stop 2h
}

# While something is still under way, superd looks again after a moment, by the clock that is held.
proc upgrade_by_steps {} {
	set before [count ": upgraded from "]
	signal USR2
	until 100ms {[count ": upgraded from "] > $before} 60
}

# Nothing was done yet: it seems idle.
proc is_being_frozen {interrupt} {
	web "idle_timeout = 10min"
	lassign [client] client first
	close $client
	hold_clock
	until 1min {[string match {*"standing":"letting-go"*} [control "status web"]]} 30
	$interrupt
	set client [connect web]; send $client two
	until 100ms {![quiet $client]} 60
	is [lindex [line $client] 0] $first
	close $client
	go_on
	until 1min {[has_gone $first]} 30
	ends $first
}
test is_being_frozen_and_is_killed { is_being_frozen kill_superd }
test is_being_frozen_and_is_upgraded { is_being_frozen upgrade_by_steps }

# An order behind a stop goes on as well: the last one counts.
proc has_orders_behind_it {interrupt} {
	web "kill_signal = SIGWINCH" "$::backend hang"
	foreach last {stop start restart} states {listening running running} {
		done "start web"
		set first [value [control "status web"] pid]
		done "stop --no-wait web"
		done "start --no-wait web"
		done "$last --no-wait web"
		$interrupt
		advance 59min
		expect {[lives $first]}
		advance 2min
		wait {[has_gone $first] && [value [control "status web"] state] eq $states}
	}
	clock_stop 2h
}
test has_orders_behind_it_and_is_killed { has_orders_behind_it kill_superd }
test has_orders_behind_it_and_is_upgraded { has_orders_behind_it upgrade }

# A drain holds the service, waits until nobody is connected, stops the instance and releases the service.
proc serves_its_clients_to_the_end {interrupt} {
	web ""
	lassign [client] old first
	done "drain --no-wait web"
	$interrupt
	is [ask_by $old two] $first
	advance 30min
	expect {[lives $first]}
	is [value [control "status web"] held] true
	close $old
	until 20s {[has_gone $first]} 10
	log "it is drained"
	ends $first
}
test serves_its_clients_to_the_end_and_is_killed { serves_its_clients_to_the_end kill_superd }
test serves_its_clients_to_the_end_and_is_upgraded { serves_its_clients_to_the_end upgrade }

# A drain of what is still starting.
proc has_to_be_ready {interrupt} {
	web "timeout_start = 1h exec_start_post = \"[slow post]\""
	lassign [client] client first
	wait {[has_noted "post\n"]}
	done "drain --no-wait web"
	$interrupt
	is [ask_by $client two] $first
	write go ""
	close $client
	until 20s {[has_gone $first]} 10
	expect {[has_noted "post\n"]}
	ends $first
}
test has_to_be_ready_and_is_killed { has_to_be_ready kill_superd }
test has_to_be_ready_and_is_upgraded { has_to_be_ready upgrade }

# With on_remove = finish it outlives its entry.
proc rests_without_an_entry {interrupt} {
	set other [filled {service other { listen = "127.0.0.1:0" builtin = health accept = yes user = "$user" }
}]
	superd -clock -guard -control "$other service web { listen = \"udp:127.0.0.1:0\" exec = \"/bin/sleep 1000\" on_remove = finish }"
	port web
	done "start web"
	set first [value [control "status web"] pid]
	reload $other
	log "web: removed; "
	$interrupt
	advance 2h
	expect {[lives $first]}
	is [value [control "status web"] pid] $first
	done "stop --no-wait web"
	until 1s {[has_gone $first]} 10
	wait {[string first web [prints list]] < 0}
	set client [connect other]; put $client "GET /web HTTP/1.0\r\n\r\n"
	begins [rest $client] "HTTP/1.1 404 "
	close $client
}
test rests_without_an_entry_and_is_killed { rests_without_an_entry kill_superd }
test rests_without_an_entry_and_is_upgraded { rests_without_an_entry upgrade }

proc runs_exec_stop {interrupt} {
	web "exec_stop = { \"[slow stop]\" } exec_stop_post = { \"[command post]\" }"
	set first [begin_end]
	until 1s {[has_noted "stop\n"]} 10
	$interrupt
	expect {[lives $first]}
	write go ""
	until 1s {[has_noted "stop\npost\n"]} 10
	ends $first
}
test runs_exec_stop_and_is_killed { runs_exec_stop kill_superd }
test runs_exec_stop_and_is_upgraded { runs_exec_stop upgrade }

proc runs_exec_stop_post {interrupt} {
	web "exec_stop = { \"[command stop]\" } exec_stop_post = { \"[slow post]\" }"
	set first [begin_end]
	until 1s {[has_noted "stop\npost\n"]} 10
	$interrupt
	expect {[has_gone $first]}
	write go ""
	is_listening
	expect {[has_noted "stop\npost\n"]}
	ends $first
}
test runs_exec_stop_post_and_is_killed { runs_exec_stop_post kill_superd }
test runs_exec_stop_post_and_is_upgraded { runs_exec_stop_post upgrade }

# Its program has ended by itself. On a held clock nothing but its own start has the command saved.
proc runs_a_command_after_its_end {interrupt} {
	web "exec_stop_post = \"[slow post]\""
	lassign [client] client first
	close $client
	hold_clock
	# Else the command may seem younger than its start, as another process would be.
	advance 1s
	kill $first
	wait {[has_noted "post\n"]}
	$interrupt
	write go ""
	stop
	is [read %/diary] "post\n"
}
test runs_a_command_after_its_end_and_is_killed { runs_a_command_after_its_end kill_superd }
test runs_a_command_after_its_end_and_is_upgraded { runs_a_command_after_its_end upgrade_by_steps }

proc begin_end_of_deaf {} {
	shell "trap 'echo term >>\$0' TERM; trap 'echo hup >>\$0' HUP; while :; do sleep 1000 & wait; done" "final_kill_signal = HUP"
	set first [value [control "status web"] pid]
	expect {$first > 1}
	done "stop --no-wait web"
	until 1s {[has_noted "term\n"]} 10
	return $first
}

proc ends_of_deaf {first} {
	advance 50min
	expect {[lives $first]}
	until 12min {[has_gone $first]} 2
	expect {[has_noted "term\nhup\n"]}
	is_listening
}

proc has_got_kill_signal {interrupt} {
	set first [begin_end_of_deaf]
	advance 30min
	$interrupt
	advance 20min
	expect {[has_noted "term\n"]}
	until 12min {[has_noted "term\nhup\n"]} 2
	ends_of_deaf $first
}
test has_got_kill_signal_and_is_killed { has_got_kill_signal kill_superd }
test has_got_kill_signal_and_is_upgraded { has_got_kill_signal upgrade }

proc has_got_final_kill_signal {interrupt} {
	set first [begin_end_of_deaf]
	until 31min {[has_noted "term\nhup\n"]} 3
	$interrupt
	ends_of_deaf $first
}
test has_got_final_kill_signal_and_is_killed { has_got_final_kill_signal kill_superd }
test has_got_final_kill_signal_and_is_upgraded { has_got_final_kill_signal upgrade }

# Its first process has ended, and kill_leftovers has told the others to: one of them notes that and goes on.
proc clears_the_rest {interrupt} {
	shell "(trap 'echo term >>\$0' TERM; echo up >>\$0; while :; do sleep 1000 & wait; done) & while ! test -s \$0; do sleep 0.02; done" \
		"kill_leftovers = yes"
	until 1s {[has_noted "up\nterm\n"]} 10
	$interrupt
	advance 50min
	expect {[processes] > 0}
	until 12min {[processes] == 0} 2
	expect {[has_noted "up\nterm\n"]}
	is_listening
}
test clears_the_rest_and_is_killed { clears_the_rest kill_superd }
test clears_the_rest_and_is_upgraded { clears_the_rest upgrade }

# The death ends the process that does it.
test what_a_service_leaves_is_removed_by_the_next_superd {
	needs {[root]} "needs root"
	superd -guard -control {service web { listen = "127.0.0.1:0" user = "65534" runtime_directory = "superd-test-$self"
		exec = { "/bin/sh", "-c", "cd \$RUNTIME_DIRECTORY; seq 20000 | xargs touch; pwd >>%/diary; exec sleep 1000" } }}
	close [connect [port web]]
	wait {[lines %/diary] == 1}
	set folder [string trim [read %/diary]]
	expect {[exists $folder/20000]}
	done "hold web"
	control "stop --no-wait web"
	set whole 1; # until it has begun, of which a wait with pauses would see too little
	for {set n 0} {$whole && $n < 1000000} {incr n} { set whole [expr {[exists $folder/1] && [exists $folder/20000]}] }
	expect {!$whole}
	kill_superd
	wait {![exists $folder]}
}
