# What services print outlives superd: superd-output reads it until the last writer has ended.
suite output

# A service that prints the lines which it reads of a fifo; and has it print one.
proc echoes {{options ""}} {
	run /usr/bin/mkfifo -m 600 %/fifo
	filled {service web { start = boot $options exec = "/bin/sh -c 'while read -r line; do echo said $line; done <>%/fifo'" }
}
}
proc say {line} {
	wait {![catch {open [path fifo] {WRONLY NONBLOCK}} out]}
	puts $out $line
	chan close $out
}
proc says {line} { say $line; log "said $line" }

# The process that reads it; 0: there is none.
proc reader {} { expr {[set found [lindex [with_name superd-output [descendants $::self]] 0]] eq "" ? 0 : $found} }

proc get {name} {
	set client [connect web]; put $client "GET /$name HTTP/1.0\r\n\r\n"
	has [rest $client] 404
	close $client
}

test a_web_server_that_prints_serves_on_when_superd_is_killed {
	needs {[exists /usr/bin/python3]} "no Python is here"
	set port [free_port]
	superd -arguments --no-guard {service web { listen = "127.0.0.1:$port" pass = bind
		exec = "/usr/bin/python3 -m http.server --bind 127.0.0.1 $port" }}
	get before
	log "\"GET /before HTTP/1.0\" 404"
	kill [superd_pid]
	exit_status
	foreach name {after-0 after-1 after-2} {
		get $name
		wait {[logged "\"GET /$name HTTP/1.0\" 404"]}
	}
	set all [descendants $self]
	foreach pid $all { if {$pid ni [with_name superd-output $all]} { kill $pid } }
	wait {[reader] == 0}
}

test a_program_prints_on_whoever_of_superd_and_its_reader_is_killed {
	superd -guard -control [echoes]
	say one
	log "web\["; log "said one"
	expect {[processes] == 1}
	set pid [value [control "status web"] pid]

	set reader [reader]
	kill_superd
	says two
	expect {[reader] == $reader} "the reader did not outlive superd"

	kill $reader
	says three

	set reader [reader]
	kill $reader STOP
	kill [below_guard]
	kill $reader
	log "signal KILL ended superd, and its guard restarted it"
	says four
	expect {[processes] == 1}
	is [value [control "status web"] pid] $pid
	expect {[count "web: started, pid "] == 1}
}

# Each line is in the log once, and superctl log has it from either side of superd's death.
test lines_are_kept_over_superds_death {
	superd -guard -control [echoes]
	says one
	kill_superd
	says two
	has [prints log web] "said one" "said two"
	expect {[count "said one"] == 1 && [count "said two"] == 1}
}

test who_prints_without_end_delays_nobody {
	superd -control "service loud { start = boot exec = \"/bin/sh -c 'exec yes'\" }\n[echoes]"
	log "loud: warning: printed more than 10000 lines within 30 s"
	for {set n 0} {$n < 20} {incr n} { says "line $n" }
	has [prints log web] "said line 19"
}

# What is printed meanwhile waits in the pipes.
test while_its_reader_stands_still_services_start_and_end {
	set port [free_port]; set table [echoes]
	set each {service each { listen = "127.0.0.1:$port" accept = yes
		exec = "/bin/sh -c 'echo served >&2; exec $backend stdio'" error = log $more }}
	set more ""
	superd -control $table$each
	says one
	set reader [reader]
	kill $reader STOP
	wait {[stopped $reader]}
	say two
	repeat 200 { pid $port }
	order "restart web"
	set more "nice = 1"
	reload $table$each
	pid $port
	expect {[lindex [superctl log web] 0] == 0}
	expect {[reader] == $reader}
	expect {![logged "said two"]}
	kill $reader CONT
	log "said two"
	wait {[count "]: served"] == 201}
}

# The service of this table keeps the lock of its pipe: it writes from a page that is never there. Whoever reads there hangs. The
# kernel wakes no reader while a writer has the lock, so the reader learns of this pipe when it has something in it.
proc holds_a_pipe {table} {
	wait {[reader] > 0}
	set reader [reader]
	kill $reader STOP
	wait {[stopped $reader]}
	reload $table
	wait {[string match "*does not answer*" [read %/acts]]}
	kill $reader CONT
	return $reader
}

# Its next start has another pipe.
test who_holds_the_lock_of_its_pipe_silences_itself_alone {
	needs {[root] && [file readable /dev/fuse] && [file writable /dev/fuse]} "needs root and /dev/fuse"
	write acts ""
	set table [echoes]
	superd -control $table
	set reader [holds_a_pipe "service hostile { start = boot exec = \"$tests/hostile_backend %/acts print\" }\n$table"]
	say one
	wait {[logged "hostile: warning: its output is not read any more"]}
	wait {[logged "said one"]}
	says two
	write acts "tampered\n"
	order "restart hostile"
	log "said again"
	wait {![lives $reader]}
}

