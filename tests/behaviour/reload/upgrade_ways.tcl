# Upgrades of what is not plain: starts that take their time, daemons, sessions of superd's own programs, a main
# command, superd in the background, or with its table from standard input.
suite upgrade_ways
uses reloads
uses tables

proc run_web {program {options ""} args} { start [web 0 $program $options] {*}$args }

# A command that adds a line to the diary, and one that waits for the file go.
proc note {line} { return "\"/bin/sh -c 'echo $line >>[path diary]'\"" }
set until_go "while ! test -e %/go; do sleep 0.02; done"

test commands_of_the_end_come_all_the_same {
	run_web talk "exec_start_pre = { [note pre] }\n exec_stop = { [note stop] }\n exec_stop_post = { [note post] }"
	set client [served web]
	upgrade
	greet $client; close $client
	stop
	is [read %/diary] "pre\nstop\npost\n"
}

test a_command_before_a_start_goes_on_and_the_start_comes_behind_it {
	run_web talk "exec_start_pre = { [note first],\n \"/bin/sh -c '$until_go'\",\n [note last] }
		exec_start_post = { [note post] }\n timeout_start = infinity" -clock
	set client [connect web]; send $client hello
	wait {[processes] > 0}
	upgrade; upgrade
	expect {[stays_quiet $client]}
	write go ""
	is [said [line $client]] hello; close $client
	wait {[read %/diary] eq "first\nlast\npost\n"}
}

test a_command_keeps_its_limit_of_time {
	run_web talk "exec_start_pre = { \"/bin/sleep 1000\" }\n timeout_start = 10min\n timeout_stop = 10min
		backoff_min = 1h\n backoff_max = 1h" -clock
	set client [connect web]
	wait {[processes] > 0}
	upgrade
	advance 9min
	expect {![logged "web: cannot start: "]}
	advance 2min
	log "web: cannot start: exec_start_pre: /bin/sleep 1000: it was not done within "
	wait {[processes] == 0}
	close $client
}

