# A control group with room for a few processes (pids.max), as a container or a systemd unit has it: clients wait and are all served,
# no service takes what all share, and superd neither ends nor spins meanwhile.
suite exhaustion_processes

proc written {text file} { expr {[lindex [run /bin/sh -c "echo $text >$file"] 0] == 0} }

# Makes a group below this test's own, in cgroup v1 or v2; empty where that is not possible.
proc make_group {most} {
	foreach entry [split [string trim [read /proc/self/cgroup]] \n] {
		if {![regexp {^[^:]*:(pids)?:(.*)} $entry all is_v1 path]} { continue }
		set group /sys/fs/cgroup[expr {$is_v1 eq "" ? "" : "/pids"}]$path/superd-test.$::self
		if {[catch { file mkdir $group }]} { continue }
		if {[written $most $group/pids.max]} { return $group }
		file delete $group
	}
}

# superd in such a group, $group.
proc run_in_group {most table} {
	global group
	set group [expr {[root] && ![is_sanitized] ? [make_group $most] : ""}]
	needs {$group ne ""} "needs root and a control group with a limit of processes"
	superd -control -clock -program [write superd "#!/bin/sh\necho $$ >$group/cgroup.procs\nexec $::superd \"$@\"\n" 0755] $table
}

proc leave {} {
	stop
	wait {![catch { file delete $::group }]}
}

set each {service each { listen = "127.0.0.1:0" accept = yes exec = "$backend stdio" }
}
set shared {service shared { listen = "127.0.0.1:0" exec = "$backend serve" }
}

proc waits {service} { string match *queued* [prints list $service] }
proc clients_of {service count} {
	repeat $count { lappend clients [connect $service] }
	return $clients
}

test a_full_group_loses_nobody {
	run_in_group 9 {service each { listen = "127.0.0.1:0" accept = yes exec = "$backend -d 100 stdio" }}
	set clients [clients_of each 40]
	foreach client $clients { send $client hello }
	wait {[waits each]}
	settle                          ;# while clients wait
	all_answered $clients hello
	expect {![logged "next start in"]}      ;# what has ended may count still
	leave
}

# As many clients of one service as there is room for, and more: the others have their places.
test one_service_leaves_a_place_for_each_other {
	run_in_group 40 "[string map {each held} $each]$each$shared"
	set clients [clients_of held 60]
	wait {[waits held]}
	pid shared
	repeat 3 { pid each }
	expect {[waits held]}
	expect {![logged "cannot start"]}
	foreach client $clients { send $client hello }
	all_answered $clients hello
	pid held
	leave
}

# Whatever else is in superd's group has all of it, until it ends.
proc others_come {} {
	set other "echo \$\$ >$::group/cgroup.procs; exec sleep 1000"
	set others [begin /bin/sh -c "for n in \$(seq 30); do sh -c '$other' & done; wait"]
	wait {[read $::group/pids.current] > 30}
	return $others
}
proc others_go {others} {
	foreach other [children [program_pid $others]] { kill $other }
	finish $others
	advance 2s
}

# That is told once, and nobody's failure.
test what_others_take_is_no_failure {
	run_in_group 30 $each$shared
	port each; port shared
	set others [others_come]
	set clients [list [connect each] [connect shared]]
	foreach client $clients { send $client hello }
	log "Resource temporarily unavailable: its clients wait"
	repeat 5 { advance 1min }
	expect {[waits each] && [waits shared]}
	others_go $others
	foreach client $clients { is [said [line $client]] hello; close $client }
	lacks [prints status each] failed
	leave
}

# There is no room for superd-lookup.
test who_cannot_be_asked_about_waits {
	run_in_group 30 {service asked { listen = "127.0.0.1:0" accept = yes no_access = .example.net exec = "$backend stdio" }}
	port asked
	set others [others_come]
	set client [connect asked]; send $client hello
	log "cannot ask about its clients: Resource temporarily unavailable: its clients wait"
	repeat 5 { advance 1min }
	expect {[waits asked]}
	others_go $others
	is [said [line $client]] hello; close $client
	expect {![logged "refused"]}
	leave
}

proc has_group {service} { string match "*/superd-*/$service-*" [read /proc/[pid $service]/cgroup] }

# Where the program of a service has a group of its own, a start that found no room does not cost all later ones theirs.
test a_full_group_at_the_first_start_costs_no_control_group {
	needs {[root] && ![is_sanitized]} "needs root, and a superd that starts programs in control groups"
	superd $shared
	needs {[has_group shared]} "superd may make no control groups here"
	stop
	run_in_group 30 $shared
	port shared
	set others [others_come]
	set client [connect shared]
	send $client hello
	log "Resource temporarily unavailable: its clients wait"
	others_go $others
	is [said [line $client]] hello
	close $client
	expect {[has_group shared]}
	leave
}
