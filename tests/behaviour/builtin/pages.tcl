# superd-web's answers to HTTP: builtin = metrics, whose page is that of superctl_real.tcl, and builtin = status, the pages
# for browsers. What a browser makes of them is tests/places/browser's.

# A service p of this builtin, with further options, and further services.
proc page_table {words {options ""} {more ""}} {
	needs {[exists $::env(SUPERD_LIBEXEC)/superd-web]} "there is no superd-web: it was built without jansson"
	return "service p { listen = \"127.0.0.1:0\" accept = yes builtin = { $words } user = \"$::user\" $options }\n[filled $more]"
}

# The answer to a request as it stands, and to one for a path.
proc answer_to {request {address p}} {
	set client [connect $address]; put $client $request
	set answer [rest $client]
	close $client
	return $answer
}
proc page {path {host 127.0.0.1:80} {method GET} {more ""}} { answer_to "$method $path HTTP/1.1\r\nHost: $host\r\n$more\r\n" }

# That these requests have answers with this status.
proc has_status {status args} { foreach request $args { begins [answer_to $request] "HTTP/1.1 $status " } }

# ---- metrics ----

suite builtin_metrics

proc run_metrics {{options ""} {words metrics}} { superd -control [page_table $words $options] }
proc scrape {} {
	set page [page /metrics localhost]
	begins $page "HTTP/1.1 200 OK\r\n"
	return $page
}

test a_scrape_gets_the_counters {
	run_metrics
	has [scrape] "\nsuperd_service_instances{service=\"p\"} 1\n"
	set head [page /metrics localhost HEAD]
	begins $head "HTTP/1.1 200 OK\r\n"
	lacks $head superd_service
	has [page /metrics localhost GET "Accept: application/openmetrics-text\r\n"] "Content-Type: text/plain; version=0.0.4"
}

test what_is_no_scrape_is_refused {
	run_metrics
	has_status 404 "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	has_status 405 "POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
	has_status 400 "hold p\n\n"
	has_status 505 "GET /metrics HTTP/2.0\r\nHost: localhost\r\n\r\n"
	has_status 431 "GET /[string repeat 0 9000] HTTP/1.1\r\n"
}

# As a page of another site has it whose name was made to lead here (DNS rebinding).
test a_request_for_another_host_is_refused {
	run_metrics "" "metrics, db1.example.org"
	set page [page /metrics evil.example]
	begins $page "HTTP/1.1 421 "
	lacks $page superd_service
	has_status 421 "GET /metrics HTTP/1.1\r\n\r\n"
	begins [page /metrics DB1.example.org:9089] "HTTP/1.1 200 "
}

# A client that leaves before it has its page is no fault of the service.
test clients_that_leave_early_are_no_failures {
	superd -control -arguments {--log-level debug} [page_table metrics]
	foreach {request ends} {"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" 1 "GET /metrics HTTP/1.1\r\nHo" 2} {
		set client [connect p]; put $client $request
		reset $client
		wait {[count "ended: exit status"] == $ends}
	}
	expect {![logged "ended: exit status 1"]}
}

# More than a socket holds, by a link that takes some of it from time to time, and one that takes nothing.
test who_reads_slowly_gets_all_and_who_reads_nothing_is_let_go {
	for {set n 0} {$n < 40} {incr n} {
		append many "service s$n { listen = \"@[path many].$n\" exec = \"/bin/true\" }\n"
	}
	superd -control -clock [string map {127.0.0.1:0 %/p.sock} [page_table metrics {send_buffer = 4K
		passenv = { LD_PRELOAD, TEST_CLOCK }} $many]]
	node %/p.sock
	set slow [connect %/p.sock]; set silent [connect %/p.sock]
	foreach client "$slow $silent" { put $client "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"; wait {[heard $client]} }
	set page ""
	repeat 8 { repeat 100 { append page [line $slow]\n }; advance 8s }
	append page [rest $slow]
	has $page "superd_service_instances{service=\"s39\"} 0\n" "superd_listener_queue_limit\{service=\"s39\","
	expect {[string length [rest $silent]] < [string length $page] / 2}
	close $slow $silent
}

test its_connection_is_had_with_pass_systemd_too { run_metrics "pass = systemd"; scrape }

test without_a_control_socket_the_log_says_so {
	superd -arguments {--control none} [page_table metrics]
	set client [connect p]
	log "superd has no control socket, which it needs (--control)"
	close $client
}

