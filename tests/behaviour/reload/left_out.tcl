# What --keep-going skips is seen by every question of an operator, and comes in by a reload.
suite left_out

proc row {name exec {more ""}} {
	return "service $name { listen = \"127.0.0.1:0\" exec = \"$exec\" user = \"$::user\" $more }\n"
}
proc keep_going {how table} {
	superd {*}$how -control -arguments --keep-going $table
	node %/control
}

# One that is served, one whose program is missing, one with a mistake, one that is disabled.
proc run_some {} {
	keep_going -clock "[row good /bin/cat][row bad [path prog]][row worse /bin/cat "usr = 3"][row off /bin/cat "disable = yes"]"
}

# What superctl prints and says, and how it ends.
proc ctl {args} {
	lassign [superctl {*}$args] status output errors
	return "$output${errors}status $status\n"
}
proc conforms {args} {
	set answer [prints --json {*}$args]
	expect {[schema_holds [lindex $args 0] $answer]}
	return $answer
}

test is_a_row_with_its_reason {
	run_some
	set place [table]:2:
	set list [prints list]
	expect {[regexp -line {^.*\ybad .*$} $list line]} $list
	has $line "skipped" $place "there is no such program"
	expect {[regexp {[x\u00d7]  bad} $list]} $list
	has $list "unknown option 'usr'" disabled
	has [conforms list] "\"service\":\"bad\",\"state\":\"skipped\""
	conforms status; conforms show worse
	has [ctl status bad] "it is skipped: $place" "status 3"
	conforms why
	has [ctl why bad] $place "correct that, then superctl reload"
	has [ctl why worse] "correct that, then superctl reload"
}

test counts_in_health_and_metrics {
	run_some
	lassign [superctl health] status output errors
	expect {$status == 0} "a new superd would not mend it"
	has $output "degraded: 2 faults\nbad: it is skipped: " "\nworse: it is skipped: "
	conforms metrics
	has [prints metrics] "\nsuperd_services_skipped 2" "\nsuperd_service_skipped{service=\"bad\"} 1" \
		"\nsuperd_service_skipped{service=\"good\"} 0" "{service=\"bad\",superd_service_state=\"skipped\"} 1"
	log ", 2 services\n"
}

test keeps_what_it_had_which_diff_says_too {
	keep_going "" "[row good /bin/cat][row web /bin/cat]"
	write superd.conf "[row good /bin/cat][row web /bin/cat "usr = 3"]"
	has [ctl diff] "2 unchanged\n" "unknown option 'usr'" "status 0"
	has [ctl reload] "2 unchanged\n" "web: failed: " "it keeps its previous configuration"
}

# Only the readers of inetd.conf and xinetd.conf make longer names of one.
test keeps_nothing_of_a_longer_name {
	keep_going "" "[row web /bin/cat][row web-admin /bin/cat]"
	write superd.conf [row web /bin/cat "usr = 3"]
	has [ctl reload] "web: failed: " "web-admin: removed"
	lacks [prints list] "web-admin"
}

test is_said_to_who_would_start_it {
	run_some
	foreach verb {start stop restart hold release drain freeze thaw enable disable} {
		set answer [ctl $verb bad]
		has $answer "bad: it is skipped: " "there is no such program"
		lacks $answer "status 0"
	}
	stop
}

# The one line has no name at all, the other that of a service that is served.
test has_its_place_for_a_name_where_it_has_no_other {
	set port [free_port]
	keep_going {-clock -format inetd} "$port stream tcp nowait $user /bin/cat cat\n\"x stream tcp nowait $user /bin/cat cat
$port stream udp nowait $user /bin/cat cat\n"
	has [ctl status [table]:2] "skipped" "is not closed on its line"
	has [ctl status [table]:3] "skipped"
	has [ctl status $port] asleep
}

