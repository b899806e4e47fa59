# Upgrades: another superd takes over in the same process, and nobody notices but the log.
suite upgrade
uses reloads
uses notifying

# The service web, and with it another one whose program is that of a backend.
proc other {{program serve}} { table_of other 0 $program }
proc run_web {program {options ""} {more ""} args} { start [web 0 $program $options]$more {*}$args }

test sockets_and_instances_go_on {
	run_web talk "" [other]
	set process [pid other]; set client [served web]
	upgrade
	expect {[logged ": 2 services, 2 instances\n"]}
	greet $client
	expect {[pid other] == $process}
	counts "web: started, pid " 1
	expect {[count "web: listening on "] == 1}
	close $client
}

test the_end_of_an_instance_is_heard_of_and_the_next_client_starts_one {
	run_web "take 1"
	set first [pid web]
	upgrade; upgrade
	expect {[pid web] != $first}
	wait {[count "web: ended, pid "] + [count "web: pid "] >= 1 || [processes] == 0}
}

test sessions_go_on_and_stay_counted {
	run_web lines "accept = yes\n instances = 2\n per_source = 2" "" -clock
	set one [served web]
	upgrade
	set two [served web]
	set three [connect web]; send $three late
	expect {[stays_quiet $three]}
	upgrade
	expect {[stays_quiet $three]}
	greet $one; greet $two; close $one
	is [said [line $three]] late
	close $two $three
}

test what_backends_print_still_comes_with_their_name {
	run_web {/bin/sh -c 'printf unfini; read x <&3; while :; do echo \"shed $0\"; sleep 0.05; done' again} \
		"accept = yes\n pass = systemd\n output = log"
	set client [connect web]
	log "web: started, pid "
	upgrade
	send $client go; log "shed again"
	close $client
}

# What superd itself does not read: it goes on by the process that does, and by another one where that is killed.
test what_another_user_prints_still_comes {
	needs {[has_users]} "needs root, and a build that every user can reach"
	superd {service web { listen = "127.0.0.1:0" accept = yes pass = systemd output = log user = "65533"
		exec = "/bin/sh -c 'printf unfini; while read x <&3; do echo shed $x; done; echo last'" }}
	set client [connect web]
	send $client one; log "unfinished one"
	set reader [aside superd-output]
	expect {$reader > 0}
	upgrade
	send $client two; log "shed two"
	expect {[aside superd-output] == $reader}
	kill $reader
	send $client three; log "shed three"
	upgrade
	close $client; log last
}

test who_says_how_it_is_is_still_heard {
	start [web_table {'say READY=1'} "type = notify\n watchdog = 1min\n watchdog_signal = TERM"] -clock
	set process [web_pid]
	does "say WATCHDOG=1|STATUS=calm" done
	upgrade
	signal USR1; log "\"says\":\"calm\""
	does "say STATUS=busy" done
	signal USR1; log "\"says\":\"busy\""
	advance 50s
	# A second too late it would take superd for one that was held up itself.
	until 400ms {[logged "it has not sent WATCHDOG=1 for"]} 400
	wait {![lives $process]}
}

test kept_descriptors_are_there_for_the_next_start {
	start [web_table "" "notify_access = main\n file_descriptor_store_max = 3"]
	set process [web_pid]
	does "store FDSTORE=1|FDNAME=state" done
	upgrade
	end 0
	does "env LISTEN_FDNAMES" web:state
	does "read state" $process
}

test a_burst_of_datagrams_is_still_one_instances {
	start [table_of web udp:127.0.0.1:0 "datagrams 20000" "accept = yes"]
	set client [datagrams web]
	set first [lindex [datagram $client one] 0]
	upgrade
	expect {[lindex [datagram $client two] 0] == $first}
	counts "web: started, pid " 1
	close $client
}

test what_a_removed_service_still_runs_goes_on {
	run_web lines "accept = yes"
	set client [served web]
	reload [other]
	upgrade
	expect {[logged ": 2 services, 1 instance\n"]}
	greet $client; close $client
	wait {[processes] == 0}
}

test a_removed_services_session_is_ended_with_superd {
	run_web lines "accept = yes"
	set client [served web]
	reload [other]
	upgrade
	stop
	end_of $client; close $client
}

test descriptors_do_not_pile_up {
	run_web lines "accept = yes" [other]
	set client [served web]
	pid other
	upgrade; log "superd: reloaded: "
	set before [descriptors]
	repeat 10 { upgrade; log "superd: reloaded: " }
	descriptors_at_most $before
	greet $client; close $client
}

# ---- what stands in superd's place ----

# A place for superd that can be replaced, with superd there.
proc place {} { exec ln -s $::superd [path superd]; path superd }
proc replace {text {mode 755}} { file rename -force [write new $text $mode] [path superd] }

# What stands there can't take over; and when it can again, it does.
proc refuses {why text {mode 755}} {
	run_web talk "" "" -program [place]
	set client [served web]
	replace $text $mode
	signal USR2; log "superd: not upgraded: "
	expect {[logged $why]}
	greet $client
	pid web
	exec ln -s $::superd [path again]
	file rename -force [path again] [path superd]
	upgrade
	greet $client; close $client
	stop
}

test one_that_fails_leaves_the_old_one_running {
	refuses "cannot take over: unknown option --" "#!/bin/sh\necho \"unknown option \${1%=*}\" >&2\nexit 1\n"
}
test one_that_is_none_leaves_the_old_one_running {
	refuses "is no superd that can take over: called with --guard-again=, it printed '', not 'superd can take over: VERSION'" \
		"#!/bin/sh\nexit 0\n"
}
test one_that_is_no_program_leaves_the_old_one_running { refuses "cannot start " "nothing to execute" }
test one_that_may_not_be_executed_leaves_the_old_one_running { refuses "Permission denied" "#!/bin/sh\nexit 0\n" 644 }