# Clients of the page and operators have separate limits.
test silent_clients_take_no_place_of_an_operator {
	run_metrics "instances = 40"
	repeat 20 { lappend clients [connect p] }
	wait {[processes] == 20}
	expect {[lindex [superctl list] 0] == 0}
	expect {[lindex [superctl hold p] 0] == 0}
	close {*}$clients
	wait {[processes] == 0}
}

test scrapes_go_on_after_an_upgrade { run_metrics; port p; upgrade; scrape }

# No user, no group that may read the control socket, and no restart.
test one_block_and_a_reload_are_enough {
	page_table metrics
	set echo {service e { listen = "127.0.0.1:0" accept = yes builtin = echo }
}
	superd -control $echo
	port e
	reload "${echo}service p { listen = \"127.0.0.1:0\" accept = yes builtin = metrics }\n"
	scrape
}

# ---- status ----

suite builtin_status

proc run_status {{more ""} {words ""}} { superd -control -clock [page_table status$words "" $more] }
proc ok {path} {
	set page [page $path]
	begins $page "HTTP/1.1 200 OK\r\n"
	return $page
}

test the_overview_has_a_row_for_each_service {
	run_status {service other { listen = "127.0.0.1:0" exec = "/bin/true" }}
	set page [ok /]
	has $page >p</a> {href="service/other">other</a><td class="sleep">asleep<} "<dt>Services</dt><dd>2</dd>" \
		"\r\nContent-Security-Policy: default-src 'none'; "
	lacks $page unsafe
	set head [page / {[::1]:80} HEAD]
	begins $head "HTTP/1.1 200 OK\r\n"
	lacks $head <html
	has [page /page.css] "\r\nContent-Type: text/css;"
}

# The page and superctl count the same services: all that have a row.
test a_disabled_service_counts {
	run_status {service off { listen = "127.0.0.1:0" exec = "/bin/true" disable = yes }
		service other { listen = "127.0.0.1:0" exec = "/bin/true" }}
	has [page /] "<dt>Services</dt><dd>3<small>, 1 disabled</small></dd>"
	has [prints list] "\n3 services: " ", 1 disabled\n"
	done "disable other"
	has [page /] "<dt>Services</dt><dd>3<small>, 2 disabled</small></dd>"
}

# With restart = always superd starts it again after a pause, in which it is as asleep as others.
test a_start_that_is_due_is_in_every_view {
	run_status {service job { start = boot exec = "/bin/true" restart = always backoff_min = 1h backoff_max = 1h }
		service web { listen = "127.0.0.1:0" exec = "/bin/true" start = boot restart = always backoff_min = 1h backoff_max = 1h }
		service other { listen = "127.0.0.1:0" exec = "/bin/true" }}
	foreach name {job web} { wait {[logged "$name: next start in 1 h"]} }
	advance 30min
	foreach {name then} {job {\n} web {, or with the next client\n}} {
		expect {[regexp "^$name: asleep for 30 min.*: nothing runs: it starts in (30 min|29 min 5\\d s)$then" [why $name]]} [why $name]
		expect {[regexp {"next_start":(1800|179\d)} [prints --json list $name]]} [prints --json list $name]
		has [prints list $name] "asleep, starts in "
		has [page /] "asleep, starts in "
		has [page /service/$name] "nothing runs: it starts in "
	}
	expect {[schema_holds status [control "status web"]]}
	has [why other] "nothing runs: the next client starts it"
	has [control "status other"] "\"next_start\":null"
	advance 31min
	foreach name {job web} { wait {[value [control "status $name"] activations] == 2} }
}

proc has_order {args} {
	set page [page /]; set before -1
	foreach name $args {
		set at [string first "<tr id=\"s-$name\">" $page]
		expect {$at > $before} "$name in $page"
		set before $at
	}
}

test has_faults_first_then_what_is_awake {
	run_status {service b { listen = "127.0.0.1:0" exec = "/bin/true" }
		service a { listen = "127.0.0.1:0" exec = "/bin/true" }
		service awake { listen = "127.0.0.1:0" exec = "$backend serve" }
		service fails { listen = "127.0.0.1:0" exec = "/bin/false" backoff_min = 1h backoff_max = 1h }}
	set client [connect fails]
	log "fails: next start in"
	has_order fails p b a awake
	pid awake
	has_order fails p awake b a
	close $client
}

