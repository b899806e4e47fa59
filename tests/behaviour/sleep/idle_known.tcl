# What superd knows of who uses a backend: since when nobody does, whose connections are whose while another instance goes on
# with its clients, and what it says of it.
suite idle_known

proc web {listen {more ""} {how -clock}} {
	superd $how -control {service web { listen = "$listen" exec = "$backend talk" idle_timeout = 1h
		$more }}
}

# The part of an answer about idling.
proc idle {{answer ""}} {
	if {$answer eq ""} { set answer [control "status web"] }
	set at [string first {"idle":} $answer]
	if {$at < 0} { return {"standing":"","for":0,"connections":0} }
	string range $answer $at end
}

# Whether superd knows of an end in the last minute, which the kernel reports a moment later.
proc knows_the_end {} {
	set idle [idle]
	expr {[value $idle standing] eq "unused" && [value $idle for] < 60}
}

proc is_awake {} { expr {![logged "web: stopping pid "] && ![logged "is frozen until a client connects"]} }

# An hour later; as much as an eighth is for the timers' grain.
proc stops_an_hour_later {} {
	wait {[knows_the_end]}
	advance 55min; expect {[is_awake]}
	until 1min {[logged "web: stopping pid "]} 15
}

proc stays_awake {} {
	repeat 4 { advance 50min; expect {[is_awake]} }
}

test the_time_begins_with_the_end_of_the_last_connection {
	web 127.0.0.1:0
	repeat 4 {
		pid web; wait {[knows_the_end]}
		advance 50min; expect {[is_awake]}
	}
	pid web
	stops_an_hour_later
}

test also_where_others_have_left_long_before {
	web 127.0.0.1:0
	set stays [served web]
	pid web
	stays_awake
	close $stays
	stops_an_hour_later
}

# Also where the kernel takes long to count, as with memory for many connections.
test status_and_why_count_who_is_connected {
	web 127.0.0.1:0
	foreach request {"status web" "status"} {
		set client [served web]; advance 30min
		has [control $request] {"connections":1,}
		close $client
		pid web
		wait {[value [idle [control $request]] standing] eq "unused"}
		expect {[value [idle [control $request]] for] < 600} "since the client left"
	}
	set client [served web]
	has [why web] "1 client (127.0.0.1); it sleeps 1 h after the last one leaves"
	close $client
	wait {[string match "*no clients for *" [why web]]}
}

# As far as superd knows: nobody has counted since the last end that the kernel has reported.
proc last_used {} { value [control "list web"] last_used }

test list_knows_the_last_end {
	web 127.0.0.1:0
	pid web; set first [last_used]
	advance 50min; expect {[last_used] < $first + 60}
	pid web; wait {[last_used] > $first + 49 * 60}
	advance 40min; expect {[last_used] > $first + 49 * 60 && [last_used] < $first + 51 * 60}
}

# More of them than are counted at once.
test status_counts_those_of_many_services {
	for {set n 0} {$n < 130} {incr n} {
		append services [filled {service s$n { listen = "127.0.0.1:0" exec = "$backend talk" idle_timeout = 1h }}] \n
	}
	superd -control $services
	pid s0; pid s129
	wait {[string match {*"standing":"unused"*} [set answer [control status]]]}
	expect {[regexp -all {"service":} $answer] >= 130}
	wait {[value [control "status s129"] standing] eq "unused"}
}

test status_says_no_more_than_is_true {
	web 127.0.0.1:0 "idle_action = freeze"
	set client [served web]
	wait {[value [idle] standing] eq "used"}
	expect {[value [idle] connections] == 1}
	has [why web] "1 client"
	repeat 4 { advance 1h; expect {[value [idle] standing] ne "unused"} }
	close $client
	until 10min {[value [idle] standing] eq "frozen"}
	expect {[value [idle] connections] != 1}
	has [why web] "no clients for "
}

# So many that the kernel takes its time with all of them.
test sockets_of_others_hide_nobody {
	web %/web.sock
	set others [socket_pairs 400]
	node %/web.sock
	set client [served %/web.sock]
	stays_awake
	close $client
	until 10min {[logged "web: stopping pid "]}
	foreach one $others { close $one }
}
