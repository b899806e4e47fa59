# Processes that go on by the row of before a reload: whoever asks hears of it, and what ends it.
suite outdated
uses reloads

set restart "superctl restart web"
set one "1 instance runs on by the old configuration: $restart"

# The service web at $port from then on, and the pid of its program in $old.
proc run_web {options} {
	global port old
	set port [free_port]
	start_controlled [web $port talk $options]
	set old [pid $port]
}

proc is_current {} {
	lacks [prints list] outdated
	lacks [prints why web] "previous configuration"
	is [value [control "list web"] outdated] 0
}

test who_runs_by_the_old_entry_is_told_of_wherever_anybody_looks {
	run_web "env = {\"A=1\"}"
	has [reread [web $port talk "env = {\"A=2\"} nice = 1"]] "web: changed (env, nice: 0 -> 1): $one"
	log "web: changed: env, nice: 0 -> 1; $one"
	shows list web "awake, outdated"
	shows status web "1 instance runs with the previous configuration: $restart"
	shows why web "1 instance runs with the previous configuration: $restart\n"
	shows metrics web "superd_service_outdated{service=\"web\"} 1"
	schema_holds status [prints --json status web]
	expect {[lindex [superctl restart web] 0] == 0}
	expect {[pid $port] != $old}
	is_current
}

test one_that_a_reload_replaces_is_no_matter_for_an_order {
	run_web "on_change = restart"
	reread [web $port talk "on_change = restart nice = 1"]
	log "its configuration has changed"
	expect {![logged $restart] && [pid $port] != $old}
	is_current
}

test an_entry_that_is_as_it_was_ends_it {
	run_web "env = {\"A=1\"}"
	foreach options {"env = {\"A=2\"}" "env = {\"A=1\"} nice = 1"} {
		reread [web $port talk $options]
		shows list web "awake, outdated"
	}
	reread [web $port talk "env = {\"A=1\"} timeout_stop = 5s"]      ;# which counts for who runs, too
	is_current
	expect {[pid $port] == $old}
	stop
}

test what_takes_effect_at_once_holds_for_who_runs {
	run_web "kill_signal = SIGWINCH timeout_stop = 1h"
	reread [web $port talk "kill_signal = TERM timeout_stop = 1h"]
	is_current
	expect {[lindex [superctl stop web] 0] == 0}
	log "web: pid $old ended: signal TERM"
}

# The program has its signal at once, and the next one the new socket.
test who_has_a_socket_that_the_entry_has_no_more_is_stopped {
	run_web "on_remove = finish"
	set client [served $port]
	set after [free_port]
	reread [web $after talk "on_remove = finish"]
	log "web: stopping pid $old: its sockets have changed"
	end_of $client; close $client
	wait {![reachable $port]}
	pid $after
	is_current
	stop
}

test an_instance_for_each_client_is_counted {
	set port [free_port]
	start_controlled [web $port lines "accept = yes env = {\"A=1\"}"]
	repeat 3 { lappend clients [served $port] }
	has [reread [web $port lines "accept = yes env = {\"A=2\"}"]] \
		"web: changed (env): 3 instances run on by the old configuration: $restart\n"
	shows list web "awake, outdated"
	shows status web "3 instances run with the previous configuration"
	shows metrics web "superd_service_outdated{service=\"web\"} 3"
	close {*}$clients
	wait {[value [control "list web"] outdated] eq "0"}
	stop
}

test the_log_names_what_a_reload_adds_and_removes {
	set port [free_port]
	start_controlled [web $port talk]
	reread [web $port talk][table_of more [free_port] talk]
	log "more: added"
	reread [web $port talk]
	log "more: removed"
	expect {![logged "web: changed"]}
}
