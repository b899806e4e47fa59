# Tables of inetd and of xinetd, and a superd that runs them as `superd -f inetd:TABLE`. Neither takes port 0, so ports are
# those of free_port.

# The end of a line of inetd.conf: the user, then a program of the tests by its path and by its name; its words follow.
set server "$user $backend backend"
set reporter "$user $tests/report report"

# ?OPTION ...? TABLE, whose lines may be indented.
proc unindented {text} { regsub -all -line {^\s+} [uplevel 2 [list filled $text]] "" }
proc inetd {args} { superd -format inetd {*}[lrange $args 0 end-1] [unindented [lindex $args end]]\n }
proc xinetd {args} { superd -format xinetd {*}[lrange $args 0 end-1] [unindented [lindex $args end]]\n }

# The same of a table that a reload reads.
proc now {table} { reload [unindented $table]\n }

# Waits until these listeners are open, such as tcp:127.0.0.1:8888.
proc listening {args} {
	foreach endpoint $args {
		wait {[logged ": listening on $endpoint\n"] || [ended]}
		expect {[logged ": listening on $endpoint\n"]}
	}
}

# superd called as inetd, in the foreground, with a table in inetd.conf and further words of its command line.
proc as_inetd {how table args} {
	write inetd.conf [unindented $table]\n
	superd {*}$how -program [called inetd] -tableless -arguments "-i -e -p %/inetd.pid %/inetd.conf $args" ""
}

# As an init script does: gives the pid of the daemon, back when it serves.
proc start_daemon {pid_file args} {
	lassign [run {*}$args] status output errors
	expect {$status == 0} $errors
	set pid [string trim [read $pid_file]]
	expect {$pid > 1 && [lives $pid]}
	return $pid
}
proc end_daemon {pid pid_file} {
	kill $pid TERM
	wait {![lives $pid]}
	expect {![exists $pid_file]} "the pid file was left"
}

# A service of xinetd at this port of 127.0.0.1 (UNLISTED, wait = no), with further lines; its server is a backend of the
# tests with these words, or lines name another.
proc service {name port words {lines ""}} {
	set server [expr {$words eq "" ? "" : "user = $::user\n\tserver = $::backend\n\tserver_args = $words\n"}]
	return "service $name\n{\n\ttype = UNLISTED\n\tsocket_type = stream\n\tprotocol = tcp\n\tport = $port\n\tbind = 127.0.0.1
	wait = no\n\t$server$lines\n}\n"
}

# Whether somebody listens there. A listener that is being closed resets who has connected.
proc reaches {address port} {
	expr {![catch {chan close [socket $address $port]} wrong] || [string match "*reset*" $wrong]}
}