test a_service_has_a_page_with_its_row_and_its_log {
	run_status {service fails { listen = "127.0.0.1:0" exec = "/bin/sh -c 'exit 7'"
		backoff_min = 1min backoff_max = 1min }} ", log"
	set client [connect fails]
	log "fails: next start in"
	has [ok /service/fails] {<dt>Fault</dt><dd class="bad">it ended with exit status 7<} "</time> listening on tcp:127.0.0.1:" \
		"\n\texec = &quot;/bin/sh -c &#39;exit 7&#39;&quot;\n"
	has [page /] {<td class="fault">it ended with exit status 7<} "<dt>With a fault</dt><dd>1</dd>"
	foreach name {nobody f*} { begins [page /service/$name] "HTTP/1.1 404 " }
	close $client
}

# A program that ends so when superd stops it, and one whose client has gone, have not failed (FAILURES in superd(7)).
test what_is_no_failure_is_no_fault {
	run_status {service java { listen = "127.0.0.1:0" exec = "/bin/sh -c 'trap \"exit 143\" TERM; echo up; while :; do read -r x; done <%/pipe'"
		ready = up idle_timeout = 1min }
		service scan { listen = "127.0.0.1:0" accept = yes exec = "/bin/false" }}
	exec mkfifo [path pipe]; set pipe [open [path pipe] r+]
	told scan
	done "start java"; done "stop java"
	log "exit status 143"
	foreach {name status} {java 143 scan 1} {
		has [why $name] "exit status $status"
		lacks [page /service/$name] "<dt>Fault"
	}
	set page [page /]
	has $page {<td class="fault"></td>} "<dt>With a fault</dt><dd>0</dd>"
	lacks $page {<td class="fault">[^<]}
	is [lindex [superctl health] 1] "healthy\n"
	chan close $pipe
}

# One sentence in health, list and the pages.
test a_fault_reads_the_same_everywhere {
	run_status {service fails { listen = "127.0.0.1:0" exec = "/bin/sh -c 'echo no module; exit 7'" start = boot
		backoff_min = 1h backoff_max = 1h }} ", log"
	log "fails: next start in"
	set sentence "it ended with exit status 7"
	has [prints health] "fails: $sentence\n"
	has [prints list --failed] "$sentence\n"
	has [why fails] "failing for " ": $sentence; it tries again in "
	has [page /] "<td class=\"fault\">$sentence</td>"
	has [page /service/fails] "<dt>Fault</dt><dd class=\"bad\">$sentence</dd>"
}

# Tabs of several machines differ, and a log opens at its newest line with what a traceback has in front.
test names_the_host_and_keeps_the_blanks_of_the_log {
	run_status {service says { listen = "127.0.0.1:0" accept = yes exec = "/bin/sh -c 'echo \"    indented ^\" >&2'" }} ", log"
	told says
	wait {[logged "    indented ^"]}
	has [page /] "<title>superd on [info hostname]</title>" "<h1>superd on [info hostname]</h1>"
	set page [page /service/says]
	has $page "<title>says - superd on [info hostname]</title>" "    indented ^</li>"
	has [page /page.css] "div.log{display:flex;flex-direction:column-reverse}" "white-space:pre-wrap"
}

# Everybody on the machine may connect to a port of loopback and to an abstract name; a path has a mode.
test logs_and_commands_are_for_a_unix_socket_or_need_the_word_log {
	run_status {service local { listen = "%/page" accept = yes builtin = status user = "$user" }
		service name { listen = "@superd-page-$self" accept = yes builtin = status user = "$user" }
		service fails { listen = "127.0.0.1:0" exec = "/bin/sh -c 'echo printed-secret; exit 7'"
		backoff_min = 1min backoff_max = 1min }}
	set client [connect fails]
	log "fails: next start in"
	wait {[logged printed-secret]}
	set page [ok /service/fails]
	has $page {<dt>Fault</dt><dd class="bad">it ended with exit status 7; superctl why has the reason</dd>}
	lacks $page secret "exit 7"
	lacks [page /] secret
	set page [answer_to "GET /service/fails HTTP/1.1\r\nHost: here\r\n\r\n" @superd-page-$self]
	begins $page "HTTP/1.1 200 OK\r\n"
	lacks $page secret "exit 7"
	has [answer_to "GET /service/fails HTTP/1.1\r\nHost: here\r\n\r\n" %/page] "\n\texec = &quot;/bin/sh -c " \
		" printed-secret\n"
	close $client
}

