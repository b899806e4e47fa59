# Jobs of launchd, run: a backend gets its sockets by name, or as an inetd gives them; a private socket is told to
# its job alone; a host has a socket for each address, and a group is heard. And one service is the same table in
# every language.
suite launchd

# A list with these keys, from pairs of a key and its value: a value is text, a number, yes or no, or {dict KEY VALUE ...}
# or {array VALUE ...}.
proc value_of {value} {
	switch -regexp -- $value {
		{^dict } { return "<dict>[keys_of [lrange $value 1 end]]</dict>" }
		{^array } { return "<array>[join [lmap word [lrange $value 1 end] { value_of $word }] ""]</array>" }
		{^(yes|no)$} { return [expr {$value eq "yes" ? "<true/>" : "<false/>"}] }
		{^number } { return "<integer>[lindex $value 1]</integer>" }
	}
	return "<string>[string map {& &amp; > &gt; < &lt;} $value]</string>"
}
proc keys_of {pairs} {
	set keys ""
	foreach {key value} $pairs { append keys <key>$key</key>[value_of $value]\n }
	return $keys
}
proc list_of {pairs} {
	return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>[keys_of "Label web $pairs"]</dict></plist>\n"
}

set loopback {dict SockNodeName 127.0.0.1 SockServiceName {number 0}}
set report "array $tests/report %/report"
set inetd {dict Wait no}

proc reads_lists {} {
	needs {[string match *expat* [lindex [answer --version] 1]]} "superd reads no property lists: it was built without expat"
}
proc job {how pairs} {
	reads_lists
	superd {*}$how -format launchd [list_of $pairs]
}

test a_backend_gets_its_sockets_by_their_names {
	set path [path local]
	job {} [list ProgramArguments $report EnvironmentVariables {dict RATE 50%{x}} \
		Sockets [list dict Listeners $loopback Local "dict SockPathName $path SockPathMode {number 384}"]]
	is [ask web hello] reported
	fields [reported %/report] env.LISTEN_FDS 2 env.LISTEN_FDNAMES Listeners:Local env.RATE 50%{x}
	expect {[mode $path] == 600}
	stop
	file delete $path
}

test without_wait_each_connection_is_a_standard_input {
	job {} [list Program /bin/sh ProgramArguments {array called -c "read word; echo $0 $word"} \
		Sockets [list dict Listeners $loopback] inetdCompatibility $inetd]
	repeat 3 { is [ask web here] "called here" }
}

test a_job_without_sockets_runs_once {
	job -clock {RunAtLoad yes ProgramArguments {array /bin/sh -c "echo ran >>%/ran"}}
	log "ended: exit status 0"
	repeat 3 { advance 1h }
	is [read %/ran] "ran\n"
}

test the_example_is_served {
	reads_lists
	set list [replaced [example_table launchd/org.example.cat.plist] 7777 [free_port]]
	if {![root]} { set list [replaced $list nobody $user] }
	superd -format launchd $list
	is [ask org.example.cat "through cat"] "through cat"
}

test a_private_socket_is_told_to_its_job_alone {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	set path $env(SUPERD_RUNSTATEDIR)/superd/secure/web/bus
	job {} [list ProgramArguments $report Sockets {dict bus {dict SecureSocketWithKey BUS}}]
	node $path
	expect {[mode $path] == 600}
	is [ask $path hello] reported
	fields [reported %/report] env.BUS $path
	stop
	expect {![exists $path]} "it was left"
}

test a_host_of_several_addresses_is_served_at_one_with_a_warning {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	private_file /etc/hosts "127.0.0.1 localhost\n127.0.0.2 several\n127.0.0.3 several\n"
	private_file /etc/host.conf "multi on\n"
	job {} [list ProgramArguments $report Sockets {dict Listeners {dict SockNodeName several SockServiceName 8080}}]
	log "'several' has more than one address; 127.0.0.2 is taken"
	log "listening on tcp:127.0.0.2:8080"
	is [told 8080 -to 127.0.0.2] "reported\n"
	fields [reported %/report] env.LISTEN_FDNAMES Listeners
}

