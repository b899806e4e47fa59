# Names that nobody answers for: superd says what it waits for, serves on, and goes on when there is an answer. What does not answer
# never would, so whatever comes meanwhile has not waited for it. Files that do not answer are in test_exhaustion_hang.c.
suite exhaustion_hang

set reload_waits "the reload waits for NSS: the user"

# A table, and superd with it; the test moves its clock.
proc write_table {rows} {
	file mkdir [path table]
	write table/superd.conf $rows
}
proc run_from {args} { superd -clock -tableless -control -arguments {-f %/table/superd.conf} {*}$args "" }
proc run_and_wait {args} { run_from {*}$args; wait {[reachable %/control]} }

proc row {port options} {
	filled {service each { listen = "127.0.0.1:$port" accept = yes exec = "$backend stdio" $options }
}
}

# superd does not rest while it waits for what does not answer. It has said this so often.
proc moves_until {text {times 1}} { wait {[move 1s; expr {[count $text] >= $times}]} }
proc ends_by {signal status} {
	signal $signal
	wait {[move 1s; ended]}
	expect {[exit_status] == $status}
}

proc is_served {port} { pid $port; expect {[lindex [superctl list] 0] == 0} }

# superd is killed while nobody answers for the names of its table, which it has found out before.
proc goes_on_after_a_kill {port} {
	kill [below_guard]
	log "its guard restarted it"
	wait {[reachable %/control]}
	is_served $port
	expect {![logged "has not answered for"]}
}

test a_start_names_the_host_that_nobody_answers_for_and_can_be_ended {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	foreach {signal status} {INT 130 TERM 143} {
		set resolver [silent_resolver]; set port [free_port]
		write_table {service each { listen = "host.example:$port" accept = yes user = "root" exec = "$backend stdio" }}
		run_from
		moves_until "not started yet: the address of the host host.example has not answered for "
		ends_by $signal $status
		close $resolver
	}
}

test a_start_anew_goes_on_by_the_address_that_a_host_had {
	set port [free_port]
	needs {[private]} "needs root, a network namespace and mounts of its own"
	private_file /etc/hosts "127.0.0.1 host.example\n"
	write_table {service each { listen = "host.example:$port" accept = yes user = "root" exec = "$backend stdio"
		only_from = { "127.0.0.1", "some-network" } }}
	run_and_wait -guard
	is_served $port
	silent_resolver
	private_file /etc/hosts "127.0.0.1 localhost\n"
	private_file /etc/nsswitch.conf "hosts: files dns\nnetworks: files dns\n"
	repeat 2 { goes_on_after_a_kill $port }
}

# A module of NSS that is asked before the files, and answers nothing while this file exists (silent_nss.c).
set module {LD_LIBRARY_PATH=$tests SILENT_NSS=%/silence}
proc needs_module {} {
	needs {[has_glibc]} "only glibc has modules of NSS"
	needs {[private] && [has_users]} "needs root, mounts of its own, and a build for all users"
	private_file /etc/nsswitch.conf "passwd: silent files\ngroup: silent files\n"
}
proc be_silent {} { write silence "" }
proc answer_again {} { remove %/silence }

test a_start_names_the_user_that_nss_does_not_answer_for_and_can_be_ended {
	set told "not started yet: NSS: the user nobody has not answered for "
	needs_module
	write_table [row [free_port] {user = "nobody"}]
	be_silent
	run_from -environment $module
	moves_until $told
	ends_by TERM 143
	run_from -environment $module
	moves_until $told
	answer_again
	log "each: listening on "
}

# What names nobody answers for stops nothing that runs: superd serves by what it has found out.
test a_reload_that_nss_does_not_answer_for_stops_nothing {
	set port [free_port]; set other [free_port]
	needs_module
	write_table [row $port {user = "nobody"}]
	run_and_wait -environment $module
	be_silent
	is_served $port; # its first start
	write_table [row $other {user = "nobody"}]
	lassign [superctl --timeout 2s reload] status output errors
	expect {$status != 0}
	has $errors "not reloaded in time: NSS: the user nobody does not answer"
	moves_until "$reload_waits nobody, which has not answered for "
	repeat 3 { is_served $port }
	answer_again
	wait {[count "each: listening on "] == 2}
	is_served $other
	be_silent
	signal HUP
	moves_until "the reload waits for " 2
}

test a_start_anew_asks_nss_for_no_name_that_it_had {
	set port [free_port]; set other [free_port]
	needs_module
	write_table [row $port {user = "nobody" supplementary_groups = "mail"}][filled {
		service own { listen = "127.0.0.1:0" exec = "$backend serve" dynamic_user = yes }
	}]
	run_and_wait -guard -environment $module
	is_served $port
	be_silent
	repeat 2 { goes_on_after_a_kill $port }
	# An edit that nobody has asked superd to read, with a name that it has not had.
	write_table [row $other {user = "daemon"}]
	goes_on_after_a_kill $port
	# A reload asks for each.
	signal HUP
	moves_until "$reload_waits daemon, which has not answered for "
	answer_again
	wait {[reachable $other]}
	is_served $other
}

test a_start_anew_asks_nss_for_nobody_who_was_left_out {
	set port [free_port]
	needs_module
	write_table [row $port {user = "nobody"}][filled {
		service lacking { listen = "127.0.0.1:0" exec = "$backend serve" user = "nosuchuser" }
	}]
	run_and_wait -guard -arguments --keep-going -environment $module
	is_served $port
	expect {[logged "there is no such user here"]}
	be_silent
	goes_on_after_a_kill $port
	has [why lacking] "there is no such user here"
	answer_again
}
