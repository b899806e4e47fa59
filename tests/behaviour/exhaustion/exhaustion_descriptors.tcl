# Forty services of every kind and five hundred clients, where descriptors are for a few of them only: nobody is lost, and superd takes
# little processor time to wait. superctl works, though not even all sockets can be had.
suite exhaustion_descriptors

# One kind after the other: a server that takes all its clients, a process a client, a builtin and a redirect to the first. stays: what
# can serve many clients does, and never ends. Fills names and ports.
proc forty {stays} {
	global names ports
	set table "defaults {\n backoff_max = 500ms\n}\n"
	set crowd [expr {$stays ? "crowd" : "few 1"}]
	for {set n 0} {$n < 40} {incr n} {
		set port [free_port]; lappend ports $port
		set name [lindex {shared each echo pass} [expr {$n % 4}]]$n.; lappend names $name
		if {$n % 4 == 0} { set first $port }
		set accept [expr {$stays && $n % 8 > 3 ? "no" : "yes"}]
		set options [lindex {
			{exec = "$backend $crowd"}
			{accept = yes exec = "$backend stdio"}
			{accept = $accept builtin = echo}
			{accept = $accept redirect = "127.0.0.1 $first"}
		} [expr {$n % 4}]]
		append table [filled "service $name { listen = \"127.0.0.1:$port\" user = \"\$user\" $options }\n"]
	}
	return $table
}

proc run_short {descriptors stays {how ""}} {
	needs {![is_sanitized]} "sanitizers need descriptors of their own"
	superd -clock -control -descriptors [expr {$descriptors + [own_programs]}] {*}$how [forty $stays]
	wait {[reachable %/control]}
}

# superd sleeps while clients wait for descriptors. dies: superd-output does so meanwhile.
proc lose_nobody {descriptors stays count {dies 0} {how ""}} {
	run_short $descriptors $stays $how
	foreach name $::names { port $name }
	set output [aside superd-output]
	for {set n 0} {$n < $count} {incr n} {
		lappend clients [set client [connect [lindex $::ports [expr {$n % 40}]]]]
		send $client hello
	}
	settle
	if {$dies} { kill $output }
	all_answered $clients hello
	stop
}

test a_hundred_and_twenty_eight_lose_nobody { lose_nobody 128 0 120 }

# The next one has what it needs, though clients have all that is left.
test a_hundred_and_twenty_eight_lose_nobody_when_superd_output_dies { lose_nobody 128 0 120 1 }

test two_hundred_and_fifty_six_lose_nobody { lose_nobody 256 1 500 }

# Each that starts needs 3.
test that_are_left_are_told_as_services {
	run_short 128 0
	expect {[regexp {\nsuperd_services_at_once (\d+)} [prints metrics] all count]}
	expect {$count > 1 && $count < (128 - 40) / 3}
}

# superd raises it by itself.
test a_soft_limit_is_none {
	write superd "#!/bin/sh\nulimit -Sn 32 && exec $superd \"\$@\"\n" 755
	lose_nobody 256 1 120 0 "-program %/superd"
}

# More sockets than descriptors: those that are there serve, superctl works, and makes room for the last one that takes clients.
proc make_room {descriptors} {
	run_short $descriptors 0
	log "superd has too few descriptors for its sockets: cannot listen on all"
	settle
	lassign [superctl list] status output errors
	expect {$status == 0} $errors
	has $output "no port"
	pid shared0.
	pid each1.
	lassign [superctl disable {*}[lreplace $::names 37 37]] status output errors
	expect {$status == 0} $errors
	set last [lindex $::ports 37]
	wait {[reachable $last]}
	pid $last
}

test more_sockets_than_32_descriptors_leave_superctl_its_own { make_room 32 }
test more_sockets_than_48_descriptors_leave_superctl_its_own { make_room 48 }