test a_group_that_was_joined_is_heard {
	job {} [list ProgramArguments {array /bin/sh -c "head -c 5 >%/heard"} inetdCompatibility {dict Wait yes} Sockets {dict Group \
		{dict SockType dgram SockFamily IPv4 SockServiceName 0 MulticastGroup 239.195.17.4%lo}}]
	send_to_group 239.195.17.4 [port web] hello
	wait {[read %/heard] eq "hello"}
}

test a_group_is_left_and_joined_by_a_reload {
	needs {[private]} "needs root, a network namespace and mounts of its own"
	set table {service web { listen = "udp4:127.0.0.1:0" multicast_group = { "$group%lo" } exec = "$backend serve" }}
	set group 239.195.17.4
	superd $table
	port web
	has [read /proc/net/igmp] 0411C3EF
	set group 239.195.17.5
	reload $table
	wait {[string match *0511C3EF* [read /proc/net/igmp]]}
	lacks [read /proc/net/igmp] 0411C3EF
}

# ---- one service in each language ----

proc printed_json {source} {
	lassign [answer --print=json -f $source] status output errors
	expect {$status == 0} $errors
	return $output
}

# That these are the same, but for what systemd gives each unit, and launchd no job.
proc are_same {list socket service template table more} {
	reads_lists
	write web.plist [list_of $list]
	write web.socket "\[Socket]\n$socket\n"
	write web$template.service "\[Service]\n$service\n"
	write web.conf $table\n
	set wanted [printed_json %/web.conf]
	is [printed_json %/web.plist] $wanted
	set unit [printed_json %/web.socket]
	foreach part [concat {{, "unit_environment": true} {, "keyring_mode": "private"}} $more] { set unit [replaced $unit $part ""] }
	is $unit $wanted
}

test a_list_a_unit_and_a_table_of_one_service_are_the_same {
	are_same {UserName daemon ProgramArguments {array /bin/cat -u}
		Sockets {dict Listeners {dict SockNodeName 127.0.0.1 SockServiceName 8888}}
		EnvironmentVariables {dict RATE 50%{x}} Nice {number 5} ThrottleInterval {number 2}
		SoftResourceLimits {dict NumberOfFiles {number 100}} HardResourceLimits {dict NumberOfFiles {number 200}}
		StandardErrorPath /dev/null} {ListenStream=127.0.0.1:8888
FileDescriptorName=Listeners
Backlog=4096} {User=daemon
ExecStart=/bin/cat -u
Environment=RATE=50%%{x}
Nice=5
RestartSec=2
LimitNOFILE=100:200
StandardError=null
TimeoutStopSec=20
SyslogLevelPrefix=no
IgnoreSIGPIPE=no} "" {service web {
 socket Listeners { listen = "127.0.0.1:8888" }
 user = daemon
 exec = "/bin/cat -u"
 env = { "RATE=50%%{x}" }
 nice = 5
 backoff_min = 2
 rlimit_nofile = "100:200"
 error = null
 timeout_stop = 20
 kill_leftovers = yes
}} {}
}

# At its limit systemd sends clients away, and launchd lets them wait.
test a_job_of_inetd_a_unit_and_a_table_of_one_service_are_the_same {
	are_same {UserName daemon Umask 027 WorkingDirectory / AbandonProcessGroup yes ProgramArguments {array /bin/cat}
		inetdCompatibility {dict Wait no Instances {number 5}}
		Sockets {dict L {dict SockPathName /run/web.sock SockPathMode {number 432} SockPathOwner {number 1}}}
	} {ListenStream=/run/web.sock
Accept=yes
SocketMode=0660
SocketUser=1
MaxConnections=5
Backlog=4096
FileDescriptorName=L} {User=daemon
ExecStart=/bin/cat
StandardInput=socket
UMask=0027
WorkingDirectory=/
TimeoutStopSec=20
KillMode=process
SyslogLevelPrefix=no
IgnoreSIGPIPE=no} @ {service web {
 socket L { listen = "/run/web.sock" socket_mode = 0660 socket_user = 1 }
 accept = yes
 user = daemon
 exec = "/bin/cat"
 umask = 0027
 working_directory = "/"
 error = socket
 instances = 5
 timeout_stop = 20
 kill_mode = process
}} {{, "overload": "refuse"}}
}
