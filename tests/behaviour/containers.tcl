# superd as PID 1 of a namespace of its own, as in a container.

# A service at a port of its own, and superd with a table.
proc web {exec {options ""}} { return "service web \{\n listen = \"127.0.0.1:0\"\n exec = \"$exec\"\n$options\n\}\n" }
proc as_init {table args} {
	needs {[has_namespaces]} "no namespaces here"
	superd -pid1 {*}$args $table
}

# The same with a main command, a script.
proc with_command {script table args} { as_init $table {*}$args -arguments [list -- /bin/sh -c $script] }

# A service that goes on where it is to end.
set hangs {service hangs {
 listen = "127.0.0.1:0"
 start = boot
 timeout_stop = 1h
 exec = { "/bin/sh", "-c", "trap '' TERM; echo deaf now; sleep 1000" }
}
}

set orphan $tests/orphan
