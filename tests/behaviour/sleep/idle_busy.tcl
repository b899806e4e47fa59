# Backends that work on when their last client has gone: nobody is connected, and superd neither stops nor freezes them as long
# as a command says that they are busy (idle_unless).
suite idle_busy

proc web {program command {more ""}} {
	superd -clock -control {service web { listen = "127.0.0.1:0" exec = "$backend $program" idle_timeout = 5min timeout_stop = 1h
		idle_unless = "$command"
		$more }}
}

# Several times the five minutes; a command has some of the steps.
proc stays_awake {} {
	repeat 20 { advance 1min; expect {![logged "web: stopping pid "]} }
}

proc is_stopped {} {
	until 1min {[logged "web: stopping pid "]}
}

test a_command_keeps_awake_as_long_as_it_says_so {
	write busy ""
	web serve {/bin/sh -c 'echo $MAINPID >>%/asked; test -e %/busy'}
	set who [pid web]
	until 1min {[logged "keeps running without clients: idle_unless reports it"]}
	until 1min {[lines %/asked] >= 3}
	expect {![logged "web: stopping pid "] && [lindex [read %/asked] 0] == $who}
	has [control "status web"] {"standing":"busy"}
	has [why web] "not idle: idle_unless reports it"
	expect {[pid web] == $who}
	remove %/busy
	is_stopped
	expect {[count "keeps running without clients"] == 1} "it is said once in a row"
}

test a_command_has_the_private_tmp_of_its_program {
	needs {[root] && [has_namespaces]} "needs root and namespaces"
	web serve "/usr/bin/test -e /tmp/mark" {private_tmp = yes exec_start_pre = "/usr/bin/touch /tmp/mark"}
	pid web
	until 1min {[logged "idle_unless reports it"]}
	expect {![logged "web: stopping pid "]}
}

test a_command_is_asked_before_a_freeze_too {
	write busy ""
	web serve "/usr/bin/test -e %/busy" "idle_action = freeze"
	pid web
	until 1min {[logged "idle_unless reports it"]}
	repeat 20 { advance 1min; expect {[value [control "list web"] state] eq "running"} }
	remove %/busy
	until 1min {[value [control "list web"] state] eq "frozen"}
}

proc is_no_answer {command why {more ""}} {
	web serve $command $more
	pid web
	until 1min {[logged $why]}
	stays_awake
	counts "keeps running without clients: " 1
}

test what_is_no_answer_counts_as_busy_and_is_said_once { is_no_answer "/bin/sh -c 'exit 127'" ": exit status 127" }
test a_command_that_hangs_is_no_answer { is_no_answer "/bin/sleep 1000" ": it was not done in time" "timeout_start = 1min" }
test a_program_that_is_none_is_no_answer { is_no_answer [write script "no program"] "without clients: idle_unless" }

test a_client_who_comes_while_it_is_asked_is_served {
	web talk "/bin/sh -c ': >%/asked; until test -e %/gate; do sleep .02; done; : >%/done; exit 1'"
	close [served web]
	until 1min {[exists %/asked]}
	set client [served web]
	write gate ""
	wait {[exists %/done]}
	stays_awake
	expect {![logged "keeps running without clients"]}
	close $client
	is_stopped
}

test a_stop_does_not_wait_for_the_command {
	web serve "/bin/sh -c ': >%/asked; exec sleep 1000'"
	pid web
	until 1min {[exists %/asked]}
	has [order "stop web"] stopped
	wait {[processes] == 0}
}

test an_upgrade_ends_the_command {
	web serve {/bin/sh -c 'echo $$ >%/pid; exec sleep 1000'}
	pid web
	until 1min {[lines %/pid] > 0}
	set command [string trim [read %/pid]]
	expect {[lives $command]}
	upgrade
	wait {![lives $command]}
}

test an_upgrade_asks_again {
	write busy ""
	web serve "/bin/sh -c 'echo >>%/asked; test -e %/busy'"
	pid web
	until 1min {[lines %/asked] >= 1}
	set before [lines %/asked]
	upgrade
	until 1min {[lines %/asked] > $before}
	log "idle_unless reports it"
	expect {![logged "web: stopping pid "]}
	remove %/busy
	is_stopped
}

# It is being frozen as it is restarted beside another one, which cannot start: so it has to serve on.
test an_instance_that_gets_no_successor_goes_on {
	superd -clock -control {service web { listen = "127.0.0.1:0" exec = "$backend talk" on_change = overlap idle_timeout = 5min
		exec_start_pre = "/bin/sh -c 'test ! -e %/full'" backoff_min = 10min backoff_max = 10min }}
	set first [pid web]
	hold_clock
	advance 6min
	expect {![logged "web: stopping pid "]}
	write full ""
	superctl restart --no-wait web
	log "next start in"
	expect {[pid web] == $first}
}

# It is being frozen as the order comes. The command is started in its control group, where nothing gets to its exec then.
test a_program_that_is_about_to_sleep_can_be_told_to_read {
	superd -clock -control {service web { listen = "127.0.0.1:0" exec = "$backend talk" idle_timeout = 5min
		exec_reload = "/bin/sh -c 'echo >>%/reload'" }}
	set first [pid web]
	hold_clock
	advance 6min
	expect {![logged "web: stopping pid "]}
	superctl reload web
	expect {[exists %/reload]}
	expect {[pid web] == $first}
}