# Why something is so may quote commands, values of options and what a program says: so these pages have no reason, nor
# one from before a reload.
test reasons_are_not_shown_to_everybody_either {
	needs {[exists $::env(SUPERD_LIBEXEC)/superd-web]} "there is no superd-web: it was built without jansson"
	set long [string repeat classified- 40]
	set target [free_port]
	set rest {start = boot backoff_min = 1h backoff_max = 1h}
	set table [filled {service p { listen = "127.0.0.1:0" accept = yes builtin = status user = "$user" }
		service local { listen = "%/page" accept = yes builtin = status user = "$user" }
		service before { listen = "127.0.0.1:0" exec = "/bin/cat" exec_start_pre = "/bin/sh -c 'exit 3' classified-pre" $rest }
		service long { listen = "127.0.0.1:0" exec = "/bin/cat" exec_condition = "/bin/sh -c 'exit 255' $long" $rest }
		service opens { listen = "127.0.0.1:0" exec = "/bin/cat" socket_exec_start_pre = "/bin/sh -c 'exit 5' classified-socket" }
		service waits { listen = "127.0.0.1:0" exec = "$backend serve" exec_ready = "/bin/sh -c 'exit 4' \"classified-ready\"" $rest }
		service prints { listen = "127.0.0.1:0" exec = "$backend serve" ready = "classified-line" $rest }
		service busy { listen = "127.0.0.1:0" exec = "$backend serve" idle_timeout = 1s idle_unless = "/bin/sh -c 'exit 126' classified-busy" $rest }
		service relays { listen = "127.0.0.1:0" exec = "$backend hang" redirect = { "127.0.0.1", "$target" } $rest }
		service wrong { listen = "127.0.0.1:0" exec = "/bin/cat" user = "classified-user" }
		service says { listen = "127.0.0.1:0" exec = "$tests/notifier 'say READY=1|STATUS=classified-status'" type = notify $rest }}]
	superd -control -arguments --keep-going $table
	foreach name {before long} { wait {[logged "$name: cannot start: "]} }
	wait {[string first ", run 2" [prints why waits]] >= 0}
	wait {[string first classified-status [prints why says]] >= 0}
	wait {[string first classified-busy [prints why busy]] >= 0}
	has [prints why before] "exec_start_pre: /bin/sh -c 'exit 3' classified-pre: exit status 3"
	has [prints why wrong] classified-user
	reload [string map {"'exit 3' classified-pre" "'exit 3' other"} $table]
	foreach name {before long opens waits prints busy says wrong} {
		lacks [ok /service/$name] classified
		has [answer_to "GET /service/$name HTTP/1.1\r\nHost: here\r\n\r\n" %/page] classified
	}
	lacks [ok /] classified
	foreach name {before long opens wrong} { wait {[string first "superctl why has the reason" [ok /service/$name]] >= 0} }
	wait {[string first "waiting for 127.0.0.1:$target to answer" [prints why relays]] >= 0}
	set page [ok /service/relays]
	has $page "waiting for "
	lacks $page $target
}

# Clients that send nothing take nothing from those that ask: neither of this service nor of another.
test silent_clients_keep_nobody_out {
	run_status
	repeat 63 { lappend clients [connect p] }
	wait {[processes] == 63}
	ok /
	# With one more of them the next one waits until any leaves.
	lappend clients [connect p]
	wait {[processes] == 64}
	set next [connect p]; put $next "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
	wait {[state p] == "full"}
	expect {[quiet $next]}
	close [lindex $clients 0]
	begins [rest $next] "HTTP/1.1 200 OK\r\n"
	expect {![logged failing]}
	close $next {*}[lrange $clients 1 end]
	wait {[processes] == 0}
}

