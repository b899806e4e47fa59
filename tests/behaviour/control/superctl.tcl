# superctl against a superd that says what is written down here: what a person sees, what a program gets, and how it ends. What the
# real one answers is the suite superctl_real's.
suite superctl

set greeting "{\"superd\":\"9.9\",\"protocol\":1,\"pid\":77}\n"
set done "{\"done\":true}\n"
set logged "{\"at\":1000000100,\"level\":\"info\",\"service\":\"web\",\"message\":\"started, pid 4711\"}\n$done"

set web [line_of {
	{"service":"web","state":"running","since":1000000000.5,"for":195.25,"held":false,"enabled":true,
	"source":"/etc/superd.conf:12","accept":false,"type":"notify","command":"/usr/sbin/webd 'a b'",
	"listeners":[{"endpoint":"tcp:80","name":"http","open":true,"queue":3,"queue_limit":128},
	{"endpoint":"/run/web.sock","name":"admin","open":true,"queue":null,"queue_limit":null}],
	"instances":[{"pid":4711,"state":"running","since":1000000100,"age":95.75,"memory":12345678,
	"cpu":1.25,"peer":null,"says":"serving\u001b[31m 7"}],
	"memory":12345678,"cpu":1.25,
	"activations":17,"accepted":0,"failures":2,"refused":{"only_from":3,"cps":0},
	"last_activation":{"at":1000000100,"by":"192.0.2.7","wait":0.5,"latency":0.50321},
	"last_exit":{"at":1000000050,"status":null,"signal":"KILL","result":"killed","lasted":12.5},
	"pause":null,"idle":{"timeout":300,"action":"stop","connections":2,"peers":"10.0.0.5, 10.0.0.9","for":null},
	"latency":{"count":17,"sum":0.1}}
}]
set broken [line_of {
	{"service":"db\\\"","state":"backoff","since":1000000000,"for":5,"held":false,"enabled":true,
	"source":null,"accept":false,"type":"simple","command":"/bin/false","listeners":[],"instances":[],
	"activations":4,"accepted":0,"failures":4,"refused":{},"last_activation":null,"last_exit":null,
	"pause":{"reason":"it failed","left":12.5},"idle":null,"latency":null}
}]

# The outcome of superctl with these words, where superd answers a verb so.
proc asked {verb answer args} {
	set socket [stand_in $::greeting [list $verb $answer log $::logged]]
	set outcome [superctl -at $socket {*}$args]
	dismiss
	return $outcome
}

# What it prints where it succeeds.
proc prints_of {verb answer args} {
	lassign [asked $verb $answer {*}$args] status output errors
	expect {$status == 0} "$output$errors"
	return $output
}
proc ends {code error outcome} { lassign $outcome status output errors; expect {$status == $code} $errors; has $errors $error }
proc nowhere {args} { superctl -at /nowhere {*}$args }

test prints_its_help_where_it_is_asked_for_nothing {
	set help [lindex [nowhere --help] 1]
	has $help "usage: superctl "
	expect {[nowhere help] eq [list 0 $help ""]}
	expect {[nowhere] eq [list 2 $help ""]}
	expect {[nowhere history --help] eq [nowhere help history]}
	has [lindex [nowhere history --help] 1] --since
}

# As of a program in superd's place that fills the memory of whoever asks.
test ends_an_answer_without_end {
	set endless [string repeat "{}\n" 200001]
	foreach {request verb} {list list metrics metrics timeline history} {
		ends 1 "sent too many lines" [asked $request $endless $verb]
	}
}

test helps_with_single_verbs {
	lassign [nowhere help log version] status output
	expect {$status == 0}
	has $output "usage: superctl \[OPTION]... log \[NAME]...\n\nprint the last log lines of services; -f follows\n" \
		" log: the number of lines (10)\n" "-f, --follow" \
		"\n\nusage: superctl \[OPTION]... version\n\nprint the versions of superctl and superd, and whether a guard runs\n"
	lacks $output --sort --control
	has [lindex [nowhere help help] 1] "help \[VERB]...\n"
	has [lindex [nowhere help signal] 1] "signal NAME... SIGNAL\n\nsend"
	set outcome [nowhere help list lgo]
	ends 2 "superctl: 'lgo': there is no such verb: did you mean 'log'?\n" $outcome
	is [lindex $outcome 1] ""
	ends 2 "" [nowhere help --no-wait stop]
}

