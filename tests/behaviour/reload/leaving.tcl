# Services that a reload has removed, while what they run goes on: they are seen, can be stopped, and come back.
suite leaving
uses reloads

# The service web at $port from then on, and the pid of its program in $old; its table is $table.
proc run_web {options {program talk} args} {
	global port old table
	set port [free_port]
	set table [web $port $program $options]
	start_controlled $table {*}$args
	set old [pid $port]
}

test a_daemon_that_runs_on_is_told_of_wherever_anybody_looks {
	run_web "on_remove = finish"
	set text "pid $old runs on (on_remove = finish): superctl stop web"
	has [reread $nothing] "web: removed: $text"
	log "web: removed; $text"
	shows list web leaving
	has [prints list] leaving
	shows --json list "\"state\":\"leaving\""
	shows status web $old
	shows why web "a reload has removed it; $text"
	shows metrics web "superd_service_state{service=\"web\",superd_service_state=\"leaving\"} 1"
	expect {[pid $port] == $old}
	foreach verb {status list why} { schema_holds $verb [prints --json $verb] }
}

test it_is_gone_with_its_end_though_superd_has_died_meanwhile {
	run_web "on_remove = finish" talk -guard
	reread $nothing
	kill_superd
	shows list web leaving
	kill $old
	wait {[is_gone web]}
	lacks [prints list] web
}

test it_can_be_stopped_and_nothing_else {
	run_web "on_remove = finish"
	reread $nothing
	lassign [superctl restart web] status output errors
	expect {$status == 1}
	has $errors "a reload has removed it"
	expect {[lives $old]}
	lassign [superctl stop web] status output errors
	expect {$status == 0} $errors
	expect {![lives $old]}
	wait {[is_gone web]}
	wait {![reachable $port]}
	stop
}

test a_stop_under_way_is_done_with_its_end {
	run_web "kill_signal = SIGWINCH timeout_stop = 1h"
	set operator [session]
	send $operator "stop web"
	log "uid $user requested: stop"
	reread $nothing
	expect {[quiet $operator]}
	kill $old KILL
	set answer [line $operator]
	is [value $answer ok] true
	is [value $answer message] "stopped, and removed"
	close $operator
}

test the_end_of_superd_waits_for_its_commands {
	start [web [free_port] talk "socket_exec_stop_post =
		\"/bin/sh -c 'echo begun >>%/diary; until test -e %/gate; do sleep 0.02; done; echo done >>%/diary'\""]
	reload $nothing
	wait {[exists %/diary]}
	signal TERM
	log "superd: stopping"
	write gate ""
	is [exit_status] 0
	is [read %/diary] "begun\ndone\n"
}

test a_row_that_comes_back_has_its_process_and_its_socket {
	run_web "on_remove = finish"
	set client [connect $port]
	repeat 3 {
		reread $nothing
		has [reread $table] "web: added\n"
		shows list web awake
		expect {[pid $port] == $old}
	}
	send $client "still here"; is [line $client] "$old still here"
	close $client
	expect {![logged "cannot listen"]}
	expect {[count "web: listening on "] == 1}
	expect {[lindex [superctl restart web] 0] == 0}
	expect {[pid $port] != $old}
}

test what_is_another_in_the_row_that_comes_back_is_told {
	run_web "on_remove = finish"
	reread $nothing
	has [reread [web $port talk "nice = 1"]] "1 instance runs on by the old configuration: superctl restart web"
	stop
}

test its_end_is_the_end_of_it {
	run_web "on_remove = finish restart = always on_failure = exit"
	reread $nothing
	kill $old
	wait {[is_gone web]}
	wait {![reachable $port]}
	counts "web: started, pid " 1
}

test clients_of_an_instance_each_are_counted {
	set port [free_port]
	set table [web $port lines "accept = yes"]
	start_controlled $table
	set client [served $port]
	has [reread $nothing] "runs on (on_remove = finish): superctl stop web"
	shows list web leaving
	wait {![reachable $port]}
	reread $table
	shows list web awake
	pid $port
	greet $client
	reread $nothing
	close $client
	wait {[is_gone web]}
	stop
}