test shows_what_the_services_did_and_who_woke_them {
	run_status {service web { listen = "127.0.0.1:0" exec = "$backend serve" idle_timeout = 1h }}
	pid web
	sees { control "timeline web" } {"by":"127.0.0.1"}
	wait {[string first "\"delay\":null" [control "timeline web"]] < 0}
	advance 2s                      ;# longer than it was starting
	set page [page /]
	has $page {<svg class="timeline" viewBox="0 0 96 1"} {<svg class="axis"}
	expect {[regexp {<path class="t-running" d="(M95 0h1v1H95z|M94 0h2v1H94z)"/>} $page]} $page
	lacks $page " style="           ;# its Content-Security-Policy refuses such an attribute
	has [page /service/web] {<svg class="timeline" viewBox="0 0 360 1"} {<td>start<td class="n">} "s<td>127.0.0.1\n"
	foreach {words later} {"Last 10 min<" 50min "Last 50 min" 9h "Last 6 h<" 0s} {
		has [page /] ">$words"; has [page /service/web] "<h2>$words"
		advance $later
	}
}

# A port taken for a second, say, is no red hour; but it is seen.
test the_bar_marks_a_short_failure {
	run_status {service fails { listen = "127.0.0.1:0" exec = "/bin/sh -c 'mkdir %/failed && exit 1; exec $backend take 1'"
		backoff_min = 1s backoff_max = 1s }}
	port fails
	advance 2h
	set client [connect fails]; send $client hello
	until 1s {[string first {"state":"running"} [control "status fails"]] >= 0} 10
	rest $client; close $client
	sees { control "status fails" } {"state":"listening"}
	set page [page /]
	has $page {, failing for a moment"><path } {<path class="t-failed" d="M95 .65h1v1H95z"/></svg>}
	lacks $page "failing, failing"  ;# no cell is of the failure alone
}

# A try that fails has woken nothing; and the axis has full minutes.
test retries_of_a_failing_program_are_failures {
	run_status {service fails { listen = "127.0.0.1:0" exec = "/bin/false" backoff_min = 1s backoff_max = 1s }}
	set client [connect fails]
	until 1min {[value [control "status fails"] failures] > 30} 10
	foreach path {/ /service/fails} {
		set page [page $path]
		has $page {<path class="t-failed" d="}
		expect {![regexp {<path class="t-(wakes|starting)" d="M\d+ 0h1v1H\d+z[^"]*"/><path class="t-failed"} $page]} $page
		expect {[regexp {>\d\d:\d[05]</text>} $page]} $page
	}
	close $client
}

# Text of tables, backends and clients is text on the page.
test no_text_becomes_an_element {
	run_status {service x { listen = "127.0.0.1:0" exec = { "/bin/sh", "-c", "echo '<script>1</script>'; exit 1" } }} ", log"
	set client [connect x]
	log "x: next start in"; log "]: <script>"
	set page [page /service/x]
	lacks $page <script>
	has $page "]</b> &lt;script&gt;1&lt;/script&gt;" "&lt;script&gt;1&lt;/script&gt;&#39;"
	close $client
}

test what_is_no_request_for_a_page_is_refused {
	run_status
	foreach {path status} {/metrics 404 /service/ 404 /service/%0A 400} { begins [page $path] "HTTP/1.1 $status " }
	has_status 405 "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	has_status 400 "hold p\n\n"
}

# A page elsewhere whose name leads to 127.0.0.1 (DNS rebinding) reads nothing.
test a_strange_host_is_refused {
	run_status "" ", status.example.org"
	has_status 421 "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n" "GET / HTTP/1.1\r\n\r\n" \
		"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
	has_status 200 "GET / HTTP/1.1\r\nHost: status.example.org:8090\r\n\r\n" "GET / HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n"
}

# The client is somebody who has typed the name of the server, or a page elsewhere.
test a_strange_host_reads_the_line_that_lets_it_in {
	run_status "" ", log, a.example"
	foreach {host said} "server-1:8480 { lists: builtin = { status, ..., server-1 }\n} {<b>&\"} {a host name that builtin lists\n}
		[string repeat 0 299]0.example {a host name that builtin lists\n}" {
		set page [page / $host]
		begins $page "HTTP/1.1 421 "
		has $page $said
	}
}

# How long the page takes tests/bench/times measures.
test a_thousand_services_are_on_one_page {
	for {set n 0} {$n < 1000} {incr n} {
		append many "service s$n { listen = \"@[path many].$n\" exec = \"/bin/true\" }\n"
	}
	write many.conf $many
	run_status {include("%/many.conf")
}
	set page [page /]
	has $page "<dt>Services</dt><dd>1001</dd>" ">s999</a>"
	expect {[string length $page] < 600000}
	stop
}
