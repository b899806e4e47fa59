# only_from and no_access with pass = bind. The program has superd's own listener, and with it could take the kernel's
# filter off. superd locks the filter, so a reload with other rules ends the program, and opens a new socket then.
suite bind_rules
uses binding

set friend 127.0.0.1
set stranger 127.0.0.2
set old "keeps its old options until its program has ended"

# Debian lets root alone have the kernel look at a socket's clients.
proc needs_filters {} {
	needs {[root] || [string match 0* [read /proc/sys/kernel/unprivileged_bpf_disabled]]} \
		"this kernel lets root alone put a filter on a socket"
}

array set program {
	"" {tcp4 bind=127.0.0.1:$port listen=64 serve=poll}
	udp: {udp4 bind=127.0.0.1:$port serve=poll}
}
proc runs {options {kind ""}} {
	needs_filters
	binds "\"${kind}127.0.0.1:\$port\"" $::program($kind) $options -clock
}
proc now {options {kind ""}} {
	reload [bind_table [filled "\"${kind}127.0.0.1:\$port\""] [filled $options] [filled $::program($kind)]]
}

# Who serves a client from this address.
proc pid_from {ip} {
	set client [connect $::port -from $ip]; send $client who
	set pid [lindex [line $client] 0]
	close $client
	return $pid
}
proc datagram_pid_from {ip} {
	set client [datagrams $::port $ip]
	set pid [lindex [datagram $client who] 0]
	close $client
	return $pid
}

# The kernel drops what this address sends: loopback has it there when the call returns.
proc keeps_out {ip} {
	set client [approach $::port $ip]
	settle
	expect {![let_in $client]} $ip
	close $client
}

test a_program_cannot_take_them_off {
	runs {only_from = "$friend"}
	foreach step {detach=0 lock-filter=0} {
		has [ask $port !$step] "Operation not permitted"
		keeps_out $stranger
	}
	pid $port
}

# What runs is ended, and the next client starts it anew.
proc change {options running} {
	global friend stranger old
	runs "only_from = \"$friend\" $options"
	set first [pid_from $friend]; keeps_out $stranger
	if {!$running} { done "stop web" }
	now "only_from = \"$stranger\" $options"
	if {$running} {
		log $old; log "stopping pid $first: its socket has the access rules from before"
		log "pid $first ended: "
	}
	log "has its old options: opening it again"
	wait {[count "web: listening on "] == 2}
	expect {[pid_from $stranger] != $first}; keeps_out $friend
	lacks [control health] $old
	stop
}

test a_reload_that_changes_them_opens_a_new_socket { change "" no }
test a_reload_that_changes_them_ends_the_program_that_runs {
	foreach options {"" "on_change = finish" "on_change = overlap" "on_remove = stop"} { change $options yes }
}

# As it reads the configuration anew.
test an_upgrade_ends_it_too {
	runs {only_from = "$friend" start = boot}
	set first [pid_from $friend]
	write superd.conf [bind_table [filled "\"127.0.0.1:\$port\""] [filled {only_from = "$stranger" start = boot}] [filled $program()]]
	upgrade
	log "stopping pid $first: its socket has the access rules from before"
	wait {[count "web: listening on "] == 2}
	keeps_out $friend
	expect {[pid_from $stranger] != $first}
}

test of_datagrams_too {
	runs {only_from = "$friend"} udp:
	set first [datagram_pid_from $friend]
	now {only_from = "$stranger"} udp:
	log $old
	log "pid $first ended: "
	wait {[count "web: listening on "] == 2}
	expect {[datagram_pid_from $stranger] != $first}
}

# They are as they were. Another user's socket is restored by a process of its own.
proc keep {options} {
	global friend stranger
	runs $options
	set first [pid_from $friend]
	now "$options backlog = 100"; is [pid_from $friend] $first
	upgrade; is [pid_from $friend] $first; keeps_out $stranger
	done "restart web"
	expect {[pid_from $friend] != $first}; keeps_out $stranger
	counts "web: listening on " 1
	stop
}

test an_upgrade_and_another_change_leave_it_running {
	keep {only_from = "$friend"}
	if {[has_users]} { keep {only_from = "$friend" user = "nobody"} }
}