test one_that_hangs_leaves_the_old_one_running {
	run_web talk "" "" -clock -program [place]
	set client [served web]; set others [processes]
	replace "#!/bin/sh\nexec sleep 1000\n"
	signal USR2
	wait {[processes] > $others}
	until 10s {[logged "has not answered within"]} 5
	expect {[logged "superd: not upgraded: "]}
	wait {[processes] == $others}
	greet $client; close $client
	stop
}

test a_table_that_is_broken_leaves_the_old_one_running {
	run_web talk
	set client [served web]
	write superd.conf "service web { lisen = \"1\" }\n"
	signal USR2; log "its configuration: "
	greet $client; close $client
}

test without_a_guard_it_says_what_to_do {
	start_controlled [web 0 talk] -arguments --no-guard
	set client [served web]
	foreach option {--check --no-wait} {
		lassign [superctl upgrade $option] status output errors
		expect {$status == 1}
		has $errors "superd runs without a guard, which an upgrade needs: restart it instead"
	}
	signal USR2; log "superd: not upgraded: superd runs without a guard"
	greet $client; close $client
	answers web new
	stop
}

# Where superd was started from: one that can take over, and does this first when it is to, which is behind the question.
proc replace_by_meddler {deed} {
	set asked [path asked]
	replace "#!/bin/sh\nif rm $asked 2>/dev/null; then $deed; else : >$asked; fi\nexec $::superd \"$@\"\n"
}

# The sources are fit when the new one is asked, and are gone when it has taken over: the configuration before stays in
# effect.
test needs_no_table_at_the_last_moment {
	set part [other]; set whole "include(\"part.conf\")\n[web 0 talk]"
	write part.conf $part
	start $whole -program [place]
	set port [port web]; set other [port other]
	set client [served $port]
	pid $other
	replace_by_meddler "cd [path .]; : >part.conf; rm superd.conf"
	signal USR2; log "superd: upgraded from "
	greet $client
	pid $port; pid $other
	expect {[count "web: listening on "] == 1 && [count "other: listening on "] == 1}
	log "not reloaded: 1 error: the previous configuration stays in effect"
	write part.conf $part
	reload $whole
	log "reloaded: 2 unchanged, 0 changed, 0 added, 0 removed"
	greet $client; close $client
	stop
}

# Those that go on do so, and clients of what is gone are served to the end.
test takes_an_edited_table {
	run_web talk "" [other talk] -program [place]
	set port [port web]; set client [served other]; set process [pid $port]
	write superd.conf [web 0 talk "nice = 1"][table_of more [free_port] talk]
	upgrade
	log "reloaded: 0 unchanged, 1 changed, 1 added, 1 removed"
	expect {[pid $port] == $process}
	pid more
	greet $client; close $client
	stop
}

# The next superd goes by what the one before has found out.
test a_user_who_goes_costs_nobody_before_a_reload {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	private_file /etc/passwd "[read /etc/passwd]leaver:x:4242:4343::/:/bin/sh\n"
	start "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" accept = yes user = leaver }\n[other talk]" -program [place]
	set client [served other]
	replace_by_meddler "sed -i /^leaver/d /etc/passwd"
	signal USR2; log "superd: upgraded from "
	greet $client
	pid other
	is [ask web meow] meow
	signal HUP; log "web: user = leaver: "; log "not reloaded: 1 error: "
	is [ask web meow] meow
	close $client
}

test a_log_that_is_gone_puts_it_off_and_ends_nothing {
	set logs [path logs]; set away [path away]; set log [path logs/superd.log]; set port [free_port]
	file mkdir $logs
	superd -control -program [place] -arguments "--log file:$log" [web $port talk]
	wait {[reachable $port]}
	set client [served $port]
	file rename $logs $away
	signal USR2
	sees { read [path away/superd.log] } "cannot take over: cannot log to file:"
	file rename $away $logs
	replace_by_meddler "mv $logs $away"
	signal USR2
	log "No such file or directory: logging to stderr"; log "superd: upgraded from "
	greet $client
	pid $port
	has [control reopen] "\"error\":" "No such file or directory"
	log "No such file or directory; it stays where it is"
	file rename $away $logs
	signal HUP
	sees { read $log } "logging to file:$log again"
	sees { read $log } reloaded
	pid $port
	close $client
}

# ---- operators, load, process 1 ----

test what_an_operator_holds_or_has_disabled_stays_so {
	run_web talk "" [other][table_of many 0 stdio "accept = yes"] -control
	set port [port other]
	has [order "hold web"] "queue until it is released\n"
	has [order "disable other"] "closed until it is enabled\n"
	repeat 2 {
		upgrade
		has [prints list] held disabled
		wait {![reachable $port]}
	}
	has [prints why web other] " ago by an operator (uid $user): clients queue" \
		" ago by an operator (uid $user): superctl enable"
	signal HUP; log "reloaded: "
	expect {![reachable $port]}
	done "release web"; done "enable other"
	lacks [prints list] operator
}

test nobody_is_lost_under_load {
	run_web "-d 1 churn 0" "" [table_of many 0 stdio "accept = yes"]
	load web 8; load many 8
	repeat 20 { upgrade; loaded 20 }
	unload
}

test as_pid_1_too {
	needs {[has_namespaces]} "no namespaces here"
	superd -pid1 "service web { listen = \"127.0.0.1:0\" exec = \"$backend lines\" accept = yes }
		service other { listen = \"127.0.0.1:0\" exec = \"$backend orphans 20\" }\n"
	set client [served web]
	pid other
	repeat 5 { upgrade }
	greet $client; close $client
	wait {[processes] <= 1}
}