test knows_which_verb_and_option_were_meant {
	ends 2 "superctl: 'stauts': there is no such verb: did you mean 'status'?\n" [nowhere stauts]
	has [lindex [nowhere daemon-reload] 2] "did you mean 'reload'?"
	ends 2 "superctl: 'run': there is no such verb: did you mean 'start'?" [nowhere run web]
	has [lindex [nowhere help timeline] 2] "did you mean 'history'?"
	has [lindex [nowhere --jsn list] 2] "did you mean '--json'?"
	has [lindex [nowhere disable --tiemout=3s web] 2] "did you mean '--timeout'?"
	foreach option {--boot --foo -Z} {
		set outcome [nowhere disable $option web]
		ends 2 "superctl: see superctl --help\n" $outcome
		lacks [lindex $outcome 2] "did you mean"
	}
	ends 2 "superctl stop '*'" [nowhere stop]
	ends 2 "--names does not go with stop; it is for list" [nowhere stop --names web]
	ends 2 "" [nowhere stop "a\nshutdown"]
	ends 2 "" [nowhere --json]
	ends 0 "" [nowhere --help]
}

test says_what_is_not_there {
	set socket [stand_in "220 mail.example ESMTP\n" {}]
	ends 4 "it is no superd that answers there" [superctl -at $socket list]
	dismiss
	ends 4 "Connection refused: nothing listens there" [superctl -at $socket list]
	ends 4 "No such file or directory: superd does not run, or was started with another --control" [superctl -at %/nothing list]
	set socket [stand_in "{\"superd\":\"10\",\"protocol\":3,\"pid\":1}\n" {}]
	ends 1 "speaks another protocol" [superctl -at $socket list]
	dismiss
	set socket [stand_in "{\"error\":\"uid 7 may not\",\"code\":\"denied\"}\n" {}]
	expect {[superctl -at $socket list] eq [list 1 "" "superctl: uid 7 may not\n"]}
	dismiss
}

test says_what_superd_refused {
	lassign [asked status "{\"error\":\"webb: there is no such service\",\"code\":\"unknown\",\"hint\":\"did you mean 'web'?\"}\n" \
		status webb] status output errors
	expect {$status == 1}
	is $errors "superctl: webb: there is no such service: did you mean 'web'?\n"
	ends 2 "" [asked nothing "" status web]
	ends 2 "" [asked status $web list]
	ends 1 "closed the connection before the end of its answer" [asked list "" list]
	ends 1 "a line that is not a JSON object" [asked list "<html>\n" list]
}

test status_tells_all_of_a_service {
	set output [prints_of "status web" $web$done status web]
	has $output " web - /usr/sbin/webd 'a b'\n" \
		"Configuration: /etc/superd.conf:12; enabled; type notify, one instance for all\n" \
		"State: awake for 3 min 15 s: " \
		"Listen: tcp:80 (http), 3 waiting of at most 128\n" \
		"               /run/web.sock (admin)\n" \
		"4711  running  1 min 35 s   11.8M  1.3 s  serving\\x1b\[31m 7\n" \
		"Started: 17 times, 2 of them failed, ready after 5.9 ms on average\n" \
		") by 192.0.2.7, 500 ms after it was wanted, ready after 3.2 ms\n" \
		") with signal KILL (killed), after 12 s\n" \
		"Refused: 3 for only_from\n" \
		"\n               2 clients (10.0.0.5, 10.0.0.9); it sleeps 5 min after the last one leaves\n" \
		"web: started, pid 4711\n"
	lacks $output \033; # a file has no colours, and a terminal is not obeyed
	has [lindex [asked "status web" $web$done --color=always status web] 1] "\033\[1mweb\033\[0m"
}

test status_is_3_for_what_would_serve_nobody {
	lassign [asked status $web$broken$done status *] status output
	expect {$status == 3}
	has $output "State: paused for 5 s: it failed; it tries again in 12 s\n"
	ends 3 "" [asked status $broken$done --json status db]
	ends 0 "" [asked status $web$done --json status web]
}

