# superctl diff: what a reload would change, which is what it then does, and nothing before.
suite diff

set port [free_port]
set other [free_port]
set same {service same { listen = "127.0.0.1:$port" exec = "$backend serve" }
}
set gone {service gone { listen = "127.0.0.1:0" exec = "$backend serve" }
}

proc run_superd {table} {
	superd -control $table
	wait {[reachable %/control]}
}

proc edit {table} { write superd.conf $table }

# superctl diff has this status; what it prints, or its errors.
proc diff {code} {
	lassign [superctl diff] status output errors
	expect {$status == $code} "$output$errors"
	return $output
}
proc diff_errors {} { lindex [superctl diff] 2 }

test tells_what_a_reload_does_and_does_nothing {
	run_superd "$same
		service same2 { listen = \"127.0.0.1:$other\" exec = \"\$backend serve\" env = { \"A=1\" } backlog = 6 }
		service moved { listen = \"%/moved\" exec = \"\$backend serve\" }
		$gone"
	is [diff 0] "4 unchanged\n"

	edit "$same
		service same2 { listen = \"127.0.0.1:$other\" exec = \"\$backend serve\" env = { \"A=2\" } nice = 5 backlog = 7 }
		service moved { listen = { \"%/moved\", \"%/moved2\" } exec = \"\$backend serve\" }
		service new { listen = \"%/new\" exec = \"\$backend serve\" }
	"
	set output [diff 1]
	has $output "same2: changed (env, nice: 0 -> 5, backlog: 6 -> 7)\n" "moved: changed (listen: [path moved] -> [path moved], [path moved2])\n" "new: added\n" "gone: removed\n" "1 unchanged\n"
	lacks $output same:
	lassign [superctl --json diff] status output
	expect {$status == 1}
	schema_holds diff $output
	expect {![logged reloaded] && ![logged requested]}
	expect {![exists %/new]}
	has [prints list gone] asleep

	has [prints reload] "same2: changed (" "moved: changed (listen: [path moved] -> [path moved], [path moved2])" "new: added\n" "gone: removed\n" "1 unchanged\n"
	diff 0
}

test tells_of_a_default_that_is_written_where_that_matters {
	proc table {private_mounts mode redirect_timeout} { return "
		service a { listen = \"%/a\" exec = \"/bin/cat\" private_network = yes $private_mounts }
		service b { listen = \"%/b\" exec = \"/bin/cat\" runtime_directory = b $mode }
		service c { listen = \"%/c\" redirect = \"%/b\" $redirect_timeout }" }
	run_superd [table "" "" ""]
	edit [table "private_mounts = no" "runtime_directory_mode = 0755" "redirect_timeout = 1min"]
	has [diff 1] "a: changed (private_mounts: \"\" -> no)\n" "b: changed (runtime_directory_mode: \"\" -> 0755)\n" \
		"c: changed (redirect_timeout: \"\" -> 1min)\n"
	edit [table {private_mounts = ""} {runtime_directory_mode = ""} {redirect_timeout = ""}]
	is [diff 0] "3 unchanged\n"
}

test tells_of_thousands_of_mistakes {
	run_superd $same
	edit [string repeat "nothing\n" 12000]
	foreach verb {diff reload} {
		lassign [superctl $verb] status output errors
		expect {$status == ($verb eq "diff" ? 2 : 1)}
		has $errors " 12000 errors"
	}
}

test two_at_once_are_both_answered {
	run_superd $same
	set sessions [list [session] [session]]
	while_stopped { foreach session $sessions { send $session diff } }
	foreach session $sessions {
		while {[set told [line $session]] ne "{\"done\":true}"} { lacks $told "\"error\":" }
	}
	close {*}$sessions
}

proc inetd {options} { return "service inetd { listen = \"%/inetd\" exec = \"/bin/cat\" accept = yes $options }" }

test tells_of_an_output_that_was_the_client {
	run_superd [inetd ""]
	edit [inetd "output = socket input = socket"]
	has [diff 0] "1 unchanged\n"
	edit [inetd "output = log"]
	has [diff 1] "inetd: changed (output: socket -> log)\n" "0 unchanged\n"
}

test tells_that_a_program_that_binds_may_gain_privileges {
	proc binds {options} {
		return "service binds { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" pass = bind $options }"
	}
	run_superd [binds ""]
	edit [binds "no_new_privileges = yes"]
	has [diff 0] "1 unchanged\n"
	edit [binds "no_new_privileges = no"]
	has [diff 1] "binds: changed (no_new_privileges: yes -> no)\n"
}

test tells_that_a_removed_service_is_disabled {
	run_superd "service slow { listen = \"%/slow\" exec = \"\$backend serve\" }\n$gone"
	edit {service slow { listen = "%/slow" exec = "$backend serve" disable = yes nice = 5 }}
	has [diff 1] "slow: removed (disable)\ngone: removed\n"
	schema_holds diff [prints --json diff]
	has [prints reload --json] {"options":["disable"]}
	has [diff 0] "0 unchanged\n"
}

set cat {exec = /bin/cat accept = yes}

# superd --check and diff look at the kernel's list: neither opens a port.
test and_check_name_the_process_that_has_a_port {
	set taken [listener $port]; set second [listener $other]; set own [free_port]
	set web "service web { listen = \"127.0.0.1:$own\" $cat }\n"
	run_superd $web
	edit "$web
service one { listen = \"127.0.0.1:$port\" $cat }
service two { listen = \"$other\" $cat }
service three { listen = \"127.0.0.2:$port\" $cat }
service dgram { listen = \"udp:127.0.0.1:$port\" exec = /bin/cat }
"
	set errors [diff_errors]
	has $errors "[table]:3:24: warning: one: superd cannot listen on tcp:127.0.0.1:$port now: pid $self (" \
		"[table]:4:24: warning: two: superd cannot listen on tcp:$other now: pid $self ("
	lacks $errors "web: superd cannot" "three: superd cannot" "dgram: superd cannot"
	lassign [answer --check -f [table]] status output errors
	expect {$status == 0} $errors
	has $errors "one: superd cannot listen on tcp:127.0.0.1:$port now: pid $self ("
	# An ordinary user cannot see what superd has.
	if {[root]} { lacks $errors "web: superd cannot" }
	close $taken $second
	lacks [diff_errors] "superd cannot"
}

# --check cannot know which superd has this table; the one that diff asks does.
test names_the_other_superd_that_has_a_port {
	needs {[root]} "only root sees who has a port"
	set own [free_port]
	file mkdir [path new]
	set program [path new/superd]
	copy_program $superd $program
	set one "service one { listen = \"127.0.0.1:$port\" $cat }\n"
	set web "service web { listen = \"127.0.0.1:$own\" $cat }\n"
	superd $one
	log "one: listening on "
	set pid [superd_pid]
	superd -guard -control -program $program $web
	wait {[reachable %/control]}
	write [file tail [table]] $web$one
	set errors [diff_errors]
	# Behind its name superd says if the process is stopped, as by a condition of check-steady.
	has $errors "warning: one: superd cannot listen on tcp:127.0.0.1:$port now: pid $pid (superd-guard"
	lacks $errors "web: superd cannot"
	lassign [run $program --check -f [table]] status output errors
	expect {$status == 0} $errors
	lacks $errors "superd cannot"
}

test and_check_say_that_systemd_may_pass_a_socket {
	set taken [listener $port]
	set name [string trim [read /proc/self/comm]]
	write table "service one { listen = \"127.0.0.1:$port\" $cat }\n"
	proc call_oneself {name} { set comm [open /proc/self/comm w]; puts -nonewline $comm $name; chan close $comm }
	call_oneself systemd
	set errors [lindex [answer --check -f %/table] 2]
	call_oneself $name
	has $errors "now: pid $self (systemd) has it" "unless it passes superd the socket"
	close $taken
}

# A reload does not change what the command line sets, nor what only a start does.
test of_the_block_superd_is_what_a_reload_changes {
	superd -control -arguments {--log-format text} "superd { max_starting = 3 }\n$gone"
	wait {[reachable %/control]}
	edit "superd {
 log_level = \"debug\"
 log_format = \"json\"
 stop_timeout = 7s
 pid_file = \"%/other.pid\"
}
$gone"
	lassign [superctl diff] status output errors
	expect {$status == 1}
	has $output "block superd: changed (max_starting: 3 -> \"\", stop_timeout: 8s -> 7s)\n" "1 unchanged\n"
	lacks $output log_ pid_file
	has $errors "pid_file: the change takes effect at the next start"
	schema_holds diff [prints --json diff]
	expect {[lindex [superctl reload] 0] == 0}
	diff 0
}

test of_a_wrong_table_prints_its_errors {
	run_superd $same
	edit "service same { listen = \"127.0.0.1:0\"\n exce = \"/bin/cat\" }\n"
	is [diff 2] ""
	has [diff_errors] "[table]:2:" "error: " "cannot compare: "
	edit ""
	is [diff 1] "same: removed\n0 unchanged\n"
	pid $port
	remove [table]
	diff 2
	expect {[lindex [superctl -at /none/there diff] 0] == 4}
}

# A service that an instance keeps after its removal counts as added when it is back, as in a reload.
test of_a_service_that_leaves_is_that_of_a_reload {
	superd -control $same$gone
	log "same: listening on "
	set client [connect $port]; send $client hello
	wait {[processes] > 0}
	reload $gone
	diff 0
	edit $same$gone
	has [diff 1] "same: added\n1 unchanged\n"
	has [prints reload] "same: added"
	close $client
}
