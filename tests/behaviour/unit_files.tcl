# Unit files of a test, and a superd that runs them as `superd -f systemd:UNIT`.

# Lines of [Service]: a server by standard input, whose errors go to the log.
set by_input "StandardInput=socket\nStandardError=journal"

proc lines_of {text} { regsub -all -line {^\s+} [uplevel 2 [list filled $text]] "" }

# NAME.socket and NAME.service (NAME@.service where the socket says Accept=yes), with these lines in [Socket] and in
# [Service]; the service runs as this test's user.
proc pair {name socket service} {
	set socket [lines_of $socket]; set service [lines_of $service]
	set template [expr {[string first Accept=yes $socket] < 0 ? "" : "@"}]
	write $name.socket "\[Socket]\n$socket\n"
	write $name$template.service "\[Service]\n$service\nUser=$::user\n"
}

proc drop_in {unit text} {
	set text [lines_of $text]
	file mkdir [path $unit.d]
	write $unit.d/test.conf $text\n
}

# ?-clock? ?-control? UNIT ...
proc units {args} {
	set how {}; set sources {}
	foreach word $args {
		if {[string match -* $word]} { lappend how $word } else { lappend sources -f systemd:[path $word] }
	}
	superd {*}$how -tableless -arguments $sources ""
}

# A service "a" with these lines at a port, which is $port from then on; further lines of its socket, options of units.
proc serve {service {socket ""} args} {
	global port
	set port [free_port]
	set socket [lines_of $socket]; set service [lines_of $service]
	pair a "ListenStream=127.0.0.1:$port\n$socket" $service
	units {*}$args a.socket
	port a
}
