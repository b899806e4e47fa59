# Credentials: what a backend finds in their folder, who else can see it, and what is left of it.
suite credentials

uses unit_files

# A row; and superd with it, its client gets what a shell says as this user.
set row {service secret {
 listen = "127.0.0.1:0"
 accept = yes
 user = "$who"
 exec = { "/bin/sh", "-c", "$script" }
 $options
}
}

proc needs_root {} { needs {[root] && [has_namespaces]} "needs root and namespaces" }

# Where superd has them: that of root for each test apart. Of an ordinary user the session's, if any, may be another user's.
proc make_folder {} {
	if {[root]} {
		needs {$::is_private || [set ::is_private [private]]} "needs namespaces: without them all tests of root share a folder"
		return
	}
	file mkdir [path runtime]
	file attributes [path runtime] -permissions 0700
	path runtime/credentials; # it stays, as it may hold those of others
	set ::env(XDG_RUNTIME_DIR) [path runtime]
}
set is_private 0

proc run_shell {who options script {how ""}} {
	make_folder
	superd {*}$how $::row
}

proc tells {who options script answer} {
	run_shell $who $options $script
	is [told secret] $answer
	stop
}

set list {cd $CREDENTIALS_DIRECTORY || exit; for f in *; do echo $f=$(cat $f); done}

# The folder of an instance that goes on until its client has gone, and the client; it has told of its file "a".
set stay {cd $CREDENTIALS_DIRECTORY; pwd; cat a; echo; read x}
proc stays {} {
	set client [connect secret]; set folder [line $client]
	is [line $client] b
	list $folder $client
}

test files_and_values_become_files {
	write file one
	tells $user {load_credential = "x:%/file" set_credential = "z:f\\x6fur"} $list "x=one\nz=four\n"
}

test what_is_set_stands_in_for_what_cannot_be_loaded {
	write file loaded
	tells $user {load_credential = { "a:%/file", "b:%/missing", "nowhere" } set_credential = { "a:set", "b:set" }} $list \
		"a=loaded\nb=set\n"
}

test a_missing_one_lets_clients_wait {
	run_shell $user {load_credential = "a:%/missing" backoff_min = 1h backoff_max = 1h} $list -clock
	set client [connect secret]
	log "loading credentials: a:%/missing: No such file or directory ([table]:6)"
	settle
	write missing there
	expect {[quiet $client]}
	advance 2h
	is [rest $client] "a=there\n"
}

test more_than_a_mebibyte_is_refused {
	proc has_bytes {count} { set file [open [path big] w]; chan truncate $file $count; chan close $file }
	run_shell $user {load_credential = "a:%/big"} $list
	has_bytes 1048575; # its name has one byte, too
	is [told secret] "a=\n"
	has_bytes 1048576
	set client [connect secret]
	log "loading credentials: a:"; log "Argument list too long"
	close $client
}

# What is in the file system: its mode with its kind, and whose it is.
proc is_of {path permissions uid} {
	file lstat $path status
	is [format %o $status(mode)] $permissions
	expect {$status(uid) == $uid} $path
}

# Two starts that wait for what they load, each in a file of its own beside those that are complete.
test starts_at_the_same_time_do_not_mix_theirs {
	exec mkfifo [path pipe]
	run_shell $user {load_credential = "a:%/pipe" set_credential = "b:own"} {echo here}
	set clients [list [connect secret] [connect secret]]
	set pipe [open [path pipe] w]
	set folder [expr {[root] ? "/run" : [path runtime]}]/credentials/secret.service
	set seen {}
	wait {[foreach file [glob -nocomplain $folder/:*] {
		if {![catch {file stat $file status}]} { dict set seen $status(ino) 1 }
	}; dict size $seen] == 2}
	chan close $pipe
	foreach client $clients { is [rest $client] "here\n" }
	expect {![logged "cannot start"]}
}

# The folder and its files are the user's alone, and go with the last instance.
test nobody_else_sees_them_and_nothing_is_left {
	needs_root
	run_shell 65534 {set_credential = "a:b"} $stay
	lassign [stays] folder first
	lassign [stays] folder second
	is_of $folder 40700 65534
	is_of $folder/a 100400 65534
	close $first
	wait {[processes] == 1}
	expect {[exists $folder/a]} "they went before the last instance"
	close $second
	wait {![exists $folder]}
}

# The user may put anything into the folder while an instance runs.
test a_link_in_their_folder_leads_nowhere {
	write precious kept
	needs_root
	run_shell 65534 {set_credential = "a:b"} $stay
	lassign [stays] folder client
	remove $folder/a
	file link -symbolic $folder/a [path precious]
	# The next starts write beside their credentials, by names with their pids.
	set next [exec sh -c {echo $$}]
	for {set n 0} {$n < 2000} {incr n} { file link -symbolic $folder/:[expr {$next + $n}] [path precious] }
	lassign [stays] again other
	is $again $folder
	close $other
	is [read %/precious] kept
	close $client
	wait {![exists $folder]}
	is [read %/precious] kept
}