# superd could not read its entry back.
test is_a_comment_of_show {
	run_some
	lassign [superctl show] status output errors
	expect {$status == 0} $errors
	has $output "# bad is skipped: " "# worse is skipped: "
	write shown.conf $output
	lassign [answer --print --no-preflight -f %/shown.conf] status output errors
	expect {$status == 0} $errors
	has $output "service good \{"
	stop
}

# A reload has found its entry wrong, and it runs.
test is_told_of_what_goes_on_as_it_was {
	keep_going -clock [row dog /bin/cat]
	reload [row dog /bin/cat "usr = 3"]
	has [prints list] asleep "unknown option 'usr'"
	has [ctl why dog] "so the previous one stays in effect: " "correct that, then superctl reload"
	has [prints health] "degraded: dog: its configuration has an error now, so the previous one stays in effect: "
}

test is_counted_by_services {
	set inetd [path inetd.conf]; set native [path superd.conf]
	write inetd.conf "127.0.0.1,127.0.0.2:7001 stream tcp nowait $user /bin/cat cat
127.0.0.1,127.0.0.2:7002 stream tcp nowait nobody-of-this-name /bin/cat cat\n"
	write superd.conf [row good /bin/cat]
	is [lindex [answer --check --keep-going -f inetd:$inetd] 1] "$inetd: inetd.conf, 2 services, 2 skipped\n"
	is [lindex [answer --check --keep-going -f inetd:$inetd -f $native] 1] \
		"$native: superd.conf, 1 service\n$inetd: inetd.conf, 4 services\nin all: 3 services, 2 skipped\n"
}

# Each of its files has a mistake.
test is_one_service_of_two_files {
	file mkdir [path units]
	write units/dog.socket "\[Socket]\nListenStream=none:of:these\n"
	write units/dog.service "\[Service]\nExecStart=/bin/cat\nUMask=x\n"
	lassign [answer --check --keep-going -f systemd:%/units] status output errors
	is $output "[path units]: unit files, 0 services, 1 skipped\n"
	expect {$status == 1}
	lassign [answer --check -f systemd:%/units] status output errors
	expect {$status == 1} "a folder of units skips without --keep-going, too: $errors"
}

# Nobody but a reload reads it again.
test comes_in_by_a_reload_when_its_program_is_there {
	set table [row good /bin/cat "accept = yes"][row bad [path prog] "accept = yes"]
	keep_going -clock $table
	set client [connect good]
	is [ask good before] before
	write prog "#!/bin/sh\nexec /bin/cat\n" 755
	reload $table
	is [ask bad "at last"] "at last"
	send $client "still here"; is [line $client] "still here"
	close $client
}

# The next superd could read the sources, or not: it goes on by the table of the one before.
test is_so_after_each_death_of_superd_and_an_upgrade {
	keep_going -guard [row good /bin/cat "accept = yes wants = worse"][row bad [path prog]][row worse /bin/cat "usr = 3"]
	is [ask good saved] saved
	foreach end {kill_superd upgrade kill_superd} {
		if {$end eq "upgrade"} { expect {[lindex [superctl upgrade] 0] == 0} } else { kill_superd }
		has [ctl status bad] "it is skipped: [table]:2:" "there is no such program"
		has [ctl status worse] "unknown option 'usr'"
		has [ctl start bad] "bad: it is skipped: "
		has [prints health] "\nbad: it is skipped: "
		is [ask good still] still
		if {$end eq "upgrade"} { write superd.conf "superd { pid_fil = 3 }" }
	}
}

# The former row is that of no source, and the next superd must have it all the same.
test keeps_its_former_row_over_a_death_and_an_upgrade {
	keep_going -guard [row dog "$backend serve"]
	set port [port dog]; set process [pid dog]
	foreach n {0 1} {
		reload "[row dog [path prog]]# $n\n"
		expect {![logged "service 'dog' is skipped"]}
	}
	kill_superd
	expect {[pid $port] == $process}
	sees { ctl why dog } "so the previous one stays in effect"
	expect {[lindex [superctl upgrade] 0] == 0}
	expect {[pid $port] == $process}
}
