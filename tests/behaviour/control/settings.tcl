# superd { }: what superd itself needs, from the table. The command line wins, a reload changes it while superd runs, and an upgrade
# and the guard go on with it.
suite settings

set web {service web { listen = "127.0.0.1:0" exec = "$backend serve" }
}
proc own_log {} { read %/own.log }

# superd by its table alone; the usual control socket is the machine's.
proc run_by_table {table} { superd -alone -arguments {--control none} $table }

# Writes the table anew and sends a HUP; superd says elsewhere what came of it.
proc order_reload {table} { write superd.conf $table; signal HUP }

test the_table_says_where_the_log_goes {
	superd "superd { log = \"file:%/own.log\" log_format = json }\n$web"
	sees own_log {"message":"listening on }
	has [own_log] {"message":"version }
	is [read [logfile]] ""
	stop
	has [own_log] {"message":"ended with status 0"}
}

test warnings_of_the_table_go_to_the_log_that_it_names {
	superd {superd { log = "file:%/own.log" }
		service web { listen = "127.0.0.1:0" exec = /bin/true
			broadcast = yes }}
	sees own_log "listening on "
	has [own_log] "web: broadcast has no effect"
}

# It ends as superd begins, which reaps it then: nothing else may ever end, and a stop waits for all children.
test the_process_that_reads_them_is_reaped {
	repeat 5 {
		run_by_table $web
		port web
		wait {[processes] == 0}
		stop
	}
}

test the_command_line_wins_and_that_is_noted {
	superd -arguments {--log file:%/own.log --log-level info} "superd {\n log = \"file:%/other.log\"\n log_level = error\n}\n$web"
	sees own_log "listening on "
	has [own_log] "[table]:2:2: log: overridden by the command line, which sets \"file:%/own.log\"" \
		"[table]:3:2: log_level: overridden by the command line, which sets info"
	stop
	expect {![exists %/other.log]}
}

test a_reload_changes_level_and_form_of_the_log {
	run_by_table $web
	pid web
	order_reload "superd { log_level = error }\n$web"
	log "superd: changed: log_level: info -> error\n"
	order_reload "superd { log_format = json }\n$web"
	log {"message":"reloaded: 1 unchanged}
	expect {![logged "superd: reloaded"]}
}

test a_reload_moves_the_log {
	superd $web
	pid web
	order_reload "superd { log = \"file:%/own.log\" }\n$web"
	sees own_log ": reloaded: 1 unchanged"
	log "superd: changed: log: stderr -> \"file:"
	order_reload "superd { log = \"file:%/other.log\" }\n$web"
	sees {read %/other.log} ": reloaded: 1 unchanged"
	reload $web
	has [read %/other.log] ": changed: log: \"file:%/other.log\" -> "
	stop
	expect {[logged "superd: ended with status 0\n"]}
}

test a_broken_block_leaves_the_settings_of_before {
	superd $web
	pid web
	reload -refused "superd { log_format = json\n log_levle = debug }\n$web"
	expect {[logged ":2:2: error: unknown setting 'log_levle' in superd { }: did you mean 'log_level'?\n"]}
	reload -refused "superd { log_format = json\n log = \"file:%/no/own.log\" }\n$web"
	expect {[logged ":2:2: error: log: cannot log to file:%/no/own.log: No such file or directory\n"]}
	reload $web
}

test a_log_that_cannot_be_opened_stays_where_it_is {
	superd -arguments --no-preflight "superd { log = \"file:%/own.log\" }\n$web"
	sees own_log "listening on "
	file mkdir [path folder]
	order_reload "superd {\n log = \"file:%/folder\"\n log_format = json\n}\n$web"
	sees own_log {"message":"reloaded: 1 unchanged}
	has [own_log] "cannot log to file:%/folder: " "([table]:2)"
	# A further reload tries again.
	file delete [path folder]
	order_reload "superd { log = \"file:%/folder\" }\n$web"
	sees {read %/folder} ": reloaded: 1 unchanged"
}

test a_start_without_its_log_fails {
	set table [write table "superd { log = \"file:%/no/own.log\" }\n$web"]
	foreach {words code error} {
		--check 1 ":1:10: error: log: cannot log to file:"
		"" 1 ""
		--no-preflight 2 "superd: cannot log to file:"
	} {
		lassign [answer {*}$words -f $table] status output errors
		expect {$status == $code} $errors
		has $errors $error
	}
}

test an_upgrade_and_the_guard_go_on_with_the_log {
	superd -guard -control $web
	pid web
	order_reload "superd { log = \"file:%/own.log\" log_format = json }\n$web"
	sees own_log {"message":"reloaded: }
	set before [read [logfile]]
	signal USR2
	sees own_log {"message":"upgraded from }
	kill [below_guard]
	sees own_log {"message":"signal KILL ended superd}
	pid web
	expect {[string length [read [logfile]]] == [string length $before]}
}

test the_control_socket_and_the_pid_file_stand_in_the_table {
	superd -alone "superd { control = \"%/own.control\" pid_file = \"%/own.pid\" }\n$web"
	node %/own.control
	has [prints -at %/own.control list web] web
	is [read %/own.pid] "[superd_pid]\n"
	stop
	expect {![exists %/own.pid]}
}

test what_only_a_start_can_change_stays_over_reload_upgrade_and_guard {
	set stays "the change takes effect at the next start of superd; it stays"
	superd -alone -guard "superd { control = \"%/own.control\" pid_file = \"%/own.pid\" }\n$web"
	set pid [below_guard]
	node %/own.control
	reload "superd {\n pid_file = \"%/other.pid\"\n fdstore = none\n}\n$web"
	expect {[logged "[table]:2:2: pid_file: $stays \"%/own.pid\" until then"]}
	expect {[logged "[table]:1:1: control: $stays \"%/own.control\" until then"]}
	expect {[logged ":3:2: fdstore: $stays unset until then"]}
	signal USR2
	log "upgraded from "
	has [prints -at %/own.control list web] web
	expect {[string trim [read %/own.pid]] in [list [superd_pid] $pid]}
	kill_superd
	node %/own.control
	has [prints -at %/own.control list web] web
	expect {![exists %/other.pid]}
	stop
	expect {![exists %/own.pid] && ![exists %/other.pid]}
}

test the_command_line_does_without_a_guard {
	lassign [answer --daemon --no-guard --pid-file %/own.pid --control %/own.control --log file:%/daemon.log \
		-f [write daemon.conf $web]] status output errors
	expect {$status == 0} $errors
	node %/own.control
	has [prints -at %/own.control version] "\nno guard: "
	superctl -at %/own.control shutdown
}

test a_reload_changes_how_superd_stops {
	superd -clock -alone -arguments {--control none} "superd { stop_timeout = 5h stop_delay = 5h }\n$web"
	pid web
	reload "superd { stop_timeout = 1h stop_delay = 10min }\n$web
service deaf { start = boot exec = \"/bin/sh -c 'trap : TERM; echo up; while :; do sleep 1000; done'\" timeout_stop = 5h }\n"
	expect {[logged "superd: changed: stop_delay: 5h -> 10min, stop_timeout: 5h -> 1h\n"]}
	log "]: up"
	signal TERM
	log "stop requested: stops in "
	advance 9min; expect {![logged "superd: stopping\n"]}
	advance 1min; log "superd: stopping\n"
	advance 55min; expect {![ended]}
	advance 10min; expect {[exit_status] == 0}
}
