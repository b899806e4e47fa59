# Properties, tried with random tables that contend for the same addresses. A seed says what is tried; a failure names it, and
# RANDOM_SEED=N tries that one alone. RANDOM_CASES says how many are tried, from RANDOM_FIRST on: make check-world PARTS=properties.
suite random

set cases 30
set first 1
foreach name {CASES FIRST} { if {[info exists env(RANDOM_$name)]} { set [string tolower $name] $env(RANDOM_$name) } }
if {[info exists env(RANDOM_SEED)]} { set first $env(RANDOM_SEED); set cases 1 }

set may_filter [expr {[root] || [string match 0* [read /proc/sys/kernel/unprivileged_bpf_disabled]]}]

proc one_of {list} { lindex $list [expr {int(rand() * [llength $list])}] }
proc maybe {chance text} { expr {rand() < $chance ? $text : ""} }

# Of a port or a path the endpoints that a table may have at once.
proc layout {place} {
	if {[string match /* $place]} { return [one_of [list {} [list $place] [list $place] [list unix-dgram:$place]]] }
	one_of [list {} [list $place] [list tcp4:$place tcp6:$place] [list tcp4:$place] [list 127.0.0.1:$place] \
		[list 127.0.0.1:$place \[::1\]:$place] [list udp:127.0.0.1:$place] [list 127.0.0.1:$place udp:$place]]
}

# The options of one socket.
proc socket_options {endpoint} {
	set text "[maybe .3 "backlog = [one_of {5 77 300}] "][maybe .2 "receive_buffer = [one_of {8192 65536}] "]"
	append text "[maybe .2 "send_buffer = 32768 "][maybe .2 "priority = 3 "]"
	if {[regexp {^(unix-dgram:)?/} $endpoint]} {
		append text "[maybe .5 "socket_mode = [one_of {0600 0660 0666}] "]"
	} elseif {![string match udp:* $endpoint]} {
		append text "[maybe .3 "keep_alive = yes keep_alive_time = [one_of {30s 2min}] keep_alive_probes = [one_of {3 7}] "]"
		append text "[maybe .2 "no_delay = yes "][maybe .1 "free_bind = yes "][maybe .1 "defer_accept = 4s "]"
	}
	return $text
}

# Each endpoint is that of any service.
proc random_table {places} {
	foreach place $places {
		foreach endpoint [layout $place] { lappend of([one_of {a b c d}]) $endpoint }
	}
	foreach name [lsort [array names of]] {
		set number 0
		set accepts [expr {rand() < .4 && [lsearch -regexp $of($name) {^(udp|unix-dgram):}] < 0}]
		append table "service $name {\n\texec = \"/bin/cat\"\n\tuser = \"$::user\"\n\taccept = [lindex {no yes} $accepts]\n"
		if {$accepts} {
			append table [maybe .3 "\tinstances = 3\n"]
		} else {
			append table [maybe .3 "\ton_change = [one_of {finish overlap}]\n"]
			if {[lsearch $of($name) unix-dgram:*] < 0} { append table [maybe .2 "\tidle_timeout = [one_of {1h 2h}]\n"] }
		}
		# Clients of a path have no address; and a socket that a program gets has a filter, which may need root.
		if {($accepts || $::may_filter) && [lsearch -regexp $of($name) {^(unix-dgram:)?/}] < 0} { append table [maybe .3 "\tonly_from = { \"127.0.0.1\", \"::1\"[maybe .5 {, "192.0.2.0/24"}] }\n"] }
		append table [maybe .2 "\tenv = \"A=[one_of {1 2}]\"\n"]
		foreach endpoint $of($name) {
			append table "\tsocket s[incr number] { listen = \"$endpoint\" [socket_options $endpoint]}\n"
		}
		append table "}\n"
	}
	if {![info exists table]} { return [random_table $places] }
	return $table
}

# What an administrator sees of each service, but for the places, which a superd that follows a killed one does not know; and the
# kernel's sockets where this test may look at them.
proc seen {} {
	foreach name [lsort [split [string trim [prints list --names]]]] {
		lappend all $name [join [lrange [split [prints show $name] \n] 1 end] \n]
	}
	if {[root]} { lappend all kernel [kernel] }
	return [regsub -all -line {^\s*# /.*/superd\d*\.conf:\d+\n} [join $all \n] ""]
}
proc kernel {} {
	lassign [run /usr/bin/env python3 $::env(SRCDIR)/tests/behaviour/kernel_sockets.py [superd_pid itself]] status sockets errors
	expect {$status == 0} $errors
	return $sockets
}
# The lines that the other one has not.
proc without {text other} {
	foreach line [split $other \n] { set has($line) 1 }
	foreach line [split $text \n] { if {![info exists has($line)]} { lappend all $line } }
	if {[info exists all]} { join $all \n }
}
proc opened {table} { wait {[string first "\"state\":\"binding\"" [control list]] < 0 && [string first "\"state\":\"off\"" [control list]] < 0} }

test a_table_reloaded_is_the_table_started {
	needs {[has_ipv6]} "there is no IPv6 here"
	needs {[program python3-minimal python3] ne ""} "there is no python3 here"
	set places [list [free_port] [free_port] [free_port] %/one %/two]
	set places [lmap place $places { filled $place }]
	for {set seed $first} {$seed < $first + $cases} {incr seed} {
		expr {srand($seed)}
		set before [random_table $places]; set after [random_table $places]
		set death [one_of {none upgrade kill}]
		superd -control -guard $before
		opened $before
		reload $after
		opened $after
		if {$death eq "upgrade"} { upgrade; opened $after }
		if {$death eq "kill"} { kill_superd; opened $after }
		set reloaded [seen]
		stop
		superd -control -guard $after
		opened $after
		set started [seen]
		expect {$reloaded eq $started} "RANDOM_SEED=$seed ($death): reloaded:\n[without $reloaded $started]\nstarted:\n[without $started $reloaded]\nof\n$before\nand\n$after"
		stop
	}
}

# --print and back, in each of its forms.
test a_table_printed_is_the_table_read {
	set places [list [free_port] [free_port] [free_port] [path one] [path two]]
	for {set seed $first} {$seed < $first + $cases} {incr seed} {
		expr {srand($seed)}
		write own.conf [set table [random_table $places]]
		lassign [answer --print -f %/own.conf] status printed errors
		expect {$status == 0} "RANDOM_SEED=$seed: $errors\nof\n$table"
		write printed.conf $printed
		is [lindex [answer --print -f %/printed.conf] 1] $printed
		set json [lindex [answer --print=json -f %/own.conf] 1]
		foreach {all origin} {1 own.conf 2 printed.conf} { set text($all) [regsub -all {"(file|line|column|origin)":("[^"]*"|\d+),?} [lindex [answer --print=json -f %/$origin] 1] ""] }
		is $text(1) $text(2)
	}
}
