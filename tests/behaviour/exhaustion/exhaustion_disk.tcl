# A full disk, of 64 kB and few inodes, below all that superd writes: clients are served all the while, what could not be written is
# told, and all goes on once there is room.
suite exhaustion_disk

set full "No space left on device"

proc mount_disk {} {
	needs {[private]} "needs root, and mounts of its own"
	file mkdir [path disk]
	mount -t tmpfs -o nosuid,size=64k,nr_inodes=32,mode=0755 disk %/disk
}
proc mount {args} { lassign [run /bin/mount {*}$args] status output errors; expect {$status == 0} $errors }
proc unmount_disk {} { stop; run /bin/umount -l %/disk }

# Takes what is left: the inodes first, then the blocks.
proc fill {} {
	set file [open [path disk]/fill w]
	chan configure $file -translation binary -buffering none
	for {set n 0} {![catch {file mkdir [path disk]/full.$n} why]} {incr n} {}
	has $why [string tolower $::full]
	while {![catch {puts -nonewline $file [string repeat x 512]} why]} {}
	has $why [string tolower $::full]
	catch {chan close $file}
}
proc empty {} { file delete [path disk]/fill {*}[glob [path disk]/full.*] }

set row {service each { listen = "$address" accept = yes exec = "$backend stdio" $more }
}
set more ""

test superds_log_goes_on_when_there_is_room {
	set port [free_port]; set address 127.0.0.1:$port
	mount_disk
	set log [path disk]/log
	superd -clock -arguments {--log file:$log} $row
	wait {[reachable $port]}
	pid $port
	fill
	repeat 40 { pid $port }
	advance 1h
	set before [woken]
	repeat 10 { advance 1min }
	expect {[woken] - $before <= 20}
	expect {![ended]}
	expect {[lines $log] < 2 * 41} "the disk is not full"
	empty
	# Every client has the line of its start and that of its end.
	until 1min {[lines $log] >= 2 * 41} 10
	pid $port
	stop
	has [read $log] "ended with status 0"
	run /bin/umount -l %/disk
}

# Nobody who reads the log hears of that there: superctl health tells.
test a_log_without_room_is_told {
	proc go {} { wait {![catch {open [path fifo] {WRONLY NONBLOCK}} out]}; puts $out go; chan close $out }
	mount_disk
	set log [path disk]/log; set told "the log $log: $full since "
	run /usr/bin/mkfifo -m 600 %/fifo
	superd -control {superd { log = "file:$log" }
		service web { start = boot log_rate_limit_burst = 0
			exec = "/bin/sh -c 'read -r x <%/fifo; seq 8000; read -r x <%/fifo; echo on'" }}
	wait {![catch {open [path fifo] {WRONLY NONBLOCK}} out]}
	fill
	puts $out go; chan close $out
	sees {prints health} $told
	sees {prints health} " lines dropped"
	has [prints health] degraded
	empty; # but what waits needs more than there was
	mount -o remount,size=4m %/disk
	wait {[string first $told [prints health]] < 0}
	go
	sees {read $log} "]: on\n"
	unmount_disk
}

test records_of_clients_are_missed_and_counted {
	set address 127.0.0.1:0
	mount_disk
	set records [path disk]/records
	chan close [open $records w]
	fill
	set more "log_type = { FILE, \"$records\" } log_on_success = { HOST, EXIT }"
	superd -clock $row
	port each
	repeat 20 { pid each }
	log "each: warning: cannot log to $records: $full"
	empty
	until 1min {[pid each; expr {[lines $records] >= 4}]}
	unmount_disk
}

test a_pid_file_that_cannot_be_written_is_a_plain_refusal {
	set address 127.0.0.1:[free_port]
	mount_disk
	write superd.conf $row
	chan close [open [path disk]/pid w]
	fill
	lassign [answer -f %/superd.conf --control none --pid-file [path disk]/pid] status output errors
	expect {$status != 0}
	has $errors [path disk]/pid $full
	run /bin/umount -l %/disk
}

# A path is bound, a control socket opened, and an operator's order kept, all on it.
test sockets_and_orders_are_tried_again {
	set port [free_port]
	mount_disk
	set control [path disk]/control; set address [path disk]/each
	set kept "service kept { listen = \"127.0.0.1:$port\" exec = \"\$backend take 1\" }\n"
	superd -clock -arguments {--control $control} $kept
	wait {[reachable $control]}
	settle; # what it, or a copy of it, still has open would make room later
	fill
	reload $kept$row
	log "each: cannot listen on $address"; log $full
	pid $port
	expect {[lindex [superctl -at $control hold kept] 0] == 0}
	log "cannot write $control.held: $full: the next superd will not know"
	empty
	until 1min {[reachable $address]}
	ask $address again
	expect {[lindex [superctl -at $control release kept] 0] == 0}
	wait {[reachable $port]}
	pid $port
	unmount_disk
}
