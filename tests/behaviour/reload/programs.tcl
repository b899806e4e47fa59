# superd's own programs are those that were installed with it, whatever is installed over them while it runs. The sets
# here are copies of one build, of which each has a build id of its own.
suite programs
uses reloads

set second 222222222222
set third 333333333333
proc own_build {} { regexp {build (\w{12})} [lindex [answer --version] 1] all build; return $build }
proc has_filter {} { string match *libseccomp* [lindex [answer --version] 1] }

# Puts a copy of a program in the place of what is there, as a package manager does, with this build id.
proc install {from to id} {
	needs {[file readable $from]} "this user may run superd's programs, and not copy them"
	set in [open $from rb]; set bytes [chan read $in]; chan close $in
	set own [own_build]
	expect {[string first $own $bytes] > 0} "$from has no build id"
	set out [open [path next] wb 0755]; chan puts -nonewline $out [string map "$own $id" $bytes]; chan close $out
	file rename -force [path next] $to
}

# All that the build has installed beside superd.
proc install_helpers {id} {
	foreach program [glob $::env(SUPERD_LIBEXEC)/*] { install $program [path tree/libexec/superd/[file tail $program]] $id }
}
proc install_set {id} {
	foreach folder {tree tree/sbin tree/libexec tree/libexec/superd} { file mkdir [path $folder] }
	install $::superd [path tree/sbin/superd] $id
	install_helpers $id
}

proc table_with {{more ""}} {
	filled {service small { listen = "127.0.0.1:0" accept = yes builtin = echo }
service asks { listen = "127.0.0.1:0" accept = yes exec = "/bin/cat" user = "$user"
 log_type = { FILE, "%/log" } log_on_success = { USERID } $more }
}
}
proc run_set {args} { superd -program [path tree/sbin/superd] {*}$args [table_with] }
proc echoes {args} { foreach service $args { is [ask $service hello] hello } }

test of_a_running_superd_are_its_own_until_it_is_upgraded {
	install_set [own_build]
	run_set
	echoes small
	install_set $second
	echoes small asks
	if {[has_filter]} { reload [table_with "system_call_filter = { \"@system-service\" }"] }
	echoes asks
	upgrade
	expect {[logged "(build $second)"]}
	expect {![logged "another build"]}
	echoes small asks
	install_set $third
	if {[has_filter]} { reload [table_with "system_call_filter = { \"@basic-io\", \"@default\" }"] }
	upgrade
	echoes small
	expect {![logged "another build"]}
}

# The guard starts the superd that it knows.
test go_on_when_superd_is_killed {
	install_set [own_build]
	run_set -control
	echoes small
	install_set $second
	kill_superd
	echoes small asks
	expect {![logged "another build"]}
	upgrade
	expect {[logged "(build $second)"]}
	echoes small
	kill_superd
	echoes small
	expect {![logged "another build"]}
}

# The descriptors of before are closed, and their numbers are free.
test are_each_itself_after_an_upgrade_to_the_same_files {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	private_file /etc/nsswitch.conf "hosts: files\n"
	private_file /etc/hosts "127.0.0.1 localhost\n127.0.0.2 client.example.org client\n"
	install_set [own_build]
	run_set -guard -control
	echoes small
	upgrade
	set filter [expr {[has_filter] ? "system_call_filter = \"@system-service\"" : ""}]
	reload "service named { listen = \"127.0.0.1:0\" accept = yes exec = \"/bin/cat\" user = root
		only_from = client.example.org $filter }\n[table_with]"
	echoes small
	set client [connect named -from 127.0.0.2]; send $client hello
	is [line $client] hello; close $client
}

# Where there are few descriptors, theirs are low, too.
test are_no_standard_streams_of_a_superd_that_has_none {
	needs {[root]} "needs root, to look into superd"
	set script [write superd "#!/bin/sh\nulimit -n 48 && exec $superd \"$@\" <&- >&- 2>&-\n" 755]
	superd -program $script -arguments {--log file:%/log} \
		{service small { listen = "127.0.0.1:0" accept = yes builtin = echo }}
	sees { read %/log } "small: listening on"
	foreach fd {0 1 2} { is [file readlink /proc/[superd_pid]/fd/$fd] /dev/null }
}

test that_were_missing_are_found_once_they_are_there {
	install_set [own_build]
	set helper [path tree/libexec/superd/superd-builtin]
	write table [table_with]
	file rename $helper [path away]
	file delete [path tree/libexec/superd/superd-output]
	needs {[lindex [run [path tree/sbin/superd] --check -f %/table] 0] == 1} "superd's own programs are installed on this machine"
	run_set -arguments --keep-going
	log "asks: listening on "
	expect {[logged "superd's own program superd-builtin is missing"]}
	expect {[logged "warning: superd's own program superd-output is missing"]}
	file rename [path away] $helper
	reload [table_with]
	echoes small
}

# Its program's bind(2) would wait for ever.
test that_answer_bind_must_be_there {
	install_set [own_build]
	write table "service web { listen = \"127.0.0.1:7007\" pass = bind exec = \"/bin/cat\" }\n"
	file delete [path tree/libexec/superd/superd-bind]
	lassign [run [path tree/sbin/superd] --check -f %/table] status output errors
	needs {[string match "*superd-bind is missing*" $errors]} "superd's own programs are installed on this machine"
	needs {![string match "*built without it*" $errors]} "superd was built without pass = bind"
	expect {$status == 1}
	has $errors "error: web: pass = bind: superd's own program superd-bind is missing"
}

test start_behind_a_filter_that_denies_their_kind_of_exec {
	needs {[has_filter]} "needs libseccomp"
	foreach {name filter} {denied {"~execveat", "~ptrace"} allowed {"@system-service", "~execveat"}} {
		append table "service $name { listen = \"127.0.0.1:0\" accept = yes builtin = echo user = \"$user\"
			system_call_filter = { $filter } }\n"
	}
	superd $table
	echoes denied allowed
}

# A set that was installed by half. The message names the file. superd-output reads what superd-builtin prints.
test of_another_build_than_superd_serve_nobody_and_say_so {
	install_set [own_build]
	install_helpers $second
	install $env(SUPERD_LIBEXEC)/superd-output [path tree/libexec/superd/superd-output] [own_build]
	run_set -arguments --no-preflight
	set client [connect small]; end_of $client; close $client
	wait {[logged "/tree/libexec/superd/superd-builtin is of build $second, and was started by a superd of another build"]}
	echoes asks
	wait {[logged "/tree/libexec/superd/superd-lookup is of another build than superd"]}
	stop
	install_helpers $second
	if {![has_filter]} return
	write filtered "service a { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" system_call_filter = { \"@system-service\" } }\n"
	lassign [run [path tree/sbin/superd] --check -f %/filtered] status output errors
	expect {$status == 1}
	has $errors "/tree/libexec/superd/superd-filter is of another build than superd"
}
