# What superd-exec gets of superd, and what a service gets through it: a stand-in looks, tries what a superd-exec under an attacker's
# control would, and lets the real one go on.
suite exec_inherits

# What is seen by /proc is what bash was given, as long as it has no pipe of its own; its script is 255. The last two words are the
# numbers of the start and of the pipe for the report.
set stand_in {OWN='%/own' ME=/proc/$$ START=${@: -2:1} REPORT=${@: -1}
ls -l $ME/fd >"$OWN/listed"
sed -n 's/.* \([0-9]*\) -> /\1 /p' "$OWN/listed" >"$OWN/fds" && rm "$OWN/listed"
tr '\0' '\n' <$ME/environ >"$OWN/environ"
for TRY in "echo >/proc/self/fd/$START" ": >/proc/self/fd/$START" "echo x >&$START" \
  "truncate -s 0 /proc/self/fd/$START" "truncate -s 1000000 /proc/self/fd/$START" "head -c 1 <&$REPORT" $looks; do
  (eval "$TRY") >/dev/null 2>&1 && echo "$TRY"
done >"$OWN/could"
exec "$OWN/real" "$@"
}

# A superd that is not root may not be looked into by its own user's processes.
set looks [expr {[root] ? "" :
	{"ls /proc/$PPID/fd/" "ls -l /proc/$PPID/exe" "cat /proc/$PPID/environ" "cat /proc/$PPID/maps"}}]

# The path of a superd that finds it.
proc superd_with_stand_in {} {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	file mkdir [path own]
	copy_program $::superd [path own/superd]
	copy_program $::env(SUPERD_LIBEXEC)/superd-exec [path own/real]
	copy_as_script [path own/superd-exec]
	write own/superd-exec.sh $::stand_in 755
	foreach name {fds environ could} { path own/$name }
	path own/superd
}

# A service with a condition starts through superd-exec.
proc report_of {program more} {
	superd -program $program {service web { listen = "127.0.0.1:0" accept = yes user = "$user" exec = "$tests/report -" $more }}
	set report [told web]
	has $report "\nend=1\n"
	stop
	return $report
}

proc seen {name} { read [path own/$name] }

# Descriptors above the standard streams, which are superd's until the stages replace them, that lead to something like this.
proc leading_to {pattern} {
	set found 0
	foreach line [split [string trim [seen fds]] \n] {
		regexp {^(\d+) (.*)$} $line all number target
		if {$number > 2 && $number != 255 && [regexp ^($pattern) $target]} { incr found }
	}
	return $found
}

test superd_exec_has_its_start_and_nothing_else_of_superds {
	set program [superd_with_stand_in]
	set env(LD_DEBUG_OUTPUT) /nonexistent
	set env(SUPERDS_OWN) here
	report_of $program {condition = "PathExists=/"}
	expect {[leading_to ""] == 4} [seen fds]
	expect {[leading_to socket:] == 1} "its client: [seen fds]"
	expect {[leading_to /memfd:|pipe:] == 3} "its start, its report, its output: [seen fds]"
	is [seen could] ""
	has [seen environ] "SUPERDS_OWN=here\n"
	lacks [seen environ] LD_
}

# Without what differs by nature.
proc comparable {report} {
	lsort [lsearch -all -inline -not -regexp [split $report \n] {^(pid=|ppid=|fd\.|env\.REMOTE_PORT=|proc\.SigQ=)}]
}

# Its environment, signals, identity, capabilities, limits, umask and folder: nothing of superd-exec's is left.
test a_service_gets_the_same_through_superd_exec_as_without {
	set plain [report_of $superd ""]
	set through [report_of $superd {condition = "PathExists=/"}]
	fields $through fds "0 1 2"
	is [join [comparable $plain] \n] [join [comparable $through] \n]
}

# A container's filter may deny the call that closes all others; and a client gets one program.
test a_service_gets_the_same_where_no_others_can_be_closed_at_once {
	deny_close_range
	set report [report_of $superd {condition = "PathExists=/"}]
	fields $report fds "0 1 2"
	is_there 1 $report "\nend=1\n"
	expect {![logged "cannot start"]}
}
