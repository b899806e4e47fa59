# A /run that vanishes below a superd that runs: all else is served, superd says what it lacks, and has it again when the place is
# back. A root that is read-only is in test_exhaustion_places.c.
suite exhaustion_places

proc mount_run {} {
	lassign [run /bin/mount -t tmpfs -o nosuid,mode=0755 run %/run] status output errors
	expect {$status == 0} $errors
}
proc unmount_run {} { expect {[lindex [run /bin/umount -l %/run] 0] == 0} }
proc make_folder {} { file mkdir [path run]/superd }

proc ctl {args} { lindex [superctl -at $::control {*}$args] 0 }
proc comes_back {condition} { uplevel 1 [list until 1min $condition 10] }

# superd with its control socket, a unix socket and a pid file there, and a service that is held.
proc run_there {} {
	global control socket port
	needs {[private]} "needs root, and mounts of its own"
	file mkdir [path run]
	mount_run
	make_folder
	set port [free_port]; set control [path run/superd/control]; set socket [path run/x.sock]; set pid_file [path run/superd.pid]
	superd -clock -arguments {--control $control --pid-file $pid_file} {
		service each { listen = "127.0.0.1:$port" accept = yes exec = "$backend stdio" }
		service path { listen = "$socket" exec = "$backend take 1" }
	}
	wait {[ctl list] == 0}
	pid $port
	ask $socket hello
	expect {[ctl hold each] == 0}
	wait {[exists $control.held]}
}

# A reload says what is missing; and the next one, once the folder is there, has it again. What was held is held still, and kept.
proc is_missed {} {
	signal HUP
	log "reloaded: "
	log "the control socket $::control was removed: creating it again"
	log "; a reload tries again"
}
proc is_back {} {
	make_folder
	signal HUP
	comes_back {[ctl list] == 0}
	expect {[ctl reload] == 0}
	comes_back {[ctl list] == 0}
	comes_back {[reachable $::socket]}
	ask $::socket hello
	comes_back {[exists $::control.held]}
	has [prints -at $::control list] held
	expect {[ctl release each] == 0}
	pid $::port
	stop
	unmount_run
}

test a_run_that_is_emptied_is_filled_again_by_a_reload {
	run_there
	file delete -force {*}[glob [path run]/*]
	is_missed
	is_back
}

# The kernel tells nobody of a file system that was detached, so superd looks at a reload.
test a_run_that_is_unmounted_is_made_anew_by_a_reload {
	run_there
	unmount_run
	is_missed
	mount_run
	is_back
}
