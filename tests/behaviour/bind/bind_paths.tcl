# Unix sockets: paths by other names, what a program does to the file of its socket, and all three types.
suite paths
uses binding

# Who serves at a path, or an abstract name.
proc who {address {type stream}} {
	set client [connect $address -type $type]; send $client who
	set said [if {$type eq "stream"} { line $client } else { rest $client }]
	close $client
	has $said " who"
	lindex $said 0
}

# What there is of a file, by the path; 0: there is none.
proc file_has {what path} { expr {[catch {file lstat [filled $path] status}] ? 0 : $status($what)} }
proc node_of {path} { file_has ino $path }
proc mode_of {path} { format %o [expr {[file_has mode $path] & 0o777}] }

proc web_at_path {steps {options ""}} { binds {"%/web.sock"} $steps $options }

# ---- types and names ----

test a_stream_socket {
	web_at_path {unix bind=%/web.sock listen=5 serve=poll}
	set first [who %/web.sock]
	tells [ask %/web.sock ?] name=[path web.sock]
	expect {[who %/web.sock] == $first}
}

test packets_in_sequence {
	binds {"seqpacket:%/web.sock"} {seqpacket bind=%/web.sock listen=5 serve=poll}
	who %/web.sock seqpacket
}

test datagrams {
	binds {"unix-dgram:%/web.sock"} {dgram bind=%/web.sock serve=poll}
	node %/web.sock
	set client [datagrams %/web.sock %/own.sock]
	file attributes [path own.sock] -permissions 0777
	has [datagram $client who] " who"
	close $client
}

set name @superd-bind-$self

test abstract_names {
	foreach {kind opens type} {"" unix stream seqpacket: seqpacket seqpacket} {
		binds "\"$kind$name\"" "$opens bind=$name listen=5 serve=poll"
		who $name $type
		stop
	}
}

test an_abstract_name_of_datagrams {
	binds {"unix-dgram:$name"} {dgram bind=$name serve=poll}
	set client [datagrams $name $name-own]
	has [datagram $client who] " who"
	close $client
}

# ---- the same path by other words ----

# The program removes and binds superd's path, which is in a folder "run", by this name.
proc is_bound_as {name {before ""} {socket web.sock}} {
	file mkdir [path run]; path run/$socket
	binds "\"%/run/$socket\"" "$before unix try-unlink=$name bind=$name listen=5 serve=poll"
	who %/run/$socket
	log "binder: unlink=$name: ok"
	expect {[node_of %/run/$socket]}
}

test a_folder_may_have_another_name {
	exec ln -s [path run] [path var-run]
	is_bound_as %/var-run/web.sock
}

test a_path_may_be_relative { is_bound_as ./web.sock chdir=%/run }

test a_relative_path_may_lead_through_an_absolute_link {
	file mkdir [path work]
	exec ln -s [path run] [path work/run]
	is_bound_as run/web.sock chdir=%/work
}

# An address of 12 bytes, as those of netlink.
test a_relative_path_may_have_any_length { is_bound_as nine.sock chdir=%/run nine.sock }

# A path that is longer than sun_path is named so.
test a_folder_may_be_a_descriptor { is_bound_as /proc/self/fd/30/web.sock folder=30,%/run }

test another_path_is_the_programs {
	web_at_path {unix bind=%/other.sock listen=5 unix bind=%/web.sock listen=5 serve=poll}
	set first [who %/web.sock]
	expect {[who %/other.sock] == $first}
	obeys %/web.sock unlink=[path other.sock]
	expect {![node_of %/other.sock]}
}

test binds_says_another_path {
	web_at_path {unix try-unlink=%/other.sock bind=%/other.sock mode=0600,%/web.sock listen=5 serve=poll} \
		{binds = { "%/other.sock" }}
	who %/web.sock
	expect {![node_of %/other.sock]}
}

test a_folder_that_is_not_there_is_the_programs_mistake {
	web_at_path {unix try-bind=%/web.sock/no/web.sock bind=%/web.sock listen=5 serve=poll} "timeout_start = 1h"
	who %/web.sock
	log "binder: bind=%/web.sock/no/web.sock: Not a directory"
}

# ---- the file ----

proc is_unlinked_by {call} {
	web_at_path "try-$call=%/web.sock unix bind=%/web.sock listen=5 serve=poll"
	set node [node_of %/web.sock]; set first [who %/web.sock]
	log "binder: $call=%/web.sock: ok"
	obeys %/web.sock $call=[path web.sock]
	expect {[node_of %/web.sock] == $node}
	expect {[who %/web.sock] == $first}
}

test the_program_may_remove_the_file { is_unlinked_by unlink }
test so_it_may_by_unlinkat { is_unlinked_by unlinkat }

test other_files_are_removed {
	write lock ""
	web_at_path {unix bind=%/web.sock listen=5 unlink=%/lock serve=poll}
	who %/web.sock
	expect {![exists %/lock]}
}

test nobody_answers_before_the_program_has_bound {
	web_at_path {try-connect=%/web.sock unix bind=%/web.sock listen=5 try-connect=%/web.sock serve=poll}
	who %/web.sock
	log "binder: connect=%/web.sock: Connection refused"; log "binder: connect=%/web.sock: ok"
}

test the_file_is_the_users {
	needs_users
	web_at_path {unix bind=%/web.sock mode=0640,%/web.sock listen=5 serve=poll} {user = "65533"}
	who %/web.sock
	is [mode_of %/web.sock] 640; is [file_has uid %/web.sock] 65533
}

test unless_the_table_names_another_owner {
	needs_users
	web_at_path {unix bind=%/web.sock listen=5 serve=poll} {user = "65533" socket_user = "65532"}
	who %/web.sock
	is [file_has uid %/web.sock] 65532
}

test an_ordinary_user_changes_the_mode {
	web_at_path {unix bind=%/web.sock mode=0600,%/web.sock listen=5 serve=poll}
	who %/web.sock
	is [mode_of %/web.sock] 600
}