test it_ends_with_superd_and_goes_over_an_upgrade {
	run_web "on_remove = finish"
	reread $nothing
	upgrade
	sees { prints list web } leaving
	shows status web $old
	expect {[pid $port] == $old}
	stop
	expect {![lives $old]}
}

proc stays {process} {
	repeat 3 { advance 1h }
	expect {[lives $process]}
}

# A client who stays, as the old instance has it, and is served by that.
proc served_by {client process} { send $client still; is [line $client] "$process still" }

test a_daemon_ends_with_the_clients_it_has {
	run_web "timeout_stop = 10h" talk -clock
	set client [served $port]
	has [reread $nothing] "pid $old runs on until its clients have left (on_remove = drain): superctl stop web"
	served_by $client $old
	stays $old
	close $client
	until 1s {![lives $old]}
	wait {[is_gone web]}
}

proc ends_with_its_clients_behind {way} {
	global old port nothing
	run_web "" talk -guard
	set client [served $port]
	reread $nothing
	$way
	served_by $client $old
	close $client
	wait {![lives $old]}
	log "web: pid $old ended: "
}
test a_daemon_ends_with_its_clients_behind_an_upgrade { ends_with_its_clients_behind upgrade }
test a_daemon_ends_with_its_clients_behind_a_death { ends_with_its_clients_behind kill_superd }

# They have the time that a stop of it takes at most.
test a_daemon_ends_under_clients_who_stay_for_too_long {
	run_web "timeout_stop = 10min" talk -clock
	set client [served $port]
	reread $nothing
	advance 9min
	served_by $client $old
	until 1min {![lives $old]}
	end_of $client
	wait {[is_gone web]}
	close $client
}

test one_that_is_back_does_not_end {
	run_web "" talk -clock
	set client [served $port]
	reread $nothing
	reread $table
	close $client
	stays $old
	expect {[pid $port] == $old}
}

test a_daemon_without_a_socket_is_stopped {
	foreach {name options} {job "" once "type = oneshot"} {
		append table "service $name { start = boot exec = \"$backend sleep 60000\" user = \"$user\" $options }\n"
	}
	superd -control $table
	log "once: started, pid "
	node %/control
	has [reread $nothing] "runs on (on_remove = finish): superctl stop once"
	wait {[is_gone job]}
	shows list once leaving
	expect {[lindex [superctl stop once] 0] == 0}
}

test an_address_of_datagrams_may_be_narrowed_while_its_daemon_runs {
	set port [free_port]
	start_controlled [table_of web udp4:0.0.0.0:$port "/bin/sleep 60"]
	set client [datagrams $port]
	expect {[lindex [superctl start web] 0] == 0}
	reread [table_of web udp4:127.0.0.1:$port datagrams]
	log "web: listening on udp:127.0.0.1:"   ;# what comes before goes with the old socket
	expect {![logged "cannot listen"]}
	datagram $client "hello\n"
	close $client
}

# Of its user it may be the last one that runs.
test it_keeps_what_its_user_has_made_for_processes {
	needs_users
	needs {[exists /usr/bin/ipcmk]} "there is no ipcmk"
	write made "" 666
	set other "service other { listen = \"127.0.0.1:0\" exec = \"$::backend take 1\" user = games remove_ipc = yes
		runtime_directory = superd-test-$::self }"
	start_controlled [filled "service web { listen = \"127.0.0.1:0\" user = games on_remove = finish start = boot
		exec = { /bin/sh, -c, \"ipcmk -M 8 >>%/made; exec sleep 1000\" } }\n$other"]
	wait {[regexp {id: (\d+)} [read %/made] all id]}
	has [reread $other] "web: removed: "
	pid other
	log "other: pid "
	wait {![exists /run/superd-test-$::self]}; # what it leaves is removed at once
	has [exec ipcs -m] $id
	exec ipcrm -m $id
}
