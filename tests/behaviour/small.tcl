# superd's own programs at work: the services of builtin, and relays.

# A service "small" of one of superd's own programs, which has the test's clock where superd has it.

proc small {listen options args} {
	if {"-clock" in $args} { append options " passenv = { LD_PRELOAD, TEST_CLOCK }" }
	superd {*}$args {service small { listen = "$listen" user = "$user" $options }}
}

# A client's last words, and all that comes of them.
proc answer_of {client {text ""}} {
	put $client $text
	shut $client
	set answer [rest $client]
	close $client
	return $answer
}

# Sends until nothing more is taken and all sleep: superd and the kernel hold a bounded part, and the sender the rest.
proc push_until_full {client {most 67108864}} {
	for {set sent 0; set before -1} {$sent != $before} {settle} { set before $sent; set sent [push $client $sent $most] }
	return $sent
}

# How often a process has given its processor away; empty while it runs.
proc switches {pid} {
	foreach status [glob /proc/$pid/task/*/status] {
		set text [read $status]
		if {![regexp {\nState:\t[STtZX]} $text]} return
		foreach {all count} [regexp -all -inline {voluntary_ctxt_switches:\t(\d+)} $text] { incr sum $count }
	}
	return $sum
}
