# builtin = health: how superd is, to clients of HTTP and to anybody else, on a port that no service notices.
suite health

set asked " / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kube-probe/1.30\r\nConnection: close\r\n\r\n"

proc service {builtin {more ""}} {
	filled {service health { listen = "127.0.0.1:0" accept = yes builtin = { $builtin } user = "$user" $more }
}
}

# By the test's clock; clients of builtin = health are logged at level debug.
proc run_by_clock {{more ""}} {
	superd -clock -arguments {--log-level debug} [service health "passenv = { LD_PRELOAD, TEST_CLOCK } $more"]
}

proc ask_health {text} {
	set client [connect health]
	put $client $text
	set answer [rest $client]
	close $client
	return $answer
}

# An answer has this status and exactly this body, also by its own count.
proc is_page {status body answer} {
	begins $answer $status
	expect {[regexp {^(.*?)\r\n\r\n(.*)$} $answer all head got]} $answer
	is $got $body
	expect {[regexp {\r\nContent-Length: (\d+)} $head all length]} $answer
	if {$body ne ""} { expect {$length == [string length $body]} $answer }
}
proc get {path {method GET}} { ask_health "$method $path HTTP/1.1\r\nHost: localhost\r\n\r\n" }
proc is_healthy {{path ""} {method GET}} { is_page "HTTP/1.1 200 OK\r\n" [expr {$method eq "GET" ? "healthy\n" : ""}] [get /$path $method] }

# A service whose port somebody else has, so it can't be had.
proc ill {} {
	set port [free_port]
	list [listener $port] [filled {service ill { listen = "127.0.0.1:$port" exec = "$backend talk" }}]
}

test is_told_by_http {
	superd [service health]
	is_page "HTTP/1.1 200 OK\r\n" "healthy\n" [ask_health GET$asked]
	is_page "HTTP/1.1 200 OK\r\n" "" [ask_health HEAD$asked]
	is_page "HTTP/1.1 405 Method Not Allowed\r\n" "Method Not Allowed\n" [ask_health POST$asked]
	wait {[processes] == 0}
}

# A page elsewhere may have its name lead here: DNS rebinding.
test is_not_told_to_a_browser_that_took_it_for_another_server {
	set elsewhere "use the address, localhost, or a host name that builtin lists"
	superd [service "health, reasons, health.example.org"]
	foreach {host status body} [list \
		"evil.example" "421 Misdirected Request\r\n" "$elsewhere: builtin = { health, ..., evil.example }\n" \
		"localhost\r\nHost: evil.example" "421 " "$elsewhere\n" \
		"evil\}" "421 " "$elsewhere\n" \
		"health.example.org:8081" "200 OK\r\n" "healthy\n" \
		"\[::1]:8081" "200 OK\r\n" "healthy\n" \
		"10.0.0.7:8081" "200 OK\r\n" "healthy\n" \
	] {
		is_page "HTTP/1.1 $status" $body [ask_health "GET / HTTP/1.1\r\nHost: $host\r\n\r\n"]
	}
	is_page "HTTP/1.1 200 OK\r\n" "healthy\n" [ask_health "GET / HTTP/1.0\r\n\r\n"]
}

test is_a_line_to_others {
	superd -clock [service health "passenv = { LD_PRELOAD, TEST_CLOCK }"]
	set silent [connect health]
	foreach text {"\n" "how are you?\n" "GET /\r\n"} { is [ask_health [subst $text]] "healthy\n" }
	until 1s {![quiet $silent]} 10
	is [line $silent] healthy
	close $silent
}

test is_503_when_something_is_wrong {
	lassign [ill] listener row
	superd [service health]$row
	log "ill: "
	is_page "HTTP/1.1 503 Service Unavailable\r\n" "unhealthy\n" [ask_health GET$asked]
	is [ask_health \n] "unhealthy\n"
	close $listener
	wait {[ask_health \n] eq "healthy\n"}
}

