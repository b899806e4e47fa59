# The command line: what is skipped, the table beside a main command, superd as a daemon, and its process's name.
suite cli

uses ending

proc web {{program serve} {port 0}} {
	return "service web { listen = \"127.0.0.1:$port\" exec = \"$::backend $program\" }\n"
}

test keep_going_leaves_only_the_broken_out {
	superd -arguments --keep-going "service broken { listen = \"tcp:nonsense:port\" exec = \"/bin/cat\" }\n[web]"
	pid web
	has [read [logfile]] broken
}

test a_failed_start_is_told_with_the_line_of_its_option {
	superd -arguments --no-preflight {service folder {
 listen = "127.0.0.1:0"
 exec = "$backend serve"
 backoff_min = 1h backoff_max = 1h
 working_directory = "/nonex/d"
}
service out {
 listen = "127.0.0.1:0"
 exec = "$backend serve"
 backoff_min = 1h backoff_max = 1h
 output = "file:/nonex/x"
}
service env {
 listen = "127.0.0.1:0"
 exec = "$backend serve"
 backoff_min = 1h backoff_max = 1h
 environment_file = "/nonex/e"
}
}
	foreach service {folder out env} { lappend clients [connect $service] }
	foreach {said line} {"changing directory: /nonex/d" 5 "output: /nonex/x" 11 "environment_file: /nonex/e" 17} {
		wait {[logged "$said: No such file or directory ([table]:$line); next start in "]}
	}
	close {*}$clients
}

test int_stops_like_term_and_quit_lets_instances_run_on {
	superd {service web { listen = "127.0.0.1:0" accept = yes exec = "$backend lines" }}
	set client [connect web]; send $client hello
	set pid [lindex [line $client] 0]
	signal QUIT
	expect {[exit_status] == 0}
	greet $client "still there"
	close $client
	reap $pid

	superd [web]
	pid web
	signal INT
	expect {[exit_status] == 0}
}

# ---- superd -f TABLE -- COMMAND: ends with the command's status, and the services with it ----

proc status_of {args} {
	superd -arguments [list -- {*}$args] {service web { listen = "127.0.0.1:0" start = boot exec = "$backend serve" }}
	exit_status
}

test a_main_commands_status_is_superds {
	set data [write data "no program\n"]
	is [status_of /bin/true] 0
	foreach {script status} {{exit 7} 7 {kill -9 $$} 137 {kill -TERM $$} 143} { is [status_of /bin/sh -c $script] $status }
	is [status_of /no/such/program] 127
	is [status_of $data] 126
}

test a_main_command_keeps_superds_streams_and_environment {
	superd -environment OWN=kept -in [write in "a line\n"] -out %/out \
		-arguments {-- /bin/sh -c {read -r line; echo "got $line and $OWN"}} [web]
	expect {[exit_status] == 0}
	is [read %/out] "got a line and kept\n"
}

test services_run_beside_a_main_command_and_term_reaches_it {
	superd -arguments {-- /bin/sh -c {trap 'exit 5' TERM; while :; do sleep 0.05; done}} [web]
	pid web
	signal TERM
	expect {[exit_status] == 5}
}

# ---- a daemon ----

# Starts one with a table, and gives its pid; what the command that started it wrote is $errors.
proc daemon {table args} {
	set ::errors [lindex [ends 0 -f [write daemon.conf $table] --daemon --pid-file %/superd.pid {*}$args] 1]
	# Once the command has come back the sockets are there.
	set pid [string trim [read %/superd.pid]]
	expect {$pid > 1 && [lives $pid]}
	return $pid
}
proc end_daemon {pid} {
	kill $pid TERM
	wait {![lives $pid]}
}

set log {--log file:%/daemon.log}
set idle "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" }\n"

test a_daemon_leaves_its_pid_and_takes_it_away {
	set port [free_port]
	set pid [daemon [web "take 1" $port] {*}$log]
	expect {[session_of $pid] != [session_of $self]} "the daemon is still in this session"
	pid $port
	end_daemon $pid
	expect {![exists %/superd.pid]} "the pid file was left"
	expect {[exists %/daemon.log]}
}