test list_has_columns_and_names_alone {
	set short [line_of {
		{"service":"web","state":"running","for":195,"listeners":[{"endpoint":"tcp:80","queue":3},
		{"endpoint":"/run/web.sock","queue":null}],"instances":1,"activations":17,"command":"/usr/sbin/webd"}
	}][line_of {
		{"service":"a-much-longer-name","state":"listening","for":5,"listeners":[],"instances":0,
		"activations":0,"command":"/bin/cat"}
	}]
	has [prints_of list $short$done status] \
		"SERVICE             STATE   LISTENS ON            LAST USED         FOR  QUEUE  INST  STARTS  COMMAND\n" \
		"awake   tcp:80 /run/web.sock             3 min 15 s      3     1      17  /usr/sbin/webd\n" \
		"a-much-longer-name  asleep                            never         5 s  " \
		"\n2 services: 1 asleep, 1 awake\n"
	is [prints_of list $short$done list --names] "web\na-much-longer-name\n"
	has [prints_of list $done list] "superd has no services\n"
	foreach {name state} {each listening most full} {
		append at_work [line_of [filled {
			{"service":"$name","state":"$state","for":5,"listeners":[],"instances":2,"activations":2,"command":""}
		}]]
	}
	set output [lindex [asked list $at_work$done list] 1]
	set mark [expr {[string first \u25cf $output] >= 0 ? "\u25cf" : "*"}]
	has $output "$mark  each     awake" "$mark  most     full"
}

foreach {name state starts memory used more} {
	photos frozen 3 104857600 1200 ""
	wiki listening 2 null 900.5 ""
	never listening 0 null null ""
	broken backoff 9 null null {,"pause":{"failed":true,"reason":"","left":12.4}}
	taken binding 0 null null {,"pause":{"failed":true,"reason":"","left":5}}
	mail running 1 58720256 1500 {,"held":true}
} {
	append house [line_of [filled {
		{"service":"$name","state":"$state","since":1000,"for":500,"listeners":[{"endpoint":"tcp:127.0.0.1:8001","queue":0}],
		"instances":0,"activations":$starts,"command":"/usr/bin/$name --serve --port=8001","memory":$memory,"cpu":null,
		"last_used":$used$more}
	}]]
}
append house $done

test list_has_the_words_of_people_and_totals {
	set output [lindex [asked list $house list] 1]
	has $output "  photos   frozen                  tcp:127.0.0.1:8001  100.0M       5 min  8 min 20 s " \
		"  wiki     asleep                  tcp:127.0.0.1:8001          9 min 59 s " \
		"  never    asleep                  tcp:127.0.0.1:8001               never " \
		"  broken   failing, retry in 12 s " \
		"  taken    no port, retry in 5 s " \
		"  mail     awake, held             tcp:127.0.0.1:8001   56.0M         now " \
		"\n6 services: 2 asleep, 1 frozen (100.0M), 1 awake (56.0M), 1 failing, 1 no port\n"
	lacks $output QUEUE; # an empty column
	foreach {options names} {
		--sort=memory "photos mail broken never taken wiki"
		--sort=used "mail photos wiki broken never taken"
		--sort=state "never wiki photos mail broken taken"
		--sort=name "broken mail never photos taken wiki"
	} {
		is [lindex [asked list $house list --names {*}$options] 1] "[join $names \n]\n"
	}
	ends 2 "--json prints the answer of superd as it is" [asked list $house --json list --sort=name]
}

# The end of a good answer is no service, for which a filter such as jq would take it; an error is printed.
test json_is_what_superd_sent {
	is [lindex [asked status $web$broken$done --json status *] 1] $web$broken
	set error "{\"error\":\"no\",\"code\":\"busy\"}\n"
	lassign [asked list $error list --json] status output
	is $output $error
	expect {$status == 1}
	is [prints_of shutdown $done --json --no-wait shutdown] ""
	set acted "{\"service\":\"web\",\"ok\":true}\n"
	is [lindex [asked stop $acted$done --json stop web] 1] $acted
}

test explains_a_state_with_one_time {
	foreach {members said} {
		{"state":"off","enabled":false,"since":99.9,"for":0.5,"locks":[{"lock":"disabled","uid":0,"since":99.8}]}
		"disabled 600 ms ago by an operator (uid 0): superctl enable opens its sockets"
		{"state":"off","enabled":false,"since":95,"for":5}
		"disabled for 5 s: superctl enable opens its sockets"
		{"state":"held","since":95,"for":5,"drains":true,"locks":[{"lock":"held","uid":7,"since":40}]}
		"held for 5 s: it drains: clients queue until its instances have ended"
		{"state":"running","since":95,"for":5,"instances":[{"pid":9,"current":true}],"idle":{"standing":"unused","timeout":5,"action":"freeze","connections":0,"counted":0,"for":0.3}}
		"awake for 5 s: pid 9 runs, and has no socket to serve\n  no clients for 300 ms; superd will freeze it in 4.7 s"
	} {
		is [lindex [asked "status web" "{\"service\":\"web\",$members}\n$done" why web] 1] "web: $said\n"
	}
}