test tells_why_where_that_is_asked_for {
	lassign [ill] listener row
	superd [service "health, reasons"]$row
	log "ill: "
	set answer [ask_health \n]
	expect {[regexp {^unhealthy: ill: [^\n]*in use[^\n]*\n$} $answer]} $answer
	close $listener
}

test starts_and_keeps_awake_nobody_else {
	superd [service health][filled {service web { listen = "127.0.0.1:0" exec = "$backend talk" }}]
	repeat 5 { is_page "HTTP/1.1 200 OK\r\n" "healthy\n" [ask_health GET$asked] }
	expect {![logged "web: started"]}
}

# A balancer asks for the one service that it sends clients to.
test is_told_of_one_service {
	lassign [ill] listener row
	set cat [filled {exec = "/bin/cat" accept = yes user = "$user"}]
	superd -control -arguments --keep-going [service "health, reasons"]$row[filled {
		service web { listen = "127.0.0.1:0" $cat }
		service 'a\x2db?c%' { listen = "127.0.0.1:0" $cat }
		service off { listen = "127.0.0.1:0" disable = yes $cat }
		service lost { listen = "127.0.0.1:0" accept = yes exec = "/no/such/program" user = "$user" }
	}]
	log "ill: cannot listen"
	node %/control
	is_healthy web
	is_healthy web?a=b HEAD
	is_healthy %77e%62
	is_page "HTTP/1.1 200 OK\r\n" "healthy\n" [get http://here/web]
	is_healthy a%5cx2d%62%3Fc%25
	is_healthy {a\x2db%3Fc%25}
	is_page "HTTP/1.1 503 " "unhealthy: the configuration has disable = yes\n" [get /off]
	has [get /ill] " 503 " "in use"
	has [get /lost] " 503 " "unhealthy: it is skipped: "
	has [get /] " 503 " "unhealthy: ill: "
	foreach gone {nobody we webb web/ %77e web%00 web%0 %zz} { has [get /$gone] " 404 Not Found\r\n" }
	begins [ask_health "GET HTTP/1.1\r\n\r\n"] "unhealthy: "; # what is no HTTP gets a line
	done "hold web"
	is_page "HTTP/1.1 503 " "unhealthy: an operator holds it: clients wait\n" [get /web]
	done "release web"
	done "disable web"
	is_page "HTTP/1.1 503 " "unhealthy: an operator has disabled it\n" [get /web]
	done "enable web"
	is_healthy web
	close $listener
}

# Not as it was when the client connected: superd is asked once the request is there, also one that took its place.
test is_told_as_it_is_when_asked {
	set held "unhealthy: an operator holds it: clients wait\n"
	superd -control -arguments {--log-level debug} [service "health, reasons"][filled {
		service web { listen = "127.0.0.1:0" exec = "$backend serve" }
	}]
	node %/control
	foreach meanwhile {{done "hold web"} upgrade} {
		set client [connect health]; put $client GET
		log "started, pid "
		eval $meanwhile
		put $client " /web HTTP/1.1\r\n\r\n"
		is_page "HTTP/1.1 503 " $held [rest $client]
		close $client
	}
}

test of_services_by_name_is_a_line_of_superctl {
	lassign [ill] listener row
	set cat [filled {exec = "/bin/cat" accept = yes user = "$user"}]
	superd -control $row[filled {
		service web { listen = "127.0.0.1:0" $cat }
		service web-2 { listen = "127.0.0.1:0" $cat }
		service off { listen = "127.0.0.1:0" disable = yes $cat }
	}]
	log "ill: cannot listen"
	node %/control
	is [lrange [superctl health web web-2] 0 1] [list 0 "healthy\n"]
	done "hold web-2"
	is [lrange [superctl health web*] 0 1] [list 3 "unhealthy: web-2: an operator holds it: clients wait\n"]
	is [lrange [superctl health web] 0 1] [list 0 "healthy\n"]
	lassign [superctl health off ill] status output
	expect {$status == 3}
	begins $output "unhealthy: 2 faults\n"
	has $output "\noff: the configuration has disable = yes\n" "\nill: "
	lassign [superctl health wbe] status output
	expect {$status == 1}
	has $output "unhealthy: 'wbe': there is no such service"
	lassign [superctl --json health web off] status output
	has $output "\{\"service\":\"web\",\"state\":\"listening\",\"healthy\":true,\"degraded\":false,\"reason\":null\}"
	expect {$status == 3}
	schema_holds health $output
	schema_holds health [prints --json health]
	close $listener
}

test hears_only_so_much {
	superd [service health]
	set client [connect health]
	put $client "GET / HTTP/1.1\r\nX: "
	repeat 8 { put $client [string repeat x 1024] }
	begins [rest $client] "HTTP/1.1 431 "
	close $client
	wait {[processes] == 0}
}

test waits_only_so_long {
	run_by_clock
	set client [connect health]
	put $client "GET / HTTP/1.1\r\n"
	log "started, pid "
	until 1s {![quiet $client]} 10
	begins [rest $client] "HTTP/1.1 200 "
	close $client
}

# Who says nothing is answered once he is late, and hears of a superd that hangs once that is.
test of_a_superd_that_hangs_is_told_to_the_silent {
	run_by_clock
	set client [connect health]
	log "started, pid "
	signal STOP
	wait {[move 1s; expr {![quiet $client]}]}
	signal CONT
	is [rest $client] "unhealthy\n"
	close $client
}

# Their questions and the reports of their ends fit into the channel, which superd does not read. None is late before all have
# come, however long that takes.
test of_a_superd_that_hangs_is_told_to_hundreds {
	run_by_clock "instances = 300"
	hold_clock
	repeat 250 { lappend clients [connect health] }
	wait {[processes] == 250}
	signal STOP
	foreach client $clients { wait {[move 1s; expr {![quiet $client]}]} }
	signal CONT
	foreach client $clients { is [rest $client] "unhealthy\n"; close $client }
}

# The table of conf/ as it stands, with ports, times and addresses of a test.
test conf_does_what_it_says {
	needs {![root] || [has_users]} "needs a build that every user can reach"
	needs {[exists /usr/bin/python3]} "there is no python3 here"
	set conf [replaced [example_table health.conf] {"nobody"} {"$user"}]
	set conf [replaced [replaced $conf {"8081"} {"127.0.0.1:0"}] {"8082"} {"127.0.0.1:0"}]
	set conf [replaced $conf 192.0.2.10 127.0.0.2]
	if {![root]} { set conf [replaced $conf "builtin   = health" {builtin = health user = "$user"}] }
	superd -clock $conf
	set probe [connect web -from 127.0.0.2]; put $probe "GET / HTTP/1.1\r\n\r\n"
	end_of $probe; close $probe
	is_page "HTTP/1.1 200 OK\r\n" "healthy\n" [ask_health GET$asked]
	expect {![logged "web: started"]}
	set client [connect web]; put $client "GET / HTTP/1.0\r\n\r\n"
	begins [line $client] HTTP/1.
	close $client
	until 5min {[logged "web: stopping pid "]} 5
	wait {[processes] == 0}
}

# Those that have begun a request hold what superd had to spare. An answer that superd fails to give is waited for during 5 s, which
# is said. The page may say of health itself that a start has failed.
test is_told_at_once_where_descriptors_are_short {
	foreach descriptors {34 38 42 46} {
		superd -descriptors [expr {$descriptors + [own_programs]}] -arguments {--log-level debug} [service "health, reasons"]
		set clients {}
		repeat 60 { lappend clients [set client [connect health]]; put $client "GET / HTTP/1.1\r\n" }
		log "started, pid "
		put [lindex $clients 0] "\r\n"
		begins [rest [lindex $clients 0]] "HTTP/1.1 "
		expect {![logged "superd does not report its health: [error_text ETIMEDOUT]"]} "with $descriptors descriptors"
		foreach client $clients { close $client }
		stop
	}
}