# Another view of the files has them at the same place.
test they_go_along_into_a_hardened_view {
	needs_root
	foreach {who options} {
		root {protect_system = strict private_tmp = yes temporary_file_system = { "/run", "/var" }}
		root {private_network = yes private_users = yes}
		65534 {root_directory = "/."}
	} {
		tells $who "set_credential = \"a:b\" $options" $list "a=b\n"
	}
}

# Of a superd that is not root.
test are_in_the_runtime_folder_of_an_ordinary_user {
	needs {[has_users]} "needs root, and a build that every user can reach"
	file mkdir [path runtime]
	path runtime/credentials; # it stays, as it may hold those of others
	file attributes [path runtime] -owner 65534 -group 65534 -permissions 0700
	set who 65534; set options {set_credential = "a:b\n"}; set script {cat $CREDENTIALS_DIRECTORY/a}
	superd -uid 65534 -environment XDG_RUNTIME_DIR=%/runtime $row
	is [told secret] "b\n"
	wait {![exists [path runtime]/credentials/secret.service]}
}

test a_unit_names_their_folder_and_its_commands_have_them {
	make_folder
	set port [free_port]
	pair a "ListenStream=127.0.0.1:$port\nAccept=yes" {StandardInput=socket
		SetCredential=pass word:x
		SetCredential=key:a b\n%m
		Environment=KEY=%d/key
		ExecStartPre=/bin/sh -c 'cat %d/key >%/seen'
		ExecStart=/bin/sh -c 'cat ${KEY}; test $$CREDENTIALS_DIRECTORY = %d && echo same'}
	units a.socket
	port a
	is [told $port] "a b\n%msame\n"
	is [read %/seen] "a b\n%m"
}

# Also where the service sees another view of the files.
test a_command_with_all_rights_has_them_too {
	needs_root
	foreach hardened {"" "protect_system = strict private_tmp = yes"} {
		tells $user "set_credential = \"a:b\" $hardened
			exec_start_pre = \"+/bin/sh -c 'cat \$CREDENTIALS_DIRECTORY/a >%/seen'\"" $list "a=b\n"
		is [read %/seen] b
		remove %/seen
	}
}

# A folder of another user's; or a link of his.
proc make_foreign {path {leads_to ""}} {
	if {$leads_to eq ""} { file mkdir $path } else { file link -symbolic $path $leads_to }
	run /bin/chown -h 65534:65534 $path
}

# Root's link leads into a folder of another user, who puts a link in the place of the file.
test a_users_link_leads_to_no_file_of_root {
	write secret hidden 600
	needs_root
	make_foreign [path theirs]
	set key [write theirs/key mine 600]
	file attributes $key -owner 65534 -group 65534
	file link -symbolic [path link] $key
	make_foreign [path own] $key
	run_shell 65534 {load_credential = { "x:%/link", "y:%/own" }} $list
	is [told secret] "x=mine\ny=mine\n"
	remove $key
	make_foreign $key [path secret]
	close [connect secret]
	log "x:%/link: Permission denied: [file dirname [path link]] can be written by all users, who could replace it by a link"
}

# The first start, which finds no folder, decides nothing for the next one.
test nor_one_in_a_folder_that_the_service_gets_later {
	write secret hidden 600
	set name credentials-get-it-later
	needs_root
	run_shell 65534 "runtime_directory = \"$name\" runtime_directory_preserve = yes
		load_credential = \"x:/run/$name/key\" set_credential = \"x:set\"" $list
	is [told secret] "x=set\n"
	make_foreign /run/$name/key [path secret]
	close [connect secret]
	log "Permission denied"
	stop
	remove /run/$name/key
	file delete /run/$name
}

test are_there_over_an_upgrade_and_go_with_their_instance {
	write file one
	run_shell $user {load_credential = "x:%/file"} {echo ready; read x; cat $CREDENTIALS_DIRECTORY/x}
	set client [connect secret]
	is [line $client] ready
	upgrade
	send $client go; is [rest $client] one
	close $client
	set client [connect secret]
	send $client go; is [rest $client] "ready\none"
	close $client
}

# systemd would connect to it.
test of_a_socket_is_refused {
	set socket [stand_in "" {}]
	lassign [answer --check -f [write own.conf "service web { listen = \"127.0.0.1:0\" exec = \"/bin/cat\" user = root load_credential = \"a:$socket\" }"]] \
		status output errors
	expect {$status == 1} $errors
	has $errors "is a socket, and superd reads a credential from a file"
	dismiss
}
