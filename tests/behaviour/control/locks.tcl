# What an operator holds or has disabled stays so when superd ends and is started again: the files for that, who may
# have written them, and what is said where there can be none.
suite locks

set row {service web { listen = "127.0.0.1:$web" exec = "$backend serve" }
}
set other_row {service other { listen = "127.0.0.1:$other" exec = "$backend serve" }
}
set disabled_row {service web { listen = "127.0.0.1:$web" exec = "$backend serve" disable = yes }
}
set lost_row {service web { listen = "127.0.0.1:$web" exec = "/none/there" }
}
set lost_other_row {service other { listen = "127.0.0.1:$other" exec = "/none/there" }
}
set web [free_port]
set other [free_port]

proc run_web {{how ""}} {
	set superd [superd {*}$how -control $::row]
	log "web: listening on "
	return $superd
}

proc run_both {{how ""}} { superd {*}$how -control $::row$::other_row }

proc end_by_kill {} {
	signal KILL
	expect {[exit_status] == 128 + 9}
	# What it has forked may have its sockets a moment longer.
	wait {![reachable %/control]}
}

proc is_held {{service web}} { is [value [control "status $service"] state] held }
proc status {key {service web}} { value [control "status $service"] $key }

# Where root's superd keeps what is disabled.
proc state_file {} {
	set name [string range [string map {- %2d / -} [path control]] 1 end]
	return $::env(SUPERD_LOCALSTATEDIR)/lib/superd/$name.disabled
}

# The file of what is held is there; or not.
proc is_written {} { expect {[exists %/control.held]} }
proc is_gone {} { expect {![exists %/control.held]} }

test outlive_an_end_of_superd {
	run_both
	has [order "hold web"] "queue until it is released\n"
	has [order "disable other"] "closed until it is enabled\n"
	is [mode %/control.held] 600
	foreach end {stop end_by_kill} {
		$end
		run_both
		log "web: still held by uid $user since "
		log "other: still disabled by uid $user since "
		wait {[logged "web: listening on "]}
		set client [connect $web]
		wait {[string match "*1 client waits in its queue*" [why web]]}
		expect {![reachable $other]}
		is_held
		close $client
	}
	has [why web] " ago by an operator (uid $user): clients queue until superctl release\n"
	has [why other] " ago by an operator (uid $user): superctl enable opens its sockets\n"
	schema_holds status [prints --json status web]
	# Not below /run, which is empty after a restart of the machine.
	if {[root]} { is [format %o [expr {[file stat [state_file] found; expr {$found(mode)}] & 0o7777}]] 600 }
	done "release web"; pid $web
	done "enable other"; pid $other
	is_gone
	if {[root]} { expect {![file exists [state_file]]} }
	stop
	run_both
	log "other: listening on "
	pid $web; pid $other
}

test of_many_in_one_order_all_outlive_it {
	for {set n 0} {$n < 300} {incr n} { append rows [filled "service s$n { listen = \"%/s$n\" exec = \"\$backend serve\" }\n"] }
	superd -control $rows
	done "hold s*"
	end_by_kill
	superd -control $rows
	foreach n {0 50 100 150 200 250 299} { is_held s$n }
	done "release s*"
	is_gone
}

# It would start with superd.
test nothing_of_a_held_service_is_started_at_a_start {
	set table {service web { listen = "127.0.0.1:0" exec = "$backend serve" start = boot }}
	superd -control $table
	log "web: started, pid "
	done "hold web"
	stop
	superd -control $table
	is_held
	expect {![logged "web: started"]}
	done "release web"
	log "web: started, pid "
}

# It goes on with the next superd.
test a_drain_is_none {
	run_web
	set client [connect $web]; send $client hello
	wait {[processes] > 0}
	done "drain --no-wait web"
	is_gone
	upgrade
	is [status held] true
	is [status drains] true
	close $client
	wait {[status held] eq "false"}
}

test end_with_their_service {
	run_both
	done "hold web other"
	reload $row
	log "other: it was held: "
	stop
	superd -control $other_row
	log "web: it was held: "
	wait {[reachable %/control]}
	pid $other
	is_gone
}

# Its entry is wrong for the moment: that is not the operator's word.
test stay_while_their_service_is_left_out {
	superd -control -arguments --keep-going $row
	done "hold web"
	stop
	superd -control -arguments --keep-going $lost_row
	log "version "
	wait {[reachable %/control]}
	is_written
	reload $row
	log "web: still held by uid "
	is_held
	done "release web"
}

# The row is there, so the service is not gone.
test stay_with_a_row_that_the_table_disables {
	run_web
	done "hold web"
	reload $disabled_row
	wait {![reachable $web]}
	is_written
	reload $row
	is_held
	reload $disabled_row
	stop
	superd -control $disabled_row
	wait {[reachable %/control]}
	is_written
	expect {![logged "the configuration no longer has it"]}
	reload $row
	is_held
	done "release web"
}