test acts_and_says_what_failed {
	set socket [stand_in $greeting [list \
		stop "{\"service\":\"web\",\"ok\":true,\"state\":\"listening\",\"message\":\"stopped\"}
{\"service\":\"db\",\"ok\":false,\"state\":\"held\",\"message\":\"it is held\"}\n{\"error\":\"1 of 2 services failed\",\"code\":\"failed\"}\n" \
		hold "{\"service\":\"web\",\"ok\":true,\"state\":\"held\",\"message\":\"held\"}\n$done" \
		shutdown ""]]
	expect {[superctl -at $socket stop --timeout=1min --no-wait web "d b"] eq [list 1 "web: stopped\n" "db: it is held\nsuperctl: 1 of 2 services failed\n"]}
	lassign [superctl -at $socket hold web --timeout=1500ms] status output
	expect {$status == 0}
	is $output "web: held\n"
	ends 1 "closed the connection before the end of its answer" [superctl -at $socket shutdown]; # nobody has agreed
	is [requests] "stop --no-wait --timeout=60 web 'd b'\nhold --timeout=1.500000 web\nshutdown\n"
	dismiss
}

# A file system or server that does not answer may hold the reading for ever.
test reload_waits_for_a_minute_unless_it_is_told_otherwise {
	set socket [stand_in $greeting [list reload $done]]
	foreach words {reload "--timeout 5min reload" "--timeout infinity reload" "--no-wait reload" "reload web"} {
		superctl -at $socket {*}$words
	}
	is [requests] "reload --timeout=60\nreload --timeout=300\nreload\nreload --no-wait\nreload web\n"
	dismiss
}

test so_does_diff {
	set socket [stand_in $greeting [list diff $done]]
	foreach words {diff "--timeout 5min diff" "--timeout infinity diff"} { superctl -at $socket {*}$words }
	is [requests] "diff --timeout=60\ndiff --timeout=300\ndiff\n"
	dismiss
}

test reload_names_the_place_of_a_mistake {
	lassign [asked reload [line_of {
		{"diagnostic":"unknown option 'lisen'","file":"/etc/superd.conf","line":3,
		"column":5,"severity":"error","hint":"did you mean 'listen'?"}
	}][line_of {
		{"error":"not reloaded","code":"failed"}
	}] reload] status output errors
	expect {$status == 1}
	is $errors "/etc/superd.conf:3:5: error: unknown option 'lisen'\n  hint: did you mean 'listen'?\nsuperctl: not reloaded\n"
	lassign [asked reload "{\"service\":\"web\",\"result\":\"added\"}
{\"service\":\"db\",\"result\":\"failed\",\"message\":\"tcp:1: in use\"}\n{\"unchanged\":40}\n{\"error\":\"reloaded\",\"code\":\"failed\"}\n" reload] status output errors
	expect {$status == 1}
	is $output "web: added\n40 unchanged\n"
	is $errors "db: failed: tcp:1: in use\nsuperctl: reloaded\n"
}

# A reload comes often, and its notes are the same each time.
test notes_are_for_a_look_before_the_reload {
	set told "{\"diagnostic\":\"runs as root\",\"severity\":\"note\"}\n{\"diagnostic\":\"nobody listens\",\"severity\":\"warning\"}\n"
	is [lindex [asked reload "$told{\"unchanged\":1}\n$done" reload] 2] "warning: nobody listens\n"
	is [lindex [asked diff $told$done diff] 2] "note: runs as root\nwarning: nobody listens\n"
}

test health_is_a_line_for_each_reason_whatever_comes {
	is [prints_of health "{\"healthy\":true,\"reasons\":\[]}\n$done" health] "healthy\n"
	lassign [asked health "{\"healthy\":false,\"faults\":2,\"reasons\":\[\"web: a\\nb\",\"c\"]}\n$done" health] status output
	expect {$status == 3}
	is $output "unhealthy: 2 faults\nweb: a\\x0ab\nc\n"
	is [lindex [asked health "{\"healthy\":false,\"reasons\":\[\"web: a\\nb\"]}\n$done" health] 1] "unhealthy: web: a\\x0ab\n"
	is [lindex [asked health "{\"healthy\":false,\"faults\":8,\"reasons\":\[\"web: a\",\"and 7 more\"]}\n$done" health] 1] \
		"unhealthy: 8 faults\nweb: a\nand 7 more\n"
	lassign [superctl -at %/nothing health] status output
	expect {$status == 4}
	has $output "unhealthy: cannot reach superd at "
	lassign [superctl -at %/nothing --json health] status output errors
	expect {$status == 4 && $output eq ""}
	has $errors "unhealthy: cannot reach superd at "
}

# superctl gives up after these seconds.
proc gives_up {seconds socket status text args} {
	set program [begin -clock $::superctl --control $socket {*}$args]
	set pid [program_pid $program]
	for {set n 0} {$n < $seconds} {incr n} { wait {[waits_by_clock $pid]}; move 1s }
	wait {![lives $pid]}
	set ended [finish $program]
	expect {[lindex $ended 0] == $status}
	has "[lindex $ended 1][lindex $ended 2]" $text
}

test waits_for_a_superd_that_hangs_no_longer_than_it_is_told {
	set socket [stand_in $greeting {health hangs stop hangs}]
	gives_up 5 $socket 1 "unhealthy: superd at " health
	gives_up 6 $socket 1 " does not answer in time" stop --timeout=4s web
	is [requests] "health\nstop --timeout=4 web\n"
	dismiss
	set listener [listener %/deaf]
	gives_up 3 [path deaf] 4 " does not answer in time" stop --timeout=1s web
	close $listener
}

test events_and_reasons_are_shown_as_text {
	has [prints_of "log --lines=0 --follow --level=warning 'a b'" [line_of {
		{"at":1000000000,"level":"warning","event":"x","service":"a b","message":"m\u0007"}
	}]$done events "a b" --level=warning] " a b: m\\x07\n"
	is [lindex [asked "status web" [line_of {
		{"service":"web","state":"held","since":95,"for":5,"locks":[{"lock":"held","uid":7,"since":40}],
		"listeners":[{"open":true,"queue":2,"queue_limit":9,"parked":1}]}
	}]$done why web] 1] "web: held 1 min ago by an operator (uid 7): clients queue until superctl release\n  3 clients wait in its queue\n"
	is [lindex [asked "status web" [line_of {
		{"service":"web","state":"listening","activations":1,"since":95,"for":5,"listeners":[{"open":true}]}
	}]$done why web] 1] "web: asleep for 5 s: nothing runs: the next client starts it\n"
	is [lindex [asked show [line_of {
		{"service":"web","defaults":"","text":"# /t:1\nservice web {\n\t# /t:2\n\tnice = 5\u0007\n}\n"}
	}]$done show web] 1] "# /t:1\nservice web {\n\t# /t:2\n\tnice = 5\\x07\n}\n"
}

test metrics_are_read_by_prometheus {
	set samples [metrics_read [prints_of metrics [line_of {
		{"superd":{"version":"9.9","started":1000000000.5,"memory":1048576,"cpu":0.25,"log_dropped":12}}
	}]$web$broken$done metrics]]
	needs {$samples ne ""} "python3 has no prometheus_client (Debian: python3-prometheus-client)"
	has $samples {superd_info{version="9.9"} 1} \
		"superd_start_time_seconds{} 1000000000.5\n" \
		"superd_cpu_seconds_total{} 0.25\n" \
		"superd_log_dropped_total{} 12.0\n" \
		{superd_service_state{service="web",superd_service_state="running"} 1} \
		{superd_service_state{service="web",superd_service_state="held"} 0} \
		{superd_service_activations_total{service="web"} 17} \
		{superd_service_refused_total{reason="only_from",service="web"} 3} \
		{superd_service_memory_bytes{service="web"} 12345678} \
		{superd_listener_queue{endpoint="tcp:80",service="web",socket="0"} 3} \
		{superd_service_activation_latency_seconds_count{service="web"} 17} \
		{superd_service_activation_latency_seconds_sum{service="web"} 0.1} \
		{superd_service_failures_total{service="db\""} 4} \
		{superd_service_pause_seconds{service="db\""} 12.5}
}