# superd asks it, and answers others meanwhile.
test superctl_log_waits_for_the_lines_of_a_slow_reader {
	superd -control [echoes]
	says one
	set reader [reader]
	kill $reader STOP
	wait {[stopped $reader]}
	set client [session]; send $client "log web"
	repeat 3 { control "list web" }
	kill $reader CONT
	has [line $client] started
	has [line $client] "said one"
	close $client
}

test superctl_log_has_the_lines_of_all_services {
	for {set n 0} {$n < 20} {incr n} {
		append table "service s$n { start = boot exec = \"/bin/sh -c 'echo printed $n; exec sleep 1000'\" }\n"
	}
	superd -control $table
	wait {[count "]: printed"] == 20}
	set text [prints log --count 1000]
	for {set n 0} {$n < 20} {incr n} { has $text "printed $n\n" }
}

proc is_in_state {pid letter} { expr {![catch {read /proc/$pid/stat} stat] && [string match "*) $letter *" $stat]} }

# Whether a timer of this process has expired, and it has not read that.
proc has_expired {pid} {
	foreach fd [glob -nocomplain /proc/$pid/fdinfo/*] {
		if {![catch {read $fd} info] && [string match "*\nticks: 1\n*" $info]} { return 1 }
	}
	return 0
}

# superd looks twice at a reader that does not return. Before the second time that one is killed, and its pipe is let go.
test a_pipe_is_read_on_whose_reader_has_ended_before_superd_looks {
	needs {[root] && [file readable /dev/fuse] && [file writable /dev/fuse]} "needs root and /dev/fuse"
	write acts ""
	superd -control {service other { start = boot exec = "/bin/sleep 1000" }}
	set reader [holds_a_pipe {service hostile { start = boot output = log error = log exec = "/bin/sh -c ' \
		$tests/hostile_backend %/acts print & until test -e %/gate; do sleep 0.02; done; echo; echo said behind; exec sleep 1000'" }}]
	set superd [superd_pid itself]
	wait {[is_in_state $reader D]}
	set servers [with_name hostile_backend [descendants $self]]
	kill $superd STOP
	wait {[has_expired $superd]}
	kill $superd CONT
	wait {![has_expired $superd]}
	kill $superd STOP
	kill $reader
	foreach pid $servers { kill $pid }
	wait {[is_in_state $reader Z] && [has_expired $superd]}
	kill $superd CONT
	write gate ""
	log "said behind"
}

test the_line_by_which_a_program_is_ready_is_heard {
	superd -guard -control [echoes {ready = "said ready"}]
	says one
	has [why web] "it has printed no line with"
	kill [reader]
	say "so: said ready"
	sees {why web} awake
}

# A reload that moves the log moves what programs print with it; and so does what rotates it.
test follows_the_log {
	superd "superd { log = \"file:%/one\" }\n[echoes]"
	say one
	sees {read %/one} "said one"
	file rename [path one] [path one.old]
	signal HUP
	sees {read %/one} "reloaded: "
	say two
	sees {read %/one} "said two"
	lacks [read %/one] "said one"
}

# superd-output has told the superd before.
test the_line_by_which_a_program_is_ready_outlives_superd {
	superd -guard -control [echoes {ready = "said ready" timeout_start = 20s}]
	says one
	set pid [below_guard]
	kill $pid STOP
	says ready
	kill $pid
	log "its guard restarted it"
	sees {why web} awake
}

test the_line_by_which_a_program_is_ready_is_not_lost_among_others {
	superd -guard -control {service web {
		start = boot ready = "said ready" timeout_start = 20s log_rate_limit_burst = unlimited
		exec = "/bin/sh -c 'until test -e %/gate; do sleep 0.02; done; seq 3000; echo said ready; exec sleep 1000'"
	}}
	set client [session]; send $client "log --follow web"
	has [line $client] started
	kill [below_guard] STOP
	write gate ""
	log "said ready"
	kill [below_guard] CONT
	sees {why web} awake
	close $client
}

# What superd and superd-output share is larger than the limit allows.
test a_limit_under_which_nobody_can_read_it_is_named {
	write limited "#!/bin/sh\nulimit -f 100\nexec [filled $superd] \"\$@\"\n" 0755
	superd -program [path limited] {service web { listen = "127.0.0.1:0" exec = "$backend talk" }}
	log "the output of services waits: cannot start superd-output: File too large"
	answers web
}
