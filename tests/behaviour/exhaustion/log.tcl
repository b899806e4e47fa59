# What superd and its backends say, and where it goes: lines under the service's name to the log, to syslog, to files; as text and as
# JSON; the state at SIGUSR1. And the one thing it must never do: wait for whoever reads the log.
suite log

set row {service web { listen = "127.0.0.1:$port" exec = "$program" $more }
}
set port 0
set more ""

proc web {does {options ""} {how ""}} {
	global program more
	set program [expr {[string match /* $does] ? $does : "$::backend $does"}]; set more $options
	superd {*}$how $::row
}

# Lines that Python, which has superd's log, finds as they should be.
proc python_agrees {check} {
	write check.py "import json, sys\n$check"
	lassign [run /usr/bin/python3 %/check.py [logfile]] status output errors
	expect {$status == 0} $errors
}

# The port that a log of JSON has.
proc port_in_json {} {
	wait {[regexp {listening on tcp:127.0.0.1:(\d+)[^\n]*\n} [read [logfile]] all port]}
	return $port
}

# The next of the lines that syslog gets which has this part.
proc syslog {receiver part} { while {[string first $part [set line [packet $receiver]]] < 0} {}; return $line }

test what_a_backend_prints_is_logged_under_its_name {
	web "print 4"
	pid web
	log "]: line 1 of 4"
	log "]: line 2 of 4"; # on standard error, a pipe of its own
	log "]: line 3 of 4"
}

test its_first_and_last_lines_tell_one_start_from_the_next {
	regexp {superd (\S+)} [lindex [answer --version] 1] all version
	web serve
	log "superd: version $version"
	log ": [table], 1 service\n"
	log "web: listening on"
	stop
	log "superd: ended with status 0\n"
}

test the_last_words_of_a_backend_are_not_lost {
	web "/bin/sh -c 'printf unfinished; exit 3'"
	close [connect web]
	log "]: unfinished\n"
}

test an_instances_errors_stay_off_the_wire {
	web "/bin/sh -c 'echo for the client; echo for the log >&2'" "accept = yes"
	is [told web] "for the client\n"
	log "web\[-]: for the log"
}

test errors_go_on_the_wire_where_asked_for {
	web "/bin/sh -c 'echo out; echo err >&2'" "accept = yes error = socket"
	is [told web] "out\nerr\n"
}

test output_goes_to_files {
	write fresh "old\n"; write appended "old\n"
	web "print 2" {output = "file:%/fresh" error = "append:%/appended"}
	pid web
	stop
	has [read %/fresh] "line 1 of 2\n"
	is [read %/appended] "old\nline 2 of 2\n"
	expect {![logged "line 1 of 2"]}
}

test null_is_silence {
	web "print 2" "output = null error = null"
	pid web
	stop
	expect {![logged "line 1 of 2"] && ![logged "line 2 of 2"]}
}

test superds_own_lines_go_to_syslog {
	needs {[has_namespaces]} "no namespaces here"
	set receiver [dev_log]
	web "take 1" "" "-own_dev -arguments {--log syslog:local3}"
	# local3 is 19, info is 6.
	has [syslog $receiver "web: listening on "] <158> superd\[
	close $receiver
}

test a_syslog_that_nobody_reads_blocks_nobody {
	needs {[has_namespaces]} "no namespaces here"
	set receiver [dev_log]; set port [free_port]
	web "print 2000" "" "-clock -own_dev -arguments {--log syslog}"
	syslog $receiver "web: listening on "
	repeat 2 { ask $port hello }
	clock_stop 1s; # which is how long it waits for its reader at its end
	close $receiver
}

test the_log_goes_to_a_file_and_follows_its_rotation {
	set port [free_port]
	web "take 1" "" "-arguments {--log file:%/own.log}"
	sees {read %/own.log} "web: listening on "
	file rename [path own.log] [path own.log.1]
	signal HUP
	wait {[exists %/own.log]}
	pid $port
	stop
	has [read %/own.log] "web: started, pid "
}

test json_is_one_object_a_line_with_stable_names {
	append row {service local { listen = "%/local" accept = yes exec = "/bin/cat" }}
	web "print 1" "user = \"$user\"" "-arguments {--log-format json}"
	ask [port_in_json] hello
	node %/local
	is [ask %/local meow] meow
	stop
	python_agrees {lines = [json.loads(line) for line in open(sys.argv[1])]
assert all('time' in l and 'level' in l and 'event' in l and 'message' in l for l in lines), lines
assert any(l['event'] == 'message' and l['message'].startswith('stopping: signal TERM from pid ') for l in lines), lines
web = [l for l in lines if l.get('service') == 'web']
events = {l.get('event') for l in web}
assert {'listening', 'started', 'output'} <= events, events
assert any(isinstance(l.get('pid'), int) for l in web)
started = [l['pid'] for l in web if l['event'] == 'started']
printed = [l for l in web if l['event'] == 'output']
assert any(l['message'] == 'line 1 of 1' and l['pid'] in started for l in printed), printed
assert not any(l.get('peer') == '' for l in lines), lines
assert any(l.get('service') == 'local' and l['event'] == 'started' for l in lines), lines
}
}

test usr1_tells_the_state {
	append row {service idle { listen = "127.0.0.1:0" exec = "$backend serve" }}
	web serve
	set pid [pid web]
	log "idle: listening on "
	signal USR1
	log "web: \{\"service\":\"web\",\"state\":\"running\""
	wait {[logged "\"pid\":$pid"]}
	log "idle: \{\"service\":\"idle\",\"state\":\"listening\""
}

# A pipe takes 4000 bytes of a line, also where the row is a string in JSON.
test usr1_tells_of_many_clients_and_sockets_in_a_short_line {
	set folder [path .]
	for {set n 0} {$n < 20} {incr n} {
		lappend paths [path [string repeat \" 16]$n]
		lappend sockets "\"$folder/[string repeat {\"} 16]$n\""
	}
	append row "service many { listen = { [join $sockets ", "] } exec = \"/bin/cat\" user = \"\$user\" }"
	web /bin/cat "accept = yes" "-arguments {--log-format json}"
	set port [port_in_json]
	repeat 30 { lappend clients [set client [connect $port]]; send $client hello; line $client }
	signal USR1
	log {\"services\":2}
	close {*}$clients
	stop
	foreach path $paths { remove $path }
	python_agrees {lines = [line for line in open(sys.argv[1]) if json.loads(line)['event'] == 'state']
assert max(map(len, lines)) < 4000, lines
rows = [json.loads(json.loads(line)['message']) for line in lines]
web, many = [[r for r in rows if r.get('service') == name][0] for name in ('web', 'many')]
assert web['accepted'] == 30 and web['instances'] == 30, web
assert many['instances'] == 0 and 'listeners' not in many, many
}
}

test an_end_is_told_with_its_status_or_signal {
	superd {service three { listen = "127.0.0.1:0" exec = "$backend exit 3" }
		service nine { listen = "127.0.0.1:0" exec = "$backend crash 9" }}
	close [connect three]
	wait {[logged "ended: exit status 3"]}
	close [connect nine]
	wait {[logged "ended: signal KILL"]}
}

test what_a_backend_prints_cannot_forge_lines {
	write script "printf '\\033\[31mred\\rsuperd: forged\\n'\n"
	web "/bin/sh %/script"
	close [connect web]
	log "superd: forged"
	expect {![logged \033]} "an escape sequence came through"
	expect {![logged "\rsuperd: forged"]} "a carriage return came through"
}

# superd's log is a pipe: its end to read, whose number is that of its channel.
proc web_with_pipe {does {how ""}} {
	set ::port [free_port]
	lassign [chan pipe] reading writing
	web $does "" "$how -err [string range $writing 4 end]"
	chan close $writing
	return $reading
}

test a_stuck_reader_of_the_log_blocks_nobody {
	set reading [web_with_pipe "print 5000" "-clock -arguments {--log-level debug}"]
	wait {[reachable $port]}
	# Each run prints far more than the pipe holds, and nobody reads it.
	repeat 3 { pid $port }
	clock_stop 1s
	chan close $reading
}

test a_closed_log_ends_nobody {
	chan close [web_with_pipe "print 10"]
	wait {[reachable $port]}
	repeat 2 { pid $port }
	stop
}
