# A process that serves several clients of a redirect. The hard thing is that nobody may tell: neither a client, nor the
# log, nor whatever confines or limits the clients.
suite shared_process

uses small

# A redirect to where $listener is; clients whose end was heard of are counted in $ended.
proc passing {{options ""} args} {
	global listener ended
	set listener [listener 0]; set ended 0; set port [local_port $listener]
	superd -clock {*}$args {service pass { listen = "127.0.0.1:0" user = "$user" accept = yes redirect = "127.0.0.1 $port"
		log_on_success = { "PID", "EXIT", "TRAFFIC" }
		$options }}
}

proc end_passing {} {
	until 2s {[processes] == 0}
	close $::listener
	stop
}

# All clients are connected, and each has asked: $clients and their $targets.
proc begin_crowd {count} {
	global listener clients targets
	set clients {}; set targets {}
	repeat $count { lappend clients [connect pass] }
	foreach client $clients { send $client question; lappend targets [accept $listener] }
	foreach target $targets { is [line $target] question }
}

# The answers of these targets to these clients, who have nothing behind them.
proc all_answer {clients targets} {
	foreach target $targets { put $target answer; close $target }
	foreach client $clients { is [rest $client] answer; close $client }
}

proc end_crowd {} {
	global clients targets ended
	all_answer $clients $targets
	incr ended [llength $clients]
	wait {[count "EXIT: pass status=0 pid="] == $ended}
	wait {[count "TRAFFIC: pass in=9(bytes) out=6(bytes)"] == $ended}
}

proc crowd {count} { begin_crowd $count; end_crowd }

test counts_each_client_for_instances {
	passing "instances = 2 overload = refuse"
	begin_crowd 2
	refused pass
	end_crowd
	crowd 2
	end_passing
}

test reports_all_of_its_clients_when_superd_ends {
	passing
	begin_crowd 5
	stop
	expect {[count "TRAFFIC: pass in=9(bytes) out=0(bytes)"] == 5}
	expect {[count "EXIT: pass "] == 5}
	close $listener
}

# superd closes its copy of a client of a unix socket later than superd-builtin closes its own. Until then events may
# come, and must reach nobody: neither freed memory, which a build with sanitizers reports, nor the client that stays.
test forgets_a_client_before_superd_closes_it {
	superd {service echo { listen = { "127.0.0.1:0", "%/echo" } user = "$user" accept = yes builtin = echo }}
	set stays [connect echo]; node %/echo
	repeat 40 {
		set burst {}
		repeat 3 { lappend burst [connect echo] [connect %/echo] [connect %/echo] [connect %/echo] }
		foreach client $burst { send $client x; shut $client }
		foreach client $burst { is [rest $client] x\n; close $client }
		echoes $stays "still here"
	}
	close $stays
	expect {![logged AddressSanitizer]}
}

# superd gives it to a process that waits, and closes the channel only once it knows of all ends.
test that_waits_is_not_left_over_by_an_upgrade {
	passing
	crowd 1
	upgrade
	wait {[processes] == 0}
	crowd 1
	end_passing
}

# superd may die at any moment of giving clients: each is served once, and its end is heard of.
test serves_once_whom_a_dying_superd_gives {
	passing "" -guard -control
	repeat 3 {
		set clients {}; set targets {}
		repeat 8 { lappend clients [connect pass] }
		advance 1min            ;# the guard pauses only behind a superd that dies young
		kill_superd
		foreach client $clients { send $client question }
		foreach client $clients {
			set target [accept $listener]
			is [line $target] question
			put $target answer; close $target
		}
		all_answer $clients {}
	}
	expect {[quiet $listener]} "a client was served twice"
	end_passing
}

proc have_processes_of_their_own {options} {
	passing $options
	begin_crowd 3
	wait {[processes] == 3}
	end_crowd
	end_passing
}

test is_not_for_rows_that_limit_each_process {
	foreach options {"rlimit_cpu = 100" "runtime_max = 1h"} { have_processes_of_their_own $options }
}

test is_not_for_rows_with_commands_around_each {
	passing {exec_stop_post = { "/bin/sh -c 'echo $EXIT_CODE >>%/ended'" }}
	begin_crowd 2
	wait {[processes] == 2}
	end_crowd
	wait {[lines %/ended] == 2}
	is [read %/ended] exited\nexited\n
	end_passing
}

# In ticks of the kernel, a hundred a second.
proc processor_time {pid} { expr {[stat_field $pid 14] + [stat_field $pid 15]} }

# A superd without a guard has gone: descriptors 0 and 1 are copies of the channel.
test whose_superd_is_gone_does_not_spin {
	superd -arguments --no-guard {
		service pass { listen = "127.0.0.1:0" user = "$user" accept = yes builtin = echo pass = inetd }}
	set client [connect pass]; echoes $client here
	set pid [only_pid]
	signal KILL
	exit_status
	echoes $client still
	set before [processor_time $pid]
	after 500
	expect {[processor_time $pid] <= $before + 10}
	close $client
	wait {![lives $pid]}
}

proc can_close_devices {} {
	set table [write checked.conf {service it { listen = "127.0.0.1:1" user = root exec = /bin/true device_policy = closed }}]
	lassign [answer --check -f $table] status output errors
	expr {[root] && [string first "device_policy = closed:" $output$errors] < 0}
}

test is_not_for_rows_with_a_control_group_for_each {
	needs {[can_close_devices]} "there is no writable control group here"
	have_processes_of_their_own "device_policy = closed"
}

# What cannot be passed on is kept in pipes, which take descriptors of the process, too.
test whose_clients_send_without_end_has_descriptors_for_others {
	passing "" -descriptors [expr {60 + [own_programs]}]
	repeat 14 {
		lappend stuck [connect pass] [accept $listener]
		push_until_full [lindex $stuck end-1]
	}
	crowd 12
	close {*}$stuck $listener
}