# Its entry was wrong before, and is right when the new superd reads it.
test hold_over_an_upgrade_for_a_service_that_a_reload_brings_back {
	run_both "-arguments --keep-going"
	done "hold web"
	done "disable other"
	stop
	superd -control -arguments --keep-going $lost_row$lost_other_row
	wait {[reachable %/control]}
	write [file tail [table]] $row$other_row
	upgrade
	expect {[lindex [superctl reload] 0] == 0}
	is_held
	is [status state other] off
	expect {![reachable $other]}
}

proc is_refused {why} {
	superd -control $::row
	log "%/control.held: the list of held services is unknown: "
	log $why
	log "web: listening on "
	pid $::web
	stop
	remove %/control.held
}

# What somebody else may have written is not believed.
test are_read_from_superds_own_file_alone {
	run_web
	done "hold web"
	stop
	set good [read %/control.held]
	file attributes [path control.held] -permissions 0660
	is_refused "control.held can be written by others"

	write control.held $good 600
	set file [open [path control.held] r+]; chan truncate $file [expr {(16 << 20) + 1}]; chan close $file
	is_refused "it is larger than 16.0M"

	# What a line means holds all the same: it keeps a program from running.
	foreach text [list "web\n" "web 0 yesterday\n" "web 0 17"] said {1 1 0} {
		write control.held $text 600
		superd -control $row
		if {$said} { log "%/control.held:1: web: a line is NAME UID SECONDS; it is held all the same" }
		is_held
		stop
		remove %/control.held
	}

	run /usr/bin/mkfifo -m 600 %/control.held
	is_refused "it is no regular file"

	if {[root]} {
		write control.held $good 600
		file attributes [path control.held] -owner 65534 -group 65534
		is_refused "can be written by all users"
	}
}

test that_cannot_be_written_are_said_to_end_with_superd {
	run_web
	file mkdir [path control.held.new]
	has [order "hold web"] "ends with superd: cannot write %/control.held: File exists"
	done "hold web"
	log "cannot write %/control.held: File exists: the next superd will not know"
	file delete [path control.held.new]
	lacks [order "hold web"] "ends with superd"
	# Of a release, too: the next superd would hold it again.
	done "disable web"
	file delete [path control.held]
	file mkdir [path control.held/full]
	has [order "release web"] "released; this ends with superd: cannot write %/control.held: "
	file delete -force [path control.held]
}

test without_a_path_of_the_control_socket_end_with_superd {
	set ends "ends with superd: its control socket has no directory"
	set name @[path control]
	superd -arguments {--control $name} $row
	log "web: listening on "
	wait {[lindex [superctl -at $name list] 0] == 0}
	has [prints -at $name hold web] $ends
	is [prints -at $name release web] "web: released\n"
	superctl -at $name hold web
	has [prints -at $name disable web] $ends
	is [prints -at $name release web] "web: released\n"; # the order that stays is another
}

# It has none when it starts, as another superd has the name.
test without_a_path_are_not_looked_for_once_it_gets_a_control_socket {
	uses tables
	set port [free_port]
	write xinetd.conf "[service web $port lines]\n"
	set name @[path control]
	proc start {name} { superd -program [called xinetd] -tableless -arguments "-d -control $name -f %/xinetd.conf" "" }
	set old [start $name]
	wait {[lindex [superctl -at $name list] 0] == 0}
	set new [start $name]
	log "superctl reaches another superd there"
	use $old; stop
	use $new; signal HUP
	log "the control socket is $name now"
	has [prints -at $name hold web] "ends with superd: its control socket has no directory"
}

# One that is too busy to answer has them all the same.
test of_another_superd_are_not_taken {
	set superd [run_web]
	done "hold web"
	signal STOP
	set clients [fill_queue %/control]
	set web [free_port]
	superd -clock -control $row
	wait {[move 1s; ended]}
	expect {[exit_status] == 2}
	expect {[logged "superd is already running here, and answers at %/control: "]}
	expect {![logged "still held"]}
	use $superd; signal CONT
	foreach client $clients { close $client }
	is_held
	is_written
}

# The next superd waits for its end, and reads the file then.
test go_over_with_the_control_socket {
	set superd [run_web]
	done "hold web"
	set web [free_port]
	set next [superd -control $row]
	log "waiting up to 5 s for its end"
	use $superd; stop
	use $next; log "web: still held by uid "
	is [status held] true
	done "release web"
}

# A script may start the next xinetd while the last one ends. It opens nothing that is disabled, and keeps the files.
test hold_for_one_that_starts_before_the_last_has_ended {
	uses tables
	set first [free_port]; set second [free_port]
	write xinetd.conf "[service web $first lines]\n[service other $second lines]\n"
	proc start {} { superd -program [called xinetd] -tableless -arguments "-d -control %/control -f %/xinetd.conf" "" }
	set old [start]
	wait {[reachable %/control]}
	done "hold web"
	done "disable other"
	set new [start]
	log "web: still held by uid "
	log "other: still disabled by uid "
	log "superctl reaches another superd there"
	use $old; stop
	use $new; signal HUP
	log "the control socket is %/control now"
	is_held
	is [status state other] off
	is_written
	stop
	start
	log "other: still disabled by uid "
	expect {![reachable $second]}
	done "release web"; done "enable other"
	is_gone
}
