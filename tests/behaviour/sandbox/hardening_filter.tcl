# Filters of system calls are compiled by superd-filter, each once; what it answers is checked. A stand-in for it lies beside a copy of
# superd.
suite hardening_filter

# A copy of superd that finds the stand-in, which answers so.
proc superd_with {mode} {
	needs {[string match *libseccomp* [lindex [answer --version] 1]]} "needs libseccomp"
	needs {![root] || [has_users]} "needs a build that every user can reach"
	set own [path own/superd]
	if {![exists %/own]} {
		file mkdir [path own]
		copy_program $::superd $own
		copy_program $::env(BUILDDIR)/tests/behaviour/hostile_filter [path own/superd-filter]
		copy_program $::env(SUPERD_LIBEXEC)/superd-exec [path own/superd-exec]
	}
	write own/mode $mode 644
	write own/requests "" 666
	return $own
}

# What it was asked; and how often.
proc asked {} { read [path own/requests] }
proc asked_times {} { lines [path own/requests] }

set cat {listen = "127.0.0.1:0" accept = yes exec = "/bin/cat"}

proc two_hundred {more} {
	for {set n 0} {$n < 200} {incr n} { append rows "service s$n { $::cat system_call_filter = \"@system-service\" }\n" }
	return $rows$more
}

test one_for_two_hundred_services_is_compiled_once {
	superd -program [superd_with good] [two_hundred ""]
	is [ask s7 hello] hello
	expect {[asked_times] == 1}
	has [asked] ":  @system-service;"
	reload [two_hundred {service more { $cat system_call_filter = "~@mount" restrict_realtime = yes }}]
	expect {[asked_times] == 3} "a reload asks for what is new: [asked]"
}

# Only a reload with a filter that the table before did not have needs superd-filter.
test a_reload_that_cannot_compile_one_is_refused {
	set one {service one { $cat system_call_filter = "@system-service" }
}
	superd -program [superd_with good] $one
	port one
	superd_with ends
	reload -refused "$one service two { $cat system_call_filter = \"~@mount\" }"
	log "error: two: cannot compile its filter of system calls: superd-filter has ended"
	reload "$one service two { $cat system_call_filter = \"@system-service\" }"
	port two
}

# By the files, and by the table that the superd before had, as an administrator is in the middle of an edit.
test a_superd_that_takes_over_needs_no_compiler_for_known_ones {
	superd -guard -control -program [superd_with good] {
		service one { $cat restrict_realtime = yes system_call_filter = "@system-service" }
	}
	is [ask one hello] hello ;# before that superd may not have saved its state
	superd_with ends
	foreach more {"" {service two { listen = "127.0.0.1:0" exec = "/bin/cat" system_call_filter = "~@mount" }} ""} {
		set file [open [table] a]; puts $file $more; chan close $file
		kill_superd
		is [ask one hello] hello
	}
	lacks [asked] realtime @system-service
}

proc pid_asked {} { regexp {^pid (\d+),} [asked] all pid; return $pid }

test one_that_stays_behind_its_answers_is_ended {
	superd -program [superd_with stays] {service one { listen = "127.0.0.1:0" exec = "/bin/cat" lock_personality = yes }}
	port one
	set pid [pid_asked]
	wait {![lives $pid]}
}

# What this superd says of a table.
proc check {program status_wanted table} {
	lassign [run $program --check -f [write table $table]] status output errors
	expect {$status == $status_wanted} $errors
	return $errors
}

# A user of its own, and no capabilities.
test it_is_compiled_without_rights {
	needs {[has_users]} "needs root, and a build that every user can reach"
	check [superd_with good] 0 {service one { listen = "127.0.0.1:0" exec = "/bin/cat" restrict_realtime = yes }}
	expect {[regexp {^pid \d+, uid (\d+), no new privileges (\d+), may bind (\d+):} [asked] all uid privileges binds]} [asked]
	expect {$uid >= 60594 && $uid <= 60601}
	expect {$privileges == 1 && $binds == 0}
}

# Each service that needs a filter has an error of its own line.
proc errs {mode text} {
	set errors [check [superd_with $mode] 1 {service plain { listen = "127.0.0.1:0" exec = "/bin/cat" }
service one { listen = "127.0.0.1:0" exec = "/bin/cat" lock_personality = yes }
service two { listen = "127.0.0.1:0" exec = "/bin/cat" system_call_filter = { "@system-service" } }
}]
	has $errors "table:2:1: error: one: cannot compile its filter of system calls: $text" \
		"table:3:1: error: two: cannot compile its filter of system calls: $text"
	lacks $errors "error: plain:"
}

test a_wrong_answer_is_an_error_of_each_service_that_needs_one {
	set wrong "the answer of superd-filter is wrong:"
	errs short "$wrong it is too short"
	errs cut "$wrong its length is wrong"
	errs long "cannot ask superd-filter: [error_text EMSGSIZE]"
	errs many "$wrong its number of instructions cannot be"
	errs unknown "$wrong it names words that were not asked for"
	errs fails "Invalid argument"
	errs ends "superd-filter has ended without an answer"
}

# Takes ten seconds.
test one_that_does_not_answer_is_an_error {
	errs hangs "superd-filter has not answered for 10 s"
}

# What a superd that misses a program of its own says of a table.
proc check_without {program missing table} {
	file attributes [path own/$missing] -permissions 0644
	lassign [run $program --check -f [write table $table]] status output errors
	needs {$status != 0} "superd's own programs are installed on this machine"
	expect {$status == 1}
	return $errors
}

test a_program_that_is_missing_is_an_error {
	set own [superd_with good]
	set table {service one { listen = "127.0.0.1:0" exec = "/bin/cat" lock_personality = yes }}
	has [check_without $own superd-filter $table] "table:1:1: error: one: cannot compile its filter of system calls: superd's own\
		program superd-filter is missing"
	has [check_without $own superd-exec $table] "table:1:56: error: one: lock_personality = yes: superd's own program superd-exec is\
		missing (Permission denied); superd searched"
}
