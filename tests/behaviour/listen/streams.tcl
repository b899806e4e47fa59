# Standard streams from all the places they can come from and go to.
suite streams
uses unit_files

proc start {lines args} {
	superd {*}$args [filled {service a { type = oneshot listen = "%/a.sock" $lines }}]
	node %/a.sock
}

# A service that takes its client from the queue after this line of a shell.
proc shell {line} { filled {exec = { "/bin/sh", "-c", "$line; exec $backend take 1" }} }
proc wake {} { ask %/a.sock x }
proc file_is {name text} { wait {[read [path $name]] eq $text} }

# systemd.exec(5): the input is each process's that the unit starts.
test a_file_that_is_input_is_read_by_each_command_from_its_start {
	write in "hello\n"
	foreach {when name} {Pre pre "" first "" second Post post} {
		append commands "ExecStart$when=/bin/sh -c 'cat >%/$name'\n"
	}
	write a.service "\[Service]\nType=oneshot\nStandardInput=file:%/in\n$commands"
	units a.service
	foreach name {pre first second post} { file_is $name "hello\n" }
	stop
}

test a_file_that_is_truncated_holds_the_last_start_alone {
	write out "something old and long\n"
	start "output = \"truncate:%/out\" error = log [shell {echo new}]"
	wake
	file_is out "new\n"
	wake
	file_is out "new\n"
	stop
}

# One position: what is written stands behind what was read.
test a_path_that_is_input_and_output_is_one_open_file {
	write both "first\nsecond\n"
	start "input = \"file:%/both\" output = \"file:%/both\" error = log [shell {read line; echo 2: $line}]"
	wake
	file_is both "first\n2: first\n"
	stop
}

test output_and_error_of_one_path_do_not_overwrite_each_other {
	start "output = \"truncate:%/out\" error = \"truncate:%/out\" [shell {echo one; echo two >&2; echo three}]"
	wake
	file_is out "one\ntwo\nthree\n"
	stop
}

test a_path_that_is_a_unix_socket_is_connected_to {
	set listener [listener %/log.sock]
	start "output = \"file:%/log.sock\" error = log [shell {echo over}]"
	wake
	set client [accept $listener]
	is [line $client] over
	close $client $listener
	stop
}

test a_stream_may_be_a_socket_by_its_name {
	superd {service a { input = fd:second error = log socket first { listen = "%/a.sock" }
		socket second { listen = "unix-dgram:%/b.sock" } exec = { "$tests/report", "%/report" } }}
	node %/b.sock
	node %/a.sock
	wake
	fields [reported %/report] fd.0.address [path b.sock] fd.4.address [path b.sock]
	stop
}

# A connection as input alone.
test the_output_of_an_inetd_service_may_go_elsewhere {
	pair a "Accept=yes\nListenStream=%/a.sock" "StandardInput=socket\nStandardOutput=append:%/out\nExecStart=/bin/cat"
	units a.socket
	node %/a.sock
	set client [connect %/a.sock]; send $client "for the file"
	shut $client
	is [rest $client] ""
	close $client
	file_is out "for the file\n"
	stop
}

# The pipe in between has the service's name in the log, and goes on with that of the new table.
test superds_own_stream_goes_on_over_a_reload {
	set table {service web { listen = "127.0.0.1:$port" exec = "$backend serve" error = inherit nice = $nice }}
	set port [free_port]; set nice 1
	superd $table
	log "web: listening on "
	pid $port
	foreach nice {2 3 4} { reload $table }
	pid $port
}

test a_line_may_say_its_level_and_the_service_another_name {
	superd -arguments {--log-format json --log-level info} "service a { listen = \"%/a.sock\" syslog_identifier = shown
		syslog_level = debug syslog_level_prefix = yes
		[shell {echo '<3>bad'; echo '<13>as syslog has it'; echo '<x>none'; echo plain; echo '<5>'}] }"
	node %/a.sock
	wake
	wait {[logged plain]}
	has [read [logfile]] {"level":"error","service":"shown"} {"message":"bad"} {"message":"as syslog has it"} \
		{"message":"<x>none"}
}

test a_service_of_superd_conf_prints_what_it_likes {
	start [shell {echo '<3>bad'}]
	wake
	log "]: <3>bad"
}
