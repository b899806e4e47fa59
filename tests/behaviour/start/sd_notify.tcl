# superd where it is itself asked how it is, as under a service manager.
suite sd_notify
uses manager
uses notifying

proc run {table environment args} {
	manage
	superd {*}$args -environment [list $::notify {*}$environment] $table
}
proc hears {part} { has [lindex [next] 0] $part }

# Takes texts until one says this; each must be of the process that the manager has started. A watchdog that is fed for ever
# says no more than that.
proc hears_from_main {part} {
	set texts 0
	for {set text ""} {[string first $part $text] < 0} {} {
		lassign [next] text sender given
		expect {[incr texts] < 1000} "nothing says $part"
		expect {$sender == [superd_pid]} $text
		if {$given >= 0} { close $given }
	}
}

test superd_tells_whoever_started_it {
	run [set table [web_table "" ""]] {}
	has [lindex [next] 0] READY=1\n MAINPID=[superd_pid]\n "STATUS=1 service"
	does "env NOTIFY_SOCKET" unset
	reload "$table service more { listen = \"127.0.0.1:0\" exec = \"$backend talk\" }"
	hears RELOADING=1\nMONOTONIC_USEC=
	has [lindex [next] 0] READY=1\n "STATUS=2 services"
	stop
	hears STOPPING=1\n
	hears EXIT_STATUS=0
}

# A manager that never hears READY=1 ends superd when its patience does.
test superd_reports_again_to_a_manager_whose_queue_was_full {
	manage
	set count [fill_inbox %/herald]
	superd -environment [list $notify] [web_table "" ""]
	log "cannot report to NOTIFY_SOCKET "
	repeat $count { is [lindex [next] 0] noise }
	hears READY=1\n
	expect {[count "cannot report to NOTIFY_SOCKET "] == 1}
}

proc watchdog_is_fed {} { repeat 3 { is [lindex [next] 0] WATCHDOG=1 } }

test superd_feeds_the_watchdog_it_is_asked_for {
	run [web_table "" ""] WATCHDOG_USEC=200000
	hears READY=1\n
	watchdog_is_fed
}

# Who is out of descriptors is not dead.
test the_watchdog_needs_no_further_descriptor {
	run [web_table "" ""] WATCHDOG_USEC=200000
	hears READY=1\n
	set before [descriptor_limit 0]
	while {[llength [message $inbox]]} {}
	watchdog_is_fed
	descriptor_limit $before
}

proc guard_speaks {args} {
	set table [filled {service web { listen = "127.0.0.1:0" exec = "$backend take" accept = yes }}]
	run $table {WATCHDOG_USEC=200000 WATCHDOG_PID=own} -guard -arguments --fdstore=notify {*}$args
	foreach part [list FDSTORE=1\nFDNAME=superd/web/ MAINPID=[superd_pid]\n WATCHDOG=1] { hears_from_main $part }
	reload $table
	foreach part {RELOADING=1 READY=1} { hears_from_main $part }
	upgrade
	foreach part {READY=1 WATCHDOG=1} { hears_from_main $part }
	stop
	foreach part {STOPPING=1 EXIT_STATUS=0} { hears_from_main $part }
}

test the_guard_sends_as_the_main_process guard_speaks
test the_guard_sends_for_a_superd_without_rights {
	needs_users
	guard_speaks -uid [lone_user]
}

# A superd that has no guard is itself the process that the manager has started.
test a_superd_without_a_guard_sends_itself {
	run [web_table "" ""] {}
	hears_from_main READY=1
}

test a_guard_that_stands_still_holds_nobody_up {
	run [web_table "" ""] {} -guard
	set below [below_guard]
	hears_from_main READY=1
	kill [superd_pid] STOP
	kill $below HUP
	log "superd: reloaded: "
	does "env NOTIFY_SOCKET" unset
	kill [superd_pid] CONT
	hears_from_main READY=1
}

# systemd's watchdog signal, to the process that it knows.
test abrt_to_the_guard_ends_a_superd_that_hangs_and_the_guard_goes_on {
	run [filled {service web { listen = "127.0.0.1:0" exec = "$backend talk" }}] \
		{WATCHDOG_USEC=600000000 WATCHDOG_PID=own} -guard
	hears_from_main READY=1
	set instance [pid web]
	set before [below_guard]
	kill $before STOP
	signal ABRT
	log "signal ABRT ended superd, and its guard restarted it"
	wait {[below] > 0 && [below] != $before}
	expect {[pid web] == $instance} "its instance goes on"
	expect {![ended]}
}