test a_client_on_its_way_arrives_or_goes_back_to_the_queue {
	run_web lines "accept = yes\n backoff_min = 10min\n backoff_max = 10min
		exec_start_pre = { \"/bin/sh -c '$until_go; test -e %/again || { touch %/again; exit 1; }'\" }" -clock
	set client [connect web]; send $client hello
	wait {[processes] > 0}
	upgrade
	write go ""
	log "next start in "
	until 10min {![quiet $client]} 5
	is [said [line $client]] hello; close $client
}

test a_service_that_fails_for_ever_does_not_put_it_off {
	run_web /bin/false "exec_start_pre = { \"/bin/sleep 0.05\" }\n restart = always\n start = boot
		backoff_min = 1ms\n backoff_max = 10ms"
	repeat 5 { upgrade }
}

test a_daemon_is_still_followed {
	needs {[has_groups]} "superd can make no control groups here, to know a daemon without a pid file by"
	run_web "fork double" "type = forking"
	set process [pid web]
	log "web: daemon is pid $process\n"
	upgrade
	expect {[pid web] == $process}
	stop
	expect {[logged "web: pid $process ended: signal TERM"]}
}

test a_redirect_under_way_goes_on {
	set target [free_port]; set listener [listener $target]
	superd {service pass { listen = "127.0.0.1:0" user = "$user" accept = yes redirect = "127.0.0.1 $target" }}
	set client [connect pass]; set server [accept $listener]
	upgrade
	send $client there; is [line $server] there
	send $server back; is [line $client] back
	close $client
	end_of $server; close $server
	wait {[processes] == 0}
	close $listener
}

test nodes_of_unix_sockets_stay_and_a_reload_makes_one_again {
	superd [table_of web [path web.sock] stdio "accept = yes"]
	node %/web.sock
	upgrade
	answers %/web.sock one
	remove %/web.sock
	signal HUP
	wait {[exists %/web.sock] && [reachable %/web.sock]}
}

test ends_and_orders_of_the_very_moment_are_not_lost {
	run_web talk
	set process [pid web]
	foreach times {1 2 3 4 5} {
		signal STOP
		kill $process
		signal USR2
		signal CONT
		wait {[count " ended: signal KILL"] == $times}
		wait {[count "superd: upgraded from "] == $times}
		set process [pid web]
	}
	signal USR2
	signal TERM
	expect {[exit_status] == 0}
}

test in_the_background_with_its_pid_file {
	set port [free_port]; set log [path daemon.log]; set pid_file [path superd.pid]
	write daemon.conf [web $port talk]
	set daemon [start_daemon $pid_file $superd -f %/daemon.conf --daemon --pid-file $pid_file --control none --log file:$log]
	set client [served $port]
	kill $daemon USR2
	sees { read $log } ": upgraded from "
	greet $client
	is [read $pid_file] $daemon\n
	lassign [answer -f %/daemon.conf --daemon --pid-file $pid_file --log file:$log] status output errors
	expect {$status == 2} $errors
	close $client
	end_daemon $daemon $pid_file
}

# A pipe, which nobody can read twice.
test with_its_table_from_standard_input {
	exec mkfifo [path pipe]
	write stdin.conf [web 0 talk]
	exec sh -c "cat [path stdin.conf] >[path pipe]" &
	superd -program /bin/sh -tableless -arguments [list -c "exec $superd --control none -f - <[path pipe]"] ""
	set client [served web]
	upgrade; upgrade
	greet $client; close $client
}

test a_held_service_stays_held_and_superctl_asks_for_it {
	start_controlled [web 0 talk] -clock
	expect {[lindex [superctl hold web] 0] == 0}
	lassign [superctl upgrade --check] status output errors
	expect {$status == 0} $output$errors
	expect {![logged "upgraded from"]}
	lassign [superctl upgrade] status output errors
	expect {$status == 0} $output$errors
	log "superd: upgraded from "
	set client [connect web]; send $client hello
	expect {[stays_quiet $client]}
	expect {[lindex [superctl release web] 0] == 0}
	is [said [line $client]] hello; close $client
}

test as_pid_1_the_main_command_goes_on {
	needs {[has_namespaces]} "no namespaces here"
	superd -pid1 -control -arguments {-- /bin/sh -c
		"trap 'exit 5' TERM; trap 'echo two' USR2; echo ready; while :; do sleep 0.05; done"} \
		"service web { listen = \"127.0.0.1:0\" exec = \"$backend talk\" }"
	log ready
	signal USR2; log two
	repeat 3 {
		lassign [superctl upgrade] status output errors
		expect {$status == 0} $output$errors
		log "superd: upgraded from "
	}
	signal USR2; log two
	signal TERM
	expect {[exit_status] == 5}
}

test what_is_frozen_is_frozen_again_and_woken_by_a_client {
	set port [free_port]            ;# another test may still ask for a port that the kernel had given it
	start [web $port serve] -control
	set process [pid_to_the_end $port]      ;# that it had not read would wake it
	wait {[reachable %/control]}
	expect {[lindex [superctl freeze web] 0] == 0}
	upgrade
	wait {[count "web: pid $process is frozen\n"] == 2}
	expect {[pid $port] == $process}
}

# Told to end, it serves whom it has accepted.
test nobody_is_lost_between_restarts_and_upgrades {
	start_controlled [web 0 "few 1000000"]
	load web 8
	repeat 8 {
		lassign [superctl restart --no-wait web] status output errors
		expect {$status == 0} $output$errors
		upgrade
		loaded 20
	}
	unload
}

# As many files that a shell has found in a folder.
test with_more_than_a_thousand_arguments_its_table_stays {
	write web.conf [web 0 talk]
	set many {for n in `seq 600`; do set -- "$@" --log-level info; done}
	superd -program /bin/sh -tableless -arguments [list -c "$many; exec $superd --control none \"\$@\" -f [path web.conf]"] ""
	set client [served web]
	upgrade
	log "superd: reloaded: 1 unchanged, 0 changed, 0 added, 0 removed\n"
	greet $client; close $client
}