# A lock that a script holds by it would never be free again. The table itself may come by one.
test a_daemon_keeps_no_descriptor_of_who_started_it {
	set table [write daemon.conf $idle]; set lock [write lock ""]
	lassign [run /bin/bash -c "exec 9<$lock 11<$table; exec $superd -f superd:/dev/fd/11 --daemon\
		--pid-file %/superd.pid --log file:%/daemon.log"] status output errors
	expect {$status == 0} $errors
	set pid [string trim [read %/superd.pid]]
	lacks [lindex [run /bin/ls -l /proc/$pid/fd] 1] $lock $table
	end_daemon $pid
}

# A daemon that holds the standard error of ssh keeps that waiting.
test a_daemon_without_a_log_says_where_that_stays {
	set pid [daemon $idle]
	has $errors "the log stays at this shell's standard error: --log takes it to syslog or file:PATH\n"
	end_daemon $pid
}

test a_second_superd_leaves_the_pid_file_of_the_first {
	set port [free_port]; set table [web "take 1" $port]
	write superd.pid "1\n"                  ;# left over: init lives, but has no lock on it
	set pid [daemon $table {*}$log]
	has [lindex [ends 2 -f %/daemon.conf --daemon --pid-file %/superd.pid {*}$log] 1] \
		"superd is running with it already, pid $pid"
	ends 2 -f %/daemon.conf --pid-file %/superd.pid
	is [read %/superd.pid] $pid\n
	pid $port
	end_daemon $pid
	expect {![exists %/superd.pid]} "the pid file was left"
}

test a_pid_file_that_cannot_be_written_keeps_superd_from_starting {
	set pid_file [path none/superd.pid]
	write daemon.conf $idle
	has [lindex [ends 2 -f %/daemon.conf --daemon --pid-file $pid_file] 1] "pid file $pid_file: No such file or directory"
	ends 2 -f %/daemon.conf --pid-file $pid_file
}

test a_daemon_that_cannot_start_says_so_before_it_leaves {
	has [errors_of -f [write bad.conf "service web { }\n"] --daemon] error
}

# Nobody reads stderr at a boot.
test what_keeps_superd_from_starting_is_in_the_log_as_well {
	write bad.conf "service web {\n listen = \"127.0.0.1:0\"\n exce = \"/bin/cat\"\n}\n"
	set said ":3:2: error: unknown option 'exce'"
	has [errors_of --daemon {*}$log -f %/bad.conf] $said
	has [read %/daemon.log] $said
	write good.conf "# nothing\n"
	has [lindex [ends 2 --daemon {*}$log -f %/good.conf --pid-file %/none/superd.pid] 1] none/superd.pid
	has [read %/daemon.log] none/superd.pid
}

test a_port_taken_at_the_start_is_told_on_stderr_and_in_the_log {
	set port [free_port]; set taken [listener $port]
	set pid [daemon [filled {service web { listen = "127.0.0.1:$port" accept = yes exec = "$backend lines" }}] {*}$log]
	is_there 1 $errors "web: cannot listen on "
	has [read %/daemon.log] "web: cannot listen on "
	close $taken
	end_daemon $pid
}

# ---- the name of its process, as update-inetd(8) looks for an inetd: by the pid file, and by the name that the kernel knows ----

proc name_of {pid} { read /proc/$pid/comm }

test has_the_process_name_it_is_told {
	superd -arguments {--process-name inetd} [web "take 1"]
	port web
	is [name_of [superd_pid]] inetd\n
}

# Whoever searches for the name finds the process of the pid file alone.
test gives_the_process_name_to_the_guard_alone {
	superd -arguments {--guard --process-name inetd} [web "take 1"]
	port web
	repeat 2 {
		is [name_of [superd_pid]] inetd\n
		is [name_of [below_guard]] superd\n
		upgrade
	}
}

test refuses_a_process_name_that_does_not_fit {
	has [errors_of --check --process-name sixteen-letters-] "--process-name: 'sixteen-letters-': it has 1 to 15 bytes"
}
